"""Harrell's C of every score in every centre, pooled, and what a new centre may expect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from spinemets.figures import style
from spinemets.figures.base import Drawing, Figure, empty, footer_height
from spinemets.figures.multiples import TALLEST_PAGE, Place, multiples
from spinemets.figures.source import Source, count, records
from spinemets.figures.style import SMALL, Page

if TYPE_CHECKING:
    import pandas as pd

TABLES: Final = ("transport", "score_notes")
TITLE: Final = "Harrell's C by centre"
#: Centres that are drawn; the pooled values rest on all of them.
MOST: Final = 20
POOLED: Final = {"pooled_harrell_c": "pooled", "new_centre_harrell_c": "a new centre"}
ROW: Final = style.line_height(SMALL) + 1.2
#: Room for the names of centres and for the number of patients behind them.
LEFT: Final = 32.0
SIZE: Final = 9.0
GAP: Final = LEFT + 3
HEAD: Final = 8.0
FOOT: Final = 10.0
COLUMNS: Final = 3


def draw(source: Source) -> Drawing:
    """
    Draw the centres.

    Parameters
    ----------
    source : Source
        Released tables.

    Returns
    -------
    Drawing
        A panel per score: centres, the random-effects mean, the prediction interval.
    """
    width = source.settings.width_mm
    table = source.table("transport")
    table = table[table["stratum_set"].eq("centre")]
    of_centre = table[table["measure"].eq("harrell_c") & table["estimate"].notna()]
    pooled = table[table["measure"].isin(list(POOLED))]
    if of_centre.empty:
        why = "; ".join([n for n in dict.fromkeys(table["note"]) if n][:2])
        reason = why or "no centre has an estimate"
        return empty(source, width, f"No centre to show: {reason}.", list(TABLES))
    keys = list(dict.fromkeys(zip(of_centre["score"], of_centre["variant"], strict=True)))
    every = sorted(dict.fromkeys(of_centre["stratum"]))
    centres = every[:MOST]
    remarks = source.score_footnotes([s for s, _ in keys])
    if len(every) > MOST:
        left = len(every) - MOST
        remarks = [f"{left} further centres stand in tables/transport.csv.", *remarks]
    notes = [n for n in dict.fromkeys(pooled["note"]) if "centres" in n]
    remarks = [*(f"{n[:1].upper()}{n[1:]}." for n in notes), *remarks]
    tall = (len(centres) + len(POOLED)) * ROW + 1.0
    columns, _, narrow = style.columns(width, len(keys), LEFT, GAP, COLUMNS)
    room = TALLEST_PAGE - 1.0 - footer_height(source, narrow, remarks) - 2 * ROW
    fits = columns * max(int(room // (HEAD + tall + FOOT)), 1)
    if len(keys) > fits:
        remarks = [f"{len(keys) - fits} further scores stand in tables/transport.csv.", *remarks]
        keys = keys[:fits]
    page, places = multiples(
        source, len(keys), remarks, left=LEFT, gap=GAP, most=COLUMNS, above=1.0, head=HEAD,
        tall=tall, foot=FOOT,
    )  # fmt: skip
    of_centre, pooled = _of(of_centre, keys), _of(pooled, keys)
    shown = of_centre[of_centre["stratum"].isin(centres)]
    both = [*shown["lower"], *shown["upper"], *pooled["lower"], *pooled["upper"]]
    known = [float(v) for v in both if v == v]
    limits = (min([*known, 0.5]) - 0.01, max([*known, 0.7]) + 0.01)
    for key, place in zip(keys, places, strict=True):
        mine, whole = (
            part[part["score"].eq(key[0]) & part["variant"].eq(key[1])] for part in (shown, pooled)
        )
        page.text(place.x - LEFT + 2, place.top - 5, source.score(*key), fontweight="bold")
        _panel(page, place, mine, whole, centres, limits)
    return _drawing(source, page, table, shown, pooled, keys, remarks)


def _of(table: pd.DataFrame, keys: list[tuple[str, str]]) -> pd.DataFrame:
    """Rows of some scores."""
    return table[[k in keys for k in zip(table["score"], table["variant"], strict=True)]]


def _panel(
    page: Page,
    place: Place,
    rows: pd.DataFrame,
    pooled: pd.DataFrame,
    centres: list[str],
    limits: tuple[float, float],
) -> None:
    axes = page.axes(place.x, place.top, place.wide, place.tall)
    axes.set(xlim=limits, ylim=(len(centres) + len(POOLED), 0), yticks=[], xlabel="Harrell's C")
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(_few())
    axes.axvline(0.5, color=style.QUIET, linewidth=0.6, zorder=0.5)
    step = place.tall / (len(centres) + len(POOLED))
    found = {str(row["stratum"]): row for row in records(rows)}
    found |= {str(row["measure"]): row for row in records(pooled)}
    right = place.x - 2
    page.text(right, place.top - 1.2, "n", ha="right", fontsize=SMALL, color=style.QUIET)
    for i, name in enumerate([*centres, *POOLED]):
        y = place.top + (i + 0.5) * step
        words = style.wrap(POOLED.get(name, name), LEFT - 5 - SIZE, SMALL)[0]
        page.text(place.x - LEFT + 2, y, words, fontsize=SMALL)
        row = found.get(name)
        if row is None or row["estimate"] != row["estimate"]:
            page.text(right, y, "none", ha="right", fontsize=SMALL, color=style.QUIET)
            continue
        if name not in POOLED:
            page.text(right, y, count(row["n"]), ha="right", fontsize=SMALL)
        _mark(axes, row, i + 0.5, name)


def _mark(axes: Any, row: Any, y: float, name: str) -> None:
    colour = style.COLOURS[1] if name in POOLED else style.COLOURS[0]
    low, high, middle = row["lower"], row["upper"], row["estimate"]
    if name == "pooled_harrell_c" and low == low:
        corners = [[low, y], [middle, y - 0.3], [high, y], [middle, y + 0.3]]
        axes.fill(*zip(*corners, strict=True), color=colour, linewidth=0)
        return
    if low == low:
        thin = name == "new_centre_harrell_c"
        axes.plot([low, high], [y, y], color=colour, linewidth=2.2 if thin else 1.0,
                  alpha=0.5 if thin else 1.0)  # fmt: skip
    if name not in POOLED:
        axes.plot([middle], [y], marker="s", markersize=3.0, color=colour)


def _drawing(
    source: Source,
    page: Page,
    table: pd.DataFrame,
    shown: pd.DataFrame,
    pooled: pd.DataFrame,
    keys: list[tuple[str, str]],
    remarks: list[str],
) -> Drawing:
    keep = ["score", "variant", "stratum", "measure", "estimate", "lower", "upper", "n", "events",
            "note"]  # fmt: skip
    data = table.loc[[*shown.index, *pooled.index], keep]
    names = [source.score(s, v) for s, v in zip(data["score"], data["variant"], strict=True)]
    spoken = []
    for key in keys:
        mine = pooled[pooled["score"].eq(key[0]) & pooled["variant"].eq(key[1])]
        said = [
            f"{POOLED[row['measure']]} {row['estimate']:.2f} ({row['lower']:.2f} to "
            f"{row['upper']:.2f})"
            for row in records(mine)
            if row["lower"] == row["lower"]
        ]
        spoken.append(f"{source.score(*key)}: {', '.join(said) or 'not pooled'}")
    return Drawing(
        page,
        data.assign(label=names),
        caption=f"{TITLE}, 95 % interval: {source.label}. Squares: the centre's own patients; "
        "diamonds: random-effects mean of logit C (REML, Hartung-Knapp); broad lines: 95 % "
        "prediction interval, within which C of a further centre is expected; fewer than three "
        "centres have none. A value of one half is no better than chance.",
        alt=f"{TITLE}. {'; '.join(spoken)}.",
        sources=list(TABLES),
        footnotes=remarks,
        units={"estimate": "probability", "n": "patients", "events": "deaths"},
    )


def _few() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=4)


FIGURE: Final = Figure("centres", TITLE, TABLES, draw)
