/*
 * explain_changes.c
 *		What answers that have changed since do to what was shown.
 *
 * While a job runs, its next round decides by the answers as they are.  Of a job that is over the evidence stays as it was
 * written down; here it is judged anew.  An audit is made once more (steps/audit_now.h).  The last round's certificate
 * counts the worst: each label of the validation set that has changed since would be another error.
 */
#include "reports/explain_changes.h"

#include "base/format.h"
#include "base/query.h"
#include "catalog/pg_type.h"
#include "steps/audit_now.h"
#include "utils/timestamp.h"

static const char *const withdraw_advice = "gt_withdraw_machine_labels takes the machine labels back; people label the rest.";

/* Labels of the validation set that are not those of the round: changed since, or gone. */
static int
count_changed_validation(const GtlRound *round, TimestampTz finished_at)
{
	static GtlStatement select = {
		"SELECT count(*) FILTER (WHERE l.human)::int, count(*) FILTER (WHERE l.human AND l.labeled_at > $2)::int"
		" FROM (SELECT * FROM gtlabel.object o WHERE o.job_id = $1 AND o.validation_no IS NOT NULL) o CROSS JOIN LATERAL"
		"   (SELECT * FROM gtlabel.label l WHERE l.job_id = $1 AND l.object_no = o.object_no OFFSET 0) l",
		2, {INT8OID, TIMESTAMPTZOID}
	};
	Datum		values[2] = {Int64GetDatum(round->job_id), TimestampTzGetDatum(finished_at)};
	GtlResult	r;
	int			changed;

	gtl_query_run(&r, &select, values, NULL);
	changed = gtl_result_int32(&r, 0, 2) + Max(round->validation_count - gtl_result_int32(&r, 0, 1), 0);
	gtl_query_end(&r);
	return changed;
}

/* Was an answer taken back, changed or decided after a time? */
static bool
any_change_after(int64 job_id, TimestampTz time)
{
	static GtlStatement select = {
		"SELECT 1 FROM (SELECT * FROM gtlabel.event WHERE job_id = $1) e WHERE e.at > $2"
		" AND e.event IN ('revised', 'retracted', 'excluded', 'included', 'corrected') LIMIT 1",
		2, {INT8OID, TIMESTAMPTZOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), TimestampTzGetDatum(time)};

	return gtl_query_do(&select, values, NULL) > 0;
}

static TimestampTz
round_finished_at(const GtlRound *round)
{
	static GtlStatement select = {
		"SELECT finished_at FROM gtlabel.round WHERE job_id = $1 AND round_no = $2", 2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(round->job_id), Int32GetDatum(round->round_no)};

	return gtl_query_int64(&select, values);
}

static void
explain_certificate(const GtlJob *job, const GtlRound *round, GtlReport *report)
{
	const GtlPromise *promise = &round->promise;
	const GtlCertificate *c = &round->certificate;
	TimestampTz finished_at = round_finished_at(round);
	int			changed;
	int			halvings;
	double		bound;
	bool		stands;

	if (!any_change_after(job->job_id, finished_at))
		return;
	changed = count_changed_validation(round, finished_at);
	if (changed == 0)
		return;
	halvings = gtl_certify_halvings(round->validation_count, round->validation_active);
	bound = gtl_certify_bound(Min(c->k + changed, c->n), c->n, promise, halvings);
	stands = !job->per_class && promise->scope == GTL_SCOPE_MACHINE_LABELS && bound <= promise->target_error;
	gtl_report_add(report, GTL_TOPIC_CHANGES,
				   psprintf("the certificate is a record of what was known at round %d; since then %s labels of the validation set have changed; %s",
							round->round_no, gtl_format_count(changed), stands ?
							psprintf("were each of them an error of the machine, the bound would be %s: the promise stands",
									 gtl_format_percent_beside(bound, promise->target_error)) :
							"were each of them an error of the machine, the promise would not be shown"),
				   stands ? NULL : withdraw_advice);
}

void
gtl_explain_changes(const GtlJob *job, const GtlJobFacts *facts, GtlReport *report)
{
	bool		broken;
	char	   *share;
	GtlAuditRecord *audits;
	int			count = gtl_audits_kept(job->job_id, &audits);

	for (int i = 0; i < count; i++)
	{
		char	   *promise = gtl_audit_now_promise(job, &audits[i], &broken);

		if (promise != NULL)
			gtl_report_add(report, GTL_TOPIC_CHANGES, promise, broken ? withdraw_advice : NULL);
	}
	share = gtl_audit_now_share(job, &broken);
	if (share != NULL)
		gtl_report_add(report, GTL_TOPIC_CHANGES, share, broken ? withdraw_advice : NULL);
	if (gtl_job_is_final(job) && facts->has_round && facts->round.certificate.passed && job->machine_labeled > 0)
		explain_certificate(job, &facts->round, report);
}
