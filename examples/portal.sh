#!/usr/bin/env bash
# The end of `make demo` on a terminal: lets you label some of the messages yourself in a browser, until Ctrl-C.
#
#	examples/portal.sh        inside scripts/with-cluster, after examples/demo.sh with the messages
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
: "${GTL_CLUSTER:?run this inside scripts/with-cluster}"

password=$(od -An -N4 -tx1 /dev/urandom | tr -d ' ')
token=$(psql -XqAt -v ON_ERROR_STOP=1 -v password="$password" <<'SQL'
SET client_min_messages = warning;
CREATE ROLE portal LOGIN;
CREATE ROLE demo LOGIN PASSWORD :'password';
-- Without the column of the answers
CREATE VIEW your_messages AS SELECT id, body FROM messages;
GRANT SELECT ON messages, your_messages TO demo;
SELECT gt_alter_job('messages', owner => 'demo') \g /dev/null
SET ROLE demo;
SELECT gt_create_job('your_messages', 'your_messages', ARRAY['ham', 'spam'], key_column => 'id', text_column => 'body',
                     schedule => 'eager', max_concurrent_task_count => 100) \g /dev/null
SELECT gt_invite_annotator('your_messages', 'you');
SQL
)
# Roles sign in to the portal with a password; those of the demo itself need none.
cat >"$GTL_CLUSTER/data/pg_hba.conf" <<'HBA'
local all postgres trust
local all portal trust
local all all scram-sha-256
HBA
psql -XqAt -c "SELECT pg_reload_conf()" >/dev/null

log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap : INT
address=
for port in 8432 0; do
	build/client/gtlabel serve -U portal --listen-port "$port" >"$log" 2>&1 &
	server=$!
	while [ -z "$address" ] && kill -0 "$server" 2>/dev/null; do
		address=$(sed -n 's/^open //p' "$log")
		sleep 0.05
	done
	[ -z "$address" ] || break
done
[ -n "$address" ] || { cat "$log" >&2; exit 1; }

cat <<TEXT

  Label some yourself (1: ham, 2: spam, Backspace takes back):
  open $address#/invitation/$token

  As the owner of both jobs (role demo, password $password):
  open $address#/jobs

  Ctrl-C ends it, and removes the throw-away server.
TEXT
wait "$server" || true
kill "$server" 2>/dev/null || true
