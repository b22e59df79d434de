/*
 * far.c
 *		Datasets with rows on other servers.
 */
#include "data/far.h"

#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "foreign/foreign.h"
#include "lib/stringinfo.h"
#include "utils/lsyscache.h"

List *
gtl_far_leaves(Oid relation)
{
	List	   *leaves = NIL;
	ListCell   *cell;

	if (get_rel_relkind(relation) != RELKIND_PARTITIONED_TABLE)
		return list_make1_oid(relation);
	foreach(cell, find_all_inheritors(relation, AccessShareLock, NULL))
		if (get_rel_relkind(lfirst_oid(cell)) != RELKIND_PARTITIONED_TABLE)
			leaves = lappend_oid(leaves, lfirst_oid(cell));
	return leaves;
}

/* The servers of the rows that are not here. */
static List *
list_servers(Oid relation)
{
	List	   *servers = NIL;
	ListCell   *cell;

	foreach(cell, gtl_far_leaves(relation))
		if (get_rel_relkind(lfirst_oid(cell)) == RELKIND_FOREIGN_TABLE)
			servers = list_append_unique_oid(servers, GetForeignTable(lfirst_oid(cell))->serverid);
	return servers;
}

bool
gtl_far_is(Oid relation)
{
	return list_servers(relation) != NIL;
}

static void
add_context(void *argument)
{
	errcontext("%s", (const char *) argument);
}

/* Made before the query: when that has failed, the catalogs may not be read any more. */
static char *
describe(const GtlJob *job)
{
	StringInfoData text;
	List	   *servers = list_servers(job->dataset);
	ListCell   *cell;

	initStringInfo(&text);
	appendStringInfo(&text, "dataset %s of labeling job \"%s\"", job->dataset_name, job->name);
	foreach(cell, servers)
		appendStringInfo(&text, "%s\"%s\"", cell == list_head(servers) ? ", with rows on " : ", ",
						 GetForeignServer(lfirst_oid(cell))->servername);
	return text.data;
}

uint64
gtl_far_run_as(GtlResult *result, const GtlJob *job, Oid role, const char *sql, int nargs, const Oid *types,
			   const Datum *values)
{
	ErrorContextCallback context = {error_context_stack, add_context, describe(job)};
	uint64		count;

	error_context_stack = &context;
	count = gtl_query_run_as(result, role, sql, nargs, types, values);
	error_context_stack = context.previous;
	return count;
}
