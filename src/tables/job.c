/*
 * job.c
 *		The table gtlabel.job: settings, state and counters of a labeling job.
 *
 * The row is written by gt_create_job and by the steps (a few times a batch),
 * never by an annotator's answer.  The counters change in the same transaction as
 * the rows of gtlabel.label and gtlabel.failure that they count.
 */
#include "tables/job.h"

#include <math.h>

#include "base/errors.h"
#include "base/query.h"
#include "base/settings.h"
#include "base/table.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "tables/job_state.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

/* Rows that came with a label, a category, from which on they make a model worth a round. */
#define GIVEN_PER_CLASS 5

static GtlJobState
parse_state(const char *name)
{
	GtlJobState state;

	if (!gtl_job_state_parse(name, &state))
		elog(ERROR, "unknown job state \"%s\"", name);
	return state;
}

static Interval
read_interval(const GtlTable *table, int column)
{
	bool		isnull;

	return *DatumGetIntervalP(slot_getattr(table->row, column, &isnull));
}

static Oid
read_oid(const GtlTable *table, int column)
{
	bool		isnull;
	Datum		value = slot_getattr(table->row, column, &isnull);

	return isnull ? InvalidOid : DatumGetObjectId(value);
}

/* -1 for NULL */
static double
read_share(const GtlTable *table, int column)
{
	return gtl_table_isnull(table, column) ? -1 : gtl_table_float8(table, column);
}

/* The row at hand as a struct in the current memory context; the columns in the order of 20_tables.sql. */
static GtlJob *
read_job(const GtlTable *t)
{
	GtlJob	   *job = palloc0(sizeof(GtlJob));
	int			c = 0;
	bool		isnull;

	job->job_id = gtl_table_int64(t, ++c);
	job->name = gtl_table_text(t, ++c);
	job->owner = read_oid(t, ++c);
	job->dataset = read_oid(t, ++c);
	job->dataset_name = gtl_table_text(t, ++c);
	job->key_column = gtl_table_name(t, ++c);
	job->features_column = gtl_table_name(t, ++c);
	job->label_column = gtl_table_name(t, ++c);
	job->categories = gtl_array_to_text(slot_getattr(t->row, ++c, &isnull), &job->ncategories);
	job->label_attribute_name = gtl_table_text(t, ++c);
	job->max_concurrent = gtl_table_int32(t, ++c);
	job->annotators_per_object = gtl_table_int32(t, ++c);
	job->min_annotators = gtl_table_int32(t, ++c);
	job->consolidation_confidence = read_share(t, ++c);
	job->consolidation = gtl_table_text(t, ++c);
	job->gold_column = gtl_table_name(t, ++c);
	job->audit_share = read_share(t, ++c);
	++c;
	job->audit_count = gtl_table_isnull(t, c) ? -1 : gtl_table_int32(t, c);
	job->audit_wrong = gtl_table_int32(t, ++c);
	job->audit_verdict = gtl_table_text(t, ++c);
	job->auto_label = gtl_table_bool(t, ++c);
	job->target_accuracy = gtl_table_float8(t, ++c);
	job->confidence_level = gtl_table_float8(t, ++c);
	if (!gtl_guarantee_parse(gtl_table_text(t, ++c), &job->guarantee))
		elog(ERROR, "unknown guarantee in labeling job \"%s\"", job->name);
	job->per_class = gtl_table_bool(t, ++c);
	job->schedule = gtl_table_text_is(t, ++c, "eager") ? GTL_SCHEDULE_EAGER : GTL_SCHEDULE_STANDARD;
	job->validation_share = read_share(t, ++c);
	job->algorithm = gtl_table_text(t, ++c);
	job->query_strategy = gtl_table_text(t, ++c);
	job->initial_model_id = gtl_table_int64(t, ++c);
	job->max_human_labeled = gtl_table_int32(t, ++c);
	job->max_percentage_labeled = gtl_table_int32(t, ++c);
	job->task_time_limit = read_interval(t, ++c);
	job->task_availability_lifetime = read_interval(t, ++c);
	job->workteam = read_oid(t, ++c);
	job->seed = gtl_table_int64(t, ++c);
	job->object_count = gtl_table_int32(t, ++c);
	job->validation_count = gtl_table_int32(t, ++c);
	job->dimension = gtl_table_int32(t, ++c);
	job->given_count = gtl_table_int32(t, ++c);
	c += 3;						/* given_class_no, feature_mean, feature_squares: read by those who need them */
	job->state = parse_state(gtl_table_text(t, ++c));
	job->failure_reason = gtl_table_text(t, ++c);
	job->open_batch_no = gtl_table_int32(t, ++c);
	job->human_labeled = gtl_table_int32(t, ++c);
	job->machine_labeled = gtl_table_int32(t, ++c);
	job->failed = gtl_table_int32(t, ++c);
	job->label_noise = read_share(t, ++c);
	c += 3;						/* created_at, last_modified_at, finished_at */
	job->purged = !gtl_table_isnull(t, ++c);
	job->revision = gtl_table_int32(t, ++c);
	job->stop_requested = gtl_table_bool(t, ++c);
	return job;
}

/* Opens the table with the row of that name at hand. */
static void
open_by_name(GtlTable *table, const char *name)
{
	ScanKeyData key;

	gtl_table_open(table, "job", "job_job_name_key", AccessShareLock);
	ScanKeyEntryInitialize(&key, 0, 1, BTEqualStrategyNumber, InvalidOid, C_COLLATION_OID, F_TEXTEQ,
						   CStringGetTextDatum(name));
	if (!gtl_table_find(table, &key, 1))
		gtl_error_unknown_job(name);
}

GtlJob *
gtl_job_find(const char *name)
{
	GtlTable	table;
	GtlJob	   *job;

	open_by_name(&table, name);
	job = read_job(&table);
	gtl_table_close(&table);
	return job;
}

int64
gtl_job_find_id(const char *name)
{
	GtlTable	table;
	int64		job_id;

	open_by_name(&table, name);
	job_id = gtl_table_int64(&table, 1);
	gtl_table_close(&table);
	return job_id;
}

static GtlJob *
get_job(int64 job_id, bool lock)
{
	GtlTable	table;
	ScanKeyData key;
	GtlJob	   *job = NULL;

	gtl_table_open(&table, "job", "job_pkey", lock ? RowShareLock : AccessShareLock);
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(job_id));
	if (gtl_table_find(&table, &key, 1) && (!lock || gtl_table_lock(&table, true)))
		job = read_job(&table);
	gtl_table_close(&table);
	return job;
}

GtlJob *
gtl_job_get(int64 job_id)
{
	return get_job(job_id, false);
}

GtlJob *
gtl_job_lock(int64 job_id)
{
	return get_job(job_id, true);
}

/* A parameter that is NULL where the C value means "none". */
static void
set_text(Datum *values, char *nulls, int i, const char *value)
{
	nulls[i] = value == NULL ? 'n' : ' ';
	values[i] = value == NULL ? (Datum) 0 : CStringGetTextDatum(value);
}

void
gtl_job_insert(GtlJob *job)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.job (job_name, owner, dataset, dataset_name, key_column, features_column, label_column,"
		" label_categories, label_attribute_name, max_concurrent_task_count, annotators_per_object, auto_label,"
		" target_accuracy, confidence_level, guarantee, schedule, validation_share, algorithm, query_strategy,"
		" initial_model_id, max_human_labeled_object_count, max_percentage_of_input_dataset_labeled,"
		" task_time_limit, task_availability_lifetime, workteam, seed, object_count, validation_count, dimension,"
		" given_count, state, human_labeled, machine_labeled, failed, created_at, last_modified_at, min_annotators,"
		" consolidation_confidence, consolidation, gold_column, audit_share, per_class)"
		" VALUES ($1, $2::regrole, $3::regclass, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,"
		" $19, $20, $21, $22, $23, $24, $25::regrole, $26, 0, 0, 0, 0, 'initializing', 0, 0, 0, $27, $27, $28,"
		" $29, $30, $31, $32, $33)"
		" ON CONFLICT (job_name) DO NOTHING RETURNING job_id",
		33,
		{TEXTOID, OIDOID, OIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTARRAYOID, TEXTOID, INT4OID, INT4OID, BOOLOID,
		FLOAT8OID, FLOAT8OID, TEXTOID, TEXTOID, FLOAT8OID, TEXTOID, TEXTOID, INT8OID, INT4OID, INT4OID,
		INTERVALOID, INTERVALOID, OIDOID, INT8OID, TIMESTAMPTZOID, INT4OID, FLOAT8OID, TEXTOID, TEXTOID, FLOAT8OID,
		BOOLOID}
	};
	Datum		v[33];
	char		nulls[33];
	GtlResult	r;

	memset(nulls, ' ', sizeof(nulls));
	v[0] = CStringGetTextDatum(job->name);
	v[1] = ObjectIdGetDatum(job->owner);
	v[2] = ObjectIdGetDatum(job->dataset);
	v[3] = CStringGetTextDatum(job->dataset_name);
	set_text(v, nulls, 4, job->key_column);
	set_text(v, nulls, 5, job->features_column);
	set_text(v, nulls, 6, job->label_column);
	v[7] = gtl_array_text(job->categories, job->ncategories);
	v[8] = CStringGetTextDatum(job->label_attribute_name);
	v[9] = Int32GetDatum(job->max_concurrent);
	v[10] = Int32GetDatum(job->annotators_per_object);
	v[11] = BoolGetDatum(job->auto_label);
	v[12] = Float8GetDatum(job->target_accuracy);
	v[13] = Float8GetDatum(job->confidence_level);
	v[14] = CStringGetTextDatum(gtl_guarantee_name(job->guarantee));
	v[15] = CStringGetTextDatum(job->schedule == GTL_SCHEDULE_EAGER ? "eager" : "standard");
	v[16] = Float8GetDatum(job->validation_share);
	nulls[16] = job->validation_share < 0 ? 'n' : ' ';
	v[17] = CStringGetTextDatum(job->algorithm);
	v[18] = CStringGetTextDatum(job->query_strategy);
	v[19] = Int64GetDatum(job->initial_model_id);
	nulls[19] = job->initial_model_id == 0 ? 'n' : ' ';
	v[20] = Int32GetDatum(job->max_human_labeled);
	nulls[20] = job->max_human_labeled == 0 ? 'n' : ' ';
	v[21] = Int32GetDatum(job->max_percentage_labeled);
	nulls[21] = job->max_percentage_labeled == 0 ? 'n' : ' ';
	v[22] = IntervalPGetDatum(&job->task_time_limit);
	v[23] = IntervalPGetDatum(&job->task_availability_lifetime);
	v[24] = ObjectIdGetDatum(job->workteam);
	nulls[24] = OidIsValid(job->workteam) ? ' ' : 'n';
	v[25] = Int64GetDatum(job->seed);
	v[26] = TimestampTzGetDatum(gtl_clock_now());
	v[27] = Int32GetDatum(job->min_annotators);
	v[28] = Float8GetDatum(job->consolidation_confidence);
	nulls[28] = job->consolidation_confidence < 0 ? 'n' : ' ';
	set_text(v, nulls, 29, job->consolidation);
	set_text(v, nulls, 30, job->gold_column);
	v[31] = Float8GetDatum(job->audit_share);
	nulls[31] = job->audit_share < 0 ? 'n' : ' ';
	v[32] = BoolGetDatum(job->per_class);

	if (gtl_query_run(&r, &insert, v, nulls) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("labeling job \"%s\" already exists", job->name),
				 errhint("Choose another name, or remove the other job with gt_drop_job.")));
	job->job_id = gtl_result_int64(&r, 0, 1);
	gtl_query_end(&r);
	job->state = GTL_JOB_INITIALIZING;
	job->audit_count = -1;
	job->label_noise = -1;
}

void
gtl_job_set_snapshot(GtlJob *job, const GtlFeatureStats *stats, const int32 *given_classes)
{
	static GtlStatement update = {
		"UPDATE gtlabel.job SET object_count = $2, validation_count = $3, dimension = $4,"
		" feature_mean = $5, feature_squares = $6, given_count = $7, given_class_no = $8,"
		" validation_share = $9 WHERE job_id = $1",
		9, {INT8OID, INT4OID, INT4OID, INT4OID, FLOAT8ARRAYOID, FLOAT8ARRAYOID, INT4OID, INT4ARRAYOID, FLOAT8OID}
	};
	Datum		v[9];
	char		nulls[9];

	memset(nulls, ' ', sizeof(nulls));
	v[0] = Int64GetDatum(job->job_id);
	v[1] = Int32GetDatum(job->object_count);
	v[2] = Int32GetDatum(job->validation_count);
	v[3] = Int32GetDatum(job->dimension);
	if (stats != NULL)
	{
		v[4] = gtl_array_float8(stats->mean, stats->dimension);
		v[5] = gtl_array_float8(stats->squares, stats->dimension);
	}
	else
		nulls[4] = nulls[5] = 'n';
	v[6] = Int32GetDatum(job->given_count);
	v[7] = gtl_array_int32(given_classes, job->given_count);
	nulls[7] = job->given_count == 0 ? 'n' : ' ';
	v[8] = Float8GetDatum(job->validation_share);
	nulls[8] = job->validation_share < 0 ? 'n' : ' ';
	if (gtl_query_do(&update, v, nulls) != 1)
		gtl_error_unknown_job(job->name);	/* a function in the dataset's view has dropped it */
}

void
gtl_job_feature_stats(const GtlJob *job, const GtlEnv *env, GtlFeatureStats *stats)
{
	static GtlStatement select = {
		"SELECT feature_mean, feature_squares FROM gtlabel.job WHERE job_id = $1", 1, {INT8OID}
	};
	Datum		v[1] = {Int64GetDatum(job->job_id)};
	GtlResult	r;
	ArrayType  *mean;
	ArrayType  *squares;
	Size		bytes = sizeof(double) * job->dimension;

	gtl_stats_init(stats, job->dimension, env);
	stats->count = (int64) job->object_count + job->given_count;
	if (gtl_query_run(&r, &select, v, NULL) != 1)
		gtl_error_unknown_job(job->name);
	mean = (ArrayType *) gtl_result_varlena(&r, 0, 1);
	squares = (ArrayType *) gtl_result_varlena(&r, 0, 2);
	memcpy(stats->mean, ARR_DATA_PTR(mean), bytes);
	memcpy(stats->squares, ARR_DATA_PTR(squares), bytes);
	pfree(mean);
	pfree(squares);
	gtl_query_end(&r);
}

int32 *
gtl_job_given_classes(const GtlJob *job)
{
	static GtlStatement select = {"SELECT given_class_no FROM gtlabel.job WHERE job_id = $1", 1, {INT8OID}};
	Datum		v[1] = {Int64GetDatum(job->job_id)};
	GtlResult	r;
	int32	   *classes;
	int			count;

	if (gtl_query_run(&r, &select, v, NULL) != 1)
		gtl_error_unknown_job(job->name);
	classes = gtl_result_int32_array(&r, 0, 1, &count);
	gtl_query_end(&r);
	return classes;
}

GtlPromise
gtl_job_promise(const GtlJob *job)
{
	return (GtlPromise) {job->guarantee, 1.0 - job->target_accuracy, 1.0 - job->confidence_level};
}

bool
gtl_job_has_early_round(const GtlJob *job)
{
	return job->schedule == GTL_SCHEDULE_EAGER || job->initial_model_id != 0 ||
		job->given_count >= GIVEN_PER_CLASS * job->ncategories;
}

static void
refuse_change(const GtlJob *job)
{
	if (gtl_job_get(job->job_id) == NULL)
		gtl_error_unknown_job(job->name);
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_IN_USE),
			 errmsg("labeling job \"%s\" was changed in the middle of its own step", job->name),
			 errhint("Its consolidation function must not steer the job.")));
}

static void
write_job(GtlJob *job, bool revise)
{
	static GtlStatement update = {
		"UPDATE gtlabel.job SET state = $2, failure_reason = $3, open_batch_no = NULLIF($4, 0),"
		" human_labeled = $5, machine_labeled = $6, failed = $7, last_modified_at = $8, auto_label = $9,"
		" audit_count = NULLIF($10, -1), audit_wrong = $11, audit_verdict = $12, label_noise = NULLIF($13, -1),"
		" finished_at = CASE WHEN $2 IN ('completed', 'stopped', 'failed') THEN $8 END,"
		" revision = $14 + $15::int, stop_requested = $16"
		" WHERE job_id = $1 AND revision = $14",
		16, {INT8OID, TEXTOID, TEXTOID, INT4OID, INT4OID, INT4OID, INT4OID, TIMESTAMPTZOID, BOOLOID, INT4OID, INT4OID, TEXTOID,
		FLOAT8OID, INT4OID, BOOLOID, BOOLOID}
	};
	Datum		v[16];
	char		nulls[16];

	memset(nulls, ' ', sizeof(nulls));
	v[0] = Int64GetDatum(job->job_id);
	v[1] = CStringGetTextDatum(gtl_job_state_name(job->state));
	set_text(v, nulls, 2, job->failure_reason);
	v[3] = Int32GetDatum(job->open_batch_no);
	v[4] = Int32GetDatum(job->human_labeled);
	v[5] = Int32GetDatum(job->machine_labeled);
	v[6] = Int32GetDatum(job->failed);
	v[7] = TimestampTzGetDatum(gtl_clock_now());
	v[8] = BoolGetDatum(job->auto_label);
	v[9] = Int32GetDatum(job->audit_count);
	v[10] = Int32GetDatum(job->audit_wrong);
	nulls[10] = job->audit_count < 0 ? 'n' : ' ';
	set_text(v, nulls, 11, job->audit_verdict);
	v[12] = Float8GetDatum(job->label_noise);
	v[13] = Int32GetDatum(job->revision);
	v[14] = BoolGetDatum(revise);
	v[15] = BoolGetDatum(job->stop_requested);
	if (gtl_query_do(&update, v, nulls) != 1)
		refuse_change(job);
	job->revision += revise;
}

void
gtl_job_update(GtlJob *job)
{
	write_job(job, false);
}

void
gtl_job_revise(GtlJob *job)
{
	write_job(job, true);
}

void
gtl_job_alter(GtlJob *job)
{
	static GtlStatement update = {
		"UPDATE gtlabel.job SET owner = $2::regrole, max_concurrent_task_count = $3, target_accuracy = $4,"
		" confidence_level = $5, guarantee = $6, query_strategy = $7, algorithm = $8,"
		" max_human_labeled_object_count = NULLIF($9, 0), max_percentage_of_input_dataset_labeled = NULLIF($10, 0),"
		" task_time_limit = $11, task_availability_lifetime = $12, workteam = NULLIF($13, 0::oid)::regrole,"
		" last_modified_at = $14, revision = revision + 1 WHERE job_id = $1",
		14, {INT8OID, OIDOID, INT4OID, FLOAT8OID, FLOAT8OID, TEXTOID, TEXTOID, TEXTOID, INT4OID, INT4OID,
		INTERVALOID, INTERVALOID, OIDOID, TIMESTAMPTZOID}
	};
	Datum		v[14];

	v[0] = Int64GetDatum(job->job_id);
	v[1] = ObjectIdGetDatum(job->owner);
	v[2] = Int32GetDatum(job->max_concurrent);
	v[3] = Float8GetDatum(job->target_accuracy);
	v[4] = Float8GetDatum(job->confidence_level);
	v[5] = CStringGetTextDatum(gtl_guarantee_name(job->guarantee));
	v[6] = CStringGetTextDatum(job->query_strategy);
	v[7] = CStringGetTextDatum(job->algorithm);
	v[8] = Int32GetDatum(job->max_human_labeled);
	v[9] = Int32GetDatum(job->max_percentage_labeled);
	v[10] = IntervalPGetDatum(&job->task_time_limit);
	v[11] = IntervalPGetDatum(&job->task_availability_lifetime);
	v[12] = ObjectIdGetDatum(job->workteam);
	v[13] = TimestampTzGetDatum(gtl_clock_now());
	gtl_query_do(&update, v, NULL);
	job->revision++;
}

void
gtl_job_set_purged(GtlJob *job)
{
	static GtlStatement update = {
		"UPDATE gtlabel.job SET purged_at = $2 WHERE job_id = $1", 2, {INT8OID, TIMESTAMPTZOID}
	};
	Datum		v[2] = {Int64GetDatum(job->job_id), TimestampTzGetDatum(gtl_clock_now())};

	gtl_query_do(&update, v, NULL);
	job->purged = true;
}

void
gtl_job_delete(int64 job_id)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.job WHERE job_id = $1", 1, {INT8OID}};
	Datum		v[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&delete, v, NULL);
}

void
gtl_job_require_owner(const GtlJob *job)
{
	if (!has_privs_of_role(GetUserId(), job->owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of labeling job \"%s\"", job->name)));
}

int32
gtl_job_unlabeled(const GtlJob *job)
{
	return job->object_count - job->human_labeled - job->machine_labeled - job->failed;
}

bool
gtl_job_is_final(const GtlJob *job)
{
	return job->state == GTL_JOB_STOPPED || job->state == GTL_JOB_COMPLETED || job->state == GTL_JOB_FAILED;
}
