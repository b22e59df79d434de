#!/usr/bin/env bash
# A storm of random calls of all functions by ordinary roles, in four sessions at once: nothing crashes, nothing ends in an
# internal error (SQLSTATE class XX), every rule about the tables still holds, every job comes to an end, and
# what belongs to another role is neither changed nor seen.  storm.sql makes the calls.
#
# It lasts until each function has been accepted once, at least SECONDS and at most three times as long.
#
#	scripts/with-cluster ... bash test/recovery/storm.sh [SECONDS]        60 by default; RECOVERY_SEED=n for another storm
#
# with-cluster: --preload -c max_worker_processes=16 -c max_prepared_transactions=8 -c gtlabel.launcher_interval=500ms -c gtlabel.retry_delay=300ms -c log_error_verbosity=verbose -c track_functions=all
. "$(dirname "$0")/lib.bash"
seconds=${1:-$((60 * scale))}
sessions=4

sql -c 'CREATE EXTENSION gtlabel' -f test/recovery/storm.sql >/dev/null

# ---- The victim --------------------------------------------------------------------------------------------

# Whatever holds the word "canary" is nobody else's business.  Its jobs wait for answers, so nothing changes by itself.
PGUSER=victim sql >/dev/null <<'END'
CREATE TABLE victim.secrets AS SELECT 'canary ' || i AS id, ARRAY[i % 3, i % 2, 1, 1]::float4[] AS features, 'canary ' || i % 3 AS gold FROM generate_series(1, 60) i;
ALTER TABLE victim.secrets ADD PRIMARY KEY (id);
SET gtlabel.background = off;
SELECT gt_create_job(j, 'victim.secrets', '{canary 0,canary 1,canary 2}', max_concurrent_task_count => 20, schedule => 'eager', guarantee => 'confidence', validation_share => 0.2, algorithm => 'softmax', target_accuracy => 0.6, seed => 1)
  FROM unnest(ARRAY['victim_open', 'canary']) j;
SELECT gt_annotate(j, array_agg(object_key), array_agg(gold), 'canary') FROM (SELECT job_name AS j, object_key, gold FROM gt_tasks JOIN victim.secrets ON id = object_key) x GROUP BY j;
SELECT gt_advance_job(j) FROM unnest(ARRAY['victim_open', 'canary']) j;
SELECT count(*) FROM unnest(ARRAY['victim_open', 'canary']) j, LATERAL gt_accept_tasks(j, 2, 'canary');
SELECT gt_train('victim_model', 'victim.secrets', 'gold', algorithm => 'softmax');
END
before=$(value "SELECT storm.belongings('victim')")

# ---- The storm -----------------------------------------------------------------------------------------------

goes_on() {
	local passed=$((SECONDS - started))
	[ $passed -lt "$seconds" ] ||
		{ [ $passed -lt $((3 * seconds)) ] && [ "$(PGOPTIONS='' value "SELECT count(*) FROM storm.never_accepted()")" != 0 ]; }
}

session() { # session N: chunk after chunk of statements, each in a new connection
	local who=storm$1 chunk=0 out=$GTL_CLUSTER/storm$1
	export PGOPTIONS='-c statement_timeout=3000 -c lock_timeout=2000'
	while goes_on; do
		chunk=$((chunk + 1))
		PGOPTIONS='' sql -At -c "SELECT storm.statements(80, '$who', ($seed * 7919 + $1 * 104729 + $chunk * 15485863::bigint) % 2000003 / 2000003.0)" \
			>"$out.sql" 2>"$out.failed" || return 1
		PGUSER=$who PGOPTIONS='' psql -Xq -c 'CALL storm.furnish()' >"$out.failed" 2>&1 || return 1
		PGUSER=$who psql -XAtq -v ON_ERROR_ROLLBACK=$((chunk % 2)) -f "$out.sql" >>"$out.out" 2>&1 </dev/null || return 1
		cat "$out.sql" >>"$out.sql.all"
	done
	: >"$out.failed"
}
pids=()
for ((i = 1; i <= sessions; i++)); do
	session $i &
	pids+=($!)
done
broken=0
for pid in "${pids[@]}"; do wait "$pid" || broken=1; done
say "seed $seed: $(cat "$GTL_CLUSTER"/storm?.sql.all | wc -l) statements, $(grep -hc ERROR "$GTL_CLUSTER"/storm?.out | awk '{ n += $1 } END { print n }') of them refused"

# ---- What the server says ------------------------------------------------------------------------------------

log() { scripts/cluster-ctl log; }
internal=$(log | grep -E -A 6 '(ERROR|FATAL|PANIC|WARNING): +XX[0-9A-Z]{3}:' | head -n 60 || true)
[ -z "$internal" ] || { echo "$internal"; fail "internal errors, seed $seed"; }
crashed=$(log | grep -E -A 4 'was terminated by signal|TRAP:|runtime error:|PANIC:' | head -n 40 || true)
[ -z "$crashed" ] || { echo "$crashed"; fail "a crash, seed $seed"; }
[ $broken = 0 ] || { cat "$GTL_CLUSTER"/storm?.failed; tail -n 5 "$GTL_CLUSTER"/storm?.out; fail "a session ended, seed $seed"; }

# ---- What belongs to the victim --------------------------------------------------------------------------------

seen=$(grep -h -m 3 canary "$GTL_CLUSTER"/storm?.out || true)
[ -z "$seen" ] || fail "others have seen: $seen"
same "what belongs to the victim" "$before" "$(value "SELECT storm.belongings('victim')")"

# ---- What is left ------------------------------------------------------------------------------------------------

value "SELECT format('ROLLBACK PREPARED %L', gid) FROM pg_prepared_xacts" | sql
rules() {
	broken=$(value "SELECT storm.broken_rules() LIMIT 10")
	[ -z "$broken" ] || fail "seed $seed: $broken"
}
calm() { [ "$(value "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'gtlabel worker'")" = 0 ]; }
say "$(value "SELECT string_agg(n || ' ' || state, ', ') FROM (SELECT state, count(*) AS n FROM gt_jobs GROUP BY 1 ORDER BY 1) x")"
rules
while read -r job; do
	sql -c "CALL storm.finish('$job')" >"$GTL_CLUSTER/finish" 2>&1 || fail "seed $seed: $(cat "$GTL_CLUSTER/finish")"
done < <(value "SELECT job_name FROM gtlabel.job WHERE owner <> 'victim'::regrole AND consolidation IS NULL ORDER BY 1")
until_true 30 calm || fail "workers do not end"
rules
# Chance may leave out a few of the hundred: a slow machine makes fewer calls.
never=$(value "SELECT string_agg(f, ', ') FROM storm.never_accepted() f")
[ "$(value 'SELECT count(*) FROM storm.never_accepted()')" -le 8 ] || fail "seed $seed: no call of these was ever accepted: $never"
[ -z "$never" ] || say "no call of these was ever accepted: $never"
say "$(value "SELECT count(*) FROM storm.function") functions, all rules hold, all jobs have ended"
