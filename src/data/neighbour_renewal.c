/*
 * neighbour_renewal.c
 *		A new map of neighbours for a job that has one, from all rows that are there now.
 *
 * Rows of removed objects are zeros in the feature pages, no place in the cloud of rows: the map is not fitted to them,
 * and their columns are zeros as their features are.  Memory: what fitting takes, and of the rest of maintenance_work_mem
 * half for the features and half for the columns of the rows, which lie in temporary files beyond that; besides 4 bytes
 * a row for their numbers.
 */
#include "data/neighbour_renewal.h"

#include "base/memory.h"
#include "base/row_store.h"
#include "data/neighbour_columns.h"
#include "miscadmin.h"
#include "tables/feature_page.h"
#include "tables/neighbour_map.h"
#include "tables/object.h"
#include "tables/segment.h"
#include "utils/guc.h"
#include "utils/memutils.h"

/* So often rows may leave just between two statements. */
#define MOST_TRIES 20

struct GtlNeighbourRenewal
{
	const GtlEnv *env;
	int64		known;			/* the map that the job has; 0: none */
	int32		known_segments;
	int64		later;			/* rows in the others */
	int64		neighbours_id;	/* of the new map */
	const GtlNeighbours *map;
	char	   *reason;			/* why there is none; NULL: there is one, when it has been computed */

	int			nsegments;		/* whose rows were read */
	int32	   *rows;			/* their numbers, ascending */
	GtlFeatureStats stats;		/* of them */
	GtlLabeledSet features;		/* [rows x features] */
	GtlLabeledSet columns;		/* [rows x GTL_NEIGHBOUR_COLUMNS] */
};

/* Of either store of rows. */
static Size
store_limit(const GtlNeighbourRenewal *renewal)
{
	Size		fit = gtl_neighbours_fit_memory(renewal->stats.count, gtl_stats_features(&renewal->stats));

	return fit < gtl_memory_budget() ? (gtl_memory_budget() - fit) / 2 : 0;
}

/* What a store of so many floats a row has in a temporary file. */
static Size
file_bytes(const GtlNeighbourRenewal *renewal, int columns)
{
	Size		bytes = mul_size(sizeof(float) * columns, renewal->stats.count);

	return bytes > store_limit(renewal) ? bytes : 0;
}

/* Why there is no map; NULL: there is. */
static char *
reason_against(const GtlNeighbourRenewal *renewal)
{
	int			features = gtl_stats_features(&renewal->stats);
	char	   *reason = gtl_neighbour_columns_against(renewal->stats.count, features);
	Size		bytes;

	if (reason != NULL)
		return reason;
	bytes = add_size(file_bytes(renewal, features), file_bytes(renewal, GTL_NEIGHBOUR_COLUMNS));
	if (temp_file_limit >= 0 && bytes > (Size) temp_file_limit * 1024)
		return psprintf("they need %zu MB in temporary files, and temp_file_limit is %d MB", bytes / (1024 * 1024) + 1,
						temp_file_limit / 1024);
	return NULL;
}

static void
read_features(GtlNeighbourRenewal *renewal, const GtlJob *job)
{
	GtlJob		plain = *job;
	int			features = gtl_stats_features(&renewal->stats);
	GtlRowStore *store = gtl_row_store_create(features, store_limit(renewal));
	float	   *row = palloc(sizeof(float) * job->dimension);
	GtlFeatureReader *reader;

	plain.neighbours_id = 0;
	reader = gtl_feature_reader_open(&plain);
	for (int64 i = 0; i < renewal->stats.count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		gtl_feature_reader_rows(reader, renewal->rows[i], 1, row);
		gtl_row_store_add(store, row);
		if (i % GTL_KMEANS_ROWS == 0)
			gtl_env_progress(renewal->env, "reading features", i, renewal->stats.count);
	}
	gtl_feature_reader_close(reader);
	pfree(row);
	renewal->features = (GtlLabeledSet) {.rows = renewal->stats.count,.dimension = features};
	gtl_row_store_finish(store, &renewal->features);
}

/* The rows and their statistics, which others may be changing: until both are of the same state. */
static void
read_rows(GtlNeighbourRenewal *renewal, const GtlJob *job)
{
	for (int try = 0;; try++)
	{
		CHECK_FOR_INTERRUPTS();
		gtl_segment_stats(job->job_id, job->dimension, renewal->env, &renewal->stats);
		renewal->stats.proposals = job->proposal_inputs;
		if (gtl_object_rows(job->job_id, 0, PG_INT32_MAX, &renewal->rows) == renewal->stats.count)
			return;
		if (try == MOST_TRIES)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("statistics of labeling job \"%s\" are not those of its rows", job->name)));
	}
}

GtlNeighbourRenewal *
gtl_neighbour_renewal_load(const GtlJob *job, const GtlEnv *env)
{
	GtlNeighbourRenewal *renewal = palloc0(sizeof(GtlNeighbourRenewal));
	int64		rows;

	renewal->env = env;
	renewal->known = job->neighbours_id;
	renewal->known_segments = job->neighbours_segments;
	renewal->later = gtl_segments_rows_since(job->job_id, job->neighbours_segments, &rows);
	renewal->nsegments = gtl_segment_last(job->job_id).segment_no + 1;
	read_rows(renewal, job);
	renewal->reason = reason_against(renewal);
	if (renewal->reason != NULL)
		return renewal;
	renewal->neighbours_id = gtl_neighbour_map_reserve();
	read_features(renewal, job);
	return renewal;
}

static void
compute_columns(GtlNeighbourRenewal *renewal)
{
	GtlNeighbourScratch *scratch = gtl_neighbours_scratch(renewal->map, renewal->env);
	GtlRowStore *store = gtl_row_store_create(GTL_NEIGHBOUR_COLUMNS, store_limit(renewal));
	float	   *features = gtl_memory_list(sizeof(float) * renewal->map->dimension, GTL_KMEANS_ROWS);
	float	   *columns = gtl_memory_list(sizeof(float) * GTL_NEIGHBOUR_COLUMNS, GTL_KMEANS_ROWS);

	for (int64 first = 0; first < renewal->features.rows; first += GTL_KMEANS_ROWS)
	{
		int			count = (int) Min(GTL_KMEANS_ROWS, renewal->features.rows - first);

		gtl_env_check(renewal->env);
		if (!gtl_labeled_rows(&renewal->features, NULL, first, count, features))
			gtl_computing_raise();
		gtl_neighbours_columns(renewal->map, scratch, features, count, columns);
		for (int i = 0; i < count; i++)
			gtl_row_store_add(store, columns + (Size) i * GTL_NEIGHBOUR_COLUMNS);
		gtl_env_progress(renewal->env, "mapping neighbours", first + count, renewal->features.rows);
	}
	gtl_neighbours_scratch_release(scratch, renewal->env);
	pfree(features);
	pfree(columns);
	renewal->columns = (GtlLabeledSet) {.rows = renewal->features.rows,.dimension = GTL_NEIGHBOUR_COLUMNS};
	gtl_row_store_finish(store, &renewal->columns);
}

void
gtl_neighbour_renewal_compute(GtlNeighbourRenewal *renewal)
{
	if (renewal->reason != NULL)
		return;
	renewal->map = gtl_neighbour_columns_fit(&renewal->features, &renewal->stats, renewal->env, &renewal->reason);
	if (renewal->map != NULL)
		compute_columns(renewal);
}

bool
gtl_neighbour_renewal_holds(const GtlNeighbourRenewal *renewal, const GtlJob *job)
{
	int64		rows;
	int64		joined = gtl_segments_rows_since(job->job_id, renewal->nsegments, &rows);

	return job->neighbours_id == renewal->known && job->neighbours_segments == renewal->known_segments &&
		rows - joined == renewal->stats.count;
}

/* The columns of a segment whose rows were read; *next: the first of these rows that is not behind. */
static void
write_segment(const GtlNeighbourRenewal *renewal, const GtlJob *job, const GtlSegment *segment, int64 *next)
{
	GtlFeatureWriter *writer = gtl_feature_writer_open(job->job_id, segment->segment_no, GTL_BLOCK_NEIGHBOURS);
	int32		end = gtl_segment_end(segment) + segment->given_count;

	for (int32 row = segment->first_row; row < end; row++)
	{
		float		columns[GTL_NEIGHBOUR_COLUMNS] = {0};

		CHECK_FOR_INTERRUPTS();
		if (*next < renewal->columns.rows && renewal->rows[*next] == row &&
			!gtl_labeled_rows(&renewal->columns, NULL, (*next)++, 1, columns))
			gtl_computing_raise();
		gtl_feature_writer_add(writer, columns, GTL_NEIGHBOUR_COLUMNS);
	}
	gtl_feature_writer_close(writer);
}

/* Objects of the segment that are gone already have no columns. */
static void
erase_holes(const GtlJob *job, const GtlSegment *segment)
{
	int32		end = gtl_segment_end(segment) + segment->given_count;
	int32	   *present;
	int			count = gtl_object_rows(job->job_id, segment->first_row, end, &present);
	int32	   *gone = gtl_memory_list(sizeof(int32), end - segment->first_row);
	int			ngone = 0;
	int			next = 0;

	for (int32 row = segment->first_row; row < end; row++)
	{
		if (next < count && present[next] == row)
			next++;
		else
			gone[ngone++] = row;
	}
	if (ngone > 0)
		gtl_feature_page_erase(job, gone, ngone);
}

/* A segment that has joined since. */
static void
map_segment(GtlJob *job, const GtlSegment *segment)
{
	GtlFeatureStats stats = {.count = segment->taken_count + segment->given_count,.dimension = job->dimension,
		.proposals = job->proposal_inputs};

	gtl_neighbour_columns_write(job, segment, &stats);
	erase_holes(job, segment);
}

void
gtl_neighbour_renewal_write(const GtlNeighbourRenewal *renewal, GtlJob *job)
{
	GtlSegment *segments;
	int			nsegments = gtl_segments_read(job->job_id, &segments);
	int64		next = 0;

	job->neighbours_reason = renewal->reason == NULL ? NULL : MemoryContextStrdup(GetMemoryChunkContext(job), renewal->reason);
	job->neighbours_segments = renewal->nsegments;
	if (renewal->reason != NULL)
		return;
	gtl_neighbour_map_insert(renewal->neighbours_id, renewal->map);
	job->neighbours_id = renewal->neighbours_id;
	gtl_feature_page_delete_neighbours(job->job_id);
	for (int s = 0; s < renewal->nsegments; s++)
		write_segment(renewal, job, &segments[s], &next);
	for (int s = renewal->nsegments; s < nsegments; s++)
		map_segment(job, &segments[s]);
}

const char *
gtl_neighbour_renewal_reason(const GtlNeighbourRenewal *renewal)
{
	return renewal->reason;
}

int64
gtl_neighbour_renewal_rows(const GtlNeighbourRenewal *renewal, int64 *later)
{
	*later = renewal->later;
	return renewal->stats.count;
}
