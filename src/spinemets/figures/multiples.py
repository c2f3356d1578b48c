"""Small multiples: equal panels in rows, with room above and below each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from spinemets.figures import style
from spinemets.figures.base import draw_footer, footer_height
from spinemets.figures.source import Source
from spinemets.figures.style import Page

#: Highest page that a journal prints.
TALLEST_PAGE: Final = 230.0


@dataclass(frozen=True)
class Place:
    """
    Where a panel stands.

    Parameters
    ----------
    x, top, wide, tall : float
        Data area, millimetres.
    first, last : bool
        Whether it is the first of its row, and whether no panel stands below it.
    """

    x: float
    top: float
    wide: float
    tall: float
    first: bool
    last: bool


def multiples(
    source: Source,
    panels: int,
    remarks: Sequence[str],
    *,
    left: float,
    gap: float,
    most: int,
    above: float,
    head: float,
    tall: float,
    foot: float,
) -> tuple[Page, list[Place]]:
    """
    Lay out equal panels and write the footer.

    Parameters
    ----------
    source : Source
        Released tables.
    panels : int
        Number of panels.
    remarks : sequence of str
        What isn't drawn, and why.
    left, gap : float
        Room left of the first panel and between panels.
    most : int
        Columns on a full page.
    above : float
        Room above the first row, for a key or another panel.
    head, tall, foot : float
        Room above a panel, its data area, and the room below it; all in millimetres.

    Returns
    -------
    page : Page
        With the footer.
    places : list of Place
        In the order of reading.
    """
    full = source.settings.width_mm
    columns, wide, width = style.columns(full, panels, left, gap, most)
    rows = -(-panels // columns)
    around = above + rows * (head + foot) + footer_height(source, width, remarks)
    tall = max(min(tall, (TALLEST_PAGE - around) / rows), 8.0)
    page = Page(width, around + rows * tall)
    places = [
        Place(
            left + (i % columns) * (wide + gap),
            above + (i // columns) * (head + tall + foot) + head,
            wide, tall, i % columns == 0, i + columns >= panels,
        )
        for i in range(panels)
    ]  # fmt: skip
    draw_footer(page, source, remarks)
    return page, places
