#!/usr/bin/env bash
# Compiles the core against Android's API 23 and runs its tests on this machine's JVM, with LiteRT through JNA; and those of
# the app's logic, which knows no Android.
# Usage: MOBILEVOS_ANDROID=FOLDER bash android_demo/tools/test_core.sh GOLDENS OUT [TEST_CLASS...]
#   FOLDER   what tools/install_debian.sh has filled
#   GOLDENS  what the Python SDK says: pytest tests/android writes it and calls this script
#   OUT      where the tests write
# PYTHON names the Python in which ai-edge-litert is installed (default: python3).
set -euo pipefail
goldens="$(realpath "${1:?usage: test_core.sh GOLDENS OUT [TEST_CLASS...]}")"
out="$(realpath -m "${2:?usage: test_core.sh GOLDENS OUT [TEST_CLASS...]}")"
shift 2
cd "$(dirname "$0")/.."
litert="${LITERT:-$("${PYTHON:-python3}" -c 'import importlib.util as u; print(u.find_spec("ai_edge_litert").submodule_search_locations[0])')}"
classes="$(mktemp -d)"
trap 'rm -rf "$classes"' EXIT
mkdir -p "$out"
PATH="$MOBILEVOS_ANDROID/jdk/bin:$PATH"
bash tools/compile_core.sh "$classes/core"
java=/usr/share/java
libraries="$java/jna.jar:$java/junit4.jar:$java/hamcrest-core.jar:$java/com.android.json.jar"
mkdir "$classes/jvm" "$classes/test"
javac -Xlint:all,-options,-serial -Werror --release 8 -cp "$classes/core:$libraries" -d "$classes/jvm" \
  $(find jvm/src/main/java -name '*.java')
javac -Xlint:all,-options,-serial -Werror -source 8 -target 8 -cp "$classes/core:$classes/jvm:$libraries" \
  -d "$classes/test" $(find core/src/test/java app/src/main/java/org/mobilevos/demo/logic app/src/test/java -name '*.java')
if [ $# -eq 0 ]; then
  set -- $(find core/src/test/java app/src/test/java -name '*Test.java' | sed 's#.*/java/##; s#\.java$##; s#/#.#g' | sort)
fi
java -Xmx2g -Dmobilevos.goldens="$goldens" -Dmobilevos.fixtures=../tests/fixtures -Dmobilevos.out="$out" \
  -Dmobilevos.litert="$litert/libLiteRt.so" \
  -cp "$classes/test:$classes/jvm:$classes/core:jvm/src/main/resources:$libraries" org.junit.runner.JUnitCore "$@"
