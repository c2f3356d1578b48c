"""
Figures: each drawn from released tables alone, with its data, caption and alt text.

The figure room has no key to the private room: what is drawn is exactly what was released.
"""

from typing import Final

from spinemets import strata
from spinemets.figures import (
    advised,
    bands,
    centres,
    computability,
    context,
    crossing,
    differences,
    distribution,
    dots,
    era_drift,
    forest,
    hazard_ratios,
    immortal_time,
    incidence,
    kaplan_meier,
    medians,
    missing_data,
    panels,
    risk_outcome,
    splines,
    treatments,
)
from spinemets.figures.base import Drawing, Figure, write
from spinemets.figures.source import Source

_ALL: Final = (
    kaplan_meier.OVERALL,
    *(kaplan_meier.by_group(grouping) for grouping in strata.available()),
    kaplan_meier.INCLUSION,
    crossing.FIGURE,
    medians.FIGURE,
    incidence.FIGURE,
    bands.FIGURE,
    forest.FIGURE,
    *dots.FIGURES,
    differences.FIGURE,
    risk_outcome.FIGURE,
    centres.FIGURE,
    *panels.FIGURES,
    distribution.FIGURE,
    computability.FIGURE,
    missing_data.FIGURE,
    context.SURVIVAL,
    context.DISCRIMINATION,
    hazard_ratios.FIGURE,
    splines.FIGURE,
    era_drift.FIGURE,
    treatments.FIGURE,
    immortal_time.FIGURE,
    advised.FIGURE,
)
#: Every figure by name; ``spinemets.released`` repeats the tables for the workflow (tested).
FIGURES: Final[dict[str, Figure]] = {figure.name: figure for figure in _ALL}

_GROUPING: Final = "kaplan_meier_"


def find(name: str) -> Figure | None:
    """
    Look a figure up; an own grouping or a crossing has a Kaplan-Meier figure too.

    Parameters
    ----------
    name : str
        Name of the figure.

    Returns
    -------
    Figure or None
        None when there is no such figure.

    Examples
    --------
    >>> find("kaplan_meier_primary_group_x_treatment").title
    'Overall survival by primary histology and treatment'
    """
    if name in FIGURES or not name.startswith(_GROUPING):
        return FIGURES.get(name)
    return kaplan_meier.by_group(name.removeprefix(_GROUPING))


__all__ = ["FIGURES", "Drawing", "Figure", "Source", "find", "write"]
