#!/usr/bin/env bash
# Gets adb, and the daemon that answers it on a phone, for the tests of `vos-bench phone` on a Debian machine, as root.
# Usage: bash scripts/install_adb.sh DIR; then put DIR on the PATH.
# The daemon is Debian trixie's, which older systems do not have: it is unpacked into DIR with all its libraries.
set -euo pipefail
folder="$(realpath -m "${1:?usage: bash scripts/install_adb.sh DIR}")"
if ! command -v apt-get >/dev/null; then
  echo "install_adb.sh: needs Debian's apt; elsewhere, install adb and adbd by hand" >&2
  exit 1
fi
apt-get update -qq
if ! command -v adb >/dev/null; then
  apt-get install -yqq --no-install-recommends adb >/dev/null
fi
if [ -x "$folder/adbd" ]; then
  exit 0
fi
bash "$(dirname "$0")/debian_aside.sh" "$folder/adbd-files" trixie with-dependencies adbd

# Its own loader and C library, which are newer than those of older systems.
loader="$(find "$folder/adbd-files" -name 'ld-linux-*.so.*' -path '*/lib/*-linux-*' | head -n 1)"
libraries="$(dirname "$loader")"
cat >"$folder/adbd.new" <<WRAPPER
#!/bin/sh
exec "$loader" --library-path "$libraries:$libraries/android" "$folder/adbd-files/usr/lib/android-sdk/platform-tools/adbd" "\$@"
WRAPPER
chmod +x "$folder/adbd.new"
mv "$folder/adbd.new" "$folder/adbd"
