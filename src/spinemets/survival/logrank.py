"""The log-rank family: weighted, stratified, trend over ordered groups, pairwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.survival.sample import Floats, Integers, Sample, at_risk, codes, make_sample
from spinemets.survival.tails import chi2_tail

WEIGHTS: Final = ("fleming-harrington", "gehan", "tarone-ware", "peto-peto", "modified-peto-peto")


@dataclass(frozen=True)
class LogRank:
    """
    Comparison of survival between groups.

    Parameters
    ----------
    groups : tuple
        The groups, in the order of ``observed``.
    n : ndarray of shape (k,)
        Patients per group.
    observed, expected : ndarray of shape (k,)
        Weighted observed and expected events, summed over strata.
    variance : ndarray of shape (k, k)
        Covariance of observed - expected (hypergeometric in ties).
    chi2 : float
        Test statistic; NaN with the reason in ``note``.
    df : int
        Degrees of freedom.
    p : float
        P value.
    note : str
        Why there is no test.
    """

    groups: tuple[Any, ...]
    n: Integers
    observed: Floats
    expected: Floats
    variance: Floats
    chi2: float
    df: int
    p: float
    note: str = ""

    def trend(self, scores: Sequence[float] | None = None) -> Trend:
        """
        Test for a trend of the hazard across ordered groups (Tarone).

        Parameters
        ----------
        scores : sequence of float, optional
            Score of every group, in the order of ``groups``; 1, 2, ..., k when left out.

        Returns
        -------
        Trend
            Statistic with one degree of freedom; z is positive when the hazard rises with the
            scores.

        Raises
        ------
        ValueError
            When there is not one score per group.

        References
        ----------
        Tarone 1975, doi:10.1093/biomet/62.3.679.
        """
        k = len(self.groups)
        a = np.arange(1.0, k + 1) if scores is None else np.asarray(scores, dtype=np.float64)
        if a.shape != (k,):
            raise ValueError("a trend needs one score per group")
        u = float(a @ (self.observed - self.expected))
        v = float(a @ self.variance @ a)
        if self.note or not v > 0:
            return Trend(u, v, np.nan, np.nan, np.nan, self.note or "no information on a trend")
        chi2 = u * u / v
        return Trend(u, v, u / float(np.sqrt(v)), chi2, chi2_tail(chi2, 1))


@dataclass(frozen=True)
class Trend:
    """
    Trend of the hazard across ordered groups.

    Parameters
    ----------
    u, v : float
        Score statistic and its variance.
    z, chi2, p : float
        Test with one degree of freedom; NaN with the reason in ``note``.
    note : str
        Why there is no test.
    """

    u: float
    v: float
    z: float
    chi2: float
    p: float
    note: str = ""


def logrank(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    *,
    rho: float = 0.0,
    gamma: float = 0.0,
    weighting: str = "fleming-harrington",
) -> LogRank:
    """
    Log-rank test of k groups, weighted, stratified and with delayed entry.

    Estimand: whether the hazards of the groups are equal at all times.

    Parameters
    ----------
    time : array_like of shape (n,)
        Days to event or end of observation.
    event : array_like of shape (n,)
        1 for the event, 0 for censored.
    group : array_like of shape (n,)
        Group of every patient; not missing.
    entry : array_like of shape (n,), optional
        Days at which observation began; missing means from time zero.
    strata : array_like of shape (n,), optional
        Patients are compared within strata only.
    rho, gamma : float
        Fleming-Harrington weights S(t-)^rho (1 - S(t-))^gamma with the pooled Kaplan-Meier of the
        stratum; 0 and 0 is the log-rank test, rho = 1 the Peto-Peto version of R's ``survdiff``.
    weighting : str
        Other families: ``gehan`` (number at risk), ``tarone-ware`` (its root), ``peto-peto`` and
        ``modified-peto-peto`` (Andersen) survival estimates.

    Returns
    -------
    LogRank
        Chi-square with as many degrees of freedom as groups with expected events, less one; NaN
        with the reason when there is one group or no event.

    Raises
    ------
    ValueError
        When the sample is impossible or the weighting unknown.

    References
    ----------
    Harrington, Fleming 1982, doi:10.1093/biomet/69.3.553.

    Examples
    --------
    >>> test = logrank([1, 2, 3, 4], [1, 1, 1, 1], ["a", "a", "b", "b"])
    >>> round(test.chi2, 4), test.df
    (2.8824, 1)
    """
    if weighting not in WEIGHTS:
        raise ValueError(f"unknown weighting {weighting!r}; known: {', '.join(WEIGHTS)}")
    sample = make_sample(time, event, entry)
    number, levels = codes(group, sample.n)
    stratum, names = codes(strata, sample.n)
    k = len(levels)
    observed, expected, variance = np.zeros(k), np.zeros(k), np.zeros((k, k))
    for s in range(len(names) if k else 0):
        rows = stratum == s
        part = _stratum(sample.take(rows), number[rows], k, weighting, (rho, gamma))
        observed, expected, variance = (
            observed + part[0], expected + part[1], variance + part[2],
        )  # fmt: skip
    chi2, df, note = _quadratic(observed, expected, variance)
    p = chi2_tail(chi2, df) if not note else float("nan")
    sizes = np.bincount(number, minlength=k).astype(np.int64)
    return LogRank(tuple(levels), sizes, observed, expected, variance, chi2, df, p, note)


def _stratum(
    sample: Sample, number: Integers, k: int, weighting: str, power: tuple[float, float]
) -> tuple[Floats, Floats, Floats]:
    """Observed, expected and covariance of one stratum."""
    times, place = np.unique(sample.time[sample.event], return_inverse=True)
    g = times.size
    deaths = np.bincount(place * k + number[sample.event], minlength=g * k).reshape(g, k)
    risk = np.stack([at_risk(sample.take(number == j), times) for j in range(k)], axis=1)
    d, n = deaths.sum(axis=1), risk.sum(axis=1)
    w = _weights(d, n, weighting, power)
    share = risk / n[:, None]
    scale = w**2 * d * np.where(n > 1, (n - d) / np.maximum(n - 1, 1), 0.0)
    variance = np.diag(scale @ share) - share.T @ (scale[:, None] * share)
    return w @ deaths, (w * d) @ share, variance


def _weights(d: NDArray[Any], n: Floats, weighting: str, power: tuple[float, float]) -> Floats:
    """Weight of every event time, by what was known just before it."""
    if weighting == "gehan":
        return n
    if weighting == "tarone-ware":
        return np.asarray(np.sqrt(n))
    if weighting == "fleming-harrington":
        before = np.concatenate([[1.0], np.cumprod(1.0 - d / n)])[: d.size]
        return np.asarray(before ** power[0] * (1.0 - before) ** power[1])
    peto = np.cumprod(1.0 - d / (n + 1.0))
    return np.asarray(peto if weighting == "peto-peto" else peto * n / (n + 1.0))


def _quadratic(observed: Floats, expected: Floats, variance: Floats) -> tuple[float, int, str]:
    """Chi-square over the groups that were ever at risk at an event."""
    used = np.flatnonzero(expected > 0)
    if used.size == 0:
        return float("nan"), 0, "no events"
    if used.size < 2:
        return float("nan"), 0, "fewer than two groups with patients at risk at an event"
    keep = used[1:]
    u, v = (observed - expected)[keep], variance[np.ix_(keep, keep)]
    if np.linalg.matrix_rank(v, hermitian=True) < keep.size:
        return float("nan"), int(keep.size), "groups are never at risk together at an event"
    return float(u @ np.linalg.solve(v, u)), int(keep.size), ""


def pairwise_logrank(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    *,
    rho: float = 0.0,
) -> list[tuple[Any, Any, LogRank, float]]:
    """
    Log-rank test of every pair of groups, with Holm's adjustment for their number.

    Parameters
    ----------
    time, event, group, entry, strata, rho
        As in ``logrank``.

    Returns
    -------
    list of (group, group, LogRank, adjusted p)
        Each test uses the patients of its two groups only.

    References
    ----------
    Holm 1979, Scand J Stat 6:65-70.
    """
    sample = make_sample(time, event, entry)
    number, levels = codes(group, sample.n)
    stratum = None if strata is None else np.asarray(strata)
    out = []
    for a, b in combinations(range(len(levels)), 2):
        rows = (number == a) | (number == b)
        one = logrank(
            sample.time[rows],
            sample.event[rows],
            number[rows],
            sample.entry[rows],
            None if stratum is None else stratum[rows],
            rho=rho,
        )
        out.append((levels[a], levels[b], one))
    adjusted = holm([test.p for _, _, test in out])
    return [(a, b, test, p) for (a, b, test), p in zip(out, adjusted, strict=True)]


def holm(p_values: Sequence[float]) -> list[float]:
    """
    Adjust P values for their number (Holm); NaN stays NaN and is not counted.

    Parameters
    ----------
    p_values : sequence of float
        P values.

    Returns
    -------
    list of float
        Adjusted P values in the same order.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    factor = np.arange(order.size, 0, -1)
    out = np.full(p.size, np.nan)
    out[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * factor))
    return [float(v) for v in out]
