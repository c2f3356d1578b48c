"""Comparison of treatments: balance, weighted survival, and hazard ratios with immortal time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spinemets import contract, strata
from spinemets.figures import effects, layouts, style
from spinemets.figures.base import MARGIN, Drawing, Figure, draw_footer, empty, footer_height
from spinemets.figures.curves import look, prepare, time_label
from spinemets.figures.effects import Effect
from spinemets.figures.source import Source, count, plain
from spinemets.figures.style import SMALL, Page

if TYPE_CHECKING:
    import pandas as pd

TABLES: Final = ("treatment",)
TITLE: Final = "Comparison of treatments: balance, weighted survival, immortal time"
NAMES: Final = {
    "unweighted": "unweighted",
    "overlap": "overlap weights",
    "inverse": "inverse weights",
}
#: Covariates drawn, those least alike before weighting first.
MOST: Final = 32
#: Beyond this a covariate is out of balance, by custom.
LIMIT: Final = 0.1
ROW: Final = 3.4
HEAD: Final = 6.0
TWO_COLUMNS: Final = 150.0
CURVE: Final = 44.0


def draw(source: Source) -> Drawing:
    """
    Draw the first comparison of treatments that was estimated, and its immortal-time panel.

    Parameters
    ----------
    source : Source
        Released tables.

    Returns
    -------
    Drawing
        Love plot, weighted survival with numbers, hazard ratios.
    """
    width = source.settings.width_mm
    table = source.table("treatment")
    data, others = _twin(table)
    if data.empty:
        notes = [n for n in dict.fromkeys(table["note"]) if n]
        reason = "; ".join(notes[:2]) or "no comparison was estimated"
        return empty(source, width, f"No comparison of treatments: {reason}.", list(TABLES))
    remarks = _remarks(data, others, table)
    page = _page(source, data, width, remarks)
    return Drawing(
        page,
        data,
        caption=_caption(source, data),
        alt=f"{TITLE}. {_spoken(data)}.",
        sources=list(TABLES),
        footnotes=remarks,
        units={
            "estimate": "standardised difference, probability, months or hazard ratio, by element",
            "n": "patients",
            "events": "deaths",
        },
    )


def _twin(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """What is drawn, and the comparisons that aren't."""
    import pandas as pd

    known = table[table["estimate"].notna()]
    compared = known[known["model"].eq("comparison")]
    sets = list(dict.fromkeys(compared["stratum_set"]))
    one = compared[compared["stratum_set"].isin(sets[:1])]
    picks = {
        "balance": one[one["measure"].eq("standardised_difference")],
        "survival": _overlap(one, "weighted_survival"),
        "effective_n": _overlap(one, "effective_n"),
        "hazard_ratio": one[one["measure"].eq("hazard_ratio")],
        "immortal_time": known[
            known["model"].eq("immortal_time") & known["measure"].eq("hazard_ratio")
        ],
    }
    columns = ["element", "stratum_set", "stratum", "term", "horizon", "contrast"]
    columns += ["estimate", "lower", "upper", "n", "events", "note"]
    parts = [rows.assign(element=name) for name, rows in picks.items() if len(rows)]
    if not parts:
        return pd.DataFrame(columns=columns), []
    return pd.concat(parts)[columns].reset_index(drop=True), sets[1:]


def _overlap(rows: pd.DataFrame, measure: str) -> pd.DataFrame:
    return rows[rows["measure"].eq(measure) & rows["term"].eq("overlap")]


def _balance(data: pd.DataFrame) -> pd.DataFrame:
    """Covariates by kind of weights, those least alike first."""
    rows = data[data["element"].eq("balance")]
    wide = rows.pivot_table(index="stratum", columns="term", values="estimate", sort=False).abs()
    if "unweighted" in wide:
        wide = wide.sort_values("unweighted", ascending=False, kind="stable")
    return wide


def _covariate(name: str) -> str:
    column, _, level = name.partition("=")
    labels = strata.labels(column) if column in strata.available() else {}
    known = contract.columns().get(column)
    if known is not None and not labels:
        labels = known.levels
    words = _words(column)
    return f"{words}: {labels.get(level, plain(level).lower())}" if level else words


def _words(column: str) -> str:
    """Name of a covariate; ``X is missing`` is the indicator of a missing value."""
    name, missing, _ = column.partition(" is missing")
    text = plain(name)
    if text.startswith("N "):
        text = f"Number of {text[2:]}"
    return text.replace(" g per l", " (g/L)") + missing


def _page(source: Source, data: pd.DataFrame, width: float, remarks: list[str]) -> Page:
    two = width >= TWO_COLUMNS
    room = (width - 2 * MARGIN - 8) / 2 if two else width - 2 * MARGIN
    wide = _balance(data).head(MOST)
    rows = _ratios(data)
    left = HEAD + 4 + len(wide) * ROW + effects.AXIS if len(wide) else 0.0
    curves = data["element"].eq("survival").any()
    curve = HEAD + CURVE + 10 + 3 * layouts.LINE + 4 if curves else 0.0
    right = curve + (HEAD + effects.height(rows) if rows else 0.0)
    tall = max(left, right) if two else left + right
    page = Page(width, tall + 3 + footer_height(source, width, remarks))
    if len(wide):
        _love(page, wide, MARGIN, 0.0, room)
    x = width - MARGIN - room if two and len(wide) else MARGIN
    y = left if not two else 0.0
    if curves:
        _curves(page, source, data, x, y, room)
    if rows:
        y += curve
        page.text(x, y + 3, "Hazard ratio of death", fontweight="bold")
        widest = max(style.text_width(r.label, SMALL) for r in rows if not r.heading)
        columns = (min(max(widest + 4, 20.0), room * 0.45), 23.0, 0.0)
        effects.draw(page, rows, (x, y + HEAD, room), columns, "Hazard ratio")
    draw_footer(page, source, remarks)
    return page


def _love(page: Page, wide: pd.DataFrame, x: float, top: float, room: float) -> None:
    page.text(x, top + 3, "Balance of what was known before treatment", fontweight="bold")
    names = [style.fit(_covariate(str(n)), room * 0.55) for n in wide.index]
    left = max(style.text_width(n, SMALL) for n in names) + 3
    body = len(wide) * ROW
    at = x
    for i, term in enumerate(t for t in NAMES if t in wide):
        _marker(page, at + 1.2, top + HEAD + 1, i)
        page.text(at + 3.2, top + HEAD + 1, NAMES[term], fontsize=SMALL)
        at += style.text_width(NAMES[term], SMALL) + 7
    axes = page.axes(x + left, top + HEAD + 4, room - left - 2, body)
    high = max(0.3, float(wide.max().max()) * 1.08)
    axes.set(xlim=(0, high), ylim=(body, 0), yticks=[])
    axes.spines["left"].set_visible(False)
    axes.axvline(LIMIT, color=style.QUIET, linewidth=0.6, linestyle=(0, (4, 2)))
    axes.grid(axis="x", color=style.GRID, linewidth=0.5)
    axes.set_xlabel("Absolute standardised difference", fontsize=SMALL)
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(4))
    for k, name in enumerate(names):
        page.text(x, top + HEAD + 4 + (k + 0.5) * ROW, name, fontsize=SMALL)
    for i, term in enumerate(t for t in NAMES if t in wide):
        axes.plot(wide[term], [(k + 0.5) * ROW for k in range(len(wide))], linestyle="none",
                  markerfacecolor="white" if i == 0 else style.COLOURS[i], clip_on=False,
                  marker="osD"[i], markersize=3.2, color=style.COLOURS[i])  # fmt: skip


def _marker(page: Page, x: float, y: float, i: int) -> None:
    page.line((x, x), (y, y), marker="osD"[i], markersize=3.2, color=style.COLOURS[i],
              markerfacecolor="white" if i == 0 else style.COLOURS[i])  # fmt: skip


def _curves(
    page: Page, source: Source, data: pd.DataFrame, x: float, top: float, room: float
) -> None:
    page.text(x, top + 3, "Survival, overlap weights", fontweight="bold")
    rows = data[data["element"].eq("survival")]
    months = rows["horizon"].str.removesuffix("mo").astype("float64")
    end = float(months.max())
    ticks = [t for t in (0, 3, 6, 12, 18, 24, 36, 48, 60) if t <= end]
    axes = page.axes(x + 11, top + HEAD, room - 14, CURVE)
    prepare(axes, end, [float(t) for t in ticks if t != 3 or end <= 24])
    axes.set_xlabel(time_label(source), fontsize=SMALL)
    page.text(x + 2, top + HEAD + CURVE / 2, "Alive (%)", rotation=90, ha="center", fontsize=SMALL)
    sizes = data[data["element"].eq("effective_n")].set_index("stratum")["estimate"]
    y = top + HEAD + CURVE + 11
    for i, (name, group) in enumerate(rows.groupby("stratum", sort=False)):
        colour, dashes = look(i)
        at = [0.0, *months[group.index]]
        axes.plot(at, [1.0, *group["estimate"]], color=colour, linestyle=dashes)
        axes.fill_between(at, [1.0, *group["lower"]], [1.0, *group["upper"]], color=colour,
                          alpha=0.16, linewidth=0)  # fmt: skip
        page.line((x + 1, x + 7), (y, y), color=colour, linestyle=dashes, linewidth=1.3)
        weigh = f", weigh as much as {sizes[name]:.0f}" if name in sizes.index else ""
        first = group.iloc[0]
        text = f"{name}: n {count(first['n'])}, deaths {count(first['events'])}{weigh}"
        for line in style.wrap(text, room - 9, SMALL):
            page.text(x + 8.5, y, line, fontsize=SMALL)
            y += layouts.LINE


def _ratios(data: pd.DataFrame) -> list[Effect]:
    out: list[Effect] = []
    for element, title in (("hazard_ratio", ""), ("immortal_time", "in time")):
        rows = data[data["element"].eq(element)]
        for name, group in rows.groupby("stratum_set", sort=False):
            first = group.iloc[0]
            size = f"n {count(first['n'])}, deaths {count(first['events'])}"
            what = f"{plain(str(name))}, by its time" if title else _against(data, str(name))
            out.append(Effect(f"{what}: {size}", heading=True))
            out += [
                Effect(_term(str(r["term"])), r["estimate"], r["lower"], r["upper"],
                       look=i if not title else i % 5)
                for i, r in enumerate(group.to_dict("records"))
            ]  # fmt: skip
    return out


def _term(term: str) -> str:
    return NAMES.get(term, "landmark 1 month" if term == "landmark 1 months" else term)


def _against(data: pd.DataFrame, name: str) -> str:
    """Name both sides of a comparison, first the one that a ratio is of."""
    rows = data[data["stratum_set"].eq(name) & data["contrast"].ne("")]
    found = list(dict.fromkeys(rows["contrast"]))
    return plain(str(found[0])) if found else plain(name)


def _remarks(data: pd.DataFrame, others: list[str], table: pd.DataFrame) -> list[str]:
    found = []
    wide = _balance(data)
    if len(wide) > MOST:
        rest = float(wide.iloc[MOST:].max().max())
        found.append(
            f"Not drawn: {len(wide) - MOST} more covariates, difference at most {rest:.2f}."
        )
    if others:
        found.append(f"Not drawn, in the table: {', '.join(plain(o) for o in others)}.")
    mine = table["stratum_set"].isin(data["stratum_set"]) & table["model"].eq("comparison")
    warned = table[mine & table["measure"].eq("warning") & table["note"].ne("")]
    told = zip(warned["term"], warned["note"], strict=True)
    found += [f"{plain(NAMES.get(t, str(t)))}: {n}." for t, n in dict.fromkeys(told)][:3]
    return found


def _caption(source: Source, data: pd.DataFrame) -> str:
    parts = []
    if data["element"].eq("balance").any():
        parts.append(
            "Absolute standardised differences of what was known before treatment, before and "
            f"after weighting (dashed: {LIMIT})"
        )
    if data["element"].eq("survival").any():
        parts.append("survival after overlap weights with 95 % bootstrap intervals")
    parts.append("hazard ratios of death with 95 % intervals")
    text = "; ".join(parts)
    text = f"{TITLE}: {source.label}. {text[0].upper()}{text[1:]}."
    if data["element"].eq("immortal_time").any():
        text += (
            " By its time: counting treatment from time zero on (naive) is biased, because who "
            "was treated later had to live until then; landmark and time-varying analyses aren't."
        )
    return f"{text} Associations, unless treatment was allocated at random."


def _spoken(data: pd.DataFrame) -> str:
    rows = data[data["element"].isin(["hazard_ratio", "immortal_time"])]
    said = [
        f"{plain(r['stratum_set'])}, {_term(str(r['term']))}: hazard ratio {r['estimate']:.2f}"
        for r in rows.to_dict("records")
    ]
    wide = _balance(data)
    if len(wide):
        worst = ", ".join(f"{NAMES.get(str(t), str(t))} {float(wide[t].max()):.2f}" for t in wide)
        said.append(f"largest standardised difference: {worst}")
    return "; ".join(said)


FIGURE: Final = Figure("treatment_comparison", TITLE, TABLES, draw)
