#!/usr/bin/env bash
# SIGKILL at random moments, and right after steps: a job goes on to the labels of an undisturbed one.
#
# with-cluster: -c max_worker_processes=16
. "$(dirname "$0")/lib.bash"
wanted=$((50 * scale))
seconds=$((150 * scale))    # on a machine that is too busy for so many

create_fixture
sql <<'END'
-- Kills a process from inside the server, so at once: a worker or a player, after some milliseconds or
-- after the next step of any job.  Returns only if there was none.
CREATE PROCEDURE kill_one(whom text, after_step boolean, milliseconds float8) LANGUAGE plpgsql AS $$
DECLARE
    target int;
    steps bigint := (SELECT max(event_id) FROM gtlabel.event);
    until timestamptz := clock_timestamp() + '2 seconds';
BEGIN
    WHILE clock_timestamp() < until LOOP
        COMMIT;
        IF after_step THEN
            CONTINUE WHEN (SELECT max(event_id) FROM gtlabel.event) IS NOT DISTINCT FROM steps AND pg_sleep(0.001) IS NOT NULL;
        END IF;
        PERFORM pg_stat_clear_snapshot();
        SELECT pid INTO target FROM pg_stat_activity
         WHERE CASE whom WHEN 'worker' THEN backend_type = 'gtlabel worker' ELSE application_name = 'player' END
           AND datname = current_database() LIMIT 1;
        IF target IS NULL THEN
            PERFORM pg_sleep(0.001);
            CONTINUE;
        END IF;
        PERFORM pg_sleep(milliseconds / 1000);
        BEGIN
            EXECUTE format('COPY (SELECT) TO PROGRAM %L', 'kill -KILL ' || target || ' 2>/dev/null');
            PERFORM pg_sleep(10);       -- ends with this session
        EXCEPTION WHEN external_routine_exception THEN NULL;    -- it has gone by itself
        END;
    END LOOP;
END $$;
END

create_job calm
play calm
check_job calm 1
expected=$(decided calm)
say "undisturbed: $(summary calm)"
# every other job is audited: its answers count in the order of the draws, whatever is killed
audited="guarantee => 'audited', schedule => 'eager'"
accuracy=0.8 create_job calm_audited "$audited"
play calm_audited
check_job calm_audited 1
expected_audited=$(decided calm_audited)
same "audits that have passed undisturbed" 1 "$(value "SELECT count(*) FROM gt_audits WHERE job_name = 'calm_audited' AND state = 'passed'")"
say "undisturbed: $(summary calm_audited)"

# ---- The players: create the next job where there is none, and play it to its end ------------------

touch "$GTL_CLUSTER/storm"
players() {
	local job=0
	while [ -e "$GTL_CLUSTER/storm" ]; do
		job=$((job + 1))
		until gone || is_up && [ "$(value "SELECT count(*) FROM gt_jobs WHERE job_name = 'storm$job'" 2>/dev/null)" = 1 ]; do
			if [ $((job % 2)) = 0 ]; then
				accuracy=0.8 PGAPPNAME=player create_job "storm$job" "$audited" 2>/dev/null || sleep 0.02
			else
				PGAPPNAME=player create_job "storm$job" 2>/dev/null || sleep 0.02
			fi
		done
		until gone || [ "$(value "SELECT state FROM gt_jobs WHERE job_name = 'storm$job'" 2>/dev/null)" = completed ]; do
			PGAPPNAME=player sql -c "CALL play('storm$job', $((RANDOM % 4 == 0))::bool, 0.01)" >>"$GTL_CLUSTER/played" 2>&1 || sleep 0.02
		done
		echo "storm$job" >>"$GTL_CLUSTER/ended"
	done
}
players &
player=$!

# ---- The storm -----------------------------------------------------------------------

kills=0 workers=0 backends=0 postmasters=0 idle=0
while [ $kills -lt $wanted ] && [ $((SECONDS - started)) -lt $seconds ]; do
	until_true 60 is_up || fail "the server does not come up again"
	kill -0 "$player" 2>/dev/null || fail "the players have given up: $(tail -n 3 "$GTL_CLUSTER/played")"
	kind=$((RANDOM % 6))
	if [ $kind -eq 5 ]; then
		sleep "0.$(printf %03d $((RANDOM % 200)))"
		scripts/cluster-ctl kill
		scripts/cluster-ctl start
		postmasters=$((postmasters + 1))
	else
		if [ $kind -lt 3 ]; then whom=worker; else whom=player; fi
		if sql -c "CALL kill_one('$whom', $((RANDOM % 2))::bool, $((kind < 3 ? RANDOM % 60 : RANDOM % 150)))" 2>/dev/null; then
			idle=$((idle + 1))
			[ $idle -lt 60 ] || fail "nobody to kill: $(summary "$(value "SELECT max(job_name) FROM gt_jobs")")"
			continue
		fi
		if [ $whom = worker ]; then workers=$((workers + 1)); else backends=$((backends + 1)); fi
	fi
	kills=$((kills + 1))
done
rm "$GTL_CLUSTER/storm"
say "$kills kills: $workers of workers, $backends of backends, $postmasters of postmasters; $idle times nobody was there"
wait "$player"

# ---- What is left ----------------------------------------------------------------------

until_true 60 is_up
lost=$(grep -h '^INFO:  answered' "$GTL_CLUSTER/played" | sed 's/^INFO:  answered //' | sql -At \
	-c 'CREATE TEMP TABLE said (line text)' -c '\copy said FROM pstdin' \
	-c "SELECT count(*) FROM said, LATERAL unnest(substr(line, strpos(line, ' ') + 1)::text[]) k (key)
	     WHERE NOT EXISTS (SELECT FROM gt_annotations WHERE job_name = split_part(line, ' ', 1) AND object_key = key)")
same "answers acknowledged and lost" 0 "$lost"
while read -r job; do
	check_job "$job" 1
	if [ $((${job#storm} % 2)) = 0 ]; then
		same "labels of $job" "$expected_audited" "$(decided "$job")"
	else
		same "labels of $job" "$expected" "$(decided "$job")"
	fi
done <"$GTL_CLUSTER/ended"
same "jobs left unfinished" 0 "$(value "SELECT count(*) FROM gt_jobs WHERE state <> 'completed'")"
say "$(wc -l <"$GTL_CLUSTER/ended") jobs have ended with the same labels, $(wc -l <"$GTL_CLUSTER/played") lines played"
