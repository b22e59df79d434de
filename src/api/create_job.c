/*
 * create_job.c
 *		gt_create_job: reads and checks the settings, takes the snapshot, issues the
 *		first batch.
 *
 * All that can be checked without reading the dataset is checked before anything is
 * written; the rest while it is read, in the same transaction.
 */
#include "base/compat.h"

#include "api/arguments.h"
#include "api/job_settings.h"
#include "background/hub.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/lock.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/query.h"
#include "catalog/pg_type.h"
#include "data/snapshot.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "steps/advance.h"
#include "steps/custom_consolidation.h"
#include "steps/evidence.h"
#include "tables/event.h"
#include "tables/job.h"
#include "tables/model.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

/* Positions of the arguments, in the order of the SQL signature. */
enum
{
	ARG_JOB_NAME, ARG_DATASET, ARG_LABEL_CATEGORIES, ARG_KEY_COLUMN, ARG_FEATURES_COLUMN, ARG_LABEL_COLUMN,
	ARG_LABEL_ATTRIBUTE_NAME, ARG_MAX_CONCURRENT_TASK_COUNT, ARG_ANNOTATORS_PER_OBJECT, ARG_AUTO_LABEL,
	ARG_TARGET_ACCURACY, ARG_CONFIDENCE_LEVEL, ARG_GUARANTEE, ARG_SCHEDULE, ARG_VALIDATION_SHARE, ARG_ALGORITHM,
	ARG_QUERY_STRATEGY, ARG_INITIAL_MODEL, ARG_MAX_HUMAN, ARG_MAX_PERCENTAGE, ARG_TASK_TIME_LIMIT,
	ARG_TASK_AVAILABILITY_LIFETIME, ARG_WORKTEAM, ARG_SEED, ARG_MIN_ANNOTATORS, ARG_MAX_ANNOTATORS,
	ARG_CONSOLIDATION_CONFIDENCE, ARG_CONSOLIDATION, ARG_GOLD_COLUMN,
	ARG_BEST_VALIDATION, ARG_AUDIT_SHARE, ARG_PER_CLASS
};

#define MAX_NAME_CHARACTERS 63
#define MAX_ATTRIBUTE_CHARACTERS 127

static void
check_job_name(const char *name)
{
	int			length = pg_mbstrlen(name);

	if (length < 1 || length > MAX_NAME_CHARACTERS)
		gtl_error_setting("job_name", psprintf("must have 1 to %d characters", MAX_NAME_CHARACTERS), NULL);
	for (const char *c = name; *c != '\0'; c++)
		if (*c == '/' || (unsigned char) *c < ' ' || *c == 0x7f)
			gtl_error_setting("job_name", "must not contain \"/\" or control characters",
							  "The models of a job are named job_name/round.");
}

/* The rules of the managed service, so that the output manifest is readable there. */
static void
check_attribute_name(const char *name)
{
	size_t		length = strlen(name);

	if (length < 1 || pg_mbstrlen(name) > MAX_ATTRIBUTE_CHARACTERS)
		gtl_error_setting("label_attribute_name", psprintf("must have 1 to %d characters", MAX_ATTRIBUTE_CHARACTERS), NULL);
	if (strcmp(name, "source") == 0 || strcmp(name, "source-ref") == 0 || strchr(name, '$') != NULL ||
		(length >= 9 && strcmp(name + length - 9, "-metadata") == 0))
		gtl_error_setting("label_attribute_name",
						  psprintf("must not be \"%s\"", name),
						  "In a manifest \"source\", \"source-ref\", names that end in \"-metadata\" and names with \"$\" mean something else.");
}

/* Who answers an object, and how the answers become a label. */
static void
read_overlap(FunctionCallInfo fcinfo, GtlJob *job)
{
	job->annotators_per_object = gtl_argument_int32(fcinfo, ARG_ANNOTATORS_PER_OBJECT, "annotators_per_object", 1, 9);
	job->min_annotators = job->annotators_per_object;
	job->consolidation_confidence = -1;
	if (!PG_ARGISNULL(ARG_MAX_ANNOTATORS))
		job->annotators_per_object = gtl_argument_int32(fcinfo, ARG_MAX_ANNOTATORS, "max_annotators", 1, 9);
	if (!PG_ARGISNULL(ARG_MIN_ANNOTATORS))
		job->min_annotators = gtl_argument_int32(fcinfo, ARG_MIN_ANNOTATORS, "min_annotators", 1, 9);
	if (job->min_annotators > job->annotators_per_object)
		gtl_error_setting("min_annotators", "must not be greater than max_annotators", NULL);
	if (!PG_ARGISNULL(ARG_CONSOLIDATION_CONFIDENCE))
		job->consolidation_confidence = gtl_argument_share(fcinfo, ARG_CONSOLIDATION_CONFIDENCE, "consolidation_confidence");
	if ((job->consolidation_confidence < 0) != (job->min_annotators == job->annotators_per_object))
		gtl_error_setting("consolidation_confidence",
						  job->consolidation_confidence < 0 ? "must be set when max_annotators is greater than min_annotators" :
						  "needs a max_annotators that is greater than min_annotators",
						  "One more person is asked while an object's confidence is below it.");
	if (!PG_ARGISNULL(ARG_CONSOLIDATION))
		job->consolidation = gtl_custom_describe(PG_GETARG_OID(ARG_CONSOLIDATION));
	job->gold_column = gtl_argument_name_or_null(fcinfo, ARG_GOLD_COLUMN);
	if (job->consolidation != NULL && job->gold_column != NULL)
		gtl_error_setting("gold_column", "goes with the built-in consolidation only", NULL);
}

static GtlJob *
read_settings(FunctionCallInfo fcinfo)
{
	static const GtlSettingPlaces places = {
		.max_concurrent = ARG_MAX_CONCURRENT_TASK_COUNT,
		.target_accuracy = ARG_TARGET_ACCURACY,
		.confidence_level = ARG_CONFIDENCE_LEVEL,
		.guarantee = ARG_GUARANTEE,
		.query_strategy = ARG_QUERY_STRATEGY,
		.algorithm = ARG_ALGORITHM,
		.max_human = ARG_MAX_HUMAN,
		.max_percentage = ARG_MAX_PERCENTAGE,
		.task_time_limit = ARG_TASK_TIME_LIMIT,
		.task_availability_lifetime = ARG_TASK_AVAILABILITY_LIFETIME,
		.workteam = ARG_WORKTEAM,
	};
	GtlJob	   *job = palloc0(sizeof(GtlJob));

	job->name = gtl_argument_text(fcinfo, ARG_JOB_NAME, "job_name");
	check_job_name(job->name);
	job->owner = GetUserId();
	gtl_argument_required(fcinfo, ARG_DATASET, "dataset");
	job->dataset = PG_GETARG_OID(ARG_DATASET);
	job->categories = gtl_argument_text_array(fcinfo, ARG_LABEL_CATEGORIES, "label_categories", &job->ncategories);
	gtl_check_categories(job->categories, job->ncategories);
	job->key_column = gtl_argument_name_or_null(fcinfo, ARG_KEY_COLUMN);
	job->features_column = gtl_argument_name_or_null(fcinfo, ARG_FEATURES_COLUMN);
	job->label_column = gtl_argument_name_or_null(fcinfo, ARG_LABEL_COLUMN);
	job->label_attribute_name = gtl_argument_text_or_null(fcinfo, ARG_LABEL_ATTRIBUTE_NAME);
	if (job->label_attribute_name == NULL)
		job->label_attribute_name = job->name;
	check_attribute_name(job->label_attribute_name);
	gtl_job_settings_read(fcinfo, &places, false, job);
	read_overlap(fcinfo, job);
	gtl_argument_required(fcinfo, ARG_AUTO_LABEL, "auto_label");
	job->auto_label = PG_GETARG_BOOL(ARG_AUTO_LABEL);
	job->schedule = strcmp(gtl_argument_choice(fcinfo, ARG_SCHEDULE, "schedule", gtl_schedule_choices), "eager") == 0 ?
		GTL_SCHEDULE_EAGER : GTL_SCHEDULE_STANDARD;
	job->validation_share = PG_ARGISNULL(ARG_VALIDATION_SHARE) ? -1 :
		gtl_argument_share(fcinfo, ARG_VALIDATION_SHARE, "validation_share");
	job->audit_share = -1;
	if (!PG_ARGISNULL(ARG_AUDIT_SHARE))
	{
		job->audit_share = PG_GETARG_FLOAT8(ARG_AUDIT_SHARE);
		if (!(job->audit_share > 0 && job->audit_share <= 1))
			gtl_error_setting("audit_share", "must be greater than 0 and at most 1", NULL);
	}
	job->best_validation = !PG_ARGISNULL(ARG_BEST_VALIDATION) && PG_GETARG_BOOL(ARG_BEST_VALIDATION);
	if (job->best_validation && job->validation_share >= 0)
		gtl_error_setting("best_validation", "and validation_share exclude each other", NULL);
	job->per_class = !PG_ARGISNULL(ARG_PER_CLASS) && PG_GETARG_BOOL(ARG_PER_CLASS);
	job->seed = gtl_argument_seed(fcinfo, ARG_SEED);
	return job;
}

/* Its dimension is checked when the dataset has been read. */
static void
read_initial_model(FunctionCallInfo fcinfo, GtlJob *job)
{
	GtlEnv		env;
	GtlModel   *model;

	if (PG_ARGISNULL(ARG_INITIAL_MODEL))
		return;
	gtl_env_init(&env, CurrentMemoryContext);
	model = gtl_model_find(gtl_argument_text(fcinfo, ARG_INITIAL_MODEL, "initial_model"), &env);
	if (model->ncategories != job->ncategories)
		gtl_error_setting("initial_model", psprintf("\"%s\" has %d categories, the job has %d",
													model->name, model->ncategories, job->ncategories), NULL);
	for (int i = 0; i < job->ncategories; i++)
		if (strcmp(model->categories[i], job->categories[i]) != 0)
			gtl_error_setting("initial_model",
							  psprintf("\"%s\" has category \"%s\" where the job has \"%s\"",
									   model->name, model->categories[i], job->categories[i]),
							  "Name the model's label_categories, in their order.");
	job->initial_model_id = model->model_id;
}

static void
check_initial_model(const GtlJob *job)
{
	GtlEnv		env;
	GtlModel   *model;

	if (job->initial_model_id == 0)
		return;
	gtl_env_init(&env, CurrentMemoryContext);
	model = gtl_model_get(job->initial_model_id, &env);
	if (model != NULL && model->classifier.dimension != job->dimension)
		gtl_error_setting("initial_model",
						  psprintf("\"%s\" takes %d dimensions, the features of %s have %d",
								   model->name, model->classifier.dimension, job->dataset_name, job->dimension), NULL);
}

/* Models that a dropped job has left behind would collide with this one's in the middle of a round. */
static void
check_model_names(const GtlJob *job)
{
	static GtlStatement select = {
		"SELECT model_name FROM gtlabel.model WHERE model_name LIKE $1 ORDER BY model_id LIMIT 1", 1, {TEXTOID}
	};
	StringInfoData pattern;
	Datum		values[1];
	GtlResult	r;

	initStringInfo(&pattern);
	for (const char *c = job->name; *c != '\0'; c++)
		appendStringInfo(&pattern, strchr("\\%_", *c) != NULL ? "\\%c" : "%c", *c);
	appendStringInfoString(&pattern, "/%");
	values[0] = CStringGetTextDatum(pattern.data);
	if (gtl_query_run(&r, &select, values, NULL) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("model \"%s\" of an earlier labeling job exists", gtl_result_text(&r, 0, 1)),
				 errhint("Choose another job_name, or remove the models with gt_drop_model.")));
	gtl_query_end(&r);
}

/* Better said now than by the first round, days later. */
static void
warn_of_memory(const GtlJob *job)
{
	int64		rows = Min((int64) job->validation_count + job->given_count + job->max_concurrent, job->object_count);
	Size		needed = gtl_evidence_memory(job, rows);

	if (job->validation_count > 0 && needed > gtl_memory_budget())
		ereport(WARNING,
				(errmsg("the rounds of labeling job \"%s\" need more memory than maintenance_work_mem allows", job->name),
				 errdetail("With %s labeled objects of %d dimensions a round needs %zu MB, maintenance_work_mem is %d MB.",
						   gtl_format_count(rows), job->dimension, needed / (1024 * 1024) + 1, maintenance_work_mem / 1024),
				 errhint("Raise it for the job's owner: ALTER ROLE %s SET maintenance_work_mem = '%zuMB'.",
						 quote_identifier(GetUserNameFromId(job->owner, false)), needed / (512 * 1024) + 1)));
}

PG_FUNCTION_INFO_V1(gtl_sql_create_job);
Datum
gtl_sql_create_job(PG_FUNCTION_ARGS)
{
	GtlJob	   *job = read_settings(fcinfo);
	GtlDataset	dataset;
	GtlTransaction transaction = {false, InvalidOid, CurrentMemoryContext};

	read_initial_model(fcinfo, job);
	gtl_dataset_describe(job->dataset, job->key_column, GTL_KEY_REQUIRED, job->features_column,
						 job->label_column, job->gold_column, &dataset);
	job->key_column = dataset.key_column;
	job->dataset_name = dataset.name;
	check_model_names(job);

	gtl_job_insert(job);
	gtl_lock_acquire(GTL_LOCK_STEPS, job->job_id, false);
	gtl_progress_begin(job->job_id, "snapshot");
	gtl_snapshot_take(job, &dataset);
	check_initial_model(job);
	gtl_event_record(job, "created", "%s objects of %s, %s of them for validation",
					 gtl_format_count(job->object_count), job->dataset_name, gtl_format_count(job->validation_count));
	gtl_advance(job->job_id, &transaction);
	gtl_job_settings_warn(job);
	warn_of_memory(job);
	(void) gtl_hub_ask(MyDatabaseId);	/* the launcher may not know yet that there is something to watch */
	PG_RETURN_INT64(job->job_id);
}
