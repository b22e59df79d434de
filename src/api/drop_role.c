/*
 * drop_role.c
 *		DROP ROLE is refused for the owner of jobs that still run.
 *
 * The server knows no dependency of a row on a role.  Where the library is loaded, that is in every
 * session if it is preloaded, its hook looks at the jobs of the current database; gt_check
 * names the jobs of roles that were dropped elsewhere.
 */
#include "api/drop_role.h"

#include "access/xact.h"
#include "base/query.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "utils/snapmgr.h"

static object_access_hook_type next_hook = NULL;

static void
refuse_owner(Oid role)
{
	static GtlStatement select = {
		"SELECT job_name FROM gtlabel.job WHERE owner::oid = $1 AND state NOT IN ('completed', 'stopped')"
		" ORDER BY job_id LIMIT 1",
		1, {OIDOID}
	};
	Datum		values[1] = {ObjectIdGetDatum(role)};
	GtlResult	r;

	if (gtl_query_run(&r, &select, values, NULL) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("role \"%s\" cannot be dropped because it owns labeling job \"%s\"",
						GetUserNameFromId(role, false), gtl_result_text(&r, 0, 1)),
				 errhint("Give the job to another role with gt_alter_job(..., owner => ...), or end it with gt_stop_job.")));
	gtl_query_end(&r);
}

static void
on_access(ObjectAccessType access, Oid classid, Oid objectid, int subid, void *arg)
{
	if (next_hook != NULL)
		next_hook(access, classid, objectid, subid, arg);
	if (access != OAT_DROP || classid != AuthIdRelationId || !OidIsValid(get_extension_oid("gtlabel", true)))
		return;
	PushActiveSnapshot(GetTransactionSnapshot());
	refuse_owner(objectid);
	PopActiveSnapshot();
}

void
gtl_drop_role_init(void)
{
	next_hook = object_access_hook;
	object_access_hook = on_access;
}
