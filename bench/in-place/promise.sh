#!/usr/bin/env bash
# How often does a job in place break its promise?
#
#	scripts/with-cluster bench/in-place/promise.sh [JOBS [SEED]]
#
# 10,000 rows of four overlapping clouds, of which a job works on 1,500 (450 for validation) under guarantee =>
# 'confidence': at most 5 % of the machine labels wrong, with 95 % confidence.  Each job has another seed, so another
# sample, validation set and folds.  Its labels are written in place and compared with the known ones; a line a job, then
# the share of jobs with more wrong labels than promised.
set -euo pipefail
jobs=${1:-100} seed=${2:-1}
sql() { psql -XAtq -v ON_ERROR_STOP=1 "$@"; }

sql <<'SQL'
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS gtlabel;
DROP TABLE IF EXISTS clouds;
-- normal numbers that belong to the row: Box and Muller, by draws of seeds that no job has
CREATE FUNCTION pg_temp.normal(row_id integer, column_no integer) RETURNS float8 LANGUAGE sql AS $$
    SELECT sqrt(2 * gt_draw(row_id, -2 * column_no)) * cos(2 * pi() * exp(-gt_draw(row_id, -2 * column_no - 1)))
$$;
CREATE TABLE clouds AS
    SELECT id, 'c' || id % 4 AS gold, NULL::text AS label, NULL::float8 AS confidence,
           ARRAY(SELECT pg_temp.normal(id, c) + CASE WHEN c % 4 = id % 4 THEN 1.3 ELSE 0 END FROM generate_series(1, 8) c)::float4[] AS features
      FROM generate_series(1, 10000) id;
ALTER TABLE clouds ADD PRIMARY KEY (id);
SQL

one_job() {
	sql -v seed="$1" <<'SQL'
SET client_min_messages = error;
SET gtlabel.background = off;
SET gtlabel.max_parallel_workers = 0;
SELECT gt_create_job('promise', 'clouds', ARRAY['c0', 'c1', 'c2', 'c3'], max_concurrent_task_count => 300, validation_share => 0.3, algorithm => 'softmax',
                     display_columns => ARRAY['id'], seed => :seed, placement => 'in_place', sample_count => 1500) > 0 AS created \gset
DO $$
BEGIN
    WHILE gt_advance_job('promise') = 'in_progress' LOOP
        PERFORM gt_annotate('promise', array_agg(t.object_key), array_agg(d.gold)) FROM gt_tasks t JOIN clouds d ON d.id::text = t.object_key
          WHERE t.job_name = 'promise' AND t.state = 'available';
    END LOOP;
END $$;
SELECT w.human, w.machine FROM gt_write_labels('promise', 'label', 'confidence') w \gset
SELECT :seed, :human, :machine, count(*) FILTER (WHERE label <> gold) FROM clouds WHERE confidence IS NOT NULL;
SELECT gt_drop_job('promise', with_models => true) IS NULL AS dropped \gset
SQL
}

printf 'seed\thuman\tmachine\twrong\n'
for ((i = seed; i < seed + jobs; i++)); do one_job "$i" | tr '|' '\t'; done | awk '
	{ print; n++; machine += $3; share = $3 > 0 ? $4 / $3 : 0; sum += share; most = share > most ? share : most; broken += share > 0.05 }
	END { printf "%d jobs: %.1f %% of the rows labeled by machine, %.2f %% of these wrong on average, %.2f %% at the most; %d jobs (%.1f %%) above 5 %%\n",
		n, 100 * machine / n / 10000, 100 * sum / n, 100 * most, broken, 100 * broken / n }'
