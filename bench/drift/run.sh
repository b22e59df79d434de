#!/usr/bin/env bash
# How often the margins of rows that join raise a drift alarm although they are like those before, and how often when they are not.
#
#	bench/drift/run.sh
#
# JOBS=12 of each kind, each with 8 segments of 120 rows, one where they are moved: kind, segments compared, share of p-values
# below 0.05 and 0.1, jobs with an alarm.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -n "${GTL_CLUSTER:-}" ] || exec scripts/with-cluster -c gtlabel.background=off "$0" "$@"

psql -XqAt -v ON_ERROR_STOP=1 -v jobs="${JOBS:-12}" <<'SQL'
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS gtlabel;
CREATE TABLE item (id int PRIMARY KEY, features float4[], gold text);
CREATE TABLE result (kind text, job int, segment int, p float8, alarm boolean);

-- Three clouds, moved by `shift`; 2 % of the labels are others.
CREATE FUNCTION put(first int, last int, shift float8) RETURNS void LANGUAGE sql AS $$
    INSERT INTO item SELECT id, ARRAY[c * 2 + random() * 2 - 1 + shift, random() * 2 - 1, c % 2 * 1.5 + random() * 2 - 1, random()]::float4[], 'c' || CASE WHEN random() < 0.02 THEN (c + 1) % 3 ELSE c END
      FROM (SELECT id, floor(random() * 3)::int AS c FROM generate_series(first, last) id) r $$;

CREATE PROCEDURE play(kind text, settings text, job int, shift float8) LANGUAGE plpgsql AS $$
DECLARE
    state text;
BEGIN
    PERFORM setseed(job / 1000.0);
    TRUNCATE item;
    PERFORM put(1, 1120, 0);
    EXECUTE format('SELECT gt_create_job(''job'', ''item'', ARRAY[''c0'', ''c1'', ''c2''], schedule => ''eager'', target_accuracy => 0.9, algorithm => ''softmax'', seed => %s %s)', job, settings);
    FOR segment IN 0 .. 8 LOOP
        IF segment > 0 THEN
            PERFORM put(1001 + segment * 120, 1120 + segment * 120, shift), gt_add_objects('job');
        END IF;
        LOOP
            PERFORM gt_annotate('job', array_agg(object_key), array_agg(gold)) FROM gt_tasks t JOIN item ON id::text = object_key WHERE t.job_name = 'job' AND t.state = 'available' HAVING count(*) > 0;
            state := gt_advance_job('job');
            EXIT WHEN state = 'completed';
        END LOOP;
        INSERT INTO result SELECT kind, job, segment, substring(finding FROM 'p [=<] ([0-9.]+)')::float8, alarm IS NOT NULL FROM gtlabel.drift WHERE tests = segment;
        COMMIT;
        EXIT WHEN segment > 0 AND shift > 0;
    END LOOP;
    PERFORM gt_drop_job('job', true);
    COMMIT;
END $$;

SELECT format('CALL play(%L, %L, %s, %s)', kind || CASE WHEN shift > 0 THEN ', moved by ' || shift ELSE '' END, settings, job, shift)
  FROM (VALUES ('validation objects', $$, guarantee => 'confidence'$$), ('a half', '')) k (kind, settings), (VALUES (0), (0.5), (1)) s (shift), generate_series(1, :jobs) job ORDER BY kind, shift, job \gexec
SELECT kind, count(*), round(avg((p < 0.05)::int), 3), round(avg((p < 0.1)::int), 3), count(DISTINCT job) FILTER (WHERE alarm) AS alarms FROM result GROUP BY 1 ORDER BY 1;
SQL
