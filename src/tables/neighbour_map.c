/*
 * neighbour_map.c
 *		The table gtlabel.neighbours.
 *
 * Locks as for gtlabel.featurizer: who uses a map holds a key lock on its row until the transaction
 * ends; who drops one locks the row first, so that a use that has not been committed is waited for
 * and then seen.
 */
#include "tables/neighbour_map.h"

#include "base/memory.h"
#include "base/query.h"
#include "catalog/pg_type.h"

int64
gtl_neighbour_map_insert(const GtlNeighbours *map)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.neighbours (dimension, centres, data) VALUES ($1, $2, $3) RETURNING neighbours_id",
		3, {INT4OID, INT4OID, BYTEAOID}
	};
	Datum		values[3];
	GtlEnv		env;
	GtlResult	r;
	size_t		size;
	uint8_t    *bytes;
	bytea	   *data;
	int64		neighbours_id;

	gtl_env_init(&env, CurrentMemoryContext);
	bytes = gtl_neighbours_serialize(map, &env, &size);
	data = palloc(VARHDRSZ + size);
	SET_VARSIZE(data, VARHDRSZ + size);
	memcpy(VARDATA(data), bytes, size);
	pfree(bytes);
	values[0] = Int32GetDatum(map->dimension);
	values[1] = Int32GetDatum(map->view[0].centres.count);
	values[2] = PointerGetDatum(data);
	gtl_query_run(&r, &insert, values, NULL);
	neighbours_id = gtl_result_int64(&r, 0, 1);
	gtl_query_end(&r);
	pfree(data);
	return neighbours_id;
}

static void
read_bytes(int64 neighbours_id, bytea *data, const GtlEnv *env, GtlNeighbours *map)
{
	const char *reason;

	if (!gtl_neighbours_deserialize((const uint8_t *) VARDATA_ANY(data), VARSIZE_ANY_EXHDR(data), env, map, &reason))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("map of neighbours " INT64_FORMAT " cannot be read: %s", neighbours_id, reason),
				 errhint("A map of a newer gtlabel needs that version; a damaged one comes back with a backup.")));
}

GtlNeighbours *
gtl_neighbour_map_get(int64 neighbours_id, const GtlEnv *env)
{
	static GtlStatement select = {"SELECT data FROM gtlabel.neighbours WHERE neighbours_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(neighbours_id)};
	GtlNeighbours *map = gtl_env_alloc(env, sizeof(GtlNeighbours));
	GtlResult	r;
	struct varlena *data;

	if (gtl_query_run(&r, &select, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("map of neighbours " INT64_FORMAT " is missing", neighbours_id)));
	data = gtl_result_varlena(&r, 0, 1);
	gtl_query_end(&r);
	read_bytes(neighbours_id, data, env, map);
	pfree(data);
	return map;
}

void
gtl_neighbour_map_hold(int64 neighbours_id)
{
	static GtlStatement lock = {
		"SELECT 1 FROM gtlabel.neighbours WHERE neighbours_id = $1 FOR KEY SHARE", 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(neighbours_id)};

	gtl_query_do(&lock, values, NULL);
}

void
gtl_neighbour_map_drop_unused(int64 neighbours_id)
{
	static GtlStatement lock = {
		"SELECT 1 FROM gtlabel.neighbours WHERE neighbours_id = $1 FOR UPDATE", 1, {INT8OID}
	};
	static GtlStatement delete = {
		"DELETE FROM gtlabel.neighbours n WHERE n.neighbours_id = $1"
		" AND NOT EXISTS (SELECT FROM gtlabel.model m WHERE m.neighbours_id = n.neighbours_id)"
		" AND NOT EXISTS (SELECT FROM gtlabel.job j WHERE j.neighbours_id = n.neighbours_id)",
		1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(neighbours_id)};

	if (neighbours_id == 0)
		return;
	gtl_query_do(&lock, values, NULL);
	gtl_query_do(&delete, values, NULL);
}
