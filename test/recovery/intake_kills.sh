#!/usr/bin/env bash
# SIGKILL in the middle of an intake, of a removal and of a new map of neighbours, at each table that they write: nothing is
# half there, and no change is forgotten.
#
# with-cluster: -c gtlabel.background=off
. "$(dirname "$0")/lib.bash"

create_fixture 300
sql <<'END'
-- Holds a table until somebody waits for it, and kills that process; the server goes down with it.
CREATE PROCEDURE kill_at(held regclass) LANGUAGE plpgsql AS $$
DECLARE
    target int;
BEGIN
    EXECUTE format('LOCK TABLE %s IN SHARE MODE', held);
    FOR turn IN 1 .. 3000 LOOP
        SELECT pid INTO target FROM pg_locks WHERE relation = held AND NOT granted LIMIT 1;
        IF FOUND THEN
            EXECUTE format('COPY (SELECT) TO PROGRAM %L', 'kill -KILL ' || target);
            PERFORM pg_sleep(60);       -- ends with this session
        END IF;
        PERFORM pg_sleep(0.01);
    END LOOP;
    RAISE 'nobody has come for %', held;
END $$;

-- What must be the same before a step and after its death.
CREATE FUNCTION standing() RETURNS text LANGUAGE sql AS $$
    SELECT format('%s: %s objects, %s validation, revision %s; %s keys, %s pages of %s segments, %s changes', state, object_count, validation_count, revision,
        (SELECT count(*) FROM gtlabel.object), (SELECT count(*) FROM gtlabel.feature_page), (SELECT count(*) FROM gtlabel.segment),
        (SELECT count(*) FROM gtlabel.change)) || COALESCE('; map ' || neighbours_id || ' of ' || neighbours_segments || ', ' ||
        (SELECT md5(string_agg(data, '' ORDER BY segment_no, page_no)) FROM gtlabel.feature_page WHERE block_no = 1), '') FROM gtlabel.job $$;
CREATE FUNCTION wrong() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT finding FROM gt_check() WHERE severity = 'error'
    UNION ALL
    SELECT format('%s objects, in segments %s', object_count, n) FROM gtlabel.job, (SELECT sum(object_count) AS n FROM gtlabel.segment) s WHERE n <> object_count $$;
-- ... and what the job does not know of the table, or the other way round.
CREATE FUNCTION apart() RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM things FULL JOIN gtlabel.object ON object_key = id::text WHERE id IS NULL OR object_key IS NULL $$;
END

sql -o /dev/null -c "SELECT gt_create_job('grown', 'things', ARRAY['a', 'b', 'c'], schedule => 'eager', guarantee => 'confidence', algorithm => 'softmax', follow => true, seed => $seed)"
next=1000 kills=0

die() { # TABLE STATEMENT: the session that runs it is killed when it comes to the table
	local before
	before=$(value 'SELECT standing()')
	(sql -c "CALL kill_at('gtlabel.$1')" >"$GTL_CLUSTER/killer" 2>&1 || true) &
	until_true 10 lock_is_held "$1" || fail "nobody holds gtlabel.$1"
	! sql -c "$2" >"$GTL_CLUSTER/victim" 2>&1 || fail "$2 was not killed at gtlabel.$1"
	wait
	until_true 60 is_up || fail "the server does not come up again"
	! grep -q 'nobody has come' "$GTL_CLUSTER/killer" || fail "$2 does not write gtlabel.$1"
	same "after a death at gtlabel.$1" "$before" "$(value 'SELECT standing()')"
	same "wrong after a death at gtlabel.$1" '' "$(value 'SELECT wrong()')"
	kills=$((kills + 1))
}

lock_is_held() { [ "$(value "SELECT count(*) FROM pg_locks WHERE relation = 'gtlabel.$1'::regclass AND mode = 'ShareLock' AND granted")" = 1 ]; }

change() { # rows that come, go and change
	sql -c "INSERT INTO things SELECT $next + id, features, gold FROM things WHERE id BETWEEN 101 AND 120"
	sql -c "DELETE FROM things WHERE id = $((next / 1000))" -c "UPDATE things SET features[1] = features[1] + 1 WHERE id = $((next / 1000 + 200))"
	next=$((next + 1000))
}

settle() { # the step, undisturbed
	sql -o /dev/null -c "SELECT gt_advance_job('grown')"
	same "rows and objects that have no other" 0 "$(value 'SELECT apart()')"
	same "changes left" 0 "$(value 'SELECT count(*) FROM gtlabel.change')"
	same "wrong" '' "$(value 'SELECT wrong()')"
}

for table in change feature_page object job event; do
	change
	die "$table" "SELECT gt_advance_job('grown')"
	settle
done
for table in segment; do
	change
	die "$table" "SELECT gt_add_objects('grown')"
	settle
done
for table in object; do
	die "$table" "SELECT gt_remove_objects('grown', array_agg(object_key)) FROM (SELECT object_key FROM gt_tasks WHERE job_name = 'grown' ORDER BY 1 LIMIT 3) t"
done
play grown
check_job grown 1
same "objects that are no rows" 0 "$(value 'SELECT apart()')"
say "$(summary grown)"

# A third of the rows is new: the map that was there is there until the new one is whole.
sql -o /dev/null -c "SELECT gt_drop_job('grown', true)" -c "INSERT INTO things SELECT 20000 + id, features, gold FROM things" \
	-c "SELECT gt_create_job('grown', 'things', ARRAY['a', 'b', 'c'], schedule => 'eager', algorithm => 'softmax', seed => $seed)" \
	-c "INSERT INTO things SELECT 40000 + id, features, gold FROM things" -c "SELECT gt_add_objects('grown')" \
	-c "SELECT gt_annotate('grown', array_agg(object_key), array_agg(gold)) FROM gt_tasks JOIN things ON id::text = object_key WHERE job_name = 'grown' AND state = 'available'"
for table in neighbours feature_page job event; do
	die "$table" "SELECT gt_advance_job('grown')"
done
play grown
check_job grown 1
same "maps that were made" 1 "$(value "SELECT count(*) FROM gt_events WHERE job_name = 'grown' AND event = 'map_renewed'")"
same "wrong" '' "$(value 'SELECT wrong()')"
say "$kills kills; $(summary grown)"
