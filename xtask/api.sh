#!/usr/bin/env bash
# Lints the OpenAPI document, then tests a server with demo data against it. Uses the existing debug build, a free port and
# a temporary folder.
set -euo pipefail
cd "$(dirname "$0")/.."
. xtask/tools.sh

root="$PWD"
program="$root/target/debug/ordinavo"
folder="$(mktemp -d)"
trap '[ -n "${server:-}" ] && kill "$server" 2>/dev/null; rm -rf "$folder"' EXIT

"$program" openapi >"$folder/openapi.json"
npx redocly lint "$folder/openapi.json" --config end2end/redocly.yaml
npx spectral lint "$folder/openapi.json" --ruleset end2end/spectral.yaml --fail-severity warn

need_schemathesis
port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
export ORDINAVO_LISTEN="127.0.0.1:$port" ORDINAVO_LOG=error ORDINAVO_API_RATE_CLIENT=100000/100000 ORDINAVO_API_RATE_TENANT=100000/100000 ORDINAVO_API_RATE_ADDRESS=100000/100000
(cd "$folder" && "$program" demo --small --json >demo.json)
(cd "$folder" && exec "$program" serve) &
server=$!
until curl -fsS "http://127.0.0.1:$port/readyz" >/dev/null 2>&1; do sleep 0.1; done
key="$(python3 -c 'import json, sys; print(next(c["apiKey"] for c in json.load(open(sys.argv[1]))["tenants"][0]["clients"] if c["name"] == "erp"))' "$folder/demo.json")"
timeout 600 target/schemathesis/bin/schemathesis --config-file end2end/schemathesis.toml run "http://127.0.0.1:$port/api/v1/openapi.json" \
  --header "Authorization: Bearer $key" --checks all --max-examples "${ORDINAVO_TEST_EXAMPLES:-15}" --seed 1 --no-color
