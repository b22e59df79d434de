-- gt_simulate_job round by round, and gt_simulate_summary over many jobs and several settings.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
SET search_path = public, gtl_test;
SET client_min_messages = warning;

-- ---- One job ------------------------------------------------------------------------------------------

-- a drawn seed is shown, and gives the same job again
CREATE TEMP TABLE drawn AS SELECT * FROM gt_simulate_job('gtl_test.digits', 'gold', algorithm => 'softmax', schedule => 'eager', guarantee => 'confidence', repetitions => 2);
SELECT count(DISTINCT seed_used) AS seeds, max(seed_used) - min(seed_used) AS apart, min(object_count) = (SELECT count(*) FROM gtl_test.digits) AS objects,
       bool_and(round(threshold::numeric, 6)::float8 IS NOT DISTINCT FROM threshold AND round(bound::numeric, 6)::float8 IS NOT DISTINCT FROM bound
                AND round(machine_error::numeric, 6)::float8 IS NOT DISTINCT FROM machine_error) AS rounded,
       bool_and(accuracy BETWEEN 0.7 AND 1) AS accuracies FROM drawn;
SELECT min(seed_used) AS seed FROM drawn \gset
SELECT count(*) FILTER (WHERE d IS DISTINCT FROM a) AS differences
  FROM drawn d FULL JOIN gt_simulate_job('gtl_test.digits', 'gold', algorithm => 'softmax', schedule => 'eager', guarantee => 'confidence', seed => :seed, repetitions => 2) a
    USING (repetition, round_no, final);

-- ---- Many jobs ----------------------------------------------------------------------------------------

CREATE TEMP TABLE summary AS
    SELECT * FROM gt_simulate_summary('gtl_test.digits', 'gold', algorithm => 'softmax', guarantee => 'confidence', seed => 5, repetitions => 3,
                                      vary => '{"schedule": ["standard", "eager"], "target_accuracy": [0.9, 0.95]}');
SELECT settings, jobs, seed_used FROM summary;
-- the figures are those of gt_simulate_job
CREATE TEMP TABLE jobs AS
    SELECT s.*, j.* FROM (VALUES ('standard', 0.9), ('standard', 0.95), ('eager', 0.9), ('eager', 0.95)) s (schedule, target),
           gt_simulate_job('gtl_test.digits', 'gold', algorithm => 'softmax', guarantee => 'confidence', seed => 5, repetitions => 3,
                           schedule => s.schedule, target_accuracy => s.target) j WHERE j.final;
SELECT schedule, target,
       s.human_labeled = round(avg(j.human_labeled), 1) AS human, s.human_spread = round(stddev_samp(j.human_labeled), 1) AS spread,
       s.machine_labeled = round(avg(j.machine_labeled), 1) AS machine, abs(s.machine_share - avg(j.machine_labeled::numeric / j.object_count)) <= 0.00005 AS share,
       abs(s.machine_error - avg(j.machine_error)) <= 0.00001 AS error, s.missed = count(*) FILTER (WHERE j.machine_error > 1 - target) AS missed,
       s.rounds = round(avg(COALESCE(j.round_no, -1) + 1), 1) AS rounds, s.seconds >= 0 AS seconds
  FROM jobs j JOIN summary s ON s.settings = jsonb_build_object('schedule', schedule, 'target_accuracy', target)
 GROUP BY schedule, target, s.human_labeled, s.human_spread, s.machine_labeled, s.machine_share, s.machine_error, s.missed, s.rounds, s.seconds ORDER BY 1, 2;
-- one number as both ends know it: Clopper and Pearson
SELECT jobs, missed, missed_low, missed_high FROM summary WHERE missed = 0 LIMIT 1;
-- a promise that is none is broken by some jobs, and they are counted
SELECT s.missed > 0 AS some, s.missed = (SELECT count(*) FROM gt_simulate_job('gtl_test.digits', 'gold', algorithm => 'softmax', guarantee => 'empirical', target_accuracy => 0.98,
                                                                            schedule => 'eager', seed => 3, repetitions => 6) j WHERE j.final AND j.machine_error > 0.02) AS counted,
       s.missed_low < s.missed / 6.0 AND s.missed / 6.0 < s.missed_high OR s.missed = 6 AND s.missed_high = 1 AS within
  FROM gt_simulate_summary('gtl_test.digits', 'gold', algorithm => 'softmax', guarantee => 'empirical', target_accuracy => 0.98, schedule => 'eager', seed => 3, repetitions => 6) s;
-- without vary: one row; an array: a row for each object, in its order, whatever a NULL means there
SELECT settings, jobs FROM gt_simulate_summary('gtl_test.digits', 'gold', algorithm => 'softmax', seed => 1, repetitions => 1);
SELECT settings, jobs, missed, missed_low, missed_high, human_spread FROM gt_simulate_summary('gtl_test.digits', 'gold', algorithm => 'softmax', seed => 1, repetitions => 1,
    vary => '[{}, {"schedule": "eager", "max_human_labeled_object_count": [100, null]}, {"guarantee": "strict"}]');
-- it says beforehand how long it takes
\setenv GTL_DATABASE :DBNAME
\! psql -Xqd "$GTL_DATABASE" -c "SELECT count(*) FROM gt_simulate_summary('gtl_test.digits', 'gold', algorithm => 'softmax', repetitions => 2)" 2>&1 >/dev/null | grep -oE 'simulating 2 jobs of [0-9,]+ objects takes at most about'

-- ---- What is refused ----------------------------------------------------------------------------------

SELECT refused(format($$ SELECT gt_simulate_summary('gtl_test.digits', 'gold', vary => %L) $$, v))
  FROM (VALUES (NULL), ('3'), ('[]'), ('[1]'), ('{"schedule": []}'), ('{"seed": [1, 2]}'), ('{"dataset": "x"}'), ('{"target": 0.9}'), ('{"schedule": ["eager", "lazy"]}'),
               ('{"schedule": null}'), ('{"target_accuracy": 95}'), ('{"features_column": "nothing"}')) t (v);
SELECT refused(format($$ SELECT gt_simulate_summary('gtl_test.digits', 'gold', vary => %L) $$,
                      (SELECT jsonb_object_agg('setting' || i, '[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]'::jsonb) FROM generate_series(1, 30) i)));
SELECT left(refused($$ SELECT gt_simulate_summary('gtl_test.digits', 'gold', vary => '{"target_accuracy": "high"}') $$), 5);
SELECT refused($$ SELECT gt_simulate_summary('gtl_test.digits', 'gold', repetitions => 0) $$);
CREATE ROLE regress_gtl_stranger;
GRANT USAGE ON SCHEMA gtl_test TO regress_gtl_stranger;
SET ROLE regress_gtl_stranger;
SELECT gtl_test.refused($$ SELECT gt_simulate_summary('gtl_test.digits', 'gold') $$);
RESET ROLE;
DROP OWNED BY regress_gtl_stranger;
DROP ROLE regress_gtl_stranger;
