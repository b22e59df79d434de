/*
 * reference_types.c
 *		The types gtlabel.role and gtlabel.relation: references that a dump can always be restored with.
 *
 * Stored is the number, so that a role or a relation is followed when it is renamed.  A dump
 * has the name.  Where there is nothing of that name, the reference becomes "-", nothing, instead of
 * an error that would take all other rows of the table with it; and a role that was dropped is
 * dumped as "-", never as a number, which may be another role's elsewhere.
 *
 * regrole and regclass, which do neither, are what functions take and views show.
 */
#include "base/compat.h"

#include "catalog/namespace.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "miscadmin.h"

#define NOTHING "-"

PG_FUNCTION_INFO_V1(gtl_sql_role_in);
Datum
gtl_sql_role_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);
	List	   *names;

	if (strcmp(text, NOTHING) == 0)
		PG_RETURN_OID(InvalidOid);
	names = GTL_COMPAT_STRING_TO_NAMES(text);
	if (list_length(names) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("invalid name of a role: \"%s\"", text)));
	PG_RETURN_OID(get_role_oid(strVal(linitial(names)), true));
}

PG_FUNCTION_INFO_V1(gtl_sql_role_out);
Datum
gtl_sql_role_out(PG_FUNCTION_ARGS)
{
	Oid			role = PG_GETARG_OID(0);
	char	   *name = OidIsValid(role) ? GetUserNameFromId(role, true) : NULL;

	PG_RETURN_CSTRING(name == NULL ? pstrdup(NOTHING) : pstrdup(quote_identifier(name)));
}

PG_FUNCTION_INFO_V1(gtl_sql_relation_in);
Datum
gtl_sql_relation_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);

	if (strcmp(text, NOTHING) == 0)
		PG_RETURN_OID(InvalidOid);
	PG_RETURN_OID(RangeVarGetRelid(makeRangeVarFromNameList(GTL_COMPAT_STRING_TO_NAMES(text)), NoLock, true));
}

PG_FUNCTION_INFO_V1(gtl_sql_relation_out);
Datum
gtl_sql_relation_out(PG_FUNCTION_ARGS)
{
	Oid			relation = PG_GETARG_OID(0);
	char	   *name = get_rel_name(relation);
	char	   *schema = name == NULL ? NULL : get_namespace_name(get_rel_namespace(relation));

	PG_RETURN_CSTRING(schema == NULL ? pstrdup(NOTHING) : quote_qualified_identifier(schema, name));
}
