"""What is missing for the scores, and how patients without a score differ from those with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from spinemets.figures import style
from spinemets.figures.base import MARGIN, Drawing, Figure, draw_footer, empty, footer_height
from spinemets.figures.source import NOT_SHOWN, Source, count, plain
from spinemets.figures.style import SMALL, Page

if TYPE_CHECKING:
    import pandas as pd

TABLES: Final = ("missing_items", "lost_patients", "survival_scored", "score_notes")
TITLE: Final = "Missing data, and who is lost to each score"
LINE: Final = style.line_height(SMALL)
ROW: Final = LINE + 0.9
CELL: Final = 2 * LINE + 1.2
#: A difference from which groups are usually called unlike (Austin 2009).
UNLIKE: Final = 0.1
#: The difference with the darkest tint: black text keeps its contrast on it.
DARK: Final = 0.8
TINT: Final = 0.55
ORANGE: Final = (0.84, 0.37, 0.0)
SHORT: Final = {
    "age_years": "age", "sex": "sex", "primary_group": "primary", "kps": "KPS", "ecog": "ECOG",
    "ambulatory_before": "ambulatory", "visceral_metastases": "visceral", "treatment": "treatment",
}  # fmt: skip
#: Room above the panels, for upright headings.
HEAD: Final = 7 * LINE
UNITS: Final = (" g per l", " mg per l", " mmol per l", " umol per l", " u per l", " 10e9 per l",
                " years")  # fmt: skip


def draw(source: Source) -> Drawing:
    """
    Draw missing values per item, and the differences between those without and with each score.

    Parameters
    ----------
    source : Source
        Released tables.

    Returns
    -------
    Drawing
        Left the items, right a matrix of scores and characteristics with medians.
    """
    width = source.settings.width_mm
    items, lost = _items(source), _lost(source)
    if items.empty and lost.empty:
        return empty(source, width, "No score was computed.", list(TABLES))
    twin = _twin(items, lost)
    worst = items[items["percent"].gt(0)].head(3)
    most = ", ".join(f"{r['label']} {r['percent']:.0f} %" for r in worst.to_dict("records"))
    far = lost[lost["estimate"].ge(UNLIKE)]
    return Drawing(
        _page(source, items, lost, width),
        twin,
        caption=(
            f"{TITLE}: {source.label}. Left: patients with neither a value nor an interval, per "
            "item that a score reads. Right: patients without the score (neither total nor band "
            "known) against those with it: absolute standardised difference of each "
            f"characteristic, above {UNLIKE:g} usually called unlike; Kaplan-Meier median with / "
            "without the score, and log-rank P. A characteristic that the score reads differs "
            "where it is the reason for the gap."
        ),
        alt=(
            f"{TITLE}. Most often missing: {most or 'nothing'}. {len(far)} of "
            f"{int(lost['estimate'].notna().sum())} standardised differences are {UNLIKE:g} or "
            "more."
        ),
        sources=list(TABLES),
        footnotes=source.score_footnotes(list(dict.fromkeys(lost["score"]))),
        units={"percent": "percent of all patients", "with_months": "months",
               "without_months": "months"},
    )  # fmt: skip


def _name(column: str) -> str:
    words = plain(column)
    for unit in UNITS:
        words = words.removesuffix(unit)
    acronyms = {"Kps": "KPS", "Ecog": "ECOG", "Ldh": "LDH", "Crp": "CRP"}
    for wrong, right in acronyms.items():
        words = words.replace(wrong, right) if words.startswith(wrong) else words
    return words.replace("N vertebral", "Vertebral").replace("N extraspinal", "Extraspinal")


def _items(source: Source) -> pd.DataFrame:
    """Items, the most often missing first; those whose count is withheld last."""
    table = source.table("missing_items")
    share = 100 * table["n_missing"].astype("float64") / table["n"].astype("float64")
    table = table.assign(percent=share, label=[_name(c) for c in table["column"]])
    return table.sort_values("percent", ascending=False, kind="stable", ignore_index=True)


def _lost(source: Source) -> pd.DataFrame:
    """Differences, with the medians and the test of their score beside each."""
    table = source.table("lost_patients")
    summary = source.table("survival_scored")
    keys = ["score", "stratum"]
    medians = summary[summary["measure"].eq("median_survival_months")].set_index(keys)
    tests = summary[summary["measure"].eq("logrank_p")].drop_duplicates("score").set_index("score")
    out = table[["score", "stratum", "estimate", "note"]].rename(
        columns={"stratum": "characteristic"}
    )
    for side, name in (("scored", "with"), ("not_scored", "without")):
        rows = medians[medians.index.get_level_values("stratum") == side].droplevel("stratum")
        out[f"{name}_n"] = out["score"].map(rows["n"]).astype("Int64")
        out[f"{name}_months"] = out["score"].map(rows["estimate"]).astype("float64")
    out["logrank_p"] = out["score"].map(tests["estimate"]).astype("float64")
    return out


def _twin(items: pd.DataFrame, lost: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    left = items[["column", "n_missing", "n", "percent"]].assign(element="item")
    right = lost.assign(element="difference")
    made = pd.concat([left, right], ignore_index=True)
    return made[["element", *[c for c in made if c != "element"]]]


def _page(source: Source, items: pd.DataFrame, lost: pd.DataFrame, width: float) -> Page:
    wide = width >= 140
    scores = list(dict.fromkeys(lost["score"]))
    head, top = HEAD if wide else 2 * LINE + 2.5, MARGIN
    left = 0.40 * width if wide else width
    below = 0.0 if wide else HEAD + len(items) * ROW + 8
    tall = max(len(items) * ROW + 6, len(scores) * CELL) if wide else len(scores) * CELL + below
    page = Page(width, top + head + tall + 3 + footer_height(source, width))
    _bars(page, items, top + head, left)
    start = left + 5 if wide else MARGIN
    _matrix(page, source, lost, scores, (start, top + below + head, width - MARGIN - start))
    draw_footer(page, source)
    return page


def _bars(page: Page, items: pd.DataFrame, top: float, right: float) -> None:
    page.text(MARGIN, top - LINE - 1, "Missing, percent of patients", fontsize=SMALL,
              fontweight="bold")  # fmt: skip
    names = 33.0
    axes = page.axes(MARGIN + names, top, right - names - MARGIN - 8, max(len(items), 1) * ROW)
    axes.set(xlim=(0, 100), ylim=(len(items), 0), yticks=[], xticks=[0, 50, 100])
    axes.tick_params(axis="x", labelsize=SMALL)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for i, row in enumerate(items.to_dict("records")):
        y = top + (i + 0.5) * ROW
        label = style.wrap(row["label"], names - 1.5, SMALL)
        page.text(MARGIN, y, label[0] + (" …" if len(label) > 1 else ""), fontsize=SMALL)
        known = row["percent"] == row["percent"]
        if known:
            axes.barh(i + 0.5, row["percent"], height=0.62, color=style.COLOURS[0])
        at = row["percent"] if known else 0.0
        words = f"{at:.0f}" if not known or at >= 1 or at == 0 else "< 1"
        axes.text(at + 2, i + 0.5, words if known else NOT_SHOWN, va="center", fontsize=SMALL,
                  parse_math=False, clip_on=False)  # fmt: skip


def _matrix(
    page: Page,
    source: Source,
    lost: pd.DataFrame,
    scores: list[str],
    box: tuple[float, float, float],
) -> None:
    """Scores by characteristics; then medians with and without the score."""
    x, top, width = box
    shown = list(dict.fromkeys(lost["characteristic"]))
    names, counts, medians = 23.0, 9.0, 22.0
    cell = (width - names - counts - medians) / max(len(shown), 1)
    edge = x + names + counts
    bold = {"fontsize": SMALL, "fontweight": "bold"}
    heads = [(x, "Score"), (edge + len(shown) * cell + 2, "Median months with / without")]
    for at, text in heads:
        lines = style.wrap(text, medians, SMALL, bold=True)
        for k, line in enumerate(lines):
            page.text(at, top - 1.5 - (len(lines) - k - 0.5) * LINE, line.rstrip(), **bold)
    upright = [(x + names + counts / 2, "not scored")]
    upright += [(edge + (j + 0.5) * cell, SHORT.get(c, plain(c))) for j, c in enumerate(shown)]
    for at, text in upright:
        page.text(at, top - 1.5, text, ha="center", va="bottom", rotation=90, fontsize=SMALL)
    page.text(x, top - HEAD + LINE / 2, "Standardised differences, without against with the score",
              **bold)  # fmt: skip
    if not scores or not shown:
        return
    axes = page.axes(edge, top, len(shown) * cell, len(scores) * CELL)
    axes.set(xlim=(0, len(shown)), ylim=(len(scores), 0), xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_visible(False)
    for i, score in enumerate(scores):
        y = top + (i + 0.5) * CELL
        rows = lost[lost["score"].eq(score)].to_dict("records")
        label = style.wrap(source.score(score), names - 1, SMALL)[:2]
        for k, line in enumerate(label):
            page.text(x, y + (k - (len(label) - 1) / 2) * LINE, line, fontsize=SMALL)
        page.text(x + names + counts / 2, y, count(rows[0]["without_n"]), ha="center",
                  fontsize=SMALL)  # fmt: skip
        for row in rows:
            j = shown.index(row["characteristic"])
            _cell(page, axes, row["estimate"], i, j, edge + (j + 0.5) * cell, y)
        _survival(page, rows[0], edge + len(shown) * cell + 2, y)


def _cell(page: Page, axes: Any, gap: float, i: int, j: int, x: float, y: float) -> None:
    from matplotlib.patches import Rectangle

    known = gap == gap
    share = min(gap / DARK, 1.0) if known and gap >= UNLIKE else 0.0
    tint = tuple(1 - TINT * share * (1 - c) for c in ORANGE)
    axes.add_patch(
        Rectangle((j, i), 1, 1, facecolor=tint, edgecolor="white", linewidth=1.2, clip_on=False)
    )
    page.text(x, y, f"{gap:.2f}" if known else "–", ha="center", fontsize=SMALL)


def _survival(page: Page, row: Any, x: float, y: float) -> None:
    """Medians on one line, the test on the next."""
    words = [f"{v:.1f}" if v == v else "–" for v in (row["with_months"], row["without_months"])]
    p = row["logrank_p"]
    page.text(x, y - (LINE / 2 if p == p else 0), " / ".join(words), fontsize=SMALL)
    if p == p:
        text = "P < 0.001" if p < 0.001 else f"P {p:.3f}" if p < 0.1 else f"P {p:.2f}"
        page.text(x, y + LINE / 2, text, fontsize=SMALL, color=style.QUIET)


FIGURE: Final = Figure("missing_data", TITLE, TABLES, draw)
