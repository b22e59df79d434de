#!/usr/bin/env bash
# pg_upgrade in mid-job, to the server of NEWER_PG_CONFIG: everything is there, and the jobs go on to the labels of
# an undisturbed run.
. "$(dirname "$0")/lib.bash"

newer_can_dump || skip "$("$newer/pg_dump" --version) cannot dump $("$GTL_CLUSTER_BINDIR/postgres" --version)"
create_fixture
sql -c "CREATE ROLE anna LOGIN" -c "GRANT CREATE ON SCHEMA public TO anna"
export PGUSER=anna
create_job whole
play whole
check_job whole 1
expected=$(decided whole)
say "undisturbed: $(summary whole)"

# Half-way: rounds are done, a batch is half answered, a task is leased.
create_job half
sql -c "SET gtlabel.background = off" -c "DO \$\$ BEGIN
	WHILE (SELECT count(*) FROM gt_rounds WHERE job_name = 'half') < 2 LOOP
		PERFORM gt_annotate('half', array_agg(object_key), array_agg(gold)) FROM gt_tasks JOIN things ON id::text = object_key
			WHERE job_name = 'half' AND state = 'available';
		PERFORM gt_advance_job('half');
		COMMIT;
	END LOOP;
	PERFORM gt_annotate('half', array_agg(object_key), array_agg(gold)) FROM (SELECT object_key, gold FROM gt_tasks
		JOIN things ON id::text = object_key WHERE job_name = 'half' AND state = 'available' LIMIT 5) x;
END \$\$" -c "SELECT count(*) FROM gt_accept_tasks('half', 1)" >/dev/null
before=$(summary half)
say "half-way: $before"
export PGUSER=postgres
contents >"$GTL_CLUSTER/contents"
checksums=$(value 'SHOW data_checksums')

# ---- The cluster moves -------------------------------------------------------------------------------------------------

as_server() { scripts/cluster-ctl as-server "$@" >"$GTL_CLUSTER/output" 2>&1 </dev/null || fail "$*: $(cat "$GTL_CLUSTER/output")"; }
scripts/cluster-ctl stop fast
as_server mv "$GTL_CLUSTER/data" "$GTL_CLUSTER/old"
# Both clusters have to be alike, and initdb's default for checksums has changed.
options=(-U postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8)
if [ "$checksums" = on ]; then
	options+=(--data-checksums)
elif "$newer/initdb" --help | grep -q -- --no-data-checksums; then
	options+=(--no-data-checksums)
fi
as_server "$newer/initdb" -D "$GTL_CLUSTER/data" "${options[@]}"
as_server "$newer/pg_upgrade" -U postgres -b "$GTL_CLUSTER_BINDIR" -B "$newer" -d "$GTL_CLUSTER/old" -D "$GTL_CLUSTER/data" -s "$GTL_CLUSTER"
sed -n "/^listen_addresses = ''/,\$p" "$GTL_CLUSTER/old/postgresql.conf" >>"$GTL_CLUSTER/data/postgresql.conf"
export GTL_CLUSTER_BINDIR=$newer PATH=$newer:$PATH
scripts/cluster-ctl start
say "upgraded to $(value 'SHOW server_version')"
same "the server's version" "$("$newer/postgres" --version)" "postgres (PostgreSQL) $(value 'SHOW server_version')"
same "gt_check" "" "$(value "SELECT format('%s: %s', subject, finding) FROM gt_check() WHERE severity <> 'info'")"

# ---- And the jobs go on --------------------------------------------------------------------------------------------

contents | diff "$GTL_CLUSTER/contents" - || fail "the tables differ"
export PGUSER=anna
same "half-way" "$before" "$(summary half)"
same "labels of the job that was done" "$expected" "$(decided whole)"
sql -c "SELECT gt_submit_annotations(array_agg(task_id), array_agg(gold)) FROM gt_tasks JOIN things ON id::text = object_key
	WHERE job_name = 'half' AND state = 'accepted'" >/dev/null
play half
check_job half 1
same "labels of the job that was half-way" "$expected" "$(decided half)"
create_job new
play new
check_job new 1
same "labels of a new job" "$expected" "$(decided new)"
say "at the end: $(summary half)"
