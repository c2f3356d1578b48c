"""Rubin's rules: one result from several completed data sets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import expit, fdtrc, logit, stdtr, stdtrit

FloatArray = npt.NDArray[np.float64]

SCALES: Final = ("plain", "log", "logit", "cloglog")
#: A smaller share of the variance due to missing data is taken for this, as ``mice`` does: the
#: degrees of freedom would run to infinity.
_SMALLEST_LAMBDA: Final = 1e-4


@dataclass(frozen=True)
class Pooled:
    """
    Estimates pooled over completed data sets; every entry has the shape of one estimate.

    Parameters
    ----------
    estimate, lower, upper : numpy.ndarray
        Pooled estimate and 95 % interval, on the scale of the estimates handed over.
    std_error : numpy.ndarray
        Standard error on the scale of pooling (``scale``).
    df : numpy.ndarray
        Barnard-Rubin degrees of freedom.
    p : numpy.ndarray
        Two-sided p-value of zero on the scale of pooling.
    within, between, total : numpy.ndarray
        Mean variance, variance of the estimates, and total variance.
    relative_increase, missing_share, missing_information : numpy.ndarray
        Rubin's r, lambda, and the fraction of missing information.
    imputations : int
        Number of completed data sets.
    scale : str
        Scale of pooling.
    reason : str
        Why there is nothing, or a caveat.
    """

    estimate: FloatArray
    lower: FloatArray
    upper: FloatArray
    std_error: FloatArray
    df: FloatArray
    p: FloatArray
    within: FloatArray
    between: FloatArray
    total: FloatArray
    relative_increase: FloatArray
    missing_share: FloatArray
    missing_information: FloatArray
    imputations: int
    scale: str
    reason: str = ""


def pool(
    estimates: npt.ArrayLike,
    variances: npt.ArrayLike,
    *,
    df_complete: float = np.inf,
    scale: str = "plain",
    level: float = 0.95,
) -> Pooled:
    """
    Pool estimates by Rubin's rules with Barnard and Rubin's degrees of freedom.

    Parameters
    ----------
    estimates : array_like of float, shape (m,) or (m, k)
        One row per completed data set. NaN makes that column NaN, with a reason.
    variances : array_like of float, same shape
        Squared standard errors on the scale of ``estimates``.
    df_complete : float
        Degrees of freedom had nothing been missing: patients less parameters for linear models
        and C, events less parameters for Cox models; infinity for none.
    scale : {"plain", "log", "logit", "cloglog"}
        Scale on which estimates are normal: ``log`` for ratios, ``logit`` for C and AUC,
        ``cloglog`` for survival probabilities. Estimates and variances are carried over by the
        delta method, the interval is carried back.
    level : float
        Coverage of the interval.

    Returns
    -------
    Pooled
        A single data set gives its own interval with a caveat.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    Agrees with ``mice::pool`` and ``mice::pool.scalar`` of R.

    References
    ----------
    Barnard J, Rubin DB. Biometrika 1999;86:948-955, doi 10.1093/biomet/86.4.948.

    Examples
    --------
    >>> found = pool([0.6, 0.64, 0.62], [0.001, 0.001, 0.001], df_complete=200)
    >>> round(float(found.estimate), 3), round(float(found.std_error), 4)
    (0.62, 0.0392)
    """
    value, variance = _check(estimates, variances)
    if scale not in SCALES:
        raise ValueError(f"scale: must be one of {', '.join(SCALES)}")
    if not 0 < level < 1:
        raise ValueError("level: must lie between 0 and 1")
    if not df_complete > 0:
        raise ValueError("df_complete: must be positive")
    m = value.shape[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        q, u = _forward(value, variance, scale)
        mean, within = q.mean(axis=0), u.mean(axis=0)
        between = q.var(axis=0, ddof=1) if m > 1 else np.zeros_like(mean)
        total = within + (1 + 1 / m) * between
        increase = (1 + 1 / m) * between / within
        share = (1 + 1 / m) * between / total
        df = _degrees(share, m, df_complete)
        information = (increase + 2 / (df + 3)) / (1 + increase)
        error = np.sqrt(total)
        half = stdtrit(df, 0.5 + level / 2) * error
        p = 2 * stdtr(df, -np.abs(mean / error))
        ends = np.sort([_back(mean - half, scale), _back(mean + half, scale)], axis=0)
    reason = "" if bool(np.all(np.isfinite(total))) else "an estimate or its variance is missing"
    if m == 1:
        reason = reason or "one data set: the uncertainty of missing values isn't included"
    return Pooled(
        *(_back(mean, scale), ends[0], ends[1], error, df, p, within, between, total),
        *(increase, share, information, m, scale, reason),
    )


def _check(estimates: npt.ArrayLike, variances: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    value = np.asarray(estimates, dtype=np.float64)
    variance = np.asarray(variances, dtype=np.float64)
    if value.ndim not in (1, 2) or value.shape[0] == 0:
        raise ValueError("estimates: must have one row per completed data set")
    if variance.shape != value.shape:
        raise ValueError("variances: must have the shape of estimates")
    if bool(np.any(variance < 0)):
        raise ValueError("variances: must not be negative")
    return value, variance


def _forward(value: FloatArray, variance: FloatArray, scale: str) -> tuple[FloatArray, FloatArray]:
    if scale == "log":
        return np.log(value), variance / value**2
    if scale == "logit":
        return np.asarray(logit(value)), variance / (value * (1 - value)) ** 2
    if scale == "cloglog":
        return np.log(-np.log(value)), variance / (value * np.log(value)) ** 2
    return value, variance


def _back(value: FloatArray, scale: str) -> FloatArray:
    if scale == "log":
        return np.asarray(np.exp(value))
    if scale == "logit":
        return np.asarray(expit(value))
    if scale == "cloglog":
        return np.asarray(np.exp(-np.exp(value)))
    return np.asarray(value)


def _degrees(share: FloatArray, m: int, complete: float) -> FloatArray:
    share = np.maximum(share, _SMALLEST_LAMBDA)
    old = (m - 1) / share**2 if m > 1 else np.full_like(share, np.inf)
    if np.isinf(complete):
        return np.asarray(old)
    observed = (complete + 1) / (complete + 3) * complete * (1 - share)
    if m == 1:
        return np.full_like(share, complete)
    return np.asarray(old * observed / (old + observed))


@dataclass(frozen=True)
class WaldTest:
    """
    Joint test of several pooled estimates (D1).

    Parameters
    ----------
    statistic, p : float
        F statistic and p-value.
    df : tuple of float
        Numerator and denominator degrees of freedom.
    relative_increase : float
        Average relative increase of variance.
    """

    statistic: float
    p: float
    df: tuple[float, float]
    relative_increase: float


def wald_test(estimates: npt.ArrayLike, covariances: npt.ArrayLike | Sequence[object]) -> WaldTest:
    """
    Test that several estimates are zero together.

    Parameters
    ----------
    estimates : array_like of float, shape (m, k)
        One row per completed data set, at least two.
    covariances : array_like of float, shape (m, k, k)
        Covariance of the estimates in each.

    Returns
    -------
    WaldTest
        D1 of Li, Raghunathan and Rubin.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    Assumes that the fraction of missing information is alike for all estimates, as the method
    does. Agrees with ``mitml::testModels(method = "D1")`` without ``df.com``.

    References
    ----------
    Li KH, Raghunathan TE, Rubin DB. J Am Stat Assoc 1991;86:1065-1073,
    doi 10.1080/01621459.1991.10475152.

    Examples
    --------
    >>> found = wald_test([[1.0, 2.0], [1.1, 1.9]], [[[1, 0], [0, 1]]] * 2)
    >>> found.df[0]
    2.0
    """
    q = np.asarray(estimates, dtype=np.float64)
    u = np.asarray(covariances, dtype=np.float64)
    if q.ndim != 2 or q.shape[0] < 2:
        raise ValueError("estimates: must have at least two rows, one per completed data set")
    m, k = q.shape
    if u.shape != (m, k, k):
        raise ValueError(f"covariances: must have shape {(m, k, k)}")
    mean, within = q.mean(axis=0), u.mean(axis=0)
    inverse = np.linalg.inv(within)
    between = np.atleast_2d(np.cov(q, rowvar=False))
    r = (1 + 1 / m) * float(np.trace(between @ inverse)) / k
    statistic = float(mean @ inverse @ mean) / (k * (1 + r))
    t = k * (m - 1)
    if r <= 0:
        nu = np.inf
    elif t > 4:
        nu = 4 + (t - 4) * (1 + (1 - 2 / t) / r) ** 2
    else:
        nu = t * (1 + 1 / k) * (1 + 1 / r) ** 2 / 2
    return WaldTest(statistic, float(fdtrc(k, min(nu, 1e12), statistic)), (float(k), nu), r)
