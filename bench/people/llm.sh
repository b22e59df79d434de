#!/usr/bin/env bash
# Guesses of a language model on real texts: whole jobs with and without them, by text features, simulated in the server.
#
#	scripts/with-cluster bench/people/llm.sh FOLDER [REPETITIONS]
#
# The folder holds misinfo.csv.gz and stance.csv.gz: id, text, label, proposal, confidence, with a header; the guesses are
# GPT-4o's (Candes, Ilyas, Zrnic, "Probably approximately correct labels", arXiv 2506.10908).  The promise is theirs: at
# most 5 % of all labels of the dataset wrong, with 95 %.  Prints human labels in percent of the rows.
set -euo pipefail
folder=$(realpath "${1:?usage: llm.sh FOLDER [REPETITIONS]}") repetitions=${2:-10}
database=gtlabel_people
psql -Xqd postgres -v ON_ERROR_STOP=1 -c "DROP DATABASE IF EXISTS $database" -c "CREATE DATABASE $database" 2>/dev/null
trap 'psql -Xqd postgres -c "DROP DATABASE IF EXISTS $database"' EXIT
sql() { psql -XAtqd "$database" -v ON_ERROR_STOP=1 "$@"; }
sql -c 'CREATE EXTENSION gtlabel'
echo "| data | rows | guesses that are wrong | texts alone: answers | guesses alone | texts and guesses | jobs, missed |"
echo "| --- | --- | --- | --- | --- | --- | --- |"
for name in misinfo stance; do
	sql -c "CREATE TABLE $name (id bigint PRIMARY KEY, body text, label text, llm text, llm_confidence float8)" \
		-c "\\copy $name FROM PROGRAM 'gzip -dc $folder/$name.csv.gz' CSV HEADER"
	categories=$(sql -c "SELECT quote_literal(array_agg(DISTINCT label)::text) || '::text[]' FROM $name")
	simulate() { # simulate ARGUMENTS: percent of answers, jobs that missed
		sql -F ' ' -c "SELECT round(100 * avg(human_labeled) / max(object_count), 1), count(*) FILTER (WHERE machine_error * machine_labeled / object_count > 0.05)
			FROM gt_simulate_job('$name', 'label', $categories, schedule => 'eager', guarantee_scope => 'dataset', algorithm => 'softmax', seed => 1,
				repetitions => $repetitions, $1) WHERE final"
	}
	read -r texts missed1 <<< "$(simulate "text_column => 'body'")"
	read -r guesses missed2 <<< "$(simulate "features_column => NULL, proposal_columns => ARRAY['llm']" || echo '- -')"
	read -r both missed3 <<< "$(simulate "text_column => 'body', proposal_columns => ARRAY['llm']")"
	sql -F ' | ' -c "SELECT '| $name', count(*), round(100 * avg((llm IS DISTINCT FROM label)::int), 1) || ' %', '$texts %', '$guesses %', '$both %',
		'$repetitions each; ' || '$missed1, $missed2, $missed3 |' FROM $name"
done
