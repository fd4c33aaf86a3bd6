#!/usr/bin/env bash
# Checks that LiteRT and ONNX Runtime give the same masks on 64-bit Arm as on this x86-64 machine, through the same SDK.
# The Arm side runs under QEMU: a frame takes a minute. All that it needs is unpacked into FOLDER and installed nowhere.
# Usage: bash scripts/check_aarch64.sh [FOLDER, default ~/.cache/mobilevos/aarch64]
# PYTHON names the reference, an environment with MobileVOS (default .venv/bin/python); MODELS, OBJECTS and FRAMES say
# what is followed, CPU which processor is emulated (see qemu-aarch64 -cpu help). Give the command again to go on.
set -euo pipefail
cd "$(dirname "$0")/.."
repository="$PWD"
folder="$(realpath -m "${1:-${XDG_CACHE_HOME:-$HOME/.cache}/mobilevos/aarch64}")"
python="${PYTHON:-.venv/bin/python}"
cpu="${CPU:-cortex-a76}"
models="${MODELS:-mobilenetv2-noaspp mobilenetv2}" # embedded ones by name, others by absolute path
objects="${OBJECTS:-1 2}"
frames="${FRAMES:-3}"
qemu="$folder/qemu/usr/bin/qemu-aarch64"
root="$folder/root"
# What another choice of models has left is of no concern here.
recordings="recordings/$(tr -c '[:alnum:]\n.-' _ <<<"$models $objects $frames")"
step() { printf '== %s (%ss)\n' "$1" "$SECONDS"; }
fail() { echo "check_aarch64.sh: $1" >&2; exit 1; }

[ "$(uname -m)" = x86_64 ] ||
  fail "this machine is no x86-64; on Arm itself, use 'vos-bench record' there, and 'vos-bench agree' with another's"
command -v apt-get >/dev/null || fail "needs Debian's apt; elsewhere, use 'vos-bench record' on an Arm machine"
"$python" -c "from importlib.metadata import version; version('mobilevos')" 2>/dev/null ||
  fail "no MobileVOS in $python; make it with 'bash scripts/test.sh', or name another environment in PYTHON"
python="$(realpath -s "$(command -v "$python")")"

# Trixie's QEMU needs no libraries and emulates /proc/cpuinfo. Version 7 shows the host's: ONNX Runtime crashes at import.
if [ ! -x "$qemu" ] || [ ! -e "$root" ]; then
  step "QEMU, and Python for Arm"
  apt-get update -qq || echo "check_aarch64.sh: apt-get update failed; going on with the package lists that are there" >&2
  [ -x "$qemu" ] || bash scripts/debian_aside.sh "$folder/qemu" trixie alone qemu-user
  [ -e "$root" ] || ARCHITECTURE=arm64 bash scripts/debian_aside.sh "$root" bookworm with-dependencies python3.11 libstdc++6
fi

# Exactly the versions of the reference. What the SDK needs is in the distribution's own description.
"$python" - >"$folder/wanted.txt" <<'REQUIREMENTS'
import re
from importlib.metadata import requires, version

for requirement in requires("mobilevos"):
    if "extra ==" not in requirement:
        name = re.match(r"[\w.-]+", requirement).group()
        print(f"{name}=={version(name)}")
REQUIREMENTS
if ! cmp -s "$folder/wanted.txt" "$folder/site/versions.txt"; then
  step "the SDK's requirements for Arm: $(xargs <"$folder/wanted.txt")"
  rm -rf "$folder/site" "$folder/wheels"
  "$python" -m pip download --quiet --dest "$folder/wheels" --requirement "$folder/wanted.txt" --only-binary=:all: \
    --python-version 3.11 --platform manylinux_2_28_aarch64 --platform manylinux_2_27_aarch64 \
    --platform manylinux2014_aarch64 ||
    fail "not all of $folder/wanted.txt is there for Python 3.11 on Arm; set PYTHON to an environment of other versions"
  for wheel in "$folder"/wheels/*.whl; do
    "$python" -m zipfile -e "$wheel" "$folder/site"
  done
  rm -rf "$folder/wheels"
  mv "$folder/wanted.txt" "$folder/site/versions.txt"
fi

step "frames"
export PYTHONPATH="$repository:$repository/benchmarks"
rm -rf "$folder/clip"
"$python" - samples/cups.mp4 "$folder/clip/cups" "$frames" <<'FRAMES'
import sys
from itertools import islice
from pathlib import Path

import cv2

from mobilevos_sdk.video import open_frames

folder = Path(sys.argv[2])
folder.mkdir(parents=True)
for index, frame in enumerate(islice(open_frames(sys.argv[1]), int(sys.argv[3]) + 1)):
    assert cv2.imwrite(str(folder / f"{index:05d}.png"), frame[..., ::-1])
FRAMES
cp samples/cups-first-mask.png "$folder/clip/"

follow() { # the command that records, with all that stays the same
  local model count
  for model in $models; do
    for count in $objects; do
      nice -n 5 "$@" --clip clip/cups --model "$model" --objects "$count"
    done
  done
  # Decoders round differently, so the frames above are images; once, the video itself goes all the way.
  nice -n 5 "$@" --model "${models%% *}" --objects "${objects%% *}"
}
program=(-m mobilevos_bench.cli.bench)
# One thread: threads that wait for each other do so in busy loops, which cost most where they are emulated.
record=("${program[@]}" record --frames "$frames" --threads 1)
label="emulated $cpu, $("$qemu" --version | sed -n 's/^qemu-aarch64 version \([0-9.]*\).*/QEMU \1/p')"
cd "$folder"
step "this machine"
follow "$python" "${record[@]}" "$recordings/x86_64"
step "$label"
follow "$qemu" -L "$root" -cpu "$cpu" -E "PYTHONPATH=$PYTHONPATH:$folder/site" "$root/usr/bin/python3.11" \
  "${record[@]}" "$recordings/$cpu" --label "$label"
step "agreement"
"$python" "${program[@]}" agree "$recordings/x86_64" "$recordings/$cpu" --json agreement.json
echo "written to $folder/agreement.json"
