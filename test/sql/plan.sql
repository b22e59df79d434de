-- gt_plan: which batches and rounds a job of a size has, against the vectors of the managed service.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup

-- One line a plan, V validation, T training, A(n) a round over n unlabeled objects.
CREATE FUNCTION pg_temp.plan_line(VARIADIC arguments text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    EXECUTE format('SELECT string_agg(CASE action WHEN ''validation'' THEN ''V'' || objects WHEN ''training'' THEN ''T'' || objects'
                   ' ELSE ''A('' || objects || '')'' END, '' '' ORDER BY step) FROM gt_plan(%s)', array_to_string(arguments, ', '))
        INTO line;
    RETURN line;
END $$;

-- The table of the documentation, as it stands there.
SELECT * FROM gt_plan(1758);
SELECT * FROM gt_plan(1758, 250);

-- The other vectors. 1,250 objects with a batch of 1,000: no model ever runs.
SELECT pg_temp.plan_line('1250');
SELECT pg_temp.plan_line('1250', '200');
SELECT pg_temp.plan_line('6000');

-- The default share of the validation set: 20 % below 5,000 objects, else 10 %, truncated.
SELECT n, (SELECT sum(objects) FROM gt_plan(n, 10000) WHERE action = 'validation') AS validation
  FROM unnest(ARRAY[1, 2, 4, 5, 9, 10, 1758, 4999, 5000, 5001, 10009]) n;
-- 0.29 * 100 is 28.999999999999996 in floating point
SELECT pg_temp.plan_line('100', '1000', '0.29');
SELECT pg_temp.plan_line('1758', '1000', '0.5');

-- A batch never holds both: the validation set's own remainder is a batch, and so is the pool's.
SELECT pg_temp.plan_line('1758', '350');
SELECT pg_temp.plan_line('1758', '351');
SELECT pg_temp.plan_line('1758', '352');
-- every object is in exactly one batch, whatever the sizes
SELECT count(*) AS plans, bool_and(batches = n AND last = 0) AS complete
  FROM (SELECT n, sum(p.objects) FILTER (WHERE p.action <> 'auto_label') AS batches, min(p.remaining) AS last
          FROM generate_series(1, 60) n, unnest(ARRAY[1, 7, 12, 1000]) b, unnest(ARRAY['standard', 'eager']) s,
               gt_plan(n, b, schedule => s) p GROUP BY n, b, s) x;

-- Too small for a validation set: people label all, and no round is planned.
SELECT pg_temp.plan_line('4');
SELECT count(*) FROM gt_plan(0);

-- Eager: a round as soon as the validation set is labeled, then batches of 2 %, at least 50, at most the maximum.
SELECT pg_temp.plan_line('500', '1000', 'NULL', 'false', $$'eager'$$);
SELECT pg_temp.plan_line('300', '30', 'NULL', 'false', $$'eager'$$);
SELECT step, action, objects, remaining FROM gt_plan(10000, schedule => 'eager', guarantee => 'confidence', validation_share => 0.2) WHERE step <= 5;
-- A model to start with gives the early round in the standard schedule too, and changes no batch.
SELECT pg_temp.plan_line('1758', '1000', 'NULL', 'true');
SELECT pg_temp.plan_line('1758', '250', 'NULL', 'NULL') = pg_temp.plan_line('1758', '250') AS null_is_none;

-- What is refused.
SELECT refused('SELECT * FROM gt_plan(-1)');
SELECT refused('SELECT * FROM gt_plan(2147483648)');
SELECT refused('SELECT * FROM gt_plan(NULL)');
SELECT refused('SELECT * FROM gt_plan(10, 0)');
SELECT refused('SELECT * FROM gt_plan(10, NULL)');
SELECT refused('SELECT * FROM gt_plan(10, 10, 0)');
SELECT refused('SELECT * FROM gt_plan(10, 10, 1)');
SELECT refused($$SELECT * FROM gt_plan(10, 10, 'NaN')$$);
SELECT refused($$SELECT * FROM gt_plan(10, schedule => 'Standard')$$);
SELECT refused('SELECT * FROM gt_plan(10, schedule => NULL)');
SELECT refused($$SELECT * FROM gt_plan_job('nobody''s')$$);
SELECT refused('SELECT * FROM gt_plan_job(NULL)');
