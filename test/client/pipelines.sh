#!/usr/bin/env bash
# Runs the examples of pipelines to their ends, with the data's own labels in the place of people.
#
#	scripts/with-cluster test/client/pipelines.sh
#
# Prints `client pipelines: N passed, M failed`.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
: "${GTL_CLUSTER:?run this inside scripts/with-cluster}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
is() { # WHAT FOUND EXPECTED
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'not ok - client pipelines: %s: "%s", not "%s"\n' "$1" "$2" "$3"
	fi
}

sql <<'SQL' || exit 1
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS gtlabel;
CREATE TABLE sms (id bigint PRIMARY KEY, body text NOT NULL, gold text NOT NULL);
\copy sms FROM PROGRAM 'gzip -dc examples/data/sms_spam.csv.gz' CSV HEADER
DELETE FROM sms WHERE id > 800;
-- Nobody here takes a last answer back.
LOAD 'gtlabel';
ALTER SYSTEM SET gtlabel.undo_grace = 0;
SELECT pg_reload_conf() \g /dev/null
SQL

cron() {
	local run=0 state= joined=0
	sql -c "CREATE TABLE message AS SELECT id, body FROM sms WHERE id <= 700" -c "ALTER TABLE message ADD PRIMARY KEY (id)" \
		-c "CREATE TABLE answer (item text, annotator text, label text)"
	while [ "$state" != completed ] && [ $run -lt 60 ]; do
		run=$((run + 1))
		state=$(examples/pipelines/cron.sh "$work" 2>"$work/cron.err" | tee "$work/cron.out" | sed -n 's/.* messages: //p')
		[ -n "$state" ] || break
		# People answer all that is open, and deliver everything once more; later on rows come in.
		sql -c "INSERT INTO answer SELECT t.object_key, 'ann', s.gold FROM gt_tasks t JOIN sms s ON s.id::text = t.object_key
				WHERE t.job_name = 'messages' AND t.state = 'available' AND NOT EXISTS (SELECT FROM answer a WHERE a.item = t.object_key)"
		if [ $run -eq 3 ]; then
			sql -c "INSERT INTO message SELECT id, body FROM sms WHERE id > 700"
			joined=1
		fi
	done
	is "cron: completed" "$state" completed
	is "cron: errors" "$(cat "$work/cron.err")" ""
	is "cron: rows came later" $joined 1
	is "cron: a label a row" "$(tail -n +2 "$work/messages.csv" 2>/dev/null | wc -l)" 800
	examples/pipelines/cron.sh "$work" >"$work/cron.out" 2>&1
	is "cron: once more" "$?" 0
}

events() {
	sql >/dev/null <<-'SQL'
		SET client_min_messages = warning;
		SELECT gt_create_job('events', 'sms', ARRAY['ham', 'spam'], text_column => 'body', key_column => 'id', display_columns => ARRAY['body'],
							 schedule => 'eager', max_concurrent_task_count => 200, seed => 1);
	SQL
	local try status
	# It is killed now and then, until a run of it gets to the end.
	for try in 0.5 1 1.5 120; do
		status=$( (timeout -s KILL "$try" /usr/bin/python3 examples/pipelines/events.py events >"$work/events.out" 2>&1; echo $?) 2>"$work/shell.err")
		[ $status -eq 137 ] || break
	done
	is "events: its exit status" "$status $(cat "$work/events.out")" "0 "
	is "events: completed" "$(sql -c "SELECT state FROM gt_jobs WHERE job_name = 'events'")" completed
	is "events: its table has the labels" "$(sql -c "SELECT count(*) FROM gt_labels l JOIN message_label m ON m.id::text = l.object_key AND m.label = l.label
		AND m.by_people = l.human_annotated WHERE l.job_name = 'events'")" 800
	is "events: nothing is left" "$(sql -c "SELECT count(*) FROM gt_poll_events('events.py') WHERE job_name = 'events'")" 0
}

workflow() {
	local try status
	sql -c "SELECT json_build_object('source', body, 'id', id) FROM sms ORDER BY id" | gzip >"$work/in.manifest.gz"
	export JOB=Reviews GTLABEL=build/client/gtlabel
	for try in 1 2; do
		examples/pipelines/workflow.sh ingest "$work/in.manifest.gz" >"$work/out" 2>&1
		is "workflow: ingest $try" "$?" 0
		examples/pipelines/workflow.sh create >"$work/out" 2>&1
		is "workflow: create $try" "$?" 0
	done
	examples/pipelines/workflow.sh wait 0 >"$work/out" 2>&1
	is "workflow: not yet" "$?" 75
	for try in {1..600}; do
		examples/pipelines/workflow.sh wait '0.2 s' >"$work/out" 2>&1
		status=$?
		[ $status -eq 75 ] || break
		sql -c "SELECT gt_annotate('Reviews', array_agg(t.object_key), array_agg(s.gold)) FROM gt_tasks t JOIN sms s ON s.id::text = t.object_key
				WHERE t.job_name = 'Reviews' AND t.state = 'available'" >"$work/out" 2>&1
	done
	is "workflow: completed" "$status" 0
	examples/pipelines/workflow.sh export "$work/out.manifest.gz" >"$work/out" 2>&1
	is "workflow: export" "$?" 0
	is "workflow: lines with labels" "$(zcat "$work/out.manifest.gz" | grep -c '"class-name"')" 800
	JOB=nobody examples/pipelines/workflow.sh wait 0 >"$work/out" 2>&1
	is "workflow: no such job is a failure" "$(($? != 0 && $? != 75))" 1
	examples/pipelines/workflow.sh >"$work/out" 2>&1
	is "workflow: no task" "$?" 2
}

cron
events
workflow
echo "client pipelines: $passed passed, $failed failed"
[ $failed -eq 0 ]
