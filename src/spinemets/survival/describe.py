"""Describe survival by stratum: the tidy tables behind curves, at-risk tables and medians."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from spinemets.results import Row, frame, scaled
from spinemets.survival.comparison import RMST_METHOD, Grouped, differences, tests
from spinemets.survival.follow_up import completeness
from spinemets.survival.grid import (
    DESCRIBED_MONTHS,
    Horizon,
    day_horizon,
    month_horizon,
    off_grid,
    risk_grid_months,
)
from spinemets.survival.kaplan_meier import Estimate, KaplanMeier
from spinemets.survival.kaplan_meier import fit as fit_kaplan_meier
from spinemets.survival.restricted_mean import restricted_mean
from spinemets.survival.sample import Bools, Floats, Sample, floats, make_sample
from spinemets.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import pandas as pd

KM_METHOD: Final = "Kaplan-Meier, log-log interval"
FOLLOW_UP_METHOD: Final = "reverse Kaplan-Meier, log-log interval"
#: Early mortality, which surgical series report in days.
EARLY_DAYS: Final = (30.0, 90.0)
#: Days from time zero to the closing date of the study, for the completeness of follow-up.
CLOSING: Final = "potential_follow_up_days"
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
    restricted_months: float | None = None,
    ordered: bool = False,
    within: Mapping[str, Iterable[Any]] | None = None,
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
    restricted_months : float, optional
        Horizon of the restricted mean; with it come early mortality (30 and 90 days),
        completeness of follow-up, and comparisons of the groups by restricted means.
    ordered : bool
        Whether ``levels`` have an order, along which a trend is tested.
    within : mapping of str to iterable, optional
        Other groupings, one label per row each: the groups are compared within them as well.
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
    closing = floats(patients[CLOSING])[used] if CLOSING in patients else np.full(sample.n, np.nan)
    curves, risks, rows, fits = [], [], [], {}
    for name in groups:
        members = names == name
        km = fit_kaplan_meier(sample.take(members))
        where = {"cohort": cohort, "stratum_set": stratum_set, "stratum": name}
        small = _too_small(km, minimum_group)
        curves += [] if small else [_curve(km, where)]
        risks.append(_risk(km, grid, where))
        reader = _Reader(km, small, note, resolution, where)
        rows += _rows(reader, chosen)
        if restricted_months is not None:
            rows += _further(reader, restricted_months, closing[members])
        fits[name] = km
    if labels is not None:
        others = {k: _labels(v, len(patients))[used] for k, v in (within or {}).items()}
        data = Grouped(sample, names, groups, ordered, others, minimum_group)
        place = {"cohort": cohort, "stratum_set": stratum_set}
        rows += tests(data, place)
        if restricted_months is not None:
            rows += differences(data, fits, restricted_months, place)
    return Description(_stack(curves, CURVE_COLUMNS), _stack(risks, RISK_COLUMNS), frame(rows))


def describe_curves(
    fits: Mapping[str, KaplanMeier],
    stratum_set: str,
    *,
    cohort: str,
    resolution: str,
    risk_months: Sequence[float],
    minimum_group: int,
) -> Description:
    """
    Tables of curves that were estimated elsewhere, in the shape of ``describe_survival``.

    Parameters
    ----------
    fits : mapping of str to KaplanMeier
        Group to its curve.
    stratum_set : str
        Name of the grouping.
    cohort : str
        Cohort id for the tables.
    resolution : {"day", "month"}
        Time resolution of the cohort.
    risk_months : sequence of float
        Grid of the at-risk table.
    minimum_group : int
        Groups smaller than this get no estimates and no curve, with the reason.

    Returns
    -------
    Description
        Curves, numbers at risk, medians and follow-up.

    Examples
    --------
    >>> from spinemets.survival.kaplan_meier import kaplan_meier
    >>> fits = {"treated": kaplan_meier([30.4375, 60.875], [1, 1])}
    >>> options = {"cohort": "x", "resolution": "day", "risk_months": [0, 2], "minimum_group": 1}
    >>> describe_curves(fits, "surgery:naive", **options).at_risk["at_risk"].tolist()
    [2, 1]
    """
    grid = np.asarray(risk_months, dtype=np.float64)
    curves, risks, rows = [], [], []
    for name, km in fits.items():
        where = {"cohort": cohort, "stratum_set": stratum_set, "stratum": name}
        small = _too_small(km, minimum_group)
        curves += [] if small else [_curve(km, where)]
        risks.append(_risk(km, grid, where))
        rows += _rows(_Reader(km, small, "", resolution, where), [])
    return Description(_stack(curves, CURVE_COLUMNS), _stack(risks, RISK_COLUMNS), frame(rows))


def nothing() -> Description:
    """
    Tables without rows, where there is no curve to describe.

    Returns
    -------
    Description
        With their columns.

    Examples
    --------
    >>> len(nothing().summary)
    0
    """
    return Description(_stack([], CURVE_COLUMNS), _stack([], RISK_COLUMNS), frame([]))


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


class _Reader:
    """Reads estimates off the curve of one group, or says why there are none."""

    def __init__(
        self, km: KaplanMeier, small: str, note: str, resolution: str, where: dict[str, Any]
    ) -> None:
        self.km, self.small, self.note = km, small, note
        self.resolution, self.where = resolution, where

    def row(
        self, measure: str, found: Estimate, unit: float, method: str, horizon: str = ""
    ) -> Row:
        """Write an estimate in its unit."""
        shown = Estimate(float("nan"), note=self.small) if self.small else found
        note = "; ".join(x for x in (shown.note, self.note) if x)
        numbers = scaled(shown.value, shown.lower, shown.upper, shown.std_error, unit)
        size: dict[str, Any] = {"n": self.km.n, "events": self.km.n_events}
        return Row(measure, note=note, horizon=horizon, method=method, **numbers, **size,
                   **self.where)  # fmt: skip

    def survival(self, horizon: Horizon) -> Estimate:
        """S(t), or the reason why the times of the cohort can't answer it."""
        refused = off_grid(horizon.days, self.resolution)
        return Estimate(float("nan"), note=refused) if refused else self.km.at(horizon.days)


def _rows(reader: _Reader, chosen: Sequence[Horizon]) -> list[Row]:
    """Median, S(t) and follow-up of one group."""
    km = reader.km
    reverse = fit_kaplan_meier(
        Sample(km.sample.time, ~km.sample.event, km.sample.entry, km.sample.weight)
    )
    out = [reader.row("median_survival_months", km.median, DAYS_PER_MONTH, KM_METHOD)]
    for horizon in chosen:
        found = reader.survival(horizon)
        out.append(reader.row("survival", found, 1.0, KM_METHOD, horizon.label))
    follow_up = reverse.median
    if follow_up.note == "no events":
        follow_up = Estimate(float("nan"), note="nobody was censored")
    out.append(reader.row("median_follow_up_months", follow_up, DAYS_PER_MONTH, FOLLOW_UP_METHOD))
    return out


def _further(reader: _Reader, months: float, closing: Floats) -> list[Row]:
    """Early mortality, restricted mean and completeness of follow-up of one group."""
    km, out = reader.km, []
    for days in EARLY_DAYS:
        horizon = day_horizon(days)
        alive = reader.survival(horizon)
        dead = Estimate(
            1 - alive.value, 1 - alive.upper, 1 - alive.lower, alive.std_error, note=alive.note
        )
        out.append(reader.row("mortality", dead, 1.0, KM_METHOD, horizon.label))
    horizon = month_horizon(months)
    mean = restricted_mean(km, horizon.days)
    out.append(
        reader.row("restricted_mean_months", mean, DAYS_PER_MONTH, RMST_METHOD, horizon.label)
    )
    sample = km.sample
    entry = np.where(np.isfinite(sample.entry), sample.entry, np.nan)
    share = completeness(sample.time, sample.event, closing, entry)
    if not np.isfinite(closing).any():  # also where everybody died, and none is needed
        share = Estimate(float("nan"), note="no closing date")
    out.append(reader.row("completeness", share, 1.0, "Clark's C"))
    return out
