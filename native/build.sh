#!/usr/bin/env bash
# Builds native/sr25519/sr25519.wasm. Same sources and same toolchain give the same bytes: paths
# of the building machine are mapped away, dependencies are locked, nothing reads the clock.
#
# Toolchain, whichever is there:
#   rustup target add wasm32v1-none                  (rustup)
#   apt-get install rustc-web cargo-web rust-web-src (Debian: no prebuilt core, so it is built)
# and wasm-opt (binaryen) on PATH.
#
#   native/build.sh [OUT]     OUT defaults to native/sr25519/sr25519.wasm
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
crate="$here/sr25519"
out="${1:-$crate/sr25519.wasm}"
target_dir="${CARGO_TARGET_DIR:-$crate/target}"
target=wasm32v1-none

fail() { echo "native/build.sh: $1" >&2; exit 1; }

has_rustup_target() {
  command -v rustc >/dev/null && [ -e "$(rustc --print target-libdir --target "$target" 2>/dev/null)" ] &&
    ls "$(rustc --print target-libdir --target "$target")"/libcore-*.rlib >/dev/null 2>&1
}

debian_library() {
  local at
  for at in /usr/src/rustc-*/library; do
    [ -e "$at/core/Cargo.toml" ] && [ -x /usr/bin/cargo ] && [ -x /usr/bin/rustc ] && echo "$at" && return
  done
  return 1
}

command -v wasm-opt >/dev/null || fail "wasm-opt is missing: install binaryen"

cargo_home="${CARGO_HOME:-$HOME/.cargo}"
flags=(
  --cfg 'curve25519_dalek_backend="serial"' --cfg 'curve25519_dalek_bits="32"'
  # The shadow stack is wiped after each use of a secret, so it is kept small and its ends exported.
  -C link-arg=-zstack-size=65536 -C link-arg=--export=__stack_low -C link-arg=--export=__stack_high
  "--remap-path-prefix=$crate=sr25519" "--remap-path-prefix=$target_dir=target"
  "--remap-path-prefix=$cargo_home=cargo"
)
build=(build --release --lib --locked --target "$target" --manifest-path "$crate/Cargo.toml" --target-dir "$target_dir")

if has_rustup_target; then
  cargo=cargo
elif library="$(debian_library)"; then
  cargo=/usr/bin/cargo
  export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 __CARGO_TESTS_ONLY_SRC_ROOT="$library"
  flags+=("--remap-path-prefix=$library=library")
  build+=(-Zbuild-std=core,alloc -Zbuild-std-features=compiler-builtins-mem)
  if ! command -v rust-lld >/dev/null; then
    lld="$(rustup run stable rustc --print sysroot 2>/dev/null)/lib/rustlib/$("$RUSTC" -vV | sed -n 's/^host: //p')/bin"
    [ -x "$lld/rust-lld" ] || fail "rust-lld is missing: install a rustup toolchain or put rust-lld on PATH"
    export PATH="$lld:$PATH"
  fi
else
  fail "no WASM target: run 'rustup target add $target', or install Debian's rustc-web, cargo-web and rust-web-src"
fi

sep=$'\x1f'
CARGO_ENCODED_RUSTFLAGS="$(IFS="$sep"; echo "${flags[*]}")"
export CARGO_ENCODED_RUSTFLAGS
unset RUSTFLAGS

"$cargo" "${build[@]}"
wasm-opt -O3 --strip-debug --strip-producers \
  "$target_dir/$target/release/sr25519_wasm.wasm" -o "$out"
