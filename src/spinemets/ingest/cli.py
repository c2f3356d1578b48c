"""Commands of the ingest room: ``spinemets check`` and ``spinemets init``."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from spinemets.errors import Fault, InputError, format_rows

if TYPE_CHECKING:
    from spinemets.ingest.patients import Ingested
    from spinemets.settings import Cohort

Subparsers = Any  # argparse keeps the type of its subparsers private


def add_parsers(subparsers: Subparsers) -> None:
    """
    Add ``check`` and ``init`` to the command line.

    Parameters
    ----------
    subparsers : argparse subparsers
        As made by ``add_subparsers``.
    """
    check = subparsers.add_parser(
        "check",
        help="list what is left to decide and to repair, all at once",
        description="Read a table through its mapping, or in a study folder every cohort, and "
        "list what is left to decide and every fault at once: column, rule, row numbers, repair; "
        "never a value. Nothing is written. Exit code 0: it can run; 2: it can't.",
        allow_abbrev=False,
    )
    check.add_argument("file", nargs="?", help="table to read; none: the cohorts of this study")
    check.add_argument("--mapping", help="mapping file; none: columns are those of the contract")
    check.add_argument("--include", help="inclusion rule, as in the cohort's entry")
    check.add_argument(
        "--on-fault", choices=("stop", "set_aside"), default="stop", help="as in the cohort's entry"
    )
    check.add_argument("--json", action="store_true", help="print JSON")
    check.set_defaults(work=check_main)

    init = subparsers.add_parser(
        "init",
        help="make a new study folder",
        description="Make a study folder: configuration, a Snakefile that runs the installed "
        "workflow, and a mapping: drafted from the table, with the evidence for every guess and "
        "what a person has to decide.",
        allow_abbrev=False,
    )
    init.add_argument("study", help="folder to make")
    init.add_argument("--from", dest="table", metavar="FILE", help="table of the study")
    init.add_argument("--dictionary", metavar="D", help="its data dictionary (REDCap's, or any)")
    init.set_defaults(work=init_main)


def init_main(args: argparse.Namespace) -> int:
    """
    Make a study folder.

    Parameters
    ----------
    args : argparse.Namespace
        ``study``, ``table`` and ``dictionary``.

    Returns
    -------
    int
        Exit code 0.
    """
    from spinemets.ingest.study import create

    for line in create(args.study, args.table, args.dictionary):
        _say(line)
    return 0


def check_main(args: argparse.Namespace) -> int:
    """
    Check a table.

    Parameters
    ----------
    args : argparse.Namespace
        ``file``, ``mapping``, ``include``, ``on_fault``, ``json``.

    Returns
    -------
    int
        0 when the table can be ingested, 2 when it can't.
    """
    from spinemets.ingest import progress
    from spinemets.ingest.study import cohorts
    from spinemets.settings import Cohort

    progress.show()

    if args.file is None:
        left = [_check(c.file, c.mapping, c, args.json) for c in cohorts() if c.file is not None]
        return max(left, default=0)
    cohort = Cohort(
        id="check",
        label=args.file,
        file=args.file,
        time_zero="first_visit",
        visibility="private",
        include=args.include,
        on_fault=args.on_fault,
    )
    return _check(args.file, args.mapping, cohort, args.json)


def _check(file: str, mapping: str | None, cohort: Cohort, as_json: bool) -> int:
    from spinemets.ingest.patients import ingest
    from spinemets.ingest.study import unnamed

    try:
        result = ingest(file, mapping, cohort)
        faults: tuple[Fault, ...] = tuple(result.faults)
    except InputError as err:
        result, faults = None, err.faults
    if open_ := unnamed(cohort):
        result, faults = None, (*open_, *faults)
    stopped = bool(faults) and (result is None or cohort.on_fault == "stop")
    if as_json:
        _say_json(result, faults, stopped)
    else:
        _say_text(result, faults, cohort, stopped)
    return InputError.exit_code if stopped else 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _say_json(result: Ingested | None, faults: tuple[Fault, ...], stopped: bool) -> None:
    import json
    from dataclasses import asdict

    answer: dict[str, Any] = {"ok": not stopped, "faults": [asdict(f) for f in faults]}
    if result is not None:
        answer["flow"] = _records(result.flow, ["step", "reason", "n"])
        answer["columns"] = _known(result)
        answer["conversions"] = _records(
            result.transformations, ["column", "conversion", "n", "flag"]
        )
        answer["unused"] = result.unused
        answer["plausibility"] = [
            {
                "rule": f.rule.id,
                "column": f.column,
                "severity": f.rule.severity,
                "n": len(lines),
                "of": f.of,
                "meaning": f.rule.meaning,
                "repair": f.rule.repair,
                "rows": lines.tolist(),
            }
            for f, lines in result.doubts
        ]
        answer["k_anonymity"] = _records(
            result.k_anonymity, ["quasi_identifiers", "class_size", "n"]
        )
    _say(json.dumps(answer, indent=1, ensure_ascii=False))


def _records(table: Any, columns: list[str]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in table[columns].to_numpy().tolist()]


def _known(result: Ingested) -> dict[str, int]:
    """Patients in whom each contract column is known."""
    counts = result.patients.notna().sum()
    return {str(name): int(n) for name, n in counts.items() if n and name != "patient_id"}


def _say_doubts(result: Ingested) -> None:
    """What isn't plausible, the gravest first, and how many patients are alone of their kind."""
    from spinemets.ingest.plausibility import SEVERITIES

    for severity in SEVERITIES:
        for found, lines in result.doubts:
            if found.rule.severity == severity:
                rule = found.rule
                _say(f"{severity}: {found.column}: {rule.meaning}: {len(lines)} of {found.of}")
                _say(f"    [{format_rows(lines.tolist())}] repair: {rule.repair}")
    alone = result.k_anonymity[result.k_anonymity["class_size"].eq("1")]
    for row in _records(alone, ["quasi_identifiers", "n"]):
        _say(f"alone with their {row['quasi_identifiers']}: {row['n']} patients")


def _say_text(
    result: Ingested | None, faults: tuple[Fault, ...], cohort: Cohort, stopped: bool
) -> None:
    if result is not None:
        n = len(result.patients)
        _say(f"{cohort.file}: {n} patients")
        for row in _records(result.flow, ["step", "reason", "n"]):
            _say(f"  {row['step']:<10}{row['n']:>8}  {row['reason']}".rstrip())
        _say("known values per column")
        for name, known in _known(result).items():
            _say(f"  {name:<32}{known:>8}")
        if result.unused:
            _say(f"columns not used: {', '.join(result.unused)}")
        _say_doubts(result)
    for fault in faults:
        where = fault.file + (f", {fault.column}" if fault.column else "")
        rows = f" [{format_rows(fault.rows)}]" if fault.rows else ""
        _say(f"{fault.severity} fault: {where}: {fault.rule}{rows}\n    repair: {fault.repair}")
    verdict = "this table can run" if not stopped else "this table can't run yet"
    aside = "" if stopped or not faults else ", with the values above set aside"
    _say(f"{len(faults)} fault{'' if len(faults) == 1 else 's'}: {verdict}{aside}")
