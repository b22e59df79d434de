-- gt_report: one page that stands alone, for jobs at every stage and with any names.
BEGIN;
SET search_path = public;
SET gtlabel.background = off;
SET client_min_messages = error;
SET timezone = 'UTC';
SELECT no_plan();
CREATE ROLE regress_gtl_reader;

-- two kinds of points that a model can tell apart
CREATE TABLE points AS
    SELECT g AS id, ARRAY[(g % 2) * 4 + sin(g), cos(g * 7)]::float4[] AS features, CASE WHEN g % 2 = 1 THEN 'odd' ELSE '<even> & "more"' END AS gold
      FROM generate_series(1, 1200) g;
CREATE FUNCTION answer(job text, who text DEFAULT NULL) RETURNS integer LANGUAGE sql AS $$
    SELECT gt_annotate(job, array_agg(t.object_key), array_agg(d.gold), who) FROM gt_tasks t JOIN points d ON d.id::text = t.object_key
     WHERE t.job_name = job AND t.state = 'available' HAVING count(*) > 0
$$;
CREATE TABLE page (name text PRIMARY KEY, html text);

-- ---- What annotators wrote ------------------------------------------------------------------

SELECT ok(gt_create_job('remarked', 'points', ARRAY['odd', '<even> & "more"'], key_column => 'id', features_column => NULL, auto_label => false, seed => 1) > 0, 'a job whose annotators write');
SELECT gt_submit_annotations(array_agg(task_id), array_agg('odd'::text), 'ann', array_agg('blurred <b>'::text)) FROM gt_accept_tasks('remarked', 1, 'ann');
SELECT gt_decline_tasks(array_agg(task_id), 'bob', 'no point at all') FROM gt_accept_tasks('remarked', 1, 'bob');
SELECT ok(page LIKE '%Comments%' AND page LIKE '%declined%no point at all%' AND page LIKE '%>ann<%odd%blurred &%b&%' AND page NOT LIKE '%<b>blurred%', 'comments and reasons are in the page')
  FROM gt_report('remarked') page;
SELECT is(count(*), 2::bigint, 'and in the view') FROM gt_remarks WHERE job_name = 'remarked' AND remark IN ('blurred <b>', 'no point at all');

-- ---- At every stage ------------------------------------------------------------------------

SELECT ok(gt_create_job('begun', 'points', ARRAY['odd', '<even> & "more"'], key_column => 'id', max_concurrent_task_count => 100, seed => 1) > 0, 'a job begins');
INSERT INTO page SELECT 'begun', gt_report('begun');

SELECT ok(gt_create_job('done', 'points', ARRAY['odd', '<even> & "more"'], key_column => 'id', max_concurrent_task_count => 100,
                        validation_share => 0.2, algorithm => 'softmax', audit_share => 0.1, seed => 1) > 0, 'a job to finish');
DO $$ BEGIN
    FOR turn IN 1 .. 50 LOOP
        EXIT WHEN gt_advance_job('done') <> 'in_progress';
        IF turn = 5 THEN
            INSERT INTO page SELECT 'running', gt_report('done');
        END IF;
        PERFORM answer('done', 'Zoë <script>alert(''1'')</script>');
    END LOOP;
END $$;
INSERT INTO page SELECT 'done', gt_report('done');
SELECT is((SELECT state FROM gt_jobs WHERE job_name = 'done')::text, 'completed', 'it is finished');

-- no features, a long tail of categories, failures, and a name that would break out of anything
SELECT ok(set_config('report.name', E'"><script>alert("x")<script><!-- \'q\' &amp; ]]> \u00e9 \u202e \u0085 \U0001F600', false) <> '', 'a hostile name');
SELECT ok(gt_create_job(current_setting('report.name'), 'points',
                        ARRAY['odd', '<even> & "more"', '<img src=x onerror=alert(1)>'] || (SELECT array_agg('rare ' || g) FROM generate_series(1, 500) g),
                        key_column => 'id', features_column => NULL, task_availability_lifetime => '1 day', max_concurrent_task_count => 300, seed => 1) > 0,
          'a job with a hostile name');
SELECT is(gt_annotate(current_setting('report.name'), array_agg(object_key), array_agg('<img src=x onerror=alert(1)>'::text)), 200, 'and hostile labels')
  FROM (SELECT object_key FROM gt_tasks WHERE job_name = current_setting('report.name') AND state = 'available' ORDER BY object_key LIMIT 200) t;
SET gtlabel.clock_offset = '2d';
SELECT is(gt_advance_job(current_setting('report.name')), 'in_progress', 'it goes on');
RESET gtlabel.clock_offset;
INSERT INTO page SELECT 'hostile', gt_report(current_setting('report.name'));

-- ---- A page that stands alone --------------------------------------------------------------

SELECT is(count(*), 4::bigint, 'four pages are looked at') FROM page;
SELECT ok(html::xml IS DOCUMENT, name || ': the markup is well-formed') FROM page ORDER BY name;
SELECT ok(html ~ '^<!DOCTYPE html>\n<html lang="en">' AND html ~ '</html>\n$', name || ': a whole page') FROM page ORDER BY name;
SELECT ok(html !~ '[^\n\t\x20-\x7e]', name || ': ASCII, whatever the encoding') FROM page ORDER BY name;
SELECT ok(html !~* '<script|javascript:|https?://|<link|<iframe|<img|@import|url\(', name || ': no script, and nothing from elsewhere') FROM page ORDER BY name;
SELECT is_empty(format('SELECT unnest(xpath(''//@*[starts-with(name(), "on") or name() = "style" or name() = "src" or name() = "href"]'', html::xml))::text
                         FROM page WHERE name = %L', name), name || ': no handler, no style attribute, no address') FROM page ORDER BY name;
SELECT is((xpath('//meta[@http-equiv="Content-Security-Policy"]/@content', html::xml))[1]::text,
          format('default-src ''none''; style-src ''sha256-%s''; base-uri ''none''; form-action ''none''',
                 encode(sha256(convert_to(substring(html FROM '<style>(.*)</style>'), 'UTF8')), 'base64')),
          name || ': the policy admits nothing but the page''s own style sheet') FROM page ORDER BY name;

-- ---- What it shows ---------------------------------------------------------------------------

SELECT ok(html ~ 'Right in validation, the model of each round', 'the learning curve') FROM page WHERE name = 'done';
SELECT is((length(html) - length(replace(html, said, ''))) / length(said), 1, 'the reason of a round stands in one place')
  FROM page, LATERAL (SELECT replace(replace(left(reason, 60), '>', '&gt;'), '''', '&#39;') AS said FROM gt_rounds WHERE job_name = 'done' ORDER BY round_no DESC LIMIT 1) r
 WHERE name = 'done';
SELECT ok(html !~ '>\(null\)', name || ': nothing is called (null)') FROM page ORDER BY name;

-- ---- For everybody -------------------------------------------------------------------------

SELECT is_empty(format('SELECT unnest(xpath(''//svg[@role="img"][not(title)]'', html::xml))::text FROM page WHERE name = %L', name),
                name || ': every picture has a title') FROM page ORDER BY name;
SELECT is_empty(format('SELECT unnest(xpath(''//th[not(@scope)] | //table[not(caption)]'', html::xml))::text FROM page WHERE name = %L', name),
                name || ': every table has a caption, and its headings say what they head') FROM page ORDER BY name;
SELECT is_empty(format('SELECT id::text FROM page, unnest(xpath(''//@id'', html::xml)) id WHERE name = %L GROUP BY 1 HAVING count(*) > 1', name),
                name || ': no id is there twice') FROM page ORDER BY name;
SELECT is_empty(format('SELECT w FROM page, unnest(xpath(''//@aria-labelledby'', html::xml)) a, unnest(string_to_array(a::text, '' '')) w
                         WHERE name = %L AND (xpath(format(''//*[@id="%%s"]'', w), html::xml))[1] IS NULL', name),
                name || ': what names a picture is there') FROM page ORDER BY name;

-- ---- What it says --------------------------------------------------------------------------

SELECT is(replace(replace(replace(replace((xpath('string(//h1)', html::xml))[1]::text, '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&amp;', '&'),
          replace(current_setting('report.name'), E'\u0085', E'\ufffd'), 'the name of the job is a text') FROM page WHERE name = 'hostile';
SELECT ok(html LIKE '%&#233; &#8238; &#65533; &#128512;</bdi>%', 'characters become references, control characters a replacement') FROM page WHERE name = 'hostile';
SELECT ok(html LIKE '%&lt;img src=x onerror=alert(1)&gt;</th>%', 'so are the categories') FROM page WHERE name = 'hostile';
SELECT ok(html LIKE '%Zo&#235; &lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;</th>%', 'and the annotators') FROM page WHERE name = 'done';
SELECT is((xpath('string(//p[@class="lead"])', html::xml))[1]::text, 'In progress: none of the 1,200 objects has a label yet.', 'the headline of a job that begins')
  FROM page WHERE name = 'begun';
SELECT is((xpath('string(//p[@class="lead"])', html::xml))[1]::text,
          format('Completed: people labeled %s of 1,200 objects, the machine labeled %s, besides %s that people have checked since and count as theirs.',
                 human_labeled, machine_labeled, audit_count), 'of one that is finished')
  FROM page, gt_jobs WHERE name = 'done' AND job_name = 'done';
SELECT matches((xpath('string(//p[starts-with(@class, "promise")])', html::xml))[1]::text,
               '^\d+ machine labels with a margin of at least [\d.]+: with a confidence of 95.0 %, measured, not proved, at most 5.0 % of them are wrong \(\d+ of \d+ validation objects wrong, bound [\d.]+ %\)\.$',
               'the certificate is one sentence') FROM page WHERE name = 'done';
SELECT ok(html LIKE '%Audit: people checked %', 'and the audit another') FROM page WHERE name = 'done';
SELECT set_eq($$ SELECT name FROM page WHERE html LIKE '%id="coverage-wide-title"%' $$, ARRAY['running', 'done'], 'there is a curve as soon as there is a model');
SELECT set_eq($$ SELECT name FROM page WHERE html LIKE '%id="progress-wide-title"%' $$, ARRAY['running', 'done', 'hostile'], 'and a picture as soon as a batch is done');
SELECT ok(html LIKE '%The first batch is with people: 0 of 100 answers are in.%' AND html LIKE '%Nobody has answered yet.%', 'before that the page says what comes')
  FROM page WHERE name = 'begun';
SELECT ok(html LIKE '%<summary>483 more categories</summary>%', 'the tail of the categories is folded away') FROM page WHERE name = 'hostile';
SELECT ok(html ~ 'expired</th><td class="n">100</td>', 'failures are counted by reason') FROM page WHERE name = 'hostile';
SELECT is((SELECT count(*) FROM page, unnest(xpath('//ol[@class="events"]/li', html::xml)) WHERE name = 'done'),
          (SELECT count(*) FROM gt_events WHERE job_name = 'done'), 'every event is in the timeline');
SELECT is((SELECT sum(replace(n::text, ',', '')::int) FROM page, unnest(xpath('//table[caption="Labels of each category"]/tbody/tr/td[position() < 3]/text()', html::xml)) n
            WHERE name = 'done'), 1200::bigint, 'the categories add up to the objects');
SELECT is(regexp_replace(gt_report('done'), 'Written [\d: -]+', ''), regexp_replace(html, 'Written [\d: -]+', ''), 'the same job gives the same page') FROM page WHERE name = 'done';

-- ---- Whom it answers -----------------------------------------------------------------------

SELECT throws_ok($$ SELECT gt_report('nothing of the kind') $$, '42704', 'labeling job "nothing of the kind" does not exist', 'an unknown job');
SELECT throws_ok($$ SELECT gt_report(NULL) $$, '22004', NULL, 'no job at all');
SET ROLE regress_gtl_reader;
SELECT throws_ok($$ SELECT gt_report('done') $$, '42501', 'must be owner of labeling job "done"', 'gt_report is the owner''s');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
