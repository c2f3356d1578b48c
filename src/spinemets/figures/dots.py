"""Estimates with intervals, one line per score, panels side by side: IPA and ranking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from spinemets.figures import style
from spinemets.figures.base import MARGIN, Drawing, Figure, draw_footer, empty, footer_height
from spinemets.figures.source import Source, horizon_words, span
from spinemets.figures.style import FONT, SMALL, Page
from spinemets.results import SUSPECT, kind_of

if TYPE_CHECKING:
    import pandas as pd

OWN: Final = "own"
LEFT: Final = 33.0
TEXT: Final = 29.0
#: Narrowest panel; a page that is too narrow shows the first panels only.
NARROWEST: Final = 14.0
LINE: Final = style.line_height(SMALL)
ROW: Final = 2 * LINE + 1.0
HEAD: Final = 8.0


@dataclass(frozen=True)
class Kind:
    """
    What one of these figures shows.

    Parameters
    ----------
    name, title, table : str
        Figure, heading, and the released table it is drawn from.
    measure : str
        Measure that is drawn.
    axis : str
        Label of the axis.
    vertical : float
        Where a line of reference stands.
    explains : str
        Sentence for the caption.
    ends : int
        Decimals of the ends of an interval.
    """

    name: str
    title: str
    table: str
    measure: str
    axis: str
    vertical: float
    explains: str
    ends: int = 2

    def draw(self, source: Source) -> Drawing:
        """
        Draw the figure.

        Parameters
        ----------
        source : Source
            Released tables.

        Returns
        -------
        Drawing
            One panel per horizon, or per form.
        """
        sources = [self.table, "score_notes"]
        width = source.settings.width_mm
        table = source.table(self.table)
        rows = table[table["measure"].eq(self.measure)]
        rows, where = _chosen(rows)
        rows, withheld = source.guarded(rows)
        shown = rows[rows["estimate"].notna() & rows["lower"].notna()]
        if shown.empty:
            notes = [n for n in dict.fromkeys(rows["note"]) if n]
            reason = "; ".join(withheld or notes[:2]) or "fewer than two scores can be compared"
            return empty(source, width, f"No estimate: {reason}.", sources)
        by = "horizon" if shown["horizon"].ne("").any() else "form"
        fits = max(1, int((width - LEFT - MARGIN) // (TEXT + NARROWEST)))
        panels = [str(p) for p in dict.fromkeys(shown[by])][: min(3, fits)]
        rows = rows[rows[by].isin(panels) | rows["estimate"].isna()]
        shown = shown[shown[by].isin(panels)]
        names = list(dict.fromkeys(zip(shown["score"], shown["variant"], strict=True)))
        remarks = [
            *withheld,
            *_missing(source, rows[~rows["note"].str.startswith(SUSPECT)], names),
            *source.score_footnotes([s for s, _ in names]),
        ]
        page = _page(self, source, shown, by, panels, names, remarks)
        labels = [source.score(s, v) for s, v in zip(shown["score"], shown["variant"], strict=True)]
        keep = ["set", "score", "variant", "form", "horizon", "source", "estimate", "lower",
                "upper", "n", "events", "note"]  # fmt: skip
        data = shown[keep].assign(label=labels)
        spoken = "; ".join(
            f"{label}, {horizon_words(row[by])}: {_interval(row, self.ends)}"
            for label, (_, row) in zip(labels, shown.iterrows(), strict=True)
        )
        return Drawing(
            page,
            data,
            caption=f"{self.title}, 95 % interval: {source.label}. {where} {self.explains}",
            alt=f"{self.title}. {spoken}.",
            sources=sources,
            footnotes=remarks,
            units={"estimate": "", "n": "patients", "events": "deaths"},
        )


def _chosen(rows: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Rows of the first comparison set, else of each score's own patients."""
    sets = [s for s in dict.fromkeys(rows["set"]) if s != OWN]
    for name in sets:
        mine = rows[rows["set"].eq(name)]
        if mine["estimate"].notna().any():
            return mine, f"All scores of set “{name}” on the same patients."
    own = rows[rows["set"].eq(OWN) & rows["source"].ne("apparent")]
    return own, "Each score on its own patients."


def _missing(source: Source, rows: pd.DataFrame, names: list[tuple[str, str]]) -> list[str]:
    gone: dict[str, list[str]] = {}
    for (score, variant), part in rows.groupby(["score", "variant"], sort=False):
        if (score, variant) in names:
            continue
        notes = [n for n in part["note"] if n]
        gone.setdefault(notes[0] if notes else "no estimate", []).append(
            source.score(str(score), str(variant))
        )
    return [f"Not shown: {', '.join(dict.fromkeys(who))} ({why})." for why, who in gone.items()]


def _interval(row: Any, ends: int = 2) -> str:
    """Estimate and interval with true minus signs; ends of ranks are whole numbers."""
    middle = f"{row['estimate']:.{min(ends + 1, 2)}f}"
    text = f"{middle} ({row['lower']:.{ends}f} to {row['upper']:.{ends}f})"
    return text.replace("-", "\u2212")


def _page(
    kind: Kind,
    source: Source,
    shown: pd.DataFrame,
    by: str,
    panels: list[str],
    names: list[tuple[str, str]],
    remarks: list[str],
) -> Page:
    width = source.settings.width_mm
    body = len(names) * ROW + 1.0
    page = Page(width, HEAD + body + 9.5 + footer_height(source, width, remarks))
    room = (width - LEFT - MARGIN) / len(panels)
    wide = room - TEXT - 2
    limits = (
        min(float(shown["lower"].min()), kind.vertical),
        max(float(shown["upper"].max()), kind.vertical),
    )
    pad = 0.06 * (limits[1] - limits[0] or 1.0)
    for i, (score, variant) in enumerate(names):
        lines = style.wrap(source.score(score, variant), LEFT - 4, SMALL)[:2]
        for k, line in enumerate(lines):
            offset = (k - (len(lines) - 1) / 2) * LINE
            page.text(MARGIN, HEAD + (i + 0.5) * ROW + offset, line, fontsize=SMALL)
    for p, panel in enumerate(panels):
        x = LEFT + p * room
        heading = {"points": "Points", "band": "Bands"}.get(panel) or horizon_words(panel)
        page.text(x, HEAD - 3, heading, fontweight="bold")
        some = shown[shown[by].eq(panel)]
        n, events = ([int(v) for v in some[c].dropna()] for c in ("n", "events"))
        place = x + style.text_width(heading, FONT, bold=True) + 2
        words = f"n {span(n)}, deaths {span(events)}"
        page.text(place, HEAD - 3, words, fontsize=SMALL, color=style.QUIET)
        axes = page.axes(x, HEAD, wide, body)
        axes.set(xlim=(limits[0] - pad, limits[1] + pad), ylim=(body, 0), yticks=[])
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(kind.axis)
        axes.xaxis.set_major_locator(_few())
        axes.axvline(kind.vertical, color=style.QUIET, linewidth=0.6, zorder=0.5)
        for i, (score, variant) in enumerate(names):
            mine = shown[
                shown["score"].eq(score) & shown["variant"].eq(variant) & shown[by].eq(panel)
            ]
            y = (i + 0.5) * ROW
            if mine.empty:
                page.text(x + wide + 2, HEAD + y, "no estimate", fontsize=SMALL, color=style.QUIET)
                continue
            row = mine.iloc[0]
            axes.plot([row["lower"], row["upper"]], [y, y], color=style.COLOURS[0], linewidth=1.0)
            fitted = row["source"] != "" and kind_of(row["source"]) != "foreign"
            axes.plot(
                [row["estimate"]], [y], marker="o", markersize=3.6, color=style.COLOURS[0],
                markerfacecolor="white" if fitted else style.COLOURS[0], markeredgewidth=0.9,
            )  # fmt: skip
            page.text(x + wide + 2, HEAD + y, _interval(row, kind.ends), fontsize=SMALL)
    draw_footer(page, source, remarks)
    return page


def _few() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=3)


IPA: Final = Kind(
    "prediction_error",
    "Index of prediction accuracy of the risks",
    "prediction_error",
    "ipa",
    "IPA",
    0.0,
    "Zero: no better than giving everybody the cohort's own risk; below zero: worse. Filled: risks "
    "from elsewhere (published, supplied); open: risks fitted to this cohort (cross-fitted), which "
    "aren't like with like.",
)
RANKING: Final = Kind(
    "ranking",
    "Rank of the scores by Harrell's C",
    "rankings",
    "rank_harrell_c",
    "Rank (1 is best)",
    1.0,
    "Median rank and 95 % rank interval over paired bootstrap samples of the patients.",
    0,
)
FIGURES: Final = tuple(
    Figure(kind.name, kind.title, (kind.table, "score_notes"), kind.draw) for kind in (IPA, RANKING)
)
