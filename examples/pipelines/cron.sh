#!/usr/bin/env bash
# A job that cron keeps going, with psql alone: takes in rows and answers that have come since, lets the job take its next
# step, and writes the labels to a file when they are final.
#
#	*/10 * * * *  PGSERVICE=shop  /opt/gtlabel/cron.sh /srv/labels
#
# It can be run at any time and as often as one likes: a run that finds nothing new changes nothing, and two at a
# time do not get into each other's way.  It reads
#
#	message (id bigint PRIMARY KEY, body text)		the rows to label
#	answer (item text, annotator text, label text)	what people have answered, wherever they did it
set -euo pipefail
folder=${1:?which folder for the labels?}
exec 9>"$folder/.lock"
flock -n 9 || exit 0

sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }

sql <<'SQL'
SET client_min_messages = warning;
SELECT gt_create_job('messages', 'message', ARRAY['ham', 'spam'], text_column => 'body', key_column => 'id', schedule => 'eager',
					 max_concurrent_task_count => 200, seed => 1, if_not_exists => true) \g /dev/null
SELECT gt_add_objects('messages') \g /dev/null

-- Answers that are there already are repeated, which is no error; what cannot be taken is said.
SELECT 'not taken: ' || answers || ' answers, ' || reason
  FROM gt_import_annotations('messages', 'answer', on_conflict => 'skip') WHERE outcome = 'skipped';
SELECT gt_advance_job('messages') \g /dev/null
SQL

state=$(sql -c "SELECT state FROM gt_jobs WHERE job_name = 'messages'")
echo "$(date -u +%FT%TZ) messages: $state"
if [ "$state" = completed ]; then
	sql -c "SELECT gt_export_labels('messages', 'csv')" >"$folder/messages.csv.part"
	mv "$folder/messages.csv.part" "$folder/messages.csv"
fi
