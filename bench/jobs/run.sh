#!/usr/bin/env bash
# Does the tenth job of a database run like the first?  Jobs over the same dataset, one after the
# other, with one ANALYZE after the first: the statistics then know that job and no other.
# Autovacuum is off, so that this state, which otherwise lasts for a while, lasts.
#
#	bench/jobs/run.sh [objects ...]		default: 100000 1000000
#
# Prints, for each size, processor milliseconds of job 1, 2 and JOBS=10 (all by an ordinary role, in one
# backend; the mean of some runs for what only reads) and their ratios to job 1.  Exit status 1 if a goal is missed:
# a ratio above 1.2 where job 1 takes 5 ms or more (with SLACK=0 as the share by which a busy
# machine may miss it), 100 ms for explain, report and each view at 100,000 objects, 5 ms for one
# label by key and one task with its row at any size.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -n "${GTL_CLUSTER:-}" ] ||
	exec scripts/with-cluster -c shared_buffers=1GB -c min_wal_size=2GB -c max_wal_size=16GB -c checkpoint_timeout=1h \
		-c maintenance_work_mem=256MB -c autovacuum=off -c gtlabel.background=off -c gtlabel.max_parallel_workers=0 -c max_parallel_workers_per_gather=0 "$0" "$@"

jobs=${JOBS:-10} slack=${SLACK:-0}
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }

measure() { # objects
	sql -c "CREATE DATABASE jobs_$1"
	PGDATABASE=jobs_$1 sql -v objects="$1" -v jobs="$jobs" -f bench/jobs/jobs.sql
	PGDATABASE=jobs_$1 sql -F ' | ' -v jobs="$jobs" -v objects="$1" -v slack="$slack" -f bench/jobs/table.sql
	sql -c "DROP DATABASE jobs_$1"
}

missed=0
[ $# -gt 0 ] || set -- 100000 1000000
for objects in "$@"; do
	table=$(measure "$objects")
	printf '%s\n\n' "$table"
	case $table in *MISSED*) missed=1 ;; esac
done
exit $missed
