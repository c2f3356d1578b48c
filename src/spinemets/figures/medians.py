"""Median survival of every group with its interval, grouping by grouping."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from spinemets import groupings, strata
from spinemets.figures import style
from spinemets.figures.base import MARGIN, Drawing, Figure, draw_footer, empty, footer_height
from spinemets.figures.curves import labels
from spinemets.figures.layouts import LINE
from spinemets.figures.multiples import TALLEST_PAGE
from spinemets.figures.source import Source, count, number, records
from spinemets.figures.style import SMALL, Page

if TYPE_CHECKING:
    import pandas as pd

TABLES: Final = ("survival_summary",)
TITLE: Final = "Median survival by group"
#: Room between two lines, millimetres.
GAP: Final = 0.45
AXIS: Final = 9.0
HEAD: Final = 6.0
TWO_COLUMNS: Final = 150.0
#: Room for names, for "deaths / n" and for the printed median, millimetres.
LABEL: Final = 29.0
SIZE: Final = 17.0
TEXT: Final = 21.0
#: Months that are named on the axis where they fit.
TICKS: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)


@dataclass(frozen=True)
class Line:
    """
    One line: the name of a grouping, or a group.

    Parameters
    ----------
    text : list of str
        Name, in as many lines as it needs.
    row : dict
        Released estimate; empty for the name of a grouping.
    """

    text: list[str]
    row: dict[str, Any]

    @property
    def height(self) -> float:
        """Millimetres."""
        return len(self.text) * LINE + GAP


def draw(source: Source) -> Drawing:
    """
    Draw the medians, as many groupings as a page holds.

    Parameters
    ----------
    source : Source
        Released tables.

    Returns
    -------
    Drawing
        One line per group, with patients, deaths, median and interval.
    """
    width = source.settings.width_mm
    summary = source.table("survival_summary")
    rows = summary[summary["measure"].eq("median_survival_months") & summary["set"].eq("all")]
    rows = rows[rows["stratum_set"].ne("inclusion")]
    if rows["estimate"].isna().all():
        notes = [n for n in dict.fromkeys(rows["note"]) if n]
        reason = f"No median: {'; '.join(notes[:2]) or 'no group is large enough'}."
        return empty(source, width, reason, list(TABLES))
    sides, data, rest = _fill(rows, two=width >= TWO_COLUMNS)
    remarks = _remarks(rows, data, rest) + groupings.to_verify(dict.fromkeys(data["stratum_set"]))
    page = _page(source, sides, width, remarks)
    return Drawing(
        page,
        data,
        caption=(
            f"{TITLE}: {source.label}. Kaplan-Meier medians in months with 95 % intervals "
            "(log-log) on a logarithmic axis, deaths and patients; an arrow: the upper limit isn't "
            "reached. NR: not reached. Groups of one grouping add up to the cohort together with "
            "those without a median, which are counted below."
        ),
        alt=f"{TITLE}. {_spoken(data)}.",
        sources=list(TABLES),
        footnotes=remarks,
        units={"estimate": "months", "lower": "months", "upper": "months", "n": "patients",
               "events": "deaths"},
    )  # fmt: skip


def _blocks(rows: pd.DataFrame) -> list[tuple[str, list[Line]]]:
    """Groupings with their lines; groups without a median are named below the figure."""
    out = []
    for grouping, mine in rows.groupby("stratum_set", sort=False):
        name = str(grouping)
        known = mine[mine["estimate"].notna() | mine["note"].str.startswith("not reached")]
        # A grouping of one group repeats all patients.
        if known.empty or (name != "overall" and len(mine) == 1):
            continue
        words = labels(name)
        lines = [
            Line(_name(words.get(str(r["stratum"]), str(r["stratum"]))), r) for r in records(known)
        ]
        title = "" if name == "overall" else strata.title(name)
        head = [Line([title[:1].upper() + title[1:]], {})] if title else []
        out.append((name, [*head, *lines]))
    return out


def _name(label: str) -> list[str]:
    """Two lines at most, the second one shortened where it must be."""
    lines = style.wrap(label[:1].upper() + label[1:], LABEL - 3, SMALL)
    short = [lines[0], " ".join(lines[1:])] if len(lines) > 1 else lines
    return [style.fit(line, LABEL - 2) for line in short]


def _fill(rows: pd.DataFrame, *, two: bool) -> tuple[list[list[Line]], pd.DataFrame, list[str]]:
    """Columns of the page, what is drawn, and the groupings for which there is no room."""
    import pandas as pd

    most = TALLEST_PAGE - HEAD - AXIS - 22
    sides: list[list[Line]] = [[]]
    drawn, rest = [], []
    for name, lines in _blocks(rows):
        needed = _height(lines)
        if _height(sides[-1]) + needed > most and len(sides) < 2 and two:
            sides.append([])
        if _height(sides[-1]) + needed > most:
            rest.append(name)
            continue
        sides[-1] += lines
        drawn += [
            {"stratum_set": name, "label": labels(name).get(r["stratum"], r["stratum"]), **r}
            for r in (line.row for line in lines)
            if r
        ]
    columns = ["stratum_set", "stratum", "label", "estimate", "lower", "upper", "n", "events",
               "note"]  # fmt: skip
    if two and len(sides) == 1:
        sides = _halves(sides[0])
    return sides, pd.DataFrame(drawn)[columns], rest


def _height(lines: list[Line]) -> float:
    return sum(line.height for line in lines)


def _halves(lines: list[Line]) -> list[list[Line]]:
    """Break one column into two at the heading nearest to its middle."""
    heads = [i for i, line in enumerate(lines) if not line.row and i]
    if len(lines) < 12 or not heads:
        return [lines]
    middle = min(heads, key=lambda i: abs(i - len(lines) / 2))
    return [lines[:middle], lines[middle:]]


def _remarks(rows: pd.DataFrame, data: pd.DataFrame, rest: list[str]) -> list[str]:
    found = []
    if rest:
        names = ", ".join(strata.title(s) for s in rest)
        found.append(f"Not drawn, no room (tables/survival_summary.csv): {names}.")
    here = rows[rows["stratum_set"].isin(data["stratum_set"])]
    gone = here[here["estimate"].isna() & ~here["note"].str.startswith("not reached")]
    gone = gone[gone["n"].isna() | gone["n"].gt(0)]
    reasons: dict[str, int] = {}
    for note in gone["note"]:
        reasons[note or "withheld"] = reasons.get(note or "withheld", 0) + 1
    found += [f"Without a median: {n} groups, {why}." for why, n in reasons.items()]
    return found


def _page(source: Source, sides: list[list[Line]], width: float, remarks: list[str]) -> Page:
    body = max(_height(side) for side in sides)
    page = Page(width, HEAD + body + AXIS + footer_height(source, width, remarks))
    room = (width - 2 * MARGIN - 5 * (len(sides) - 1)) / len(sides)
    rows = [line.row for side in sides for line in side if line.row]
    known = [r[c] for r in rows for c in ("estimate", "lower", "upper") if r[c] == r[c]]
    # On a logarithmic axis an interval from the first day on would squeeze all others.
    limits = max(min(known) * 0.9, 0.4), max(known) * 1.1
    for i, side in enumerate(sides):
        _column(page, side, MARGIN + i * (room + 5), room, limits)
    draw_footer(page, source, remarks)
    return page


def _column(
    page: Page, lines: list[Line], x: float, room: float, limits: tuple[float, float]
) -> None:
    span = room - LABEL - SIZE - TEXT
    body = _height(lines)
    axes = page.axes(x + LABEL + SIZE, HEAD, span, body)
    axes.set_xscale("log")
    axes.set(xlim=limits, ylim=(body, 0), yticks=[], xlabel="Months")
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color=style.GRID, linewidth=0.5)
    axes.minorticks_off()
    ticks = _ticks(limits, span)
    axes.set_xticks(ticks, [f"{t:g}" for t in ticks])
    bold: dict[str, Any] = {"fontsize": SMALL, "fontweight": "bold"}
    page.text(x + LABEL + SIZE - 2, HEAD - 3, "Deaths / n", ha="right", **bold)
    page.text(x + room, HEAD - 3, "Median (95 % CI)", ha="right", **bold)
    y, middles = 0.0, []
    for line in lines:
        for k, words in enumerate(line.text):
            at = HEAD + y + GAP / 2 + (k + 0.5) * LINE
            if line.row:
                page.text(x + 1.5, at, words, fontsize=SMALL)
            else:
                page.text(x, at, words, zorder=3, **bold,
                          bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.3})  # fmt: skip
        middles.append(y + line.height / 2)
        y += line.height
        if line.row:
            r, at = line.row, HEAD + middles[-1]
            size = f"{count(r['events'])} / {count(r['n'])}"
            page.text(x + LABEL + SIZE - 2, at, size, ha="right", fontsize=SMALL)
            page.text(x + room, at, _median(r), ha="right", fontsize=SMALL)
    _marks(axes, lines, middles, limits)


def _ticks(limits: tuple[float, float], span: float) -> list[float]:
    """Months on the axis whose numbers don't touch."""
    kept: list[float] = []
    scale = span / math.log(limits[1] / limits[0])
    for t in TICKS:
        apart = not kept or math.log(t / kept[-1]) * scale >= 4.5
        if limits[0] <= t <= limits[1] and apart:
            kept.append(t)
    return kept


def _median(r: dict[str, Any]) -> str:
    value, low, high = (number(r[c]) for c in ("estimate", "lower", "upper"))
    return value if low == high == "NR" else f"{value} ({low}–{high})"


def _marks(axes: Any, lines: list[Line], middles: list[float], limits: tuple[float, float]) -> None:
    """Medians with intervals, all at once: an artist each would take seconds."""
    colour = style.COLOURS[0]
    pairs = [(line.row, y) for line, y in zip(lines, middles, strict=True) if line.row]
    known = [(r, y) for r, y in pairs if r["lower"] == r["lower"]]
    ends = [limits[1] if r["upper"] != r["upper"] else r["upper"] for r, _ in known]
    axes.hlines([y for _, y in known], [max(r["lower"], limits[0]) for r, _ in known], ends,
                color=colour, linewidth=1.0)  # fmt: skip
    medians = [(r["estimate"], y) for r, y in pairs if r["estimate"] == r["estimate"]]
    axes.plot([m for m, _ in medians], [y for _, y in medians], linestyle="none", marker="o",
              markersize=3.2, color=colour)  # fmt: skip
    beyond = [y for r, y in known if r["upper"] != r["upper"]]
    axes.plot([limits[1]] * len(beyond), beyond, linestyle="none", marker=">", markersize=3.0,
              color=colour, clip_on=False)  # fmt: skip


def _spoken(data: pd.DataFrame) -> str:
    parts = []
    for name, rows in data.groupby("stratum_set", sort=False):
        said = ", ".join(f"{r['label']} {_median(r)} (n {count(r['n'])})" for r in records(rows))
        parts.append(f"{'Overall' if name == 'overall' else strata.title(str(name))}: {said}")
    return "; ".join(parts)


FIGURE: Final = Figure("medians", TITLE, TABLES, draw)
