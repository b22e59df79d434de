#!/usr/bin/env bash
# One round of a job, end to end, by phase: Fashion-MNIST, 70,000 x 784; and scoring of 1,000,000 x 64
# from the feature pages beside reading these pages.
#
#	bench/learning/round.sh DATA_FOLDER [round] [pages]
#
# The folder holds fashion_mnist/ and load.sh.  RUNS=3 runs of the scoring.  Settings of the server that
# matter: maintenance_work_mem = 1GB, and gtlabel.max_parallel_workers (HELPERS=1).
set -euo pipefail
data=$(realpath "${1:?usage: round.sh DATA_FOLDER [round] [pages]}")
shift
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -n "${GTL_CLUSTER:-}" ] ||
	exec scripts/with-cluster -c shared_buffers=2GB -c max_wal_size=16GB -c maintenance_work_mem=1GB \
		-c gtlabel.background=off "$0" "$data" "$@"
[ $# -gt 0 ] || set -- round pages
runs=${RUNS:-3} helpers=${HELPERS:-1}

sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
median() { sort -n | sed -n "$(((runs + 1) / 2))p"; }
labels() { # answers every open task of the job, from the column label
	echo "SELECT gt_annotate('bench', array_agg(t.object_key), array_agg(d.label)) FROM gt_tasks t JOIN $1 d ON d.id::text = t.object_key
	       WHERE t.job_name = 'bench' AND t.state = 'available'"
}

# Round 0 after 7,000 validation objects, and round 1 after 1,000 more.
round() {
	"$data/load.sh" "$PGDATABASE" fashion_mnist >/dev/null
	sql -c "SET client_min_messages = error" -c "SELECT gt_create_job('bench', 'fashion_mnist', '{0,1,2,3,4,5,6,7,8,9}', schedule => 'eager', guarantee => 'confidence', validation_share => 0.1,
	        target_accuracy => 0.95, max_concurrent_task_count => 7000, seed => 1)" >/dev/null
	echo '| round | labeled | end to end, s | load | train | score | write and commit | labels written | accuracy |'
	echo '| --- | --- | --- | --- | --- | --- | --- | --- | --- |'
	for number in 0 1; do
		sql -c "$(labels fashion_mnist)" -c CHECKPOINT >/dev/null
		# the first step closes the batch and runs the round
		local ms
		ms=$(sql -c "SET gtlabel.max_parallel_workers = $helpers" -c '\timing on' -c "SELECT gt_advance_job('bench')" | awk '/^Time: / { print $2 }')
		sql -F ' | ' -c "SELECT '| $number', training_count + validation_count, round($ms / 1000.0, 2), round(load_seconds::numeric, 2), round(train_seconds::numeric, 2),
		        round(score_seconds::numeric, 2), round(($ms / 1000.0 - load_seconds - train_seconds - score_seconds)::numeric, 2), added + changed + withdrawn,
		        round(accuracy::numeric, 3) || ' |' FROM gt_rounds WHERE job_name = 'bench' AND round_no = $number"
	done
	sql -c "SELECT gt_drop_job('bench', true)" >/dev/null
}

pages() {
	sql <<-SQL
		CREATE TABLE million (id bigint PRIMARY KEY, features float4[] NOT NULL, label text NOT NULL);
		INSERT INTO million SELECT i, ARRAY(SELECT (random() * 4 + (d * (i % 10)) % 5)::float4 FROM generate_series(1, 64) d),
		       chr(97 + (i % 10)::integer) FROM generate_series(1, 1000000) i;
		VACUUM ANALYZE million;
	SQL
	local score=() read=() ms
	for ((run = 0; run < runs; run++)); do
		sql -c "SET client_min_messages = error" -c "SELECT gt_create_job('bench', 'million', '{a,b,c,d,e,f,g,h,i,j}', schedule => 'eager', guarantee => 'confidence',
		        validation_share => 0.001, algorithm => 'softmax', max_concurrent_task_count => 1000, seed => 1)" -c "$(labels million)" \
			-c CHECKPOINT -c "SET gtlabel.max_parallel_workers = 0" -c "SELECT gt_advance_job('bench')" >/dev/null
		score+=("$(sql -c 'SELECT score_seconds FROM gtlabel.round ORDER BY round_no DESC LIMIT 1')")
		ms=$(sql -c 'SET max_parallel_workers_per_gather = 0' -c '\timing on' -c 'SELECT sum(bit_count(data)) FROM gtlabel.feature_page' |
			awk '/^Time: / { print $2 }')
		read+=("$(awk "BEGIN { print $ms / 1000 }")")
		sql -c "SELECT gt_drop_job('bench', true)" -c 'TRUNCATE gtlabel.object, gtlabel.segment, gtlabel.feature_page, gtlabel.task' -c CHECKPOINT >/dev/null
	done
	awk -v s="$(printf '%s\n' "${score[@]}" | median)" -v r="$(printf '%s\n' "${read[@]}" | median)" \
		'BEGIN { printf "scoring 1,000,000 x 64, softmax, 10 classes: %.2f s (%.2f GB/s); counting the bits of its pages: %.2f s; ratio %.1f\n", s, 0.256 / s, r, s / r }'
}

sql -c 'CREATE EXTENSION gtlabel'
for part in "$@"; do
	"$part"
done
