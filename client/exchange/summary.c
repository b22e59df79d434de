/*
 * summary.c
 *		What an import says at its end, on stdout: in words, or in JSON for a pipeline.
 */
#include "exchange/summary.h"

#include <stdio.h>

#include "exchange/progress.h"
#include "text.h"

/* A text of the file, in which a terminal must find nothing to obey: %s of the format */
static void
say_harmless(const char *format, const char *text)
{
	GtcBuffer	words;

	gtc_buffer_init(&words);
	gtc_append_short(&words, text, 100000);
	printf(format, words.data);
	gtc_buffer_free(&words);
}

static void
say_lines(const GtcLoadCounts *counts, const GtcSummary *summary)
{
	const GtcLoad *load = summary->load;

	if (counts->bad > 0)
		printf("skipped: %s bad records, see %s\n", gtc_with_commas(counts->bad), summary->report_path);
	if (counts->repaired > 0)
		printf("repaired: %s records\n", gtc_with_commas(counts->repaired));
	if (load->format == GTC_MANIFEST && load->attribute != NULL)
	{
		say_harmless("label attribute: %s, ", load->attribute);
		printf("%s labels, %s failed\n", gtc_with_commas(counts->labels), gtc_with_commas(counts->failed));
	}
	if (counts->long_lines > 0)
		printf("over 100,000 characters, which Ground Truth refuses: %s lines\n",
			   gtc_with_commas(counts->long_lines));
	if (load->format == GTC_LABEL_STUDIO || summary->target->answers_table != NULL)
		printf("answers: %s%s%s, %s cancelled or empty\n", gtc_with_commas(counts->answers),
			   summary->target->answers_table == NULL ? "" : " in ",
			   summary->target->answers_table == NULL ? "" : summary->target->answers_table,
			   gtc_with_commas(counts->cancelled));
	if (counts->odd_dates > 0)
		printf("dates that are none, taken as NULL: %s\n", gtc_with_commas(counts->odd_dates));
}

/* What a job can learn from, if its type is declared */
static void
say_vectors(const GtcColumns *columns)
{
	int			i;

	for (i = 0; i < columns->count; i++)
	{
		const GtcColumn *column = &columns->list[i];

		if (column->type == GTC_JSONB && !column->declared && column->kinds != 0 && !column->not_vectors)
			say_harmless("lists of numbers: with --features=%s a job can learn from them\n", column->name);
	}
}

void
gtc_summary_words(const GtcSummary *summary)
{
	const GtcLoad *load = summary->load;
	const GtcLoadCounts *counts = &load->counts;
	GtcBuffer	columns;

	gtc_buffer_init(&columns);
	gtc_load_columns(load, &columns);
	if (summary->check)
		printf("checked: %s records, %s bad\n", gtc_with_commas(counts->records),
			   gtc_with_commas(counts->bad));
	else if (summary->target->table != NULL)
		printf("imported: %s records into %s in %.1f s\n", gtc_with_commas(counts->rows),
			   summary->target->table_name.data, summary->seconds);
	if (summary->check || summary->target->table != NULL)
		say_harmless("columns: %s\n", columns.data);
	say_lines(counts, summary);
	say_vectors(&load->columns);
	gtc_buffer_free(&columns);
}

static void
append_name_or_null(GtcBuffer *json, const char *key, const char *name)
{
	gtc_appendf(json, "\"%s\": ", key);
	gtc_append_json(json, name);
	gtc_append(json, ", ");
}

void
gtc_summary_json(const GtcSummary *summary)
{
	const GtcLoad *load = summary->load;
	const GtcLoadCounts *counts = &load->counts;
	GtcBuffer	json;
	GtcBuffer	columns;

	gtc_buffer_init(&json);
	gtc_buffer_init(&columns);
	gtc_load_columns(load, &columns);
	gtc_append(&json, "{");
	append_name_or_null(&json, "table",
						summary->check || summary->target->table == NULL ? NULL
																		 : summary->target->table_name.data);
	append_name_or_null(
		&json, "annotations",
		summary->check || summary->target->answers_table == NULL ? NULL : summary->target->answers_name.data);
	append_name_or_null(&json, "format", gtc_format_name(load->format));
	append_name_or_null(&json, "columns", columns.data);
	append_name_or_null(&json, "label_attribute", load->attribute);
	gtc_appendf(
		&json,
		"\"records\": %lld, \"rows\": %lld, \"bad\": %lld, \"repaired\": %lld, \"labels\": %lld, "
		"\"failed\": %lld, "
		"\"answers\": %lld, \"cancelled\": %lld, \"odd_dates\": %lld, \"bytes\": %lld, \"seconds\": %.3f}",
		counts->records, counts->rows, counts->bad, counts->repaired, counts->labels, counts->failed,
		counts->answers, counts->cancelled, counts->odd_dates, gtc_input_bytes(load->input),
		summary->seconds);
	puts(json.data);
	gtc_buffer_free(&columns);
	gtc_buffer_free(&json);
}
