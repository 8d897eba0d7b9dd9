#!/usr/bin/env bash
# Installs the Debian packages that tests with real parts use. sudo only where it is needed.
set -euo pipefail
PACKAGES=(mosquitto mosquitto-clients strace curl chromium fonts-noto-cjk postgresql)
# A web server would start on a machine with systemd: only where tests of the TLS variant must not be left out.
if [ "${CI:-}" = true ]; then PACKAGES+=(nginx openssl); fi

missing=()
for package in "${PACKAGES[@]}"; do
    dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then echo "deps: all there: ${PACKAGES[*]}"; exit 0; fi
command -v apt-get >/dev/null || { echo "deps: no apt-get here; install by hand: ${missing[*]}" >&2; exit 1; }
as_root=(); if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"
