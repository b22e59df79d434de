/*
 * check_rows.c
 *		gt_check: do jobs that follow their dataset know its rows, and what do jobs hold?
 *
 * Not all that changes a table fires triggers: ATTACH and DETACH PARTITION, a role for which they are off, logical
 * replication.  So here the rows are compared with the keys, as the job's owner; a job whose dataset cannot be read is passed over, which
 * other checks tell of.
 */
#include "reports/check.h"

#include "base/format.h"
#include "base/subtransaction.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "steps/intake.h"
#include "tables/job.h"
#include "utils/builtins.h"

/* Partitions and children as well: a statement fires the triggers of the table that it names. */
static GtlStatement without_triggers = {
	"WITH RECURSIVE part (job_id, job_name, relation) AS (SELECT j.job_id, j.job_name, c.oid FROM gtlabel.job j JOIN pg_class c ON c.oid = j.dataset::oid"
	" WHERE " GTL_CHECK_MINE " AND j.follow UNION SELECT p.job_id, p.job_name, i.inhrelid FROM part p JOIN pg_inherits i ON i.inhparent = p.relation)"
	" SELECT 'warning', 'job ' || quote_ident(job_name), format('what is written to %s directly is not noted: its triggers are missing or off', relation::regclass),"
	" 'gt_add_objects creates those of new partitions, and takes in their rows, where the job''s owner has the TRIGGER privilege. ALTER TABLE ... ENABLE TRIGGER turns one on.'"
	" FROM part WHERE (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = relation AND t.tgenabled IN ('O', 'A')"
	" AND t.tgname ~ ('^gtlabel_' || job_id || '_(insert|update|delete|truncate)$')) < 4 ORDER BY job_name, relation::regclass::text",
	1, {OIDOID}
};

typedef struct Comparison
{
	const GtlJob *job;
	GtlKnownKeys keys;
	int64		rows;			/* of the dataset */
} Comparison;

static void
compare(void *argument)
{
	Comparison *comparison = argument;

	comparison->rows = gtl_intake_compare(comparison->job, &comparison->keys);
}

static void
check_job(GtlCheck *check, const GtlJob *job)
{
	Comparison	comparison = {job};
	char	   *subject = psprintf("job %s", quote_identifier(job->name));
	ErrorData  *error = gtl_subtransaction_try(compare, &comparison);

	if (error != NULL)
		return;
	if (comparison.keys.ngone > 0)
		gtl_check_add(check, "warning", subject,
					  psprintf("%s of its objects have no row in %s any more, and nobody has noted why", gtl_format_count(comparison.keys.ngone), job->dataset_name),
					  "gt_remove_objects erases them. DETACH PARTITION, logical replication and disabled triggers do not show in what a job follows.");
	if (comparison.rows > comparison.keys.nthere && !gtl_intake_refused(job))
		gtl_check_add(check, "warning", subject,
					  psprintf("it does not know %s rows of %s", gtl_format_count(comparison.rows - comparison.keys.nthere), job->dataset_name),
					  "gt_add_objects takes them in, or says why it cannot.");
}

/* Those that wait for nothing: others will take in what has changed. */
void
gtl_check_rows(GtlCheck *check)
{
	static GtlStatement select = {
		"SELECT j.job_id FROM gtlabel.job j WHERE " GTL_CHECK_MINE " AND j.follow AND j.state IN ('in_progress', 'completed') AND j.purged_at IS NULL"
		" AND EXISTS (SELECT FROM pg_class c WHERE c.oid = j.dataset::oid) AND NOT EXISTS (SELECT FROM gtlabel.change c WHERE c.job_id = j.job_id AND NOT c.waits OFFSET 0)"
		" ORDER BY j.job_name",
		1, {OIDOID}
	};
	Datum		values[1] = {ObjectIdGetDatum(GetUserId())};
	GtlResult	r;
	uint64		count;

	gtl_check_add_found(check, &without_triggers, values);
	count = gtl_query_run(&r, &select, values, NULL);
	for (uint64 i = 0; i < count; i++)
	{
		GtlJob	   *job = gtl_job_get(gtl_result_int64(&r, i, 1));

		if (job != NULL)
			check_job(check, job);
	}
	gtl_query_end(&r);
}

/* ---- Sizes ---------------------------------------------------------------------------------- */

#define LARGE "64 * 1024 * 1024"

/* Bytes of the rows of a table, with what the server keeps for each. */
#define BYTES(table) \
	"('" table "', (SELECT COALESCE(sum(pg_column_size(t.*) + 4), 0) FROM gtlabel." table " t WHERE t.job_id = j.job_id))"

void
gtl_check_sizes(GtlCheck *check)
{
	static GtlStatement sizes = {
		"SELECT 'info', 'job ' || quote_ident(j.job_name), format('it holds %s: %s', pg_size_pretty(s.bytes), s.tables),"
		" CASE WHEN j.state IN ('in_progress', 'paused', 'stopping', 'initializing') THEN 'None needed. When it is over, gt_purge_job frees what is of no use then.'"
		" ELSE 'gt_purge_job frees what is of no use any more; labels stay.' END"
		" FROM gtlabel.job j, LATERAL (SELECT sum(b.bytes) AS bytes,"
		"   string_agg(format('gtlabel.%s %s', b.name, pg_size_pretty(b.bytes)), ', ' ORDER BY b.bytes DESC) FILTER (WHERE b.bytes >= 1024 * 1024) AS tables"
		"   FROM (VALUES " BYTES("feature_page") ", " BYTES("object") ", " BYTES("given") ", " BYTES("label") ", " BYTES("annotation") ", "
		BYTES("task") ", " BYTES("audit_object") ", " BYTES("model") ", " BYTES("event") ") b (name, bytes)) s"
		" WHERE " GTL_CHECK_MINE " AND s.bytes >= " LARGE " ORDER BY s.bytes DESC",
		1, {OIDOID}
	};
	Datum		values[1] = {ObjectIdGetDatum(GetUserId())};

	gtl_check_add_found(check, &sizes, values);
}
