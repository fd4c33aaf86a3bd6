#!/usr/bin/env bash
# Times what a frame costs outside the model, on one thread of this machine's JVM; the numbers are no phone's.
# Usage: MOBILEVOS_ANDROID=FOLDER bash android_demo/tools/benchmark_core.sh FILE.json
# JAVA_PREFIX is put before java: "chrt -f 10 taskset -c 1" keeps one core for it, on a machine that others use.
set -euo pipefail
given="${1:?usage: benchmark_core.sh FILE.json}"
file="$(realpath -m "$given")"
cd "$(dirname "$0")/.."
classes="$(mktemp -d)"
trap 'rm -rf "$classes"' EXIT
PATH="$MOBILEVOS_ANDROID/jdk/bin:$PATH"
bash tools/compile_core.sh "$classes"
json=/usr/share/java/com.android.json.jar
javac -source 8 -target 8 -Xlint:all,-options -Werror -cp "$classes:$json" -d "$classes" \
  $(find core/src/benchmark/java -name '*.java')
command="${JAVA_PREFIX:+JAVA_PREFIX='$JAVA_PREFIX' }bash android_demo/tools/benchmark_core.sh $given"
# shellcheck disable=SC2086
${JAVA_PREFIX:-} java -XX:+UseSerialGC -cp "$classes:$json" org.mobilevos.core.FrameWorkBenchmark "$command" "$file"
