"""Horizons: where survival is read off, and whether a cohort's time resolution allows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.units import DAYS_PER_MONTH

#: Horizons of every analysis unless the configuration says otherwise, in months.
DEFAULT_MONTHS: Final = (3.0, 6.0, 12.0)
#: Horizons at which survival is described, in months.
DESCRIBED_MONTHS: Final = (1.0, 3.0, 6.0, 12.0, 24.0)
#: Half an hour: nothing is recorded that finely, and rounding in a source file is coarser.
TOLERANCE_DAYS: Final = 1.0 / 48.0
RESOLUTIONS: Final = ("day", "month")


@dataclass(frozen=True)
class Horizon:
    """
    A time after time zero at which results are read off.

    Parameters
    ----------
    days : float
        Time in days.
    label : str
        As written in tables: ``"6mo"`` or ``"90d"``.
    """

    days: float
    label: str

    @property
    def months(self) -> float:
        """Time in months of 30.4375 days."""
        return self.days / DAYS_PER_MONTH


def month_horizon(months: float) -> Horizon:
    """
    Make a horizon from months.

    Parameters
    ----------
    months : float
        Months, above 0.

    Returns
    -------
    Horizon
        Whole months give days that are exact in binary (487/16 per month).

    Raises
    ------
    ValueError
        When the horizon is not a positive number.

    Examples
    --------
    >>> month_horizon(6)
    Horizon(days=182.625, label='6mo')
    """
    return Horizon(_positive(months) * DAYS_PER_MONTH, f"{months:g}mo")


def day_horizon(days: float) -> Horizon:
    """
    Make a horizon from days.

    Parameters
    ----------
    days : float
        Days, above 0.

    Returns
    -------
    Horizon
        Labelled in days.

    Raises
    ------
    ValueError
        When the horizon is not a positive number.

    Examples
    --------
    >>> day_horizon(90)
    Horizon(days=90.0, label='90d')
    """
    return Horizon(_positive(days), f"{days:g}d")


def _positive(value: float) -> float:
    if not (np.isfinite(value) and value > 0):
        raise ValueError("a horizon must be a positive number")
    return float(value)


def horizons(
    months: Iterable[float] = DEFAULT_MONTHS,
    days: Iterable[float] = (),
    *,
    resolution: str = "day",
) -> list[Horizon]:
    """
    Horizons of an analysis in order of time, checked against the cohort's time resolution.

    Parameters
    ----------
    months, days : iterable of float
        Horizons in either unit.
    resolution : {"day", "month"}
        Resolution in which the cohort's times were recorded.

    Returns
    -------
    list of Horizon
        Sorted, without repeats.

    Raises
    ------
    ValueError
        When a horizon falls between the months of a whole-month cohort; all such are named.

    Examples
    --------
    >>> [h.days for h in horizons()]
    [91.3125, 182.625, 365.25]
    >>> horizons(days=[90], resolution="month")
    Traceback (most recent call last):
        ...
    ValueError: horizon 90d: times of this cohort are whole months of 30.4375 days; use 3mo instead
    """
    found = {h.days: h for h in [*map(day_horizon, days), *map(month_horizon, months)]}
    out = [found[d] for d in sorted(found)]
    refuse_off_grid(out, resolution)
    return out


def off_grid(days: float, resolution: str) -> str:
    """
    Why a horizon can't be answered by a cohort: it falls between the recorded times.

    Parameters
    ----------
    days : float
        Horizon in days.
    resolution : {"day", "month"}
        Resolution of the cohort's times.

    Returns
    -------
    str
        The reason; empty when the horizon is fine (always so for day resolution).

    Raises
    ------
    ValueError
        When the resolution is unknown.

    Examples
    --------
    >>> off_grid(365.0, "month")
    'times of this cohort are whole months of 30.4375 days; use 12mo instead'
    >>> off_grid(365.25, "month"), off_grid(365.0, "day")
    ('', '')
    """
    if resolution not in RESOLUTIONS:
        raise ValueError(f"unknown time resolution {resolution!r}; known: {', '.join(RESOLUTIONS)}")
    nearest = max(1, round(days / DAYS_PER_MONTH))
    if resolution == "day" or abs(days - nearest * DAYS_PER_MONTH) < TOLERANCE_DAYS:
        return ""
    return f"times of this cohort are whole months of 30.4375 days; use {nearest}mo instead"


def refuse_off_grid(chosen: Sequence[Horizon], resolution: str) -> None:
    """
    Refuse horizons that fall between the months of a whole-month cohort.

    Parameters
    ----------
    chosen : sequence of Horizon
        Horizons of the analysis.
    resolution : {"day", "month"}
        Resolution of the cohort's times.

    Raises
    ------
    ValueError
        Naming every refused horizon and the nearest months.
    """
    bad = [(h.label, off_grid(h.days, resolution)) for h in chosen]
    faults = [f"horizon {label}: {reason}" for label, reason in bad if reason]
    if faults:
        raise ValueError("; ".join(faults))


def snap_to_months(days: ArrayLike) -> NDArray[np.float64]:
    """
    Put times of a whole-month cohort exactly on the month grid.

    A source that rounded 3 months to 91.31 days would otherwise fall just before the horizon
    91.3125 and lose its deaths at that horizon.

    Parameters
    ----------
    days : array_like of shape (n,)
        Days.

    Returns
    -------
    ndarray of shape (n,)
        Times within half an hour of a month moved onto it, others unchanged.

    Examples
    --------
    >>> snap_to_months([91.31, 100.0])
    array([ 91.3125, 100.    ])
    """
    value = np.array(days, dtype=np.float64)
    near = np.round(value / DAYS_PER_MONTH) * DAYS_PER_MONTH
    close = np.abs(value - near) < TOLERANCE_DAYS
    value[close] = near[close]
    return value


def risk_grid_months(last_months: float, ends_months: float = 120.0) -> list[float]:
    """
    Months at which numbers at risk are printed: 0, 3, 6, 12, then yearly to the last follow-up.

    Parameters
    ----------
    last_months : float
        Longest follow-up in months.
    ends_months : float
        Last month that is printed however long the follow-up is.

    Returns
    -------
    list of float
        Grid that does not run past the follow-up, but always holds 0 to 12.

    Examples
    --------
    >>> risk_grid_months(30)
    [0.0, 3.0, 6.0, 12.0, 24.0]
    """
    last = min(last_months, ends_months) if np.isfinite(last_months) else 0.0
    return [0.0, 3.0, 6.0, 12.0, *(float(m) for m in np.arange(24.0, last + 1e-9, 12.0))]
