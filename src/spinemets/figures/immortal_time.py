"""Immortal time: treated and untreated, counted naively, from a landmark, and by the day."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from spinemets.figures import curve_twin, style
from spinemets.figures import curves as km
from spinemets.figures.base import MARGIN, Drawing, Figure, empty
from spinemets.figures.curves import Curve
from spinemets.figures.layouts import LINE, Y_LABEL
from spinemets.figures.multiples import Place, multiples
from spinemets.figures.source import Source, count, named, plain
from spinemets.figures.style import SMALL, Page

if TYPE_CHECKING:
    import pandas as pd

CURVES: Final = ("kaplan_meier_timed", "at_risk_timed", "survival_timed")
TABLES: Final = (*CURVES, "treatment")
TITLE: Final = "Treatment that begins after time zero: three ways to count it"
GROUPS: Final = {"treated": "treated", "untreated": "not, or not yet, treated"}
COLUMNS: Final = 4
ABOVE: Final = 6.0
HEAD: Final = 3 * LINE + 1.0
FOOT: Final = 3.6 + 4 * LINE + 2.0
LANDMARK: Final = "landmark "


def draw(source: Source) -> Drawing:
    """
    Draw a row per treatment, a column per analysis.

    Parameters
    ----------
    source : Source
        Released tables.

    Returns
    -------
    Drawing
        Curves with numbers at risk and the hazard ratio of each analysis.
    """
    import pandas as pd

    table = source.table("treatment")
    table = table[table["model"].eq("immortal_time")]
    sets = [str(s) for s in dict.fromkeys(source.table(CURVES[2])["stratum_set"])]
    panels, left_out = [], []
    for name in sets:
        found, gone = km.read(source, CURVES, name, GROUPS)
        left_out += [(f"{_words(name)}, {who}", why) for who, why in gone]
        panels.append((name, [_shifted(c, _begin(name)) for c in found]))
    if not any(curves for _, curves in panels):
        notes = [f"{named(str(r['stratum_set']))}: {r['note']}" for _, r in table.iterrows()
                 if r["note"] and r["estimate"] != r["estimate"]]  # fmt: skip
        reason = "; ".join(dict.fromkeys(notes[:3])) or " ".join(km.not_drawn(left_out))
        reason = f"No treatment that begins after time zero is compared: {reason}."
        return empty(source, source.settings.width_mm, reason, list(TABLES))
    remarks = [*_remarks(table, sets), *km.not_drawn(left_out)]
    room = {"left": 13.5, "gap": 7.5, "above": ABOVE, "head": HEAD, "tall": 30.0, "foot": FOOT}
    page, places = multiples(source, len(panels), remarks, most=_analyses(sets), **room)
    _key(page)
    for (name, curves), place in zip(panels, places, strict=True):
        _panel(page, source, name, curves, _ratio(table, name), place)
    drawn = [(n, c) for n, c in panels if c]
    return Drawing(
        page,
        pd.concat([curve_twin.data(c, n) for n, c in drawn], ignore_index=True),
        caption=_caption(source),
        alt=f"{TITLE}. "
        + " ".join(f"{_words(n)}: {curve_twin.spoken(c)}; {_ratio(table, n)}." for n, c in drawn),
        sources=list(TABLES),
        footnotes=remarks,
        units=curve_twin.UNITS,
    )


def _words(stratum_set: str) -> str:
    treatment, _, term = stratum_set.partition(":")
    term = term.replace("landmark 1 months", "landmark 1 month")
    return f"{plain(treatment)}, {term}"


def _begin(stratum_set: str) -> float:
    """Month from which the times of an analysis count."""
    term = stratum_set.partition(":")[2]
    return float(term.split()[1]) if term.startswith(LANDMARK) else 0.0


def _shifted(curve: Curve, begin: float) -> Curve:
    """Put the times of a landmark analysis on the clock of the others."""
    steps = curve.steps.assign(time_months=curve.steps["time_months"] + begin)
    value, lower, upper = (m + begin for m in curve.median)
    return replace(
        curve, steps=steps, median=(value, lower, upper),
        risk={t + begin: n for t, n in curve.risk.items()},
        deaths={t + begin: n for t, n in curve.deaths.items()},
    )  # fmt: skip


def _analyses(sets: list[str]) -> int:
    """Columns: the analyses of one treatment, so that a row is a treatment."""
    first = sets[0].partition(":")[0]
    return min(sum(s.startswith(f"{first}:") for s in sets), COLUMNS)


def _ratio(table: pd.DataFrame, stratum_set: str) -> str:
    treatment, _, term = stratum_set.partition(":")
    rows = table[table["stratum_set"].eq(treatment) & table["term"].eq(term)]
    rows = rows[rows["measure"].eq("hazard_ratio")]
    if rows.empty or rows["estimate"].isna().all():
        return "hazard ratio not estimated"
    r = rows.iloc[0]
    return f"HR {r['estimate']:.2f} ({r['lower']:.2f}–{r['upper']:.2f})"


def _remarks(table: pd.DataFrame, sets: list[str]) -> list[str]:
    shown = {s.partition(":")[0] for s in sets}
    gone = table[~table["stratum_set"].isin(shown) & table["note"].ne("")]
    found = [f"{plain(str(r['stratum_set']))}: {r['note']}." for _, r in gone.iterrows()]
    for name in sorted(shown):
        rows = table[table["stratum_set"].eq(name) & table["term"].eq("naive")]
        notes = [n for n in dict.fromkeys(rows["note"]) if n]
        found += [f"{plain(name)}: {note}." for note in notes[:1]]
    return list(dict.fromkeys(found))


def _key(page: Page) -> None:
    x = MARGIN
    for i, words in enumerate(GROUPS.values()):
        colour, dashes = km.look(i)
        page.line((x, x + 6), (2.5, 2.5), color=colour, linestyle=dashes, linewidth=1.2)
        page.text(x + 7.2, 2.5, words, fontsize=SMALL)
        x += 7.2 + style.text_width(words, SMALL) + 5


def _panel(
    page: Page, source: Source, name: str, curves: list[Curve], ratio: str, place: Place
) -> None:
    treatment = name.partition(":")[0]
    top = place.top - HEAD
    bold: dict[str, Any] = {"fontsize": SMALL, "fontweight": "bold"}
    page.text(place.x, top + LINE / 2, plain(treatment), **bold)
    words = _words(name).partition(", ")[2]
    page.text(place.x, top + 1.5 * LINE, words, fontsize=SMALL)
    page.text(place.x, top + 2.5 * LINE, ratio, fontsize=SMALL, color=style.QUIET)
    end = source.settings.follow_up_months
    axes = page.axes(place.x, place.top, place.wide, place.tall)
    km.prepare(axes, end, [float(t) for t in range(0, int(end) + 1, 12)])
    axes.tick_params(labelleft=place.first)
    begin = _begin(name)
    if begin:
        axes.axvline(begin, color=style.QUIET, linewidth=0.6, linestyle=(0, (2, 2)))
    below = place.top + place.tall + 3.6
    if place.first:
        page.text(place.x - 9.5, place.top + place.tall / 2, Y_LABEL, rotation=90, ha="center",
                  fontsize=SMALL)  # fmt: skip
        page.text(MARGIN, below + LINE / 2, "At risk", fontsize=SMALL, color=style.QUIET)
    if place.last:
        label = "Months since time zero"
        page.text(place.x + place.wide / 2, below + 3.6 * LINE, label, ha="center", fontsize=SMALL)
    order = list(GROUPS)
    for curve in curves:
        i = order.index(curve.stratum)
        km.draw(axes, curve, *km.look(i))
        for t in km.thinned([t for t in sorted(curve.risk) if t <= end], end, place.wide, 8.0):
            page.text(place.x + place.wide * t / end, below + (i + 1.5) * LINE,
                      count(curve.risk[t]), ha="center", fontsize=SMALL,
                      color=km.look(i)[0])  # fmt: skip


def _caption(source: Source) -> str:
    return (
        f"{TITLE}: {source.label}. Naive: treated from time zero on, whenever treatment began, "
        "which credits treatment with the time that patients had to live to receive it. Landmark: "
        "those at risk at the dashed line, by treatment until then. Time-varying: patients leave "
        "the untreated and enter the treated curve on the day of treatment (Simon and Makuch). "
        f"Shaded: 95 % bands; curves stop where fewer than {km.MINIMUM_AT_RISK} are at risk; below "
        "them numbers at risk, in the colour of the curve. HR: treated against not treated. "
        "Associations: nobody drew lots."
    )


FIGURE: Final = Figure("immortal_time", TITLE, TABLES, draw)
