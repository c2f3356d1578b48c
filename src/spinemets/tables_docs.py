"""
Write ``docs/reference/tables.md`` from the registries of tables and measures.

``python -m spinemets.tables_docs`` writes it; ``--check`` only says whether it is out of step.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from spinemets import measures, measures_survival
from spinemets.stages._common import parser
from spinemets.tables import TABLES, Table

MEASURES: Final = measures.MEASURES | measures_survival.MEASURES
FILE: Final = Path("docs/reference/tables.md")
HEAD: Final = """# Tables of results

<!-- generated: python -m spinemets.tables_docs -->

Every table is a CSV file: one row per estimate, count or point of a curve. An estimate that doesn't
exist is a row with an empty `estimate` and the reason in `note`. The workflow writes them to
`results/private/COHORT/` and, after disclosure control, to `results/release/COHORT/tables/`;
`spinemets evaluate` writes those of the evaluation (and `flow`) to its folder.
"""


def page() -> str:
    """
    Give the page.

    Returns
    -------
    str
        Markdown.
    """
    index = "\n".join(f"- [`{name}`](#{name}): {t.meaning}" for name, t in TABLES.items())
    return "\n".join([HEAD, index, *(_section(table) for table in TABLES.values())]) + "\n"


def _section(table: Table) -> str:
    lines = ["", f"## {table.name}", "", f"{table.title}. {table.meaning}", "",
             "| column | holds | unit | meaning |", "| --- | --- | --- | --- |"]  # fmt: skip
    for name, column in table.columns.items():
        lines.append(f"| `{name}` | {column.kind} | {column.unit} | {column.meaning} |")
    if table.name in MEASURES:
        lines += ["", "| measure | what it is |", "| --- | --- |"]
        lines += [f"| `{name}` | {text} |" for name, text in MEASURES[table.name].items()]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """
    Write or check the page.

    Parameters
    ----------
    argv : sequence of str, optional
        Command-line arguments.

    Returns
    -------
    int
        0, or 1 when ``--check`` finds it out of step.
    """
    options = parser(__doc__)
    options.add_argument("--check", action="store_true", help="only say whether it is out of step")
    options.add_argument("--root", type=Path, default=Path(), help="folder of the checkout")
    args = options.parse_args(argv)
    path = args.root / FILE
    if not args.check:
        path.write_text(page(), encoding="utf-8")
        return 0
    if path.is_file() and path.read_text(encoding="utf-8") == page():
        return 0
    sys.stderr.write(f"{FILE} is out of step: python -m spinemets.tables_docs\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
