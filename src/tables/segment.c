/*
 * segment.c
 *		The table gtlabel.segment.
 */
#include "tables/segment.h"

#include "base/query.h"
#include "catalog/pg_type.h"
#include "utils/array.h"

void
gtl_segment_insert(int64 job_id, const GtlSegment *segment, const GtlFeatureStats *stats, const int32 *given_classes)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.segment (job_id, segment_no, lot_no, first_row, taken_count, given_count, object_count,"
		" validation_count, given_class_no, row_count, feature_mean, feature_squares)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
		12, {INT8OID, INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, INT4ARRAYOID, INT4OID,
		FLOAT8ARRAYOID, FLOAT8ARRAYOID}
	};
	Datum		values[12] = {Int64GetDatum(job_id), Int32GetDatum(segment->segment_no), Int32GetDatum(segment->lot_no),
		Int32GetDatum(segment->first_row), Int32GetDatum(segment->taken_count), Int32GetDatum(segment->given_count),
		Int32GetDatum(segment->object_count), Int32GetDatum(segment->validation_count),
		gtl_array_int32(given_classes, segment->given_count), Int32GetDatum(0)};
	char		nulls[12];

	memset(nulls, ' ', sizeof(nulls));
	if (segment->given_count == 0)
		nulls[8] = 'n';
	if (stats != NULL)
	{
		values[9] = Int32GetDatum((int32) stats->count);
		values[10] = gtl_array_float8(stats->mean, stats->dimension);
		values[11] = gtl_array_float8(stats->squares, stats->dimension);
	}
	else
		nulls[10] = nulls[11] = 'n';
	gtl_query_do(&insert, values, nulls);
}

int
gtl_segments_read(int64 job_id, GtlSegment **segments)
{
	static GtlStatement select = {
		"SELECT segment_no, lot_no, first_row, taken_count, given_count, object_count, validation_count"
		" FROM gtlabel.segment WHERE job_id = $1 ORDER BY segment_no",
		1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};
	int32	   *lists[7];
	int			count = gtl_query_lists(&select, values, 7, lists);

	*segments = palloc(sizeof(GtlSegment) * Max(count, 1));
	for (int i = 0; i < count; i++)
		(*segments)[i] = (GtlSegment) {lists[0][i], lists[1][i], lists[2][i], lists[3][i], lists[4][i], lists[5][i], lists[6][i]};
	for (int c = 0; c < 7; c++)
		pfree(lists[c]);
	return count;
}

int32
gtl_segments_end(int64 job_id)
{
	static GtlStatement select = {
		"SELECT first_row + taken_count FROM gtlabel.segment WHERE job_id = $1 ORDER BY segment_no DESC LIMIT 1", 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};
	GtlResult	r;
	int32		end = gtl_query_run(&r, &select, values, NULL) > 0 ? gtl_result_int32(&r, 0, 1) : 0;

	gtl_query_end(&r);
	return end;
}

/* A column of float8[] that is as long as the rows have dimensions; NULL: false. */
static bool
read_sums(const GtlResult *r, uint64 row, int column, int dimension, double *sums)
{
	ArrayType  *array = (ArrayType *) gtl_result_varlena(r, row, column);

	if (array == NULL)
		return false;
	if (ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)) != dimension)
		elog(ERROR, "statistics of a segment have %d dimensions instead of %d",
			 ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)), dimension);
	memcpy(sums, ARR_DATA_PTR(array), sizeof(double) * dimension);
	pfree(array);
	return true;
}

void
gtl_segment_stats(int64 job_id, int dimension, const GtlEnv *env, GtlFeatureStats *stats)
{
	static GtlStatement select = {
		"SELECT row_count, feature_mean, feature_squares FROM gtlabel.segment WHERE job_id = $1 ORDER BY segment_no", 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};
	GtlFeatureStats part;
	GtlResult	r;

	gtl_stats_init(stats, dimension, env);
	gtl_stats_init(&part, dimension, env);
	gtl_query_run(&r, &select, values, NULL);
	for (uint64 i = 0; i < r.count; i++)
	{
		part.count = gtl_result_int32(&r, i, 1);
		if (read_sums(&r, i, 2, dimension, part.mean) && read_sums(&r, i, 3, dimension, part.squares))
			gtl_stats_merge(stats, &part);
	}
	gtl_query_end(&r);
	gtl_env_release(env, part.mean);
	gtl_env_release(env, part.squares);
}

int
gtl_segment_given(int64 job_id, int32 **rows, int32 **classes)
{
	static GtlStatement select = {
		"SELECT s.first_row + s.taken_count + a.place::int - 1, a.class_no"
		" FROM gtlabel.segment s, unnest(s.given_class_no) WITH ORDINALITY AS a (class_no, place)"
		" WHERE s.job_id = $1 ORDER BY 1",
		1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};
	int32	   *lists[2];
	int			count = gtl_query_lists(&select, values, 2, lists);

	*rows = lists[0];
	*classes = lists[1];
	return count;
}

void
gtl_segment_delete(int64 job_id)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.segment WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&delete, values, NULL);
}
