#!/usr/bin/env bash
# What a new map of neighbours saves when two thirds of the rows join later: human labels of live jobs, beside the same jobs
# with the map of the first third, without columns, and with all rows from the start.
#
#	bench/people/later.sh [SEEDS] [ROWS]
#
# SEEDS=10 jobs of each kind, from seed 1, over ROWS=1758 rows of optdigits, drawn at random (examples/data). Rows join in a random
# order, or by category, so that the first map has never seen the categories that come. Jobs are audited, eager, softmax,
# target 0.95, and have come to their end when the other rows join.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -n "${GTL_CLUSTER:-}" ] || exec nice scripts/with-cluster -c gtlabel.background=off "$0" "$@"
seeds=${1:-10} rows=${2:-1758}
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }

sql -c 'SET client_min_messages = error' -c 'CREATE EXTENSION gtlabel' \
	-c 'CREATE TABLE source (id int PRIMARY KEY, features float4[], gold text)'
gzip -dc examples/data/optdigits.copy.gz | sql -c '\copy source FROM pstdin'
sql -v rows="$rows" <<'SQL'
DELETE FROM source WHERE id NOT IN (SELECT id FROM source ORDER BY md5(id::text) LIMIT :rows);
CREATE TABLE item (id int PRIMARY KEY, features float4[], gold text);
CREATE TABLE result (rows_join text, kind text, seed int, human int, wrong float8, maps int);

CREATE PROCEDURE finish(named text) LANGUAGE plpgsql AS $$
BEGIN
    FOR turn IN 1 .. 500 LOOP
        PERFORM gt_annotate(named, array_agg(object_key), array_agg(gold)) FROM gt_tasks JOIN source ON id::text = object_key
          WHERE job_name = named AND state = 'available' HAVING count(*) > 0;
        EXIT WHEN gt_advance_job(named) = 'completed';
        COMMIT;
    END LOOP;
END $$;

-- join order: a random one, or categories one after the other
CREATE PROCEDURE play(rows_join text, kind text, seed int) LANGUAGE plpgsql AS $$
DECLARE
    named text := format('%s %s %s', rows_join, kind, seed);
    ids int[];
    first int;
BEGIN
    SELECT array_agg(id ORDER BY CASE WHEN rows_join = 'by category' THEN gold ELSE '' END, md5(seed || ' ' || id)) INTO ids FROM source;
    first := CASE WHEN kind = 'all at once' THEN cardinality(ids) ELSE cardinality(ids) / 3 END;
    DELETE FROM item;
    INSERT INTO item SELECT * FROM source WHERE id = ANY (ids[:first]);
    PERFORM gt_create_job(named, 'item', (SELECT array_agg(DISTINCT source.gold) FROM source), schedule => 'eager', algorithm => 'softmax', seed => play.seed,
                          neighbours => CASE WHEN kind = 'without columns' THEN false END);
    CALL finish(named);
    IF kind = 'the first map' THEN
        UPDATE gtlabel.job SET neighbours_segments = NULL WHERE job_name = named;
    END IF;
    INSERT INTO item SELECT * FROM source WHERE id = ANY (ids[first + 1:]);
    PERFORM gt_add_objects(named) WHERE kind <> 'all at once';
    CALL finish(named);
    INSERT INTO result SELECT rows_join, kind, play.seed, human_labeled, (SELECT avg((l.label <> s.gold)::int) FROM gt_labels l JOIN source s ON s.id::text = l.object_key WHERE l.job_name = named),
        (SELECT count(*) FROM gt_events e WHERE e.job_name = named AND event = 'map_renewed') FROM gt_jobs WHERE job_name = named AND state = 'completed';
    PERFORM gt_drop_job(named, true);
END $$;
SQL
for ((seed = 1; seed <= seeds; seed++)); do
	for rows_join in random 'by category'; do
		for kind in 'a new map' 'the first map' 'without columns' 'all at once'; do
			[ "$kind" != 'all at once' ] || [ "$rows_join" = random ] || continue
			sql -o /dev/null -c 'SET client_min_messages = error' -c "CALL play('$rows_join', '$kind', $seed)"
		done
	done
done
echo "| rows join | columns by | human labels, mean (sd) | labels that are wrong, mean, most | new maps | jobs |"
echo "| --- | --- | --- | --- | --- | --- |"
sql -F ' | ' -c "SELECT '| ' || rows_join, kind, format('%s (%s)', round(avg(human)), round(stddev_samp(human))), format('%s %%, %s %%', round(100 * avg(wrong)::numeric, 1), round(100 * max(wrong)::numeric, 1)),
	round(avg(maps), 1), count(*) || ' |' FROM result GROUP BY rows_join, kind ORDER BY rows_join DESC, avg(human)"
