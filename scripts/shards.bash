# More servers beside that of scripts/with-cluster, inside which this is sourced: shards 1, 2, ..
#
#	shard_create N       a fresh server, with the database $PGDATABASE and gtlabel in it; it goes away with the script
#	shard_start N, shard_stop N
#	shard_kill N         SIGKILL to the postmaster and all its children
#	shard_sql N [psql option ...]
#	shard_lock N         somebody keeps the table rows_of of the shard locked, for two minutes or until shard_unlock N
#	shard_other_version N    the functions of its gtlabel come from a library that says that it is version $GTL_OTHER_VERSION
#	shard_same_version N     they are the installed ones again
#	shard_connect N [schema]    here: a foreign server shard_N and a user mapping, with what gtlabel in place wants
: "${GTL_CLUSTER:?shards work inside scripts/with-cluster only}"
GTL_SHARDS=()
GTL_OTHER_VERSION=0.0.9

shard_as_server() { scripts/cluster-ctl as-server "$@"; }
shard_folder() { echo "$GTL_CLUSTER/shard$1"; }
shard_port() { echo $((5500 + $1)); }

shard_create() {
	local folder
	folder=$(shard_folder "$1")
	shard_as_server "$GTL_CLUSTER_BINDIR/initdb" -D "$folder" -U postgres --auth=trust --no-sync --encoding=UTF8 --locale=C.UTF-8 >/dev/null
	shard_as_server tee -a "$folder/postgresql.conf" >/dev/null <<-END
		listen_addresses = ''
		unix_socket_directories = '$GTL_CLUSTER'
		port = $(shard_port "$1")
		fsync = off
		shared_buffers = '${SHARD_BUFFERS:-128MB}'
		jit = off
	END
	GTL_SHARDS+=("$1")
	trap shards_stop EXIT
	shard_start "$1"
	PGPORT=$(shard_port "$1") "$GTL_CLUSTER_BINDIR/createdb" -T template0 "$PGDATABASE"
	shard_sql "$1" -c "CREATE EXTENSION gtlabel"
}

shard_start() {
	shard_as_server "$GTL_CLUSTER_BINDIR/pg_ctl" -D "$(shard_folder "$1")" -l "$(shard_folder "$1").log" -s -w -t 60 start </dev/null
}

shard_stop() { shard_as_server "$GTL_CLUSTER_BINDIR/pg_ctl" -D "$(shard_folder "$1")" -m immediate -s -w -t 60 stop; }

shards_stop() {
	local shard
	for shard in "${GTL_SHARDS[@]}"; do shard_stop "$shard" >/dev/null 2>&1 || true; done
}

shard_kill() { scripts/cluster-ctl kill "$(shard_folder "$1")"; }

shard_sql() {
	local port
	port=$(shard_port "$1")
	shift
	PGPORT=$port psql -Xq -v ON_ERROR_STOP=1 "$@"
}

shard_lock() {
	local waited
	PGOPTIONS="${PGOPTIONS:-} -c statement_timeout=0" shard_sql "$1" -c "BEGIN" -c "LOCK TABLE rows_of" -c "SELECT pg_sleep(120)" >/dev/null 2>&1 &
	for ((waited = 0; waited < 400; waited++)); do
		if [ "$(shard_sql "$1" -At -c "SELECT count(*) FROM pg_locks WHERE relation = 'rows_of'::regclass AND mode = 'AccessExclusiveLock' AND granted")" = 1 ]; then return; fi
		sleep 0.05
	done
	echo "the rows of shard $1 are not locked" >&2
	return 1
}

shard_unlock() {
	shard_sql "$1" -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'" >/dev/null
}

# Connections that are there have loaded the one library and cannot load the other as well: they end.
shard_library() { # shard_library N FROM TO
	shard_sql "$1" -c "UPDATE pg_proc SET probin = '$3' WHERE probin = '$2'" \
		-c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND query NOT LIKE 'SELECT pg_sleep%'" >/dev/null
}

shard_other_version() {
	local installed version
	installed=$(shard_sql "$1" -At -c "SELECT setting FROM pg_config WHERE name = 'PKGLIBDIR'")/gtlabel.so
	version=$(shard_sql "$1" -At -c "SELECT extversion FROM pg_extension WHERE extname = 'gtlabel'")
	shard_as_server mkdir -p "$GTL_CLUSTER/other"
	LC_ALL=C sed "s/$version/$GTL_OTHER_VERSION/g" "$installed" | shard_as_server tee "$GTL_CLUSTER/other/gtlabel.so" >/dev/null
	# shellcheck disable=SC2016 # the server knows $libdir
	shard_library "$1" '$libdir/gtlabel' "$GTL_CLUSTER/other/gtlabel"
}

# shellcheck disable=SC2016
shard_same_version() { shard_library "$1" "$GTL_CLUSTER/other/gtlabel" '$libdir/gtlabel'; }

shard_connect() {
	psql -Xq -v ON_ERROR_STOP=1 <<-END
		SET client_min_messages = warning;
		CREATE EXTENSION IF NOT EXISTS postgres_fdw;
		CREATE SERVER shard_$1 FOREIGN DATA WRAPPER postgres_fdw
		    OPTIONS (host '$GTL_CLUSTER', port '$(shard_port "$1")', dbname '$PGDATABASE', extensions 'gtlabel', async_capable 'true', batch_size '1000');
		CREATE USER MAPPING FOR CURRENT_USER SERVER shard_$1 OPTIONS (user 'postgres');
	END
}
