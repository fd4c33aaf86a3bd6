#!/usr/bin/env bash
# Compiles the core, which is Java 8, against Android's API 23, so that it cannot use what older phones lack; warnings fail.
# Usage: MOBILEVOS_ANDROID=FOLDER bash android_demo/tools/compile_core.sh OUT
set -euo pipefail
out="$(realpath -m "${1:?usage: compile_core.sh OUT}")"
tools="${MOBILEVOS_ANDROID:?set it to the folder that tools/install_debian.sh has filled}"
PATH="$tools/jdk/bin:$PATH"
cd "$(dirname "$0")/../core/src/main"
mkdir -p "$out"
javac -Xlint:all,-options,-serial -Werror -source 8 -target 8 -bootclasspath "$tools/android-23.jar" -d "$out" \
  $(find java -name '*.java')
cp -r resources/. "$out"
