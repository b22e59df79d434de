#!/usr/bin/env bash
# Eight annotators against background workers: no end of a batch is missed, and with restarts and
# crashes in between every object still gets exactly its answers.
#
#	scripts/with-cluster --durable ... bash test/recovery/workers.sh [SECONDS]      of restarts and crashes; 15 by default
#
# with-cluster: -c max_worker_processes=16 -c max_prepared_transactions=4
. "$(dirname "$0")/lib.bash"
annotators=8
seconds=${1:-$((15 * scale))}

create_fixture $((200 + 200 * scale))
sql <<'END'
CREATE ROLE team;
SELECT format('CREATE ROLE member%s LOGIN IN ROLE team', i) FROM generate_series(1, 8) i \gexec

-- One answer to each batch, as soon as it is there.  Nobody asks for a task in vain, so that nothing but
-- the answers themselves makes the batches end.
CREATE PROCEDURE answer_each_batch(name text) LANGUAGE plpgsql AS $$
DECLARE
    batch int := 0;
    next int;
    task bigint;
BEGIN
    LOOP
        SELECT max(b.batch_no) INTO next FROM gt_batches b WHERE b.job_name = name AND b.state = 'open';
        IF next > batch THEN
            batch := next;
            SELECT a.task_id INTO STRICT task FROM gt_accept_tasks(name) a;
            COMMIT;
            IF random() < 0.3 THEN      -- an answer that a subtransaction takes back
                BEGIN
                    PERFORM gt_submit_annotations(ARRAY[task], ARRAY['b']);
                    RAISE division_by_zero;
                EXCEPTION WHEN division_by_zero THEN NULL;
                END;
            END IF;
            IF random() < 0.3 THEN
                PERFORM gt_submit_annotations(ARRAY[task], ARRAY['b']);
                ROLLBACK;
            END IF;
            PERFORM gt_submit_annotations(ARRAY[task], ARRAY['a']);
            COMMIT;
        ELSE
            EXIT WHEN (SELECT state FROM gt_jobs WHERE job_name = name) <> 'in_progress';
            COMMIT;
            PERFORM pg_sleep(0.005);
            COMMIT;
        END IF;
    END LOOP;
END $$;

-- Some tasks at a time while there is such a job; now and then one is released or declined.
CREATE PROCEDURE work() LANGUAGE plpgsql AS $$
DECLARE
    name text;
    tasks bigint[];
    answers text[];
BEGIN
    LOOP
        SELECT job_name INTO name FROM gt_jobs WHERE job_name LIKE 'work%' AND state = 'in_progress';
        EXIT WHEN name IS NULL;
        COMMIT;
        SELECT array_agg(a.task_id), array_agg(CASE WHEN random() < 0.9 THEN t.gold ELSE 'a' END)
          INTO tasks, answers
          FROM gt_accept_tasks(name, 1 + (random() * 4)::int) a JOIN things t ON t.id::text = a.object_key;
        COMMIT;
        IF tasks IS NULL THEN
            PERFORM pg_sleep(0.02);
        ELSIF random() < 0.05 THEN
            PERFORM gt_release_tasks(tasks);
        ELSIF random() < 0.02 THEN
            PERFORM gt_decline_tasks(tasks);
        ELSE
            PERFORM gt_submit_annotations(tasks, answers);
        END IF;
        COMMIT;
        PERFORM pg_sleep(0.01 * random());
    END LOOP;
END $$;
END

# ---- Ends of batches, undisturbed ---------------------------------------------

sql -c "SELECT gt_create_job('races', 'things', ARRAY['a','b'], features_column => NULL, workteam => 'team',
	max_concurrent_task_count => $annotators)" >/dev/null
players=()
for ((i = 1; i <= annotators; i++)); do
	psql -XqU "member$i" -v ON_ERROR_STOP=1 -c "CALL answer_each_batch('races')" &
	players+=($!)
done
stuck() { # no new event for ten seconds, though no batch has an open task
	local before after
	before=$(value "SELECT count(*) FROM gt_events WHERE job_name = 'races'")
	for ((i = 0; i < 100; i++)); do
		after=$(value "SELECT count(*) FROM gt_events WHERE job_name = 'races'")
		if [ "$after" != "$before" ]; then return 1; fi
		if [ "$(value "SELECT state FROM gt_jobs WHERE job_name = 'races'")" = completed ]; then return 1; fi
		sleep 0.1
	done
}
while [ "$(value "SELECT state FROM gt_jobs WHERE job_name = 'races'")" != completed ]; do
	if stuck; then
		sql -c "SELECT * FROM gt_batches ORDER BY batch_no DESC LIMIT 2" -c "SELECT state, count(*) FROM gt_tasks GROUP BY 1"
		kill "${players[@]}" 2>/dev/null || true
		fail "the end of a batch was missed"
	fi
done
for player in "${players[@]}"; do wait "$player" || fail "an annotator ended with an error"; done
check_job races 1
say "ends of batches: $(summary races)"

# ---- Answers in a prepared transaction -------------------------------------------

sql -c "SELECT gt_create_job('prepared', 'things', ARRAY['a','b'], features_column => NULL, max_concurrent_task_count => 2)" >/dev/null
open_objects="array_agg(object_key), array_agg('a'::text)) FROM gt_tasks WHERE job_name = 'prepared' AND state = 'available'"
batch_is() { [ "$(value "SELECT max(batch_no) FROM gt_batches WHERE job_name = 'prepared'")" = "$1" ]; }
workers() { [ "$(value "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'gtlabel worker'")" = "$1" ]; }
sql -c "BEGIN; SELECT gt_annotate('prepared', $open_objects; PREPARE TRANSACTION 'answers'" >/dev/null
until_true 20 workers 1 || fail "no worker waits for the prepared transaction"
same "claim beside a prepared transaction" 0 "$(value "SELECT count(*) FROM gt_accept_tasks('prepared')")"
sql -c "COMMIT PREPARED 'answers'"
until_true 20 batch_is 2 || fail "no worker has seen the prepared answers"
sql -c "BEGIN; SELECT gt_annotate('prepared', $open_objects; PREPARE TRANSACTION 'answers'" >/dev/null
scripts/cluster-ctl kill
scripts/cluster-ctl start
sql -c "COMMIT PREPARED 'answers'"
# (of the next batch, which may just have come, it keeps nothing)
picked_up() { batch_is 3 || { value "SELECT gt_release_tasks(array_agg(task_id)) FROM gt_accept_tasks('prepared')" >/dev/null; false; }; }
until_true 20 picked_up || fail "nobody has picked up the prepared answers after a crash"
say "prepared transactions"

# ---- Answers at the very end of a transaction ---------------------------------------

sql -c "CREATE TABLE inbox (id int)" -c "CREATE FUNCTION answer_late() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN
	PERFORM gt_annotate('prepared', $open_objects; RETURN NULL; END \$\$" \
	-c "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON inbox DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION answer_late()" \
	-c "INSERT INTO inbox VALUES (1)"
until_true 20 batch_is 4 || fail "an answer by a deferred trigger was not noticed"
sql -c "BEGIN; DECLARE held CURSOR WITH HOLD FOR SELECT gt_annotate('prepared', $open_objects; COMMIT"
until_true 20 batch_is 5 || fail "an answer by a held cursor was not noticed"
sql -c "DO \$\$ BEGIN
	BEGIN
		PERFORM gt_annotate('prepared', $open_objects;
		RAISE division_by_zero;
	EXCEPTION WHEN division_by_zero THEN
		PERFORM gt_annotate('prepared', $open_objects;
	END; END \$\$"
until_true 20 batch_is 6 || fail "an answer by an exception handler was not noticed"
sql -c "SELECT gt_drop_job('prepared')" >/dev/null
say "deferred triggers, held cursors, exception handlers"

# ---- Restarts and crashes ----------------------------------------------------------

jobs=0
next_job() {
	jobs=$((jobs + 1))
	sql -c "SELECT gt_create_job('work$jobs', 'things', ARRAY['a','b','c'], annotators_per_object => 3, workteam => 'team',
		max_concurrent_task_count => 20, target_accuracy => 0.9, algorithm => 'softmax', task_time_limit => '5 seconds', seed => $seed + $jobs)" >/dev/null
}
next_job

# A person who connects again whenever the connection is lost.
person() {
	until gone || [ -e "$GTL_CLUSTER/over" ]; do
		psql -XqU "$1" -v ON_ERROR_STOP=1 -c "CALL work()" >"$GTL_CLUSTER/$1.log" 2>&1 || true
		if grep -q '^ERROR' "$GTL_CLUSTER/$1.log" &&
			! grep -qE 'is not leased to|is closed|is completed' "$GTL_CLUSTER/$1.log"; then
			cat "$GTL_CLUSTER/$1.log"
			return 1
		fi
		sleep 0.1
	done
}
people=()
for ((i = 1; i <= annotators; i++)); do
	person "member$i" &
	people+=($!)
done

answers() { value "SELECT count(*) FROM gtlabel.annotation JOIN gt_jobs USING (job_id) WHERE job_name LIKE 'work%'"; }
ended() { [ "$(value "SELECT state FROM gt_jobs WHERE job_name = 'work$jobs'")" != in_progress ]; }
enough() { [ "$(answers)" -ge "$1" ] || ended; }
restarts=0 end=$((SECONDS + seconds))
while [ $SECONDS -lt $end ]; do
	if ended; then next_job; fi
	until_true 60 enough $(($(answers) + 60)) || fail "no progress: $(summary work$jobs)"
	restarts=$((restarts + 1))
	if ((restarts % 3 == 0)); then
		scripts/cluster-ctl kill
		scripts/cluster-ctl start
	else
		scripts/cluster-ctl restart
	fi
done
say "$restarts restarts at $(answers) answers: $(summary work$jobs)"
until_true $((120 * scale)) ended || fail "the job does not end: $(summary work$jobs)"
touch "$GTL_CLUSTER/over"
for person in "${people[@]}"; do wait "$person" || fail "an annotator ended with an error"; done
for ((i = 1; i <= jobs; i++)); do check_job "work$i" 3; done
say "$jobs jobs, $(answers) answers: $(summary work$jobs)"
