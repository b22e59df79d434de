/*
 * consumer.c
 *		The table gtlabel.consumer.
 */
#include "tables/consumer.h"

#include "base/settings.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

void
gtl_consumer_poll(Oid role, const char *consumer, int32 wanted, GtlRowCallback callback, void *context)
{
	static GtlStatement select = {
		"SELECT e.event_id, j.job_name, e.at, e.event, e.state, e.detail,"
		" substring(e.detail FROM '^batch (\\d+)')::int, substring(e.detail FROM '^round (\\d+)')::int"
		" FROM gtlabel.job j CROSS JOIN LATERAL (SELECT * FROM gtlabel.event e WHERE e.job_id = j.job_id AND e.event_id >"
		"   COALESCE((SELECT c.event_id FROM gtlabel.consumer c"
		"              WHERE c.consumer = $2 AND c.owner::oid = $1 AND c.owner::oid <> 0::oid AND c.job_id = j.job_id), 0)"
		"   ORDER BY e.event_id LIMIT $3) e"
		" WHERE pg_has_role($1, j.owner, 'MEMBER') ORDER BY e.event_id LIMIT $3",
		3, {OIDOID, TEXTOID, INT4OID}
	};
	Datum		values[3] = {ObjectIdGetDatum(role), CStringGetTextDatum(consumer), Int32GetDatum(wanted)};

	(void) gtl_query_each(&select, values, callback, context);
}

int
gtl_consumer_acknowledge(Oid role, const char *consumer, const int64 *events, int count)
{
	static GtlStatement upsert = {
		"WITH known AS MATERIALIZED (SELECT e.job_id, e.event_id FROM unnest($3) AS u (event_id)"
		"   CROSS JOIN LATERAL (SELECT e.job_id, e.event_id FROM gtlabel.event e WHERE e.event_id = u.event_id OFFSET 0) e"
		"   CROSS JOIN LATERAL (SELECT j.owner FROM gtlabel.job j WHERE j.job_id = e.job_id OFFSET 0) j"
		"   WHERE pg_has_role($1, j.owner, 'MEMBER')),"
		" written AS (INSERT INTO gtlabel.consumer AS c (owner, consumer, job_id, event_id, acknowledged_at)"
		"   SELECT $1::regrole, $2, k.job_id, max(k.event_id), $4 FROM known k GROUP BY k.job_id ORDER BY k.job_id"
		"   ON CONFLICT (consumer, (owner::oid), job_id) WHERE owner::oid <> 0::oid DO UPDATE"
		"     SET event_id = GREATEST(c.event_id, EXCLUDED.event_id), acknowledged_at = EXCLUDED.acknowledged_at)"
		" SELECT count(*) FROM known",
		4, {OIDOID, TEXTOID, INT8ARRAYOID, TIMESTAMPTZOID}
	};
	Datum		values[4] = {ObjectIdGetDatum(role), CStringGetTextDatum(consumer), gtl_array_int64(events, count),
	TimestampTzGetDatum(gtl_clock_now())};
	GtlResult	r;
	int			known;

	gtl_query_run(&r, &upsert, values, NULL);
	known = (int) gtl_result_int64(&r, 0, 1);
	gtl_query_end(&r);
	return known;
}

bool
gtl_consumer_drop(Oid role, const char *consumer)
{
	static GtlStatement delete = {
		"DELETE FROM gtlabel.consumer WHERE consumer = $2 AND owner::oid = $1 AND owner::oid <> 0::oid", 2, {OIDOID, TEXTOID}
	};
	Datum		values[2] = {ObjectIdGetDatum(role), CStringGetTextDatum(consumer)};

	return gtl_query_do(&delete, values, NULL) > 0;
}

void
gtl_consumer_delete(int64 job_id)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.consumer WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&delete, values, NULL);
}
