"""This cohort beside twenty years of published results: survival, C and AUC, as one forest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from spinemets import published, vocabulary
from spinemets.figures import style
from spinemets.figures.base import MARGIN, Drawing, Figure, draw_footer, empty, footer_height
from spinemets.figures.source import Source, count, records
from spinemets.figures.style import SMALL, Page

if TYPE_CHECKING:
    import pandas as pd

SURVIVAL_TABLES: Final = ("survival_summary",)
SCORE_TABLES: Final = ("performance", "score_notes")
MEDIAN: Final = "Median survival, months"
ALIVE: Final = "Alive, %"
HARRELL: Final = "Harrell's C"
AUC: Final = "AUC(t)"
#: Block -> measures in the tables and in the facts.
BLOCKS: Final = {
    MEDIAN: ("median_survival_months",),
    ALIVE: ("survival",),
    HARRELL: ("harrell_c",),
    AUC: ("auc", "auc_lowest", "auc_highest"),
}
#: Papers that print the range of an AUC over these horizons only, not which is which.
RANGE: Final = ("3mo", "6mo", "12mo")
COLUMNS: Final = ("block", "subject", "label", "own", "study", "cohort", "setting", "period",
                  "time_zero", "horizon", "n", "estimate", "lower", "upper", "other_time_zero",
                  "needs_verification", "confidence", "source")  # fmt: skip
LINE: Final = style.line_height(SMALL)
ROW: Final = LINE + 0.5
HEADING: Final = LINE + 1.2
BLOCK_HEAD: Final = 6.0
BLOCK_GAP: Final = 9.5
LEFT: Final = 37.0
TEXT: Final = 22.0
#: Width below which the blocks stand in one column.
TWO_COLUMNS: Final = 150.0
NARROWEST: Final = 76.0
#: A study named by author and year is cited by its name; others need their source beside it.
YEAR: Final = r"(?:19|20)\d\d"
OTHER_CLOCK: Final = "†"
VERIFY: Final = "‡"


def _own_survival(source: Source) -> Iterator[dict[str, Any]]:
    """Medians and survival of this cohort, from released tables."""
    summary = source.table("survival_summary")
    groups = summary["stratum_set"].isin(["overall", "primary_group", "primary"])
    summary = summary[summary["set"].eq("all") & groups & summary["estimate"].notna()]
    for row in records(summary):
        if row["measure"] not in ("median_survival_months", "survival"):
            continue
        if row["measure"] == "survival" and row["stratum_set"] != "overall":
            continue
        subject = "all" if row["stratum_set"] == "overall" else str(row["stratum"])
        yield row | {"subject": subject}


def _own_scores(source: Source) -> Iterator[dict[str, Any]]:
    """C and AUC of this cohort's scores, each on its own patients."""
    table, _ = source.guarded(source.table("performance"))
    here = table["set"].eq("own") & table["stratum_set"].eq("overall") & table["variant"].eq("")
    here &= table["form"].eq("points") & table["measure"].isin(["harrell_c", "auc"])
    table = table[here & table["estimate"].notna()]
    for row in records(table):
        yield row | {"subject": str(row["score"])}
    several = table[table["measure"].eq("auc") & table["horizon"].isin(RANGE)]
    for score, rows in several.groupby("score", sort=False):
        if len(rows) == len(RANGE):
            ordered = records(rows.sort_values("estimate", kind="stable"))
            for name, row in (("lowest", ordered[0]), ("highest", ordered[-1])):
                yield row | {"subject": str(score), "measure": f"auc_{name}", "horizon": name}


def _subject(fact: published.Fact, own: set[str]) -> str:
    """The group of this cohort that a published number can stand beside, or nothing."""
    if fact.kind != "primary" or fact.subject in own:
        return fact.subject
    group = vocabulary.primaries()[fact.subject].group
    # A merged group (stomach, liver ...) is no peer of one of its members.
    return group if group == "colorectal" and group in own else ""


def _horizon(fact: published.Fact) -> str:
    if fact.measure.startswith("auc_"):
        return fact.measure.removeprefix("auc_")
    return "" if fact.horizon_months is None else f"{fact.horizon_months:g}mo"


def collect(source: Source, blocks: Sequence[str]) -> pd.DataFrame:
    """
    Put this cohort's estimates and the published ones of the same questions together.

    Parameters
    ----------
    source : Source
        Released tables.
    blocks : sequence of str
        Keys of ``BLOCKS``.

    Returns
    -------
    pandas.DataFrame
        One row per estimate, this cohort's first within its question; questions that no paper
        answers are left out.
    """
    import pandas as pd

    own = [
        *(_own_survival(source) if MEDIAN in blocks else ()),
        *(_own_scores(source) if HARRELL in blocks else ()),
    ]
    clock = str(source.info.get("time_zero", ""))
    rows: list[dict[str, Any]] = []
    once = published.counted_once(published.facts())
    for block in blocks:
        measures = BLOCKS[block]
        mine = [r for r in own if r["measure"] in measures]
        subjects = {r["subject"] for r in mine}
        facts = [(_subject(f, subjects), f) for f in once if f.measure in measures]
        for row in mine:
            peers = [
                f for s, f in facts if s == row["subject"] and _horizon(f) == str(row["horizon"])
            ]
            if peers:
                rows.append(_ours(block, row, source))
                ordered = sorted(peers, key=lambda f: (f.value, f.id), reverse=True)
                rows += [_theirs(block, row, fact, clock) for fact in ordered]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"n": "Int64"})


def _key(block: str, row: dict[str, Any]) -> dict[str, Any]:
    return {"block": block, "subject": row["subject"], "horizon": row["horizon"]}


def _ours(block: str, row: dict[str, Any], source: Source) -> dict[str, Any]:
    return _key(block, row) | {
        "label": "this cohort", "own": True, "study": "", "cohort": str(source.info.get("id", "")),
        "setting": source.label, "period": "", "time_zero": str(source.info.get("time_zero", "")),
        "n": row["n"], "estimate": row["estimate"], "lower": row["lower"], "upper": row["upper"],
        "other_time_zero": False, "needs_verification": False, "confidence": "", "source": "",
    }  # fmt: skip


def _theirs(block: str, row: dict[str, Any], fact: published.Fact, clock: str) -> dict[str, Any]:
    nan = float("nan")
    return _key(block, row) | {
        "label": fact.study, "own": False, "study": fact.study,
        "cohort": fact.cohort, "setting": fact.setting, "period": fact.period,
        "time_zero": fact.time_zero, "n": fact.n, "estimate": fact.value,
        "lower": nan if fact.lower is None else fact.lower,
        "upper": nan if fact.upper is None else fact.upper,
        "other_time_zero": fact.time_zero != clock,
        "needs_verification": fact.needs_verification, "confidence": fact.confidence,
        "source": fact.source,
    }  # fmt: skip


def draw(source: Source, title: str, tables: Sequence[str], blocks: Sequence[str]) -> Drawing:
    """
    Draw the forest of this cohort and the published ones.

    Parameters
    ----------
    source : Source
        Released tables.
    title : str
        Heading.
    tables : sequence of str
        Released tables that are read.
    blocks : sequence of str
        Keys of ``BLOCKS``, in the order of the page.

    Returns
    -------
    Drawing
        One block per measure, one group of rows per question.
    """
    width = max(source.settings.width_mm, NARROWEST)
    data = collect(source, blocks)
    withheld = source.guarded(source.table("performance"))[1] if HARRELL in blocks else []
    if data.empty:
        reason = "No estimate of this cohort answers a question that a paper answers."
        reason = " ".join([reason, *withheld])
        return empty(source, width, reason, list(tables))
    remarks = [*withheld, *_remarks(data), *source.score_footnotes(_scores(data))]
    page = _page(source, data, width, remarks)
    theirs = data[~data["own"]]
    return Drawing(
        page,
        data,
        caption=(
            f"{title}: {source.label}. Diamonds: this cohort, every score on its own patients; "
            f"circles: {theirs['cohort'].nunique()} published cohorts, each counted once, bars "
            "where a 95 % interval was printed. Not pooled: settings, eras and time zeros differ."
        ),
        alt=f"{title}. {_spoken(data, source)}",
        sources=list(tables),
        footnotes=remarks,
        units={"estimate": "months, percent or probability, by block", "n": "patients"},
    )


def _scores(data: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(data.loc[data["block"].isin([HARRELL, AUC]), "subject"]))


def _remarks(data: pd.DataFrame) -> list[str]:
    found = []
    if data["other_time_zero"].any():
        found.append(f"{OTHER_CLOCK} Another time zero than this cohort's, or none stated.")
    if data["needs_verification"].any():
        found.append(f"{VERIFY} To be verified against the paper before it is quoted.")
    untitled = data[~data["own"] & ~data["study"].str.contains(YEAR)]
    cited = dict.fromkeys(zip(untitled["study"], untitled["source"], strict=True))
    if cited:
        found.append(f"Sources: {'; '.join(f'{study}: {where}' for study, where in cited)}.")
    low = data[data["block"].isin([HARRELL, AUC]) & ~data["own"] & data["estimate"].lt(0.5)]
    if len(low):
        names = ", ".join(dict.fromkeys(low["label"]))
        found.append(f"Below one half as printed, probably with the sign not aligned: {names}.")
    return found


def _spoken(data: pd.DataFrame, source: Source) -> str:
    parts = []
    for (block, subject, horizon), rows in data.groupby(
        ["block", "subject", "horizon"], sort=False
    ):
        ours, theirs = rows[rows["own"]].iloc[0], rows[~rows["own"]]
        low, high = theirs["estimate"].min(), theirs["estimate"].max()
        digits = 1 if block == MEDIAN else 2
        name = _heading(str(block), str(subject), str(horizon), source)
        span = f"{low:.{digits}f}" if low == high else f"{low:.{digits}f} to {high:.{digits}f}"
        parts.append(
            f"{block}, {name}: this cohort {ours['estimate']:.{digits}f}, published {span}"
        )
    return f"{'; '.join(parts)}."


def _heading(block: str, subject: str, horizon: str, source: Source) -> str:
    at = f"at {horizon.removesuffix('mo')} months"
    if block == ALIVE:
        return f"All patients, {at}"
    if block in (HARRELL, AUC):
        if horizon in ("lowest", "highest"):
            at = f"{horizon} of 3, 6 and 12 months"
        return f"{source.score(subject)}, {at}" if horizon else source.score(subject)
    if subject == "all":
        return "All patients"
    labels = vocabulary.group_labels()
    return labels[subject] if subject in labels else vocabulary.primaries()[subject].label


def _groups(data: pd.DataFrame, block: str) -> list[tuple[tuple[str, str], pd.DataFrame]]:
    mine = data[data["block"].eq(block)]
    pairs = mine.groupby(["subject", "horizon"], sort=False)
    return [((str(s), str(h)), rows) for (s, h), rows in pairs]


def _height(data: pd.DataFrame, block: str) -> float:
    found = _groups(data, block)
    return BLOCK_HEAD + sum(HEADING + len(rows) * ROW for _, rows in found) + BLOCK_GAP


def _page(source: Source, data: pd.DataFrame, width: float, remarks: list[str]) -> Page:
    blocks = [b for b in BLOCKS if data["block"].eq(b).any()]
    two = width >= TWO_COLUMNS and len(blocks) > 1
    sides = [[block] for block in blocks] if two else [blocks]
    tall = max(sum(_height(data, b) for b in side) for side in sides)
    page = Page(width, tall + 1 + footer_height(source, width, remarks))
    room = width / len(sides)
    for k, side in enumerate(sides):
        top = 0.0
        for block in side:
            _block(page, source, data, block, k * room, top, room)
            top += _height(data, block)
    draw_footer(page, source, remarks)
    return page


def _block(
    page: Page, source: Source, data: pd.DataFrame, block: str, x: float, top: float, room: float
) -> None:
    """One measure: its axes, and rows under a heading per question."""
    page.text(x + MARGIN, top + 3, block, fontweight="bold")
    groups = _groups(data, block)
    body = _height(data, block) - BLOCK_HEAD - BLOCK_GAP
    span = room - LEFT - TEXT - 2 * MARGIN - 1
    axes = page.axes(x + LEFT, top + BLOCK_HEAD, span, body)
    _scale(axes, block, data[data["block"].eq(block)], body)
    y = 0.0
    for (subject, horizon), rows in groups:
        middle = y + HEADING / 2 + 0.4
        name = _heading(block, subject, horizon, source)
        for line in style.wrap(name, LEFT + span, SMALL, bold=True)[:1]:
            page.text(
                x + MARGIN, top + BLOCK_HEAD + middle, line, fontsize=SMALL, fontweight="bold"
            )
        y += HEADING
        for row in rows.to_dict("records"):
            _row(page, axes, block, row, x, top + BLOCK_HEAD, y + ROW / 2, room)
            y += ROW


def _scale(axes: Any, block: str, rows: pd.DataFrame, body: float) -> None:
    axes.set(ylim=(body, 0), yticks=[])
    axes.spines["left"].set_visible(False)
    factor = 100 if block == ALIVE else 1
    ends = rows[["estimate", "lower", "upper"]] * factor
    if block == MEDIAN:
        axes.set_xscale("log")
        axes.set_xlim(max(ends.min().min(), 0.5) * 0.85, max(ends.max().max(), 12) * 1.15)
        ticks = [
            t for t in (1, 2, 3, 6, 12, 24, 48) if axes.get_xlim()[0] <= t <= axes.get_xlim()[1]
        ]
        axes.set_xticks(ticks, [str(t) for t in ticks])
        axes.minorticks_off()
    elif block == ALIVE:
        axes.set(xlim=(0, 100), xticks=[0, 50, 100])
    else:
        axes.set(xlim=(min(0.45, ends.min().min() - 0.02), max(0.85, ends.max().max() + 0.02)))
        axes.set_xticks([t for t in (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
                         if axes.get_xlim()[0] <= t <= axes.get_xlim()[1]])  # fmt: skip
    axes.grid(axis="x", color=style.GRID, linewidth=0.5)
    axes.tick_params(axis="y", length=0)


def _row(
    page: Page, axes: Any, block: str, row: Any, x: float, top: float, y: float, room: float
) -> None:
    marks = OTHER_CLOCK * bool(row["other_time_zero"]) + VERIFY * bool(row["needs_verification"])
    size = f", n {count(row['n'])}" if count(row["n"]) != "n/s" or row["own"] else ""
    room_left = LEFT - MARGIN - 2
    words = style.wrap(f"{row['label']}{size}{' ' * bool(marks)}{marks}".replace(" ", "\u00a0"),
                       room_left, SMALL)[0]  # fmt: skip
    if style.text_width(words, SMALL) > room_left:
        words = f"{row['label']} {marks}".strip()
    colour = style.COLOURS[0] if row["own"] else style.INK
    page.text(x + MARGIN + 1.2, top + y, words, fontsize=SMALL, color=colour)
    factor, digits = (100, 0) if block == ALIVE else (1, 1 if block == MEDIAN else 2)
    at, low, high = (float(row[c]) * factor for c in ("estimate", "lower", "upper"))
    text = f"{at:.{digits}f}"
    if low == low and high == high:
        edge = axes.get_xlim()[0]
        axes.plot([max(low, edge), high], [y, y], color=colour, linewidth=1.0)
        text += f" ({low:.{digits}f}–{high:.{digits}f})"
    axes.plot(
        [at], [y], marker="D" if row["own"] else "o", markersize=3.4, color=colour,
        markerfacecolor=colour if row["own"] else "white", markeredgewidth=0.8, clip_on=False,
    )  # fmt: skip
    page.text(x + room - MARGIN - TEXT + 1, top + y, text, fontsize=SMALL, color=colour)


def _figure(name: str, title: str, tables: tuple[str, ...], blocks: tuple[str, ...]) -> Figure:
    return Figure(name, title, tables, partial(draw, title=title, tables=tables, blocks=blocks))


SURVIVAL: Final = _figure(
    "published_survival", "Survival beside published cohorts", SURVIVAL_TABLES, (MEDIAN, ALIVE)
)
DISCRIMINATION: Final = _figure(
    "published_discrimination", "Discrimination beside published results", SCORE_TABLES,
    (HARRELL, AUC),
)  # fmt: skip
