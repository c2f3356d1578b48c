"""
Reclassification statistics, for readers who ask for them: NRI and IDI of one risk over another.

Neither is proper: a worse, miscalibrated model can win (Hilden and Gerds 2014). They are computed
on request only, with their components, and every row carries the warning.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from spinemets.performance._arrays import FloatArray
from spinemets.performance._checks import check_risk, prepare
from spinemets.performance._estimate import Estimate, undefined, wald
from spinemets.performance._km import NO_EVENTS, FollowUp, kaplan_meier_at
from spinemets.performance._weights import case_weights

WARNING: Final = "improper: can favour a worse model (doi 10.1002/sim.5804); see net benefit"


@dataclass(frozen=True)
class Reclassification:
    """
    Net reclassification of a new risk against an old one.

    Parameters
    ----------
    events, nonevents, total : Estimate
        Net share of those with the event who move up, of those without it who move down, and
        their sum.
    up, down : float
        Share of patients who move up and down.
    """

    events: Estimate
    nonevents: Estimate
    total: Estimate
    up: float
    down: float


def net_reclassification(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    old: npt.ArrayLike,
    new: npt.ArrayLike,
    horizon: float,
    *,
    cuts: npt.ArrayLike | None = None,
) -> Reclassification:
    """
    Continuous or categorical net reclassification improvement under censoring.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up and whether it ended with the event.
    old, new : array_like of float, shape (n,)
        Predicted risks at the horizon.
    horizon : float
        Horizon in the unit of ``time``.
    cuts : array_like of float, optional
        Limits of risk categories; without them every change of risk counts (continuous NRI).

    Returns
    -------
    Reclassification
        Components and total with Wald intervals from influence functions.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    Shares of events among those who move are Kaplan-Meier risks within them (Pencina 2011).

    References
    ----------
    Pencina MJ, D'Agostino RB, Steyerberg EW. Stat Med 2011;30:11-21, doi 10.1002/sim.4085.
    Hilden J, Gerds TA. Stat Med 2014;33:3405-3414, doi 10.1002/sim.5804.

    Examples
    --------
    >>> found = net_reclassification([1, 2, 3, 4], [1, 1, 0, 0], [0.5, 0.5, 0.5, 0.5],
    ...                              [0.6, 0.4, 0.4, 0.4], 2.5)
    >>> round(found.events.value, 3), round(found.nonevents.value, 3)
    (0.0, 1.0)
    """
    follow_up, before, limit = prepare(time, event, old, horizon)
    after = check_risk(new, follow_up.n, "new")
    if cuts is not None:
        edges = np.sort(np.asarray(cuts, dtype=np.float64))
        before = np.searchsorted(edges, before, side="right").astype(float)
        after = np.searchsorted(edges, after, side="right").astype(float)
    method = "Kaplan-Meier in those who move"
    n = follow_up.n
    up, down = after > before, after < before
    overall = kaplan_meier_at(follow_up, limit)
    reason = overall.reason or (NO_EVENTS if overall.events == 0 else "")
    if not reason and overall.value <= 0:
        reason = "nobody survives the horizon"
    shares = (float(up.mean()), float(down.mean())) if n else (np.nan, np.nan)
    moves = [] if reason else [_moved(follow_up, limit, mask) for mask in (up, down)]
    if any(isinstance(move, str) for move in moves):
        reason = "follow-up of those who move ends before the horizon"
    if reason:
        none = undefined(reason, n, overall.events, method)
        return Reclassification(none, none, none, *shares)
    (died_up, lived_up, d_up, l_up), (died_down, lived_down, d_down, l_down) = (
        move for move in moves if not isinstance(move, str)
    )
    survival, influence = overall.value, overall.influence
    first = (died_up - died_down) / (1 - survival)
    second = (lived_down - lived_up) / survival
    parts = (
        (d_up - d_down + first * influence) / (1 - survival),
        (l_down - l_up - second * influence) / survival,
    )
    values = (first, second, first + second)
    first_row, second_row, sum_row = (
        wald(value, float(np.sqrt(np.sum(part**2))), n, overall.events, method, WARNING)
        for value, part in zip(values, (*parts, parts[0] + parts[1]), strict=True)
    )
    return Reclassification(first_row, second_row, sum_row, *shares)


def _moved(
    follow_up: FollowUp, horizon: float, mask: npt.NDArray[np.bool_]
) -> tuple[float, float, FloatArray, FloatArray] | str:
    """Joint probabilities (moved, event) and (moved, no event) with influence values."""
    n = follow_up.n
    zero = np.zeros(n)
    if not mask.any():
        return 0.0, 0.0, zero, zero
    curve = kaplan_meier_at(follow_up, horizon, mask)
    if curve.reason:
        return curve.reason
    share = float(mask.mean())
    of_survival = zero.copy()
    of_survival[mask] = curve.influence
    of_share = (mask - share) / n
    lived = of_share * curve.value + share * of_survival
    return share * (1 - curve.value), share * curve.value, of_share - lived, lived


def discrimination_slope(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    risk: npt.ArrayLike,
    horizon: float,
    *,
    same_day: str = "events_first",
) -> tuple[Estimate, Estimate, Estimate]:
    """
    Mean risk of those with the event, of those without it, and their difference.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up and whether it ended with the event.
    risk : array_like of float, shape (n,)
        Predicted risk at the horizon.
    horizon : float
        Horizon in the unit of ``time``.
    same_day : {"events_first", "together"}
        Whether the dead of a day are still at risk of being censored on it when G is estimated;
        ``together`` is ``survfit(Surv(time, status == 0))`` of R.

    Returns
    -------
    dead, alive, slope : Estimate
        With Wald intervals; NaN with a reason when nobody has the event or nobody is followed
        beyond the horizon.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    Weights 1/G(T-) for events by the horizon and 1/G(t) for those followed beyond it. The
    difference is what IDI compares.

    Examples
    --------
    >>> dead, alive, slope = discrimination_slope([1, 2, 3, 4], [1, 1, 0, 0],
    ...                                           [0.8, 0.6, 0.4, 0.2], 2.5)
    >>> round(slope.value, 3)
    0.4
    """
    follow_up, checked, limit = prepare(time, event, risk, horizon)
    values, columns, reason = _means(follow_up, checked, limit, same_day)
    n, events, method = follow_up.n, follow_up.events(limit), "IPCW"
    if reason:
        none = undefined(reason, n, events, method)
        return none, none, none
    triple = zip((*values, values[0] - values[1]), (*columns, columns[0] - columns[1]), strict=True)
    dead, alive, slope = (
        wald(value, float(np.sqrt(np.sum(column**2))), n, events, method)
        for value, column in triple
    )
    return dead, alive, slope


def _means(
    follow_up: FollowUp, risk: FloatArray, horizon: float, same_day: str
) -> tuple[list[float], list[FloatArray], str]:
    """Mean risk of cases and controls with influence values."""
    weights = case_weights(follow_up, horizon, same_day)
    if weights.reason:
        return [], [], weights.reason
    values, columns = [], []
    for weight in (weights.case, weights.control):
        mean = float(weight @ risk / weight.sum())
        values.append(mean)
        columns.append(weights.complete(weight * (risk - mean) / weight.sum()))
    return values, columns, ""


def integrated_discrimination(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    old: npt.ArrayLike,
    new: npt.ArrayLike,
    horizon: float,
    *,
    same_day: str = "events_first",
) -> tuple[Estimate, Estimate, Estimate]:
    """
    Discrimination slopes of two risks and their difference (IDI).

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up and whether it ended with the event.
    old, new : array_like of float, shape (n,)
        Predicted risks at the horizon.
    horizon : float
        Horizon in the unit of ``time``.
    same_day : {"events_first", "together"}
        Whether the dead of a day are still at risk of being censored on it when G is estimated;
        ``together`` is ``survfit(Surv(time, status == 0))`` of R.

    Returns
    -------
    old_slope, new_slope, idi : Estimate
        With Wald intervals.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Examples
    --------
    >>> *_, idi = integrated_discrimination([1, 2, 3, 4], [1, 1, 0, 0], [0.5, 0.5, 0.5, 0.4],
    ...                                     [0.8, 0.6, 0.4, 0.2], 2.5)
    >>> round(idi.value, 3)
    0.35
    """
    follow_up, before, limit = prepare(time, event, old, horizon)
    after = check_risk(new, follow_up.n, "new")
    n, events = follow_up.n, follow_up.events(limit)
    both = [_means(follow_up, risk, limit, same_day) for risk in (before, after)]
    if both[0][2]:
        none = undefined(both[0][2], n, events, "IPCW")
        return none, none, none
    slopes = [values[0] - values[1] for values, _, _ in both]
    parts = [columns[0] - columns[1] for _, columns, _ in both]
    triple = zip((*slopes, slopes[1] - slopes[0]), (*parts, parts[1] - parts[0]), strict=True)
    first, second, idi = (
        wald(value, float(np.sqrt(np.sum(part**2))), n, events, "IPCW", WARNING)
        for value, part in triple
    )
    return first, second, idi
