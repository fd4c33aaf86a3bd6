#!/usr/bin/env bash
# Installs MobileVOS into a fresh virtual environment and follows a man and his ball through a sample clip, on the CPU.
# Usage: bash scripts/demo.sh [folder for the environment, default .venv-demo]
set -euo pipefail
cd "$(dirname "$0")/.."
venv="${1:-.venv-demo}"
python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet .
"$venv/bin/vos-track" samples/juggle.mp4 --mask samples/juggle-first-mask.png --out out/juggle.mp4 --masks out/juggle-masks
