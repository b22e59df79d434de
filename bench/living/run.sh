#!/usr/bin/env bash
# Rows that join in many segments beside one creation of all; a round after each; what follow costs those who insert.
#
#	bench/living/run.sh
#
# ROWS=1000000 x DIMENSIONS=32, in SEGMENTS=100; VALIDATION=2000 validation objects in all; INSERTS=5 inserts of 100,000
# rows each way.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -n "${GTL_CLUSTER:-}" ] ||
	exec scripts/with-cluster -c shared_buffers=2GB -c min_wal_size=2GB -c max_wal_size=8GB -c maintenance_work_mem=512MB \
		-c gtlabel.background=off "$0" "$@"
rows=${ROWS:-1000000} d=${DIMENSIONS:-32} segments=${SEGMENTS:-100} inserts=${INSERTS:-5}
piece=$((rows / segments))

sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
seconds() { sql -c '\timing on' "$@" | awk '/^Time: / { ms += $2 } END { printf "%.2f\n", ms / 1000 }'; }
median() { sort -n | awk '{ x[NR] = $1 } END { print x[int((NR + 1) / 2)] }'; }
made="ARRAY(SELECT ((i * 7919::bigint * (j + 3)) % 1009 / 1009.0 + (i % 3) * (j % 2))::float4 FROM generate_series(1, $d) j)"
# the same share of validation objects: by itself a job that begins with few rows takes a larger one
share=$(awk -v r="$rows" -v p="$piece" -v v="${VALIDATION:-2000}" 'BEGIN { x = int(v / r * p + 0.999); print x / p }')
settings="schedule => 'eager', guarantee => 'confidence', algorithm => 'softmax', seed => 1, validation_share => $share"
answer() { # job: the validation set, and the round after it
	sql -o /dev/null <<-SQL
		DO \$\$
		DECLARE done boolean := false;
		BEGIN
		    WHILE NOT done LOOP
		        PERFORM gt_annotate('$1', array_agg(object_key), array_agg('c' || object_key::int % 3)) FROM gt_tasks
		          WHERE job_name = '$1' AND state = 'available' HAVING count(*) > 0;
		        PERFORM gt_advance_job('$1');
		        done := EXISTS (SELECT FROM gt_rounds WHERE job_name = '$1') AND
		                NOT EXISTS (SELECT FROM gt_batches WHERE job_name = '$1' AND subset = 'validation' AND state = 'open');
		    END LOOP;
		END \$\$;
	SQL
}
round() { sql -c "SELECT format('%s s (load %s, train %s, score %s; %s labels, %s of them of validation objects)', round((load_seconds + train_seconds + score_seconds)::numeric, 2), round(load_seconds::numeric, 2), round(train_seconds::numeric, 2), round(score_seconds::numeric, 2), training_count, validation_count) FROM gt_rounds WHERE job_name = '$1' ORDER BY round_no DESC LIMIT 1"; }

sql -c 'SET client_min_messages = error' -c 'CREATE EXTENSION IF NOT EXISTS gtlabel' -c 'CREATE TABLE item (id int PRIMARY KEY, features float4[])' \
	-c "CREATE TABLE source AS SELECT i AS id, $made AS features FROM generate_series(1, $rows) i" -c 'ALTER TABLE source ADD PRIMARY KEY (id)'

sql -c "INSERT INTO item SELECT * FROM source WHERE id <= $piece"
# in one session, as a worker or a scheduler has it
steps() {
	echo "SELECT gt_create_job('grown', 'item', '{c0,c1,c2}', $settings) \\g /dev/null"
	for ((s = 1; s < segments; s++)); do
		printf '\\timing off\nINSERT INTO item SELECT * FROM source WHERE id > %d AND id <= %d;\n\\timing on\n' $((s * piece)) $(((s + 1) * piece))
		echo "SELECT gt_add_objects('grown') \\g /dev/null"
	done
}
grown=$( (echo '\timing on'; steps) | sql | awk '/^Time: / { ms += $2 } END { printf "%.2f\n", ms / 1000 }')
whole=$(seconds -o /dev/null -c "SELECT gt_create_job('whole', 'item', '{c0,c1,c2}', $settings)")
echo "| rows x dimensions, segments | all at once, s | in segments, s | ratio |"
echo "| --- | --- | --- | --- |"
awk -v r="$rows" -v d="$d" -v s="$segments" -v w="$whole" -v g="$grown" 'BEGIN { printf "| %d x %d, %d | %.1f | %.1f | %.2f |\n", r, d, s, w, g, g / w }'

answer whole
answer grown
echo
echo "A round over all: $(round whole) with one segment, $(round grown) with $segments."
sql -o /dev/null -c "SELECT gt_drop_job('whole', true), gt_drop_job('grown', true)"

timed() { for _ in $(seq "$inserts"); do seconds -c 'BEGIN' -c "INSERT INTO item SELECT id + $rows, features FROM source WHERE id <= 100000" -c 'ROLLBACK'; done | median; }
sql -o /dev/null -c "SELECT gt_create_job('followed', 'item', '{c0,c1,c2}', features_column => NULL, max_concurrent_task_count => 1, follow => true)"
with=$(timed)
sql -o /dev/null -c "SELECT gt_alter_job('followed', follow => false)"
without=$(timed)
awk -v a="$without" -v b="$with" 'BEGIN { printf "\nAn insert of 100,000 rows: %.2f s without a job that follows, %.2f s with (%+.0f %%).\n", a, b, 100 * (b / a - 1) }'
