"""
Figures: each drawn from released tables alone, with its data, caption and alt text.

The figure room has no key to the private room: what is drawn is exactly what was released.
"""

from typing import Final

from spinemets import strata
from spinemets.figures import (
    bands,
    computability,
    context,
    distribution,
    dots,
    forest,
    kaplan_meier,
    panels,
)
from spinemets.figures.base import Drawing, Figure, write
from spinemets.figures.source import Source

_ALL: Final = (
    kaplan_meier.OVERALL,
    *(kaplan_meier.by_group(grouping) for grouping in strata.available()),
    kaplan_meier.INCLUSION,
    bands.FIGURE,
    forest.FIGURE,
    *dots.FIGURES,
    *panels.FIGURES,
    distribution.FIGURE,
    computability.FIGURE,
    context.SURVIVAL,
    context.DISCRIMINATION,
)
#: Every figure by name; ``spinemets.released`` repeats the tables for the workflow (tested).
FIGURES: Final[dict[str, Figure]] = {figure.name: figure for figure in _ALL}

__all__ = ["FIGURES", "Drawing", "Figure", "Source", "write"]
