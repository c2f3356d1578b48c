"""``spinemets evaluate``: any scores or risks of any table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from spinemets.errors import ArgumentError, Fault

#: Argument of the function -> option of the command, where they differ.
OPTIONS: Final = {"table": "TABLE", "risks": "--risk", "hazards": "--hazard", "sets": "--set"}
WITHHELD: Final = 1


def add_parsers(subparsers: Any) -> None:
    """
    Add the command.

    Parameters
    ----------
    subparsers : argparse._SubParsersAction
        Commands of ``spinemets``; each sets ``work``.
    """
    parser = subparsers.add_parser(
        "evaluate",
        help="evaluate scores, bands, risks or survival probabilities of any table",
        description=(
            "Discrimination, calibration, overall error and utility of any columns of a CSV, TSV "
            "or parquet table with one row per patient, as long tidy CSV tables "
            "(docs/reference/tables.md). Exit code 1: --strict, and a score points the wrong way; "
            "2: a wrong call."
        ),
    )
    add = parser.add_argument
    add("table", type=Path, metavar="TABLE", help="CSV, TSV or parquet, one patient per row")
    add("--time", required=True, help="column of follow-up")
    add("--event", required=True, help="column: 1 event (death), 0 censored")
    add("--entry", help="column of the time at which observation began (delayed entry)")
    add(
        "--event-codes", action="extend", nargs="+", default=[], metavar="CODE=MEANING",
        help="what the codes of --event mean: event, competing or censored, for example 1=event "
        "2=competing",
    )  # fmt: skip
    add("--scores", default="", metavar="a,b,c", help="columns of points or bands")
    for name, what in (("risk", "risk of the event"), ("survival", "survival probability")):
        add(
            f"--{name}", action="extend", nargs="+", default=[], metavar="NAME@12mo=COLUMN",
            help=f"column with the predicted {what} by a horizon",
        )  # fmt: skip
    add(
        "--hazard", action="extend", nargs="+", default=[], metavar="NAME=COLUMN",
        help="column with the predicted cumulative hazard at the patient's own time",
    )  # fmt: skip
    add("--higher-is-better", default="", metavar="a,b", help="scores with longer survival upwards")
    add("--by", default="", metavar="COLUMNS", help="columns that group patients")
    add("--centre", help="column of centres: performance per centre and pooled")
    add("--horizons", default="3,6,12", metavar="3,6,12", help="in the unit of time")
    add("--unit", default="months", help="months, days, weeks or years (default: months)")
    add(
        "--set", action="extend", nargs="+", default=[], metavar="NAME=a,b",
        help="scores to compare on the same patients (default: all of them)",
    )  # fmt: skip
    add("--thresholds", metavar="0.2,0.5", help="threshold probabilities of the event")
    add("--decision", help="named decision behind the thresholds")
    add("--reference", help="score that reclassification compares with")
    add(
        "--reference-table", type=Path, metavar="TABLE",
        help="another cohort with the same columns: differences in C split into case mix and "
        "validity",
    )  # fmt: skip
    add("--request", default="", metavar="apparent,nri", help="what is computed only on request")
    add("--bootstrap", type=int, default=1000, help="replicates behind rankings (0: none)")
    add("--folds", type=int, default=10, help="folds of cross-fitted risks")
    add("--optimism", type=int, default=100, help="resamples behind their optimism (0: none)")
    add("--seed", type=int, default=20240101, help="seed of bootstrap and folds")
    add("--minimum-group", type=int, default=10, help="smallest group that gets estimates")
    add("--strict", action="store_true", help="exit 1 when a score points the wrong way")
    add("--out", type=Path, required=True, metavar="DIR", help="folder of the tables")
    parser.set_defaults(work=work)


def work(args: argparse.Namespace) -> int:
    """
    Run the command.

    Parameters
    ----------
    args : argparse.Namespace
        Parsed arguments.

    Returns
    -------
    int
        0, or 1 when a strict evaluation found a score that points the wrong way.
    """
    from spinemets.evaluation.table import evaluate

    faults: list[Fault] = []
    call = {
        "time": args.time,
        "event": args.event,
        "entry": args.entry,
        "event_codes": _pairs(
            "--event-codes",
            ",".join(args.event_codes).split(",") if args.event_codes else [],
            faults,
        )
        or None,
        "scores": args.scores,
        "risks": _pairs("--risk", args.risk, faults),
        "survival": _pairs("--survival", args.survival, faults),
        "hazards": _pairs("--hazard", args.hazard, faults),
        "higher_is_better": args.higher_is_better,
        "by": args.by,
        "centre": args.centre,
        "horizons": _numbers("--horizons", args.horizons, faults),
        "unit": args.unit,
        "sets": _pairs("--set", args.set, faults) or None,
        "thresholds": _numbers("--thresholds", args.thresholds, faults),
        "decision": args.decision,
        "reference": args.reference,
        "reference_table": args.reference_table,
        "request": args.request,
        "bootstrap": args.bootstrap,
        "folds": args.folds,
        "optimism": args.optimism,
        "seed": args.seed,
        "minimum_group": args.minimum_group,
        "cohort": args.table.stem,
    }
    if faults:
        raise ArgumentError(faults)
    try:
        found = evaluate(args.table, **call)
    except ArgumentError as err:
        raise ArgumentError(_as_option(fault) for fault in err.faults) from None
    found.write(args.out)
    counts = found["flow"].groupby("step")["n"].sum()
    sys.stdout.write(
        f"{counts['analysed']} of {counts['in']} patients analysed; "
        f"{len(found.tables)} tables in {args.out}\n"
    )
    for key, why in found.suspect.items():
        sys.stderr.write(f"{key}: {why}\n")
    return WITHHELD if args.strict and found.suspect else 0


def _as_option(fault: Fault) -> Fault:
    """Name the option in place of the function's argument."""
    option = OPTIONS.get(fault.file, f"--{fault.file.replace('_', '-')}")
    return Fault(option, fault.rule, fault.repair, fault.column, fault.rows, fault.severity)


def _pairs(option: str, given: Sequence[str], faults: list[Fault]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        name, sign, column = text.partition("=")
        if not sign or not name.strip() or not column.strip():
            faults.append(Fault(option, f"{text!r} isn't NAME=COLUMN", "put = between the two"))
        elif name.strip() in found:
            faults.append(Fault(option, f"{name.strip()!r} is given twice", "give it once"))
        else:
            found[name.strip()] = column.strip()
    return found


def _numbers(option: str, text: str | None, faults: list[Fault]) -> list[float] | None:
    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",") if part.strip()]
    except ValueError:
        faults.append(Fault(option, f"{text!r} isn't a list of numbers", "for example 3,6,12"))
        return None
