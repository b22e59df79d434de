/*
 * neighbour_map.c
 *		The table gtlabel.neighbours.
 */
#include "tables/neighbour_map.h"

#include "base/memory.h"
#include "tables/shared_bytes.h"

static GtlSharedBytes table = GTL_SHARED_BYTES("map of neighbours", "gtlabel.neighbours", "neighbours_id");

int64
gtl_neighbour_map_insert(const GtlNeighbours *map)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.neighbours (dimension, centres, data) VALUES ($1, $2, $3) RETURNING neighbours_id",
		3, {INT4OID, INT4OID, BYTEAOID}
	};
	Datum		values[3];
	GtlEnv		env;
	size_t		size;
	uint8_t    *bytes;
	int64		neighbours_id;

	gtl_env_init(&env, CurrentMemoryContext);
	bytes = gtl_neighbours_serialize(map, &env, &size);
	values[0] = Int32GetDatum(map->dimension);
	values[1] = Int32GetDatum(map->view[0].centres.count);
	values[2] = gtl_bytea(bytes, size);
	pfree(bytes);
	neighbours_id = gtl_query_int64(&insert, values);
	pfree(DatumGetPointer(values[2]));
	return neighbours_id;
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
