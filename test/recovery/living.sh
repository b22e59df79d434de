#!/usr/bin/env bash
# A year of a table: rows come and go, a category is renamed and another one merged, somebody is erased, the server is
# killed once a month, and twice all is dumped and restored.  In month 7 the rows are others than those before, which raises the
# drift alarm, and nothing else does.  At the end every row has a label, nothing is left of what was erased, and each lot has kept the promise.
#
# with-cluster: -c gtlabel.background=off
. "$(dirname "$0")/lib.bash"
months=12
days=$((4 * scale))         # of each month
secret=987654321            # the key of who is erased

create_fixture 800
sql <<'END'
CREATE TABLE category (former text PRIMARY KEY, present text NOT NULL);
INSERT INTO category VALUES ('a', 'a'), ('b', 'b'), ('c', 'c');

-- What happens on a day; the same again if the server was killed on it.  drift: the features hardly tell one category from the next.
CREATE PROCEDURE live(day int, drift boolean) LANGUAGE plpgsql AS $$
DECLARE
    first int := 1000 + day * 80;
BEGIN
    INSERT INTO things
    SELECT i, ARRAY(SELECT (CASE WHEN drift AND d % 3 <> (i + 2) % 3 THEN 0.4 WHEN d % 3 = i % 3 AND NOT drift THEN 0.8 ELSE 0 END + (i * d * 7919::bigint % 1009 + i * (d + 5) * 104729::bigint % 997) / 1000.0)::float4
                      FROM generate_series(1, 6) d), present
      FROM generate_series(first, first + 59) i JOIN category ON former = (ARRAY['a', 'b', 'c'])[1 + i % 3] ON CONFLICT DO NOTHING;
    COMMIT;
    DELETE FROM things WHERE id IN (SELECT 1 + (day * 7919 + n * 31) % 800 FROM generate_series(1, 2) n) OR id = first - 80 + day % 30;
    UPDATE things SET features[1] = features[1] + 0.01 WHERE id = first - 40;
    COMMIT;
END $$;

-- Answers and steps until nothing is left to do.
CREATE PROCEDURE label_all() LANGUAGE plpgsql AS $$
DECLARE
    state text;
BEGIN
    FOR turn IN 1 .. 200 LOOP
        PERFORM gt_annotate('year', array_agg(object_key), array_agg(gold)) FROM gt_tasks JOIN things ON id::text = object_key
          WHERE job_name = 'year' AND gt_tasks.state = 'available' HAVING count(*) > 0;
        COMMIT;
        state := gt_advance_job('year');
        COMMIT;
        EXIT WHEN state = 'completed' AND NOT EXISTS (SELECT FROM gtlabel.change);
    END LOOP;
    IF state <> 'completed' THEN
        RAISE 'the job is %: %', state, (SELECT failure_reason FROM gt_jobs WHERE job_name = 'year');
    END IF;
END $$;

-- Each row is something wrong.
CREATE FUNCTION wrong_with_year() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT 'row ' || id || ' has no label and no reason' FROM things t
     WHERE NOT EXISTS (SELECT FROM gt_labels l WHERE l.job_name = 'year' AND l.object_key = t.id::text)
       AND NOT EXISTS (SELECT FROM gt_failures f WHERE f.job_name = 'year' AND f.object_key = t.id::text)
    UNION ALL
    SELECT 'object ' || object_key || ' has no row' FROM gtlabel.object WHERE NOT EXISTS (SELECT FROM things WHERE id::text = object_key)
    UNION ALL
    SELECT finding FROM gt_check() WHERE severity = 'error'
    UNION ALL
    SELECT 'segments do not add up to the job' FROM gt_jobs j, LATERAL (SELECT sum(s.object_count) AS objects, sum(s.validation_count) AS validation FROM gtlabel.segment s WHERE s.job_id = j.job_id) s
     WHERE job_name = 'year' AND (object_count, validation_count) IS DISTINCT FROM (objects, validation)
    UNION ALL
    SELECT format('segment %s has %s objects, not %s', s.segment_no, n, s.object_count) FROM gtlabel.segment s,
           LATERAL (SELECT count(*) AS n FROM gtlabel.object o WHERE o.job_id = s.job_id AND object_no >= first_row AND object_no < first_row + taken_count) o
     WHERE n <> s.object_count
    UNION ALL
    SELECT format('batch %s: %s objects, %s labeled, %s failed', batch_no, object_count, labeled, failed) FROM gtlabel.batch
     WHERE closed_at IS NOT NULL AND labeled + failed <> object_count
$$;

-- Final machine labels of each lot, and how many are wrong.
CREATE VIEW lot AS
SELECT s.lot_no, count(*) AS labels, count(*) FILTER (WHERE j.label_categories[l.class_no + 1] <> t.gold) AS wrong
  FROM gtlabel.job j JOIN gtlabel.label l USING (job_id) JOIN gtlabel.object o USING (job_id, object_no) JOIN things t ON t.id::text = o.object_key
  JOIN gtlabel.segment s ON s.job_id = j.job_id AND o.object_no >= s.first_row AND o.object_no < s.first_row + s.taken_count
 WHERE NOT l.human AND l.audit_no IS NOT NULL GROUP BY 1;

CREATE FUNCTION traces(needle text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    t text; found boolean; tables text[] := '{}';
BEGIN
    FOR t IN SELECT relname FROM pg_class WHERE relnamespace = 'gtlabel'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM gtlabel.%I x WHERE strpos(x::text, $1) > 0)', t) INTO found USING needle;
        tables := tables || CASE WHEN found THEN ARRAY[t] ELSE '{}' END;
    END LOOP;
    RETURN array_to_string(tables, ', ');
END $$;
END

sound() { same "$1" '' "$(value 'SELECT * FROM wrong_with_year() LIMIT 5')"; }

sql -o /dev/null -c "SELECT gt_create_job('year', 'things', ARRAY['a', 'b', 'c'], schedule => 'eager', algorithm => 'softmax', follow => true, seed => 7)"
sql -c 'CALL label_all()'
sound "the first rows"

crash() { # the server is killed in the middle of a day
	(sql -c "CALL live($1, $2)" -c 'CALL label_all()' >/dev/null 2>&1 || true) &
	sleep "0.0$((RANDOM % 90 + 10))"
	scripts/cluster-ctl kill
	scripts/cluster-ctl start
	wait
}

move_house() { # a dump, restored
	local next=year$1
	pg_dump -Fc -f "$GTL_CLUSTER/year.dump"
	createdb "$next"
	pg_restore -d "$next" "$GTL_CLUSTER/year.dump"
	export PGDATABASE=$next
	sound "after restore $1"
}

for ((month = 1; month <= months; month++)); do
	for ((d = 1; d <= days; d++)); do
		day=$(((month - 1) * days + d))
		drift=$([ "$month" = 7 ] && echo true || echo false)
		[ "$d" != 3 ] || crash "$day" "$drift"
		[ "$month,$d" != 5,2 ] || sql -c "INSERT INTO things SELECT $secret, features, gold FROM things ORDER BY id LIMIT 1"
		sql -c "CALL live($day, $drift)" -c 'CALL label_all()'
		if [ "$month,$d" = 5,4 ]; then
			[ -n "$(value "SELECT traces('$secret')")" ] || fail "the job has never seen who is to be erased"
			sql -c "DELETE FROM things WHERE id = $secret" -c 'CALL label_all()'
		fi
	done
	case $month in
	3) sql -o /dev/null -c "SELECT gt_rename_category('year', 'a', 'alpha')" -c "UPDATE things SET gold = 'alpha' WHERE gold = 'a'" \
		-c "UPDATE category SET present = 'alpha' WHERE present = 'a'" ;;
	4) move_house 1 ;;
	8) move_house 2 ;;
	9) sql -o /dev/null -c "SELECT gt_merge_categories('year', ARRAY['c'], 'b')" -c "UPDATE things SET gold = 'b' WHERE gold = 'c'" \
		-c "UPDATE category SET present = 'b' WHERE present = 'c'" ;;
	esac
	alarms=$(value "SELECT count(*) FROM gt_events WHERE job_name = 'year' AND event = 'drift_alarm'")
	[ "$month" -ge 7 ] || same "drift alarms until month $month" 0 "$alarms"
	[ "$month" != 7 ] || same "drift alarms of month 7" 1 "$alarms"
	# the owner has looked at the rows; what is there then is what later rows are compared with
	[ "$month" != 7 ] || sql -o /dev/null -c "SELECT gt_alter_job('year', drift_alarm => false)" -c "SELECT gt_alter_job('year', drift_alarm => true)"
	sound "month $month"
done

same "what is left of who was erased" '' "$(value "SELECT traces('$secret')")"
same "lots that have not kept the promise" 0 "$(value 'SELECT count(*) FROM lot WHERE wrong > 0.05 * labels')"
[ "$(value 'SELECT count(*) FROM lot')" -gt 1 ] || fail "no later lot was labeled by machine"
say "$(value "SELECT format('%s rows, %s labeled by people, %s by machine; lots: %s', object_count, human_labeled, machine_labeled,
	(SELECT string_agg(format('%s wrong of %s', wrong, labels), ', ' ORDER BY lot_no) FROM lot)) FROM gt_jobs WHERE job_name = 'year'")"
