"""Kaplan-Meier by published band, one panel per score, bands from best to worst."""

from __future__ import annotations

from typing import Any, Final

from spinemets.figures import curve_twin, style
from spinemets.figures import curves as km
from spinemets.figures.base import MARGIN, Drawing, Figure, draw_footer, empty, footer_height
from spinemets.figures.curves import Curve
from spinemets.figures.layouts import Y_LABEL
from spinemets.figures.source import Source, count
from spinemets.figures.style import SMALL, Page

TABLES: Final = ("kaplan_meier_bands", "at_risk_bands", "survival_bands")
PREFIX: Final = "band:"
TITLE: Final = "Overall survival by published band of each score"
LINE: Final = style.line_height(SMALL)
DATA_HEIGHT: Final = 34.0
COLUMNS: Final = 3
#: How far legend and at-risk table reach into the margin left of the axes; width of the medians.
OUTSIDE: Final = 8.5
MEDIAN: Final = 22.5


class Panel:
    """
    One score of the figure.

    Parameters
    ----------
    source : Source
        Released tables.
    stratum_set : str
        ``band:<score>`` or ``band:<score>:<variant>``.
    """

    def __init__(self, source: Source, stratum_set: str) -> None:
        self.score, _, variant = stratum_set.removeprefix(PREFIX).partition(":")
        self.title = source.score(self.score, variant)
        names = source.facts(self.score, "band")
        found, self.left_out = km.read(source, TABLES, stratum_set, names)
        order = list(names)
        # The order of the definition, best first; what it doesn't know stays where it was.
        self.curves: list[Curve] = sorted(
            found, key=lambda c: order.index(c.stratum) if c.stratum in order else len(order)
        )


def draw(source: Source) -> Drawing:
    """
    Draw the bands of every score.

    Parameters
    ----------
    source : Source
        Released tables.

    Returns
    -------
    Drawing
        One panel per score.
    """
    import pandas as pd

    width = source.settings.width_mm
    sets = list(dict.fromkeys(source.table(TABLES[2])["stratum_set"]))
    every = [Panel(source, s) for s in sets if s.startswith(PREFIX)]
    shown = [p for p in every if p.curves]
    left_out = [(f"{p.title} {name}", why) for p in every for name, why in p.left_out]
    if not shown:
        reason = " ".join(km.not_drawn(left_out)) or "No score has a band in this cohort."
        return empty(source, width, reason, list(TABLES))
    missing = source.without(p.score for p in every)
    remarks = km.not_drawn(left_out)
    if missing:
        remarks.append(f"No band is known in any patient: {', '.join(missing)}.")
    remarks += source.score_footnotes([p.score for p in shown])
    page = _page(source, shown, width, remarks)
    caption = (
        f"{TITLE}: {source.label}. Each score in the patients in whom its band is known; bands "
        "ordered from best to worst published prognosis, with deaths and median months (95 % "
        "interval; NR: not reached). Shaded: pointwise 95 % confidence bands (log-log). A curve "
        f"stops where fewer than {km.MINIMUM_AT_RISK} patients are at risk. Below each panel: "
        "numbers at risk."
    )
    return Drawing(
        page,
        pd.concat([curve_twin.data(p.curves, p.title) for p in shown], ignore_index=True),
        caption=caption,
        alt=f"{TITLE}. " + " ".join(f"{p.title}. {curve_twin.spoken(p.curves)}." for p in shown),
        sources=[*TABLES, "score_notes"],
        footnotes=remarks,
        units=curve_twin.UNITS,
    )


def _page(source: Source, panels: list[Panel], width: float, remarks: list[str]) -> Page:
    end = source.settings.follow_up_months
    left, gap = 17.0, 12.5
    columns, wide, width = style.columns(width, len(panels), left, gap, COLUMNS)
    grid = [panels[i : i + columns] for i in range(0, len(panels), columns)]
    heads = [max(_head(p, wide) for p in row) for row in grid]
    feet = [4.0 + (max(len(p.curves) for p in row) + 1) * LINE + 1.5 for row in grid]
    total = 2 + sum(heads) + sum(feet) + len(grid) * DATA_HEIGHT + 3.5 * (len(grid) - 1) + 5
    page = Page(width, total + footer_height(source, width, remarks))
    y = 2.0
    for row, head, foot in zip(grid, heads, feet, strict=True):
        for place, panel in enumerate(row):
            _panel(page, panel, left + place * (wide + gap), y, wide, head, end)
        middle = y + head + DATA_HEIGHT / 2
        page.text(MARGIN + 2, middle, Y_LABEL, rotation=90, ha="center", fontsize=SMALL)
        y += head + DATA_HEIGHT + foot + 3.5
    page.text(width / 2, y - 1, km.time_label(source), ha="center")
    draw_footer(page, source, remarks)
    return page


def _names(panel: Panel, width: float) -> list[list[str]]:
    """Names of the bands, broken into the room that deaths and medians leave."""
    return [style.wrap(c.label, width + OUTSIDE - 5.5 - MEDIAN - 8.5, SMALL) for c in panel.curves]


def _head(panel: Panel, width: float) -> float:
    lines = 1 + sum(len(name) for name in _names(panel, width))
    return style.line_height() + 0.8 + lines * LINE + 1.8


def _panel(
    page: Page, panel: Panel, x: float, y: float, width: float, head: float, end: float
) -> None:
    quiet: dict[str, Any] = {"fontsize": SMALL, "color": style.QUIET}
    page.text(x - OUTSIDE, y + style.line_height() / 2, panel.title, fontweight="bold")
    at = y + style.line_height() + 0.8 + LINE / 2
    page.text(x - OUTSIDE, at, "Band", **quiet)
    page.text(x + width - MEDIAN, at, "Deaths", ha="right", **quiet)
    page.text(x + width, at, "Median, months", ha="right", **quiet)
    times = km.thinned(km.risk_times(panel.curves, end), end, width)
    axes = page.axes(x, y + head, width, DATA_HEIGHT)
    km.prepare(axes, end, times)
    below = y + head + DATA_HEIGHT + 4.0 + LINE / 2
    page.text(x - OUTSIDE, below, "Number at risk", **quiet)
    at += LINE
    for i, (curve, name) in enumerate(zip(panel.curves, _names(panel, width), strict=True)):
        below += LINE
        colour, dashes = km.look(i)
        for line_y in (at, below):
            page.line(
                (x - OUTSIDE, x - OUTSIDE + 4.2), (line_y, line_y), color=colour,
                linestyle=dashes, linewidth=1.2,
            )  # fmt: skip
        page.text(x + width - MEDIAN, at, count(curve.events), fontsize=SMALL, ha="right")
        page.text(x + width, at, curve.median_text(), fontsize=SMALL, ha="right")
        for line in name:
            page.text(x - OUTSIDE + 5.5, at, line, fontsize=SMALL)
            at += LINE
        km.draw(axes, curve, colour, dashes, 1.0)
        for t in times:
            page.text(
                x + width * t / end, below, count(curve.risk.get(t)), ha="center", fontsize=SMALL
            )


FIGURE: Final = Figure("kaplan_meier_bands", TITLE, (*TABLES, "score_notes"), draw)
