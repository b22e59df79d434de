/*
 * manifest.c
 *		A line of a manifest, plain or augmented, as a row.
 *
 * The line itself is kept as it came, in a column of json, so that a job's manifest gives it back byte for
 * byte.  Beside it is what a job reads: source, and the label that an earlier job gave.  A label
 * attribute is a key with another one beside it that has "-metadata" behind the same name; a line that failed
 * has only the latter.
 */
#include "exchange/load.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define METADATA "-metadata"
#define REFUSED_LENGTH 100000	/* characters: Ground Truth takes no longer lines */

/* Is this member X-metadata of an attribute X? */
static bool
is_metadata(GtcLoad *load, const GtcMember *member)
{
	size_t		tail = strlen(METADATA);

	if (member->value.kind != GTC_JSON_OBJECT || member->name.len <= tail)
		return false;
	gtc_buffer_reset(&load->scratch);
	return gtc_append_name(&load->scratch, member) && load->scratch.len > tail &&
		strcmp(load->scratch.data + load->scratch.len - tail, METADATA) == 0;
}

/* Several attributes: which is meant has to be said. */
static const char *
find_attribute(GtcLoad *load)
{
	int			i;

	for (i = 0; i < load->members.count && load->options.attribute == NULL; i++)
	{
		const GtcMember *member = &load->members.list[i];

		if (!is_metadata(load, member) || gtc_load_attribute(load, member, strlen(METADATA)))
			continue;
		gtc_load_fail(
			load,
			"label attributes \"%.127s\" and \"%.127s\": say which is meant (--attribute), or --no-labels",
			load->attribute, load->scratch.data);
		return load->reason;
	}
	return NULL;
}

/* The only value of this name; false after a reason if there are two */
static bool
only_member(GtcLoad *load, const char *name, const GtcValue **value)
{
	int			i;

	*value = NULL;
	for (i = 0; i < load->members.count; i++)
	{
		if (!gtc_name_is(&load->members.list[i], name))
			continue;
		if (*value != NULL)
			return gtc_load_fail(load, "two keys \"%.150s\"", name);
		*value = &load->members.list[i].value;
	}
	return true;
}

/* ---- The label ---- */

/* Only digits, or nothing: an index, quoted or not */
static bool
is_index(const GtcValue *value)
{
	size_t		i;

	for (i = 0; i < value->text.len; i++)
	{
		if (value->text.data[i] < '0' || value->text.data[i] > '9')
			return false;
	}
	return value->kind == GTC_JSON_NUMBER || value->kind == GTC_JSON_STRING;
}

/* The name that --categories has for an index; NULL: none */
static const char *
name_of_index(const GtcLoad *load, const GtcValue *value)
{
	int			index = 0;
	size_t		i;

	for (i = 0; i < value->text.len && index < load->options.category_count; i++)
		index = index * 10 + value->text.data[i] - '0';
	return i == 0 || index >= load->options.category_count ? NULL : load->options.categories[index];
}

/* By class-name, by --categories, or a string that is no index.  Lists and boxes are no label. */
static const char *
read_label(GtcLoad *load, const GtcValue *value, const GtcValue *class_name, bool *labeled)
{
	const char *name;

	*labeled = true;
	if (class_name != NULL && class_name->kind == GTC_JSON_STRING)
		return gtc_append_value(&load->label, class_name) ? NULL : class_name->odd;
	*labeled = value != NULL && value->kind != GTC_JSON_ARRAY && value->kind != GTC_JSON_OBJECT &&
		value->kind != GTC_JSON_NULL;
	if (!*labeled)
		return NULL;
	if (value->kind == GTC_JSON_STRING && !is_index(value))
		return gtc_append_value(&load->label, value) ? NULL : value->odd;
	name = is_index(value) ? name_of_index(load, value) : NULL;
	if (name == NULL)
		return "no class-name";
	gtc_append(&load->label, name);
	return NULL;
}

static bool
says_yes(const GtcValue *value)
{
	return value != NULL &&
		(value->kind == GTC_JSON_TRUE ||
		 (value->kind == GTC_JSON_STRING && value->text.len == 3 && memcmp(value->text.data, "yes", 3) == 0));
}

static bool
says_no(const GtcValue *value)
{
	return value != NULL &&
		(value->kind == GTC_JSON_FALSE ||
		 (value->kind == GTC_JSON_STRING && value->text.len == 2 && memcmp(value->text.data, "no", 2) == 0));
}

static void
write_confidence(GtcLoad *load, const GtcValue *value)
{
	char		text[64] = "";
	double		confidence = NAN;
	char	   *end;

	if (value != NULL && (value->kind == GTC_JSON_NUMBER || value->kind == GTC_JSON_STRING) &&
		value->text.len > 0 && value->text.len < sizeof(text))
	{
		snprintf(text, sizeof(text), "%.*s", (int) value->text.len, value->text.data);
		confidence = strtod(text, &end);
		if (*end != '\0')
			confidence = NAN;
	}
	if (confidence >= 0 && confidence <= 1)
		gtc_appendf(&load->rows, "%.17g", confidence < 1e-300 ? 0 : confidence);
	else
		gtc_copy_null(&load->rows);
}

static const char *
write_failure(GtcLoad *load, const GtcValue *reason)
{
	gtc_append_char(&load->rows, '\t');
	if (reason == NULL || reason->kind != GTC_JSON_STRING)
	{
		gtc_copy_null(&load->rows);
		return NULL;
	}
	load->counts.failed++;
	return gtc_copy_string(&load->rows, &load->scratch, reason) ? NULL : reason->odd;
}

/* The label as an answer of the job that gave it */
static void
write_answer(GtcLoad *load, const GtcMembers *metadata)
{
	const GtcValue *job = gtc_find_member(metadata, "job-name");

	load->counts.answers++;
	gtc_appendf(&load->answers, "%lld\t", load->record.number);
	if (job == NULL || job->kind != GTC_JSON_STRING || job->text.len == 0 ||
		!gtc_copy_string(&load->answers, &load->scratch, job))
		gtc_append(&load->answers, "unknown");
	gtc_append_char(&load->answers, '\t');
	gtc_copy_text(&load->answers, load->label.data, load->label.len);
	gtc_append(&load->answers, "\tf\t\\N\t");
	gtc_copy_time(load, &load->answers, gtc_find_member(metadata, "creation-date"));
	gtc_append_char(&load->answers, '\n');
}

/* label, confidence, human_annotated, failure_reason */
static const char *
write_label(GtcLoad *load, const GtcValue *value, const GtcMembers *metadata)
{
	const GtcValue *human = gtc_find_member(metadata, "human-annotated");
	bool		labeled;
	const char *reason;

	gtc_buffer_reset(&load->label);
	reason = read_label(load, value, gtc_find_member(metadata, "class-name"), &labeled);
	if (reason != NULL)
		return reason;
	gtc_append_char(&load->rows, '\t');
	if (labeled && (!load->options.people_only || says_yes(human)))
	{
		load->counts.labels++;
		gtc_copy_text(&load->rows, load->label.data, load->label.len);
		if (load->options.answers)
			write_answer(load, metadata);
	}
	else
		gtc_copy_null(&load->rows);
	gtc_append_char(&load->rows, '\t');
	write_confidence(load, gtc_find_member(metadata, "confidence"));
	gtc_append_char(&load->rows, '\t');
	gtc_append(&load->rows, says_yes(human) ? "t" : says_no(human) ? "f"
																   : "\\N");
	return write_failure(load, gtc_find_member(metadata, "failure-reason"));
}

static const char *
label_columns(GtcLoad *load)
{
	const GtcValue *value;
	const GtcValue *metadata;
	const char *reason = load->options.no_labels ? NULL : find_attribute(load);
	char		name[300];

	if (reason != NULL)
		return reason;
	if (load->options.no_labels || load->attribute == NULL)
	{
		gtc_append(&load->rows, "\t\\N\t\\N\t\\N\t\\N");
		return NULL;
	}
	snprintf(name, sizeof(name), "%.200s" METADATA, load->attribute);
	if (!only_member(load, load->attribute, &value) || !only_member(load, name, &metadata))
		return load->reason;
	load->inner.count = 0;
	if (metadata != NULL)
	{
		GtcValue	again;

		(void) gtc_scan_json(metadata->text, GTC_FOR_JSON, &again, &load->inner);
		if (again.kind != GTC_JSON_OBJECT)
			load->inner.count = 0;
	}
	return write_label(load, value, &load->inner);
}

/* ---- The row ---- */

static const char *
write_source(GtcLoad *load, const GtcValue *source)
{
	gtc_append_char(&load->rows, '\t');
	if (source == NULL || source->kind != GTC_JSON_STRING)
		gtc_copy_null(&load->rows);
	else if (!gtc_copy_string(&load->rows, &load->scratch, source))
		return source->odd;
	return NULL;
}

static const char *
source_columns(GtcLoad *load)
{
	const GtcValue *source;
	const GtcValue *reference;
	const char *reason;

	if (!only_member(load, "source", &source) || !only_member(load, "source-ref", &reference))
		return load->reason;
	if (source == NULL && reference == NULL)
		return "neither source nor source-ref";
	reason = write_source(load, source);
	return reason != NULL ? reason : write_source(load, reference);
}

static bool
is_longer(GtcSpan text, size_t most)
{
	size_t		characters = 0;
	size_t		i;

	if (text.len <= most)
		return false;
	for (i = 0; i < text.len; i++)
		characters += ((unsigned char) text.data[i] & 0xC0) != 0x80;
	return characters > most;
}

static GtcSpan
without_blanks(GtcSpan text)
{
	while (text.len > 0 && strchr(" \t\r\n", text.data[0]) != NULL)
	{
		text.data++;
		text.len--;
	}
	while (text.len > 0 && strchr(" \t\r\n", text.data[text.len - 1]) != NULL)
		text.len--;
	return text;
}

const char *
gtc_manifest_row(GtcLoad *load, GtcSpan line)
{
	GtcValue	value;
	const char *reason = gtc_scan_json(line, GTC_FOR_JSON, &value, &load->members);

	if (reason != NULL)
		return reason;
	if (value.kind != GTC_JSON_OBJECT)
		return "not an object";
	gtc_appendf(&load->rows, "%lld", load->record.number);
	reason = source_columns(load);
	if (reason == NULL)
		reason = label_columns(load);
	if (reason != NULL)
		return reason;
	gtc_append_char(&load->rows, '\t');
	line = without_blanks(line);
	gtc_copy_text(&load->rows, line.data, line.len);
	if (load->columns.count > 0)
		reason = gtc_write_members(&load->writer, &load->rows, &load->members, false);
	gtc_append_char(&load->rows, '\n');
	load->counts.long_lines += is_longer(line, REFUSED_LENGTH);
	return reason;
}
