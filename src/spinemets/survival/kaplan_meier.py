"""Kaplan-Meier with delayed entry: Greenwood, five intervals, quantiles as R reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from spinemets.survival.sample import (
    Z95,
    Bools,
    Floats,
    Sample,
    at_risk,
    count,
    make_sample,
)

#: A step this near to the level asked for reaches it, as in R's ``quantile.survfit``.
LEVEL_TOLERANCE: Final = float(np.sqrt(np.finfo(float).eps))
INTERVALS: Final = ("log-log", "log", "plain", "logit", "arcsin")


@dataclass(frozen=True)
class Estimate:
    """
    One number with its 95 % interval, or the reason why there is none.

    Parameters
    ----------
    value, lower, upper, std_error : float
        NaN where not estimable.
    note : str
        Reason for what is NaN; empty otherwise.
    """

    value: float
    lower: float = float("nan")
    upper: float = float("nan")
    std_error: float = float("nan")
    note: str = ""


@dataclass(frozen=True)
class KaplanMeier:
    """
    Kaplan-Meier estimate at the distinct times of a sample.

    Parameters
    ----------
    time : ndarray of shape (m,)
        Distinct event and censoring times in days.
    survival, std_error, lower, upper : ndarray of shape (m,)
        S(t), its Greenwood standard error on the survival scale and the 95 % interval; the
        interval is NaN where S is 0 or (log-log) 1.
    greenwood : ndarray of shape (m,)
        Sum of d / (n (n - d)), the variance of log S.
    at_risk, events, censored : ndarray of shape (m,)
        Number at risk just before the time and leaving at it.
    sample : Sample
        What was estimated from.
    interval : str
        Kind of interval.
    """

    time: Floats
    survival: Floats
    std_error: Floats
    lower: Floats
    upper: Floats
    greenwood: Floats
    at_risk: Floats
    events: Floats
    censored: Floats
    sample: Sample
    interval: str = "log-log"

    @property
    def n(self) -> int:
        """Number of patients."""
        return self.sample.n

    @property
    def n_events(self) -> int:
        """Number of events."""
        return self.sample.n_events

    def at(self, days: float) -> Estimate:
        """
        Survival at a time.

        Parameters
        ----------
        days : float
            Time in days.

        Returns
        -------
        Estimate
            S(t) with its 95 % interval; NaN with the reason past the end of observation, unless
            the curve had reached 0.

        Examples
        --------
        >>> kaplan_meier([1, 2, 3, 4], [1, 1, 0, 1]).at(2).value
        0.5
        """
        if self.n == 0:
            return Estimate(np.nan, note="no patients")
        i = int(np.searchsorted(self.time, days, side="right")) - 1
        if i < 0:
            return Estimate(1.0, std_error=0.0, note="no events by this time: no interval")
        if days > self.time[-1] and self.survival[-1] > 0:
            return Estimate(np.nan, note="follow-up ends before this time")
        note = ""
        if self.survival[i] >= 1:
            note = "no events by this time: no interval"
        elif self.survival[i] <= 0:
            note = "nobody left by this time: no interval"
        value, lower, upper = self.survival[i], self.lower[i], self.upper[i]
        return Estimate(float(value), float(lower), float(upper), float(self.std_error[i]), note)

    def quantile(self, p: float = 0.5) -> Estimate:
        """
        Time by which a share of patients had the event, as R's ``quantile.survfit`` reads it.

        Parameters
        ----------
        p : float
            Share, 0.5 for the median.

        Returns
        -------
        Estimate
            Days; the interval is read off the interval of the curve. Where the curve is flat
            exactly at the level, the midpoint of the flat stretch.

        Examples
        --------
        >>> kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1]).quantile().value
        2.5
        """
        if self.n == 0:
            return Estimate(np.nan, note="no patients")
        value = _quantile(self.time, self.survival, p)
        lower, upper = (_quantile(self.time, curve, p) for curve in (self.lower, self.upper))
        note = ""
        if np.isnan(value):
            note = "no events" if not self.n_events else "not reached"
        elif np.isnan(upper):
            note = "upper limit not reached"
        return Estimate(value, lower, upper, note=note)

    @property
    def median(self) -> Estimate:
        """Median time in days with its 95 % interval."""
        return self.quantile(0.5)

    def at_risk_table(self, grid: ArrayLike) -> tuple[Floats, Floats]:
        """
        Numbers printed below a survival curve.

        Parameters
        ----------
        grid : array_like of shape (k,)
            Days.

        Returns
        -------
        at_risk, events : ndarray of shape (k,)
            Number under observation just before each time (R's convention) and events up to and
            including it.

        Examples
        --------
        >>> kaplan_meier([1, 2, 3], [1, 0, 1]).at_risk_table([0, 2, 4])[0]
        array([3., 2., 0.])
        """
        at = np.asarray(grid, dtype=np.float64)
        total = np.concatenate([[0.0], np.cumsum(self.events)])
        return at_risk(self.sample, at), total[np.searchsorted(self.time, at, side="right")]


def kaplan_meier(
    time: ArrayLike,
    event: ArrayLike,
    entry: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    interval: str = "log-log",
) -> KaplanMeier:
    """
    Kaplan-Meier estimate with Greenwood's standard error and a 95 % interval.

    Estimand: the probability S(t) of being event-free beyond t, were nobody censored.

    Parameters
    ----------
    time : array_like of shape (n,)
        Days to event or end of observation; n may be 0.
    event : array_like of shape (n,)
        1 for the event, 0 for censored.
    entry : array_like of shape (n,), optional
        Days at which observation began (left truncation); missing means from time zero.
    weights : array_like of shape (n,), optional
        Case weights. Greenwood then counts weights as patients; with estimated weights take the
        interval from a bootstrap (``spinemets.survival.weighting``).
    interval : {"log-log", "log", "plain", "logit", "arcsin"}
        Scale of the interval; the default keeps it between 0 and 1 and is best in small groups.

    Returns
    -------
    KaplanMeier
        Curve at every distinct event or censoring time.

    Raises
    ------
    ValueError
        When a time, event, entry or weight is impossible (see ``make_sample``).

    Notes
    -----
    An event and a censoring on the same day: the event comes first.

    References
    ----------
    Kaplan, Meier 1958, doi:10.1080/01621459.1958.10501452. Borgan, Liestol 1990, Scand J Stat.

    Examples
    --------
    >>> kaplan_meier([1, 2, 3, 4], [1, 1, 0, 1]).survival
    array([0.75, 0.5 , 0.5 , 0.  ])
    """
    if interval not in INTERVALS:
        raise ValueError(f"unknown interval {interval!r}; known: {', '.join(INTERVALS)}")
    sample = make_sample(time, event, entry, weights)
    return fit(sample, interval)


def fit(sample: Sample, interval: str = "log-log") -> KaplanMeier:
    """
    Kaplan-Meier estimate of a checked sample.

    Parameters
    ----------
    sample : Sample
        Checked sample.
    interval : str
        As in ``kaplan_meier``.

    Returns
    -------
    KaplanMeier
        Curve at every distinct time.
    """
    c = count(sample)
    left = c.at_risk - c.events
    left[left < 1e-12 * np.maximum(c.at_risk, 1.0)] = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.where(c.at_risk > 0, left / c.at_risk, 1.0)
        term = np.where(c.events > 0, c.events / (c.at_risk * left), 0.0)
        survival = np.cumprod(step, dtype=np.float64)
        variance = np.cumsum(term)
        error = survival * np.sqrt(variance)
    lower, upper = limits(survival, np.sqrt(variance), interval)
    return KaplanMeier(
        c.time, survival, error, lower, upper, variance,
        c.at_risk, c.events, c.censored, sample, interval,
    )  # fmt: skip


def limits(survival: Floats, log_error: Floats, interval: str = "log-log") -> tuple[Floats, Floats]:
    """
    95 % limits of a survival probability on one of five scales.

    Parameters
    ----------
    survival : ndarray
        Survival probabilities.
    log_error : ndarray
        Standard error of log S, the square root of Greenwood's sum.
    interval : {"log-log", "log", "plain", "logit", "arcsin"}
        Scale on which the interval is symmetric.

    Returns
    -------
    lower, upper : ndarray
        Limits; NaN where the scale gives none (S = 0; S = 1 for log-log).

    Examples
    --------
    >>> import numpy as np
    >>> low, high = limits(np.array([0.5]), np.array([0.2]))
    >>> round(float(low[0]), 4), round(float(high[0]), 4)
    (0.2952, 0.6745)
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        s = np.where(survival > 0, survival, np.nan)
        width = Z95 * log_error
        if interval == "plain":
            return np.maximum(s - width * s, 0.0), np.minimum(s + width * s, 1.0)
        if interval == "log":
            return s * np.exp(-width), np.minimum(s * np.exp(width), 1.0)
        if interval == "log-log":
            s = np.where(s < 1, s, np.nan)
            centre, half = np.log(-np.log(s)), -width / np.log(s)
            return np.exp(-np.exp(centre + half)), np.exp(-np.exp(centre - half))
        if interval == "logit":
            s = np.where(s < 1, s, np.nan)
            centre, half = np.log(s / (1 - s)), width / (1 - s)
            return 1 / (1 + np.exp(half - centre)), 1 / (1 + np.exp(-half - centre))
        half = 0.5 * width * np.sqrt(s / (1 - s))
        angle = np.arcsin(np.sqrt(s))
        top = np.sin(np.minimum(np.pi / 2, angle + half)) ** 2
        return np.sin(np.maximum(0.0, angle - half)) ** 2, top


def _quantile(time: Floats, survival: Floats, p: float) -> float:
    """First time at which 1 - S reaches p; midpoint of a stretch flat at p; NaN if never."""
    dead = np.concatenate([[0.0], 1.0 - survival])
    when = np.concatenate([[0.0], time])
    _, first = np.unique(dead, return_index=True)
    keep: Bools = np.zeros(dead.size, dtype=bool)
    keep[first] = True
    keep &= ~np.isnan(dead)
    last_known = not np.isnan(dead[-1])
    x, y = when[keep], dead[keep]
    # Limits need not be monotone: R looks levels up in sorted order, so do we.
    order = np.argsort(y, kind="stable")
    x, y = x[order], y[order]
    low = int(np.searchsorted(y + LEVEL_TOLERANCE, p, side="left"))
    high = int(np.searchsorted(y - LEVEL_TOLERANCE, p, side="left"))
    if low >= x.size:
        return float("nan")
    if high < x.size:
        return float((x[low] + x[high]) / 2)
    if last_known and abs(y[-1] - p) < LEVEL_TOLERANCE:
        return float((x[low] + when[-1]) / 2)
    return float("nan")


def reverse_kaplan_meier(
    time: ArrayLike, event: ArrayLike, entry: ArrayLike | None = None
) -> KaplanMeier:
    """
    Follow-up as it would have been without deaths (Schemper and Smith).

    Estimand: the distribution of potential follow-up; its median is the median follow-up.

    Parameters
    ----------
    time : array_like of shape (n,)
        Days to event or end of observation.
    event : array_like of shape (n,)
        1 for the event, 0 for censored.
    entry : array_like of shape (n,), optional
        Days at which observation began; missing means from time zero.

    Returns
    -------
    KaplanMeier
        Curve in which censoring is the event; ``.median`` is the median follow-up.

    References
    ----------
    Schemper, Smith 1996, doi:10.1016/0197-2456(96)00075-X.

    Examples
    --------
    >>> reverse_kaplan_meier([1, 2, 3, 4], [1, 0, 0, 0]).median.value
    3.0
    """
    sample = make_sample(time, event, entry)
    return fit(Sample(sample.time, ~sample.event, sample.entry, sample.weight))
