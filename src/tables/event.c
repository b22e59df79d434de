/*
 * event.c
 *		The table gtlabel.event.
 *
 * An event gets its number with the job's row locked: the next one of the job comes when the transaction of this one
 * has ended, so that events of a job commit in the order of their numbers, which gt_poll_events relies on.
 */
#include "tables/event.h"

#include "base/query.h"
#include "base/settings.h"
#include "catalog/pg_type.h"
#include "commands/async.h"
#include "lib/stringinfo.h"
#include "tables/consumer.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/*
 * Every role of the database may listen, and anybody may forge a message: it names nothing, and
 * whoever may read the event finds it by its number.
 */
static void
announce(int64 job_id, int64 event_id)
{
	Async_Notify("gtlabel", psprintf("{\"job_id\": " INT64_FORMAT ", \"event_id\": " INT64_FORMAT "}", job_id, event_id));
}

void
gtl_event_record(const GtlJob *job, const char *event, const char *detail_format,...)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.event (job_id, at, event, state, detail) VALUES ($1, $2, $3, $4, $5)"
		" RETURNING event_id",
		5, {INT8OID, TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID}
	};
	StringInfoData detail;
	Datum		values[5];
	int64		event_id;

	initStringInfo(&detail);
	for (;;)
	{
		va_list		args;
		int			needed;

		va_start(args, detail_format);
		needed = appendStringInfoVA(&detail, detail_format, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&detail, needed);
	}
	(void) gtl_job_lock(job->job_id);
	values[0] = Int64GetDatum(job->job_id);
	values[1] = TimestampTzGetDatum(gtl_clock_now());
	values[2] = CStringGetTextDatum(event);
	values[3] = CStringGetTextDatum(gtl_job_state_name(job->state));
	values[4] = CStringGetTextDatum(detail.data);
	event_id = gtl_query_int64(&insert, values);
	pfree(detail.data);
	announce(job->job_id, event_id);
}

bool
gtl_event_is_newest(int64 job_id, const char *event, const char *other)
{
	static GtlStatement select = {
		"SELECT event = $2 FROM gtlabel.event WHERE job_id = $1 AND event IN ($2, $3) ORDER BY event_id DESC LIMIT 1",
		3, {INT8OID, TEXTOID, TEXTOID}
	};
	Datum		values[3] = {Int64GetDatum(job_id), CStringGetTextDatum(event), CStringGetTextDatum(other)};
	GtlResult	r;
	bool		newest = gtl_query_run(&r, &select, values, NULL) > 0 && gtl_result_bool(&r, 0, 1);

	gtl_query_end(&r);
	return newest;
}

void
gtl_event_delete(int64 job_id)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.event WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&delete, values, NULL);
	gtl_consumer_delete(job_id);
}
