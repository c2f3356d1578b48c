"""Which scores can be computed, and what is missing where they can't."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from spinemets.figures import style
from spinemets.figures.base import MARGIN, Drawing, Figure, draw_footer, empty, footer_height
from spinemets.figures.source import NOT_SHOWN, Source, count, plain, records
from spinemets.figures.style import SMALL, Page

if TYPE_CHECKING:
    import pandas as pd

TABLES: Final = ("computability", "score_items_missing", "score_notes")
TITLE: Final = "Which scores can be computed"
STATUSES: Final = {
    "determined": "total known",
    "bounded": "only the band known",
    "missing": "band unknown",
    "not_applicable": "not applicable",
}
LINE: Final = style.line_height(SMALL)
CELL: Final = 2 * LINE + 1.6
#: Items named beside the matrix, the most often missing first.
ITEMS_NAMED: Final = 4
#: The darkest tint: black text keeps a contrast of at least six to one on it.
DARKEST: Final = 0.6
BLUE: Final = (0.0, 0.36, 0.58)
ACRONYMS: Final = {"kps": "KPS", "ecog": "ECOG"}


def draw(source: Source) -> Drawing:
    """
    Draw the matrix of scores and statuses.

    Parameters
    ----------
    source : Source
        Released tables.

    Returns
    -------
    Drawing
        Patients per score and status, and the items most often missing.
    """
    width = source.settings.width_mm
    data = matrix(source)
    if data.empty:
        return empty(source, width, "No score was computed.", list(TABLES))
    items = source.table("score_items_missing")
    remarks = source.score_footnotes(list(dict.fromkeys(data["score"])))
    page = _page(source, data, items, width, remarks)
    twin = _twin(source, data, items)
    return Drawing(
        page,
        twin,
        caption=(
            f"{TITLE}: {source.label}, n {_total(items)}. Cells: patients and percent of all "
            "patients. Total known: every item known or irrelevant. Only the band known: every "
            "value that the total can take lies in one published band. Right: items most often "
            "missing or undecided, with the share of patients."
        ),
        alt=f"{TITLE}. {_spoken(data)}.",
        sources=list(TABLES),
        footnotes=remarks,
        units={"n": "patients", "percent": "percent of all patients"},
    )


def matrix(source: Source) -> pd.DataFrame:
    """
    Patients per score and status.

    Parameters
    ----------
    source : Source
        Released tables.

    Returns
    -------
    pandas.DataFrame
        ``score``, ``variant``, ``label``, ``status``, ``n`` (missing when all its counts are
        withheld), ``percent``, ``complete`` (no count in it is withheld).
    """
    import pandas as pd

    table = source.table("computability")
    items = source.table("score_items_missing")
    # Of a private cohort the cells don't add up: the share is of all patients.
    totals = {str(s): int(n) for s, n in zip(items["score"], items["n"].fillna(0), strict=True)}
    rows: list[dict[str, Any]] = []
    order = {str(s): i for i, s in enumerate(dict.fromkeys(source.notes["score"]))}
    groups = [(str(s), str(v), g) for (s, v), g in table.groupby(["score", "variant"], sort=False)]
    for score, variant, mine in sorted(groups, key=lambda g: order.get(g[0], len(order))):
        total = totals.get(score) or int(mine["n"].sum())
        for status in STATUSES:
            here = mine[mine["status"].eq(status)]
            complete = bool(here["n"].notna().all())
            known = int(here["n"].sum())
            n = known if complete or known else None
            share = min(100 * known / total, 100.0) if n is not None and total else None
            rows.append(
                {"score": score, "variant": variant, "label": source.score(score, variant),
                 "status": status, "n": n, "percent": share, "complete": complete}
            )  # fmt: skip
    columns = ["score", "variant", "label", "status", "n", "percent", "complete"]
    made = pd.DataFrame(rows, columns=columns)
    return made.astype({"n": "Int64", "percent": "float64"})


def _total(items: pd.DataFrame) -> str:
    known = [int(n) for n in items["n"].dropna()]
    return f"{max(known)}" if known else NOT_SHOWN


def _spoken(data: pd.DataFrame) -> str:
    parts = []
    for label, rows in data.groupby("label", sort=False):
        words = ", ".join(f"{STATUSES[r['status']]} {_percent(r)}" for r in rows.to_dict("records"))
        parts.append(f"{label}: {words}")
    return "; ".join(parts)


def _percent(row: Any) -> str:
    if count(row["n"]) == NOT_SHOWN:
        return NOT_SHOWN
    mark = "" if row["complete"] else "≥ "
    if int(row["n"]) == 0:
        return f"{mark}0 %"
    value = float(row["percent"])
    return f"{mark}{value:.0f} %" if value >= 1 else "< 1 %"


def _missing(items: pd.DataFrame, score: str) -> list[tuple[str, str]]:
    """Items most often missing, with the share."""
    mine = items[items["score"].eq(score)]
    mine = mine[mine["n_missing"].notna() & mine["n"].gt(0)]
    share = 100 * mine["n_missing"].astype("float64") / mine["n"].astype("float64")
    mine = mine.assign(share=share)
    mine = mine[mine["share"].gt(0)].sort_values("share", ascending=False, kind="stable")
    named = ((ACRONYMS.get(r["item"], plain(r["item"]).lower()), r["share"]) for r in records(mine))
    return [(name, f"{share:.0f} %") for name, share in named]


def _twin(source: Source, data: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    cells = data.assign(element="cell", item="")
    named = items.rename(columns={"n_missing": "missing"}).assign(
        element="item_missing", variant="", status="missing", complete=True
    )
    named = named.assign(
        percent=100 * named["missing"].astype("float64") / named["n"].astype("float64"),
        n=named["missing"],
        label=[source.score(s) for s in named["score"]],
    )
    columns = ["element", "score", "variant", "label", "status", "item", "n", "percent", "complete"]
    return pd.concat([cells[columns], named[columns]], ignore_index=True)


def _page(
    source: Source, data: pd.DataFrame, items: pd.DataFrame, width: float, remarks: list[str]
) -> Page:
    keys = list(dict.fromkeys(zip(data["score"], data["variant"], strict=True)))
    left, head = 33.0, 2 * LINE + 2.5
    side = 64.0 if width >= 140 else 0.0
    cell = (width - left - side - MARGIN - 2) / len(STATUSES)
    top = head + MARGIN
    page = Page(width, top + len(keys) * CELL + 3 + footer_height(source, width, remarks))
    for j, label in enumerate(STATUSES.values()):
        for k, line in enumerate(style.wrap(label, cell - 1, SMALL, bold=True)):
            page.text(
                left + (j + 0.5) * cell, MARGIN + 2 + k * LINE, line, ha="center", fontsize=SMALL,
                fontweight="bold",
            )  # fmt: skip
    if side:
        page.text(
            left + 4 * cell + 4, MARGIN + 2, "Most often missing or undecided", fontsize=SMALL,
            fontweight="bold",
        )  # fmt: skip
    axes = page.axes(left, top, 4 * cell, len(keys) * CELL)
    axes.set(xlim=(0, 4), ylim=(len(keys), 0), xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_visible(False)
    for i, (score, variant) in enumerate(keys):
        y = top + (i + 0.5) * CELL
        name = style.wrap(source.score(score, variant), left - MARGIN - 2, SMALL)
        for k, line in enumerate(name):
            page.text(MARGIN, y + (k - (len(name) - 1) / 2) * LINE, line, fontsize=SMALL)
        rows = data[data["score"].eq(score) & data["variant"].eq(variant)].to_dict("records")
        for j, row in enumerate(rows):
            _cell(page, axes, row, i, j, left + (j + 0.5) * cell, y)
        if side:
            _items(page, _missing(items, score), left + 4 * cell + 4, y, side - 4)
    draw_footer(page, source, remarks)
    return page


def _cell(page: Page, axes: Any, row: Any, i: int, j: int, x: float, y: float) -> None:
    """One cell: darker with the share."""
    from matplotlib.patches import Rectangle

    share = 0.0 if row["percent"] != row["percent"] else float(row["percent"]) / 100
    tint = tuple(1 - DARKEST * share * (1 - c) for c in BLUE)
    axes.add_patch(
        Rectangle((j, i), 1, 1, facecolor=tint, edgecolor="white", linewidth=1.2, clip_on=False)
    )
    bold = {"fontsize": SMALL, "fontweight": "bold"}
    if count(row["n"]) == NOT_SHOWN:
        page.text(x, y, NOT_SHOWN, ha="center", fontsize=SMALL)
        return
    page.text(x, y - LINE / 2, _percent(row), ha="center", **bold)
    page.text(x, y + LINE / 2, f"n {count(row['n'])}", ha="center", fontsize=SMALL)


def _items(page: Page, items: list[tuple[str, str]], x: float, y: float, room: float) -> None:
    if not items:
        page.text(x, y, "nothing", fontsize=SMALL, color=style.QUIET)
        return
    words = ", ".join(
        f"{name} {share}".replace(" ", "\u00a0") for name, share in items[:ITEMS_NAMED]
    )
    lines = style.wrap(words, room, SMALL)[:2]
    for k, line in enumerate(lines):
        page.text(x, y + (k - (len(lines) - 1) / 2) * LINE, line.rstrip(","), fontsize=SMALL)


FIGURE: Final = Figure("computability", TITLE, TABLES, draw)
