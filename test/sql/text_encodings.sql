-- The features of a text do not depend on the encoding of the database; bytes that are no text are none the worse.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
SELECT current_database() AS home \gset
SET client_encoding = UTF8;
SELECT md5(gt_text_features('Où est le café? Déjà vu!', 64)::text) AS utf8 \gset latin_
SELECT md5(gt_text_features('猫が好き カタカナ', 64)::text) AS utf8 \gset japan_
SELECT md5(gt_text_features('Где кафе? Ещё нет', 64)::text) AS utf8 \gset russia_

CREATE DATABASE gtl_latin1 TEMPLATE template0 ENCODING LATIN1 LC_COLLATE 'C' LC_CTYPE 'C';
CREATE DATABASE gtl_euc_jp TEMPLATE template0 ENCODING EUC_JP LC_COLLATE 'C' LC_CTYPE 'C';
CREATE DATABASE gtl_koi8 TEMPLATE template0 ENCODING KOI8R LC_COLLATE 'C' LC_CTYPE 'C';
CREATE DATABASE gtl_ascii TEMPLATE template0 ENCODING SQL_ASCII LC_COLLATE 'C' LC_CTYPE 'C';

\c gtl_latin1
SET client_encoding = UTF8;
CREATE EXTENSION gtlabel;
SELECT md5(gt_text_features('Où est le café? Déjà vu!', 64)::text) = :'latin_utf8' AS same, octet_length('café'::text) AS bytes;
-- a text whose first 64 kB of UTF-8 end within the first 64 kB of it
SELECT gt_text_features(repeat('é', 200000), 64) = gt_text_features(repeat('é', 32768), 64) AS first_64_kb;
-- a whole job
CREATE TABLE t AS SELECT i AS id, CASE WHEN i % 2 = 0 THEN 'café déjà vu ' ELSE 'thé glacé ' END || i AS body, CASE WHEN i % 2 = 0 THEN 'a' ELSE 'b' END AS label FROM generate_series(1, 200) i;
SELECT gt_train('latin', 't', 'label', text_column => 'body', text_dimensions => 16, algorithm => 'softmax') > 0 AS trained;
SELECT gt_predict('latin', 'CAFE DEJA VU'), gt_predict('latin', 'the glace');
\c gtl_euc_jp
SET client_encoding = UTF8;
CREATE EXTENSION gtlabel;
SELECT md5(gt_text_features('猫が好き カタカナ', 64)::text) = :'japan_utf8' AS same, octet_length('猫が'::text) AS bytes;
\c gtl_koi8
SET client_encoding = UTF8;
CREATE EXTENSION gtlabel;
SELECT md5(gt_text_features('Где кафе? Ещё нет', 64)::text) = :'russia_utf8' AS same, octet_length('кафе'::text) AS bytes;
-- bytes as they are: what is no UTF-8 reads as one symbol a byte
\c gtl_ascii
CREATE EXTENSION gtlabel;
SELECT md5(gt_text_features('Où est le café? Déjà vu!', 64)::text) = :'latin_utf8' AS same;
SELECT gt_text_features(E'caf\xE9 bar', 64) = gt_text_features(E'caf\xEF\xBF\xBD bar', 64) AS replaced,
       gt_text_features(E'\xFF\xFE\xC0\x80', 64) IS NOT NULL AS no_error;
\c :home
DROP DATABASE gtl_latin1;
DROP DATABASE gtl_euc_jp;
DROP DATABASE gtl_koi8;
DROP DATABASE gtl_ascii;
