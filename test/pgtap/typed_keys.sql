-- Keys keep their type: every row is found again by the text of its key, through the index of the
-- dataset, whatever the type, its collation and the session's settings.
BEGIN;
SET search_path = public;
SET client_min_messages = error;
SET gtlabel.background = off;
SELECT no_plan();

CREATE EXTENSION citext;
CREATE TYPE mood AS ENUM ('sad', 'happy', 'it''s');
CREATE DOMAIN code AS varchar(12) CHECK (VALUE ~ '^[a-z]');
CREATE COLLATION nobody_cares (provider = icu, locale = 'und-u-ks-level2', deterministic = false);

-- type of the key column, and expressions over i = 1, 2, 3 for three different keys
CREATE TEMP TABLE kind (type text, keys text[]);
INSERT INTO kind VALUES
    ('smallint', '{1,-2,32767}'), ('bigint', '{1,-9000000000000000000,3}'), ('numeric', '{1.0,1.00,-0.5}'),
    ('real', '{0.1,1e-30,NaN}'), ('double precision', '{0.1,0.30000000000000004,-Infinity}'),
    ('text', '{"a b","","ü\\ "}'), ('varchar(5)', '{a,b,c}'), ('char(5)', '{a,ab,abcde}'), ('name', '{a,b,c}'), ('"char"', '{a,b,c}'),
    ('text COLLATE "POSIX"', '{a,B,c}'), ('text COLLATE "und-x-icu"', '{a,B,c}'), ('text COLLATE nobody_cares', '{a,b,c}'),
    ('citext', '{a,b,C}'), ('code', '{a,b,c}'), ('mood', '{sad,happy,it''s}'), ('boolean', '{t,f}'),
    ('date', '{2026-02-03,0001-01-01 BC,infinity}'), ('timestamp', '{2026-02-03 04:05:06.789012,-infinity,1999-12-31}'),
    ('timestamptz', '{2026-02-03 04:05:06+00,2026-07-03 04:05:06+00,infinity}'), ('time', '{04:05:06,24:00:00,00:00:00.000001}'),
    ('interval', '{1 mon -1 days,-1 day +02:03:04,1 year}'), ('uuid', '{00000000-0000-0000-0000-000000000001,00000000-0000-0000-0000-000000000002}'),
    ('bytea', '{"\\x00ff","\\x","\\x5c"}'), ('money', '{1.25,-1234567.89,0}'), ('inet', '{10.0.0.1,10.0.0.0/8,::1}'),
    ('bit varying', '{1,01,001}'), ('oid', '{1,2,4000000000}'), ('integer[]', '{"{1,2}","{}","{3}"}'), ('int4range', '{"[1,3)",empty,"(,5)"}'),
    ('tstzrange', '{"[2026-01-01 00:00:00+00,2026-06-01 00:00:00+00)",empty}'), ('jsonb', '{"{\"a\": 1}","[]","null"}');

-- one job for each type, created under one set of settings ...
CREATE FUNCTION pg_temp.create_job(type text, keys text[]) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE %I (k %s PRIMARY KEY, body text, features float4[], "odd "" name" int)', 't ' || type, type)
    ;
    FOR i IN 1 .. cardinality(keys) LOOP
        EXECUTE format('INSERT INTO %I VALUES (%L, %L, ARRAY[%s, 1], %s)', 't ' || type, keys[i], 'body ' || i, i, i);
    END LOOP;
    PERFORM gt_create_job('j ' || type, format('%I', 't ' || type)::regclass, ARRAY['a', 'b'], seed => 1);
    RETURN type;
EXCEPTION WHEN unique_violation OR duplicate_object THEN
    -- equal to the type although they differ as text: a column without a unique index
    EXECUTE format('CREATE TABLE %I (k %s, body text, features float4[], "odd "" name" int)', 't ' || type, type);
    FOR i IN 1 .. cardinality(keys) LOOP
        EXECUTE format('INSERT INTO %I VALUES (%L, %L, ARRAY[%s, 1], %s)', 't ' || type, keys[i], 'body ' || i, i, i);
    END LOOP;
    PERFORM gt_create_job('j ' || type, format('%I', 't ' || type)::regclass, ARRAY['a', 'b'], key_column => 'k', seed => 1);
    RETURN type;
END $$;
SET DateStyle = 'SQL, DMY'; SET IntervalStyle = sql_standard; SET TimeZone = 'Asia/Kathmandu'; SET extra_float_digits = -15; SET bytea_output = escape;
SELECT is(pg_temp.create_job(type, keys), type, format('a job with a key of type %s', type)) FROM kind;

-- ... and read under another
SET DateStyle = 'German'; SET IntervalStyle = iso_8601; SET TimeZone = 'America/St_Johns'; SET extra_float_digits = 0; SET bytea_output = hex;
CREATE FUNCTION pg_temp.bodies(type text) RETURNS text[] LANGUAGE sql AS $$
    SELECT array_agg(r.object ->> 'body' ORDER BY r.object ->> 'body')
      FROM gt_dataset_rows('j ' || type, (SELECT array_agg(object_key) FROM gtlabel.object JOIN gtlabel.job USING (job_id) WHERE job_name = 'j ' || type)) r
$$;
SELECT is(pg_temp.bodies(type), (SELECT array_agg('body ' || i ORDER BY i) FROM generate_series(1, cardinality(keys)) i),
          format('rows are found by a key of type %s', type)) FROM kind;

-- Labels: by the key itself, and all of them with typed keys
INSERT INTO gtlabel.label (job_id, object_no, class_no, confidence, human, labeled_at)
    SELECT job_id, object_no, object_no % 2, 0.5, true, now() FROM gtlabel.object;
CREATE FUNCTION pg_temp.by_key(type text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM %I d, gt_label(%L, d.k%s) l JOIN gt_labels g ON g.job_name = %L AND g.label = l.label'
                   ' WHERE g.object_key = (SELECT r.object_key FROM gtlabel.object r JOIN gtlabel.job USING (job_id),'
                   '   gt_dataset_rows(%L, ARRAY[r.object_key]) x WHERE job_name = %L AND x.object ->> ''body'' = d.body)',
                   't ' || type, 'j ' || type, CASE WHEN type = '"char"' THEN '::text' END, 'j ' || type, 'j ' || type, 'j ' || type) INTO n;
    RETURN n;
END $$;
CREATE FUNCTION pg_temp.joined(type text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
    EXECUTE format('SELECT count(DISTINCT d.body) FROM %I d JOIN gt_labels_of(%L, (SELECT k FROM %I LIMIT 0)) l ON l.key = d.k',
                   't ' || type, 'j ' || type, 't ' || type) INTO n;
    RETURN n;
END $$;
SELECT is(pg_temp.by_key(type), cardinality(keys)::bigint, format('labels are found by a key of type %s', type)) FROM kind;
SELECT is(pg_temp.joined(type), cardinality(keys)::bigint, format('labels are joined by a key of type %s', type)) FROM kind;
SELECT is((SELECT count(*) FROM gt_labels l JOIN "t text COLLATE ""POSIX""" d ON d.k::text = l.object_key WHERE l.job_name = 'j text COLLATE "POSIX"'), 3::bigint,
          'a key with a collation of its own is joined as text, too');
SELECT is((SELECT count(*) FROM gt_tasks t JOIN "t text COLLATE ""und-x-icu""" d ON d.k::text = t.object_key WHERE t.job_name = 'j text COLLATE "und-x-icu"'), 3::bigint,
          'a task, too');
SELECT is_empty($$ SELECT * FROM gt_label('j bigint', 4711) $$, 'no object, no row');
SELECT is_empty($$ SELECT * FROM gt_label('j bigint', NULL::bigint) $$, 'no key, no row');
SELECT is((SELECT label FROM gt_label('j bigint', '1')), (SELECT label FROM gt_label('j bigint', 1)), 'the text of a key will do');
DELETE FROM gtlabel.label;

-- Order, NULL for what is gone, columns
DELETE FROM "t bigint" WHERE k = 3;
SELECT results_eq($$ SELECT object_key, object::text FROM gt_dataset_rows('j bigint', ARRAY['1', '3', '-9000000000000000000', '1']) $$,
                  $$ VALUES ('1', '{"k":1,"body":"body 1","odd \" name":1}'), ('3', NULL),
                            ('-9000000000000000000', '{"k":-9000000000000000000,"body":"body 2","odd \" name":2}'),
                            ('1', '{"k":1,"body":"body 1","odd \" name":1}') $$,
                  'rows come in the order of the keys, with all columns but the features, and NULL for a row that is gone');
SELECT results_eq($$ SELECT object::text FROM gt_dataset_rows('j bigint', ARRAY['1'], ARRAY['odd " name', 'no such', 'k']) $$,
                  $$ VALUES ('{"odd \" name":1,"k":1}') $$, 'the columns come in the order asked for; one that is gone is left out');
SELECT is_empty($$ SELECT * FROM gt_dataset_rows('j bigint', NULL) $$, 'no keys, no rows');
SELECT results_eq($$ SELECT object::text FROM gt_dataset_rows('j bigint', ARRAY['1'], ARRAY[]::text[]) $$, $$ VALUES ('{}') $$, 'no columns');

-- As the job's owner, whoever asks
CREATE ROLE typed_owner; CREATE ROLE typed_heir IN ROLE typed_owner;
CREATE TABLE secret AS SELECT i AS k, 'body ' || i AS body FROM generate_series(1, 5) i;
ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON secret USING (CURRENT_USER = 'typed_owner' AND k > 1);
GRANT SELECT ON secret TO typed_owner;
SET ROLE typed_owner;
SELECT gt_create_job('secret', 'secret', ARRAY['a', 'b'], key_column => 'k', features_column => NULL) > 0;
RESET ROLE;
INSERT INTO gtlabel.object SELECT job_id, 4, NULL, NULL, '1' FROM gtlabel.job WHERE job_name = 'secret';
SELECT results_eq($$ SELECT object ->> 'body' FROM gt_dataset_rows('secret', ARRAY['1', '2']) $$, $$ VALUES (NULL), ('body 2') $$,
                  'a superuser sees what the owner may see');
SET ROLE typed_heir;
SELECT results_eq($$ SELECT object ->> 'body' FROM gt_dataset_rows('secret', ARRAY['1', '2']) $$, $$ VALUES (NULL), ('body 2') $$,
                  'a member of the owner''s role sees what the owner may see');
RESET ROLE;
CREATE ROLE typed_stranger;
SET ROLE typed_stranger;
SELECT throws_ok($$ SELECT * FROM gt_dataset_rows('secret', ARRAY['2']) $$, '42501', 'must be owner of labeling job "secret"', 'a stranger sees nothing');
RESET ROLE;
REVOKE SELECT ON secret FROM typed_owner;
SELECT throws_ok($$ SELECT * FROM gt_dataset_rows('secret', ARRAY['2']) $$, '42501', 'permission denied for table secret',
                 'a plan that is kept is not run for who may not read any more');
DROP TABLE secret;
SELECT results_eq($$ SELECT object ->> 'body' FROM gt_dataset_rows('secret', ARRAY['1', '2']) $$, $$ VALUES (NULL::text), (NULL) $$, 'a dataset that is gone has no rows');

-- Through the index
CREATE TABLE big (k bigint PRIMARY KEY, body text);
INSERT INTO big SELECT i, 'body ' || i FROM generate_series(1, 30000) i;
SELECT gt_create_job('big', 'big', ARRAY['a', 'b'], features_column => NULL) > 0;
CREATE FUNCTION pg_temp.scanned() RETURNS bigint LANGUAGE sql AS $$ SELECT pg_stat_get_xact_tuples_returned('big'::regclass) $$;
SELECT pg_temp.scanned() AS before \gset
SELECT count(r.object) FROM gt_dataset_rows('big', ARRAY['1', '17000', '29000']) r;
SELECT is(pg_temp.scanned() - :before, 0::bigint, 'rows of a table with an index on its key are not found by a scan of the table');

SELECT * FROM finish();
ROLLBACK;
