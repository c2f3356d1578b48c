"""Effect of the points without the assumption of a straight line: restricted cubic splines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from spinemets import strata
from spinemets.figures import effects, style
from spinemets.figures.base import MARGIN, Drawing, Figure, empty
from spinemets.figures.layouts import LINE
from spinemets.figures.multiples import Place, multiples
from spinemets.figures.source import Source, count
from spinemets.figures.style import SMALL, Page

if TYPE_CHECKING:
    import pandas as pd

TABLES: Final = ("models", "score_distribution", "score_notes")
TITLE: Final = "Hazard of death over the points of each score"
MOST: Final = 12
HEAD: Final = 2 * LINE + 1.5
#: Below the data area: bars of the patients behind it, ticks, name of the axis.
BARS: Final = 5.0
FOOT: Final = BARS + 9.5
ABOVE: Final = 6.0
KEYS: Final = ["score", "variant"]
LOWEST, HIGHEST = 0.05, 20.0


def draw(source: Source) -> Drawing:
    """
    Draw a panel per score: the hazard ratio against its median, with the patients below.

    Parameters
    ----------
    source : Source
        Released tables.

    Returns
    -------
    Drawing
        Unstratified with a 95 % band, and within every grouping as a line.
    """
    width = source.settings.width_mm
    models = source.table("models")
    rows = models[models["model"].eq("spline")]
    curves = _curves(rows)
    if curves.empty:
        every = models[models["model"].isin(["spline", "all"]) & models["measure"].ne("left_out")]
        notes = [n for n in dict.fromkeys(every["note"]) if n]
        reason = "; ".join(notes[:2]) or "no score could be modelled"
        return empty(source, width, f"No spline: {reason}.", list(TABLES))
    keys = list(dict.fromkeys(zip(curves["score"], curves["variant"], strict=True)))
    shown = keys[:MOST]
    remarks = _remarks(source, rows, keys) + source.score_footnotes([s for s, _ in shown])
    bars = _bars(source)
    sets = list(dict.fromkeys(curves["stratum_set"]))
    page, places = multiples(source, len(shown), remarks, left=13.0, gap=12.0, most=3,
                             above=ABOVE, head=HEAD, tall=34.0, foot=FOOT)  # fmt: skip
    _key(page, sets)
    parts = []
    for key, place in zip(shown, places, strict=True):
        mine = _of(curves, key)
        tests = _of(rows[rows["measure"].isin(["spline_p", "bend_p"])], key)
        _panel(page, source, mine, tests, _of(bars, key), place, sets)
        parts.append(mine)
    return Drawing(
        page,
        _data(parts, bars, shown),
        caption=_caption(source, sets),
        alt=f"{TITLE}. {_spoken(source, parts, shown)}.",
        sources=list(TABLES),
        footnotes=remarks,
        units={"points": "points", "estimate": "hazard ratio", "n": "patients",
               "events": "deaths"},
    )  # fmt: skip


def _curves(rows: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    found = rows[rows["measure"].eq("hazard_ratio") & rows["estimate"].notna()]
    return found.assign(points=pd.to_numeric(found["term"]).astype("float64"))


def _of(table: pd.DataFrame, key: tuple[str, str]) -> pd.DataFrame:
    return table[table["score"].eq(key[0]) & table["variant"].eq(key[1])]


def _bars(source: Source) -> pd.DataFrame:
    """Patients per value of each score."""
    import pandas as pd

    table = source.table("score_distribution")
    table = table[table["form"].eq("points") & table["n"].notna()]
    table = table.assign(points=pd.to_numeric(table["value"], errors="coerce").astype("float64"))
    return table.groupby([*KEYS, "points"], sort=False)["n"].sum().reset_index()


def _remarks(source: Source, rows: pd.DataFrame, keys: list[tuple[str, str]]) -> list[str]:
    found = []
    if len(keys) > MOST:
        names = ", ".join(source.score(*k) for k in keys[MOST:])
        found.append(f"Not drawn, no room on a page: {names}.")
    gone: dict[str, list[str]] = {}
    for row in rows[rows["estimate"].isna() & rows["measure"].eq("hazard_ratio")].to_dict(
        "records"
    ):
        key = (str(row["score"]), str(row["variant"]))
        if key not in keys and row["note"]:
            gone.setdefault(str(row["note"]), []).append(source.score(*key))
    return found + [
        f"Not drawn ({why}): {', '.join(dict.fromkeys(who))}." for why, who in gone.items()
    ]  # fmt: skip


def _name(grouping: str) -> str:
    if grouping == "overall":
        return "all patients, 95 % band"
    return f"within {strata.title(grouping)}"


def _look(place: int) -> dict[str, Any]:
    return {"color": style.COLOURS[place % len(style.COLOURS)],
            "linestyle": style.DASHES[place % len(style.DASHES)]}  # fmt: skip


def _key(page: Page, sets: list[str]) -> None:
    x = MARGIN
    for i, name in enumerate(sets):
        words = _name(name)
        if x + 8 + style.text_width(words, SMALL) > page.width:
            break
        page.line((x, x + 6), (2.5, 2.5), linewidth=1.1, **_look(i))
        page.text(x + 7.2, 2.5, words, fontsize=SMALL)
        x += 7.2 + style.text_width(words, SMALL) + 5


def _p(tests: pd.DataFrame, measure: str) -> str:
    rows = tests[tests["measure"].eq(measure) & tests["stratum_set"].eq("overall")]
    if rows.empty or rows["estimate"].isna().all():
        return "not tested"
    p = float(rows["estimate"].iloc[0])
    return "P < 0.001" if p < 0.001 else f"P = {p:.3f}"


def _panel(
    page: Page,
    source: Source,
    curves: pd.DataFrame,
    tests: pd.DataFrame,
    bars: pd.DataFrame,
    place: Place,
    sets: list[str],
) -> None:
    first = curves.iloc[0]
    title = f"{source.score(str(first['score']), str(first['variant']))}: "
    size = f"n {count(first['n'])}, deaths {count(first['events'])}"
    top = place.top - HEAD
    page.text(place.x - 8, top + LINE / 2, title, fontsize=SMALL, fontweight="bold")
    page.text(place.x - 8 + style.text_width(title, SMALL, bold=True), top + LINE / 2, size,
              fontsize=SMALL)  # fmt: skip
    page.text(place.x - 8, top + 1.5 * LINE, f"bend: {_p(tests, 'bend_p')}", fontsize=SMALL,
              color=style.QUIET)  # fmt: skip
    axes = page.axes(place.x, place.top, place.wide, place.tall)
    low, high = float(curves["points"].min()), float(curves["points"].max())
    pad = 0.55
    axes.set_yscale("log")
    axes.axhline(1.0, color=style.QUIET, linewidth=0.6)
    for i, name in enumerate(sets):
        mine = curves[curves["stratum_set"].eq(name)]
        if mine.empty:
            continue
        axes.plot(mine["points"], mine["estimate"], linewidth=1.1, markersize=2.2,
                  marker="" if i else "o", **_look(i))  # fmt: skip
        if name == "overall":
            axes.fill_between(mine["points"], mine["lower"], mine["upper"], alpha=0.16,
                              color=style.COLOURS[i], linewidth=0)  # fmt: skip
    _scale(axes, curves)
    axes.set(xlim=(low - pad, high + pad))
    axes.set_xticks([])
    if place.first:
        axes.set_ylabel("Hazard ratio", fontsize=SMALL)
    strip = page.axes(place.x, place.top + place.tall + 0.8, place.wide, BARS)
    strip.bar(bars["points"], bars["n"].astype(float), width=0.7, color=style.FAINT)
    most = int(bars["n"].max()) if len(bars) else 0
    strip.set(xlim=(low - pad, high + pad), ylim=(0, max(most, 1)))
    strip.set_yticks([most] if most else [], [f"{most}"] if most else [])
    strip.xaxis.set_major_locator(_whole())
    strip.set_xlabel("Points", fontsize=SMALL)


def _scale(axes: Any, curves: pd.DataFrame) -> None:
    ends = [v for c in ("estimate", "lower", "upper") for v in curves[c] if LOWEST < v < HIGHEST]
    low, high = min([0.7, *ends]) * 0.92, max([1.4, *ends]) * 1.08
    axes.set_ylim(low, high)
    # The lowest part is left to the number beside the bars.
    least = low * (high / low) ** 0.07
    ticks = [t for t in (*effects.TICKS, 0.05, 20.0) if least <= t <= high]
    ticks = [t for t in ticks if t not in (0.3, 0.7, 1.5, 3.0)] if high / low > 6 else ticks
    axes.set_yticks(sorted(ticks), [f"{t:g}" for t in sorted(ticks)])
    axes.minorticks_off()
    axes.grid(axis="y", color=style.GRID, linewidth=0.5)


def _whole() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=6, integer=True)


def _data(
    parts: list[pd.DataFrame], bars: pd.DataFrame, shown: list[tuple[str, str]]
) -> pd.DataFrame:
    import pandas as pd

    columns = ["element", *KEYS, "stratum_set", "points", "estimate", "lower", "upper"]
    columns += ["n", "events", "method"]
    lines = pd.concat(parts).assign(element="hazard_ratio")
    rug = pd.concat([_of(bars, key) for key in shown]).assign(element="patients")
    return pd.concat([lines, rug]).reindex(columns=columns).reset_index(drop=True)


def _caption(source: Source, sets: list[str]) -> str:
    within = [strata.title(s) for s in sets if s != "overall"]
    text = (
        f"{TITLE}: {source.label}. Cox models with a restricted cubic spline, hazard ratio of "
        "death against the median of the points, each score on its own patients; shaded: 95 % "
        "interval in all patients. "
    )
    if within:
        text += f"Broken lines: models stratified by {' and by '.join(within)}. "
    return (
        f"{text}Dots: values that occur; bars: patients per value, the most beside them. Bend: "
        "likelihood-ratio test against a straight line, all patients."
    )


def _spoken(source: Source, parts: list[pd.DataFrame], shown: list[tuple[str, str]]) -> str:
    said = []
    for key, rows in zip(shown, parts, strict=True):
        mine = rows[rows["stratum_set"].eq(rows["stratum_set"].iloc[0])].sort_values("points")
        first, last = mine.iloc[0], mine.iloc[-1]
        said.append(
            f"{source.score(*key)} (n {count(first['n'])}): hazard ratio {first['estimate']:.2f} "
            f"at {first['points']:g} points, {last['estimate']:.2f} at {last['points']:g}"
        )
    return "; ".join(said)


FIGURE: Final = Figure("spline_effects", TITLE, TABLES, draw)
