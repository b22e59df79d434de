/*
 * step.c
 *		The table gtlabel.step.
 */
#include "tables/step.h"

#include "base/query.h"
#include "base/settings.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

bool
gtl_step_read(int64 job_id, GtlStep *step)
{
	static GtlStatement select = {
		"SELECT step, started_at IS NOT NULL, failures, retry_at, sqlstate, message FROM gtlabel.step WHERE job_id = $1",
		1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};
	GtlResult	r;
	bool		found = gtl_query_run(&r, &select, values, NULL) > 0;

	memset(step, 0, sizeof(*step));
	step->retry_at = DT_NOBEGIN;
	if (found)
	{
		step->name = gtl_result_text(&r, 0, 1);
		step->started = gtl_result_bool(&r, 0, 2);
		step->failures = gtl_result_int32(&r, 0, 3);
		if (!gtl_result_isnull(&r, 0, 4))
			step->retry_at = gtl_result_int64(&r, 0, 4);
		step->sqlstate = gtl_result_text(&r, 0, 5);
		step->message = gtl_result_text(&r, 0, 6);
	}
	gtl_query_end(&r);
	return found;
}

bool
gtl_step_waits(int64 job_id)
{
	GtlStep		step;

	return gtl_step_read(job_id, &step) && step.retry_at > gtl_clock_now();
}

void
gtl_step_start(int64 job_id, const char *name)
{
	static GtlStatement upsert = {
		"INSERT INTO gtlabel.step AS s (job_id, step, started_at)"
		" SELECT job_id, $2, $3 FROM gtlabel.job WHERE job_id = $1 FOR KEY SHARE"
		" ON CONFLICT (job_id) DO UPDATE SET step = $2, started_at = $3, retry_at = NULL, attempts = 0, attempt_at = NULL",
		3, {INT8OID, TEXTOID, TIMESTAMPTZOID}
	};
	Datum		values[3] = {Int64GetDatum(job_id), CStringGetTextDatum(name), TimestampTzGetDatum(gtl_clock_now())};

	gtl_query_do(&upsert, values, NULL);
}

int
gtl_step_fail(int64 job_id, const char *sqlstate, const char *message, const char *context, bool counted)
{
	static GtlStatement upsert = {
		"INSERT INTO gtlabel.step AS s (job_id, step, failures, failed_at, sqlstate, message, context)"
		" VALUES ($1, 'look', $2, $3, $4, $5, $6)"
		" ON CONFLICT (job_id) DO UPDATE SET started_at = NULL, failures = s.failures + $2, failed_at = $3,"
		" sqlstate = $4, message = $5, context = $6 RETURNING failures",
		6, {INT8OID, INT4OID, TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID}
	};
	Datum		values[6] = {Int64GetDatum(job_id), Int32GetDatum(counted ? 1 : 0), TimestampTzGetDatum(gtl_clock_now()),
		CStringGetTextDatum(sqlstate), CStringGetTextDatum(message), (Datum) 0};
	char		nulls[6] = {' ', ' ', ' ', ' ', ' ', 'n'};
	GtlResult	r;
	int			failures;

	if (context != NULL)
	{
		values[5] = CStringGetTextDatum(context);
		nulls[5] = ' ';
	}
	gtl_query_run(&r, &upsert, values, nulls);
	failures = gtl_result_int32(&r, 0, 1);
	gtl_query_end(&r);
	return failures;
}

void
gtl_step_retry_after(int64 job_id, int64 milliseconds)
{
	static GtlStatement update = {
		"UPDATE gtlabel.step SET retry_at = $2 WHERE job_id = $1", 2, {INT8OID, TIMESTAMPTZOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id),
	TimestampTzGetDatum(TimestampTzPlusMilliseconds(gtl_clock_now(), milliseconds))};

	gtl_query_do(&update, values, NULL);
}

void
gtl_step_interrupt(int64 job_id)
{
	static GtlStatement update = {"UPDATE gtlabel.step SET started_at = NULL WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&update, values, NULL);
}

void
gtl_step_forgive(int64 job_id)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.step WHERE job_id = $1 AND started_at IS NULL", 1, {INT8OID}};
	static GtlStatement update = {
		"UPDATE gtlabel.step SET failures = 0, failed_at = NULL, sqlstate = NULL, message = NULL, context = NULL, retry_at = NULL"
		" WHERE job_id = $1",
		1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};

	if (gtl_query_do(&delete, values, NULL) == 0)
		gtl_query_do(&update, values, NULL);
}

void
gtl_step_delete(int64 job_id)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.step WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&delete, values, NULL);
}

int
gtl_step_candidates(GtlDueJob **jobs)
{
	static GtlStatement select = {
		"SELECT j.job_id, j.owner::oid, j.job_name, COALESCE(s.attempts, 0)"
		" FROM gtlabel.job j"
		" JOIN pg_roles r ON r.oid = j.owner::oid"
		" LEFT JOIN gtlabel.batch b ON b.job_id = j.job_id AND b.batch_no = j.open_batch_no"
		" LEFT JOIN gtlabel.step s ON s.job_id = j.job_id"
		" CROSS JOIN LATERAL (SELECT GREATEST(s.retry_at,"
		"   CASE WHEN b.expires_at <= $1 THEN b.expires_at ELSE j.last_modified_at END)) w (since)"
		" WHERE " GTL_STEP_MAY_BE_DUE("$1") " AND (s.attempt_at IS NULL OR s.attempt_at <= $1)"
		" ORDER BY row_number() OVER (PARTITION BY j.owner ORDER BY w.since, j.job_id), w.since, j.job_id",
		1, {TIMESTAMPTZOID}
	};
	Datum		values[1] = {TimestampTzGetDatum(gtl_clock_now())};
	GtlResult	r;
	int			count = (int) gtl_query_run(&r, &select, values, NULL);

	*jobs = palloc(sizeof(GtlDueJob) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		bool		isnull;

		(*jobs)[i].job_id = gtl_result_int64(&r, i, 1);
		(*jobs)[i].owner = DatumGetObjectId(gtl_result_datum(&r, i, 2, &isnull));
		(*jobs)[i].name = gtl_result_text(&r, i, 3);
		(*jobs)[i].attempts = gtl_result_int32(&r, i, 4);
	}
	gtl_query_end(&r);
	return count;
}

bool
gtl_step_attempt(int64 job_id, int64 milliseconds)
{
	static GtlStatement upsert = {
		"INSERT INTO gtlabel.step AS s (job_id, step, attempts, attempt_at)"
		" SELECT job_id, 'look', 1, $2 FROM gtlabel.job WHERE job_id = $1 FOR KEY SHARE SKIP LOCKED"
		" ON CONFLICT (job_id) DO UPDATE SET attempts = s.attempts + 1, attempt_at = $2",
		2, {INT8OID, TIMESTAMPTZOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id),
	TimestampTzGetDatum(TimestampTzPlusMilliseconds(gtl_clock_now(), milliseconds))};

	return gtl_query_do(&upsert, values, NULL) > 0;
}

void
gtl_step_postpone(int64 job_id, int64 milliseconds)
{
	static GtlStatement upsert = {
		"INSERT INTO gtlabel.step AS s (job_id, step, attempt_at)"
		" SELECT job_id, 'look', $2 FROM gtlabel.job WHERE job_id = $1 FOR KEY SHARE SKIP LOCKED"
		" ON CONFLICT (job_id) DO UPDATE SET attempts = 0, attempt_at = $2",
		2, {INT8OID, TIMESTAMPTZOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id),
	TimestampTzGetDatum(TimestampTzPlusMilliseconds(gtl_clock_now(), milliseconds))};

	gtl_query_do(&upsert, values, NULL);
}

void
gtl_step_forget_keys(int64 job_id, char *const *keys, int count)
{
	static GtlStatement update = {
		"UPDATE gtlabel.step SET message = 'it named an object that is removed from the job', context = NULL"
		" WHERE job_id = $1 AND EXISTS (SELECT FROM unnest($2) AS a (key) WHERE strpos(message || COALESCE(context, ''), a.key) > 0)",
		2, {INT8OID, TEXTARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), gtl_array_text(keys, count)};

	gtl_query_do(&update, values, NULL);
}
