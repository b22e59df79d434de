/*
 * import.c
 *		gtlabel import FILE: a table of a file.
 *
 * input.c cuts the file into records, load.c makes rows of them, target.c has the server take them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "command.h"
#include "connection.h"
#include "exchange/progress.h"
#include "exchange/summary.h"
#include "text.h"

#define SEND ((size_t) 64 * 1024)	/* bytes of COPY in one message */
#define SHOWN_BAD 10			/* records that a failing import names */

enum
{
	FORMAT = GTC_OPTION_OWN,
	KEY_COLUMN,
	COLUMN,
	FEATURES,
	ATTRIBUTE,
	CATEGORIES,
	ANNOTATIONS,
	KEY,
	DELIMITER,
	SKIP_BAD,
	REPAIR,
	NO_LABELS,
	PEOPLE_ONLY,
	CHECK,
	AS_JSON,
	QUIET
};

static const struct option long_options[] = {
	GTC_CONNECTION_LONG,
	{"table", required_argument, NULL, 't'},
	{"format", required_argument, NULL, FORMAT},
	{"key-column", required_argument, NULL, KEY_COLUMN},
	{"column", required_argument, NULL, COLUMN},
	{"features", required_argument, NULL, FEATURES},
	{"attribute", required_argument, NULL, ATTRIBUTE},
	{"categories", required_argument, NULL, CATEGORIES},
	{"annotations", required_argument, NULL, ANNOTATIONS},
	{"key", required_argument, NULL, KEY},
	{"delimiter", required_argument, NULL, DELIMITER},
	{"skip-bad", required_argument, NULL, SKIP_BAD},
	{"repair", no_argument, NULL, REPAIR},
	{"no-labels", no_argument, NULL, NO_LABELS},
	{"people-only", no_argument, NULL, PEOPLE_ONLY},
	{"check", no_argument, NULL, CHECK},
	{"json", no_argument, NULL, AS_JSON},
	{"quiet", no_argument, NULL, QUIET},
	{NULL, 0, NULL, 0}
};

typedef struct Import
{
	GtcConnectionOptions server;
	GtcLoadOptions options;
	const char *path;
	const char *table;
	const char *answers_table;
	const char *report_path;
	bool		check;
	bool		json;
	bool		quiet;

	GtcTarget	target;
	GtcLoad		load;
	GtcProgress progress;
	FILE	   *report;
	FILE	   *spool;			/* answers, since a connection copies into one table at a time */
	bool		broken;			/* a record was bad, and none may be: what follows is only looked at */
} Import;

static bool
fail(const char *what, const char *path)
{
	fprintf(stderr, "gtlabel import: cannot %s \"%s\": %s\n", what, path, strerror(errno));
	return false;
}

/* ---- Bad records ---- */

/* A reason can hold names of the file, in which a terminal must find nothing to obey. */
static void
complain(const char *place, const char *reason)
{
	GtcBuffer	words;

	gtc_buffer_init(&words);
	gtc_append_short(&words, reason, 600);
	fprintf(stderr, "gtlabel import: %s: %s\n", place, words.data);
	gtc_buffer_free(&words);
}

static void
append_place(const Import *import, GtcBuffer *words)
{
	if (import->load.array)
		gtc_appendf(words, "element %lld (line %lld)", import->load.record.number, import->load.record.line);
	else
		gtc_appendf(words, "line %lld", import->load.record.line);
}

static bool
report_bad(Import *import)
{
	GtcSpan		text = import->load.record.text;
	GtcBuffer	line;
	GtcBuffer	plain;
	bool		good;

	gtc_buffer_init(&line);
	gtc_buffer_init(&plain);
	if (text.len > 1000)
		text.len = 1000;
	if (text.len > 0)
		gtc_repair(&plain, text, false);
	gtc_appendf(&line,
				"{\"%s\": %lld, \"line\": %lld, \"reason\": ", import->load.array ? "element" : "record",
				import->load.counts.records, import->load.record.line);
	gtc_append_json(&line, import->load.reason);
	gtc_append(&line, ", \"text\": ");
	gtc_append_json(&line, plain.data);
	gtc_append(&line, "}\n");
	good = fwrite(line.data, 1, line.len, import->report) == line.len;
	gtc_buffer_free(&line);
	gtc_buffer_free(&plain);
	return good || fail("write", import->report_path);
}

/* False: the import ends here. */
static bool
take_bad(Import *import)
{
	GtcBuffer	words;

	if (import->report != NULL)
		return report_bad(import);
	import->broken = true;
	gtc_buffer_init(&words);
	append_place(import, &words);
	complain(words.data, import->load.reason);
	gtc_buffer_free(&words);
	return import->load.counts.bad < SHOWN_BAD;
}

/* ---- Records ---- */

static bool
flush_answers(Import *import)
{
	GtcBuffer  *answers = &import->load.answers;
	bool		good = import->spool == NULL ||
		fwrite(answers->data, 1, answers->len, import->spool) == answers->len;

	gtc_buffer_reset(answers);
	return good || fail("write", "temporary file");
}

static bool
flush_rows(Import *import)
{
	GtcBuffer  *rows = &import->load.rows;
	bool		good = import->broken || import->check || import->table == NULL ||
		gtc_target_send(&import->target, rows->data, rows->len);

	gtc_buffer_reset(rows);
	return good;
}

/* A file of which nothing can be read is not what the user takes it for. */
static bool
is_worth_it(const Import *import)
{
	bool		all_bad = import->load.counts.rows == 0 && import->load.counts.bad > 0;

	if (all_bad && !import->broken)
		fprintf(stderr, "gtlabel import: every record is bad, see \"%s\": nothing was imported\n",
				import->report_path);
	return !import->broken && !all_bad;
}

static bool
take_records(Import *import)
{
	GtcLoad    *load = &import->load;
	GtcLoadResult result;

	while ((result = gtc_load_next(load)) != GTC_LOAD_END)
	{
		if (result == GTC_LOAD_FATAL)
		{
			complain(import->path, load->reason);
			return false;
		}
		if (result == GTC_LOAD_BAD && !take_bad(import))
			return false;
		if ((load->rows.len >= SEND && !flush_rows(import)) ||
			(load->answers.len >= SEND && !flush_answers(import)))
			return false;
		gtc_progress_show(&import->progress, "records", load->counts.records, gtc_input_bytes(load->input),
						  gtc_input_share(load->input));
	}
	return flush_rows(import) && flush_answers(import) && is_worth_it(import);
}

static bool
import_all(Import *import)
{
	GtcTarget  *target = &import->target;

	if (import->check)
		return take_records(import);
	return gtc_target_open(target, &import->server) && gtc_target_begin(target, &import->load) &&
		take_records(import) && gtc_target_end(target, &import->load) &&
		(import->spool == NULL ||
		 gtc_target_take_answers(target, import->spool, import->load.counts.answers)) &&
		gtc_target_commit(target);
}

/* ---- The command ---- */

static bool
open_files(Import *import)
{
	if (import->report_path != NULL)
	{
		if (gtc_input_is_file(import->load.input, import->report_path))
		{
			fprintf(stderr, "gtlabel import: \"%s\" is read, and cannot be the report\n",
					import->report_path);
			return false;
		}
		import->report = fopen(import->report_path, "w");
		if (import->report == NULL)
			return fail("write", import->report_path);
	}
	if (import->answers_table != NULL && !import->check)
	{
		import->spool = tmpfile();
		if (import->spool == NULL)
			return fail("make", "temporary file");
	}
	return true;
}

/* Is there something to make a table of? */
static bool
begin_load(Import *import)
{
	GtcLoad    *load = &import->load;

	if (!gtc_load_begin(load))
		complain(import->path, load->reason);
	else if (import->answers_table != NULL && load->format != GTC_LABEL_STUDIO &&
			 load->format != GTC_MANIFEST)
		fprintf(
			stderr,
			"gtlabel import: \"%s\" is %s, --annotations takes the answers of Label Studio or a manifest\n",
			import->path, gtc_format_name(load->format));
	else
		return true;
	return false;
}

static bool
close_report(Import *import)
{
	int			code = import->report == NULL ? 0 : fclose(import->report);

	return code == 0 || fail("write", import->report_path);
}

static void
say(const Import *import)
{
	GtcSummary	summary = {&import->load, &import->target, import->report_path, import->check,
						   gtc_progress_seconds(&import->progress)};

	if (import->json)
		gtc_summary_json(&summary);
	else if (!import->quiet)
		gtc_summary_words(&summary);
}

static bool
run_import(Import *import)
{
	bool		good = begin_load(import) && open_files(import) && import_all(import);

	good = close_report(import) && good;
	gtc_progress_end(&import->progress);
	if (import->broken)
		fprintf(stderr,
				"gtlabel import: %s%s bad records: nothing was imported; --skip-bad FILE leaves them out\n",
				import->load.counts.bad >= SHOWN_BAD ? "at least " : "",
				gtc_with_commas(import->load.counts.bad));
	if (good)
		say(import);
	return good;
}

static int
import_file(Import *import)
{
	GtcInput   *input = gtc_input_open(import->path);
	bool		good;

	if (input == NULL)
		return GTC_FAILED;
	gtc_progress_begin(&import->progress, !import->quiet && !import->json);
	gtc_target_init(&import->target, import->table, import->answers_table);
	gtc_load_init(&import->load, input, &import->options);
	good = run_import(import);
	gtc_target_free(&import->target);
	if (import->spool != NULL)
		fclose(import->spool);
	gtc_load_free(&import->load);
	gtc_input_close(input);
	return good ? GTC_OK : GTC_FAILED;
}

/* ---- Options ---- */

/* NAME:TYPE */
static bool
declare_column(GtcLoadOptions *options, const char *text)
{
	const char *colon = strrchr(text, ':');
	GtcType		type;
	char	   *name;

	if (colon == NULL || colon == text || !gtc_type_by_name(colon + 1, &type))
		return false;
	name = gtc_copy(text);
	name[colon - text] = '\0';
	gtc_add_column(&options->declared, name, type, true);
	free(name);
	return true;
}

static void
add_category(GtcLoadOptions *options, const char *name)
{
	options->categories = gtc_realloc(options->categories, (options->category_count + 1) * sizeof(char *));
	options->categories[options->category_count++] = gtc_copy(name);
}

/* A category file of Ground Truth, {"labels": [{"label": "a"}, ...]}, or a list of names */
static bool
add_categories_of(GtcLoadOptions *options, const char *text, size_t length)
{
	GtcJson    *json = gtc_json_parse(text, length);
	const GtcJson *list = json == NULL || json->kind == GTC_JSON_ARRAY ? json
																	   : gtc_json_member(json, "labels");
	const GtcJson *item = list == NULL || list->kind != GTC_JSON_ARRAY ? NULL : list->first;

	for (; item != NULL; item = item->next)
	{
		const char *name = item->kind == GTC_JSON_STRING ? item->text : gtc_json_text(item, "label");

		if (name == NULL)
			break;
		add_category(options, name);
	}
	gtc_json_free(json);
	return item == NULL && options->category_count > 0;
}

static bool
read_category_file(GtcLoadOptions *options, const char *path)
{
	FILE	   *file = fopen(path, "r");
	char		block[4096];
	size_t		count;
	GtcBuffer	text;
	bool		good;

	if (file == NULL)
		return fail("read", path);
	gtc_buffer_init(&text);
	while ((count = fread(block, 1, sizeof(block), file)) > 0 && text.len < GTC_LONGEST_RECORD)
		gtc_append_bytes(&text, block, count);
	good = !ferror(file) && add_categories_of(options, text.data, text.len);
	fclose(file);
	gtc_buffer_free(&text);
	return good;
}

static bool
read_categories(GtcLoadOptions *options, const char *text)
{
	char	   *names;
	char	   *rest;
	char	   *name;

	if (text[0] == '@')
		return read_category_file(options, text + 1);
	names = rest = gtc_copy(text);
	while ((name = strsep(&rest, ",")) != NULL)
		add_category(options, name);
	free(names);
	return true;
}

static bool
read_delimiter(GtcLoadOptions *options, const char *text)
{
	options->delimiter = strcmp(text, "tab") == 0 ? '\t' : text[0];
	return options->delimiter == '\t' || (strlen(text) == 1 && strchr("\"\r\n", text[0]) == NULL);
}

static bool
read_option(Import *import, int option, const char *value)
{
	GtcLoadOptions *options = &import->options;

	switch (option)
	{
		case 't':
			import->table = value;
			return true;
		case FORMAT:
			return gtc_format_by_name(value, &options->format);
		case KEY_COLUMN:
			options->key_column = value;
			return value[0] != '\0' && strlen(value) <= GTC_LONGEST_NAME;
		case COLUMN:
			return declare_column(options, value);
		case FEATURES:
			gtc_add_column(&options->declared, value, GTC_FLOAT4_ARRAY, true);
			return true;
		case ATTRIBUTE:
			options->attribute = value;
			return value[0] != '\0';
		case CATEGORIES:
			return read_categories(options, value);
		case ANNOTATIONS:
			import->answers_table = value;
			return options->answers = true;
		case KEY:
			options->key = value;
			return value[0] != '\0';
		case DELIMITER:
			return read_delimiter(options, value);
		case SKIP_BAD:
			import->report_path = value;
			return true;
		case REPAIR:
			return options->repair = true;
		case NO_LABELS:
			return options->no_labels = true;
		case PEOPLE_ONLY:
			return options->people_only = true;
		case CHECK:
			return import->check = true;
		case AS_JSON:
			return import->json = true;
		case QUIET:
			return import->quiet = true;
		default:
			return gtc_connection_option(&import->server, option, value);
	}
}

static void
free_options(GtcLoadOptions *options)
{
	gtc_columns_free(&options->declared);
	while (options->category_count > 0)
		free(options->categories[--options->category_count]);
	free(options->categories);
}

static int
run(int argc, char **argv)
{
	Import		import = {0};
	int			option;
	int			status;

	while ((option = getopt_long(argc, argv, GTC_CONNECTION_SHORT "t:", long_options, NULL)) != -1)
	{
		if (option == GTC_OPTION_HELP)
		{
			gtc_print_help(&gtc_import_command);
			return GTC_OK;
		}
		if (option == '?' || !read_option(&import, option, optarg))
			return option == '?'
				? gtc_usage_error(&gtc_import_command, "cannot read the options")
				: gtc_usage_error(&gtc_import_command, "\"%s\" is no value for this option", optarg);
	}
	if (optind + 1 != argc)
		return gtc_usage_error(&gtc_import_command, "which file? - is standard input");
	if (import.table == NULL && import.answers_table == NULL && !import.check)
		return gtc_usage_error(&gtc_import_command, "which table? --table NAME");
	import.path = argv[optind];
	status = import_file(&import);
	free_options(&import.options);
	return status;
}

const GtcCommand gtc_import_command = {
	"import", "FILE", "makes a table of a manifest, of JSON Lines, CSV, or of an export of Label Studio",
	"  -t, --table=TABLE      the table to make; it must not exist\n"
	"  --format=FORMAT        manifest, jsonl, json, csv or label-studio (as the file looks)\n"
	"  --column=NAME:TYPE     a column's type: text, numeric, bigint, double precision, boolean,\n"
	"                         jsonb, float4[]\n"
	"  --features=NAME        the same as --column=NAME:float4[]\n"
	"  --key-column=NAME      what the column of the key is called (line_no, task_id)\n"
	"  --attribute=NAME       manifest: the label attribute; Label Studio: the control (the only one)\n"
	"  --categories=A,B,...   manifest: names of the indices, where metadata has no class-name;\n"
	"                         or =@FILE, a category file\n"
	"  --people-only          manifest: only labels with human-annotated \"yes\"\n"
	"  --no-labels            manifest: no labels\n"
	"  --annotations=TABLE    Label Studio, manifest: the answers, or the labels as answers of their\n"
	"                         job, into this table, for gt_import_annotations\n"
	"  --key=NAME             Label Studio: the field of a task's data that is the object's key (id)\n"
	"  --delimiter=CHARACTER  CSV: between fields (,); or the word tab\n"
	"  --skip-bad=REPORT      leaves bad records out and writes them to this file with their reasons\n"
	"  --repair               puts U+FFFD for what PostgreSQL cannot store, escapes control characters\n"
	"  --check                only reads and checks; needs no server\n"
	"  --json                 a summary in JSON\n"
	"  --quiet                no summary\n\n"
	"FILE - is standard input.  What gzip has packed is unpacked.  All records are imported, or none:\n"
	"the first bad ones are named with number and reason.\n",
	run
};
