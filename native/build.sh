#!/usr/bin/env bash
# Builds native/sr25519/sr25519.wasm; the same source and the same toolchain give the same bytes.
#
#   native/build.sh            build and replace the committed artefact
#   native/build.sh --out FILE put it elsewhere (the artefact check does)
#   native/build.sh --check    compare the committed artefact with source and rebuild
#
# Needs either `rustup target add wasm32v1-none` or Debian's rustc-web, cargo-web and
# rust-web-src; and `wasm-opt` (package binaryen).
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/.." && pwd)"
out="$here/sr25519/sr25519.wasm"
if [ "${1:-}" = "--check" ]; then
  exec node "$root/scripts/wasm-artefact.mjs" check --root "$root" --inputs "$here/wasm-inputs.json" \
    --wasm "$out" --build "'$here/build.sh'"
fi
if [ "${1:-}" = "--out" ]; then out="$2"; fi

# The portable 32-bit curve backend is the fastest in WASM, which has no wide multiply. SIMD (in every
# Node since 16.4) makes reading whole tables, as signing must, half as dear. The shadow
# stack is wiped after each use of a secret, so it is kept small and its ends are exported.
exec "$root/scripts/build-wasm.sh" \
  --workspace "$here/sr25519" \
  --package sr25519-wasm \
  --library sr25519_wasm \
  --rustflags '--cfg curve25519_dalek_backend="serial" --cfg curve25519_dalek_bits="32" -C target-feature=+simd128 -C link-arg=-zstack-size=65536 -C link-arg=--export=__stack_low -C link-arg=--export=__stack_high' \
  --wasm-opt "-O3 --enable-simd --strip-debug --strip-producers" \
  --inputs "$here/wasm-inputs.json" \
  --out "$out"
