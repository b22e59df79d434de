#!/usr/bin/env bash
# Tells what examples/messages.sql, or examples/digits.sql, does while it does it, and draws the result.
#
#	make demo [DEMO=digits]               beside a throw-away server
#	examples/demo.sh [FOLDER [digits]]    in the database of PGHOST, PGDATABASE and the like
#
# Leaves report.html, labels.svg, rounds.tsv and psql.log in FOLDER (build/demo).  Colours only on a terminal,
# and not with NO_COLOR.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=${1:-build/demo}
job=${2:-messages}				# of the table of that name, whose rows are called so too
script=examples/$job.sql
mkdir -p "$folder"
export PGCLIENTENCODING=UTF8 PGOPTIONS='-c client_min_messages=warning'

# ---- Words and colours ------------------------------------------------------

reset= bold= dim= people= machine= open=
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
	reset=$'\e[0m' bold=$'\e[1m' dim=$'\e[2m'
	people=$'\e[38;5;33m' machine=$'\e[38;5;42m' open=$'\e[38;5;245m'
fi

number() { sed -E ':a; s/^([0-9]+)([0-9]{3})/\1,\2/; ta' <<<"$1"; }
title() { printf '\n%s%s%s\n\n' "$bold" "$1" "$reset"; }
say() { fold -s -w 88 <<<"$1" | sed 's/^/  /; s/ *$//'; }
code() { awk -v on="$dim" -v off="$reset" '{ print ($0 == "" ? "" : "    " on $0 off) }'; }

# bar PEOPLE MACHINE TOTAL: 56 cells, what people and what the machine labeled; nothing labeled
# is invisible, and nothing but the whole fills the bar
bar() {
	local cells=56 a b i out
	a=$((($1 * cells + $3 / 2) / $3))
	b=$(((($1 + $2) * cells + $3 / 2) / $3))
	if [ "$1" -gt 0 ] && [ $a -eq 0 ]; then a=1; fi
	if [ $(($1 + $2)) -lt "$3" ] && [ $b -eq $cells ]; then b=$((cells - 1)); fi
	out=$people
	for ((i = 0; i < a; i++)); do out+='█'; done
	out+=$reset$machine
	for ((; i < b; i++)); do out+='▒'; done
	out+=$reset$open
	for ((; i < cells; i++)); do out+='·'; done
	printf '%s%s' "$out" "$reset"
}

# ---- Two sessions: one runs the script, the other one looks -----------------

# Fields are separated by the character made for it: an empty one between tabs would be lost by read.
separator=$'\x1f'
query() { psql -XAtq -v ON_ERROR_STOP=1 -v job="$job" -F "${2:-$separator}" -f - <<<"$1"; }

# The script is cut at its headings: `-- 2. A job: ...`
part() { awk -v n="$1" '/^-- [0-9]+\. /{ p = ($2 == n ".") } p && !/^-- [0-9]+\. /' "$script" | sed -e '/./,$!d' | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'; }
heading() { sed -n "s/^-- $1\. /$1. /p" "$script"; }

coproc RUNNER { exec psql -Xq -v ON_ERROR_STOP=1 -P pager=off -P footer=off 2>&1; }
runner_in=${RUNNER[1]} runner_out=${RUNNER[0]}
send() { printf '%s\n\\echo -- done\n' "$1" >&"$runner_in"; }
died() { echo; echo "demo: the script failed, see $folder/psql.log" >&2; tail -n 12 "$folder/psql.log" >&2; exit 1; }

# Collects what the script prints until it is done; with a command, calls it every moment until then.
: >"$folder/psql.log"
collect() {
	local line code begun=
	printed=
	while true; do
		code=0
		IFS= read -r -t 0.1 line <&"$runner_out" || code=$?
		line=$begun$line begun=
		if [ $code -gt 128 ]; then
			begun=$line				# what came of a line before the time was up
			[ $# -eq 0 ] || "$@"
			continue
		fi
		[ $code -eq 0 ] || died
		[ "$line" != '-- done' ] || break
		printed+=$line$'\n'
		printf '%s\n' "$line" >>"$folder/psql.log"
	done
	[ $# -eq 0 ] || "$@"
}

# ---- The story --------------------------------------------------------------

printf '%s\n' "${bold}gtlabel labels a table where it lives.${reset}"
case $job in
	messages) what='5,574 text messages, which are spam or not' ;;
	digits) what='5,620 images of handwritten digits' ;;
	*) echo "demo: no $script" >&2; exit 2 ;;
esac
say "Here it labels $what. People label a random validation set and \
some training batches; between two batches a classifier is trained, and it labels all that it can with \
a guarantee: at most 2 % wrong, with 95 % confidence. Right answers stored beside the $job play the people."

# To a person: the beginnings of some messages; images of 3, 0, 4 and 6.
show_messages() {
	say "$(query "SELECT to_char(count(*), 'FM999,999') FROM messages") messages. Four of them:"
	echo
	query "SELECT left(body, 78) FROM messages ORDER BY id LIMIT 4" | sed 's/^/      /'
}
show_digits() {
	say "$(query "SELECT to_char(count(*), 'FM999,999') FROM digits") digits. Four of them, to a person 3, 0, 4 and 6:"
	echo
	query "
		SELECT string_agg(translate(cells, '0123456789abcdefg', '   ░░░░▒▒▒▒▓▓▓▓██'), '      ' ORDER BY place)
		  FROM (SELECT place, (i - 1) / 8 AS line,
		               string_agg(repeat(substr('0123456789abcdefg', features[i]::int + 1, 1), 2), '' ORDER BY i) AS cells
		          FROM (SELECT DISTINCT ON (gold) features, position(gold IN '3046') AS place
		                  FROM digits WHERE gold IN ('3', '0', '4', '6') ORDER BY gold, id) image,
		               generate_series(1, 64) i
		         GROUP BY place, line) c
		 GROUP BY line ORDER BY line" | sed 's/^/      /; s/ *$//'
}

title "$(heading 1)"
part 1 | code
echo
send "$(part 1)"
collect
"show_$job"

title "$(heading 2)"
part 2 | code
echo
send "$(part 2)"
collect
say "How the plan begins if the machine labels nothing (auto_label: the most that it could):"
echo
sed -n '/step/,$p' <<<"$printed" | sed '/^ *$/d; s/^/    /'

title "$(heading 3)"
part 3 | code
printf '\n  %s█%s labeled by people   %s▒%s labeled by the machine   %s·%s not labeled yet\n\n' \
	"$people" "$reset" "$machine" "$reset" "$open" "$reset"

# Everything that happened after the event (batch, kind) that was told last.  A batch opens
# (kind 0) and closes (1), then a round of the machine may follow (2).
last_batch=0 last_kind=0
news="
	WITH closed AS (
		SELECT batch_no, sum(labeled) OVER (ORDER BY batch_no) AS people
		  FROM gt_batches WHERE job_name = :'job' AND closed_at IS NOT NULL),
	news AS (
		SELECT batch_no, 0 AS kind, subset::text AS what, object_count AS count, 0 AS machine, '' AS words
		  FROM gt_batches WHERE job_name = :'job'
		UNION ALL
		SELECT batch_no, 1, subset::text, object_count, 0, ''
		  FROM gt_batches WHERE job_name = :'job' AND closed_at IS NOT NULL
		UNION ALL
		SELECT batch_no, 2, round_no::text, training_count + validation_count, auto_labeled, reason
		  FROM gt_rounds WHERE job_name = :'job')
	SELECT n.batch_no, kind, what, to_char(count, 'FM999,999'), machine, coalesce(people, 0),
	       (SELECT object_count FROM gt_jobs WHERE job_name = :'job'), words
	  FROM news n LEFT JOIN closed USING (batch_no)
	 WHERE (n.batch_no, kind) > (:batch, :kind) ORDER BY n.batch_no, kind"
tell_news() {
	local batch kind what count machine_labels people_labels total words
	while IFS=$separator read -r batch kind what count machine_labels people_labels total words; do
		case $kind in
			0) printf '  %speople%s   batch %d, %s: %s %s to look at ... ' "$people" "$reset" "$batch" "${what/pool/training}" "$count" "$job" ;;
			1) printf 'answered\n' ;;
			2)
				printf '\n  %smachine%s  round %s: learned from %s labels\n' "$machine" "$reset" "$what" "$count"
				printf '           '
				bar "$people_labels" "$machine_labels" "$total"
				printf '\n'
				fold -s -w 78 <<<"$words" | sed 's/^/           /; s/ *$//'
				printf '\n' ;;
		esac
		last_batch=$batch last_kind=$kind
	done < <(query "\\set batch $last_batch
\\set kind $last_kind
$news;")
}
send "$(part 3)"
collect tell_news

title "$(heading 4)"
part 4 | code
send "$(part 4)"
collect
echo
sed '/^$/d; s/^/    /; s/^ *\(state\|human_annotated\) /\n&/' <<<"$printed" | sed '1{/^$/d}'

if [ -n "$(part 5)" ]; then
	title "$(heading 5)"
	part 5 | code
	send "$(part 5)"
	collect
	echo
	sed '/^$/d; s/^/    /' <<<"$printed"
fi

IFS=$separator read -r total people_labels machine_labels goal confidence < <(query "
	SELECT object_count, human_labeled, machine_labeled,
	       trim_scale(round((100 * (1 - target_accuracy))::numeric, 4)),
	       trim_scale(round((100 * confidence_level)::numeric, 4))
	  FROM gtlabel.job WHERE job_name = :'job'")
IFS=$separator read -r wrong error < <(query "
	SELECT count(*) FILTER (WHERE l.label <> d.gold),
	       to_char(100.0 * count(*) FILTER (WHERE l.label <> d.gold) / greatest(count(*), 1), 'FM990.00')
	  FROM gt_labels l JOIN $job d ON d.id::text = l.object_key
	 WHERE l.job_name = :'job' AND NOT l.human_annotated")

# One line for each moment at which people had handed in a batch, with the round that followed.
query "
	SELECT 'people', 'machine', 'total', 'round', 'bound', 'target', 'threshold', 'training', 'validation'
	UNION ALL
	(SELECT (sum(b.labeled) OVER (ORDER BY b.batch_no))::text,
	        CASE WHEN b.batch_no < max(b.batch_no) OVER () THEN coalesce(r.auto_labeled, 0)
	             ELSE j.machine_labeled END::text,
	        j.object_count::text, coalesce(r.round_no::text, ''), coalesce(r.bound::text, ''),
	        (1 - j.target_accuracy)::numeric::text, coalesce(r.threshold::text, ''),
	        coalesce(r.training_count::text, ''), coalesce(r.validation_count::text, '')
	   FROM gt_batches b JOIN gtlabel.job j USING (job_name) LEFT JOIN gt_rounds r USING (job_name, batch_no)
	  WHERE job_name = :'job' AND b.closed_at IS NOT NULL ORDER BY b.batch_no)" $'\t' >"$folder/rounds.tsv"

title "What came of it"
moment() { # moment PEOPLE MACHINE WORDS
	printf '  %7s  ' "$(number "$1")"
	bar "$1" "$2" "$total"
	printf '%s\n' "${3:+  $3}"
}
printf '   people\n'
moment 0 0 ''
while IFS=$separator read -r n m _ round bound _ threshold _; do
	words=
	if [ -n "$round" ]; then
		words=$(awk -v r="$round" -v m="$m" -v b="$bound" -v t="$threshold" 'BEGIN {
			if (t == "" && m > 0) printf "round %d: an audit begins", r
			else if (t == "") printf "round %d: nothing is sure enough", r
			else printf "round %d: at most %.1f %% wrong", r, 100 * b }')
	fi
	moment "$n" "$m" "$words"
done < <(tail -n +2 "$folder/rounds.tsv" | tr '\t' "$separator")
echo
percent() { awk -v a="$1" -v b="$2" 'BEGIN { printf("%.0f %%", (b > 0 ? 100 * a / b : 0)) }'; }
say "People labeled $(number "$people_labels") of $(number "$total") $job. They were spared $(number "$machine_labels") \
labels ($(percent "$machine_labels" "$total")): the machine gave those."
if [ "$machine_labels" -gt 0 ]; then
	verdict=$(awk -v e="$error" -v g="$goal" 'BEGIN { print e <= g ? "kept" : "broken" }')
	say "Of the machine's labels $wrong are wrong: $error %. Promised were at most $goal %, with $confidence % confidence: \
${bold}the promise was $verdict${reset}."
fi

awk -F '\t' -v wrong="$wrong" -v error="$error" -v goal="$goal" -v confidence="$confidence" \
	-f examples/chart.awk "$folder/rounds.tsv" >"$folder/labels.svg"
echo
query "SELECT gt_report(:'job')" >"$folder/report.html"
say "A picture of it: $folder/labels.svg. The whole job as a page, from gt_report('$job'): $folder/report.html. What ran: $script."
[ "$job" = digits ] || say "The same with images, and no text: make demo DEMO=digits."
