"""Draw figures from released tables: SVG, PDF, PNG, the data drawn, caption and alt text."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path

from spinemets.errors import Fault, InputError, suggest
from spinemets.settings import FigureSettings
from spinemets.stages._common import exit_with, json_argument, log, parser, run


def draw(
    names: Sequence[str], tables: Path, cohort_info: Path, settings: FigureSettings, folder: Path
) -> None:
    """
    Draw figures and write the five files of each.

    Parameters
    ----------
    names : sequence of str
        Figures of the registry.
    tables : Path
        Folder of released tables.
    cohort_info : Path
        Released ``cohort.json``.
    settings : FigureSettings
        Sizes.
    folder : Path
        Where the files go, each with the name of its figure.

    Raises
    ------
    InputError
        When there is no such figure, or a released table is missing.
    """
    from spinemets.figures import FIGURES, Source, find, write

    logging.getLogger("fontTools").setLevel(logging.WARNING)  # or it reports every font subset
    repair = f"use one of: {', '.join(FIGURES)}"
    figures = {name: find(name) for name in names}
    faults = [
        Fault("--figures", f"no figure {name!r}{suggest(name, FIGURES)}", repair)
        for name, figure in figures.items()
        if figure is None
    ]
    if faults:
        raise InputError(faults)
    info = json.loads(cohort_info.read_text(encoding="utf-8"))
    source = Source(tables, info, settings)
    for name, figure in figures.items():
        if figure is not None:
            write(figure, source, folder / name)
            log.info("drawn: %s", name)


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
    p.add_argument("--figures", required=True, nargs="+", help="names of the figures")
    p.add_argument("--tables", required=True, type=Path, help="folder of released tables")
    p.add_argument("--cohort-info", required=True, type=Path, help="released cohort.json")
    p.add_argument("--settings", default={}, type=json_argument, help="figure settings, JSON")
    p.add_argument("--out-folder", required=True, type=Path, help="folder of the figures")
    a = p.parse_args(argv)
    settings = FigureSettings.model_validate(a.settings)
    return run("draw", lambda: draw(a.figures, a.tables, a.cohort_info, settings, a.out_folder))


if __name__ == "__main__":
    exit_with(main)
