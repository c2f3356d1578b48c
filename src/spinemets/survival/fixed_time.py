"""Survival of groups compared at one time, on the complementary log-log scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spinemets.survival.kaplan_meier import KaplanMeier
from spinemets.survival.sample import Floats
from spinemets.survival.tails import chi2_tail


@dataclass(frozen=True)
class FixedTime:
    """
    Comparison of survival at one time.

    Parameters
    ----------
    chi2 : float
        Test; NaN with the reason in ``note``.
    df : int
        Degrees of freedom.
    p : float
        P value.
    note : str
        Why there is no test, or which groups were left out.
    """

    chi2: float
    df: int
    p: float
    note: str = ""


def fixed_time_test(curves: Sequence[KaplanMeier], days: float) -> FixedTime:
    """
    Test whether groups have the same survival at one time.

    Estimand: equality of S(t) of all groups, compared as log(-log S).

    Parameters
    ----------
    curves : sequence of KaplanMeier
        One curve per group.
    days : float
        Time of the comparison.

    Returns
    -------
    FixedTime
        Chi-square with one degree of freedom less than groups compared. A group whose S(t) is 0, 1
        or unknown has no place on the scale: it is left out and counted.

    References
    ----------
    Klein, Logan, Harhoff, Andersen 2007, doi:10.1002/sim.2864.

    Examples
    --------
    >>> from spinemets.survival.kaplan_meier import kaplan_meier
    >>> a, b = kaplan_meier([1, 2, 3, 4], [1, 1, 1, 0]), kaplan_meier([2, 3, 4, 5], [1, 0, 1, 1])
    >>> round(fixed_time_test([a, b], 2.5).chi2, 4)
    0.5063
    """
    found = [_log_log(km, days) for km in curves]
    usable = [f for f in found if f is not None]
    left_out = len(found) - len(usable)
    note = f"{left_out} group(s) without survival strictly between 0 and 1" if left_out else ""
    if len(usable) < 2:
        return FixedTime(float("nan"), 0, float("nan"), note or "fewer than two groups")
    value, variance = np.array(usable).T
    weight = 1.0 / variance
    mean = float(weight @ value / weight.sum())
    chi2, df = float(weight @ (value - mean) ** 2), len(usable) - 1
    return FixedTime(chi2, df, chi2_tail(chi2, df), note)


def _log_log(km: KaplanMeier, days: float) -> tuple[float, float] | None:
    """log(-log S) and its variance; None where the scale ends."""
    at = km.at(days)
    if not 0.0 < at.value < 1.0:
        return None
    i = int(np.searchsorted(km.time, days, side="right")) - 1
    log_s = float(np.log(at.value))
    greenwood: Floats = km.greenwood
    return float(np.log(-log_s)), float(greenwood[i]) / log_s**2
