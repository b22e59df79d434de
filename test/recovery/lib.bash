# What the recovery tests share; sourced.  They run inside scripts/with-cluster, from the top of
# the source tree.
#
# RECOVERY_SCALE multiplies the disturbances (default 1: all recovery tests take some five minutes).
# RECOVERY_SEED seeds what is random (default 1).
# NEWER_PG_CONFIG is that of the server that a cluster moves to (default: the one of PG_CONFIG).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
scale=${RECOVERY_SCALE:-1}
seed=${RECOVERY_SEED:-1}
RANDOM=$seed

# Debian's psql is a Perl script around this one, and ten times as slow to start.
export PATH=$GTL_CLUSTER_BINDIR:$PATH
export PGOPTIONS='-c client_min_messages=warning' PGCONNECT_TIMEOUT=10
export NEWER_PG_CONFIG=${NEWER_PG_CONFIG:-$(scripts/pg-config)}
newer=$("$NEWER_PG_CONFIG" --bindir)
started=$SECONDS

say() { printf '%4d s  %s\n' $((SECONDS - started)) "$*"; }
fail() { say "FAILED: $*" >&2; exit 1; }
skip() { say "SKIPPED: $*"; exit 77; }

# One statement or script, aligned for people to read; stops at the first error.
sql() { psql -Xq -v ON_ERROR_STOP=1 "$@"; }

# One value.
value() { sql -At -c "$1"; }

same() { # same WHAT EXPECTED ACTUAL
	[ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"
}

# until_true SECONDS COMMAND...: polls; false if it does not come true in time
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		if [ $SECONDS -ge $end ]; then return 1; fi
		sleep 0.05
	done
}

is_up() { psql -XAtq -c 'SELECT 1' >/dev/null 2>&1; }

# What runs in the background ends with the server's folder, however the script ends.
gone() { [ ! -d "$GTL_CLUSTER" ]; }

# A table of objects in three clusters that overlap a little, with the right answer beside; and
# what checks a job that has come to its end.
create_fixture() {
	sql -v rows="${1:-600}" <<-'END'
		CREATE EXTENSION IF NOT EXISTS gtlabel;
		CREATE TABLE things (id int PRIMARY KEY, features float4[] NOT NULL, gold text NOT NULL);
		SELECT setseed(0.25) \g /dev/null
		INSERT INTO things
		SELECT i, ARRAY(SELECT (CASE WHEN d % 3 = i % 3 THEN 0.8 ELSE 0 END + random() + random() + i * 0)::float4
		                  FROM generate_series(1, 6) d), (ARRAY['a', 'b', 'c'])[1 + i % 3]
		  FROM generate_series(1, :rows) i;
		GRANT SELECT ON things TO PUBLIC;

		-- Each row is a rule that the job breaks.
		CREATE FUNCTION broken_rules(name text, k int) RETURNS SETOF text LANGUAGE sql AS $$
		    SELECT 'the job is ' || state || ', ' || unlabeled || ' objects are unlabeled'
		      FROM gt_jobs WHERE job_name = name AND (state <> 'completed' OR unlabeled <> 0)
		    UNION ALL
		    SELECT 'there is no such job' WHERE NOT EXISTS (SELECT FROM gt_jobs WHERE job_name = name)
		    UNION ALL
		    SELECT format('counters say %s, %s, %s but the tables hold %s, %s, %s',
		                  human_labeled, machine_labeled, failed, h, m, f)
		      FROM gt_jobs,
		           LATERAL (SELECT count(*) FILTER (WHERE human_annotated), count(*) FILTER (WHERE NOT human_annotated)
		                      FROM gt_labels l WHERE l.job_name = name) l (h, m),
		           LATERAL (SELECT count(*) FROM gt_failures x WHERE x.job_name = name) x (f)
		     WHERE job_name = name AND (human_labeled, machine_labeled, failed) <> (h, m, f)
		    UNION ALL
		    SELECT format('object %s has %s answers by %s annotators', object_key, count(annotator), count(DISTINCT annotator))
		      FROM gt_labels LEFT JOIN gt_annotations USING (job_name, object_key)
		     WHERE job_name = name AND human_annotated AND object_key NOT IN (    -- declined by as many
		               SELECT object_key FROM gt_tasks WHERE job_name = name AND state = 'declined'
		                GROUP BY object_key HAVING count(*) >= k)
		     GROUP BY object_key HAVING count(annotator) <> k OR count(DISTINCT annotator) <> k
		    UNION ALL
		    SELECT format('object %s is labeled by machine and has answers', object_key)
		      FROM gt_labels JOIN gt_annotations USING (job_name, object_key)
		     WHERE job_name = name AND NOT human_annotated
		    UNION ALL
		    SELECT format('task %s is %s and has %s answers', t.task_id, t.state, count(a.task_id))
		      FROM gt_tasks t LEFT JOIN gt_annotations a USING (job_name, task_id)
		     WHERE t.job_name = name
		     GROUP BY t.task_id, t.state
		    HAVING count(a.task_id) <> (t.state = 'submitted')::int OR t.state NOT IN ('submitted', 'declined', 'expired')
		    UNION ALL
		    SELECT format('batch %s is %s: %s objects, %s labeled, %s failed, %s tasks',
		                  batch_no, b.state, object_count, labeled, failed, count(t.task_id))
		      FROM gt_batches b LEFT JOIN gt_tasks t USING (job_name, batch_no)
		     WHERE job_name = name
		     GROUP BY batch_no, b.state, object_count, labeled, failed
		    HAVING b.state <> 'closed' OR labeled + failed <> object_count OR count(t.task_id) < object_count * k
		    UNION ALL
		    SELECT format('%s numbers %s to %s are %s', what, low, high, n)
		      FROM (SELECT 'batch' AS what, min(batch_no) AS low, max(batch_no) AS high, count(*) AS n
		              FROM gt_batches WHERE job_name = name
		            UNION ALL
		            SELECT 'round', min(round_no), max(round_no), count(*) FROM gt_rounds WHERE job_name = name) x
		     WHERE high - low + 1 <> n
		    UNION ALL
		    SELECT format('%s: %s events for %s %s', event, events, things, what)
		      FROM (SELECT 'batch_closed' AS event, 'batches' AS what, (SELECT count(*) FROM gt_batches WHERE job_name = name) AS things
		            UNION ALL
		            SELECT 'batch_issued', 'batches', (SELECT count(*) FROM gt_batches WHERE job_name = name)
		            UNION ALL
		            SELECT 'round', 'rounds', (SELECT count(*) FROM gt_rounds WHERE job_name = name)) x,
		           LATERAL (SELECT count(*) FROM gt_events e WHERE e.job_name = name AND e.event = x.event) e (events)
		     WHERE events <> things
		$$;

		-- Answers a job's tasks by the column gold, a few at a time, and commits each time; says which
		-- answers are in.  Does the steps itself, or leaves them to workers.
		CREATE PROCEDURE play(name text, own_steps boolean, pause float8 DEFAULT 0) LANGUAGE plpgsql AS $$
		DECLARE
		    keys text[];
		    labels text[];
		BEGIN
		    PERFORM set_config('gtlabel.background', CASE WHEN own_steps THEN 'off' ELSE 'on' END, false);
		    LOOP
		        SELECT array_agg(object_key), array_agg(gold) INTO keys, labels
		          FROM (SELECT object_key, gold FROM gt_tasks JOIN things ON id::text = object_key
		                 WHERE job_name = name AND state = 'available' LIMIT 1 + random() * 8) open;
		        IF keys IS NOT NULL THEN
		            PERFORM gt_annotate(name, keys, labels);
		            COMMIT;
		            RAISE INFO 'answered % %', name, keys;
		        ELSIF own_steps THEN
		            EXIT WHEN gt_advance_job(name) <> 'in_progress';
		            COMMIT;
		        ELSE
		            EXIT WHEN (SELECT state FROM gt_jobs WHERE job_name = name) <> 'in_progress';
		            PERFORM gt_release_tasks(array_agg(task_id)) FROM gt_accept_tasks(name) HAVING count(*) > 0;
		            COMMIT;
		            PERFORM pg_sleep(0.01);
		        END IF;
		        PERFORM pg_sleep(pause * random());
		    END LOOP;
		END $$;
	END
}

# check_job NAME ANSWERS_AN_OBJECT
check_job() {
	local broken
	broken=$(value "SELECT broken_rules('$1', $2) LIMIT 10")
	[ -z "$broken" ] || fail "job $1: $broken"
}

# All that a job has decided, as one number; compare jobs of the same seed.
decided() {
	value "SELECT md5(string_agg(row(object_key, label, human_annotated, subset, batch_no, round_no, confidence)::text, E'\n'
		ORDER BY object_key)) FROM gt_labels WHERE job_name = '$1'"
}

# create_job NAME [SETTINGS]: the job whose course the tests compare
create_job() {
	value "SELECT gt_create_job('$1', 'things', ARRAY['a','b','c'], max_concurrent_task_count => 20, target_accuracy => ${accuracy:-0.95},
		seed => $seed${2:+, $2})" >/dev/null
}

# play NAME: to its end, as PGUSER
play() { sql -c "CALL play('$1', true)" 2>"$GTL_CLUSTER/play.log" || fail "$(grep -v '^INFO' "$GTL_CLUSTER/play.log")"; }

summary() { value "SELECT format('%s: %s, %s by people, %s by machine, %s failed; %s batches, %s rounds', job_name, state, human_labeled,
	machine_labeled, failed, (SELECT count(*) FROM gt_batches b WHERE b.job_name = j.job_name),
	(SELECT count(*) FROM gt_rounds r WHERE r.job_name = j.job_name)) FROM gt_jobs j WHERE job_name = '$1'"; }

# Can the newer server's programs dump this server?  Not if its minor release is behind: 15.20 notes versions of
# attributes among their options, which earlier releases of all majors take for something to restore.
newer_can_dump() {
	sql -d postgres -c 'CREATE DATABASE probe TEMPLATE template0'
	sql -d probe -c 'CREATE TABLE plain (id int)'
	"$newer/pg_dump" -d probe >"$GTL_CLUSTER/probe.sql"
	sql -d postgres -c 'DROP DATABASE probe'
	! grep -q 'ALTER COLUMN id SET (' "$GTL_CLUSTER/probe.sql"
}

# Every table and sequence of the extension, as text.
contents() {
	local relation
	value "SELECT format('%s', c.oid::regclass) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
		WHERE nspname = 'gtlabel' AND relkind IN ('r', 'S') ORDER BY relname COLLATE \"C\"" | while read -r relation; do
		case $relation in
			*_seq) echo "$relation $(value "SELECT last_value >= COALESCE((SELECT $(value "SELECT format('max(%I) FROM %s', attname, adrelid::regclass)
				FROM pg_attrdef d JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum JOIN pg_depend p ON p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid
				WHERE p.refobjid = '$relation'::regclass")), 0) FROM $relation")" ;;
			*) echo "$relation $(value "SELECT count(*), md5(COALESCE(string_agg(t::text, E'\n' ORDER BY t::text COLLATE \"C\"), '')) FROM $relation t")" ;;
		esac
	done
}
