#!/usr/bin/env bash
# Text features: accuracy beside scikit-learn and fastText, whole jobs, the time and memory of
# creating a large job, and the rate of predictions.
#
#	bench/text/run.sh DATA_FOLDER [part ...]	parts: ngrams accuracy jobs create cancel predict (all)
#
# The folder holds NAME.copy.gz (id, features, label) and NAME_text.csv.gz (id, text) of sms_spam, banking77
# and ag_news_7600.  WORDS=file is a word-vector table as text (a token and its numbers, one a line); without it
# those columns are left out.  SETS="..." are the sets, DRAWS=5 draws, SIZES="100 250 1000 4000" labels, JOBS=5
# jobs, ROWS=1000000 texts.  create, cancel and predict need the texts of sms_spam and banking77.
# Accuracy needs python3-sklearn and fasttext (Debian packages).
set -euo pipefail
[ $# -gt 0 ] || { sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2; }
data=$(realpath "$1")
shift
export WORDS=${WORDS:+$(realpath "$WORDS")} SETS=${SETS:-sms_spam banking77 ag_news_7600}
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -n "${GTL_CLUSTER:-}" ] ||
	exec scripts/with-cluster -c shared_buffers=2GB -c max_wal_size=16GB -c gtlabel.background=off \
		-c gtlabel.max_parallel_workers=0 "$0" "$data" "$@"
draws=${DRAWS:-5} sizes=${SIZES:-100 250 1000 4000} jobs=${JOBS:-5} rows=${ROWS:-1000000}
python=${PYTHON:-/usr/bin/python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ $# -gt 0 ] || set -- ngrams accuracy jobs create cancel predict

sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
sets=$SETS

sql -c 'SET client_min_messages = error' -c 'DROP EXTENSION IF EXISTS gtlabel CASCADE' -c 'CREATE EXTENSION gtlabel'
for set in $sets; do
	sql <<-SQL
		CREATE TABLE ${set}_given (id bigint PRIMARY KEY, features float4[], label text);
		CREATE TABLE ${set}_text (id bigint PRIMARY KEY, text text);
	SQL
	gzip -dc "$data/$set.copy.gz" | sql -c "COPY ${set}_given FROM STDIN"
	gzip -dc "$data/${set}_text.csv.gz" | sql -c "COPY ${set}_text FROM STDIN CSV HEADER"
	sql -c "CREATE TABLE $set AS SELECT id, features, text, label FROM ${set}_given JOIN ${set}_text USING (id)" \
		-c "ALTER TABLE $set ADD PRIMARY KEY (id)" -c "VACUUM ANALYZE $set"
done
if [ -n "$WORDS" ]; then
	sql -c 'CREATE TABLE word (token text, vector float4[])'
	sed 's/\\/\\\\/g; s/ /\t{/; s/ /,/g; s/$/}/' "$WORDS" |
		sql -c 'COPY word FROM STDIN'
fi
words=${WORDS:+, word_vectors => \'word\'}

# A model whose featurizer is learned from all texts, and which is trained on one label in 40.
train() { # model, set, settings
	sql -c 'SET client_min_messages = error' \
		-c "CREATE OR REPLACE VIEW few AS SELECT id, text, CASE WHEN id % 40 = 0 THEN label END AS label FROM $2" \
		-c "SELECT gt_train('$1', 'few', 'label', text_column => 'text', algorithm => 'softmax' $3)" -c 'DROP VIEW few' >/dev/null
}

# The features of all texts of a set, as a model makes them.
features() { # set, table to make, settings
	train maker "$1" "$3"
	sql \
		-c "CREATE TABLE $2 AS SELECT id, gt_featurize('maker', text) AS features, label FROM $1" \
		-c "SELECT gt_drop_model('maker')" >/dev/null
}

# ---- The n-grams of banking77, and the neighbours of its first text ------------------------------------

ngrams() {
	local cosine='(SELECT sum(x::float8 * y) FROM unnest(a.features, b.features) u (x, y))'
	train maker banking77 ''
	sql -c "SELECT format('%s texts, %s n-grams kept, %s dimensions', sample, grams, dimension) FROM gtlabel.featurizer"
	sql -c "CREATE TABLE banking77_made AS SELECT id, gt_featurize('maker', text) AS features FROM banking77" \
		-c "SELECT format('longest and shortest row: %s, %s', max(l), min(l)) FROM (SELECT sqrt((SELECT sum(x::float8 * x) FROM unnest(features) x)) AS l FROM banking77_made) r" \
		-c "SELECT text, round($cosine::numeric, 3) FROM banking77_made a, banking77_made b JOIN banking77 t ON t.id = b.id WHERE a.id = 1 AND b.id <> 1 ORDER BY 2 DESC LIMIT 3" \
		-c 'DROP TABLE banking77_made' -c "SELECT gt_drop_model('maker')"
}

# ---- Accuracy ---------------------------------------------------------------------------------------------

# Mean accuracy, in percent, of gt_train's softmax on the draws.
accuracy_of() { # set, table, size
	local draw
	for draw in $(seq 0 $((draws - 1))); do
		sql <<-SQL
			SET client_min_messages = error;
			CREATE OR REPLACE VIEW seen AS SELECT t.id, t.features, t.label FROM $2 t JOIN ${1}_draw d USING (id)
			 WHERE draw = $draw AND part = 'train' AND place < $3;
			SELECT gt_train('judged', 'seen', 'label', algorithm => 'softmax') \gset
			SELECT avg((gt_predict('judged', features) = label)::int) FROM $2 JOIN ${1}_draw d USING (id) WHERE draw = $draw AND part = 'test';
			SELECT gt_drop_model('judged') \gset
			DROP VIEW seen;
		SQL
	done | awk '{ sum += $1 } END { printf "%.1f", 100 * sum / NR }'
}

accuracy() {
	local set size
	"$python" bench/text/draws.py write "$data" "$work" "$draws"
	for set in $sets; do
		sql -c "CREATE TABLE ${set}_draw (draw int, part text, place int, id bigint)"
		sql -c "COPY ${set}_draw FROM STDIN" < "$work/$set.draws"
		sql -c "ANALYZE ${set}_draw"
		features "$set" "${set}_made" ''
		[ -z "$words" ] || features "$set" "${set}_words" "$words"
		sql -c "CREATE TABLE ${set}_hashed AS SELECT id, gt_text_features(text) AS features, label FROM $set"
	done
	# shellcheck disable=SC2086
	for program in sklearn fasttext; do "$python" bench/text/draws.py "$program" "$data" "$work" "$draws" $sizes > "$work/$program"; done
	echo "| set | labels | given features | text | text + words | gt_text_features | scikit-learn | fastText |"
	echo "| --- | --- | --- | --- | --- | --- | --- | --- |"
	for set in $sets; do
		for size in $sizes; do
			printf '| %s | %s | %s | %s | %s | %s | %s | %s |\n' "$set" "$size" "$(accuracy_of "$set" "${set}_given" "$size")" \
				"$(accuracy_of "$set" "${set}_made" "$size")" \
				"$([ -z "$words" ] || accuracy_of "$set" "${set}_words" "$size")" \
				"$(accuracy_of "$set" "${set}_hashed" "$size")" \
				"$(awk -v s="$set" -v n="$size" '$1 == s && $2 == n { print $3 }' "$work/sklearn")" \
				"$(awk -v s="$set" -v n="$size" '$1 == s && $2 == n { print $3 }' "$work/fasttext")"
		done
	done
}

# ---- Whole jobs ---------------------------------------------------------------------------------------------

simulate() { # set, what, settings
	local guarantee
	for guarantee in ${GUARANTEES:-confidence audited}; do
		sql -F ' | ' -c 'SET client_min_messages = error' -c "
			SELECT '| $1', '$2', '$guarantee', round(avg(human_labeled)), round(100 * avg(machine_labeled::float8 / (human_labeled + machine_labeled))) || ' %',
			       round(100 * avg(machine_error)::numeric, 2) || ' %', count(*) FILTER (WHERE machine_error > 0.05) || ' of ' || count(*) || ' |'
			  FROM gt_simulate_job('$1', 'label', schedule => 'eager', algorithm => 'softmax', guarantee => '$guarantee',
			                       repetitions => $jobs, seed => 1, $3) WHERE final"
	done
}

jobs() {
	local set
	echo "| set | features | guarantee | human labels | by machine | error | above 5 % |"
	echo "| --- | --- | --- | --- | --- | --- | --- |"
	for set in $sets; do
		simulate "$set" given "features_column => 'features'"
		simulate "$set" text "text_column => 'text'"
		[ -z "$words" ] || simulate "$set" 'text + words' "text_column => 'text' $words"
	done
}

# ---- Creating a large job -------------------------------------------------------------------------------------

# Two messages of the sets one behind the other, cut to 12 words: as many short texts as are wanted.
many() { # how many
	sql <<-SQL
		SET client_min_messages = error;
		DROP TABLE IF EXISTS many CASCADE;
		CREATE TABLE many (id bigint PRIMARY KEY, text text NOT NULL);
		CREATE TEMP TABLE source AS SELECT row_number() OVER () AS n, text FROM (SELECT text FROM sms_spam UNION ALL SELECT text FROM banking77) s;
		ALTER TABLE source ADD PRIMARY KEY (n);
		INSERT INTO many
		SELECT i, array_to_string((regexp_split_to_array(a.text || ' ' || b.text, ' +'))[1:12], ' ')
		  FROM generate_series(1, $1::bigint) i
		  JOIN source a ON a.n = 1 + i * 7919 % 18657 JOIN source b ON b.n = 1 + i * 104729 / 18657 % 18657;
		VACUUM ANALYZE many;
	SQL
}

# Seconds of one processor, wall-clock seconds, and the largest RssAnon in MB, of a session that runs a statement.
observe() { # statement
	local pid peak=0 now ticks=0 used start
	mkfifo "$work/in"
	psql -XqAt -v ON_ERROR_STOP=1 < "$work/in" > "$work/out" &
	exec 3> "$work/in"
	echo 'SELECT pg_backend_pid();' >&3
	until [ -s "$work/out" ]; do sleep 0.01; done
	pid=$(cat "$work/out")
	start=$(date +%s.%N)
	echo "$1;" >&3
	exec 3>&-
	while now=$(awk '/^RssAnon/ { print $2 }' "/proc/$pid/status" 2>/dev/null) && [ -n "$now" ]; do
		[ "$now" -gt "$peak" ] && peak=$now
		used=$(awk '{ print $14 + $15 }' "/proc/$pid/stat" 2>/dev/null) && ticks=$used
		sleep 0.05
	done
	wait
	rm "$work/in" "$work/out"
	awk -v t="$ticks" -v hz="$(getconf CLK_TCK)" -v s="$start" -v e="$(date +%s.%N)" -v p="$peak" \
		'BEGIN { printf "%.1f %.1f %.0f", t / hz, e - s, p / 1024 }'
}

create() {
	local n cpu wall peak before=
	many "$rows"
	sql -F ' ' -c "SELECT 'mean bytes of a text:', round(avg(octet_length(text))) FROM many"
	echo "| texts | processor, s | elapsed, s | peak of the backend's own memory, MB | processor a text against the line above |"
	echo "| --- | --- | --- | --- | --- |"
	for n in $((rows / 100)) $((rows / 10)) "$rows"; do
		sql -c "CREATE OR REPLACE VIEW first_texts AS SELECT * FROM many WHERE id <= $n"
		read -r cpu wall peak < <(observe "SELECT gt_create_job('bench', 'first_texts', '{a,b}', key_column => 'id', text_column => 'text', seed => 1)"; echo)
		awk -v n="$n" -v c="$cpu" -v w="$wall" -v p="$peak" -v b="$before" \
			'BEGIN { printf "| %d | %s | %s | %s | %s |\n", n, c, w, p, b == "" ? "" : sprintf("%.2f", c / n / b) }'
		before=$(awk -v n="$n" -v c="$cpu" 'BEGIN { print c / n }')
		sql -c "SELECT gt_drop_job('bench')" -c 'TRUNCATE gtlabel.object, gtlabel.segment, gtlabel.feature_page, gtlabel.task' >/dev/null
	done
}

# ---- Cancelling ---------------------------------------------------------------------------------------------------

# How long it takes from a cancel to the end of the statement, at 20 moments of the creation of a job.
cancel() {
	local i
	many 100000
	sql <<-'SQL'
		CREATE PROCEDURE stop_it(after float8) LANGUAGE plpgsql AS $$
		DECLARE
		    p int; t timestamptz;
		BEGIN
		    LOOP
		        PERFORM pg_stat_clear_snapshot();
		        SELECT pid INTO p FROM pg_stat_activity WHERE application_name = 'victim' AND state = 'active';
		        EXIT WHEN p IS NOT NULL;
		        PERFORM pg_sleep(0.01);
		    END LOOP;
		    PERFORM pg_sleep(after);
		    t := clock_timestamp();
		    PERFORM pg_cancel_backend(p);
		    LOOP
		        PERFORM pg_stat_clear_snapshot();
		        EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = p AND state = 'active');
		        PERFORM pg_sleep(0.001);
		    END LOOP;
		    RAISE NOTICE 'ms %', round(extract(epoch FROM clock_timestamp() - t) * 1000);
		END $$;
	SQL
	for i in $(seq 20); do
		PGAPPNAME=victim psql -Xq -c "SELECT gt_create_job('bench', 'many', '{a,b}', text_column => 'text', seed => 1)" >/dev/null 2>&1 &
		sql -c "CALL stop_it($i * 0.2)" 2>&1 | awk '/ms/ { print $NF }'
		wait
		sql -c "SELECT gt_drop_job('bench')" >/dev/null 2>&1 || true
	done | sort -n | awk '{ ms[NR] = $1 } END { printf "cancels served after (ms): median %d, longest %d, of %d\n", ms[int((NR + 1) / 2)], ms[NR], NR }'
}

# ---- Predicting -------------------------------------------------------------------------------------------------

rate() { # what, texts, statement
	local cpu wall peak
	read -r cpu wall peak < <(observe "SET max_parallel_workers_per_gather = 0; $3"; echo)
	awk -v w="$1" -v n="$2" -v c="$cpu" 'BEGIN { printf "| %s | %d | %.0f |\n", w, n, n / c }'
}

predict() {
	local n
	for set in $sets; do train "$set" "$set" ''; done
	echo "| texts | number | gt_predict, texts a second of one processor |"
	echo "| --- | --- | --- |"
	for set in $sets; do
		n=$(sql -c "SELECT count(*) * 20 FROM $set")
		rate "$set, $(sql -c "SELECT round(avg(octet_length(text))) FROM $set") bytes, $(sql -c "SELECT count(DISTINCT label) FROM $set") categories" "$n" \
			"SELECT count(gt_predict('$set', text)) FROM $set, generate_series(1, 20)"
	done
	rate 'a text of 1 MB' 200 "SELECT count(gt_predict('sms_spam', t)) FROM repeat('Call now, 12345 ', 65536) t, generate_series(1, 200)"
}

for part in "$@"; do echo; "$part"; done
