/*
 * check.c
 *		gt_check: what is misconfigured, stuck or damaged, each with its remedy.
 *
 * Severities: "error" (a job does not go on, or something is damaged), "warning" (it will
 * come to that), "info" (worth knowing).  Nothing found: no rows.
 *
 * Most checks are one query each, over the jobs of roles that the caller is a member of; orphaned
 * rows are the business of the extension's owner.  Counting rows and pages reads them: this
 * is a doctor, not a heartbeat.
 */
#include "reports/check.h"

#include "access/xlog.h"
#include "background/worker_slots.h"
#include "base/format.h"
#include "base/lock.h"
#include "base/memory.h"
#include "base/query.h"
#include "base/settings.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "learning/neighbours.h"
#include "miscadmin.h"
#include "steps/due.h"
#include "steps/evidence.h"
#include "steps/in_flight.h"
#include "tables/job.h"
#include "tables/step.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/* A step that has been due for so long should have been done. */
#define PATIENCE "interval '5 minutes'"

/* A transaction that changes tasks should have ended after so many seconds. */
#define IN_FLIGHT_SECONDS 5

#define MINE GTL_CHECK_MINE

/* A dataset can be renamed; the row of the job has the name of its creation, or of the cluster that it was restored from. */
#define DATASET_NOW "COALESCE((SELECT format('%s.%s', quote_ident(n.nspname), quote_ident(c.relname)) FROM pg_class c" \
	" JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = j.dataset::oid), j.dataset_name)"

#define GOES_ON "j.state IN ('in_progress', 'paused', 'stopping')"

void
gtl_check_add(GtlCheck *check, const char *severity, const char *subject, const char *finding, const char *remedy)
{
	Datum		values[4] = {CStringGetTextDatum(severity), CStringGetTextDatum(subject), CStringGetTextDatum(finding),
	CStringGetTextDatum(remedy)};
	bool		nulls[4] = {false, false, false, false};

	tuplestore_putvalues(check->rows, check->desc, values, nulls);
}

/* ---- The server --------------------------------------------------------------- */

static void
check_launcher(GtlCheck *check)
{
	if (!gtl_slots_exist())
		gtl_check_add(check, "info", "launcher", "gtlabel is not in shared_preload_libraries: after a crash, and when a batch expires, "
			  "jobs go on only when somebody calls a function of theirs",
			  "Add gtlabel to shared_preload_libraries and restart the server.");
	else if (!gtl_slots_have_launcher() && !RecoveryInProgress())
		gtl_check_add(check, "error", "launcher", "gtlabel is preloaded, but its launcher does not run",
			  "Increase max_worker_processes and restart the server; its log says more.");
}

static void
check_server(GtlCheck *check)
{
	if (RecoveryInProgress())
		gtl_check_add(check, "info", "server", "this is a standby: it shows jobs, and does nothing for them",
			  "After a promotion the jobs go on.");
	if (gtl_clock_now() > GetCurrentTimestamp() + USECS_PER_SEC || gtl_clock_now() < GetCurrentTimestamp() - USECS_PER_SEC)
		gtl_check_add(check, "warning", "gtlabel.clock_offset", "leases and batches do not go by the time of day",
			  "RESET gtlabel.clock_offset; it is for tests.");
	if (max_worker_processes < gtl_setting_max_workers + 3 && gtl_slots_have_launcher())
		gtl_check_add(check, "warning", "max_worker_processes",
			  psprintf("it is %d, too few for gtlabel.max_workers = %d beside launcher and scans", max_worker_processes, gtl_setting_max_workers),
			  "Increase max_worker_processes and restart the server, or lower gtlabel.max_workers.");
}

/* The postmaster's table is not open to us, but who is in it shows in pg_stat_activity. */
static void
check_worker_slots(GtlCheck *check)
{
	static GtlStatement select = {
		"SELECT count(*)::int FROM pg_stat_activity WHERE backend_type <> ALL (ARRAY['client backend', 'autovacuum launcher',"
		" 'autovacuum worker', 'checkpointer', 'background writer', 'walwriter', 'walsender', 'walreceiver', 'startup',"
		" 'archiver', 'logger', 'walsummarizer', 'standalone backend', 'slotsync worker', 'io worker'])",
		0
	};
	int			used;

	used = gtl_query_int32(&select, NULL);
	if (used >= max_worker_processes)
		gtl_check_add(check, "warning", "max_worker_processes", psprintf("all %d background workers are in use", max_worker_processes),
			  "Increase max_worker_processes and restart the server; until then gt_advance_job does the steps.");
}

static void
check_version(GtlCheck *check)
{
	static GtlStatement select = {"SELECT extversion FROM pg_extension WHERE extname = 'gtlabel'", 0};
	GtlResult	r;
	char	   *version;

	gtl_query_run(&r, &select, NULL, NULL);
	version = gtl_result_text(&r, 0, 1);
	gtl_query_end(&r);
	if (strcmp(version, GTL_VERSION) != 0)
		gtl_check_add(check, "error", "version", psprintf("the library is %s, the extension in this database %s", GTL_VERSION, version),
			  "ALTER EXTENSION gtlabel UPDATE; if that changes nothing, restart the server.");
}

/* ---- Queries that return (severity, subject, finding, remedy) -------------------- */

/* $1 the caller, $2 the time, $3 whether the background is on */
static GtlStatement job_checks[] = {
	/* what should have been done */
	{
		"SELECT 'error', 'job ' || quote_ident(j.job_name), s.attempts || ' workers in a row were started for it, and none began',"
		" 'The server''s log says why they ended. gt_advance_job does the step in this session.'"
		" FROM gtlabel.job j JOIN gtlabel.step s ON s.job_id = j.job_id WHERE " MINE " AND s.attempts >= 2 ORDER BY j.job_name",
		3, {OIDOID, TIMESTAMPTZOID, BOOLOID}
	},
	{
		"SELECT 'warning', 'job ' || quote_ident(j.job_name), format('step \"%s\" has failed %s times in a row: %s: %s',"
		" s.step, s.failures, s.sqlstate, s.message), 'Put that right; it is tried again by itself, or at once by gt_advance_job.'"
		" FROM gtlabel.job j JOIN gtlabel.step s ON s.job_id = j.job_id WHERE " MINE " AND s.failures > 0 AND j.state <> 'failed'"
		" ORDER BY j.job_name",
		3, {OIDOID, TIMESTAMPTZOID, BOOLOID}
	},
	{
		"SELECT 'error', 'job ' || quote_ident(j.job_name), 'failed: ' || j.failure_reason, 'Put that right, then call gt_resume_job.'"
		" FROM gtlabel.job j WHERE " MINE " AND j.state = 'failed' ORDER BY j.job_name",
		3, {OIDOID, TIMESTAMPTZOID, BOOLOID}
	},
	/* what the owner has to look at */
	{
		"SELECT 'warning', 'job ' || quote_ident(j.job_name), format('drift alarm since %s: %s; the machine labels no objects that joined with segment %s or later%s',"
		" date_trunc('second', d.alarmed_at), d.alarm, d.alarm_segment_no,"
		" CASE WHEN j.state = 'completed' THEN '' ELSE format(', and %s objects have no label', j.object_count - j.human_labeled - j.machine_labeled - j.failed) END),"
		" 'Look at the new rows. gt_alter_job(job_name, drift_alarm => false) lets the machine label them; true then watches anew.'"
		" || CASE WHEN j.guarantee = 'audited' THEN ' An audit of them that passes ends the alarm, too.' ELSE '' END"
		" FROM gtlabel.job j CROSS JOIN LATERAL (SELECT * FROM gtlabel.drift d WHERE d.job_id = j.job_id OFFSET 0) d"
		" WHERE " MINE " AND d.alarm IS NOT NULL AND j.drift_alarm AND (" GOES_ON " OR j.state = 'completed') ORDER BY j.job_name",
		3, {OIDOID, TIMESTAMPTZOID, BOOLOID}
	},
	/* what it depends on */
	{
		"SELECT 'error', 'job ' || quote_ident(j.job_name), 'its owner is no role here: it was dropped, or is missing since a restore',"
		" 'Give it to another role, as a superuser: gt_alter_job(job_name, owner => ...); or gt_drop_job.'"
		" FROM gtlabel.job j WHERE " MINE " AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = j.owner::oid) ORDER BY j.job_name",
		3, {OIDOID, TIMESTAMPTZOID, BOOLOID}
	},
	{
		"SELECT 'warning', 'job ' || quote_ident(j.job_name), 'its workteam is no role here: it was dropped, or is missing since a restore',"
		" 'Name another one: gt_alter_job(job_name, workteam => ...), or none: reset => ARRAY[''workteam''].'"
		" FROM gtlabel.job j WHERE " MINE " AND " GOES_ON " AND j.workteam IS NOT NULL"
		" AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = j.workteam::oid) ORDER BY j.job_name",
		3, {OIDOID, TIMESTAMPTZOID, BOOLOID}
	},
	{
		"SELECT 'info', 'job ' || quote_ident(j.job_name), 'its dataset ' || j.dataset_name || ' is gone',"
		" 'None needed: the job works on the snapshot that it took; people need the objects from elsewhere.'"
		" FROM gtlabel.job j WHERE " MINE " AND " GOES_ON " AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = j.dataset::oid)"
		" ORDER BY j.job_name",
		3, {OIDOID, TIMESTAMPTZOID, BOOLOID}
	},
	{
		"SELECT 'warning', 'job ' || quote_ident(j.job_name), 'its owner ' || quote_ident(r.rolname) || ' may not read its dataset ' || " DATASET_NOW ","
		" 'GRANT SELECT on it, and USAGE on its schema; or give the job to a role that may: gt_alter_job(job_name, owner => ...). Until then gt_accept_tasks fails.'"
		" FROM gtlabel.job j JOIN pg_roles r ON r.oid = j.owner::oid JOIN pg_class c ON c.oid = j.dataset::oid"
		" WHERE " MINE " AND " GOES_ON " AND NOT (has_any_column_privilege(r.oid, c.oid, 'SELECT') AND has_schema_privilege(r.oid, c.relnamespace, 'USAGE'))"
		" ORDER BY j.job_name",
		3, {OIDOID, TIMESTAMPTZOID, BOOLOID}
	},
	{
		"SELECT 'info', 'job ' || quote_ident(j.job_name), format('column \"%s\" of its dataset %s is gone', k.name, " DATASET_NOW "),"
		" CASE WHEN k.name = j.key_column THEN 'Labels no longer join to the dataset; the keys are in gt_labels.'"
		" ELSE 'None needed: the job works on the snapshot that it took.' END"
		" FROM gtlabel.job j CROSS JOIN LATERAL (VALUES (j.key_column), (j.features_column)) k (name)"
		" WHERE " MINE " AND " GOES_ON " AND k.name IS NOT NULL AND EXISTS (SELECT FROM pg_class c WHERE c.oid = j.dataset::oid)"
		" AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = j.dataset::oid AND a.attname = k.name AND NOT a.attisdropped)"
		" ORDER BY j.job_name, k.name",
		3, {OIDOID, TIMESTAMPTZOID, BOOLOID}
	},
	{
		"SELECT 'warning', 'job ' || quote_ident(j.job_name), 'it follows its dataset ' || " DATASET_NOW " || ', and the newest changes could not be taken in',"
		" 'gt_add_objects(job_name) says why; correct the rows, and call it again.'"
		" FROM gtlabel.job j CROSS JOIN LATERAL (SELECT e.event FROM gtlabel.event e WHERE e.job_id = j.job_id"
		"   AND e.event IN ('objects_refused', 'objects_added') ORDER BY e.event_id DESC LIMIT 1) e"
		" WHERE " MINE " AND j.follow AND e.event = 'objects_refused' ORDER BY j.job_name",
		3, {OIDOID, TIMESTAMPTZOID, BOOLOID}
	},
	{
		"SELECT 'error', 'job ' || quote_ident(j.job_name), 'its consolidation function ' || j.consolidation || ' is gone',"
		" 'Create it again with the same signature.'"
		" FROM gtlabel.job j WHERE " MINE " AND " GOES_ON " AND j.consolidation IS NOT NULL AND to_regprocedure(j.consolidation) IS NULL"
		" ORDER BY j.job_name",
		3, {OIDOID, TIMESTAMPTZOID, BOOLOID}
	},
	{
		"SELECT 'error', 'job ' || quote_ident(j.job_name), 'its consolidation function ' || j.consolidation"
		" || ' is another role''s than when the job was created, and is not called',"
		" 'Look at what it does; gt_alter_job(..., consolidation => ...) names it anew.'"
		" FROM gtlabel.job j JOIN pg_proc p ON p.oid = to_regprocedure(j.consolidation)"
		" WHERE " MINE " AND " GOES_ON " AND p.proowner <> j.consolidation_owner ORDER BY j.job_name",
		3, {OIDOID, TIMESTAMPTZOID, BOOLOID}
	},
	/* what is stored */
	{
		"SELECT 'error', 'job ' || quote_ident(j.job_name), format('its counters say %s objects, %s labeled by people, %s by machine, %s failed;"
		" the tables hold %s, %s, %s, %s', j.object_count, j.human_labeled, j.machine_labeled, j.failed, o.objects, l.human, l.machine, f.failed),"
		" 'Restore the database from a backup, or gt_drop_job; and report a bug.'"
		" FROM gtlabel.job j,"
		" LATERAL (SELECT count(*) AS objects FROM gtlabel.object x WHERE x.job_id = j.job_id) o,"
		" LATERAL (SELECT count(*) FILTER (WHERE x.human) AS human, count(*) FILTER (WHERE NOT x.human) AS machine"
		"   FROM gtlabel.label x WHERE x.job_id = j.job_id) l,"
		" LATERAL (SELECT count(*) AS failed FROM gtlabel.failure x WHERE x.job_id = j.job_id) f"
		" WHERE " MINE " AND (j.object_count, j.human_labeled, j.machine_labeled, j.failed) <> (o.objects, l.human, l.machine, f.failed)"
		" ORDER BY j.job_name",
		3, {OIDOID, TIMESTAMPTZOID, BOOLOID}
	},
	{
		"SELECT 'error', 'job ' || quote_ident(j.job_name), format('its features are incomplete: %s of %s bytes in %s pages', p.bytes,"
		" p.expected, p.pages),"
		" 'Restore the database from a backup; or gt_stop_job, which needs no features.'"
		" FROM gtlabel.job j, LATERAL (SELECT sum(x.pages) AS pages, sum(x.bytes) AS bytes, sum(r.bytes) AS expected,"
		"   bool_and(x.pages = x.numbered AND x.bytes = r.bytes) AS whole"
		"   FROM gtlabel.segment s, (VALUES (0, j.dimension),"
		"     (1, CASE WHEN j.neighbours_id IS NULL THEN 0 ELSE " CppAsString2(GTL_NEIGHBOUR_COLUMNS) " END)) b (no, columns),"
		"   LATERAL (SELECT (s.taken_count::bigint + s.given_count) * b.columns * 4 AS bytes) r,"
		"   LATERAL (SELECT count(*) AS pages, COALESCE(max(page_no) + 1, 0) AS numbered, COALESCE(sum(octet_length(data)), 0) AS bytes"
		"     FROM gtlabel.feature_page f WHERE f.job_id = j.job_id AND f.segment_no = s.segment_no AND f.block_no = b.no) x"
		"   WHERE s.job_id = j.job_id) p"
		" WHERE " MINE " AND " GOES_ON " AND j.dimension > 0 AND j.purged_at IS NULL AND p.whole IS NOT TRUE"
		" ORDER BY j.job_name",
		3, {OIDOID, TIMESTAMPTZOID, BOOLOID}
	},
	{
		"SELECT 'error', 'job ' || quote_ident(j.job_name), format('its open batch %s does not exist or is closed', j.open_batch_no),"
		" 'Restore the database from a backup, or gt_drop_job; and report a bug.'"
		" FROM gtlabel.job j WHERE " MINE " AND j.open_batch_no IS NOT NULL AND NOT EXISTS (SELECT FROM gtlabel.batch b"
		" WHERE b.job_id = j.job_id AND b.batch_no = j.open_batch_no AND b.closed_at IS NULL) ORDER BY j.job_name",
		3, {OIDOID, TIMESTAMPTZOID, BOOLOID}
	},
};

/*
 * Jobs that may have a step due ($1 .. $3 as above), since when, and whether that is too long; gtl_due_seems
 * decides.
 */
static GtlStatement due_candidates = {
	"SELECT j.job_id, date_trunc('second', j.last_modified_at)::text,"
	" NOT $3 OR s.started_at IS NULL AND j.last_modified_at < $2 - " PATIENCE
	" FROM gtlabel.job j LEFT JOIN gtlabel.step s ON s.job_id = j.job_id"
	" WHERE " MINE " AND " GTL_STEP_MAY_BE_DUE("$2") " AND COALESCE(s.failures, 0) = 0 AND COALESCE(s.attempts, 0) < 2"
	" ORDER BY j.job_name",
	3, {OIDOID, TIMESTAMPTZOID, BOOLOID}
};

/* False: no step of the job waits for anybody. */
static bool
check_in_flight(GtlCheck *check, const GtlJob *job)
{
	char	   *holders = gtl_in_flight_describe(job->job_id, IN_FLIGHT_SECONDS);

	if (holders == NULL)
		return false;
	gtl_check_add(check, "warning", psprintf("job %s", quote_identifier(job->name)),
		  psprintf("its next step waits for answers in flight: its tasks are being changed by %s", holders),
		  "End these transactions: COMMIT or ROLLBACK, ROLLBACK PREPARED, pg_terminate_backend;"
		  " idle_in_transaction_session_timeout does it for annotators who forget.");
	return true;
}

static void
check_overdue(GtlCheck *check, const GtlJob *job, const char *since)
{
	bool		background = gtl_setting_background;

	if (!gtl_lock_is_free(GTL_LOCK_STEPS, job->job_id))
		return;
	gtl_check_add(check, background ? "error" : "warning", psprintf("job %s", quote_identifier(job->name)),
		  psprintf("a step has been due since %s, and %s", since,
				   background ? "nobody does it" : "gtlabel.background is off"),
		  background ? "gt_advance_job does it in this session. If no worker comes, max_worker_processes is too small." :
		  "Turn gtlabel.background on, or call gt_advance_job regularly.");
}

static void
run_due_checks(GtlCheck *check, const Datum *values)
{
	GtlResult	r;
	uint64		count = gtl_query_run(&r, &due_candidates, values, NULL);

	for (uint64 row = 0; row < count; row++)
	{
		GtlJob	   *job = gtl_job_get(gtl_result_int64(&r, row, 1));

		if (job != NULL && gtl_due_seems(job) && !check_in_flight(check, job) && gtl_result_bool(&r, row, 3))
			check_overdue(check, job, gtl_result_text(&r, row, 2));
	}
	gtl_query_end(&r);
}

void
gtl_check_add_found(GtlCheck *check, GtlStatement *statement, const Datum *values)
{
	GtlResult	r;
	uint64		count = gtl_query_run(&r, statement, values, NULL);

	for (uint64 row = 0; row < count; row++)
		gtl_check_add(check, gtl_result_text(&r, row, 1), gtl_result_text(&r, row, 2), gtl_result_text(&r, row, 3),
					  gtl_result_text(&r, row, 4));
	gtl_query_end(&r);
}

static void
run_job_checks(GtlCheck *check)
{
	Datum		values[3] = {ObjectIdGetDatum(GetUserId()), TimestampTzGetDatum(gtl_clock_now()),
	BoolGetDatum(gtl_setting_background)};

	run_due_checks(check, values);
	for (int i = 0; i < (int) lengthof(job_checks); i++)
		gtl_check_add_found(check, &job_checks[i], values);
}

/* Rows of jobs that do not exist; skips from one job_id to the next in the tables' indexes. */
#define ORPHANS(table) \
	{ \
		"WITH RECURSIVE ids (id) AS ((SELECT min(job_id) FROM gtlabel." table ") UNION ALL" \
		" SELECT (SELECT min(job_id) FROM gtlabel." table " WHERE job_id > id) FROM ids WHERE id IS NOT NULL)" \
		" SELECT '" table "', string_agg(id::text, ', ' ORDER BY id) FROM ids" \
		" WHERE id IS NOT NULL AND NOT EXISTS (SELECT FROM gtlabel.job j WHERE j.job_id = id) HAVING count(*) > 0", \
		0 \
	}

static GtlStatement orphan_checks[] = {
	ORPHANS("object"), ORPHANS("gold"), ORPHANS("feature_page"), ORPHANS("segment"), ORPHANS("change"), ORPHANS("given"), ORPHANS("batch"), ORPHANS("task"), ORPHANS("annotation"), ORPHANS("early_answer"), ORPHANS("former_answer"),
	ORPHANS("label"), ORPHANS("failure"), ORPHANS("model"), ORPHANS("round"), ORPHANS("certificate"), ORPHANS("step"), ORPHANS("event")
};

static void
run_orphan_checks(GtlCheck *check)
{
	if (!has_privs_of_role(GetUserId(), gtl_extension_owner()))
		return;
	for (int i = 0; i < (int) lengthof(orphan_checks); i++)
	{
		GtlResult	r;

		if (gtl_query_run(&r, &orphan_checks[i], NULL, NULL) > 0)
		{
			char	   *table = gtl_result_text(&r, 0, 1);
			char	   *ids = gtl_result_text(&r, 0, 2);

			gtl_check_add(check, "warning", psprintf("table gtlabel.%s", table), psprintf("it has rows of jobs that do not exist: %s", ids),
						"They may be all that is left of people's work: restore gtlabel.job from the dump that they came from.");
		}
		gtl_query_end(&r);
	}
}

/* ---- Memory for the rounds to come ------------------------------------------------- */

static void
check_memory(GtlCheck *check, const GtlJob *job)
{
	int64		rows = Min((int64) job->human_labeled + job->given_count + job->max_concurrent,
						   (int64) job->object_count + job->given_count);
	Size		needed = gtl_evidence_memory(job, rows);

	if (job->dimension > 0 && job->validation_count > 0 && job->auto_label && needed > gtl_memory_budget())
		gtl_check_add(check, "warning", psprintf("job %s", quote_identifier(job->name)),
			  psprintf("its next round needs %zu MB for %s labeled objects of %d dimensions; maintenance_work_mem is %d MB in this session",
					   needed / (1024 * 1024) + 1, gtl_format_count(rows), job->dimension, maintenance_work_mem / 1024),
			  psprintf("ALTER ROLE %s SET maintenance_work_mem = '%zuMB';",
					   quote_identifier(GetUserNameFromId(job->owner, false)), needed / (512 * 1024) + 1));
}

static void
run_memory_checks(GtlCheck *check)
{
	static GtlStatement select = {
		"SELECT j.job_id FROM gtlabel.job j JOIN pg_roles r ON r.oid = j.owner::oid"
		" WHERE " MINE " AND j.state IN ('in_progress', 'paused') ORDER BY j.job_name",
		1, {OIDOID}
	};
	Datum		values[1] = {ObjectIdGetDatum(GetUserId())};
	GtlResult	r;
	uint64		count = gtl_query_run(&r, &select, values, NULL);

	for (uint64 i = 0; i < count; i++)
	{
		GtlJob	   *job = gtl_job_get(gtl_result_int64(&r, i, 1));

		if (job != NULL)
			check_memory(check, job);
	}
	gtl_query_end(&r);
}

void
gtl_check(ReturnSetInfo *rsinfo)
{
	GtlCheck	check;

	check.rows = rsinfo->setResult;
	check.desc = rsinfo->setDesc;
	check_version(&check);
	check_server(&check);
	check_launcher(&check);
	check_worker_slots(&check);
	run_job_checks(&check);
	gtl_check_rows(&check);
	gtl_check_sizes(&check);
	run_memory_checks(&check);
	run_orphan_checks(&check);
}
