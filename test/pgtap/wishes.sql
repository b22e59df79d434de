-- What is merely wished for costs nothing: memory and time go by what there is.
BEGIN;
SET search_path = public;
SET client_min_messages = error;
SET gtlabel.background = off;
SELECT no_plan();
CREATE TABLE few AS SELECT i AS id FROM generate_series(1, 20) i;
SELECT ok(gt_create_job('many', 'few', ARRAY['a', 'b'], key_column => 'id', features_column => NULL, annotators_per_object => k,
                        max_concurrent_task_count => 2000000000, max_leases_per_annotator => NULL) > 0, 'a job of 20 objects, for two thousand million at once')
  FROM (SELECT 2 AS k) k;
SELECT is((SELECT count(*) FROM gt_accept_tasks('many', 2000000000, 'ann')), 20::bigint, 'all are accepted, however many were wished');
SELECT is((SELECT count(*) FROM gt_accept_tasks('many', 2147483647, 'ann')), 20::bigint, 'and held');
-- two thousand million rows, of which three are wanted
SET LOCAL statement_timeout = '30s';
SELECT results_eq($$ SELECT split_part(p::text, ',', 1) FROM (SELECT gt_plan(2147483647, 1) AS p LIMIT 3) p $$, $$ VALUES ('(1'), ('(2'), ('(3') $$,
                  'a plan in the select list comes row by row');
RESET statement_timeout;

SELECT * FROM finish();
ROLLBACK;
