#!/usr/bin/env bash
# Compiles requirements/*.txt: every version with its hashes, for every platform, without the address of an index.
# dev is the whole; demo, gateway and backend are subsets of it at the same versions. `tools/lock.sh --upgrade` renews.
set -euo pipefail
cd "$(dirname "$0")/.."

compile() {
    local output=$1; shift
    tools/environment.sh uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
        --no-emit-package coldchain --no-emit-package coldchain-gateway --no-emit-package coldchain-backend \
        --no-emit-package coldchain-sim --no-emit-package coldchain-dashboards \
        --quiet --output-file "requirements/$output.txt" "$@"
}

compile dev pyproject.toml --group dev "$@"
compile demo pyproject.toml --group demo --constraints requirements/dev.txt
compile gateway gateway/pyproject.toml --constraints requirements/dev.txt
compile backend backend/pyproject.toml --constraints requirements/dev.txt
printf 'uv==%s\nuv_build\n' "$(tools/environment.sh uv --version | cut -d' ' -f2)" > requirements/.uv.in
tools/environment.sh uv pip compile requirements/.uv.in --universal --generate-hashes --no-emit-index-url --no-header \
    --constraints requirements/dev.txt --no-annotate --quiet --output-file requirements/uv.txt
rm requirements/.uv.in
