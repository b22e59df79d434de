-- Majority and Dawid-Skene (src/learning/dawid_skene.c) in plain SQL, over the table vote (item, annotator, label), into the table theirs
-- (item, label): classes and iterations are psql variables.
SET client_min_messages = warning;
SET jit = off;
CREATE TEMP TABLE total AS SELECT item, count(*) AS votes FROM vote GROUP BY item;
CREATE TEMP TABLE z AS
    SELECT item, label AS k, count(*)::float8 / max(votes) AS z FROM vote JOIN total USING (item) GROUP BY item, label;
ANALYZE total, z;
SELECT format($$
CREATE TEMP TABLE p AS
    SELECT k, ln((COALESCE(sum(z), 0) + 1) / (%2$s + %1$s)) AS log_p
      FROM generate_series(0, %1$s - 1) k LEFT JOIN z USING (k) GROUP BY k;
CREATE TEMP TABLE pi AS
    SELECT annotator, k, label, ln(n / sum(n) OVER (PARTITION BY annotator, k)) AS log_pi
      FROM (SELECT annotator, k, label, 0.1 + (k = label)::int + COALESCE(n, 0) AS n
              FROM (SELECT DISTINCT annotator FROM vote) a
             CROSS JOIN generate_series(0, %1$s - 1) k CROSS JOIN generate_series(0, %1$s - 1) label
              LEFT JOIN (SELECT annotator, k, label, sum(z) AS n FROM vote JOIN z USING (item) GROUP BY 1, 2, 3) c
                USING (annotator, k, label)) s;
ANALYZE p, pi;
CREATE TEMP TABLE next AS
    SELECT item, k, e / sum(e) OVER (PARTITION BY item) AS z
      FROM (SELECT item, k, exp(log_z - max(log_z) OVER (PARTITION BY item)) AS e
              FROM (SELECT item, k, log_p + sum(log_pi) AS log_z
                      FROM vote JOIN pi USING (annotator, label) JOIN p USING (k) GROUP BY item, k, log_p) l) n;
DROP TABLE z, p, pi;
ALTER TABLE next RENAME TO z;
ANALYZE z
$$, :classes, (SELECT count(*) FROM total))
  FROM generate_series(1, :iterations) \gexec
CREATE TABLE theirs AS
    SELECT DISTINCT ON (item) item, k AS label
      FROM (SELECT item, k, 0.5 * z + 0.5 * (COALESCE(n, 0) + 0.5) / (votes + 0.5 * :classes) AS q
              FROM z JOIN total USING (item) LEFT JOIN (SELECT item, label AS k, count(*) AS n FROM vote GROUP BY 1, 2) v USING (item, k)) m
     ORDER BY item, q DESC, k;
