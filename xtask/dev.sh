#!/usr/bin/env bash
# Rebuilds and restarts the server when a source file changes. Checks once a second; needs only the shell.
# Bundles and style sheets take minutes, so they are rebuilt only when a file changed that they are made of.
set -euo pipefail
cd "$(dirname "$0")/.."
server=
browser_sources=(style public frontend app/ui/src/islands.rs app/*/src/islands* app/domain package-lock.json)
newer() { find "${@:2}" -type f -newer "$1" 2>/dev/null | head -n 1; }
changed() { newer target/.dev-stamp app frontend server migrations style public; }
trap '[ -n "$server" ] && kill "$server" 2>/dev/null' EXIT
mkdir -p target
[ -f target/site/pkg/assets.json ] || make --no-print-directory assets
touch -r target/site/pkg/assets.json target/.dev-assets
while true; do
  touch target/.dev-stamp
  if [ -n "$(newer target/.dev-assets "${browser_sources[@]}")" ]; then
    touch target/.dev-assets
    make --no-print-directory assets || true
  fi
  if cargo build --quiet -p ordinavo; then
    [ -n "$server" ] && { kill "$server"; wait "$server" || true; }
    [ -f data/ordinavo.db ] || { mkdir -p data; ORDINAVO_LOG=warn target/debug/ordinavo demo | tee data/logins.txt; }
    target/debug/ordinavo serve &
    server=$!
  fi
  while [ -z "$(changed)" ]; do sleep 1; done
done
