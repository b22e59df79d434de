-- What jobs hold, and gt_purge_job after rows have joined and left, and categories have changed.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
CREATE SCHEMA re;
SET search_path = public, re, gtl_test;
SET client_min_messages = warning;
CREATE TABLE re.item (id int PRIMARY KEY, features float4[], gold text);
CREATE FUNCTION re.put(first int, last int) RETURNS void LANGUAGE sql AS $$
    INSERT INTO item SELECT g, ARRAY[g % 3 * 3 + (g * 7919::bigint) % 1009 / 504.5 - 1, (g * 104729::bigint) % 997 / 498.5 - 1]::float4[],
        'c' || g % 3 FROM generate_series(first, last) g $$;
CREATE FUNCTION re.holds(job text, OUT features bigint, OUT answers bigint, OUT labels bigint, OUT changes bigint) LANGUAGE sql AS $$
    SELECT (SELECT count(*) FROM gtlabel.feature_page f WHERE f.job_id = j.job_id), (SELECT count(*) FROM gtlabel.annotation a WHERE a.job_id = j.job_id),
           (SELECT count(*) FROM gtlabel.label l WHERE l.job_id = j.job_id), (SELECT count(*) FROM gtlabel.change c WHERE c.job_id = j.job_id)
      FROM gt_jobs j WHERE job_name = job $$;
SELECT put(1, 400);

SELECT gt_create_job('re job', 're.item', ARRAY['c0', 'c1', 'c2'], schedule => 'eager', guarantee => 'confidence', algorithm => 'softmax', follow => true, seed => 3) > 0 AS created;
SELECT run('re job');
SELECT put(401, 450);
DELETE FROM item WHERE id IN (7, 401);
UPDATE item SET features = '{0, 0}' WHERE id IN (8, 402);
SELECT run('re job');
SELECT gt_add_category('re job', 'c3'), gt_rename_category('re job', 'c0', 'zero');
SELECT gt_merge_categories('re job', ARRAY['c2'], 'c1');
UPDATE item SET gold = CASE gold WHEN 'c0' THEN 'zero' WHEN 'c2' THEN 'c1' ELSE gold END;
SELECT put(451, 455), run('re job');
SELECT features > 1 AS features, answers > 100 AS answers, labels = 453 AS labels FROM holds('re job');
SELECT gt_purge_job('re job');
SELECT features, labels, changes FROM holds('re job');
SELECT check_counters('re job'), count(*), count(DISTINCT label) FROM gt_labels WHERE job_name = 're job';
SELECT finding FROM gt_check() WHERE subject ~ 're job';
-- it follows no more, and nobody who writes to the table is kept from it
SELECT put(456, 460);
DELETE FROM item WHERE id = 9;
TRUNCATE item;
SELECT gt_advance_job('re job'), labels, changes FROM holds('re job');
SELECT refused($$ SELECT gt_add_objects('re job') $$);
-- erasure goes on
SELECT gt_remove_objects('re job', ARRAY['10', '11']), labels FROM holds('re job');
SELECT count(*) AS left_of_them FROM gt_labels WHERE job_name = 're job' AND object_key IN ('10', '11');
SELECT finding FROM gt_check() WHERE subject ~ 're job';
SELECT gt_drop_job('re job', true);

-- Large jobs are told of, with what holds how much.
CREATE TABLE re.wide AS SELECT g AS id, array_fill(g::float4, ARRAY[16000]) AS features FROM generate_series(1, 1100) g;
SELECT gt_create_job('re wide', 're.wide', ARRAY['a', 'b'], key_column => 'id', auto_label => false) > 0 AS created;
SELECT severity, finding ~ '^it holds \d+ MB: gtlabel\.feature_page \d+ MB$' AS told, remedy FROM gt_check() WHERE subject ~ 're wide';
SELECT gt_stop_job('re wide'), remedy FROM gt_check() WHERE subject ~ 're wide';
SELECT remedy FROM gt_check() WHERE subject ~ 're wide';
SELECT gt_purge_job('re wide');
SELECT finding FROM gt_check() WHERE subject ~ 're wide';
SELECT gt_drop_job('re wide', true);
