#!/usr/bin/env bash
# Training and scoring by one process and by two, and training with little memory; turn by turn, on
# one server.  The models and labels are compared: they must be the same.
#
#	bench/parallel/run.sh DATA_FOLDER [part ...]
#
# The folder holds optdigits.copy.gz and fashion_km128.copy.gz.  Parts: optdigits fashion memory
# score (all).  RUNS=3 runs of each.  Writes lines of a table: what, seconds alone, with one
# helper (or with little memory), ratio of the medians.
set -euo pipefail
[ $# -gt 0 ] || { echo "usage: run.sh DATA_FOLDER [part ...]" >&2; exit 2; }
data=$(realpath "$1")
shift
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -n "${GTL_CLUSTER:-}" ] ||
	exec scripts/with-cluster -c shared_buffers=2GB -c max_wal_size=16GB -c gtlabel.background=off "$0" "$data" "$@"
runs=${RUNS:-3}
[ $# -gt 0 ] || set -- optdigits fashion memory score
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
median() { sort -n "$1" | sed -n "$(((runs + 1) / 2))p"; }
line() { # what
	awk -v w="$1" -v a="$(median "$work/a")" -v b="$(median "$work/b")" \
		'BEGIN { printf "| %s | %.2f | %.2f | %.2f |\n", w, a, b, a / b }'
	rm -f "$work"/?
}

load() { # name, rows
	sql -c "CREATE TABLE $1 (id bigint PRIMARY KEY, features float4[] NOT NULL, label text NOT NULL)"
	{ gzip -dc "$data/$1.copy.gz" || [ $? = 141 ]; } | head -n "$2" | sql -c "COPY $1 FROM STDIN"
}

# train FILE TABLE ALGORITHM SETTINGS: seconds of the training, and its weights
train() {
	sql -c "SET maintenance_work_mem = '1GB'; $4" -c "SELECT gt_train('bench', '$2', 'label', algorithm => '$3')" >/dev/null
	sql -c "SELECT seconds FROM gt_models WHERE model_name = 'bench'" >> "$work/$1"
	sql -c "SELECT md5(weights) FROM gtlabel.model WHERE model_name = 'bench'" -c "SELECT gt_drop_model('bench')" >> "$work/same"
}

compare() { # what, table, algorithm, settings of a, settings of b
	for _ in $(seq "$runs"); do
		train a "$2" "$3" "$4"
		train b "$2" "$3" "$5"
	done
	[ "$(sed '/^$/d' "$work/same" | sort -u | wc -l)" = 1 ] || { echo "the models differ" >&2; exit 1; }
	rm "$work/same"
	line "$1"
}
alone='SET gtlabel.max_parallel_workers = 0' helped='SET gtlabel.max_parallel_workers = 1'

# A round's scoring: the first round of a job over many made-up objects.  Its labels are compared, and whom people see
# next; there must be such labels, where no audit comes before them, and such people's tasks.
score() { # what, algorithm, guarantee
	local least=2
	[ "$3" != audited ] || least=1
	for _ in $(seq "$runs"); do
		for who in a b; do
			sql >> "$work/$who" <<-SQL
				SET maintenance_work_mem = '1GB';
				SET gtlabel.max_parallel_workers = $([ $who = a ] && echo 0 || echo 1);
				SET client_min_messages = error;
				SELECT gt_create_job('bench', 'million', '{a,b,c,d,e,f,g,h,i,j}', schedule => 'eager', guarantee => '$3', validation_share => 0.001, algorithm => '$2',
				                     max_concurrent_task_count => 1000, seed => 1, neighbours => 'off') \g /dev/null
				SELECT gt_annotate('bench', array_agg(t.object_key), array_agg(d.label)) FROM gt_tasks t JOIN million d ON d.id = t.object_key::bigint
				 WHERE t.job_name = 'bench' \g /dev/null
				SELECT gt_advance_job('bench') \g /dev/null
				SELECT score_seconds FROM gtlabel.round ORDER BY round_no DESC LIMIT 1;
				\o $work/same.$who
				SELECT md5(string_agg(object_key || label || confidence, ',' ORDER BY object_key COLLATE "C")) FROM gt_labels WHERE NOT human_annotated;
				SELECT md5(string_agg(object_key, ',' ORDER BY object_key COLLATE "C")) FROM gt_tasks WHERE job_name = 'bench';
				\o
				SELECT gt_drop_job('bench', true) \g /dev/null
				TRUNCATE gtlabel.object, gtlabel.segment, gtlabel.feature_page, gtlabel.task;
				CHECKPOINT;
			SQL
		done
		[ "$(grep -c . "$work/same.a")" -ge "$least" ] || { echo "the round has decided nothing: there is nothing to compare" >&2; exit 1; }
		cmp -s "$work/same.a" "$work/same.b" || { echo "the labels differ" >&2; exit 1; }
	done
	line "$1"
}

sql -c 'CREATE EXTENSION gtlabel'
echo '| what | alone, s | with one helper, s | ratio |'
echo '| --- | --- | --- | --- |'
for part in "$@"; do
	case $part in
	optdigits)
		load optdigits 5620
		compare 'gt_train, optdigits 5,620 x 64, auto' optdigits auto "$alone" "$helped"
		;;
	fashion)
		load fashion_km128 10000
		compare 'gt_train, fashion_km128 10,000 x 128, softmax' fashion_km128 softmax "$alone" "$helped"
		compare 'gt_train, fashion_km128 10,000 x 128, mlp' fashion_km128 mlp "$alone" "$helped"
		;;
	memory)
		[ "$(sql -c "SELECT to_regclass('fashion_km128') IS NULL")" = f ] || load fashion_km128 10000
		compare 'the same, softmax, alone: 1 GB, and 5 MB (rows in a file, fits that read it)' fashion_km128 softmax \
			"$alone" "$alone; SET maintenance_work_mem = '5MB'"
		;;
	score)
		sql <<-SQL
			CREATE TABLE million (id bigint PRIMARY KEY, features float4[] NOT NULL, label text NOT NULL);
			SELECT setseed(0.5) \g /dev/null
			INSERT INTO million SELECT i, ARRAY(SELECT (random() * 20 + (d * (i % 10)) % 11)::float4 FROM generate_series(1, 64) d),
			       chr(97 + (i % 10)::integer) FROM generate_series(1, 1000000) i;
			VACUUM ANALYZE million;
			CHECKPOINT;
		SQL
		score 'scoring 1,000,000 x 64, 10 classes, softmax, one model' softmax audited
		score 'the same, six models' softmax confidence
		score 'scoring 1,000,000 x 64, 10 classes, mlp, one model' mlp audited
		score 'the same, six models' mlp confidence
		;;
	*) echo "no such part: $part" >&2; exit 2 ;;
	esac
done
