/*
 * job_settings.c
 *		The settings of a job as arguments of functions, and the view of them.
 */
#include "api/job_settings.h"

#include "api/arguments.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/query.h"
#include "catalog/pg_type.h"
#include "data/dataset.h"
#include "funcapi.h"
#include "learning/neighbours.h"
#include "learning/proposals.h"
#include "learning/schedule.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "steps/custom_consolidation.h"
#include "tables/job_field.h"
#include "tables/model.h"
#include "tables/neighbour_map.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#define MAX_INTERVAL_YEARS 100	/* so that no lease or batch ends after the end of time */

/* ---- Values ------------------------------------------------------------------ */

static void
check_integer(const GtlJobField *setting, int32 value)
{
	int32		low = (int32) setting->low;
	int32		high = (int32) setting->high;

	if (high == 0 && value < low)
		gtl_error_setting(gtl_setting_name(setting), psprintf("must be at least %d", low), NULL);
	if (high != 0 && (value < low || value > high))
		gtl_error_setting(gtl_setting_name(setting), psprintf("must be between %d and %d", low, high), NULL);
}

static void
check_float(const GtlJobField *setting, double value)
{
	bool		fits = value > setting->low && (value < setting->high || (setting->high_too && value == setting->high));

	if (!fits)
		gtl_error_setting(gtl_setting_name(setting),
						  psprintf("must be greater than %g and %s %g", setting->low,
								   setting->high_too ? "at most" : "less than", setting->high),
						  value > 1 && value < 100 ? psprintf("It is a share: %g %% is %g.", value, value / 100) : NULL);
}

static int
compare_intervals(Interval *a, Interval *b)
{
	return DatumGetInt32(DirectFunctionCall2(interval_cmp, IntervalPGetDatum(a), IntervalPGetDatum(b)));
}

static void
check_interval(const GtlJobField *setting, Interval *value)
{
	Interval	least = {(TimeOffset) setting->low * USECS_PER_SEC, 0, 0};
	Interval	most = {0, 0, MAX_INTERVAL_YEARS * MONTHS_PER_YEAR};

	if (compare_intervals(value, &most) > 0)
		gtl_error_setting(gtl_setting_name(setting), psprintf("must be at most %d years", MAX_INTERVAL_YEARS), NULL);
	if (compare_intervals(value, &least) < 0)
		gtl_error_setting(gtl_setting_name(setting),
						  psprintf("must be at least %g second%s", setting->low, setting->low == 1 ? "" : "s"), NULL);
}

static Datum
texts_argument(FunctionCallInfo fcinfo, int place, const char *name)
{
	int			count;
	char	  **values = gtl_argument_text_array(fcinfo, place, name, &count);

	return gtl_array_text(values, count);
}

/* The argument as a value for the setting's column, checked. */
static Datum
read_value(FunctionCallInfo fcinfo, int place, const GtlJobField *setting)
{
	Datum		value = PG_GETARG_DATUM(place);

	switch (setting->kind)
	{
		case GTL_FIELD_INT32:
			check_integer(setting, DatumGetInt32(value));
			break;
		case GTL_FIELD_FLOAT8:
			check_float(setting, DatumGetFloat8(value));
			break;
		case GTL_FIELD_WORD:
			(void) gtl_check_word(gtl_setting_name(setting), setting->words, TextDatumGetCString(value));
			break;
		case GTL_FIELD_INTERVAL:
			check_interval(setting, DatumGetIntervalP(value));
			break;
		case GTL_FIELD_TEXTS:
			return texts_argument(fcinfo, place, gtl_setting_name(setting));
		case GTL_FIELD_ROLE:
			(void) GetUserNameFromId(DatumGetObjectId(value), false);
			break;
		case GTL_FIELD_RELATION_NAME:
			return CStringGetTextDatum(gtl_dataset_name(DatumGetObjectId(value)));
		case GTL_FIELD_FUNCTION:
			return CStringGetTextDatum(gtl_custom_describe(DatumGetObjectId(value)));
		case GTL_FIELD_MODEL:
			return Int64GetDatum(gtl_model_find(TextDatumGetCString(value), NULL)->model_id);
		case GTL_FIELD_BOOL:
		case GTL_FIELD_CHOICE:
		case GTL_FIELD_INT64:
		case GTL_FIELD_TEXT:
		case GTL_FIELD_NAME:
		case GTL_FIELD_RELATION:
			break;
	}
	return value;
}

/* ---- Arguments ------------------------------------------------------------------- */

static void
read_setting(FunctionCallInfo fcinfo, int place, const GtlJobField *setting, GtlJob *job)
{
	if (setting->required)
		gtl_argument_required(fcinfo, place, gtl_setting_name(setting));
	if (PG_ARGISNULL(place))
		gtl_field_set(setting, job, (Datum) 0, true);
	else
		gtl_field_set(setting, job, read_value(fcinfo, place, setting), false);
}

void
gtl_job_setting_read(FunctionCallInfo fcinfo, const char *name, GtlJob *job)
{
	read_setting(fcinfo, gtl_argument_place(fcinfo, name), gtl_setting_find(name), job);
}

void
gtl_job_settings_read(FunctionCallInfo fcinfo, GtlJob *job)
{
	for (int i = 0; i < gtl_job_setting_count; i++)
	{
		const GtlJobField *setting = &gtl_job_settings[i];
		int			place = gtl_argument_place(fcinfo, gtl_setting_name(setting));

		if (place >= 0)
			read_setting(fcinfo, place, setting, job);
		else
			gtl_setting_reset(setting, job);
	}
	gtl_job_derive(job);
}

static void
require_alterable(const GtlJobField *setting, const GtlJob *job)
{
	if (setting->fixed != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot alter setting \"%s\" of labeling job \"%s\"", gtl_setting_name(setting), job->name),
				 errdetail("It is fixed: %s.", setting->fixed),
				 errhint("SELECT setting FROM gt_job_settings WHERE alterable lists those that can be altered.")));
}

/* The setting whose name is most like this one; NULL: none is. */
static const char *
find_similar(const char *name)
{
	const char *best = NULL;
	int			least = 4;
	int			length = (int) strlen(name);

	for (int i = 0; i < gtl_job_setting_count && length <= NAMEDATALEN; i++)
	{
		const char *known = gtl_setting_name(&gtl_job_settings[i]);
		int			distance = varstr_levenshtein_less_equal(name, length, known, (int) strlen(known), 1, 1, 1, least, true);

		if (distance < least)
		{
			least = distance;
			best = known;
		}
	}
	return best;
}

static const GtlJobField *
find_setting(const char *name)
{
	const GtlJobField *setting = gtl_setting_find(name);
	const char *similar = setting == NULL ? find_similar(name) : NULL;

	if (setting == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("labeling jobs have no setting \"%s\"", name),
				 similar != NULL ? errhint("Perhaps you mean \"%s\".", similar) :
				 errhint("SELECT DISTINCT setting FROM gt_job_settings lists them.")));
	return setting;
}

static void
reset_settings(FunctionCallInfo fcinfo, GtlJob *job)
{
	int			argument = gtl_argument_place(fcinfo, "reset");
	int			count = 0;
	char	  **names = NULL;

	if (!PG_ARGISNULL(argument))
		names = gtl_argument_text_array(fcinfo, argument, "reset", &count);
	for (int i = 0; i < count; i++)
	{
		const GtlJobField *setting = find_setting(names[i]);

		require_alterable(setting, job);
		if (!PG_ARGISNULL(gtl_argument_place(fcinfo, names[i])))
			gtl_error_setting("reset", psprintf("must not name \"%s\", which is set in the same call", names[i]), NULL);
		gtl_setting_reset(setting, job);
	}
}

void
gtl_job_settings_alter(FunctionCallInfo fcinfo, GtlJob *job)
{
	for (int i = 0; i < gtl_job_setting_count; i++)
	{
		const GtlJobField *setting = &gtl_job_settings[i];
		int			place = gtl_argument_place(fcinfo, gtl_setting_name(setting));

		if (place < 0 || PG_ARGISNULL(place))
			continue;
		require_alterable(setting, job);
		read_setting(fcinfo, place, setting, job);
	}
	reset_settings(fcinfo, job);
	gtl_job_derive(job);
}

/* What a job in place cannot do, and why. */
typedef struct NotInPlace
{
	const char *setting;
	const char *reason;
	const char *hint;
} NotInPlace;

static const NotInPlace not_in_place[] = {
	{"previous_job", "The labels of that job are here, and each server would need those of its rows.",
	"Have gt_write_labels or an UPDATE write them into a column of the dataset, and name that as label_column."},
	{"proposal_columns", "gt_score, which the servers are sent, takes features and texts only.", NULL},
	{"follow", "Rows are read where they are when they are labeled: there is nothing that would have to follow.",
	"gt_write_labels and views of gt_create_label_view label the rows that came since."},
	{"guarantee_scope dataset", "People label some of the sample, next to nothing of the dataset: over all labels the promise would be that over the machine's.", NULL},
	{"per_class", "Each category would have a margin of its own, and servers count the rows above one for all (gt_tail).", NULL},
	{"audit_share", "The labels are written after the job, when gt_write_labels is called.",
	"guarantee => 'audited' audits them before they are written; gt_sample and gt_audit_bound check written ones."},
	{"auto_label false", "People would label the sample, and nobody the other rows.", NULL},
	{"features_column NULL", "A machine has to label the rows that are not in the sample, by features or a text.", NULL},
};

/* The first that the job has; -1: none. */
static int
find_not_in_place(const GtlJob *job)
{
	bool		has[] = {
		job->previous_job != NULL, job->nproposal_columns > 0, job->follow, job->scope == GTL_SCOPE_DATASET, job->per_class,
		job->audit_share >= 0, !job->auto_label, job->features_column == NULL && job->text_column == NULL
	};

	StaticAssertStmt(lengthof(has) == lengthof(not_in_place), "each has its reason");
	for (int i = 0; i < (int) lengthof(has); i++)
		if (has[i])
			return i;
	return -1;
}

static void
check_in_place(const GtlJob *job)
{
	int			found = job->placement == GTL_PLACEMENT_IN_PLACE ? find_not_in_place(job) : -1;

	if (found >= 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s is not supported with placement in_place", not_in_place[found].setting),
				 errdetail("%s", not_in_place[found].reason),
				 errhint("%s", not_in_place[found].hint != NULL ? not_in_place[found].hint : "placement => 'copy' has it.")));
}

static bool
is_column(const char *column, const char *name)
{
	return name != NULL && strcmp(column, name) == 0;
}

static void
check_proposals(const GtlJob *job)
{
	int			inputs = gtl_proposals_inputs(job->nproposal_columns, job->ncategories);

	if (job->nproposal_columns > GTL_PROPOSALS_MOST)
		gtl_error_setting("proposal_columns", psprintf("must name at most %d columns", GTL_PROPOSALS_MOST), NULL);
	if (inputs > GTL_MAX_DIMENSION)
		gtl_error_setting("proposal_columns", psprintf("must come to at most %d inputs, not %d", GTL_MAX_DIMENSION, inputs),
						  "Each source has two for each category.");
	for (int i = 0; i < job->nproposal_columns; i++)
	{
		const char *column = job->proposal_columns[i];

		if (is_column(column, job->gold_column) || is_column(column, job->label_column) ||
			is_column(column, job->features_column) || is_column(column, job->text_column))
			gtl_error_setting("proposal_columns", psprintf("must not name \"%s\", which is another column of the job", column), NULL);
		for (int j = 0; j < i; j++)
			if (strcmp(column, job->proposal_columns[j]) == 0)
				gtl_error_setting("proposal_columns", psprintf("must not name \"%s\" twice", column), NULL);
	}
}

void
gtl_job_settings_check(const GtlJob *job)
{
	check_in_place(job);
	check_proposals(job);
	if (job->validation_wanted > 0 && job->validation_share >= 0 && job->job_id == 0)
		gtl_error_setting("validation_count", "must not be set with validation_share", NULL);
	if (job->min_annotators > job->annotators_per_object)
		gtl_error_setting("min_annotators", "must not be greater than max_annotators", NULL);
	if ((job->consolidation_confidence < 0) != (job->min_annotators == job->annotators_per_object))
		gtl_error_setting("consolidation_confidence",
						  job->consolidation_confidence < 0 ? "must be set when max_annotators is greater than min_annotators" :
						  "needs a max_annotators that is greater than min_annotators",
						  "One more person is asked while an object's confidence is below it.");
	if (job->consolidation != NULL && job->gold_column != NULL)
		gtl_error_setting("gold_column", "goes with the built-in consolidation only", NULL);
	if (job->scope == GTL_SCOPE_DATASET && job->guarantee != GTL_GUARANTEE_AUDITED && job->guarantee != GTL_GUARANTEE_CONFIDENCE)
		gtl_error_setting("guarantee_scope", "must be machine_labels with this guarantee",
						  "The error over the dataset is promised by guarantee => 'audited' and 'confidence'.");
	if (job->scope == GTL_SCOPE_DATASET && job->per_class)
		gtl_error_setting("guarantee_scope", "must be machine_labels with per_class", NULL);
	if (job->guarantee == GTL_GUARANTEE_AUDITED && job->audit_share >= 0)
		gtl_error_setting("audit_share", "must not be set with guarantee => 'audited'",
						  "The audit of that guarantee is the promise; audit_share goes with the others.");
}

void
gtl_job_take_map(GtlJob *job)
{
	GtlModel   *model = job->initial_model_id == 0 ? NULL : gtl_model_get(job->initial_model_id, NULL);

	if (model == NULL || model->neighbours_id == 0)
		return;
	if (job->neighbours == 0)
		gtl_error_setting("neighbours", psprintf("must not be false with initial_model \"%s\"", model->name),
						  "The model takes those columns.");
	gtl_neighbour_map_hold(model->neighbours_id);
	job->neighbours_id = model->neighbours_id;
}

/* ---- gt_job_settings ----------------------------------------------------------------- */

static Datum
text_or_null(const char *value, bool *isnull)
{
	*isnull = value == NULL;
	return value == NULL ? (Datum) 0 : CStringGetTextDatum(value);
}

/* Of a job that the caller owns, or without values, for a NULL. */
PG_FUNCTION_INFO_V1(gtl_sql_job_settings);
Datum
gtl_sql_job_settings(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	GtlJob	   *job = PG_ARGISNULL(0) ? NULL : gtl_job_get(PG_GETARG_INT64(0));
	GtlJob		initial;

	InitMaterializedSRF(fcinfo, 0);
	if (!PG_ARGISNULL(0) && (job == NULL || !has_privs_of_role(GetUserId(), job->owner)))
		return (Datum) 0;
	for (int i = 0; i < gtl_job_setting_count; i++)
	{
		const GtlJobField *setting = &gtl_job_settings[i];
		Datum		values[5];
		bool		nulls[5] = {false};

		values[0] = CStringGetTextDatum(gtl_setting_name(setting));
		values[1] = text_or_null(job == NULL ? NULL : gtl_field_text(setting, job), &nulls[1]);
		gtl_setting_reset(setting, &initial);
		values[2] = text_or_null(setting->initial == NULL ? NULL : gtl_field_text(setting, &initial), &nulls[2]);
		values[3] = BoolGetDatum(setting->fixed == NULL);
		values[4] = CStringGetTextDatum(setting->meaning);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* ---- Warnings --------------------------------------------------------------------------- */

/* Too few validation objects for the promise, or for each category's. */
static void
warn_of_few(const GtlJob *job, const GtlPromise *promise)
{
	int			minimum = gtl_certify_required(0, promise);
	int64		each = gtl_certify_minimum(promise, job->per_class, job->ncategories);

	if (job->validation_count < minimum)
		ereport(WARNING,
				(errmsg("no object of labeling job \"%s\" can be labeled by machine", job->name),
				 errdetail("A target accuracy of %g needs %s validation objects without an error, but the validation set has %s.",
						   job->target_accuracy, gtl_format_count(minimum), gtl_format_count(job->validation_count)),
				 errhint("Set a larger validation_share, schedule => 'eager', or a lower target_accuracy or confidence_level.")));
	else if (job->validation_count < each)
		ereport(WARNING,
				(errmsg("most categories of labeling job \"%s\" may never be labeled by machine", job->name),
				 errdetail("With per_class each category needs %s validation objects of its own without an error, and %s objects for %s categories are %s each.",
						   gtl_format_count(minimum), gtl_format_count(job->validation_count), gtl_format_count(job->ncategories),
						   gtl_format_count(job->validation_count / job->ncategories)),
				 errhint("Set a larger validation_share, or do without per_class.")));
	else if (job->validation_count < 2 * each && job->validation_count < job->object_count / 3)
		ereport(NOTICE,
				(errmsg("the validation set of labeling job \"%s\" is small for its target", job->name),
				 errdetail("It has %s objects, and %s are needed without an error: one or two errors can keep the machine from labeling anything.",
						   gtl_format_count(job->validation_count), gtl_format_count(each)),
				 errhint("About three times as many usually save labels in the end: validation_share => %.2f.",
						 Min(0.33, (3.0 * each + 1) / job->object_count))));
}

/* The machine may be wrong in so few labels that hardly any audit passes. */
#define FEW_WRONG 30

static void
warn_of_small_audit(const GtlJob *job)
{
	double		allowed = (1.0 - job->target_accuracy) * job->object_count;

	if (allowed < FEW_WRONG)
		ereport(NOTICE,
				(errmsg("labeling job \"%s\" is small for an audit at its target", job->name),
				 errdetail("At most %d of %s labels may be wrong: people may have to check nearly all of them to prove that.",
						   (int) allowed, gtl_format_count(job->object_count)),
				 errhint("guarantee => 'confidence' needs fewer labels here, and a lower target_accuracy with either.")));
}

/* More validation objects than this many times what the eager schedule takes are worth a word. */
#define MANY_TIMES 4

static void
warn_of_many(const GtlJob *job, const GtlPromise *promise)
{
	int64		needed = gtl_schedule_validation_count(GTL_SCHEDULE_EAGER, promise, job->per_class, job->ncategories,
													   job->object_count, -1);

	if (job->schedule == GTL_SCHEDULE_STANDARD && job->validation_share < 0 && job->validation_count >= MANY_TIMES * needed)
		ereport(NOTICE,
				(errmsg("the validation set of labeling job \"%s\" is larger than its target needs", job->name),
				 errdetail("It has %s objects, the share that the service takes; about %s would do.",
						   gtl_format_count(job->validation_count), gtl_format_count(needed)),
				 errhint("Set validation_share => %.4f, or schedule => 'eager'.", (needed + 1.0) / job->object_count)));
}

void
gtl_job_settings_warn(const GtlJob *job)
{
	GtlPlanState plan;
	GtlPromise	promise = gtl_job_promise(job);
	GtlLimits	limits = {job->max_human_labeled, job->max_percentage_labeled};
	bool		audited = job->guarantee == GTL_GUARANTEE_AUDITED;
	int64		before_round;
	int64		audit;

	if (!job->auto_label || job->dimension == 0)
		return;
	if (job->neighbours_reason != NULL && job->dimension > job->proposal_inputs &&
		(job->neighbours == 1 || job->object_count >= GTL_NEIGHBOURS_FEWEST_ROWS))
		ereport(NOTICE,
				(errmsg("labeling job \"%s\" has no neighbourhood columns", job->name),
				 errdetail("Left out: %s.", job->neighbours_reason)));
	gtl_plan_start(&plan, job->schedule, job->object_count, job->max_concurrent, job->validation_count,
				   gtl_job_has_early_round(job), true);
	if (gtl_plan_machine_limit(&plan) == 0)
		ereport(WARNING,
				(errmsg("no object of labeling job \"%s\" can be labeled by machine", job->name),
				 errdetail("After %s validation objects and a first training batch of up to %s, none of the %s objects is left.",
						   gtl_format_count(job->validation_count), gtl_format_count(job->max_concurrent),
						   gtl_format_count(job->object_count)),
				 job->schedule == GTL_SCHEDULE_EAGER ?
				 errhint("A table needs more rows for a machine to learn from; gt_add_objects takes in those that come later.") :
				 errhint("Set a smaller max_concurrent_task_count, or schedule => 'eager'.")));
	if (audited)
		warn_of_small_audit(job);
	else
		warn_of_few(job, &promise);
	warn_of_many(job, &promise);
	before_round = job->object_count - gtl_plan_machine_limit(&plan);
	audit = audited ? gtl_certify_minimum(&promise, job->per_class, 1) : 0;
	if (before_round < job->object_count &&
		gtl_schedule_people_left(&limits, job->object_count, before_round, 0) <= (audited ? audit - 1 : 0))
		ereport(WARNING,
				(errmsg("no object of labeling job \"%s\" can be labeled by machine", job->name),
				 audited ?
				 errdetail("The job ends before people could have checked the machine's labels: the first model runs after %s labels by people, and an audit takes at least %s more.",
						   gtl_format_count(before_round), gtl_format_count(audit)) :
				 errdetail("The job ends before its first model, which runs after %s labels by people.",
						   gtl_format_count(before_round)),
				 errhint("Set a larger max_human_labeled_object_count or max_percentage_of_input_dataset_labeled, "
						 "a smaller validation_share or max_concurrent_task_count, or schedule => 'eager'.")));
}
