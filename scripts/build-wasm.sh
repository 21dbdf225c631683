#!/usr/bin/env bash
# Compiles one library crate to wasm32v1-none, shrinks it with wasm-opt and puts a section into it
# that names the digest of its sources and the toolchain (see scripts/wasm-artefact.mjs).
#
#   build-wasm.sh --workspace DIR --package NAME --library NAME --rustflags FLAGS
#                 --inputs FILE.json --out FILE.wasm [--cargo-args ARGS] [--wasm-opt ARGS]
set -euo pipefail

scripts="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$scripts/.." && pwd)"
cargo_args="--no-default-features"
wasm_opt_args="-Os --strip-debug --strip-producers"
while [ $# -gt 0 ]; do
  case "$1" in
    --workspace) workspace="$(cd "$2" && pwd)" ;;
    --package) package="$2" ;;
    --library) library="$2" ;;
    --rustflags) flags="$2" ;;
    --inputs) inputs="$2" ;;
    --out) out="$2" ;;
    --cargo-args) cargo_args="$2" ;;
    --wasm-opt) wasm_opt_args="$2" ;;
    *) echo "build-wasm: unknown option $1" >&2; exit 2 ;;
  esac
  shift 2
done

# Sets cargo, rustc and the extra arguments; leaves `kind` empty when there is no toolchain.
find_toolchain() {
  kind=""
  extra=""
  if command -v rustup >/dev/null && rustup target list --installed 2>/dev/null | grep -qx wasm32v1-none; then
    kind="rustup"
    cargo="$(rustup which cargo)"
    rustc="$(rustup which rustc)"
  elif [ -x /usr/bin/rustc ] && [ -x /usr/bin/cargo ] && debian_library >/dev/null; then
    kind="debian"
    cargo=/usr/bin/cargo
    rustc=/usr/bin/rustc
    extra="-Zbuild-std=core,alloc -Zbuild-std-features=compiler-builtins-mem"
    export RUSTC_BOOTSTRAP=1
    __CARGO_TESTS_ONLY_SRC_ROOT="$(debian_library)"
    export __CARGO_TESTS_ONLY_SRC_ROOT
    add_linker_to_path
  fi
}

debian_library() {
  dpkg -L rust-web-src 2>/dev/null | grep -E '^/usr/src/rustc-[^/]*/library$' | head -n 1 | grep .
}

# Debian's package has no rust-lld; rustup's toolchain carries one, and so does the package lld.
add_linker_to_path() {
  command -v rust-lld >/dev/null && return
  local host dir
  host="$("$rustc" -vV | sed -n 's/^host: //p')"
  for dir in "$HOME"/.rustup/toolchains/*/lib/rustlib/"$host"/bin; do
    if [ -x "$dir/rust-lld" ]; then PATH="$PATH:$dir"; export PATH; return; fi
  done
}

find_toolchain
if [ -z "$kind" ]; then
  echo "build-wasm: no toolchain for wasm32v1-none." >&2
  echo "  With rustup:    rustup target add wasm32v1-none" >&2
  echo "  With Debian:    apt-get install rustc-web cargo-web rust-web-src binaryen" >&2
  exit 3
fi
if ! command -v wasm-opt >/dev/null; then
  echo "build-wasm: wasm-opt is missing (Debian package: binaryen)" >&2
  exit 3
fi

# What decides the bytes beside the sources: recorded inside the artefact.
toolchain="$kind; $("$rustc" -V | cut -d' ' -f1-2); $(wasm-opt --version | sed 's/ (.*//')"
if [ "${BUILD_WASM_PRINT_TOOLCHAIN:-}" = 1 ]; then echo "$toolchain"; exit 0; fi

# No path of this machine may get into the artefact. The last matching prefix wins: general ones
# first; each registry's own folder last, because its name holds the registry's host name.
cargo_home="${CARGO_HOME:-$HOME/.cargo}"
remap="--remap-path-prefix=$("$rustc" --print sysroot)=/sysroot"
if [ "$kind" = debian ]; then
  remap="$remap --remap-path-prefix=$(dirname "$__CARGO_TESTS_ONLY_SRC_ROOT")=/rust"
fi
remap="$remap --remap-path-prefix=$workspace=/source --remap-path-prefix=$cargo_home=/cargo"
for registry in "$cargo_home"/registry/src/*/; do
  remap="$remap --remap-path-prefix=${registry%/}=/crates"
done
export RUSTFLAGS="$flags $remap"
export CARGO_INCREMENTAL=0 SOURCE_DATE_EPOCH=0
unset CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_RUSTFLAGS RUSTC_WRAPPER || true
target="${BUILD_WASM_TARGET_DIR:-$workspace/target/wasm}"

# shellcheck disable=SC2086
(cd "$workspace" && RUSTC="$rustc" nice "$cargo" build --locked --release --lib \
  --target wasm32v1-none --target-dir "$target" --package "$package" $extra $cargo_args)

built="$target/wasm32v1-none/release/$library.wasm"
mkdir -p "$(dirname "$out")"
# shellcheck disable=SC2086
wasm-opt $wasm_opt_args "$built" -o "$out.tmp"
node "$scripts/wasm-artefact.mjs" stamp --root "$root" --inputs "$inputs" --toolchain "$toolchain" \
  --wasm "$out.tmp"
mv "$out.tmp" "$out"
echo "built $(basename "$out"): $(stat -c %s "$out") bytes, $toolchain"
