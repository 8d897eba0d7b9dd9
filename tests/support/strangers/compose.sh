#!/usr/bin/env bash
# Builds the loader of the Compose specification, which is what `docker compose config` runs, into the user's cache, outside
# the tree. Go brings the source by its module name; nothing is taken from anywhere else.
set -euo pipefail
VERSION=v2.16.2
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/coldchain
TARGET=$CACHE/bin/compose-spec

if [ -x "$TARGET" ]; then echo "strangers: compose-spec is at $TARGET"; exit 0; fi
command -v go >/dev/null || { echo "strangers: Go is not here; without it docker-compose.yml is not checked" >&2; exit 1; }
echo "strangers: building compose-spec $VERSION"
work=$(mktemp -d)
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT
(cd / && GOBIN=$work go install "github.com/compose-spec/compose-go/v2/cmd@$VERSION")
mkdir -p "$CACHE/bin"
mv "$work/cmd" "$TARGET"
echo "strangers: $TARGET"
