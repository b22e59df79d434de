#!/usr/bin/env bash
# The tasks of a workflow, as Airflow, Dagster or make start them one by one:
#
#	workflow.sh ingest FILE		a manifest, packed or not, becomes the table
#	workflow.sh create			the job over it
#	workflow.sh wait [TIME]		until it is completed; exit status 75 if it is not yet ('60 s')
#	workflow.sh export FILE		the labeled manifest
#
# Each can be run again: what is done is not done twice, and a file is there whole or not at all.  Exit status 0 is
# done, 75 try again later (a sensor's skip_on_exit_code), anything else a failure.  JOB=reviews is the job and its table.
set -euo pipefail
job=${JOB:-reviews}
gtlabel=${GTLABEL:-gtlabel}

sql() { psql -XqAt -v ON_ERROR_STOP=1 -v job="$job" "$@"; }

ingest() { # FILE
	local there
	there=$(sql <<<"SELECT to_regclass(quote_ident(:'job')) IS NOT NULL")
	if [ "$there" = t ]; then
		echo "table $job is there"
	else
		"$gtlabel" import "$1" --table "\"${job//\"/\"\"}\"" --json
	fi
}

create() {
	sql <<-'SQL'
		SET client_min_messages = warning;
		SELECT gt_create_job(:'job', quote_ident(:'job')::regclass, ARRAY['ham', 'spam'], text_column => 'source', key_column => 'line_no',
							 label_column => 'label', schedule => 'eager', max_concurrent_task_count => 200, seed => 1, if_not_exists => true);
	SQL
}

wait_for() { # TIME
	local reached
	reached=$(sql -v time="$1" <<<"CALL gt_wait_job(:'job', timeout => :'time')")
	[ "$reached" = t ] || exit 75
}

case ${1:-} in
	ingest) ingest "${2:?which file?}" ;;
	create) create ;;
	wait) wait_for "${2:-60 s}" ;;
	export) "$gtlabel" export "$job" --format manifest -o "${2:?which file?}" --json ;;
	*) sed -n '2,/^# done/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
