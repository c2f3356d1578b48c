"""Kaplan-Meier of two groupings crossed: a panel per histology, in it a curve per treatment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from spinemets import groupings, strata
from spinemets.figures import curve_twin, style
from spinemets.figures import curves as km
from spinemets.figures.base import MARGIN, Drawing, Figure, draw_footer, empty, footer_height
from spinemets.figures.curves import Curve
from spinemets.figures.kaplan_meier import NOT_ALLOCATED, TABLES
from spinemets.figures.layouts import LINE, Y_LABEL
from spinemets.figures.multiples import TALLEST_PAGE
from spinemets.figures.source import Source, count
from spinemets.figures.style import SMALL, Page

if TYPE_CHECKING:
    import pandas as pd

TITLE: Final = "Overall survival by primary histology and treatment"
#: Curves in a panel, and panels on a page; the largest groups come first.
MOST_CURVES: Final = 5
MOST_PANELS: Final = 12
COLUMNS: Final = 3
GAP: Final = 11.0
HEAD: Final = 4.0
#: Height of the data area, and the lowest that is still readable.
TALL: Final = 27.0
#: Room for "121 (173)", millimetres.
WIDEST: Final = 11.0


@dataclass
class Panel:
    """
    One group of the first grouping.

    Parameters
    ----------
    label : str
        Its name.
    curves : dict of str to Curve
        Group of the second grouping to its curve.
    n, events : object
        Patients and deaths of the whole group, curves or not.
    """

    label: str
    curves: dict[str, Curve] = field(default_factory=dict)
    n: Any = None
    events: Any = None


def draw(source: Source) -> Drawing:
    """
    Draw the crossing of histology with treatment, or with what the study crosses it with.

    Parameters
    ----------
    source : Source
        Released tables.

    Returns
    -------
    Drawing
        Small multiples with shared tables of numbers at risk and cumulative deaths.
    """
    width = source.settings.width_mm
    summary = source.table("survival_summary")
    crossings = _crossings(summary)
    if not crossings:
        reason = "The study crosses no grouping of primaries with another (survival.described)."
        return empty(source, width, reason, list(TABLES))
    for name in crossings:
        curves, left_out = km.read(source, TABLES, name, km.labels(name))
        if curves:
            break
    else:
        rows = summary[summary["stratum_set"].isin(crossings)]
        notes = [n for n in dict.fromkeys(rows["note"]) if n]
        return empty(source, width, f"No curve: {'; '.join(notes[:2])}.", list(TABLES))
    panels, seconds, hidden = _panels(summary, name, curves)
    remarks = _remarks(left_out, hidden) + groupings.to_verify([name])
    page = _page(source, panels, seconds, width, remarks)
    what = f"Overall survival by {strata.title(name)}"
    drawn = [c for p in panels for c in p.curves.values()]
    return Drawing(
        page,
        _data(panels),
        caption=_caption(source, what, name, drawn),
        alt=f"{what}. " + " ".join(f"{p.label}: {_spoken(p, seconds)}." for p in panels),
        sources=list(TABLES),
        footnotes=remarks,
        units=curve_twin.UNITS,
        title=what,
    )


def _crossings(summary: pd.DataFrame) -> list[str]:
    """Crossings of a grouping of primaries, those with treatment first."""
    sets = [str(s) for s in dict.fromkeys(summary["stratum_set"])]
    found = [s for s in sets if strata.CROSS in s and strata.parts(s)[0].startswith("primary")]
    return sorted(found, key=lambda s: strata.parts(s)[1] != "treatment")


def _panels(
    summary: pd.DataFrame, name: str, curves: list[Curve]
) -> tuple[list[Panel], dict[str, str], list[str]]:
    """Panels, the groups that are drawn in them (id to label), and what finds no room."""
    first, second = strata.parts(name)
    whole = summary[summary["measure"].eq("median_survival_months")]
    whole = whole[whole["stratum_set"].eq(first)].set_index("stratum")
    size: dict[str, int] = {}
    panels: dict[str, Panel] = {}
    for curve in curves:
        a, b = curve.stratum.split(strata.JOIN) if strata.JOIN in curve.stratum else ("", "")
        if not a:  # small crossed groups, merged: neither a histology nor a treatment
            continue
        panel = panels.setdefault(a, Panel(strata.label(first, a)))
        panel.curves[b] = curve
        size[b] = size.get(b, 0) + (int(curve.n) if count(curve.n).isdigit() else 0)
        if a in whole.index:
            panel.n, panel.events = whole.loc[a, "n"], whole.loc[a, "events"]
    kept = sorted(size, key=lambda b: -size[b])[:MOST_CURVES]
    order = [b for b in [*strata.labels(second), *size] if b in kept]
    seconds = {b: strata.label(second, b) for b in dict.fromkeys(order)}
    hidden = [
        c.label for p in panels.values() for b, c in p.curves.items() if b not in seconds
    ]  # fmt: skip
    shown = [p for p in panels.values() if set(p.curves) & set(seconds)]
    hidden += [p.label for p in shown[MOST_PANELS:]]
    for panel in shown:
        panel.curves = {b: panel.curves[b] for b in seconds if b in panel.curves}
    return shown[:MOST_PANELS], seconds, hidden


def _remarks(left_out: list[km.LeftOut], hidden: list[str]) -> list[str]:
    """Sizes of what isn't drawn: the names of dozens of small groups would fill the page."""
    reasons: dict[str, int] = {}
    for _, why in left_out:
        reasons[why] = reasons.get(why, 0) + 1
    found = [
        f"Not drawn: {n} crossed groups, {why} (survival_summary)." for why, n in reasons.items()
    ]
    if hidden:
        found.append(f"Not drawn, no room: {'; '.join(hidden)}.")
    return found


def _caption(source: Source, what: str, name: str, drawn: list[Curve]) -> str:
    known = [c for c in drawn if count(c.n).isdigit()]
    text = (
        f"{what}: {source.label}. A panel per group of primaries, with all its patients and "
        f"deaths; {len(drawn)} curves of {sum(int(c.n) for c in known)} patients. Shaded: "
        "pointwise 95 % confidence bands (log-log). A curve stops where fewer than "
        f"{km.MINIMUM_AT_RISK} patients are at risk. Below each panel: number at risk and, in "
        "brackets, cumulative deaths."
    )
    return f"{text} {NOT_ALLOCATED}" if strata.parts(name)[1] == "treatment" else text


def _spoken(panel: Panel, seconds: dict[str, str]) -> str:
    return "; ".join(
        f"{seconds[b]}: n {count(c.n)}, deaths {count(c.events)}, median {c.median_text()} months"
        for b, c in panel.curves.items()
    )


def _data(panels: list[Panel]) -> pd.DataFrame:
    import pandas as pd

    parts = [curve_twin.data(list(p.curves.values()), p.label) for p in panels]
    return pd.concat(parts, ignore_index=True)


def _page(
    source: Source, panels: list[Panel], seconds: dict[str, str], width: float, remarks: list[str]
) -> Page:
    end = source.settings.follow_up_months
    names = {b: style.wrap(t, 26, SMALL) for b, t in seconds.items()}
    widest = max(style.text_width(t, SMALL) for lines in names.values() for t in lines)
    left = MARGIN + 7 + max(widest, 14) + 6
    columns, wide, width = style.columns(width - 2, len(panels), left, GAP, COLUMNS)
    width += 2  # the last number reaches beyond its axes
    grid = [panels[i : i + columns] for i in range(0, len(panels), columns)]
    heads = [
        HEAD + LINE * max(len(style.wrap(p.label, wide + GAP - 3, SMALL, bold=True)) for p in row)
        for row in grid
    ]
    tables = [[b for b in seconds if any(b in p.curves for p in row)] for row in grid]
    feet = [5.0 + LINE * (sum(len(names[b]) for b in t) + 1) + 2.5 for t in tables]
    around = sum(heads) + sum(feet) + 8 + footer_height(source, width, remarks)
    tall = min(TALL, (TALLEST_PAGE - around) / len(grid))
    page = Page(width, around + tall * len(grid))
    looks = {b: km.look(i) for i, b in enumerate(seconds)}
    y = 1.0
    for row, head, foot, shown in zip(grid, heads, feet, tables, strict=True):
        for place, panel in enumerate(row):
            x = left + place * (wide + GAP)
            _panel(page, panel, (x, y, wide, head, tall), end, looks, labelled=not place)
            _numbers(page, panel, (x, y + head + tall + 5, wide), end, {b: names[b] for b in shown})
        _rows(page, y + head + tall + 5, {b: names[b] for b in shown}, looks)
        page.text(left - 9, y + head + tall / 2, Y_LABEL, rotation=90, ha="center", fontsize=SMALL)
        y += head + tall + foot
    page.text(left + (width - left) / 2, y + 1, km.time_label(source), ha="center")
    draw_footer(page, source, remarks)
    return page


def _panel(
    page: Page,
    panel: Panel,
    place: tuple[float, float, float, float, float],
    end: float,
    looks: dict[str, tuple[str, Any]],
    *,
    labelled: bool,
) -> None:
    x, y, wide, head, tall = place
    at = y + LINE / 2
    for line in style.wrap(panel.label, wide + GAP - 3, SMALL, bold=True):
        page.text(x, at, line, fontsize=SMALL, fontweight="bold")
        at += LINE
    page.text(x, at, f"n {count(panel.n)}, deaths {count(panel.events)}", fontsize=SMALL)
    axes = page.axes(x, y + head, wide, tall)
    km.prepare(axes, end, _times(panel, end, wide))
    if not labelled:
        axes.tick_params(labelleft=False)
    for b, curve in panel.curves.items():
        km.draw(axes, curve, *looks[b], 1.0)


def _times(panel: Panel, end: float, wide: float) -> list[float]:
    return km.thinned(km.risk_times(list(panel.curves.values()), end), end, wide, WIDEST)


def _numbers(
    page: Page,
    panel: Panel,
    place: tuple[float, float, float],
    end: float,
    names: dict[str, list[str]],
) -> None:
    """Numbers at risk with cumulative deaths, in rows that all panels beside it share."""
    x, top, wide = place
    y = top + LINE
    for b, lines in names.items():
        room = len(lines) * LINE
        if b in panel.curves:
            curve = panel.curves[b]
            for t in _times(panel, end, wide):
                text = f"{count(curve.risk.get(t))} ({count(curve.deaths.get(t))})"
                page.text(x + wide * t / end, y + room / 2, text, ha="center", fontsize=SMALL)
        else:
            page.text(x + wide / 2, y + room / 2, "–", ha="center", fontsize=SMALL,
                      color=style.QUIET)  # fmt: skip
        y += room


def _rows(
    page: Page, top: float, names: dict[str, list[str]], looks: dict[str, tuple[str, Any]]
) -> None:
    page.text(MARGIN, top + LINE / 2, "At risk (deaths)", fontsize=SMALL, color=style.QUIET)
    y = top + LINE
    for b, lines in names.items():
        colour, dashes = looks[b]
        middle = y + len(lines) * LINE / 2
        page.line((MARGIN, MARGIN + 5.5), (middle, middle), color=colour, linestyle=dashes,
                  linewidth=1.3)  # fmt: skip
        for line in lines:
            page.text(MARGIN + 7, y + LINE / 2, line, fontsize=SMALL)
            y += LINE


FIGURE: Final = Figure("histology_by_treatment", TITLE, TABLES, draw)
