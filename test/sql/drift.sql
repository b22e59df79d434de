-- Rows that join a job and are other than those before raise an alarm, and are kept from the machine.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
CREATE SCHEMA dr;
SET search_path = public, dr, gtl_test;
SET client_min_messages = warning;

-- Independent rows, the same on every server: three clouds, as wide as `spread` and moved by `shift` towards the next, with `wrong` of the labels others.
CREATE TABLE dr.item (kind text, id int, features float4[], gold text, PRIMARY KEY (kind, id));
CREATE FUNCTION dr.uniform(id int, stream int) RETURNS float8 IMMUTABLE LANGUAGE sql AS $$
    SELECT (hashint8extended(id, stream) & 1048575) / 1048576.0 $$;
CREATE FUNCTION dr.put(in_kind text, first int, last int, shift float8 DEFAULT 0, wrong float8 DEFAULT 0.01, spread float8 DEFAULT 1) RETURNS bigint LANGUAGE sql AS $$
    WITH new AS (INSERT INTO dr.item
        SELECT in_kind, id, ARRAY[c * 2 + spread * (2 * uniform(id, 2) - 1) + shift, 2 * uniform(id, 3) - 1, c % 2 * 1.5 + spread * (2 * uniform(id, 4) - 1) + (1 - c % 2 * 2) * 0.75 * shift]::float4[],
               'c' || CASE WHEN uniform(id, 5) < wrong THEN (c + 1) % 3 ELSE c END
          FROM (SELECT id, floor(3 * uniform(id, 1))::int AS c FROM generate_series(first, last) id) r RETURNING 1) SELECT count(*) FROM new $$;
-- A job over the rows of its kind, run to its end.
CREATE FUNCTION dr.start(kind text, settings text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE VIEW dr.%I AS SELECT id, features, gold FROM dr.item WHERE kind = %L', kind, kind);
    PERFORM dr.put(kind, 1, 900);
    EXECUTE format('SELECT gt_create_job(%L, %L, ARRAY[''c0'', ''c1'', ''c2''], key_column => ''id'', algorithm => ''softmax'', seed => 3, %s)', 'dr ' || kind, format('dr.%I', kind), settings);
    RETURN run('dr ' || kind);
END $$;
CREATE FUNCTION dr.join(kind text, first int, last int, shift float8 DEFAULT 0, wrong float8 DEFAULT 0.01, spread float8 DEFAULT 1) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM dr.put(kind, first, last, shift, wrong, spread), gt_add_objects('dr ' || kind);
    RETURN run('dr ' || kind);
END $$;
CREATE FUNCTION dr.by_machine(kind text, first int, last int) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM gt_labels WHERE job_name = 'dr ' || kind AND NOT human_annotated AND object_key::int BETWEEN first AND last $$;
CREATE VIEW dr.known AS SELECT job_name, d.* FROM gtlabel.drift d JOIN gt_jobs USING (job_id);
CREATE FUNCTION dr.words(finding text) RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(regexp_replace(regexp_replace(finding, '\d{4}-\d\d-\d\d [0-9:.]+\S*', 'TIME'), 'p [=<] [0-9.]+', 'p N', 'g'), '\d[0-9.,]*', 'N', 'g') $$;

-- ---- Without a drift there is no alarm ------------------------------------------------------------------

SELECT dr.start('still', $$ guarantee => 'confidence', validation_share => 0.2, max_concurrent_task_count => 200 $$);
SELECT count(*) AS nothing_joined FROM known;
SELECT dr.join('still', 901, 1020), dr.join('still', 1021, 1140), dr.join('still', 1141, 1260), dr.join('still', 1261, 1280), dr.join('still', 1281, 1320);
-- the margins of few rows wait for the next
SELECT tests, alarm, answers > 50 AS answers, wrong <= 4 AS few_wrong, cardinality(places) AS waiting FROM known WHERE job_name = 'dr still';
SELECT by_machine('still', 901, 1320) > 250 AS by_machine;
SELECT topic, words(finding), advice FROM gt_explain_job('dr still') WHERE topic = 'drift';
SELECT words(substring(reason from '; (margins.*)')) FROM gt_rounds WHERE job_name = 'dr still' AND reason ~ 'margins' ORDER BY round_no LIMIT 1;
SELECT count(*) AS alarms FROM gt_events WHERE job_name = 'dr still' AND event ~ 'drift';

-- ---- Rows of another distribution are for people, and so are later ones, until the owner says otherwise -----

SELECT dr.start(kind, $$ guarantee => 'confidence', validation_share => 0.2, max_concurrent_task_count => 200 $$ || more) FROM (VALUES ('moved', ''), ('class', ', per_class => true, target_accuracy => 0.85'), ('scope', $$, guarantee_scope => 'dataset'$$)) v (kind, more);
SELECT dr.join('moved', 901, 1050);
SELECT tests, alarm FROM known WHERE job_name = 'dr moved';
SELECT dr.join(kind, 1051, 1200, 0.8, 0, 0.3), by_machine(kind, 1, 1050) > 200 AS old_ones, by_machine(kind, 1051, 1200) AS by_machine FROM (VALUES ('moved'), ('class'), ('scope')) v (kind);
SELECT count(alarm) AS alarms FROM known WHERE job_name IN ('dr moved', 'dr class', 'dr scope');
SELECT words(alarm), alarm_segment_no, tests FROM known WHERE job_name = 'dr moved';
SELECT event, words(detail) FROM gt_events WHERE job_name = 'dr moved' AND event = 'drift_alarm';
SELECT words(finding), advice FROM gt_explain_job('dr moved') WHERE topic = 'drift';
SELECT severity, subject, words(finding), remedy FROM gt_check() WHERE finding ~ 'drift';
SELECT topic, words(finding) FROM gt_explain_object('dr moved', '1100') WHERE topic = 'drift' OR finding ~ 'drift alarm';
SELECT count(*) AS not_the_old_ones FROM gt_explain_object('dr moved', '1000') WHERE topic = 'drift';
SELECT gt_report('dr moved') ~ 'the machine labels no objects that joined with segment 2 or later' AS reported;
SELECT words(substring(reason from 'drift alarm.*')) FROM gt_rounds WHERE job_name = 'dr moved' AND reason ~ 'drift alarm' ORDER BY round_no LIMIT 2;
-- a later segment, although like the first ones; machine labels of the old rows stand by a certificate of old rows
SELECT dr.join('moved', 1201, 1300), by_machine('moved', 1201, 1300) AS by_machine, by_machine('moved', 1, 1050) > 200 AS old_ones, check_counters('dr moved');
SELECT state, gt_alter_job('dr moved', drift_alarm => false) FROM gt_jobs WHERE job_name = 'dr moved';
SELECT count(*) AS known FROM known WHERE job_name = 'dr moved';
SELECT event, detail FROM gt_events WHERE job_name = 'dr moved' AND event = 'drift_alarm_over';
SELECT count(*) AS still_checked FROM gt_check() WHERE finding ~ 'drift' AND subject = 'job "dr moved"';
SELECT dr.join('moved', 1301, 1450, 0.8, 0, 0.3), by_machine('moved', 1301, 1450) > 50 AS by_machine, (SELECT count(*) FROM known WHERE job_name = 'dr moved') AS watched;
-- and watched anew: what is there now is what later rows are compared with
SELECT gt_alter_job('dr moved', reset => ARRAY['drift_alarm']);
SELECT dr.join('moved', 1451, 1550, 3), by_machine('moved', 1451, 1550) AS by_machine;
SELECT alarm IS NOT NULL AS alarm, alarm_segment_no FROM known WHERE job_name = 'dr moved';
SELECT refused($$ SELECT gt_alter_job('dr moved', drift_alarm => NULL, reset => ARRAY['drift_alarms']) $$);

-- ---- The same rows, and other labels: the machine errs more ------------------------------------------------

SELECT dr.start('wrong', $$ guarantee => 'confidence', validation_share => 0.5, max_concurrent_task_count => 200 $$);
SELECT dr.join('wrong', 901, 1100);
SELECT alarm, answers > 60 AS answers, wrong < 5 AS few FROM known WHERE job_name = 'dr wrong';
SELECT dr.join('wrong', 1101, 1300, 0, 0.3), by_machine('wrong', 1101, 1300) AS by_machine;
SELECT words(alarm), alarm_segment_no FROM known WHERE job_name = 'dr wrong';
-- found by the check of audit_share: later rows are for people
SELECT dr.start('share', $$ guarantee => 'confidence', validation_share => 0.1, target_accuracy => 0.9, audit_share => 0.7, max_concurrent_task_count => 300 $$);
SELECT count(*) AS nothing_joined FROM known WHERE job_name = 'dr share';
SELECT dr.join('share', 901, 1200, 0, 0.25);
SELECT words(alarm), alarm_segment_no FROM known WHERE job_name = 'dr share';
SELECT dr.join('share', 1201, 1300), by_machine('share', 1201, 1300) AS by_machine;

-- ---- Under an audited promise only an audit lets the machine label them, and ends the alarm ------------------

SELECT dr.start('audited', $$ schedule => 'eager', neighbours => true, target_accuracy => 0.9 $$);
SELECT chosen_start FROM gtlabel.job WHERE job_name = 'dr audited';
SELECT dr.join('audited', 901, 1000);
SELECT alarm, tests FROM known WHERE job_name = 'dr audited';
SELECT dr.join('audited', 1001, 2100, 1, 0, 0.7) IS NOT NULL AS joined;
SELECT event, words(detail) FROM gt_events WHERE job_name = 'dr audited' AND event ~ 'drift' ORDER BY event_id;
-- no provisional label of theirs until then
SELECT count(*) > 0 AS rounds, bool_and(withheld_from = 1000 OR round_no IN (SELECT a.round_no FROM gtlabel.audit a WHERE a.job_id = j.job_id)) AS withheld FROM gtlabel.round r JOIN gt_jobs j USING (job_id), LATERAL (SELECT min(at) AS begun, max(at) AS over FROM gt_events e WHERE e.job_name = j.job_name AND event ~ 'drift') e
 WHERE job_name = 'dr audited' AND r.finished_at BETWEEN e.begun AND e.over;
-- and no audit of theirs before people have labeled some
SELECT count(*) >= 100 AS some FROM gtlabel.label l JOIN gtlabel.audit a USING (job_id) JOIN gtlabel.round r ON r.job_id = a.job_id AND r.round_no = a.round_no JOIN gt_jobs j ON j.job_id = l.job_id
 WHERE job_name = 'dr audited' AND a.audit_no = 2 AND l.human AND l.batch_no <= r.batch_no AND l.object_no >= 1000;
SELECT avg((l.label <> i.gold)::int) <= 0.1 AS kept, count(*) > 300 AS by_machine FROM gt_labels l JOIN dr.audited i ON i.id::text = l.object_key WHERE job_name = 'dr audited' AND NOT human_annotated AND i.id > 1000;
SELECT count(*) AS known, check_counters('dr audited') FROM known WHERE job_name = 'dr audited';

-- ---- The owner's alone, and gone with the job ------------------------------------------------------------

CREATE ROLE regress_gtl_dr;
SET ROLE regress_gtl_dr;
SELECT count(*) AS seen FROM gtlabel.drift;
RESET ROLE;
DROP ROLE regress_gtl_dr;
SELECT gt_stop_job('dr moved') FROM gt_jobs WHERE job_name = 'dr moved' AND state = 'in_progress';
SELECT count(*) FROM gt_check() WHERE severity = 'error';
SELECT count(gt_drop_job(job_name, true)) AS dropped FROM gt_jobs WHERE job_name LIKE 'dr %';
SELECT count(*) AS left FROM gtlabel.drift d WHERE NOT EXISTS (SELECT FROM gtlabel.job j WHERE j.job_id = d.job_id);
