#!/usr/bin/env bash
# A hot standby: views are readable, whatever writes is refused clearly, and after promotion the job
# goes on to the same labels.
#
# with-cluster: -c wal_level=replica -c max_wal_senders=4 -c max_worker_processes=2
. "$(dirname "$0")/lib.bash"

create_fixture
create_job calm
play calm
create_job half
sql -c "SET gtlabel.background = off" -c "DO \$\$ BEGIN
	WHILE (SELECT count(*) FROM gt_rounds WHERE job_name = 'half') < 1 LOOP
		PERFORM gt_annotate('half', array_agg(object_key), array_agg(gold)) FROM gt_tasks JOIN things ON id::text = object_key
			WHERE job_name = 'half' AND state = 'available';
		PERFORM gt_advance_job('half');
		COMMIT;
	END LOOP;
END \$\$" -c "SELECT count(*) FROM gt_accept_tasks('half', 1)" >/dev/null
create_job due
sql -c "SET gtlabel.background = off" -c "SELECT gt_annotate('due', array_agg(object_key), array_agg(gold))
	FROM gt_tasks JOIN things ON id::text = object_key WHERE job_name = 'due' AND state = 'available'" >/dev/null
before=$(summary half)

standby=$GTL_CLUSTER/standby
trap 'scripts/cluster-ctl as-server "$GTL_CLUSTER_BINDIR/pg_ctl" -D "$standby" -m immediate stop >/dev/null 2>&1 || true' EXIT
scripts/cluster-ctl as-server "$GTL_CLUSTER_BINDIR/pg_basebackup" -D "$standby" -h "$GTL_CLUSTER" -U postgres -R -c fast -X stream
scripts/cluster-ctl as-server "$GTL_CLUSTER_BINDIR/pg_ctl" -D "$standby" -o "-p 5433" -l "$GTL_CLUSTER/standby.log" -w -s start </dev/null
export PGPORT=5433
until_true 30 is_up || fail "the standby does not come up"
caught_up() { [ "$(summary half)" = "$before" ]; }
until_true 30 caught_up || fail "the standby does not catch up: $(summary half)"

same "views of a standby" "$(decided calm)" "$(PGPORT=5432 decided calm)"
for view in gt_jobs gt_batches gt_tasks gt_annotations gt_annotators gt_rounds gt_labels gt_failures gt_models gt_events gt_progress; do
	value "SELECT count(*) FROM $view" >/dev/null
done
value "SELECT count(*) FROM gt_explain_job('half')" >/dev/null
value "SELECT count(*) FROM gt_plan_job('half')" >/dev/null
for call in "gt_accept_tasks('half')" "gt_submit_annotations(ARRAY(SELECT task_id FROM gt_tasks WHERE state = 'accepted'), ARRAY['a'])" \
	"gt_annotate('half', ARRAY['1'], ARRAY['a'])" "gt_advance_job('half')" "gt_pause_job('half')" "gt_stop_job('half')" \
	"gt_drop_job('half')" "gt_create_job('new', 'things', ARRAY['a','b'])"; do
	refusal=$(psql -XAtq -v VERBOSITY=verbose -c "SELECT $call" 2>&1 || true)
	case $refusal in
		*25006*) ;;                     # read_only_sql_transaction
		*) fail "$call on a standby: $refusal" ;;
	esac
done
# A worker that is asked for here would not come, and keep its place from parallel queries.
same "waiting for a job whose step is due" f "$(value "CALL gt_wait_job('due', timeout => '1 s')")"
launched=$(value "SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
	EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT count(*) FROM things" | sed -n 's/.*Workers Launched: //p')
same "parallel workers on the standby" 1 "$launched"
say "the standby shows $before"

PGPORT=5432 scripts/cluster-ctl stop immediate
scripts/cluster-ctl as-server "$GTL_CLUSTER_BINDIR/pg_ctl" -D "$standby" -w -s promote
sql -c "SELECT gt_release_tasks(array_agg(task_id)) FROM gt_tasks WHERE job_name = 'half' AND state = 'accepted'" >/dev/null
play half
check_job half 1
same "labels after promotion" "$(decided calm)" "$(decided half)"
say "promoted: $(summary half)"
