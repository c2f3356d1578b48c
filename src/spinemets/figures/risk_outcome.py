"""Predicted risks by what had happened at the horizon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from spinemets.figures import style
from spinemets.figures.base import Drawing, Figure, empty
from spinemets.figures.distribution import draw_key, key_lines
from spinemets.figures.multiples import Place, multiples
from spinemets.figures.source import Source, horizon_words, records, span
from spinemets.figures.style import SMALL, Page
from spinemets.results import kind_of

if TYPE_CHECKING:
    import pandas as pd

TABLES: Final = ("risk_distribution", "score_notes")
TITLE: Final = "Predicted risks by outcome"
#: The horizon that is drawn where it has risks, else the middle one.
USUAL: Final = "6mo"
#: Outcome -> label, colour, hatch; the dead above the line, the others below it.
OUTCOMES: Final[dict[str, tuple[str, str, str]]] = {
    "dead": ("dead by the horizon", style.COLOURS[1], ""),
    "alive": ("alive at the horizon", style.COLOURS[0], ""),
    "censored": ("follow-up ended before the horizon", "#BFBFBF", "////"),
}
#: A risk that all patients of a band share is drawn as a bar of this width.
NARROW: Final = 0.025
KEY_LINE: Final = 4.0
LEFT: Final = 13.0
GAP: Final = 12.0
COLUMNS: Final = 3


def draw(source: Source) -> Drawing:
    """
    Draw the distributions.

    Parameters
    ----------
    source : Source
        Released tables.

    Returns
    -------
    Drawing
        A panel per score: risks of the dead upwards, of the living downwards.
    """
    width = source.settings.width_mm
    table = source.table("risk_distribution")
    shown = table[table["n"].notna() & table["source"].ne("apparent")]
    if shown.empty:
        why = "Every count is withheld." if len(table) else "No score has a risk."
        return empty(source, width, why, list(TABLES))
    horizons = list(dict.fromkeys(shown["horizon"]))
    horizon = USUAL if USUAL in horizons else horizons[len(horizons) // 2]
    shown = shown[shown["horizon"].eq(horizon)]
    keys = list(dict.fromkeys(zip(shown["score"], shown["variant"], strict=True)))
    remarks = source.score_footnotes([s for s, _ in keys])
    key, when = list(OUTCOMES.values()), horizon_words(horizon)
    _, _, narrow = style.columns(width, len(keys), LEFT, GAP, COLUMNS)
    page, places = multiples(
        source, len(keys), remarks, left=LEFT, gap=GAP, most=COLUMNS,
        above=2.0 + key_lines(key, narrow) * KEY_LINE, head=8.5, tall=32.0, foot=9.5,
    )  # fmt: skip
    draw_key(page, key)
    for score, place in zip(keys, places, strict=True):
        mine = shown[shown["score"].eq(score[0]) & shown["variant"].eq(score[1])]
        _panel(page, place, mine, source.score(*score))
    names = [source.score(s, v) for s, v in zip(shown["score"], shown["variant"], strict=True)]
    totals = shown.groupby(["score", "variant"], sort=False)["n"].sum()
    withheld = bool(table.loc[table["horizon"].eq(horizon), "n"].isna().any())
    return Drawing(
        page,
        shown.assign(label=names).drop(columns="cohort"),
        caption=f"{TITLE} at {when}: {source.label}. Patients with a risk "
        f"(n {span([int(n) for n in totals])}): above the line those dead by then, below it those "
        "alive, hatched those whose follow-up ended before. Risks from elsewhere are the authors' "
        "or supplied; risks fitted here are cross-fitted. The further the two sides lie apart, the "
        "better the risk separates them." + (" Withheld counts are not drawn." if withheld else ""),
        alt=f"{TITLE} at {when}. {_spoken(source, shown, keys)}.",
        sources=list(TABLES),
        footnotes=remarks,
        units={"low": "probability", "high": "probability", "n": "patients"},
    )


def _spoken(source: Source, shown: pd.DataFrame, keys: list[tuple[str, str]]) -> str:
    parts = []
    for score, variant in keys:
        rows = shown[shown["score"].eq(score) & shown["variant"].eq(variant)]
        middle = (rows["low"].astype("float64") + rows["high"].astype("float64")) / 2
        said = []
        for outcome, (words, _, _) in OUTCOMES.items():
            mine = rows["outcome"].eq(outcome)
            n = int(rows.loc[mine, "n"].sum())
            if n:
                mean = float((middle[mine] * rows.loc[mine, "n"].astype("float64")).sum()) / n
                said.append(f"{n} {words}, mean risk {mean:.2f}")
        parts.append(f"{source.score(score, variant)}: {', '.join(said)}")
    return "; ".join(parts)


def _panel(page: Page, place: Place, rows: pd.DataFrame, name: str) -> None:
    origin = "from elsewhere" if kind_of(rows["source"].iloc[0]) == "foreign" else "fitted here"
    page.text(place.x, place.top - 6.2, name, fontweight="bold")
    words = f"risks {origin}, n {int(rows['n'].sum())}"
    page.text(place.x, place.top - 3.0, words, fontsize=SMALL, color=style.QUIET)
    axes = page.axes(place.x, place.top, place.wide, place.tall)
    base: dict[float, float] = {}
    for outcome, (_, colour, hatch) in OUTCOMES.items():
        for row in records(rows[rows["outcome"].eq(outcome)]):
            low, high = float(row["low"]), float(row["high"])
            middle, up = (low + high) / 2, outcome == "dead"
            below = 0.0 if up else base.get(middle, 0.0)
            axes.bar(
                middle, int(row["n"]) if up else -int(row["n"]), bottom=-below,
                width=max(high - low, NARROW) * 0.9, color=colour, hatch=hatch or None,
                edgecolor=style.QUIET if hatch else "white", linewidth=0.3,
            )  # fmt: skip
            if not up:
                base[middle] = below + int(row["n"])
    axes.axhline(0, color=style.INK, linewidth=0.6)
    axes.spines["bottom"].set_visible(False)
    axes.grid(axis="y", color=style.GRID, linewidth=0.5)
    axes.set(xlim=(0, 1), xlabel="Predicted risk of death")
    axes.yaxis.set_major_locator(_integers())
    axes.yaxis.set_major_formatter(lambda v, _: f"{abs(v):g}")
    if place.first:
        axes.set_ylabel("Patients")


def _integers() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=6, integer=True, steps=[1, 2, 5, 10])


FIGURE: Final = Figure("risk_distribution", TITLE, TABLES, draw)
