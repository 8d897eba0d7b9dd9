#!/usr/bin/env bash
# Builds InfluxDB 2.7 for the benchmarks that compare with it, into the user's cache, outside the tree.
# Go brings the source by its module name, cargo what its query language needs; nothing is taken from anywhere else.
set -euo pipefail
VERSION=v2.7.12
MODULE=github.com/influxdata/influxdb/v2
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/coldchain
TARGET=$CACHE/bin/influxd

if [ -x "$TARGET" ]; then echo "strangers: influxd is at $TARGET"; exit 0; fi
missing=()
command -v go >/dev/null || missing+=(Go)
command -v cargo >/dev/null || missing+=(Rust)
command -v cc >/dev/null || missing+=("a C compiler")
if [ ${#missing[@]} -gt 0 ]; then
    printf -v listed '%s, ' "${missing[@]}"
    echo "strangers: missing here: ${listed%, }; without influxd benchmarks print no figures of InfluxDB" >&2
    exit 1
fi
echo "strangers: building influxd $VERSION (three to ten minutes)"
source=$(cd / && go mod download -json "$MODULE@$VERSION" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
work=$(mktemp -d)
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT
cp -r "$source" "$work/influxdb"
chmod -R u+w "$work"
mkdir -p "$work/bin" "$CACHE/bin"

# Its own pkg-config builds the query language's library with cargo. That library pins an old toolchain and forbids
# warnings that newer compilers give, so the installed toolchain is named and warnings are only told.
printf '#!/bin/sh\nexec "$@" --cap-lints warn\n' >"$work/bin/rustc-lenient"
chmod +x "$work/bin/rustc-lenient"
cd "$work/influxdb"
GOBIN=$work/bin go install github.com/influxdata/pkg-config
export PATH=$work/bin:$PATH PKG_CONFIG=$work/bin/pkg-config
export RUSTUP_TOOLCHAIN=${RUSTUP_TOOLCHAIN:-stable} RUSTC_WRAPPER=$work/bin/rustc-lenient
go build -buildvcs=false -tags sqlite_foreign_keys,sqlite_json -ldflags "-s -w -X main.version=$VERSION" \
    -o "$TARGET.new" ./cmd/influxd
mv "$TARGET.new" "$TARGET"
"$TARGET" version
