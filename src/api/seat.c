/*
 * seat.c
 *		What an annotator sees beside the tasks: gt_queue, gt_seat.
 *
 * Nothing here says whether objects are of the validation set, of an audit, or have known answers.
 */
#include "base/compat.h"

#include "api/arguments.h"
#include "api/seat.h"
#include "base/errors.h"
#include "base/query.h"
#include "base/settings.h"
#include "catalog/pg_type.h"
#include "data/dataset_rows.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "steps/correct.h"
#include "tables/job.h"
#include "tables/task_count.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

/* Answers that a page keeps at hand. */
#define RECENT_ANSWERS 10

/* Answers that are counted: gt_queue is asked often.  gt_annotators counts all. */
#define MOST_ANSWERS 20000

static GtlJob *
find_job(GtlAnnotator *who, const char *name)
{
	GtlJob	   *job = gtl_annotator_look(who, gtl_annotator_find_job(who, name));

	if (job == NULL)
		gtl_error_unknown_job(name);
	return job;
}

/* The job of the first argument; annotator and token are the second and the third. */
static GtlJob *
enter(FunctionCallInfo fcinfo, GtlAnnotator *who)
{
	char	   *name = gtl_argument_text(fcinfo, 0, "job_name");

	gtl_annotator_read(fcinfo, 1, 2, who);
	return find_job(who, name);
}

/* ---- gt_queue ------------------------------------------------------------------- */

typedef struct Queue
{
	GtlTaskCounts tasks;
	int64		answered;
	int64		answered_today;
	int64		done;			/* of the training; -1: none runs */
	int64		total;
} Queue;

/* The newest ones, by their index.  Today begins at midnight in the session's time zone. */
static void
count_answers(const GtlJob *job, const char *annotator, Queue *queue)
{
	static GtlStatement select = {
		"SELECT count(*), count(*) FILTER (WHERE submitted_at >= date_trunc('day', $3)) FROM"
		" (SELECT submitted_at FROM gtlabel.annotation WHERE job_id = $1 AND annotator = $2 ORDER BY submitted_at DESC LIMIT $4) a",
		4, {INT8OID, TEXTOID, TIMESTAMPTZOID, INT4OID}
	};
	Datum		values[4] = {Int64GetDatum(job->job_id), CStringGetTextDatum(annotator), TimestampTzGetDatum(gtl_clock_now()),
	Int32GetDatum(MOST_ANSWERS)};
	GtlResult	r;

	gtl_query_run(&r, &select, values, NULL);
	queue->answered = gtl_result_int64(&r, 0, 1);
	queue->answered_today = gtl_result_int64(&r, 0, 2);
	gtl_query_end(&r);
}

static void
read_progress(const GtlJob *job, Queue *queue)
{
	static GtlStatement select = {
		"SELECT done, total FROM gtlabel.progress() WHERE job_id = $1 AND total > 0 ORDER BY started_at LIMIT 1", 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job->job_id)};
	GtlResult	r;

	queue->done = -1;
	if (gtl_query_run(&r, &select, values, NULL) > 0)
	{
		queue->done = gtl_result_int64(&r, 0, 1);
		queue->total = gtl_result_int64(&r, 0, 2);
	}
	gtl_query_end(&r);
}

static const char *
queue_state(const GtlJob *job, const Queue *queue)
{
	if (job->state == GTL_JOB_PAUSED)
		return "paused";
	if (job->state != GTL_JOB_IN_PROGRESS && job->state != GTL_JOB_INITIALIZING)
		return "finished";
	if (queue->tasks.open + queue->tasks.held > 0)
		return "open";
	return queue->tasks.unanswered > 0 ? "with_others" : "training";
}

static void
read_queue(const GtlJob *job, const char *annotator, Queue *queue)
{
	memset(queue, 0, sizeof(*queue));
	if (job->open_batch_no != 0)
		gtl_task_count(job, annotator, &queue->tasks);
	count_answers(job, annotator, queue);
	queue->done = -1;
	if (queue->tasks.unanswered == 0 && job->state == GTL_JOB_IN_PROGRESS)
		read_progress(job, queue);
}

PG_FUNCTION_INFO_V1(gtl_sql_queue);
Datum
gtl_sql_queue(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	GtlAnnotator who;
	GtlJob	   *job = enter(fcinfo, &who);
	Queue		queue;
	Datum		values[9];
	bool		nulls[9] = {false};

	read_queue(job, who.name, &queue);
	InitMaterializedSRF(fcinfo, 0);
	values[0] = CStringGetTextDatum(queue_state(job, &queue));
	values[1] = Int64GetDatum(queue.tasks.open);
	values[2] = Int64GetDatum(queue.tasks.held);
	values[3] = Int64GetDatum(queue.answered);
	values[4] = Int64GetDatum(queue.answered_today);
	values[5] = Int64GetDatum(queue.tasks.with_others);
	values[6] = Int64GetDatum(queue.tasks.open + queue.tasks.held);
	values[7] = Int64GetDatum(queue.done);
	values[8] = Int64GetDatum(queue.total);
	nulls[7] = nulls[8] = queue.done < 0;
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	return (Datum) 0;
}

void
gtl_seat_append_queue(StringInfo json, GtlAnnotator *who, const char *job_name)
{
	GtlJob	   *job = find_job(who, job_name);
	Queue		queue;

	read_queue(job, who->name, &queue);
	appendStringInfo(json, "{\"state\": \"%s\", \"open\": " INT64_FORMAT ", \"held\": " INT64_FORMAT ", \"answered\": " INT64_FORMAT
					 ", \"answered_today\": " INT64_FORMAT ", \"with_others\": " INT64_FORMAT ", \"left_in_batch\": " INT64_FORMAT,
					 queue_state(job, &queue), queue.tasks.open, queue.tasks.held, queue.answered, queue.answered_today,
					 queue.tasks.with_others, queue.tasks.open + queue.tasks.held);
	if (queue.done < 0)
		appendStringInfoString(json, ", \"done\": null, \"total\": null}");
	else
		appendStringInfo(json, ", \"done\": " INT64_FORMAT ", \"total\": " INT64_FORMAT "}", queue.done, queue.total);
}

/* ---- gt_seat -------------------------------------------------------------------- */

static void
append_text(StringInfo json, const char *name, const char *value)
{
	appendStringInfo(json, ", \"%s\": ", name);
	if (value == NULL)
		appendStringInfoString(json, "null");
	else
		escape_json(json, value);
}

static void
append_texts(StringInfo json, const char *name, char *const *values, int count)
{
	appendStringInfo(json, ", \"%s\": [", name);
	for (int i = 0; i < count; i++)
	{
		if (i > 0)
			appendStringInfoString(json, ", ");
		escape_json(json, values[i]);
	}
	appendStringInfoChar(json, ']');
}

/* The annotator's last answers that can still be changed, newest first. */
static void
append_recent(StringInfo json, const GtlJob *job, const char *annotator, char *const *columns, int ncolumns)
{
	static GtlStatement select = {
		"SELECT a.task_id, o.object_key, j.label_categories[a.class_no + 1], a.remark FROM"
		" (SELECT * FROM gtlabel.annotation WHERE job_id = $1 AND annotator = $2 ORDER BY submitted_at DESC, object_no DESC LIMIT $3) a"
		" JOIN gtlabel.job j ON j.job_id = a.job_id"
		" CROSS JOIN LATERAL (SELECT object_key FROM gtlabel.object WHERE job_id = $1 AND object_no = a.object_no OFFSET 0) o"
		" WHERE a.batch_no >= $4 ORDER BY a.submitted_at DESC, a.object_no DESC",
		4, {INT8OID, TEXTOID, INT4OID, INT4OID}
	};
	Datum		values[4] = {Int64GetDatum(job->job_id), CStringGetTextDatum(annotator), Int32GetDatum(RECENT_ANSWERS),
	Int32GetDatum(gtl_correct_first_unread(job))};
	char	   *keys[RECENT_ANSWERS];
	char	   *rows[RECENT_ANSWERS];
	GtlResult	r;
	int			count = gtl_job_is_final(job) ? 0 : (int) gtl_query_run(&r, &select, values, NULL);

	appendStringInfoString(json, ", \"recent\": [");
	for (int i = 0; i < count; i++)
		keys[i] = gtl_result_text(&r, i, 2);
	gtl_dataset_rows(job, keys, count, columns, ncolumns, rows);
	for (int i = 0; i < count; i++)
	{
		appendStringInfo(json, "%s{\"task_id\": " INT64_FORMAT, i > 0 ? ", " : "", gtl_result_int64(&r, i, 1));
		append_text(json, "object_key", keys[i]);
		appendStringInfo(json, ", \"object\": %s", rows[i] == NULL ? "null" : rows[i]);
		append_text(json, "label", gtl_result_text(&r, i, 3));
		append_text(json, "comment", gtl_result_text(&r, i, 4));
		appendStringInfoChar(json, '}');
	}
	if (!gtl_job_is_final(job))
		gtl_query_end(&r);
	appendStringInfoChar(json, ']');
}

PG_FUNCTION_INFO_V1(gtl_sql_seat);
Datum
gtl_sql_seat(PG_FUNCTION_ARGS)
{
	GtlAnnotator who;
	GtlJob	   *job = enter(fcinfo, &who);
	int			ncolumns;
	char	  **columns = gtl_dataset_shown_columns(job, &ncolumns);
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfo(&json, "{\"job_id\": " INT64_FORMAT, job->job_id);
	append_text(&json, "job_name", job->name);
	append_text(&json, "annotator", who.name);
	append_texts(&json, "label_categories", job->categories, job->ncategories);
	append_texts(&json, "display_columns", columns, ncolumns);
	append_text(&json, "instructions", job->instructions);
	append_recent(&json, job, who.name, columns, ncolumns);
	appendStringInfoChar(&json, '}');
	PG_RETURN_DATUM(DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data)));
}
