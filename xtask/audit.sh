#!/usr/bin/env bash
# Runs Lighthouse on the portal pages. Lighthouse is installed on first use.
set -euo pipefail
cd "$(dirname "$0")/.."
. xtask/tools.sh
need_rust
need_node
need_chromium
make --no-print-directory assets
lock=xtask/lighthouse/package-lock.json
if ! cmp --silent "$lock" target/audit/package-lock.json || [ ! -d target/audit/node_modules/lighthouse ]; then
  say "installing Lighthouse from npm"
  mkdir -p target/audit
  # The latest version that supports Node 20; the lock file contains the hashes.
  cp xtask/lighthouse/package.json "$lock" target/audit/
  npm ci --silent --no-audit --no-fund --ignore-scripts --prefix target/audit
fi
cargo build --quiet -p ordinavo
chromium="$(command -v chromium || command -v chromium-browser || command -v google-chrome)"
CHROME_PATH="$chromium" AUDIT_TOOLS="$PWD/target/audit/node_modules" exec node end2end/audit.mjs
