"""Cumulative incidence of other outcomes, stacked with death before them, by group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from spinemets import groupings, strata
from spinemets.figures import curves as km
from spinemets.figures import style
from spinemets.figures.base import MARGIN, Drawing, Figure, draw_footer, empty, footer_height
from spinemets.figures.layouts import LINE
from spinemets.figures.multiples import TALLEST_PAGE
from spinemets.figures.source import Source, count, plain
from spinemets.figures.style import SMALL, Page
from spinemets.measures_survival import TESTS

if TYPE_CHECKING:
    import pandas as pd

TABLES: Final = ("cumulative_incidence", "outcomes")
TITLE: Final = "Cumulative incidence of other outcomes, death competing"
#: Groups beside all patients; the largest first.
MOST: Final = 6
COLOURS: Final = {"event": style.COLOURS[1], "death": "#C9CED6", "neither": "#FFFFFF"}
KEY: Final = {
    "event": "with the outcome (%)",
    "death": "dead before it",
    "neither": "neither",
}
TALL: Final = 15.0
GAP: Final = 9.0
HEADER: Final = 10.0
ROW_HEAD: Final = LINE + 0.8
ROW_FOOT: Final = LINE + 6.0


@dataclass
class Stack:
    """
    One panel.

    Parameters
    ----------
    outcome, stratum_set, stratum : str
        What and whose.
    steps : pandas.DataFrame
        ``time_months``, ``event``, ``death``, ``lower``, ``upper`` (of the event) as drawn.
    risk : dict of float to object
        Month to number at risk.
    n, events, deaths : object
        Patients, events and deaths before an event over the months that are drawn.
    """

    outcome: str
    stratum_set: str
    stratum: str
    steps: pd.DataFrame
    risk: dict[float, Any]
    n: Any
    events: Any
    deaths: Any

    @property
    def size(self) -> str:
        """Numbers in words."""
        return f"n {count(self.n)}, events {count(self.events)}, deaths {count(self.deaths)}"


def draw(source: Source) -> Drawing:
    """
    Draw a column per outcome, a row for all patients and for each of the largest groups.

    Parameters
    ----------
    source : Source
        Released tables.

    Returns
    -------
    Drawing
        Stacks: the outcome, death before it, neither.
    """
    width = source.settings.width_mm
    table, outcomes = (source.table(name) for name in TABLES)
    stacks = _stacks(table, source.settings.follow_up_months)
    lacking = _lacking(outcomes)
    if not stacks:
        reason = " ".join(lacking) or "No curve of cumulative incidence was released."
        return empty(source, width, reason, list(TABLES))
    names = list(dict.fromkeys(key[0] for key in stacks))
    rows, rest, grouping = _rows(stacks)
    remarks = [
        *lacking,
        *_remarks(outcomes, names, rows, rest, grouping),
        *groupings.to_verify([grouping]),
    ]
    tests = {o: _gray(outcomes, o, grouping) for o in names}
    page = _page(source, stacks, names, rows, tests, remarks)
    shown = [s for s in stacks.values() if (s.stratum_set, s.stratum) in rows]
    return Drawing(
        page,
        _data(shown),
        caption=_caption(source, grouping),
        alt=f"{TITLE}. {_spoken(shown)}.",
        sources=list(TABLES),
        footnotes=remarks,
        units={"time_months": "months", "incidence": "probability", "lower": "probability",
               "upper": "probability", "at_risk": "patients", "events": "patients"},
    )  # fmt: skip


def _stacks(table: pd.DataFrame, end: float) -> dict[tuple[str, str, str], Stack]:
    import pandas as pd

    out = {}
    for keys, rows in table.groupby(["outcome", "stratum_set", "stratum"], sort=False):
        outcome, grouping, stratum = (str(k) for k in keys)
        rows = rows[rows["time_months"].le(end)].sort_values("time_months", kind="stable")
        enough = rows["at_risk"].ge(km.MINIMUM_AT_RISK).fillna(False).astype(bool)
        event, death = (rows[enough & rows["cause"].eq(c)] for c in ("event", "death"))
        if len(event) < 2 or len(event) != len(death):
            continue
        steps = event[["time_months", "lower", "upper"]].assign(
            event=event["incidence"], death=death["incidence"].to_numpy()
        )
        # The last step holds until too few are left, or until the axis ends.
        stop = rows.loc[~enough, "time_months"].min() if (~enough).any() else end
        last = steps.tail(1).assign(time_months=float(min(stop, end)))
        steps = pd.concat([steps, last], ignore_index=True)
        out[outcome, grouping, stratum] = Stack(
            outcome, grouping, stratum, steps,
            dict(zip(event["time_months"], event["at_risk"], strict=True)),
            event["at_risk"].iloc[0], event["events"].iloc[-1], death["events"].iloc[-1],
        )  # fmt: skip
    return out


def _rows(
    stacks: dict[tuple[str, str, str], Stack],
) -> tuple[list[tuple[str, str]], list[str], str]:
    """All patients and the largest groups of the first grouping; names of the rest."""
    groupings = [g for _, g, _ in stacks if g != "overall"]
    grouping = groupings[0] if groupings else ""
    sizes: dict[str, int] = {}
    for (_, g, stratum), one in stacks.items():
        if g == grouping:
            number = int(one.n) if count(one.n).isdigit() else 0
            sizes[stratum] = max(sizes.get(stratum, 0), number)
    kept = sorted(sizes, key=lambda s: -sizes[s])[:MOST]
    rows = [("overall", "all"), *((grouping, s) for s in sizes if s in kept)]
    return rows, [strata.label(grouping, s) for s in sizes if s not in kept], grouping


def _lacking(outcomes: pd.DataFrame) -> list[str]:
    """Outcomes that the cohort doesn't record."""
    rows = outcomes[outcomes["note"].str.startswith("not recorded in this cohort")]
    names = [plain(str(m)).lower() for m in dict.fromkeys(rows["model"]) if m != "function"]
    return [f"Not recorded in this cohort: {', '.join(names)}."] if names else []


def _remarks(
    outcomes: pd.DataFrame,
    names: list[str],
    rows: list[tuple[str, str]],
    rest: list[str],
    grouping: str,
) -> list[str]:
    found = []
    mine = outcomes[outcomes["model"].isin(names) & outcomes["stratum_set"].eq(grouping)]
    drawn = {s for g, s in rows if g == grouping}
    small = mine[mine["estimate"].isna() & mine["note"].str.startswith("fewer than")]
    small = small[small["measure"].eq("cumulative_incidence") & ~small["stratum"].isin(drawn)]
    if rest:
        found.append(f"Not drawn, no room: {'; '.join(rest)}.")
    # A group that lacks room is large enough for one outcome at least.
    labels = [strata.label(grouping, str(s)) for s in dict.fromkeys(small["stratum"])]
    if labels := [label for label in labels if label not in rest]:
        why = str(small["note"].iloc[0]).partition(";")[0]
        found.append(f"Not drawn, {why}: {'; '.join(labels)}.")
    return found


def _gray(outcomes: pd.DataFrame, outcome: str, grouping: str) -> str:
    """Test of equal incidence over the groups of the figure, in words."""
    rows = outcomes[outcomes["model"].eq(outcome) & outcomes["stratum_set"].eq(grouping)]
    # Where patients entered late another test stands in the place of Gray's.
    rows = rows[rows["measure"].isin(list(TESTS))].sort_values("measure")
    if rows.empty:
        return ""
    row = rows.iloc[-1]
    p, name = row["estimate"], TESTS[str(row["measure"])].replace("'", "’")
    if p != p:
        return f"{name}: {str(row['note']).partition(';')[0] or 'not released'}"
    return f"{name}: P < 0.001" if p < 0.001 else f"{name}: P = {p:.3f}"


def _caption(source: Source, grouping: str) -> str:
    by = f" and the largest groups of {strata.title(grouping)}" if grouping else ""
    text = (
        f"{TITLE}: {source.label}. Aalen-Johansen estimates in all patients{by}: from below the "
        "outcome (thin lines: its 95 % interval), death before it, neither. Each outcome in the "
        "patients who can have it: local failure after surgery or radiotherapy, reoperation after "
        f"surgery. A stack stops where fewer than {km.MINIMUM_AT_RISK} patients are at risk; below "
        "it the numbers at risk."
    )
    if source.info.get("disclosure", {}).get("applied"):
        text += " Computed from rounded counts, without intervals."
    return text


def _spoken(shown: list[Stack]) -> str:
    parts = []
    for one in shown:
        last = one.steps.iloc[-1]
        who = "all" if one.stratum_set == "overall" else strata.label(one.stratum_set, one.stratum)
        parts.append(
            f"{plain(one.outcome)}, {who} ({one.size}): {100 * last['event']:.0f} % with it and "
            f"{100 * last['death']:.0f} % dead before it by {last['time_months']:.0f} months"
        )
    return "; ".join(parts)


def _data(shown: list[Stack]) -> pd.DataFrame:
    import pandas as pd

    parts = []
    for one in shown:
        s = one.steps
        where = {"outcome": one.outcome, "stratum_set": one.stratum_set, "stratum": one.stratum}
        at_risk = pd.array([one.risk.get(t) for t in s["time_months"]], dtype="Int64")
        base = pd.DataFrame({"time_months": s["time_months"], "at_risk": at_risk})
        event = {"incidence": s["event"], "lower": s["lower"], "upper": s["upper"]}
        parts.append(base.assign(**where, cause="event", events=one.events, **event))
        death: dict[str, Any] = {
            "incidence": s["death"],
            "lower": float("nan"),
            "upper": float("nan"),
        }
        parts.append(base.assign(**where, cause="death", events=one.deaths, **death))
    columns = ["outcome", "stratum_set", "stratum", "cause", "time_months", "incidence", "lower"]
    table = pd.concat(parts, ignore_index=True)[[*columns, "upper", "at_risk", "events"]]
    return table.astype({"events": "Int64"})


def _page(
    source: Source,
    stacks: dict[tuple[str, str, str], Stack],
    names: list[str],
    rows: list[tuple[str, str]],
    tests: dict[str, str],
    remarks: list[str],
) -> Page:
    full = source.settings.width_mm
    labels = {
        key: "All patients" if key[0] == "overall" else strata.label(*key) for key in rows
    }  # fmt: skip
    room = 26.0 if full >= 150 else 20.0
    left = MARGIN + room + 9
    columns, wide, width = style.columns(full, len(names), left, GAP, 3)
    names = names[:columns] if columns < len(names) else names
    top = _key_places(width)[-1][1] + 2.5
    around = top + HEADER + len(rows) * (ROW_HEAD + ROW_FOOT) + 6
    around += footer_height(source, width, remarks)
    tall = min(TALL, (TALLEST_PAGE - around) / len(rows))
    step = ROW_HEAD + tall + ROW_FOOT
    page = Page(width, around + len(rows) * tall)
    _key(page)
    for i, name in enumerate(names):
        x = left + i * (wide + GAP)
        page.text(x, top + 2, plain(name), fontweight="bold")
        for k, line in enumerate(style.wrap(tests[name], wide + GAP - 2, SMALL)[:2]):
            page.text(x, top + 5 + k * LINE, line, fontsize=SMALL, color=style.QUIET)
    end = source.settings.follow_up_months
    y = top + HEADER
    for key in rows:
        middle = y + ROW_HEAD + tall / 2
        lines = style.wrap(labels[key], room, SMALL, bold=True)
        for k, line in enumerate(lines):
            offset = (k - (len(lines) - 1) / 2) * LINE
            page.text(MARGIN, middle + offset, line, fontsize=SMALL, fontweight="bold")
        for i, name in enumerate(names):
            place = (left + i * (wide + GAP), y + ROW_HEAD, wide, tall)
            _panel(page, stacks.get((name, *key)), place, end, first=not i)
        below = y + ROW_HEAD + tall + 3.6 + LINE / 2
        page.text(left - 6, below, "At risk", ha="right", fontsize=SMALL, color=style.QUIET)
        y += step
    page.text(left + (width - left) / 2, y + 2, km.time_label(source), ha="center")
    draw_footer(page, source, remarks)
    return page


def _key_places(width: float) -> list[tuple[float, float]]:
    """Left end and middle of every entry of the key, broken into lines."""
    places = []
    x, y = MARGIN, 2.5
    for words in KEY.values():
        room = 5.5 + style.text_width(words, SMALL)
        if x > MARGIN and x + room > width - MARGIN:
            x, y = MARGIN, y + LINE + 0.8
        places.append((x, y))
        x += room + 6
    return places


def _key(page: Page) -> None:
    for (cause, words), (x, y) in zip(KEY.items(), _key_places(page.width), strict=True):
        page.line((x, x + 4), (y, y), color=style.QUIET, linewidth=6, solid_capstyle="butt")
        page.line((x + 0.15, x + 3.85), (y, y), color=COLOURS[cause], linewidth=5.2,
                  solid_capstyle="butt")  # fmt: skip
        page.text(x + 5.5, y, words, fontsize=SMALL)


def _panel(
    page: Page,
    one: Stack | None,
    place: tuple[float, float, float, float],
    end: float,
    *,
    first: bool,
) -> None:
    x, top, wide, tall = place
    if one is None:
        page.text(x + wide / 2, top + tall / 2, "too few patients", ha="center", fontsize=SMALL,
                  color=style.QUIET)  # fmt: skip
        return
    page.text(x, top - ROW_HEAD / 2, one.size, fontsize=SMALL)
    axes = page.axes(x, top, wide, tall)
    times = km.thinned(sorted(t for t in one.risk if t % 6 == 0) or [0.0], end, wide, 9.0)
    axes.set(xlim=(0, end), ylim=(0, 1))
    axes.set_xticks(list(range(0, int(end) + 1, 12)))
    axes.set_yticks([0, 0.5, 1.0], ["0", "50", "100"])
    axes.tick_params(labelleft=first)
    s = one.steps
    t, event, both = s["time_months"], s["event"], s["event"] + s["death"]
    axes.fill_between(t, event, both, step="post", color=COLOURS["death"], linewidth=0)
    axes.fill_between(t, 0, event, step="post", color=COLOURS["event"], linewidth=0)
    axes.step(t, both, where="post", color=style.QUIET, linewidth=0.6)
    for end_of in ("lower", "upper"):
        if s[end_of].notna().any():
            axes.step(t, s[end_of], where="post", color=style.INK, linewidth=0.5)
    below = top + tall + 3.6 + LINE / 2
    for at in times:
        page.text(x + wide * at / end, below, count(one.risk[at]), ha="center", fontsize=SMALL,
                  color=style.QUIET)  # fmt: skip


FIGURE: Final = Figure("cumulative_incidence", TITLE, TABLES, draw)
