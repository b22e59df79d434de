/*
 * round_reason.c
 *		Why a round labeled what it did, in words.
 *
 * One sentence or two for gt_rounds, the event and gt_explain_job: the numbers that
 * decided, against the numbers that were needed.
 */
#include "steps/round_reason.h"

#include <math.h>

#include "base/format.h"
#include "learning/crossfit.h"
#include "lib/stringinfo.h"

static void
no_model(const GtlEvidence *evidence, StringInfo words)
{
	if (evidence->validation_count < GTL_FOLDS)
		appendStringInfo(words, "no model: cross-fitting needs %d validation objects with a label, %d are there; "
						 "the next batch is drawn at random",
						 GTL_FOLDS, evidence->validation_count);
	else
		appendStringInfo(words, "no model: all %d labels so far are of one class; the next batch is drawn at random",
						 evidence->labels.count);
}

static void
passed(const GtlRound *round, StringInfo words)
{
	const GtlCertificate *c = &round->certificate;

	appendStringInfo(words, "margin >= %.4f keeps the promise: %s of %s validation objects above it are wrong, "
					 "error bound %s <= %s; ",
					 c->threshold, gtl_format_count(c->k), gtl_format_count(c->n),
					 gtl_format_percent_beside(c->bound, round->promise.target_error),
					 gtl_format_percent(round->promise.target_error));
	if (round->auto_labeled == 0)
		appendStringInfo(words, "but none of the %s unlabeled objects is above it", gtl_format_count(round->scored));
	else
		appendStringInfo(words, "as many unlabeled objects as are above it get a label, %s of %s: those with a margin >= %.4f of the model itself",
						 gtl_format_count(round->auto_labeled), gtl_format_count(round->scored), round->label_margin);
}

static void
nothing_passed(const GtlRound *round, StringInfo words)
{
	const GtlCertificate *c = &round->certificate;

	if (c->available < c->minimum)
		appendStringInfo(words, "no machine labels: an error of at most %s needs %s validation objects without an error; "
						 "%s are there",
						 gtl_format_percent(round->promise.target_error), gtl_format_count(c->minimum),
						 gtl_format_count(c->available));
	else
		appendStringInfo(words, "no machine labels: the best error bound is %s > %s (%s of %s validation objects wrong); "
						 "with %s wrong, %s validation objects would be needed",
						 gtl_format_percent_beside(c->best_bound, round->promise.target_error),
						 gtl_format_percent(round->promise.target_error),
						 gtl_format_count(c->best_k), gtl_format_count(c->best_n),
						 gtl_format_count(c->best_k), gtl_format_count(c->required));
}

static void
too_noisy(const GtlRound *round, StringInfo words)
{
	appendStringInfo(words, "no machine labels: by people's answers %s of their labels of the validation set are wrong, "
					 "and of the machine's at most %s may be",
					 gtl_format_percent(round->label_noise), gtl_format_percent(round->promise.target_error));
}

/* Of a job with per_class: how far the categories are. */
static void
passed_by_class(const GtlJob *job, const GtlRound *round, const GtlClassVerdict *by_class, StringInfo words)
{
	int			categories = 0;

	for (int c = 0; c < job->ncategories; c++)
		categories += by_class[c].certificate.passed;
	appendStringInfo(words, "%d of %d categories keep the promise, each by itself (highest error bound %s <= %s); ",
					 categories, job->ncategories, gtl_format_percent_beside(round->certificate.bound, round->promise.target_error),
					 gtl_format_percent(round->promise.target_error));
	appendStringInfo(words, "%s of %s unlabeled objects get a label",
					 gtl_format_count(round->auto_labeled), gtl_format_count(round->scored));
}

static void
nothing_passed_by_class(const GtlJob *job, const GtlRound *round, const GtlClassVerdict *by_class, StringInfo words)
{
	int			nearest = 0;
	const GtlCertificate *c;

	for (int i = 1; i < job->ncategories; i++)
		if (by_class[i].certificate.best_bound < by_class[nearest].certificate.best_bound)
			nearest = i;
	c = &by_class[nearest].certificate;
	appendStringInfo(words, "no machine labels: no category keeps the promise by itself; ");
	if (c->available == 0)
		appendStringInfo(words, "no validation objects are left");
	else
		appendStringInfo(words, "the nearest, \"%s\", has an error bound of %s > %s (%s of %s validation objects wrong); "
						 "with %s wrong, %s of its own would be needed",
						 job->categories[nearest], gtl_format_percent_beside(c->best_bound, round->promise.target_error),
						 gtl_format_percent(round->promise.target_error),
						 gtl_format_count(c->best_k), gtl_format_count(c->best_n), gtl_format_count(c->best_k),
						 gtl_format_count(c->required));
}

/* Of a job whose promise is audited. */
static void
audited(const GtlRound *round, StringInfo words)
{
	if (round->audit_due)
		appendStringInfo(words, "an audit begins: the %s machine labels stay as they are, and people check some of them; about %s answers are expected to do",
						 gtl_format_count(round->scored), gtl_format_count((int64) ceil(round->audit_expected)));
	else if (round->provisional > 0)
		appendStringInfo(words, "%s of %s objects have provisional labels, which are audited when that takes at most one answer for %d of them (%s now)",
						 gtl_format_count(round->provisional), gtl_format_count(round->scored), GTL_LATER_LOT_PAYS,
						 round->audit_expected < round->scored ?
						 psprintf("about %s answers", gtl_format_count((int64) ceil(round->audit_expected))) : "too few for any");
	else if (round->audit_expected < round->scored)
		appendStringInfo(words, "no machine labels yet: to check them now is expected to take %s answers, more than to ask about the least certain objects first",
						 gtl_format_count((int64) ceil(round->audit_expected)));
	else
		appendStringInfo(words, "no machine labels yet: too many of them would be wrong for an audit to pass");
}

char *
gtl_round_reason(const GtlJob *job, const GtlEvidence *evidence, const GtlRound *round,
				 const GtlClassVerdict *by_class)
{
	StringInfoData words;

	initStringInfo(&words);
	if (round->model_id == 0)
		no_model(evidence, &words);
	else if (gtl_engine_too_noisy(&round->promise, round->label_noise))
		too_noisy(round, &words);
	else if (round->promise.guarantee == GTL_GUARANTEE_AUDITED)
		audited(round, &words);
	else if (by_class != NULL && round->certificate.passed)
		passed_by_class(job, round, by_class, &words);
	else if (by_class != NULL)
		nothing_passed_by_class(job, round, by_class, &words);
	else if (round->certificate.passed)
		passed(round, &words);
	else
		nothing_passed(round, &words);
	if (round->withdrawn > 0)
		appendStringInfo(&words, "; %s machine labels of earlier rounds were withdrawn", gtl_format_count(round->withdrawn));
	return words.data;
}
