/*
 * follow.c
 *		Jobs that follow their table: the step that takes in what their triggers have noted (follow_triggers.c).
 *
 * A row with other features leaves and joins again, with the features that it has now.  If people have answered about
 * it, their answers stay, as does what they were given for, unless the job is to ask again (ask_again_on_change): then the answers stay as
 * history, and people get the object before others.  After TRUNCATE rows that are not there again leave,
 * and the others are as if they had other features.
 *
 * A row that cannot be taken in (its features are NULL, say) stops no job: it is passed over, which an event and gt_check tell, and
 * tried again with the next change.  If nothing can be (the dataset has lost a column, say), the intake is rolled back,
 * and its changes wait for the next ones.
 */
#include "steps/follow.h"

#include "base/memory.h"
#include "base/query.h"
#include "base/subtransaction.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "steps/intake.h"
#include "steps/remove.h"
#include "tables/annotation.h"
#include "tables/change.h"
#include "tables/event.h"
#include "utils/acl.h"

/* Keys of objects that the job has, by what people have said. */
typedef struct Stale
{
	char	  **answered;
	int			nanswered;
	char	  **others;
	int			nothers;
} Stale;

static void
sort_out(const GtlJob *job, char *const *keys, int count, Stale *stale)
{
	static GtlStatement select = {
		"SELECT a.key, EXISTS (SELECT FROM gtlabel.annotation n WHERE n.job_id = $1 AND n.object_no = o.object_no OFFSET 0)"
		" OR EXISTS (SELECT FROM gtlabel.label l WHERE l.job_id = $1 AND l.object_no = o.object_no AND l.human OFFSET 0)"
		" FROM unnest($2) AS a (key) CROSS JOIN LATERAL (SELECT object_no FROM gtlabel.object WHERE job_id = $1"
		" AND object_key = a.key OFFSET 0) o",
		2, {INT8OID, TEXTARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), gtl_array_text(keys, count)};
	GtlResult	r;

	memset(stale, 0, sizeof(*stale));
	if (count == 0)
		return;
	stale->answered = gtl_memory_list(sizeof(char *), count);
	stale->others = gtl_memory_list(sizeof(char *), count);
	gtl_query_run(&r, &select, values, NULL);
	for (uint64 i = 0; i < r.count; i++)
		if (gtl_result_bool(&r, i, 2))
			stale->answered[stale->nanswered++] = gtl_result_text(&r, i, 1);
		else
			stale->others[stale->nothers++] = gtl_result_text(&r, i, 1);
	gtl_query_end(&r);
}

/* What an intake works on. */
typedef struct Intake
{
	GtlJob	   *job;
	GtlChanges *changes;
} Intake;

/* After TRUNCATE: what is not there any more leaves, what is there again may be another row. */
static void
compare_all(void *argument)
{
	Intake	   *intake = argument;
	GtlKnownKeys keys;

	(void) gtl_intake_compare(intake->job, &keys);
	(void) gtl_remove(intake->job, keys.gone, keys.ngone);
	intake->changes->stale = keys.there;
	intake->changes->nstale = keys.nthere;
}

/* Rows that joined or changed: all of them, or an error. */
static void
take_rows(void *argument)
{
	Intake	   *intake = argument;
	GtlChanges *changes = intake->changes;
	Stale		stale;

	sort_out(intake->job, changes->stale, changes->nstale, &stale);
	if (stale.nothers > 0)
		(void) gtl_remove(intake->job, stale.others, stale.nothers);
	if (intake->job->ask_again_on_change && stale.nanswered > 0)
		(void) gtl_remove_changed(intake->job, stale.answered, stale.nanswered);
	/* what was refused before may be in order now, whatever has changed */
	if (changes->any_new || gtl_intake_refused(intake->job))
		(void) gtl_intake(intake->job, true);
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

/* All of it, or nothing: then the changes wait for the next ones. */
static bool
try_intake(void (*part) (void *), Intake *intake)
{
	GtlJob	   *job = intake->job;
	ErrorData  *error = gtl_subtransaction_try(part, intake);

	if (error == NULL)
		return true;
	record_refusal(job->job_id, error);
	gtl_changes_put_off(job->job_id, intake->changes);
	*job = *gtl_job_get(job->job_id);
	return false;
}

void
gtl_follow_take(GtlJob *job)
{
	GtlChanges	changes;
	Intake		intake = {job, &changes};

	gtl_changes_take(job->job_id, &changes);
	/* rows that are gone leave whatever is wrong with others */
	if (changes.ngone > 0)
		(void) gtl_remove(job, changes.gone, changes.ngone);
	if (!changes.all || try_intake(compare_all, &intake))
		(void) try_intake(take_rows, &intake);
}
