"""Kaplan-Meier overall, by primary histology, by treatment, and included against left out."""

from __future__ import annotations

from functools import partial
from typing import Final

from spinemets import groupings, strata
from spinemets.figures import curve_twin, layouts
from spinemets.figures import curves as km
from spinemets.figures.base import Drawing, Figure, empty
from spinemets.figures.curves import Curve
from spinemets.figures.source import NOT_SHOWN, Source, count
from spinemets.released import figure_of_grouping

TABLES: Final = ("kaplan_meier", "at_risk", "survival_summary")
#: More curves than this are drawn as one panel each: their bands would hide one another.
MOST_IN_ONE: Final = 3

#: The strata of a treatment are known only once it was given; nobody drew lots.
NOT_ALLOCATED: Final = (
    "Groups are the treatment that was given, not allocated at random: differences between the "
    "curves are no effects of treatment."
)


def caption(source: Source, curves: list[Curve], what: str) -> str:
    """
    Caption of a figure of curves.

    Parameters
    ----------
    source : Source
        Released tables.
    curves : list of Curve
        What was drawn.
    what : str
        What is shown.

    Returns
    -------
    str
        Sentences with patients and deaths.
    """
    shown = [c for c in curves if count(c.n) != NOT_SHOWN]
    total = sum(int(c.n) for c in shown)
    known = all(count(c.events) != NOT_SHOWN for c in shown)
    died = f", {sum(int(c.events) for c in shown)} deaths" if known else ""
    text = (
        f"{what} in {total} patients{died}: {source.label}. Shaded: pointwise 95 % confidence "
        f"bands (log-log). A curve stops where fewer than {km.MINIMUM_AT_RISK} patients are at "
        f"risk; below it the numbers at risk. Median in months with its 95 % interval; NR: not "
        "reached."
    )
    if source.info.get("disclosure", {}).get("applied"):
        text += " Curves are on a monthly grid, from rounded counts."
    return text


def draw_grouping(source: Source, stratum_set: str, what: str, *, narrow: bool) -> Drawing:
    """
    Draw the curves of one grouping.

    Parameters
    ----------
    source : Source
        Released tables.
    stratum_set : str
        Grouping.
    what : str
        What is shown, for the caption.
    narrow : bool
        One column wide.

    Returns
    -------
    Drawing
        Curves in one panel, or one panel per group when there are many.
    """
    curves, left_out = km.read(source, TABLES, stratum_set, km.labels(stratum_set))
    narrow = narrow or len(curves) == 1
    width = source.settings.column_mm if narrow else source.settings.width_mm
    if not curves:
        reason = " ".join(km.not_drawn(left_out)) or "No patients in this grouping."
        return empty(source, width, reason, list(TABLES))
    extra, remarks = "", km.not_drawn(left_out) + groupings.to_verify([stratum_set])
    if len(curves) > MOST_IN_ONE:
        whole, _ = km.read(source, TABLES, "overall", km.labels("overall"))
        page = layouts.panels(source, curves, whole, width, remarks)
        extra = " Grey line: all patients." if whole else ""
    else:
        page = layouts.one_panel(source, curves, width, remarks)
    if stratum_set == "treatment":
        extra += " " + NOT_ALLOCATED
    if len(curves) == 1 and stratum_set != "overall":
        extra = f" One group only: {curves[0].label}."
    if stratum_set == "inclusion" and source.info.get("include"):
        extra += f" Included: {source.info['include']}."
    return Drawing(
        page,
        curve_twin.data(curves),
        caption=caption(source, curves, what) + extra,
        alt=f"{what}, percent alive against months. {curve_twin.spoken(curves)}.",
        sources=list(TABLES),
        footnotes=remarks,
        units=curve_twin.UNITS,
        title=what,
    )


def _figure(name: str, title: str, stratum_set: str, narrow: bool) -> Figure:
    drawer = partial(draw_grouping, stratum_set=stratum_set, what=title, narrow=narrow)
    return Figure(name, title, TABLES, drawer)


def by_group(grouping: str) -> Figure:
    """
    Figure of the survival of the groups of one grouping.

    Parameters
    ----------
    grouping : str
        Grouping of ``spinemets.strata``.

    Returns
    -------
    Figure
        Its entry in the registry.
    """
    title = f"Overall survival by {strata.title(grouping)}"
    return _figure(figure_of_grouping(grouping), title, grouping, False)


OVERALL: Final = _figure("kaplan_meier_overall", "Overall survival", "overall", True)
INCLUSION: Final = _figure(
    "kaplan_meier_inclusion",
    "Overall survival of included and left-out patients",
    "inclusion",
    True,
)
