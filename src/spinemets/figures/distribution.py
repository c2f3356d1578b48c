"""Points of every score by what had happened at six months."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from spinemets.figures import style
from spinemets.figures.base import MARGIN, Drawing, Figure, draw_footer, empty, footer_height
from spinemets.figures.source import Source, span
from spinemets.figures.style import SMALL, Page

if TYPE_CHECKING:
    import pandas as pd

TABLES: Final = ("score_distribution", "score_notes")
TITLE: Final = "Points of each score by outcome at six months"
#: Outcome -> label, colour, hatch; the dead above the line, the others below it.
OUTCOMES: Final[dict[str, tuple[str, str, str]]] = {
    "dead": ("dead within six months", style.COLOURS[1], ""),
    "alive": ("alive at six months", style.COLOURS[0], ""),
    "censored": ("follow-up ended before six months", "#BFBFBF", "////"),
}
#: Label, colour and hatch of an outcome.
Entry = tuple[str, str, str]
DATA_HEIGHT: Final = 36.0
COLUMNS: Final = 3
KEY_LINE: Final = 4.0


def draw(source: Source) -> Drawing:
    """
    Draw the distributions.

    Parameters
    ----------
    source : Source
        Released tables.

    Returns
    -------
    Drawing
        One panel per score: the dead upwards, the living downwards.
    """
    width = source.settings.width_mm
    table = source.table("score_distribution")
    table = table[table["form"].eq("points")]
    shown = table[table["n"].notna()]
    if shown.empty:
        reason = "Every count is withheld." if len(table) else "No total is known in any patient."
        return empty(source, width, reason, list(TABLES))
    keys = list(dict.fromkeys(zip(shown["score"], shown["variant"], strict=True)))
    missing = source.without(shown["score"])
    remarks = [f"No total is known in any patient: {', '.join(missing)}."] if missing else []
    remarks += source.score_footnotes([s for s, _ in keys])
    page = _page(source, shown, keys, width, remarks)
    names = [source.score(s, v) for s, v in zip(shown["score"], shown["variant"], strict=True)]
    data = shown.assign(label=names).drop(columns=["cohort", "form"])
    withheld = int(table["n"].isna().sum())
    return Drawing(
        page,
        data,
        caption=_caption(source, shown, withheld),
        alt=f"{TITLE}. {_spoken(source, shown, keys)}.",
        sources=list(TABLES),
        footnotes=remarks,
        units={"value": "points", "n": "patients"},
    )


def _caption(source: Source, shown: pd.DataFrame, withheld: int) -> str:
    totals = shown.groupby(["score", "variant"], sort=False)["n"].sum()
    text = (
        f"{TITLE}: {source.label}. Patients in whom the total is known "
        f"(n {span([int(n) for n in totals])}). Above the line: dead within six months; below it: "
        "alive at six months, and hatched those whose follow-up ended before."
    )
    return text + (" Withheld counts are not drawn." if withheld else "")


def _spoken(source: Source, shown: pd.DataFrame, keys: list[tuple[str, str]]) -> str:
    parts = []
    for score, variant in keys:
        rows = shown[shown["score"].eq(score) & shown["variant"].eq(variant)]
        sums = rows.groupby("outcome_6mo", observed=True)["n"].sum()
        words = ", ".join(f"{int(sums[k])} {OUTCOMES[k][0]}" for k in OUTCOMES if k in sums)
        medians = [
            f"median {_median(rows[rows['outcome_6mo'].eq(k)]):g} points among the {k}"
            for k in ("dead", "alive")
            if rows["outcome_6mo"].eq(k).any()
        ]
        parts.append(f"{source.score(score, variant)}: {words}; {' and '.join(medians)}")
    return ". ".join(parts)


def _median(rows: pd.DataFrame) -> float:
    ordered = rows.assign(points=rows["value"].astype("float64")).sort_values("points")
    below = ordered["n"].cumsum()
    return float(ordered.loc[below.ge(below.iloc[-1] / 2), "points"].iloc[0])


def _page(
    source: Source,
    shown: pd.DataFrame,
    keys: list[tuple[str, str]],
    width: float,
    remarks: list[str],
) -> Page:
    left, gap, head, foot = 13.0, 12.0, 5.0, 8.5
    columns, wide, width = style.columns(width, len(keys), left, gap, COLUMNS)
    top = 3.0 + key_lines(list(OUTCOMES.values()), width) * KEY_LINE
    rows = -(-len(keys) // columns)
    height = top + rows * (head + DATA_HEIGHT + foot) + (rows - 1) * 3
    page = Page(width, height + footer_height(source, width, remarks))
    draw_key(page, list(OUTCOMES.values()))
    for i, (score, variant) in enumerate(keys):
        x = left + (i % columns) * (wide + gap)
        y = top + (i // columns) * (head + DATA_HEIGHT + foot + 3)
        page.text(x, y + 1.8, source.score(score, variant), fontweight="bold")
        axes = page.axes(x, y + head, wide, DATA_HEIGHT)
        mine = shown[shown["score"].eq(score) & shown["variant"].eq(variant)]
        _bars(axes, mine)
        better = next(iter(source.facts(score, "direction").values()), "").replace("_", " ")
        axes.set_xlabel(f"Points ({better})" if better else "Points")
        if i % columns == 0:
            page.text(
                MARGIN + 1.5, y + head + DATA_HEIGHT / 2, "Patients", rotation=90, ha="center"
            )
    draw_footer(page, source, remarks)
    return page


def _bars(axes: Any, rows: pd.DataFrame) -> None:
    points = rows["value"].astype("float64")
    values = sorted(set(points))
    step = min((b - a for a, b in pairwise(values)), default=1.0)
    base = dict.fromkeys(values, 0.0)
    for outcome, (_, colour, hatch) in OUTCOMES.items():
        mine = rows[rows["outcome_6mo"].eq(outcome)]
        for value, n in zip(mine["value"].astype("float64"), mine["n"], strict=True):
            up = outcome == "dead"
            axes.bar(
                value, int(n) if up else -int(n), bottom=0 if up else -base[value],
                width=0.8 * step, color=colour, hatch=hatch or None, edgecolor="white" if not hatch
                else style.QUIET, linewidth=0.3,
            )  # fmt: skip
            base[value] += 0 if up else int(n)
    axes.axhline(0, color=style.INK, linewidth=0.6)
    axes.spines["bottom"].set_visible(False)
    axes.grid(axis="y", color=style.GRID, linewidth=0.5)
    axes.set_xlim(min(values) - 0.7 * step, max(values) + 0.7 * step)
    every = max(1, -(-len(values) // 9))
    ticks = values[::every]
    axes.set_xticks(ticks, [f"{t:g}" for t in ticks])
    axes.yaxis.set_major_locator(_integers())
    axes.yaxis.set_major_formatter(lambda v, _: f"{abs(v):g}")


def _integers() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=6, integer=True, steps=[1, 2, 5, 10])


def _key_places(entries: Sequence[Entry], width: float) -> list[tuple[float, int]]:
    """Where the entries of the key stand: distance from the left, and line."""
    places: list[tuple[float, int]] = []
    x, line = MARGIN, 0
    for label, _, _ in entries:
        room = 4.6 + style.text_width(label, SMALL)
        if places and x + room > width - MARGIN:
            x, line = MARGIN, line + 1
        places.append((x, line))
        x += room + 5
    return places


def key_lines(entries: Sequence[Entry], width: float) -> int:
    """
    Count the lines of a key.

    Parameters
    ----------
    entries : sequence of (str, str, str)
        Label, colour and hatch of every outcome.
    width : float
        Width of the page in millimetres.

    Returns
    -------
    int
        Lines.
    """
    return _key_places(entries, width)[-1][1] + 1


def draw_key(page: Page, entries: Sequence[Entry]) -> None:
    """
    Draw the key of outcomes at the top of a page.

    Parameters
    ----------
    page : Page
        The page.
    entries : sequence of (str, str, str)
        Label, colour and hatch of every outcome.
    """
    from matplotlib.patches import Rectangle

    places = _key_places(entries, page.width)
    for (label, colour, hatch), (x, line) in zip(entries, places, strict=True):
        y = 3.0 + line * KEY_LINE
        page.figure.add_artist(
            Rectangle(
                (x / page.width, 1 - (y + 1.2) / page.height),
                3.4 / page.width,
                2.4 / page.height,
                facecolor=colour,
                hatch=hatch or None,
                edgecolor=style.QUIET,
                linewidth=0.3,
                transform=page.figure.transFigure,
            )
        )
        page.text(x + 4.6, y, label, fontsize=SMALL)


FIGURE: Final = Figure("score_distribution", TITLE, TABLES, draw)
