#!/usr/bin/env bash
# A job in place over 1, 2 and 4 servers of this machine, and the same with placement => 'copy' on one.
#
#	scripts/with-cluster -c shared_buffers=512MB -c maintenance_work_mem=512MB bench/in-place/run.sh [ROWS [DIMENSIONS]]
#
# The rows lie on the servers only, a part on each.  Every byte between them and this one goes through relay.py, which
# counts it.  A line for each step: servers, step, seconds, bytes.  Answers come from a column.  SERVERS='1 2' does
# these only; SERVERS= only the copy.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. scripts/shards.bash
rows=${1:-400000} dimensions=${2:-64}
export PGOPTIONS='-c client_min_messages=error -c gtlabel.background=off -c max_parallel_workers_per_gather=0'
relays=()

sql() { psql -XAtq -v ON_ERROR_STOP=1 "$@"; }
generate="SELECT id, ARRAY(SELECT (hashint8extended(id, c) / 9.3e18 + CASE WHEN c % 4 = id % 4 THEN 0.3 ELSE 0 END)::float4 FROM generate_series(1, $dimensions) c) AS features,
	'c' || id % 4 AS gold, NULL::text AS label, NULL::float8 AS confidence FROM generate_series(1, $rows::bigint) id"

# ---- The servers, each behind a relay on a port 100 higher
for shard in 1 2 3 4; do
	shard_create $shard
	socket=$GTL_CLUSTER/.s.PGSQL.$(($(shard_port $shard) + 100))
	python3 bench/in-place/relay.py "$socket" "$GTL_CLUSTER/.s.PGSQL.$(shard_port $shard)" "$GTL_CLUSTER/bytes$shard" &
	relays+=($!)
	until [ -S "$socket" ]; do sleep 0.1; done
done
trap 'kill "${relays[@]}" 2>/dev/null || true; shards_stop' EXIT
sql -c "CREATE EXTENSION gtlabel"
for shard in 1 2 3 4; do
	shard_connect $shard
	sql -c "ALTER SERVER shard_$shard OPTIONS (SET port '$(($(shard_port $shard) + 100))')"
done
for servers in ${SERVERS-1 2 4}; do
	sql -c "CREATE TABLE rows_$servers (id bigint, features float4[], gold text, label text, confidence float8) PARTITION BY LIST ((id % $servers))"
	for ((shard = 1; shard <= servers; shard++)); do
		shard_sql $shard -c "CREATE TABLE rows_$servers AS SELECT * FROM ($generate) r WHERE id % $servers = $shard - 1" -c "ALTER TABLE rows_$servers ADD PRIMARY KEY (id)" -c "VACUUM ANALYZE rows_$servers"
		sql -c "CREATE FOREIGN TABLE rows_${servers}_$shard PARTITION OF rows_$servers FOR VALUES IN ($shard - 1) SERVER shard_$shard OPTIONS (table_name 'rows_$servers')"
	done
done

# ---- Measuring
bytes() { # since the last time
	local sum=0 i
	rm -f "$GTL_CLUSTER"/bytes?
	kill -USR1 "${relays[@]}"
	for i in 1 2 3 4; do
		until [ -f "$GTL_CLUSTER/bytes$i" ]; do sleep 0.02; done
		sum=$((sum + $(cat "$GTL_CLUSTER/bytes$i")))
	done
	echo $sum
}
step() { # step SERVERS NAME psql arguments...
	local servers=$1 name=$2 start
	shift 2
	bytes >/dev/null
	start=$(date +%s.%N)
	sql "$@" >/dev/null
	printf '%s\t%s\t%.2f\t%s\n' "$servers" "$name" "$(echo "$(date +%s.%N) - $start" | bc)" "$(bytes)"
}
step_at_once() { # step_at_once SERVERS NAME: one session for each partition
	local shard start sessions=()
	bytes >/dev/null
	start=$(date +%s.%N)
	for ((shard = 1; shard <= $1; shard++)); do
		sql -c "SELECT * FROM gt_write_labels('in place $1', 'label', 'confidence', partition => 'rows_$1_$shard')" >/dev/null &
		sessions+=($!)
	done
	for shard in "${sessions[@]}"; do wait "$shard"; done
	printf '%s\t%s\t%.2f\t%s\n' "$1" "$2" "$(echo "$(date +%s.%N) - $start" | bc)" "$(bytes)"
}
play() {
	sql >/dev/null <<-END
		DO \$\$ BEGIN
		    WHILE gt_advance_job('$1') = 'in_progress' LOOP
		        PERFORM gt_annotate('$1', array_agg(object_key), array_agg('c' || object_key::bigint % 4)) FROM gt_tasks WHERE job_name = '$1' AND state = 'available';
		    END LOOP;
		END \$\$
	END
}
create="ARRAY['c0', 'c1', 'c2', 'c3'], key_column => 'id', max_concurrent_task_count => 500, validation_share => SHARE, algorithm => 'softmax', seed => 1, display_columns => ARRAY['id']"

printf 'servers\tstep\tseconds\tbytes\n'
for servers in ${SERVERS-1 2 4}; do
	step $servers 'create the job' -c "SELECT gt_create_job('in place $servers', 'rows_$servers', ${create/SHARE/0.1}, placement => 'in_place')"
	play "in place $servers"
	parts=$(for ((shard = 1; shard <= servers; shard++)); do echo "${union:-}SELECT gt_tail(gt_score((SELECT gt_model_bytes('in place $servers')), features), id, 500) AS t FROM rows_${servers}_$shard"; union='UNION ALL '; done)
	step $servers 'score all rows (gt_tail)' -c "SELECT (gt_merge(t)).count FROM ($parts) p"
	step $servers 'write the labels' -c "SELECT * FROM gt_write_labels('in place $servers', 'label', 'confidence')"
	step $servers 'write them again' -c "SELECT * FROM gt_write_labels('in place $servers', 'label', 'confidence')"
	for ((shard = 1; shard <= servers; shard++)); do
		shard_sql $shard -c "UPDATE rows_$servers SET label = NULL, confidence = NULL" -c "VACUUM rows_$servers"
	done
	step_at_once $servers 'write them, a session a server'
done
for shard in 1 2 3 4; do shard_stop $shard; done 2>/dev/null
sql -c "CREATE TABLE copied AS $generate" -c "ALTER TABLE copied ADD PRIMARY KEY (id)"
start=$(date +%s.%N)
sql -c "SELECT gt_create_job('copy', 'copied', ${create/SHARE/$(echo "scale=9; 1000 / $rows" | bc)}, guarantee => 'confidence')" >/dev/null
printf 'copy\tcreate the job\t%.2f\t0\n' "$(echo "$(date +%s.%N) - $start" | bc)"
# Batches until one labels by machine: the last call of gt_advance_job trains, scores all rows and writes the labels.
until [ "$(sql -c "SELECT count(*) > 0 FROM gt_rounds WHERE job_name = 'copy' AND auto_labeled > 0")" = t ]; do
	sql -c "SELECT gt_annotate('copy', array_agg(object_key), array_agg('c' || object_key::bigint % 4)) FROM gt_tasks WHERE job_name = 'copy' AND state = 'available'" >/dev/null
	start=$(date +%s.%N)
	state=$(sql -c "SELECT gt_advance_job('copy')")
	end=$(date +%s.%N)
	[ "$state" = in_progress ] || break
done
printf 'copy\ta round, which labels\t%.2f\t0\n' "$(echo "$end - $start" | bc)"
sql -F "$(printf '\t')" -c "SELECT j.job_name, r.round_no, r.training_count, r.auto_labeled, round(r.load_seconds::numeric, 2), round(r.train_seconds::numeric, 2), round(r.score_seconds::numeric, 2) FROM gt_rounds r JOIN gt_jobs j USING (job_name) ORDER BY 1, 2"
