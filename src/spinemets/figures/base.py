"""What every figure shares: what it hands back, its footer, and how it is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from spinemets.figures import style
from spinemets.figures.source import NOT_SHOWN, Source
from spinemets.figures.style import FONT, SMALL, Page
from spinemets.writing import atomic, write_csv

if TYPE_CHECKING:
    import pandas as pd

SIMULATED: Final = (
    "SIMULATED patients: what this cohort says about the ranking of the scores is no evidence."
)
NOTHING: Final = "Nothing to show"
MARGIN: Final = 2.0
MONTHS: Final = "months"
_LAYOUT: Final = ("GSUB", "GPOS", "GDEF")


@dataclass
class Drawing:
    """
    A figure as it was drawn.

    Parameters
    ----------
    page : Page
        Ink.
    data : pandas.DataFrame
        Exactly the data drawn: its CSV twin.
    caption : str
        What it shows, with numbers from the tables.
    alt : str
        What a reader who can't see it should know.
    sources : list of str
        Released tables it was drawn from.
    footnotes : list of str
        Caveats.
    units : dict of str to str
        Unit per column of ``data``.
    title : str
        Heading where it differs from that of the registry.
    """

    page: Page
    data: pd.DataFrame
    caption: str
    alt: str
    sources: list[str]
    footnotes: list[str] = field(default_factory=list)
    units: dict[str, str] = field(default_factory=dict)
    title: str = ""


@dataclass(frozen=True)
class Figure:
    """
    Entry of the registry.

    Parameters
    ----------
    name : str
        File name without suffix.
    title : str
        Heading.
    tables : tuple of str
        Released tables it reads.
    draw : callable
        Makes the drawing.
    """

    name: str
    title: str
    tables: tuple[str, ...]
    draw: Callable[[Source], Drawing]


def footer_lines(
    source: Source, width: float, remarks: Sequence[str] = ()
) -> list[tuple[str, str, bool]]:
    """
    Lines under a figure that say whose data these are.

    Parameters
    ----------
    source : Source
        Where the data come from.
    width : float
        Width of the page in millimetres.
    remarks : sequence of str
        What isn't drawn, and why.

    Returns
    -------
    list of (str, str, bool)
        Text, colour and whether bold, line by line.
    """
    room = width - 2 * MARGIN
    lines = [(t, style.INK, True) for t in style.wrap(source.label, room, SMALL, bold=True)]
    if source.simulated:
        lines += [(t, style.ALERT, False) for t in style.wrap(SIMULATED, room, SMALL)]
    if source.info.get("disclosure", {}).get("applied"):
        text = f"{source.info['disclosure']['text']} {NOT_SHOWN}: not shown."
        lines += [(t, style.QUIET, False) for t in style.wrap(text, room, SMALL)]
    for remark in remarks:
        lines += [(t, style.INK, False) for t in style.wrap(remark, room, SMALL)]
    return lines


def footer_height(source: Source, width: float, remarks: Sequence[str] = ()) -> float:
    """
    Height that the footer takes.

    Parameters
    ----------
    source : Source
        Where the data come from.
    width : float
        Width of the page in millimetres.
    remarks : sequence of str
        What isn't drawn, and why.

    Returns
    -------
    float
        Millimetres.
    """
    return 2.5 + len(footer_lines(source, width, remarks)) * style.line_height(SMALL) + 1.0


def draw_footer(page: Page, source: Source, remarks: Sequence[str] = ()) -> None:
    """
    Write the footer at the bottom of a page.

    Parameters
    ----------
    page : Page
        Page that left room for it (``footer_height``).
    source : Source
        Where the data come from.
    remarks : sequence of str
        What isn't drawn, and why.
    """
    top = page.height - footer_height(source, page.width, remarks)
    page.line((MARGIN, page.width - MARGIN), (top + 1, top + 1), color=style.FAINT, linewidth=0.5)
    step = style.line_height(SMALL)
    for i, (text, colour, bold) in enumerate(footer_lines(source, page.width, remarks)):
        page.text(
            MARGIN, top + 2.5 + (i + 0.5) * step, text, fontsize=SMALL, color=colour,
            fontweight="bold" if bold else "normal",
        )  # fmt: skip


def empty(source: Source, width: float, reason: str, sources: list[str]) -> Drawing:
    """
    Draw a figure that has nothing to show: a panel with the reason.

    Parameters
    ----------
    source : Source
        Where the data come from.
    width : float
        Width of the page in millimetres.
    reason : str
        Why, in sentences.
    sources : list of str
        Tables that were looked at.

    Returns
    -------
    Drawing
        With an empty twin that holds the reason.
    """
    import pandas as pd

    lines = style.wrap(reason, width - 12, FONT)
    height = 26 + len(lines) * style.line_height()
    page = Page(width, height + footer_height(source, width))
    frame = page.axes(MARGIN, MARGIN, width - 2 * MARGIN, height - 2 * MARGIN)
    frame.set(xticks=[], yticks=[], facecolor="#FAFAFA")
    for spine in frame.spines.values():
        spine.set(visible=True, color=style.FAINT)
    middle = height / 2 - len(lines) * style.line_height() / 2
    page.text(width / 2, middle - 1, NOTHING, ha="center", fontweight="bold")
    for i, line in enumerate(lines):
        page.text(width / 2, middle + 4 + i * style.line_height(), line, ha="center")
    draw_footer(page, source)
    return Drawing(
        page,
        pd.DataFrame({"element": ["reason"], "text": [reason]}),
        caption=f"{NOTHING}. {reason}",
        alt=f"An empty panel with the reason. {reason}",
        sources=sources,
    )


def footnotes(source: Source, drawing: Drawing) -> list[str]:
    """
    Gather what has to be said under a figure.

    Parameters
    ----------
    source : Source
        Where the data come from.
    drawing : Drawing
        The figure.

    Returns
    -------
    list of str
        Without repetition, the warning of a simulated cohort first.
    """
    found = [SIMULATED] if source.simulated else []
    if source.info.get("disclosure", {}).get("applied"):
        found.append(f"{source.info['disclosure']['text']} {NOT_SHOWN}: not shown.")
    found += drawing.footnotes
    for key in ("notes", "footnotes"):
        found += [str(note) for note in source.info.get(key) or []]
    return list(dict.fromkeys(found))


def _embed_outlines_only() -> None:
    """
    Leave layout tables out of the fonts embedded in PDF files, and out of the work.

    They say how to shape text, which is done when it is drawn. To cut them to the letters in use
    is what fontTools spends most of its time on, a quarter of that of all drawing. Matplotlib hands
    no option through; without this attribute the files are larger and otherwise the same.
    """
    from fontTools.subset import Options  # type: ignore[import-untyped]

    dropped = list(getattr(Options, "_drop_tables_default", []))
    Options._drop_tables_default = [*dropped, *(t for t in _LAYOUT if t not in dropped)]


def write(figure: Figure, source: Source, prefix: Path) -> None:
    """
    Draw a figure and write it with its data, caption and alt text.

    Parameters
    ----------
    figure : Figure
        Entry of the registry.
    source : Source
        Where the data come from.
    prefix : Path
        Path without suffix; ``.svg``, ``.pdf``, ``.png``, ``.csv`` and ``.json`` are written.
    """
    from matplotlib import rc_context

    metadata: dict[str, dict[str, Any]] = {
        "svg": {"Date": None, "Creator": None},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
        "png": {"Software": None},
    }
    _embed_outlines_only()
    with rc_context(style.RC):
        drawing = figure.draw(source)
        title = drawing.title or figure.title
        for suffix, fields in metadata.items():
            titled = fields | {"Title": f"{title}. {source.label}"}
            with atomic(f"{prefix}.{suffix}") as temporary:
                # Level 3 takes 0.6 of the time of level 6 and makes files 4 % larger.
                packed = {"pil_kwargs": {"compress_level": 3}} if suffix == "png" else {}
                drawing.page.figure.savefig(
                    temporary, format=suffix, dpi=style.DPI, metadata=titled, **packed
                )
    write_csv(drawing.data, f"{prefix}.csv")
    about = {
        "name": figure.name,
        "title": title,
        "cohort": source.info.get("id"),
        "label": source.label,
        "caption": drawing.caption,
        "alt": drawing.alt,
        "footnotes": footnotes(source, drawing),
        "sources": [f"tables/{name}.csv" for name in drawing.sources],
        "data": f"{figure.name}.csv",
        "units": drawing.units,
        "width_mm": round(drawing.page.width, 2),
        "height_mm": round(drawing.page.height, 2),
    }
    with atomic(f"{prefix}.json") as temporary:
        text = json.dumps(about, indent=1, sort_keys=True, ensure_ascii=False)
        temporary.write_text(text + "\n", encoding="utf-8")
