/*
 * follow.c
 *		Jobs that follow their table.
 *
 * Statement triggers note what has changed in gtlabel.change: that there may be new rows (which an intake finds by
 * itself), and the keys of those that are gone or have other features.  So whoever inserts pays for one row, however many
 * come.  A worker takes the changes in.
 *
 * A row with other features leaves and joins again, with the features that it has now, unless people have answered about
 * it: then their answers stay, as does what they were given for.
 *
 * A row that cannot be taken in (its features are NULL, say) stops no job: the intake is rolled back, recorded as an
 * event, and tried again with the next change.
 */
#include "steps/follow.h"

#include "access/relation.h"
#include "base/query.h"
#include "base/subtransaction.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "steps/intake.h"
#include "steps/remove.h"
#include "tables/annotation.h"
#include "tables/change.h"
#include "tables/event.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"

/* ---- Triggers -------------------------------------------------------------------- */

static const char *const events[] = {"insert", "update", "delete"};

static void
run_command(const char *sql)
{
	GtlResult	r;

	gtl_query_run_as(&r, GetUserId(), sql, 0, NULL, NULL);
	gtl_query_end(&r);
}

void
gtl_follow_start(const GtlJob *job)
{
	static const char *const tables[] = {"", "REFERENCING OLD TABLE AS gtlabel_old NEW TABLE AS gtlabel_new ", "REFERENCING OLD TABLE AS gtlabel_old "};

	if (get_rel_relkind(job->dataset) != RELKIND_RELATION || job->placement != GTL_PLACEMENT_COPY)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("labeling job \"%s\" cannot follow dataset %s", job->name, job->dataset_name),
				 errdetail(job->placement != GTL_PLACEMENT_COPY ? "It works in place." :
						   "Only a table has triggers that see every change."),
				 errhint("gt_add_objects takes in rows that came later, gt_remove_objects erases some.")));
	for (int e = 0; e < (int) lengthof(events); e++)
		run_command(psprintf("CREATE TRIGGER gtlabel_" INT64_FORMAT "_%s AFTER %s ON %s %sFOR EACH STATEMENT EXECUTE FUNCTION gtlabel.follow('"
							 INT64_FORMAT "')", job->job_id, events[e], events[e], gtl_query_relation(job->dataset), tables[e], job->job_id));
}

void
gtl_follow_stop(const GtlJob *job)
{
	Relation	relation = try_relation_open(job->dataset, AccessShareLock);

	if (relation == NULL)
		return;
	relation_close(relation, NoLock);
	if (!GTL_COMPAT_OWNS_RELATION(job->dataset, GetUserId()))
		ereport(NOTICE,
				(errmsg("triggers of labeling job \"%s\" stay on %s, and do nothing", job->name, job->dataset_name),
				 errhint("Its owner can drop those whose names begin with gtlabel_" INT64_FORMAT ".", job->job_id)));
	else
		for (int e = 0; e < (int) lengthof(events); e++)
			run_command(psprintf("DROP TRIGGER IF EXISTS gtlabel_" INT64_FORMAT "_%s ON %s", job->job_id, events[e],
								 gtl_query_relation(job->dataset)));
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
	int			settings = NewGUCNestLevel();

	(void) set_config_option("search_path", GTL_SAFE_SEARCH_PATH, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	gtl_query_pin_text_format();
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		gtl_changes_note(job->job_id, GTL_CHANGE_NEW, NULL, 0);
	else if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
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

/* ---- The step ------------------------------------------------------------------------ */

/* Keys of objects that people have not answered about. */
static int
without_answers(const GtlJob *job, char **keys, int count)
{
	static GtlStatement select = {
		"SELECT a.key FROM unnest($2) AS a (key) CROSS JOIN LATERAL (SELECT object_no FROM gtlabel.object WHERE job_id = $1"
		" AND object_key = a.key OFFSET 0) o WHERE NOT EXISTS (SELECT FROM gtlabel.annotation n WHERE n.job_id = $1"
		" AND n.object_no = o.object_no OFFSET 0) AND NOT EXISTS (SELECT FROM gtlabel.label l WHERE l.job_id = $1"
		" AND l.object_no = o.object_no AND l.human OFFSET 0)",
		2, {INT8OID, TEXTARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), gtl_array_text(keys, count)};
	GtlResult	r;
	int			n;

	if (count == 0)
		return 0;
	n = (int) gtl_query_run(&r, &select, values, NULL);
	for (int i = 0; i < n; i++)
		keys[i] = gtl_result_text(&r, i, 1);
	gtl_query_end(&r);
	return n;
}

/* What an intake works on. */
typedef struct Intake
{
	GtlJob	   *job;
	const GtlChanges *changes;
} Intake;

/* Rows that joined or changed: all of them, or an error. */
static void
take_rows(void *argument)
{
	Intake	   *intake = argument;
	const GtlChanges *changes = intake->changes;
	int			nstale = without_answers(intake->job, changes->stale, changes->nstale);

	if (nstale > 0)
		(void) gtl_remove(intake->job, changes->stale, nstale);
	/* what was refused before may be in order now, whatever has changed */
	if (changes->any_new || gtl_intake_refused(intake->job))
		(void) gtl_intake(intake->job);
}

/* What could not be taken in: without the words of the error, which name the row. */
static void
record_refusal(int64 job_id, const ErrorData *error)
{
	GtlJob	   *job = gtl_job_lock(job_id);

	if (job != NULL)
		gtl_event_record(job, "objects_refused", "changes of the dataset could not be taken in (SQLSTATE %s): gt_add_objects says why",
						 unpack_sql_state(error->sqlerrcode));
}

void
gtl_follow_take(GtlJob *job)
{
	GtlChanges	changes;
	Intake		intake = {job, &changes};
	ErrorData  *error;

	gtl_changes_take(job->job_id, &changes);
	/* rows that are gone leave whatever is wrong with others */
	if (changes.ngone > 0)
		(void) gtl_remove(job, changes.gone, changes.ngone);
	error = gtl_subtransaction_try(take_rows, &intake);
	if (error == NULL)
		return;
	record_refusal(job->job_id, error);
	*job = *gtl_job_get(job->job_id);
}
