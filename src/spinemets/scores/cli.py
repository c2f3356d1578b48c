"""``spinemets scores list | show | new | test`` and ``spinemets score``."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any, Final

from spinemets import contract
from spinemets.errors import Fault, InputError
from spinemets.vocabulary.performance import crosswalks

_FOLDER: Final = "config/scores"
TEMPLATE: Final = Path(__file__).with_name("template.yaml")


def add_parsers(subparsers: Any) -> None:
    """
    Add the commands about scores.

    Parameters
    ----------
    subparsers : argparse._SubParsersAction
        Commands of ``spinemets``; each sets ``work``.
    """
    _add_scores(subparsers)
    _add_score(subparsers)


def _add_scores(subparsers: Any) -> None:
    scores = subparsers.add_parser("scores", help="list, show, make and test score definitions")
    inner = scores.add_subparsers(title="commands", required=True, metavar="COMMAND")
    listing = inner.add_parser("list", help="all scores, one per line")
    _folders(listing)
    listing.set_defaults(work=list_scores)
    show = inner.add_parser("show", help="everything known about a score")
    show.add_argument("id", nargs="+", help="score id")
    _folders(show)
    show.set_defaults(work=show_scores)
    new = inner.add_parser("new", help="write the scaffold of a score definition")
    new.add_argument("id", help="id of the score: lower case, digits and underscores")
    new.add_argument("--folder", type=Path, default=Path(_FOLDER), help="where to write it")
    new.set_defaults(work=new_score)
    test = inner.add_parser("test", help="check definitions and run their worked patients")
    test.add_argument("what", nargs="*", help="files or score ids (default: all)")
    _folders(test)
    test.set_defaults(work=run_worked)


def _add_score(subparsers: Any) -> None:
    one = subparsers.add_parser(
        "score",
        help="compute scores for a table, or for one patient given by options",
        description=(
            "Compute scores for a table with the columns of the contract, or for one patient: "
            "--kps 80 --primary breast --visceral-metastases no. A laboratory value may carry its "
            'unit: --albumin-g-per-l "3.5 g/dL". What is not given is missing, never zero.'
        ),
    )
    one.add_argument(
        "file",
        nargs="?",
        type=Path,
        help="table, one patient per row: CSV, workbook, Parquet, SPSS, Stata, SAS",
    )
    one.add_argument(
        "--scores", nargs="+", metavar="ID", help="scores, or all (default: the classic six)"
    )
    one.add_argument(
        "--variant", help="variant to compute beside the published form, or all (a single score)"
    )
    one.add_argument("--out", type=Path, help="write the result to this CSV file")
    one.add_argument(
        "--removability",
        choices=["missing", "unremovable", "both"],
        default="missing",
        help="what an unjudged removability of organ metastases counts as",
    )
    one.add_argument(
        "--unlisted",
        choices=["missing", "moderate", "rapid"],
        default="missing",
        help="growth of a primary that a growth-rate score doesn't list",
    )
    one.add_argument(
        "--crosswalk",
        choices=sorted(crosswalks()),
        help="named table that fills KPS from ECOG and ECOG from KPS, as intervals",
    )
    _folders(one)
    _add_columns(one.add_argument_group("one patient"))
    one.set_defaults(work=score)


def _add_columns(group: Any) -> None:
    """One option per column, without identifiers and follow-up."""
    for column in contract.columns().values():
        if column.kind != "identifier" and column.domain != "follow_up":
            group.add_argument(
                f"--{column.name.replace('_', '-')}",
                dest=f"column_{column.name}",
                metavar="VALUE",
                help=f"{column.meaning} ({column.allowed()[:60]})".replace("%", "%%"),
            )


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


def new_score(args: argparse.Namespace) -> int:
    """
    Write the scaffold of a definition.

    Parameters
    ----------
    args : argparse.Namespace
        Parsed arguments.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    InputError
        When the id is malformed or taken, or the file exists.
    """
    from spinemets.scores import registry

    path = args.folder / f"{args.id}.yaml"
    repair = "choose another id"
    if not re.fullmatch(r"[a-z][a-z0-9_]*", args.id):
        repair = "use lower case letters, digits and underscores"
        raise InputError([Fault("scores new", "this can't be an id", repair)])
    if args.id in registry.shipped():
        raise InputError([Fault("scores new", "a score that comes with it has this id", repair)])
    if path.exists():
        raise InputError([Fault(str(path), "the file exists", repair)])
    name = args.id.replace("_", " ").capitalize()
    text = TEMPLATE.read_text(encoding="utf-8").format(id=args.id, name=name, short=name[:32])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    _say(f"written: {path}\nnext: edit it, then `spinemets scores test {path}`")
    return 0


def run_worked(args: argparse.Namespace) -> int:
    """
    Check definitions and run their worked patients.

    Parameters
    ----------
    args : argparse.Namespace
        Parsed arguments.

    Returns
    -------
    int
        0 when every worked patient agrees, else 1.
    """
    from spinemets.scores import registry, worked

    files = [Path(w) for w in args.what if w.endswith((".yaml", ".yml"))]
    missing = [f for f in files if not f.is_file()]
    if missing:
        rule = "the file does not exist"
        raise InputError([Fault(str(f), rule, "correct the path") for f in missing])
    folders = list(dict.fromkeys([*map(Path, _own(args)), *(f.parent for f in files)]))
    ids = [f.stem for f in files] + [w for w in args.what if w not in map(str, files)]
    found = registry.load_definitions(ids or None, folders)
    library = registry.with_dependencies(found, folders)
    wrong = 0
    for name, definition in found.items():
        outcomes = worked.run(definition, library)
        differing = [o for o in outcomes if not o.agrees]
        wrong += len(differing)
        _say(f"{name}: {len(outcomes) - len(differing)} of {len(outcomes)} worked patients agree")
        for outcome in differing:
            _say(f"  {outcome.patient.id}: {'; '.join(outcome.differences)}")
    return 1 if wrong else 0


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
    from spinemets.scores import api, forms, registry
    from spinemets.scores.patient_options import read_patient

    prefix = "column_"
    given = {k.removeprefix(prefix): v for k, v in vars(args).items() if k.startswith(prefix)}
    given = {k: v for k, v in given.items() if v is not None}
    if (args.file is None) == (not given):
        rule = "give either a table or one patient by options"
        raise InputError([Fault("spinemets score", rule, "see `spinemets score --help`")])
    wanted = api.wanted(args.scores, _own(args))
    asked = {name: [args.variant] for name in wanted} if args.variant else {}
    variants = forms.named_variants(asked, wanted, "spinemets score", "--variant")
    library = registry.with_dependencies(wanted, _own(args))
    if given:
        return _score_one(args, list(wanted), library, variants, read_patient(given))
    return _score_table(args, list(wanted), library, variants)


def _score_one(
    args: argparse.Namespace,
    wanted: list[str],
    library: Any,
    variants: dict[str, list[str]],
    patient: dict[str, Any],
) -> int:
    import pandas as pd

    from spinemets.scores import notes, single
    from spinemets.scores.show import DISCLAIMER

    frame = pd.DataFrame({"patient_id": [1], **{k: [v] for k, v in patient.items()}})
    texts = single.explain_forms(frame, library, _settings(args, variants), wanted)
    _say("\n\n".join(texts))
    if args.crosswalk:
        _say("\n" + "\n".join(notes.crosswalk_notes(library, wanted, args.crosswalk)))
    _say(f"\n{DISCLAIMER}")
    return 0


def _settings(args: argparse.Namespace, variants: dict[str, list[str]]) -> Any:
    from spinemets.scores.frames import Settings

    return Settings(
        variants=variants,
        removability=args.removability,
        unlisted=args.unlisted,
        crosswalk=args.crosswalk,
    )


def _score_table(
    args: argparse.Namespace, wanted: list[str], library: Any, variants: dict[str, list[str]]
) -> int:
    from spinemets.scores import frames, prepare, reading, single
    from spinemets.scores import notes as facts
    from spinemets.scores.show import DISCLAIMER
    from spinemets.writing import write_csv

    if args.out and Path(args.out).exists() and Path(args.out).samefile(args.file):
        rule = "is the table that is read: it would be overwritten"
        raise InputError([Fault("--out", rule, "name another file")])
    found = reading.read_file(args.file)
    frame = found.frame
    results = frames.compute_results(frame, library, _settings(args, variants), wanted)
    cells = prepare.patient_table(frame, "missing", args.crosswalk)
    table = frames.to_frame(frame, results).assign(**single.wide(results, cells))
    if args.out:
        write_csv(table, args.out)
    else:
        table.to_csv(sys.stdout, index=False, float_format="%.10g", lineterminator="\n")
    notes = [text for name in wanted for text in library[name].footnotes()]
    if args.crosswalk:
        notes += facts.crosswalk_notes(library, wanted, args.crosswalk)
    remarks = [*found.remarks, *found.contradictions(cells, str(args.file))]
    sys.stderr.write("\n".join([*map(str, remarks), *notes, DISCLAIMER]) + "\n")
    return 0
