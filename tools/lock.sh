#!/bin/sh
# Resolve pyproject.toml into requirements.lock (everything) and requirements-build.lock (its part
# that builds source packages). Versions already locked are kept; `sh tools/lock.sh --upgrade`
# takes the newest that the ranges admit. Extras stay in the names: with bare names pip looks for the
# newest release of `package[extra]` and refuses it, because only the older one has its hash here.
set -eu

cd "$(dirname "$0")/.."
compile() {
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-header --no-strip-extras "$@"
}
compile "$@" --group dev --output-file requirements.lock pyproject.toml
compile --constraints requirements.lock --no-annotate --group build --output-file requirements-build.lock
