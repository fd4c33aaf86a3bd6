#!/usr/bin/env bash
# Draws the app's screens to PNG files from its own layouts, for review by eye: no Android runs here. Masks and times
# are those of the core on this machine's JVM. Fails where a text does not fit its box or cannot be read, or a control
# is too small for a finger. tools/shrink_screens.py makes the pictures in docs/ of some of these.
# Usage: MOBILEVOS_ANDROID=FOLDER bash android_demo/tools/draw_screens.sh OUT [RES]
#   FOLDER   what tools/install_debian.sh has filled
#   OUT      where the pictures go
#   RES      resources to draw instead of the app's
# PYTHON names the Python in which the SDK and ai-edge-litert are installed (default: python3).
set -euo pipefail
out="$(realpath -m "${1:?usage: draw_screens.sh OUT [RES]}")"
res="$(realpath "${2:-$(dirname "$0")/../app/src/main/res}")"
cd "$(dirname "$0")/.."
python="${PYTHON:-python3}"
find_litert='import importlib.util as u; print(u.find_spec("ai_edge_litert").submodule_search_locations[0])'
litert="${LITERT:-$("$python" -c "$find_litert")}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
mkdir -p "$out" "$work/clips" "$work/jvm" "$work/screens"
PATH="$MOBILEVOS_ANDROID/jdk/bin:$PATH"
bash tools/compile_core.sh "$work/core"
libraries=/usr/share/java/jna.jar:/usr/share/java/com.android.json.jar
javac -Xlint:all,-options,-serial -Werror --release 8 -cp "$work/core:$libraries" -d "$work/jvm" \
  $(find jvm/src/main/java app/src/main/java/org/mobilevos/demo/logic -name '*.java')
javac -Xlint:all -Werror --release 17 -cp "$work/core:$work/jvm" -d "$work/screens" \
  $(find screens/src/main/java -name '*.java')
# As a camera held upright gives it: a part of the picture, narrower than high. The rest as a file has it.
PYTHONPATH=.. "$python" - "$work/clips" <<'PYTHON'
import sys
from itertools import islice
from pathlib import Path

from mobilevos_sdk.masks import read_mask
from mobilevos_sdk.video import open_frames

folder = Path(sys.argv[1])
frames = list(islice(open_frames("../samples/juggle.mp4"), 21))
mask = read_mask("../samples/juggle-first-mask.png")
height, width = mask.shape
for name, columns in (("upright", slice(500, 904)), ("wide", slice(0, width))):
    ids = mask[:, columns]
    stem = f"{name}-{ids.shape[1]}x{height}"
    (folder / f"{stem}.ids").write_bytes(ids.tobytes())
    (folder / f"{stem}.rgb").write_bytes(b"".join(frame[:, columns].tobytes() for frame in frames))
PYTHON
java -Xmx2g -Djava.awt.headless=true -Dmobilevos.litert="$litert/libLiteRt.so" \
  -cp "$work/screens:screens/src/main/resources:$work/jvm:$work/core:jvm/src/main/resources:$libraries" \
  org.mobilevos.screens.DrawScreens "$res" "$work/clips" ../mobilevos_sdk/weights/mobilenetv2-noaspp.tflite "$out"
