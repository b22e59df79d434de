#!/usr/bin/env bash
# Creating a job, beside copying its dataset with CREATE TABLE ... AS and giving the copy a
# primary key; turn by turn, on one server; and the peak of the backend's own memory.
#
#	bench/create/run.sh [part ...]		parts: narrow wide pixels memory (default: all)
#
# RUNS=5 runs of each, in turn.  ROWS=1000000 x 64 and WIDE=70000 x 784 are the datasets, made up.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -n "${GTL_CLUSTER:-}" ] ||
	exec scripts/with-cluster -c shared_buffers=4GB -c min_wal_size=4GB -c max_wal_size=16GB -c maintenance_work_mem=256MB \
		-c gtlabel.background=off "$0" "$@"

runs=${RUNS:-5} rows=${ROWS:-1000000} wide=${WIDE:-70000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
# The sum of the statements' seconds.
seconds() { sql -c '\timing on' "$@" | awk '/^Time: / { ms += $2 } END { printf "%.3f\n", ms / 1000 }'; }
median() { sort -n "$1" | sed -n "$(((runs + 1) / 2))p"; }

create_job="SELECT gt_create_job('bench', '%s', '{a,b,c}', key_column => 'id')"

dataset() { # name, rows, features, the expression that makes one
	sql <<-SQL
		CREATE TABLE $1 (id bigint PRIMARY KEY, features float4[] NOT NULL, note text);
		INSERT INTO $1 SELECT i, ARRAY(SELECT ($4) + i * 0 FROM generate_series(1, $3)), 'row ' || i FROM generate_series(1, $2) i;
		VACUUM ANALYZE $1;
		CHECKPOINT;
	SQL
}

compare() { # name, rows, features, what they are
	rm -f "$work"/*
	for _ in $(seq "$runs"); do
		seconds -c "CREATE TABLE copy AS SELECT * FROM $1" -c 'ALTER TABLE copy ADD PRIMARY KEY (id)' >> "$work/copy"
		# shellcheck disable=SC2059
		seconds -c "$(printf "$create_job" "$1")" >> "$work/job"
		sql -c 'DROP TABLE copy' -c "SELECT gt_drop_job('bench')" \
			-c 'TRUNCATE gtlabel.object, gtlabel.segment, gtlabel.feature_page, gtlabel.task' -c CHECKPOINT >/dev/null
	done
	awk -v n="$2" -v d="$3" -v w="$4" -v c="$(median "$work/copy")" -v j="$(median "$work/job")" \
		'BEGIN { printf "| %d x %d, %s | %.2f | %.2f | %.2f |\n", n, d, w, c, j, j / c }'
}

# The largest RssAnon, in kB, of a session that creates a job over a view of the first rows.
peak() { # rows
	local pid peak=0 now
	mkfifo "$work/in"
	psql -XqAt -v ON_ERROR_STOP=1 < "$work/in" > "$work/out" &
	exec 3> "$work/in"
	echo 'SELECT pg_backend_pid();' >&3
	until [ -s "$work/out" ]; do sleep 0.01; done
	pid=$(cat "$work/out")
	# shellcheck disable=SC2059
	printf "$create_job;\n" "first_$1" >&3
	exec 3>&-
	while now=$(awk '/^RssAnon/ { print $2 }' "/proc/$pid/status" 2>/dev/null) && [ -n "$now" ]; do
		[ "$now" -gt "$peak" ] && peak=$now
		sleep 0.01
	done
	wait
	rm "$work/in" "$work/out"
	sql -c "SELECT gt_drop_job('bench')" -c 'TRUNCATE gtlabel.object, gtlabel.segment, gtlabel.feature_page, gtlabel.task' >/dev/null
	echo "$peak"
}

sql -c 'SET client_min_messages = error' -c 'DROP EXTENSION IF EXISTS gtlabel' -c 'CREATE EXTENSION gtlabel'

table_head() { printf '| dataset | copy + primary key | gt_create_job | ratio |\n| --- | --- | --- | --- |\n'; }

narrow() {
	dataset narrow "$rows" 64 'random()'
	table_head
	compare narrow "$rows" 64 reals
}

wide() {
	dataset wide "$wide" 784 'random()'
	table_head
	compare wide "$wide" 784 reals
}

pixels() {
	dataset pixels "$wide" 784 'trunc(random() * 256) * round(random())'
	table_head
	compare pixels "$wide" 784 'pixels, half of them 0'
}

memory() {
	local part n now before=
	dataset all_rows "$rows" 64 'random()'
	echo "| objects | peak of the backend's own memory, MB | more than at the size before, bytes an object |"
	echo "| --- | --- | --- |"
	for part in 4 2 1; do
		n=$((rows / part))
		sql -c "CREATE VIEW first_$n AS SELECT * FROM all_rows WHERE id <= $n"
		now=$(peak "$n")
		awk -v n="$n" -v m="$now" -v b="$before" -v more="$((n / 2))" \
			'BEGIN { printf "| %d | %.1f | %s |\n", n, m / 1024, b == "" ? "" : sprintf("%.1f", (m - b) * 1024 / more) }'
		before=$now
	done
}

echo "medians of $runs runs, seconds"
[ $# -gt 0 ] || set -- narrow wide pixels memory
for part in "$@"; do echo; "$part"; done
