#!/bin/sh
# What `make` says last: where the results are, and how to go on by hand.
set -eu

cd "$(dirname "$0")/.."
echo
echo "Results: results/release/"
for report in results/release/*/report.html; do
    if [ -f "$report" ]; then echo "  open   $report"; fi
done
if [ -f results/release/MANIFEST.json ]; then
    echo "  trace  results/release/MANIFEST.json  (every file with its hash, rule and inputs)"
fi
echo "To go on by hand:"
echo "  source .venv/bin/activate"
echo "  spinemets --help"
