-- Proposals: guesses at the label that come with the rows are inputs of the classifiers, are judged, and are shown to nobody who labels.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\set messages :srcdir '/lib/messages.sql'
\i :setup
\i :messages
CREATE SCHEMA pp;
SET search_path = public, pp, gtl_test;
SET client_min_messages = warning;
\set job '''pp.guessed'', ARRAY[' :digits '], algorithm => ''softmax'', schedule => ''eager'', key_column => ''id'''
\set simulated '''pp.guessed'', ''gold'', ARRAY[' :digits '], algorithm => ''softmax'', schedule => ''eager'', key_column => ''id'''
-- a source that is right in nine of ten, and says of some guesses that it is less sure; one that guesses seldom; one that copies; one that knows nothing
CREATE FUNCTION pp.draw(id bigint, salt int) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$ SELECT (hashint8extended(id, salt) & 1048575) / 1048576.0 $$;
CREATE TABLE pp.guessed AS
    SELECT id, features, gold, CASE WHEN pp.draw(id, 1) < 0.9 THEN gold ELSE ((gold::int + 1 + (pp.draw(id, 2) * 9)::int) % 10)::text END AS llm,
           CASE WHEN pp.draw(id, 1) < 0.8 THEN 0.95 ELSE 0.6 END AS llm_confidence,
           CASE WHEN id % 4 = 0 THEN gold WHEN id % 4 = 1 THEN '' END AS rule, ((pp.draw(id, 3) * 10)::int % 10)::text AS dice
      FROM gtl_test.digits ORDER BY id LIMIT 1200;
ALTER TABLE pp.guessed ADD PRIMARY KEY (id), ADD COLUMN copy text;
UPDATE pp.guessed SET copy = llm;

-- ---- A job with guesses does what its simulation says, keeps its promise, and needs people for less ---------------------------
SELECT gt_create_job('pp llm', :job, proposal_columns => ARRAY['llm', 'rule'], seed => 1) > 0 AS created;
SELECT dimension, proposal_inputs, chosen_start, neighbours_id IS NOT NULL AS columns FROM gtlabel.job WHERE job_name = 'pp llm';
SELECT run('pp llm');
SELECT avg((l.label <> d.gold)::int) <= 0.05 AS kept FROM gt_labels l JOIN pp.guessed d ON d.id::text = l.object_key WHERE job_name = 'pp llm' AND NOT human_annotated;
SELECT s.human_labeled = j.human_labeled AS human, s.machine_labeled = j.machine_labeled AS machine
  FROM gt_simulate_job(:simulated, proposal_columns => ARRAY['llm', 'rule'], seed => 1) s, gt_jobs j WHERE s.final AND j.job_name = 'pp llm';
CREATE TEMP TABLE labels AS
    SELECT 'none' AS sources, human_labeled FROM gt_simulate_job(:simulated, seed => 11, repetitions => 6) WHERE final
    UNION ALL SELECT 'llm', human_labeled FROM gt_simulate_job(:simulated, proposal_columns => ARRAY['llm'], seed => 11, repetitions => 6) WHERE final
    UNION ALL SELECT 'copied', human_labeled FROM gt_simulate_job(:simulated, proposal_columns => ARRAY['llm', 'copy'], seed => 11, repetitions => 6) WHERE final
    UNION ALL SELECT 'dice', human_labeled FROM gt_simulate_job(:simulated, proposal_columns => ARRAY['dice'], seed => 11, repetitions => 6) WHERE final;
SELECT llm < 0.9 * "none" AS fewer, copied < 0.95 * "none" AS copies_do_not_spoil_it, dice < 1.25 * "none" AS dice_do_little_harm
  FROM (SELECT avg(human_labeled) FILTER (WHERE sources = 'none') AS "none", avg(human_labeled) FILTER (WHERE sources = 'llm') AS llm,
               avg(human_labeled) FILTER (WHERE sources = 'copied') AS copied, avg(human_labeled) FILTER (WHERE sources = 'dice') AS dice FROM labels) l;

-- ---- What the sources are worth ------------------------------------------------------------------------------------------------
SELECT source, objects = j.validation_count AS all_of_them, guessed + abstained = objects AS adds_up, correct <= guessed AS correct, accuracy BETWEEN accuracy_low AND accuracy_high AS inside,
       CASE source WHEN 'llm' THEN abstained = 0 AND 0.9 BETWEEN accuracy_low AND accuracy_high ELSE accuracy = 1 AND accuracy_high = 1 AND accuracy_low > 0.5 AND abstained > 0 END AS as_made
  FROM gt_sources('pp llm'), gt_jobs j WHERE job_name = 'pp llm';
SELECT s.correct = (SELECT count(*) FROM gtlabel.object o JOIN gtlabel.job j USING (job_id) JOIN pp.guessed g ON g.id::text = o.object_key
                     WHERE j.job_name = 'pp llm' AND o.validation_no IS NOT NULL AND g.llm = g.gold) AS as_counted,
       (SELECT sum(n::int) FROM jsonb_each(confusion) c, jsonb_each_text(c.value) v (guess, n)) = s.guessed AS confusion_adds_up,
       (SELECT sum((c.value ->> c.key)::int) FROM jsonb_each(confusion) c) = s.correct AS diagonal
  FROM gt_sources('pp llm') s WHERE source = 'llm';
SELECT gt_create_job('pp none', :job, seed => 1) > 0 AS created;
SELECT count(*) FROM gt_sources('pp none');

-- ---- Nobody who labels sees a guess --------------------------------------------------------------------------------------------
SELECT gt_create_job('pp seen', :job, proposal_columns => ARRAY['llm', 'rule'], seed => 2) > 0 AS created;
SELECT (SELECT string_agg(k, ' ' ORDER BY k) FROM json_object_keys(object) k) AS shown FROM gt_accept_tasks('pp seen', 1);
SELECT refused($$ SELECT gt_alter_job('pp seen', display_columns => ARRAY['id', 'llm']) $$);
SELECT refused($$ SELECT gt_alter_job('pp seen', display_columns => ARRAY['id', 'llm_confidence']) $$);
SELECT refused($$ SELECT gt_alter_job('pp seen', proposal_columns => ARRAY['dice']) $$);

-- ---- Models: for rows that nobody has guessed at, and as a start -----------------------------------------------------------------
SELECT model_name AS newest FROM gt_models WHERE job_name = 'pp llm' ORDER BY model_id DESC LIMIT 1 \gset
SELECT m.dimension, g.proposal_inputs FROM gt_models m JOIN gtlabel.model g USING (model_id) WHERE m.model_name = :'newest';
SELECT avg((gt_predict(:'newest', features) = gold)::int) > 0.75 AS without_guesses, bool_and((gt_score(gt_model_bytes(:'newest'), features)).class = gt_predict(:'newest', features)) AS the_same FROM pp.guessed;
SELECT with_guesses > without AS guesses_help, none_is_none, unknown_is_none, null_is_null, sure <> unsure AS confidence_counts
  FROM (SELECT avg((gt_predict(:'newest', features, ARRAY[llm, rule], ARRAY[llm_confidence, NULL]) = gold)::int) AS with_guesses, avg((gt_predict(:'newest', features) = gold)::int) AS without,
               bool_and(gt_margin(:'newest', features, NULL::text[]) = gt_margin(:'newest', features)) AS none_is_none,
               bool_and(gt_margin(:'newest', features, ARRAY['no category', '']) = gt_margin(:'newest', features)) AS unknown_is_none,
               bool_and(gt_predict(:'newest', NULL::float4[], ARRAY[llm, rule]) IS NULL AND gt_predict(NULL, features, ARRAY[llm, rule]) IS NULL) AS null_is_null,
               sum(gt_margin(:'newest', features, ARRAY[llm, rule], ARRAY[0.99, 0.99])) AS sure, sum(gt_margin(:'newest', features, ARRAY[llm, rule], ARRAY[0.5, 0.5])) AS unsure
          FROM pp.guessed) p;
SELECT abs(sum(p) - 1) < 1e-5 AS adds_up, max(gt_confidence(:'newest', features, ARRAY[llm, rule])) <= 1 AS probable
  FROM (SELECT * FROM pp.guessed WHERE gold = llm LIMIT 1) g, unnest(gt_predict_proba(:'newest', features, ARRAY[llm, rule])) p;
SELECT refused(format('SELECT gt_predict(%L, features, ARRAY[%s]) FROM pp.guessed LIMIT 1', :'newest', guesses)) FROM unnest(ARRAY['llm', 'llm, rule, llm']) guesses;
SELECT refused(format('SELECT gt_predict(%L, features, ARRAY[llm, rule], ARRAY[%s]::float8[]) FROM pp.guessed LIMIT 1', :'newest', sure)) FROM unnest(ARRAY['1.5, 0', '''nan'', 0', '0.5']) sure;
SELECT refused(format($$ SELECT gt_create_job('pp x', 'pp.guessed', ARRAY['0','1','2','3','4','5','6','7','8','9'], key_column => 'id', initial_model => %L) $$, :'newest')) ~ '^22023 .*has learned from other proposals' AS refused;
SELECT gt_create_job('pp next', :job, proposal_columns => ARRAY['llm', 'rule'], initial_model => :'newest', seed => 3) > 0 AS created;

-- ---- Without features; for text; for rows that come later --------------------------------------------------------------------------
SELECT gt_create_job('pp only', :job, features_column => NULL, proposal_columns => ARRAY['llm'], target_accuracy => 0.8, seed => 1) > 0 AS created;
SELECT dimension, proposal_inputs, neighbours_reason FROM gtlabel.job WHERE job_name = 'pp only';
SELECT run('pp only');
SELECT machine_labeled > 600 AS mostly_by_machine FROM gt_jobs WHERE job_name = 'pp only';
SELECT s.human_labeled = j.human_labeled AS human, s.machine_labeled = j.machine_labeled AS machine
  FROM gt_simulate_job(:simulated, features_column => NULL, proposal_columns => ARRAY['llm'], target_accuracy => 0.8, seed => 1) s, gt_jobs j WHERE s.final AND j.job_name = 'pp only';
SELECT avg((l.label <> d.gold)::int) <= 0.2 AS kept FROM gt_labels l JOIN pp.guessed d ON d.id::text = l.object_key WHERE job_name = 'pp only' AND NOT human_annotated;
SELECT model_name AS alone FROM gt_models WHERE job_name = 'pp only' ORDER BY model_id DESC LIMIT 1 \gset
SELECT avg((gt_predict(:'alone', '{}'::float4[], ARRAY[llm]) = gold)::int) > 0.8 AS by_guesses_alone FROM pp.guessed;
CREATE TABLE pp.message AS SELECT id, body, gold, CASE WHEN id % 20 = 0 THEN NULL WHEN id % 10 = 0 THEN 'ham' ELSE gold END AS guess FROM gtl_test.message WHERE id <= 800;
ALTER TABLE pp.message ADD PRIMARY KEY (id);
SELECT gt_create_job('pp text', 'pp.message', ARRAY['ham', 'spam'], text_column => 'body', text_dimensions => 32, proposal_columns => ARRAY['guess'], schedule => 'eager', algorithm => 'softmax', seed => 1) > 0 AS created;
SELECT dimension, proposal_inputs FROM gtlabel.job WHERE job_name = 'pp text';
SELECT run('pp text');
SELECT s.human_labeled = j.human_labeled AS human, s.machine_labeled = j.machine_labeled AS machine
  FROM gt_simulate_job('pp.message', 'gold', ARRAY['ham', 'spam'], text_column => 'body', text_dimensions => 32, proposal_columns => ARRAY['guess'], schedule => 'eager', algorithm => 'softmax', seed => 1) s, gt_jobs j
 WHERE s.final AND j.job_name = 'pp text';
SELECT model_name AS of_text FROM gt_models WHERE job_name = 'pp text' ORDER BY model_id DESC LIMIT 1 \gset
SELECT avg((gt_predict(:'of_text', body, ARRAY[guess]) = gold)::int) > 0.9 AS right_of_text, bool_and(gt_margin(:'of_text', body, ARRAY[NULL]) = gt_margin(:'of_text', body)) AS the_same FROM pp.message;
SELECT refused(format('SELECT gt_predict(%L, body, features, ARRAY[guess]) FROM pp.message, (SELECT features FROM pp.guessed LIMIT 1) f LIMIT 1', :'of_text'));
INSERT INTO pp.guessed (id, features, gold, llm) SELECT id, features, gold, gold FROM gtl_test.digits WHERE id > (SELECT max(id) FROM pp.guessed) ORDER BY id LIMIT 30;
SELECT gt_add_objects('pp seen') AS added;
SELECT length(string_agg(data, '')) = 1230 * (64 + 2 * 2 * 10) * 4 AS features, (SELECT length(string_agg(data, '')) = 1230 * 64 * 4 FROM gtlabel.feature_page p JOIN gtlabel.job USING (job_id) WHERE job_name = 'pp seen' AND block_no = 1) AS columns
  FROM gtlabel.feature_page JOIN gtlabel.job USING (job_id) WHERE job_name = 'pp seen' AND block_no = 0;

-- ---- Categories change: the inputs are those that reading the guesses by the new list gives -----------------------------------------------------
CREATE TABLE pp.fruit AS SELECT id, features[1:8] AS features, (ARRAY['apple', 'pear', 'plum', 'fig'])[1 + gold::int % 4] AS gold, (ARRAY['apple', 'pear', 'plum', 'fig'])[1 + (gold::int + (id % 7 = 0)::int) % 4] AS llm,
       0.5 + id % 40 / 100.0 AS llm_confidence, CASE WHEN id % 3 > 0 THEN (ARRAY['apple', 'pear', 'plum', 'fig'])[1 + id % 4] END AS rule
  FROM (SELECT row_number() OVER (ORDER BY id)::int AS id, features, gold FROM gtl_test.digits) d WHERE id <= 600;
ALTER TABLE pp.fruit ADD PRIMARY KEY (id);
CREATE VIEW pp.pome AS SELECT id, features, replace(gold, 'pear', 'apple') AS gold, replace(llm, 'pear', 'apple') AS llm, llm_confidence, replace(rule, 'pear', 'apple') AS rule FROM pp.fruit;
CREATE VIEW pp.no_fig AS SELECT id, features, gold, NULLIF(llm, 'fig') AS llm, llm_confidence, NULLIF(rule, 'fig') AS rule FROM pp.fruit;
CREATE FUNCTION pp.bytes(job text) RETURNS text LANGUAGE sql AS $$
    SELECT md5(string_agg(data, '' ORDER BY segment_no, page_no)) || ' ' || dimension || ' ' || proposal_inputs || ' ' || (SELECT md5(array_agg(round(m::numeric, 5) ORDER BY n)::text) FROM gtlabel.segment s, unnest(feature_mean || feature_squares) WITH ORDINALITY u (m, n) WHERE s.job_id = j.job_id AND segment_no = 0)
      FROM gtlabel.feature_page p JOIN gtlabel.job j USING (job_id) WHERE job_name = job AND block_no = 0 GROUP BY j.job_id $$;
\set fruit 'key_column => $$id$$, proposal_columns => ARRAY[$$llm$$, $$rule$$], guarantee => $$confidence$$, validation_share => 0.2, max_concurrent_task_count => 100, target_accuracy => 0.8, neighbours => true, algorithm => $$softmax$$, seed => 2'
SELECT gt_create_job('pp merged', 'pp.fruit', ARRAY['apple', 'pear', 'plum', 'fig'], :fruit) > 0 AS created;
SELECT gt_create_job('pp pome', 'pp.pome', ARRAY['apple', 'plum', 'fig'], :fruit) > 0 AS created;
SELECT gt_create_job('pp added', 'pp.fruit', ARRAY['apple', 'pear', 'plum'], :fruit) > 0 AS created;
SELECT gt_create_job('pp no fig', 'pp.no_fig', ARRAY['apple', 'fig', 'pear', 'plum'], :fruit) > 0 AS created;
SELECT answer('pp merged') > 0 AS a, gt_advance_job('pp merged'), answer('pp merged') > 0 AS b, gt_advance_job('pp merged'), answer('pp merged') > 0 AS c, gt_advance_job('pp merged');
SELECT count(*) AS rounds FROM gt_rounds WHERE job_name = 'pp merged';
SELECT gt_merge_categories('pp merged', ARRAY['pear'], 'apple');
SELECT pp.bytes('pp merged') = pp.bytes('pp pome') AS as_if_read_anew, dimension, proposal_inputs FROM gtlabel.job WHERE job_name = 'pp merged';
SELECT gt_add_category('pp added', 'fig', 2);
SELECT pp.bytes('pp added') = pp.bytes('pp no fig') AS as_if_read_anew, dimension, proposal_inputs FROM gtlabel.job WHERE job_name = 'pp added';
UPDATE pp.fruit SET gold = 'apple' WHERE gold = 'pear';
SELECT run('pp merged'), check_counters('pp merged');
SELECT machine_labeled > 50 AS by_machine, (SELECT avg((l.label <> i.gold)::int) <= 0.2 FROM gt_labels l JOIN pp.fruit i ON i.id::text = l.object_key WHERE job_name = 'pp merged' AND NOT human_annotated) AS kept FROM gt_jobs WHERE job_name = 'pp merged';
SELECT count(*) > 2 AS explained FROM gt_explain_job('pp merged');
SELECT count(*) > 1 AS explained FROM gt_explain_object('pp merged', '17');
-- rows that join name the new category, or a former name
SELECT gt_rename_category('pp added', 'fig', 'figs');
INSERT INTO pp.fruit SELECT id, features[1:8], 'figs', 'fig', 0.9, 'figs' FROM (SELECT row_number() OVER (ORDER BY id)::int AS id, features FROM gtl_test.digits) d WHERE id BETWEEN 601 AND 610;
SELECT gt_add_objects('pp added') AS added;
SELECT array_agg(round(m::numeric, 2)) AS guessed FROM gtlabel.segment s JOIN gtlabel.job USING (job_id), unnest(feature_mean[9:]) m WHERE job_name = 'pp added' AND segment_no = 1;
SELECT gt_remove_objects('pp added', ARRAY['3']) AS gone, gt_add_category('pp added', 'kiwi');
SELECT sum(row_count) AS rows, sum(s.object_count) AS objects FROM gtlabel.segment s JOIN gtlabel.job USING (job_id) WHERE job_name = 'pp added';

-- ---- Refusals, and what counts as no guess ---------------------------------------------------------------------------------------------
SELECT refused($$ SELECT gt_create_job('pp x', 'pp.guessed', ARRAY['0', '1'], proposal_columns => ARRAY['nothing']) $$);
SELECT refused($$ SELECT gt_create_job('pp x', 'pp.guessed', ARRAY['0', '1'], proposal_columns => ARRAY['llm', 'llm']) $$);
SELECT refused($$ SELECT gt_create_job('pp x', 'pp.guessed', ARRAY['0', '1'], gold_column => 'gold', proposal_columns => ARRAY['gold']) $$);
SELECT refused($$ SELECT gt_simulate_job('pp.guessed', 'gold', proposal_columns => ARRAY['llm']) $$);
SELECT refused($$ SELECT gt_simulate_job('pp.guessed', 'gold', features_column => NULL) $$);
CREATE VIEW pp.odd AS SELECT id, features, gold, llm, CASE WHEN id % 50 = 0 THEN 7 ELSE 0.5 END AS llm_confidence, 'maybe' AS rule, 'yes' AS rule_confidence FROM pp.guessed;
SELECT refused($$ SELECT gt_create_job('pp x', 'pp.odd', ARRAY['0','1','2','3','4','5','6','7','8','9'], key_column => 'id', proposal_columns => ARRAY['llm']) $$) ~ '^22000 llm_confidence of object "\d+" in dataset pp.odd is 7' AS refused;
SELECT refused($$ SELECT gt_create_job('pp x', 'pp.odd', ARRAY['0','1','2','3','4','5','6','7','8','9'], key_column => 'id', proposal_columns => ARRAY['rule']) $$);
CREATE VIEW pp.strange AS SELECT id, features, gold, CASE WHEN id % 2 = 0 THEN 'I do not know' ELSE gold END AS llm FROM pp.guessed;
SET client_min_messages = notice;
SELECT gt_create_job('pp strange', 'pp.strange', ARRAY[:digits], key_column => 'id', proposal_columns => ARRAY['llm'], schedule => 'eager', seed => 1) > 0 AS created;
SET client_min_messages = warning;
SELECT gt_create_job('pp empty', :job, proposal_columns => '{}', seed => 1) > 0 AS created;
SELECT proposal_inputs FROM gtlabel.job WHERE job_name = 'pp empty';
SELECT count(gt_drop_job(job_name, true)) FROM (SELECT job_name FROM gt_jobs WHERE job_name LIKE 'pp %' OFFSET 0) j;
