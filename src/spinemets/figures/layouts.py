"""Two layouts of survival curves: few in one panel with their table, many in a panel each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from spinemets.figures import curves as km
from spinemets.figures import style
from spinemets.figures.base import MARGIN, draw_footer, footer_height
from spinemets.figures.curves import Curve
from spinemets.figures.source import Source, count
from spinemets.figures.style import FONT, SMALL, Page

Y_LABEL: Final = "Overall survival (%)"
LINE: Final = style.line_height(SMALL)
#: Of a small panel: data area, and the room below it for ticks and numbers at risk.
DATA_HEIGHT: Final = 25.0
FOOT: Final = 4.0 + LINE + 1.6


def one_panel(
    source: Source, curves: list[Curve], width: float, remarks: Sequence[str] = ()
) -> Page:
    """
    Draw few curves in one panel, with numbers at risk and medians below.

    Parameters
    ----------
    source : Source
        Released tables.
    curves : list of Curve
        At most ``MOST_IN_ONE``.
    width : float
        Width of the page, millimetres.
    remarks : sequence of str
        What isn't drawn, and why.

    Returns
    -------
    Page
        The figure.
    """
    narrow = width < 120
    end = source.settings.follow_up_months
    names = [style.wrap(c.label, 24 if narrow else 34, SMALL) for c in curves]
    label_width = max(style.text_width(t, SMALL) for lines in names for t in lines)
    first = max(style.text_width(count(n), SMALL) for c in curves for n in c.risk.values())
    left = max(MARGIN + 7 + label_width + 3 + first / 2, 15)
    right = 5 if narrow else 57
    height = 46.0 if narrow else 74.0
    rows = [max(len(lines), 1) * LINE + 0.6 for lines in names]
    table = sum(rows) + 4
    bottom = 4 + height + 9 + table + (table + 1 if narrow else 0)
    page = Page(width, bottom + 1 + footer_height(source, width, remarks))
    axes = page.axes(left, 4, width - left - right, height)
    times = km.risk_times(curves, end)
    km.prepare(axes, end, times)
    for i, curve in enumerate(curves):
        km.draw(axes, curve, *km.look(i))
    axes.set_xlabel(km.time_label(source), fontsize=FONT)
    page.text(left - 9, 4 + height / 2, Y_LABEL, rotation=90, ha="center")
    span = width - left - right
    _risk_table(page, curves, names, rows, left, 4 + height + 9, span, times, end)
    if narrow:
        _medians(page, curves, names, rows, 4 + height + 10 + table, width - 3, left)
    else:
        _medians(page, curves, None, rows, 4 + height + 9, width - MARGIN, width - right + 3)
        _direct_labels(page, curves, left + span, 4, height, right - 3)
    draw_footer(page, source, remarks)
    return page


def _swatch(page: Page, x: float, y: float, i: int, length: float = 5.5) -> None:
    colour, dashes = km.look(i)
    page.line((x, x + length), (y, y), color=colour, linestyle=dashes, linewidth=1.3)


def _names(page: Page, lines: list[str], y: float, height: float, i: int) -> None:
    """Name of a curve with its line, in the left margin of a table."""
    _swatch(page, MARGIN, y + height / 2, i)
    for k, line in enumerate(lines):
        offset = (k - (len(lines) - 1) / 2) * LINE
        page.text(MARGIN + 7, y + height / 2 + offset, line, fontsize=SMALL)


def _risk_table(
    page: Page,
    curves: list[Curve],
    names: list[list[str]],
    rows: list[float],
    left: float,
    top: float,
    span: float,
    times: list[float],
    end: float,
) -> None:
    page.text(MARGIN, top + 1.5, "Number at risk", fontsize=SMALL, fontweight="bold")
    y = top + 3.6
    for i, curve in enumerate(curves):
        _names(page, names[i], y, rows[i], i)
        for t in times:
            page.text(
                left + span * t / end, y + rows[i] / 2, count(curve.risk.get(t)),
                ha="center", fontsize=SMALL,
            )  # fmt: skip
        y += rows[i]


def _medians(
    page: Page,
    curves: list[Curve],
    names: list[list[str]] | None,
    rows: list[float],
    top: float,
    right: float,
    left: float,
) -> None:
    """Deaths, patients and medians; beside the numbers at risk or as a table of its own."""
    bold: dict[str, Any] = {"fontsize": SMALL, "fontweight": "bold"}
    middle = left + 17
    page.text(middle, top + 1.5, "Deaths / n", ha="right", **bold)
    page.text(right, top + 1.5, "Median, months (95 % CI)", ha="right", **bold)
    y = top + 3.6
    for i, curve in enumerate(curves):
        if names is not None:
            _names(page, names[i], y, rows[i], i)
        at = y + rows[i] / 2
        page.text(
            middle, at, f"{count(curve.events)} / {count(curve.n)}", ha="right", fontsize=SMALL
        )
        page.text(right, at, curve.median_text(), ha="right", fontsize=SMALL)
        y += rows[i]


def _direct_labels(
    page: Page, curves: list[Curve], x: float, top: float, height: float, room: float
) -> None:
    """Name the curves that reach the end of the axis, moved apart so that no two names overlap."""
    last = max(float(c.steps["time_months"].iloc[-1]) for c in curves)
    ends = [i for i, c in enumerate(curves) if float(c.steps["time_months"].iloc[-1]) == last]
    lines = {i: style.wrap(curves[i].label, room, SMALL) for i in ends}
    wanted = {i: top + height * (1 - float(curves[i].steps["survival"].iloc[-1])) for i in ends}
    heights = {i: len(lines[i]) * LINE + 0.4 for i in ends}
    for i, y in spread(wanted, heights, top, top + height + 2).items():
        for k, line in enumerate(lines[i]):
            offset = (k - (len(lines[i]) - 1) / 2) * LINE
            page.text(x + 2.5, y + offset, line, fontsize=SMALL)
        colour, _ = km.look(i)
        page.line((x + 0.3, x + 2.0), (wanted[i], y), color=colour, linewidth=0.7)


def spread(
    wanted: dict[int, float], heights: dict[int, float], low: float, high: float
) -> dict[int, float]:
    """
    Move labels apart until none overlaps, each as near to its wanted place as that allows.

    Parameters
    ----------
    wanted : dict of int to float
        Wanted middle of each label.
    heights : dict of int to float
        Height of each label.
    low, high : float
        Ends of the room.

    Returns
    -------
    dict of int to float
        Middle of each label.

    Examples
    --------
    >>> spread({0: 5.0, 1: 5.0}, {0: 2.0, 1: 2.0}, 0.0, 10.0)
    {0: 5.0, 1: 7.0}
    """
    order = sorted(wanted, key=lambda i: (wanted[i], i))
    places: dict[int, float] = {}
    floor = low
    for i in order:
        places[i] = max(wanted[i], floor + heights[i] / 2)
        floor = places[i] + heights[i] / 2
    ceiling = high
    for i in reversed(order):
        places[i] = min(places[i], ceiling - heights[i] / 2)
        ceiling = places[i] - heights[i] / 2
    return places


def panels(
    source: Source,
    curves: list[Curve],
    whole: list[Curve],
    width: float,
    remarks: Sequence[str] = (),
) -> Page:
    """
    Draw many curves, one panel each, with the whole cohort in grey.

    Parameters
    ----------
    source : Source
        Released tables.
    curves : list of Curve
        One panel each.
    whole : list of Curve
        The whole cohort; may be empty.
    width : float
        Width of the page, millimetres.
    remarks : sequence of str
        What isn't drawn, and why.

    Returns
    -------
    Page
        The figure.
    """
    end = source.settings.follow_up_months
    columns = max(2, min(4, int((width - 8) // 40)))
    gap, left = 7.0, 15.0
    panel = (width - left - MARGIN - 2 - (columns - 1) * gap) / columns
    titles = [style.wrap(c.label, panel, FONT, bold=True) for c in curves]
    times = km.thinned(km.risk_times(curves, end), end, panel)
    grid = [list(range(i, min(i + columns, len(curves)))) for i in range(0, len(curves), columns)]
    heads = [
        max(len(titles[i]) for i in row) * style.line_height() + 2 * LINE + 1.5 for row in grid
    ]
    total = 2 + sum(h + DATA_HEIGHT + FOOT for h in heads) + 3 * (len(grid) - 1) + 9.5
    page = Page(width, total + footer_height(source, width, remarks))
    y = 2.0
    for row, head in zip(grid, heads, strict=True):
        for place, i in enumerate(row):
            at = (left + place * (panel + gap), y + head, panel)
            _panel_title(page, curves[i], titles[i], *at)
            _group_panel(page, curves[i], whole, at, (times, end), first=not place)
        quiet: dict[str, Any] = {"fontsize": SMALL, "color": style.QUIET}
        below = y + head + DATA_HEIGHT + 4.0 + LINE / 2
        page.text(MARGIN, below, "At risk", **quiet)
        page.text(MARGIN + 2, y + head + DATA_HEIGHT / 2, Y_LABEL, rotation=90, ha="center",
                  fontsize=SMALL)  # fmt: skip
        y += head + DATA_HEIGHT + FOOT + 3
    page.text(width / 2, y, km.time_label(source), ha="center")
    key = "Blue: the group, 95 % band" + ("; grey: all patients" if whole else "")
    page.text(width / 2, y + 4.2, key, ha="center", fontsize=SMALL, color=style.QUIET)
    draw_footer(page, source, remarks)
    return page


def _group_panel(
    page: Page,
    curve: Curve,
    whole: list[Curve],
    place: tuple[float, float, float],
    clock: tuple[list[float], float],
    *,
    first: bool,
) -> None:
    """One group before the whole cohort, with its numbers at risk."""
    x, top, wide = place
    times, end = clock
    axes = page.axes(x, top, wide, DATA_HEIGHT)
    km.prepare(axes, end, times)
    axes.tick_params(labelleft=first)
    for other in whole:
        s = other.steps
        axes.step(s["time_months"], s["survival"], where="post", color="#8C8C8C", linewidth=0.8)
    km.draw(axes, curve, style.COLOURS[0], "solid", 1.2)
    below = top + DATA_HEIGHT + 4.0 + LINE / 2
    for t in times:
        page.text(x + wide * t / end, below, count(curve.risk.get(t)), ha="center",
                  fontsize=SMALL, color=style.QUIET)  # fmt: skip


def _panel_title(
    page: Page, curve: Curve, lines: list[str], x: float, bottom: float, width: float
) -> None:
    y = bottom - 1.2 - 2 * LINE - len(lines) * style.line_height()
    for k, line in enumerate(lines):
        page.text(x, y + (k + 0.5) * style.line_height(), line, fontweight="bold")
    y += len(lines) * style.line_height()
    numbers = f"deaths {count(curve.events)} / n {count(curve.n)}"
    page.text(x, y + 0.5 * LINE, numbers, fontsize=SMALL)
    median = f"median {curve.median_text()} months"
    if style.text_width(median, SMALL) > width + 3:
        median = f"{curve.median_text()} months"
    page.text(x, y + 1.5 * LINE, median, fontsize=SMALL)
