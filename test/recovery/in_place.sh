#!/usr/bin/env bash
# A job in place over three servers: what is sent to them; each of them killed in each step, which fails with its name, does
# nothing by half and is done when it is called again; rounds do without them.  So does an audit, once its labels are fixed.  The labels are those of one table in the end.
#
# with-cluster:
. "$(dirname "$0")/lib.bash"
. scripts/shards.bash
export PGOPTIONS="-c client_min_messages=warning -c gtlabel.background=off"

create_fixture 3000
sql -c "ALTER TABLE things ADD COLUMN label text, ADD COLUMN confidence float8" -c "CREATE EXTENSION postgres_fdw" \
	-c "CREATE TABLE spread (LIKE things) PARTITION BY HASH (id)" -c "CREATE TABLE spread_0 PARTITION OF spread FOR VALUES WITH (MODULUS 3, REMAINDER 0)"
for shard in 1 2; do
	shard_create $shard
	shard_sql $shard -c "CREATE TABLE rows_of (id int PRIMARY KEY, features float4[] NOT NULL, gold text NOT NULL, label text, confidence float8)"
	shard_connect $shard
	sql -c "CREATE FOREIGN TABLE spread_$shard PARTITION OF spread FOR VALUES WITH (MODULUS 3, REMAINDER $shard) SERVER shard_$shard OPTIONS (table_name 'rows_of')"
done
sql -c "INSERT INTO spread SELECT * FROM things"

job="max_concurrent_task_count => 100, validation_share => 0.3, algorithm => 'softmax', seed => 3, display_columns => ARRAY['id'], placement => 'in_place', sample_count => 600"
create="SELECT gt_create_job('spread', 'spread', ARRAY['a', 'b', 'c'], key_column => 'id', $job)"
write="SELECT human, machine, unlabeled FROM gt_write_labels('spread', 'label', 'confidence')"
answer() { # answer JOB TABLE: people, who know it from the table
	value "SELECT gt_annotate('$1', array_agg(object_key), array_agg(gold)) FROM gt_tasks JOIN $2 ON id::text = object_key WHERE job_name = '$1' AND state = 'available'" >/dev/null
}
play_out() { while [ "$(value "SELECT gt_advance_job('$1')")" = in_progress ]; do answer "$1" things; done; }

# killed_in SHARD STATEMENT [NAME]: the statement waits for a lock on the shard when that is killed; the error has that name in it,
# by default the shard's, and no other shard's
killed_in() {
	local log=$GTL_CLUSTER/killed.log code=0
	shard_lock "$1"
	sql -v VERBOSITY=verbose -c "$2" >"$log" 2>&1 &
	local statement=$!
	waits() { [ "$(shard_sql "$1" -At -c "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")" -ge 1 ]; }
	until_true 20 waits "$1" || fail "does not wait for shard $1: $2: $(cat "$log")"
	shard_kill "$1"
	wait $statement || code=$?
	[ $code -ne 0 ] || fail "succeeded without shard $1: $2"
	grep -q "${3-on server \"shard_$1\"}" "$log" || fail "does not name shard $1: $(cat "$log")"
	if grep -q "shard_$((3 - $1))" "$log"; then fail "names another shard than $1: $(cat "$log")"; fi
	grep -qE 'ERROR:  (08006|08003|57P0[12])' "$log" || fail "another error: $(cat "$log")"
	shard_start "$1"
	say "killed shard $1 in: ${2:0:60}"
}

# ---- Creation
for shard in 1 2; do
	killed_in $shard "$create"
	same "jobs after a failed creation" 0 "$(value "SELECT count(*) FROM gtlabel.job WHERE job_name = 'spread'")"
done
sql -c "$create" >/dev/null

# ---- Tasks: the row is on the shard
killed_in 1 "SELECT count(*) FROM gt_accept_tasks('spread', 60)"
same "tasks held after a failed call" 0 "$(value "SELECT count(*) FROM gt_tasks WHERE job_name = 'spread' AND state = 'accepted'")"
same "rows of tasks" 60 "$(value "SELECT count(object) FROM gt_accept_tasks('spread', 60)")"
value "SELECT gt_release_tasks(array_agg(task_id)) FROM gt_tasks WHERE job_name = 'spread' AND state = 'accepted'" >/dev/null

# ---- Rounds do without the servers
shard_stop 1
shard_stop 2
play_out spread
same "the job" completed "$(value "SELECT state FROM gt_jobs WHERE job_name = 'spread'")"
refusal=$(sql -v VERBOSITY=verbose -c "$write" 2>&1 || true)
case $refusal in *"08001: could not connect to server \"shard_"*) ;; *) fail "with the shards down: $refusal" ;; esac
shard_start 1
shard_start 2
say "rounds ran while two servers were down"

# ---- Writing: in the counting of margins, then in the writing itself
killed_in 1 "$write"
killed_in 2 "$write"
for shard in 1 2; do same "labels of shard $shard after failures" 0 "$(shard_sql $shard -At -c "SELECT count(label) FROM rows_of")"; done

# ---- A slow server: its own time limit ends the statement, which names it
shard_sql 1 -c "ALTER ROLE postgres SET statement_timeout = '400ms'"
shard_lock 1
refusal=$(sql -v VERBOSITY=verbose -c "$write" 2>&1 || true)
case $refusal in *shard_2*) fail "names shard 2 for shard 1: $refusal" ;; *57014*'foreign table public.spread_1 on server "shard_1"'*) ;; *) fail "with a slow shard 1: $refusal" ;; esac
shard_unlock 1
shard_sql 1 -c "ALTER ROLE postgres RESET statement_timeout"
same "labels of shard 2 after a time limit" 0 "$(shard_sql 2 -At -c "SELECT count(label) FROM rows_of")"
say "a slow server: ${refusal:0:80}"

# ---- A server that fails when it commits, after another one may have: written again, all is whole
refuse="CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE disk_full; END';
	CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON rows_of DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()"
halves=0
for shard in 1 2; do
	shard_sql $shard -c "$refuse"
	refusal=$(sql -v VERBOSITY=verbose -c "$write" 2>&1 || true)
	case $refusal in *53100*) ;; *) fail "with shard $shard that cannot commit: $refusal" ;; esac
	shard_sql $shard -c "DROP FUNCTION refuse() CASCADE" 2>/dev/null
	same "labels of shard $shard, which could not commit" 0 "$(shard_sql $shard -At -c "SELECT count(label) FROM rows_of")"
	[ "$(shard_sql $((3 - shard)) -At -c "SELECT count(label) FROM rows_of")" = 0 ] || halves=$((halves + 1))
	half=$(value "SELECT count(label) FROM spread")
	whole=$(value "$write")
	same "rows with labels" "$(value "SELECT count(label) FROM spread")" "$(awk -F '|' '{ print $1 + $2 }' <<<"$whole")"
	[ "$half" -lt "$(value "SELECT count(label) FROM spread")" ] || fail "nothing was missing after a failed commit"
	sql -c "UPDATE spread SET label = NULL, confidence = NULL"
done
[ $halves -ge 1 ] || fail "no server had committed before another one failed"
say "half commits repaired: $halves of 2"

# ---- What is sent
explained() { # explained STATEMENT: the plans of all statements in it
	PGOPTIONS="$PGOPTIONS -c session_preload_libraries=auto_explain -c auto_explain.log_min_duration=0 -c auto_explain.log_nested_statements=on
	-c auto_explain.log_verbose=on -c auto_explain.log_level=notice -c client_min_messages=notice" sql -c "$1" 2>&1
}
version=$(value "SELECT extversion FROM pg_extension WHERE extname = 'gtlabel'")
plans=$(explained "$write")
written=$(value "$write")
remote=$(sed -n 's/^ *Remote SQL: //p' <<<"$plans")
grep -q 'Async Foreign Scan' <<<"$plans" || fail "no server is asked while another one works: $plans"
for wanted in 'SELECT public.gt_tail(public.gt_score($1::bytea, features), id, 0) FROM public.rows_of' 'SELECT count(label), count(*) FROM public.rows_of' 'SELECT count(*) FROM public.rows_of' \
	"SELECT id FROM public.rows_of WHERE (gtlabel.same_version(id, '\"$version\"'::jsonb)) LIMIT 1" 'UPDATE public.rows_of SET label = (CASE WHEN (public.gt_margin(public.gt_score($1::bytea, features)) >= ' "UPDATE public.rows_of SET label = 'a'::text"; do
	grep -qF "$wanted" <<<"$remote" || fail "not sent: $wanted; sent was: $remote"
done
if grep -vE '^(UPDATE public.rows_of SET|SELECT (public.gt_tail|count)\(|SELECT id FROM public.rows_of WHERE \(gtlabel.same_version\()' <<<"$remote"; then fail "rows travel"; fi
say "what is sent: $(cut -c1-60 <<<"$remote" | sort | uniq -c | tr -s ' ' | tr '\n' ';')"

# ---- The same on one table
sql -c "${create//\'spread\'/\'things\'}" >/dev/null
play_out things
same "labels of one table" "$written" "$(value "${write/spread/things}")"
same "rows with other labels" 0 "$(value "SELECT count(*) FROM things t JOIN spread s USING (id) WHERE (t.label, t.confidence) IS DISTINCT FROM (s.label, s.confidence)")"
say "labels (people, machine, none): $written"

# ---- A row that people labeled and that is gone is not counted among the labels
person=$(value "SELECT object_key FROM gt_labels WHERE job_name = 'spread' AND human_annotated ORDER BY object_key::int LIMIT 1")
sql -c "CREATE TABLE gone AS SELECT * FROM spread WHERE id = $person" -c "DELETE FROM spread WHERE id = $person"
same "labels without a row" "$(awk -F '|' '{ print $1 - 1 "|" $2 "|" $3 }' <<<"$written")" "$(value "$write")"
sql -c "INSERT INTO spread SELECT * FROM gone"
same "labels with it" "$written" "$(value "$write")"

# ---- A server killed while the view is read
sql -c "SELECT gt_create_label_view('spread', 'seen')" >/dev/null
killed_in 2 "SELECT count(*) FROM seen" public.rows_of	# a query of the user's: it has postgres_fdw's words
same "rows of the view" 3000 "$(value "SELECT count(*) FROM seen")"

# ---- An audited promise: each server killed when the labels are fixed; the answers need none of them
audited="gt_create_job('audited', 'spread', ARRAY['a', 'b', 'c'], key_column => 'id', $job, schedule => 'eager', guarantee => 'audited', neighbours => false)"
audited=${audited/validation_share => 0.3, /}
sql -c "SELECT $audited" >/dev/null
shard_stop 1
while [ "$(value "SELECT gt_advance_job('audited')" 2>/dev/null)" = in_progress ]; do answer audited things; done
same "the audited job without shard 1" "in_progress 0" "$(value "SELECT state || ' ' || (SELECT count(*) FROM gt_audits WHERE job_name = 'audited') FROM gt_jobs WHERE job_name = 'audited'")"
shard_start 1
for shard in 1 2; do
	killed_in $shard "SELECT gt_advance_job('audited')"
	same "audits after a failed step" 0 "$(value "SELECT count(*) FROM gt_audits WHERE job_name = 'audited'")"
done
remote=$(explained "SELECT gt_advance_job('audited')" | sed -n 's/^ *Remote SQL: //p')
for wanted in 'SELECT public.gt_tail(public.gt_score($1::bytea, features), id, 0) FROM public.rows_of' \
	'SELECT count(*), bit_xor(public.gt_fingerprint(id, public.gt_score($1::bytea, features))), public.gt_sample(id, public.gt_score($1::bytea, features), ' \
	'SELECT id, features FROM public.rows_of WHERE ((id = ANY ('; do
	grep -qF "$wanted" <<<"$remote" || fail "not sent: $wanted; sent was: $remote"
done
same "statements that an audit sends" 8 "$(wc -l <<<"$remote")"
same "the audit" open "$(value "SELECT state FROM gt_audits WHERE job_name = 'audited'")"
shard_stop 2
play_out audited
shard_start 2
same "the audited job" "completed passed" "$(value "SELECT j.state || ' ' || a.state FROM gt_jobs j JOIN gt_audits a USING (job_name) WHERE job_name = 'audited'")"
killed_in 2 "${write/spread/audited}"
remote=$(explained "${write/spread/audited}" | sed -n 's/^ *Remote SQL: //p')
if grep -vE '^(UPDATE public.rows_of SET|SELECT (bit_xor|sum|count)\(|SELECT id FROM public.rows_of WHERE \(gtlabel.same_version\()' <<<"$remote"; then fail "rows travel"; fi
proved=$(value "${write/spread/audited}")
sql -c "SELECT ${audited//\'audited\', \'spread\'/\'audited one\', \'things\'}" >/dev/null
play_out 'audited one'
same "audited labels of one table" "$proved" "$(value "${write/spread/audited one}")"
same "rows with other audited labels" 0 "$(value "SELECT count(*) FROM things t JOIN spread s USING (id) WHERE (t.label, t.confidence) IS DISTINCT FROM (s.label, s.confidence)")"
say "audited labels (people, machine, none): $proved"

# ---- Sessions write a partition each, at the same time
sql -c "UPDATE spread SET label = NULL, confidence = NULL"
writers=()
for part in 0 1 2; do
	value "SELECT human, machine, unlabeled FROM gt_write_labels('audited', 'label', 'confidence', 'spread_$part')" >"$GTL_CLUSTER/part_$part" &
	writers+=($!)
done
for writer in "${writers[@]}"; do wait "$writer" || fail "a partition is not written"; done
same "labels of all partitions" "$proved" "$(cat "$GTL_CLUSTER"/part_? | awk -F '|' '{ h += $1; m += $2; u += $3 } END { print h "|" m "|" u }')"
same "rows with other labels, written partition by partition" 0 "$(value "SELECT count(*) FROM things t JOIN spread s USING (id) WHERE (t.label, t.confidence) IS DISTINCT FROM (s.label, s.confidence)")"

# ---- A server with another version of gtlabel: its functions come from a library that says it is another one
shard_other_version 2
for statement in "$write" "${create/\'spread\'/\'another\'}" "SELECT gt_create_label_view('spread', 'seen')"; do
	refusal=$(sql -v VERBOSITY=verbose -c "$statement" 2>&1 || true)
	case $refusal in *shard_1*) fail "names shard 1 for shard 2: $refusal" ;; *"55000: a server of the dataset has gtlabel $GTL_OTHER_VERSION, the labeling job's has gtlabel $version"*'on server "shard_2"'*) ;;
		*) fail "with another version on a shard: $statement: $refusal" ;; esac
done
same "jobs after a failed creation" 0 "$(value "SELECT count(*) FROM gtlabel.job WHERE job_name = 'another'")"
shard_same_version 2
same "labels with the same version" "$written" "$(value "$write")"
say "another version: $(head -n 1 <<<"$refusal")"

# ---- A server without gtlabel
shard_sql 2 -c "DROP EXTENSION gtlabel"
refusal=$(sql -v VERBOSITY=verbose -c "$write" 2>&1 || true)
case $refusal in *3F000*'on server "shard_2"'*) ;; *) fail "without gtlabel on a shard: $refusal" ;; esac
shard_sql 2 -c "CREATE EXTENSION gtlabel"
same "labels afterwards" "$written" "$(value "$write")"
