#!/usr/bin/env bash
# Builds the embedded chain's runtime to WebAssembly in its two dialects, so that the same source and
# the same toolchain always give the same bytes.
#
#   chain/build.sh                      build both and put the artefacts into chain/artefact/
#   chain/build.sh modern|legacy        build one (legacy: the older dialect, feature `legacy`)
#   chain/build.sh modern|legacy --out FILE   put it elsewhere (the artefact check does)
#
# Needs either `rustup target add wasm32v1-none` or Debian's rustc-web, cargo-web and
# rust-web-src; and `wasm-opt` (package binaryen).
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/.." && pwd)"

build() {
  local out="$1" cargo_args="--no-default-features${2:+ --features $2}"
  "$root/scripts/build-wasm.sh" \
    --workspace "$here" \
    --package node-subtensor-runtime \
    --library node_subtensor_runtime \
    --rustflags "--cfg substrate_runtime -C link-arg=--export-table -C link-arg=--import-memory -C link-arg=--export=__heap_base" \
    --cargo-args "$cargo_args" \
    --wasm-opt "-Oz --strip-debug --strip-producers" \
    --inputs "$here/wasm-inputs.json" \
    --out "$out"
}

dialect="both"
case "${1:-}" in modern | legacy) dialect="$1"; shift ;; esac
out=""
if [ "${1:-}" = "--out" ]; then out="$2"; fi

case "$dialect" in
  both)
    if [ -n "$out" ]; then echo "build: --out needs modern or legacy" >&2; exit 2; fi
    build "$here/artefact/subnet-runtime.wasm" ""
    build "$here/artefact/subnet-runtime-legacy.wasm" legacy
    ;;
  modern) build "${out:-$here/artefact/subnet-runtime.wasm}" "" ;;
  legacy) build "${out:-$here/artefact/subnet-runtime-legacy.wasm}" legacy ;;
esac
