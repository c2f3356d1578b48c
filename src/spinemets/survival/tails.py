"""Tail probabilities of tests.

From ``scipy.special``: ``scipy.stats`` computes the same, but its import takes longer than most
stages need for all their tests.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, ndtr


def chi2_tail(statistic: float, df: float) -> float:
    """
    Upper tail of the chi-squared distribution: the p-value of a test.

    Parameters
    ----------
    statistic : float
        Test statistic. One that rounding put just below zero counts as zero.
    df : float
        Degrees of freedom.

    Returns
    -------
    float
        NaN without degrees of freedom, or for a statistic that is NaN.

    Examples
    --------
    >>> round(chi2_tail(3.841458820694124, 1), 12)
    0.05
    >>> chi2_tail(1.0, 0)
    nan
    """
    if not df > 0:
        return float("nan")
    return float(chdtrc(df, statistic if not statistic < 0 else 0.0))


def normal_tails(z: ArrayLike) -> NDArray[np.float64]:
    """
    Both tails of the standard normal distribution: the two-sided p-value of a Wald test.

    Parameters
    ----------
    z : array_like
        Estimates over their standard errors.

    Returns
    -------
    ndarray of float
        NaN where ``z`` is NaN.

    Examples
    --------
    >>> float(normal_tails(-1.959963984540054).round(12))
    0.05
    """
    return np.asarray(2.0 * ndtr(-np.abs(np.asarray(z, dtype=np.float64))))
