/*
 * annotator_role.c
 *		The table gtlabel.annotator_role; annotator_role.h says what it is for.
 *
 * Three cases need more than a look: a role that is new in the job; one that was renamed; and a role
 * whose name is kept for another one, which was renamed and has not been here since: that one's rows are
 * renamed first.  A role that was dropped leaves its name to whoever has it next, as in a dump, which
 * holds names.
 *
 * This is the one module that changes rows of other modules' tables: a name is in all of them, and changes
 * in all at once.
 */
#include "tables/annotator_role.h"

#include "access/xact.h"
#include "base/lock.h"
#include "base/query.h"
#include "base/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

enum
{
	ANNOTATOR, ROLE
};

static const char *const annotator_columns[] = {[ANNOTATOR] = "annotator", [ROLE] = "role"};

static GtlLayout annotator_layout = GTL_LAYOUT("annotator_role", annotator_columns);

/* ---- What a session remembers ---------------------------------------------------- */

/*
 * Roles whose name is the one that the job keeps: what is true until a role is renamed, of which every
 * session is told.
 */
#define REMEMBERED 16

typedef struct Remembered
{
	Oid			table;			/* of the extension; 0: nothing */
	int64		job_id;
	Oid			role;
} Remembered;

static Remembered remembered[REMEMBERED];

static void
forget_roles(Datum arg, int cache, uint32 hash)
{
	memset(remembered, 0, sizeof(remembered));
}

static Remembered
fact(int64 job_id, Oid role)
{
	return (Remembered) {get_relname_relid("annotator_role", get_namespace_oid("gtlabel", false)), job_id, role};
}

static Remembered *
place_of(const Remembered *what)
{
	return &remembered[((uint64) what->job_id + what->role) % REMEMBERED];
}

static bool
is_remembered(int64 job_id, Oid role)
{
	Remembered	what = fact(job_id, role);
	Remembered *place = place_of(&what);

	return place->table == what.table && place->job_id == job_id && place->role == role;
}

/* Not what this transaction may have written: it may be rolled back. */
static void
remember(int64 job_id, Oid role)
{
	static bool registered = false;
	Remembered	what = fact(job_id, role);

	if (TransactionIdIsValid(GetTopTransactionIdIfAny()))
		return;
	if (!registered)
		CacheRegisterSyscacheCallback(AUTHOID, forget_roles, (Datum) 0);
	registered = true;
	*place_of(&what) = what;
}

/* ---- Looking ------------------------------------------------------------------------ */

/* The name that is kept for the role; NULL: none. */
static char *
name_of_role(int64 job_id, Oid role)
{
	GtlTable	table;
	ScanKeyData keys[2];
	char	   *name = NULL;

	gtl_table_open(&table, &annotator_layout, "annotator_role_role_idx", AccessShareLock);
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(job_id));
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(role));
	if (gtl_table_find(&table, keys, 2))
		name = gtl_table_text(&table, ANNOTATOR);
	gtl_table_close(&table);
	return name;
}

/* The role that the name is kept for, if there still is such a role; else 0. */
static Oid
role_of_name(int64 job_id, const char *name)
{
	GtlTable	table;
	ScanKeyData keys[2];
	Oid			role = InvalidOid;
	bool		isnull;

	gtl_table_open(&table, &annotator_layout, "annotator_role_pkey", AccessShareLock);
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(job_id));
	ScanKeyEntryInitialize(&keys[1], 0, 2, BTEqualStrategyNumber, InvalidOid, C_COLLATION_OID, F_TEXTEQ,
						   CStringGetTextDatum(name));
	if (gtl_table_find(&table, keys, 2))
		role = DatumGetObjectId(gtl_table_datum(&table, ROLE, &isnull));
	gtl_table_close(&table);
	return SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(role)) ? role : InvalidOid;
}

static char *
numbered(const char *name, Oid role)
{
	return psprintf("%s#%u", name, role);
}

char *
gtl_annotator_role_kept(int64 job_id, const char *name)
{
	Oid			role = get_role_oid(name, true);
	char	   *kept;

	if (!OidIsValid(role) || is_remembered(job_id, role))
		return pstrdup(name);
	kept = name_of_role(job_id, role);
	if (kept == NULL)
		return OidIsValid(role_of_name(job_id, name)) ? numbered(name, role) : pstrdup(name);
	if (strcmp(kept, name) == 0)
		remember(job_id, role);
	return kept;
}

/* ---- Following ------------------------------------------------------------------------ */

/* Does the job keep anything under this name, or know a role by it? */
static bool
is_in_use(int64 job_id, const char *name)
{
	static GtlStatement select = {
		"SELECT (SELECT count(*) FROM (SELECT FROM gtlabel.annotator_role WHERE job_id = $1 AND annotator = $2 LIMIT 1) a)"
		"   + (SELECT count(*) FROM (SELECT FROM gtlabel.annotation WHERE job_id = $1 AND annotator = $2 LIMIT 1) a)"
		"   + (SELECT count(*) FROM (SELECT FROM gtlabel.early_answer WHERE job_id = $1 AND annotator = $2 LIMIT 1) a)"
		"   + (SELECT count(*) FROM (SELECT FROM gtlabel.lease WHERE job_id = $1 AND annotator = $2 LIMIT 1) a)"
		"   + (SELECT count(*) FROM (SELECT FROM gtlabel.exclusion WHERE job_id = $1 AND annotator = $2 LIMIT 1) a)"
		"   + (SELECT count(*) FROM (SELECT FROM gtlabel.invitation WHERE job_id = $1 AND annotator = $2 LIMIT 1) a)",
		2, {INT8OID, TEXTOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), CStringGetTextDatum(name)};
	GtlResult	r;
	bool		found;

	gtl_query_run(&r, &select, values, NULL);
	found = gtl_result_int64(&r, 0, 1) > 0;
	gtl_query_end(&r);
	return found;
}

/* Every table of a job with the names of annotators. */
static void
rename_everywhere(int64 job_id, const char *name, const char *new_name)
{
	static GtlStatement updates[] = {
		{"UPDATE gtlabel.annotator_role SET annotator = $3 WHERE job_id = $1 AND annotator = $2", 3, {INT8OID, TEXTOID, TEXTOID}},
		{"UPDATE gtlabel.task SET annotator = $3 WHERE job_id = $1 AND annotator = $2", 3, {INT8OID, TEXTOID, TEXTOID}},
		{"UPDATE gtlabel.lease SET annotator = $3 WHERE job_id = $1 AND annotator = $2", 3, {INT8OID, TEXTOID, TEXTOID}},
		{"UPDATE gtlabel.annotation SET annotator = $3 WHERE job_id = $1 AND annotator = $2", 3, {INT8OID, TEXTOID, TEXTOID}},
		{"UPDATE gtlabel.early_answer SET annotator = $3 WHERE job_id = $1 AND annotator = $2", 3, {INT8OID, TEXTOID, TEXTOID}},
		{"UPDATE gtlabel.former_answer SET annotator = $3 WHERE job_id = $1 AND annotator = $2", 3, {INT8OID, TEXTOID, TEXTOID}},
		{"UPDATE gtlabel.exclusion SET annotator = $3 WHERE job_id = $1 AND annotator = $2", 3, {INT8OID, TEXTOID, TEXTOID}},
		{"UPDATE gtlabel.invitation SET annotator = $3 WHERE job_id = $1 AND annotator = $2", 3, {INT8OID, TEXTOID, TEXTOID}},
		{"UPDATE gtlabel.correction SET reviewers = array_replace(reviewers, $2, $3) WHERE job_id = $1 AND $2 = ANY (reviewers)",
		3, {INT8OID, TEXTOID, TEXTOID}},
	};
	Datum		values[3] = {Int64GetDatum(job_id), CStringGetTextDatum(name), CStringGetTextDatum(new_name)};

	for (int i = 0; i < (int) lengthof(updates); i++)
		gtl_query_do(&updates[i], values, NULL);
}

/*
 * The name that is kept for the role, and that nobody else changes until the end of the transaction;
 * NULL: none.
 */
static char *
lock_name_of_role(int64 job_id, Oid role)
{
	static GtlStatement select = {
		"SELECT annotator FROM gtlabel.annotator_role WHERE job_id = $1 AND role::oid = $2 AND role::oid <> 0 FOR UPDATE",
		2, {INT8OID, OIDOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), ObjectIdGetDatum(role)};
	GtlResult	r;
	char	   *name = gtl_query_run(&r, &select, values, NULL) > 0 ? gtl_result_text(&r, 0, 1) : NULL;

	gtl_query_end(&r);
	return name;
}

/*
 * The role, kept under a name that it has no more, is kept under its own; with its number, if somebody
 * has that name.  Another session may just have seen to it.
 */
static char *
follow(int64 job_id, Oid role)
{
	char	   *name = GetUserNameFromId(role, false);
	char	   *kept = lock_name_of_role(job_id, role);

	if (kept == NULL || strcmp(kept, name) == 0)
		return name;
	if (is_in_use(job_id, name))
		name = numbered(name, role);
	if (strcmp(kept, name) != 0)
		rename_everywhere(job_id, kept, name);
	return name;
}

/* False: another transaction has just done so. */
static bool
insert(int64 job_id, const char *name, Oid role)
{
	static GtlStatement upsert = {
		"INSERT INTO gtlabel.annotator_role AS r (job_id, annotator, role) VALUES ($1, $2, $3::regrole)"
		" ON CONFLICT (job_id, annotator) DO UPDATE SET role = EXCLUDED.role"
		" WHERE r.role::oid NOT IN (SELECT a.oid FROM pg_authid a)",
		3, {INT8OID, TEXTOID, OIDOID}
	};
	Datum		values[3] = {Int64GetDatum(job_id), CStringGetTextDatum(name), ObjectIdGetDatum(role)};

	return gtl_query_do(&upsert, values, NULL) > 0;
}

static char *
enter_role(int64 job_id, const char *name, Oid role)
{
	char	   *kept = name_of_role(job_id, role);
	Oid			other;

	if (kept != NULL && strcmp(kept, name) == 0)
	{
		remember(job_id, role);
		return kept;
	}
	other = role_of_name(job_id, name);
	if (OidIsValid(other) && other != role)
		(void) follow(job_id, other);
	if (kept != NULL)
		return follow(job_id, role);
	/* who enters it now may be in an open or prepared transaction, for which nobody is to wait */
	if (gtl_lock_try(GTL_LOCK_ROLES, (int64) ((uint64) job_id << 32 | role), false))
		(void) insert(job_id, name, role);
	return pstrdup(name);
}

char *
gtl_annotator_role_enter(int64 job_id, const char *name)
{
	Oid			role = get_role_oid(name, true);
	Oid			other;

	if (OidIsValid(role))
		return is_remembered(job_id, role) ? pstrdup(name) : enter_role(job_id, name, role);
	/* views may still show a role that has been renamed by this name */
	other = role_of_name(job_id, name);
	return OidIsValid(other) ? follow(job_id, other) : pstrdup(name);
}

void
gtl_annotator_role_delete(int64 job_id)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.annotator_role WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&delete, values, NULL);
}
