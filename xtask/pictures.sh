#!/usr/bin/env bash
# Takes the pictures of the README from a server with fresh demo data.
set -euo pipefail
cd "$(dirname "$0")/.."
folder="$(mktemp -d)"
export ORDINAVO_DATABASE_URL="sqlite://$folder/ordinavo.db" ORDINAVO_FILES="file://$folder/files"
export ORDINAVO_SECRET_KEY_FILE="$folder/secret.key" ORDINAVO_LISTEN=127.0.0.1:3777 ORDINAVO_LOG=error
target/debug/ordinavo demo --json >"$folder/demo.json"
target/debug/ordinavo serve &
server=$!
trap 'kill $server; rm -rf "$folder"' EXIT
until curl --silent --fail --output /dev/null http://127.0.0.1:3777/readyz; do sleep 0.2; done
node end2end/pictures.mjs http://127.0.0.1:3777 "$folder/demo.json"
