"""Harrell's C of every score, points beside bands: comparison set and own patients, with strata."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from spinemets import groupings, strata
from spinemets.figures import style
from spinemets.figures.base import MARGIN, Drawing, Figure, draw_footer, empty, footer_height
from spinemets.figures.multiples import TALLEST_PAGE
from spinemets.figures.source import Source, count, span
from spinemets.figures.style import SMALL, Page
from spinemets.results import SUSPECT

if TYPE_CHECKING:
    import pandas as pd

TABLES: Final = ("performance", "score_notes")
TITLE: Final = "Discrimination of the scores: Harrell's C"
OWN: Final = "own"
#: Form -> marker, filled, colour.
MARKS: Final[dict[str, tuple[str, bool, str]]] = {
    "points": ("o", True, style.COLOURS[0]),
    "band": ("s", False, style.COLOURS[1]),
}
NAMES: Final = {"points": "points", "band": "published bands"}
LINE: Final = style.line_height(SMALL)
#: Heights of a score, of a block's title, between blocks and of the page's head.
ROW: Final = 2 * LINE + 0.9
TITLE_ROW: Final = 5.0
GAP: Final = 2.0
HEAD: Final = 10.0
#: Room for the axis and for what is said below the forest of many scores.
FOOT: Final = 42.0
#: Widths of the names, of the printed intervals and of the column of patients.
LEFT: Final = 34.0
TEXT: Final = 23.0
N_ROOM: Final = 11.0
#: Width below which one column of estimates is drawn, and the least that it needs.
TWO_COLUMNS: Final = 150.0
NARROWEST: Final = 100.0


@dataclass
class Block:
    """
    Rows of the forest that belong together.

    Parameters
    ----------
    title : str
        For example ``"All patients"`` or ``"Within groups: primary histology"``.
    rows : pandas.DataFrame
        Estimates of Harrell's C in this block.
    """

    title: str
    rows: pd.DataFrame


def blocks(table: pd.DataFrame) -> list[Block]:
    """
    Sort the estimates into blocks: everybody, then within the groups of each grouping.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of Harrell's C.

    Returns
    -------
    list of Block
        A block without a single estimate is left out.
    """
    found = [Block("All patients", table[table["stratum_set"].eq("overall")])]
    for name in dict.fromkeys(table["stratum_set"]):
        rows = table[table["stratum_set"].eq(name) & table["stratum"].eq("within")]
        label = strata.DERIVED.get(name, name.replace("_", " "))
        found.append(Block(f"Within groups: {label.lower()}", rows))
    return [b for b in found if b.rows["estimate"].notna().any()]


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
        Left the comparison set, right each score on its own patients.
    """
    width = max(source.settings.width_mm, NARROWEST)
    table = source.table("performance")
    table, withheld = source.guarded(table[table["measure"].eq("harrell_c")])
    moved = table[table["form"].eq("") & table["note"].ne("")]
    table = table[table["form"].isin(list(MARKS))]
    found = blocks(table)
    if not found:
        notes = [n for n in dict.fromkeys(table["note"]) if n]
        reason = "; ".join(withheld or notes[:3]) or "no score could be computed"
        return empty(source, width, f"No estimate of Harrell's C: {reason}.", list(TABLES))
    sets = [s for s in dict.fromkeys(table["set"]) if s != OWN]
    columns = [*sets[:1], OWN] if width >= TWO_COLUMNS else [*sets, OWN][:1]
    scores, without = _scores(table, columns)
    found, scores, crowded = _fitting(source, found, scores)
    remarks = [
        *withheld,
        *crowded,
        *_reasons(source, table, without),
        *source.score_footnotes(list(dict.fromkeys(s for s, _ in [*scores, *without]))),
        *groupings.to_verify(dict.fromkeys(table["stratum_set"])),
    ]
    page = _page(source, found, columns, scores, width, remarks)
    data = _twin(source, found, columns)
    overall = data[data["block"].eq("All patients")]
    return Drawing(
        page,
        data,
        caption=_caption(source, overall, columns, sets),
        alt=f"{TITLE}. {_spoken(overall)}.",
        sources=list(TABLES),
        footnotes=[
            *remarks,
            *_footnotes(source, table[table["estimate"].notna()], columns),
            *_left_out(source, moved),
        ],
        units={"estimate": "probability", "lower": "probability", "upper": "probability",
               "n": "patients", "events": "deaths"},
    )  # fmt: skip


Key = tuple[str, str]


def _fitting(
    source: Source, found: list[Block], scores: list[Key]
) -> tuple[list[Block], list[Key], list[str]]:
    """Leave out groupings, the last first, then scores, until the forest fits on a page."""

    def room() -> int:
        return int(((TALLEST_PAGE - HEAD - FOOT) / len(found) - TITLE_ROW - GAP) // ROW)

    found, gone = list(found), list[str]()
    while len(found) > 1 and len(scores) > room():
        gone.insert(0, found.pop().title)
    kept, more = scores[: room()], scores[room() :]
    if more:
        gone += [source.score(*key) for key in more]
        for block in found:
            pairs = zip(block.rows["score"], block.rows["variant"], strict=True)
            block.rows = block.rows[[key in kept for key in pairs]]
    told = [f"Not drawn, no room (tables/performance.csv): {'; '.join(gone)}."] if gone else []
    return found, kept, told


def _scores(table: pd.DataFrame, columns: list[str]) -> tuple[list[Key], list[Key]]:
    """Scores with an estimate (or one withheld) in one of the columns, and those without any."""
    own = table[table["set"].eq(OWN)]
    every = dict.fromkeys([*_keys(own), *_keys(table)])
    shown = table[table["set"].isin(columns) & table["stratum"].isin(["all", "within"])]
    doubted = shown["note"].str.contains(SUSPECT, regex=False)
    known = set(_keys(shown[shown["estimate"].notna() | doubted]))
    return [k for k in every if k in known], [k for k in every if k not in known]


def _keys(table: pd.DataFrame) -> list[Key]:
    return list(dict.fromkeys(zip(table["score"], table["variant"], strict=True)))


def _reasons(source: Source, table: pd.DataFrame, without: list[Key]) -> list[str]:
    """Why scores have no line in the forest, reasons that several share named once."""
    reasons: dict[str, list[str]] = {}
    for score, variant in without:
        rows = table[table["score"].eq(score) & table["variant"].eq(variant)]
        notes = [n for n in rows["note"] if n]
        reasons.setdefault(notes[0] if notes else "no estimate", []).append(
            source.score(score, variant)
        )
    return [f"No estimate: {', '.join(names)} ({why})." for why, names in reasons.items()]


def _left_out(source: Source, moved: pd.DataFrame) -> list[str]:
    """Scores that a comparison set had to do without, reasons that several share named once."""
    found = []
    for (name, note), rows in moved.groupby(["set", "note"], sort=False):
        names = ", ".join(source.score(s, v) for s, v in _keys(rows))
        reason = str(note).removeprefix("not in set: ")
        found.append(f"Comparison set “{name}” without {names}: {reason}.")
    return found


def _set_name(name: str) -> str:
    return "Each score's own patients" if name == OWN else f"Comparison set “{name}”"


def _caption(source: Source, overall: pd.DataFrame, columns: list[str], sets: list[str]) -> str:
    parts = []
    for name in columns:
        rows = overall[overall["set"].eq(name) & overall["estimate"].notna()]
        if rows.empty:
            parts.append(f"{_set_name(name)}: no estimate")
            continue
        n, events = ([int(v) for v in rows[c].dropna()] for c in ("n", "events"))
        parts.append(f"{_set_name(name)}: n {span(n)}, deaths {span(events)}")
    others = f" Further sets in the table: {', '.join(sets[1:])}." if len(sets) > 1 else ""
    return (
        f"{TITLE}, 95 % interval: {source.label}. {'. '.join(parts)}. Filled circles: points; "
        "open squares: published bands. Within groups: only patients of the same group are "
        f"compared. A value of one half is no better than chance.{others}"
    )


def _spoken(overall: pd.DataFrame) -> str:
    return "; ".join(
        f"{r['label']}, {NAMES[r['form']]}, {_set_name(r['set']).lower()}: {_interval(r)}"
        for r in overall[overall["estimate"].notna()].to_dict("records")
    )


def _interval(row: Any) -> str:
    if row["estimate"] != row["estimate"]:
        return "withheld" if SUSPECT in str(row.get("note", "")) else "no estimate"
    if row["lower"] != row["lower"]:
        return f"{row['estimate']:.2f}"
    return f"{row['estimate']:.2f} ({row['lower']:.2f}–{row['upper']:.2f})"


def _footnotes(source: Source, table: pd.DataFrame, columns: list[str]) -> list[str]:
    shown = table[table["set"].isin(columns) & table["stratum"].isin(["all", "within"])]
    notes = []
    for note, rows in shown[shown["note"].ne("")].groupby("note", sort=False):
        names = dict.fromkeys(source.score(s, v) for s, v in _keys(rows))
        notes.append(f"{str(note)[:1].upper()}{str(note)[1:]}: {', '.join(names)}.")
    return notes


def _twin(source: Source, found: list[Block], columns: list[str]) -> pd.DataFrame:
    import pandas as pd

    keep = ["set", "stratum_set", "stratum", "score", "variant", "form", "estimate", "lower",
            "upper", "n", "events", "note"]  # fmt: skip
    parts = [b.rows.loc[b.rows["set"].isin(columns), keep].assign(block=b.title) for b in found]
    table = pd.concat(parts, ignore_index=True)
    names = [source.score(s, v) for s, v in zip(table["score"], table["variant"], strict=True)]
    return table.assign(label=names)[["block", "label", *keep]]


def _limits(found: list[Block]) -> tuple[float, float]:
    low = min(float(b.rows["lower"].min()) for b in found)
    high = max(float(b.rows["upper"].max()) for b in found)
    return min(int(low * 10) / 10, 0.45), min(max(-int(-high * 10 - 1) / 10, 0.75), 1.0)


def _page(
    source: Source,
    found: list[Block],
    columns: list[str],
    scores: list[Key],
    width: float,
    remarks: list[str],
) -> Page:
    names = [style.wrap(source.score(*s), LEFT - 3, SMALL) for s in scores]
    body = len(found) * (TITLE_ROW + len(scores) * ROW + GAP) - GAP
    page = Page(width, HEAD + body + 9.5 + footer_height(source, width, remarks))
    taken = LEFT + MARGIN + N_ROOM + (len(columns) - 1) * 5 + len(columns) * (TEXT + 3)
    span = (width - taken) / len(columns)
    limits = _limits(found)
    _key(page)
    for k, name in enumerate(columns):
        x = LEFT + k * (span + 3 + TEXT + 5)
        page.text(x, 7.5, _set_name(name), fontweight="bold")
        axes = page.axes(x, HEAD, span, body)
        axes.set(xlim=limits, ylim=(body, 0), yticks=[])
        axes.set_xlabel("Harrell's C")
        axes.spines["left"].set_visible(False)
        y = HEAD
        for block in found:
            if k == 0:
                bold = {"fontweight": "bold", "fontsize": SMALL}
                page.text(MARGIN, y + TITLE_ROW / 2 + 0.5, block.title, **bold)
                for i, lines in enumerate(names):
                    _name(page, lines, y + TITLE_ROW + i * ROW)
            _block(page, axes, block.rows[block.rows["set"].eq(name)], name, scores, x + span, y)
            y += TITLE_ROW + len(scores) * ROW + GAP
    draw_footer(page, source, remarks)
    return page


def _block(
    page: Page,
    axes: Any,
    rows: pd.DataFrame,
    name: str,
    scores: list[Key],
    right: float,
    top: float,
) -> None:
    """One block of one column; ``right`` is where its axes end, ``top`` where it begins."""
    quiet: dict[str, Any] = {"fontsize": SMALL, "color": style.QUIET}
    first = rows[rows["estimate"].notna()].head(1).to_dict("records")
    middle = top + TITLE_ROW / 2 + 0.5
    n_place = right + 2 + TEXT + N_ROOM - 1 if name == OWN else 0.0
    if n_place:
        page.text(n_place, middle, "n", ha="right", **quiet)
    elif first:
        words = f"deaths {count(first[0]['events'])} / n {count(first[0]['n'])}"
        page.text(right + 2, middle, words, **quiet)
    start = top + TITLE_ROW
    ends = [start - HEAD - 0.3, start - HEAD + len(scores) * ROW]
    for tick in [t for t in axes.get_xticks() if axes.get_xlim()[0] <= t <= axes.get_xlim()[1]]:
        chance = abs(tick - 0.5) < 1e-9
        colour, weight = (style.QUIET, 0.6) if chance else (style.GRID, 0.5)
        axes.plot([tick, tick], ends, color=colour, linewidth=weight, zorder=0.5)
    for i, key in enumerate(scores):
        mine = rows[rows["score"].eq(key[0]) & rows["variant"].eq(key[1])]
        y = start + i * ROW
        _marks(page, axes, mine, y - HEAD, right + 2, y, n_place)


def _name(page: Page, lines: list[str], y: float) -> None:
    for k, line in enumerate(lines):
        offset = (k - (len(lines) - 1) / 2) * LINE
        page.text(MARGIN, y + ROW / 2 + offset, line, fontsize=SMALL)


def _marks(
    page: Page, axes: Any, rows: pd.DataFrame, at: float, x: float, y: float, n_place: float
) -> None:
    """Both forms of one score in one column: interval, mark and numbers."""
    for k, (form, (marker, filled, colour)) in enumerate(MARKS.items()):
        centre = 0.45 + (k + 0.5) * LINE
        found = rows[rows["form"].eq(form)].to_dict("records")
        row = found[0] if found else {"estimate": float("nan"), "n": None}
        words = _interval(row)
        page.text(x, y + centre, words, fontsize=SMALL, color=style.INK if found else style.QUIET)
        if n_place and found:
            page.text(n_place, y + centre, count(row["n"]), ha="right", fontsize=SMALL)
        if row["estimate"] != row["estimate"]:
            continue
        if row["lower"] == row["lower"]:
            axes.plot([row["lower"], row["upper"]], [at + centre] * 2, color=colour, linewidth=1.0)
        axes.plot(
            [row["estimate"]], [at + centre], marker=marker, markersize=3.6, color=colour,
            markerfacecolor=colour if filled else "white", markeredgewidth=0.9,
        )  # fmt: skip


def _key(page: Page) -> None:
    x = MARGIN
    for form, (marker, filled, colour) in MARKS.items():
        page.figure.add_artist(_mark(page, x + 1.2, 3.0, marker, filled, colour))
        page.text(x + 3.2, 3.0, NAMES[form], fontsize=SMALL)
        x += 3.2 + style.text_width(NAMES[form], SMALL) + 4


def _mark(page: Page, x: float, y: float, marker: str, filled: bool, colour: str) -> Any:
    from matplotlib.lines import Line2D

    return Line2D(
        [x / page.width], [1 - y / page.height], marker=marker, markersize=3.6, linestyle="none",
        color=colour, markerfacecolor=colour if filled else "white", markeredgewidth=0.9,
        transform=page.figure.transFigure,
    )  # fmt: skip


FIGURE: Final = Figure("forest_c", TITLE, TABLES, draw)
