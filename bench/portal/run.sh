#!/usr/bin/env bash
# 32 annotators at once, as fast as they can, against a job over a million objects: "answer and next" through
# the portal, and by the same call in SQL, turn by turn on one durable server.  Prints the table of README.md.
#
#	bench/portal/run.sh
#
# RUNS=3 of each, SECONDS_EACH=20 seconds long; ANNOTATORS=32; OBJECTS=1000000.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -n "${GTL_CLUSTER:-}" ] ||
	exec scripts/with-cluster --durable -c shared_buffers=1GB -c max_connections=120 -c max_wal_size=8GB -c checkpoint_timeout=1h "$0" "$@"

runs=${RUNS:-3} seconds=${SECONDS_EACH:-20} annotators=${ANNOTATORS:-32} objects=${OBJECTS:-1000000}
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
make -s client
gcc -O2 -g -D_GNU_SOURCE -Iclient -isystem /usr/include/postgresql -o "$work/load" bench/portal/load.c client/buffer.c client/json.c -lpq -lpthread

psql -XqAt -v ON_ERROR_STOP=1 >/dev/null <<-SQL
	CREATE EXTENSION gtlabel;
	CREATE ROLE portal LOGIN;
	CREATE TABLE text AS SELECT i AS id, 'A message of some length, as people write them, the ' || i || 'th of many.' AS body
	  FROM generate_series(1, $objects) i;
	ALTER TABLE text ADD PRIMARY KEY (id);
	SELECT gt_create_job('bench', 'text', '{a,b,c}', key_column => 'id', features_column => NULL, auto_label => false,
	                     max_concurrent_task_count => $objects * 4 / 10);
	CHECKPOINT;
SQL
mapfile -t tokens < <(psql -XqAt -c "SELECT gt_invite_annotator('bench', 'annotator ' || i) FROM generate_series(1, $annotators) i")

build/client/gtlabel serve -U portal --listen-port 0 --connections "$annotators" >"$work/log" &
server=$!
until port=$(sed -n 's|^open http://127.0.0.1:\([0-9]*\)/|\1|p' "$work/log") && [ -n "$port" ]; do sleep 0.05; done
memory() { awk '/^VmRSS/ { print $2 }' "/proc/$server/status"; }

"$work/load" http "$port" 3 bench "${tokens[@]}" >/dev/null		# plans, caches
before=$(memory)
echo "| | answers a second | p50, ms | p99, ms | longest, ms | of the bare rate |"
echo "| --- | --- | --- | --- | --- | --- |"
requests=0
for run in $(seq "$runs"); do
	read -r _ bare p50 p99 longest < <("$work/load" sql "user=portal" "$seconds" bench "${tokens[@]}")
	echo "| SQL, run $run | $bare | $p50 | $p99 | $longest | |"
	read -r count rate p50 p99 longest < <("$work/load" http "$port" "$seconds" bench "${tokens[@]}")
	requests=$((requests + count))
	echo "| portal, run $run | $rate | $p50 | $p99 | $longest | $(awk "BEGIN { printf \"%.2f\", $rate / $bare }") |"
done
echo
echo "Memory of the server before and after $requests answers: $before kB, $(memory) kB"
