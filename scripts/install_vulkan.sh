#!/usr/bin/env bash
# Installs the two software drivers of `vos-export --check gpu` on Debian 12 or newer, as root: SwiftShader, which comes
# with chromium, for fp32, and Mesa's lavapipe for fp16. Lavapipe is unpacked aside, so the system's own Mesa stays.
# Usage: bash scripts/install_vulkan.sh [FOLDER of lavapipe; tell the check another one than the default in MOBILEVOS_VULKAN]
set -euo pipefail
folder="$(realpath -m "${1:-${MOBILEVOS_VULKAN:-${XDG_CACHE_HOME:-$HOME/.cache}/mobilevos/vulkan}}")"

apt-get update -q
# libvulkan1 is the loader; the system's mesa-vulkan-drivers brings what lavapipe is linked with.
apt-get install -yq --no-install-recommends chromium libvulkan1 mesa-vulkan-drivers ca-certificates

. /etc/os-release
if [ "$VERSION_CODENAME" != bookworm ]; then
  exit 0 # later releases have a lavapipe that is new enough
fi
unpacked="$(mktemp -d)"
trap 'rm -rf "$unpacked"' EXIT
bash "$(dirname "$0")/debian_aside.sh" "$unpacked/root" bookworm,bookworm-backports alone \
  {mesa-vulkan-drivers,libdrm2}/bookworm-backports

# Only the driver and the library that it needs newer: anything else in the folder would shadow the system's.
source="$(dirname "$(find "$unpacked/root" -name libvulkan_lvp.so)")"
rm -rf "$folder/lib"
mkdir -p "$folder/lib"
cp -L "$source/libvulkan_lvp.so" "$source/libdrm.so.2" "$folder/lib/"
sed "s#\"libvulkan_lvp.so\"#\"$folder/lib/libvulkan_lvp.so\"#" \
  "$(find "$unpacked/root" -path '*icd.d/lvp_icd*.json')" >"$folder/lavapipe.json"
echo "lavapipe is in $folder"
