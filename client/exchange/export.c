/*
 * export.c
 *		gtlabel export JOB: a job's labels as a file.
 *
 * The server makes the lines; here they are streamed, by COPY in its binary format, which leaves a text as
 * it is.  A file comes into being under its name when it is complete.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "buffer.h"
#include "command.h"
#include "connection.h"
#include "exchange/progress.h"

enum
{
	FORMAT = GTC_OPTION_OWN,
	SOURCE,
	SOURCE_REF,
	COLUMNS,
	GZIP,
	AS_JSON,
	QUIET
};

static const struct option long_options[] = {
	GTC_CONNECTION_LONG,
	{"output", required_argument, NULL, 'o'},
	{"format", required_argument, NULL, FORMAT},
	{"source", required_argument, NULL, SOURCE},
	{"source-ref", required_argument, NULL, SOURCE_REF},
	{"columns", required_argument, NULL, COLUMNS},
	{"gzip", no_argument, NULL, GZIP},
	{"json", no_argument, NULL, AS_JSON},
	{"quiet", no_argument, NULL, QUIET},
	{NULL, 0, NULL, 0}
};

typedef struct Export
{
	GtcConnectionOptions server;
	const char *job_name;
	const char *format;
	const char *path;			/* NULL: stdout */
	const char *source;
	const char *source_ref;
	const char *columns;		/* a,b,... */
	bool		gzip;
	bool		json;
	bool		quiet;

	PGconn	   *connection;
	GtcProgress progress;
	char	   *part_path;		/* until the file is complete */
	FILE	   *file;
	gzFile		packed;
	GtcBuffer	stream;			/* of COPY, from the first byte that was not taken */
	size_t		taken;
	bool		begun;			/* the header is behind us */
	bool		ended;
	long long	lines;
	long long	bytes;
} Export;

/* ---- Where to ---- */

static bool
fail(const Export *export, const char *what)
{
	fprintf(stderr, "gtlabel export: cannot %s \"%s\": %s\n", what, export->path == NULL ? "-" : export->path,
			strerror(errno));
	return false;
}

static bool
is_special(const char *path)
{
	struct stat about;

	return stat(path, &about) == 0 && !S_ISREG(about.st_mode);
}

static char *part_path;			/* what a signal has to take away */

static void
take_part_away(int number)
{
	unlink(part_path);
	signal(number, SIG_DFL);
	raise(number);
}

/* Nobody else's: two exports to the same file do not write into each other's part. */
static FILE *
open_part(Export *export)
{
	export->part_path = gtc_alloc(strlen(export->path) + 32);
	sprintf(export->part_path, "%s.part-%ld", export->path, (long) getpid());
	export->file = fopen(export->part_path, "wx");
	if (export->file == NULL)
		return NULL;
	part_path = export->part_path;
	signal(SIGINT, take_part_away);
	signal(SIGTERM, take_part_away);
	signal(SIGHUP, take_part_away);
	return export->file;
}

static void
close_part(Export *export, bool good)
{
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	if (!good && export->file != NULL)
		unlink(export->part_path);
	free(export->part_path);
}

static bool
open_output(Export *export)
{
	int			descriptor;

	if (export->path != NULL && !is_special(export->path))
		export->file = open_part(export);
	else
		export->file = export->path == NULL ? stdout : fopen(export->path, "w");
	if (export->file == NULL)
		return fail(export, "write");
	if (!export->gzip)
		return true;
	descriptor = dup(fileno(export->file));
	export->packed = descriptor < 0 ? NULL : gzdopen(descriptor, "wb6");
	return export->packed != NULL || fail(export, "pack");
}

static bool
write_bytes(Export *export, const char *data, size_t length)
{
	export->bytes += length;
	if (export->packed != NULL)
		return length == 0 || gzwrite(export->packed, data, length) == (int) length || fail(export, "write");
	return fwrite(data, 1, length, export->file) == length || fail(export, "write");
}

/* The file under its name, or no file */
static bool
close_output(Export *export, bool good)
{
	if (export->packed != NULL && gzclose_w(export->packed) != Z_OK)
		good = good && fail(export, "write");
	if (export->file != NULL && (export->file == stdout ? fflush(stdout) : fclose(export->file)) != 0)
		good = good && fail(export, "write");
	if (export->part_path != NULL && good)
		good = rename(export->part_path, export->path) == 0 || fail(export, "write");
	if (export->part_path != NULL)
		close_part(export, good);
	return good;
}

/* ---- COPY's binary format: a signature of 19 bytes with an extension, then rows of fields ---- */

#define SIGNATURE 19

static size_t
there(const Export *export)
{
	return export->stream.len - export->taken;
}

static uint32_t
number_at(const Export *export, size_t offset)
{
	uint32_t	number;

	memcpy(&number, export->stream.data + export->taken + offset, sizeof(number));
	return ntohl(number);
}

static bool
take_header(Export *export)
{
	if (there(export) < SIGNATURE || there(export) < SIGNATURE + (size_t) number_at(export, SIGNATURE - 4))
		return false;
	export->taken += SIGNATURE + number_at(export, SIGNATURE - 4);
	export->begun = true;
	return true;
}

/* A row has one field; -1 fields are the end. */
static bool
take_row(Export *export, bool *good)
{
	uint16_t	fields;
	uint32_t	length;

	if (there(export) < sizeof(fields))
		return false;
	memcpy(&fields, export->stream.data + export->taken, sizeof(fields));
	if (ntohs(fields) == 0xFFFF)
	{
		export->taken += sizeof(fields);
		export->ended = true;
		return false;
	}
	if (there(export) < sizeof(fields) + sizeof(length))
		return false;
	length = number_at(export, sizeof(fields));
	if (length == 0xFFFFFFFF)
		length = 0;				/* NULL, which no line is */
	if (there(export) < sizeof(fields) + sizeof(length) + length)
		return false;
	export->taken += sizeof(fields) + sizeof(length);
	*good = write_bytes(export, export->stream.data + export->taken, length) && write_bytes(export, "\n", 1);
	export->taken += length;
	export->lines++;
	return *good;
}

static bool
take_stream(Export *export, const char *data, size_t length)
{
	bool		good = true;

	gtc_append_bytes(&export->stream, data, length);
	if (!export->begun && !take_header(export))
		return true;
	while (!export->ended && take_row(export, &good))
		;
	if (export->taken == export->stream.len)
	{
		gtc_buffer_reset(&export->stream);
		export->taken = 0;
	}
	else if (export->taken > 1024 * 1024)
	{
		size_t		rest = there(export);

		memmove(export->stream.data, export->stream.data + export->taken, rest + 1);
		export->stream.len = rest;
		export->taken = 0;
	}
	return good;
}

/* ---- From where ---- */

/* A literal of SQL, since COPY takes no parameters */
static void
append_literal(Export *export, GtcBuffer *sql, const char *text)
{
	char	   *literal = text == NULL ? NULL : PQescapeLiteral(export->connection, text, strlen(text));

	gtc_append(sql, literal == NULL ? "NULL" : literal);
	PQfreemem(literal);
}

static void
append_columns(Export *export, GtcBuffer *sql)
{
	char	   *names;
	char	   *rest;
	char	   *name;
	const char *between = "ARRAY[";

	if (export->columns == NULL)
	{
		gtc_append(sql, "NULL");
		return;
	}
	names = rest = gtc_copy(export->columns);
	while ((name = strsep(&rest, ",")) != NULL)
	{
		gtc_append(sql, between);
		append_literal(export, sql, name);
		between = ", ";
	}
	gtc_append(sql, "]");
	free(names);
}

static void
append_query(Export *export, GtcBuffer *sql)
{
	gtc_append(sql, "COPY (SELECT ");
	if (strcmp(export->format, "manifest") == 0)
	{
		gtc_append(sql, "gt_output_manifest(");
		append_literal(export, sql, export->job_name);
		gtc_append(sql, ", source => ");
		append_literal(export, sql, export->source);
		gtc_append(sql, ", source_ref => ");
		append_literal(export, sql, export->source_ref);
		gtc_append(sql, ", columns => ");
		append_columns(export, sql);
		gtc_append(sql, ")::text");
	}
	else
	{
		gtc_append(sql, "gt_export_labels(");
		append_literal(export, sql, export->job_name);
		gtc_append(sql, ", ");
		append_literal(export, sql,
					   strcmp(export->format, "label-studio") == 0 ? "label_studio" : export->format);
		gtc_append(sql, ")");
	}
	gtc_append(sql, ") TO STDOUT (FORMAT binary)");
}

static bool
begin_copy(Export *export)
{
	GtcBuffer	sql;
	PGresult   *result;
	bool		good;

	gtc_buffer_init(&sql);
	append_query(export, &sql);
	result = PQexec(export->connection, sql.data);
	good = PQresultStatus(result) == PGRES_COPY_OUT;
	if (!good)
		gtc_print_error(export->connection, result);
	PQclear(result);
	gtc_buffer_free(&sql);
	return good;
}

static bool
end_copy(Export *export)
{
	PGresult   *result = PQgetResult(export->connection);
	bool		good = PQresultStatus(result) == PGRES_COMMAND_OK;

	if (!good)
		gtc_print_error(export->connection, result);
	else if (!export->ended)
		fputs("gtlabel export: the server's stream breaks off\n", stderr);
	PQclear(result);
	return good && export->ended;
}

static bool
copy_all(Export *export)
{
	char	   *data;
	int			length;
	bool		good = true;

	while (good && (length = PQgetCopyData(export->connection, &data, 0)) > 0)
	{
		good = take_stream(export, data, length);
		PQfreemem(data);
		gtc_progress_show(&export->progress, "lines", export->lines, export->bytes, -1);
	}
	return good && end_copy(export);
}

/* ---- The command ---- */

static void
say(const Export *export, double seconds)
{
	FILE	   *to = export->path == NULL ? stderr : stdout;
	GtcBuffer	json;

	if (!export->json)
	{
		if (export->path != NULL && !export->quiet)
			printf("%s: %s lines in %.1f s\n", export->path, gtc_with_commas(export->lines), seconds);
		return;
	}
	gtc_buffer_init(&json);
	gtc_append(&json, "{\"job_name\": ");
	gtc_append_json(&json, export->job_name);
	gtc_appendf(&json, ", \"format\": \"%s\", \"file\": ", export->format);
	gtc_append_json(&json, export->path);
	gtc_appendf(&json, ", \"lines\": %lld, \"bytes\": %lld, \"seconds\": %.3f}\n", export->lines,
				export->bytes, seconds);
	fputs(json.data, to);
	gtc_buffer_free(&json);
}

static int
export_job(Export *export)
{
	bool		good;

	gtc_progress_begin(&export->progress,
					   !export->quiet && !export->json && (export->path != NULL || !isatty(STDOUT_FILENO)));
	export->connection = gtc_connect(&export->server, "gtlabel export");
	if (export->connection == NULL)
		return GTC_FAILED;
	gtc_buffer_init(&export->stream);
	good = begin_copy(export) && open_output(export) && copy_all(export);
	good = close_output(export, good) && good;
	gtc_progress_end(&export->progress);
	PQfinish(export->connection);
	gtc_buffer_free(&export->stream);
	if (good)
		say(export, gtc_progress_seconds(&export->progress));
	return good ? GTC_OK : GTC_FAILED;
}

static bool
read_option(Export *export, int option, const char *value)
{
	switch (option)
	{
		case 'o':
			export->path = strcmp(value, "-") == 0 ? NULL : value;
			return true;
		case FORMAT:
			export->format = value;
			return strcmp(value, "manifest") == 0 || strcmp(value, "label-studio") == 0 ||
				strcmp(value, "jsonl") == 0 || strcmp(value, "csv") == 0;
		case SOURCE:
			export->source = value;
			return true;
		case SOURCE_REF:
			export->source_ref = value;
			return true;
		case COLUMNS:
			export->columns = value;
			return true;
		case GZIP:
			return export->gzip = true;
		case AS_JSON:
			return export->json = true;
		case QUIET:
			return export->quiet = true;
		default:
			return gtc_connection_option(&export->server, option, value);
	}
}

static int
run(int argc, char **argv)
{
	Export		export = {.format = "jsonl"};
	int			option;

	while ((option = getopt_long(argc, argv, GTC_CONNECTION_SHORT "o:", long_options, NULL)) != -1)
	{
		if (option == GTC_OPTION_HELP)
		{
			gtc_print_help(&gtc_export_command);
			return GTC_OK;
		}
		if (option == '?' || !read_option(&export, option, optarg))
			return option == '?'
				? gtc_usage_error(&gtc_export_command, "cannot read the options")
				: gtc_usage_error(&gtc_export_command, "\"%s\" is no value for this option", optarg);
	}
	if (optind + 1 != argc)
		return gtc_usage_error(&gtc_export_command, "which job?");
	if ((export.source != NULL || export.source_ref != NULL || export.columns != NULL) &&
		strcmp(export.format, "manifest") != 0)
		return gtc_usage_error(&gtc_export_command,
							   "--source, --source-ref and --columns belong to --format=manifest");
	export.job_name = argv[optind];
	if (export.path != NULL && strlen(export.path) > 3 &&
		strcmp(export.path + strlen(export.path) - 3, ".gz") == 0)
		export.gzip = true;
	return export_job(&export);
}

const GtcCommand gtc_export_command = {
	"export", "JOB", "writes the labels of a job: a manifest, JSON Lines, CSV, or tasks for Label Studio",
	"  -o, --output=FILE      where to (standard output); packed by gzip if it ends in .gz\n"
	"  --format=FORMAT        manifest, label-studio, jsonl or csv (jsonl)\n"
	"  --source=COLUMN        manifest: the column that becomes \"source\"\n"
	"  --source-ref=COLUMN    manifest: the column that becomes \"source-ref\"\n"
	"  --columns=A,B,...      manifest: columns that go with it under their names\n"
	"  --gzip                 packs what goes to standard output\n"
	"  --json                 a summary in JSON, on standard error if the labels go to standard output\n"
	"  --quiet                no summary and no progress\n",
	run
};
