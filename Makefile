# Main targets: `make run` and `make test`. CONTRIBUTING.md describes the others.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.SILENT: run
.PHONY: run test build dev assets bench audit pictures fuzz chaos

BROWSER_SOURCES := $(shell find app frontend style public xtask/src -type f) package-lock.json Cargo.lock Cargo.toml

# The server and the bundles are compiled at the same time: each has phases that use one core.
run:
	. xtask/tools.sh; need_rust
	cargo build --quiet -p xtask
	ORDINAVO_XTASK_BUILT=1 $(MAKE) --no-print-directory assets & assets=$$!
	cargo build -p ordinavo || { kill $$assets; exit 1; }
	wait $$assets
	if [ ! -f data/ordinavo.db ]; then mkdir -p data; (umask 077; ORDINAVO_LOG=warn target/debug/ordinavo demo > data/logins.txt); fi
	cat data/logins.txt
	echo "Ordinavo is running at http://127.0.0.1:3000. Logins: data/logins.txt. Press Ctrl-C to stop."
	exec env ORDINAVO_LOG=$${ORDINAVO_LOG:-warn} target/debug/ordinavo serve

test:
	xtask/test.sh

assets: target/site/pkg/assets.json

target/site/pkg/assets.json: $(BROWSER_SOURCES)
	. xtask/tools.sh; need_rust; need_node
	(need_wasm; [ -n "$${ORDINAVO_XTASK_BUILT:-}" ] || cargo build --quiet -p xtask; target/debug/xtask)

build: assets
	. xtask/tools.sh; need_rust
	cargo build --release -p ordinavo
	ls -l target/release/ordinavo

dev:
	xtask/dev.sh

bench: assets
	. xtask/tools.sh; need_rust; need_postgres
	cargo build --release -p ordinavo -p bench -p routing-bench
	export ORDINAVO_BENCH_POSTGRES="$${ORDINAVO_BENCH_POSTGRES:-$$(xtask/postgres.sh start)}"
	target/release/bench
	target/release/routing-bench $${ORDINAVO_BENCH_SOLOMON:-}

# FUZZ_CASES is the number of inputs for each target.
fuzz:
	. xtask/tools.sh; need_rust
	export PROPTEST_CASES="$${FUZZ_CASES:-100000}" PROPTEST_MAX_SHRINK_ITERS=100000
	cargo test -p ordinavo-core -p ordinavo --lib -- fuzz_

# Minutes of faults on a whole installation; ORDINAVO_TEST_CHAOS_SECONDS and _SEED are passed on.
chaos:
	xtask/chaos.sh

audit:
	xtask/audit.sh

pictures: assets
	. xtask/tools.sh; need_rust; need_node; need_chromium
	cargo build -p ordinavo
	xtask/pictures.sh
