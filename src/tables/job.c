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
#include "learning/neighbours.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "tables/job_field.h"
#include "tables/job_state.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* With so many given labels in each category a round before the first batch of training is worth its time. */
#define GIVEN_PER_CLASS 5

#define AT(field) .place = offsetof(GtlJob, field)

/* What is no setting. */
static const GtlJobField facts[] = {
	{"job_name", GTL_FIELD_TEXT, AT(name)},
	{"owner", GTL_FIELD_ROLE, AT(owner)},
	{"dataset_name", GTL_FIELD_TEXT, AT(dataset_name)},
	{"consolidation_owner", GTL_FIELD_ROLE, AT(consolidation_owner)},
	{"dataset_count", GTL_FIELD_INT64, AT(dataset_count)},
	{"former_categories", GTL_FIELD_TEXTS, AT(former), .count = offsetof(GtlJob, nformer)},
	{"object_count", GTL_FIELD_INT32, AT(object_count), .required = true},
	{"validation_count", GTL_FIELD_INT32, AT(validation_count), .required = true},
	{"dimension", GTL_FIELD_INT32, AT(dimension), .required = true},
	{"featurizer_id", GTL_FIELD_INT64, AT(featurizer_id)},
	{"proposal_inputs", GTL_FIELD_INT32, AT(proposal_inputs), .required = true},
	{"neighbours_id", GTL_FIELD_INT64, AT(neighbours_id)},
	{"neighbours_reason", GTL_FIELD_TEXT, AT(neighbours_reason)},
	{"neighbours_segments", GTL_FIELD_INT32, AT(neighbours_segments)},
	{"chosen_start", GTL_FIELD_BOOL, AT(chosen_start)},
	{"given_count", GTL_FIELD_INT32, AT(given_count), .required = true},
	{"state", GTL_FIELD_WORD, AT(state), .words = gtl_job_state_words},
	{"failure_reason", GTL_FIELD_TEXT, AT(failure_reason)},
	{"open_batch_no", GTL_FIELD_INT32, AT(open_batch_no)},
	{"human_labeled", GTL_FIELD_INT32, AT(human_labeled), .required = true},
	{"machine_labeled", GTL_FIELD_INT32, AT(machine_labeled), .required = true},
	{"failed", GTL_FIELD_INT32, AT(failed), .required = true},
	{"audit_count", GTL_FIELD_INT32, AT(audit_count), .none = -1},
	{"audit_wrong", GTL_FIELD_INT32, AT(audit_wrong)},
	{"audit_verdict", GTL_FIELD_TEXT, AT(audit_verdict)},
	{"label_noise", GTL_FIELD_FLOAT8, AT(label_noise), .none = -1},
	{"revision", GTL_FIELD_INT32, AT(revision), .required = true},
	{"stop_requested", GTL_FIELD_BOOL, AT(stop_requested)},
};

#define MAX_FIELDS GTL_LAYOUT_MAX_COLUMNS

/* Columns that no field holds as it is. */
enum
{
	JOB_ID, JOB_PURGED_AT, JOB_FIELDS
};

/* The columns: those two, then the settings, then the facts. */
static const char *job_columns[MAX_FIELDS] = {[JOB_ID] = "job_id", [JOB_PURGED_AT] = "purged_at"};
static GtlLayout job_layout = {"job", job_columns};

static int
field_count(void)
{
	return gtl_job_setting_count + (int) lengthof(facts);
}

static const GtlJobField *
get_field(int number)
{
	return number < gtl_job_setting_count ? &gtl_job_settings[number] : &facts[number - gtl_job_setting_count];
}

static void
open_table(GtlTable *table, const char *index, LOCKMODE lockmode)
{
	if (job_layout.count == 0)
	{
		for (int i = 0; i < field_count(); i++)
			job_columns[JOB_FIELDS + i] = get_field(i)->column;
		job_layout.count = JOB_FIELDS + field_count();
	}
	gtl_table_open(table, &job_layout, index, lockmode);
}

void
gtl_job_derive(GtlJob *job)
{
	job->annotators_per_object = job->max_annotators_set > 0 ? job->max_annotators_set : job->annotators_set;
	job->min_annotators = job->min_annotators_set > 0 ? job->min_annotators_set : job->annotators_set;
	if ((int) job->guarantee < 0)
		job->guarantee = job->schedule == GTL_SCHEDULE_EAGER ? GTL_GUARANTEE_AUDITED : GTL_GUARANTEE_CONFIDENCE;
}

/* A dataset is called what it is called now; one that is gone, what it was called when the row was written. */
static void
name_dataset(GtlJob *job)
{
	char	   *name = get_rel_name(job->dataset);
	char	   *schema = name == NULL ? NULL : get_namespace_name(get_rel_namespace(job->dataset));

	if (schema != NULL)
		job->dataset_name = quote_qualified_identifier(schema, name);
}

/* The row at hand as a struct in the current memory context. */
static GtlJob *
read_job(const GtlTable *table)
{
	GtlJob	   *job = palloc0(sizeof(GtlJob));

	job->job_id = gtl_table_int64(table, JOB_ID);
	job->purged = !gtl_table_isnull(table, JOB_PURGED_AT);
	for (int i = 0; i < field_count(); i++)
	{
		bool		isnull;
		Datum		value = gtl_table_datum(table, JOB_FIELDS + i, &isnull);

		gtl_field_set(get_field(i), job, value, isnull);
	}
	name_dataset(job);
	gtl_job_derive(job);
	return job;
}

/* Opens the table with the row of that name at hand, if there is one. */
static bool
open_by_name(GtlTable *table, const char *name)
{
	ScanKeyData key;

	open_table(table, "job_job_name_key", AccessShareLock);
	ScanKeyEntryInitialize(&key, 0, 1, BTEqualStrategyNumber, InvalidOid, C_COLLATION_OID, F_TEXTEQ,
						   CStringGetTextDatum(name));
	return gtl_table_find(table, &key, 1);
}

GtlJob *
gtl_job_find(const char *name)
{
	GtlJob	   *job = gtl_job_look_up(name);

	if (job == NULL)
		gtl_error_unknown_job(name);
	return job;
}

GtlJob *
gtl_job_look_up(const char *name)
{
	GtlTable	table;
	GtlJob	   *job;

	job = open_by_name(&table, name) ? read_job(&table) : NULL;
	gtl_table_close(&table);
	return job;
}

/* Of the name, but made later: another job, the previous one is gone. */
GtlJob *
gtl_job_previous(const GtlJob *job)
{
	GtlJob	   *previous = job->previous_job == NULL ? NULL : gtl_job_look_up(job->previous_job);

	if (previous == NULL || (job->job_id != 0 && previous->job_id >= job->job_id) ||
		!has_privs_of_role(GetUserId(), previous->owner))
		return NULL;
	return previous;
}

int64
gtl_job_find_id(const char *name)
{
	GtlTable	table;
	int64		job_id;

	if (!open_by_name(&table, name))
		gtl_error_unknown_job(name);
	job_id = gtl_table_int64(&table, JOB_ID);
	gtl_table_close(&table);
	return job_id;
}

static GtlJob *
get_job(int64 job_id, bool lock)
{
	GtlTable	table;
	ScanKeyData key;
	GtlJob	   *job = NULL;

	open_table(&table, "job_pkey", lock ? RowShareLock : AccessShareLock);
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

/*
 * A statement whose parameters are these fields, beginning with the second; the first one is the time (of a
 * new row) or the job_id.  It is composed once and kept for the session.
 */
typedef bool (*FieldFilter) (const GtlJobField *field);

static bool
any_field(const GtlJobField *field)
{
	return true;
}

static bool
can_change(const GtlJobField *field)
{
	return field->fixed == NULL && field->meaning != NULL;
}

/* Appends ", column" or ", column = $n" for each field. */
static void
compose(GtlStatement *statement, StringInfo sql, bool assign, FieldFilter filter)
{
	statement->nargs = 1;
	for (int i = 0; i < field_count(); i++)
	{
		const GtlJobField *field = get_field(i);

		if (!filter(field))
			continue;
		statement->types[statement->nargs++] = gtl_field_type(field);
		appendStringInfo(sql, ", %s", field->column);
		if (assign)
			appendStringInfo(sql, " = $%d", statement->nargs);
	}
}

static void
bind(const GtlJob *job, FieldFilter filter, Datum *values, char *nulls)
{
	int			n = 0;

	nulls[n++] = ' ';
	for (int i = 0; i < field_count(); i++)
	{
		bool		isnull;

		if (!filter(get_field(i)))
			continue;
		values[n] = gtl_field_get(get_field(i), job, &isnull);
		nulls[n++] = isnull ? 'n' : ' ';
	}
}

static void
compose_insert(GtlStatement *insert)
{
	StringInfoData columns;
	StringInfoData places;

	initStringInfo(&columns);
	initStringInfo(&places);
	compose(insert, &columns, false, any_field);
	for (int n = 2; n <= insert->nargs; n++)
		appendStringInfo(&places, ", $%d", n);
	insert->types[0] = TIMESTAMPTZOID;
	insert->sql = MemoryContextStrdup(TopMemoryContext,
									  psprintf("INSERT INTO gtlabel.job (created_at, last_modified_at%s) VALUES ($1, $1%s)"
											   " ON CONFLICT (job_name) DO NOTHING RETURNING job_id",
											   columns.data, places.data));
}

static void
report_taken(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_DUPLICATE_OBJECT),
			 errmsg("labeling job \"%s\" already exists", name),
			 errhint("Choose another name, or remove the other job with gt_drop_job.")));
}

void
gtl_job_require_new(const char *name)
{
	if (gtl_job_look_up(name) != NULL)
		report_taken(name);
}

void
gtl_job_insert(GtlJob *job)
{
	if (!gtl_job_try_insert(job))
		report_taken(job->name);
}

bool
gtl_job_try_insert(GtlJob *job)
{
	static GtlStatement insert = {NULL};
	Datum		values[MAX_FIELDS];
	char		nulls[MAX_FIELDS];
	GtlResult	r;
	bool		inserted;

	if (insert.sql == NULL)
		compose_insert(&insert);
	job->state = GTL_JOB_INITIALIZING;
	job->audit_count = -1;
	job->label_noise = -1;
	bind(job, any_field, values, nulls);
	values[0] = TimestampTzGetDatum(gtl_clock_now());
	inserted = gtl_query_run(&r, &insert, values, nulls) > 0;
	if (inserted)
		job->job_id = gtl_result_int64(&r, 0, 1);
	gtl_query_end(&r);
	return inserted;
}

void
gtl_job_set_snapshot(GtlJob *job)
{
	static GtlStatement update = {
		"UPDATE gtlabel.job SET object_count = $2, validation_count = $3, dimension = $4, given_count = $5,"
		" validation_share = $6, featurizer_id = NULLIF($7, 0), neighbours_id = NULLIF($8, 0), neighbours_reason = $9,"
		" chosen_start = $10, dataset_count = NULLIF($11, 0), neighbours_segments = NULLIF($12, 0) WHERE job_id = $1",
		12, {INT8OID, INT4OID, INT4OID, INT4OID, INT4OID, FLOAT8OID, INT8OID, INT8OID, TEXTOID, BOOLOID, INT8OID, INT4OID}
	};
	Datum		v[12] = {Int64GetDatum(job->job_id), Int32GetDatum(job->object_count), Int32GetDatum(job->validation_count),
		Int32GetDatum(job->dimension), Int32GetDatum(job->given_count), Float8GetDatum(job->validation_share),
	Int64GetDatum(job->featurizer_id), Int64GetDatum(job->neighbours_id), (Datum) 0, BoolGetDatum(job->chosen_start),
	Int64GetDatum(job->dataset_count), Int32GetDatum(job->neighbours_segments)};
	char		nulls[12];

	memset(nulls, ' ', sizeof(nulls));
	nulls[5] = job->validation_share < 0 ? 'n' : ' ';
	set_text(v, nulls, 8, job->neighbours_reason);
	if (gtl_query_do(&update, v, nulls) != 1)
		gtl_error_unknown_job(job->name);	/* a function in the dataset's view has dropped it */
}

void
gtl_job_require_dataset(const GtlJob *job)
{
	if (get_rel_name(job->dataset) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("dataset %s of labeling job \"%s\" does not exist", job->dataset_name, job->name),
				 errhint("gt_labels has the labels by key.")));
}

int
gtl_job_width(const GtlJob *job)
{
	return job->dimension + (job->neighbours_id != 0 ? GTL_NEIGHBOUR_COLUMNS : 0);
}

bool
gtl_job_wants_neighbours(const GtlJob *job)
{
	return job->auto_label && (job->neighbours == 1 || (job->neighbours < 0 && job->guarantee == GTL_GUARANTEE_AUDITED));
}

GtlPromise
gtl_job_promise(const GtlJob *job)
{
	return (GtlPromise) {job->guarantee, 1.0 - job->target_accuracy, 1.0 - job->confidence_level, job->scope};
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

static void
compose_alter(GtlStatement *update)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "UPDATE gtlabel.job SET last_modified_at = gtlabel.clock()");
	compose(update, &sql, true, can_change);
	update->types[0] = INT8OID;
	update->types[update->nargs++] = REGROLEOID;
	appendStringInfo(&sql, ", owner = $%d", update->nargs);
	update->types[update->nargs++] = REGROLEOID;
	appendStringInfo(&sql, ", consolidation_owner = $%d", update->nargs);
	update->types[update->nargs++] = INT4OID;
	appendStringInfo(&sql, ", revision = $%d WHERE job_id = $1", update->nargs);
	update->sql = MemoryContextStrdup(TopMemoryContext, sql.data);
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
gtl_job_alter(GtlJob *job, bool revise)
{
	static GtlStatement update = {NULL};
	Datum		values[MAX_FIELDS];
	char		nulls[MAX_FIELDS];

	if (update.sql == NULL)
		compose_alter(&update);
	job->revision += revise;
	bind(job, can_change, values, nulls);
	values[0] = Int64GetDatum(job->job_id);
	values[update.nargs - 3] = ObjectIdGetDatum(job->owner);
	values[update.nargs - 2] = ObjectIdGetDatum(job->consolidation_owner);
	values[update.nargs - 1] = Int32GetDatum(job->revision);
	nulls[update.nargs - 3] = nulls[update.nargs - 1] = ' ';
	nulls[update.nargs - 2] = OidIsValid(job->consolidation_owner) ? ' ' : 'n';
	gtl_query_do(&update, values, nulls);
}

void
gtl_job_set_categories(const GtlJob *job)
{
	static GtlStatement update = {
		"UPDATE gtlabel.job SET label_categories = $2, former_categories = NULLIF($3, '{}'), dimension = $4, proposal_inputs = $5 WHERE job_id = $1",
		5, {INT8OID, TEXTARRAYOID, TEXTARRAYOID, INT4OID, INT4OID}
	};
	Datum		v[5] = {Int64GetDatum(job->job_id), gtl_array_text(job->categories, job->ncategories),
	gtl_array_text(job->former, job->nformer), Int32GetDatum(job->dimension), Int32GetDatum(job->proposal_inputs)};

	gtl_query_do(&update, v, NULL);
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
