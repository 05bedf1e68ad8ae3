#!/usr/bin/env bash
# Rebuilds and restarts when a source file changes. Looks once a second; needs nothing but the shell.
set -euo pipefail
cd "$(dirname "$0")/.."
server=
state() { find app frontend server migrations style public -type f -newer target/.dev-stamp 2>/dev/null | head -n 1; }
trap '[ -n "$server" ] && kill "$server" 2>/dev/null' EXIT
mkdir -p target
while true; do
  touch target/.dev-stamp
  if make --no-print-directory assets && cargo build -p ordinavo; then
    [ -n "$server" ] && { kill "$server"; wait "$server" || true; }
    [ -f data/ordinavo.db ] || { mkdir -p data; ORDINAVO_LOG=warn target/debug/ordinavo demo | tee data/logins.txt; }
    target/debug/ordinavo serve &
    server=$!
  fi
  while [ -z "$(state)" ]; do sleep 1; done
done
