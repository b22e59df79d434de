-- Features of text in models: gt_train with text_column and word_vectors, the predictions for a text, gt_featurize,
-- gt_text_features.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\set messages :srcdir '/lib/messages.sql'
\i :setup
\i :messages
CREATE SCHEMA tx;
SET search_path = public, tx, gtl_test;
CREATE FUNCTION tx.cosine(a float4[], b float4[]) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    $$ SELECT sum(x::float8 * y) FROM unnest(a, b) AS u (x, y) $$;
CREATE FUNCTION tx.featurizers() RETURNS TABLE (dimension int, directions int, word_dimension int, inputs int) LANGUAGE sql AS
    $$ SELECT dimension, directions, word_dimension, inputs FROM gtlabel.featurizer ORDER BY featurizer_id $$;

-- ---- Training and predicting -----------------------------------------------------------------------
-- 2,000 rows have a label; the others count for the features, and are judged afterwards
CREATE VIEW tx.seen AS SELECT id, body, CASE WHEN id % 2 = 0 AND id <= 4000 THEN gold END AS label FROM gtl_test.message;
SELECT gt_train('tx sms', 'tx.seen', 'label', text_column => 'body', text_dimensions => 64, algorithm => 'softmax') > 0 AS trained;
SELECT dimension, algorithm, training_count, accuracy > 0.98 AS accurate, input FROM gt_models WHERE model_name = 'tx sms';
SELECT sample, grams, tx.featurizers() FROM gtlabel.featurizer;
SELECT avg((gt_predict('tx sms', m.body) = m.gold)::int) > 0.98 AS accurate
  FROM gtl_test.message m WHERE id % 2 = 1;
SELECT gt_predict('tx sms', 'FREE entry! Call now to claim your £1000 prize'), gt_predict('tx sms', 'ok, see you at home'),
       gt_confidence('tx sms', 'FREE entry! Call now to claim your £1000 prize') > 0.8 AS sure,
       round((gt_predict_proba('tx sms', 'ok, see you at home'))[1]::numeric, 1) AS ham;
-- text of any type of text, and nothing for nothing
CREATE DOMAIN tx.words AS text;
SELECT gt_predict('tx sms', 'free prize'::varchar) = gt_predict('tx sms', 'free prize'::text) AS varchar,
       gt_predict('tx sms', 'free prize'::char(12)) IS NOT NULL AS char,
       gt_predict('tx sms', 'free prize'::name) IS NOT NULL AS name,
       gt_predict('tx sms', 'free prize'::tx.words) IS NOT NULL AS domain,
       gt_predict('tx sms', NULL::text) IS NULL AS null, gt_featurize('tx sms', NULL) IS NULL AS no_features;
-- the features of a text are the same wherever they are made, and predict the same
SELECT count(*) AS differ FROM (SELECT * FROM gtl_test.message ORDER BY id LIMIT 500) m
 WHERE gt_predict_proba('tx sms', body) IS DISTINCT FROM gt_predict_proba('tx sms', gt_featurize('tx sms', body));
SELECT count(DISTINCT abs(tx.cosine(f, f) - 1) < 1e-5) AS unit_length
  FROM (SELECT gt_featurize('tx sms', body) AS f FROM gtl_test.message ORDER BY id LIMIT 500) r;
CREATE TABLE tx.alone AS SELECT id, gt_featurize('tx sms', body) AS f FROM gtl_test.message;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT id, gt_featurize('tx sms', body) FROM gtl_test.message;
CREATE TABLE tx.together AS SELECT id, gt_featurize('tx sms', body) AS f FROM gtl_test.message;
SELECT count(*) AS differ FROM tx.together p JOIN tx.alone USING (id) WHERE p.f <> alone.f;
RESET ALL;
SET gtlabel.background = off;
SET search_path = public, tx, gtl_test;
SET extra_float_digits = 1;
-- the same data gives the same featurizer, whatever the seed of the model and the number of helpers
SET gtlabel.max_parallel_workers = 2;
SELECT gt_train('tx again', 'tx.seen', 'label', text_column => 'body', text_dimensions => 64, algorithm => 'softmax', seed => 7) > 0 AS trained;
RESET gtlabel.max_parallel_workers;
SELECT count(DISTINCT data) AS kinds FROM gtlabel.featurizer;

-- ---- Texts that are odd -------------------------------------------------------------------------------
SELECT gt_featurize('tx sms', 'ÉCOLE Free ＰＲＩＺＥ') = gt_featurize('tx sms', 'ecole free prize') AS folded,
       gt_featurize('tx sms', 'call' || chr(128077) || chr(127997)) = gt_featurize('tx sms', 'call' || chr(128077)) AS skin_tone,
       gt_featurize('tx sms', '') = array_fill(0::float4, ARRAY[64]) AS empty,
       gt_featurize('tx sms', E' \n\t') = array_fill(0::float4, ARRAY[64]) AS blank,
       gt_predict('tx sms', '') AS of_nothing;
-- a megabyte counts as far as its first 64 kB
SELECT gt_featurize('tx sms', t) = gt_featurize('tx sms', left(t, 65536)) AS first_64_kb, length(t) FROM repeat('call now 12345 ', 70000) t;
-- all kinds of writing, fitted together
CREATE TABLE tx.odd (id int PRIMARY KEY, body text, label text);
INSERT INTO tx.odd SELECT 10 * n + row_number() OVER (), t, CASE WHEN n = 1 THEN left(md5(t), 0) || CASE WHEN t ~ '[a-z]' THEN 'latin' ELSE 'other' END END
  FROM generate_series(1, 3) n, unnest(ARRAY['私は猫が好き', '私は犬が好き', '猫と犬', 'ฉันชอบแมว', 'ฉันชอบหมา', '👍🏽', '👍', '', repeat('long text ', 100000), 'one two']) t;
SELECT gt_train('tx odd', 'tx.odd', 'label', text_column => 'body', algorithm => 'softmax') > 0 AS trained;
SELECT dimension < 20 AS as_many_as_differ FROM gt_models WHERE model_name = 'tx odd';
SELECT max(tx.cosine(gt_featurize('tx odd', a.body), gt_featurize('tx odd', b.body))) < 0.999 AS tell_apart
  FROM tx.odd a, tx.odd b WHERE a.id < b.id AND b.id < 16 AND a.id < 16;
-- twenty texts
CREATE VIEW tx.twenty AS SELECT * FROM gtl_test.message WHERE id <= 20;
SELECT gt_train('tx twenty', 'tx.twenty', 'gold', text_column => 'body', algorithm => 'softmax') > 0 AS trained;
SELECT dimension FROM gt_models WHERE model_name = 'tx twenty';
-- two texts with nothing in common: nothing to learn, which is said
CREATE TABLE tx.apart (body text, label text);
INSERT INTO tx.apart VALUES ('abc', 'a'), ('xyz', 'x');
SELECT gt_train('tx apart', 'tx.apart', 'label', text_column => 'body', algorithm => 'softmax') > 0 AS trained;
SELECT gt_featurize('tx apart', 'abc');

-- ---- Features beside the text ---------------------------------------------------------------------------
CREATE TABLE tx.beside AS
    SELECT id, body, gold AS label, ARRAY[length(body), (body ~ '[0-9]{5}')::int]::float8[] AS features, gt_text_features(body, 48) AS embedding
      FROM gtl_test.message WHERE id <= 600;
SELECT gt_train('tx both', 'tx.beside', 'label', text_column => 'body', features_column => 'features', text_dimensions => 32, algorithm => 'softmax') > 0 AS trained;
SELECT gt_train('tx wide', 'tx.beside', 'label', text_column => 'body', features_column => 'embedding', text_dimensions => 32, algorithm => 'softmax') > 0 AS trained;
-- the default, a column named features, does not join by itself; named, also in a parameter, it does
SELECT gt_train('tx one', 'tx.beside', 'label', text_column => 'body', text_dimensions => 32, algorithm => 'softmax') > 0 AS trained;
PREPARE with_features(name) AS SELECT gt_train('tx prepared', 'tx.beside', 'label', text_column => 'body', features_column => $1, text_dimensions => 32, algorithm => 'softmax') > 0 AS trained;
EXECUTE with_features('features');
SELECT model_name, input, dimension, accuracy > 0.95 AS accurate FROM gt_models
 WHERE model_name IN ('tx both', 'tx wide', 'tx one', 'tx prepared') ORDER BY model_name;
SELECT gt_predict('tx both', body, features) = gt_predict('tx both', gt_featurize('tx both', body, features)) AS same,
       gt_confidence('tx both', body, features) >= 0 AS margin, cardinality(gt_predict_proba('tx both', body, features::float4[]))
  FROM tx.beside WHERE id = 1;
-- each block has the same length: text, measurements (one more for their length), embedding
SELECT round(tx.cosine(f[:32], f[:32])::numeric, 4) AS text, round(tx.cosine(f[33:], f[33:])::numeric, 4) AS beside
  FROM tx.beside, LATERAL (VALUES (gt_featurize('tx both', body, features)), (gt_featurize('tx wide', body, embedding))) v (f) WHERE id = 1;
-- a measurement keeps its size
SELECT gt_featurize('tx both', 'free', ARRAY[10, 0]::float4[]) < gt_featurize('tx both', 'free', ARRAY[20, 0]::float4[]) AS ordered;

-- ---- Word vectors -------------------------------------------------------------------------------------------
CREATE TABLE tx.word (token text, vector float4[]);
INSERT INTO tx.word VALUES ('free', '{1,0,0}'), ('prize', '{0.9,0.1,0}'), ('home', '{0,1,0}'), ('Home', '{0,0,1}'), ('unheard', '{0,0,1}'), ('two words', '{0,0,1}');
SELECT gt_train('tx word', 'tx.seen', 'label', text_column => 'body', text_dimensions => 32, word_vectors => 'tx.word', algorithm => 'softmax') > 0 AS trained;
SELECT dimension, words, word_dimension FROM gtlabel.featurizer ORDER BY featurizer_id DESC LIMIT 1;
SELECT round(tx.cosine(a[33:], b[33:])::numeric, 2) AS near, round(tx.cosine(a[33:], c[33:])::numeric, 2) AS far
  FROM (SELECT gt_featurize('tx word', 'free') AS a, gt_featurize('tx word', 'prize') AS b, gt_featurize('tx word', 'HOME') AS c) f;

-- ---- Without anything learned -----------------------------------------------------------------------------
SELECT cardinality(gt_text_features('free prize')), cardinality(gt_text_features('free prize', 1000)),
       gt_text_features('free prize', NULL) IS NULL AS null,
       round(tx.cosine(gt_text_features('claim your free prize'), gt_text_features('FREE prize, claim it'))::numeric, 1) > 0.3 AS near,
       abs(tx.cosine(gt_text_features('claim your free prize'), gt_text_features('see you at home'))) < 0.2 AS far;
CREATE TABLE tx.own (body text, features float4[] GENERATED ALWAYS AS (gt_text_features(body, 8)) STORED);
INSERT INTO tx.own (body) VALUES ('free prize');
SELECT features = gt_text_features('free prize', 8) AS stored FROM tx.own;

-- ---- Memory: the sample gives way before the training is refused ---------------------------------------------
SET maintenance_work_mem = '30MB';
SELECT gt_train('tx halved', 'tx.seen', 'label', text_column => 'body', algorithm => 'softmax') > 0 AS trained;
RESET maintenance_work_mem;
SELECT sample BETWEEN 1000 AND 5000 AS halved FROM gtlabel.featurizer ORDER BY featurizer_id DESC LIMIT 1;
-- text that ignores case
CREATE EXTENSION citext SCHEMA tx;
CREATE TABLE tx.insensitive AS SELECT id, body::tx.citext, gold AS label FROM gtl_test.message WHERE id <= 200;
SELECT gt_train('tx citext', 'tx.insensitive', 'label', text_column => 'body', text_dimensions => 16, algorithm => 'softmax') > 0 AS trained;
SELECT count(gt_predict('tx citext', body)) AS predicted FROM tx.insensitive;

-- ---- The life of a featurizer ---------------------------------------------------------------------------------
SELECT count(gt_drop_model(model_name)::text) AS dropped FROM gt_models WHERE model_name LIKE 'tx %' AND model_name <> 'tx one';
SELECT * FROM tx.featurizers();
SELECT octet_length(data) < 8192 * (12 + 32) + 100 AS small, pg_column_size(data) >= octet_length(data) AS not_compressed FROM gtlabel.featurizer;

-- ---- Refusals: nothing is left of them -------------------------------------------------------------------------
SELECT refused($$ SELECT gt_train('tx x', 'tx.beside', 'label', text_column => 'id') $$);
SELECT refused($$ SELECT gt_train('tx x', 'tx.beside', 'label', text_column => 'absent') $$);
SELECT refused($$ SELECT gt_train('tx x', 'tx.beside', 'label', text_column => 'embedding') $$);
SELECT refused($$ SELECT gt_train('tx x', 'tx.beside', 'label', text_column => 'body', text_dimensions => 8) $$);
SELECT refused($$ SELECT gt_train('tx x', 'tx.beside', 'label', text_column => 'body', text_dimensions => 1025) $$);
SELECT refused($$ SELECT gt_train('tx x', 'tx.beside', 'label', word_vectors => 'tx.word') $$);
SELECT refused($$ SELECT gt_train('tx x', 'tx.beside', 'label', text_column => 'body', word_vectors => 'tx.beside') $$);
CREATE VIEW tx.nulls AS SELECT id, NULLIF(body, '') AS body, NULL::text AS nothing, 'same'::text AS same, label FROM tx.odd;
SELECT refused($$ SELECT gt_train('tx x', 'tx.nulls', 'label', text_column => 'body') $$);
SELECT refused($$ SELECT gt_train('tx x', 'tx.nulls', 'label', text_column => 'nothing') $$);
SELECT refused($$ SELECT gt_train('tx x', 'tx.nulls', 'label', text_column => 'same') $$);
CREATE VIEW tx.one AS SELECT * FROM tx.odd WHERE id = 11;
SELECT refused($$ SELECT gt_train('tx x', 'tx.one', 'label', text_column => 'body') $$);
CREATE SEQUENCE tx.calls;
CREATE VIEW tx.changing AS SELECT id, body || nextval('tx.calls')::text AS body, label FROM tx.beside;
SELECT refused($$ SELECT gt_train('tx x', 'tx.changing', 'label', text_column => 'body') $$);
SELECT nextval('tx.calls') > 600 AS was_read_twice;
INSERT INTO tx.word VALUES ('call', '{1,2}');
SELECT refused($$ SELECT gt_train('tx x', 'tx.beside', 'label', text_column => 'body', word_vectors => 'tx.word') $$);
UPDATE tx.word SET vector = '{1,2,NaN}' WHERE token = 'call';
SELECT refused($$ SELECT gt_train('tx x', 'tx.beside', 'label', text_column => 'body', word_vectors => 'tx.word') $$);
SET maintenance_work_mem = '1MB';
SELECT regexp_replace(refused($$ SELECT gt_train('tx x', 'tx.beside', 'label', text_column => 'body') $$), '\d+ MB,', 'N MB,');
RESET maintenance_work_mem;
SELECT refused($$ SELECT gt_predict('tx one', 'free', ARRAY[1]::float4[]) $$);
SELECT refused($$ SELECT gt_predict('tx one', ARRAY[1, 2]::float4[]) $$);
SELECT refused($$ SELECT gt_text_features('free', 0) $$);
SELECT refused($$ SELECT gt_text_features('free', 16001) $$);
-- of a newer version, damaged, gone
UPDATE gtlabel.featurizer SET data = overlay(data PLACING '\x02' FROM 9);
SELECT regexp_replace(refused($$ SELECT gt_predict('tx one', 'free') $$), 'featurizer \d+', 'featurizer N');
UPDATE gtlabel.featurizer SET data = overlay(data PLACING '\x01' FROM 9);
UPDATE gtlabel.featurizer SET data = overlay(data PLACING '\x02' FROM 13);
SELECT regexp_replace(refused($$ SELECT gt_predict('tx one', 'free') $$), 'featurizer \d+', 'featurizer N');
UPDATE gtlabel.featurizer SET data = overlay(overlay(data PLACING '\x01' FROM 13) PLACING '\xffff' FROM 1000);
SELECT regexp_replace(refused($$ SELECT gt_predict('tx one', 'free') $$), 'featurizer \d+', 'featurizer N');
DELETE FROM gtlabel.featurizer;
SELECT regexp_replace(refused($$ SELECT gt_predict('tx one', 'free') $$), 'featurizer \d+', 'featurizer N');
SELECT gt_drop_model('tx one');
SELECT count(*) AS models FROM gt_models WHERE model_name LIKE 'tx %';
SELECT count(*) AS featurizers FROM gtlabel.featurizer;
