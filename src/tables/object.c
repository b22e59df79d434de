/*
 * object.c
 *		The tables gtlabel.object, gtlabel.gold and gtlabel.given.
 */
#include "tables/object.h"

#include "base/bulk_insert.h"
#include "base/memory.h"
#include "base/query.h"
#include "base/table.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "tables/segment.h"
#include "utils/fmgroids.h"

enum
{
	OBJECT_JOB_ID, OBJECT_NO, OBJECT_VALIDATION_NO, OBJECT_VALIDATION_ACTIVE, OBJECT_KEY
};

static const char *const object_columns[] = {
	[OBJECT_JOB_ID] = "job_id", [OBJECT_NO] = "object_no", [OBJECT_VALIDATION_NO] = "validation_no",
	[OBJECT_VALIDATION_ACTIVE] = "validation_active", [OBJECT_KEY] = "object_key"
};

static GtlLayout object_layout = GTL_LAYOUT("object", object_columns);

static const char *const gold_columns[] = {"job_id", "object_no", "class_no"};
static GtlLayout gold_layout = GTL_LAYOUT("gold", gold_columns);

static const char *const given_columns[] = {"job_id", "row_no", "class_no", "row_key"};
static GtlLayout given_layout = GTL_LAYOUT("given", given_columns);

struct GtlObjectWriter
{
	int64		job_id;
	int32		next;
	GtlBulkInsert *objects;
	GtlBulkInsert *gold;
	GtlBulkInsert *given;
};

GtlObjectWriter *
gtl_object_writer_open(int64 job_id, int32 first_no)
{
	GtlObjectWriter *writer = palloc0(sizeof(GtlObjectWriter));

	writer->job_id = job_id;
	writer->next = first_no;
	writer->objects = gtl_bulk_open(&object_layout);
	writer->gold = gtl_bulk_open(&gold_layout);
	writer->given = gtl_bulk_open(&given_layout);
	return writer;
}

void
gtl_object_writer_add(GtlObjectWriter *writer, Datum key, int32 validation_no, int32 gold_class_no)
{
	bool		pool = validation_no < 0;
	Datum		job_id = Int64GetDatum(writer->job_id);
	Datum		object_no = Int32GetDatum(writer->next++);
	Datum		object[lengthof(object_columns)] = {job_id, object_no, Int32GetDatum(validation_no), BoolGetDatum(true), key};
	Datum		gold[lengthof(gold_columns)] = {job_id, object_no, Int32GetDatum(gold_class_no)};
	bool		nulls[lengthof(object_columns)] = {false, false, pool, pool, false};

	gtl_bulk_row(writer->objects, object, nulls);
	if (gold_class_no >= 0)
		gtl_bulk_row(writer->gold, gold, NULL);
}

void
gtl_object_writer_given(GtlObjectWriter *writer, Datum key, int32 class_no)
{
	Datum		given[lengthof(given_columns)] = {Int64GetDatum(writer->job_id), Int32GetDatum(writer->next++),
	Int32GetDatum(class_no), key};

	gtl_bulk_row(writer->given, given, NULL);
}

void
gtl_object_writer_close(GtlObjectWriter *writer)
{
	gtl_bulk_close(writer->given);
	gtl_bulk_close(writer->objects);
	gtl_bulk_close(writer->gold);
	pfree(writer);
}

int
gtl_given_read(int64 job_id, int32 **rows, int32 **classes)
{
	static GtlStatement select = {
		"SELECT row_no, class_no FROM gtlabel.given WHERE job_id = $1 ORDER BY row_no", 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};
	int32	   *lists[2];
	int			count = gtl_query_lists(&select, values, 2, lists);

	*rows = lists[0];
	*classes = lists[1];
	return count;
}

void
gtl_object_keys(int64 job_id, const int32 *objects, int count, char **keys)
{
	GtlTable	table;

	gtl_table_open(&table, &object_layout, "object_pkey", AccessShareLock);
	for (int i = 0; i < count; i++)
	{
		ScanKeyData place[2];

		ScanKeyInit(&place[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(job_id));
		ScanKeyInit(&place[1], 2, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(objects[i]));
		if (!gtl_table_find(&table, place, 2))
			elog(ERROR, "object %d of labeling job " INT64_FORMAT " is missing", objects[i], job_id);
		keys[i] = gtl_table_text(&table, OBJECT_KEY);
	}
	gtl_table_close(&table);
}

int32 *
gtl_object_gold(int64 job_id, const int32 *objects, int count)
{
	static GtlStatement select = {
		"SELECT (SELECT g.class_no FROM gtlabel.gold g WHERE g.job_id = $1 AND g.object_no = a.object_no)"
		" FROM unnest($2) WITH ORDINALITY AS a (object_no, place) ORDER BY a.place",
		2, {INT8OID, INT4ARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), gtl_array_int32(objects, count)};
	int32	   *gold;

	(void) gtl_query_lists(&select, values, 1, &gold);
	return gold;
}

int32 *
gtl_object_add_gold(int64 job_id, const int32 *objects, const int32 *classes, int count)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.gold (job_id, object_no, class_no)"
		" SELECT DISTINCT ON (g.object_no) $1, g.object_no, g.class_no"
		" FROM unnest($2, $3) WITH ORDINALITY AS g (object_no, class_no, place) ORDER BY g.object_no, g.place"
		" ON CONFLICT DO NOTHING",
		3, {INT8OID, INT4ARRAYOID, INT4ARRAYOID}
	};
	Datum		values[3] = {Int64GetDatum(job_id), gtl_array_int32(objects, count), gtl_array_int32(classes, count)};
	int32	   *before = gtl_object_gold(job_id, objects, count);

	gtl_query_do(&insert, values, NULL);
	return before;
}

bool
gtl_object_any_gold(int64 job_id)
{
	static GtlStatement select = {"SELECT 1 FROM gtlabel.gold WHERE job_id = $1 LIMIT 1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	return gtl_query_do(&select, values, NULL) > 0;
}

int
gtl_object_next_validation(int64 job_id, int wanted, int32 **objects)
{
	static GtlStatement select = {
		"SELECT o.object_no FROM gtlabel.object o WHERE o.job_id = $1 AND o.validation_no IS NOT NULL"
		" AND (SELECT l.object_no FROM gtlabel.label l WHERE l.job_id = $1 AND l.object_no = o.object_no) IS NULL"
		" AND (SELECT f.object_no FROM gtlabel.failure f WHERE f.job_id = $1 AND f.object_no = o.object_no) IS NULL"
		" ORDER BY o.validation_no LIMIT $2",
		2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), Int32GetDatum(wanted)};

	return gtl_query_lists(&select, values, 1, objects);
}

int32
gtl_object_next_place(int64 job_id)
{
	static GtlStatement select = {
		"SELECT validation_no + 1 FROM gtlabel.object WHERE job_id = $1 AND validation_no IS NOT NULL"
		" ORDER BY validation_no DESC LIMIT 1",
		1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};
	GtlResult	r;
	int32		place = gtl_query_run(&r, &select, values, NULL) > 0 ? gtl_result_int32(&r, 0, 1) : 0;

	gtl_query_end(&r);
	return place;
}

void
gtl_object_add_validation(int64 job_id, const int32 *objects, int count, int32 first_place)
{
	static GtlStatement update = {
		"UPDATE gtlabel.object o SET validation_no = $3 + a.place::int - 1, validation_active = true"
		" FROM unnest($2) WITH ORDINALITY AS a (object_no, place) WHERE o.job_id = $1 AND o.object_no = a.object_no",
		3, {INT8OID, INT4ARRAYOID, INT4OID}
	};
	Datum		values[3] = {Int64GetDatum(job_id), gtl_array_int32(objects, count), Int32GetDatum(first_place)};

	gtl_query_do(&update, values, NULL);
}

void
gtl_object_leave_validation(int64 job_id, const int32 *objects, int count)
{
	static GtlStatement update = {
		"UPDATE gtlabel.object o SET validation_no = NULL, validation_active = NULL FROM unnest($2) AS a (object_no)"
		" WHERE o.job_id = $1 AND o.object_no = a.object_no",
		2, {INT8OID, INT4ARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), gtl_array_int32(objects, count)};

	if (count > 0)
		gtl_query_do(&update, values, NULL);
}

/* The numbers of the segments, if no object was ever removed; NULL: there are holes. */
static int32 *
number_segments(const GtlJob *job)
{
	GtlSegment *segments;
	int			nsegments = gtl_segments_read(job->job_id, &segments);
	int32	   *objects = gtl_memory_list(sizeof(int32), job->object_count);
	int32		n = 0;

	for (int s = 0; s < nsegments; s++)
	{
		if (segments[s].taken_count > job->object_count - n)
			return NULL;
		for (int32 i = 0; i < segments[s].taken_count; i++)
			objects[n++] = segments[s].first_row + i;
	}
	return n == job->object_count ? objects : NULL;
}

int
gtl_object_numbers(const GtlJob *job, int32 **objects)
{
	static GtlStatement select = {
		"SELECT object_no FROM gtlabel.object WHERE job_id = $1 ORDER BY object_no", 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job->job_id)};

	*objects = number_segments(job);
	return *objects != NULL ? job->object_count : gtl_query_lists(&select, values, 1, objects);
}

/* Three lists in the same order, brought together. */
int
gtl_object_unlabeled(const GtlJob *job, int32 **objects)
{
	static GtlStatement labels = {
		"SELECT object_no FROM gtlabel.label WHERE job_id = $1 ORDER BY object_no", 1, {INT8OID}
	};
	static GtlStatement failures = {
		"SELECT object_no FROM gtlabel.failure WHERE job_id = $1 ORDER BY object_no", 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job->job_id)};
	int32	   *labeled;
	int32	   *failed;
	int			count = gtl_object_numbers(job, objects);
	int			nlabeled = gtl_query_lists(&labels, values, 1, &labeled);
	int			nfailed = gtl_query_lists(&failures, values, 1, &failed);
	int			l = 0;
	int			f = 0;
	int			left = 0;

	for (int o = 0; o < count; o++)
	{
		int32		object = (*objects)[o];

		CHECK_FOR_INTERRUPTS();
		while (l < nlabeled && labeled[l] < object)
			l++;
		while (f < nfailed && failed[f] < object)
			f++;
		if ((l == nlabeled || labeled[l] != object) && (f == nfailed || failed[f] != object))
			(*objects)[left++] = object;
	}
	pfree(labeled);
	pfree(failed);
	return left;
}

int
gtl_object_validation(int64 job_id, int32 **objects, int32 **validation_no, int32 **active)
{
	static GtlStatement select = {
		"SELECT object_no, validation_no, validation_active::int FROM gtlabel.object"
		" WHERE job_id = $1 AND validation_no IS NOT NULL ORDER BY object_no",
		1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};
	int32	   *lists[3];
	int			count = gtl_query_lists(&select, values, 3, lists);

	*objects = lists[0];
	*validation_no = lists[1];
	*active = lists[2];
	return count;
}

void
gtl_object_deactivate(int64 job_id, const int32 *objects, int count)
{
	static GtlStatement update = {
		"UPDATE gtlabel.object SET validation_active = false WHERE job_id = $1 AND object_no = ANY ($2) AND validation_no IS NOT NULL",
		2, {INT8OID, INT4ARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), gtl_array_int32(objects, count)};

	if (count > 0)
		gtl_query_do(&update, values, NULL);
}

void
gtl_object_delete(int64 job_id)
{
	static GtlStatement objects = {"DELETE FROM gtlabel.object WHERE job_id = $1", 1, {INT8OID}};
	static GtlStatement gold = {"DELETE FROM gtlabel.gold WHERE job_id = $1", 1, {INT8OID}};
	static GtlStatement given = {"DELETE FROM gtlabel.given WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&objects, values, NULL);
	gtl_query_do(&gold, values, NULL);
	gtl_query_do(&given, values, NULL);
}

int
gtl_object_find(int64 job_id, char *const *keys, int count, int32 **objects)
{
	static GtlStatement select = {
		"SELECT DISTINCT o.object_no FROM unnest($2) AS a (key) CROSS JOIN LATERAL (SELECT object_no FROM gtlabel.object"
		" WHERE job_id = $1 AND object_key = a.key OFFSET 0) o ORDER BY 1",
		2, {INT8OID, TEXTARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), gtl_array_text(keys, count)};

	return gtl_query_lists(&select, values, 1, objects);
}

int32 *
gtl_object_of_keys(int64 job_id, char *const *keys, int count)
{
	static GtlStatement select = {
		"SELECT COALESCE(o.object_no, -1) FROM unnest($2) WITH ORDINALITY AS a (key, place) LEFT JOIN LATERAL (SELECT object_no"
		" FROM gtlabel.object WHERE job_id = $1 AND object_key = a.key OFFSET 0) o ON true ORDER BY a.place",
		2, {INT8OID, TEXTARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), gtl_array_text(keys, count)};
	int32	   *objects;

	(void) gtl_query_lists(&select, values, 1, &objects);
	return objects;
}

int
gtl_given_find(int64 job_id, char *const *keys, int count, int32 **rows)
{
	static GtlStatement select = {
		"SELECT DISTINCT g.row_no FROM unnest($2) AS a (key) CROSS JOIN LATERAL (SELECT row_no FROM gtlabel.given"
		" WHERE job_id = $1 AND row_key = a.key OFFSET 0) g ORDER BY 1",
		2, {INT8OID, TEXTARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), gtl_array_text(keys, count)};

	return gtl_query_lists(&select, values, 1, rows);
}

/* Removes them from a table; returns how many were there. */
static int
remove_rows(GtlStatement *delete, int64 job_id, const int32 *rows, int count)
{
	Datum		values[2] = {Int64GetDatum(job_id), gtl_array_int32(rows, count)};

	return count > 0 ? (int) gtl_query_do(delete, values, NULL) : 0;
}

void
gtl_object_remove(GtlJob *job, const int32 *objects, int count)
{
	static GtlStatement validation = {
		"SELECT count(o.validation_no)::int FROM unnest($2) AS a (object_no) CROSS JOIN LATERAL (SELECT validation_no FROM gtlabel.object"
		" WHERE job_id = $1 AND object_no = a.object_no OFFSET 0) o",
		2, {INT8OID, INT4ARRAYOID}
	};
	static GtlStatement object = {
		"DELETE FROM gtlabel.object t USING unnest($2) AS a (object_no) WHERE t.job_id = $1 AND t.object_no = a.object_no",
		2, {INT8OID, INT4ARRAYOID}
	};
	static GtlStatement gold = {
		"DELETE FROM gtlabel.gold t USING unnest($2) AS a (object_no) WHERE t.job_id = $1 AND t.object_no = a.object_no",
		2, {INT8OID, INT4ARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), gtl_array_int32(objects, count)};
	GtlResult	r;

	gtl_query_run(&r, &validation, values, NULL);
	job->validation_count -= gtl_result_int32(&r, 0, 1);
	gtl_query_end(&r);
	job->object_count -= remove_rows(&object, job->job_id, objects, count);
	(void) remove_rows(&gold, job->job_id, objects, count);
}

void
gtl_given_remove(GtlJob *job, const int32 *rows, int count)
{
	static GtlStatement given = {
		"DELETE FROM gtlabel.given t USING unnest($2) AS a (row_no) WHERE t.job_id = $1 AND t.row_no = a.row_no",
		2, {INT8OID, INT4ARRAYOID}
	};

	job->given_count -= remove_rows(&given, job->job_id, rows, count);
}

int
gtl_object_rows(int64 job_id, int32 first, int32 end, int32 **rows)
{
	static GtlStatement select = {
		"SELECT object_no FROM (SELECT object_no FROM gtlabel.object WHERE job_id = $1 AND object_no >= $2 AND object_no < $3"
		" UNION ALL SELECT row_no FROM gtlabel.given WHERE job_id = $1 AND row_no >= $2 AND row_no < $3) r ORDER BY 1",
		3, {INT8OID, INT4OID, INT4OID}
	};
	Datum		values[3] = {Int64GetDatum(job_id), Int32GetDatum(first), Int32GetDatum(end)};

	return gtl_query_lists(&select, values, 1, rows);
}

void
gtl_object_renumber(int64 job_id, const int32 *map, int classes)
{
	static GtlStatement gold = {
		"UPDATE gtlabel.gold SET class_no = ($2)[class_no + 1] WHERE job_id = $1 AND class_no <> ($2)[class_no + 1]",
		2, {INT8OID, INT4ARRAYOID}
	};
	static GtlStatement given = {
		"UPDATE gtlabel.given SET class_no = ($2)[class_no + 1] WHERE job_id = $1 AND class_no <> ($2)[class_no + 1]",
		2, {INT8OID, INT4ARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), gtl_array_int32(map, classes)};

	gtl_query_do(&gold, values, NULL);
	gtl_query_do(&given, values, NULL);
}
