#!/usr/bin/env bash
# A dump in mid-job, plain and custom, restored into a fresh cluster: everything is there, and the
# jobs go on to the labels of an undisturbed run.  The cluster is of the server of NEWER_PG_CONFIG, by
# default of the same.
. "$(dirname "$0")/lib.bash"

predicted() {
	value "SELECT string_agg(gt_predict('words', body) || gt_featurize('words', body)::text, ';' ORDER BY id) FROM text"
	value "SELECT (SELECT md5(string_agg(md5(data), '' ORDER BY neighbours_id)) FROM gtlabel.neighbours), j.neighbours_id, j.neighbours_segments,
		(SELECT md5(string_agg(data, '' ORDER BY page_no)) FROM gtlabel.feature_page p WHERE p.job_id = j.job_id AND block_no = 1)
		FROM gtlabel.job j WHERE job_name = 'mapped'"
}

if [ "${1:-}" != restored ]; then
	create_fixture
	sql <<-'END'
		CREATE ROLE anna LOGIN;
		CREATE ROLE "Zoë's team";
		CREATE ROLE zoe LOGIN IN ROLE "Zoë's team";
		CREATE ROLE member LOGIN IN ROLE "Zoë's team";
		GRANT CREATE ON SCHEMA public TO anna, zoe;
	END
	run() { # NAME: both jobs, the second one with leases
		PGUSER=anna create_job "anna$1"
		PGUSER=zoe create_job "zoe$1" "annotators_per_object => 2, workteam => '\"Zoë''s team\"'"
	}
	# Answers by two people, in the same order each time: as many rounds of claims as wanted.
	sql <<-'END'
		CREATE PROCEDURE play_two(name text, claims int) LANGUAGE plpgsql AS $$
		BEGIN
		    SET gtlabel.background = off;
		    FOR i IN 1 .. claims LOOP
		        FOR person IN 1 .. 2 LOOP
		            PERFORM gt_submit_annotations(array_agg(task_id), array_agg(CASE WHEN id % 10 = person THEN 'a' ELSE gold END), 'person' || person)
		               FROM gt_accept_tasks(name, 7, 'person' || person) JOIN things ON id::text = object_key HAVING count(*) > 0;
		        END LOOP;
		        EXIT WHEN gt_advance_job(name) <> 'in_progress';
		        COMMIT;
		    END LOOP;
		END $$;
	END

	run _whole
	PGUSER=anna play anna_whole
	PGUSER=zoe sql -c "CALL play_two('zoe_whole', 1000)"
	check_job anna_whole 1
	check_job zoe_whole 2
	say "undisturbed: $(summary anna_whole)"
	say "undisturbed: $(summary zoe_whole)"
	{ decided anna_whole; decided zoe_whole; } >"$GTL_CLUSTER/expected"

	# Half-way: rounds are done, a batch is half answered, tasks are leased, declined and released.
	run _half
	PGUSER=anna sql -c "SET gtlabel.background = off" -c "DO \$\$ BEGIN
		WHILE (SELECT count(*) FROM gt_rounds WHERE job_name = 'anna_half') < 2 LOOP
			PERFORM gt_annotate('anna_half', array_agg(object_key), array_agg(gold)) FROM gt_tasks JOIN things ON id::text = object_key
				WHERE job_name = 'anna_half' AND state = 'available';
			PERFORM gt_advance_job('anna_half');
			COMMIT;
		END LOOP;
		PERFORM gt_annotate('anna_half', array_agg(object_key), array_agg(gold)) FROM (SELECT object_key, gold FROM gt_tasks
			JOIN things ON id::text = object_key WHERE job_name = 'anna_half' AND state = 'available' LIMIT 5) x;
	END \$\$"
	PGUSER=zoe sql -c "CALL play_two('zoe_half', 25)"
	PGUSER=member sql -c "SELECT gt_release_tasks(array_agg(task_id)) FROM gt_accept_tasks('zoe_half', 3)" >/dev/null
	PGUSER=zoe sql -c "SELECT count(*) FROM gt_accept_tasks('zoe_half', 3, 'person1')" >/dev/null
	# Answers that wait for their objects, and a program that has not acknowledged the last event.
	PGUSER=anna sql <<-'END' >/dev/null
		SET gtlabel.background = off;
		CREATE TABLE ahead AS SELECT i AS id FROM generate_series(1, 6) i;
		CREATE TABLE delivery AS SELECT id AS item, who AS annotator, 'b'::text AS label FROM ahead, unnest(ARRAY['x', 'y']) who;
		SELECT gt_create_job('anna_ahead', 'ahead', ARRAY['a', 'b'], key_column => 'id', features_column => NULL, annotators_per_object => 2, max_concurrent_task_count => 2);
		SELECT gt_import_annotations('anna_ahead', 'delivery');
		SELECT gt_acknowledge_events('etl', array_agg(event_id)) FROM gt_events WHERE event_id < (SELECT max(event_id) FROM gt_events WHERE job_name = 'anna_ahead');
	END
	sql -c "SELECT gt_train('extra', 'things', 'gold', algorithm => 'softmax')" >/dev/null
	sql -c "SELECT gt_create_job('mapped', 'things', ARRAY['a', 'b', 'c'], schedule => 'eager', seed => 1)" >/dev/null 2>&1
	# A model of texts with the vectors of some words.
	sql <<-'END' >/dev/null
		CREATE TABLE text AS SELECT i AS id, CASE WHEN i % 2 = 0 THEN 'red apple ' ELSE 'blue sky ' END || i AS body, i % 2 AS label FROM generate_series(1, 200) i;
		CREATE TABLE word AS SELECT token, ARRAY[length(token), 1]::float4[] AS vector FROM unnest(ARRAY['red', 'blue', 'sky']) token;
		SELECT gt_train('words', 'text', 'label', text_column => 'body', text_dimensions => 16, word_vectors => 'word', algorithm => 'softmax');
		DROP TABLE word;
	END
	predicted >"$GTL_CLUSTER/predicted"
	say "half-way: $(summary anna_half)"
	say "half-way: $(summary zoe_half)"
fi

if [ "${1:-}" = restored ]; then
	folder=$2 format=$3
	psql -Xq -f "$folder/roles.sql" >/dev/null 2>&1    # which has the superuser too, who exists
	if [ "$format" = plain ]; then
		sql -f "$folder/dump.sql" >/dev/null
	else
		pg_restore --exit-on-error -d "$PGDATABASE" "$folder/dump.custom"
	fi
	contents | diff "$folder/contents" - || fail "$format: the restored tables differ"
	predicted | diff -q "$folder/predicted" - >/dev/null || fail "$format: other predictions for texts"
	same "owners" "anna zoe" "$(value "SELECT string_agg(owner::text, ' ' ORDER BY job_name) FROM gt_jobs WHERE job_name LIKE '%half'")"
	same "what anna sees" "anna_ahead anna_half anna_whole" "$(PGUSER=anna value "SELECT string_agg(job_name, ' ' ORDER BY job_name) FROM gt_jobs")"
	same "what a member sees" "zoe_half zoe_whole" "$(PGUSER=member value "SELECT string_agg(job_name, ' ' ORDER BY job_name) FROM gt_jobs")"
	same "the extension owns its tables" 0 "$(value "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
		WHERE nspname = 'gtlabel' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND deptype IN ('e', 'i', 'a'))")"

	same "what is not acknowledged" "anna_ahead batch_issued" "$(PGUSER=anna value "SELECT string_agg(concat_ws(' ', job_name, event), ', ' ORDER BY event_id) FROM gt_poll_events('etl')")"
	same "answers that wait" 8 "$(PGUSER=anna value "SELECT count(*) FROM gt_early_answers")"
	same "they count" completed "$(PGUSER=anna value "SELECT gt_advance_job('anna_ahead')")"
	same "a program hears of it" "batch_issued completed" "$(PGUSER=anna value "SELECT concat_ws(' ', min(event) FILTER (WHERE n = 1), min(event) FILTER (WHERE n = c))
		FROM (SELECT event, row_number() OVER (ORDER BY event_id) AS n, count(*) OVER () AS c FROM gt_poll_events('etl') WHERE job_name = 'anna_ahead') e")"

	# The leases go on, then the jobs do; and a new one beside them.
	PGUSER=zoe sql -c "SELECT gt_submit_annotations(array_agg(task_id), array_agg(CASE WHEN id % 10 = 1 THEN 'a' ELSE gold END), 'person1')
		FROM gt_tasks JOIN things ON id::text = object_key WHERE job_name = 'zoe_half' AND annotator = 'person1' AND state = 'accepted'" >/dev/null
	PGUSER=zoe sql -c "CALL play_two('zoe_half', 1000)"
	PGUSER=anna play anna_half
	check_job anna_half 1
	check_job zoe_half 2
	PGUSER=anna create_job anna_new
	PGUSER=anna play anna_new
	check_job anna_new 1
	{ decided anna_half; decided zoe_half; } | diff "$folder/expected" - || fail "$format: other labels after the restore"
	same "labels of a new job" "$(head -n 1 "$folder/expected")" "$(decided anna_new)"
	say "$format: $(summary anna_half)"
	say "$format: $(summary zoe_half)"
	exit
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
mv "$GTL_CLUSTER/expected" "$GTL_CLUSTER/predicted" "$folder"
contents >"$folder/contents"
# As the server's documentation advises, by the newer server's programs.
programs=$newer
newer_can_dump || programs=$GTL_CLUSTER_BINDIR
"$programs/pg_dumpall" --roles-only >"$folder/roles.sql"
"$programs/pg_dump" >"$folder/dump.sql"
"$programs/pg_dump" --format=custom --file="$folder/dump.custom"
say "dumped by $("$programs/pg_dump" --version)"
for format in plain custom; do
	RECOVERY_SEED=$seed PG_CONFIG=$NEWER_PG_CONFIG scripts/with-cluster bash test/recovery/dump.sh restored "$folder" $format || fail "$format"
done
