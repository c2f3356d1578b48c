"""How predicted risks are distributed among those who die, live on, or are censored."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from spinemets.performance._arrays import FloatArray
from spinemets.performance._checks import check_horizon, prepare
from spinemets.performance._estimate import Estimate, undefined, wald
from spinemets.performance._km import FollowUp, kaplan_meier_at
from spinemets.performance._weights import case_weights

if TYPE_CHECKING:
    import pandas as pd

OUTCOMES: Final = ("dead", "alive", "censored")
LEGACY: Final = "legacy: improper, kept for comparison with older papers"


def outcome_at(follow_up: FollowUp, horizon: float) -> npt.NDArray[np.object_]:
    """
    Outcome of each patient at a horizon.

    Parameters
    ----------
    follow_up : FollowUp
        Ranked follow-up.
    horizon : float
        Horizon in the unit of time.

    Returns
    -------
    numpy.ndarray of str, shape (n,)
        ``dead`` by the horizon, ``alive`` (followed to it or beyond), or ``censored`` before it.
    """
    dead, beyond = follow_up.by(horizon)
    reached = beyond | (follow_up.time >= horizon)
    return np.where(dead, "dead", np.where(reached, "alive", "censored")).astype(object)


def risk_distribution(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    risk: npt.ArrayLike,
    horizon: float,
    *,
    bins: int = 20,
) -> "pd.DataFrame":
    """
    Histogram of predicted risks by outcome at the horizon (essential plot of STRATOS TG6).

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up and whether it ended with the event.
    risk : array_like of float, shape (n,)
        Predicted risk at the horizon.
    horizon : float
        Horizon in the unit of ``time``.
    bins : int
        Number of equal intervals of risk; with at most that many distinct risks, each is its own.

    Returns
    -------
    pandas.DataFrame
        Columns outcome (dead, alive, censored), low, high (risk), n (patients) and weighted
        (patients, those censored before the horizon shared out by inverse-probability weights;
        NaN when nobody is followed beyond the horizon).

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    References
    ----------
    Van Calster B et al. arXiv 2412.10288, doi 10.48550/arXiv.2412.10288.

    Examples
    --------
    >>> table = risk_distribution([1, 2, 3], [1, 0, 0], [0.9, 0.1, 0.1], 2.5)
    >>> table["n"].tolist()
    [0, 1, 1, 0, 1, 0]
    """
    import pandas as pd

    follow_up, checked, limit = prepare(time, event, risk, horizon)
    if int(bins) != bins or bins < 1:
        raise ValueError("bins: must be a whole number from 1 on")
    low, high, place = _bins(checked, int(bins))
    outcome = outcome_at(follow_up, limit)
    weights = case_weights(follow_up, limit) if follow_up.n else None
    by_outcome = {
        "dead": None if weights is None else weights.case,
        "alive": None if weights is None or weights.reason else weights.control,
        "censored": np.zeros(follow_up.n),
    }
    weighted, counts = [], []
    for name in OUTCOMES:
        weight = by_outcome[name]
        total = np.full(low.size, np.nan)
        if weight is not None:
            total = np.bincount(place, weights=weight, minlength=low.size)
        weighted.append(total)
        counts.append(np.bincount(place[outcome == name], minlength=low.size))
    several = len(OUTCOMES)
    return pd.DataFrame(
        {
            "outcome": np.repeat(np.array(OUTCOMES, dtype=object), low.size),
            "low": np.tile(low, several),
            "high": np.tile(high, several),
            "n": np.concatenate(counts),
            "weighted": np.concatenate(weighted),
        }
    )


def _bins(risk: FloatArray, bins: int) -> tuple[FloatArray, FloatArray, npt.NDArray[np.intp]]:
    values, place = np.unique(risk, return_inverse=True)
    if values.size <= bins:
        return values, values, place
    edges = np.linspace(0.0, 1.0, bins + 1)
    spot = np.clip(np.searchsorted(edges, risk, side="right") - 1, 0, bins - 1)
    return edges[:-1], edges[1:], spot


def band_share(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    band: npt.ArrayLike,
    which: str,
    horizon: float,
    *,
    dead: bool,
) -> Estimate:
    """
    Share of one band that is dead, or alive, at a time ("accuracy" of the worst or best group).

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up and whether it ended with the event.
    band : array_like of str, shape (n,)
        Band of each patient.
    which : str
        Band asked for.
    horizon : float
        Time in the unit of ``time``; the literature's are 4 months for the worst band, 1 and 2
        years for the best.
    dead : bool
        Share of the dead, else of the living.

    Returns
    -------
    Estimate
        Kaplan-Meier share with log-log interval and the caveat that it is a legacy measure.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Examples
    --------
    >>> band_share([1, 2, 9], [1, 1, 0], ["D", "D", "A"], "D", 4, dead=True).value
    1.0
    """
    follow_up = FollowUp.of(time, event)
    labels = np.array([str(value) for value in np.asarray(band, dtype=object)], dtype=object)
    if labels.size != follow_up.n:
        raise ValueError(f"band: has {labels.size} values for {follow_up.n} patients")
    curve = kaplan_meier_at(follow_up, check_horizon(horizon), labels == str(which))
    if curve.reason:
        return undefined(curve.reason, curve.n, curve.events, "Kaplan-Meier").because(LEGACY)
    value, lower, upper = curve.value, curve.lower, curve.upper
    if dead:
        value, lower, upper = 1 - value, 1 - upper, 1 - lower
    return Estimate(
        *(value, lower, upper, curve.std_error, curve.n, curve.events),
        *("Kaplan-Meier, log-log", LEGACY),
    )


def interval_agreement(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    band: npt.ArrayLike,
    expected: Mapping[str, tuple[float, float]],
) -> Estimate:
    """
    Share of patients whose survival falls into the interval expected for their band.

    What papers call predictive accuracy or consistency of a prognostic score.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up and whether it ended with the event.
    band : array_like of str, shape (n,)
        Band of each patient; bands without an expectation are left out.
    expected : mapping of str to (float, float)
        Expected survival per band in the unit of ``time``: from (inclusive) to (exclusive);
        infinity where there is no upper end.

    Returns
    -------
    Estimate
        Share with Wald interval and the caveat that it is a legacy measure; NaN with a reason when
        follow-up of a band ends before one of its limits.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    Papers drop patients censored before the limit, which favours early deaths; here the share of
    each band is ``S(from) - S(to)`` by Kaplan-Meier, averaged over patients.

    Examples
    --------
    >>> expected = {"D": (0, 2), "A": (6, float("inf"))}
    >>> found = interval_agreement([1, 2, 9], [1, 1, 0], ["D", "D", "A"], expected)
    >>> round(found.value, 4)
    0.6667
    """
    follow_up = FollowUp.of(time, event)
    labels = np.array([str(value) for value in np.asarray(band, dtype=object)], dtype=object)
    if labels.size != follow_up.n:
        raise ValueError(f"band: has {labels.size} values for {follow_up.n} patients")
    method = "Kaplan-Meier within bands"
    known = np.isin(labels, list(expected))
    n, events = int(known.sum()), int(follow_up.event[known].sum())
    if n == 0:
        return undefined("no patients in a band with an expectation", 0, 0, method)
    total, column = 0.0, np.zeros(follow_up.n)
    for name, (start, end) in expected.items():
        mask = labels == name
        if not mask.any():
            continue
        if not 0 <= start < end:
            raise ValueError(f"expected: the interval of {name!r} must run upwards from 0")
        found = _between(follow_up, mask, start, end)
        if isinstance(found, str):
            reason = f"band {name}: {found}"
            return undefined(reason, n, events, method).because(LEGACY)
        share, influence = found
        weight = float(mask.sum()) / n
        total += weight * share
        column[mask] += weight * influence + share / n
    column[known] -= total / n
    error = float(np.sqrt(np.sum(column**2)))
    return wald(total, error, n, events, method, LEGACY)


def _between(
    follow_up: FollowUp, mask: npt.NDArray[np.bool_], start: float, end: float
) -> tuple[float, FloatArray] | str:
    """Probability that the event falls into [start, end) and its influence values."""
    size = int(mask.sum())
    value, influence = 1.0, np.zeros(size)
    # Survival just before a limit: an event on the day of the limit belongs behind it.
    for limit, sign in ((start, 1.0), (end, -1.0)):
        if limit == 0 or not np.isfinite(limit):
            continue
        curve = kaplan_meier_at(follow_up, limit * (1 - 1e-7), mask)
        if curve.reason:
            return curve.reason
        if sign > 0:
            value, influence = curve.value, curve.influence
        else:
            value, influence = value - curve.value, influence - curve.influence
    return value, influence
