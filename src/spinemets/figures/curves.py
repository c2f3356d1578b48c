"""Kaplan-Meier curves as released: read, and cut where too few patients remain at risk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from spinemets import strata
from spinemets.figures import style
from spinemets.figures.source import Source, number
from spinemets.settings import TIME_ZERO

if TYPE_CHECKING:
    import pandas as pd

#: A curve is drawn as long as this many patients are at risk.
MINIMUM_AT_RISK: Final = 5
NAMES: Final = {
    "overall": {"all": "All patients"},
    "inclusion": {
        "included": "Included",
        "left_out": "Left out",
        "not_recorded": "Inclusion undecided",
    },
}


#: A group without a curve, and the reason.
LeftOut = tuple[str, str]


@dataclass
class Curve:
    """
    One curve of a figure.

    Parameters
    ----------
    stratum, label : str
        Id and name of the group.
    steps : pandas.DataFrame
        ``time_months``, ``survival``, ``lower``, ``upper`` as drawn; the last row is where the
        curve stops.
    risk : dict of float to object
        Time to number at risk.
    deaths : dict of float to object
        Time to cumulative deaths, beside the numbers at risk.
    n, events : object
        Patients and deaths; missing when withheld.
    median : tuple
        Estimate and 95 % interval in months; NaN where not reached.
    """

    stratum: str
    label: str
    steps: pd.DataFrame
    risk: dict[float, Any] = field(default_factory=dict)
    deaths: dict[float, Any] = field(default_factory=dict)
    n: Any = None
    events: Any = None
    median: tuple[float, float, float] = (float("nan"),) * 3

    def median_text(self) -> str:
        """
        Print the median with its interval.

        Returns
        -------
        str
            For example ``"5.1 (4.6-5.6)"`` with a dash; NR where not reached.
        """
        value, lower, upper = (number(x) for x in self.median)
        return value if value == lower == upper == "NR" else f"{value} ({lower}–{upper})"


def labels(stratum_set: str) -> dict[str, str]:
    """
    Names of the groups of a grouping.

    Parameters
    ----------
    stratum_set : str
        Grouping.

    Returns
    -------
    dict of str to str
        Id to label; empty where ids are their own labels.
    """
    if stratum_set in NAMES:
        return NAMES[stratum_set]
    known = [*strata.available()]
    if not set(strata.parts(stratum_set)) <= set(known):
        return {}
    return {strata.MERGED: strata.label(stratum_set, strata.MERGED)} | strata.labels(stratum_set)


def read(
    source: Source, tables: tuple[str, str, str], stratum_set: str, names: dict[str, str]
) -> tuple[list[Curve], list[LeftOut]]:
    """
    Read the curves of one grouping.

    Parameters
    ----------
    source : Source
        Released tables.
    tables : tuple of str
        Names of the tables of curves, of numbers at risk and of the summary.
    stratum_set : str
        Grouping.
    names : dict of str to str
        Group id to label.

    Returns
    -------
    curves : list of Curve
        In the order of the summary.
    left_out : list of (str, str)
        Groups without a curve, each with the reason.
    """
    curve, risk, summary = (_of(source.table(name), stratum_set) for name in tables)
    medians = summary[summary["measure"].eq("median_survival_months")]
    curves: list[Curve] = []
    left_out: list[LeftOut] = []
    for row in medians.to_dict("records"):
        name = names.get(row["stratum"], row["stratum"])
        rows = curve[curve["stratum"].eq(row["stratum"])]
        if rows.empty:
            if row["n"] is None or str(row["n"]) != "0":
                left_out.append((name, row["note"] or "no curve was released"))
            continue
        at = risk[risk["stratum"].eq(row["stratum"])]
        curves.append(
            Curve(
                stratum=row["stratum"],
                label=name,
                steps=steps(rows, source.settings.follow_up_months),
                risk=dict(zip(at["time_months"], at["at_risk"], strict=True)),
                deaths=dict(zip(at["time_months"], at["events"], strict=True)),
                n=row["n"],
                events=row["events"],
                median=(row["estimate"], row["lower"], row["upper"]),
            )
        )
    return curves, left_out


def _of(table: pd.DataFrame, stratum_set: str) -> pd.DataFrame:
    return table[table["stratum_set"].eq(stratum_set)]


def steps(rows: pd.DataFrame, end: float) -> pd.DataFrame:
    """
    Cut a curve where the axis ends or too few patients remain.

    Parameters
    ----------
    rows : pandas.DataFrame
        Released curve of one group.
    end : float
        End of the axis in months.

    Returns
    -------
    pandas.DataFrame
        ``time_months``, ``survival``, ``lower``, ``upper``; ends where the drawn line ends. It
        starts at (0, 1), or, where patients entered late and some died while too few were at
        risk, at the first time with enough of them.
    """
    import pandas as pd

    columns = ["time_months", "survival", "lower", "upper"]
    rows = rows.sort_values("time_months", kind="stable")
    enough = rows["at_risk"].ge(MINIMUM_AT_RISK).fillna(False).astype(bool)
    shown = rows[enough & rows["time_months"].le(end)]
    thin = rows.loc[~enough, "time_months"]
    # Late entrants make a risk set thin first and large later: it is cut where it stays thin.
    gone = thin if shown.empty else thin[thin > shown["time_months"].max()]
    stop = min([end, float(rows["time_months"].max()), *gone.head(1)])
    kept = shown[columns].astype("float64")
    rows_drawn = kept.to_numpy().tolist()
    before = rows if shown.empty else rows[rows["time_months"] < shown["time_months"].iloc[0]]
    late = not shown.empty and (rows["time_months"].iloc[0] > 0 or before["survival"].lt(1.0).any())
    if not late and (not rows_drawn or rows_drawn[0][1] < 1.0 or rows_drawn[0][0] > 0):
        rows_drawn.insert(0, [0.0, 1.0, 1.0, 1.0])
    rows_drawn.append([max(stop, rows_drawn[-1][0]), *rows_drawn[-1][1:]])
    line = pd.DataFrame(rows_drawn, columns=columns)
    # At survival 1 there is no variance yet: the band starts as a point.
    certain = line["survival"].ge(1.0)
    return line.assign(
        lower=line["lower"].mask(certain, 1.0), upper=line["upper"].mask(certain, 1.0)
    )


def not_drawn(left_out: list[LeftOut]) -> list[str]:
    """
    Name the groups without a curve, once per reason.

    Parameters
    ----------
    left_out : list of (str, str)
        Groups with their reasons.

    Returns
    -------
    list of str
        One sentence per reason.

    Examples
    --------
    >>> not_drawn([("Other", "fewer than 10 patients"), ("Thyroid", "fewer than 10 patients")])
    ['Not drawn, fewer than 10 patients: Other; Thyroid.']
    """
    reasons: dict[str, list[str]] = {}
    for name, reason in left_out:
        reasons.setdefault(reason, []).append(name)
    return [f"Not drawn, {reason}: {'; '.join(names)}." for reason, names in reasons.items()]


def time_label(source: Source) -> str:
    """
    Name the time axis by what survival is counted from.

    Parameters
    ----------
    source : Source
        Released description of the cohort.

    Returns
    -------
    str
        Axis label with its unit.
    """
    zero = str(source.info.get("time_zero", ""))
    return f"Months since {TIME_ZERO.get(zero, 'time zero')}"


def prepare(axes: Any, end: float, ticks: list[float]) -> None:
    """
    Set up axes for survival.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Empty axes.
    end : float
        End of the time axis, months.
    ticks : list of float
        Times of the numbers at risk.
    """
    axes.set(xlim=(0, end), ylim=(0, 1.0))
    axes.set_xticks(ticks, [f"{t:g}" for t in ticks])
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1.0], ["0", "25", "50", "75", "100"])
    axes.grid(axis="y", color=style.GRID, linewidth=0.5)


def draw(axes: Any, curve: Curve, colour: str, dashes: Any, width: float = 1.1) -> None:
    """
    Draw a curve with its confidence band.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Prepared axes.
    curve : Curve
        What to draw.
    colour : str
        Colour of line and band.
    dashes : object
        Line style.
    width : float
        Line width in points.
    """
    s = curve.steps
    axes.fill_between(
        s["time_months"], s["lower"], s["upper"], step="post", color=colour, alpha=0.16, linewidth=0
    )
    axes.step(
        s["time_months"], s["survival"], where="post", color=colour, linestyle=dashes,
        linewidth=width,
    )  # fmt: skip


def look(i: int) -> tuple[str, Any]:
    """
    Colour and line style of the i-th curve.

    Parameters
    ----------
    i : int
        Position, from 0.

    Returns
    -------
    tuple
        Colour and line style.
    """
    return style.COLOURS[i % len(style.COLOURS)], style.DASHES[i % len(style.DASHES)]


def risk_times(curves: list[Curve], end: float) -> list[float]:
    """
    Times of the at-risk table that lie on the axis.

    Parameters
    ----------
    curves : list of Curve
        Curves of the figure.
    end : float
        End of the axis, months.

    Returns
    -------
    list of float
        Sorted.
    """
    return sorted({t for c in curves for t in c.risk if t <= end}) or [0.0, end]


def thinned(times: list[float], end: float, width: float, apart: float = 7.5) -> list[float]:
    """
    Choose times whose numbers fit side by side below a panel.

    Parameters
    ----------
    times : list of float
        Times of the at-risk table, months.
    end : float
        End of the axis, months.
    width : float
        Width of the panel, millimetres.
    apart : float
        Room that the widest number takes, millimetres.

    Returns
    -------
    list of float
        Some of the times, the first among them.
    """
    kept: list[float] = []
    for t in times:
        if not kept or (t - kept[-1]) / end * width >= apart:
            kept.append(t)
    return kept
