"""What every figure shares: where its data come from, what it hands back, how it is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from spinemets.errors import Fault, InputError
from spinemets.figures import style
from spinemets.figures.style import FONT, SMALL, Page
from spinemets.results import atomic, write_csv
from spinemets.settings import FigureSettings
from spinemets.tables import COUNT, NUMBER, TABLES

if TYPE_CHECKING:
    import pandas as pd

SIMULATED: Final = (
    "SIMULATED patients: what this cohort says about the ranking of the scores is no evidence."
)
NOTHING: Final = "Nothing to show"
#: In place of a count that disclosure control withheld.
NOT_SHOWN: Final = "n/s"
MARGIN: Final = 2.0
MONTHS: Final = "months"


@dataclass(frozen=True)
class Source:
    """
    Everything a figure may read: released tables and the released description of the cohort.

    Parameters
    ----------
    folder : Path
        Folder of released tables.
    info : dict
        Released ``cohort.json``.
    settings : FigureSettings
        Sizes and extent of time.
    """

    folder: Path
    info: dict[str, Any]
    settings: FigureSettings

    def table(self, name: str) -> pd.DataFrame:
        """
        Read a released table.

        Parameters
        ----------
        name : str
            Name in the registry.

        Returns
        -------
        pandas.DataFrame
            Keys and texts as strings (empty, never missing), counts ``Int64``, numbers float.

        Raises
        ------
        InputError
            When the file isn't there or lacks a registered column.
        """
        import pandas as pd

        path = self.folder / f"{name}.csv"
        if not path.is_file():
            raise InputError([Fault(path.name, "released table is missing", "release it first")])
        table = pd.read_csv(path, dtype="string", keep_default_na=False, na_values=[])
        spec = TABLES[name]
        if lacking := [c for c in spec.columns if c not in table]:
            rule = f"columns are missing: {', '.join(lacking)}"
            raise InputError([Fault(path.name, rule, "release the table again")])
        for column in spec.of_kind(COUNT):
            numbers = pd.to_numeric(table[column].replace("", pd.NA))
            table[column] = numbers.astype("Float64").round().astype("Int64")
        for column in spec.of_kind(NUMBER):
            table[column] = pd.to_numeric(table[column].replace("", pd.NA)).astype("float64")
        return table

    @cached_property
    def notes(self) -> pd.DataFrame:
        """Facts of the score definitions; empty where they weren't released."""
        import pandas as pd

        if (self.folder / "score_notes.csv").is_file():
            return self.table("score_notes")
        return pd.DataFrame(columns=list(TABLES["score_notes"].columns), dtype="string")

    def facts(self, score: str, fact: str) -> dict[str, str]:
        """
        Facts of one score.

        Parameters
        ----------
        score : str
            Score id.
        fact : str
            Which fact, for example ``"band"``.

        Returns
        -------
        dict of str to str
            Key to text, in the order of the definition.
        """
        rows = self.notes[self.notes["score"].eq(score) & self.notes["fact"].eq(fact)]
        return dict(zip(rows["key"], rows["text"], strict=True))

    def score(self, score: str, variant: str = "") -> str:
        """
        Name a score for a figure.

        Parameters
        ----------
        score, variant : str
            Ids.

        Returns
        -------
        str
            Its short name, with the variant where there is one.
        """
        short = next(iter(self.facts(score, "short").values()), plain(score))
        return f"{short}, {plain(variant)}" if variant else short

    def score_footnotes(self, scores: Sequence[str]) -> list[str]:
        """
        What is unsure about the scores that a figure shows.

        Parameters
        ----------
        scores : sequence of str
            Score ids.

        Returns
        -------
        list of str
            Sentences; a score that needs verification is named first.
        """
        notes = self.notes[self.notes["score"].isin(list(scores))]
        unsure = [
            f"{self.score(s)} needs verification against the paper before use."
            for s in dict.fromkeys(notes.loc[notes["fact"].eq("needs_verification"), "score"])
        ]
        own = [str(t) for t in notes.loc[notes["fact"].eq("footnote"), "text"]]
        named = [u for u in unsure if not any(t.startswith(u.rstrip(".")) for t in own)]
        return [*named, *own]

    @property
    def simulated(self) -> bool:
        """Whether the patients are simulated."""
        return bool(self.info.get("simulated")) or self.info.get("visibility") == "simulated"

    @property
    def label(self) -> str:
        """Honest name of the cohort."""
        return str(self.info.get("label") or self.info.get("id") or "cohort")


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
    """

    page: Page
    data: pd.DataFrame
    caption: str
    alt: str
    sources: list[str]
    footnotes: list[str] = field(default_factory=list)
    units: dict[str, str] = field(default_factory=dict)


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


def plain(identifier: str) -> str:
    """
    Turn an id into words, where nothing better is known.

    Parameters
    ----------
    identifier : str
        Snake case.

    Returns
    -------
    str
        Words.

    Examples
    --------
    >>> plain("not_recorded")
    'Not recorded'
    """
    words = identifier.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def count(n: Any) -> str:
    """
    Print a count; a withheld one says so.

    Parameters
    ----------
    n : int or missing
        Count.

    Returns
    -------
    str
        Digits, or ``"n/s"`` for a count that isn't shown.
    """
    return NOT_SHOWN if n is None or str(n) in ("<NA>", "nan") else f"{int(n)}"


def number(x: Any, digits: int = 1) -> str:
    """
    Print a number with fixed decimals.

    Parameters
    ----------
    x : float or missing
        Number.
    digits : int
        Decimals.

    Returns
    -------
    str
        ``"NR"`` (not reached, not estimable) when there is none.
    """
    return "NR" if x is None or x != x else f"{float(x):.{digits}f}"


def footer_lines(source: Source, width: float) -> list[tuple[str, str, bool]]:
    """
    Lines under a figure that say whose data these are.

    Parameters
    ----------
    source : Source
        Where the data come from.
    width : float
        Width of the page in millimetres.

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
    return lines


def footer_height(source: Source, width: float) -> float:
    """
    Height that the footer takes.

    Parameters
    ----------
    source : Source
        Where the data come from.
    width : float
        Width of the page in millimetres.

    Returns
    -------
    float
        Millimetres.
    """
    return 2.5 + len(footer_lines(source, width)) * style.line_height(SMALL) + 1.0


def draw_footer(page: Page, source: Source) -> None:
    """
    Write the footer at the bottom of a page.

    Parameters
    ----------
    page : Page
        Page that left room for it (``footer_height``).
    source : Source
        Where the data come from.
    """
    top = page.height - footer_height(source, page.width)
    page.line((MARGIN, page.width - MARGIN), (top + 1, top + 1), color=style.FAINT, linewidth=0.5)
    step = style.line_height(SMALL)
    for i, (text, colour, bold) in enumerate(footer_lines(source, page.width)):
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
        Why, in words.
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
        caption=f"{NOTHING}: {reason}.",
        alt=f"An empty panel with the reason: {reason}.",
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
    with rc_context(style.RC):
        drawing = figure.draw(source)
        for suffix, fields in metadata.items():
            titled = fields | {"Title": f"{figure.title}. {source.label}"}
            with atomic(f"{prefix}.{suffix}") as temporary:
                drawing.page.figure.savefig(
                    temporary, format=suffix, dpi=style.DPI, metadata=titled
                )
    write_csv(drawing.data, f"{prefix}.csv")
    about = {
        "name": figure.name,
        "title": figure.title,
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
