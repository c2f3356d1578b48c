"""Panels of curves: calibration of every score, net benefit at every horizon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from spinemets.figures import style
from spinemets.figures.base import MARGIN, Drawing, Figure, draw_footer, empty, footer_height
from spinemets.figures.source import Source, count, horizon_words
from spinemets.figures.style import SMALL, Page
from spinemets.results import kind_of
from spinemets.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import pandas as pd

CALIBRATION: Final = "Calibration of the risks"
UTILITY: Final = "Net benefit over threshold probabilities of death"
LEFT: Final = 15.0
GAP: Final = 13.0
HEAD: Final = 6.0
FOOT: Final = 10.0
KEY: Final = 4.0
RISKS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
#: What to make of a calibration, by where its risks come from.
ORIGINS: Final = {
    "published": "Dots joined by lines: risks that the authors published for their bands.",
    "supplied": "Risks supplied with the patients are the model's own.",
    "cross_fitted": "Smooth curves: the authors published no risk; the score was fitted to this "
    "cohort (cross-fitted), and is close to the diagonal for that reason.",
    "apparent": "Fitted to the very patients it is tested on: no evidence of calibration.",
}
#: Kinds of risks that may share a panel, in their order.
KINDS: Final = {
    "foreign": "risks from elsewhere",
    "cross_fitted": "risks fitted here",
    "apparent": "apparent risks",
}
ALL: Final = {"treat_all": "change for all", "treat_none": "change for none"}


def draw_calibration(source: Source) -> Drawing:
    """
    Draw observed against predicted risk, a panel per score and a line per horizon.

    Parameters
    ----------
    source : Source
        Released tables.

    Returns
    -------
    Drawing
        Points with intervals where there are few risks, curves with bands beyond.
    """
    sources = ["calibration_curves", "score_notes"]
    width = source.settings.width_mm
    table = source.table("calibration_curves")
    shown = table[table["predicted"].notna() & table["observed"].notna()]
    if shown.empty:
        notes = [n for n in dict.fromkeys(table["note"]) if n]
        return empty(source, width, f"No curve: {'; '.join(notes[:2]) or 'withheld'}.", sources)
    keys = list(dict.fromkeys(zip(shown["score"], shown["variant"], strict=True)))
    horizons = list(dict.fromkeys(shown["horizon"]))
    remarks = source.score_footnotes([s for s, _ in keys])
    page, places = _grid(
        source,
        [source.score(*k) for k in keys],
        [horizon_words(h) for h in horizons],
        width,
        remarks,
    )
    for (score, variant), (axes, first) in zip(keys, places, strict=True):
        if first:
            axes.set_ylabel("Observed risk of death")
        axes.plot([0, 1], [0, 1], color=style.FAINT, linewidth=0.6)
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="Predicted risk of death")
        for set_ticks in (axes.set_xticks, axes.set_yticks):  # a square: both axes alike
            set_ticks(RISKS, [f"{r:g}" for r in RISKS])
        for h, horizon in enumerate(horizons):
            mine = shown[
                shown["score"].eq(score)
                & shown["variant"].eq(variant)
                & shown["horizon"].eq(horizon)
            ]
            if len(mine):
                _calibration_line(axes, mine, h)
    labels = [source.score(s, v) for s, v in zip(shown["score"], shown["variant"], strict=True)]
    ends = [f"{source.score(*k)}: {_range(shown, k)}" for k in keys]
    return Drawing(
        page,
        shown.drop(columns=["cohort"]).assign(label=labels),
        caption=f"{CALIBRATION}: {source.label}. Observed against predicted risk of death by each "
        f"horizon ({', '.join(map(horizon_words, horizons))}), with 95 % intervals. "
        f"{_origins(shown)} On the diagonal the risks are right; above it too low.",
        alt=f"{CALIBRATION}. {'; '.join(ends)}.",
        sources=sources,
        footnotes=remarks,
        units={"predicted": "probability", "observed": "probability", "n": "patients"},
    )


def _origins(shown: pd.DataFrame) -> str:
    """Say which risks are the authors' and which this cohort's: only the former are tested here."""
    return " ".join(text for origin, text in ORIGINS.items() if shown["source"].eq(origin).any())


def _calibration_line(axes: Any, rows: pd.DataFrame, place: int) -> None:
    colour = style.COLOURS[place % len(style.COLOURS)]
    dash = style.DASHES[place % len(style.DASHES)]
    x, y = rows["predicted"].to_numpy(float), rows["observed"].to_numpy(float)
    axes.plot(x, y, color=colour, linestyle=dash, linewidth=1.0)
    lower, upper = rows["lower"].to_numpy(float), rows["upper"].to_numpy(float)
    if rows["smoother"].iloc[0] == "levels":
        axes.plot(x, y, linestyle="none", marker="o", markersize=3, color=colour)
        axes.vlines(x, lower, upper, color=colour, linewidth=0.8)
    else:
        axes.fill_between(x, lower, upper, color=colour, alpha=0.15, linewidth=0)


def _range(shown: pd.DataFrame, key: tuple[str, str]) -> str:
    rows = shown[shown["score"].eq(key[0]) & shown["variant"].eq(key[1])]
    parts = []
    for horizon, part in rows.groupby("horizon", sort=False):
        first, last = part.iloc[0], part.iloc[-1]
        parts.append(
            f"{horizon_words(str(horizon))} observed {first['observed']:.2f} at predicted "
            f"{first['predicted']:.2f}, {last['observed']:.2f} at {last['predicted']:.2f}"
        )
    return ", ".join(parts)


def draw_utility(source: Source) -> Drawing:
    """
    Draw net benefit, a panel per horizon and a line per score.

    Parameters
    ----------
    source : Source
        Released tables.

    Returns
    -------
    Drawing
        The first comparison set that has curves, with changing for all and for none.
    """
    sources = ["decision_curves", "score_notes"]
    width = source.settings.width_mm
    table = source.table("decision_curves")
    rows = table[table["measure"].eq("net_benefit")]
    shown = rows[rows["estimate"].notna() & rows["set"].ne("own")]
    if shown.empty:
        notes = [n for n in dict.fromkeys(rows["note"]) if n]
        why = "; ".join(notes[:2]) or "no comparison set has risks"
        return empty(source, width, f"No decision curve: {why}.", sources)
    shown = shown[shown["set"].eq(shown["set"].iloc[0])]
    shown = shown.assign(kind=[kind_of(source) for source in shown["source"]])
    keys = list(dict.fromkeys(zip(shown["score"], shown["variant"], strict=True)))
    keys = [k for k in keys if k[0] not in ALL][:6] + [k for k in keys if k[0] in ALL]
    names = [ALL.get(k[0]) or source.score(*k) for k in keys]
    doubt = [n for n in dict.fromkeys(shown["note"]) if "needs verification" in n]
    remarks = ["Range of thresholds: needs verification."] if doubt else []
    remarks += source.score_footnotes([s for s, _ in keys])
    groups = shown.groupby(["kind", "horizon"], sort=False)
    panels = {(str(kind), str(horizon)): rows for (kind, horizon), rows in groups}
    order = sorted(panels, key=lambda panel: (list(KINDS).index(panel[0]), _days(panel[1])))
    page, places = _grid(source, [_title(panels[p]) for p in order], names, width, remarks)
    top = float(shown["estimate"].max())
    for panel, (axes, first) in zip(order, places, strict=True):
        if first:
            axes.set_ylabel("Net benefit")
        rows = panels[panel]
        for k, key in enumerate(keys):
            mine = rows[rows["score"].eq(key[0]) & rows["variant"].eq(key[1])]
            axes.plot(mine["threshold"].astype(float), mine["estimate"], **_look(k, key[0]))
        axes.set(ylim=(-0.1, max(top * 1.05, 0.1)), xlabel="Threshold probability of death")
        behind = rows.iloc[0]
        words = f"n {count(behind['n'])}, deaths {count(behind['events'])}"
        axes.text(0.98, 0.97, words, transform=axes.transAxes, ha="right", va="top",
                  fontsize=SMALL, color=style.QUIET)  # fmt: skip
    spoken = "; ".join(_spoken(shown, k, n) for k, n in zip(keys, names, strict=True))
    return Drawing(
        page,
        shown.drop(columns=["cohort", "kind"]).assign(
            label=[
                ALL.get(s) or source.score(s, v)
                for s, v in zip(shown["score"], shown["variant"], strict=True)
            ]
        ),
        caption=f"{UTILITY}: {source.label}. Net benefit of changing the decision where the risk "
        f"reaches the threshold, set “{shown['set'].iloc[0]}”, against changing it for all and "
        "for none. Published and supplied risks share a panel; risks fitted to this cohort have "
        "another, because the two aren't like with like. Values below \u22120.1 are cut off.",
        alt=f"{UTILITY}. {spoken}.",
        sources=sources,
        footnotes=remarks,
        units={"estimate": "true positives per patient", "threshold": "probability"},
    )


def _days(horizon: str) -> float:
    """Day of a horizon, to put panels in the order of time."""
    unit = DAYS_PER_MONTH if horizon.endswith("mo") else 1.0
    return float(horizon.removesuffix("mo").removesuffix("d")) * unit


def _title(rows: pd.DataFrame) -> str:
    """Horizon, decision and kind of risk of a panel."""
    first = rows.iloc[0]
    decision = f"{horizon_words(first['horizon'])}: {first['decision'].replace('_', ' ')}".rstrip(
        ": "
    )
    return f"{decision}, {KINDS[first['kind']]}"


def _look(place: int, name: str) -> dict[str, Any]:
    if name in ALL:
        dash = "solid" if name == "treat_none" else (0, (1.2, 1.4))
        return {"color": style.QUIET, "linestyle": dash, "linewidth": 0.8}
    return {"color": style.COLOURS[place], "linestyle": style.DASHES[place], "linewidth": 1.0}


def _spoken(shown: pd.DataFrame, key: tuple[str, str], name: str) -> str:
    rows = shown[
        shown["score"].eq(key[0]) & shown["variant"].eq(key[1]) & shown["threshold"].eq("0.50")
    ]
    once = rows.drop_duplicates(["kind", "horizon"])
    parts = [
        f"{r['estimate']:.3f} at {horizon_words(r['horizon'])} ({KINDS[r['kind']]})"
        for _, r in once.iterrows()
    ]
    return f"{name}: net benefit {', '.join(parts) or 'not computed'} at a threshold of 0.50"


def _grid(
    source: Source, titles: list[str], names: list[str], width: float, remarks: list[str]
) -> tuple[Page, list[tuple[Any, bool]]]:
    """Square panels with titles, whether each is the first of its row, and a key of lines."""
    columns, side, width = style.columns(width, len(titles), LEFT, GAP, 3)
    side = min(side, 46.0)
    places, lines = _key_places(names, width)
    wrapped = [style.wrap(t, side, SMALL, bold=True) for t in titles]
    head = HEAD + style.line_height(SMALL) * (max(map(len, wrapped)) - 1)
    top = 3.0 + lines * KEY
    rows = -(-len(titles) // columns)
    height = top + rows * (head + side + FOOT)
    page = Page(width, height + footer_height(source, width, remarks))
    for k, (name, (x, line)) in enumerate(zip(names, places, strict=True)):
        y = 2.5 + line * KEY
        look = _look(k, {v: n for n, v in ALL.items()}.get(name, ""))
        page.line((x, x + 6), (y, y), **look)
        page.text(x + 7, y, name, fontsize=SMALL)
    axes = []
    for i, lines_of in enumerate(wrapped):
        x = LEFT + (i % columns) * (side + GAP)
        y = top + (i // columns) * (head + side + FOOT)
        for place, words in enumerate(lines_of):
            page.text(x, y + 2 + place * style.line_height(SMALL), words, fontsize=SMALL,
                      fontweight="bold")  # fmt: skip
        panel = page.axes(x, y + head, side, side)
        panel.grid(color=style.GRID, linewidth=0.5)
        panel.xaxis.set_major_locator(_few())
        axes.append((panel, i % columns == 0))
    draw_footer(page, source, remarks)
    return page, axes


def _few() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=4)


def _key_places(names: list[str], width: float) -> tuple[list[tuple[float, int]], int]:
    places: list[tuple[float, int]] = []
    x, line = MARGIN, 0
    for name in names:
        room = 7 + style.text_width(name, SMALL)
        if places and x + room > width - MARGIN:
            x, line = MARGIN, line + 1
        places.append((x, line))
        x += room + 4
    return places, line + 1


FIGURES: Final = (
    Figure("calibration", CALIBRATION, ("calibration_curves", "score_notes"), draw_calibration),
    Figure("decision_curves", UTILITY, ("decision_curves", "score_notes"), draw_utility),
)
