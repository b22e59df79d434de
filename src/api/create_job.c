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
#include "api/previous_job.h"
#include "api/text_settings.h"
#include "background/worker_slots.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/lock.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/query.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "data/dataset_rows.h"
#include "data/snapshot.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "steps/advance.h"
#include "steps/custom_consolidation.h"
#include "steps/evidence.h"
#include "steps/follow.h"
#include "tables/event.h"
#include "tables/job.h"
#include "tables/model.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

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

/* Other sessions do the steps, and show the rows to annotators. */
static void
check_dataset(const GtlJob *job)
{
	if (get_rel_persistence(job->dataset) == RELPERSISTENCE_TEMP)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("dataset %s is temporary", quote_identifier(get_rel_name(job->dataset))),
				 errhint("A job outlives the session; copy the rows into a table of their own.")));
}

static GtlJob *
read_settings(FunctionCallInfo fcinfo)
{
	GtlJob	   *job = palloc0(sizeof(GtlJob));

	job->name = gtl_argument_text(fcinfo, 0, "job_name");
	check_job_name(job->name);
	job->owner = GetUserId();
	gtl_job_settings_read(fcinfo, job);
	gtl_argument_required(fcinfo, gtl_argument_place(fcinfo, "label_categories"), "label_categories");
	gtl_check_categories(job->categories, job->ncategories);
	gtl_previous_job_read(job);
	if (job->label_attribute_name == NULL)
		job->label_attribute_name = job->name;
	check_attribute_name(job->label_attribute_name);
	job->features_column = gtl_text_features_column(fcinfo, job->text_column);
	gtl_job_settings_check(job);
	gtl_custom_bind(job);
	job->seed = gtl_argument_seed(fcinfo, gtl_argument_place(fcinfo, "seed"));
	return job;
}

/* Its dimension is checked when the dataset has been read. */
static void
check_model_categories(const GtlJob *job)
{
	GtlEnv		env;
	GtlModel   *model;

	if (job->initial_model_id == 0)
		return;
	gtl_env_init(&env, CurrentMemoryContext);
	model = gtl_model_get(job->initial_model_id, &env);
	if (model->ncategories != job->ncategories)
		gtl_error_setting("initial_model", psprintf("\"%s\" has %d categories, the job has %d",
													model->name, model->ncategories, job->ncategories), NULL);
	for (int i = 0; i < job->ncategories; i++)
		if (strcmp(model->categories[i], job->categories[i]) != 0)
			gtl_error_setting("initial_model",
							  psprintf("\"%s\" has category \"%s\" where the job has \"%s\"",
									   model->name, model->categories[i], job->categories[i]),
							  "Name the model's label_categories, in their order.");
}

static void
check_model_dimension(const GtlJob *job)
{
	GtlEnv		env;
	GtlModel   *model;

	if (job->initial_model_id == 0)
		return;
	gtl_env_init(&env, CurrentMemoryContext);
	model = gtl_model_get(job->initial_model_id, &env);
	if (model != NULL && model->proposal_inputs != job->proposal_inputs)
		gtl_error_setting("initial_model", psprintf("\"%s\" has learned from %s proposals", model->name,
													model->proposal_inputs == 0 ? "no" : "other"),
						  "Name as many proposal_columns as for the model.");
	if (model != NULL && model->dimension != job->dimension - job->proposal_inputs)
		gtl_error_setting("initial_model",
						  psprintf("\"%s\" takes %d dimensions, the features of %s have %d",
								   model->name, model->dimension, job->dataset_name, job->dimension - job->proposal_inputs), NULL);
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
	GtlTextSettings text;
	GtlTransaction transaction = {false, InvalidOid, CurrentMemoryContext};
	int			argument = gtl_argument_place(fcinfo, "if_not_exists");
	bool		if_not_exists = !PG_ARGISNULL(argument) && PG_GETARG_BOOL(argument);
	GtlJob	   *existing;

	if (!if_not_exists)
		gtl_job_require_new(job->name);
	check_model_categories(job);
	gtl_dataset_describe(job->dataset, job->key_column, GTL_KEY_REQUIRED, job->features_column,
						 job->text_column, job->label_column, job->gold_column, &dataset);
	gtl_dataset_take_proposals(&dataset, job->dataset, job->proposal_columns, job->nproposal_columns,
							   job->categories, job->ncategories);
	job->proposal_inputs = dataset.proposal_inputs;
	job->key_column = dataset.key_column;
	job->dataset_name = dataset.name;
	gtl_previous_job_add_labels(job, get_namespace_name(get_func_namespace(fcinfo->flinfo->fn_oid)), &dataset);
	check_dataset(job);
	if (if_not_exists && (existing = gtl_existing_job(fcinfo, job)) != NULL)
		PG_RETURN_INT64(existing->job_id);
	gtl_dataset_check_shown(job);
	gtl_text_settings_read(fcinfo, job->text_column, &text);
	gtl_text_use_initial_model(job, &text, &dataset);
	gtl_job_take_map(job);
	check_model_names(job);

	if (!if_not_exists)
		gtl_job_insert(job);
	else if (!gtl_job_try_insert(job))
	{
		existing = gtl_existing_job(fcinfo, job);	/* another session has been faster */
		if (existing != NULL)
			PG_RETURN_INT64(existing->job_id);
		gtl_job_insert(job);
	}
	gtl_lock_acquire(GTL_LOCK_STEPS, job->job_id, false);
	gtl_progress_begin(job->job_id, "snapshot");
	if (job->follow)
		gtl_follow_start(job);	/* before it is read: what is written meanwhile is noted */
	gtl_snapshot_take(job, &dataset, &text);
	check_model_dimension(job);
	gtl_event_record(job, "created", "%s objects of %s%s, %s of them for validation",
					 gtl_format_count(job->object_count), job->dataset_name,
					 job->dataset_count <= job->sample_count ? "" : psprintf(", drawn at random from %s rows", gtl_format_count(job->dataset_count)),
					 gtl_format_count(job->validation_count));
	gtl_advance(job->job_id, &transaction);
	gtl_job_settings_warn(job);
	warn_of_memory(job);
	(void) gtl_slots_ask_launcher(MyDatabaseId);	/* the launcher may not know yet that there is something to watch */
	PG_RETURN_INT64(job->job_id);
}
