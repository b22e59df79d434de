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

/* In words; NULL: none.  Made before a query: when that has failed, the catalogs may not be read any more. */
static char *
describe_servers(Oid relation)
{
	StringInfoData text;
	List	   *servers = list_servers(relation);
	ListCell   *cell;

	initStringInfo(&text);
	foreach(cell, servers)
		appendStringInfo(&text, "%s\"%s\"", cell == list_head(servers) ? "" : ", ", GetForeignServer(lfirst_oid(cell))->servername);
	return servers == NIL ? NULL : text.data;
}

void
gtl_far_begin(GtlFarWatch *watch, const GtlJob *job)
{
	char	   *dataset = job->name == NULL ? psprintf("dataset %s", job->dataset_name) :
		psprintf("dataset %s of labeling job \"%s\"", job->dataset_name, job->name);

	gtl_far_watch_begin(watch, dataset, describe_servers(job->dataset));
}

uint64
gtl_far_run_as(GtlResult *result, const GtlJob *job, Oid role, const char *sql, int nargs, const Oid *types,
			   const Datum *values)
{
	GtlFarWatch watch;
	uint64		count;

	gtl_far_begin(&watch, job);
	count = gtl_query_run_as(result, role, sql, nargs, types, values);
	gtl_far_watch_end(&watch);
	return count;
}
