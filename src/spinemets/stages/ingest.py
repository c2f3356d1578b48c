"""Stage ingest: a raw table and its mapping become the patient table, and everyone is counted."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from spinemets.errors import Fault, InputError
from spinemets.ingest.patients import Ingested, ingest, refuse
from spinemets.settings import Cohort, load
from spinemets.stages import _common
from spinemets.writing import atomic, write_csv


def _parser() -> argparse.ArgumentParser:
    parser = _common.parser(__doc__)
    parser.add_argument("--table", required=True, help="the cohort's table")
    parser.add_argument("--mapping", nargs="?", help="mapping file; none: columns of the contract")
    parser.add_argument(
        "--cohort", required=True, type=_common.json_argument, help="entry of the cohort, as JSON"
    )
    for name in (
        "patients",
        "inclusion",
        "cohort",
        "flow",
        "quality",
        "transformations",
        "plausibility",
        "k-anonymity",
    ):
        parser.add_argument(f"--out-{name}", required=True, type=Path)
    return parser


def _cohort(entry: object) -> Cohort:
    """Give the cohort's entry its types, with the messages of the configuration."""
    if not isinstance(entry, dict):
        raise InputError([Fault("--cohort", "not a JSON object", "give the cohort's entry")])
    return load({"cohorts": [entry]}).cohorts[0]


def write(result: Ingested, args: argparse.Namespace) -> None:
    """
    Write what ingest made, each file complete or not at all.

    Parameters
    ----------
    result : Ingested
        Patients and counts.
    args : argparse.Namespace
        With the ``out_*`` paths.
    """
    for table, path in (
        (result.patients, args.out_patients),
        (result.inclusion, args.out_inclusion),
    ):
        with atomic(path) as temporary:
            table.to_parquet(temporary, index=False)
    write_csv(result.flow, args.out_flow)
    write_csv(result.quality, args.out_quality)
    write_csv(result.transformations, args.out_transformations)
    write_csv(result.plausibility, args.out_plausibility)
    write_csv(result.k_anonymity, args.out_k_anonymity)
    with atomic(args.out_cohort) as temporary:
        text = json.dumps(result.info, indent=1, ensure_ascii=False, sort_keys=True)
        temporary.write_text(text + "\n", encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run the stage.

    Parameters
    ----------
    argv : sequence of str, optional
        Command-line arguments; those of the process when left out.

    Returns
    -------
    int
        0 done, 2 faults in the input (nothing is written), 3 no space left.
    """
    args = _parser().parse_args(argv)

    def work() -> None:
        cohort = _cohort(args.cohort)
        result = ingest(args.table, args.mapping, cohort)
        refuse(result, cohort)
        write(result, args)
        _common.log.info("ingest: %d value faults set aside", len(result.faults))
        _common.log.info("ingest: %d findings that aren't plausible", len(result.doubts))

    return _common.run("ingest", work)


if __name__ == "__main__":
    _common.exit_with(main)
