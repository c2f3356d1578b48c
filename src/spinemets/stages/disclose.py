"""Pass tables of a cohort from the private to the released folder: the only door."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from spinemets.errors import Fault, InputError
from spinemets.settings import ReleaseSettings
from spinemets.stages._common import exit_with, json_argument, log, parser, run
from spinemets.writing import atomic, write_csv


def disclose(
    cohort_info: Path,
    settings: ReleaseSettings,
    tables: Sequence[Path],
    folder: Path,
    out_cohort_info: Path | None,
) -> None:
    """
    Read, protect and write; everything is read and checked before anything is written.

    Parameters
    ----------
    cohort_info : Path
        Private ``cohort.json``.
    settings : ReleaseSettings
        Minimum cell and rounding.
    tables : sequence of Path
        Private tables.
    folder : Path
        Released tables go here under the same names.
    out_cohort_info : Path, optional
        Released ``cohort.json``.

    Raises
    ------
    InputError
        With every table that may not pass.
    """
    from spinemets import disclosure

    info = json.loads(cohort_info.read_text(encoding="utf-8"))
    rule = disclosure.Rule(settings.minimum_cell, settings.round_to)
    faults: list[Fault] = []
    read = {}
    for path in tables:
        try:
            read[path.stem] = disclosure.read(path)
        except InputError as err:
            faults += err.faults
    if faults:
        raise InputError(faults)
    released = disclosure.release(info, read, rule)
    public_info = disclosure.release_cohort(info, rule)
    for name, table in released.items():
        write_csv(table, folder / f"{name}.csv")
    log.info("%d tables released: %s", len(released), public_info["disclosure"]["text"])
    if out_cohort_info:
        with atomic(out_cohort_info) as temporary:
            text = json.dumps(public_info, indent=1, sort_keys=True, ensure_ascii=False)
            temporary.write_text(text + "\n", encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run the stage.

    Parameters
    ----------
    argv : sequence of str, optional
        Command line; that of the process when left out.

    Returns
    -------
    int
        Exit code.
    """
    p = parser(__doc__)
    p.add_argument("--cohort-info", required=True, type=Path, help="private cohort.json")
    p.add_argument("--settings", default={}, type=json_argument, help="release settings, JSON")
    p.add_argument("--tables", required=True, nargs="+", type=Path, help="private tables (CSV)")
    p.add_argument("--out-folder", required=True, type=Path, help="folder of released tables")
    p.add_argument("--out-cohort-info", type=Path, help="released cohort.json")
    a = p.parse_args(argv)
    settings = ReleaseSettings.model_validate(a.settings)
    return run(
        "disclose",
        lambda: disclose(a.cohort_info, settings, a.tables, a.out_folder, a.out_cohort_info),
    )


if __name__ == "__main__":
    exit_with(main)
