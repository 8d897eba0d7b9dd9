#!/bin/sh
# Enrols once with the code that setup.sh left, then runs.
set -eu
code=/var/lib/coldchain-enrol/${1:?the name of the gateway}
if [ ! -s /var/lib/coldchain-gateway/token ]; then
    [ -s "$code" ] || { echo "gateway: no code for $1; is it in the fleet file?" >&2; exit 1; }
    coldchain-gateway --config /etc/coldchain/gateway.toml enroll --code "$(cat "$code")"
    rm "$code"
fi
exec coldchain-gateway --config /etc/coldchain/gateway.toml run
