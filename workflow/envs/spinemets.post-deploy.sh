#!/bin/sh
# Run by Snakemake inside the new conda environment, in the folder where Snakemake was started.
# SPINEMETS_SOURCE names the checkout when that is another folder.
set -eu

source=${SPINEMETS_SOURCE:-$PWD}
if ! grep -q '^name = "spinemets"$' "$source/pyproject.toml" 2>/dev/null; then
    echo "$source is no checkout of spinemets: start Snakemake there, or set SPINEMETS_SOURCE." >&2
    exit 1
fi
python -m pip install --no-deps --no-build-isolation --editable "$source"
