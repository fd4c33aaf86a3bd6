#!/usr/bin/env bash
# Gets what builds and tests the Android demo on a Debian 12 machine, as root: Java, JUnit, JNA, Android's packaging tools,
# and, unpacked into FOLDER, two packages of an older Debian: the framework's API (android-23.jar) and dx.
# Usage: bash android_demo/tools/install_debian.sh FOLDER; then export MOBILEVOS_ANDROID=FOLDER.
set -euo pipefail
folder="$(realpath -m "${1:?usage: bash android_demo/tools/install_debian.sh FOLDER}")"
if ! command -v apt-get >/dev/null; then
  echo "install_debian.sh: needs Debian's apt; elsewhere, build the Gradle project with Android Studio" >&2
  exit 1
fi
apt-get update -qq
apt-get install -yqq --no-install-recommends openjdk-17-jdk-headless junit4 libhamcrest-java libjna-java \
  libandroid-json-java aapt android-framework-res zipalign apksigner dexdump zip \
  fonts-roboto-unhinted fonts-dejavu-core >/dev/null
mkdir -p "$folder"
# A machine may have newer ones too, which do not compile for Java 8 without complaint.
ln -sfn "$(dirname "$(dirname "$(readlink -f "$(dpkg -L openjdk-17-jdk-headless | grep '/bin/javac$')")")")" "$folder/jdk"
if [ -e "$folder/android-23.jar" ]; then
  exit 0
fi
scripts="$(dirname "$0")/../../scripts"
bash "$scripts/debian_aside.sh" "$folder/bullseye" bullseye alone libandroid-23-java dalvik-exchange
ln -sf bullseye/usr/share/java/com.android.dx.jar "$folder/dx.jar"
ln -sf bullseye/usr/share/java/com.android.android-23.jar "$folder/android-23.jar"
