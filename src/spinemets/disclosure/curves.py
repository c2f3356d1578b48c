"""Kaplan-Meier curves of a private cohort: on a monthly grid, from rounded counts alone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from spinemets.disclosure.counts import Rule, midpoint

if TYPE_CHECKING:
    import pandas as pd

#: Two-sided 95 % quantile of the normal distribution.
Z: Final = 1.959963984540054
METHOD: Final = "product-limit on released counts, monthly grid"
DECIMALS: Final = 4


@dataclass
class Grid:
    """
    One curve after disclosure control.

    Parameters
    ----------
    months : list of int
        Grid times that are shown; starts with 0, or, where patients entered late, with the first
        month with enough of them at risk.
    survival, lower, upper : list of float or None
        Estimate and log-log 95 % interval at those times.
    reverse : list of float
        Reverse Kaplan-Meier (still followed up) at those times.
    at_risk, events : list of int
        Rounded counts; ``events`` cumulative.
    censored : list of int or None
        Rounded cumulative count; None while it is below the minimum.
    """

    months: list[int] = field(default_factory=list)
    survival: list[float] = field(default_factory=list)
    lower: list[float | None] = field(default_factory=list)
    upper: list[float | None] = field(default_factory=list)
    reverse: list[float] = field(default_factory=list)
    at_risk: list[int] = field(default_factory=list)
    events: list[int] = field(default_factory=list)
    censored: list[int | None] = field(default_factory=list)

    @property
    def method(self) -> str:
        """How the numbers were made, and for whom they hold."""
        start = self.months[0] if self.months else 0
        return f"{METHOD}; given survival to month {start}" if start else METHOD

    def at(self, month: float, what: str = "survival") -> float | None:
        """
        Read a curve at a time.

        Parameters
        ----------
        month : float
            Time in months; between grid times the curve is interpolated.
        what : {"survival", "lower", "upper", "reverse"}
            Which curve.

        Returns
        -------
        float or None
            None before the first and beyond the last time that is shown.
        """
        values: list[float | None] = getattr(self, what)
        if not self.months or not self.months[0] <= month <= self.months[-1]:
            return None
        k = max(i for i, m in enumerate(self.months) if m <= month)
        here = values[k]
        if here is None or month == self.months[k]:
            return here
        there = values[k + 1]
        if there is None:
            return None
        share = (month - self.months[k]) / (self.months[k + 1] - self.months[k])
        return here + share * (there - here)

    def crossing(self, what: str = "survival", level: float = 0.5) -> float | None:
        """
        Time at which a curve falls to a level, interpolated between grid times.

        Parameters
        ----------
        what : {"survival", "lower", "upper", "reverse"}
            Which curve.
        level : float
            Level, 0.5 for a median.

        Returns
        -------
        float or None
            Months, to one decimal; None when the level isn't reached.
        """
        values: list[float | None] = getattr(self, what)
        for k in range(1, len(self.months)):
            before, after = values[k - 1], values[k]
            if before is None or after is None or after > level:
                continue
            share = 1.0 if before == after else (before - level) / (before - after)
            span = self.months[k] - self.months[k - 1]
            return round(self.months[k - 1] + max(share, 0.0) * span, 1)
        return None


def _at_times(curve: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Exact counts on the monthly grid, from a curve with a row at every time."""
    times = curve["time_months"].to_numpy("float64")
    at_risk, events, censored = (
        curve[c].to_numpy("int64") for c in ("at_risk", "events", "censored")
    )
    for month in range(math.floor(times[-1] + 1e-9) + 1):
        past = times.searchsorted(month + 1e-9, side="right") - 1
        now = times.searchsorted(month - 1e-9, side="left")
        later = past + 1
        yield {
            "month": month,
            "events": int(events[past]),
            "censored": int(censored[past]),
            "at_risk": int(at_risk[now]) if now < len(times) else 0,
            "after": int(at_risk[later]) if later < len(times) else 0,
        }


def _from_start(curve: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """
    Exact counts from the month on at which enough patients are at risk, and who entered since.

    Without late entry that is time 0, or never. A curve of late entrants that begins later holds
    for those alive then: events before it are not in it.
    """
    import pandas as pd

    exact = pd.DataFrame(_at_times(curve))
    enough = (midpoint(exact["at_risk"], rule.step) >= max(rule.minimum, 1)).fillna(False)
    if not enough.any():
        return exact.iloc[:0]
    first = int(enough.to_numpy().argmax())
    shown = exact.iloc[first:].reset_index(drop=True)
    if first:
        for count in ("events", "censored"):
            shown[count] -= shown[count].iloc[0]
    else:
        # Deaths at time 0 show at the first grid month after it: every curve starts at 1.
        shown.loc[0, "events"] = shown.loc[0, "censored"] = 0
        shown.loc[0, "after"] = shown.loc[0, "at_risk"]
    known = shown["after"] + shown["events"] + shown["censored"]
    return shown.assign(entered=known - known.iloc[0])


def _interval(survival: float, variance: float) -> tuple[float | None, float | None]:
    """Log-log 95 % interval of a survival probability."""
    if not 0.0 < survival < 1.0:
        return (1.0, 1.0) if survival == 1.0 else (None, None)
    log = math.log(survival)
    width = Z * math.sqrt(variance) / abs(log)
    return survival ** math.exp(width), survival ** math.exp(-width)


def grid(curve: pd.DataFrame, rule: Rule) -> Grid:
    """
    Put one exact Kaplan-Meier curve on a monthly grid, computed from rounded counts alone.

    Parameters
    ----------
    curve : pandas.DataFrame
        Rows of one stratum, sorted by ``time_months``, counts as integers; starts at time 0.
    rule : Rule
        Minimum and step.

    Returns
    -------
    Grid
        Empty when the group is below the minimum. The curve begins and ends where the number at
        risk can be shown; a step is delayed until the cumulative deaths can be shown.

    Notes
    -----
    Within a month censoring and late entry count as half at risk (actuarial estimator). With
    steps of one and no minimum the curve differs from the exact one by that alone. Survival is a
    function of the rounded counts: neither an exact time nor an exact count can be solved for.
    """
    exact = _from_start(curve, rule)
    out = Grid()
    if exact.empty:
        return out
    counts = ("events", "censored", "at_risk", "after", "entered")
    rows = exact.assign(**{c: midpoint(exact[c], rule.step) for c in counts}).to_dict("records")
    survival, reverse, variance = 1.0, 1.0, 0.0
    last = dict.fromkeys(("events", "censored", "entered"), 0) | {"after": int(rows[0]["after"])}
    for row in rows:
        if row["at_risk"] < max(rule.minimum, 1):
            break
        if 0 < row["events"] < rule.minimum:
            continue
        # A censored count that can't be shown must not be solvable from the curve either.
        hidden = 0 < row["censored"] < rule.minimum
        censored = 0 if hidden else int(row["censored"])
        entered = 0 if 0 < row["entered"] < rule.minimum else int(row["entered"])
        died, lost = row["events"] - last["events"], censored - last["censored"]
        whole = last["after"] + (entered - last["entered"]) / 2
        exposed = max(whole - lost / 2, died, 1)
        survival *= 1 - died / exposed
        reverse *= 1 - min(lost / max(whole - died / 2, 1), 1.0)
        if died and exposed > died:
            variance += died / (exposed * (exposed - died))
        low, high = _interval(survival, variance)
        last = {"events": int(row["events"]), "censored": censored, "after": int(row["after"]),
                "entered": entered}  # fmt: skip
        out.months.append(int(row["month"]))
        out.survival.append(round(survival, DECIMALS))
        out.lower.append(None if low is None else round(low, DECIMALS))
        out.upper.append(None if high is None else round(high, DECIMALS))
        out.reverse.append(round(reverse, DECIMALS))
        out.at_risk.append(int(row["at_risk"]))
        out.events.append(int(row["events"]))
        out.censored.append(None if hidden else censored)
    # A start without a single step says nothing and draws an empty panel.
    return out if len(out.months) > 1 else Grid()


def grids(table: pd.DataFrame, rule: Rule) -> dict[tuple[str, str], Grid]:
    """
    Put every curve of a table on the monthly grid.

    Parameters
    ----------
    table : pandas.DataFrame
        ``kaplan_meier`` with counts as integers and times as numbers.
    rule : Rule
        Minimum and step.

    Returns
    -------
    dict
        (stratum_set, stratum) to curve, in the order of the table.
    """
    groups = table.groupby(["stratum_set", "stratum"], sort=False, observed=True)
    return {
        (str(key[0]), str(key[1])): grid(rows.sort_values("time_months", kind="stable"), rule)
        for key, rows in groups
    }


def to_table(curves: dict[tuple[str, str], Grid], cohort: str, columns: list[str]) -> pd.DataFrame:
    """
    Write curves as the released table.

    Parameters
    ----------
    curves : dict
        (stratum_set, stratum) to curve.
    cohort : str
        Cohort id.
    columns : list of str
        Columns of the released table.

    Returns
    -------
    pandas.DataFrame
        One row per curve and grid month that is shown.
    """
    import pandas as pd

    names = ("survival", "lower", "upper", "at_risk", "events", "censored")
    rows = [
        {"cohort": cohort, "stratum_set": key[0], "stratum": key[1], "time_months": month}
        | {name: getattr(curve, name)[i] for name in names}
        for key, curve in curves.items()
        for i, month in enumerate(curve.months)
    ]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(**{n: table[n].astype("Int64") for n in ("at_risk", "events", "censored")})
