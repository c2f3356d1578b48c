"""Harrell's C of every score, points beside bands: comparison set and own patients, with strata."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from spinemets import strata
from spinemets.figures import style
from spinemets.figures.base import (
    MARGIN,
    Drawing,
    Figure,
    Source,
    count,
    draw_footer,
    empty,
    footer_height,
)
from spinemets.figures.style import SMALL, Page

if TYPE_CHECKING:
    import pandas as pd

TABLES: Final = ("performance", "score_notes")
TITLE: Final = "Discrimination of the scores: Harrell's C"
OWN: Final = "own"
#: Form -> marker, filled, colour.
MARKS: Final[dict[str, tuple[str, bool, str]]] = {
    "points": ("o", True, style.COLOURS[0]),
    "band": ("s", False, style.COLOURS[1]),
}
NAMES: Final = {"points": "points", "band": "published bands"}
LINE: Final = style.line_height(SMALL)
ROW: Final = 2 * LINE + 0.9


@dataclass
class Block:
    """
    Rows of the forest that belong together.

    Parameters
    ----------
    title : str
        For example ``"All patients"`` or ``"Within groups: primary histology"``.
    rows : pandas.DataFrame
        Estimates of Harrell's C in this block.
    """

    title: str
    rows: pd.DataFrame


def blocks(table: pd.DataFrame) -> list[Block]:
    """
    Sort the estimates into blocks: everybody, then within the groups of each grouping.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of Harrell's C.

    Returns
    -------
    list of Block
        A block without a single estimate is left out.
    """
    found = [Block("All patients", table[table["stratum_set"].eq("overall")])]
    for name in dict.fromkeys(table["stratum_set"]):
        rows = table[table["stratum_set"].eq(name) & table["stratum"].eq("within")]
        label = strata.DERIVED.get(name, name.replace("_", " "))
        found.append(Block(f"Within groups: {label.lower()}", rows))
    return [b for b in found if b.rows["estimate"].notna().any()]


def draw(source: Source) -> Drawing:
    """
    Draw the forest.

    Parameters
    ----------
    source : Source
        Released tables.

    Returns
    -------
    Drawing
        Left the comparison set, right each score on its own patients.
    """
    width = source.settings.width_mm
    table = source.table("performance")
    table = table[table["measure"].eq("harrell_c") & table["form"].isin(list(MARKS))]
    found = blocks(table)
    if not found:
        notes = [n for n in dict.fromkeys(table["note"]) if n]
        reason = "; ".join(notes[:3]) or "no score could be computed"
        return empty(source, width, f"no estimate of Harrell's C: {reason}", list(TABLES))
    sets = [s for s in dict.fromkeys(table["set"]) if s != OWN]
    columns = [*sets[:1], OWN]
    scores = _scores(table)
    page = _page(source, found, columns, scores, width)
    data = _twin(source, found, columns)
    overall = data[data["block"].eq("All patients")]
    return Drawing(
        page,
        data,
        caption=_caption(source, overall, columns, sets),
        alt=f"{TITLE}. {_spoken(overall)}.",
        sources=list(TABLES),
        footnotes=_footnotes(source, table, columns, sets, scores),
        units={"estimate": "probability", "lower": "probability", "upper": "probability",
               "n": "patients", "events": "deaths"},
    )  # fmt: skip


def _scores(table: pd.DataFrame) -> list[tuple[str, str]]:
    pairs = zip(table["score"], table["variant"], strict=True)
    return list(dict.fromkeys(pairs))


def _set_name(name: str) -> str:
    return "Each score's own patients" if name == OWN else f"Comparison set “{name}”"


def _caption(source: Source, overall: pd.DataFrame, columns: list[str], sets: list[str]) -> str:
    parts = []
    for name in columns:
        rows = overall[overall["set"].eq(name) & overall["estimate"].notna()]
        if rows.empty:
            parts.append(f"{_set_name(name).lower()}: no estimate")
            continue
        n, events = ([int(v) for v in rows[c].dropna()] for c in ("n", "events"))
        parts.append(f"{_set_name(name).lower()}: n {_span(n)}, deaths {_span(events)}")
    others = f" Further sets in the table: {', '.join(sets[1:])}." if len(sets) > 1 else ""
    return (
        f"{TITLE}, 95 % interval: {source.label}. {'; '.join(parts)}. Filled circles: points; "
        "open squares: published bands. Within groups: only patients of the same group are "
        f"compared. A value of one half is no better than chance.{others}"
    )


def _span(values: list[int]) -> str:
    if not values:
        return "not shown"
    low, high = min(values), max(values)
    return f"{low}" if low == high else f"{low} to {high}"


def _spoken(overall: pd.DataFrame) -> str:
    return "; ".join(
        f"{r['label']}, {NAMES[r['form']]}, {_set_name(r['set']).lower()}: {_interval(r)}"
        for r in overall.to_dict("records")
    )


def _interval(row: Any) -> str:
    if row["estimate"] != row["estimate"]:
        return "no estimate"
    return f"{row['estimate']:.2f} ({row['lower']:.2f}–{row['upper']:.2f})"


def _footnotes(
    source: Source,
    table: pd.DataFrame,
    columns: list[str],
    sets: list[str],
    scores: list[tuple[str, str]],
) -> list[str]:
    shown = table[table["set"].isin(columns) & table["stratum"].isin(["all", "within"])]
    notes = []
    for note, rows in shown[shown["note"].ne("")].groupby("note", sort=False):
        names = dict.fromkeys(source.score(s, v) for s, v in _scores(rows))
        notes.append(f"{str(note)[:1].upper()}{str(note)[1:]}: {', '.join(names)}.")
    return notes + source.score_footnotes([s for s, _ in scores])


def _twin(source: Source, found: list[Block], columns: list[str]) -> pd.DataFrame:
    import pandas as pd

    keep = ["set", "stratum_set", "stratum", "score", "variant", "form", "estimate", "lower",
            "upper", "n", "events", "note"]  # fmt: skip
    parts = [b.rows.loc[b.rows["set"].isin(columns), keep].assign(block=b.title) for b in found]
    table = pd.concat(parts, ignore_index=True)
    names = [source.score(s, v) for s, v in zip(table["score"], table["variant"], strict=True)]
    return table.assign(label=names)[["block", "label", *keep]]


def _limits(found: list[Block]) -> tuple[float, float]:
    low = min(float(b.rows["lower"].min()) for b in found)
    high = max(float(b.rows["upper"].max()) for b in found)
    return min(int(low * 10) / 10, 0.45), min(max(-int(-high * 10 - 1) / 10, 0.75), 1.0)


def _page(
    source: Source,
    found: list[Block],
    columns: list[str],
    scores: list[tuple[str, str]],
    width: float,
) -> Page:
    names = [style.wrap(source.score(*s), 31, SMALL) for s in scores]
    head, title = 10.0, 5.0
    body = len(found) * (title + len(scores) * ROW + 1.5)
    page = Page(width, head + body + 12 + footer_height(source, width))
    left, text, n_width = 34.0, 23.0, 13.0
    room = (width - left - MARGIN) / len(columns)
    limits = _limits(found)
    _key(page)
    for k, name in enumerate(columns):
        x = left + k * room
        own = name == OWN
        span = room - text - 3 - (n_width if own else 0)
        page.text(x, 7.5, _set_name(name), fontweight="bold")
        axes = page.axes(x, head, span, body)
        axes.set(xlim=limits, ylim=(body, 0), yticks=[])
        axes.set_xlabel("Harrell's C")
        axes.spines["left"].set_visible(False)
        axes.axvline(0.5, color=style.QUIET, linewidth=0.6)
        axes.grid(axis="x", color=style.GRID, linewidth=0.5)
        y = head
        for block in found:
            rows = block.rows[block.rows["set"].eq(name)]
            if k == 0:
                page.text(
                    MARGIN, y + title / 2 + 0.5, block.title, fontweight="bold", fontsize=SMALL
                )
            first = rows[rows["estimate"].notna()].head(1).to_dict("records")
            if not own and first:
                r = first[0]
                words = f"deaths {count(r['events'])} / n {count(r['n'])}"
                page.text(
                    x + span + 2, y + title / 2 + 0.5, words, fontsize=SMALL, color=style.QUIET
                )
            elif own:
                page.text(
                    x + span + 2 + text + n_width - 1,
                    y + title / 2 + 0.5,
                    "n",
                    ha="right",
                    fontsize=SMALL,
                    color=style.QUIET,
                )
            y += title
            for i, key in enumerate(scores):
                if k == 0:
                    _name(page, names[i], y)
                mine = rows[rows["score"].eq(key[0]) & rows["variant"].eq(key[1])]
                _marks(
                    page, axes, mine, y - head, x + span + 2, y, n_width + text - 1 if own else 0
                )
                y += ROW
            y += 1.5
            if block is not found[-1]:
                axes.axhline(y - head - 0.6, color=style.FAINT, linewidth=0.4)
    draw_footer(page, source)
    return page


def _name(page: Page, lines: list[str], y: float) -> None:
    for k, line in enumerate(lines):
        offset = (k - (len(lines) - 1) / 2) * LINE
        page.text(MARGIN, y + ROW / 2 + offset, line, fontsize=SMALL)


def _marks(
    page: Page, axes: Any, rows: pd.DataFrame, at: float, x: float, y: float, n_room: float
) -> None:
    """Both forms of one score in one column: interval, mark and numbers."""
    for k, (form, (marker, filled, colour)) in enumerate(MARKS.items()):
        centre = 0.45 + (k + 0.5) * LINE
        found = rows[rows["form"].eq(form)].to_dict("records")
        row = found[0] if found else {"estimate": float("nan"), "n": None}
        words = _interval(row)
        page.text(x, y + centre, words, fontsize=SMALL, color=style.INK if found else style.QUIET)
        if n_room and found:
            page.text(x + n_room, y + centre, count(row["n"]), ha="right", fontsize=SMALL)
        if row["estimate"] != row["estimate"]:
            continue
        if row["lower"] == row["lower"]:
            axes.plot([row["lower"], row["upper"]], [at + centre] * 2, color=colour, linewidth=1.0)
        axes.plot(
            [row["estimate"]], [at + centre], marker=marker, markersize=3.6, color=colour,
            markerfacecolor=colour if filled else "white", markeredgewidth=0.9,
        )  # fmt: skip


def _key(page: Page) -> None:
    x = MARGIN
    for form, (marker, filled, colour) in MARKS.items():
        page.figure.add_artist(_mark(page, x + 1.2, 3.0, marker, filled, colour))
        page.text(x + 3.2, 3.0, NAMES[form], fontsize=SMALL)
        x += 3.2 + style.text_width(NAMES[form], SMALL) + 4


def _mark(page: Page, x: float, y: float, marker: str, filled: bool, colour: str) -> Any:
    from matplotlib.lines import Line2D

    return Line2D(
        [x / page.width], [1 - y / page.height], marker=marker, markersize=3.6, linestyle="none",
        color=colour, markerfacecolor=colour if filled else "white", markeredgewidth=0.9,
        transform=page.figure.transFigure,
    )  # fmt: skip


FIGURE: Final = Figure("forest_c", TITLE, TABLES, draw)
