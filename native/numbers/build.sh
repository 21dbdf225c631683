#!/usr/bin/env bash
# Builds native/numbers/numbers.wasm; the same source and the same toolchain give the same bytes.
#
#   native/numbers/build.sh            build and replace the committed artefact
#   native/numbers/build.sh --out FILE put it elsewhere (the artefact check does)
#   native/numbers/build.sh --check    compare the committed artefact with source and rebuild
#
# Needs what native/build.sh needs.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
out="$here/numbers.wasm"
if [ "${1:-}" = "--check" ]; then
  exec node "$root/scripts/wasm-artefact.mjs" check --root "$root" --inputs "$here/wasm-inputs.json" \
    --wasm "$out" --build "'$here/build.sh'"
fi
if [ "${1:-}" = "--out" ]; then out="$2"; fi

exec "$root/scripts/build-wasm.sh" \
  --workspace "$here" \
  --package numbers-wasm \
  --library numbers_wasm \
  --rustflags '-C link-arg=-zstack-size=65536' \
  --wasm-opt "-O3 --strip-debug --strip-producers" \
  --inputs "$here/wasm-inputs.json" \
  --out "$out"
