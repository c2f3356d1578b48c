"""Describe survival by stratum: the tidy tables behind curves, at-risk tables and medians."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from spinemets.results import Row, frame
from spinemets.survival.grid import (
    DESCRIBED_MONTHS,
    Horizon,
    month_horizon,
    off_grid,
    risk_grid_months,
)
from spinemets.survival.kaplan_meier import Estimate, KaplanMeier
from spinemets.survival.kaplan_meier import fit as fit_kaplan_meier
from spinemets.survival.logrank import logrank
from spinemets.survival.sample import Bools, Floats, Sample, floats, make_sample
from spinemets.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import pandas as pd

KM_METHOD: Final = "Kaplan-Meier, log-log interval"
FOLLOW_UP_METHOD: Final = "reverse Kaplan-Meier, log-log interval"
CURVE_COLUMNS: Final = (
    "cohort", "stratum_set", "stratum", "time_months", "survival", "lower", "upper",
    "at_risk", "events", "censored",
)  # fmt: skip
RISK_COLUMNS: Final = ("cohort", "stratum_set", "stratum", "time_months", "at_risk", "events")


class Description(NamedTuple):
    """
    Tables that describe survival by one grouping.

    Parameters
    ----------
    kaplan_meier : pandas.DataFrame
        Curves: ``CURVE_COLUMNS``, time 0 and every distinct time; counts cumulative.
    at_risk : pandas.DataFrame
        ``RISK_COLUMNS`` on the grid.
    summary : pandas.DataFrame
        Long tidy estimates.
    """

    kaplan_meier: pd.DataFrame
    at_risk: pd.DataFrame
    summary: pd.DataFrame


def read_sample(
    patients: pd.DataFrame,
    time: str = "survival_days",
    event: str = "died",
    entry: str = "entry_days",
) -> tuple[Sample, Bools, str]:
    """
    Take the follow-up of a patient table, without the rows nobody can use.

    Parameters
    ----------
    patients : pandas.DataFrame
        One row per patient; times in days.
    time, event, entry : str
        Columns; the entry column may be absent.

    Returns
    -------
    sample : Sample
        Usable rows.
    used : ndarray of bool of shape (n,)
        Which rows of the table they are.
    note : str
        How many rows were left out, and why; empty when none.
    """
    t, e = floats(patients[time]), floats(patients[event])
    start = floats(patients[entry]) if entry in patients else np.full(t.size, np.nan)
    unknown = ~np.isfinite(t) | (t < 0) | ((e != 0) & (e != 1))
    crossed = ~unknown & (start > 0) & (start >= t)
    used = ~unknown & ~crossed
    notes = [
        f"{int(bad.sum())} patient(s) left out: {why}"
        for bad, why in ((unknown, "time or event unusable"), (crossed, "entry not before exit"))
        if bad.any()
    ]
    return make_sample(t[used], e[used], start[used]), used, "; ".join(notes)


def describe_survival(
    patients: pd.DataFrame,
    stratum_set: str = "overall",
    labels: Iterable[Any] | None = None,
    horizons_months: Iterable[float] = DESCRIBED_MONTHS,
    *,
    levels: Sequence[str] | None = None,
    cohort: str = "",
    resolution: str = "day",
    risk_months: Sequence[float] | None = None,
    minimum_group: int = 1,
    time: str = "survival_days",
    event: str = "died",
    entry: str = "entry_days",
) -> Description:
    """
    Kaplan-Meier curves, numbers at risk, medians, S(t) and follow-up for every group.

    Estimand: survival from time zero within each group, were nobody censored.

    Parameters
    ----------
    patients : pandas.DataFrame
        One row per patient; times in days. A row without time or event is left out and counted.
    stratum_set : str
        Name of the grouping.
    labels : iterable, optional
        Group of every row, in the order of the rows; missing means ``not_recorded``. Everybody
        is one group, ``all``, when left out.
    horizons_months : iterable of float
        Horizons of S(t), in months.
    levels : sequence of str, optional
        Groups in display order; one without patients gets rows that say so. Sorted, those that
        occur, when left out. Groups that occur but are not named are added at the end.
    cohort : str
        Cohort id for the tables.
    resolution : {"day", "month"}
        Time resolution of the cohort; a horizon between its months is a row with the reason.
    risk_months : sequence of float, optional
        Grid of the at-risk table; 0, 3, 6, 12, then yearly to the last follow-up.
    minimum_group : int
        Groups smaller than this get no estimates and no curve, with the reason.
    time, event, entry : str
        Columns; the entry column may be absent.

    Returns
    -------
    Description
        Tables in months. Empty, event-free and one-patient groups are rows with the reason in
        ``note``, never an exception.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"survival_days": [100.0, 400.0], "died": [True, False]})
    >>> out = describe_survival(table, horizons_months=[6])
    >>> out.summary.loc[out.summary.measure == "survival", "estimate"].tolist()
    [0.5]
    """
    sample, used, note = read_sample(patients, time, event, entry)
    names = _labels(labels, len(patients))[used]
    groups = _levels(names, levels, everybody=labels is None)
    chosen = [month_horizon(m) for m in horizons_months]
    last = float(sample.time.max()) / DAYS_PER_MONTH if sample.n else 0.0
    grid = np.asarray(risk_months if risk_months is not None else risk_grid_months(last), float)
    curves, risks, rows = [], [], []
    for name in groups:
        km = fit_kaplan_meier(sample.take(names == name))
        where = {"cohort": cohort, "stratum_set": stratum_set, "stratum": name}
        small = _too_small(km, minimum_group)
        if not small:
            curves.append(_curve(km, where))
        risks.append(_risk(km, grid, where))
        rows += _rows(km, chosen, resolution, small, note, where)
    if labels is not None:
        rows += _comparison(sample, names, cohort, stratum_set)
    return Description(_stack(curves, CURVE_COLUMNS), _stack(risks, RISK_COLUMNS), frame(rows))


def _labels(labels: Iterable[Any] | None, n: int) -> np.ndarray[Any, np.dtype[np.object_]]:
    import pandas as pd

    if labels is None:
        return np.full(n, "all", dtype=object)
    column = pd.Series(list(labels), dtype="string").fillna("not_recorded")
    if column.size != n:
        raise ValueError("labels must have one entry per patient")
    return column.to_numpy(dtype=object)


def _levels(names: Any, levels: Sequence[str] | None, *, everybody: bool) -> list[str]:
    if everybody:
        return ["all"]
    found = sorted(set(names.tolist()))
    return [*(levels or []), *(x for x in found if x not in set(levels or []))]


def _too_small(km: KaplanMeier, minimum: int) -> str:
    if km.n == 0:
        return "no patients"
    return f"fewer than {minimum} patients" if km.n < minimum else ""


def _curve(km: KaplanMeier, where: dict[str, str]) -> pd.DataFrame:
    import pandas as pd

    begin = 0 if km.time.size and km.time[0] == 0 else 1
    start = float(km.at_risk_table([0.0])[0][0])

    def column(values: Floats, first: float) -> Floats:
        return np.concatenate([np.full(begin, first), values])

    return pd.DataFrame(
        {
            **where,
            "time_months": column(km.time, 0.0) / DAYS_PER_MONTH,
            "survival": column(km.survival, 1.0),
            "lower": column(km.lower, np.nan),
            "upper": column(km.upper, np.nan),
            "at_risk": column(km.at_risk, start).astype(np.int64),
            "events": column(np.cumsum(km.events), 0.0).astype(np.int64),
            "censored": column(np.cumsum(km.censored), 0.0).astype(np.int64),
        }
    )


def _risk(km: KaplanMeier, grid: Floats, where: dict[str, str]) -> pd.DataFrame:
    import pandas as pd

    number, events = km.at_risk_table(grid * DAYS_PER_MONTH)
    return pd.DataFrame(
        {
            **where,
            "time_months": grid,
            "at_risk": number.astype(np.int64),
            "events": events.astype(np.int64),
        }
    )


def _stack(parts: list[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    if not parts:
        return pd.DataFrame({name: [] for name in columns})
    return pd.concat(parts, ignore_index=True)[list(columns)]


def _rows(
    km: KaplanMeier,
    chosen: Sequence[Horizon],
    resolution: str,
    small: str,
    note: str,
    where: dict[str, Any],
) -> list[Row]:
    """Median, S(t) and follow-up of one group."""

    def row(measure: str, found: Estimate, unit: float, method: str, horizon: str = "") -> Row:
        shown = Estimate(float("nan"), note=small) if small else found
        value, lower, upper, error = (
            _number(v, unit) for v in (shown.value, shown.lower, shown.upper, shown.std_error)
        )
        return Row(
            measure,
            value,
            lower,
            upper,
            error,
            n=km.n,
            events=km.n_events,
            note="; ".join(x for x in (shown.note, note) if x),
            horizon=horizon,
            method=method,
            **where,
        )

    reverse = fit_kaplan_meier(
        Sample(km.sample.time, ~km.sample.event, km.sample.entry, km.sample.weight)
    )
    out = [row("median_survival_months", km.median, DAYS_PER_MONTH, KM_METHOD)]
    for horizon in chosen:
        refused = off_grid(horizon.days, resolution)
        found = Estimate(float("nan"), note=refused) if refused else km.at(horizon.days)
        out.append(row("survival", found, 1.0, KM_METHOD, horizon.label))
    follow_up = reverse.median
    if follow_up.note == "no events":
        follow_up = Estimate(float("nan"), note="nobody was censored")
    out.append(row("median_follow_up_months", follow_up, DAYS_PER_MONTH, FOLLOW_UP_METHOD))
    return out


def _number(value: float, unit: float) -> float | None:
    return None if np.isnan(value) else value / unit


def _comparison(sample: Sample, names: Any, cohort: str, stratum_set: str) -> list[Row]:
    """Log-rank test across the groups."""
    test = logrank(sample.time, sample.event, names, sample.entry)
    what = f"log-rank, {test.df} df" if test.df else "log-rank"

    def row(measure: str, value: float) -> Row:
        return Row(
            measure,
            _number(value, 1.0),
            n=sample.n,
            events=sample.n_events,
            note=test.note,
            method=what,
            cohort=cohort,
            stratum_set=stratum_set,
        )

    return [row("logrank_chi2", test.chi2), row("logrank_p", test.p)]
