"""Does a score work alike in all strata? Interaction test, stratum estimates and shrunken ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize

from spinemets.survival.covariates import read_covariates
from spinemets.survival.cox_fit import CoxFit, fit_cox
from spinemets.survival.newton import SEPARATED
from spinemets.survival.sample import Z95, Floats, codes, make_sample
from spinemets.survival.tails import chi2_tail

MINIMUM_STRATA: Final = 2


@dataclass(frozen=True)
class StratumEffect:
    """
    Log hazard ratio of a score within one stratum.

    Parameters
    ----------
    stratum : object
        Stratum.
    n, n_events : int
        Patients and events in it.
    coef, std_error : float
        Its own estimate; NaN with the reason in ``note``.
    shrunken, shrunken_lower, shrunken_upper : float
        Random-effects (empirical Bayes) estimate and 95 % interval; NaN when not poolable.
    note : str
        Why there is no estimate.
    """

    stratum: Any
    n: int
    n_events: int
    coef: float
    std_error: float
    shrunken: float = float("nan")
    shrunken_lower: float = float("nan")
    shrunken_upper: float = float("nan")
    note: str = ""


@dataclass(frozen=True)
class Heterogeneity:
    """
    Effect of a score over strata.

    Parameters
    ----------
    common : CoxFit
        Stratified model with one coefficient.
    strata : list of StratumEffect
        One per stratum, in the order of their labels.
    lrt : float
        Likelihood-ratio test of score x stratum; NaN with the reason in ``note``.
    df : int
        Degrees of freedom: strata that say something about the score, less one.
    p : float
        P value.
    tau2 : float
        Between-stratum variance of the log hazard ratio (REML).
    mean, mean_error : float
        Random-effects mean and its standard error.
    i2 : float
        Share of the variance of the estimates that is between strata.
    note : str
        Why there is no test.
    """

    common: CoxFit
    strata: list[StratumEffect]
    lrt: float
    df: int
    p: float
    tau2: float
    mean: float
    mean_error: float
    i2: float
    note: str = ""


def heterogeneity(
    score: ArrayLike,
    time: ArrayLike,
    event: ArrayLike,
    strata: ArrayLike,
    entry: ArrayLike | None = None,
) -> Heterogeneity:
    """
    Compare a score's hazard ratio between strata.

    Estimand: log hazard ratio per point within each stratum, and whether they are equal.

    Parameters
    ----------
    score : array_like of shape (n,)
        Points, not missing.
    time : array_like of shape (n,)
        Days to event or end of observation.
    event : array_like of shape (n,)
        1 for the event, 0 for censored.
    strata : array_like of shape (n,)
        Stratum of every patient.
    entry : array_like of shape (n,), optional
        Days at which observation began; missing means from time zero.

    Returns
    -------
    Heterogeneity
        The test is that of a stratified Cox model with one slope per stratum against one slope
        (R: ``score:strata(stratum)``). Strata without events or without variation of the score
        contribute nothing and say so; under separation a stratum's slope is infinite: it has no
        own estimate, but its likelihood counts in the test.

    References
    ----------
    Paule, Mandel 1982; Viechtbauer 2005, doi:10.3102/10769986030003261 (REML).

    Examples
    --------
    >>> found = heterogeneity([1, 2, 3, 1, 2, 3], [3, 2, 1, 3, 1, 2], [1] * 6, list("aaabbb"))
    >>> found.df
    1
    """
    sample = make_sample(time, event, entry)
    points = read_covariates(score, sample.n)[:, 0]
    number, levels = codes(strata, sample.n)
    common = fit_cox(points, sample.time, sample.event, sample.entry, number, names=["score"])
    parts, gain = [], []
    for s, level in enumerate(levels):
        rows = number == s
        fit = fit_cox(points[rows], sample.time[rows], sample.event[rows], sample.entry[rows])
        loglik = _supremum(fit)
        gain.append(loglik)
        size = (int(rows.sum()), int(sample.event[rows].sum()))
        parts.append(StratumEffect(level, *size, float(fit.coef[0]), float(fit.std_error[0]),
                                   note=_reason(fit)))  # fmt: skip
    informative = [g for g in gain if g is not None]
    lrt, df, p, note = _test(common, informative)
    y, v = np.array([[e.coef, e.std_error**2] for e in parts]).reshape(-1, 2).T
    use = np.isfinite(y) & np.isfinite(v)
    tau2, mean, error, i2 = pool(y[use], v[use])
    shrunk = shrink(y, v, tau2, mean, error)
    effects = [
        replace(e, shrunken=float(b), shrunken_lower=float(low), shrunken_upper=float(high))
        for e, (b, low, high) in zip(parts, shrunk, strict=True)
    ]
    return Heterogeneity(common, effects, lrt, df, p, tau2, mean, error, i2, note)


def _reason(fit: CoxFit) -> str:
    return "the score separates the events" if fit.note == SEPARATED else fit.note


def _supremum(fit: CoxFit) -> tuple[float, float] | None:
    """Log-likelihood at 0 and its largest value, also when only reached at infinity."""
    if fit.note == SEPARATED:
        direction = np.sign(_slope(fit)) * 40.0 / max(float(np.ptp(fit.x)), 1e-300)
        from spinemets.survival.cox_fit import loglik_at

        return fit.loglik_null, loglik_at(fit, [direction])
    return None if fit.note else (fit.loglik_null, fit.loglik)


def _slope(fit: CoxFit) -> float:
    from spinemets.survival.partial_likelihood import derivatives

    x = fit.x - fit.x.mean(axis=0)
    return float(derivatives(fit.sets, x, fit.offset).score[0])


def _test(common: CoxFit, parts: list[tuple[float, float]]) -> tuple[float, int, float, str]:
    nan = float("nan")
    if common.note and common.note != SEPARATED:
        return nan, 0, nan, common.note
    if common.note:
        return nan, 0, nan, "the score separates the events in all strata"
    if len(parts) < MINIMUM_STRATA:
        return nan, 0, nan, "fewer than two strata with information on the score"
    separate = sum(best - null for null, best in parts)
    lrt = max(0.0, 2.0 * separate - common.lrt)
    df = len(parts) - 1
    return lrt, df, chi2_tail(lrt, df), ""


def pool(y: Floats, v: Floats) -> tuple[float, float, float, float]:
    """
    Random-effects meta-analysis by restricted maximum likelihood.

    Parameters
    ----------
    y, v : ndarray of shape (k,)
        Estimates and their variances.

    Returns
    -------
    tau2, mean, std_error, i2 : float
        Between-stratum variance, mean, its standard error, and the share of variance between
        strata; with one estimate tau2 is NaN, with none everything.

    Examples
    --------
    >>> tuple(round(r, 4) for r in pool(np.array([0.1, 0.1]), np.array([1.0, 1.0])))
    (0.0, 0.1, 0.7071, 0.0)
    """
    nan = float("nan")
    if y.size == 0:
        return nan, nan, nan, nan
    if y.size == 1:
        return nan, float(y[0]), float(np.sqrt(v[0])), nan
    tau2 = _reml(y, v)
    w = 1.0 / (v + tau2)
    typical = (y.size - 1) * (1 / v).sum() / ((1 / v).sum() ** 2 - (1 / v**2).sum())
    return tau2, float(w @ y / w.sum()), float(w.sum() ** -0.5), tau2 / (tau2 + float(typical))


def _reml(y: Floats, v: Floats) -> float:
    """Between-stratum variance with the largest restricted likelihood, 0 or above."""

    def minus_loglik(tau2: float) -> float:
        w = 1.0 / (v + tau2)
        mean = w @ y / w.sum()
        return float(0.5 * (np.log(v + tau2).sum() + np.log(w.sum()) + w @ (y - mean) ** 2))

    top = 10.0 * float(np.var(y, ddof=1)) + 10.0 * float(v.max())
    # The restricted likelihood can have two maxima: look everywhere, then closely.
    grid = np.concatenate([[0.0], np.geomspace(1e-8 * top, top, 200)])
    values = [minus_loglik(t) for t in grid]
    best = int(np.argmin(values))
    if best == 0:
        return 0.0
    low, high = grid[best - 1], grid[min(best + 1, grid.size - 1)]
    found = optimize.minimize_scalar(
        minus_loglik, bounds=(low, high), method="bounded", options={"xatol": 1e-12 * top}
    )
    return float(found.x) if found.fun < values[0] else 0.0


def shrink(y: Floats, v: Floats, tau2: float, mean: float, error: float) -> Floats:
    """
    Empirical Bayes estimates: each stratum drawn towards the mean by what it doesn't know.

    Parameters
    ----------
    y, v : ndarray of shape (k,)
        Estimates and their variances; NaN for a stratum without estimate.
    tau2, mean, error : float
        From ``pool``.

    Returns
    -------
    ndarray of shape (k, 3)
        Estimate and 95 % interval. A stratum without estimate gets the mean with the interval of
        a new stratum. NaN when fewer than two strata have estimates.
    """
    if not np.isfinite(tau2):
        return np.full((y.size, 3), np.nan)
    known = np.isfinite(y) & np.isfinite(v)
    keep = np.where(known, tau2 / (tau2 + np.where(known, v, 1.0)), 0.0)
    centre = keep * np.where(known, y, 0.0) + (1 - keep) * mean
    inside = np.where(known, keep * np.where(known, v, 0.0), tau2)
    spread = np.sqrt(inside + (1 - keep) ** 2 * error**2)
    return np.column_stack([centre, centre - Z95 * spread, centre + Z95 * spread])


def strata_share(score: ArrayLike, strata: ArrayLike) -> float:
    """
    Share of a score's variance that lies between strata (eta squared).

    Parameters
    ----------
    score : array_like of shape (n,)
        Points, not missing.
    strata : array_like of shape (n,)
        Stratum of every patient.

    Returns
    -------
    float
        Between 0 and 1: what a stratified analysis can't see of the score. NaN when the score
        doesn't vary.

    Examples
    --------
    >>> strata_share([1, 1, 3, 3], list("aabb"))
    1.0
    """
    points = np.asarray(score, dtype=np.float64)
    number, _ = codes(strata, points.size)
    total = float(((points - points.mean()) ** 2).sum()) if points.size else 0.0
    if total <= 0:
        return float("nan")
    size = np.bincount(number)
    means = np.bincount(number, points) / size
    return float(size @ (means - points.mean()) ** 2) / total
