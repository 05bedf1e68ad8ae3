#!/usr/bin/env bash
# Finds or installs the build and test tools, using package registries only. Source this file: it exports the variables for
# building the browser bundles on machines without the rustup target.
set -euo pipefail

say() { printf '\033[2m%s\033[0m\n' "$*" >&2; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

install_packages() {
  command -v apt-get >/dev/null || { echo "missing dependencies, install: $*" >&2; return 1; }
  say "installing system packages: $*"
  as_root apt-get update -qq
  as_root apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

need_rust() {
  command -v cargo >/dev/null || { echo "missing Rust, install rustup: https://rustup.rs" >&2; return 1; }
  command -v cc >/dev/null || install_packages gcc libc6-dev
}

# See CONTRIBUTING.md, "Machines that reach only package registries".
need_wasm() {
  local libraries
  libraries="$(rustc --print target-libdir --target wasm32-unknown-unknown 2>/dev/null || true)"
  if ls "$libraries"/libcore-*.rlib >/dev/null 2>&1; then return; fi
  if command -v rustup >/dev/null && timeout 120 rustup target add wasm32-unknown-unknown >/dev/null 2>&1; then return; fi
  say "rustup target unavailable; building the WebAssembly standard library from system packages"
  command -v /usr/bin/rustc >/dev/null && [ -d /usr/src/rustc-* ] 2>/dev/null || install_packages rustc-web rust-web-src cargo-web
  local sysroot="${XDG_CACHE_HOME:-$HOME/.cache}/ordinavo/wasm-sysroot-$(/usr/bin/rustc --version | cut -d' ' -f2)"
  local target="$sysroot/lib/rustlib/wasm32-unknown-unknown/lib"
  if ! ls "$target"/libcore-*.rlib >/dev/null 2>&1; then
    local empty
    empty="$(mktemp -d)"
    mkdir -p "$empty/src" "$target"
    printf '[package]\nname = "empty"\nversion = "0.0.0"\nedition = "2021"\n[profile.release]\npanic = "abort"\n' >"$empty/Cargo.toml"
    echo '#![no_std]' >"$empty/src/lib.rs"
    (cd "$empty" && RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 /usr/bin/cargo build --quiet --release --target wasm32-unknown-unknown -Z build-std=std,panic_abort)
    find "$empty/target/wasm32-unknown-unknown/release/deps" -name '*.rlib' ! -name 'libempty-*' -exec cp {} "$target" \;
    rm -rf "$empty"
  fi
  command -v rustup >/dev/null && rustup toolchain link debian /usr >/dev/null 2>&1 || true
  export RUSTUP_TOOLCHAIN=debian
  # These variables override the flags in .cargo/config.toml, so its flag is repeated.
  export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="--sysroot $sysroot --cfg erase_components"
  local linker
  linker="$(find "${RUSTUP_HOME:-$HOME/.rustup}" -name rust-lld -path '*rustlib*' 2>/dev/null | head -n 1)"
  export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="${linker:-lld}"
}

need_node() {
  command -v npm >/dev/null || install_packages nodejs npm
  if [ ! -d node_modules ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    say "installing fonts and tools from npm"
    npm ci --silent --no-audit --no-fund >/dev/null 2>&1
    touch node_modules/.package-lock.json
  fi
}

need_chromium() {
  command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || install_packages chromium
}

need_postgres() {
  command -v psql >/dev/null || install_packages postgresql-client
  ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || install_packages postgresql
}

# Installs the packages of a list of xtask/python, each with its hash, unless exactly these are installed.
install_python_tools() {
  local folder="target/$1" list="xtask/python/$2"
  cmp --silent "$list" "$folder/installed.txt" && return
  command -v python3 >/dev/null || install_packages python3 python3-venv
  say "installing $2 from PyPI"
  rm -rf "$folder"
  python3 -m venv "$folder" 2>/dev/null || { install_packages python3-venv; python3 -m venv "$folder"; }
  "$folder/bin/pip" install --quiet --disable-pip-version-check --require-hashes --only-binary :all: --requirement "$list"
  cp "$list" "$folder/installed.txt"
}

need_schemathesis() { install_python_tools schemathesis tools.txt; }

# Without rights to install it, the tests that need a proxy say that they are skipped.
need_proxy() {
  command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || install_packages nginx-light || say "nginx cannot be installed"
}

need_deny() { install_python_tools deny deny.txt; }
