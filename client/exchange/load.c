/*
 * load.c
 *		Records of a file as rows of COPY.
 *
 * The head, up to 1,000 records or 4 MB, is kept until its columns are known; afterwards one record is
 * in memory.  A record becomes a row, or a number and a reason: nothing is left out in silence.
 */
#include "exchange/load.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_RECORDS 1000
#define HEAD_BYTES ((size_t) 4 * 1024 * 1024)

static const struct
{
	const char *name;
	GtcFormat	format;
} formats[] = {{"manifest", GTC_MANIFEST},
			   {"jsonl", GTC_JSON},
			   {"json", GTC_JSON},
			   {"csv", GTC_CSV},
			   {"label-studio", GTC_LABEL_STUDIO}};

struct GtcHead
{
	GtcBuffer	bytes;
	GtcRecord  *records;		/* text.data is set when all are there */
	int			room;
	int			count;
	int			next;
};

bool
gtc_load_fail(GtcLoad *load, const char *format,...)
{
	va_list		args;

	va_start(args, format);
	vsnprintf(load->words, sizeof(load->words), format, args);
	va_end(args);
	load->reason = load->words;
	return false;
}

void
gtc_append_identifier(GtcBuffer *sql, const char *name)
{
	gtc_append_char(sql, '"');
	for (; *name != '\0'; name++)
	{
		if (*name == '"')
			gtc_append_char(sql, '"');
		gtc_append_char(sql, *name);
	}
	gtc_append_char(sql, '"');
}

bool
gtc_format_by_name(const char *name, GtcFormat *format)
{
	size_t		i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
	{
		if (strcmp(name, formats[i].name) == 0)
		{
			*format = formats[i].format;
			return true;
		}
	}
	return false;
}

const char *
gtc_format_name(GtcFormat format)
{
	size_t		i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
	{
		if (formats[i].format == format)
			return formats[i].name;
	}
	return NULL;
}

/* ---- Begin and end ---- */

void
gtc_load_init(GtcLoad *load, GtcInput *input, const GtcLoadOptions *options)
{
	memset(load, 0, sizeof(*load));
	load->input = input;
	load->options = *options;
	load->head = gtc_alloc(sizeof(GtcHead));
	gtc_buffer_init(&load->head->bytes);
	gtc_buffer_init(&load->rows);
	gtc_buffer_init(&load->answers);
	gtc_buffer_init(&load->scratch);
	gtc_buffer_init(&load->label);
	gtc_buffer_init(&load->repaired);
	if (options->attribute != NULL)
		load->attribute = gtc_copy(options->attribute);
}

void
gtc_load_free(GtcLoad *load)
{
	gtc_buffer_free(&load->head->bytes);
	free(load->head->records);
	free(load->head);
	gtc_row_writer_free(&load->writer);
	gtc_columns_free(&load->columns);
	gtc_members_free(&load->members);
	gtc_members_free(&load->inner);
	gtc_members_free(&load->deeper);
	gtc_buffer_free(&load->rows);
	gtc_buffer_free(&load->answers);
	gtc_buffer_free(&load->scratch);
	gtc_buffer_free(&load->label);
	gtc_buffer_free(&load->repaired);
	free(load->attribute);
}

/* ---- The head ---- */

static bool
read_record(GtcLoad *load, GtcRecord *record)
{
	if (load->format == GTC_CSV)
		return gtc_next_row(load->input, load->options.delimiter, record);
	return load->array ? gtc_next_element(load->input, record) : gtc_next_line(load->input, record);
}

static bool
is_blank(GtcSpan text)
{
	size_t		i;

	for (i = 0; i < text.len; i++)
	{
		if (strchr(" \t\r\n", text.data[i]) == NULL || text.data[i] == '\0')
			return false;
	}
	return true;
}

static void
add_to_head(GtcHead *head, const GtcRecord *record)
{
	if (head->count == head->room)
	{
		head->room = head->room == 0 ? 16 : head->room * 2;
		head->records = gtc_realloc(head->records, head->room * sizeof(GtcRecord));
	}
	head->records[head->count++] = *record;
}

static void
read_head(GtcLoad *load)
{
	GtcHead    *head = load->head;
	GtcRecord	record;
	size_t		offset = 0;
	int			i;

	while (head->count < HEAD_RECORDS && head->bytes.len < HEAD_BYTES && read_record(load, &record))
	{
		add_to_head(head, &record);
		if (record.text.len > 0)
			gtc_append_bytes(&head->bytes, record.text.data, record.text.len);
	}
	for (i = 0; i < head->count; i++)
	{
		head->records[i].text.data = head->bytes.data + offset;
		offset += head->records[i].text.len;
	}
}

/* The members of a record of the head; false if it is no object */
static bool
scan_object(GtcLoad *load, GtcSpan text, GtcScanFor purpose)
{
	GtcValue	value;
	const char *reason = gtc_scan_json(text, purpose, &value, &load->members);

	if (reason != NULL && load->options.repair && text.len > 0)
	{
		gtc_buffer_reset(&load->repaired);
		gtc_repair(&load->repaired, text, true);
		reason = gtc_scan_json((GtcSpan){load->repaired.data, load->repaired.len}, purpose, &value,
							   &load->members);
	}
	return reason == NULL && value.kind == GTC_JSON_OBJECT;
}

static bool
has_kind(const GtcMembers *members, const char *name, GtcJsonKind kind)
{
	const GtcValue *value = gtc_find_member(members, name);

	return value != NULL && value->kind == kind;
}

/* By the first record that can be read */
static GtcFormat
format_of_head(GtcLoad *load)
{
	const GtcMembers *members = &load->members;
	int			i;

	for (i = 0; i < load->head->count; i++)
	{
		if (!scan_object(load, load->head->records[i].text, GTC_FOR_JSON))
			continue;
		if (!load->array &&
			(gtc_find_member(members, "source") != NULL || gtc_find_member(members, "source-ref") != NULL))
			return GTC_MANIFEST;
		if (has_kind(members, "data", GTC_JSON_OBJECT) &&
			(has_kind(members, "annotations", GTC_JSON_ARRAY) ||
			 has_kind(members, "completions", GTC_JSON_ARRAY) ||
			 has_kind(members, "predictions", GTC_JSON_ARRAY)))
			return GTC_LABEL_STUDIO;
		if (gtc_find_member(members, "annotation_id") != NULL &&
			gtc_find_member(members, "annotator") != NULL)
			return GTC_LABEL_STUDIO;
		break;
	}
	return GTC_JSON;
}

/* ---- Columns ---- */

static bool
add_declared(GtcLoad *load)
{
	int			i;

	for (i = 0; i < load->options.declared.count; i++)
	{
		const GtcColumn *declared = &load->options.declared.list[i];

		if (!gtc_can_add_column(&load->columns, declared->name))
			return gtc_load_fail(
				load, "no column can be called \"%s\": it is declared twice, or the table has it already",
				declared->name);
		gtc_add_column(&load->columns, declared->name, declared->type, true);
	}
	return true;
}

static bool
see_head(GtcLoad *load)
{
	int			i;

	for (i = 0; i < load->head->count; i++)
	{
		GtcSpan		text = load->head->records[i].text;

		if (!scan_object(load, text, GTC_FOR_JSONB))
			continue;
		if (load->format == GTC_JSON)
			gtc_columns_see(&load->columns, &load->members);
		else if (gtc_studio_data(load, &load->inner))
			gtc_columns_see(&load->columns, &load->inner);
	}
	gtc_columns_decide(&load->columns);
	return true;
}

static bool
add_header_field(GtcLoad *load, const GtcValue *field)
{
	const GtcColumn *declared;

	gtc_buffer_reset(&load->scratch);
	gtc_append_bytes(&load->scratch, field->text.data, field->text.len);
	if (field->text.len == 0)
		return gtc_load_fail(load, "a column of the header has no name");
	if (!gtc_can_add_column(&load->columns, load->scratch.data))
		return gtc_load_fail(
			load,
			"no column can be called \"%.100s\": it is too long, comes twice, or the table has it already",
			load->scratch.data);
	declared = gtc_find_column(&load->options.declared, load->scratch.data);
	gtc_add_column(&load->columns, load->scratch.data, declared == NULL ? GTC_TEXT : declared->type, true);
	return true;
}

static const char *
header_problem(const GtcLoad *load)
{
	const char *error = gtc_input_error(load->input);

	return error != NULL ? error : "there is no header";
}

static bool
read_header(GtcLoad *load)
{
	GtcRecord	record;
	int			i;

	do
	{
		if (!gtc_next_row(load->input, load->options.delimiter, &record))
			return gtc_load_fail(load, "%s", header_problem(load));
	} while (is_blank(record.text));
	load->reason = gtc_check_text(record.text);
	if (load->reason == NULL)
		load->reason = gtc_split_row((char *) record.text.data, record.text.len, load->options.delimiter,
									 &load->members);
	if (load->reason != NULL)
		return gtc_load_fail(load, "the header has %s", load->reason);
	for (i = 0; i < load->members.count; i++)
	{
		if (!add_header_field(load, &load->members.list[i].value))
			return false;
	}
	for (i = 0; i < load->options.declared.count; i++)
	{
		if (gtc_find_column(&load->columns, load->options.declared.list[i].name) == NULL)
			return gtc_load_fail(load, "the header has no column \"%s\"",
								 load->options.declared.list[i].name);
	}
	return true;
}

static const char *
first_column(const GtcLoad *load)
{
	if (load->options.key_column != NULL)
		return load->options.key_column;
	return load->format == GTC_LABEL_STUDIO ? "task_id" : "line_no";
}

static void
reserve_names(GtcLoad *load)
{
	const char **reserved = load->columns.reserved;

	reserved[0] = first_column(load);
	if (load->format != GTC_CSV)
		reserved[1] = load->format == GTC_MANIFEST ? "line" : "other";
	if (load->format == GTC_LABEL_STUDIO)
	{
		reserved[2] = "gold";
		reserved[3] = "proposal";
	}
}

static bool
find_columns(GtcLoad *load)
{
	reserve_names(load);
	if (load->format == GTC_CSV)
		return read_header(load);
	if (load->format == GTC_MANIFEST)
	{
		static const char *const fixed[] = {"source", "source_ref", "label",
											"confidence", "human_annotated", "failure_reason"};
		size_t		i;

		for (i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		{
			if (gtc_find_column(&load->options.declared, fixed[i]) != NULL)
				return gtc_load_fail(load, "the table of a manifest has a column \"%s\" already", fixed[i]);
		}
		return add_declared(load);
	}
	return add_declared(load) && see_head(load);
}

bool
gtc_load_begin(GtcLoad *load)
{
	int			first = gtc_input_peek(load->input);

	if (load->options.delimiter == '\0')
		load->options.delimiter = ',';
	load->format = load->options.format;
	if (load->format == GTC_ANY_FORMAT && first != EOF && first != '{' && first != '[')
		load->format = GTC_CSV;
	load->array = first == '[' && load->format != GTC_CSV && load->format != GTC_MANIFEST;
	if (load->format != GTC_CSV)
		read_head(load);
	if (load->format == GTC_ANY_FORMAT)
		load->format = format_of_head(load);
	if (gtc_input_error(load->input) != NULL && load->head->count == 0)
		return gtc_load_fail(load, "%s", gtc_input_error(load->input));
	if (!find_columns(load))
		return false;
	gtc_row_writer_init(&load->writer, &load->columns);
	return true;
}

/* ---- What SQL needs to know ---- */

const char	gtc_answer_columns[] =
	"item text, annotator text, label text, ground_truth boolean, comment text, answered_at timestamptz";

const char *
gtc_load_key(const GtcLoad *load)
{
	return load->format == GTC_LABEL_STUDIO && load->options.key != NULL ? load->options.key
																		 : first_column(load);
}

void
gtc_load_columns(const GtcLoad *load, GtcBuffer *sql)
{
	int			i;

	gtc_append_identifier(sql, first_column(load));
	gtc_append(sql, " bigint");
	if (load->format == GTC_MANIFEST)
		gtc_append(sql,
				   ", source text, source_ref text, label text, confidence float8, human_annotated boolean,"
				   " failure_reason text, line json NOT NULL");
	for (i = 0; i < load->columns.count; i++)
	{
		gtc_append(sql, ", ");
		gtc_append_identifier(sql, load->columns.list[i].name);
		gtc_appendf(sql, " %s", gtc_type_name(load->columns.list[i].type));
	}
	if (load->format == GTC_LABEL_STUDIO)
		gtc_append(sql, ", gold text, proposal text");
	if (load->format == GTC_LABEL_STUDIO || load->format == GTC_JSON)
		gtc_append(sql, ", other jsonb");
}

/* ---- Records ---- */

static const char *
json_row(GtcLoad *load, GtcSpan text)
{
	GtcValue	value;
	const char *reason = gtc_scan_json(text, GTC_FOR_JSONB, &value, &load->members);

	if (reason != NULL)
		return reason;
	if (value.kind != GTC_JSON_OBJECT)
		return "not an object";
	gtc_appendf(&load->rows, "%lld", load->record.number);
	reason = gtc_write_members(&load->writer, &load->rows, &load->members, true);
	gtc_append_char(&load->rows, '\n');
	return reason;
}

static const char *
csv_row(GtcLoad *load, GtcSpan text)
{
	const char *reason = gtc_check_text(text);

	if (reason == NULL)
		reason = gtc_split_row((char *) text.data, text.len, load->options.delimiter, &load->members);
	if (reason != NULL)
		return reason;
	gtc_appendf(&load->rows, "%lld", load->record.number);
	reason = gtc_write_fields(&load->writer, &load->rows, &load->members);
	gtc_append_char(&load->rows, '\n');
	return reason;
}

static const char *
take_text(GtcLoad *load, GtcSpan text)
{
	switch (load->format)
	{
		case GTC_MANIFEST:
			return gtc_manifest_row(load, text);
		case GTC_LABEL_STUDIO:
			return gtc_studio_rows(load, text);
		case GTC_CSV:
			return csv_row(load, text);
		default:
			return json_row(load, text);
	}
}

static void
drop_behind(GtcBuffer *buffer, size_t length)
{
	buffer->len = length;
	buffer->data[length] = '\0';
}

/* All of the record, or nothing of it and the reason */
static const char *
take_whole(GtcLoad *load, GtcSpan text)
{
	size_t		rows = load->rows.len;
	size_t		answers = load->answers.len;
	GtcLoadCounts counts = load->counts;
	const char *reason = take_text(load, text);

	if (reason != NULL)
	{
		drop_behind(&load->rows, rows);
		drop_behind(&load->answers, answers);
		load->counts = counts;
	}
	return reason;
}

/* CSV is repaired first: reading it changes it. */
static const char *
take_record(GtcLoad *load)
{
	GtcSpan		text = load->record.text;
	bool		csv = load->format == GTC_CSV;
	const char *reason = load->record.problem;

	if (reason == NULL && (!csv || !load->options.repair || gtc_check_text(text) == NULL))
		reason = take_whole(load, text);
	else if (reason == NULL)
		reason = "";
	if (reason == NULL || !load->options.repair || load->record.problem != NULL)
		return reason;
	gtc_buffer_reset(&load->repaired);
	gtc_repair(&load->repaired, text, !csv);
	if (load->repaired.len == text.len && memcmp(load->repaired.data, text.data, text.len) == 0)
		return reason;
	reason = take_whole(load, (GtcSpan){load->repaired.data, load->repaired.len});
	if (reason == NULL)
		load->counts.repaired++;
	return reason;
}

static bool
next_record(GtcLoad *load)
{
	if (load->head->next < load->head->count)
	{
		load->record = load->head->records[load->head->next++];
		return true;
	}
	return read_record(load, &load->record);
}

GtcLoadResult
gtc_load_next(GtcLoad *load)
{
	load->reason = NULL;
	do
	{
		if (!next_record(load))
		{
			load->reason = gtc_input_error(load->input);
			return load->reason == NULL ? GTC_LOAD_END : GTC_LOAD_FATAL;
		}
	} while (load->record.problem == NULL && is_blank(load->record.text));
	load->counts.records++;
	load->words[0] = '\0';
	load->reason = take_record(load);
	if (load->reason == NULL)
	{
		load->counts.rows++;
		return GTC_LOAD_ROW;
	}
	load->counts.bad++;
	return GTC_LOAD_BAD;
}

/* ---- What manifests and Label Studio have in common ---- */

bool
gtc_load_attribute(GtcLoad *load, const GtcMember *member, size_t tail)
{
	gtc_buffer_reset(&load->scratch);
	if (!gtc_append_name(&load->scratch, member) || load->scratch.len < tail)
		return true;
	load->scratch.data[load->scratch.len - tail] = '\0';
	if (load->attribute == NULL)
		load->attribute = gtc_copy(load->scratch.data);
	return strcmp(load->attribute, load->scratch.data) == 0;
}
