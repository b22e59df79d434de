#!/usr/bin/env bash
# gtlabel import and export of 1,000,000 lines beside psql's \copy of the same bytes: seconds, and the program's memory.
#
#	bench/exchange/run.sh [part ...]		parts: import export (default: all)
#
# RUNS=3 runs of each, in turn; the medians are printed.  LINES=1000000.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -n "${GTL_CLUSTER:-}" ] ||
	exec scripts/with-cluster -c shared_buffers=1GB -c min_wal_size=4GB -c max_wal_size=16GB -c gtlabel.background=off "$0" "$@"

runs=${RUNS:-3} lines=${LINES:-1000000}
parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(import export)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gtlabel=build/client/gtlabel

sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }

# timed NAME COMMAND...: a line "NAME seconds CPU-seconds RSS" into $work/times; of the program, not of the server
timed() {
	/usr/bin/python3 - "$work/times" "$@" <<-'PYTHON'
		import os, subprocess, sys, time
		out, name, command = sys.argv[1], sys.argv[2], sys.argv[3:]
		begin = time.monotonic()
		process = subprocess.Popen(command)
		peak, done = 0, 0
		while not done:     # its own peak: that of getrusage would be this program's before the exec
		    time.sleep(0.01)
		    try:
		        with open(f'/proc/{process.pid}/status') as file:
		            peak = max([peak] + [int(line.split()[1]) for line in file if line.startswith('VmHWM')])
		    except OSError:
		        pass
		    done, status, usage = os.wait4(process.pid, os.WNOHANG)
		seconds = time.monotonic() - begin
		if status != 0:
		    sys.exit(f'{name}: exit status {status}')
		with open(out, 'a') as file:
		    print(name, f'{seconds:.3f} {usage.ru_utime + usage.ru_stime:.3f} {peak / 1024:.1f}', file=file)
	PYTHON
}

# The medians of NAME: seconds, seconds of the program's own, MB; and the ratio to those of BASE
row() { # NAME BASE what it is
	local column base value=()
	for column in 2 3 4; do
		value+=("$(awk -v n="$1" -v c=$column '$1 == n { print $c }' "$work/times" | sort -n | sed -n "$(((runs + 1) / 2))p")")
	done
	base=$(awk -v n="$2" '$1 == n { print $2 }' "$work/times" | sort -n | sed -n "$(((runs + 1) / 2))p")
	awk -v w="$3" -v s="${value[0]}" -v c="${value[1]}" -v m="${value[2]}" -v b="$base" \
		'BEGIN { printf "| %s | %.2f | %.2f | %.1f | %.2f |\n", w, s, c, m, s / b }'
}

# Texts of 8 to 23 words, a number, and in a third of the lines the label of an earlier job
manifest() {
	awk -v n="$lines" 'BEGIN {
		srand(7)
		for (i = 1; i <= n; i++) {
			text = ""
			for (j = 8 + int(rand() * 16); j > 0; j--) text = text "word" int(rand() * 5000) (j > 1 ? " " : "")
			printf "{\"source\": \"%s\", \"id\": %d, \"score\": %.6f", text, i, rand()
			if (i % 3 == 0)
				printf ", \"topic\": %d, \"topic-metadata\": {\"class-name\": \"class%d\", \"confidence\": 0.94, \"type\": \"groundtruth/text-classification\", \"job-name\": \"labeling-job/topics-1\", \"human-annotated\": \"yes\", \"creation-date\": \"2026-01-05T10:11:12.131415\"}", i % 7, i % 7
			print "}"
		}
	}'
}

# A line a row, whatever is in it
copy_in() { printf '\\copy %s FROM %s WITH (FORMAT csv, QUOTE E%s, DELIMITER E%s)' "$1" "$2" "'\\x01'" "'\\x02'"; }

head_of_table() { printf '\n| %s, %s lines, %.0f MB | seconds | of it the program, CPU | its memory, MB | ratio |\n| --- | --- | --- | --- | --- |\n' "$1" "$lines" "$2"; }

part_import() {
	local plain="CREATE TABLE plain (line text)" csv="CREATE TABLE plain_csv (id text, score text, source text)"
	gzip -k1 "$work/manifest"
	/usr/bin/python3 -c "
import csv, json, sys
out = csv.writer(sys.stdout, lineterminator='\n')
out.writerow(['id', 'score', 'source'])
for line in open('$work/manifest'):
    row = json.loads(line)
    out.writerow([row['id'], row['score'], row['source']])" >"$work/csv"
	for _ in $(seq "$runs"); do
		sql -c "DROP TABLE IF EXISTS plain, plain_csv, t_manifest, t_packed, t_jsonl, t_csv" -c "$plain" -c "$csv" -c CHECKPOINT 2>/dev/null
		timed copy psql -Xq -c "$(copy_in plain "$work/manifest")"
		timed manifest "$gtlabel" import "$work/manifest" -t t_manifest --quiet
		timed packed "$gtlabel" import "$work/manifest.gz" -t t_packed --quiet
		timed jsonl "$gtlabel" import "$work/manifest" --format jsonl -t t_jsonl --quiet
		timed copy_csv psql -Xq -c "\\copy plain_csv FROM $work/csv CSV HEADER"
		timed csv "$gtlabel" import "$work/csv" -t t_csv --quiet
	done
	head_of_table import "$(stat -c %s "$work/manifest" | awk '{ print $1 / 1e6 }')"
	row copy copy 'psql \\copy, a line a row'
	row manifest copy 'gtlabel import, manifest'
	row packed copy 'the same, packed'
	row jsonl copy 'as JSON Lines: a column a key'
	row copy_csv copy_csv 'psql \\copy, CSV'
	row csv copy_csv 'gtlabel import, CSV'
}

part_export() {
	sql -c "DROP TABLE IF EXISTS t_manifest" 2>/dev/null
	"$gtlabel" import "$work/manifest" -t t_manifest --quiet
	sql -c "ALTER TABLE t_manifest ADD COLUMN features float4[]" \
		-c "UPDATE t_manifest SET features = ARRAY[line_no % 7, line_no % 5, 1]" -c "VACUUM ANALYZE t_manifest" \
		-c "SELECT gt_create_job('bench', 't_manifest', '{class0,class1,class2,class3,class4,class5,class6}', label_column => 'label',
				label_attribute_name => 'topic', display_columns => '{source}')" >/dev/null 2>&1
	for _ in $(seq "$runs"); do
		timed copy_out psql -Xq -c "\\copy t_manifest (line) TO $work/out"
		timed out_manifest "$gtlabel" export bench --format manifest -o "$work/out" --quiet
		timed out_packed "$gtlabel" export bench --format manifest -o "$work/out.gz" --quiet
		timed out_studio "$gtlabel" export bench --format label-studio -o "$work/out" --quiet
	done
	head_of_table export "$(stat -c %s "$work/manifest" | awk '{ print $1 / 1e6 }')"
	row copy_out copy_out 'psql \\copy (line) TO'
	row out_manifest copy_out 'gtlabel export, manifest'
	row out_packed copy_out 'the same, packed'
	row out_studio copy_out 'tasks for Label Studio'
}

sql -c "CREATE EXTENSION gtlabel"
manifest >"$work/manifest"
for part in "${parts[@]}"; do "part_$part"; done
