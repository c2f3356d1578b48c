"""Drift over calendar time: survival, and C and O:E of each score, with tests for trend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from spinemets import strata
from spinemets.figures import style
from spinemets.figures.base import Drawing, Figure, empty
from spinemets.figures.layouts import LINE
from spinemets.figures.multiples import Place, multiples
from spinemets.figures.source import Source, count
from spinemets.figures.style import SMALL, Page

if TYPE_CHECKING:
    import pandas as pd

TABLES: Final = ("survival_summary", "models", "score_notes")
TITLE: Final = "Drift of survival and of the scores over calendar periods"
COLUMNS: Final = 3
#: Scores on a page: a column each, C above O:E.
MOST: Final = 2 * COLUMNS
HEAD: Final = 2 * LINE + 1.5
FOOT: Final = 2 * LINE + 4.5
ALIVE: Final = ("3mo", "12mo", "24mo")
C: Final = "harrell_c"
RATIO: Final = "observed_expected"
TRENDS: Final = {C: "c_trend_p", RATIO: "observed_expected_trend_p"}
NOT_RECORDED: Final = "not_recorded"
HAZARD: Final = "Hazard of death per ten years"
COLUMNS_OF_TWIN: Final = (
    "panel", "score", "variant", "measure", "era", "horizon", "estimate", "lower", "upper", "n",
    "events", "note",
)  # fmt: skip


def draw(source: Source) -> Drawing:
    """
    Draw survival by period, and beneath it a column per score.

    Parameters
    ----------
    source : Source
        Released tables.

    Returns
    -------
    Drawing
        Estimates with 95 % intervals; every panel with its test for trend.
    """
    survival, models = source.table("survival_summary"), source.table("models")
    data = _twin(survival, models)
    eras = sorted(set(data["era"]))
    if len(eras) < 2:
        return empty(source, source.settings.width_mm, _reason(survival, models), list(TABLES))
    keys = [k for k in dict.fromkeys(zip(data["score"], data["variant"], strict=True)) if k[0]]
    shown, more = keys[:MOST], keys[MOST:]
    data = data[data["score"].eq("") | _among(data, shown)].reset_index(drop=True)
    remarks = _remarks(source, models, keys, more) + source.score_footnotes([s for s, _ in shown])
    panels = _panels(source, data, shown)
    page, places = multiples(source, len(panels), remarks, left=12.0, gap=11.0, most=COLUMNS,
                             above=1.0, head=HEAD, tall=24.0, foot=FOOT)  # fmt: skip
    for (title, rows, measure), place in zip(panels, places, strict=True):
        if title == HAZARD:
            _hazards(page, models, place)
        elif title:
            told = _trend(models, rows, measure)
            _panel(page, (title, told), rows, measure, place, eras, _limits(data, measure))
    return Drawing(
        page,
        data,
        caption=_caption(source, models),
        alt=f"{TITLE}. {_spoken(source, data)}.",
        sources=list(TABLES),
        footnotes=remarks,
        units={"estimate": "probability, months, C or ratio, by measure", "n": "patients",
               "events": "deaths"},
    )  # fmt: skip


def _twin(survival: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    """Every estimate by period."""
    import pandas as pd

    alive = survival[survival["stratum_set"].eq("era") & survival["set"].eq("all")]
    at = alive["measure"].eq("survival") & alive["horizon"].isin(ALIVE)
    alive = alive[at | alive["measure"].eq("median_survival_months")]
    scores = models[models["model"].eq("era") & models["stratum_set"].eq("era")]
    scores = scores[scores["measure"].isin([C, RATIO]) & scores["stratum"].ne("all")]
    parts = [alive.assign(panel="survival"), scores.assign(panel="score")]
    out = pd.concat(parts).rename(columns={"stratum": "era"})
    out = out[out["estimate"].notna() & out["era"].ne(NOT_RECORDED)]
    return out[list(COLUMNS_OF_TWIN)].reset_index(drop=True)


def _among(data: pd.DataFrame, keys: list[tuple[str, str]]) -> Any:
    import pandas as pd

    pairs = zip(data["score"], data["variant"], strict=True)
    return pd.Series([p in keys for p in pairs], index=data.index)


def _reason(survival: pd.DataFrame, models: pd.DataFrame) -> str:
    rows = [survival[survival["stratum_set"].eq("era")], models[models["model"].eq("era")]]
    notes = [n for table in rows for n in dict.fromkeys(table["note"]) if n]
    return f"No drift over calendar time: {'; '.join(notes[:2]) or 'one calendar period only'}."


def _remarks(
    source: Source, models: pd.DataFrame, keys: list[tuple[str, str]], more: list[tuple[str, str]]
) -> list[str]:
    found = []
    if more:
        names = ", ".join(source.score(*k) for k in more)
        found.append(f"Not drawn, no room (tables/models.csv): {names}.")
    rows = models[models["model"].eq("era") & models["score"].ne("") & models["estimate"].isna()]
    gone: dict[str, list[str]] = {}
    for row in rows[rows["measure"].eq(C)].to_dict("records"):
        key = (str(row["score"]), str(row["variant"]))
        if key not in keys and row["note"]:
            gone.setdefault(str(row["note"]), []).append(source.score(*key))
    found += [f"Not drawn ({why}): {', '.join(dict.fromkeys(who))}." for why, who in gone.items()]
    return found


def _panels(
    source: Source, data: pd.DataFrame, keys: list[tuple[str, str]]
) -> list[tuple[str, pd.DataFrame, str]]:
    """Title, rows and measure of every panel; an empty title leaves the place empty."""
    none = data.head(0)
    alive = data[data["panel"].eq("survival")]
    first = [
        ("Alive (%)", alive[alive["measure"].eq("survival")], "survival"),
        ("Median survival, months", alive[alive["measure"].ne("survival")], "median"),
    ]
    out = [*(p for p in first if len(p[1])), (HAZARD, none, "")]
    out += [("", none, "")] * (-len(out) % COLUMNS)
    for i in range(0, len(keys), COLUMNS):
        some = keys[i : i + COLUMNS]
        for measure, words in ((C, "C"), (RATIO, "O:E")):
            for key in some:
                rows = data[_among(data, [key]) & data["measure"].eq(measure)]
                out.append((f"{source.score(*key)}: {words}", rows, measure))
            out += [("", none, "")] * (COLUMNS - len(some))
    return out


def _trend(models: pd.DataFrame, rows: pd.DataFrame, measure: str) -> str:
    """Test for trend of one panel, in words."""
    era = models[models["model"].eq("era")]
    if measure == "survival":
        return ""
    if measure == "median":
        era = era[era["score"].eq("") & era["stratum_set"].eq("overall")]
        found = era[era["measure"].eq("trend_p")]
        name = "hazard: "
    elif rows.empty:
        return "no estimate"
    else:
        first = rows.iloc[0]
        era = era[era["score"].eq(first["score"]) & era["variant"].eq(first["variant"])]
        found = era[era["measure"].eq(TRENDS[measure])]
        name = ""
    if found.empty:
        return ""
    p = float(found["estimate"].iloc[0])
    if p != p:
        return f"no test: {found['note'].iloc[0]}"
    return f"{name}P for trend {'< 0.001' if p < 0.001 else f'= {p:.3f}'}"


def _limits(data: pd.DataFrame, measure: str) -> tuple[float, float] | None:
    """Ends of the axis that all scores share, so that their panels can be compared."""
    if measure not in TRENDS:
        return None
    rows = data[data["measure"].eq(measure)]
    middle = [1.0] if measure == RATIO else []
    ends = [v for c in ("estimate", "lower", "upper") for v in rows[c] if v == v] + middle
    pad = 0.06 * (max(ends) - min(ends) or 0.1)
    return min(ends) - pad, max(ends) + pad


def _hazards(page: Page, models: pd.DataFrame, place: Place) -> None:
    """Hazard ratio per ten calendar years, without and within strata, in words."""
    rows = models[models["model"].eq("era") & models["score"].eq("")]
    rows = rows[rows["measure"].eq("hazard_ratio")]
    y = place.top - HEAD + LINE / 2
    page.text(place.x - 9, y, HAZARD, fontsize=SMALL, fontweight="bold")
    for row in rows.to_dict("records"):
        name = str(row["stratum_set"])
        y += 1.6 * LINE
        who = "all patients" if name == "overall" else f"within {strata.title(name)}"
        page.text(place.x - 9, y, who, fontsize=SMALL)
        y += LINE
        told = row["note"] or "not estimated"
        if row["estimate"] == row["estimate"]:
            told = f"{row['estimate']:.2f} ({row['lower']:.2f}–{row['upper']:.2f})"
            told += f"; n {count(row['n'])}, deaths {count(row['events'])}"
        for line in style.wrap(told, place.wide + 9, SMALL)[:2]:
            page.text(place.x - 9, y, line, fontsize=SMALL, color=style.QUIET)
            y += LINE
        y -= LINE


def _panel(
    page: Page,
    words: tuple[str, str],
    rows: pd.DataFrame,
    measure: str,
    place: Place,
    eras: list[str],
    limits: tuple[float, float] | None,
) -> None:
    title, trend = words
    top = place.top - HEAD
    lines = style.wrap(title, place.wide + 9, SMALL, bold=True)
    page.text(place.x - 9, top + LINE / 2, lines[0], fontsize=SMALL, fontweight="bold")
    told = style.wrap(trend, place.wide + 9, SMALL)[0]
    page.text(place.x - 9, top + 1.5 * LINE, told, fontsize=SMALL, color=style.QUIET)
    axes = page.axes(place.x, place.top, place.wide, place.tall)
    axes.set(xlim=(-0.5, len(eras) - 0.5))
    axes.set_xticks(range(len(eras)), [""] * len(eras))
    axes.grid(axis="y", color=style.GRID, linewidth=0.5)
    groups = [h for h in ALIVE if rows["horizon"].eq(h).any()] if measure == "survival" else [""]
    for i, horizon in enumerate(groups):
        mine = rows[rows["horizon"].eq(horizon)] if horizon else rows
        _points(axes, mine, eras, i, (i - (len(groups) - 1) / 2) * 0.16)
    if measure == "survival":
        axes.set_ylim(0, 1)
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1.0], ["0", "25", "50", "75", "100"])
        _key(page, groups, place, top)
    elif measure == RATIO:
        axes.axhline(1.0, color=style.QUIET, linewidth=0.6)
    elif measure == "median":
        axes.set_ylim(bottom=0)
    if limits:
        axes.set_ylim(*limits)
    if measure != "survival":
        _beyond(axes, rows, eras)
    if measure != "survival":
        axes.yaxis.set_major_locator(_few())
    _periods(page, rows, place, eras)


def _points(axes: Any, rows: pd.DataFrame, eras: list[str], look: int, shift: float) -> None:
    colour = style.COLOURS[look]
    at = [eras.index(e) + shift for e in rows["era"]]
    for x, low, high in zip(at, rows["lower"], rows["upper"], strict=True):
        if low == low and high == high:
            axes.plot([x, x], [low, high], color=colour, linewidth=0.9)
    axes.plot(at, rows["estimate"], color=colour, linewidth=0.7, linestyle=style.DASHES[look],
              marker="osD"[look], markersize=3.4)  # fmt: skip


def _beyond(axes: Any, rows: pd.DataFrame, eras: list[str]) -> None:
    """Intervals with one limit only: to the edge of the axis, with an arrow."""
    axes.set_ylim(axes.get_ylim())
    floor, ceiling = axes.get_ylim()
    for era, low, high in zip(rows["era"], rows["lower"], rows["upper"], strict=True):
        if (low == low) == (high == high):
            continue
        known, edge, mark = (low, ceiling, "^") if low == low else (high, floor, "v")
        x = eras.index(era)
        axes.plot([x, x], [known, edge], color=style.COLOURS[0], linewidth=0.9)
        axes.plot([x], [edge], marker=mark, markersize=3.0, color=style.COLOURS[0], clip_on=False)


def _key(page: Page, groups: list[str], place: Place, top: float) -> None:
    x = place.x - 9
    for i, horizon in enumerate(groups):
        page.line((x + 1.2, x + 1.2), (top + 1.5 * LINE,) * 2, marker="osD"[i], markersize=3.4,
                  color=style.COLOURS[i])  # fmt: skip
        words = f"{horizon.removesuffix('mo')} months"
        page.text(x + 3, top + 1.5 * LINE, words, fontsize=SMALL)
        x += 5 + style.text_width(words, SMALL)


def _periods(page: Page, rows: pd.DataFrame, place: Place, eras: list[str]) -> None:
    """Name of each period with its patients, below the axis."""
    step = place.wide / len(eras)
    y = place.top + place.tall + 2.6
    for i, era in enumerate(eras):
        x = place.x + (i + 0.5) * step
        if style.text_width(era, SMALL) + 1 > step:  # two digits are enough for the end
            era = f"{era[:4]}–{era[-2:]}"
        mine = rows[rows["era"].eq(eras[i])]
        size = count(mine["n"].iloc[0]) if len(mine) else "–"
        if i % 2 and style.text_width(era, SMALL) + 1 > step:
            continue
        page.text(x, y, era.replace("-", "–"), ha="center", fontsize=SMALL)
        page.text(x, y + LINE, f"n {size}", ha="center", fontsize=SMALL, color=style.QUIET)


def _few() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=4)


def _caption(source: Source, models: pd.DataFrame) -> str:
    rows = models[models["model"].eq("era") & models["score"].eq("")]
    ratio = rows[rows["measure"].eq("hazard_ratio") & rows["stratum_set"].eq("overall")]
    text = (
        f"{TITLE}: {source.label}. Estimates with 95 % intervals by calendar period of time zero "
        "(an arrow: that limit isn't reached)"
    )
    if len(ratio) and ratio["estimate"].notna().all():
        r = ratio.iloc[0]
        text += (
            f"; hazard of death per ten calendar years {r['estimate']:.2f} ({r['lower']:.2f} to "
            f"{r['upper']:.2f})"
        )
    return (
        f"{text}. C: Harrell's C of the points. O:E: deaths observed over those expected by a "
        "model of the points fitted in the first period, which isn't in its trend. Trend: linear "
        "over periods, weighted by precision."
    )


def _spoken(source: Source, data: pd.DataFrame) -> str:
    parts = []
    words = {"survival": "alive at", "median_survival_months": "median survival, months",
             C: "C", RATIO: "O:E"}  # fmt: skip
    keys = ["score", "variant", "measure", "horizon"]
    for (score, variant, measure, horizon), rows in data.groupby(keys, sort=False):
        name = f"{source.score(str(score), str(variant))} " if score else ""
        at = f" {str(horizon).removesuffix('mo')} months" if measure == "survival" else ""
        values = ", ".join(
            f"{e} {v:.2f}" for e, v in zip(rows["era"], rows["estimate"], strict=True)
        )
        parts.append(f"{name}{words[str(measure)]}{at}: {values}")
    return "; ".join(parts)


FIGURE: Final = Figure("era_drift", TITLE, TABLES, draw)
