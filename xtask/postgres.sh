#!/usr/bin/env bash
# Manages a PostgreSQL server for tests: `start` prints its URL, `restart` crashes and restarts it, `stop` stops it. It uses
# a temporary folder and listens on loopback only. Its user is not a superuser, so that row-level security applies.
set -euo pipefail

folder="${TMPDIR:-/tmp}/ordinavo-postgres-$(id -u)"
programs="$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1 || true)"
programs="${programs:-$(dirname "$(command -v initdb)")}"

# PostgreSQL refuses to run as root.
unprivileged() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

stop() {
  [ -d "$folder/data" ] && unprivileged "$programs/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$folder"
}

start() {
  stop
  mkdir -p "$folder"
  [ "$(id -u)" = 0 ] && chown postgres "$folder"
  local port
  port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' 2>/dev/null || echo 54391)"
  unprivileged "$programs/initdb" -D "$folder/data" -U postgres --auth=trust -E UTF8 --no-sync >/dev/null
  unprivileged "$programs/pg_ctl" -D "$folder/data" -l "$folder/log" -w start \
    -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$folder -c fsync=off -c max_connections=200" >/dev/null
  psql -h 127.0.0.1 -p "$port" -U postgres -q -c 'CREATE ROLE ordinavo LOGIN CREATEDB' -c 'CREATE DATABASE ordinavo OWNER ordinavo'
  echo "postgres://ordinavo@127.0.0.1:$port/ordinavo"
}

# Restarts the server as after a crash: it ends every connection and recovers from its log.
restart() {
  unprivileged "$programs/pg_ctl" -D "$folder/data" -l "$folder/log" -m immediate -w restart >/dev/null
}

"$1"
