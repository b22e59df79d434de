/*
 * segment.c
 *		The table gtlabel.segment.
 */
#include "tables/segment.h"

#include "base/query.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

void
gtl_segment_insert(int64 job_id, const GtlSegment *segment, const GtlFeatureStats *stats)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.segment (job_id, segment_no, lot_no, first_row, taken_count, given_count, object_count,"
		" validation_count, row_count, feature_mean, feature_squares, last_key, validation_share)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
		13, {INT8OID, INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, FLOAT8ARRAYOID, FLOAT8ARRAYOID,
		TEXTOID, FLOAT8OID}
	};
	Datum		values[13] = {Int64GetDatum(job_id), Int32GetDatum(segment->segment_no), Int32GetDatum(segment->lot_no),
		Int32GetDatum(segment->first_row), Int32GetDatum(segment->taken_count), Int32GetDatum(segment->given_count),
	Int32GetDatum(segment->object_count), Int32GetDatum(segment->validation_count), Int32GetDatum(0)};
	char		nulls[13];

	memset(nulls, ' ', sizeof(nulls));
	values[12] = Float8GetDatum(segment->validation_share);
	if (stats != NULL)
	{
		values[8] = Int32GetDatum((int32) stats->count);
		values[9] = gtl_array_float8(stats->mean, stats->dimension);
		values[10] = gtl_array_float8(stats->squares, stats->dimension);
	}
	else
		nulls[9] = nulls[10] = 'n';
	if (segment->last_key != NULL)
		values[11] = CStringGetTextDatum(segment->last_key);
	else
		nulls[11] = 'n';
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
		(*segments)[i] = (GtlSegment) {lists[0][i], lists[1][i], lists[2][i], lists[3][i], lists[4][i], lists[5][i], lists[6][i], 0, NULL};
	for (int c = 0; c < 7; c++)
		pfree(lists[c]);
	return count;
}

int64
gtl_segments_rows_since(int64 job_id, int32 segment_no, int64 *rows)
{
	static GtlStatement select = {
		"SELECT COALESCE(sum(row_count) FILTER (WHERE segment_no >= $2), 0)::bigint, COALESCE(sum(row_count), 0)::bigint"
		" FROM gtlabel.segment WHERE job_id = $1",
		2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), Int32GetDatum(segment_no)};
	GtlResult	r;
	int64		later;

	gtl_query_run(&r, &select, values, NULL);
	later = gtl_result_int64(&r, 0, 1);
	*rows = gtl_result_int64(&r, 0, 2);
	gtl_query_end(&r);
	return later;
}

GtlSegment
gtl_segment_last(int64 job_id)
{
	GtlSegment *segments;
	int			count = gtl_segments_read(job_id, &segments);

	if (count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("labeling job " INT64_FORMAT " was dropped in the meantime", job_id)));
	return segments[count - 1];
}

int32
gtl_segment_lot_objects(int64 job_id, int32 lot_no, int32 segment_count)
{
	GtlSegment *segments;
	int			count = gtl_segments_read(job_id, &segments);
	int32		objects = 0;

	for (int s = 0; s < count; s++)
		if (segments[s].lot_no == lot_no && segments[s].segment_no < segment_count)
			objects += segments[s].object_count;
	return objects;
}

int
gtl_segments_last_keys(int64 job_id, char ***keys, bool *all)
{
	static GtlStatement select = {"SELECT last_key FROM gtlabel.segment WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};
	GtlResult	r;
	int			segments = (int) gtl_query_run(&r, &select, values, NULL);
	int			count = 0;

	*keys = palloc(sizeof(char *) * Max(segments, 1));
	for (int i = 0; i < segments; i++)
		if (!gtl_result_isnull(&r, i, 1))
			(*keys)[count++] = gtl_result_text(&r, i, 1);
	*all = count == segments;
	gtl_query_end(&r);
	return count;
}

void
gtl_segments_forget_keys(int64 job_id, char *const *keys, int count)
{
	static GtlStatement update = {
		"UPDATE gtlabel.segment SET last_key = NULL WHERE job_id = $1 AND last_key = ANY ($2)", 2, {INT8OID, TEXTARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), gtl_array_text(keys, count)};

	gtl_query_do(&update, values, NULL);
}

void
gtl_segment_next_lot(int64 job_id, int32 lot_no, int32 segment_count)
{
	static GtlStatement update = {
		"UPDATE gtlabel.segment SET lot_no = lot_no + 1 WHERE job_id = $1 AND lot_no = $2 AND segment_no >= $3",
		3, {INT8OID, INT4OID, INT4OID}
	};
	Datum		values[3] = {Int64GetDatum(job_id), Int32GetDatum(lot_no), Int32GetDatum(segment_count)};

	gtl_query_do(&update, values, NULL);
}

void
gtl_segments_count_validation(int64 job_id, double share)
{
	static GtlStatement update = {
		"UPDATE gtlabel.segment s SET validation_count = (SELECT count(*)::int FROM gtlabel.object o WHERE o.job_id = $1"
		"   AND o.object_no >= s.first_row AND o.object_no < s.first_row + s.taken_count AND o.validation_no IS NOT NULL),"
		" validation_share = $2 WHERE s.job_id = $1",
		2, {INT8OID, FLOAT8OID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), Float8GetDatum(share)};

	gtl_query_do(&update, values, NULL);
}

double
gtl_segments_validation_share(int64 job_id)
{
	static GtlStatement select = {"SELECT min(validation_share) FROM gtlabel.segment WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};
	GtlResult	r;
	double		share;

	gtl_query_run(&r, &select, values, NULL);
	share = gtl_result_float8(&r, 0, 1);
	gtl_query_end(&r);
	return share;
}

void
gtl_segments_validation_shares(int64 job_id, double *least, double *most)
{
	static GtlStatement select = {
		"SELECT COALESCE(min(validation_share), 1), COALESCE(max(validation_share), 1) FROM gtlabel.segment"
		" WHERE job_id = $1 AND object_count > 0",
		1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};
	GtlResult	r;

	gtl_query_run(&r, &select, values, NULL);
	*least = gtl_result_float8(&r, 0, 1);
	*most = gtl_result_float8(&r, 0, 2);
	gtl_query_end(&r);
}

void
gtl_segments_set_share(int64 job_id, double share)
{
	static GtlStatement update = {"UPDATE gtlabel.segment SET validation_share = $2 WHERE job_id = $1", 2, {INT8OID, FLOAT8OID}};
	Datum		values[2] = {Int64GetDatum(job_id), Float8GetDatum(share)};

	gtl_query_do(&update, values, NULL);
}

void
gtl_segments_set_validation(int64 job_id, const int32 *segment_nos, const int32 *counts, int count)
{
	static GtlStatement update = {
		"UPDATE gtlabel.segment s SET validation_count = a.count FROM unnest($2, $3) AS a (segment_no, count)"
		" WHERE s.job_id = $1 AND s.segment_no = a.segment_no",
		3, {INT8OID, INT4ARRAYOID, INT4ARRAYOID}
	};
	Datum		values[3] = {Int64GetDatum(job_id), gtl_array_int32(segment_nos, count), gtl_array_int32(counts, count)};

	if (count > 0)
		gtl_query_do(&update, values, NULL);
}

int32
gtl_segment_end(const GtlSegment *segment)
{
	return segment->first_row + segment->taken_count;
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

void
gtl_segment_delete(int64 job_id)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.segment WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&delete, values, NULL);
}

void
gtl_segment_count_again(int64 job_id, const GtlSegment *segment, const GtlFeatureStats *stats)
{
	static GtlStatement update = {
		"UPDATE gtlabel.segment s SET object_count = o.objects, validation_count = o.validation, row_count = $5, feature_mean = $6, feature_squares = $7"
		" FROM (SELECT count(*)::int AS objects, count(validation_no)::int AS validation FROM gtlabel.object"
		"   WHERE job_id = $1 AND object_no >= $3 AND object_no < $4) o WHERE s.job_id = $1 AND s.segment_no = $2",
		7, {INT8OID, INT4OID, INT4OID, INT4OID, INT4OID, FLOAT8ARRAYOID, FLOAT8ARRAYOID}
	};
	Datum		values[7] = {Int64GetDatum(job_id), Int32GetDatum(segment->segment_no), Int32GetDatum(segment->first_row),
	Int32GetDatum(gtl_segment_end(segment)), Int32GetDatum(0)};
	char		nulls[7];

	memset(nulls, ' ', sizeof(nulls));
	if (stats != NULL)
	{
		values[4] = Int32GetDatum((int32) stats->count);
		values[5] = gtl_array_float8(stats->mean, stats->dimension);
		values[6] = gtl_array_float8(stats->squares, stats->dimension);
	}
	else
		nulls[5] = nulls[6] = 'n';
	gtl_query_do(&update, values, nulls);
}
