-- A session that only looks at views has the library in time for its first plan.
BEGIN;
SELECT plan(2);
SELECT is_empty($$ SELECT name FROM pg_settings WHERE name = 'gtlabel.background' $$, 'the session begins without the library');
EXPLAIN SELECT * FROM gt_labels WHERE job_name = 'none';
SELECT isnt_empty($$ SELECT name FROM pg_settings WHERE name = 'gtlabel.background' $$, 'planning a query over a view loads it');
SELECT * FROM finish();
ROLLBACK;
