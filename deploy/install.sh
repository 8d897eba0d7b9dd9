#!/usr/bin/env bash
# Installs the gateway from this archive; no network is used.
#   sudo ./install.sh                 the whole: /opt/coldchain-gateway, its own user, systemd unit, udev rule
#   ./install.sh --prefix DIR         everything below DIR, without root: to try it, or for another service manager
#   --python PROGRAM                  the Python to use (default: python3, 3.11 or newer)
# Installing again replaces the program and keeps configuration and data.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PYTHON=python3
PREFIX=""

fail() { echo "install: $*" >&2; exit 1; }
say() { echo "install: $*"; }

while [ $# -gt 0 ]; do
    case $1 in
        --prefix) [ $# -ge 2 ] || fail "--prefix needs a folder"; PREFIX=$2; shift 2;;
        --python) [ $# -ge 2 ] || fail "--python needs a program"; PYTHON=$2; shift 2;;
        -h|--help) sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0;;
        *) fail "unknown: $1 (see --help)";;
    esac
done

check_archive() {
    say "checking the archive"
    (cd "$here" && sha256sum --check --quiet --strict SHA256SUMS) || fail "the archive is damaged: fetch it again"
    local machine; machine=$(uname -m)
    [ "$machine" = "$(cat "$here/ARCHITECTURE")" ] \
        || fail "this archive is for $(cat "$here/ARCHITECTURE"), this computer is $machine"
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
        || fail "Python 3.11 or newer is needed; '$PYTHON' is $("$PYTHON" -V 2>&1 || true)"
    if [ -s "$here/MISSING" ]; then say "this archive lacks: $(tr '\n' ';' < "$here/MISSING")"; fi
}

# install_program FOLDER [USER]: a fresh environment beside the old one, which is replaced only when the new one works.
# For root the program becomes USER first.
install_program() {
    local venv=$1/venv fresh=$1/venv.new pip
    pip=$(echo "$here"/wheels/pip-*.whl)/pip
    say "installing the program into $venv"
    rm -rf "$fresh"
    "$PYTHON" -m venv --without-pip "$fresh" || fail "'$PYTHON' cannot make an environment"
    local options=(--isolated --quiet --no-index --no-cache-dir --disable-pip-version-check --find-links "$here/wheels" --require-hashes)
    "$fresh/bin/python" "$pip" install "${options[@]}" -r "$here/requirements.txt" \
        || fail "no wheel fits $("$PYTHON" -V) on $(uname -m); see MISSING in the archive"
    "$fresh/bin/python" "$pip" install "${options[@]}" --no-deps -r "$here/parts.txt"
    "$fresh/bin/python" -m compileall -q "$fresh/lib" || true
    rm -rf "$venv.old"
    if [ -e "$venv" ]; then mv "$venv" "$venv.old"; fi
    mv "$fresh" "$venv"
    rm -rf "$venv.old"
    mkdir -p "$1/bin"
    {
        echo '#!/bin/sh'
        # What root would write into the data folder, the service could not read.
        if [ -n "${2:-}" ]; then echo "[ \"\$(id -u)\" -ne 0 ] || exec runuser -u $2 -- \"\$0\" \"\$@\""; fi
        echo "exec \"$venv/bin/python\" -m coldchain_gateway \"\$@\""
    } > "$1/bin/coldchain-gateway"
    chmod 755 "$1/bin/coldchain-gateway"
    "$1/bin/coldchain-gateway" --version
}

# install_configuration FILE DATA: the sample, unless there is a configuration already
install_configuration() {
    if [ -e "$1" ]; then say "keeping $1"; return; fi
    say "writing $1 (a sample: name the gateway and its sensors there)"
    mkdir -p "$(dirname "$1")"
    sed -e "s|/var/lib/coldchain-gateway|$2|" -e "s|name = \"gateway-1\"|name = \"$(hostname | tr -c 'A-Za-z0-9.\n' -)\"|" \
        "$here/gateway.toml" > "$1"
}

install_below() {
    mkdir -p "$1"; local top; top=$(cd "$1" && pwd)
    install_program "$top"
    install_configuration "$top/etc/gateway.toml" "$top/data"
    sed -e "s|/opt/coldchain-gateway|$top|; s|/etc/coldchain/gateway.toml|$top/etc/gateway.toml|" \
        "$here/coldchain-gateway.service" > "$top/coldchain-gateway.service"
    say "done. Next: $top/bin/coldchain-gateway --config $top/etc/gateway.toml check"
}

install_system() {
    [ "$(id -u)" -eq 0 ] || fail "needs root: sudo ./install.sh, or --prefix DIR to try it without"
    local top=/opt/coldchain-gateway config=/etc/coldchain/gateway.toml user=coldchain group
    for group in dialout gpio; do groupadd --force --system "$group"; done
    if ! id "$user" >/dev/null 2>&1; then
        say "making the user $user"
        useradd --system --home-dir /var/lib/coldchain-gateway --no-create-home --shell /usr/sbin/nologin "$user"
    fi
    usermod --append --groups dialout,gpio "$user"
    runuser -u "$user" -- "$("$PYTHON" -c 'import sys; print(sys.executable)')" -c '' 2>/dev/null \
        || fail "the user $user may not run '$PYTHON': take the system's, --python /usr/bin/python3"
    mkdir -p "$top"
    install_program "$top" "$user"
    ln -sf "$top/bin/coldchain-gateway" /usr/local/bin/coldchain-gateway
    install_configuration "$config" /var/lib/coldchain-gateway
    chgrp "$user" /etc/coldchain "$config"; chmod 750 /etc/coldchain; chmod 640 "$config"
    install -d -m 700 -o "$user" -g "$user" /var/lib/coldchain-gateway
    install -D -m 644 "$here/60-coldchain.rules" /etc/udev/rules.d/60-coldchain.rules
    install -D -m 644 "$here/coldchain-gateway.service" /etc/systemd/system/coldchain-gateway.service
    udevadm control --reload 2>/dev/null && udevadm trigger --subsystem-match=tty --subsystem-match=gpio 2>/dev/null || true
    if [ -d /run/systemd/system ]; then
        systemctl daemon-reload
        systemctl enable --quiet coldchain-gateway
        systemctl try-restart coldchain-gateway
    fi
    say "done. Next: edit $config, then"
    say "  sudo coldchain-gateway --config $config check"
    say "  sudo systemctl start coldchain-gateway && sudo coldchain-gateway --config $config status"
}

check_archive
if [ -n "$PREFIX" ]; then install_below "$PREFIX"; else install_system; fi
