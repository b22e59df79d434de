\set ECHO none
-- 5,574 text messages, ham or spam.
SELECT to_regclass('gtl_test.message') IS NULL AS messages_are_missing \gset
\if :messages_are_missing
CREATE TABLE gtl_test.message (id bigint PRIMARY KEY, body text NOT NULL, gold text NOT NULL);
\copy gtl_test.message FROM PROGRAM 'gzip -dc "${PG_ABS_SRCDIR:-test}/../examples/data/sms_spam.csv.gz"' CSV HEADER
ANALYZE gtl_test.message;
\endif
\set ECHO all
