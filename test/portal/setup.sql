-- The database that the tests of the portal run against: roles with passwords, and a job for each case.
\set ON_ERROR_STOP 1
\set QUIET 1
SET client_min_messages = warning;
CREATE EXTENSION gtlabel;
CREATE ROLE portal LOGIN;
CREATE ROLE maren LOGIN PASSWORD 'secret of maren';
CREATE ROLE ann LOGIN PASSWORD 'secret of ann';
CREATE ROLE bob LOGIN PASSWORD 'secret of bob';
CREATE ROLE stranger LOGIN PASSWORD 'secret of stranger';
CREATE ROLE team;
GRANT team TO ann, bob;
GRANT CREATE ON SCHEMA public TO maren;
CREATE TABLE canary (sings boolean);
INSERT INTO canary VALUES (true);

SET ROLE maren;
CREATE FUNCTION text_of(n integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT (ARRAY['where is my parcel, tracking says delivered', 'I was charged twice for one order',
                  'since the update the app closes at once', 'please end my subscription', 'thank you, it works'])[1 + n % 5]
           || E',\nmessage ' || n
$$;
-- For labeling: small batches, so that one ends within a test
CREATE TABLE message (id integer PRIMARY KEY, body text NOT NULL, channel text, features float4[] NOT NULL);
INSERT INTO message
    SELECT n, text_of(n), (ARRAY['mail', 'chat'])[1 + n % 2], ARRAY[n % 5 + 0.3 * sin(n), (n % 5) * (n % 5) + 0.3 * cos(n), sin(3 * n)]
      FROM generate_series(1, 600) n;
SELECT gt_create_job('support', 'message', ARRAY['delivery', 'payment', 'product', 'account', 'praise'], key_column => 'id',
                     workteam => 'team', max_concurrent_task_count => 40, seed => 7,
                     display_columns => ARRAY['body', 'channel'], instructions => E'# What is it about?\n\nTake what the writer **wants**.\n\n- *delivery*: where it is\n- *payment*: money') \g /dev/null
SELECT gt_create_job('shared', 'message', ARRAY['delivery', 'payment', 'product', 'account', 'praise'], key_column => 'id',
                     workteam => 'team', max_concurrent_task_count => 40, seed => 8) \g /dev/null
SELECT gt_create_job('others', 'message', ARRAY['yes', 'no'], key_column => 'id', max_concurrent_task_count => 100, seed => 9) \g /dev/null
SELECT gt_create_job('ending', 'message', ARRAY['yes', 'no'], key_column => 'id', max_concurrent_task_count => 100, seed => 9) \g /dev/null
SELECT gt_create_job('short', 'message', ARRAY['yes', 'no'], key_column => 'id', workteam => 'team', max_concurrent_task_count => 4,
                     auto_label => false, seed => 10) \g /dev/null

-- Everything that a page could mistake for its own
CREATE TABLE "<b>table</b>" (
    "id<script>" integer PRIMARY KEY,
    "<img src=x onerror=hacked=1>" text,
    picture text,
    data jsonb);
INSERT INTO "<b>table</b>"
    SELECT n, '<script>hacked = 1</script><img src=x onerror="hacked = 1"><a href="javascript:hacked=1">x</a>',
           CASE n % 3 WHEN 0 THEN 'javascript:hacked=1//.png' WHEN 1 THEN 'https://127.0.0.1:1/"onerror="hacked=1".png'
                ELSE 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" onload="hacked=1"/>' END,
           jsonb_build_array(jsonb_build_object('role', '<svg onload=hacked=1>', 'content', '<iframe srcdoc="<script>parent.hacked=1</script>">'))
      FROM generate_series(1, 60) n;
SELECT gt_create_job('<i onmouseover=hacked=1>a%2F..''"\ 100%', '"<b>table</b>"',
                     ARRAY['<script>hacked=1</script>', '"><img src=x onerror=hacked=1>', '''; DROP TABLE canary; --'],
                     key_column => 'id<script>', features_column => NULL, workteam => 'team', max_concurrent_task_count => 50,
                     auto_label => false, instructions => E'# <script>hacked=1</script>\n\n**<img src=x onerror=hacked=1>**\n\n- `<svg onload=hacked=1>`') \g /dev/null

-- For creating a job in the browser: known labels, and nothing that says so but names and types
CREATE TABLE ticket (id integer PRIMARY KEY, body text NOT NULL, topic text, features float4[] NOT NULL);
INSERT INTO ticket
    SELECT n, text_of(n), (ARRAY['delivery', 'payment', 'product', 'account', 'praise'])[1 + n % 5],
           ARRAY[n % 5 + 0.3 * sin(n), (n % 5) * (n % 5) + 0.3 * cos(n), sin(3 * n)]
      FROM generate_series(1, 1500) n;
-- Pictures as bytes and as an address, and what belongs to them
CREATE TABLE photo (id integer PRIMARY KEY, thumbnail bytea, address text, facts jsonb, taken_at timestamptz);
INSERT INTO photo
    SELECT n, decode('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==', 'base64'),
           'data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7',
           jsonb_build_object('camera', 'box ' || n, 'place', jsonb_build_array(1, 2, n)), '2026-01-02 03:04:05.678+00'
      FROM generate_series(1, 12) n;
SELECT gt_create_job('photos', 'photo', ARRAY['cat', 'dog'], key_column => 'id', features_column => NULL, auto_label => false, workteam => 'team',
                     display_columns => ARRAY['thumbnail', 'address', 'facts', 'taken_at']) \g /dev/null

-- The same with texts to learn from, and addresses that are none
CREATE TABLE letter (id integer PRIMARY KEY, link text, body text NOT NULL, sent_at timestamptz, topic text);
INSERT INTO letter
    SELECT n, 'https://example.org/letters/' || n, text_of(n), '2026-01-02 03:04:05.678+00', (ARRAY['delivery', 'payment', 'product', 'account', 'praise'])[1 + n % 5]
      FROM generate_series(1, 500) n;
-- What another model said: nothing for people to see
ALTER TABLE letter ADD COLUMN earlier text;
UPDATE letter SET earlier = (ARRAY['delivery', 'payment', 'product', 'account', 'praise'])[1 + (id + (id % 9 = 0)::integer) % 5];
RESET ROLE;
