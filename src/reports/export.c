/*
 * export.c
 *		The labels of a job as a file; see export.h.
 *
 * Lists of labels are made from gtlabel's tables alone.  Tasks of Label Studio carry what annotators see, so the
 * dataset is read, as the current user.
 */
#include "reports/export.h"

#include "base/json_text.h"
#include "base/query.h"
#include "data/dataset.h"
#include "data/dataset_rows.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "reports/label_marks.h"
#include "tables/model.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

typedef struct Export
{
	const GtlJob *job;
	const GtlLabelMarks *marks;
	GtlLineCallback callback;
	void	   *context;
	MemoryContext row;			/* reset after each line */
	char	   *pending;		/* Label Studio: a task that waits for its comma; in `kept` */
	MemoryContext kept;
} Export;

/* ISO 8601, UTC, in both kinds of lists. */
static void
append_time(StringInfo line, TimestampTz at)
{
	struct pg_tm tm;
	fsec_t		fsec;

	if (timestamp2tm(at, NULL, &tm, &fsec, NULL, NULL) != 0)
		elog(ERROR, "timestamp out of range");
	appendStringInfo(line, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", tm.tm_year, tm.tm_mon, tm.tm_mday, tm.tm_hour, tm.tm_min,
					 tm.tm_sec, (int) fsec);
}

/* ---- JSON Lines and CSV --------------------------------------------------------------- */

static void
json_line(const Export *export, const char *key, const GtlLabelMark *mark, StringInfo line)
{
	appendStringInfoString(line, "{\"object_key\": ");
	escape_json(line, key);
	appendStringInfoString(line, ", \"label\": ");
	escape_json(line, export->job->categories[mark->class_no]);
	appendStringInfo(line, ", \"confidence\": %.6g, \"human_annotated\": %s, \"final\": %s, \"labeled_at\": \"",
					 mark->confidence, mark->human ? "true" : "false", mark->final ? "true" : "false");
	append_time(line, mark->at);
	appendStringInfoString(line, "\", \"tied_with\": ");
	if (mark->tied_class_no >= 0)
		escape_json(line, export->job->categories[mark->tied_class_no]);
	else
		appendStringInfoString(line, "null");
	appendStringInfoChar(line, '}');
}

/* Quoted where it has to be; an empty value always, for it is not a missing one. */
static void
append_csv(StringInfo line, const char *value)
{
	if (*value != '\0' && strpbrk(value, ",\"\r\n") == NULL && *value != ' ')
	{
		appendStringInfoString(line, value);
		return;
	}
	appendStringInfoChar(line, '"');
	for (; *value != '\0'; value++)
	{
		if (*value == '"')
			appendStringInfoChar(line, '"');
		appendStringInfoChar(line, *value);
	}
	appendStringInfoChar(line, '"');
}

static void
csv_line(const Export *export, const char *key, const GtlLabelMark *mark, StringInfo line)
{
	append_csv(line, key);
	appendStringInfoChar(line, ',');
	append_csv(line, export->job->categories[mark->class_no]);
	appendStringInfo(line, ",%.6g,%s,%s,", mark->confidence, mark->human ? "true" : "false", mark->final ? "true" : "false");
	append_time(line, mark->at);
	appendStringInfoChar(line, ',');
	if (mark->tied_class_no >= 0)
		append_csv(line, export->job->categories[mark->tied_class_no]);
}

static void
write_list(Export *export, GtlExportFormat format)
{
	char	  **keys = gtl_strings_list(export->marks->keys);
	int			objects = gtl_strings_count(export->marks->keys);

	if (format == GTL_EXPORT_CSV)
		export->callback(export->context, "object_key,label,confidence,human_annotated,final,labeled_at,tied_with");
	for (int i = 0; i < objects; i++)
	{
		const GtlLabelMark *mark = export->marks->mark[i] < 0 ? NULL : &export->marks->marks[export->marks->mark[i]];
		MemoryContext caller;
		StringInfoData line;

		if (mark == NULL || mark->class_no < 0)
			continue;
		CHECK_FOR_INTERRUPTS();
		caller = MemoryContextSwitchTo(export->row);
		initStringInfo(&line);
		if (format == GTL_EXPORT_CSV)
			csv_line(export, keys[i], mark, &line);
		else
			json_line(export, keys[i], mark, &line);
		export->callback(export->context, line.data);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(export->row);
	}
}

/* ---- Label Studio ------------------------------------------------------------------------ */

/* The key, and what annotators see as an object that begins with the key. */
static char *
select_tasks(const GtlJob *job)
{
	StringInfoData sql;
	char	   *name;
	const char *key = quote_identifier(job->key_column);
	char	  **columns;
	int			ncolumns;

	gtl_job_require_dataset(job);
	name = gtl_dataset_name(job->dataset);
	columns = gtl_dataset_shown_columns(job, &ncolumns);
	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT d.%s::pg_catalog.text, pg_catalog.row_to_json((SELECT r FROM (SELECT d.%s::pg_catalog.text", key, key);
	for (int i = 0; i < ncolumns; i++)
		if (strcmp(columns[i], job->key_column) != 0 && get_attnum(job->dataset, columns[i]) > 0)
			appendStringInfo(&sql, ", d.%s", quote_identifier(columns[i]));
	appendStringInfo(&sql, ") r))::pg_catalog.text FROM %s d%s", name, gtl_dataset_order(job->dataset, job->key_column));
	return sql.data;
}

/* The column that a labeling interface shows: the text, or what stands for the picture. */
static const char *
shown_column(const GtlJob *job)
{
	char	  **columns;
	int			ncolumns;

	if (job->text_column != NULL)
		return job->text_column;
	columns = gtl_dataset_shown_columns(job, &ncolumns);
	for (int i = 0; i < ncolumns; i++)
		if (strcmp(columns[i], job->key_column) != 0)
			return columns[i];
	return job->key_column;
}

static void
append_choice(StringInfo task, const Export *export, int32 class_no)
{
	appendStringInfoString(task, "\"result\": [{\"from_name\": \"label\", \"to_name\": ");
	escape_json(task, shown_column(export->job));
	appendStringInfoString(task, ", \"type\": \"choices\", \"value\": {\"choices\": [");
	escape_json(task, export->job->categories[class_no]);
	appendStringInfoString(task, "]}}]");
}

static void
append_mark(StringInfo task, const Export *export, const GtlLabelMark *mark)
{
	if (mark->human)
		appendStringInfoString(task, ", \"annotations\": [{");
	else
	{
		appendStringInfoString(task, ", \"predictions\": [{\"model_version\": ");
		escape_json(task, mark->round_no < 0 ? export->job->name : psprintf("%s/%d", export->job->name, mark->round_no));
		appendStringInfo(task, ", \"score\": %.6g, ", mark->confidence);
	}
	append_choice(task, export, mark->class_no);
	appendStringInfoString(task, "}]");
}

/* A task is written when the next one, or none, has come. */
static void
write_pending(Export *export, const char *comma)
{
	if (export->pending != NULL)
		export->callback(export->context, psprintf("%s%s", export->pending, comma));
	MemoryContextReset(export->kept);
	export->pending = NULL;
}

static void
write_task(void *context, TupleTableSlot *row)
{
	Export	   *export = context;
	MemoryContext caller = MemoryContextSwitchTo(export->row);
	char	   *key = gtl_row_text(row, 1);
	char	   *data = gtl_row_text(row, 2);
	const GtlLabelMark *mark;
	StringInfoData task;

	if (key != NULL && gtl_label_marks_find(export->marks, key, &mark))
	{
		initStringInfo(&task);
		appendStringInfo(&task, "{\"data\": %s, \"meta\": {\"job_name\": ", gtl_json_one_line(data));
		escape_json(&task, export->job->name);
		appendStringInfoChar(&task, '}');
		if (mark != NULL && mark->class_no >= 0)
			append_mark(&task, export, mark);
		appendStringInfoChar(&task, '}');
		write_pending(export, ",");
		export->pending = MemoryContextStrdup(export->kept, task.data);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(export->row);
}

static void
write_tasks(Export *export)
{
	char	   *sql = select_tasks(export->job);

	export->kept = AllocSetContextCreate(CurrentMemoryContext, "gtlabel task", ALLOCSET_DEFAULT_SIZES);
	export->callback(export->context, "[");
	(void) gtl_query_stream(sql, write_task, export);
	write_pending(export, "");
	export->callback(export->context, "]");
}

void
gtl_export_write(const GtlJob *job, GtlExportFormat format, GtlLineCallback callback, void *context)
{
	MemoryContext memory = AllocSetContextCreate(CurrentMemoryContext, "gtlabel export", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(memory);
	Export		export = {job, .callback = callback, .context = context};
	GtlManifestSource usual = {NULL};

	export.row = AllocSetContextCreate(memory, "gtlabel line", ALLOCSET_DEFAULT_SIZES);
	if (format == GTL_EXPORT_MANIFEST)
		gtl_manifest_write(job, &usual, callback, context);
	else
	{
		export.marks = gtl_label_marks_read(job);
		if (format == GTL_EXPORT_LABEL_STUDIO)
			write_tasks(&export);
		else
			write_list(&export, format);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(memory);
}
