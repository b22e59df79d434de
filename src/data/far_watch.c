/*
 * far_watch.c
 *		Errors of a query over a dataset say which server it was asking when it failed.
 *
 * postgres_fdw names a server that it cannot connect to, but none whose connection breaks or that answers with an error,
 * and many can have a table of the same name.  So the scans of foreign tables in the plan of a watched query call their
 * wrapper through the functions below, which note the server first.  A scan has its own copy of the wrapper's routine
 * (GetFdwRoutineForRelation), which is not changed but replaced in the scan's state.
 *
 * Whether a query is watched is read from the error context stack, which the server resets when there is an error.
 */
#include "data/far_watch.h"

#include "base/query.h"
#include "executor/executor.h"
#include "foreign/fdwapi.h"
#include "foreign/foreign.h"
#include "nodes/nodeFuncs.h"

/* What stands in the place of a scan's routine. */
typedef struct WatchedRoutine
{
	FdwRoutine	routine;		/* comes first: the scan points to it */
	const FdwRoutine *original;
	GtlFarWatch *watch;
	const char *where;			/* in words */
} WatchedRoutine;

static ExecutorStart_hook_type next_start = NULL;

/* ---- Calls of the wrapper ---- */

static WatchedRoutine *
enter(ForeignScanState *scan, const char **before)
{
	WatchedRoutine *watched = (WatchedRoutine *) scan->fdwroutine;

	*before = watched->watch->asked;
	watched->watch->asked = watched->where;
	return watched;
}

static void
leave(WatchedRoutine *watched, const char *before)
{
	watched->watch->asked = before;
}

static TupleTableSlot *
iterate(ForeignScanState *scan)
{
	const char *before;
	WatchedRoutine *watched = enter(scan, &before);
	TupleTableSlot *slot = watched->original->IterateForeignScan(scan);

	leave(watched, before);
	return slot;
}

static TupleTableSlot *
iterate_modify(ForeignScanState *scan)
{
	const char *before;
	WatchedRoutine *watched = enter(scan, &before);
	TupleTableSlot *slot = watched->original->IterateDirectModify(scan);

	leave(watched, before);
	return slot;
}

static void
rescan(ForeignScanState *scan)
{
	const char *before;
	WatchedRoutine *watched = enter(scan, &before);

	watched->original->ReScanForeignScan(scan);
	leave(watched, before);
}

static void
request_rows(AsyncRequest *request)
{
	const char *before;
	WatchedRoutine *watched = enter((ForeignScanState *) request->requestee, &before);

	watched->original->ForeignAsyncRequest(request);
	leave(watched, before);
}

static void
configure_wait(AsyncRequest *request)
{
	const char *before;
	WatchedRoutine *watched = enter((ForeignScanState *) request->requestee, &before);

	watched->original->ForeignAsyncConfigureWait(request);
	leave(watched, before);
}

static void
notify(AsyncRequest *request)
{
	const char *before;
	WatchedRoutine *watched = enter((ForeignScanState *) request->requestee, &before);

	watched->original->ForeignAsyncNotify(request);
	leave(watched, before);
}

/* ---- Plans ---- */

/* The table of the scan, or the first of those that it joins; what is grouped there has one, too. */
static Oid
scanned_table(ForeignScanState *scan)
{
	const ForeignScan *plan = (const ForeignScan *) scan->ss.ps.plan;
	int			rti = -1;

	while ((rti = bms_next_member(plan->fs_relids, rti)) >= 0)
		if (exec_rt_fetch(rti, scan->ss.ps.state)->rtekind == RTE_RELATION)
			return exec_rt_fetch(rti, scan->ss.ps.state)->relid;
	return InvalidOid;
}

static const char *
describe(ForeignScanState *scan)
{
	const char *server = GetForeignServer(((const ForeignScan *) scan->ss.ps.plan)->fs_server)->servername;
	Oid			table = scanned_table(scan);

	return OidIsValid(table) ? psprintf("foreign table %s on server \"%s\"", gtl_query_relation(table), server) :
		psprintf("server \"%s\"", server);
}

/* Only what the wrapper has: the executor asks whether a function is there. */
static void
watch_scan(ForeignScanState *scan, GtlFarWatch *watch)
{
	WatchedRoutine *watched = palloc(sizeof(WatchedRoutine));
	FdwRoutine *routine = &watched->routine;

	watched->original = scan->fdwroutine;
	watched->watch = watch;
	watched->where = describe(scan);
	*routine = *watched->original;
	if (routine->IterateForeignScan != NULL)
		routine->IterateForeignScan = iterate;
	if (routine->IterateDirectModify != NULL)
		routine->IterateDirectModify = iterate_modify;
	if (routine->ReScanForeignScan != NULL)
		routine->ReScanForeignScan = rescan;
	if (routine->ForeignAsyncRequest != NULL)
		routine->ForeignAsyncRequest = request_rows;
	if (routine->ForeignAsyncConfigureWait != NULL)
		routine->ForeignAsyncConfigureWait = configure_wait;
	if (routine->ForeignAsyncNotify != NULL)
		routine->ForeignAsyncNotify = notify;
	scan->fdwroutine = routine;
}

static bool
watch_plan(PlanState *state, void *watch)
{
	if (state == NULL)
		return false;
	if (IsA(state, ForeignScanState))
		watch_scan((ForeignScanState *) state, watch);
	return GTL_COMPAT_WALK_PLAN(state, watch_plan, watch);
}

/* ---- The watch ---- */

static void
add_context(void *argument)
{
	const GtlFarWatch *watch = argument;

	if (watch->asked != NULL)
		errcontext("%s, %s", watch->dataset, watch->asked);
	else if (watch->servers != NULL)
		errcontext("%s, with rows on %s", watch->dataset, watch->servers);
	else
		errcontext("%s", watch->dataset);
}

/* The innermost one that is going on; NULL: none. */
static GtlFarWatch *
find_watch(void)
{
	for (ErrorContextCallback *context = error_context_stack; context != NULL; context = context->previous)
		if (context->callback == add_context)
			return context->arg;
	return NULL;
}

static void
start_executor(QueryDesc *query, int flags)
{
	GtlFarWatch *watch = find_watch();

	if (next_start != NULL)
		next_start(query, flags);
	else
		standard_ExecutorStart(query, flags);
	if (watch != NULL && (flags & EXEC_FLAG_EXPLAIN_ONLY) == 0)
	{
		MemoryContext caller = MemoryContextSwitchTo(query->estate->es_query_cxt);

		(void) watch_plan(query->planstate, watch);
		MemoryContextSwitchTo(caller);
	}
}

void
gtl_far_watch_begin(GtlFarWatch *watch, const char *dataset, const char *servers)
{
	static bool hooked = false;

	if (!hooked)
	{
		next_start = ExecutorStart_hook;
		ExecutorStart_hook = start_executor;
		hooked = true;
	}
	*watch = (GtlFarWatch) {{error_context_stack, add_context, watch}, dataset, servers, NULL};
	error_context_stack = &watch->callback;
}

void
gtl_far_watch_end(GtlFarWatch *watch)
{
	Assert(error_context_stack == &watch->callback);
	error_context_stack = watch->callback.previous;
}
