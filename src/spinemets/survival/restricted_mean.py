"""Restricted mean survival time, and its difference between groups, with the right variance."""

from __future__ import annotations

import numpy as np

from spinemets.survival.kaplan_meier import Estimate, KaplanMeier
from spinemets.survival.sample import Z95, Floats
from spinemets.survival.tails import normal_tails


def restricted_mean(km: KaplanMeier, tau: float) -> Estimate:
    """
    Mean survival time up to a horizon: the area under the Kaplan-Meier curve.

    Estimand: E[min(T, tau)], days lived on average within the first tau days.

    Parameters
    ----------
    km : KaplanMeier
        Estimated curve.
    tau : float
        Horizon in days, above 0.

    Returns
    -------
    Estimate
        Days with a normal 95 % interval within 0 and tau; NaN with the reason when follow-up ends
        before tau while patients are alive.

    Raises
    ------
    ValueError
        When the horizon is not a positive number.

    Notes
    -----
    The variance is Greenwood's, sum of A(t)^2 d / (n (n - d)) with A(t) the area from t to tau.
    ``lifelines.utils.restricted_mean_survival_time`` returns the variance of min(T, tau) instead.

    References
    ----------
    Irwin 1949, doi:10.1017/S0022172400014443. Royston, Parmar 2013, doi:10.1186/1471-2288-13-152.

    Examples
    --------
    >>> from spinemets.survival.kaplan_meier import kaplan_meier
    >>> restricted_mean(kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1]), 2.0).value
    1.75
    """
    if not (np.isfinite(tau) and tau > 0):
        raise ValueError("the horizon of a restricted mean must be a positive number")
    if km.n == 0:
        return Estimate(np.nan, note="no patients")
    if km.time[-1] < tau and km.survival[-1] > 0:
        return Estimate(np.nan, note="follow-up ends before this time")
    inside = km.time <= tau
    edges = np.concatenate([[0.0], km.time[inside], [tau]])
    height = np.concatenate([[1.0], km.survival[inside]])
    area = np.diff(edges) * height
    after: Floats = np.cumsum(area[::-1])[::-1][1:]
    n, d = km.at_risk[inside], km.events[inside]
    left = n - d
    step = np.where(left > 0, d / np.where(left > 0, n * left, 1.0), 0.0)
    value, error = float(area.sum()), float(np.sqrt(np.sum(after**2 * step)))
    note = ""
    if not error > 0:
        none = "no events by this time" if not d.sum() else "everybody at risk died at once"
        note = f"{none}: no interval"
    if note:
        return Estimate(value, std_error=0.0, note=note)
    lower, upper = max(0.0, value - Z95 * error), min(float(tau), value + Z95 * error)
    return Estimate(value, lower, upper, error)


def restricted_mean_difference(one: KaplanMeier, other: KaplanMeier, tau: float) -> Estimate:
    """
    Difference of restricted mean survival times of two independent groups.

    Parameters
    ----------
    one, other : KaplanMeier
        Curves; the difference is ``one`` less ``other``.
    tau : float
        Horizon in days.

    Returns
    -------
    Estimate
        Days with a normal 95 % interval; NaN with the reason when either mean is not estimable.

    Examples
    --------
    >>> from spinemets.survival.kaplan_meier import kaplan_meier
    >>> a, b = kaplan_meier([2, 4], [1, 1]), kaplan_meier([1, 3], [1, 1])
    >>> restricted_mean_difference(a, b, 4.0).value
    1.0
    """
    means = restricted_mean(one, tau), restricted_mean(other, tau)
    missing = [m.note for m in means if np.isnan(m.value)]
    if missing:
        return Estimate(np.nan, note=missing[0])
    value = means[0].value - means[1].value
    error = float(np.hypot(means[0].std_error, means[1].std_error))
    if error == 0:
        return Estimate(value, std_error=0.0, note=next(m.note for m in means if m.note))
    return Estimate(value, value - Z95 * error, value + Z95 * error, error)


def difference_p(difference: Estimate) -> float:
    """
    Two-sided P value of a difference with its standard error.

    Parameters
    ----------
    difference : Estimate
        Difference; no P value when its standard error is 0 or unknown.

    Returns
    -------
    float
        P value of the normal test, or NaN.

    Examples
    --------
    >>> round(difference_p(Estimate(1.96, std_error=1.0)), 3)
    0.05
    """
    if not difference.std_error > 0:
        return float("nan")
    return float(normal_tails(difference.value / difference.std_error))
