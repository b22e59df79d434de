/*
 * test_exchange.c
 *		Files as rows: what each format becomes, what is bad and why, and that mutated files never bring the
 *		readers down, nor a row that COPY would not take.
 *
 * GTL_FUZZ_INPUTS is the number of mutated files (100,000), GTL_FUZZ_SECONDS the most time for them (20),
 * GTL_FUZZ_SEED (20261126) another beginning.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "buffer.h"
#include "check.h"
#include "exchange/load.h"

/* ---- A file in memory ---- */

typedef struct Loaded
{
	GtcBuffer	text;			/* rows; of bad records "! number reason"; "!! reason" if all failed */
	GtcBuffer	answers;
	GtcBuffer	columns;
	GtcLoadCounts counts;
} Loaded;

/* In one line, whatever names the reason holds */
static void
append_remark(GtcLoad *load)
{
	size_t		at = load->rows.len;

	gtc_appendf(&load->rows, "! %lld %s", load->record.number, load->reason);
	for (; at < load->rows.len; at++)
	{
		if (load->rows.data[at] == '\n')
			load->rows.data[at] = ' ';
	}
	gtc_append_char(&load->rows, '\n');
}

static void
load_text(Loaded *loaded, const char *data, size_t length, size_t chunk, const GtcLoadOptions *options)
{
	GtcInput   *input = gtc_input_of_memory((GtcSpan){data, length}, chunk);
	GtcLoad		load;
	GtcLoadResult result = GTC_LOAD_FATAL;

	gtc_buffer_init(&loaded->text);
	gtc_buffer_init(&loaded->columns);
	gtc_load_init(&load, input, options);
	if (gtc_load_begin(&load))
	{
		gtc_load_columns(&load, &loaded->columns);
		while ((result = gtc_load_next(&load)) == GTC_LOAD_ROW || result == GTC_LOAD_BAD)
		{
			if (result == GTC_LOAD_BAD)
				append_remark(&load);
		}
	}
	gtc_append_bytes(&loaded->text, load.rows.data, load.rows.len);
	if (result == GTC_LOAD_FATAL)
		gtc_appendf(&loaded->text, "!! %s\n", load.reason);
	loaded->answers = load.answers;
	gtc_buffer_init(&load.answers);
	loaded->counts = load.counts;
	gtc_load_free(&load);
	gtc_input_close(input);
}

static void
free_loaded(Loaded *loaded)
{
	gtc_buffer_free(&loaded->text);
	gtc_buffer_free(&loaded->answers);
	gtc_buffer_free(&loaded->columns);
}

static int
same_text(const char *what, const char *is, const char *expected)
{
	if (strcmp(is, expected) == 0)
		return 1;
	fprintf(stderr, "    %s: \"%s\", not \"%s\"\n", what, is, expected);
	return 0;
}

/* The rows of a file, whatever the size of the reads; and the answers unless that is NULL */
static int
becomes(const GtcLoadOptions *options, const char *file, size_t length, const char *rows, const char *answers)
{
	static const size_t chunks[] = {1, 7, 64, 100000};
	int			good = 1;
	size_t		i;

	for (i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++)
	{
		Loaded		loaded;

		load_text(&loaded, file, length, chunks[i], options);
		good &= same_text("rows", loaded.text.data, rows) &&
			(answers == NULL || same_text("answers", loaded.answers.data, answers));
		free_loaded(&loaded);
	}
	return good;
}

static int
file_becomes(GtcFormat format, const char *file, const char *rows)
{
	GtcLoadOptions options = {.format = format};

	return becomes(&options, file, strlen(file), rows, NULL);
}

static int
columns_are(const char *file, const char *expected)
{
	GtcLoadOptions options = {0};
	Loaded		loaded;
	int			good;

	load_text(&loaded, file, strlen(file), 1000, &options);
	good = same_text("columns", loaded.columns.data, expected);
	free_loaded(&loaded);
	return good;
}

/* ---- JSON Lines ---- */

static void
test_json_lines(void)
{
	CHECK(file_becomes(GTC_JSON, "{\"a\": \"x\", \"b\": 1}\n{\"b\": 2.50, \"a\": \"y\"}",
					   "1\tx\t1\t\\N\n2\ty\t2.50\t\\N\n"));
	CHECK(
		file_becomes(GTC_JSON, "\xEF\xBB\xBF{\"a\": 1}\r\n\r\n  \n{\"a\": 2}\r\n", "1\t1\t\\N\n4\t2\t\\N\n"));
	CHECK(file_becomes(GTC_JSON, "{\"a\": \"t\\tn\\nb\\\\u\\u00e4q\\\"\\ud83d\\ude00\"}",
					   "1\tt\\tn\\nb\\\\u\xC3\xA4q\"\xF0\x9F\x98\x80\t\\N\n"));
	CHECK(file_becomes(GTC_JSON, "{\"a\": \"\\\\N\"}", "1\t\\\\N\t\\N\n"));
	CHECK(file_becomes(GTC_JSON, "{\"a\": null}\n{\"a\": [1, {\"b\": \"\\n\"}]}",
					   "1\tnull\t\\N\n2\t[1, {\"b\": \"\\\\n\"}]\t\\N\n"));
	CHECK(file_becomes(GTC_JSON, "{\"a\": null, \"b\": true}\n{\"a\": \"x\"}",
					   "1\t\\N\tt\t\\N\n2\tx\t\\N\t\\N\n"));
	CHECK(file_becomes(GTC_JSON, "[{\"a\": 1},\n {\"a\": 2} ]\n", "1\t1\t\\N\n2\t2\t\\N\n"));
	CHECK(file_becomes(GTC_JSON, "[]", ""));
	CHECK(file_becomes(GTC_JSON, "", ""));
}

static void
test_columns(void)
{
	CHECK(columns_are(
		"{\"a\": \"x\", \"b\": 1, \"c\": true, \"d\": [1], \"e\": null}\n{\"c\": false, \"b\": null}",
		"\"line_no\" bigint, \"a\" text, \"b\" numeric, \"c\" boolean, \"d\" jsonb, \"e\" jsonb, other "
		"jsonb"));
	CHECK(columns_are("{\"a\": \"x\"}\n{\"a\": 1}", "\"line_no\" bigint, \"a\" jsonb, other jsonb"));
	CHECK(columns_are("{\"other\": 1, \"ctid\": 2, \"\": 3, \"A\\\"b\": 4}",
					  "\"line_no\" bigint, \"A\"\"b\" numeric, other jsonb"));
	CHECK(columns_are("a,B\n1,2", "\"line_no\" bigint, \"a\" text, \"B\" text"));
	CHECK(columns_are("{\"source\": \"x\"}",
					  "\"line_no\" bigint, source text, source_ref text, label text, confidence float8, "
					  "human_annotated boolean, failure_reason text, line json NOT NULL"));
	CHECK(file_becomes(GTC_JSON, "{\"other\": 1, \"ctid\": [\"\\t\"]}",
					   "1\t{\"other\": 1, \"ctid\": [\"\\\\t\"]}\n"));
}

/* What is beyond the head has its columns by then. */
static void
test_behind_the_head(void)
{
	GtcBuffer	file;
	GtcLoadOptions options = {0};
	Loaded		loaded;
	int			i;

	gtc_buffer_init(&file);
	for (i = 0; i < 1000; i++)
		gtc_append(&file, "{\"a\": 1}\n");
	gtc_append(&file, "{\"a\": 2, \"late\": \"x\"}\n{\"a\": \"3\"}\n");
	load_text(&loaded, file.data, file.len, 4096, &options);
	CHECK(strstr(loaded.text.data, "\n1001\t2\t{\"late\": \"x\"}\n") != NULL);
	CHECK(strstr(loaded.text.data, "\n! 1002 \"a\" is no number, but the column is numeric\n") != NULL);
	CHECK(loaded.counts.rows == 1001 && loaded.counts.bad == 1 && loaded.counts.records == 1002);
	free_loaded(&loaded);
	gtc_buffer_free(&file);
}

static void
test_bad_lines(void)
{
	CHECK(file_becomes(
		GTC_JSON, "{\"a\": 1\n[1]\n{\"a\":1,\"a\":2}\n{\"a\": 1} x\n{\"a\": 01}\n{\"a\": 5}",
		"! 1 not JSON: a comma or a bracket is missing\n! 2 not an object\n! 3 two keys \"a\"\n"
		"! 4 not JSON: something follows the value\n! 5 not JSON: a comma or a bracket is "
		"missing\n6\t5\t\\N\n"));
	CHECK(file_becomes(GTC_JSON, "{\"a\": \"\\u0000\"}",
					   "! 1 a zero character (\\u0000), which PostgreSQL cannot store\n"));
	CHECK(file_becomes(GTC_JSON, "{\"a\": \"\\ud83d\"}", "! 1 an unpaired surrogate (\\ud800 to \\udfff)\n"));
	CHECK(file_becomes(GTC_JSON, "{\"a\": \"\\ude00\\ud83d\"}",
					   "! 1 an unpaired surrogate (\\ud800 to \\udfff)\n"));
	CHECK(file_becomes(GTC_JSON, "{\"a\": \"\xC0\xAF\"}", "! 1 bytes that are not UTF-8\n"));
	CHECK(file_becomes(GTC_JSON, "{\"a\": \"\xED\xA0\x80\"}", "! 1 bytes that are not UTF-8\n"));
	CHECK(file_becomes(GTC_JSON, "{\"a\": \"x\ty\"}", "! 1 not JSON: a control character in a string\n"));
	CHECK(file_becomes(GTC_JSON, "{\"a\": NaN}", "! 1 not JSON: a value is missing or is no value\n"));
	CHECK(file_becomes(GTC_JSON, "{\"a\": 1e99999999999}", "! 1 a number with an exponent over 10,000\n"));
	CHECK(file_becomes(
		GTC_JSON, "[{\"a\": 1}, {\"a\": ", "1\t1\t\\N\n!! line 1: the array ends within this element\n"));
	CHECK(file_becomes(GTC_JSON, "[{\"a\": 1}\n {\"a\": 2}]",
					   "1\t1\t\\N\n!! line 2: not JSON: a comma or a bracket is missing\n"));
	CHECK(file_becomes(GTC_JSON, "[{\"a\": 1}] x",
					   "1\t1\t\\N\n!! line 1: not JSON: something follows the array\n"));
	CHECK(file_becomes(GTC_JSON, "\xFF\xFE{\0",
					   "!! it is UTF-16; iconv -f UTF-16 -t UTF-8 makes UTF-8 of it\n"));
}

static void
test_repair(void)
{
	GtcLoadOptions options = {.format = GTC_JSON, .repair = true};

#define REPAIRED(file, rows) CHECK(becomes(&options, file, sizeof(file) - 1, rows, NULL))
	REPAIRED("{\"a\": \"x\\u0000y\"}", "1\tx\xEF\xBF\xBDy\t\\N\n");
	REPAIRED("{\"a\": \"\\ud83d!\"}", "1\t\xEF\xBF\xBD!\t\\N\n");
	REPAIRED("{\"a\": \"\\ud83d\\ud83d\\ude00\"}", "1\t\xEF\xBF\xBD\xF0\x9F\x98\x80\t\\N\n");
	REPAIRED("{\"a\": \"\xFFz\"}", "1\t\xEF\xBF\xBDz\t\\N\n");
	REPAIRED("{\"a\": \"x\ty\"}", "1\tx\\ty\t\\N\n");
	REPAIRED("{\"a\": \"\\\\\\u0000\\\"\"}", "1\t\\\\\xEF\xBF\xBD\"\t\\N\n");
	REPAIRED("{\"a\": 1", "! 1 not JSON: a comma or a bracket is missing\n");
	options.format = GTC_CSV;
	REPAIRED("a\n\"\xFF\"\"\"\nz\0z", "2\t\xEF\xBF\xBD\"\n3\tz\xEF\xBF\xBDz\n");
}

/* ---- Declared types ---- */

static int
typed_is(GtcType type, const char *value, const char *expected)
{
	GtcLoadOptions options = {.format = GTC_JSON};
	GtcBuffer	file;
	int			good;

	gtc_buffer_init(&file);
	gtc_appendf(&file, "{\"a\": %s}", value);
	gtc_add_column(&options.declared, "a", type, true);
	good = becomes(&options, file.data, file.len, expected, NULL);
	gtc_columns_free(&options.declared);
	gtc_buffer_free(&file);
	return good;
}

static void
test_types(void)
{
	CHECK(typed_is(GTC_TEXT, "{\"b\": \"\\n\"}", "1\t{\"b\": \"\\\\n\"}\t\\N\n"));
	CHECK(typed_is(GTC_TEXT, "12", "1\t12\t\\N\n"));
	CHECK(typed_is(GTC_NUMERIC, "\"2.5\"", "1\t2.5\t\\N\n"));
	CHECK(typed_is(GTC_NUMERIC, "\"two\"", "! 1 \"a\" is no number\n"));
	CHECK(typed_is(GTC_BIGINT, "\"2\"", "1\t2\t\\N\n"));
	CHECK(typed_is(GTC_BIGINT, "9223372036854775807", "1\t9223372036854775807\t\\N\n"));
	CHECK(typed_is(GTC_BIGINT, "9223372036854775808", "! 1 \"a\" is no integer of 64 bits\n"));
	CHECK(typed_is(GTC_BIGINT, "2.5", "! 1 \"a\" is no integer of 64 bits\n"));
	CHECK(typed_is(GTC_DOUBLE, "1e999", "! 1 \"a\" is a number beyond double precision\n"));
	CHECK(typed_is(GTC_DOUBLE, "1e-999", "1\t0\t\\N\n"));
	CHECK(typed_is(GTC_BOOLEAN, "\"yes\"", "1\tt\t\\N\n"));
	CHECK(typed_is(GTC_BOOLEAN, "0", "1\tf\t\\N\n"));
	CHECK(typed_is(GTC_BOOLEAN, "2", "! 1 \"a\" is neither true nor false\n"));
	CHECK(typed_is(GTC_JSONB, "\"x\\\"\"", "1\t\"x\\\\\"\"\t\\N\n"));
	CHECK(typed_is(GTC_FLOAT4_ARRAY, "[1, -2.5e0, 3]", "1\t{1,-2.5,3}\t\\N\n"));
	CHECK(typed_is(GTC_FLOAT4_ARRAY, "\"{1,2}\"", "1\t{1,2}\t\\N\n"));
	CHECK(
		typed_is(GTC_FLOAT4_ARRAY, "[1, null]", "! 1 \"a\" is an array with an element that is no number\n"));
	CHECK(typed_is(GTC_FLOAT4_ARRAY, "[1e39]", "! 1 \"a\" is an array with a number beyond float4\n"));
	CHECK(typed_is(GTC_FLOAT4_ARRAY, "[1e-60]", "1\t{0}\t\\N\n"));
	CHECK(typed_is(GTC_FLOAT4_ARRAY, "[]", "! 1 \"a\" is an empty array\n"));
	CHECK(typed_is(GTC_FLOAT4_ARRAY, "[1]}\n{\"a\": [1, 2]",
				   "1\t{1}\t\\N\n! 2 \"a\" is an array of 2 where the first has 1\n"));
}

/* ---- CSV ---- */

static void
test_csv(void)
{
	GtcLoadOptions tabs = {.format = GTC_CSV, .delimiter = '\t'};

	CHECK(file_becomes(GTC_CSV, "a,b\n1,2\r\n\n\"x \"\"y\"\",\nz\",\n", "2\t1\t2\n4\tx \"y\",\\nz\t\\N\n"));
	CHECK(file_becomes(GTC_CSV, "a,b\n,\"\"\n5\" disk,x\"y", "2\t\\N\t\n3\t5\" disk\tx\"y\n"));
	CHECK(file_becomes(GTC_CSV, "a,b\n1\n1,2,3\n\"x\"y,2\n3,4",
					   "! 2 1 fields where the header has 2\n! 3 3 fields where the header has 2\n"
					   "! 4 characters follow a closing quote\n5\t3\t4\n"));
	CHECK(file_becomes(GTC_CSV, "a,b\n1,2\n\"x,2\n3,4\n",
					   "2\t1\t2\n!! line 3: a quote is opened and never closed\n"));
	CHECK(file_becomes(
		GTC_CSV, "a,a\n1,2",
		"!! no column can be called \"a\": it is too long, comes twice, or the table has it already\n"));
	CHECK(file_becomes(GTC_CSV, "", "!! there is no header\n"));
	CHECK(file_becomes(GTC_CSV, "a\n\xFF\n\\N\n\\.\n", "! 2 bytes that are not UTF-8\n3\t\\\\N\n4\t\\\\.\n"));
	CHECK(becomes(&tabs, "a\tb\n1,5\t2\n", 10, "2\t1,5\t2\n", NULL));
}

/* ---- Manifests ---- */

#define META(rest) "\"topic-metadata\": {" rest "\"human-annotated\": \"yes\", \"confidence\": 0.94}"

#define NAMED META("\"class-name\": \"x y\", ")

static void
test_manifest(void)
{
	GtcLoadOptions options = {.format = GTC_MANIFEST};

#define LINE_IS(line, rest) CHECK(becomes(&options, line, sizeof(line) - 1, "1\t" rest, NULL))
#define BAD_LINE(line, reason) CHECK(becomes(&options, line, sizeof(line) - 1, "! 1 " reason "\n", NULL))
	LINE_IS("{\"source\": \"a\"}", "a\t\\N\t\\N\t\\N\t\\N\t\\N\t{\"source\": \"a\"}\n");
	LINE_IS("{\"source-ref\":\"s3://b/c\"}\r\n",
			"\\N\ts3://b/c\t\\N\t\\N\t\\N\t\\N\t{\"source-ref\":\"s3://b/c\"}\n");
	LINE_IS("{\"source\": \"a\", \"topic\": 2, " NAMED "}",
			"a\t\\N\tx y\t0.93999999999999995\tt\t\\N\t{\"source\": \"a\", \"topic\": 2, " NAMED "}\n");
	LINE_IS("{\"source\": \"a\", \"topic\": \"2\", " NAMED "}",
			"a\t\\N\tx y\t0.93999999999999995\tt\t\\N\t{\"source\": \"a\", \"topic\": \"2\", " NAMED "}\n");
	LINE_IS(
		"{\"source\": \"a\", \"t\": \"spam\", \"t-metadata\": {\"human-annotated\": \"no\"}}",
		"a\t\\N\tspam\t\\N\tf\t\\N\t{\"source\": \"a\", \"t\": \"spam\", \"t-metadata\": "
		"{\"human-annotated\": \"no\"}}\n");
	LINE_IS(
		"{\"source\": \"a\", \"t-metadata\": {\"failure-reason\": \"late\"}}",
		"a\t\\N\t\\N\t\\N\t\\N\tlate\t{\"source\": \"a\", \"t-metadata\": {\"failure-reason\": \"late\"}}\n");
	LINE_IS(
		"{\"source\": \"a\", \"t\": [1, 0], \"t-metadata\": {\"class-map\": {\"1\": \"x\"}}}",
		"a\t\\N\t\\N\t\\N\t\\N\t\\N\t{\"source\": \"a\", \"t\": [1, 0], \"t-metadata\": {\"class-map\": "
		"{\"1\": \"x\"}}}\n");
	LINE_IS("{\"source\": \"a\", \"x\": 1e99999}",
			"a\t\\N\t\\N\t\\N\t\\N\t\\N\t{\"source\": \"a\", \"x\": 1e99999}\n");
	/* what only json can hold stays in the line, and is bad where it is needed */
	LINE_IS("{\"source\": \"a\", \"x\": \"\\u0000\\ud800\"}",
			"a\t\\N\t\\N\t\\N\t\\N\t\\N\t{\"source\": \"a\", \"x\": \"\\\\u0000\\\\ud800\"}\n");
	BAD_LINE("{\"source\": \"\\u0000\"}", "a zero character (\\u0000), which PostgreSQL cannot store");
	BAD_LINE("{\"source\": \"a\", \"source\": \"b\"}", "two keys \"source\"");
	BAD_LINE("{\"source\\u0000\": \"a\"}", "neither source nor source-ref");
	BAD_LINE("{\"text\": \"a\"}", "neither source nor source-ref");
	BAD_LINE("{\"source\": \"a\", \"topic\": 2, \"topic-metadata\": {}}", "no class-name");
	BAD_LINE("{\"source\": \"a\", \"topic\": \"123456789012345\", \"topic-metadata\": {}}", "no class-name");
	BAD_LINE("{\"source\": \"a\", \"topic\": true, \"topic-metadata\": {}}", "no class-name");
	BAD_LINE("{\"source\": \"a\", \"topic\": 2, \"topic\": 3, \"topic-metadata\": {}}", "two keys \"topic\"");
	BAD_LINE("{\"source\": \"a\", \"t\": 1, \"t-metadata\": {}, \"u-metadata\": {}}",
			 "label attributes \"t\" and \"u\": say which is meant (--attribute), or --no-labels");
}

static void
test_manifest_options(void)
{
	static char *categories[] = {"ham", "spam"};
	GtcLoadOptions options = {
		.format = GTC_MANIFEST, .attribute = "t", .categories = categories, .category_count = 2};

	LINE_IS("{\"source\": \"a\", \"t\": \"1\", \"u-metadata\": {}}",
			"a\t\\N\tspam\t\\N\t\\N\t\\N\t{\"source\": \"a\", \"t\": \"1\", \"u-metadata\": {}}\n");
	BAD_LINE("{\"source\": \"a\", \"t\": 2}", "no class-name");
	options.people_only = true;
	LINE_IS("{\"source\": \"a\", \"t\": 1}", "a\t\\N\t\\N\t\\N\t\\N\t\\N\t{\"source\": \"a\", \"t\": 1}\n");
	gtc_add_column(&options.declared, "v", GTC_FLOAT4_ARRAY, true);
	LINE_IS("{\"source\": \"a\", \"v\": [1]}",
			"a\t\\N\t\\N\t\\N\t\\N\t\\N\t{\"source\": \"a\", \"v\": [1]}\t{1}\n");
	gtc_columns_free(&options.declared);
	gtc_add_column(&options.declared, "x", GTC_JSONB, true);
	BAD_LINE("{\"source\": \"a\", \"x\": [\"\\u0000\"]}",
			 "\"x\" is a zero character (\\u0000), which PostgreSQL cannot store");
	BAD_LINE("{\"source\": \"a\", \"x\": 1e99999}", "\"x\" is a number with an exponent over 10,000");
	gtc_columns_free(&options.declared);
}

/* ---- Label Studio ---- */

#define RESULT(choice) \
	"[{\"from_name\": \"s\", \"to_name\": \"text\", \"type\": \"choices\", " \
	"\"value\": {\"choices\": [" choice "]}}]"

static void
test_label_studio(void)
{
	GtcLoadOptions options = {0};
	static const char export[] =
		"[{\"id\": 7, \"data\": {\"text\": \"hi\"}, \"annotations\": ["
		"{\"completed_by\": {\"id\": 3, \"email\": \"a@x.org\"}, \"result\": " RESULT(
			"\"pos\"") ", \"ground_truth\": true, "
					   "\"created_at\": \"2026-01-31T10:00:00.5Z\"}, "
					   "{\"completed_by\": 4, \"result\": [], \"was_cancelled\": true}, "
					   "{\"completed_by\": 5, \"result\": " RESULT(
						   "\"neg\"") ", \"created_at\": \"31.1.2026\"}], "
									  "\"predictions\": [{\"result\": " RESULT("\"neg\"") "}]}]";
	/* what follows the choice does not take its place */
	static const char remarked[] =
		"[{\"id\": 7, \"data\": {\"text\": \"hi\"}, \"annotations\": [{\"completed_by\": "
		"{\"username\": \"ann\", \"id\": 3}, \"result\": [{\"from_name\": \"s\", \"type\": \"choices\", "
		"\"value\": {\"choices\": [\"pos\"]}}, {\"from_name\": \"t\", \"type\": \"textarea\", "
		"\"value\": {\"text\": [\"why\"], \"choices\": [\"x\"]}}]}]}]";
	static const char min[] =
		"[{\"text\": \"hi\", \"id\": 7, \"s\": \"pos\", \"annotator\": 3, \"annotation_id\": 1, "
		"\"created_at\": \"2026-02-28T10:00:00Z\"},"
		" {\"text\": \"hi\", \"id\": 7, \"s\": {\"choices\": [\"neg\", \"pos\"]}, \"annotator\": 4, "
		"\"annotation_id\": 2}]";

	CHECK(becomes(&options, export, sizeof(export) - 1, "7\thi\tpos\tneg\t\\N\n",
				  "7\ta@x.org\tpos\tt\t\\N\t2026-01-31T10:00:00.5Z\n7\t5\tneg\tf\t\\N\t\\N\n"));
	CHECK(becomes(&options, min, sizeof(min) - 1,
				  "7\thi\t\\N\t\\N\t\\N\n! 2 an answer of 2 choices, where gtlabel knows answers of one\n",
				  "7\t3\tpos\tf\t\\N\t2026-02-28T10:00:00Z\n"));
	CHECK(becomes(&options, remarked, sizeof(remarked) - 1, "7\thi\t\\N\t\\N\t\\N\n",
				  "7\tann\tpos\tf\twhy\t\\N\n"));
	options.key = "text";
	CHECK(becomes(&options, export, sizeof(export) - 1, "7\thi\tpos\tneg\t\\N\n",
				  "hi\ta@x.org\tpos\tt\t\\N\t2026-01-31T10:00:00.5Z\nhi\t5\tneg\tf\t\\N\t\\N\n"));
	options.key = "gone";
	CHECK(becomes(&options, export, sizeof(export) - 1, "! 1 no \"gone\" in the data of the task\n", ""));
	options.key = NULL;
	options.attribute = "another";
	CHECK(becomes(&options, export, sizeof(export) - 1, "7\thi\t\\N\t\\N\t\\N\n", ""));
}

static int
date_becomes(const char *date, const char *expected)
{
	GtcLoadOptions options = {0};
	GtcBuffer	file;
	GtcBuffer	answers;
	int			good;

	gtc_buffer_init(&file);
	gtc_buffer_init(&answers);
	gtc_appendf(&file,
				"[{\"id\": 1, \"data\": {}, \"annotations\": [{\"created_at\": %s, \"result\": " RESULT(
					"\"a\"") "}]}]",
				date);
	gtc_appendf(&answers, "1\tunknown\ta\tf\t\\N\t%s\n", expected);
	good = becomes(&options, file.data, file.len, "1\t\\N\t\\N\t\\N\n", answers.data);
	gtc_buffer_free(&file);
	gtc_buffer_free(&answers);
	return good;
}

static void
test_dates(void)
{
	CHECK(date_becomes("\"2026-01-05T10:11:12.131415\"", "2026-01-05T10:11:12.131415Z"));
	CHECK(date_becomes("\"2024-02-29 23:59Z\"", "2024-02-29 23:59Z"));
	CHECK(date_becomes("\"2026-01-05T10:11:12+01:30\"", "2026-01-05T10:11:12+01:30"));
	CHECK(date_becomes("\"2026-01-05T10:11:12-0800\"", "2026-01-05T10:11:12-0800"));
	CHECK(date_becomes("\"2023-02-29T00:00:00Z\"", "\\N"));
	CHECK(date_becomes("\"1900-02-29T00:00:00Z\"", "\\N"));
	CHECK(date_becomes("\"2026-13-01T00:00:00Z\"", "\\N"));
	CHECK(date_becomes("\"2026-01-01T24:00:00Z\"", "\\N"));
	CHECK(date_becomes("\"2026-01-01T00:00:60Z\"", "\\N"));
	CHECK(date_becomes("\"2026-01-01T00:00:00.Z\"", "\\N"));
	CHECK(date_becomes("\"2026-01-01T00:00:00+99\"", "\\N"));
	CHECK(date_becomes("\"0000-01-01T00:00:00Z\"", "\\N"));
	CHECK(date_becomes("\"2026-01-01\"", "\\N"));
	CHECK(date_becomes("\"infinity\"", "\\N"));
	CHECK(date_becomes("1767225600", "\\N"));
	CHECK(date_becomes("null", "\\N"));
}

/* ---- Mutated files ---- */

static uint64_t state;

static uint32_t
random_below(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return n == 0 ? 0 : (state >> 16) % n;
}

#define FIRST_TASK \
	"{\"id\": 7, \"data\": {\"text\": \"hi\", \"v\": [1]}, \"annotations\": [{\"completed_by\": " \
	"{\"id\": 3, \"email\": \"a@x\"}, \"result\": " RESULT( \
		"\"pos\"") ", \"ground_truth\": true, " \
				   "\"created_at\": \"2026-01-31T10:00:00.5Z\"}, {\"completed_by\": 5, \"result\": " RESULT( \
					   "\"neg\"") "}], " \
								  "\"predictions\": [{\"result\": " RESULT("\"neg\"") "}]}"

/* clang-format off */
static const char *const seeds[] = {
	"{\"source\": \"a\\tb\", \"topic\": 2, \"topic-metadata\": {\"class-name\": \"x\", \"confidence\": 0.94, "
	"\"human-annotated\": \"yes\", \"creation-date\": \"2026-01-05T10:11:12.131415\"}}\n"
	"{\"source-ref\": \"s3://x\", \"topic-metadata\": {\"failure-reason\": \"expired\"}}\r\n"
	"{\"source\": \"\\ud83d\\ude00\"}\n",
	"{\"a\": \"x\", \"b\": [1, 2.5e3, null, true], \"v\": [0.5, 1]}\n"
	"{\"b\": {\"c\": {\"d\": \"\\u00e4\\\\\"}}, \"a\": null}\n",
	"[{\"a\": 1, \"b\": \"\"}, {\"a\": -2.5, \"late\": false}]\n",
	"a,b,v\n1,\"x \"\"y\"\"\n\",\"[1,2]\"\n,,{3}\r\n\"\",z,[4]\n",
	"[" FIRST_TASK ", {\"id\": 8, \"data\": {}}]",
	"[{\"text\": \"hi\", \"id\": 7, \"s\": \"pos\", \"annotator\": 3, \"annotation_id\": 1, "
	"\"created_at\": \"2026-02-28\"}, {\"text\": \"ho\", \"id\": 8, \"s\": {\"choices\": [\"neg\"]}, "
	"\"annotator\": 4, \"annotation_id\": 2}]",
};
/* clang-format on */

static const char *const scraps[] = {"\"",
									 "\\",
									 "\\u0000",
									 "\\ud800",
									 "\\udc00",
									 "\\uD83D\\uDE00",
									 "{",
									 "}",
									 "[",
									 "]",
									 ",",
									 ":",
									 "\n",
									 "\r\n",
									 "\r",
									 "\t",
									 "null",
									 "true",
									 "1e400",
									 "-0",
									 "0.1e-400",
									 "9223372036854775808",
									 "\xEF\xBB\xBF",
									 "\xFF",
									 "\xC3",
									 "\xE2\x80",
									 "\xF0\x9F\x98\x80",
									 "\xED\xA0\x80",
									 "\\N",
									 "\\.",
									 "\"source\": ",
									 "\"source\": \"x\", ",
									 "\"topic\": \"1\", ",
									 "-metadata",
									 "\"topic-metadata\": {}, ",
									 "\"data\": ",
									 "[[[[[[[[",
									 "{\"a\":",
									 "\"line_no\": 1, ",
									 "\"ctid\": 1, ",
									 "\"id\": \"x\", ",
									 "\x7f",
									 "\x01",
									 "\"\"",
									 "\\\"",
									 "NaN",
									 "2026-02-30T25:61:00Z"};

static void
mutate(GtcBuffer *file)
{
	uint32_t	at = random_below(file->len + 1);
	const char *scrap = scraps[random_below(sizeof(scraps) / sizeof(scraps[0]))];
	GtcBuffer	copy;
	size_t		skip = 0;

	gtc_buffer_init(&copy);
	gtc_append_bytes(&copy, file->data, at);
	switch (random_below(6))
	{
		case 0:					/* a byte becomes another */
			gtc_append_char(&copy, random_below(256));
			skip = 1;
			break;
		case 1:					/* some go */
			skip = 1 + random_below(20);
			break;
		case 2:					/* some come twice */
			skip = 1 + random_below(60);
			skip = skip > file->len - at ? file->len - at : skip;
			gtc_append_bytes(&copy, file->data + at, skip);
			skip = 0;
			break;
		case 3:					/* the end goes */
			skip = random_below(8) == 0 ? file->len : 0;
			break;
		default:
			gtc_append(&copy, scrap);
			break;
	}
	if (at + skip < file->len)
		gtc_append_bytes(&copy, file->data + at + skip, file->len - at - skip);
	gtc_buffer_free(file);
	*file = copy;
}

/* Would COPY take these lines into so many columns? */
static int
copy_takes(const char *text, size_t length, int columns)
{
	const char *at = text;
	const char *end = text + length;
	int			fields = 1;

	for (; at < end; at++)
	{
		if (*at == '\n')
		{
			if (fields != columns)
				return 0;
			fields = 1;
		}
		else if (*at == '\t')
			fields++;
		else if (*at == '\\' && (++at == end || strchr("N\\bfnrtv", *at) == NULL))
			return 0;
		else if (*at == '\r' || *at == '\0')
			return 0;
	}
	return length == 0 || end[-1] == '\n';
}

/* Columns that a list for CREATE TABLE names: commas outside of quotes */
static int
count_columns(const char *columns)
{
	int			count = 1;
	int			quoted = 0;

	for (; *columns != '\0'; columns++)
	{
		quoted ^= *columns == '"';
		count += *columns == ',' && !quoted;
	}
	return count;
}

static void
without_remarks(GtcBuffer *text)
{
	GtcBuffer	rows;
	char	   *line = text->data;
	char	   *feed;

	gtc_buffer_init(&rows);
	while ((feed = strchr(line, '\n')) != NULL)
	{
		if (*line != '!')
			gtc_append_bytes(&rows, line, feed + 1 - line);
		line = feed + 1;
	}
	gtc_buffer_free(text);
	*text = rows;
}

static int
rows_are_whole(Loaded *loaded)
{
	GtcLoadCounts *counts = &loaded->counts;

	without_remarks(&loaded->text);
	return counts->records == counts->rows + counts->bad &&
		copy_takes(loaded->text.data, loaded->text.len, count_columns(loaded->columns.data)) &&
		gtc_check_text((GtcSpan){loaded->text.data, loaded->text.len}) == NULL &&
		copy_takes(loaded->answers.data, loaded->answers.len, count_columns(gtc_answer_columns)) &&
		gtc_check_text((GtcSpan){loaded->answers.data, loaded->answers.len}) == NULL;
}

static void
random_options(GtcLoadOptions *options)
{
	static char *categories[] = {"ham", "spam"};

	memset(options, 0, sizeof(*options));
	options->format = random_below(3) == 0 ? random_below(GTC_LABEL_STUDIO + 1) : GTC_ANY_FORMAT;
	options->repair = random_below(2);
	options->people_only = random_below(4) == 0;
	options->attribute = random_below(4) == 0 ? "topic" : NULL;
	options->key = random_below(6) == 0 ? "text" : NULL;
	options->categories = categories;
	options->category_count = random_below(3);
	if (random_below(3) == 0)
		gtc_add_column(&options->declared, random_below(2) == 0 ? "v" : "b",
					   random_below(GTC_FLOAT4_ARRAY + 1), true);
}

static int
survives(const GtcBuffer *file, const GtcLoadOptions *options)
{
	Loaded		once;
	Loaded		again;
	int			good;

	load_text(&once, file->data, file->len, 1 + random_below(300), options);
	load_text(&again, file->data, file->len, 1 + random_below(30), options);
	good = strcmp(once.text.data, again.text.data) == 0;
	good &= rows_are_whole(&once);
	if (!good)
		fprintf(stderr, "    of the file:\n%s\n", file->data);
	free_loaded(&once);
	free_loaded(&again);
	return good;
}

static long
from_environment(const char *name, long otherwise)
{
	return getenv(name) == NULL ? otherwise : atol(getenv(name));
}

static void
test_mutated(void)
{
	long		most = from_environment("GTL_FUZZ_INPUTS", 100000);
	time_t		until = time(NULL) + from_environment("GTL_FUZZ_SECONDS", 20);
	long		failed = 0;
	long		i;

	state = from_environment("GTL_FUZZ_SEED", 20261126);
	for (i = 0; i < most && failed < 3 && (i % 256 != 0 || time(NULL) < until); i++)
	{
		GtcLoadOptions options;
		GtcBuffer	file;
		int			mutations = 1 + random_below(6);

		gtc_buffer_init(&file);
		gtc_append(&file, seeds[random_below(sizeof(seeds) / sizeof(seeds[0]))]);
		while (mutations-- > 0)
			mutate(&file);
		random_options(&options);
		failed += !survives(&file, &options);
		gtc_columns_free(&options.declared);
		gtc_buffer_free(&file);
	}
	printf("mutated files: %ld\n", i);
	CHECK(failed == 0);
	CHECK(i >= 1000 || i == most);
}

int
main(void)
{
	test_json_lines();
	test_columns();
	test_behind_the_head();
	test_bad_lines();
	test_repair();
	test_types();
	test_csv();
	test_manifest();
	test_manifest_options();
	test_label_studio();
	test_dates();
	test_mutated();
	return CHECK_SUMMARY("client/exchange");
}
