#!/usr/bin/env bash
# Installs what the page in web/ and its test need: npm's packages into web/node_modules and, on Debian as root, those of
# Node.js, npm and Chromium that are missing.
# Usage: bash scripts/install_browser.sh
set -euo pipefail
cd "$(dirname "$0")/../web"
missing=()
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
command -v chromium >/dev/null || missing+=(chromium)
if [ ${#missing[@]} -gt 0 ]; then
  apt-get update -q
  apt-get install -yq --no-install-recommends "${missing[@]}" ca-certificates
fi
npm ci
