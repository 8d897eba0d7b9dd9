#!/usr/bin/env bash
# Builds Alertmanager, whose webhook ours is compared with, into the user's cache, outside the tree.
# Go brings the source by its module name; nothing is taken from anywhere else.
set -euo pipefail
VERSION=v0.28.1
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/coldchain
TARGET=$CACHE/bin/alertmanager

if [ -x "$TARGET" ]; then echo "strangers: alertmanager is at $TARGET"; exit 0; fi
command -v go >/dev/null || { echo "strangers: Go is not here; without it Alertmanager is not compared" >&2; exit 1; }
echo "strangers: building alertmanager $VERSION (a minute or two)"
mkdir -p "$CACHE/bin"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd / && GOBIN=$work go install -buildvcs=false -ldflags "-s -w" "github.com/prometheus/alertmanager/cmd/alertmanager@$VERSION")
mv "$work/alertmanager" "$TARGET"
"$TARGET" --version 2>&1 | head -1
