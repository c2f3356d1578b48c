"""Draw one figure from released tables: SVG, PDF, PNG, the data drawn, caption and alt text."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path

from spinemets.errors import Fault, InputError, suggest
from spinemets.settings import FigureSettings
from spinemets.stages._common import exit_with, json_argument, parser, run


def draw(
    name: str, tables: Path, cohort_info: Path, settings: FigureSettings, prefix: Path
) -> None:
    """
    Draw a figure and write its five files.

    Parameters
    ----------
    name : str
        Figure of the registry.
    tables : Path
        Folder of released tables.
    cohort_info : Path
        Released ``cohort.json``.
    settings : FigureSettings
        Sizes.
    prefix : Path
        Path of the files without suffix.

    Raises
    ------
    InputError
        When there is no such figure, or a released table is missing.
    """
    from spinemets.figures import FIGURES, Source, find, write

    logging.getLogger("fontTools").setLevel(logging.WARNING)  # or it reports every font subset
    figure = find(name)
    if figure is None:
        repair = f"use one of: {', '.join(FIGURES)}"
        raise InputError([Fault("--figure", f"no figure {name!r}{suggest(name, FIGURES)}", repair)])
    info = json.loads(cohort_info.read_text(encoding="utf-8"))
    write(figure, Source(tables, info, settings), prefix)


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
    p.add_argument("--figure", required=True, help="name of the figure")
    p.add_argument("--tables", required=True, type=Path, help="folder of released tables")
    p.add_argument("--cohort-info", required=True, type=Path, help="released cohort.json")
    p.add_argument("--settings", default={}, type=json_argument, help="figure settings, JSON")
    p.add_argument("--out-prefix", required=True, type=Path, help="path without suffix")
    a = p.parse_args(argv)
    settings = FigureSettings.model_validate(a.settings)
    return run("draw", lambda: draw(a.figure, a.tables, a.cohort_info, settings, a.out_prefix))


if __name__ == "__main__":
    exit_with(main)
