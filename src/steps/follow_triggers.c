/*
 * follow_triggers.c
 *		The triggers of jobs that follow their table.
 *
 * Statement triggers note what has changed in gtlabel.change: that there may be new rows (which an intake finds by
 * itself), and the keys of those that are gone or have other features.  So whoever inserts pays for one row, however many
 * come.  After TRUNCATE nobody knows which rows are gone: the intake compares all.
 *
 * A statement fires the triggers of the table that it names.  So the partitions and children of the dataset have triggers of
 * their own; those that come later get theirs with the next intake, which finds their rows as well.  The triggers also fire where
 * session_replication_role is replica, if the owner of the table makes them.  What they note is harmless wherever it
 * was done already.
 */
#include "steps/follow.h"

#include "access/relation.h"
#include "access/table.h"
#include "base/query.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "data/far.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "tables/change.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"

/* What a trigger is for, and the tables of changed rows that it sees. */
static const char *const events[][2] = {
	{"insert", ""},
	{"update", "REFERENCING OLD TABLE AS gtlabel_old NEW TABLE AS gtlabel_new "},
	{"delete", "REFERENCING OLD TABLE AS gtlabel_old "},
	{"truncate", ""},
};

static void
run_command(const char *sql)
{
	GtlResult	r;

	gtl_query_run_as(&r, GetUserId(), sql, 0, NULL, NULL);
	gtl_query_end(&r);
}

static char *
trigger_name(const GtlJob *job, int event)
{
	return psprintf("gtlabel_" INT64_FORMAT "_%s", job->job_id, events[event][0]);
}

static bool
has_triggers(const GtlJob *job, Oid relation)
{
	for (int e = 0; e < (int) lengthof(events); e++)
		if (!OidIsValid(get_trigger_oid(relation, trigger_name(job, e), true)))
			return false;
	return true;
}

static void
create_triggers(const GtlJob *job, Oid relation)
{
	char	   *name = gtl_query_relation(relation);

	for (int e = 0; e < (int) lengthof(events); e++)
	{
		char	   *trigger = trigger_name(job, e);

		if (OidIsValid(get_trigger_oid(relation, trigger, true)))
			continue;
		run_command(psprintf("CREATE TRIGGER %s AFTER %s ON %s %sFOR EACH STATEMENT EXECUTE FUNCTION gtlabel.follow('" INT64_FORMAT "')",
							 trigger, events[e][0], name, events[e][1], job->job_id));
		if (GTL_COMPAT_OWNS_RELATION(relation, GetUserId()))
			run_command(psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", name, trigger));
	}
}

void
gtl_follow_start(const GtlJob *job)
{
	char		kind = get_rel_relkind(job->dataset);
	bool		far = kind == RELKIND_PARTITIONED_TABLE && gtl_far_is(job->dataset);
	ListCell   *cell;

	if ((kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE) || far || job->placement != GTL_PLACEMENT_COPY)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("labeling job \"%s\" cannot follow dataset %s", job->name, job->dataset_name),
				 errdetail(job->placement != GTL_PLACEMENT_COPY ? "It works in place." :
						   far ? "Some of its partitions are foreign tables." :
						   "Only a table has triggers that see every change."),
				 errhint("gt_add_objects takes in rows that came later, gt_remove_objects erases some.")));
	foreach(cell, find_all_inheritors(job->dataset, ShareRowExclusiveLock, NULL))
		create_triggers(job, lfirst_oid(cell));
}

void
gtl_follow_extend(const GtlJob *job)
{
	ListCell   *cell;

	foreach(cell, find_all_inheritors(job->dataset, AccessShareLock, NULL))
		if (!has_triggers(job, lfirst_oid(cell)) &&
			pg_class_aclcheck(lfirst_oid(cell), GetUserId(), ACL_TRIGGER) == ACLCHECK_OK && ConditionalLockRelationOid(lfirst_oid(cell), ShareRowExclusiveLock))
			create_triggers(job, lfirst_oid(cell));
}

static void
drop_triggers(const GtlJob *job, Oid relation)
{
	if (!GTL_COMPAT_OWNS_RELATION(relation, GetUserId()))
		ereport(NOTICE,
				(errmsg("triggers of labeling job \"%s\" stay on %s, and do nothing", job->name, gtl_query_relation(relation)),
				 errhint("Its owner can drop those whose names begin with gtlabel_" INT64_FORMAT ".", job->job_id)));
	else
		for (int e = 0; e < (int) lengthof(events); e++)
			run_command(psprintf("DROP TRIGGER IF EXISTS %s ON %s", trigger_name(job, e), gtl_query_relation(relation)));
}

void
gtl_follow_stop(const GtlJob *job)
{
	Relation	relation = try_relation_open(job->dataset, AccessShareLock);
	ListCell   *cell;

	if (relation == NULL)
		return;
	relation_close(relation, NoLock);
	foreach(cell, find_all_inheritors(job->dataset, AccessShareLock, NULL))
		if (get_rel_relkind(lfirst_oid(cell)) != RELKIND_FOREIGN_TABLE)
			drop_triggers(job, lfirst_oid(cell));
}

bool
gtl_follow_is_part(const GtlJob *job, Oid relation)
{
	return relation == job->dataset ||
		(get_rel_relispartition(relation) ? list_member_oid(get_partition_ancestors(relation), job->dataset) :
		 list_member_oid(find_all_inheritors(job->dataset, NoLock, NULL), relation));
}

/* A key of a table of changed rows as text. */
static char *
key_of(const GtlJob *job, const char *row)
{
	return psprintf("%s.%s::pg_catalog.text COLLATE pg_catalog.\"C\"", row, quote_identifier(job->key_column));
}

/* " OR ..." if the column differs between o and n; NULL: no such column. */
static char *
differs(const GtlJob *job, const char *column)
{
	AttrNumber	attribute = column == NULL ? InvalidAttrNumber : get_attnum(job->dataset, column);
	const char *quoted = column == NULL ? NULL : quote_identifier(column);

	if (attribute <= 0)
		return "";
	if (OidIsValid(lookup_type_cache(get_atttype(job->dataset, attribute), TYPECACHE_EQ_OPR)->eq_opr))
		return psprintf(" OR o.%s IS DISTINCT FROM n.%s", quoted, quoted);
	return psprintf(" OR o.%s::pg_catalog.text IS DISTINCT FROM n.%s::pg_catalog.text", quoted, quoted);
}

/* Keys by a query over the changed rows, as whoever has changed them. */
static void
note_keys(const GtlJob *job, GtlChangeKind kind, const char *sql, const TriggerData *trigger)
{
	MemoryContext caller = CurrentMemoryContext;
	uint64		done = 0;
	SPIPlanPtr	plan;
	Portal		cursor;

	SPI_connect();
	if (SPI_register_trigger_data((TriggerData *) trigger) < 0 || (plan = SPI_prepare(sql, 0, NULL)) == NULL)
		elog(ERROR, "could not prepare \"%s\"", sql);
	cursor = SPI_cursor_open(NULL, plan, NULL, NULL, true);
	do
	{
		char	  **keys;

		SPI_cursor_fetch(cursor, true, 10000);
		done = SPI_processed;
		keys = palloc(sizeof(char *) * Max(done, 1));
		for (uint64 i = 0; i < done; i++)
			keys[i] = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);
		SPI_freetuptable(SPI_tuptable);
		if (done > 0)
			gtl_changes_note(job->job_id, kind, keys, (int) done);
	} while (done > 0);
	SPI_cursor_close(cursor);
	SPI_finish();
	MemoryContextSwitchTo(caller);
}

void
gtl_follow_note(const GtlJob *job, const TriggerData *trigger)
{
	char	   *old_key = key_of(job, "o");
	char	   *new_key = key_of(job, "n");
	int			settings;

	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event) || TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event) ||
		get_attnum(job->dataset, job->key_column) <= 0)
	{
		/* a key column that is gone keeps nobody from writing: the intake is refused, and gt_check tells */
		gtl_changes_note(job->job_id, TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ? GTL_CHANGE_NEW : GTL_CHANGE_ALL, NULL, 0);
		return;
	}
	settings = NewGUCNestLevel();
	(void) set_config_option("search_path", GTL_SAFE_SEARCH_PATH, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	gtl_query_pin_text_format();
	if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		note_keys(job, GTL_CHANGE_GONE, psprintf("SELECT %s FROM gtlabel_old o", old_key), trigger);
	else
	{
		char	   *changed = psprintf("%s%s", differs(job, job->features_column), differs(job, job->text_column));

		note_keys(job, GTL_CHANGE_GONE, psprintf("SELECT %s FROM gtlabel_old o EXCEPT SELECT %s FROM gtlabel_new n", old_key, new_key), trigger);
		/* a row whose key is another one is new, and so is one that had none before */
		note_keys(job, GTL_CHANGE_STALE, psprintf("SELECT %s FROM gtlabel_new n EXCEPT SELECT %s FROM gtlabel_old o", new_key, old_key), trigger);
		if (changed[0] != '\0')
			note_keys(job, GTL_CHANGE_STALE, psprintf("SELECT %s FROM gtlabel_new n JOIN gtlabel_old o ON %s = %s WHERE false%s", new_key, old_key, new_key, changed), trigger);
	}
	AtEOXact_GUC(false, settings);
}
