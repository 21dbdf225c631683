#!/usr/bin/env bash
# Builds a Rust crate of this project to WebAssembly, so that the same source and the same
# toolchain always give the same bytes.
#
#   chain/build.sh            build chain/runtime and put the artefact into chain/artefact/
#   chain/build.sh --out FILE put the artefact elsewhere (the artefact check does)
#
# Needs either `rustup target add wasm32v1-none` or Debian's rustc-web, cargo-web and
# rust-web-src; and `wasm-opt` (package binaryen).
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/.." && pwd)"
out="$here/artefact/subnet-runtime.wasm"
if [ "${1:-}" = "--out" ]; then out="$2"; fi

exec "$root/scripts/build-wasm.sh" \
  --workspace "$here" \
  --package node-subtensor-runtime \
  --library node_subtensor_runtime \
  --rustflags "--cfg substrate_runtime -C link-arg=--export-table -C link-arg=--import-memory -C link-arg=--export=__heap_base" \
  --wasm-opt "-Oz --strip-debug --strip-producers" \
  --inputs "$here/wasm-inputs.json" \
  --out "$out"
