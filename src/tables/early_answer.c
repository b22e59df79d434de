/*
 * early_answer.c
 *		The table gtlabel.early_answer.
 */
#include "tables/early_answer.h"

#include "base/memory.h"
#include "base/query.h"
#include "base/settings.h"
#include "catalog/pg_type.h"
#include "tables/exclusion.h"
#include "utils/array.h"
#include "utils/array.h"
#include "utils/timestamp.h"

/* One member of the answers as a parameter. */
static Datum
texts_at(const GtlEarlyAnswer *answers, int count, size_t place)
{
	char	  **texts = palloc(sizeof(char *) * Max(count, 1));

	for (int i = 0; i < count; i++)
		texts[i] = *(char **) ((char *) &answers[i] + place);
	return gtl_array_text(texts, count);
}

static Datum
classes_of(const GtlEarlyAnswer *answers, int count)
{
	int32	   *classes = palloc(sizeof(int32) * Max(count, 1));

	for (int i = 0; i < count; i++)
		classes[i] = answers[i].class_no;
	return gtl_array_int32(classes, count);
}

static Datum
times_of(const GtlEarlyAnswer *answers, int count)
{
	int64	   *times = palloc(sizeof(int64) * Max(count, 1));
	Datum		array;

	for (int i = 0; i < count; i++)
		times[i] = answers[i].at;
	array = gtl_array_int64(times, count);
	((ArrayType *) DatumGetPointer(array))->elemtype = TIMESTAMPTZOID;
	return array;
}

static GtlEarlyStand
stand_of(const GtlResult *r, uint64 row, int32 class_no)
{
	if (gtl_result_isnull(r, row, 1))
		return GTL_EARLY_NO_OBJECT;
	for (int column = 2; column <= 4; column++)
		if (!gtl_result_isnull(r, row, column))
			return gtl_result_int32(r, row, column) == class_no ? GTL_EARLY_REPEATED : GTL_EARLY_OTHERWISE;
	return gtl_result_bool(r, row, 5) ? GTL_EARLY_LABELED : GTL_EARLY_NEW;
}

void
gtl_early_answer_compare(int64 job_id, const GtlEarlyAnswer *answers, int count, int32 *objects, GtlEarlyStand *stands)
{
	static GtlStatement compare = {
		"SELECT o.object_no,"
		" (SELECT a.class_no FROM gtlabel.annotation a WHERE a.job_id = $1 AND a.object_no = o.object_no AND a.annotator || '' = g.annotator),"
		" (SELECT e.class_no FROM gtlabel.early_answer e WHERE e.job_id = $1 AND e.object_no = o.object_no AND e.annotator = g.annotator),"
		" CASE WHEN row_number() OVER same > 1 THEN first_value(g.class_no) OVER same END,"
		" (SELECT l.human FROM gtlabel.label l WHERE l.job_id = $1 AND l.object_no = o.object_no)"
		" FROM unnest($2, $3, $4) WITH ORDINALITY AS g (object_key, annotator, class_no, place)"
		" LEFT JOIN LATERAL (SELECT o.object_no FROM gtlabel.object o"
		"   WHERE o.job_id = $1 AND o.object_key = g.object_key OFFSET 0) o ON true"
		" WINDOW same AS (PARTITION BY g.object_key, g.annotator ORDER BY g.place)"
		" ORDER BY g.place",
		4, {INT8OID, TEXTARRAYOID, TEXTARRAYOID, INT4ARRAYOID}
	};
	Datum		values[4] = {Int64GetDatum(job_id), texts_at(answers, count, offsetof(GtlEarlyAnswer, key)),
	texts_at(answers, count, offsetof(GtlEarlyAnswer, annotator)), classes_of(answers, count)};
	GtlResult	r;

	gtl_query_run(&r, &compare, values, NULL);
	for (int i = 0; i < count; i++)
	{
		objects[i] = gtl_result_isnull(&r, i, 1) ? -1 : gtl_result_int32(&r, i, 1);
		stands[i] = stand_of(&r, i, answers[i].class_no);
	}
	gtl_query_end(&r);
}

int64
gtl_early_answer_add(int64 job_id, const GtlEarlyAnswer *answers, const int32 *objects, int count)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.early_answer (job_id, object_no, annotator, class_no, answered_at, remark)"
		" SELECT $1, g.object_no, g.annotator, g.class_no, g.answered_at, g.remark"
		" FROM unnest($2, $3, $4, $5, $6) AS g (object_no, annotator, class_no, answered_at, remark)"
		" ORDER BY g.object_no, g.annotator ON CONFLICT DO NOTHING",
		6, {INT8OID, INT4ARRAYOID, TEXTARRAYOID, INT4ARRAYOID, TIMESTAMPTZARRAYOID, TEXTARRAYOID}
	};
	Datum		values[6] = {Int64GetDatum(job_id), gtl_array_int32(objects, count),
		texts_at(answers, count, offsetof(GtlEarlyAnswer, annotator)), classes_of(answers, count), times_of(answers, count),
	texts_at(answers, count, offsetof(GtlEarlyAnswer, remark))};

	return (int64) gtl_query_do(&insert, values, NULL);
}

static bool
any(int64 job_id)
{
	static GtlStatement select = {"SELECT 1 FROM gtlabel.early_answer WHERE job_id = $1 LIMIT 1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	return gtl_query_do(&select, values, NULL) > 0;
}

/*
 * For each object as many answers as it has open tasks, the oldest first.  Who holds one of its tasks is asked there.
 * Tasks and answers meet object by object: two sets of rows whose sizes the planner does not know are not joined.  The
 * empty text keeps the planner from the index by annotators, which has no object.
 */
int64
gtl_early_answer_count(const GtlJob *job, char *const *annotators, int nannotators)
{
	static GtlStatement count = {
		"WITH place AS MATERIALIZED ("
		"   SELECT t.task_id, t.object_no, t.slot_no FROM gtlabel.task t"
		"    WHERE t.job_id = $1 AND t.batch_no = $2 AND t.slot_no = ANY ($3)"
		"      AND (t.state = 'available' OR (t.state = 'accepted' AND t.lease_expires_at <= $4))"
		"      AND (SELECT e.object_no FROM gtlabel.early_answer e WHERE e.job_id = $1 AND e.object_no = t.object_no LIMIT 1) IS NOT NULL"
		"    FOR UPDATE SKIP LOCKED),"
		" pair AS MATERIALIZED ("
		"   SELECT p.tasks[e.turn] AS task_id, e.* FROM"
		"     (SELECT object_no, array_agg(task_id ORDER BY slot_no) AS tasks FROM place GROUP BY object_no) p"
		"    CROSS JOIN LATERAL (SELECT e.*, row_number() OVER (ORDER BY e.answered_at, e.annotator)::int AS turn"
		"      FROM gtlabel.early_answer e WHERE e.job_id = $1 AND e.object_no = p.object_no"
		"       AND e.annotator <> ALL ($5) AND ($7 OR e.annotator = ANY ($6))"
		"       AND (SELECT a.class_no FROM gtlabel.annotation a"
		"             WHERE a.job_id = $1 AND a.object_no = e.object_no AND a.annotator || '' = e.annotator) IS NULL"
		"       AND NOT EXISTS (SELECT FROM unnest($3) AS s (slot_no) CROSS JOIN LATERAL (SELECT t.state, t.annotator, t.lease_expires_at"
		"             FROM gtlabel.task t WHERE t.job_id = $1 AND t.batch_no = $2 AND t.slot_no = s.slot_no AND t.object_no = e.object_no OFFSET 0) t"
		"             WHERE t.state = 'accepted' AND t.annotator = e.annotator AND t.lease_expires_at > $4) OFFSET 0) e"
		"    WHERE e.turn <= cardinality(p.tasks)),"
		" done AS (UPDATE gtlabel.task t SET state = 'submitted', annotator = p.annotator, accepted_at = NULL, undo_until = NULL"
		"   FROM pair p WHERE t.task_id = p.task_id RETURNING p.*),"
		" gone AS (DELETE FROM gtlabel.early_answer e USING done d"
		"   WHERE e.job_id = $1 AND e.object_no = d.object_no AND e.annotator = d.annotator)"
		" INSERT INTO gtlabel.annotation (job_id, object_no, annotator, class_no, batch_no, task_id, submitted_at, remark)"
		" SELECT $1, d.object_no, d.annotator, d.class_no, $2, d.task_id, d.answered_at, d.remark FROM done d",
		7, {INT8OID, INT4OID, INT2ARRAYOID, TIMESTAMPTZOID, TEXTARRAYOID, TEXTARRAYOID, BOOLOID}
	};
	int16	   *slots = palloc(sizeof(int16) * job->annotators_per_object);
	Datum		values[7];

	if (job->open_batch_no == 0 || !any(job->job_id))
		return 0;
	for (int s = 0; s < job->annotators_per_object; s++)
		slots[s] = (int16) s;
	values[0] = Int64GetDatum(job->job_id);
	values[1] = Int32GetDatum(job->open_batch_no);
	values[2] = gtl_array_int16(slots, job->annotators_per_object);
	values[3] = TimestampTzGetDatum(gtl_clock_now());
	values[4] = gtl_exclusion_names(job->job_id);
	values[5] = gtl_array_text(annotators, nannotators);
	values[6] = BoolGetDatum(annotators == NULL);
	return (int64) gtl_query_do(&count, values, NULL);
}

void
gtl_early_answer_delete(int64 job_id)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.early_answer WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&delete, values, NULL);
}

void
gtl_early_answer_remove(int64 job_id, const int32 *objects, int count)
{
	static GtlStatement delete = {
		"DELETE FROM gtlabel.early_answer t USING unnest($2) AS a (object_no) WHERE t.job_id = $1 AND t.object_no = a.object_no",
		2, {INT8OID, INT4ARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), gtl_array_int32(objects, count)};

	gtl_query_do(&delete, values, NULL);
}

void
gtl_early_answer_renumber(int64 job_id, const int32 *map, int classes)
{
	static GtlStatement update = {
		"UPDATE gtlabel.early_answer SET class_no = ($2)[class_no + 1] WHERE job_id = $1 AND class_no <> ($2)[class_no + 1]",
		2, {INT8OID, INT4ARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), gtl_array_int32(map, classes)};

	gtl_query_do(&update, values, NULL);
}
