"""Treatment given against treatment advised: who got what, and how they fared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from spinemets import strata
from spinemets.figures import curve_twin, style
from spinemets.figures import curves as km
from spinemets.figures.base import MARGIN, Drawing, Figure, draw_footer, empty, footer_height
from spinemets.figures.curves import Curve
from spinemets.figures.layouts import LINE
from spinemets.figures.source import NOT_SHOWN, Source, count
from spinemets.figures.style import SMALL, Page

if TYPE_CHECKING:
    import pandas as pd

CURVES: Final = ("kaplan_meier_advice", "at_risk_advice", "survival_advice")
TABLES: Final = ("advice", *CURVES, "treatment", "score_notes")
TITLE: Final = "Treatment given and treatment advised"
ANSWERS: Final = {
    "concordant": "concordant",
    "discordant": "discordant",
    "not_assessable": "not assessable",
}
#: Light enough for the numbers in the cells; lines and names take the strong colours.
FILLS: Final = {"concordant": "#BFDCEF", "discordant": "#F7CDB2", "not_assessable": "#E2E2E2"}
HATCHES: Final = {"concordant": "", "discordant": "////", "not_assessable": "...."}
#: What is advised where the band isn't known.
OPEN: Final = "not determined"
#: A pathway that a study doesn't compute isn't among its notes on scores.
SHORT: Final = {"noms_2013": "NOMS 2013", "delank_2011_surgery": "Delank 2011, surgery"}
CELL: Final = 4.4
#: Names of the treatments stand on end above the first score.
ABOVE: Final = 27.0
HEAD: Final = 5.0
LABEL: Final = 32.0
CHART: Final = 15.0
BESIDE: Final = 61.0
TWO_COLUMNS: Final = 150.0
GAP: Final = 2.5


@dataclass
class Block:
    """
    One score.

    Parameters
    ----------
    score, title : str
        Id and name.
    cells : pandas.DataFrame
        Released counts.
    bands : list of str
        What was advised, from the top.
    curves : list of Curve
        Survival by answer.
    ratio : str
        Concordant against discordant within bands, in words.
    """

    score: str
    title: str
    cells: pd.DataFrame
    bands: list[str]
    curves: list[Curve]
    ratio: str

    @property
    def matrix(self) -> float:
        """Height of the counts."""
        return HEAD + CELL * len(self.bands) + 1

    @property
    def picture(self) -> float:
        """Height of the curves with their words and numbers at risk."""
        return LINE * (2 * len(self.curves) + 2.4) + CHART + 4.5


def draw(source: Source) -> Drawing:
    """
    Draw counts of advised against given, and survival by answer, score by score.

    Parameters
    ----------
    source : Source
        Released tables.

    Returns
    -------
    Drawing
        One block per score.
    """
    width = source.settings.width_mm
    table = source.table("advice")
    if table["n"].isna().all():
        reason = "Every count is withheld." if len(table) else "No score advises a treatment here."
        return empty(source, width, reason, list(TABLES))
    if table["answer"].eq("not_assessable").all():
        reason = f"What was given can't be held against any advice: {_open(table)}."
        return empty(source, width, reason, list(TABLES))
    blocks, left_out = _blocks(source, table)
    given = list(dict.fromkeys(table["given"]))
    order = [g for g in strata.labels("treatment") if g in given]
    given = [*order, *(g for g in given if g not in order)]
    remarks = km.not_drawn(left_out) + source.score_footnotes([b.score for b in blocks])
    page = _page(source, blocks, given, width, remarks)
    return Drawing(
        page,
        _data(blocks),
        caption=_caption(source),
        alt=f"{TITLE}. {_spoken(blocks)}.",
        sources=list(TABLES),
        footnotes=remarks,
        units={**curve_twin.UNITS, "deaths": "deaths"},
    )


def _open(table: pd.DataFrame) -> str:
    """Why no answer can be given, in words."""
    first = table[table["score"].eq(table["score"].iloc[0])]
    n = count(first["n"].sum() if first["n"].notna().all() else None)
    what = "the band isn't determined" if table["advised"].eq(OPEN).all() else ""
    given = "the treatment isn't recorded" if table["given"].eq("not_recorded").all() else ""
    why = " and ".join(x for x in (what, given) if x) or "a column of treatment is missing"
    return f"in all {n} patients {why}"


def _blocks(source: Source, table: pd.DataFrame) -> tuple[list[Block], list[km.LeftOut]]:
    treatment = source.table("treatment")
    rows = treatment[treatment["model"].eq("advice") & treatment["measure"].eq("hazard_ratio")]
    blocks, left_out = [], []
    for score, cells in table.groupby("score", sort=False):
        name = str(score)
        curves, gone = km.read(source, CURVES, f"advice:{name}", ANSWERS)
        title = SHORT.get(name) or source.score(name)
        left_out += [(f"{title} {who}", why) for who, why in gone]
        found = list(dict.fromkeys(cells["advised"]))
        known = [b for b in source.facts(name, "band") if b in found]
        bands = [*known, *(b for b in found if b not in (*known, OPEN))]
        bands += [OPEN] if OPEN in found else []
        ratio = rows[rows["score"].eq(name) & rows["estimate"].notna()]
        words = "hazard ratio not estimated"
        if len(ratio):
            r = ratio.iloc[0]
            words = f"HR {r['estimate']:.2f} ({r['lower']:.2f}–{r['upper']:.2f})"
        blocks.append(Block(name, title, cells, bands, curves, words))
    return blocks, left_out


def _page(
    source: Source, blocks: list[Block], given: list[str], width: float, remarks: list[str]
) -> Page:
    two = width >= TWO_COLUMNS
    beside = BESIDE if two else 0.0
    heights = [max(b.matrix, b.picture) if two else b.matrix + b.picture for b in blocks]
    total = ABOVE + sum(heights) + GAP * len(blocks)
    page = Page(width, total + footer_height(source, width, remarks))
    label = LABEL if two else 22.0
    room = width - 2 * MARGIN - label - beside - (4 if two else 0)
    cell = min(room / (len(given) + 1), 11.0)
    _key(page)
    y = ABOVE
    for block, height in zip(blocks, heights, strict=True):
        _matrix(page, block, given, (MARGIN, y, label, cell), names=block is blocks[0])
        place = (width - MARGIN - BESIDE + 8, y) if two else (MARGIN + 9, y + block.matrix)
        _picture(page, source, block, place, BESIDE - 10)
        y += height + GAP
    draw_footer(page, source, remarks)
    return page


def _key(page: Page) -> None:
    x = MARGIN
    for answer, words in ANSWERS.items():
        _box(page, (x, 1.2, 4.5, 2.8), answer)
        page.text(x + 6, 2.6, words, fontsize=SMALL)
        x += 6 + style.text_width(words, SMALL) + 4


def _box(page: Page, place: tuple[float, float, float, float], answer: str) -> None:
    from matplotlib.patches import Rectangle

    x, y, wide, high = place
    corner = (x / page.width, 1 - (y + high) / page.height)
    box = Rectangle(corner, wide / page.width, high / page.height, facecolor=FILLS[answer],
                    edgecolor="white", linewidth=0.5, hatch=HATCHES[answer],
                    transform=page.figure.transFigure)  # fmt: skip
    page.figure.add_artist(box)


def _matrix(
    page: Page,
    block: Block,
    given: list[str],
    place: tuple[float, float, float, float],
    *,
    names: bool,
) -> None:
    """Patients by what was advised (rows) and given (columns), coloured by the answer."""
    x, top, label, cell = place
    page.text(x, top + LINE / 2, block.title, fontsize=SMALL, fontweight="bold")
    page.text(x + label + cell * (len(given) + 0.5), top + 1.2 * LINE, "all", ha="center",
              fontsize=SMALL, color=style.QUIET)  # fmt: skip
    if names:
        lines = max(int(cell // LINE), 1)
        for j, name in enumerate(given):
            words = style.wrap(strata.label("treatment", name), ABOVE - 5, SMALL)
            words = [*words[: lines - 1], " ".join(words[lines - 1 :])] if words[lines:] else words
            for k, line in enumerate(words):
                offset = (k - (len(words) - 1) / 2) * LINE
                page.text(x + label + (j + 0.5) * cell + offset, top - 0.5,
                          style.fit(line, ABOVE - 4.5), rotation=90, ha="center", va="bottom",
                          fontsize=SMALL)  # fmt: skip
    for i, band in enumerate(block.bands):
        y = top + HEAD + i * CELL
        rows = block.cells[block.cells["advised"].eq(band)]
        page.text(x, y + CELL / 2, style.fit(band, label - 1.5), fontsize=SMALL)
        for j, name in enumerate(given):
            mine = rows[rows["given"].eq(name)]
            _cell(page, mine, (x + label + j * cell, y, cell))
        total = rows["n"].sum() if rows["n"].notna().all() else None
        page.text(x + label + cell * (len(given) + 0.5), y + CELL / 2, count(total), ha="center",
                  fontsize=SMALL, color=style.QUIET)  # fmt: skip


def _cell(page: Page, rows: pd.DataFrame, place: tuple[float, float, float]) -> None:
    """One cell; where answers differ (a column was missing in some) its width is shared."""
    x, y, cell = place
    if rows.empty:
        return
    known = bool(rows["n"].notna().all())
    whole = float(rows["n"].sum()) if known else 0.0
    left = x
    for answer in ANSWERS:
        mine = rows[rows["answer"].eq(answer)]
        if mine.empty:
            continue
        share = float(mine["n"].sum()) / whole if whole else 1 / rows["answer"].nunique()
        _box(page, (left, y, cell * share, CELL), answer)
        left += cell * share
    text = count(whole) if known else NOT_SHOWN
    page.text(x + cell / 2, y + CELL / 2, text, ha="center", fontsize=SMALL, zorder=4)


def _picture(
    page: Page, source: Source, block: Block, place: tuple[float, float], room: float
) -> None:
    """Survival by answer, with patients, deaths, medians and numbers at risk."""
    x, y = place
    if not block.curves:
        page.text(x, y + HEAD, "too few patients for curves", fontsize=SMALL, color=style.QUIET)
        return
    page.text(x - 8, y + LINE / 2, f"{block.ratio}, within bands", fontsize=SMALL,
              color=style.QUIET)  # fmt: skip
    order = list(ANSWERS)
    at = y + 1.2 * LINE
    for curve in block.curves:
        at += LINE
        colour, dashes = _look(order.index(curve.stratum))
        page.line((x - 8, x - 3), (at, at), color=colour, linestyle=dashes, linewidth=1.2)
        words = (
            f"{curve.label}: {count(curve.events)}/{count(curve.n)}, {curve.median_text()} months"
        )
        page.text(x - 2, at, words, fontsize=SMALL)
    top = at + LINE
    end = source.settings.follow_up_months
    times = km.thinned(km.risk_times(block.curves, end), end, room)
    axes = page.axes(x, top, room, CHART)
    km.prepare(axes, end, times)
    axes.set_yticks([0, 0.5, 1.0], ["0", "50", "100"])
    below = top + CHART + 3.6
    for i, curve in enumerate(block.curves):
        colour, dashes = _look(order.index(curve.stratum))
        km.draw(axes, curve, colour, dashes, 1.0)
        row = below + (i + 0.6) * LINE
        page.line((x - 8, x - 4.5), (row, row), color=colour, linestyle=dashes, linewidth=1.2)
        for t in times:
            page.text(x + room * t / end, row, count(curve.risk.get(t)), ha="center",
                      fontsize=SMALL)  # fmt: skip


def _look(place: int) -> tuple[str, Any]:
    """Grey for what can't be assessed."""
    colour, dashes = km.look(place)
    return (style.QUIET if place == len(ANSWERS) - 1 else colour), dashes


def _data(blocks: list[Block]) -> pd.DataFrame:
    import pandas as pd

    counts = pd.concat([b.cells for b in blocks]).assign(element="patients")
    counts = counts[["score", "element", "advised", "given", "answer", "n", "deaths"]]
    lines = [curve_twin.data(b.curves, b.score) for b in blocks if b.curves]
    return pd.concat([counts, *lines], ignore_index=True)


def _caption(source: Source) -> str:
    return (
        f"{TITLE}: {source.label}. Left: patients by what the score or pathway advised (rows) and "
        "what was given (columns), coloured by whether both agree; a divided cell holds patients "
        "in whom a missing column leaves it open. Right: survival by answer, deaths/patients and "
        "median in months with 95 % interval, numbers at risk; a curve stops where fewer than "
        f"{km.MINIMUM_AT_RISK} are at risk. HR: concordant against discordant, stratified by band. "
        "The bands advise by prognosis, so unstratified curves differ whatever is given; "
        "associations, not effects. Reading advice as columns is a decision of this project."
    )


def _spoken(blocks: list[Block]) -> str:
    return "; ".join(
        f"{b.title}: {curve_twin.spoken(b.curves) or 'no curves'}; {b.ratio}" for b in blocks
    )


FIGURE: Final = Figure("treatment_advice", TITLE, TABLES, draw)
