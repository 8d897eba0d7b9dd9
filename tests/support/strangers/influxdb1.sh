#!/usr/bin/env bash
# Unpacks Debian's InfluxDB 1.6 into the user's cache for tests: no service is installed or started.
set -euo pipefail
cache="${XDG_CACHE_HOME:-$HOME/.cache}/coldchain"
target="$cache/influxdb1"
if [ -x "$target/usr/bin/influxd" ]; then echo "influxdb1: there: $("$target/usr/bin/influxd" version)"; exit 0; fi
command -v apt-get >/dev/null || { echo "influxdb1: no apt-get here; tests of InfluxDB 1.6 are left out" >&2; exit 1; }
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq influxdb 2>/dev/null || {
    as_root=(); if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
    "${as_root[@]}" apt-get update -qq
    apt-get download -qq influxdb
}
mkdir -p "$target"
dpkg-deb -x ./influxdb_*.deb "$target"
"$target/usr/bin/influxd" version
