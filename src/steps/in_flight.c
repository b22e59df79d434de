/*
 * in_flight.c
 *		Answers in flight: open transactions that have changed tasks of a job.
 *
 * They hold GTL_LOCK_ANSWERS (lock.h), also when they are prepared for a two-phase commit.
 */
#include "steps/in_flight.h"

#include "base/lock.h"
#include "base/query.h"
#include "base/settings.h"
#include "catalog/pg_type.h"

bool
gtl_in_flight_lock(int64 job_id)
{
	return gtl_lock_poll(GTL_LOCK_ANSWERS, job_id, gtl_setting_answers_timeout);
}

void
gtl_in_flight_require(const GtlJob *job, const char *what)
{
	char	   *holders;

	if (gtl_in_flight_lock(job->job_id))
		return;
	holders = gtl_in_flight_describe(job->job_id, 0);
	ereport(ERROR,
			(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
			 errmsg("cannot %s labeling job \"%s\" while answers are in flight", what, job->name),
			 holders != NULL ? errdetail("Its tasks are being changed by %s.", holders) : 0,
			 errhint("Try again when these transactions have ended, or end them: pg_terminate_backend, ROLLBACK PREPARED.")));
}

char *
gtl_in_flight_describe(int64 job_id, int seconds)
{
	static GtlStatement select = {
		"SELECT string_agg(h.who, '; ' ORDER BY h.since) FROM (SELECT COALESCE(p.prepared, a.xact_start) AS since,"
		" CASE WHEN p.gid IS NOT NULL THEN format('prepared transaction \"%s\" of role \"%s\" for %s', p.gid, p.owner,"
		"      date_trunc('second', clock_timestamp() - p.prepared))"
		"   ELSE format('process %s of role \"%s\" for %s%s', l.pid, a.usename, date_trunc('second', clock_timestamp() - a.xact_start),"
		"      CASE WHEN a.state LIKE 'idle in transaction%' THEN ' (idle in transaction)' END) END AS who"
		" FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid"
		" LEFT JOIN pg_prepared_xacts p ON l.pid IS NULL AND l.virtualtransaction = '-1/' || p.transaction::text"
		" WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = $2 AND l.pid IS DISTINCT FROM pg_backend_pid()"
		"   AND l.classid::bigint = ($1 >> 32) AND l.objid::bigint = ($1 & 4294967295)"
		"   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
		"   AND COALESCE(p.prepared, a.xact_start) <= clock_timestamp() - $3 * interval '1 second'"
		" ORDER BY 1 LIMIT 5) h",
		3, {INT8OID, INT4OID, INT4OID}
	};
	Datum		values[3] = {Int64GetDatum(job_id), Int32GetDatum(GTL_LOCK_ANSWERS), Int32GetDatum(seconds)};
	GtlResult	r;
	char	   *holders;

	gtl_query_run(&r, &select, values, NULL);
	holders = gtl_result_text(&r, 0, 1);
	gtl_query_end(&r);
	return holders;
}
