#!/usr/bin/env bash
# gt_consolidate over a table of votes beside the same formulas in plain SQL (peer.sql), on one
# server; and its accuracy on real crowds.
#
#	bench/consolidate/sql.sh
#
# VOTES, CLASSES, ITEMS, ANNOTATORS change the crowd; the peer does ITERATIONS=2 of the EM's
# iterations on it.  Whether both find the same labels is asked on a twentieth of the crowd, where the peer goes on to
# the end.  Needs a C compiler.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -n "${GTL_CLUSTER:-}" ] ||
	exec scripts/with-cluster -c shared_buffers=2GB -c work_mem=512MB -c maintenance_work_mem=512MB -c max_wal_size=8GB "$0" "$@"

votes=${VOTES:-1000000} classes=${CLASSES:-10} items=${ITEMS:-200000} annotators=${ANNOTATORS:-1000}
iterations=${ITERATIONS:-2}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

export PGOPTIONS="-c client_min_messages=warning"
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
# The sum of the statements' seconds.
seconds() { sql -c '\timing on' "$@" | awk '/^Time: / { ms += $2 } END { printf "%.2f\n", ms / 1000 }'; }

# The flags of the makefile for src/learning.
${CC:-cc} -std=gnu99 -O3 -ftree-vectorize -fassociative-math -fno-signed-zeros -fno-trapping-math \
	-Isrc bench/consolidate/driver.c src/learning/{consolidate,crowd,dawid_skene}.c src/learning/random.c \
	-lm -o "$work/driver"

load() { # votes, items, annotators: the crowd of driver.c as the table vote
	local column
	"$work/driver" make "$1" "$classes" "$2" "$3" "$work/crowd"
	for column in 0 1 2; do
		od -An -v -td4 -w4 -j $((column * $1 * 4)) -N $(($1 * 4)) "$work/crowd" > "$work/column.$column"
	done
	sql -c 'DROP TABLE IF EXISTS vote, ours, theirs' -c 'CREATE TABLE vote (item int, annotator int, label int)'
	paste -d, "$work"/column.[012] | tr -d ' ' | sql -c '\copy vote FROM pstdin (FORMAT csv)' -c 'VACUUM ANALYZE vote'
}

ours() { seconds -c "CREATE TABLE ours AS SELECT * FROM gt_consolidate('vote', method => 'dawid_skene')"; }
theirs() { seconds -v classes="$classes" -v iterations="$1" -f bench/consolidate/peer.sql; }

sql -c 'CREATE EXTENSION gtlabel'

load "$votes" "$items" "$annotators"
read -r all _ < <("$work/driver" run "$votes" "$classes" "$items" "$annotators" "$work/crowd" 1)
mine=$(ours)
other=$(theirs "$iterations")
echo "$votes votes, $classes classes, $items items, $annotators annotators, seconds"
echo
echo "| | iterations | all | an iteration |"
echo "| --- | --- | --- | --- |"
awk -v n="$all" -v s="$mine" -v m="$iterations" -v t="$other" 'BEGIN {
	printf "| gt_consolidate, reading the table included | %d | %.2f | %.3f |\n", n, s, s / n
	printf "| plain SQL | %d | %.2f | %.2f |\n", m, t, t / m
}'

load $((votes / 20)) $((items / 20)) $((annotators / 20))
read -r all _ < <("$work/driver" run $((votes / 20)) "$classes" $((items / 20)) $((annotators / 20)) "$work/crowd" 1)
ours >/dev/null
theirs "$all" >/dev/null
echo
sql -c "SELECT 'Same label in ' || round(100 * avg((o.label::int = t.label)::int), 3) || ' % of ' || count(*) || ' items of a twentieth, after $all iterations'
          FROM ours o JOIN theirs t ON t.item = o.item::int"

echo
echo "| crowd | answers | known items | majority | Dawid-Skene | auto |"
echo "| --- | --- | --- | --- | --- | --- |"
for crowd in bluebirds adult2; do
	sql -c "CREATE TABLE ${crowd}_crowd (item text, worker text, label text)" -c "CREATE TABLE ${crowd}_gold (item text, label text)"
	for table in "${crowd}_crowd" "${crowd}_gold"; do
		gzip -dc "examples/data/$table.csv.gz" | sql -c "\\copy $table FROM pstdin (FORMAT csv, HEADER)"
	done
	sql -c "SELECT format('| %s | %s | %s | %s | %s | %s |', '$crowd', (SELECT count(*) FROM ${crowd}_crowd), max(known),
	               max(accuracy) FILTER (WHERE method = 'majority'), max(accuracy) FILTER (WHERE method = 'dawid_skene'),
	               max(accuracy) FILTER (WHERE method = 'auto'))
	          FROM (SELECT method, count(*) AS known, round(avg((c.label = g.label)::int), 4) AS accuracy
	                  FROM unnest(ARRAY['majority', 'dawid_skene', 'auto']) AS method,
	                       LATERAL gt_consolidate('${crowd}_crowd', annotator => 'worker', method => method) c JOIN ${crowd}_gold g USING (item)
	                 GROUP BY method) r"
done
