#!/usr/bin/env bash
# Proves that the committed WASM artefacts are what the source beside them builds.
#
#   scripts/check-artefact.sh                     compare digests; rebuild where a toolchain is
#   scripts/check-artefact.sh --require-rebuild   fail where it could not rebuild
#   scripts/check-artefact.sh --no-rebuild        compare digests only
#
# Says for each artefact which of the two it did. Exit 0: all that was done agrees.
set -euo pipefail

scripts="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$scripts/.." && pwd)"
mode="${1:-}"
failed=0

check() {
  local folder="$1" artefact="$2" build="'$root/$1/build.sh'${3:+ $3}"
  local args=(check --root "$root" --inputs "$root/$folder/wasm-inputs.json" --wasm "$root/$artefact")
  if [ "$mode" != "--no-rebuild" ]; then args+=(--build "$build"); fi
  if [ "$mode" = "--require-rebuild" ]; then args+=(--require-rebuild); fi
  node "$scripts/wasm-artefact.mjs" "${args[@]}" || failed=1
}

case "$mode" in
  "" | --require-rebuild | --no-rebuild) ;;
  *) echo "check-artefact: unknown option $mode" >&2; exit 2 ;;
esac
check chain chain/artefact/subnet-runtime.wasm modern
check chain chain/artefact/subnet-runtime-legacy.wasm legacy
check native native/sr25519/sr25519.wasm
check native/numbers native/numbers/numbers.wasm
exit "$failed"
