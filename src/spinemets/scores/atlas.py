"""
The score atlas: one page per score, an index, the coverage of primaries, crosswalks and schemes.

Written from the definitions (``python -m spinemets.scores.atlas``); a test keeps the pages in step.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from spinemets import vocabulary, yamlfile
from spinemets.scores import coverage, dose, registry
from spinemets.scores.atlas_page import DIRECTION, MADE, markdown_table, number, page
from spinemets.scores.definition import Definition
from spinemets.vocabulary.performance import crosswalks

DATA_FILES: Final = ("left_out.yaml",)
FOLDER: Final = "docs/reference/scores"
SYMBOLS: Final = {
    coverage.NAMED: "●",
    coverage.BY_RULE: "○",
    coverage.AMBIGUOUS: "?",
    coverage.UNLISTED: "–",
    coverage.NOT_APPLICABLE: "·",
}


def pages(library: Mapping[str, Definition]) -> dict[str, str]:
    """
    Write all pages.

    Parameters
    ----------
    library : Mapping of str to Definition
        Scores of the package.

    Returns
    -------
    dict of str to str
        File name to Markdown.
    """
    out = {f"{name}.md": page(d, library) for name, d in library.items()}
    out["README.md"] = index(library)
    out["coverage.md"] = coverage_page(library)
    out["crosswalks.md"] = crosswalk_page()
    out["radiotherapy_schemes.md"] = scheme_page()
    return out


def index(library: Mapping[str, Definition]) -> str:
    """
    Write the index of the atlas.

    Parameters
    ----------
    library : Mapping of str to Definition
        Scores of the package.

    Returns
    -------
    str
        Markdown.
    """
    titles = {
        "prognostic": "Prognostic scores",
        "classification": "Classifications",
        "category": "Scores whose total is supplied",
        "import": "Models whose probabilities are supplied",
    }
    sections = ["# Score atlas", MADE, _INTRODUCTION]
    for kind, title in titles.items():
        rows = [
            (
                f"[{d.data.short}]({name}.md)",
                f"`{name}`",
                str(d.data.derivation.n or ""),
                f"{number(d.minimum)} to {number(d.maximum)}" if d.data.range else "probability",
                DIRECTION[d.direction],
                ", ".join(b.id for b in d.bands),
                "to verify" if d.needs_verification else "",
            )
            for name, d in library.items()
            if d.data.kind == kind
        ]
        head = ["score", "id", "n", "range", "direction", "bands", "verification"]
        sections.append(f"## {title}\n\n{markdown_table(head, rows)}")
    missing = [(e["name"], e["citation"], e["why"]) for e in left_out()]
    sections.append(
        "## Looked for, without a definition\n\n"
        + markdown_table(["name", "citation", "why"], missing)
    )
    return "\n\n".join(sections) + "\n"


_INTRODUCTION: Final = """\
One page per score: items and points as published, bands with their published survival, what is
unsure, worked patients, errors in circulation, and what each variant changes. *To verify* marks a
score with a point, list or cut-off that is from memory or unsure.

- [Which score names which primary](coverage.md)
- [KPS and ECOG crosswalks](crosswalks.md)
- [Radiotherapy schemes, BED and EQD2](radiotherapy_schemes.md)
- [Add a score of your own](../../how-to/add_a_score.md)"""


_CROSSWALKS: Final = """\
Three tables; choose one by name, never mix them. No inverse was published: ECOG to KPS is the
interval of KPS grades that the table sends to that ECOG grade, and a score is determined only when
both ends agree. A table is named by `scores.crosswalk` in `config/config.yaml`, by `crosswalk` in a
mapping (the same one: two for one cohort are refused), or by `spinemets score --crosswalk`."""
_DOSES: Final = """\
BED = n d (1 + d / (α/β)); EQD2 = n d (d + α/β) / (2 + α/β). α/β is 10 Gy for tumour and 2 Gy for
spinal cord; no repair or repopulation term."""


@cache
def left_out() -> list[dict[str, str]]:
    """
    Scores without a definition.

    Returns
    -------
    list of dict
        ``name``, ``citation`` and ``why``.
    """
    data = yamlfile.load(Path(__file__).with_name("left_out.yaml")).data
    return list(data["left_out"])


def coverage_page(library: Mapping[str, Definition]) -> str:
    """
    Write the matrix of primaries and scores.

    Parameters
    ----------
    library : Mapping of str to Definition
        Scores of the package.

    Returns
    -------
    str
        Markdown; primaries down, scores across.
    """
    scores = [d for d in library.values() if coverage.uses_primary(d, library)]
    cells = {d.id: coverage.cells(d, library) for d in scores}
    names = list(next(iter(cells.values())))
    legend = "\n".join(f"- {SYMBOLS[k]} {k}: {text}" for k, text in coverage.MEANING.items())
    sections = ["# Which score names which primary", MADE, legend]
    groups = (("prognostic", "Prognostic scores"), ("classification", "Classifications"))
    for kind, title in groups:
        chosen = [d for d in scores if d.data.kind == kind]
        head = ["primary", *(f"[{d.data.short}]({d.id}.md)" for d in chosen)]
        rows = []
        for name in names:
            row = [vocabulary.primaries()[name].label]
            for d in chosen:
                cell = cells[d.id][name]
                row.append(f"{SYMBOLS[cell.coverage]} {cell.points}".strip())
            rows.append(row)
        sections.append(f"## {title}\n\n{markdown_table(head, rows)}")
    note = (
        "Numbers are the points of the item about the primary; a range also depends on hormone "
        "dependence, a targeted drug, or something else the table does not show. Scores with a "
        "supplied total are not listed: they apply to the primary of their page."
    )
    return "\n\n".join([*sections, note]) + "\n"


def crosswalk_page() -> str:
    """
    Write the page of KPS-ECOG tables.

    Returns
    -------
    str
        Markdown.
    """
    tables = crosswalks()
    rows = [
        (str(kps), *(str(t.kps_to_ecog[kps]) for t in tables.values()))
        for kps in range(100, 0, -10)
    ]
    back = [
        (str(ecog), *("-".join(map(str, t.kps((ecog, ecog)))) for t in tables.values()))
        for ecog in range(5)
    ]
    notes = []
    for name, t in tables.items():
        extra = f"; {t.agreement}" if t.agreement else ""
        verify = " **Needs verification.**" if t.needs_verification else ""
        notes.append(f"- `{name}`: {t.citation}{extra}.{verify}")
    return (
        "\n\n".join(
            [
                "# KPS and ECOG",
                MADE,
                _CROSSWALKS,
                markdown_table(["KPS", *(f"`{name}`" for name in tables)], rows),
                "Backwards, as intervals of KPS:",
                markdown_table(["ECOG", *(f"`{name}`" for name in tables)], back),
                "\n".join(notes),
            ]
        )
        + "\n"
    )


def scheme_page() -> str:
    """
    Write the page of radiotherapy schemes.

    Returns
    -------
    str
        Markdown.
    """
    rows = []
    for name, s in dose.schemes().items():
        cord = (
            f"{dose.eqd2(s.n, s.d, 2.0):.1f}" if s.d <= dose.CORD_LIMIT_GY else "not extrapolated"
        )
        numbers = (s.n * s.d, dose.bed(s.n, s.d), dose.eqd2(s.n, s.d))
        rows.append((name, s.technique, s.course, *(f"{x:.1f}" for x in numbers), cord))
    head = ["scheme", "technique", "course", "total Gy", "BED (10)", "EQD2 (10)", "EQD2 (2), cord"]
    return (
        "\n\n".join(
            [
                "# Radiotherapy schemes",
                MADE,
                _DOSES,
                markdown_table(head, rows),
            ]
        )
        + "\n"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """
    Write the pages into a checkout.

    Parameters
    ----------
    argv : sequence of str, optional
        Command-line arguments.

    Returns
    -------
    int
        Exit code.
    """
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--root", type=Path, default=Path(), help="checkout")
    folder = options.parse_args(argv).root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    texts = pages(registry.load_definitions())
    for old in folder.glob("*.md"):
        if old.name not in texts:
            old.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(texts)} pages in {folder}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
