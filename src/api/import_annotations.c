/*
 * import_annotations.c
 *		gt_import_annotations and gt_import_label_studio: answers of several people, given elsewhere.
 *
 * The table is read as the current user, in an order of its own, and compared piece by piece with what is
 * there.  New answers wait in gtlabel.early_answer; those whose objects are open count at once.
 *
 * Locks: GTL_LOCK_ANSWERS, shared, and GTL_LOCK_IMPORTS, from the start; when all is read the annotators, in the order of their names, and
 * then the job's row, so that a batch is issued before, and its tasks are seen here, or after, and sees the answers.
 */
#include "base/compat.h"

#include "access/xact.h"
#include "api/annotator.h"
#include "api/arguments.h"
#include "background/worker.h"
#include "base/errors.h"
#include "base/lock.h"
#include "base/memory.h"
#include "base/query.h"
#include "base/settings.h"
#include "base/string_set.h"
#include "catalog/pg_type.h"
#include "data/dataset.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "tables/annotator_role.h"
#include "tables/early_answer.h"
#include "tables/exclusion.h"
#include "tables/object.h"
#include "tables/task.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define PIECE 10000

/* Why an answer cannot be taken. */
typedef enum Refusal
{
	REFUSED_EMPTY,
	REFUSED_CATEGORY,
	REFUSED_OBJECT,
	REFUSED_OTHERWISE,
	REFUSED_LABELED,
	REFUSED_EXCLUDED,
	REFUSALS
} Refusal;

static const char *const reasons[REFUSALS] = {
	[REFUSED_EMPTY] = "empty",
	[REFUSED_CATEGORY] = "no such category",
	[REFUSED_OBJECT] = "no such object",
	[REFUSED_OTHERWISE] = "answered otherwise",
	[REFUSED_LABELED] = "object has its label",
	[REFUSED_EXCLUDED] = "annotator is excluded",
};

/* Answers that were left out for one reason. */
typedef struct Skipped
{
	int64		count;
	int64		capacity;
	char	  **items;
	char	  **annotators;
} Skipped;

/* Answers that are not compared yet. */
typedef struct Batch
{
	int			count;
	GtlEarlyAnswer answers[PIECE];
} Batch;

typedef struct Import
{
	GtlJob	   *job;
	const char *relation;		/* for messages */
	bool		skip;
	GtlCategoryIndex *categories;
	GtlStringSet *excluded;
	GtlStringSet *annotators;	/* as the job knows them */
	GtlStringSet *given_names;	/* as the table has them ... */
	char	  **known_names;	/* ... and as the job knows each */
	int			names_capacity;
	TimestampTz now;
	Batch		votes;
	Batch		gold;
	MemoryContext piece;		/* holds the answers of both */
	MemoryContext kept;			/* what is left out */
	int64		added;
	int64		repeated;
	int64		known;			/* new known answers */
	Skipped		skipped[REFUSALS];
} Import;

/* ---- What cannot be taken --------------------------------------------------------------- */

static void
refuse(const Import *import, Refusal why, const char *item, const char *annotator, const char *label)
{
	const char *job_name = import->job->name;
	const char *hint = "on_conflict => 'skip' leaves such answers out, and says which.";

	switch (why)
	{
		case REFUSED_EMPTY:
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("an answer in %s has no item, annotator or label", import->relation),
					 item == NULL ? 0 : errdetail("Its item is \"%s\".", item), errhint("%s", hint)));
		case REFUSED_CATEGORY:
			gtl_error_unknown_category(label, job_name, import->job->categories, import->job->ncategories);
		case REFUSED_OBJECT:
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("labeling job \"%s\" has no object \"%s\"", job_name, item), errhint("%s", hint)));
		case REFUSED_OTHERWISE:
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("annotator \"%s\" has answered object \"%s\" of labeling job \"%s\" otherwise", annotator, item, job_name),
					 errhint("%s  gt_revise_annotations changes an answer.", hint)));
		case REFUSED_LABELED:
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("object \"%s\" of labeling job \"%s\" has its label", item, job_name), errhint("%s", hint)));
		case REFUSED_EXCLUDED:
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("annotator \"%s\" is excluded from labeling job \"%s\"", annotator, job_name), errhint("%s", hint)));
		case REFUSALS:
			break;
	}
	pg_unreachable();
}

static char *
keep_text(const Import *import, const char *text)
{
	return text == NULL ? NULL : MemoryContextStrdup(import->kept, text);
}

static void
leave_out(Import *import, Refusal why, const char *item, const char *annotator, const char *label)
{
	Skipped    *skipped = &import->skipped[why];
	MemoryContext caller = MemoryContextSwitchTo(import->kept);

	if (!import->skip)
		refuse(import, why, item, annotator, label);
	if (skipped->count == skipped->capacity)
	{
		skipped->capacity = Max(64, skipped->capacity * 2);
		skipped->items = skipped->count == 0 ? palloc(sizeof(char *) * skipped->capacity) :
			repalloc_huge(skipped->items, mul_size(sizeof(char *), skipped->capacity));
		skipped->annotators = skipped->count == 0 ? palloc(sizeof(char *) * skipped->capacity) :
			repalloc_huge(skipped->annotators, mul_size(sizeof(char *), skipped->capacity));
	}
	skipped->items[skipped->count] = keep_text(import, item);
	skipped->annotators[skipped->count++] = keep_text(import, annotator);
	MemoryContextSwitchTo(caller);
}

static void
leave_out_answer(Import *import, Refusal why, const GtlEarlyAnswer *answer)
{
	leave_out(import, why, answer->key, answer->annotator, import->job->categories[answer->class_no]);
}

/* ---- Pieces -------------------------------------------------------------------------------- */

/* True: the answer is new, and its object is there. */
static bool
sort_out(Import *import, const GtlEarlyAnswer *answer, GtlEarlyStand stand)
{
	switch (stand)
	{
		case GTL_EARLY_NEW:
			return true;
		case GTL_EARLY_REPEATED:
			import->repeated++;
			break;
		case GTL_EARLY_NO_OBJECT:
			leave_out_answer(import, REFUSED_OBJECT, answer);
			break;
		case GTL_EARLY_OTHERWISE:
			leave_out_answer(import, REFUSED_OTHERWISE, answer);
			break;
		case GTL_EARLY_LABELED:
			leave_out_answer(import, REFUSED_LABELED, answer);
			break;
	}
	return false;
}

static void
add_votes(Import *import)
{
	Batch	   *votes = &import->votes;
	int32	   *objects = palloc(sizeof(int32) * Max(votes->count, 1));
	GtlEarlyStand *stands = palloc(sizeof(GtlEarlyStand) * Max(votes->count, 1));
	int			count = 0;

	gtl_early_answer_compare(import->job->job_id, votes->answers, votes->count, objects, stands);
	for (int i = 0; i < votes->count; i++)
	{
		if (!sort_out(import, &votes->answers[i], stands[i]))
			continue;
		objects[count] = objects[i];
		votes->answers[count++] = votes->answers[i];
	}
	import->added += gtl_early_answer_add(import->job->job_id, votes->answers, objects, count);
}

/* Known answers: of whom, and whether the object has its label, does not matter. */
static void
add_gold(Import *import)
{
	Batch	   *gold = &import->gold;
	int32	   *objects = palloc(sizeof(int32) * Max(gold->count, 1));
	int32	   *classes = palloc(sizeof(int32) * Max(gold->count, 1));
	GtlEarlyStand *stands = palloc(sizeof(GtlEarlyStand) * Max(gold->count, 1));
	int32	   *before;
	int			count = 0;

	gtl_early_answer_compare(import->job->job_id, gold->answers, gold->count, objects, stands);
	for (int i = 0; i < gold->count; i++)
	{
		if (stands[i] == GTL_EARLY_NO_OBJECT)
		{
			leave_out_answer(import, REFUSED_OBJECT, &gold->answers[i]);
			continue;
		}
		objects[count] = objects[i];
		gold->answers[count] = gold->answers[i];
		classes[count++] = gold->answers[i].class_no;
	}
	before = gtl_object_add_gold(import->job->job_id, objects, classes, count);
	for (int i = 0; i < count; i++)
	{
		if (before[i] < 0)
			import->known++;
		else if (before[i] == classes[i])
			import->repeated++;
		else
			leave_out_answer(import, REFUSED_OTHERWISE, &gold->answers[i]);
	}
}

static void
flush(Import *import)
{
	MemoryContext caller = MemoryContextSwitchTo(import->piece);

	if (import->votes.count > 0)
		add_votes(import);
	if (import->gold.count > 0)
		add_gold(import);
	import->votes.count = 0;
	import->gold.count = 0;
	MemoryContextSwitchTo(caller);
	MemoryContextReset(import->piece);
}

/* ---- Rows ---------------------------------------------------------------------------------- */

static bool
is_blank(const char *text)
{
	return text == NULL || text[strspn(text, " \t\r\n")] == '\0';
}

/* When it was given, as far as that can be: not in the future, and not at an end of time. */
static TimestampTz
answer_time(const Import *import, TupleTableSlot *row)
{
	bool		isnull;
	Datum		value = slot_getattr(row, 5, &isnull);
	TimestampTz at = isnull ? import->now : DatumGetTimestampTz(value);

	return TIMESTAMP_NOT_FINITE(at) || at > import->now ? import->now : at;
}

/* The name under which the job knows the annotator: two spellings, or names of a role, are one person. */
static char *
known_name(Import *import, const char *given)
{
	int32		known = gtl_strings_count(import->given_names);
	int32		number = gtl_strings_add(import->given_names, given);
	MemoryContext caller;

	if (number < known)
		return import->known_names[number];
	caller = MemoryContextSwitchTo(import->kept);
	if (number >= import->names_capacity)
	{
		import->names_capacity = Max(64, import->names_capacity * 2);
		import->known_names = number == 0 ? palloc(sizeof(char *) * import->names_capacity) :
			repalloc_huge(import->known_names, mul_size(sizeof(char *), import->names_capacity));
	}
	import->known_names[number] = gtl_annotator_role_enter(import->job->job_id, gtl_annotator_name(given));
	(void) gtl_strings_add(import->annotators, import->known_names[number]);
	MemoryContextSwitchTo(caller);
	return import->known_names[number];
}

/* item, annotator, label, comment, answered_at, gold */
static void
take_row(void *context, TupleTableSlot *row)
{
	Import	   *import = context;
	MemoryContext caller = MemoryContextSwitchTo(import->piece);
	char	   *item = gtl_row_text(row, 1);
	char	   *annotator = gtl_row_text(row, 2);
	char	   *label = gtl_row_text(row, 3);
	bool		isnull;
	Datum		gold = slot_getattr(row, 6, &isnull);
	bool		known = !isnull && DatumGetBool(gold);
	GtlEarlyAnswer answer = {item};

	if (item == NULL || is_blank(label) || (!known && is_blank(annotator)))
		leave_out(import, REFUSED_EMPTY, item, annotator, label);
	else if ((answer.class_no = gtl_annotator_class(import->categories, label)) < 0)
		leave_out(import, REFUSED_CATEGORY, item, annotator, label);
	else
	{
		Batch	   *batch = known ? &import->gold : &import->votes;

		answer.annotator = known ? pstrdup(is_blank(annotator) ? "" : annotator) : known_name(import, annotator);
		answer.remark = gtl_row_text(row, 4);
		answer.at = answer_time(import, row);
		if (!known && gtl_strings_find(import->excluded, answer.annotator) >= 0)
			leave_out_answer(import, REFUSED_EXCLUDED, &answer);
		else
			batch->answers[batch->count++] = answer;
	}
	MemoryContextSwitchTo(caller);
	if (import->votes.count == PIECE || import->gold.count == PIECE)
		flush(import);
}

/* ---- The call ---------------------------------------------------------------------------------- */

static GtlJob *
enter_job(const char *name)
{
	GtlJob	   *job = gtl_job_find(name);

	gtl_job_require_owner(job);
	gtl_lock_acquire(GTL_LOCK_ANSWERS, job->job_id, true);
	gtl_lock_acquire(GTL_LOCK_IMPORTS, job->job_id, false);
	job = gtl_job_get(job->job_id);
	if (job == NULL)
		gtl_error_unknown_job(name);
	return job;
}

static GtlStringSet *
excluded_names(int64 job_id)
{
	GtlStringSet *names = gtl_strings_create();
	int			count;
	char	  **list = gtl_array_to_text(gtl_exclusion_names(job_id), &count);

	for (int i = 0; i < count; i++)
		(void) gtl_strings_add(names, list[i]);
	return names;
}

/* Those of the new answers that find an open task; returns how many. */
static int64
count_answers(Import *import)
{
	GtlJob	   *job = import->job;
	char	  **annotators;

	if (import->added == 0)
		return 0;
	(void) gtl_strings_sort(import->annotators);
	annotators = gtl_strings_list(import->annotators);
	for (int i = 0; i < gtl_strings_count(import->annotators); i++)
		gtl_task_lock_annotator(job, annotators[i]);
	job = gtl_job_lock(job->job_id);
	if (job == NULL || (job->state != GTL_JOB_IN_PROGRESS && job->state != GTL_JOB_PAUSED))
		return 0;
	import->job = job;
	return gtl_early_answer_count(job, annotators, gtl_strings_count(import->annotators));
}

static void
put_group(ReturnSetInfo *rsinfo, const char *outcome, const char *reason, int64 answers, const Skipped *skipped)
{
	Datum		values[5] = {CStringGetTextDatum(outcome), (Datum) 0, Int64GetDatum(answers)};
	bool		nulls[5] = {false, reason == NULL, false, skipped == NULL, skipped == NULL};

	if (answers == 0)
		return;
	if (reason != NULL)
		values[1] = CStringGetTextDatum(reason);
	if (skipped != NULL)
	{
		values[3] = gtl_array_text(skipped->items, skipped->count);
		values[4] = gtl_array_text(skipped->annotators, skipped->count);
	}
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

static void
put_report(ReturnSetInfo *rsinfo, const Import *import, int64 counted)
{
	put_group(rsinfo, "counted", NULL, counted, NULL);
	put_group(rsinfo, "ahead", NULL, Max(import->added - counted, 0), NULL);
	put_group(rsinfo, "gold", NULL, import->known, NULL);
	put_group(rsinfo, "repeated", NULL, import->repeated, NULL);
	for (int why = 0; why < REFUSALS; why++)
		put_group(rsinfo, "skipped", reasons[why], import->skipped[why].count, &import->skipped[why]);
}

/* The rows of the query, whose columns are those of take_row. */
static void
import_rows(FunctionCallInfo fcinfo, GtlJob *job, const char *relation, const char *sql, bool skip)
{
	Import	   *import = palloc0(sizeof(Import));
	int64		counted;

	import->job = job;
	import->relation = relation;
	import->skip = skip;
	import->categories = gtl_annotator_categories(job);
	import->excluded = excluded_names(job->job_id);
	import->annotators = gtl_strings_create();
	import->given_names = gtl_strings_create();
	import->now = gtl_clock_now();
	import->piece = AllocSetContextCreate(CurrentMemoryContext, "gtlabel import piece", ALLOCSET_DEFAULT_SIZES);
	import->kept = AllocSetContextCreate(CurrentMemoryContext, "gtlabel import report", ALLOCSET_DEFAULT_SIZES);
	(void) gtl_query_stream(sql, take_row, import);
	flush(import);
	if (import->known > 0 && job->consolidation != NULL)
		gtl_error_setting("gold", "goes with the built-in consolidation only", NULL);
	counted = count_answers(import);
	if (counted > 0 && import->job->state == GTL_JOB_IN_PROGRESS && !gtl_task_any_undisturbed(import->job))
		gtl_worker_launch_at_commit(import->job);
	InitMaterializedSRF(fcinfo, 0);
	put_report((ReturnSetInfo *) fcinfo->resultinfo, import, counted);
}

static bool
skip_argument(FunctionCallInfo fcinfo, int argument)
{
	static const char *const words[] = {"error", "skip", NULL};

	return gtl_check_word("on_conflict", words, gtl_argument_text(fcinfo, argument, "on_conflict")) == 1;
}

/* A column of the answers, by the argument that names it; NULL: none, where none need be. */
static void
append_column(StringInfo sql, FunctionCallInfo fcinfo, int argument, const char *setting, const char *cast, bool required,
			  const char *relation)
{
	char	   *column = gtl_argument_name_or_null(fcinfo, argument);

	if (required)
		gtl_argument_required(fcinfo, argument, setting);
	if (column != NULL)
		(void) gtl_dataset_column_type(PG_GETARG_OID(1), column, psprintf("Name a column that it has: %s => '...'.", setting), relation);
	appendStringInfo(sql, "%s %s%s::pg_catalog.%s", sql->len > 6 ? "," : "", column == NULL ? "NULL" : "d.",
					 column == NULL ? "" : quote_identifier(column), cast);
}

PG_FUNCTION_INFO_V1(gtl_sql_import_annotations);
Datum
gtl_sql_import_annotations(PG_FUNCTION_ARGS)
{
	GtlJob	   *job = enter_job(gtl_argument_text(fcinfo, 0, "job_name"));
	bool		skip = skip_argument(fcinfo, 8);
	StringInfoData sql;
	char	   *relation;

	gtl_argument_required(fcinfo, 1, "annotations");
	relation = gtl_dataset_name(PG_GETARG_OID(1));
	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT");
	append_column(&sql, fcinfo, 2, "item", "text COLLATE pg_catalog.\"C\"", true, relation);
	append_column(&sql, fcinfo, 3, "annotator", "text COLLATE pg_catalog.\"C\"", true, relation);
	append_column(&sql, fcinfo, 4, "label", "text COLLATE pg_catalog.\"C\"", true, relation);
	append_column(&sql, fcinfo, 5, "comment", "text", false, relation);
	append_column(&sql, fcinfo, 6, "answered_at", "timestamptz", false, relation);
	append_column(&sql, fcinfo, 7, "gold", "bool", false, relation);
	appendStringInfo(&sql, " FROM %s d ORDER BY 1, 2, 3", relation);
	import_rows(fcinfo, job, relation, sql.data, skip);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(gtl_sql_import_label_studio);
Datum
gtl_sql_import_label_studio(PG_FUNCTION_ARGS)
{
	GtlJob	   *job = enter_job(gtl_argument_text(fcinfo, 0, "job_name"));
	char	   *column = gtl_argument_name_or_null(fcinfo, 2);
	char	   *from_name = gtl_argument_text_or_null(fcinfo, 3);
	bool		skip = skip_argument(fcinfo, 4);
	const char *schema = get_namespace_name(get_func_namespace(fcinfo->flinfo->fn_oid));
	char	   *relation;

	gtl_argument_required(fcinfo, 1, "tasks");
	gtl_argument_required(fcinfo, 2, "task");
	relation = gtl_dataset_name(PG_GETARG_OID(1));
	(void) gtl_dataset_column_type(PG_GETARG_OID(1), column, "Name a column that it has: task => '...'.", relation);
	import_rows(fcinfo, job, relation,
				psprintf("SELECT a.item COLLATE pg_catalog.\"C\", a.annotator COLLATE pg_catalog.\"C\","
						 " a.label COLLATE pg_catalog.\"C\", a.comment, a.answered_at, a.ground_truth"
						 " FROM %s d CROSS JOIN LATERAL %s.gt_label_studio_annotations(d.%s::pg_catalog.jsonb, %s, %s) a ORDER BY 1, 2, 3",
						 relation, quote_identifier(schema), quote_identifier(column), quote_literal_cstr(job->key_column),
						 from_name == NULL ? "NULL" : quote_literal_cstr(from_name)),
				skip);
	return (Datum) 0;
}
