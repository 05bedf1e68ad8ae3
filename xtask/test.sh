#!/usr/bin/env bash
# Everything: format, lints, unit and property tests, both databases, the API over HTTP, the browser. Ends with one line
# that counts.
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
say "what reaches the browser"
for app in dispatch portal public; do
  if cargo tree --quiet -p "frontend-$app" --target wasm32-unknown-unknown -e normal --prefix none | grep -E '^(sqlx|tokio|argon2|axum|ordinavo-core) '; then
    echo "the bundle of $app must not hold these" >&2
    exit 1
  fi
done
if grep -rn '<textarea' app --include='*.rs' | grep -v '^app/ui/src/forms.rs'; then
  echo "use ui::forms::TextArea, which escapes what is inside" >&2
  exit 1
fi
if grep -rnE 'leptos_meta::(\{[^}]*)?Title' app --include='*.rs' | grep -v '^app/ui/src/title.rs'; then
  echo "use ui::title::Title: the title of leptos_meta is not escaped" >&2
  exit 1
fi
say "bundles and style"
make --no-print-directory assets
# Where everything is built once, what has served its time is only in the way.
[ -z "${ORDINAVO_TEST_LEAN:-}" ] || rm -rf target/wasm32-unknown-unknown target/wasm-release
say "unit, property, storage and API tests"
need_schemathesis
export ORDINAVO_TEST_PYTHON="$PWD/target/schemathesis/bin/python"
tests=(-p domain -p ordinavo-core -p ui -p dispatch -p portal -p partner -p public -p routing -p ordinavo --features ui/ssr,dispatch/ssr,portal/ssr,partner/ssr,public/ssr)
failed=0
# Builds the program, too, which the tests behind it run.
cargo test --no-fail-fast "${tests[@]}" 2>&1 | tee "$log" || failed=1
passed_rust="$(awk '/^test result:/ { sum += $4 } END { print sum + 0 }' "$log")"
failed_rust="$(awk '/^test result:/ { sum += $6 } END { print sum + 0 }' "$log")"
say "the API against its description"
described=0
xtask/api.sh || { described=1; failed=1; }
say "browser tests on SQLite"
npx playwright test -c end2end/playwright.config.mjs 2>&1 | tee "$log" || failed=1
say "the whole story on PostgreSQL"
psql "$ORDINAVO_TEST_POSTGRES" -qc 'DROP DATABASE IF EXISTS end2end' -c 'CREATE DATABASE end2end'
ORDINAVO_DATABASE_URL="${ORDINAVO_TEST_POSTGRES%/*}/end2end" npx playwright test -c end2end/playwright.config.mjs story --project with-javascript 2>&1 | tee -a "$log" || failed=1
passed_browser="$(awk '/^ +[0-9]+ passed/ { sum += $1 } END { print sum + 0 }' "$log")"
failed_browser="$(awk '/^ +[0-9]+ failed/ { sum += $1 } END { print sum + 0 }' "$log")"
echo "$((passed_rust + passed_browser + 1 - described)) passed, $((failed_rust + failed_browser + described)) failed"
exit "$failed"
