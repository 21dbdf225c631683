#!/bin/sh
# Makes the Python environments of the miner's peers in `npm run bench -- --only serving`, and the
# models that all of them serve. Where: beside those of test/interop/setup.sh, two of which it adds to.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
venvs=$(dirname -- "${SUBNET_INTEROP_VENV:-$here/../../.venv/interop}")
models=$here/../../runs/bench/models

environment() {
  [ -x "$venvs/$1/bin/python" ] || "${PYTHON:-python3}" -m venv "$venvs/$1"
  "$venvs/$1/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/$2"
  echo "$venvs/$1"
}

environment bench-btauth requirements-btauth.txt
environment interop-sdk10 requirements-axon.txt
environment interop requirements-mlserver.txt
"$venvs/bench-btauth/bin/python" "$here/make_models.py" "$models"
