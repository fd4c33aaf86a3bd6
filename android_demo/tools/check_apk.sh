#!/usr/bin/env bash
# Builds the app into an APK with Debian's packages alone, and checks what is in it. This is no build for a phone:
# without LiteRT's AARs the app has no runtime for its model. Gradle makes the real one; see README.md.
# Usage: bash android_demo/tools/check_apk.sh FOLDER OUT
#   FOLDER  what install_debian.sh made
#   OUT     a new folder for the APK and what it is made of
# LITERT_JARS, if set: the classes.jar files of the AARs litert, litert-api, litert-gpu and litert-gpu-api, joined by
# colons.
set -euo pipefail

fail() {
  echo "check_apk.sh: $*" >&2
  exit 1
}

if [ $# != 2 ] || [ "$1" = --help ]; then
  sed -n 's/^# \(Usage:.*\|  .*\)/\1/p' "$0" >&2
  exit 2
fi
tools="$(realpath "$1")"
PATH="$tools/jdk/bin:$PATH"
out="$(realpath -m "$2")"
demo="$(realpath "$(dirname "$0")/..")"
root="$(dirname "$demo")"
framework=/usr/share/android-framework-res/framework-res.apk
for file in "$tools/android-23.jar" "$tools/dx.jar" "$framework"; do
  [ -e "$file" ] || fail "$file is missing; run: bash android_demo/tools/install_debian.sh $1"
done
[ ! -e "$out" ] || fail "$out exists; name a new folder"
mkdir -p "$out"/{compiled,gen,classes,dex,assets,package}

# Gradle has these; the app is checked with the same.
catalogue() { sed -n "s/^$1 = \"\(.*\)\"$/\1/p" "$demo/gradle/libs.versions.toml"; }
package="$(sed -n 's/^ *applicationId = "\(.*\)"$/\1/p' "$demo/app/build.gradle")"
min="$(catalogue minSdk)" target="$(catalogue targetSdk)"
permissions=android.permission.CAMERA
model=mobilevos_sdk/weights/mobilenetv2-noaspp.tflite
assets=("models $model" "clip samples/cups.mp4" "clip samples/cups-first-mask.png")
[ -n "$package" ] && [ -n "$min" ] && [ -n "$target" ] || fail "cannot read the versions from Gradle's files"

# Resources. A manifest in a Gradle project does not name its package, and Debian's aapt2 does not know
# uses-native-library, which came with API 31.
main="$demo/app/src/main"
sed "s/<manifest /<manifest package=\"$package\" /; /<uses-native-library/,/\/>/d" "$main/AndroidManifest.xml" \
  > "$out/AndroidManifest.xml"
for asset in "${assets[@]}"; do
  [ -e "$root/${asset#* }" ] || fail "$root/${asset#* } is missing; check out the whole project"
  mkdir -p "$out/assets/${asset%% *}"
  cp "$root/${asset#* }" "$out/assets/${asset%% *}/"
done
aapt2 compile --dir "$main/res" -o "$out/compiled/res.zip"
aapt2 link -I "$framework" --manifest "$out/AndroidManifest.xml" --java "$out/gen" -A "$out/assets" \
  -0 .tflite -0 .mp4 -0 .png --min-sdk-version "$min" --target-sdk-version "$target" \
  --version-code "$(catalogue versionCode)" \
  --version-name "$(catalogue versionName)" -o "$out/unaligned.apk" "$out/compiled/res.zip"

# Code, for Android's API 23. Only the provider and its engine know LiteRT.
mapfile -t sources < <(find "$demo/core/src/main/java" "$main/java" "$out/gen" -name '*.java' | sort)
with_litert=yes
if [ -z "${LITERT_JARS:-}" ]; then
  with_litert=no
  mapfile -t left_out < <(grep -l '^import org\.tensorflow\.lite\|new LiteRtEngine(' "${sources[@]}")
  mapfile -t sources < <(printf '%s\n' "${sources[@]}" | grep -vxF -f <(printf '%s\n' "${left_out[@]}"))
  for file in "${left_out[@]}"; do
    echo "check_apk.sh: left out ${file#"$demo/"}: it needs LiteRT's AARs, which are on Google's Maven" \
      "(LITERT_JARS names them)"
  done
fi
javac -Xlint:-options -Werror -encoding UTF-8 -source 8 -target 8 -bootclasspath "$tools/android-23.jar" \
  -classpath "${LITERT_JARS:-}" -d "$out/classes" "${sources[@]}" 2>&1 | sed '/^Note: /d'
if [ $with_litert = no ]; then # their grammar, at least
  javac -XDshould-stop.ifNoError=PARSE -Xlint:-options -encoding UTF-8 -source 8 -target 8 -proc:none \
    -d "$out/dex" "${left_out[@]}" 2>&1 | sed '/^Note: /d'
fi
IFS=: read -ra jars <<< "${LITERT_JARS:-}"
java -cp "$tools/dx.jar" com.android.dx.command.Main --dex --min-sdk-version="$min" \
  --output="$out/package/classes.dex" "$out/classes" "${jars[@]}"

# The package: code, the core's resources, and the provider's name only together with the provider.
cp -r "$demo/core/src/main/resources/." "$out/package/"
if [ $with_litert = yes ]; then
  cp -r "$main/resources/." "$out/package/"
fi
(cd "$out/package" && zip -qr "$out/unaligned.apk" .)
apk="$out/app.apk"
zipalign -p 4 "$out/unaligned.apk" "$apk"
zipalign -c -p 4 "$apk" || fail "the APK is not aligned"
keytool -genkeypair -keystore "$out/key.jks" -storepass throwaway -alias key -dname CN=check -keyalg RSA -validity 1 \
  2>/dev/null
apksigner sign --ks "$out/key.jks" --ks-pass pass:throwaway "$apk"
signatures="$(apksigner verify --verbose --min-sdk-version "$min" "$apk")" || fail "the signature is not valid"
for scheme in 2 3; do
  grep -q "^Verified using v$scheme scheme.*: true" <<< "$signatures" || fail "no signature of scheme v$scheme"
done

# What a phone would read.
badging="$(aapt dump badging "$apk")"
expect() { grep -qF -- "$1" <<< "$badging" || fail "the manifest lacks: $1"; }
expect "package: name='$package' versionCode='$(catalogue versionCode)'"
expect "sdkVersion:'$min'"
expect "targetSdkVersion:'$target'"
expect "launchable-activity: name='$package.MainActivity'"
asked="$(sed -n "s/^uses-permission[^:]*: name='\([^']*\)'.*/\1/p" <<< "$badging" | sort | tr '\n' ' ')"
[ "$asked" = "$permissions " ] || fail "the app asks for other permissions than $permissions: $asked"
for asset in "${assets[@]}"; do
  name="assets/${asset%% *}/$(basename "${asset#* }")"
  unzip -p "$apk" "$name" | cmp -s - "$root/${asset#* }" || fail "$name is not in the APK as it is in the project"
  [[ "$(unzip -v "$apk" "$name")" = *" Stored "* ]] || fail "$name is compressed; it is read where it lies"
done
constants=org/mobilevos/core/constants.json
unzip -p "$apk" "$constants" | cmp -s - "$demo/core/src/main/resources/$constants" || fail "$constants is not in the APK"
dexdump "$apk" | sed -n "s/^  Class descriptor  : '\(.*\)'/\1/p" > "$out/classes.txt"
for class in demo/MainActivity demo/CameraFollower demo/VideoWork demo/BenchWork demo/NewerApis \
  core/Session core/Selection core/YuvToRgb; do
  grep -qxF "Lorg/mobilevos/$class;" "$out/classes.txt" || fail "class org/mobilevos/$class is not in the APK"
done
if [ $with_litert = yes ]; then
  provider="$(unzip -p "$apk" META-INF/services/org.mobilevos.core.EngineProvider)" || fail "no provider is named"
  for class in "${provider//.//}" org/tensorflow/lite/Interpreter org/tensorflow/lite/gpu/GpuDelegate; do
    grep -qxF "L$class;" "$out/classes.txt" || fail "class $class is not in the APK"
  done
elif grep -q '^Lorg/tensorflow/' "$out/classes.txt"; then
  fail "there are classes of LiteRT in the APK, but LiteRT was not given"
fi
echo "check_apk.sh: $apk is signed (v2, v3) and as expected: $(stat -c %s "$apk") bytes," \
  "$(wc -l < "$out/classes.txt") classes, LiteRT: $with_litert"
