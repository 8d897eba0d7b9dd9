#!/usr/bin/env bash
# Builds Telegraf with the few plugins that the strangers' test uses, into the user's cache, outside the tree.
# Go brings the source by its module name; nothing is taken from anywhere else.
set -euo pipefail
VERSION=v1.37.2
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/coldchain
TARGET=$CACHE/bin/telegraf
TAGS=custom,inputs.file,inputs.mqtt_consumer,outputs.influxdb_v2,parsers.json,parsers.json_v2,parsers.influx,serializers.influx

if [ -x "$TARGET" ]; then echo "strangers: telegraf is at $TARGET"; exit 0; fi
command -v go >/dev/null || { echo "strangers: Go is not here; without it the Telegraf test is skipped" >&2; exit 1; }
echo "strangers: building telegraf $VERSION (half a minute to a few minutes)"
source=$(cd / && go mod download -json "github.com/influxdata/telegraf@$VERSION" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
work=$(mktemp -d)
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT
cp -r "$source/." "$work/"
chmod -R u+w "$work"
mkdir -p "$CACHE/bin"
(cd "$work" && go build -buildvcs=false -ldflags "-s -w" -tags "$TAGS" -o "$TARGET.new" ./cmd/telegraf)
mv "$TARGET.new" "$TARGET"
"$TARGET" --version
