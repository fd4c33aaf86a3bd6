#!/usr/bin/env bash
# Unpacks packages of another Debian release into a folder, without installing them: for tests that need a newer program
# than the system has. From the mirror that the system uses, through lists of its own, checked by apt's signatures.
# Usage: [ARCHITECTURE=arm64] bash scripts/debian_aside.sh FOLDER RELEASE[,RELEASE] with-dependencies|alone PACKAGE...
set -euo pipefail
if [ $# -lt 4 ]; then
  echo "usage: debian_aside.sh FOLDER RELEASE[,RELEASE] with-dependencies|alone PACKAGE..." >&2
  exit 2
fi
folder="$(realpath -m "$1")"
releases="$2" which="$3"
architecture="${ARCHITECTURE:-$(dpkg --print-architecture)}"
shift 3
key=/usr/share/keyrings/debian-archive-keyring.gpg
mirror="$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 2>/dev/null | head -n 1)"
if [ -z "$mirror" ] || [ ! -e "$key" ]; then
  echo "debian_aside.sh: needs Debian's apt, its package lists (apt-get update) and debian-archive-keyring" >&2
  exit 1
fi

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/packages" "$work/files"
: >"$work/status" # as if nothing were installed, so that dependencies are all of them
for release in ${releases//,/ }; do
  echo "deb [signed-by=$key] $mirror $release main"
done >"$work/sources.list"
cat >"$work/apt.conf" <<SETTINGS
Dir::Etc::SourceList "$work/sources.list";
Dir::Etc::SourceParts "-";
Dir::State::Lists "$work/lists";
Dir::State::Status "$work/status";
Dir::Cache "$work/cache";
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Sandbox::User "";
APT::Install-Recommends "false";
SETTINGS
export APT_CONFIG="$work/apt.conf"
apt-get update -qq
if [ "$which" = with-dependencies ]; then
  apt-get install --simulate -qq "$@" | awk '$1 == "Inst" { print $2 }' >"$work/names"
else
  printf '%s\n' "$@" >"$work/names"
fi
(cd "$work/packages" && xargs -r apt-get download -qq <"$work/names")
for package in "$work"/packages/*.deb; do
  dpkg-deb -x "$package" "$work/files"
done
mkdir -p "$(dirname "$folder")"
rm -rf "$folder"
mv "$work/files" "$folder"
