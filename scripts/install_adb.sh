#!/usr/bin/env bash
# Gets adb, and the daemon that answers it on a phone, for the tests of `vos-bench phone` on a Debian machine.
# Usage: bash scripts/install_adb.sh DIR; then put DIR on the PATH.
# adb is installed from the system's own packages (as root). The daemon is Debian trixie's, which older systems do not
# have: it is fetched through apt settings of its own, checked by apt, and unpacked into DIR with all its libraries.
set -euo pipefail
folder="$(realpath -m "${1:?usage: bash scripts/install_adb.sh DIR}")"
key=/usr/share/keyrings/debian-archive-keyring.gpg
if ! command -v apt-get >/dev/null || [ ! -e "$key" ]; then
  echo "install_adb.sh: needs Debian's apt and debian-archive-keyring; elsewhere, install adb and adbd by hand" >&2
  exit 1
fi
if ! command -v adb >/dev/null; then
  apt-get update -qq
  apt-get install -yqq --no-install-recommends adb >/dev/null
fi
if [ -x "$folder/adbd" ]; then
  exit 0
fi

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/packages" "$work/adbd-files"
: >"$work/status"
echo "deb [signed-by=$key] http://deb.debian.org/debian trixie main" >"$work/sources.list"
cat >"$work/apt.conf" <<SETTINGS
Dir::Etc::SourceList "$work/sources.list";
Dir::Etc::SourceParts "-";
Dir::State::Lists "$work/lists";
Dir::State::Status "$work/status";
Dir::Cache "$work/cache";
APT::Sandbox::User "";
APT::Install-Recommends "false";
SETTINGS
export APT_CONFIG="$work/apt.conf"
apt-get update -qq
apt-get install --simulate -qq adbd | awk '$1 == "Inst" { print $2 }' >"$work/names"
(cd "$work/packages" && xargs -r apt-get download -qq <"$work/names")
for package in "$work"/packages/*.deb; do
  dpkg-deb -x "$package" "$work/adbd-files"
done

# Its own loader and C library, which are newer than those of older systems.
mkdir -p "$folder"
rm -rf "$folder/adbd-files"
mv "$work/adbd-files" "$folder/"
loader="$(find "$folder/adbd-files" -name 'ld-linux-*.so.*' -path '*/lib/*-linux-*' | head -n 1)"
libraries="$(dirname "$loader")"
cat >"$work/adbd" <<WRAPPER
#!/bin/sh
exec "$loader" --library-path "$libraries:$libraries/android" "$folder/adbd-files/usr/lib/android-sdk/platform-tools/adbd" "\$@"
WRAPPER
chmod +x "$work/adbd"
mv "$work/adbd" "$folder/adbd"
