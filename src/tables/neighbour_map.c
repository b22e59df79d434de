/*
 * neighbour_map.c
 *		The table gtlabel.neighbours.
 */
#include "tables/neighbour_map.h"

#include "base/memory.h"
#include "tables/shared_bytes.h"

static GtlSharedBytes table = GTL_SHARED_BYTES("map of neighbours", "gtlabel.neighbours", "neighbours_id");

int64
gtl_neighbour_map_reserve(void)
{
	static GtlStatement select = {"SELECT nextval('gtlabel.neighbours_id_seq')", 0, {0}};

	return gtl_query_int64(&select, NULL);
}

void
gtl_neighbour_map_insert(int64 neighbours_id, const GtlNeighbours *map)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.neighbours (neighbours_id, dimension, centres, data) VALUES ($1, $2, $3, $4)",
		4, {INT8OID, INT4OID, INT4OID, BYTEAOID}
	};
	Datum		values[4];
	GtlEnv		env;
	size_t		size;
	uint8_t    *bytes;

	gtl_env_init(&env, CurrentMemoryContext);
	bytes = gtl_neighbours_serialize(map, &env, &size);
	values[0] = Int64GetDatum(neighbours_id);
	values[1] = Int32GetDatum(map->dimension);
	values[2] = Int32GetDatum(map->view[0].centres.count);
	values[3] = gtl_bytea(bytes, size);
	pfree(bytes);
	gtl_query_do(&insert, values, NULL);
	pfree(DatumGetPointer(values[3]));
}

GtlNeighbours *
gtl_neighbour_map_get(int64 neighbours_id, const GtlEnv *env)
{
	GtlNeighbours *map = gtl_env_alloc(env, sizeof(GtlNeighbours));
	struct varlena *data = gtl_shared_bytes_read(&table, neighbours_id);
	const char *reason;

	if (!gtl_neighbours_deserialize((const uint8_t *) VARDATA_ANY(data), VARSIZE_ANY_EXHDR(data), env, map, &reason))
		gtl_shared_bytes_unreadable(&table, neighbours_id, reason);
	pfree(data);
	return map;
}

void
gtl_neighbour_map_hold(int64 neighbours_id)
{
	gtl_shared_bytes_hold(&table, neighbours_id);
}

void
gtl_neighbour_map_drop_unused(int64 neighbours_id)
{
	gtl_shared_bytes_drop_unused(&table, neighbours_id);
}
