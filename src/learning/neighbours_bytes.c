/*
 * neighbours_bytes.c
 *		The map to neighbourhood columns as bytes, for a bytea column.
 *
 * All numbers are little-endian; floats are IEEE 754.  d = dimension, c = centres.
 *
 *	 offset
 *	      0 +-----------------------------------+-----------------------------------+
 *	        | 'G' 'T' 'L' 'N' 'E' 'I' 'G' 'H'                                       |
 *	      8 +-----------------------------------+-----------------------------------+
 *	        | version = 1  (u32)                | dimension d  (u32)                |
 *	     16 +-----------------------------------+-----------------------------------+
 *	        | centres c  (u32)                  | vectors = 32  (u32)               |
 *	     24 +-----------------------------------+-----------------------------------+
 *	        | each view: mean and factor of the scaler  (f64 x d, twice),           |
 *	        | eigenvalues  (f64 x 32), centres  (f32 x c x d),                      |
 *	        | basis  (f32 x c x 32), shift  (f32 x 32)                              |
 *	        +-----------------------------------------------------------------------+
 *	        | checksum  (u64): FNV-1a of every byte before it                       |
 *	        +-----------------------------------------------------------------------+
 */
#include "learning/neighbours.h"

#include "learning/bytes.h"
#include "learning/shape.h"

#define MAGIC "GTLNEIGH"
#define VERSION 1
#define HEADER_SIZE 24

/* Bytes of a view; SIZE_MAX on overflow. */
static size_t
view_size(size_t d, size_t c)
{
	size_t		doubles = gtl_size_add(gtl_size_multiply(d, 2), GTL_NEIGHBOUR_VECTORS);
	size_t		floats = gtl_size_add(gtl_size_multiply(c, gtl_size_add(d, GTL_NEIGHBOUR_VECTORS)), GTL_NEIGHBOUR_VECTORS);

	return gtl_size_add(gtl_size_multiply(doubles, sizeof(double)), gtl_size_multiply(floats, sizeof(float)));
}

static size_t
bytes_size(size_t d, size_t c)
{
	return gtl_size_add(HEADER_SIZE + GTL_CHECKSUM_SIZE, gtl_size_multiply(view_size(d, c), GTL_NEIGHBOUR_VIEWS));
}

uint8_t *
gtl_neighbours_serialize(const GtlNeighbours *map, const GtlEnv *env, size_t *size)
{
	size_t		d = (size_t) map->dimension;
	size_t		c = (size_t) map->view[0].centres.count;
	uint8_t    *bytes;
	GtlCursor	cursor;

	*size = bytes_size(d, c);
	bytes = gtl_env_alloc(env, *size);
	memcpy(bytes, MAGIC, GTL_MAGIC_SIZE);
	cursor.out = bytes + GTL_MAGIC_SIZE;
	gtl_put(&cursor, VERSION, 4);
	gtl_put(&cursor, d, 4);
	gtl_put(&cursor, c, 4);
	gtl_put(&cursor, GTL_NEIGHBOUR_VECTORS, 4);
	for (int v = 0; v < GTL_NEIGHBOUR_VIEWS; v++)
	{
		const GtlNeighbourView *view = &map->view[v];

		gtl_put_doubles(&cursor, view->scaler.mean, d);
		gtl_put_doubles(&cursor, view->scaler.factor, d);
		gtl_put_doubles(&cursor, view->eigenvalue, GTL_NEIGHBOUR_VECTORS);
		gtl_put_floats(&cursor, view->centres.centre, c * d);
		gtl_put_floats(&cursor, view->basis, c * GTL_NEIGHBOUR_VECTORS);
		gtl_put_floats(&cursor, view->shift, GTL_NEIGHBOUR_VECTORS);
	}
	gtl_put(&cursor, gtl_checksum(bytes, *size - GTL_CHECKSUM_SIZE), 8);
	return bytes;
}

static const uint32_t versions[] = {VERSION};

static const char *const frame_faults[] = {
	[GTL_FRAME_FOREIGN] = "the bytes do not start like a map of neighbours",
	[GTL_FRAME_TRUNCATED] = "the map of neighbours is truncated",
	[GTL_FRAME_DAMAGED] = "the checksum of the map of neighbours does not match: it is truncated or damaged",
	[GTL_FRAME_VERSION] = "the format version of the map of neighbours is not supported",
};

/* False: a number is not finite. */
static bool
get_view(GtlCursor *cursor, GtlNeighbourView *view)
{
	size_t		d = (size_t) view->centres.dimension;
	size_t		c = (size_t) view->centres.count;
	bool		finite = gtl_get_doubles(cursor, view->scaler.mean, d);

	finite = gtl_get_doubles(cursor, view->scaler.factor, d) && finite;
	finite = gtl_get_doubles(cursor, view->eigenvalue, GTL_NEIGHBOUR_VECTORS) && finite;
	finite = gtl_get_floats(cursor, view->centres.centre, c * d) && finite;
	finite = gtl_get_floats(cursor, view->basis, c * GTL_NEIGHBOUR_VECTORS) && finite;
	finite = gtl_get_floats(cursor, view->shift, GTL_NEIGHBOUR_VECTORS) && finite;
	gtl_centres_measure(&view->centres);
	return finite;
}

bool
gtl_neighbours_deserialize(const uint8_t *bytes, size_t size, const GtlEnv *env, GtlNeighbours *map, const char **reason)
{
	GtlCursor	cursor = {.in = bytes + GTL_MAGIC_SIZE + 4};
	uint32_t	d;
	uint32_t	c;
	uint32_t	vectors;

	memset(map, 0, sizeof *map);
	*reason = frame_faults[gtl_frame_fault(bytes, size, MAGIC, HEADER_SIZE, versions, 1)];
	if (*reason != NULL)
		return false;
	d = (uint32_t) gtl_get(&cursor, 4);
	c = (uint32_t) gtl_get(&cursor, 4);
	vectors = (uint32_t) gtl_get(&cursor, 4);
	if (d == 0 || d > INT32_MAX || c < GTL_NEIGHBOURS_NEAREST || c > INT32_MAX || vectors != GTL_NEIGHBOUR_VECTORS ||
		bytes_size(d, c) != size)
	{
		*reason = "the length of the map of neighbours does not match its shape";
		return false;
	}
	gtl_neighbours_init(map, (int) d, (int) c, env);
	for (int v = 0; v < GTL_NEIGHBOUR_VIEWS && *reason == NULL; v++)
		if (!get_view(&cursor, &map->view[v]))
			*reason = "the map of neighbours contains a number that is not finite";
	if (*reason != NULL)
		gtl_neighbours_release(map, env);
	return *reason == NULL;
}
