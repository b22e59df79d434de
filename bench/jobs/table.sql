-- What run.sh prints.
\pset footer off
SELECT format('%s objects, ms', :objects);
SELECT '| what | job 1 | job 2 | job ' || :jobs || ' | ratio 2 | ratio ' || :jobs || ' | |' UNION ALL SELECT '| --- | --- | --- | --- | --- | --- | --- |';
SELECT format('| %s | %s | %s | %s | %s | %s | %s |', what, round(one, 2), round(two, 2), round(ten, 2),
              round(two / nullif(one, 0), 2), round(ten / nullif(one, 0), 2),
              CASE WHEN what IN ('one task with its row', 'one label by key') AND greatest(one, two, ten) > 5 THEN 'MISSED: 5 ms'
                   WHEN :objects = 100000 AND (what LIKE 'gt\_%' AND what NOT LIKE '%joined%') AND greatest(one, two, ten) > 100 * (1 + :slack) THEN 'MISSED: 100 ms'
                   WHEN one >= 5 AND greatest(two, ten) / one > 1.2 * (1 + :slack) THEN 'MISSED: 1.2' END)
  FROM (SELECT what, min(place) AS place, sum(ms) FILTER (WHERE job = 1)::numeric AS one, sum(ms) FILTER (WHERE job = 2)::numeric AS two,
               sum(ms) FILTER (WHERE job = :jobs)::numeric AS ten
          FROM timing GROUP BY what) t
 ORDER BY place;
