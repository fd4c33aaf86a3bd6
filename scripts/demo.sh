#!/usr/bin/env bash
# Installs MobileVOS into a fresh virtual environment and follows three cups through the sample clip, on the CPU.
# Usage: bash scripts/demo.sh [folder for the environment, default .venv-demo]
set -euo pipefail
cd "$(dirname "$0")/.."
venv="${1:-.venv-demo}"
python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet .
"$venv/bin/vos-track" samples/cups.mp4 --mask samples/cups-first-mask.png --out out/cups-overlay.mp4 --masks out/cups-masks
