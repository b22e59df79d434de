/*
 * report_tables.c
 *		The tables of gt_report.
 *
 * Each is one statement.  What is long is folded: the first rows stand open, the
 * others one click away, and beyond MOST_ROWS the views have to be asked.
 */
#include "reports/report_tables.h"

#include <math.h>

#include "base/format.h"
#include "base/query.h"
#include "catalog/pg_type.h"
#include "reports/html.h"
#include "tables/certificate.h"
#include "utils/builtins.h"

#define MOST_ROWS 2000

void
gtl_report_section(StringInfo page, const char *title, const char *note)
{
	gtl_html_format(page, "<section>\n<h2>%s</h2>\n", title);
	if (note != NULL)
		gtl_html_format(page, "<p class=\"note\">%s</p>\n", note);
}

static void
begin_table(GtlHtmlTable *table, StringInfo page, const char *caption, const char *what,
			const GtlHtmlColumn *columns, int ncolumns, int open_rows, const GtlResult *r)
{
	gtl_html_table_begin(table, page, caption, what, columns, ncolumns, open_rows, (int) r->count);
}

static void
end_section(StringInfo page)
{
	gtl_html_raw(page, "</section>\n");
}

/* More than MOST_ROWS rows were there. */
static void
say_cut(StringInfo page, const GtlResult *r, const char *view)
{
	if (r->count == MOST_ROWS)
		gtl_html_format(page, "<p class=\"note\">%s rows are shown; %s has all.</p>\n", gtl_format_count(MOST_ROWS), view);
}

static char *
percent_or_dash(double share)
{
	return isnan(share) ? pstrdup("-") : gtl_format_percent(share);
}

/* 3.24 -> "3.2 s", 95 -> "1 min 35 s", 7500 -> "2 h 5 min" */
static char *
duration(double seconds)
{
	int64		whole;

	if (isnan(seconds))
		return pstrdup("-");
	if (seconds < 60)
		return psprintf("%.1f s", seconds);
	whole = (int64) rint(seconds);
	if (whole < 3600)
		return psprintf("%d min %d s", (int) (whole / 60), (int) (whole % 60));
	return psprintf("%s h %d min", gtl_format_count(whole / 3600), (int) (whole % 3600 / 60));
}

/* ---- Categories ---- */

/* People's and the machine's labels as a bar, against the category that has most. */
static char *
class_bar(int64 people, int64 machine, int64 most)
{
	double		scale = 150.0 / Max(most, 1);

	return psprintf("<svg class=\"bar\" viewBox=\"0 0 150 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
					"<rect class=\"people\" width=\"%.1f\" height=\"10\"/>"
					"<rect class=\"machine\" x=\"%.1f\" width=\"%.1f\" height=\"10\"/></svg>",
					people * scale, people * scale, machine * scale);
}

/* Before there are labels: only the names. */
static void
list_classes(StringInfo page, const GtlJob *job)
{
	int			most = gtl_html_open_rows(40, job->ncategories);

	gtl_html_format(page, "<p class=\"empty\">No labels yet. The %s categories are ", gtl_format_count(job->ncategories));
	for (int i = 0; i < most; i++)
	{
		gtl_html_raw(page, i == 0 ? "" : ", ");
		gtl_html_element(page, "bdi", NULL, job->categories[i]);
	}
	if (most < job->ncategories)
		gtl_html_format(page, ", and %s more", gtl_format_count(job->ncategories - most));
	gtl_html_raw(page, ".</p>\n");
}

static void
class_cells(GtlHtmlTable *table, const GtlResult *r, uint64 i)
{
	int64		people = gtl_result_int64(r, i, 2);
	int64		machine = gtl_result_int64(r, i, 3);

	gtl_html_cell(table, gtl_result_text(r, i, 1));
	gtl_html_cell(table, gtl_format_count(people));
	gtl_html_cell(table, gtl_format_count(machine));
	gtl_html_cell(table, machine == 0 ? "-" : psprintf("%.3f", gtl_result_float8(r, i, 4)));
	gtl_html_cell_markup(table, class_bar(people, machine, gtl_result_int64(r, i, 5)));
}

void
gtl_report_classes(StringInfo page, const GtlJob *job)
{
	static GtlStatement select = {
		"SELECT c.name, c.people, c.machine, c.confidence, max(c.people + c.machine) OVER () FROM"
		" (SELECT a.name, a.place, COALESCE(l.people, 0) AS people, COALESCE(l.machine, 0) AS machine, l.confidence"
		"    FROM unnest($2) WITH ORDINALITY AS a (name, place)"
		"    LEFT JOIN (SELECT class_no, count(*) FILTER (WHERE human) AS people, count(*) FILTER (WHERE NOT human) AS machine,"
		"                      avg(confidence) FILTER (WHERE NOT human)::float8 AS confidence"
		"                 FROM gtlabel.label WHERE job_id = $1 GROUP BY class_no) l ON l.class_no = a.place - 1) c"
		" ORDER BY CASE WHEN cardinality($2) > $3 THEN -(c.people + c.machine) END, c.place LIMIT $4",
		4, {INT8OID, TEXTARRAYOID, INT4OID, INT4OID}
	};
	static const GtlHtmlColumn columns[] = {
		{"Category", GTL_HTML_WORDS}, {"By people", GTL_HTML_NUMBER}, {"By machine", GTL_HTML_NUMBER},
		{"Mean machine confidence", GTL_HTML_NUMBER}, {"Labels", GTL_HTML_PICTURE}
	};
	const int	open_rows = 20;
	Datum		values[4] = {Int64GetDatum(job->job_id), gtl_array_text(job->categories, job->ncategories),
							 Int32GetDatum(open_rows + open_rows / 4), Int32GetDatum(MOST_ROWS)};
	GtlHtmlTable table;
	GtlResult	r;

	gtl_query_run(&r, &select, values, NULL);
	gtl_report_section(page, "Categories", job->human_labeled + job->machine_labeled == 0 ? NULL :
					   "The machine&#8217;s confidence is the probability that its answer is right,"
					   " calibrated on validation objects.");
	if (job->human_labeled + job->machine_labeled == 0)
		list_classes(page, job);
	else
	{
		begin_table(&table, page, "Labels of each category", "categories", columns, lengthof(columns), open_rows, &r);
		for (uint64 i = 0; i < r.count; i++)
			class_cells(&table, &r, i);
		gtl_html_table_end(&table);
	}
	say_cut(page, &r, "gt_labels");
	end_section(page);
	gtl_query_end(&r);
}

/* ---- Certificates ---- */

static void
certificate_cells(GtlHtmlTable *table, const GtlClassVerdict *verdict)
{
	const GtlCertificate *c = &verdict->certificate;

	gtl_html_cell(table, c->passed ? psprintf("%.3f", c->threshold) : "-");
	gtl_html_cell(table, psprintf("%s of %s", gtl_format_count(c->passed ? c->k : c->best_k),
								  gtl_format_count(c->passed ? c->n : c->best_n)));
	gtl_html_cell(table, c->passed ? gtl_format_percent(c->bound) : psprintf("lowest %s", gtl_format_percent(c->best_bound)));
	gtl_html_cell(table, gtl_format_count(verdict->covered));
}

/* Of a job with per_class: what each category's machine labels rest on. */
void
gtl_report_certificates(StringInfo page, const GtlJob *job, const GtlRound *round)
{
	static const GtlHtmlColumn columns[] = {
		{"Category", GTL_HTML_WORDS}, {"Margin &#8805;", GTL_HTML_NUMBER}, {"Wrong in validation", GTL_HTML_DETAIL},
		{"Error bound", GTL_HTML_NUMBER}, {"By machine", GTL_HTML_NUMBER}
	};
	GtlClassCertificate *certificates;
	int			count = gtl_certificate_read(job, round, &certificates);
	int			shown = Min(count, MOST_ROWS);
	GtlHtmlTable table;

	if (count == 0)
		return;
	gtl_report_section(page, "Certificates",
					   "The promise holds for each category by itself, where its error bound stays at the target:"
					   " the validation objects count that the model gives this category.");
	gtl_html_table_begin(&table, page, "Certificate of each category", "categories", columns, lengthof(columns), 20, shown);
	for (int i = 0; i < shown; i++)
	{
		gtl_html_cell(&table, job->categories[certificates[i].class_no]);
		certificate_cells(&table, &certificates[i].verdict);
	}
	gtl_html_table_end(&table);
	if (shown < count)
		gtl_html_format(page, "<p class=\"note\">%s rows are shown; gt_certificates has all.</p>\n", gtl_format_count(shown));
	end_section(page);
}

/* ---- Annotators ---- */

void
gtl_report_annotators(StringInfo page, const GtlJob *job)
{
	static GtlStatement select = {
		"SELECT a.annotator, count(*), count(l.class_no), avg((l.class_no = a.class_no)::int)::float8,"
		" percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM a.submitted_at - a.accepted_at)::float8)"
		" FROM gtlabel.annotation a"
		" LEFT JOIN LATERAL (SELECT l.class_no FROM gtlabel.label l"
		"   WHERE l.job_id = a.job_id AND l.object_no = a.object_no AND l.human OFFSET 0) l ON true"
		" WHERE a.job_id = $1 GROUP BY a.annotator ORDER BY count(*) DESC, a.annotator LIMIT $2",
		2, {INT8OID, INT4OID}
	};
	static const GtlHtmlColumn columns[] = {
		{"Annotator", GTL_HTML_WORDS}, {"Answers", GTL_HTML_NUMBER}, {"Agreement", GTL_HTML_NUMBER},
		{"Median time", GTL_HTML_NUMBER}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), Int32GetDatum(MOST_ROWS)};
	bool		timed = false;
	GtlHtmlTable table;
	GtlResult	r;

	gtl_query_run(&r, &select, values, NULL);
	for (uint64 i = 0; i < r.count; i++)
		timed |= !gtl_result_isnull(&r, i, 5);
	gtl_report_section(page, "Annotators", r.count == 0 ? NULL : timed ?
					   "Agreement: the share of the answers that equal the label of their object. Time: from"
					   " accepting a task to answering it; answers handed in by key have none." :
					   "Agreement: the share of the answers that equal the label of their object.");
	if (r.count == 0)
		gtl_html_raw(page, "<p class=\"empty\">Nobody has answered yet.</p>\n");
	else
	{
		begin_table(&table, page, "Answers of each annotator", "annotators", columns, timed ? lengthof(columns) : lengthof(columns) - 1, 15, &r);
		for (uint64 i = 0; i < r.count; i++)
		{
			gtl_html_cell(&table, gtl_result_text(&r, i, 1));
			gtl_html_cell(&table, gtl_format_count(gtl_result_int64(&r, i, 2)));
			gtl_html_cell(&table, gtl_result_int64(&r, i, 3) == 0 ? "-" : percent_or_dash(gtl_result_float8(&r, i, 4)));
			if (timed)
				gtl_html_cell(&table, duration(gtl_result_float8(&r, i, 5)));
		}
		gtl_html_table_end(&table);
		say_cut(page, &r, "gt_annotators");
	}
	end_section(page);
	gtl_query_end(&r);
}

/* ---- Rounds ---- */

/* Margin, errors among the validation objects, and bound: of promises that rest on these. */
static void
certificate_of_round(GtlHtmlTable *table, const GtlResult *r, uint64 i)
{
	bool		passed = !gtl_result_isnull(r, i, 3);
	double		bound = gtl_result_float8(r, i, 6);

	gtl_html_cell(table, passed ? psprintf("%.3f", gtl_result_float8(r, i, 3)) : "-");
	gtl_html_cell(table, !passed ? "-" : psprintf("%s of %s", gtl_format_count(gtl_result_int32(r, i, 4)),
												  gtl_format_count(gtl_result_int32(r, i, 5))));
	gtl_html_cell(table, passed || isnan(bound) ? percent_or_dash(bound) : psprintf("lowest %s", gtl_format_percent(bound)));
}

static void
round_cells(GtlHtmlTable *table, const GtlResult *r, uint64 i, bool audited)
{
	gtl_html_cell(table, gtl_result_text(r, i, 1));
	gtl_html_cell(table, gtl_format_count(gtl_result_int64(r, i, 2)));
	gtl_html_cell(table, percent_or_dash(gtl_result_float8(r, i, 9)));
	if (!audited)
		certificate_of_round(table, r, i);
	gtl_html_cell(table, gtl_format_count(gtl_result_int32(r, i, 7)));
	gtl_html_row_note(table, gtl_result_text(r, i, 8));
}

/* audited: no label rests on a certificate of validation objects, so the columns about it are left out. */
static void
put_rounds(StringInfo page, const GtlResult *r, bool audited)
{
	static const GtlHtmlColumn columns[] = {
		{"Round", GTL_HTML_WORDS}, {"Learned from", GTL_HTML_NUMBER}, {"Model right", GTL_HTML_NUMBER},
		{"Margin &#8805;", GTL_HTML_DETAIL}, {"Wrong in validation", GTL_HTML_DETAIL}, {"Error bound", GTL_HTML_NUMBER},
		{"By machine", GTL_HTML_NUMBER}
	};
	static const GtlHtmlColumn columns_audited[] = {
		{"Round", GTL_HTML_WORDS}, {"Learned from", GTL_HTML_NUMBER}, {"Model right", GTL_HTML_NUMBER}, {"By machine", GTL_HTML_NUMBER}
	};
	GtlHtmlTable table;

	gtl_report_section(page, "Rounds", audited ?
					   "Newest first. Each round trains on people&#8217;s labels and decides whether people should now check the"
					   " machine&#8217;s labels or give more of their own. How often a model is right is measured on validation"
					   " objects that it has not learned from." :
					   "Newest first. Each round trains on people&#8217;s labels, looks for the smallest margin"
					   " that keeps the promise on the validation set, and decides all machine labels anew. Each validation object is"
					   " judged by a model that has not learned from it.");
	begin_table(&table, page, "Rounds of active learning", "rounds", audited ? columns_audited : columns,
				audited ? lengthof(columns_audited) : lengthof(columns), 8, r);
	for (uint64 i = 0; i < r->count; i++)
		round_cells(&table, r, i, audited);
	gtl_html_table_end(&table);
	say_cut(page, r, "gt_rounds");
	end_section(page);
}

void
gtl_report_rounds(StringInfo page, const GtlJob *job)
{
	static GtlStatement select = {
		"SELECT r.round_no, (r.training_count + r.validation_count)::int8, r.threshold, r.certificate_k, r.certificate_n,"
		" coalesce(r.bound, r.best_bound), r.auto_labeled, r.reason,"
		" (SELECT m.accuracy FROM gtlabel.model m WHERE m.model_id = r.model_id), bool_and(r.guarantee = 'audited') OVER ()"
		" FROM gtlabel.round r WHERE r.job_id = $1 ORDER BY r.round_no DESC LIMIT $2",
		2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), Int32GetDatum(MOST_ROWS)};
	GtlResult	r;

	gtl_query_run(&r, &select, values, NULL);
	if (r.count > 0)
		put_rounds(page, &r, gtl_result_bool(&r, 0, 10));
	gtl_query_end(&r);
}

/* ---- Failures ---- */

static const char *
failure_meaning(const char *reason)
{
	if (strcmp(reason, "expired") == 0)
		return "nobody answered while it was on offer";
	if (strcmp(reason, "declined") == 0)
		return "as many people declined as should have answered";
	return "the answers did not make a label";
}

void
gtl_report_failures(StringInfo page, const GtlJob *job)
{
	static GtlStatement select = {
		"SELECT reason, count(*) FROM gtlabel.failure WHERE job_id = $1 GROUP BY reason ORDER BY count(*) DESC, reason",
		1, {INT8OID}
	};
	static const GtlHtmlColumn columns[] = {
		{"Reason", GTL_HTML_WORDS}, {"Objects", GTL_HTML_NUMBER}, {"What it means", GTL_HTML_PROSE}
	};
	Datum		values[1] = {Int64GetDatum(job->job_id)};
	GtlHtmlTable table;
	GtlResult	r;

	gtl_query_run(&r, &select, values, NULL);
	if (r.count > 0)
	{
		gtl_report_section(page, "Failures",
						   "Objects without a label. gt_failures names them; gt_retry_failed offers them again.");
		begin_table(&table, page, "Failed objects by reason", "reasons", columns, lengthof(columns), 10, &r);
		for (uint64 i = 0; i < r.count; i++)
		{
			char	   *reason = gtl_result_text(&r, i, 1);

			gtl_html_cell(&table, reason);
			gtl_html_cell(&table, gtl_format_count(gtl_result_int64(&r, i, 2)));
			gtl_html_cell(&table, failure_meaning(reason));
		}
		gtl_html_table_end(&table);
		end_section(page);
	}
	gtl_query_end(&r);
}

/* ---- What annotators wrote ---- */

void
gtl_report_remarks(StringInfo page, const GtlJob *job)
{
	static GtlStatement select = {
		"SELECT o.object_key, r.annotator, COALESCE(j.label_categories[r.class_no + 1], 'declined'), r.remark FROM ("
		"   SELECT object_no, annotator, class_no, remark, COALESCE(revised_at, submitted_at) AS at FROM gtlabel.annotation"
		"    WHERE job_id = $1 AND remark IS NOT NULL"
		"   UNION ALL SELECT object_no, annotator, NULL, remark, accepted_at FROM gtlabel.task"
		"    WHERE job_id = $1 AND state = 'declined' ORDER BY at DESC NULLS LAST, object_no LIMIT $2) r"
		" JOIN gtlabel.job j ON j.job_id = $1 CROSS JOIN LATERAL"
		"   (SELECT * FROM gtlabel.object o WHERE o.job_id = $1 AND o.object_no = r.object_no OFFSET 0) o"
		" ORDER BY r.at DESC NULLS LAST, r.object_no",
		2, {INT8OID, INT4OID}
	};
	static const GtlHtmlColumn columns[] = {
		{"Object", GTL_HTML_WORDS}, {"Annotator", GTL_HTML_WORDS}, {"Answer", GTL_HTML_WORDS}, {"Comment", GTL_HTML_PROSE}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), Int32GetDatum(MOST_ROWS)};
	GtlHtmlTable table;
	GtlResult	r;

	gtl_query_run(&r, &select, values, NULL);
	if (r.count > 0)
	{
		gtl_report_section(page, "Comments", "What annotators wrote beside their answers, and what they declined; newest first.");
		begin_table(&table, page, "Comments and declined objects", "comments", columns, lengthof(columns), 10, &r);
		for (uint64 i = 0; i < r.count; i++)
			for (int column = 1; column <= (int) lengthof(columns); column++)
				gtl_html_cell(&table, gtl_result_text(&r, i, column));
		gtl_html_table_end(&table);
		say_cut(page, &r, "gt_remarks");
		end_section(page);
	}
	gtl_query_end(&r);
}

/* ---- Events ---- */

void
gtl_report_events(StringInfo page, const GtlJob *job)
{
	static GtlStatement select = {
		"SELECT to_char(at, 'YYYY-MM-DD HH24:MI:SS'), replace(event, '_', ' '),"
		" CASE event WHEN 'round' THEN split_part(detail, ':', 1) WHEN 'audited' THEN '' ELSE detail END"
		" FROM gtlabel.event"
		" WHERE job_id = $1 ORDER BY event_id DESC LIMIT $2",
		2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), Int32GetDatum(MOST_ROWS)};
	uint64		open_rows;
	GtlResult	r;

	gtl_query_run(&r, &select, values, NULL);
	gtl_report_section(page, "Timeline", "Newest first. What rounds found stands above.");
	open_rows = gtl_html_open_rows(12, (int) r.count);
	gtl_html_raw(page, "<ol class=\"events\">\n");
	for (uint64 i = 0; i < r.count; i++)
	{
		if (i == open_rows)
			gtl_html_format(page, "</ol>\n<details>\n<summary>%s more events</summary>\n<ol class=\"events\">\n",
							gtl_format_count(r.count - open_rows));
		gtl_html_raw(page, "<li>");
		gtl_html_element(page, "time", NULL, gtl_result_text(&r, i, 1));
		gtl_html_element(page, "b", NULL, gtl_result_text(&r, i, 2));
		gtl_html_element(page, "span", NULL, gtl_result_text(&r, i, 3));
		gtl_html_raw(page, "</li>\n");
	}
	gtl_html_raw(page, "</ol>\n");
	if (r.count > open_rows)
		gtl_html_raw(page, "</details>\n");
	say_cut(page, &r, "gt_events");
	end_section(page);
	gtl_query_end(&r);
}
