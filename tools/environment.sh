#!/usr/bin/env bash
# Makes the local environment .venv from nothing but python3 (venv, pip) and a package index.
#   tools/environment.sh demo|dev     installs requirements/<name>.txt, hashes checked, and the parts themselves
#   tools/environment.sh uv ARGS…     runs the local uv with the index that pip is configured for
# The index is pip's: PIP_INDEX_URL, PIP_EXTRA_INDEX_URL, PIP_FIND_LINKS, PIP_CERT or pip's configuration files.
set -euo pipefail
cd "$(dirname "$0")/.."

PYTHON=${PYTHON:-python3}
UV_HOME=.uv
ENVIRONMENT=.venv
PARTS=(core gateway backend firmware-sim dashboards)

fail() { echo "environment: $*" >&2; exit 1; }

bootstrap_uv() {
    local wanted=$UV_HOME/.stamp
    if [ -f "$wanted" ] && [ ! requirements/uv.txt -nt "$wanted" ]; then return; fi
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
        || fail "Python 3.11 or newer is needed; '$PYTHON' is $("$PYTHON" -V 2>&1). Name another: make PYTHON=python3.12"
    "$PYTHON" -c 'import venv, ensurepip' 2>/dev/null \
        || fail "'$PYTHON' has no venv or pip; on Debian: apt-get install python3-venv"
    echo "environment: installing uv into $UV_HOME"
    "$PYTHON" -m venv --clear "$UV_HOME"
    "$UV_HOME/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
    touch "$wanted"
}

# pip_setting NAME: what pip would use, from its environment or its files; empty when unset
pip_setting() {
    local variable; variable=PIP_$(echo "$1" | tr 'a-z-' 'A-Z_')
    if [ -n "${!variable:-}" ]; then echo "${!variable}"; return; fi
    "$UV_HOME/bin/python" -m pip config get "global.$1" 2>/dev/null \
        || "$UV_HOME/bin/python" -m pip config get "install.$1" 2>/dev/null || true
}

# A folder that pip's configuration names and that is not there is pip's to ignore, not uv's to fail on.
existing_links() {
    local link
    for link in $1; do
        case $link in *://*) echo "$link";; *) if [ -e "$link" ]; then echo "$link"; fi;; esac
    done
}

follow_pip() {
    local index extra links certificates
    index=$(pip_setting index-url); extra=$(pip_setting extra-index-url)
    links=$(existing_links "$(pip_setting find-links)"); certificates=$(pip_setting cert)
    if [ -n "$index" ]; then export UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-$index}; fi
    if [ -n "$extra" ]; then export UV_INDEX=${UV_INDEX:-$(echo $extra)}; fi
    if [ -n "$links" ]; then export UV_FIND_LINKS=${UV_FIND_LINKS:-$(echo $links | tr ' ' ',')}; fi
    if [ -n "$certificates" ]; then export SSL_CERT_FILE=${SSL_CERT_FILE:-$certificates}; fi
    export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1 UV_LINK_MODE=${UV_LINK_MODE:-copy}
}

install() {
    local requirements=requirements/$1.txt editable=() part
    [ -f "$requirements" ] || fail "no such set: $requirements"
    if [ ! -x $ENVIRONMENT/bin/python ]; then "$UV_HOME/bin/uv" venv --quiet --python "$UV_HOME/bin/python" $ENVIRONMENT; fi
    echo "environment: installing $requirements into $ENVIRONMENT"
    export VIRTUAL_ENV=$PWD/$ENVIRONMENT
    "$UV_HOME/bin/uv" pip install --quiet --compile-bytecode --require-hashes -r "$requirements"
    for part in "${PARTS[@]}"; do editable+=(-e "./$part"); done
    "$UV_HOME/bin/uv" pip install --quiet --no-deps --no-build-isolation "${editable[@]}"
    "$ENVIRONMENT/bin/python" -m compileall -q "${PARTS[@]/%//src}"  # a third of a start, where Python may not do it
    touch "$ENVIRONMENT/.$1.stamp"
    if [ "$1" = dev ]; then touch "$ENVIRONMENT/.demo.stamp"; fi  # demo is a subset of dev at the same versions
}

bootstrap_uv
follow_pip
case ${1:-} in
    demo|dev) install "$1";;
    uv) shift; exec "$UV_HOME/bin/uv" "$@";;
    *) fail "usage: $0 demo|dev|uv ARGS…";;
esac
