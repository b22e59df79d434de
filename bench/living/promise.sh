#!/usr/bin/env bash
# Live jobs under `confidence` that grow by segments: what people label, and how often the machine labels that stand at the end of a segment
# break the promise.  A share of the labels, ERRORS=0.05, are others, at random, which no machine can know; the target is 90 %.
#
#	bench/living/promise.sh
#
# JOBS=30 of each kind, each with 300 rows and 6 segments of 300 more: kind, ends of segments, those with machine labels, those that break the promise, last
# ones that do, labels of people, validation objects in the end.  `falling` is what jobs do; `fixed` has the share of the first rows (validation_share).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -n "${GTL_CLUSTER:-}" ] || exec scripts/with-cluster -c gtlabel.background=off "$0" "$@"

psql -XqAt -v ON_ERROR_STOP=1 -v jobs="${JOBS:-30}" -v errors="${ERRORS:-0.05}" <<'SQL'
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS gtlabel;
CREATE TABLE item (id int PRIMARY KEY, features float4[], gold text);
CREATE TABLE result (kind text, job int, segment int, machine bigint, wrong bigint, human bigint, validation int);

CREATE FUNCTION put(first int, last int, errors float8) RETURNS void LANGUAGE sql AS $$
    INSERT INTO item SELECT id, ARRAY[c * 3 + random() * 2 - 1, random() * 2 - 1, c % 2 * 2 + random() * 2 - 1]::float4[], 'c' || CASE WHEN random() < errors THEN (c + 1) % 3 ELSE c END
      FROM (SELECT id, floor(random() * 3)::int AS c FROM generate_series(first, last) id) r $$;

CREATE PROCEDURE play(kind text, settings text, job int, errors float8) LANGUAGE plpgsql AS $$
DECLARE
    state text;
BEGIN
    PERFORM setseed(job / 1000.0);
    TRUNCATE item;
    PERFORM put(1, 300, errors);
    EXECUTE format('SELECT gt_create_job(''job'', ''item'', ARRAY[''c0'', ''c1'', ''c2''], schedule => ''eager'', guarantee => ''confidence'', target_accuracy => 0.9, drift_alarm => false, algorithm => ''softmax'', seed => %s %s)', job, settings);
    FOR segment IN 0 .. 6 LOOP
        IF segment > 0 THEN
            PERFORM put(1 + segment * 300, 300 + segment * 300, errors), gt_add_objects('job');
        END IF;
        LOOP
            PERFORM gt_annotate('job', array_agg(object_key), array_agg(gold)) FROM gt_tasks t JOIN item ON id::text = object_key WHERE t.job_name = 'job' AND t.state = 'available' HAVING count(*) > 0;
            state := gt_advance_job('job');
            EXIT WHEN state = 'completed';
        END LOOP;
        INSERT INTO result SELECT kind, job, segment, count(*) FILTER (WHERE NOT human_annotated), count(*) FILTER (WHERE NOT human_annotated AND label <> gold), count(*) FILTER (WHERE human_annotated),
            (SELECT validation_count FROM gt_jobs WHERE job_name = 'job') FROM gt_labels JOIN item ON id::text = object_key WHERE job_name = 'job';
        COMMIT;
    END LOOP;
    PERFORM gt_drop_job('job', true);
    COMMIT;
END $$;

SELECT format('CALL play(%L, %L, %s, %s)', kind, settings, job, :errors) FROM (VALUES ('falling', ''), ('fixed', ', validation_share => 0.3333')) k (kind, settings), generate_series(1, :jobs) job ORDER BY job, kind \gexec
SELECT kind, count(*), count(*) FILTER (WHERE machine > 0), count(*) FILTER (WHERE wrong > 0.1 * machine), count(*) FILTER (WHERE wrong > 0.1 * machine AND segment = 6),
       round(avg(human) FILTER (WHERE segment = 6)), round(avg(validation) FILTER (WHERE segment = 6)) FROM result GROUP BY 1 ORDER BY 1;
SQL
