"""Rows of ratios with their intervals on a logarithmic axis, shared by figures of hazard ratios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from spinemets.figures import style
from spinemets.figures.style import SMALL, Page

ROW: Final = 3.4
#: Room below the rows for the axis and its label.
AXIS: Final = 9.0
TICKS: Final = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)


@dataclass(frozen=True)
class Effect:
    """
    One row.

    Parameters
    ----------
    label : str
        Left of the axis.
    estimate, lower, upper : float
        Ratio and 95 % interval; NaN where there is none.
    note : str
        Printed instead of the estimate when there is none.
    heading : bool
        A line of text without an estimate.
    extra : str
        Last column.
    look : int
        Number of the colour.
    """

    label: str
    estimate: float = float("nan")
    lower: float = float("nan")
    upper: float = float("nan")
    note: str = ""
    heading: bool = False
    extra: str = ""
    look: int = 0

    @property
    def text(self) -> str:
        """Estimate and interval as printed."""
        if self.heading:
            return ""
        if self.estimate != self.estimate:
            return "not estimated"
        if not (self.lower == self.lower and self.upper == self.upper):
            return f"{self.estimate:.2f}"
        return f"{self.estimate:.2f} ({self.lower:.2f}–{self.upper:.2f})"


def height(rows: Sequence[Effect]) -> float:
    """
    Height of a panel with its axis.

    Parameters
    ----------
    rows : sequence of Effect
        What it holds.

    Returns
    -------
    float
        Millimetres.
    """
    return len(rows) * ROW + AXIS


def draw(
    page: Page,
    rows: Sequence[Effect],
    place: tuple[float, float, float],
    columns: tuple[float, float, float],
    label: str,
) -> None:
    """
    Draw the rows with their axis.

    Parameters
    ----------
    page : Page
        Where.
    rows : sequence of Effect
        From the top.
    place : tuple of float
        Left, top and width, millimetres.
    columns : tuple of float
        Room for the labels, for the printed intervals and for the last column, millimetres.
    label : str
        Name of the axis.
    """
    x, top, room = place
    left, text, last = columns
    span = room - left - text - last
    body = len(rows) * ROW
    axes = page.axes(x + left, top, span, body)
    _scale(axes, rows, body, span)
    axes.set_xlabel(label, fontsize=SMALL)
    for i, row in enumerate(rows):
        y = (i + 0.5) * ROW
        if row.heading:
            page.text(x, top + y, row.label, fontsize=SMALL, fontweight="bold", zorder=3,
                      bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6})  # fmt: skip
            continue
        page.text(x + 2, top + y, row.label, fontsize=SMALL)
        page.text(x + left + span + 1.5, top + y, row.text, fontsize=SMALL)
        if row.extra:
            page.text(x + room, top + y, row.extra, fontsize=SMALL, ha="right")
        _mark(axes, row, y)


def _mark(axes: Any, row: Effect, y: float) -> None:
    if row.estimate != row.estimate:
        return
    low, high = axes.get_xlim()
    colour = style.COLOURS[row.look % len(style.COLOURS)]
    if isfinite(row.lower) and isfinite(row.upper):
        axes.plot([max(row.lower, low), min(row.upper, high)], [y, y], color=colour, linewidth=1.0)
    if low <= row.estimate <= high:
        axes.plot([row.estimate], [y], marker="osD^v"[row.look % 5], markersize=3.4, color=colour)


def _scale(axes: Any, rows: Sequence[Effect], body: float, span: float) -> None:
    ends = [v for r in rows for v in (r.estimate, r.lower, r.upper) if v == v and 0.02 < v < 50]
    low, high = min([0.8, *ends]) * 0.94, max([1.25, *ends]) * 1.06
    axes.set_xscale("log")
    axes.set(xlim=(low, high), ylim=(body, 0), yticks=[])
    axes.spines["left"].set_visible(False)
    axes.axvline(1.0, color=style.QUIET, linewidth=0.6)
    from math import log

    kept: list[float] = []
    for tick in sorted((t for t in TICKS if low <= t <= high), key=lambda t: abs(log(t))):
        apart = [abs(log(tick / k)) / log(high / low) * span for k in kept]
        if all(a >= 7 for a in apart):
            kept.append(tick)
    axes.set_xticks(sorted(kept), [f"{t:g}" for t in sorted(kept)])
    axes.minorticks_off()
    axes.grid(axis="x", color=style.GRID, linewidth=0.5)
