"""``spinemets scores list | show | new | test`` and ``spinemets score``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from spinemets import contract, units, vocabulary
from spinemets.errors import Fault, InputError

_FOLDER = "config/scores"


def add_parsers(subparsers: Any) -> None:
    """
    Add the commands about scores.

    Parameters
    ----------
    subparsers : argparse._SubParsersAction
        Commands of ``spinemets``; each sets ``work``.
    """
    scores = subparsers.add_parser("scores", help="list, show, make and test score definitions")
    inner = scores.add_subparsers(title="commands", required=True, metavar="COMMAND")
    listing = inner.add_parser("list", help="all scores, one per line")
    _folders(listing)
    listing.set_defaults(work=list_scores)
    show = inner.add_parser("show", help="everything known about a score")
    show.add_argument("id", nargs="+", help="score id")
    _folders(show)
    show.set_defaults(work=show_scores)
    one = subparsers.add_parser(
        "score",
        help="compute scores for a table, or for one patient given by options",
        description=(
            "Compute scores for a table with the columns of the contract, or for one patient: "
            "--kps 80 --primary breast --visceral-metastases no. A laboratory value may carry its "
            'unit: --albumin-g-per-l "3.5 g/dL". What is not given is missing, never zero.'
        ),
    )
    one.add_argument("file", nargs="?", type=Path, help="CSV table, one patient per row")
    one.add_argument("--scores", nargs="+", metavar="ID", help="scores (default: the classic six)")
    one.add_argument("--variant", help="variant of a single score")
    one.add_argument("--out", type=Path, help="write the result to this CSV file")
    one.add_argument("--removability", choices=["missing", "unremovable"], default="missing")
    _folders(one)
    group = one.add_argument_group("one patient")
    for column in contract.columns().values():
        if column.kind != "identifier" and column.domain != "follow_up":
            group.add_argument(
                f"--{column.name.replace('_', '-')}",
                dest=f"column_{column.name}",
                metavar="VALUE",
                help=f"{column.meaning} ({column.allowed()[:60]})".replace("%", "%%"),
            )
    one.set_defaults(work=score)


def _folders(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--folder",
        action="append",
        default=None,
        help=f"folder with own score files (default {_FOLDER})",
    )


def _own(args: argparse.Namespace) -> list[str]:
    return args.folder or [_FOLDER]


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def list_scores(args: argparse.Namespace) -> int:
    """
    Print all scores.

    Parameters
    ----------
    args : argparse.Namespace
        Parsed arguments.

    Returns
    -------
    int
        Exit code.
    """
    from spinemets.scores import registry, show

    _say(show.list_text(registry.load_definitions(None, _own(args)).values()))
    return 0


def show_scores(args: argparse.Namespace) -> int:
    """
    Print everything about some scores.

    Parameters
    ----------
    args : argparse.Namespace
        Parsed arguments.

    Returns
    -------
    int
        Exit code.
    """
    from spinemets.scores import registry, show

    found = registry.load_definitions(args.id, _own(args))
    _say("\n\n\n".join(show.show_text(d) for d in found.values()))
    return 0


def score(args: argparse.Namespace) -> int:
    """
    Compute scores for a table or for one patient.

    Parameters
    ----------
    args : argparse.Namespace
        Parsed arguments.

    Returns
    -------
    int
        Exit code.
    """
    from spinemets.scores import registry

    prefix = "column_"
    given = {k.removeprefix(prefix): v for k, v in vars(args).items() if k.startswith(prefix)}
    given = {k: v for k, v in given.items() if v is not None}
    if (args.file is None) == (not given):
        rule = "give either a table or one patient by options"
        raise InputError([Fault("spinemets score", rule, "see `spinemets score --help`")])
    wanted = registry.load_definitions(args.scores or registry.DEFAULT, _own(args))
    if args.variant:
        wanted = {name: _variant(d, args.variant) for name, d in wanted.items()}
    library = registry.with_dependencies(wanted, _own(args))
    if given:
        return _score_one(wanted, library, read_patient(given), args.removability)
    return _score_table(args, list(wanted), library)


def _variant(definition: Any, name: str) -> Any:
    if name not in definition.variant_names:
        rule = f"{definition.id} has no variant {name!r}"
        repair = f"use one of: {', '.join(definition.variant_names) or 'none'}"
        raise InputError([Fault("spinemets score", rule, repair, column="--variant")])
    return definition.with_variant(name)


def _score_one(wanted: Any, library: Any, patient: dict[str, Any], removability: Any) -> int:
    from spinemets.scores import engine, prepare, single, worked
    from spinemets.scores.show import DISCLAIMER

    cells = worked.table_of(patient)
    prepare.assume(cells, removability)
    results = engine.run(list(wanted.values()), library, cells)
    _say("\n\n".join(single.explain_result(r, cells, 0) for r in results))
    _say(f"\n{DISCLAIMER}")
    return 0


def _score_table(args: argparse.Namespace, wanted: list[str], library: Any) -> int:
    import pandas as pd

    from spinemets.results import write_csv
    from spinemets.scores import frames, single
    from spinemets.scores.show import DISCLAIMER

    frame = read_table(args.file)
    if "patient_id" not in frame:
        frame = frame.assign(patient_id=pd.RangeIndex(1, len(frame) + 1))
    settings = frames.Settings(removability=args.removability)
    results = frames.compute_results(frame, library, settings, wanted)
    table = frames.to_frame(frame, results).assign(**single.wide(results))
    if args.out:
        write_csv(table, args.out)
    else:
        table.to_csv(sys.stdout, index=False, float_format="%.10g", lineterminator="\n")
    notes = [text for name in wanted for text in library[name].footnotes()]
    sys.stderr.write("\n".join([*notes, DISCLAIMER]) + "\n")
    return 0


def read_table(path: Path) -> Any:
    """
    Read a table that already has the columns of the contract.

    Parameters
    ----------
    path : Path
        CSV file.

    Returns
    -------
    DataFrame
        As read, lines beginning with ``#`` left out.

    Raises
    ------
    InputError
        When the file can't be read or has no column of the contract.
    """
    import pandas as pd

    try:
        frame = pd.read_csv(path, comment="#", dtype_backend="numpy_nullable")
    except (OSError, UnicodeDecodeError, ValueError) as err:
        rule = f"the table can't be read ({type(err).__name__})"
        raise InputError([Fault(str(path), rule, "give a CSV file in UTF-8")]) from None
    if not set(frame.columns) & set(contract.columns()):
        rule = "no column of the contract was found"
        repair = "rename the columns (data/README.md), or map them: `spinemets check --mapping`"
        raise InputError([Fault(str(path), rule, repair)])
    return frame


def read_patient(given: dict[str, str]) -> dict[str, Any]:
    """
    Give the options of one patient the types of the contract.

    Parameters
    ----------
    given : dict of str to str
        Column to text.

    Returns
    -------
    dict of str to object
        Column to value in the contract's unit.

    Raises
    ------
    InputError
        With every value that the contract doesn't allow.

    Examples
    --------
    >>> read_patient({"kps": "80", "albumin_g_per_l": "3.5 g/dL", "died": "no"})
    {'kps': 80.0, 'albumin_g_per_l': 35.0, 'died': False}
    """
    out, faults = {}, []
    for name, text in given.items():
        column = contract.columns()[name]
        try:
            out[name] = _value(column, text.strip())
        except ValueError as err:
            repair = str(err) or f"use {column.allowed()}"
            option = f"--{name.replace('_', '-')}"
            faults.append(Fault("spinemets score", "not a value of the contract", repair, option))
    if faults:
        raise InputError(faults)
    return out


_BOOLEAN = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def _value(column: contract.Column, text: str) -> Any:
    if column.kind == "boolean":
        if text.lower() not in _BOOLEAN:
            raise ValueError("use yes or no")
        return _BOOLEAN[text.lower()]
    if column.is_numeric:
        return _number(column, text)
    if column.name == "primary":
        return _primary(text)
    if column.levels and text not in column.levels:
        raise ValueError(f"use one of: {column.allowed()}")
    return text


def _number(column: contract.Column, text: str) -> float:
    number, _, unit = text.partition(" ")
    value = float(number)
    if unit:
        known = [u for u in units.known_units(column.unit) if u == unit or u.startswith(f"{unit} ")]
        if not known:
            raise ValueError(f"unit: one of {', '.join(units.known_units(column.unit))}")
        fitting = [u for u in known if column.substance and column.substance in u] or known
        value *= units.factor(column.unit, fitting[0])
    low, high = column.minimum, column.maximum
    step = column.step or (1.0 if column.kind == "integer" else None)
    outside = (low is not None and value < low) or (high is not None and value > high)
    if outside or (step and (value - (low or 0.0)) % step):
        raise ValueError(f"use {column.allowed()}")
    return value


def _primary(text: str) -> str:
    from spinemets.settings import suggest

    terms = {p.id: p.id for p in vocabulary.primaries().values()}
    terms |= {s.lower(): p.id for p in vocabulary.primaries().values() for s in p.synonyms}
    key = text.lower().replace("-", "_") if text.lower() not in terms else text.lower()
    if key not in terms:
        raise ValueError(f"a canonical primary or a synonym{suggest(text.lower(), terms)}")
    return terms[key]
