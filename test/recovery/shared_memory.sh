#!/usr/bin/env bash
# No shared memory for helpers (a full /dev/shm, say): a training does without them.
#
# with-cluster: -c dynamic_shared_memory_type=mmap
. "$(dirname "$0")/lib.bash"

create_fixture
parallel=$([ "$(value "SELECT current_setting('server_version_num')::int >= 160000")" = t ] && echo debug_parallel_query || echo force_parallel_mode)
train() {
	value "SET $parallel = on; SET max_parallel_workers_per_gather = 0; SET gtlabel.max_parallel_workers = 2;
		SELECT gt_train('$1', 'things', 'gold', algorithm => 'softmax') > 0"
}
same "trained with helpers" t "$(train plenty)"
chmod a-w "$GTL_CLUSTER/data/pg_dynshmem"
refused=$(psql -XAtq -c "SET $parallel = on; SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
	SET min_parallel_table_scan_size = 0; SELECT count(*) FROM things" 2>&1 || true)
case $refused in
	*"could not open shared memory segment"*) ;;
	*) fail "there is shared memory all the same: $refused" ;;
esac
same "trained without" t "$(train none)"
say "no shared memory for helpers"
