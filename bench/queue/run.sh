#!/usr/bin/env bash
# Accepting and submitting tasks, beside a queue written by hand: one table with a partial index,
# FOR UPDATE SKIP LOCKED and UPDATE.  The part clients measures both with the row of the dataset, as gtlabel hands it out
# with the task, and with the key alone (for gtlabel: the dataset is gone); the others compare
# gtlabel with the row and the queue without.  All with prepared statements, two transactions a task, turn by
# turn on one durable server.  Prints the tables of README.md.
#
#	bench/queue/run.sh [part ...]		parts: clients drain jobs snapshot (default: all)
#
# RUNS=5 runs of each, SECONDS_EACH=5 seconds long; OBJECTS=100000 in a batch.  The part clients:
# CLIENTS="1 4 16", COMMIT="on off"; the part snapshot: SNAPSHOT_RUNS=1, SIDES="gtlabel hand".  With RUNS=1
# it is a quick look.  Needs pgbench of the same server.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -n "${GTL_CLUSTER:-}" ] ||
	exec scripts/with-cluster --durable -c shared_buffers=2GB -c max_connections=60 -c min_wal_size=4GB \
		-c max_wal_size=16GB -c checkpoint_timeout=1h -c gtlabel.background=off "$0" "$@"

runs=${RUNS:-5} seconds=${SECONDS_EACH:-5} objects=${OBJECTS:-100000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
median() { sort -n "$1" | sed -n "$((($(wc -l < "$1") + 1) / 2))p"; }

cat > "$work/gtlabel" <<'SQL'
SELECT task_id FROM gt_accept_tasks('bench', 1, 'annotator ' || :client_id::text) \gset
SELECT gt_submit_annotations(ARRAY[:task_id::bigint], ARRAY['b'], 'annotator ' || :client_id::text);
SQL
cat > "$work/hand" <<'SQL'
UPDATE queue SET state = 'accepted', annotator = 'annotator ' || :client_id::text, accepted_at = now(), lease_expires_at = now() + interval '1 hour' WHERE task_id = (SELECT task_id FROM queue WHERE state = 'available' ORDER BY task_id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING task_id \gset
UPDATE queue SET state = 'submitted', label = 'b', submitted_at = now() WHERE task_id = :task_id::bigint AND annotator = 'annotator ' || :client_id::text AND state = 'accepted';
SQL

sed 's/RETURNING task_id /RETURNING task_id, (SELECT row_to_json(d) FROM "dataset" d WHERE d.id = object_key::int) /' "$work/hand" > "$work/hand_row"
cp "$work/gtlabel" "$work/gtlabel_key"

create_job() { # name, objects, in a batch
	sql <<-SQL >/dev/null
		SET client_min_messages = error;
		CREATE TABLE IF NOT EXISTS "dataset $2" AS SELECT i AS id, 'object ' || i AS body FROM generate_series(1, $2) i;
		ALTER TABLE "dataset $2" DROP CONSTRAINT IF EXISTS "dataset $2 key", ADD CONSTRAINT "dataset $2 key" PRIMARY KEY (id);
		SELECT gt_create_job('$1', '"dataset $2"', '{a,b,c}', features_column => NULL, max_concurrent_task_count => $3);
	SQL
}

# A job whose only batch is all its objects; or a queue of as many.
fresh() { # gtlabel, gtlabel_key, hand or hand_row; objects
	if [[ $1 = gtlabel* ]]; then
		sql <<-SQL >/dev/null
			SELECT gt_drop_job(job_name) FROM gt_jobs;
			TRUNCATE gtlabel.object, gtlabel.task, gtlabel.annotation;
		SQL
		create_job bench "$2" "$2"
		[ "$1" = gtlabel ] || sql -c "DROP TABLE \"dataset $2\""
	else
		sql <<-SQL
			SET client_min_messages = error;
			DROP TABLE IF EXISTS queue;
			CREATE TABLE queue (task_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, object_key text NOT NULL,
			                    state text NOT NULL DEFAULT 'available', annotator text, accepted_at timestamptz,
			                    lease_expires_at timestamptz, label text, submitted_at timestamptz);
			INSERT INTO queue (object_key) SELECT i::text FROM generate_series(1, $2) i;
			CREATE INDEX ON queue (task_id) WHERE state = 'available';
			DROP TABLE IF EXISTS dataset;
			CREATE TABLE dataset AS SELECT i AS id, 'object ' || i AS body FROM generate_series(1, $2) i;
			ALTER TABLE dataset ADD PRIMARY KEY (id);
		SQL
	fi
	sql -c CHECKPOINT
}

# Tasks a second.
rate() { # script, argument of pgbench ...
	local script=$1
	shift
	"$GTL_CLUSTER_BINDIR/pgbench" -n -M prepared -j 2 -f "$work/$script" "$@" > "$work/log" 2>&1 ||
		{ cat "$work/log" >&2; return 1; }
	awk '/^tps/ { print $3 }' "$work/log"
}

quotient() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f\n", a / b }'; }

compare() { # two sides and the file of their ratios
	printf ' %.0f | %.0f | %.2f | %.2f | %.2f |' "$(median "$work/rate.$1")" "$(median "$work/rate.$2")" "$(median "$work/rate.$3")" \
		"$(sort -n "$work/rate.$3" | head -1)" "$(sort -n "$work/rate.$3" | tail -1)"
}

clients() {
	local commit n r
	echo "Tasks a second (accepted and submitted); medians of $runs rounds of runs of $seconds s, and the median, least and greatest of their ratios"
	echo
	echo "| synchronous_commit | clients | with the row: gtlabel | by hand | ratio | least | greatest | the key alone: gtlabel | by hand | ratio | least | greatest |"
	echo "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
	for commit in ${COMMIT:-on off}; do
		export PGOPTIONS="-c synchronous_commit=$commit"
		for n in ${CLIENTS:-1 4 16}; do
			rm -f "$work"/rate.*
			for r in $(seq "$runs"); do
				for side in gtlabel hand_row gtlabel_key hand; do
					fresh $side "$objects"
					rate $side -c "$n" -T "$seconds" >> "$work/rate.$side"
				done
				quotient "$(tail -1 "$work/rate.gtlabel")" "$(tail -1 "$work/rate.hand_row")" >> "$work/rate.ratio_row"
				quotient "$(tail -1 "$work/rate.gtlabel_key")" "$(tail -1 "$work/rate.hand")" >> "$work/rate.ratio_key"
			done
			printf '| %s | %d |%s%s\n' "$commit" "$n" "$(compare gtlabel hand_row ratio_row)" "$(compare gtlabel_key hand ratio_key)"
		done
	done
	unset PGOPTIONS
}

# A whole batch until nothing is left, in tenths.
drain() {
	local t side ratios=()
	export PGOPTIONS='-c synchronous_commit=off'
	rm -f "$work"/tenth.*
	for _ in $(seq "$runs"); do
		for side in gtlabel hand; do
			fresh $side "$objects"
			for t in 1 2 3 4 5 6 7 8 9 10; do
				# one less than all for each client, so that none comes in vain
				rate $side -c 4 -t $((objects / 40 - (t == 10))) >> "$work/tenth.$t.$side"
			done
			quotient "$(tail -1 "$work/tenth.10.$side")" "$(tail -1 "$work/tenth.1.$side")" >> "$work/tenth.ratio.$side"
		done
	done
	echo "Tasks a second by tenth of a batch of $objects, 4 clients, synchronous_commit off; medians of $runs batches"
	echo
	echo "| tenth | gtlabel | by hand |"
	echo "| --- | --- | --- |"
	for t in 1 2 3 4 5 6 7 8 9 10; do
		printf '| %d | %.0f | %.0f |\n' $t "$(median "$work/tenth.$t.gtlabel")" "$(median "$work/tenth.$t.hand")"
	done
	for side in gtlabel hand; do ratios+=("$(median "$work/tenth.ratio.$side")"); done
	printf '| last to first | %.2f | %.2f |\n' "${ratios[@]}"
	unset PGOPTIONS
}

# Jobs of several sizes with 1,000 tasks open each: one session takes a task of each in turn.
jobs() {
	local n i=0 sizes="1000 10000 100000 1000000"
	export PGOPTIONS='-c synchronous_commit=off'
	fresh gtlabel 1
	rm -f "$work"/size.* "$work/sizes"
	for n in $sizes; do
		create_job "bench $n" "$n" 1000
		sed "s/'bench'/'bench $n'/" "$work/gtlabel" >> "$work/sizes"
	done
	sql -c 'VACUUM ANALYZE' -c CHECKPOINT
	for _ in 1 2 3; do
		rate sizes -r -c 1 -t 300 >/dev/null
		# the latencies of accept and submit, milliseconds
		awk '/gt_accept_tasks|gt_submit_annotations/ { print $1 }' "$work/log" | paste -d+ - - | bc > "$work/latencies"
		i=0
		for n in $sizes; do
			i=$((i + 1))
			sed -n "${i}p" "$work/latencies" >> "$work/size.$n"
		done
	done
	echo "Milliseconds for accepting and submitting a task by size of the job, 1,000 tasks open in each; one session takes"
	echo "them in turn; synchronous_commit off, medians of 3 runs of 300 tasks"
	echo
	echo "| objects of the job | ms |"
	echo "| --- | --- |"
	for n in $sizes; do printf '| %d | %.3f |\n' "$n" "$(median "$work/size.$n")"; done
	unset PGOPTIONS
}

# Another session holds a snapshot for a minute, so that no dead version of a task can be removed.
snapshot() {
	local side holder slices=$((60 / seconds)) big=$((objects * 10)) before
	export PGOPTIONS='-c synchronous_commit=off'
	rm -f "$work/rows"
	for _ in $(seq "${SNAPSHOT_RUNS:-1}"); do
		for side in ${SIDES:-gtlabel hand}; do
			fresh "$side" "$big"
			before=$(rate "$side" -c 4 -T "$seconds")
			mkfifo "$work/in"
			psql -XqAt -v ON_ERROR_STOP=1 < "$work/in" > "$work/out" &
			holder=$!
			exec 3> "$work/in"
			echo "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class;" >&3
			until [ -s "$work/out" ]; do sleep 0.01; done
			rm -f "$work/meanwhile"
			for _ in $(seq "$slices"); do rate "$side" -c 4 -T "$seconds" >> "$work/meanwhile"; done
			exec 3>&-
			wait "$holder"
			rm "$work/in" "$work/out"
			printf '| %s | %.0f | %.0f | %.0f | %.0f | %.0f |\n' "$side" "$before" "$(head -1 "$work/meanwhile")" \
				"$(median "$work/meanwhile")" "$(tail -1 "$work/meanwhile")" "$(rate "$side" -c 4 -T "$seconds")" >> "$work/rows"
		done
	done
	echo "Tasks a second while another transaction holds a snapshot for a minute, 4 clients, synchronous_commit off, a batch of $big,"
	echo "runs of $seconds s: before, the first, the median and the last of $slices meanwhile, after"
	echo
	echo "| | before | first | median | last | after |"
	echo "| --- | --- | --- | --- | --- | --- |"
	sort "$work/rows"
	unset PGOPTIONS
}

sql -c 'CREATE EXTENSION gtlabel'
[ $# -gt 0 ] || set -- clients drain jobs snapshot
for part in "$@"; do "$part"; echo; done
