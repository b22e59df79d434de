/*
 * manifest.c
 *		The output manifest of a job; see manifest.h.
 *
 * Labels are held, 40 bytes an object and its key; the rows of the dataset pass by.  A line that came
 * from a manifest stays as it is, byte for byte, but for what is put before its last brace.
 */
#include "reports/manifest.h"

#include "base/errors.h"
#include "base/json_text.h"
#include "base/query.h"
#include "catalog/pg_type.h"
#include "data/dataset.h"
#include "lib/stringinfo.h"
#include "reports/label_marks.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

/* ---- What is read of the dataset ------------------------------------------------ */

/* The dataset, which may be gone by now. */
static char *
dataset_name(const GtlJob *job)
{
	gtl_job_require_dataset(job);
	return gtl_dataset_name(job->dataset);
}

static void
require_column(const GtlJob *job, const char *column, const char *argument)
{
	if (get_attnum(job->dataset, column) <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of dataset %s does not exist", column, job->dataset_name),
				 argument == NULL ? 0 : errhint("Name a column that it has: %s => '...'.", argument)));
}

/* The type of a column; InvalidOid: there is none of that name. */
static Oid
type_of_column(const GtlJob *job, const char *column)
{
	AttrNumber	attnum = get_attnum(job->dataset, column);

	return attnum > 0 ? getBaseType(get_atttype(job->dataset, attnum)) : InvalidOid;
}

/* The lines as they came; NULL: the dataset has none. */
static char *
line_expression(const GtlJob *job)
{
	Oid			type = type_of_column(job, "line");

	if (type == JSONOID || type == JSONBOID)
		return pstrdup("d.line::pg_catalog.text");
	if (type == TEXTOID || type == VARCHAROID)
		return pstrdup("d.line::pg_catalog.text::pg_catalog.json::pg_catalog.text");
	return NULL;
}

/* The first of these columns that the dataset has; NULL: none.  What the caller has named must be there. */
static const char *
find_column(const GtlJob *job, const char *named, const char *argument, const char *usual, const char *other)
{
	if (named != NULL)
		require_column(job, named, argument);
	if (named != NULL)
		return named;
	if (get_attnum(job->dataset, usual) > 0)
		return usual;
	return other != NULL && get_attnum(job->dataset, other) > 0 ? other : NULL;
}

/* || and a member of the line: its name, and the value of a column. */
static void
append_member(StringInfo sql, const char *name, const char *column, const char *cast)
{
	StringInfoData member;

	initStringInfo(&member);
	if (sql->len > 0)
		appendStringInfoString(&member, ", ");
	escape_json(&member, name);
	appendStringInfoString(&member, ": ");
	appendStringInfo(sql, " || %s || COALESCE(pg_catalog.to_json(d.%s%s)::pg_catalog.text, 'null')",
					 quote_literal_cstr(member.data), quote_identifier(column), cast);
	pfree(member.data);
}

/* The lines, made of columns. */
static char *
made_expression(const GtlJob *job, const GtlManifestSource *from)
{
	const char *source = find_column(job, from->source, "source", "source", job->text_column);
	const char *source_ref = find_column(job, from->source_ref, "source_ref", "source_ref", "source-ref");
	StringInfoData sql;

	if (source == NULL && source_ref == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("dataset %s has no column for the \"source\" of a manifest", job->dataset_name),
				 errhint("Name a column of texts with source, or one of addresses with source_ref.")));
	initStringInfo(&sql);
	if (source != NULL && (from->source != NULL || source_ref == NULL || from->source_ref == NULL))
		append_member(&sql, "source", source, "::pg_catalog.text");
	if (source_ref != NULL && (from->source_ref != NULL || source == NULL))
		append_member(&sql, "source-ref", source_ref, "::pg_catalog.text");
	for (int i = 0; i < from->ncolumns; i++)
	{
		require_column(job, from->columns[i], "columns");
		append_member(&sql, from->columns[i], from->columns[i], "");
	}
	return psprintf("'{'%s || '}'", sql.data);
}

/* Two members of one name would not be a line that all readers understand alike. */
static void
check_columns(const GtlJob *job, const GtlManifestSource *from)
{
	const char *metadata = psprintf("%s-metadata", job->label_attribute_name);

	for (int i = 0; i < from->ncolumns; i++)
	{
		const char *column = from->columns[i];
		bool		twice = strcmp(column, "source") == 0 || strcmp(column, "source-ref") == 0 ||
			strcmp(column, job->label_attribute_name) == 0 || strcmp(column, metadata) == 0;

		for (int j = 0; j < i; j++)
			twice = twice || strcmp(column, from->columns[j]) == 0;
		if (twice)
			gtl_error_setting("columns", psprintf("must not name \"%s\"", column), "A line has one member of a name.");
	}
}

/* The key and the line of each row, in the order of the keys. */
static char *
select_lines(const GtlJob *job, const GtlManifestSource *from)
{
	char	   *name = dataset_name(job);
	char	   *line = from->source == NULL && from->source_ref == NULL ? line_expression(job) : NULL;

	require_column(job, job->key_column, NULL);
	if (line != NULL && from->ncolumns > 0)
		gtl_error_setting("columns", "must not be set for a dataset whose column \"line\" has the lines",
						  "Name source or source_ref for new lines.");
	check_columns(job, from);
	return psprintf("SELECT d.%s::pg_catalog.text, %s FROM %s d%s", quote_identifier(job->key_column),
					line != NULL ? line : made_expression(job, from), name, gtl_dataset_order(job->dataset, job->key_column));
}

/* ---- Writing -------------------------------------------------------------------------- */

#define MOST_JOBS 100

/* A job whose labels are in the lines: the one that is asked for, or one that it goes on from. */
typedef struct Labeling
{
	const GtlLabelMarks *marks;
	const char *attribute;
	const char *metadata;
	char	   *quoted_attribute;	/* as JSON, with a colon */
	char	   *quoted_metadata;
	char	   *job_name;		/* as JSON */
	char	  **class_names;	/* as JSON */
} Labeling;

typedef struct Writing
{
	const char *dataset_name;
	int			count;
	Labeling	jobs[MOST_JOBS];	/* the newest first */
	const GtlLabelMark *found[MOST_JOBS];	/* in the line at hand; NULL: nothing of this job's */
	GtlLineCallback callback;
	void	   *context;
	MemoryContext row;			/* reset after each */
} Writing;

static char *
quote_json(const char *text)
{
	StringInfoData quoted;

	initStringInfo(&quoted);
	escape_json(&quoted, text);
	return quoted.data;
}

/* As the service writes it: UTC, without a zone. */
static void
append_date(StringInfo line, TimestampTz at)
{
	struct pg_tm tm;
	fsec_t		fsec;

	if (timestamp2tm(at, NULL, &tm, &fsec, NULL, NULL) != 0)
		elog(ERROR, "timestamp out of range");
	appendStringInfo(line, "\"creation-date\": \"%04d-%02d-%02dT%02d:%02d:%02d.%06d\"", tm.tm_year, tm.tm_mon, tm.tm_mday,
					 tm.tm_hour, tm.tm_min, tm.tm_sec, (int) fsec);
}

/* Pictures have an address, texts stand in the line. */
static const char *
task_type(const char *line)
{
	return strstr(line, "\"source-ref\"") != NULL ? "groundtruth/image-classification" : "groundtruth/text-classification";
}

static const char *
failure_words(const char *reason)
{
	if (strcmp(reason, "expired") == 0)
		return "expired: nobody answered while it was on offer";
	if (strcmp(reason, "declined") == 0)
		return "declined: as many people declined as should answer";
	return "consolidation: the function gave it no label";
}

static void
append_label(StringInfo out, const Labeling *labeling, const GtlLabelMark *mark, const char *line)
{
	if (mark->class_no >= 0)
		appendStringInfo(out, "%s: %d, %s: {\"class-name\": %s, \"confidence\": %.2f, ", labeling->quoted_attribute,
						 mark->class_no, labeling->quoted_metadata, labeling->class_names[mark->class_no], mark->confidence);
	else
		appendStringInfo(out, "%s: {\"failure-reason\": \"%s\", ", labeling->quoted_metadata, failure_words(mark->reason));
	appendStringInfo(out, "\"type\": \"%s\", \"job-name\": %s, ", task_type(line), labeling->job_name);
	if (mark->class_no >= 0)
		appendStringInfo(out, "\"human-annotated\": \"%s\", ", mark->human ? "yes" : "no");
	append_date(out, mark->at);
	appendStringInfoChar(out, '}');
}

/* A line that has the attribute already, without it. */
typedef struct Stripping
{
	const Writing *writing;
	StringInfo	out;
	bool		found;
} Stripping;

static void
keep_member(void *context, GtlJsonSpan name, GtlJsonSpan value)
{
	Stripping  *stripping = context;

	for (int j = 0; j < stripping->writing->count; j++)
	{
		const Labeling *labeling = &stripping->writing->jobs[j];

		if (stripping->writing->found[j] == NULL ||
			!(gtl_json_name_is(name, labeling->attribute) || gtl_json_name_is(name, labeling->metadata)))
			continue;
		stripping->found = true;
		return;
	}
	if (stripping->out->len > 1)
		appendStringInfoString(stripping->out, ", ");
	appendBinaryStringInfo(stripping->out, name.start, (int) (value.end - name.start));
}

/* The line up to its last brace; true: it has a member. */
static bool
open_line(StringInfo out, const Writing *writing, GtlJsonSpan line, const char *key)
{
	StringInfoData stripped;
	Stripping	stripping = {writing, &stripped};
	const char *end = line.end - 1;

	initStringInfo(&stripped);
	appendStringInfoChar(&stripped, '{');
	if (gtl_json_members(line, keep_member, &stripping) != GTL_JSON_FINE)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("column \"line\" of row \"%s\" of dataset %s is no JSON object", key, writing->dataset_name)));
	while (end > line.start + 1 && strchr(" \t\r\n", end[-1]) != NULL)
		end--;
	if (stripping.found)
		appendBinaryStringInfo(out, stripped.data, stripped.len);
	else
		appendBinaryStringInfo(out, line.start, (int) (end - line.start));
	return out->len > 1;
}

/* Which labels the row has: of each attribute that of the newest job that knows it.  False: none. */
static bool
find_labels(Writing *writing, const char *key)
{
	bool		any = false;

	for (int j = 0; j < writing->count; j++)
	{
		bool		known = false;

		for (int newer = 0; newer < j && !known; newer++)
			known = writing->found[newer] != NULL && strcmp(writing->jobs[newer].attribute, writing->jobs[j].attribute) == 0;
		writing->found[j] = NULL;
		if (!known)
			(void) gtl_label_marks_find(writing->jobs[j].marks, key, &writing->found[j]);
		any = any || writing->found[j] != NULL;
	}
	return any;
}

/* The labels before the last brace, those of earlier jobs first. */
static char *
label_line(Writing *writing, char *text, const char *key)
{
	StringInfoData out;
	const char *comma;

	initStringInfo(&out);
	comma = open_line(&out, writing, gtl_json_trim((GtlJsonSpan) {text, text + strlen(text)}), key) ? ", " : "";
	for (int j = writing->count - 1; j >= 0; j--)
	{
		if (writing->found[j] == NULL)
			continue;
		appendStringInfoString(&out, comma);
		append_label(&out, &writing->jobs[j], writing->found[j], text);
		comma = ", ";
	}
	appendStringInfoChar(&out, '}');
	return out.data;
}

static void
write_row(void *context, TupleTableSlot *row)
{
	Writing    *writing = context;
	MemoryContext caller = MemoryContextSwitchTo(writing->row);
	char	   *key = gtl_row_text(row, 1);
	char	   *text = gtl_row_text(row, 2);

	if (text != NULL && key != NULL && find_labels(writing, key))
		text = label_line(writing, text, key);
	if (text != NULL)
		writing->callback(writing->context, gtl_json_one_line(text));
	MemoryContextSwitchTo(caller);
	MemoryContextReset(writing->row);
}

static void
add_job(Writing *all, const GtlJob *job)
{
	Labeling   *labeling = &all->jobs[all->count++];

	labeling->marks = gtl_label_marks_read(job);
	labeling->attribute = job->label_attribute_name;
	labeling->metadata = psprintf("%s-metadata", job->label_attribute_name);
	labeling->quoted_attribute = quote_json(labeling->attribute);
	labeling->quoted_metadata = quote_json(labeling->metadata);
	labeling->job_name = quote_json(psprintf("labeling-job/%s", job->name));
	labeling->class_names = palloc(sizeof(char *) * job->ncategories);
	for (int i = 0; i < job->ncategories; i++)
		labeling->class_names[i] = quote_json(job->categories[i]);
}

void
gtl_manifest_write(const GtlJob *job, const GtlManifestSource *from, GtlLineCallback callback, void *context)
{
	MemoryContext memory = AllocSetContextCreate(CurrentMemoryContext, "gtlabel manifest", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(memory);
	char	   *sql = select_lines(job, from);
	Writing    *writing = palloc0(sizeof(Writing));

	for (const GtlJob *earlier = job; earlier != NULL && writing->count < MOST_JOBS; earlier = gtl_job_previous(earlier))
		add_job(writing, earlier);
	writing->dataset_name = job->dataset_name;
	writing->row = AllocSetContextCreate(memory, "gtlabel line", ALLOCSET_DEFAULT_SIZES);
	writing->callback = callback;
	writing->context = context;
	(void) gtl_query_stream(sql, write_row, writing);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(memory);
}
