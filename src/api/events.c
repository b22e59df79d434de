/*
 * events.c
 *		gt_poll_events, gt_acknowledge_events, gt_drop_consumer: events for programs, each at least once.
 *
 * A consumer is a name of the current role's.  Who polls changes nothing but what is acknowledged with it, so two
 * sessions of one consumer get the same events.
 */
#include "base/compat.h"

#include "api/arguments.h"
#include "base/errors.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "tables/consumer.h"

#define MAX_NAME_CHARACTERS 63
#define MOST_EVENTS 10000
#define EVENT_COLUMNS 8

static char *
consumer_argument(FunctionCallInfo fcinfo)
{
	char	   *name = gtl_argument_text(fcinfo, 0, "consumer");
	int			length = pg_mbstrlen(name);

	if (length < 1 || length > MAX_NAME_CHARACTERS)
		gtl_error_setting("consumer", psprintf("must have 1 to %d characters", MAX_NAME_CHARACTERS), NULL);
	return name;
}

static int
acknowledge(FunctionCallInfo fcinfo, const char *consumer, int argument, const char *name)
{
	int			count;
	int64	   *events = gtl_argument_int64s(fcinfo, argument, name, &count);

	return count == 0 ? 0 : gtl_consumer_acknowledge(GetUserId(), consumer, events, count);
}

static void
put_event(void *context, TupleTableSlot *row)
{
	ReturnSetInfo *rsinfo = context;

	slot_getallattrs(row);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, row->tts_values, row->tts_isnull);
}

PG_FUNCTION_INFO_V1(gtl_sql_poll_events);
Datum
gtl_sql_poll_events(PG_FUNCTION_ARGS)
{
	char	   *consumer = consumer_argument(fcinfo);
	int32		wanted = gtl_argument_int32(fcinfo, 1, "max_events", 0, MOST_EVENTS);

	(void) acknowledge(fcinfo, consumer, 2, "acknowledge");
	InitMaterializedSRF(fcinfo, 0);
	Assert(((ReturnSetInfo *) fcinfo->resultinfo)->setDesc->natts == EVENT_COLUMNS);
	gtl_consumer_poll(GetUserId(), consumer, wanted, put_event, fcinfo->resultinfo);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(gtl_sql_acknowledge_events);
Datum
gtl_sql_acknowledge_events(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(acknowledge(fcinfo, consumer_argument(fcinfo), 1, "event_ids"));
}

PG_FUNCTION_INFO_V1(gtl_sql_drop_consumer);
Datum
gtl_sql_drop_consumer(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(gtl_consumer_drop(GetUserId(), consumer_argument(fcinfo)));
}
