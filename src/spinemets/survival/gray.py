"""Gray's test of equal cumulative incidence, also stratified; Aalen's variance beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from spinemets.survival.competing import CompetingSample, CumulativeIncidence, make_competing
from spinemets.survival.sample import Floats, Integers, codes
from spinemets.survival.tails import chi2_tail


@dataclass(frozen=True)
class GrayTest:
    """
    Comparison of the cumulative incidence of one cause between groups.

    Parameters
    ----------
    cause : str
        Name of the cause.
    groups : tuple
        The groups.
    score : ndarray of shape (k,)
        Weighted observed less expected events of the cause.
    variance : ndarray of shape (k - 1, k - 1)
        Covariance of the first k - 1 scores.
    chi2 : float
        Test; NaN with the reason in ``note``.
    df : int
        Degrees of freedom.
    p : float
        P value.
    note : str
        Why there is no test.
    """

    cause: str
    groups: tuple[Any, ...]
    score: Floats
    variance: Floats
    chi2: float
    df: int
    p: float
    note: str = ""


def gray_test(
    time: ArrayLike,
    cause: ArrayLike,
    group: ArrayLike,
    strata: ArrayLike | None = None,
    *,
    of: int = 1,
    rho: float = 0.0,
    causes: tuple[str, ...] | None = None,
) -> GrayTest:
    """
    Gray's test for one cause.

    Estimand: whether the subdistribution hazards of the cause are equal in all groups.

    Parameters
    ----------
    time : array_like of shape (n,)
        Days to the first event or end of observation. Delayed entry has no place in this test.
    cause : array_like of shape (n,)
        0 for censored, 1, 2, ... for the causes.
    group : array_like of shape (n,)
        Group of every patient.
    strata : array_like of shape (n,), optional
        Patients are compared within strata only.
    of : int
        Cause that is compared.
    rho : float
        Weights (1 - F(t-))^rho.
    causes : tuple of str, optional
        Names of the declared causes.

    Returns
    -------
    GrayTest
        Chi-square with one degree of freedom less than groups.

    Raises
    ------
    ValueError
        When the sample is impossible or a cause not declared.

    References
    ----------
    Gray 1988, doi:10.1214/aos/1176350951.

    Examples
    --------
    >>> test = gray_test([1, 2, 3, 4, 5, 6], [1, 1, 2, 1, 2, 0], list("aabbba"))
    >>> round(test.chi2, 4), test.df
    (0.9958, 1)
    """
    given = make_competing(time, cause, causes=causes)
    number, levels = codes(group, given.sample.n)
    stratum, names = codes(strata, given.sample.n)
    k = len(levels)
    label = given.causes[of - 1] if of <= len(given.causes) else str(of)
    if not k:
        none = np.zeros((0, 0))
        return GrayTest(label, (), none[0:0].ravel(), none, np.nan, 0, np.nan, "no patients")
    score, variance = np.zeros(k), np.zeros((k, k))
    for s in range(len(names)):
        rows = stratum == s
        # A group that is absent from the stratum adds nothing to the score or its variance.
        part = _stratum(given, number, rows, k, of, rho)
        score, variance = score + part[0], variance + part[1]
    u, v = score[:-1], variance[:-1, :-1]
    note = _reason(given, of, k, v)
    if note:
        return GrayTest(label, tuple(levels), score, v, np.nan, max(k - 1, 0), np.nan, note)
    chi2 = float(u @ np.linalg.solve(v, u))
    p = chi2_tail(chi2, k - 1)
    return GrayTest(label, tuple(levels), score, v, chi2, k - 1, p)


def _reason(given: CompetingSample, of: int, k: int, variance: Floats) -> str:
    if k < 2:
        return "fewer than two groups"
    if not (given.cause == of).any():
        return "no events of this cause"
    if np.linalg.matrix_rank(variance, hermitian=True) < k - 1:
        return "too few events to compare the groups"
    return ""


@dataclass
class _State:
    """What is carried from one event time to the next; per group unless said otherwise."""

    survival: Floats  # Kaplan-Meier of any event, just before the time
    incidence: Floats  # cumulative incidence of the cause, just before the time
    pooled: float  # pooled cumulative incidence, just before the time
    score: Floats
    c: Floats  # integral of the weights against the pooled subdistribution hazard
    variance: Floats
    mixed: Floats
    plain: Floats


def _stratum(
    given: CompetingSample, number: Integers, rows: Any, k: int, of: int, rho: float
) -> tuple[Floats, Floats]:
    """Score and covariance of one stratum."""
    time, cause, group = given.sample.time[rows], given.cause[rows], number[rows]
    when = np.unique(time[cause > 0])
    m = when.size
    place = np.searchsorted(when, time[cause > 0])
    mine, other = np.zeros((m, k)), np.zeros((m, k))
    hit = cause[cause > 0] == of
    np.add.at(mine, (place[hit], group[cause > 0][hit]), 1.0)
    np.add.at(other, (place[~hit], group[cause > 0][~hit]), 1.0)
    risk = np.stack(
        [
            (group == j).sum() - np.searchsorted(np.sort(time[group == j]), when, side="left")
            for j in range(k)
        ],
        axis=1,
    ).astype(np.float64)
    s = _State(
        np.ones(k), np.zeros(k), 0.0, np.zeros(k), np.zeros((k, k)), np.zeros((k, k)),
        np.zeros((k, k)), np.zeros(k),
    )  # fmt: skip
    for i in range(m):
        _advance(s, risk[i], mine[i], other[i], rho)
    end = s.c @ (s.plain[:, None] * s.c.T) + s.c @ s.mixed.T + s.mixed @ s.c.T
    return s.score, s.variance + end


def _advance(s: _State, risk: Floats, mine: Floats, other: Floats, rho: float) -> None:
    """Take the state over one event time."""
    here = risk > 0
    size = np.where(here, risk, 1.0)
    survival = np.where(here, s.survival * (risk - mine - other) / size, s.survival)
    # R_j / S_j(t-): the number who would be at risk of the cause had no competing event removed any
    h = np.where(here, risk / np.where(s.survival > 0, s.survival, 1.0), 0.0)
    total, d1 = h.sum(), mine.sum()
    weight = (1.0 - s.pooled) ** rho
    exposed = h * (1.0 - s.incidence)
    s.score += np.where(here, weight * (mine - d1 * exposed / exposed.sum()), 0.0)
    a = weight * (np.diag(h) - np.outer(h, h) / total)
    s.c += a * (d1 / (total * (1.0 - s.pooled)) if d1 > 0 and s.pooled < 1 else 0.0)
    pooled = s.pooled + d1 / total
    remaining = np.where(survival > 0, (1.0 - pooled) / np.where(survival > 0, survival, 1.0), 0.0)
    if d1 > 0:
        # Tied events are drawn without replacement: the factor shrinks their variance.
        ties = 1.0 - (d1 - 1.0) / (total * s.survival - 1.0) if d1 > 1 else np.ones(risk.size)
        jump = np.where(here, ties * s.survival * d1 / (total * size), 0.0)
        _spread(s, a - (1.0 - remaining) * s.c, 1.0 - remaining, jump)
    if other.any():
        counted = (survival > 0) & (other > 0)
        ties = np.where(other > 1, 1.0 - (other - 1.0) / np.maximum(size - 1.0, 1.0), 1.0)
        jump = np.where(counted, ties * s.survival**2 * other / size**2, 0.0)
        _spread(s, remaining * s.c, -remaining, jump)
    s.incidence = np.where(here, s.incidence + s.survival * mine / size, s.incidence)
    s.survival, s.pooled = survival, pooled


def _spread(s: _State, u: Floats, slope: Floats, jump: Floats) -> None:
    """Add one independent jump per group: influence ``u`` now and ``slope`` times c at the end."""
    s.variance += (u * jump) @ u.T
    s.mixed += u * slope * jump
    s.plain += slope**2 * jump


def aalen_error(curve: CumulativeIncidence, cause: int = 1) -> Floats:
    """
    Aalen-type standard error of a cumulative incidence, as R's ``cmprsk`` prints it.

    Parameters
    ----------
    curve : CumulativeIncidence
        Unweighted estimate.
    cause : int
        Number of the cause, from 1.

    Returns
    -------
    ndarray of shape (m,)
        Standard error at every time, changing at events of the cause only; a little larger than
        the jackknife error where few are at risk.

    Examples
    --------
    >>> from spinemets.survival.competing import aalen_johansen
    >>> aalen_error(aalen_johansen([1, 2, 3, 4], [1, 2, 0, 1])).round(3)
    array([0.25 , 0.25 , 0.25 , 0.565])
    """
    n = curve.at_risk
    mine = curve.events[:, cause - 1]
    other = curve.events.sum(axis=1) - mine
    f, s = curve.incidence[:, cause - 1], curve.survival
    before = np.concatenate([[1.0], s[:-1]])
    inverse = np.divide(1.0, s, out=np.zeros_like(s), where=s > 0)
    v1, v2, v3 = np.zeros(n.size), np.zeros(n.size), np.zeros(n.size)
    for d, own in ((mine, 1.0), (np.where(s > 0, other, 0.0), 0.0)):
        ties = np.where(d > 1, 1.0 - (d - 1.0) / np.maximum(n - 1.0, 1.0), 1.0)
        jump = np.where(d > 0, before**2 * ties * d / np.maximum(n, 1.0) ** 2, 0.0)
        slope = own + inverse * f
        v1 += slope**2 * jump
        v2 += inverse * slope * jump
        v3 += inverse**2 * jump
    variance = np.cumsum(v1) + f**2 * np.cumsum(v3) - 2.0 * f * np.cumsum(v2)
    last = np.maximum.accumulate(np.where(mine > 0, np.arange(n.size), -1))
    held = np.where(last >= 0, variance[np.maximum(last, 0)], 0.0)
    return np.sqrt(np.maximum(held, 0.0))
