#!/usr/bin/env bash
# Runs all checks: formatting, lints, unit and property tests, API tests on both databases and browser tests. The last line
# of the output is the summary.
set -euo pipefail
cd "$(dirname "$0")/.."
. xtask/tools.sh

log="$(mktemp)"
trap 'rm -rf "$log" "${TMPDIR:-/tmp}/ordinavo-tests"; [ -n "${own_postgres:-}" ] && xtask/postgres.sh stop' EXIT

need_rust
need_wasm
need_node
need_chromium
if [ -z "${ORDINAVO_TEST_POSTGRES:-}" ]; then
  need_postgres
  own_postgres=1
  ORDINAVO_TEST_POSTGRES="$(xtask/postgres.sh start)"
  export ORDINAVO_TEST_POSTGRES
fi

say "format"
cargo fmt --all --check
say "lints"
cargo clippy --quiet -p ordinavo -p domain -p xtask -p bench -p routing -p routing-bench --all-targets -- -D warnings
say "dependencies"
need_deny
checks=(bans licenses sources)
# The advisory database is hosted on GitHub, which some networks cannot reach.
if timeout 60 target/deny/bin/cargo-deny --log-level off fetch db 2>/dev/null; then
  checks+=(advisories)
else
  say "skipped: the advisory database cannot be reached"
fi
target/deny/bin/cargo-deny --log-level error check "${checks[@]}"
say "bundle contents and markup"
for app in dispatch portal public; do
  if cargo tree --quiet -p "frontend-$app" --target wasm32-unknown-unknown -e normal --prefix none | grep -E '^(sqlx|tokio|argon2|axum|ordinavo-core) '; then
    echo "the bundle of $app must not contain these dependencies" >&2
    exit 1
  fi
done
if grep -rn '<textarea' app --include='*.rs' | grep -v '^app/ui/src/forms.rs'; then
  echo "use ui::forms::TextArea, which escapes its content" >&2
  exit 1
fi
if grep -rnE 'leptos_meta::(\{[^}]*)?Title' app --include='*.rs' | grep -v '^app/ui/src/title.rs'; then
  echo "use ui::title::Title; leptos_meta does not escape the title" >&2
  exit 1
fi
say "bundles and style"
make --no-print-directory assets
# On machines with little disk space, removes build output that is no longer needed.
[ -z "${ORDINAVO_TEST_LEAN:-}" ] || rm -rf target/wasm32-unknown-unknown target/wasm-release
say "unit, property, storage and API tests"
need_schemathesis
export ORDINAVO_TEST_PYTHON="$PWD/target/schemathesis/bin/python"
need_proxy
xtask/packaging.sh
tests=(-p domain -p ordinavo-core -p ui -p dispatch -p portal -p partner -p public -p routing -p ordinavo --features ui/ssr,dispatch/ssr,portal/ssr,partner/ssr,public/ssr)
failed=0
# Also builds the server binary, which the following steps use.
cargo test --no-fail-fast "${tests[@]}" 2>&1 | tee "$log" || failed=1
passed_rust="$(awk '/^test result:/ { sum += $4 } END { print sum + 0 }' "$log")"
failed_rust="$(awk '/^test result:/ { sum += $6 } END { print sum + 0 }' "$log")"
say "API tests against the OpenAPI document"
api_failed=0
xtask/api.sh || { api_failed=1; failed=1; }
say "browser tests on SQLite"
npx playwright test -c end2end/playwright.config.mjs 2>&1 | tee "$log" || failed=1
say "end-to-end story on PostgreSQL"
psql "$ORDINAVO_TEST_POSTGRES" -qc 'DROP DATABASE IF EXISTS end2end' -c 'CREATE DATABASE end2end'
ORDINAVO_DATABASE_URL="${ORDINAVO_TEST_POSTGRES%/*}/end2end" npx playwright test -c end2end/playwright.config.mjs story --project with-javascript 2>&1 | tee -a "$log" || failed=1
passed_browser="$(awk '/^ +[0-9]+ passed/ { sum += $1 } END { print sum + 0 }' "$log")"
failed_browser="$(awk '/^ +[0-9]+ failed/ { sum += $1 } END { print sum + 0 }' "$log")"
echo "$((passed_rust + passed_browser + 1 - api_failed)) passed, $((failed_rust + failed_browser + api_failed)) failed"
exit "$failed"
