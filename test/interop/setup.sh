#!/bin/sh
# Makes the Python environment of the interop tests: other people's clients of the same protocols.
# Where: $SUBNET_INTEROP_VENV, by default .venv/interop. Then: SUBNET_INTEROP=1 npx vitest run --project interop
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
venv=${SUBNET_INTEROP_VENV:-$here/../../.venv/interop}
[ -x "$venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
echo "$venv"
