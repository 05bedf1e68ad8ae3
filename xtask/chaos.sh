#!/usr/bin/env bash
# Runs the tests that take minutes: an installation under faults, 1,000 kills of a server, 10,000 aborted page loads, floods. All of
# it on loopback and in a temporary folder. ORDINAVO_TEST_CHAOS_SECONDS (120) and ORDINAVO_TEST_CHAOS_SEED set how long the
# faults last and which ones.
set -euo pipefail
cd "$(dirname "$0")/.."
. xtask/tools.sh

need_rust
need_postgres
# Moves the clock of one process. Without it, the test says that this fault is left out.
[ -e /usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1 ] || install_packages libfaketime || true
if [ -z "${ORDINAVO_TEST_POSTGRES:-}" ]; then
  trap 'xtask/postgres.sh stop' EXIT
  ORDINAVO_TEST_POSTGRES="$(xtask/postgres.sh start)"
  export ORDINAVO_TEST_POSTGRES
fi
cargo test -p ordinavo --test http -- --ignored --nocapture --test-threads 1 \
  chaos:: killed_a_thousand_times ten_thousand_page_loads flood_of_
