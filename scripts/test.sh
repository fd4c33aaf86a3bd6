#!/usr/bin/env bash
# Installs what development needs (PyTorch and the converters, about 2 GB) and passes the tests.
# Usage: bash scripts/test.sh [pytest arguments]
set -euo pipefail
cd "$(dirname "$0")/.."
venv="${MOBILEVOS_VENV:-.venv}"
python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet -e ".[dev]"
# Several processes, each with whole files of tests, whose fixtures are then made once. Each loads PyTorch.
"$venv/bin/python" -m pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile "$@"
