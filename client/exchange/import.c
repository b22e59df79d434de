/*
 * import.c
 *		gtlabel import FILE: a table of a file.
 *
 * Everything is one transaction: the table, the table of answers, their rows and keys are there together or
 * not at all, however the program ends.  Answers wait in a temporary file, since a connection copies into one
 * table at a time.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "command.h"
#include "connection.h"
#include "exchange/load.h"
#include "exchange/progress.h"

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

static const struct
{
	const char *name;
	GtcFormat	format;
} formats[] = {{"manifest", GTC_MANIFEST},
			   {"jsonl", GTC_JSON},
			   {"json", GTC_JSON},
			   {"csv", GTC_CSV},
			   {"label-studio", GTC_LABEL_STUDIO}};

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

	PGconn	   *connection;
	GtcLoad		load;
	GtcProgress progress;
	GtcBuffer	table_name;		/* as SQL writes them */
	GtcBuffer	answers_name;
	FILE	   *report;
	FILE	   *spool;
	bool		copying;		/* the server waits for rows */
	bool		broken;			/* a record was bad, and none may be: what follows is only looked at */
} Import;

static bool
fail(const char *what, const char *path)
{
	fprintf(stderr, "gtlabel import: cannot %s \"%s\": %s\n", what, path, strerror(errno));
	return false;
}

/* ---- SQL ---- */

static bool
run_sql(Import *import, const char *sql)
{
	PGresult   *result = gtc_query(import->connection, sql, 0, NULL);

	PQclear(result);
	return result != NULL;
}

/* A name as the user wrote it, by SQL's rules, as the server quotes it */
static bool
resolve_name(Import *import, const char *name, GtcBuffer *quoted)
{
	PGresult   *result = name == NULL
		? NULL
		: gtc_query(import->connection,
					"SELECT pg_catalog.string_agg(pg_catalog.quote_ident(part), '.' ORDER BY n)"
					" FROM pg_catalog.unnest(pg_catalog.parse_ident($1)) WITH ORDINALITY AS p(part, n)",
					1, &name);

	if (result == NULL)
		return name == NULL;
	gtc_append(quoted, PQgetvalue(result, 0, 0));
	PQclear(result);
	return true;
}

static bool
create_table(Import *import, const char *name, const char *columns, bool temporary)
{
	GtcBuffer	sql;
	bool		good;

	gtc_buffer_init(&sql);
	gtc_appendf(&sql, "CREATE %sTABLE %s (%s)%s", temporary ? "TEMPORARY " : "", name, columns,
				temporary ? " ON COMMIT DROP" : "");
	good = run_sql(import, sql.data);
	gtc_buffer_free(&sql);
	return good;
}

/* The table that rows are copied into; JSON_MIN's go through another one, which has tasks more than once. */
static const char *
target(const Import *import)
{
	return import->load.repeats ? "pg_temp.gtlabel_import" : import->table_name.data;
}

static bool
begin_copy(Import *import, const char *name)
{
	GtcBuffer	sql;
	PGresult   *result;
	bool		good;

	gtc_buffer_init(&sql);
	gtc_appendf(&sql, "COPY %s FROM STDIN (FREEZE)", name);
	result = PQexec(import->connection, sql.data);
	good = PQresultStatus(result) == PGRES_COPY_IN;
	import->copying = good;
	if (!good)
		fprintf(stderr, "gtlabel import: %s", PQerrorMessage(import->connection));
	PQclear(result);
	gtc_buffer_free(&sql);
	return good;
}

/* The server's answer to a COPY that is over; NULL after a message */
static PGresult *
result_of_copy(Import *import)
{
	PGresult   *result = PQgetResult(import->connection);
	bool		good = PQresultStatus(result) == PGRES_COMMAND_OK;

	if (!good)
	{
		const char *context = PQresultErrorField(result, PG_DIAG_CONTEXT);

		gtc_print_error(import->connection, result);
		if (context != NULL)
			fprintf(stderr, "CONTEXT:  %s\n", context);
	}
	while (result != NULL && !good)
	{
		PQclear(result);
		result = PQgetResult(import->connection);
	}
	if (good)
		PQclear(PQgetResult(import->connection));
	return result;
}

static bool
end_copy(Import *import, long long rows)
{
	PGresult   *result;
	bool		good;

	import->copying = false;
	if (PQputCopyEnd(import->connection, NULL) != 1)
	{
		fprintf(stderr, "gtlabel import: %s", PQerrorMessage(import->connection));
		return false;
	}
	result = result_of_copy(import);
	good = result != NULL && atoll(PQcmdTuples(result)) == rows;
	if (result != NULL && !good)
		fprintf(stderr, "gtlabel import: %lld rows were sent and %s arrived\n", rows, PQcmdTuples(result));
	PQclear(result);
	return good;
}

/* Tells the server that no more rows come, and that it is to keep none. */
static void
give_up_copy(Import *import)
{
	PGresult   *result;

	if (!import->copying || PQputCopyEnd(import->connection, "gtlabel import gives up") != 1)
		return;
	while ((result = PQgetResult(import->connection)) != NULL)
		PQclear(result);
}

static bool
send_rows(Import *import, const char *data, size_t length)
{
	if (PQputCopyData(import->connection, data, length) == 1)
		return true;
	fprintf(stderr, "gtlabel import: %s", PQerrorMessage(import->connection));
	return false;
}

/* ---- Bad records ---- */

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
	fprintf(stderr, "gtlabel import: %s: %s\n", words.data, import->load.reason);
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
	bool		good = import->broken || import->connection == NULL || import->table == NULL ||
		send_rows(import, rows->data, rows->len);

	gtc_buffer_reset(rows);
	return good;
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
			fprintf(stderr, "gtlabel import: \"%s\": %s\n", import->path, load->reason);
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
	return flush_rows(import) && flush_answers(import) && !import->broken;
}

static bool
copy_answers(Import *import)
{
	char	   *block;
	size_t		count;
	bool		good;

	if (fflush(import->spool) != 0 || fseek(import->spool, 0, SEEK_SET) != 0)
		return fail("read", "temporary file");
	if (!create_table(import, import->answers_name.data, gtc_answer_columns, false) ||
		!begin_copy(import, import->answers_name.data))
		return false;
	block = gtc_alloc(SEND);
	do
	{
		count = fread(block, 1, SEND, import->spool);
		good = send_rows(import, block, count);
	} while (good && count == SEND);
	free(block);
	if (ferror(import->spool))
		good = fail("read", "temporary file");
	return good && end_copy(import, import->load.counts.answers);
}

/* ---- The table ---- */

static bool
begin_table(Import *import)
{
	GtcBuffer	columns;
	bool		good;

	if (import->table == NULL)
		return true;
	gtc_buffer_init(&columns);
	gtc_load_columns(&import->load, &columns);
	good = create_table(import, import->table_name.data, columns.data, false) &&
		(!import->load.repeats || create_table(import, target(import), columns.data, true)) &&
		begin_copy(import, target(import));
	gtc_buffer_free(&columns);
	return good;
}

static bool
end_table(Import *import)
{
	GtcBuffer	sql;
	bool		good;

	if (import->table == NULL)
		return true;
	if (!end_copy(import, import->load.counts.rows))
		return false;
	gtc_buffer_init(&sql);
	if (import->load.repeats)
	{
		gtc_appendf(&sql, "INSERT INTO %s SELECT DISTINCT ON (", import->table_name.data);
		gtc_append_identifier(&sql, gtc_load_key(&import->load));
		gtc_appendf(&sql, ") * FROM %s ORDER BY ", target(import));
		gtc_append_identifier(&sql, gtc_load_key(&import->load));
	}
	good = sql.len == 0 || run_sql(import, sql.data);
	gtc_buffer_reset(&sql);
	gtc_appendf(&sql, "ALTER TABLE %s ADD PRIMARY KEY (", import->table_name.data);
	gtc_append_identifier(&sql, gtc_load_key(&import->load));
	gtc_append_char(&sql, ')');
	good = good && run_sql(import, sql.data);
	gtc_buffer_free(&sql);
	return good;
}

static bool
open_transaction(Import *import)
{
	import->connection = gtc_connect(&import->server, "gtlabel import");
	return import->connection != NULL && run_sql(import, "BEGIN") &&
		resolve_name(import, import->table, &import->table_name) &&
		resolve_name(import, import->answers_table, &import->answers_name);
}

static bool
import_all(Import *import)
{
	if (import->check)
		return take_records(import);
	return open_transaction(import) && begin_table(import) && take_records(import) && end_table(import) &&
		(import->spool == NULL || copy_answers(import)) && run_sql(import, "COMMIT");
}

/* ---- What is said at the end ---- */

static void
say_lines(const GtcLoadCounts *counts, const Import *import)
{
	if (counts->bad > 0)
		printf("skipped: %s bad records, see %s\n", gtc_with_commas(counts->bad), import->report_path);
	if (counts->repaired > 0)
		printf("repaired: %s records\n", gtc_with_commas(counts->repaired));
	if (import->load.format == GTC_MANIFEST && import->load.attribute != NULL)
		printf("label attribute: %s, %s labels, %s failed\n", import->load.attribute,
			   gtc_with_commas(counts->labels), gtc_with_commas(counts->failed));
	if (counts->long_lines > 0)
		printf("over 100,000 characters, which Ground Truth refuses: %s lines\n",
			   gtc_with_commas(counts->long_lines));
	if (import->load.format == GTC_LABEL_STUDIO || import->answers_table != NULL)
		printf("answers: %s%s%s, %s cancelled or empty\n", gtc_with_commas(counts->answers),
			   import->answers_table == NULL ? "" : " in ",
			   import->answers_table == NULL ? "" : import->answers_table,
			   gtc_with_commas(counts->cancelled));
	if (counts->odd_dates > 0)
		printf("dates that are none, taken as NULL: %s\n", gtc_with_commas(counts->odd_dates));
}

static void
say_words(const Import *import, double seconds)
{
	const GtcLoadCounts *counts = &import->load.counts;
	GtcBuffer	columns;

	gtc_buffer_init(&columns);
	gtc_load_columns(&import->load, &columns);
	if (import->check)
		printf("checked: %s records, %s bad\n", gtc_with_commas(counts->records),
			   gtc_with_commas(counts->bad));
	else if (import->table != NULL)
		printf("imported: %s records into %s in %.1f s\n", gtc_with_commas(counts->rows),
			   import->table_name.data, seconds);
	if (import->check || import->table != NULL)
		printf("columns: %s\n", columns.data);
	say_lines(counts, import);
	gtc_buffer_free(&columns);
}

static void
append_name_or_null(GtcBuffer *json, const char *key, const char *name)
{
	gtc_appendf(json, "\"%s\": ", key);
	gtc_append_json(json, name);
	gtc_append(json, ", ");
}

static const char *
format_name(GtcFormat format)
{
	size_t		i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
	{
		if (formats[i].format == format)
			return formats[i].name;
	}
	return NULL;
}

static void
say_json(const Import *import, double seconds)
{
	const GtcLoadCounts *counts = &import->load.counts;
	GtcBuffer	json;
	GtcBuffer	columns;

	gtc_buffer_init(&json);
	gtc_buffer_init(&columns);
	gtc_load_columns(&import->load, &columns);
	gtc_append(&json, "{");
	append_name_or_null(&json, "table",
						import->check || import->table == NULL ? NULL : import->table_name.data);
	append_name_or_null(&json, "annotations",
						import->check || import->answers_table == NULL ? NULL : import->answers_name.data);
	append_name_or_null(&json, "format", format_name(import->load.format));
	append_name_or_null(&json, "columns", columns.data);
	append_name_or_null(&json, "label_attribute", import->load.attribute);
	gtc_appendf(
		&json,
		"\"records\": %lld, \"rows\": %lld, \"bad\": %lld, \"repaired\": %lld, \"labels\": %lld, "
		"\"failed\": %lld, "
		"\"answers\": %lld, \"cancelled\": %lld, \"odd_dates\": %lld, \"bytes\": %lld, \"seconds\": %.3f}",
		counts->records, counts->rows, counts->bad, counts->repaired, counts->labels, counts->failed,
		counts->answers, counts->cancelled, counts->odd_dates, gtc_input_bytes(import->load.input), seconds);
	puts(json.data);
	gtc_buffer_free(&columns);
	gtc_buffer_free(&json);
}

/* ---- The command ---- */

static bool
open_files(Import *import)
{
	if (import->report_path != NULL)
	{
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
		fprintf(stderr, "gtlabel import: \"%s\": %s\n", import->path, load->reason);
	else if (import->answers_table != NULL && load->format != GTC_LABEL_STUDIO &&
			 load->format != GTC_MANIFEST)
		fprintf(
			stderr,
			"gtlabel import: \"%s\" is %s, and --annotations takes the answers of Label Studio or a manifest\n",
			import->path, format_name(load->format));
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

static bool
run_import(Import *import)
{
	bool		good = begin_load(import) && open_files(import) && import_all(import);

	good = close_report(import) && good;
	gtc_progress_end(&import->progress);
	if (good && import->load.counts.rows == 0 && import->load.counts.bad > 0)
		fputs("gtlabel import: every record is bad\n", stderr);
	if (import->broken)
		fprintf(stderr,
				"gtlabel import: %s%s bad records: nothing was imported; --skip-bad FILE leaves them out\n",
				import->load.counts.bad >= SHOWN_BAD ? "at least " : "",
				gtc_with_commas(import->load.counts.bad));
	if (good && import->json)
		say_json(import, gtc_progress_seconds(&import->progress));
	else if (good && !import->quiet)
		say_words(import, gtc_progress_seconds(&import->progress));
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
	gtc_buffer_init(&import->table_name);
	gtc_buffer_init(&import->answers_name);
	gtc_load_init(&import->load, input, &import->options);
	good = run_import(import);
	if (!good)
		give_up_copy(import);
	PQfinish(import->connection);
	if (import->spool != NULL)
		fclose(import->spool);
	gtc_load_free(&import->load);
	gtc_input_close(input);
	gtc_buffer_free(&import->table_name);
	gtc_buffer_free(&import->answers_name);
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
read_format(GtcLoadOptions *options, const char *name)
{
	size_t		i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
	{
		if (strcmp(name, formats[i].name) == 0)
		{
			options->format = formats[i].format;
			return true;
		}
	}
	return false;
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
			return read_format(options, value);
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
