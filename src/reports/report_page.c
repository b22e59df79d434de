/*
 * report_page.c
 *		gt_report: a job as one page of HTML.
 *
 * The page needs nothing but itself: no script, no font, no picture from elsewhere, and
 * its Content-Security-Policy lets a browser load none, whatever the names of jobs,
 * categories and annotators may say.  It is well-formed XML, and ASCII.
 */
#include "reports/report_page.h"

#include <math.h>

#include "base/format.h"
#include "base/query.h"
#include "catalog/pg_type.h"
#include "commands/dbcommands.h"
#include "learning/words.h"
#include "miscadmin.h"
#include "reports/explain_job.h"
#include "reports/html.h"
#include "reports/report_charts.h"
#include "reports/report_style.h"
#include "reports/report_tables.h"
#include "utils/builtins.h"

typedef struct ReportPage
{
	StringInfoData text;
	const GtlJob *job;
	GtlJobFacts facts;
	GtlReport	findings;		/* of gt_explain_job */
	GtlHistory	history;
} ReportPage;

/* ---- Reading ---- */

static void
read_history(const GtlJob *job, GtlHistory *history)
{
	static GtlStatement select = {
		"SELECT b.people, r.round_no, r.auto_labeled, r.threshold, coalesce(r.bound, r.best_bound),"
		" CASE WHEN b.audit THEN b.labeled ELSE 0 END,"
		" EXISTS (SELECT FROM gtlabel.event e WHERE e.job_id = $1 AND e.event = 'withdrawn'"
		"          AND e.at > b.before AND e.at <= b.closed_at),"
		" (SELECT m.accuracy FROM gtlabel.model m WHERE m.model_id = r.model_id) FROM"
		" (SELECT job_id, batch_no, audit, labeled, closed_at, lag(closed_at) OVER (ORDER BY batch_no) AS before,"
		"         (sum(labeled) OVER (ORDER BY batch_no))::int AS people"
		"    FROM gtlabel.batch WHERE job_id = $1 AND closed_at IS NOT NULL) b"
		" LEFT JOIN gtlabel.round r USING (job_id, batch_no) ORDER BY b.batch_no, r.round_no",
		1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job->job_id)};
	GtlResult	r;
	int32		machine = 0;

	history->objects = job->object_count;
	history->target_error = 1.0 - job->target_accuracy;
	history->count = (int) gtl_query_run(&r, &select, values, NULL);
	history->moment = palloc0(sizeof(GtlMoment) * Max(history->count, 1));
	for (int i = 0; i < history->count; i++)
	{
		GtlMoment  *m = &history->moment[i];

		m->people = gtl_result_int32(&r, i, 1);
		m->round_no = gtl_result_isnull(&r, i, 2) ? -1 : gtl_result_int32(&r, i, 2);
		if (gtl_result_bool(&r, i, 7))	/* all withdrawn since the batch before */
			machine = 0;
		/* a round decides anew; an audit turns the labels that it checks into people's */
		machine = m->round_no < 0 ? Max(machine - gtl_result_int32(&r, i, 6), 0) : gtl_result_int32(&r, i, 3);
		m->machine = i == history->count - 1 ? job->machine_labeled : machine;
		m->passed = !gtl_result_isnull(&r, i, 4);
		m->threshold = gtl_result_float8(&r, i, 4);
		m->bound = gtl_result_float8(&r, i, 5);
		m->accuracy = gtl_result_float8(&r, i, 8);
	}
	gtl_query_end(&r);
}

/* One text from a statement that takes one. */
static char *
ask(GtlStatement *statement, const char *argument)
{
	Datum		values[1] = {CStringGetTextDatum(argument)};
	GtlResult	r;
	char	   *answer;

	gtl_query_run(&r, statement, values, NULL);
	answer = gtl_result_text(&r, 0, 1);
	gtl_query_end(&r);
	return answer;
}

/* ---- Head ---- */

static void
put_head(ReportPage *page)
{
	static GtlStatement hash = {
		"SELECT encode(sha256(convert_to($1, 'UTF8')), 'base64')", 1, {TEXTOID}
	};

	gtl_html_format(&page->text, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
								 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-%s';"
								 " base-uri 'none'; form-action 'none'\"/>\n"
								 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
								 "<meta name=\"referrer\" content=\"no-referrer\"/>\n<title>",
					ask(&hash, gtl_report_style));
	gtl_html_text(&page->text, page->job->name);
	gtl_html_format(&page->text, ": labeling job</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n", gtl_report_style);
}

/* Where the job stands, as the first thing to read. */
static char *
headline(const GtlJob *job, const GtlJobFacts *facts)
{
	int32		checked = facts->has_round ? facts->round.auto_labeled - job->machine_labeled : 0;

	int32		unlabeled = gtl_job_unlabeled(job);
	char	   *objects = gtl_format_count(job->object_count);
	char	   *rest = "";
	char	   *shares;

	if (unlabeled > 0)
		rest = psprintf("; %s have no label%s", gtl_format_count(unlabeled), gtl_job_is_final(job) ? "" : " yet");
	if (job->human_labeled == 0)
		shares = psprintf("none of the %s objects has a label yet.", objects);
	else if (job->machine_labeled == 0)
		shares = psprintf("people labeled %s of %s objects, the machine none%s.",
						  gtl_format_count(job->human_labeled), objects, rest);
	else
		shares = psprintf("people labeled %s of %s objects, the machine labeled %s%s%s.",
						  gtl_format_count(job->human_labeled), objects, gtl_format_count(job->machine_labeled),
						  job->audit_count > 0 && checked > 0 ?
						  psprintf(", besides %s that people have checked since and count as theirs", gtl_format_count(checked)) : "",
						  rest);
	switch (job->state)
	{
		case GTL_JOB_COMPLETED:
			return psprintf("Completed: %s", shares);
		case GTL_JOB_STOPPED:
			return psprintf("Stopped: %s", shares);
		case GTL_JOB_STOPPING:
			return psprintf("Stopping: %s", shares);
		case GTL_JOB_FAILED:
			return psprintf("Failed: %s", shares);
		case GTL_JOB_PAUSED:
			return psprintf("Paused: %s", shares);
		default:
			return psprintf("In progress: %s", shares);
	}
}

/* What the head of the page says of the findings: the certificate, or why there is none. */
static const GtlReportRow *
promise(const ReportPage *page, bool *certified)
{
	const GtlReportRow *certificate = gtl_report_find(&page->findings, "certificate");

	*certified = certificate != NULL && page->job->machine_labeled > 0;
	return *certified ? certificate : gtl_report_find(&page->findings, "machine labels");
}

static void
put_promise(ReportPage *page)
{
	bool		certified;
	bool		broken;
	const GtlReportRow *row = promise(page, &certified);
	const GtlReportRow *audit = gtl_report_find(&page->findings, "audit");

	if (row == NULL)
		return;
	gtl_html_raw(&page->text, certified ? "<p class=\"promise\">" : "<p class=\"promise none\">");
	gtl_html_sentence(&page->text, certified ? row->finding : psprintf("machine labels: %s", row->finding));
	gtl_html_raw(&page->text, "</p>\n");
	if (audit == NULL)
		return;
	broken = page->job->audit_verdict != NULL && strcmp(page->job->audit_verdict, "broken") == 0;
	gtl_html_raw(&page->text, broken ? "<p class=\"promise broken\">" : "<p class=\"promise\">");
	gtl_html_sentence(&page->text, psprintf("audit: %s", audit->finding));
	gtl_html_raw(&page->text, "</p>\n");
}

static void
put_legend_entry(StringInfo page, const char *class, const char *name, int32 count, int32 objects)
{
	gtl_html_format(page, "<li><svg viewBox=\"0 0 11 11\" aria-hidden=\"true\">"
					"<rect class=\"%s\" width=\"11\" height=\"11\" rx=\"2\"/></svg>"
						  "%s <b>%s</b> <span>%s</span></li>\n",
					class, name, gtl_format_count(count),
					count == 0 ? "" : gtl_format_percent((double) count / Max(objects, 1)));
}

static void
put_title(ReportPage *page)
{
	const GtlJob *job = page->job;
	StringInfo	text = &page->text;

	gtl_html_raw(text, "<header>\n<p class=\"kicker\">gtlabel &#183; labeling job</p>\n<h1><bdi>");
	gtl_html_text(text, job->name);
	gtl_html_raw(text, "</bdi></h1>\n");
	gtl_html_element(text, "p", "lead", headline(job, &page->facts));
	gtl_html_raw(text, "\n");
	if (job->state == GTL_JOB_FAILED && job->failure_reason != NULL)
		gtl_html_element(text, "p", "lead", job->failure_reason);
	put_promise(page);
	gtl_chart_shares(text, job->human_labeled, job->machine_labeled, job->failed, job->object_count);
	gtl_html_raw(text, "<ul class=\"legend\">\n");
	put_legend_entry(text, "people", "By people", job->human_labeled, job->object_count);
	put_legend_entry(text, "machine", "By machine", job->machine_labeled, job->object_count);
	if (job->failed > 0)
		put_legend_entry(text, "failed", "Failed", job->failed, job->object_count);
	put_legend_entry(text, "open", "No label", gtl_job_unlabeled(job), job->object_count);
	gtl_html_raw(text, "</ul>\n");
}

/* ---- Key numbers ---- */

static void
put_number(StringInfo page, const char *name, const char *number, const char *detail)
{
	gtl_html_raw(page, "<div>");
	gtl_html_element(page, "dt", NULL, name);
	gtl_html_raw(page, "<dd>");
	gtl_html_text(page, number);
	if (detail != NULL)
		gtl_html_element(page, "small", NULL, detail);
	gtl_html_raw(page, "</dd></div>\n");
}

/* A setting as it was given: 0.98 -> "98 %" */
static char *
plain_percent(double share)
{
	return psprintf("%.6g %%", 100 * share);
}

/* Accuracy of the newest model on the validation set; NaN: there is none. */
static double
model_accuracy(const GtlJobFacts *facts)
{
	static GtlStatement select = {
		"SELECT accuracy FROM gtlabel.model WHERE model_id = $1", 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(facts->round.model_id)};
	GtlResult	r;
	double		accuracy;

	accuracy = gtl_query_run(&r, &select, values, NULL) > 0 ? gtl_result_float8(&r, 0, 1) : NAN;
	gtl_query_end(&r);
	return accuracy;
}

static void
put_numbers(ReportPage *page)
{
	const GtlJob *job = page->job;
	const GtlJobFacts *facts = &page->facts;
	StringInfo	text = &page->text;
	double		accuracy = facts->has_round ? model_accuracy(facts) : NAN;
	char	   *guarantee = psprintf("guarantee: %s", gtl_guarantee_name(job->guarantee));

	if (job->guarantee == GTL_GUARANTEE_CONFIDENCE || job->guarantee == GTL_GUARANTEE_STRICT || job->guarantee == GTL_GUARANTEE_AUDITED)
		guarantee = psprintf("with %s confidence", plain_percent(job->confidence_level));
	gtl_html_raw(text, "<dl class=\"numbers\">\n");
	put_number(text, "Objects", gtl_format_count(job->object_count),
			   psprintf("in %s categories", gtl_format_count(job->ncategories)));
	put_number(text, "Validation labels", gtl_format_count(facts->validation_labeled),
			   job->validation_count == 0 ? "there is no validation set" :
			   psprintf("of %s, %s", gtl_format_count(job->validation_count),
						job->chosen_start ? "begun with objects from all parts of the dataset" : "drawn at random"));
	put_number(text, "Target accuracy", plain_percent(job->target_accuracy), psprintf("of the machine's labels, %s", guarantee));
	put_number(text, "Newest model", isnan(accuracy) ? "-" : gtl_format_percent(accuracy),
			   isnan(accuracy) ? "none so far" :
			   psprintf("right on all validation objects, also those it would leave to people (round %d)", facts->round.round_no));
	gtl_html_raw(text, "</dl>\n</header>\n");
}

/* ---- Findings ---- */

/* In the head of the page, or in the table of the rounds. */
static bool
said_elsewhere(const ReportPage *page, const GtlReportRow *row)
{
	return strcmp(row->topic, "state") == 0 || strcmp(row->topic, "audit") == 0 ||
		(page->facts.has_round && strcmp(row->topic, "machine labels") == 0);
}

/* The findings with advice, and those that stand nowhere else. */
static void
put_findings(ReportPage *page)
{
	bool		certified;
	bool		begun = false;
	const GtlReportRow *said = promise(page, &certified);
	ListCell   *cell;

	foreach(cell, page->findings.rows)
	{
		const GtlReportRow *row = lfirst(cell);

		if (row->advice == NULL && (row == said || said_elsewhere(page, row)))
			continue;
		if (!begun)
		{
			gtl_report_section(&page->text, "Where it stands", NULL);
			gtl_html_raw(&page->text, "<dl class=\"pairs\">\n");
			begun = true;
		}
		gtl_html_raw(&page->text, "<div>");
		gtl_html_element(&page->text, "dt", NULL, row->topic);
		gtl_html_raw(&page->text, "<dd>");
		gtl_html_sentence(&page->text, row->finding);
		gtl_html_raw(&page->text, "</dd>");
		if (row->advice != NULL)
			gtl_html_element(&page->text, "dd", NULL, row->advice);
		gtl_html_raw(&page->text, "</div>\n");
	}
	if (begun)
		gtl_html_raw(&page->text, "</dl>\n</section>\n");
}

/* ---- Pictures ---- */

static void
put_progress(ReportPage *page)
{
	StringInfo	text = &page->text;
	const GtlJobFacts *facts = &page->facts;

	gtl_report_section(text, "Progress", page->history.count == 0 ? NULL :
					   "What people have labeled, what the machine could label after each round of it, and how good its models were.");
	if (page->history.count > 0)
		gtl_chart_progress(text, &page->history);
	else if (facts->batch.open)
		gtl_html_format(text, "<p class=\"empty\">The first batch is with people: %s of %s answers are in."
							  " The picture begins when it is complete.</p>\n",
						gtl_format_count(facts->answers), gtl_format_count(facts->tasks));
	else
		gtl_html_raw(text, "<p class=\"empty\">No batch has been issued yet.</p>\n");
	gtl_html_raw(text, "</section>\n");
}

/* The curve behind the one threshold, or the thresholds of the categories. */
static void
put_coverage(ReportPage *page)
{
	StringInfo	text = &page->text;
	const GtlRound *round = &page->facts.round;
	GtlCoverage *coverage = palloc(sizeof(GtlCoverage));

	if (page->job->per_class)
	{
		if (page->facts.has_round)
			gtl_report_certificates(text, page->job, round);
		return;
	}
	if (round->promise.guarantee == GTL_GUARANTEE_AUDITED)
		return;					/* which does not rest on validation objects */
	if (!page->facts.has_round || page->job->dimension == 0 || !gtl_coverage_read(page->job, round, coverage))
		return;
	gtl_report_section(text, "Coverage and error",
					   psprintf("What each threshold would admit in round %d, and what it would promise: %s objects of the pool,"
								" %s validation objects. The smallest margin whose bound stays at the target is chosen. Validation objects that"
								" a round would have asked people about, if they were not known, do not count any more.",
								round->round_no, gtl_format_count(coverage->pool), gtl_format_count(coverage->validation)));
	gtl_chart_coverage(text, coverage, round);
	gtl_html_raw(text, "</section>\n");
}

/* ---- Settings ---- */

static void
put_setting(StringInfo page, const char *name, const char *value)
{
	gtl_html_raw(page, "<div>");
	gtl_html_element(page, "dt", NULL, name);
	gtl_html_element(page, "dd", NULL, value);
	gtl_html_raw(page, "</div>\n");
}

static char *
annotators(const GtlJob *job)
{
	if (job->annotators_per_object == 1)
		return "1 annotator";
	if (job->min_annotators == job->annotators_per_object)
		return psprintf("%d annotators", job->annotators_per_object);
	return psprintf("%d to %d annotators", job->min_annotators, job->annotators_per_object);
}

static char *
features(const GtlJob *job)
{
	const char *column = job->features_column;

	if (job->dimension == 0)
		return "none";
	if (job->text_column != NULL)
		column = psprintf("%s%stext of %s", column == NULL ? "" : column, column == NULL ? "" : " and ", job->text_column);
	return psprintf("%s, %s numbers", column, gtl_format_count(job->dimension));
}

static void
put_settings(ReportPage *page)
{
	static GtlStatement created = {
		"SELECT to_char(created_at, 'YYYY-MM-DD HH24:MI:SS')"
		" || coalesce(to_char(finished_at, '\", finished \"YYYY-MM-DD HH24:MI:SS'), '')"
		" FROM gtlabel.job WHERE job_name = $1", 1, {TEXTOID}
	};
	const GtlJob *job = page->job;
	StringInfo	text = &page->text;

	gtl_report_section(text, "Settings", NULL);
	gtl_html_raw(text, "<dl class=\"pairs settings\">\n");
	put_setting(text, "Dataset", psprintf("%s, key %s", job->dataset_name, job->key_column));
	put_setting(text, "Features", features(job));
	if (job->given_count > 0)
		put_setting(text, "Given labels",
					psprintf("%s rows to learn from, column %s", gtl_format_count(job->given_count), job->label_column));
	put_setting(text, "Batch", psprintf("up to %s objects, %s each", gtl_format_count(job->max_concurrent), annotators(job)));
	put_setting(text, "Auto-labeling", !job->auto_label ? "off" :
				psprintf("on, guarantee %s%s, schedule %s", gtl_guarantee_name(job->guarantee),
						 job->per_class ? " for each category" : "",
						 gtl_schedule_words[job->schedule]));
	put_setting(text, "Learning", psprintf("algorithm %s, query strategy %s", gtl_algorithm_words[job->algorithm],
											gtl_query_words[job->query_strategy]));
	put_setting(text, "Seed", psprintf(INT64_FORMAT, job->seed));
	put_setting(text, "Created", ask(&created, job->name));
	gtl_html_raw(text, "</dl>\n</section>\n");
}

static void
put_foot(ReportPage *page)
{
	static GtlStatement made = {
		"SELECT format('Written %s in database %s. Times are in %s.', to_char(now(), 'YYYY-MM-DD HH24:MI:SS'), $1,"
		" current_setting('TimeZone'))", 1, {TEXTOID}
	};

	gtl_html_raw(&page->text, "<footer>");
	gtl_html_element(&page->text, "p", NULL, ask(&made, get_database_name(MyDatabaseId)));
	gtl_html_raw(&page->text, "</footer>\n</main>\n</body>\n</html>\n");
}

StringInfo
gtl_report_page(GtlJob *job)
{
	ReportPage *page = palloc0(sizeof(ReportPage));

	page->job = job;
	gtl_facts_read(job, &page->facts);
	gtl_explain_job(job, &page->facts, &page->findings);
	read_history(job, &page->history);
	initStringInfo(&page->text);
	put_head(page);
	put_title(page);
	put_numbers(page);
	put_progress(page);
	put_findings(page);
	put_coverage(page);
	gtl_report_classes(&page->text, job);
	gtl_report_rounds(&page->text, job);
	gtl_report_annotators(&page->text, job);
	gtl_report_failures(&page->text, job);
	gtl_report_remarks(&page->text, job);
	gtl_report_events(&page->text, job);
	put_settings(page);
	put_foot(page);
	return &page->text;
}
