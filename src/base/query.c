/*
 * query.c
 *		The only way to SPI; see query.h for the rules.
 */
#include "base/query.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "base/errors.h"
#include "base/memory.h"
#include "base/snapshot.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#define KEPT_USER_PLANS 16

Oid
gtl_extension_owner(void)
{
	HeapTuple	tuple;
	Oid			owner;

	tuple = SearchSysCache1(NAMESPACENAME, CStringGetDatum("gtlabel"));
	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_SCHEMA),
				 errmsg("schema \"gtlabel\" does not exist"),
				 errhint("Run CREATE EXTENSION gtlabel in this database.")));
	owner = ((Form_pg_namespace) GETSTRUCT(tuple))->nspowner;
	ReleaseSysCache(tuple);
	return owner;
}

void
gtl_become_extension_owner(Oid *user, int *security)
{
	GetUserIdAndSecContext(user, security);
	SetUserIdAndSecContext(gtl_extension_owner(), *security | SECURITY_LOCAL_USERID_CHANGE);
}

/* Until gtl_query_end, or a (sub)transaction's abort. */
static void
pin_setting(const char *name, const char *value)
{
	const char *now = GetConfigOption(name, false, false);

	if (now != NULL && strcmp(now, value) == 0)
		return;					/* setting it costs more than a row through an index */
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

void
gtl_query_pin_text_format(void)
{
	pin_setting("DateStyle", "ISO, YMD");
	pin_setting("IntervalStyle", "postgres");
	pin_setting("TimeZone", "UTC");
	pin_setting("extra_float_digits", "1");
	pin_setting("bytea_output", "hex");
	pin_setting("lc_monetary", "C");
}

/*
 * For gtlabel's own tables, of which the planner knows the sizes only (20_tables.sql): rows are found
 * by an index whatever the size, and nothing is worth compiling.
 */
static void
pin_planner(void)
{
	pin_setting("enable_seqscan", "off");
	pin_setting("enable_indexscan", "on");
	pin_setting("enable_hashjoin", "on");
	pin_setting("jit", "off");
}

/* Enter SPI with the pinned path; the caller's memory context stays current. */
static void
enter(GtlResult *result)
{
	MemoryContext caller = CurrentMemoryContext;

	memset(result, 0, sizeof(*result));
	result->guc_level = NewGUCNestLevel();
	pin_setting("search_path", GTL_SAFE_SEARCH_PATH);
	GetUserIdAndSecContext(&result->saved_user, &result->saved_security);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	MemoryContextSwitchTo(caller);
}

static void
leave(GtlResult *result)
{
	MemoryContext caller = CurrentMemoryContext;

	SPI_finish();
	MemoryContextSwitchTo(caller);
	SetUserIdAndSecContext(result->saved_user, result->saved_security);
	AtEOXact_GUC(false, result->guc_level); /* also what a user's function has set */
	result->rows = NULL;
}

/*
 * In a REPEATABLE READ or SERIALIZABLE transaction too, statements see what has been
 * committed until now (as foreign key checks do): what a job's locks protect is
 * the present, and an answer that an old snapshot does not show would be lost.  In a parallel plan,
 * where only models are read, the snapshot of the plan has to do, and no new command may begin.
 */
static int
execute(SPIPlanPtr plan, const Datum *values, const char *nulls)
{
	Snapshot	snapshot;
	int			code;

	if (!IsolationUsesXactSnapshot() || IsInParallelMode())
		return SPI_execute_plan(plan, (Datum *) values, nulls, IsInParallelMode(), 0);
	snapshot = RegisterSnapshot(gtl_snapshot());
	code = SPI_execute_snapshot(plan, (Datum *) values, nulls, snapshot, InvalidSnapshot, false, true, 0);
	UnregisterSnapshot(snapshot);
	return code;
}

/* A plan for one length of an array need not suit another: such statements are planned each time. */
static bool
has_arrays(const GtlStatement *statement)
{
	for (int i = 0; i < statement->nargs; i++)
		if (OidIsValid(get_element_type(statement->types[i])))
			return true;
	return false;
}

/* Enter SPI for a statement on gtlabel's own tables, and plan it for the session. */
static void
enter_own(GtlResult *result, GtlStatement *statement)
{
	MemoryContext caller = CurrentMemoryContext;

	Assert(statement->nargs <= GTL_QUERY_MAX_ARGS);
	enter(result);
	pin_planner();
	SetUserIdAndSecContext(gtl_extension_owner(),
						   result->saved_security | SECURITY_LOCAL_USERID_CHANGE);

	if (statement->plan == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare_cursor(statement->sql, statement->nargs, statement->types,
											  has_arrays(statement) ? CURSOR_OPT_CUSTOM_PLAN : 0);

		if (plan == NULL)
			elog(ERROR, "could not prepare \"%s\": %s", statement->sql,
				 SPI_result_code_string(SPI_result));
		SPI_keepplan(plan);
		statement->plan = plan;
	}
	MemoryContextSwitchTo(caller);
}

uint64
gtl_query_run(GtlResult *result, GtlStatement *statement, const Datum *values, const char *nulls)
{
	MemoryContext caller = CurrentMemoryContext;
	int			code;

	enter_own(result, statement);
	code = execute(statement->plan, values, nulls);
	if (code < 0)
		elog(ERROR, "could not execute \"%s\": %s", statement->sql, SPI_result_code_string(code));
	result->count = SPI_processed;
	result->rows = SPI_tuptable;
	MemoryContextSwitchTo(caller);
	return result->count;
}

/* The plans of queries over users' tables that the session keeps. */
typedef struct UserPlan
{
	char	   *sql;			/* NULL: free */
	SPIPlanPtr	plan;
	int			running;		/* executions that have not ended: a user's function may call back */
} UserPlan;

/*
 * The server checks the rights of the role with each execution, and plans anew where row-level
 * security makes a difference between two roles.  NULL: all places are taken by plans that run.
 */
static UserPlan *
find_user_plan(const char *sql, int nargs, const Oid *types)
{
	static UserPlan plans[KEPT_USER_PLANS];
	static int	next = 0;
	UserPlan   *place = NULL;

	for (int i = 0; i < KEPT_USER_PLANS; i++)
		if (plans[i].sql != NULL && strcmp(plans[i].sql, sql) == 0)
			return &plans[i];
	for (int i = 0; i < KEPT_USER_PLANS && place == NULL; i++)
	{
		if (plans[next].running == 0)
			place = &plans[next];
		next = (next + 1) % KEPT_USER_PLANS;
	}
	if (place == NULL)
		return NULL;
	if (place->sql != NULL)
	{
		pfree(place->sql);
		place->sql = NULL;
		SPI_freeplan(place->plan);
	}
	/* the number of keys says nothing about the plan, and planning costs more than the rows */
	place->plan = SPI_prepare_cursor(sql, nargs, (Oid *) types, CURSOR_OPT_GENERIC_PLAN);
	if (place->plan == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", sql, SPI_result_code_string(SPI_result));
	SPI_keepplan(place->plan);
	place->sql = MemoryContextStrdup(TopMemoryContext, sql);
	return place;
}

static int
execute_user_plan(UserPlan *place, const Datum *values)
{
	volatile int code = 0;

	place->running++;
	PG_TRY();
	{
		code = SPI_execute_plan(place->plan, (Datum *) values, NULL, false, 0);
	}
	PG_FINALLY();
	{
		place->running--;
	}
	PG_END_TRY();
	return code;
}

uint64
gtl_query_run_as(GtlResult *result, Oid role, const char *sql, int nargs, const Oid *types, const Datum *values)
{
	MemoryContext caller = CurrentMemoryContext;
	UserPlan   *place;
	int			code;

	if (!SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(role)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role with OID %u does not exist", role),
				 errhint("Give its labeling jobs to another role with gt_alter_job(..., owner => ...).")));
	/* what it leaves for later (deferred triggers, held cursors) would run as the caller, so it may not */
	enter(result);
	gtl_query_pin_text_format();
	SetUserIdAndSecContext(role, result->saved_security | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	place = find_user_plan(sql, nargs, types);
	code = place != NULL ? execute_user_plan(place, values) :
		SPI_execute_with_args(sql, nargs, (Oid *) types, (Datum *) values, NULL, false, 0);
	if (code < 0)
		elog(ERROR, "could not execute \"%s\": %s", sql, SPI_result_code_string(code));
	result->count = SPI_processed;
	result->rows = SPI_tuptable;
	MemoryContextSwitchTo(caller);
	return result->count;
}

void
gtl_query_end(GtlResult *result)
{
	leave(result);
}

uint64
gtl_query_do(GtlStatement *statement, const Datum *values, const char *nulls)
{
	GtlResult	result;
	uint64		count = gtl_query_run(&result, statement, values, nulls);

	gtl_query_end(&result);
	return count;
}

int32
gtl_query_int32(GtlStatement *statement, const Datum *values)
{
	GtlResult	r;
	int32		value;

	gtl_query_run(&r, statement, values, NULL);
	value = gtl_result_int32(&r, 0, 1);
	gtl_query_end(&r);
	return value;
}

int64
gtl_query_int64(GtlStatement *statement, const Datum *values)
{
	GtlResult	r;
	int64		value;

	gtl_query_run(&r, statement, values, NULL);
	value = gtl_result_int64(&r, 0, 1);
	gtl_query_end(&r);
	return value;
}

bool
gtl_query_bool(GtlStatement *statement, const Datum *values)
{
	GtlResult	r;
	bool		value;

	gtl_query_run(&r, statement, values, NULL);
	value = gtl_result_bool(&r, 0, 1);
	gtl_query_end(&r);
	return value;
}

/* Where the executor delivers the rows of gtl_query_stream and gtl_query_each. */
typedef struct RowReceiver
{
	DestReceiver receiver;
	GtlRowCallback callback;
	void	   *context;
	MemoryContext caller;
	const GtlResult *identity;	/* whose rights the callback has; NULL: those of the query */
} RowReceiver;

static void
start_rows(DestReceiver *self, int operation, TupleDesc columns)
{
}

static bool
receive_row(TupleTableSlot *row, DestReceiver *self)
{
	RowReceiver *rows = (RowReceiver *) self;
	MemoryContext executor = MemoryContextSwitchTo(rows->caller);
	Oid			user;
	int			security;

	GetUserIdAndSecContext(&user, &security);
	if (rows->identity != NULL)
		SetUserIdAndSecContext(rows->identity->saved_user, rows->identity->saved_security);
	rows->callback(rows->context, row);
	SetUserIdAndSecContext(user, security);
	MemoryContextSwitchTo(executor);
	return true;
}

static void
end_rows(DestReceiver *self)
{
}

uint64
gtl_query_stream(const char *sql, GtlRowCallback callback, void *context)
{
	RowReceiver rows = {{receive_row, start_rows, end_rows, end_rows, DestNone}, callback, context, CurrentMemoryContext};
	SPIExecuteOptions options = {.read_only = true, .dest = &rows.receiver};
	GtlResult	result;
	SPIPlanPtr	plan;
	int			code;

	enter(&result);
	gtl_query_pin_text_format();
	plan = SPI_prepare(sql, 0, NULL);
	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", sql, SPI_result_code_string(SPI_result));
	code = SPI_execute_plan_extended(plan, &options);
	if (code < 0)
		elog(ERROR, "could not execute \"%s\": %s", sql, SPI_result_code_string(code));
	result.count = SPI_processed;
	leave(&result);
	MemoryContextSwitchTo(rows.caller);
	return result.count;
}

/* The parameters of a statement, none of them NULL. */
static ParamListInfo
list_parameters(const GtlStatement *statement, const Datum *values)
{
	ParamListInfo parameters = makeParamList(statement->nargs);

	for (int i = 0; i < statement->nargs; i++)
	{
		ParamExternData *parameter = &parameters->params[i];

		parameter->value = values[i];
		parameter->isnull = false;
		parameter->pflags = PARAM_FLAG_CONST;
		parameter->ptype = statement->types[i];
	}
	return parameters;
}

uint64
gtl_query_each(GtlStatement *statement, const Datum *values, GtlRowCallback callback, void *context)
{
	GtlResult	result;
	RowReceiver rows = {{receive_row, start_rows, end_rows, end_rows, DestNone}, callback, context, CurrentMemoryContext, &result};
	SPIExecuteOptions options = {.read_only = true, .dest = &rows.receiver};
	int			code;

	enter_own(&result, statement);
	options.params = list_parameters(statement, values);
	PushActiveSnapshot(gtl_snapshot());
	code = SPI_execute_plan_extended(statement->plan, &options);
	PopActiveSnapshot();
	if (code < 0)
		elog(ERROR, "could not execute \"%s\": %s", statement->sql, SPI_result_code_string(code));
	result.count = SPI_processed;
	leave(&result);
	MemoryContextSwitchTo(rows.caller);
	return result.count;
}

/* What gtl_query_lists fills. */
typedef struct Lists
{
	int32	  **list;
	int			columns;
	int64		count;
	int64		capacity;
} Lists;

static void
grow_lists(Lists *lists)
{
	int64		capacity = Max(1024, lists->capacity * 2);

	if (lists->count == PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a labeling job has more than %d rows of a kind", PG_INT32_MAX)));
	gtl_memory_check(mul_size(sizeof(int32) * lists->columns, capacity), "listing the objects of a labeling job");
	for (int c = 0; c < lists->columns; c++)
		lists->list[c] = lists->list[c] == NULL ? palloc(sizeof(int32) * capacity) :
			repalloc_huge(lists->list[c], sizeof(int32) * capacity);
	lists->capacity = capacity;
}

static void
append_row(void *context, TupleTableSlot *row)
{
	Lists	   *lists = context;

	if (lists->count == lists->capacity)
		grow_lists(lists);
	for (int c = 0; c < lists->columns; c++)
	{
		bool		isnull;
		Datum		value = slot_getattr(row, c + 1, &isnull);

		lists->list[c][lists->count] = isnull ? -1 : DatumGetInt32(value);
	}
	lists->count++;
}

int
gtl_query_lists(GtlStatement *statement, const Datum *values, int columns, int32 **lists)
{
	Lists		all = {lists, columns};

	memset(lists, 0, sizeof(int32 *) * columns);
	grow_lists(&all);
	(void) gtl_query_each(statement, values, append_row, &all);
	return (int) all.count;
}

char *
gtl_query_relation(Oid relation)
{
	char	   *name = get_rel_name(relation);
	char	   *schema = name == NULL ? NULL : get_namespace_name(get_rel_namespace(relation));

	if (schema == NULL)
		gtl_error_relation_gone(relation);
	return quote_qualified_identifier(schema, name);
}
