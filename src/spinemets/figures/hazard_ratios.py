"""Hazard ratios of the scores, unstratified beside stratified by histology and by treatment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from spinemets import groupings, strata
from spinemets.figures import effects, style
from spinemets.figures.base import MARGIN, Drawing, Figure, draw_footer, empty, footer_height
from spinemets.figures.effects import Effect
from spinemets.figures.source import Source, count
from spinemets.figures.style import SMALL, Page

if TYPE_CHECKING:
    import pandas as pd

TABLES: Final = ("cox", "models", "score_notes")
TITLE: Final = "Hazard ratios of the scores within histology and treatment"
#: A page holds this many scores; more are named.
MOST: Final = 11
HEAD: Final = 8.0
BOTH: Final = "+"


def draw(source: Source) -> Drawing:
    """
    Draw the forest.

    Parameters
    ----------
    source : Source
        Released tables.

    Returns
    -------
    Drawing
        Per score one row for each stratification, with what the strata explain.
    """
    width = source.settings.width_mm
    data = _rows(source)
    if data.empty or data["estimate"].isna().all():
        cox = source.table("cox")
        notes = [n for n in dict.fromkeys(cox["note"]) if n]
        reason = "; ".join(notes[:3]) or "no score could be modelled"
        return empty(source, width, f"No hazard ratio of a score: {reason}.", list(TABLES))
    scores = list(dict.fromkeys(zip(data["score"], data["variant"], strict=True)))
    shown, more = scores[:MOST], scores[MOST:]
    remarks = []
    if more:
        names = ", ".join(source.score(*s) for s in more)
        remarks.append(f"Not drawn, no room on a page: {names}.")
    kept = {s for s, _ in shown}
    data = data[data["score"].isin(kept)].reset_index(drop=True)
    remarks += source.score_footnotes(list(dict.fromkeys(data["score"])))
    remarks += groupings.to_verify(dict.fromkeys(data["stratum_set"]))
    rows = _effects(source, data)
    page = _page(source, rows, width, remarks)
    return Drawing(
        page,
        data,
        caption=_caption(source, data),
        alt=f"{TITLE}. {_spoken(source, data)}.",
        sources=list(TABLES),
        footnotes=remarks,
        units={
            "estimate": "hazard ratio of death per point",
            "strata_share": "share of the variance of the points between the strata",
            "n": "patients",
            "events": "deaths",
        },
    )


def _rows(source: Source) -> pd.DataFrame:
    cox = source.table("cox")
    cox = cox[cox["measure"].eq("hazard_ratio") & cox["form"].eq("points")]
    cox = cox[cox["set"].eq("own") & cox["stratum"].eq("all")]
    models = source.table("models")
    share = models[models["model"].eq("beyond_strata") & models["measure"].eq("strata_share")]
    keys = ["score", "variant", "stratum_set"]
    share = share.drop_duplicates(keys)[[*keys, "estimate"]]
    data = cox.merge(share.rename(columns={"estimate": "strata_share"}), on=keys, how="left")
    columns = [*keys, "estimate", "lower", "upper", "strata_share", "n", "events", "note"]
    order = {s: i for i, s in enumerate(dict.fromkeys(zip(data["score"], data["variant"],
                                                          strict=True)))}  # fmt: skip
    places = [order[s] for s in zip(data["score"], data["variant"], strict=True)]
    data = data.assign(place=places).sort_values("place", kind="stable")
    some = data.groupby("place")["estimate"].transform(lambda e: e.notna().any())
    return data.loc[some.astype(bool), columns].reset_index(drop=True)


def _name(stratum_set: str) -> str:
    if stratum_set == "overall":
        return "unstratified"
    return "within " + " and ".join(
        "treatment"
        if s == "treatment"
        else strata.title(s).replace("primary histology", "histology")
        for s in stratum_set.split(BOTH)
    )


def _effects(source: Source, data: pd.DataFrame) -> list[Effect]:
    out: list[Effect] = []
    looks: dict[str, int] = {}
    for (score, variant), rows in data.groupby(["score", "variant"], sort=False):
        first = rows.iloc[0]
        size = f"n {count(first['n'])}, deaths {count(first['events'])}"
        out.append(Effect(f"{source.score(str(score), str(variant))}: {size}", heading=True))
        for row in rows.to_dict("records"):
            look = looks.setdefault(row["stratum_set"], len(looks))
            share = row["strata_share"]
            extra = "" if share != share else f"{100 * share:.0f} %"
            out.append(
                Effect(_name(row["stratum_set"]), row["estimate"], row["lower"], row["upper"],
                       row["note"], extra=extra, look=look)
            )  # fmt: skip
    return out


def _page(source: Source, rows: list[Effect], width: float, remarks: list[str]) -> Page:
    page = Page(width, HEAD + effects.height(rows) + 2 + footer_height(source, width, remarks))
    widest = max(style.text_width(r.label, SMALL) for r in rows if not r.heading)
    last = 14.0
    text = 23.0
    x, room = MARGIN, width - 2 * MARGIN
    left = max(widest + 4, 24)
    bold: dict[str, Any] = {"fontsize": SMALL, "fontweight": "bold"}
    page.text(x, 4.0, "Strata", **bold)
    page.text(x + room - last - text + 1.5, 4.0, "HR (95 % CI)", **bold)
    page.text(x + room, 2.6, "Variance", ha="right", **bold)
    page.text(x + room, 5.4, "explained", ha="right", **bold)
    effects.draw(page, rows, (x, HEAD, room), (left, text, last), "Hazard ratio of death per point")
    draw_footer(page, source, remarks)
    return page


def _caption(source: Source, data: pd.DataFrame) -> str:
    return (
        f"{TITLE}: {source.label}. Cox models, hazard ratio of death per point with 95 % interval, "
        "each score on its own patients. Points differ in size from score to score: compare rows "
        "within a score, not scores. Variance explained: share of the variance of the points that "
        "lies between the strata; the stratified ratio is about the rest only."
    )


def _spoken(source: Source, data: pd.DataFrame) -> str:
    parts = []
    for (score, variant), rows in data.groupby(["score", "variant"], sort=False):
        said = ", ".join(
            f"{_name(r['stratum_set'])} {r['estimate']:.2f}"
            for r in rows.to_dict("records")
            if r["estimate"] == r["estimate"]
        )
        parts.append(f"{source.score(str(score), str(variant))}: {said}")
    return "; ".join(parts)


FIGURE: Final = Figure("hazard_ratios", TITLE, TABLES, draw)
