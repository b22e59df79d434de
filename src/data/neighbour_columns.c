/*
 * neighbour_columns.c
 *		Neighbourhood columns of rows that have been read.
 *
 * The rows are read as often as the map and the columns take, block by block; in memory are a sample
 * of them, the map, and what gtl_neighbours_fit_memory says.  That is compared with
 * maintenance_work_mem first, and where it does not fit the columns are left out: a job does
 * without them, too.
 */
#include "data/neighbour_columns.h"

#include "base/format.h"
#include "base/memory.h"
#include "miscadmin.h"
#include "tables/neighbour_map.h"
#include "utils/memutils.h"

/* Of the features alone: columns are made of them, and not of proposals. */
static GtlFeatureStats
features_only(const GtlFeatureStats *stats)
{
	GtlFeatureStats features = *stats;

	features.dimension = gtl_stats_features(stats);
	features.proposals = 0;
	return features;
}

/* Rows of `width` floats become rows of the first `features` of them, in place. */
static void
cut_rows(float *rows, int count, int width, int features)
{
	for (int i = 1; i < count && width > features; i++)
		memmove(rows + (Size) i * features, rows + (Size) i * width, sizeof(float) * features);
}

char *
gtl_neighbour_columns_against(int64 rows, int dimension)
{
	Size		needed = dimension == 0 ? 0 : gtl_neighbours_fit_memory(rows, dimension);

	if (dimension == 0)
		return "there are no features";

	if (rows < GTL_NEIGHBOURS_FEWEST_ROWS)
		return psprintf("they need %d rows, and there are %s", GTL_NEIGHBOURS_FEWEST_ROWS, gtl_format_count(rows));
	if (!gtl_neighbours_offered(rows, dimension))
		return psprintf("%s rows of %s dimensions would take too long", gtl_format_count(rows), gtl_format_count(dimension));
	if (needed > gtl_memory_budget())
		return psprintf("they need %zu MB of memory for %s rows of %s dimensions, and maintenance_work_mem is %d MB",
						needed / (1024 * 1024) + 1, gtl_format_count(rows), gtl_format_count(dimension),
						maintenance_work_mem / 1024);
	return NULL;
}

/* ---- Feature pages ------------------------------------------------------------------- */

/* The features of a segment, without columns. */
typedef struct Pages
{
	GtlFeatureReader *reader;
	int32		first_row;
	int64		rows;
	int			width;			/* of a row as it is read */
	int			features;		/* that are taken of it */
	float	   *block;			/* [GTL_KMEANS_ROWS x width] */
} Pages;

static void
open_pages(Pages *pages, const GtlJob *job, const GtlSegment *segment, int64 rows)
{
	GtlJob		plain = *job;

	pages->width = job->dimension;
	pages->features = job->dimension - job->proposal_inputs;
	pages->block = gtl_memory_list(sizeof(float) * pages->width, GTL_KMEANS_ROWS);

	plain.neighbours_id = 0;
	pages->reader = gtl_feature_reader_open(&plain);
	pages->first_row = segment->first_row;
	pages->rows = rows;
}

static void
read_pages(void *context, int64_t first, int count, float *rows)
{
	const Pages *pages = context;

	Assert(count <= GTL_KMEANS_ROWS);
	gtl_feature_reader_rows(pages->reader, pages->first_row + first, count, pages->block);
	cut_rows(pages->block, count, pages->width, pages->features);
	memcpy(rows, pages->block, sizeof(float) * count * pages->features);
}

static GtlNeighbours *
fit_to_pages(Pages *pages, const GtlFeatureStats *stats, const GtlEnv *env)
{
	GtlNeighbours *map = gtl_env_alloc(env, sizeof(GtlNeighbours));

	if (!gtl_neighbours_fit(map, stats, read_pages, pages, env))
		gtl_computing_raise();
	return map;
}

static void
write_pages(Pages *pages, GtlFeatureWriter *writer, const GtlNeighbours *map, const GtlEnv *env)
{
	GtlNeighbourScratch *scratch = gtl_neighbours_scratch(map, env);
	float	   *features = gtl_env_alloc(env, mul_size(sizeof(float) * GTL_KMEANS_ROWS, map->dimension));
	float	   *columns = gtl_env_alloc(env, sizeof(float) * GTL_KMEANS_ROWS * GTL_NEIGHBOUR_COLUMNS);

	for (int64 first = 0; first < pages->rows; first += GTL_KMEANS_ROWS)
	{
		int			count = (int) Min(GTL_KMEANS_ROWS, pages->rows - first);

		CHECK_FOR_INTERRUPTS();
		read_pages(pages, first, count, features);
		gtl_neighbours_columns(map, scratch, features, count, columns);
		for (int i = 0; i < count; i++)
			gtl_feature_writer_add(writer, columns + (Size) i * GTL_NEIGHBOUR_COLUMNS, GTL_NEIGHBOUR_COLUMNS);
		gtl_env_progress(env, "writing neighbours", first + count, pages->rows);
	}
	gtl_feature_writer_close(writer);
}

void
gtl_neighbour_columns_write(GtlJob *job, const GtlSegment *segment, const GtlFeatureStats *stats)
{
	int64		known = job->neighbours_id;	/* of the job, or of the model that it starts from */
	GtlFeatureStats features = features_only(stats);
	char	   *reason = known != 0 ? NULL : gtl_neighbour_columns_against(features.count, features.dimension);
	MemoryContext context;
	GtlNeighbours *map;
	GtlEnv		env;
	Pages		pages;

	job->neighbours_id = 0;
	if (known == 0)
	{
		job->neighbours_segments = segment->segment_no + 1;
		job->neighbours_reason = reason == NULL ? NULL : MemoryContextStrdup(GetMemoryChunkContext(job), reason);
	}
	if (reason != NULL)
		return;
	context = AllocSetContextCreate(CurrentMemoryContext, "gtlabel neighbours", ALLOCSET_DEFAULT_SIZES);
	gtl_env_init(&env, context);
	open_pages(&pages, job, segment, stats->count);
	map = known != 0 ? gtl_neighbour_map_get(known, &env) : fit_to_pages(&pages, &features, &env);
	if (map->dimension == features.dimension)	/* else the model is refused, later */
	{
		write_pages(&pages, gtl_feature_writer_open(job->job_id, segment->segment_no, GTL_BLOCK_NEIGHBOURS), map, &env);
		job->neighbours_id = known != 0 ? known : gtl_neighbour_map_reserve();
		if (known == 0)
			gtl_neighbour_map_insert(job->neighbours_id, map);
	}
	gtl_feature_reader_close(pages.reader);
	MemoryContextDelete(context);
}

GtlFeatureReader *
gtl_neighbour_columns_reader(const GtlJob *job, const GtlModel *model, const GtlEnv *env)
{
	if (model->neighbours_id == 0 || model->neighbours_id == job->neighbours_id)
		return gtl_feature_reader_open(job);
	return gtl_feature_reader_open_mapped(job, gtl_neighbour_map_get(model->neighbours_id, env));
}

/* ---- Rows in memory or a temporary file ---------------------------------------------------- */

typedef struct Stored
{
	const GtlLabeledSet *rows;
	int			features;
	float	   *block;			/* [GTL_KMEANS_ROWS x columns of a row] */
} Stored;

/* A block of rows, whole. */
static void
read_block(const Stored *stored, int64 first, int count)
{
	Assert(count <= GTL_KMEANS_ROWS);
	if (!gtl_labeled_rows(stored->rows, NULL, first, count, stored->block))
		gtl_computing_raise();
}

static void
read_store(void *context, int64_t first, int count, float *rows)
{
	const Stored *stored = context;

	read_block(stored, first, count);
	for (int i = 0; i < count; i++)
		memcpy(rows + (Size) i * stored->features, stored->block + (Size) i * stored->rows->dimension,
			   sizeof(float) * stored->features);
}

static Stored
open_store(const GtlLabeledSet *rows, int features)
{
	return (Stored) {rows, features, gtl_memory_list(sizeof(float) * rows->dimension, GTL_KMEANS_ROWS)};
}

GtlNeighbours *
gtl_neighbour_columns_fit(const GtlLabeledSet *rows, const GtlFeatureStats *stats, const GtlEnv *env, char **reason)
{
	GtlFeatureStats features = features_only(stats);
	GtlNeighbours *map;
	Stored		stored;

	*reason = gtl_neighbour_columns_against(features.count, features.dimension);
	if (*reason != NULL)
		return NULL;
	stored = open_store(rows, features.dimension);
	map = gtl_env_alloc(env, sizeof(GtlNeighbours));
	if (!gtl_neighbours_fit(map, &features, read_store, &stored, env))
		gtl_computing_raise();
	pfree(stored.block);
	return map;
}

/* The columns of the rows in a block, which stand at the front of it. */
static void
map_block(const Stored *stored, const GtlNeighbours *map, GtlNeighbourScratch *scratch, int count, float *features, float *columns)
{
	for (int i = 0; i < count; i++)
		memcpy(features + (Size) i * map->dimension, stored->block + (Size) i * stored->rows->dimension,
			   sizeof(float) * map->dimension);
	gtl_neighbours_columns(map, scratch, features, count, columns);
}

GtlRowStore *
gtl_neighbour_columns_join(const GtlLabeledSet *rows, const bool *keep, const GtlNeighbours *map,
						   const GtlEnv *env, Size limit)
{
	int			d = rows->dimension;
	int			width = d + (map == NULL ? 0 : GTL_NEIGHBOUR_COLUMNS);
	GtlRowStore *joined = gtl_row_store_create(width, limit);
	Stored		stored = open_store(rows, d);
	GtlNeighbourScratch *scratch = map == NULL ? NULL : gtl_neighbours_scratch(map, env);
	float	   *features = map == NULL ? NULL : gtl_env_alloc(env, mul_size(sizeof(float) * GTL_KMEANS_ROWS, map->dimension));
	float	   *columns = gtl_env_alloc(env, sizeof(float) * GTL_KMEANS_ROWS * GTL_NEIGHBOUR_COLUMNS);
	float	   *row = gtl_env_alloc(env, sizeof(float) * width);

	for (int64 first = 0; first < rows->rows; first += GTL_KMEANS_ROWS)
	{
		int			count = (int) Min(GTL_KMEANS_ROWS, rows->rows - first);

		CHECK_FOR_INTERRUPTS();
		read_block(&stored, first, count);
		if (map != NULL)
			map_block(&stored, map, scratch, count, features, columns);
		for (int i = 0; i < count; i++)
		{
			if (keep != NULL && !keep[first + i])
				continue;
			memcpy(row, stored.block + (Size) i * d, sizeof(float) * d);
			memcpy(row + d, columns + (Size) i * GTL_NEIGHBOUR_COLUMNS, sizeof(float) * (width - d));
			gtl_row_store_add(joined, row);
		}
	}
	if (map != NULL)
		gtl_neighbours_scratch_release(scratch, env);
	gtl_env_release(env, features);
	gtl_env_release(env, columns);
	gtl_env_release(env, row);
	pfree(stored.block);
	return joined;
}
