#!/usr/bin/env bash
# Labels a table that lies on four servers, from nothing to labels: a quarter of 5,620 images of handwritten digits on
# each.  Right answers stored beside the images play the people.  docs/in-place.md explains what happens.
#
#	scripts/install && scripts/with-cluster examples/sharded.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/shards.bash
export PGOPTIONS='-c client_min_messages=warning'
say() { printf '\n-- %s\n' "$*"; }
# shows the statements before it runs them
run() { psql -Xq -v ON_ERROR_STOP=1 -P footer=off -e "$@"; }

say "1. Three servers beside this one, each with gtlabel and a table for its quarter of the rows"
for shard in 1 2 3; do
	shard_create "$shard"
	shard_sql "$shard" -c "CREATE TABLE digits (id bigint, features float4[], gold text, label text, confidence float8)"
done
psql -Xq -c "CREATE EXTENSION gtlabel"
for shard in 1 2 3; do shard_connect "$shard"; done

say "2. One table here, whose partitions are there"
run <<'SQL'
CREATE TABLE digits (id bigint, features float4[], gold text, label text, confidence float8) PARTITION BY HASH (id);
CREATE TABLE digits_here PARTITION OF digits FOR VALUES WITH (MODULUS 4, REMAINDER 0);
CREATE FOREIGN TABLE digits_1 PARTITION OF digits FOR VALUES WITH (MODULUS 4, REMAINDER 1) SERVER shard_1 OPTIONS (table_name 'digits');
CREATE FOREIGN TABLE digits_2 PARTITION OF digits FOR VALUES WITH (MODULUS 4, REMAINDER 2) SERVER shard_2 OPTIONS (table_name 'digits');
CREATE FOREIGN TABLE digits_3 PARTITION OF digits FOR VALUES WITH (MODULUS 4, REMAINDER 3) SERVER shard_3 OPTIONS (table_name 'digits');
SQL
gzip -dc examples/data/optdigits.copy.gz | psql -Xq -v ON_ERROR_STOP=1 -c "\copy digits (id, features, gold) FROM STDIN"
run -c "SELECT tableoid::regclass AS partition, count(*) FROM digits GROUP BY 1 ORDER BY 1"

say "3. A job in place: it works on 2,000 of the rows, drawn at random where they are"
run <<'SQL'
SET gtlabel.background = off;
SELECT gt_create_job('digits', 'digits', ARRAY['0','1','2','3','4','5','6','7','8','9'], key_column => 'id', placement => 'in_place', sample_count => 2000,
                     max_concurrent_task_count => 100, display_columns => ARRAY['id', 'features'], seed => 1);
-- people answer, rounds are run, until it is done
DO $$
BEGIN
    WHILE gt_advance_job('digits') = 'in_progress' LOOP
        PERFORM gt_annotate('digits', array_agg(t.object_key), array_agg(d.gold)) FROM gt_tasks t JOIN digits d ON d.id::text = t.object_key
          WHERE t.job_name = 'digits' AND t.state = 'available';
    END LOOP;
END $$;
SELECT state, object_count, human_labeled, machine_labeled FROM gt_jobs WHERE job_name = 'digits';
SQL

say "4. The labels of all rows, written by each server into its own"
run <<'SQL'
SELECT * FROM gt_write_labels('digits', 'label', 'confidence');
SELECT tableoid::regclass AS partition, count(*) AS rows, count(label) AS labels, count(*) FILTER (WHERE label <> gold) AS wrong FROM digits GROUP BY 1 ORDER BY 1;
SQL

say "5. A check: 300 of the machine's labels, drawn at random now that they are fixed, by a seed that nothing else has"
run <<'SQL'
CREATE TABLE checked AS
    SELECT u.key::bigint AS id, u.label, (d.s).count AS labels
      FROM (SELECT gt_merge(p.s) AS s FROM (
                SELECT gt_sample(id, label, 300, 271828) AS s FROM digits_here WHERE confidence IS NOT NULL UNION ALL
                SELECT gt_sample(id, label, 300, 271828) FROM digits_1 WHERE confidence IS NOT NULL UNION ALL
                SELECT gt_sample(id, label, 300, 271828) FROM digits_2 WHERE confidence IS NOT NULL UNION ALL
                SELECT gt_sample(id, label, 300, 271828) FROM digits_3 WHERE confidence IS NOT NULL) p OFFSET 0) d, unnest((d.s).keys, (d.s).records) u (key, label);
SET gtlabel.background = off;
-- people label them, without seeing what the machine said
CREATE VIEW to_check AS SELECT d.id, d.features, d.gold FROM digits d WHERE d.id IN (SELECT id FROM checked);
SELECT gt_create_job('check', 'to_check', ARRAY['0','1','2','3','4','5','6','7','8','9'], key_column => 'id', features_column => NULL,
                     display_columns => ARRAY['id', 'features']);
SELECT gt_annotate('check', array_agg(id::text), array_agg(gold)) FROM to_check;
SELECT gt_advance_job('check');
SELECT c.labels, count(*) AS drawn, count(*) FILTER (WHERE l.label <> c.label) AS wrong,
       gt_audit_bound(c.labels, count(*), count(*) FILTER (WHERE l.label <> c.label)) AS wrong_labels_at_most,
       round(100.0 * gt_audit_bound(c.labels, count(*), count(*) FILTER (WHERE l.label <> c.label)) / c.labels, 2) AS percent
  FROM checked c JOIN gt_labels l ON l.job_name = 'check' AND l.object_key = c.id::text GROUP BY c.labels;
SQL
