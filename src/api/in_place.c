/*
 * in_place.c
 *		The labels of a job in place: gt_write_labels; and what a random check of labels shows: gt_audit_bound.
 *
 * The certificate of a round says above which margin of the models of the folds the validation set has few enough
 * errors.  That set is a random sample of all rows, and in a job in place nothing leaves it, so the share of it that
 * lies above is about the share of all rows that may get the machine's labels: those with the largest margins of the full model,
 * found by counting (gt_tail).
 *
 * With an audited promise the labels are those that an audit has passed (steps/audit_in_place.c): of the rows with at least
 * a margin that was fixed before the draws, as long as their fingerprint is what it was then.
 */
#include "base/compat.h"

#include "api/arguments.h"
#include "api/in_place.h"
#include "api/own_job.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/memory.h"
#include "data/dataset_rows.h"
#include "data/in_place.h"
#include "data/model_package.h"
#include "funcapi.h"
#include "learning/certify.h"
#include "miscadmin.h"
#include "tables/audit.h"
#include "tables/label.h"
#include "tables/object.h"
#include "tables/round.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

#include <math.h>

/* Models keep the names that the categories had when they were trained. */
static void
use_present_names(const GtlJob *job, GtlModel *model)
{
	for (int c = 0; c < model->ncategories; c++)
		for (int i = 0; i < job->nformer; i += 2)
			if (strcmp(model->categories[c], job->former[i]) == 0)
			{
				model->categories[c] = job->former[i + 1];
				break;
			}
}

GtlModel *
gtl_in_place_model(const GtlJob *job, int64 model_id)
{
	GtlEnv		env;
	GtlModel   *model;

	gtl_env_init(&env, CurrentMemoryContext);
	model = gtl_model_get(model_id, &env);
	if (model != NULL)
		use_present_names(job, model);
	return model;
}

/* The newest round and its model; false: there is none. */
static bool
read_model(const GtlJob *job, GtlRound *round, GtlModel **model)
{
	GtlEnv		env;

	if (!job->auto_label || !gtl_round_read_last(job->job_id, round) || round->model_id == 0)
		return false;
	gtl_env_init(&env, CurrentMemoryContext);
	*model = gtl_model_get(round->model_id, &env);
	return true;
}

/* By the certificate of the newest round. */
static void
read_certified(const GtlJob *job, GtlMachineLabels *labels)
{
	GtlRound	round;
	GtlModel   *model;
	int64		above[GTL_MARGIN_CELLS];
	int64		rows;
	bytea	   *bytes;
	double		margin;

	if (!read_model(job, &round, &model) || !isfinite(round.certificate.threshold) || round.certificate.n <= 0)
		return;
	use_present_names(job, model);
	bytes = gtl_model_package(model);
	rows = gtl_in_place_tail(job, GetUserId(), bytes, above);
	margin = gtl_margin_cells_least(above, (int64) floor((double) round.certificate.n / round.validation_active * (double) rows));
	if (isfinite(margin))
		*labels = (GtlMachineLabels) {model, bytes, margin};
}

/* The audit was of other rows, or of other labels. */
static void
refuse_changed(const GtlJob *job, const GtlAuditRecord *audit, const GtlInPlaceRows *now)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("rows of dataset %s have changed since audit %d of labeling job \"%s\" fixed their labels", job->dataset_name,
					audit->audit_no, job->name),
			 errdetail("Then " INT64_FORMAT " rows had a margin of at least %.6g, now " INT64_FORMAT " have; some have come, gone, or would get another label.",
					   audit->row_count, audit->least_margin, now->count),
			 errhint("What the audit has shown is not about them. Audit them by another job, with initial_model; or set guarantee => 'confidence' in it.")));
}

/* By the newest audit, whose labels are those that its rows still have. */
static void
read_audited(const GtlJob *job, GtlMachineLabels *labels)
{
	GtlAuditRecord audit;
	GtlRound	round;
	GtlModel   *model;
	GtlInPlaceRows now;

	if (!gtl_audits_last(job->job_id, &audit) || audit.figures.state != GTL_AUDIT_PASSED || !audit.fixed ||
		!read_model(job, &round, &model) || round.round_no != audit.round_no)
		return;
	/* by the names that the categories had then */
	gtl_in_place_fingerprint(job, GetUserId(), gtl_model_package(model), audit.least_margin, &now);
	if (now.count != audit.row_count || now.digest != audit.digest)
		refuse_changed(job, &audit, &now);
	use_present_names(job, model);
	*labels = (GtlMachineLabels) {model, gtl_model_package(model), audit.least_margin};
}

void
gtl_in_place_machine_labels(const GtlJob *job, GtlMachineLabels *labels)
{
	memset(labels, 0, sizeof(*labels));
	if (job->guarantee == GTL_GUARANTEE_AUDITED)
		read_audited(job, labels);
	else
		read_certified(job, labels);
}

/* People's labels, by class; keys of all of them, in the order of *people. */
static char **
write_human_labels(const GtlJob *job, const GtlInPlaceTarget *target, GtlHumanLabels *people)
{
	char	  **keys;
	char	  **of_class;

	gtl_label_read_human(job->job_id, people);
	keys = gtl_memory_list(sizeof(char *), people->count);
	of_class = gtl_memory_list(sizeof(char *), people->count);
	gtl_object_keys(job->job_id, people->object_no, people->count, keys);
	for (int c = 0; c < job->ncategories; c++)
	{
		int			count = 0;

		for (int i = 0; i < people->count; i++)
			if (people->class_no[i] == c)
				of_class[count++] = keys[i];
		gtl_in_place_write_class(job, target, job->categories[c], of_class, count);
	}
	return keys;
}

GtlJob *
gtl_in_place_job(FunctionCallInfo fcinfo)
{
	GtlJob	   *job = gtl_own_job(fcinfo);

	if (job->placement != GTL_PLACEMENT_IN_PLACE)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("labeling job \"%s\" does not label in place", job->name),
				 errhint("gt_labels has the labels of all its rows.")));
	gtl_job_require_dataset(job);
	return job;
}

/* Who still answers must not see what the machine says. */
static void
check_hidden(const GtlJob *job, const GtlInPlaceTarget *target)
{
	int			count;
	char	  **shown = gtl_dataset_shown_columns(job, &count);

	if (gtl_job_is_final(job))
		return;
	for (int i = 0; i < count; i++)
		if (strcmp(shown[i], target->label_column) == 0 ||
			(target->confidence_column != NULL && strcmp(shown[i], target->confidence_column) == 0))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("annotators of labeling job \"%s\" see column \"%s\"", job->name, shown[i]),
					 errhint("Set display_columns without it with gt_alter_job, or write the labels when the job is completed.")));
}

/* The certificate is about the rows that could be drawn when the job was created; so large a share of others is worth a word. */
#define OTHER_ROWS 0.1

static void
note_other_rows(const GtlJob *job, const GtlInPlaceCounts *counts)
{
	if (job->guarantee != GTL_GUARANTEE_AUDITED && fabs((double) (counts->rows - job->dataset_count)) > OTHER_ROWS * (double) job->dataset_count)
		ereport(NOTICE,
				(errmsg("dataset %s has %s rows to be labeled, and had %s when the sample of labeling job \"%s\" was drawn", job->dataset_name,
						gtl_format_count(counts->rows), gtl_format_count(job->dataset_count), job->name),
				 errdetail("What the job promises is about rows like those of its sample."),
				 errhint("Where the rows that came or went are others, create a job, with initial_model.")));
}

PG_FUNCTION_INFO_V1(gtl_sql_write_labels);
Datum
gtl_sql_write_labels(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	GtlInPlaceTarget target = {.confidence_column = gtl_argument_name_or_null(fcinfo, 2)};
	GtlJob	   *job;
	GtlHumanLabels people;
	GtlMachineLabels machine;
	char	  **keys;
	GtlInPlaceCounts counts;
	Datum		values[5];
	bool		nulls[5] = {false};

	gtl_argument_required(fcinfo, 1, "label_column");
	target.label_column = gtl_argument_name_or_null(fcinfo, 1);
	job = gtl_in_place_job(fcinfo);
	target.relation = PG_ARGISNULL(3) ? job->dataset : PG_GETARG_OID(3);
	InitMaterializedSRF(fcinfo, 0);
	gtl_in_place_check_target(job, &target);
	check_hidden(job, &target);
	gtl_in_place_machine_labels(job, &machine);
	keys = write_human_labels(job, &target, &people);
	gtl_in_place_write_machine(job, &target, machine.bytes, machine.margin, keys, people.count);
	gtl_in_place_count(job, &target, keys, people.count, &counts);
	if (machine.model != NULL && target.relation == job->dataset)
		note_other_rows(job, &counts);
	values[0] = Int64GetDatum(counts.human);
	values[1] = Int64GetDatum(counts.labeled - counts.human);
	values[2] = Int64GetDatum(counts.rows - counts.labeled);
	nulls[3] = nulls[4] = machine.model == NULL;
	values[3] = Float8GetDatum(machine.margin);
	values[4] = machine.model == NULL ? (Datum) 0 : CStringGetTextDatum(machine.model->name);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	return (Datum) 0;
}

/* ---- gtlabel.same_version ---- */

static char *
read_version(Jsonb *value)
{
	JsonbValue	scalar;

	if (!JB_ROOT_IS_SCALAR(value) || !JsonbExtractScalar(&value->root, &scalar) || scalar.type != jbvString)
		gtl_error_setting("version", "must be a JSON string", NULL);
	return pnstrdup(scalar.val.string.val, scalar.val.string.len);
}

/* Where the rows are, for one of them: has this server the version of gtlabel that the asking one has? */
PG_FUNCTION_INFO_V1(gtl_sql_same_version);
Datum
gtl_sql_same_version(PG_FUNCTION_ARGS)
{
	char	   *asking = read_version(PG_GETARG_JSONB_P(1));

	if (strcmp(asking, GTL_VERSION) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a server of the dataset has gtlabel " GTL_VERSION ", the labeling job's has gtlabel %s", asking),
				 errhint("Install the same version on both.")));
	PG_RETURN_BOOL(true);
}

/* ---- gt_audit_bound ---- */

/* Would so few wrong ones among the drawn be improbable if so many of the labels were wrong? */
static bool
is_refuted(int64 labels, int64 bad, int64 drawn, int64 wrong, double log_risk)
{
	return gtl_hypergeometric_log_cdf(wrong, labels, bad, drawn) <= log_risk;
}

/* Exact: the largest number of wrong labels that the draws do not refute at this level. */
PG_FUNCTION_INFO_V1(gtl_sql_audit_bound);
Datum
gtl_sql_audit_bound(PG_FUNCTION_ARGS)
{
	int64		labels = PG_GETARG_INT64(0);
	int64		drawn = PG_GETARG_INT64(1);
	int64		wrong = PG_GETARG_INT64(2);
	double		level = PG_GETARG_FLOAT8(3);
	int64		low = wrong;	/* never refuted */
	int64		high = labels - (drawn - wrong) + 1;	/* impossible */

	if (labels < 0)
		gtl_error_setting("labels", "must not be negative", NULL);
	if (drawn < 0 || drawn > labels)
		gtl_error_setting("drawn", "must be between 0 and labels", NULL);
	if (wrong < 0 || wrong > drawn)
		gtl_error_setting("wrong", "must be between 0 and drawn", NULL);
	if (!(level > 0 && level < 1))
		gtl_error_setting("confidence_level", "must be between 0 and 1", NULL);
	while (high - low > 1)
	{
		int64		middle = low + (high - low) / 2;

		if (is_refuted(labels, middle, drawn, wrong, log1p(-level)))
			high = middle;
		else
			low = middle;
	}
	PG_RETURN_INT64(low);
}
