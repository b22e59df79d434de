#!/usr/bin/env bash
# Dumps whose roles or datasets are missing where they are restored: no job is lost, none becomes another
# role's, and gt_check names what is missing.  And who can make a dump at all.
. "$(dirname "$0")/lib.bash"

jobs() { value "SELECT string_agg(format('%s:%s:%s:%s', job_name, owner, dataset, (SELECT value FROM gt_job_settings s
	WHERE s.job_name = j.job_name AND setting = 'workteam')), ' ' ORDER BY job_name) FROM gt_jobs j"; }
counts() { value "SELECT format('%s jobs, %s objects, %s answers, %s labels, %s models', (SELECT count(*) FROM gtlabel.job), (SELECT count(*) FROM gtlabel.object),
	(SELECT count(*) FROM gtlabel.annotation), (SELECT count(*) FROM gtlabel.label), (SELECT count(*) FROM gtlabel.model))"; }
ailments() { value "SELECT string_agg(subject || ' ' || split_part(finding, ':', 1), '; ' ORDER BY subject, finding) FROM gt_check() WHERE subject LIKE 'job %'"; }

if [ "${1:-}" = restored ]; then
	folder=$2 number=$3
	# the role that happens to have the number of one that was dropped
	sql <<-END
		DO \$\$ DECLARE n oid; BEGIN LOOP CREATE ROLE mallory LOGIN; SELECT oid INTO n FROM pg_roles WHERE rolname = 'mallory';
			EXIT WHEN n >= $number; DROP ROLE mallory; END LOOP; END \$\$;
	END
	same "mallory's number" "$number" "$(value "SELECT oid FROM pg_roles WHERE rolname = 'mallory'")"
	sql -c 'CREATE ROLE "Anna B" LOGIN'
	pg_restore --no-acl --exit-on-error -d "$PGDATABASE" "$folder/all"
	same "what was restored" "$(cat "$folder/counts")" "$(counts)"
	same "jobs elsewhere" 'of anna:"Anna B":renamed: of gone:-:renamed: of postgres:postgres:message:' "$(jobs)"
	same "what is missing" 'job "of anna" its owner "Anna B" may not read its dataset public.renamed; job "of anna" its workteam is no role here; job "of gone" its owner is no role here' "$(ailments)"
	same "what mallory sees" "" "$(PGUSER=mallory value "SELECT string_agg(job_name, ' ') FROM gt_jobs")"
	if PGUSER=mallory value "SELECT gt_drop_job('of gone')" 2>/dev/null; then fail "mallory dropped the job of a role that is gone"; fi
	same "what the owner sees" "of anna" "$(PGUSER="Anna B" value "SELECT string_agg(job_name, ' ') FROM gt_jobs")"
	same "a worker without an owner" in_progress "$(value "SELECT gt_advance_job('of gone')")"
	sql -c "SELECT gt_alter_job('of gone', owner => 'mallory')" >/dev/null
	same "what mallory was given" "of gone" "$(PGUSER=mallory value "SELECT string_agg(job_name, ' ') FROM gt_jobs")"
	same "whose the answers are" 8 "$(PGUSER="Anna B" value "SELECT answered FROM gt_queue('of anna')")"
	sql -c 'ALTER ROLE "Anna B" RENAME TO anita' -c 'CREATE ROLE anna LOGIN'
	same "and after one more rename" 8 "$(PGUSER=anita value "SELECT answered FROM gt_queue('of anna')")"
	PGUSER=anita value "SELECT gt_accept_tasks('of anna')" >/dev/null
	same "under which name" anita "$(value "SELECT string_agg(DISTINCT annotator, ' ') FROM gt_annotations WHERE job_name = 'of anna'")"
	say "restored in another cluster: $(counts)"
	exit
fi

sql >/dev/null <<-END
	CREATE EXTENSION gtlabel;
	GRANT ALL ON SCHEMA public TO PUBLIC;
	SET gtlabel.background = off;
	SET client_min_messages = error;
	CREATE ROLE dbo LOGIN; CREATE ROLE anna LOGIN; CREATE ROLE old_team;
	CREATE ROLE backup LOGIN BYPASSRLS IN ROLE pg_read_all_data;
	DO \$\$ BEGIN FOR i IN 1 .. 300 LOOP EXECUTE 'CREATE ROLE filler'; EXECUTE 'DROP ROLE filler'; END LOOP; END \$\$;   -- an older cluster
	CREATE ROLE gone;
	ALTER DATABASE $PGDATABASE OWNER TO dbo;
	CREATE TABLE m AS SELECT i AS id, ARRAY[i, i % 2]::float4[] AS features, (i % 2)::text AS gold FROM generate_series(1, 40) i;
	CREATE TABLE message AS TABLE m;
	GRANT SELECT ON m, message TO PUBLIC;
	SELECT gt_create_job('of postgres', 'message', ARRAY['0', '1'], key_column => 'id');
	SET ROLE anna;
	SELECT gt_create_job('of anna', 'm', ARRAY['0', '1'], key_column => 'id', workteam => 'old_team');
	SELECT gt_annotate('of anna', array_agg(object_key), array_agg('1'::text)) FROM gt_tasks WHERE job_name = 'of anna';
	SELECT gt_train('mine', 'm', 'gold', algorithm => 'softmax');
	SET ROLE dbo;
	SELECT gt_create_job('of dbo', 'm', ARRAY['0', '1'], key_column => 'id');
	SELECT gt_drop_job('of dbo');
	SET ROLE gone;
	SELECT gt_create_job('of gone', 'm', ARRAY['0', '1'], key_column => 'id', features_column => NULL);
	RESET ROLE;
END
number=$(value "SELECT oid FROM pg_roles WHERE rolname = 'gone'")
if PGUSER=anna value "CREATE TEMP TABLE tt (id int PRIMARY KEY, features float4[]); INSERT INTO tt VALUES (1, '{1}'), (2, '{2}');
	SELECT gt_create_job('evil', 'tt', ARRAY['a', 'b'])" 2>/dev/null; then fail "a job over a temporary table"; fi
sql -d postgres -c 'DROP OWNED BY gone' -c 'ALTER ROLE anna RENAME TO "Anna B"'
sql -c 'DROP OWNED BY gone' -c 'DROP ROLE gone' -c 'ALTER TABLE m RENAME TO renamed'
same "jobs after the renames" 'of anna:"Anna B":renamed:old_team of gone:'"$number"':renamed: of postgres:postgres:message:' "$(jobs)"
same "a model after the rename" '"Anna B"' "$(value "SELECT owner FROM gt_models WHERE model_name = 'mine'")"

# Who can make a dump: superusers, a role with BYPASSRLS that may read everything; others their own jobs.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
counts >"$folder/counts"
pg_dump -Fc -f "$folder/super"
pg_dump -U backup -Fc -f "$folder/all"
pg_dump -U "Anna B" --enable-row-security -Fc -f "$folder/anna"
if pg_dump -U dbo -Fc -f /dev/null 2>"$folder/error"; then fail "the database's owner dumps what row-level security hides"; fi
grep -q 'row-level security' "$folder/error" || fail "the owner's dump fails of something else: $(cat "$folder/error")"
pg_dump -T message -Fc -f "$folder/part"

restore() { # restore DATABASE DUMP: without roles and privileges, as for a staging server
	sql -d postgres -c "CREATE DATABASE $1"
	PGDATABASE=$1 pg_restore --no-owner --no-acl --exit-on-error -d "$1" "$2"
}
restore anna_only "$folder/anna"
same "a dump with one's own rows" "1 jobs, 40 objects, 8 answers, 0 labels, 1 models" "$(PGDATABASE=anna_only counts)"
restore without_table "$folder/part"
same "without a dataset" 'of anna:"Anna B":renamed:old_team of gone:-:renamed: of postgres:postgres:-:' "$(PGDATABASE=without_table jobs)"
PGDATABASE=without_table ailments | grep -q 'job "of postgres" its dataset public.message is gone' || fail "gt_check does not name the dataset: $(PGDATABASE=without_table ailments)"

# The role of one job is missing: the others are there, and so is it.
sql -d postgres -c 'ALTER ROLE "Anna B" RENAME TO elsewhere' -c 'ALTER ROLE old_team RENAME TO new_team'
restore staging "$folder/super"
same "what was restored in staging" "$(cat "$folder/counts")" "$(PGDATABASE=staging counts)"
same "jobs in staging" 'of anna:-:renamed: of gone:-:renamed: of postgres:postgres:message:' "$(PGDATABASE=staging jobs)"
same "nothing is to be deleted" "" "$(PGDATABASE=staging value "SELECT string_agg(remedy, ' ') FROM gt_check() WHERE remedy ILIKE '%delete%'")"
same "a role that is missing is a name" anna "$(PGDATABASE=staging value "SELECT string_agg(DISTINCT annotator, ' ') FROM gt_annotations WHERE job_name = 'of anna'")"
same "what the renamed role sees there" "" "$(PGDATABASE=staging PGUSER=elsewhere value "SELECT string_agg(job_name, ' ') FROM gt_jobs")"
same "what the renamed role sees here" "of anna" "$(PGUSER=elsewhere value "SELECT string_agg(job_name, ' ') FROM gt_jobs")"
PGDATABASE=staging sql -c "DELETE FROM gtlabel.job WHERE job_name = 'of anna'"
same "what is left of a job is not to be deleted" "" "$(PGDATABASE=staging value "SELECT string_agg(remedy, ' ') FROM gt_check() WHERE remedy ILIKE '%delete%'")"
say "restored in the same cluster: $(counts)"
scripts/with-cluster bash test/recovery/dump_roles.sh restored "$folder" "$number" || fail "restored elsewhere"
