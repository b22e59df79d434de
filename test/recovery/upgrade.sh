#!/usr/bin/env bash
# ALTER EXTENSION gtlabel UPDATE from every earlier version gives the catalog of a fresh install, and its jobs
# go on; scripts/new-version opens a version that this version updates to; DROP EXTENSION leaves nothing.
. "$(dirname "$0")/lib.bash"

in_new_database() { # in_new_database NAME: further psql calls go there
	psql -Xqd postgres -v ON_ERROR_STOP=1 -c "CREATE DATABASE $1 TEMPLATE template0"
	export PGDATABASE=$1
}
catalog() { sql -f test/lib/catalog.sql; }
compare() { diff "$GTL_CLUSTER/fresh.txt" "$1" >"$GTL_CLUSTER/differences"; }

# Install scripts that only the tests need: they leave the server with this script.
folder=$("$(scripts/pg-config)" --sharedir)/extension
lent=()
lend() { # FILE...: those that are not there yet
	local file
	for file in "$@"; do
		[ ! -e "$folder/${file##*/}" ] || continue
		cp "$file" "$folder" || fail "$folder is not writable"
		lent+=("$folder/${file##*/}")
	done
}
trap 'rm -f "${lent[@]}"' EXIT
shopt -s nullglob
lend test/upgrade/*.sql

in_new_database fresh
sql -c 'CREATE EXTENSION gtlabel'
catalog >"$GTL_CLUSTER/fresh.txt"
current=$(value "SELECT extversion FROM pg_extension WHERE extname = 'gtlabel'")
say "version $current: $(wc -l <"$GTL_CLUSTER/fresh.txt") lines of catalog"
same "version of the control file" "$current" "$(sed -n "s/^default_version = '\(.*\)'/\1/p" gtlabel.control)"

# ---- The comparison sees what it should --------------------------------------------------------

for change in 'ALTER FUNCTION gt_plan COST 7' 'ALTER TABLE gtlabel.task SET (fillfactor = 50)' 'COMMENT ON VIEW gt_jobs IS NULL' \
	'ALTER TABLE gtlabel.step ADD COLUMN more text' 'REVOKE SELECT ON gt_labels FROM PUBLIC' 'DROP INDEX gtlabel.event_job_idx' \
	"UPDATE pg_extension SET extconfig = extconfig[2:], extcondition = extcondition[2:] WHERE extname = 'gtlabel'" \
	'ALTER POLICY owner ON gtlabel.step USING (true)' 'ALTER SEQUENCE gtlabel.task_id_seq CACHE 1'; do
	sql -c BEGIN -c "$change" -f test/lib/catalog.sql >"$GTL_CLUSTER/changed.txt"
	if compare "$GTL_CLUSTER/changed.txt"; then fail "a difference is not seen: $change"; fi
done
say "the comparison sees differences"

# ---- From every earlier version ----------------------------------------------------------------------

create_old() { # a database with a job of VERSION
	in_new_database "from_${1//./_}"
	sql -c "CREATE EXTENSION gtlabel VERSION '$1'" -c 'CREATE TABLE things AS SELECT i AS id FROM generate_series(1, 20) i' \
		-c 'ALTER TABLE things ADD PRIMARY KEY (id)' -c 'SET gtlabel.background = off' \
		-c "SELECT gt_create_job('old', 'things', ARRAY['a','b'], features_column => NULL, max_concurrent_task_count => 10)" \
		-c "SELECT gt_annotate('old', array_agg(object_key), array_agg('a'::text)) FROM gt_tasks" >/dev/null
}
goes_on() { # VERSION
	same "a job of version $1 goes on" 'in_progress 10' \
		"$(sql -At -c 'SET gtlabel.background = off' -c "SELECT gt_advance_job('old')" -c "SELECT human_labeled FROM gt_jobs" | paste -sd ' ')"
}

versions=$(value "SELECT version FROM pg_available_extension_versions WHERE name = 'gtlabel' AND version <> '$current' ORDER BY 1")
for version in $versions; do
	[ -n "$(value "SELECT path FROM pg_extension_update_paths('gtlabel') WHERE source = '$version' AND target = '$current'")" ] ||
		fail "no path from version $version to $current"
	create_old "$version"
	sql -c 'ALTER EXTENSION gtlabel UPDATE'
	catalog >"$GTL_CLUSTER/updated.txt"
	if ! compare "$GTL_CLUSTER/updated.txt"; then
		head -n 40 "$GTL_CLUSTER/differences"
		fail "version $version updated to $current differs from a fresh $current"
	fi
	goes_on "$version"
	say "updated from $version"
done
say "earlier versions: ${versions:-none}"

# ---- To the next version --------------------------------------------------------------------------------------------

next=999.0.0
copy=$GTL_CLUSTER/next
mkdir "$copy"
cp -a gtlabel.control META.json CHANGELOG.md scripts sql debian "$copy"
"$copy/scripts/new-version" $next
same "the next version" "default_version = '$next'" "$(grep '^default_version' "$copy/gtlabel.control")"
cmp <(cat sql/parts/*.sql) "$copy/test/upgrade/gtlabel--$current.sql" || fail "the install script of $current is not kept"

# What is new in the parts has to be in the update script.
news="CREATE FUNCTION gt_next() RETURNS integer IMMUTABLE PARALLEL SAFE LANGUAGE sql RETURN 1;"
update=$copy/gtlabel--$current--$next.sql
cp "$copy/sql/${update##*/}" "$update"
{ cat "$copy"/sql/parts/*.sql; echo "$news"; } >"$copy/gtlabel--$next.sql"
lend "$update" "$copy/gtlabel--$next.sql"
in_new_database next_fresh
sql -c "CREATE EXTENSION gtlabel VERSION '$next'"
catalog >"$GTL_CLUSTER/fresh.txt"
create_old "$current"
sql -c "ALTER EXTENSION gtlabel UPDATE TO '$next'"
catalog >"$GTL_CLUSTER/updated.txt"
if compare "$GTL_CLUSTER/updated.txt"; then fail "an update script without what is new is not noticed"; fi
goes_on "$current"

echo "$news" >>"$folder/${update##*/}"
export PGDATABASE=postgres
sql -c "DROP DATABASE from_${current//./_}"
create_old "$current"
sql -c "ALTER EXTENSION gtlabel UPDATE TO '$next'"
catalog >"$GTL_CLUSTER/updated.txt"
compare "$GTL_CLUSTER/updated.txt" || fail "version $current updated to $next differs from a fresh $next: $(head -n 40 "$GTL_CLUSTER/differences")"
goes_on "$current"
say "updated from $current to $next"

# ---- Dropping it ---------------------------------------------------------------------------------------------

in_new_database dropped
rows() {
	for table in pg_class pg_proc pg_type pg_namespace pg_attribute pg_constraint pg_index pg_policy pg_rewrite pg_sequence pg_depend \
		pg_shdepend pg_description pg_init_privs pg_extension; do
		echo "$table $(value "SELECT count(*) FROM $table WHERE $([ $table = pg_shdepend ] && echo 'dbid = (SELECT oid FROM pg_database WHERE datname = current_database())' || echo true)")"
	done
}
rows >"$GTL_CLUSTER/before.txt"
sql -c 'CREATE EXTENSION gtlabel'
create_fixture 40 >/dev/null
sql -c "SELECT gt_create_job('gone', 'things', ARRAY['a','b','c'])" >/dev/null 2>&1
sql <<'END'
DROP EXTENSION gtlabel CASCADE;
DROP TABLE things;
SELECT format('DROP ROUTINE %s', oid::regprocedure) FROM pg_proc WHERE pronamespace = 'public'::regnamespace \gexec
END
rows >"$GTL_CLUSTER/after.txt"
diff "$GTL_CLUSTER/before.txt" "$GTL_CLUSTER/after.txt" || fail "DROP EXTENSION leaves something"
say "DROP EXTENSION leaves nothing"
