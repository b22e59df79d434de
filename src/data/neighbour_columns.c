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
#include "tables/feature_page.h"
#include "tables/neighbour_map.h"
#include "utils/memutils.h"

/* Why there are no columns for so many rows; NULL: there are. */
static char *
reason_against(int64 rows, int dimension)
{
	Size		needed = gtl_neighbours_fit_memory(rows, dimension);

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
} Pages;

static void
open_pages(Pages *pages, const GtlJob *job, const GtlSegment *segment, int64 rows)
{
	GtlJob		plain = *job;

	plain.neighbours_id = 0;
	pages->reader = gtl_feature_reader_open(&plain);
	pages->first_row = segment->first_row;
	pages->rows = rows;
}

static void
read_pages(void *context, int64_t first, int count, float *rows)
{
	const Pages *pages = context;

	gtl_feature_reader_rows(pages->reader, pages->first_row + first, count, rows);
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
	char	   *reason = known != 0 ? NULL : reason_against(stats->count, stats->dimension);
	MemoryContext context;
	GtlNeighbours *map;
	GtlEnv		env;
	Pages		pages;

	job->neighbours_id = 0;
	job->neighbours_reason = reason == NULL ? NULL : MemoryContextStrdup(GetMemoryChunkContext(job), reason);
	if (reason != NULL)
		return;
	context = AllocSetContextCreate(CurrentMemoryContext, "gtlabel neighbours", ALLOCSET_DEFAULT_SIZES);
	gtl_env_init(&env, context);
	open_pages(&pages, job, segment, stats->count);
	map = known != 0 ? gtl_neighbour_map_get(known, &env) : fit_to_pages(&pages, stats, &env);
	if (map->dimension == stats->dimension) /* else the model is refused, later */
	{
		write_pages(&pages, gtl_feature_writer_open(job->job_id, segment->segment_no, GTL_BLOCK_NEIGHBOURS), map, &env);
		job->neighbours_id = known != 0 ? known : gtl_neighbour_map_insert(map);
	}
	gtl_feature_reader_close(pages.reader);
	MemoryContextDelete(context);
}

/* ---- Rows in memory or a temporary file ---------------------------------------------------- */

static void
read_store(void *context, int64_t first, int count, float *rows)
{
	if (!gtl_labeled_rows((const GtlLabeledSet *) context, NULL, first, count, rows))
		gtl_computing_raise();
}

GtlNeighbours *
gtl_neighbour_columns_fit(const GtlLabeledSet *rows, const GtlFeatureStats *stats, const GtlEnv *env, char **reason)
{
	GtlNeighbours *map;

	*reason = reason_against(stats->count, stats->dimension);
	if (*reason != NULL)
		return NULL;
	map = gtl_env_alloc(env, sizeof(GtlNeighbours));
	if (!gtl_neighbours_fit(map, stats, read_store, (void *) rows, env))
		gtl_computing_raise();
	return map;
}

GtlRowStore *
gtl_neighbour_columns_join(const GtlLabeledSet *rows, const bool *keep, const GtlNeighbours *map,
						   const GtlEnv *env, Size limit)
{
	int			d = rows->dimension;
	int			width = d + (map == NULL ? 0 : GTL_NEIGHBOUR_COLUMNS);
	GtlRowStore *joined = gtl_row_store_create(width, limit);
	GtlNeighbourScratch *scratch = map == NULL ? NULL : gtl_neighbours_scratch(map, env);
	float	   *features = gtl_env_alloc(env, mul_size(sizeof(float) * GTL_KMEANS_ROWS, d));
	float	   *columns = gtl_env_alloc(env, sizeof(float) * GTL_KMEANS_ROWS * GTL_NEIGHBOUR_COLUMNS);
	float	   *row = gtl_env_alloc(env, sizeof(float) * width);

	for (int64 first = 0; first < rows->rows; first += GTL_KMEANS_ROWS)
	{
		int			count = (int) Min(GTL_KMEANS_ROWS, rows->rows - first);

		CHECK_FOR_INTERRUPTS();
		read_store((void *) rows, first, count, features);
		if (map != NULL)
			gtl_neighbours_columns(map, scratch, features, count, columns);
		for (int i = 0; i < count; i++)
		{
			if (keep != NULL && !keep[first + i])
				continue;
			memcpy(row, features + (Size) i * d, sizeof(float) * d);
			memcpy(row + d, columns + (Size) i * GTL_NEIGHBOUR_COLUMNS, sizeof(float) * (width - d));
			gtl_row_store_add(joined, row);
		}
	}
	if (map != NULL)
		gtl_neighbours_scratch_release(scratch, env);
	gtl_env_release(env, features);
	gtl_env_release(env, columns);
	gtl_env_release(env, row);
	return joined;
}
