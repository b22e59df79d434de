/*
 * explain_object.c
 *		gt_explain_object: what happened to one object.
 */
#include "reports/explain_object.h"

#include <math.h>

#include "base/format.h"
#include "base/memory.h"
#include "base/query.h"
#include "catalog/pg_type.h"
#include "data/neighbour_columns.h"
#include "learning/row_scorer.h"
#include "reports/explain_drift.h"
#include "reports/object_history.h"
#include "reports/report.h"
#include "tables/certificate.h"
#include "tables/job.h"
#include "tables/model.h"
#include "tables/round.h"
#include "utils/builtins.h"

/* Validation objects train as well, but for the fold that judges them (learning/crossfit.c). */
static const char *
describe_subset(const GtlJob *job, bool validation, bool active)
{
	if (!validation)
		return "pool: people or the machine label it; it may train the model";
	if (job->guarantee == GTL_GUARANTEE_AUDITED)
		return "validation: one of those that people label first; it trains the model, and the evidence is the audit";
	if (active)
		return "validation: labeled by people; judged by a model that it did not train, and counts in the certificate";
	return "validation: labeled by people; left the certificate when the queries would have chosen it";
}

/* Its number and whether it is a validation object; error if the job has no such object. */
static int32
find_object(GtlReport *report, const GtlJob *job, const char *key, bool *validation)
{
	static GtlStatement select = {
		"SELECT object_no, validation_no, validation_active FROM gtlabel.object WHERE job_id = $1 AND object_key = $2",
		2, {INT8OID, TEXTOID}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), CStringGetTextDatum(key)};
	GtlResult	r;
	int32		object_no;

	if (gtl_query_run(&r, &select, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("labeling job \"%s\" has no object \"%s\"", job->name, key),
				 errhint("Objects are named by the text form of the dataset's column \"%s\".", job->key_column)));
	object_no = gtl_result_int32(&r, 0, 1);
	*validation = !gtl_result_isnull(&r, 0, 2);
	gtl_report_add(report, "subset", describe_subset(job, *validation, gtl_result_bool(&r, 0, 3)), NULL);
	gtl_query_end(&r);
	return object_no;
}

/* Rows of (topic, finding) from a statement with parameters ($1 job, $2 object). */
static void
add_rows(GtlReport *report, GtlStatement *statement, const GtlJob *job, int32 object_no)
{
	Datum		values[2] = {Int64GetDatum(job->job_id), Int32GetDatum(object_no)};
	GtlResult	r;

	gtl_query_run(&r, statement, values, NULL);
	for (uint64 i = 0; i < r.count; i++)
		gtl_report_add(report, gtl_result_text(&r, i, 1), gtl_result_text(&r, i, 2), NULL);
	gtl_query_end(&r);
}

/* The most probable categories, most probable first. */
static char *
name_top_categories(const GtlModel *model, const float *probability)
{
	StringInfoData words;
	bool	   *shown = palloc0(sizeof(bool) * model->ncategories);

	initStringInfo(&words);
	for (int rank = 0; rank < Min(3, model->ncategories); rank++)
	{
		int			best = -1;

		for (int c = 0; c < model->ncategories; c++)
			if (!shown[c] && (best < 0 || probability[c] > probability[best]))
				best = c;
		shown[best] = true;
		appendStringInfo(&words, "%s%s %s", rank == 0 ? "" : ", ", model->categories[best], gtl_format_percent(probability[best]));
	}
	return words.data;
}

/* One row is summed up in another order than many: the margin of the object at the threshold can be this far from it. */
#define LAST_DIGITS 1e-6

/* What the newest model says of the object, against the margin that gets a label. */
static void
explain_model(GtlReport *report, const GtlJob *job, int32 object_no)
{
	GtlEnv		env;
	GtlRound	round;
	GtlModel   *model;
	GtlFeatureReader *reader;
	GtlRowScorer *scorer;
	float	   *row;
	const float *probability;
	int32		best;
	double		margin;
	double		needed;

	if (job->purged || !gtl_round_read_last(job->job_id, &round) || round.model_id == 0)
		return;
	gtl_env_init(&env, CurrentMemoryContext);
	model = gtl_model_get(round.model_id, &env);
	if (model == NULL)
		return;
	row = palloc(sizeof(float) * gtl_job_width(job));
	reader = gtl_neighbour_columns_reader(job, model, &env);
	gtl_feature_reader_rows(reader, object_no, 1, row);
	gtl_feature_reader_close(reader);
	scorer = gtl_row_scorer_create(&model->classifier, model->classifier.dimension, NULL, &env);
	probability = gtl_row_scorer_score(scorer, row, &best, &margin);
	needed = job->per_class ? gtl_certificate_label_margin(job->job_id, round.round_no, best) : round.label_margin;
	gtl_report_add(report, "model",
				   psprintf("%s says %s; margin %.4f, %s", model->name, name_top_categories(model, probability), margin,
							isnan(needed) ?
							psprintf("and round %d labeled nothing by machine", round.round_no) :
							psprintf("%s %.4f, the smallest that round %d labeled", margin >= needed - LAST_DIGITS ? "at or above" : "below",
									 needed, round.round_no)), NULL);
}

void
gtl_explain_object(const GtlJob *job, const char *key, GtlReport *report)
{
	static GtlStatement tasks = {
		"SELECT 'task', format('batch %s: %s%s', t.batch_no,"
		"   CASE WHEN t.state IN ('available', 'accepted') AND b.expires_at <= gtlabel.clock() THEN 'expired'"
		"        WHEN t.state = 'accepted' AND t.lease_expires_at <= gtlabel.clock() THEN 'available' ELSE t.state END,"
		"   CASE WHEN t.annotator IS NOT NULL THEN ' (' || t.annotator || COALESCE(': ' || t.remark, '') || ')' ELSE '' END)"
		" FROM gtlabel.batch b JOIN gtlabel.job j USING (job_id)"
		" CROSS JOIN generate_series(-j.annotators_per_object, j.annotators_per_object - 1) s CROSS JOIN LATERAL"
		"   (SELECT * FROM gtlabel.task t WHERE t.job_id = $1 AND t.batch_no = b.batch_no AND t.slot_no = s AND t.object_no = $2 OFFSET 0) t"
		" WHERE b.job_id = $1 ORDER BY t.batch_no, t.slot_no",
		2, {INT8OID, INT4OID}
	};
	static GtlStatement answers = {
		"SELECT 'answer', format('%s: %s%s', a.annotator, j.label_categories[a.class_no + 1], COALESCE(' (' || a.remark || ')', ''))"
		" FROM gtlabel.annotation a JOIN gtlabel.job j USING (job_id)"
		" WHERE a.job_id = $1 AND a.object_no = $2 ORDER BY a.submitted_at, a.annotator",
		2, {INT8OID, INT4OID}
	};
	static GtlStatement label = {
		"SELECT 'label', format('%s, by %s, confidence %s%s', j.label_categories[l.class_no + 1],"
		"   CASE WHEN (SELECT c.class_no FROM gtlabel.correction c WHERE c.job_id = $1 AND c.object_no = $2) IS NOT NULL THEN 'the owner'"
		"        WHEN l.human THEN format('people in batch %s', l.batch_no)"
		"        ELSE format('machine in round %s%s', l.round_no,"
		"                    CASE WHEN l.audit_no IS NOT NULL THEN format(', passed by audit %s', l.audit_no)"
		"                         WHEN j.state IN ('stopped', 'completed') AND j.guarantee <> 'audited'"
		"                         THEN '' ELSE ' (provisional)' END) END,"
		"   round(l.confidence::numeric, 4),"
		"   COALESCE(', margin ' || round(l.margin::numeric, 4), ', tied with ' || j.label_categories[l.tied_class_no + 1]))"
		" FROM gtlabel.label l JOIN gtlabel.job j USING (job_id) WHERE l.job_id = $1 AND l.object_no = $2"
		" UNION ALL"
		" SELECT 'failure', format('%s in batch %s', f.reason, f.batch_no)"
		" FROM gtlabel.failure f WHERE f.job_id = $1 AND f.object_no = $2"
		" UNION ALL"
		" SELECT 'label', 'none yet' WHERE NOT EXISTS (SELECT FROM gtlabel.label WHERE job_id = $1 AND object_no = $2)"
		"   AND NOT EXISTS (SELECT FROM gtlabel.failure WHERE job_id = $1 AND object_no = $2)",
		2, {INT8OID, INT4OID}
	};
	static GtlStatement correction = {
		"SELECT 'correction', format('%s at %s, by %s%s', CASE WHEN c.class_no IS NULL THEN 'taken back' ELSE 'decided' END,"
		"   c.corrected_at, array_to_string(c.reviewers, ', '),"
		"   COALESCE('; the machine said ' || j.label_categories[c.machine_class_no + 1], ''))"
		" FROM gtlabel.correction c JOIN gtlabel.job j USING (job_id) WHERE c.job_id = $1 AND c.object_no = $2",
		2, {INT8OID, INT4OID}
	};
	static GtlStatement recall = {
		"SELECT 'machine', CASE WHEN margin IS NULL THEN 'the row has changed after people had answered: they are asked again'"
		" ELSE format('a label with a margin of %s was withdrawn by the owner, for people to label', round(margin::numeric, 4)) END"
		" FROM gtlabel.recall WHERE job_id = $1 AND object_no = $2",
		2, {INT8OID, INT4OID}
	};
	static GtlStatement former = {
		"SELECT 'former answer', format('%s: %s%s at %s, about the row as it was until %s', f.annotator, j.label_categories[f.class_no + 1],"
		"   COALESCE(' (' || f.remark || ')', ''), f.answered_at, f.changed_at)"
		" FROM (SELECT o.object_key FROM gtlabel.object o WHERE o.job_id = $1 AND o.object_no = $2 OFFSET 0) o"
		" CROSS JOIN LATERAL (SELECT * FROM gtlabel.former_answer f WHERE f.job_id = $1 AND f.object_key = o.object_key OFFSET 0) f"
		" JOIN gtlabel.job j ON j.job_id = $1 ORDER BY f.answered_at, f.annotator",
		2, {INT8OID, INT4OID}
	};
	int32		object_no;
	bool		validation;

	gtl_report_begin(report);
	object_no = find_object(report, job, key, &validation);
	add_rows(report, &former, job, object_no);
	add_rows(report, &tasks, job, object_no);
	add_rows(report, &answers, job, object_no);
	add_rows(report, &label, job, object_no);
	add_rows(report, &correction, job, object_no);
	add_rows(report, &recall, job, object_no);
	if (!validation)
		gtl_object_history(report, job, object_no);
	explain_model(report, job, object_no);
	gtl_explain_drift_object(job, object_no, report);
}
