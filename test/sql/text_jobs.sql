-- Jobs over a text column: creation, rounds and simulation, the featurizer that they keep, a model to start from.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\set messages :srcdir '/lib/messages.sql'
\i :setup
\i :messages
CREATE SCHEMA tj;
SET search_path = public, tj, gtl_test;
CREATE TABLE tj.message AS SELECT * FROM gtl_test.message WHERE id <= 1200;
ALTER TABLE tj.message ADD PRIMARY KEY (id);
-- the bytes of a vector as feature pages hold them: little-endian
CREATE FUNCTION tj.bytes(features float4[]) RETURNS bytea LANGUAGE sql AS $$
    SELECT string_agg(substr(b, 4, 1) || substr(b, 3, 1) || substr(b, 2, 1) || substr(b, 1, 1), '' ORDER BY n)
      FROM unnest(features) WITH ORDINALITY u (x, n), LATERAL float4send(x) b $$;
CREATE FUNCTION tj.stored(job text) RETURNS bytea LANGUAGE sql AS $$
    SELECT string_agg(data, '' ORDER BY segment_no, page_no) FROM gtlabel.feature_page JOIN gt_jobs USING (job_id) WHERE job_name = job AND block_no = 0 $$;

-- ---- A whole job, and the same simulated ---------------------------------------------------------------
SELECT gt_create_job('tj sms', 'tj.message', ARRAY['ham', 'spam'], text_column => 'body', text_dimensions => 64, gold_column => 'gold',
                     schedule => 'eager', algorithm => 'softmax', seed => 5) > 0 AS created;
SELECT object_count, dimension FROM gt_jobs WHERE job_name = 'tj sms';
SELECT setting, value, alterable FROM gt_job_settings
 WHERE job_name = 'tj sms' AND setting IN ('text_column', 'text_dimensions', 'word_vectors', 'features_column') ORDER BY setting;
SELECT run('tj sms');
SELECT human_labeled + machine_labeled = 1200 AS all_labeled, machine_labeled > 600 AS mostly_by_machine FROM gt_jobs WHERE job_name = 'tj sms';
SELECT avg((l.label <> m.gold)::int) < 0.05 AS kept FROM gt_labels l JOIN tj.message m ON m.id::text = l.object_key WHERE job_name = 'tj sms' AND NOT human_annotated;
SELECT s.human_labeled = j.human_labeled AND s.machine_labeled = j.machine_labeled AS same
  FROM gt_simulate_job('tj.message', 'gold', ARRAY['ham', 'spam'], text_column => 'body', text_dimensions => 64,
                       schedule => 'eager', algorithm => 'softmax', seed => 5) s, gt_jobs j WHERE s.final AND j.job_name = 'tj sms';
-- every model of the job has its featurizer, and its features of a text are those that were stored, bit for bit
SELECT count(DISTINCT m.featurizer_id) = 1 AND bool_and(m.featurizer_id = j.featurizer_id) AS shared FROM gtlabel.model m JOIN gtlabel.job j USING (job_id) WHERE job_name = 'tj sms';
SELECT input, count(*) > 0 AS models FROM gt_models WHERE job_name = 'tj sms' GROUP BY input;
SELECT tj.stored('tj sms') = string_agg(tj.bytes(gt_featurize('tj sms/0', body)), '' ORDER BY id) AS same_bits FROM tj.message;
-- what came later
SELECT gt_predict('tj sms/0', 'Congratulations! Call 09061701461 to claim your £2000 prize') AS label, gt_confidence('tj sms/0', 'see you later') > 0.5 AS sure;

-- ---- Other texts ------------------------------------------------------------------------------------------
-- of a view that joins columns, with helpers and without, with labels to start from: the features are the same
CREATE VIEW tj.parts AS SELECT id, left(body, 20) AS title, substr(body, 21) AS rest, gold, CASE WHEN id <= 50 THEN gold END AS known FROM tj.message;
CREATE VIEW tj.joined AS SELECT id, (title || rest)::varchar AS body, gold, known FROM tj.parts;
SET gtlabel.max_parallel_workers = 2;
SELECT gt_create_job('tj view', 'tj.joined', ARRAY['ham', 'spam'], key_column => 'id', text_column => 'body', text_dimensions => 64, seed => 9) > 0 AS created;
SET gtlabel.max_parallel_workers = 0;
SELECT gt_create_job('tj known', 'tj.joined', ARRAY['ham', 'spam'], key_column => 'id', text_column => 'body', text_dimensions => 64, label_column => 'known', seed => 9) > 0 AS created;
RESET gtlabel.max_parallel_workers;
SELECT tj.stored('tj view') = tj.stored('tj sms') AS same_bits;
SELECT tj.stored('tj known') = substr(tj.stored('tj sms'), 50 * 64 * 4 + 1) || substr(tj.stored('tj sms'), 1, 50 * 64 * 4) AS labeled_ones_behind;
CREATE TABLE tj.fixed (id int PRIMARY KEY, body char(40), tag text);
INSERT INTO tj.fixed SELECT id, left(body, 40), 'x' FROM tj.message WHERE id <= 60;
SELECT gt_create_job('tj char', 'tj.fixed', ARRAY['ham', 'spam'], text_column => 'body', seed => 1, max_concurrent_task_count => 10) > 0 AS created;
-- words with vectors, and features beside the text
CREATE TABLE tj.word AS SELECT token, ARRAY[length(token), ascii(token) % 7, 1]::float4[] AS vector FROM unnest(ARRAY['call', 'free', 'home', 'later', 'now']) token;
CREATE TABLE tj.both AS SELECT *, ARRAY[length(body)]::float4[] AS features FROM tj.message;
ALTER TABLE tj.both ADD PRIMARY KEY (id);
SELECT gt_create_job('tj both', 'tj.both', ARRAY['ham', 'spam'], text_column => 'body', text_dimensions => 32, features_column => 'features', word_vectors => 'tj.word',
                     schedule => 'eager', algorithm => 'softmax', gold_column => 'gold', seed => 2) > 0 AS created;
SELECT dimension FROM gt_jobs WHERE job_name = 'tj both';
SELECT value FROM gt_job_settings WHERE job_name = 'tj both' AND setting = 'word_vectors';
DROP TABLE tj.word;
SELECT run('tj both');
SELECT gt_predict('tj both/0', body, features) IS NOT NULL AS predicted FROM tj.both WHERE id = 1;

-- ---- What gt_progress tells while it reads the texts twice ------------------------------------------------------
CREATE FUNCTION tj.told(id bigint, body text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF id IN (1, 1100) THEN
        RAISE NOTICE 'text %: %', id, (SELECT format('%s, %s of %s', phase, done, total) FROM gtlabel.progress() WHERE pid = pg_backend_pid());
    END IF;
    RETURN body;
END $$;
CREATE VIEW tj.watched AS SELECT id, tj.told(id, body) AS body, gold FROM tj.message;
SELECT gt_create_job('tj watched', 'tj.watched', ARRAY['ham', 'spam'], key_column => 'id', text_column => 'body', text_dimensions => 16, schedule => 'eager', seed => 1) > 0 AS created;
SELECT gt_train('tj watched', 'tj.watched', 'gold', text_column => 'body', text_dimensions => 16, algorithm => 'softmax') > 0 AS trained;
SELECT gt_drop_model('tj watched'), gt_drop_job('tj watched');

-- ---- A model to start from brings its featurizer --------------------------------------------------------------
SELECT gt_create_job('tj next', 'tj.joined', ARRAY['ham', 'spam'], key_column => 'id', text_column => 'body', initial_model => 'tj sms/0', seed => 3) > 0 AS created;
SELECT dimension, featurizer_id = (SELECT featurizer_id FROM gtlabel.job WHERE job_name = 'tj sms') AS of_the_model FROM gtlabel.job WHERE job_name = 'tj next';
SELECT tj.stored('tj next') = tj.stored('tj sms') AS same_bits;
SELECT count(*) > 0 AS simulated FROM gt_simulate_job('tj.message', 'gold', ARRAY['ham', 'spam'], text_column => 'body', initial_model => 'tj sms/0', schedule => 'eager', algorithm => 'softmax', seed => 3);
SELECT gt_train('tj numbers', 'tj.both', 'gold', algorithm => 'softmax') > 0 AS trained;
SELECT refused($$ SELECT gt_create_job('tj x', 'tj.message', ARRAY['ham', 'spam'], text_column => 'body', initial_model => 'tj numbers') $$);
SELECT refused($$ SELECT gt_create_job('tj x', 'tj.both', ARRAY['ham', 'spam'], initial_model => 'tj sms/0') $$);
SELECT refused($$ SELECT gt_create_job('tj x', 'tj.both', ARRAY['ham', 'spam'], text_column => 'body', features_column => 'features', initial_model => 'tj sms/0') $$);
SELECT refused($$ SELECT gt_create_job('tj x', 'tj.message', ARRAY['ham', 'spam'], text_column => 'body', text_dimensions => 32, initial_model => 'tj sms/0') $$);
SELECT refused($$ SELECT gt_simulate_job('tj.message', 'gold', ARRAY['ham', 'spam'], text_column => 'body', initial_model => 'tj numbers') $$);

-- ---- Refusals: nothing is left of them -----------------------------------------------------------------------
SELECT count(*) AS featurizers FROM gtlabel.featurizer;
CREATE VIEW tj.nulls AS SELECT id, NULLIF(body, (SELECT body FROM tj.message WHERE id = 7)) AS body, NULL::text AS nothing, ''::text AS empty FROM tj.message;
SELECT refused($$ SELECT gt_create_job('tj x', 'tj.nulls', ARRAY['ham', 'spam'], key_column => 'id', text_column => 'body') $$);
SELECT refused($$ SELECT gt_create_job('tj x', 'tj.nulls', ARRAY['ham', 'spam'], key_column => 'id', text_column => 'nothing') $$);
SELECT refused($$ SELECT gt_create_job('tj x', 'tj.nulls', ARRAY['ham', 'spam'], key_column => 'id', text_column => 'empty') $$);
SELECT refused($$ SELECT gt_create_job('tj x', 'tj.message', ARRAY['ham', 'spam'], text_column => 'id') $$);
SELECT refused($$ SELECT gt_create_job('tj x', 'tj.message', ARRAY['ham', 'spam'], text_column => 'body', text_dimensions => 2000) $$);
SELECT refused($$ SELECT gt_create_job('tj x', 'tj.message', ARRAY['ham', 'spam'], word_vectors => 'tj.message') $$);
CREATE VIEW tj.one AS SELECT * FROM tj.message WHERE id = 1;
SELECT refused($$ SELECT gt_create_job('tj x', 'tj.one', ARRAY['ham', 'spam'], key_column => 'id', text_column => 'body') $$);
CREATE VIEW tj.changing AS SELECT id, body || random() AS body FROM tj.message;
SELECT refused($$ SELECT gt_create_job('tj x', 'tj.changing', ARRAY['ham', 'spam'], key_column => 'id', text_column => 'body') $$);
SELECT refused($$ SELECT gt_simulate_job('tj.changing', 'body', text_column => 'body', key_column => 'id') $$);
SELECT refused($$ SELECT gt_alter_job('tj sms', text_column => 'gold') $$);
SET statement_timeout = '20ms';
SELECT gt_create_job('tj x', 'gtl_test.message', ARRAY['ham', 'spam'], text_column => 'body', text_dimensions => 512);
RESET statement_timeout;
SELECT count(*) AS jobs FROM gt_jobs WHERE job_name = 'tj x';
SELECT count(*) AS featurizers FROM gtlabel.featurizer;
SELECT count(*) AS running FROM gt_progress;

-- ---- The life of a featurizer: as long as a job or a model uses it ---------------------------------------------
SELECT gt_drop_job('tj sms');
SELECT count(*) AS models FROM gt_models WHERE model_name LIKE 'tj sms/%' AND job_name IS NULL AND input = 'text' HAVING count(*) > 0 \gset gone_
SELECT gt_predict('tj sms/0', 'free prize') IS NOT NULL AS still_predicts;
SELECT count(*) AS featurizers FROM gtlabel.featurizer;
SELECT gt_drop_job('tj next', with_models => true);
SELECT count(gt_drop_model(model_name)::text) = :gone_models AS dropped FROM gt_models WHERE model_name LIKE 'tj sms/%';
SELECT count(*) AS featurizers FROM gtlabel.featurizer;
SELECT gt_drop_model('tj numbers');
SELECT drop_jobs('tj %');
SELECT count(*) AS featurizers FROM gtlabel.featurizer;
