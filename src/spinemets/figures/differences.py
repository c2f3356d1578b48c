"""Differences of Harrell's C between every two scores of a comparison set, with both intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from spinemets.figures import style
from spinemets.figures.base import MARGIN, Drawing, Figure, draw_footer, empty, footer_height
from spinemets.figures.multiples import TALLEST_PAGE
from spinemets.figures.source import Source, count, records
from spinemets.figures.style import FONT, SMALL, Page
from spinemets.results import SUSPECT

if TYPE_CHECKING:
    import pandas as pd

TABLES: Final = ("comparisons", "score_notes")
TITLE: Final = "Differences of Harrell's C between the scores"
FORMS: Final = {"points": "Points", "band": "Published bands"}
KEYS: Final = ("score", "variant", "other_score", "other_variant")
#: Room for the names of a pair and for the printed difference, millimetres.
LEFT: Final = 58.0
TEXT: Final = 34.0
HEAD: Final = 8.0
AXIS: Final = 9.5
LINE: Final = style.line_height(SMALL)
#: Narrowest axis; where there is no room for it the names of a pair take two lines.
NARROWEST: Final = 20.0
#: Width below which one column of estimates is drawn.
TWO_COLUMNS: Final = 150.0

Pair = tuple[str, str, str, str]


def draw(source: Source) -> Drawing:
    """
    Draw the differences.

    Parameters
    ----------
    source : Source
        Released tables.

    Returns
    -------
    Drawing
        A line per pair: the 95 % interval thick, the simultaneous one thin.
    """
    width = source.settings.width_mm
    table = source.table("comparisons")
    table = table[table["measure"].eq("harrell_c") & table["stratum_set"].eq("overall")]
    doubted = table["note"].str.contains(SUSPECT, regex=False)
    rows = table[~doubted & table["estimate"].notna() & table["lower"].notna()]
    rows = rows[rows["form"].isin(list(FORMS))]
    withheld = (
        ["Withheld: differences to a score whose declared direction this cohort contradicts."]
        if doubted.any()
        else []
    )
    if rows.empty:
        reason = "; ".join([*withheld, *dict.fromkeys(n for n in table["note"] if n)][:2])
        why = reason or "fewer than two scores can be compared"
        return empty(source, width, f"No difference: {why}.", list(TABLES))
    chosen = rows[rows["set"].eq(rows["set"].iloc[0])]
    pairs = list(dict.fromkeys(zip(*(chosen[k] for k in KEYS), strict=True)))
    ids = [s for pair in pairs for s in (pair[0], pair[2])]
    remarks = [*withheld, *source.score_footnotes(list(dict.fromkeys(ids)))]
    _, row = _sizes(width)
    room = TALLEST_PAGE - HEAD - AXIS - footer_height(source, width, remarks) - 2 * LINE
    most = max(int(room // row), 1)
    if len(pairs) > most:
        remarks = [f"{len(pairs) - most} further pairs stand in tables/comparisons.csv.", *remarks]
    forms = [f for f in FORMS if chosen["form"].eq(f).any()]
    page = _page(source, chosen, pairs[:most], forms if width >= TWO_COLUMNS else forms[:1],
                 width, remarks)  # fmt: skip
    labels = [_label(source, pair) for pair in zip(*(chosen[k] for k in KEYS), strict=True)]
    keep = ["set", *KEYS, "form", "estimate", "lower", "upper", "lower_simultaneous",
            "upper_simultaneous", "p_holm", "n", "events", "note"]  # fmt: skip
    spoken = "; ".join(
        f"{label}, {FORMS[row['form']].lower()}: {_interval(row)}"
        for label, row in zip(labels, records(chosen), strict=True)
    )
    return Drawing(
        page,
        chosen[keep].assign(label=labels),
        caption=f"{TITLE}: {source.label}. Set “{chosen['set'].iloc[0]}”, all scores on the same "
        "patients; above zero the first score of a pair orders them better. Thick lines: 95 % "
        "interval of the pair, printed beside it; thin lines: limits that hold for all pairs of a "
        "column at once.",
        alt=f"{TITLE}. {spoken}.",
        sources=list(TABLES),
        footnotes=remarks,
        units={"estimate": "difference of C", "n": "patients", "events": "deaths"},
    )


def _sizes(width: float) -> tuple[float, float]:
    """Room for the names of a pair, and height of its row."""
    left = min(LEFT, width - TEXT - MARGIN - NARROWEST)
    return left, (1 if left == LEFT else 2) * LINE + 1.6


def _label(source: Source, pair: Pair) -> str:
    return f"{source.score(pair[0], pair[1])} less {source.score(pair[2], pair[3])}"


def _interval(row: Any) -> str:
    # Three decimals, and the sign even of zero: at two, limits on either side of 0 looked alike.
    text = f"{row['estimate']:.3f} ({row['lower']:.3f} to {row['upper']:.3f})"
    return text.replace("-", "\u2212")


def _page(
    source: Source,
    rows: pd.DataFrame,
    pairs: list[Pair],
    forms: list[str],
    width: float,
    remarks: list[str],
) -> Page:
    left, row = _sizes(width)
    body = len(pairs) * row + 1.0
    page = Page(width, HEAD + body + AXIS + footer_height(source, width, remarks))
    room = (width - left - MARGIN) / len(forms)
    ends = rows[["lower", "lower_simultaneous", "upper", "upper_simultaneous"]].to_numpy(float)
    known = [float(v) for v in ends.ravel() if v == v]
    limits = (min([*known, 0.0]) - 0.005, max([*known, 0.0]) + 0.005)
    for i, pair in enumerate(pairs):
        lines = style.wrap(_label(source, pair), left - 3, SMALL)[:2]
        for k, words in enumerate(lines):
            offset = (k - (len(lines) - 1) / 2) * LINE
            page.text(MARGIN, HEAD + (i + 0.5) * row + offset, words, fontsize=SMALL)
    for k, form in enumerate(forms):
        mine = rows[rows["form"].eq(form)]
        x = left + k * room
        page.text(x, HEAD - 3, FORMS[form], fontweight="bold")
        after = x + style.text_width(FORMS[form], FONT, bold=True) + 2
        first = records(mine)[0]
        size = f"n {count(first['n'])}, deaths {count(first['events'])}"
        page.text(after, HEAD - 3, size, fontsize=SMALL, color=style.QUIET)
        axes = page.axes(x, HEAD, room - TEXT - 3, body)
        axes.set(xlim=limits, ylim=(body, 0), yticks=[], xlabel="Difference of C")
        axes.spines["left"].set_visible(False)
        axes.xaxis.set_major_locator(_few(2 if room - TEXT < 30 else 4))
        axes.axvline(0, color=style.QUIET, linewidth=0.6, zorder=0.5)
        found = {tuple(row[key] for key in KEYS): row for row in records(mine)}
        for i, pair in enumerate(pairs):
            _line(page, axes, found.get(pair), (i + 0.5) * row, x + room - TEXT - 1)
    draw_footer(page, source, remarks)
    return page


def _line(page: Page, axes: Any, row: Any, y: float, x: float) -> None:
    if row is None:
        page.text(x, HEAD + y, "no estimate", fontsize=SMALL, color=style.QUIET)
        return
    colour = style.COLOURS[0]
    if row["lower_simultaneous"] == row["lower_simultaneous"]:
        ends = [row["lower_simultaneous"], row["upper_simultaneous"]]
        axes.plot(ends, [y, y], color=colour, linewidth=0.6)
    axes.plot([row["lower"], row["upper"]], [y, y], color=colour, linewidth=1.6)
    axes.plot([row["estimate"]], [y], marker="o", markersize=3.2, color=colour)
    page.text(x, HEAD + y, _interval(row), fontsize=SMALL)


def _few(bins: int) -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=bins)


FIGURE: Final = Figure("differences", TITLE, TABLES, draw)
