"""Comparing scores on the same patients: differences, and how sure a ranking is.

Estimates of several scores on one cohort are correlated; their covariance (from the influence
functions of C, AUC(t) or Brier(t)) makes every difference testable, and many at once.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from spinemets.performance._arrays import FloatArray

__all__ = ["Differences", "Ranking", "differences", "holm", "ranking"]

IndexArray = npt.NDArray[np.intp]
# A critical value is then right to 0.01 for a few scores and to 0.03 for sixteen.
_DRAWS = 10_000
# Below this share of the larger variance a difference's variance is rounding error.
_NOTHING = 1e-13


@dataclass(frozen=True)
class Differences:
    """Differences ``estimate[first] - estimate[second]``, one entry per comparison.

    Attributes
    ----------
    first, second : ndarray of int
        Which two scores are compared.
    difference, std_error : ndarray
        Difference and its standard error.
    lower, upper : ndarray
        Limits of each difference by itself.
    z, p : ndarray
        Wald statistic and two-sided p value.
    p_holm : ndarray
        p adjusted by Holm over all comparisons of this object.
    lower_simultaneous, upper_simultaneous, p_simultaneous : ndarray
        Limits that hold for all comparisons at once with the given coverage, and p adjusted in
        the same way (single-step maximum of |z|).
    critical : float
        The number of standard errors in the simultaneous limits.
    reason : tuple of (str or None)
        Why a comparison has no test.
    """

    first: IndexArray
    second: IndexArray
    difference: FloatArray
    std_error: FloatArray
    lower: FloatArray
    upper: FloatArray
    z: FloatArray
    p: FloatArray
    p_holm: FloatArray
    lower_simultaneous: FloatArray
    upper_simultaneous: FloatArray
    p_simultaneous: FloatArray
    critical: float
    reason: tuple[str | None, ...]


@dataclass(frozen=True)
class Ranking:
    """How sure the order of scores is, from bootstrap replicates.

    Attributes
    ----------
    p_best : ndarray, shape (scores,)
        Share of samples in which a score is the best; ties are shared.
    p_top : ndarray, shape (scores,)
        Share of samples in which a score is among the ``top`` best; ties are shared.
    top : int
        How many count as top.
    lower, upper, mean, median : ndarray, shape (scores,)
        Limits of a score's rank (1 is best), its mean and its median. The mean of a skewed rank can
        lie outside the limits, the median can't.
    replicates : int
        Samples in which every score had a value.
    reason : str or None
        Why there is no ranking.
    """

    p_best: FloatArray
    p_top: FloatArray
    top: int
    lower: FloatArray
    upper: FloatArray
    mean: FloatArray
    median: FloatArray
    replicates: int
    reason: str | None


def holm(p: npt.ArrayLike) -> FloatArray:
    """Adjust p values by Holm's step-down method; NaN stays NaN and isn't counted.

    Parameters
    ----------
    p : array-like, shape (tests,)
        Values between 0 and 1, NaN where there is no test.

    Returns
    -------
    ndarray, shape (tests,)
        Adjusted p values, as ``p.adjust(p, "holm")`` of R.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    References
    ----------
    Holm S. Scand J Statist 1979;6:65-70.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    values = np.atleast_1d(np.asarray(p, np.float64))
    known = np.flatnonzero(~np.isnan(values))
    if values.ndim != 1 or bool(np.any((values[known] < 0) | (values[known] > 1))):
        raise ValueError("p: must be one row of numbers between 0 and 1")
    order = known[np.argsort(values[known], kind="stable")]
    raised = values[order] * np.arange(order.size, 0, -1)
    adjusted = np.full(values.size, np.nan)
    adjusted[order] = np.minimum(np.maximum.accumulate(raised), 1.0)
    return adjusted


def differences(
    estimate: npt.ArrayLike,
    covariance: npt.ArrayLike,
    *,
    reference: int | None = None,
    level: float = 0.95,
) -> Differences:
    """Compare scores by twos, or all with one, with every interval and test that is needed.

    Parameters
    ----------
    estimate : array-like, shape (scores,)
        C, AUC(t) or Brier(t) of each score on the same patients; NaN where there is none.
    covariance : array-like, shape (scores, scores)
        Their covariance.
    reference : int, optional
        Compare all others with this score; by default every score with every later one.
    level : float
        Coverage of the intervals, between 0 and 1.

    Returns
    -------
    Differences
        One entry per comparison; NaN with a reason where there is no test.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    Intervals are symmetric, on the scale of the estimate. The simultaneous ones take the quantile
    of the largest |z| under the estimates' joint normal distribution, computed with a fixed
    quasi-random sequence, so that they don't depend on a seed.

    References
    ----------
    Hothorn T, Bretz F, Westfall P. Biom J 2008;50:346-363. doi:10.1002/bimj.200810425
    Genz A, Bretz F. J Comput Graph Stat 2002;11:950-971. doi:10.1198/106186002394

    Examples
    --------
    >>> result = differences([0.70, 0.65], [[4e-4, 2e-4], [2e-4, 4e-4]])
    >>> print(f"{result.difference[0]:.2f} {result.std_error[0]:.2f} {result.p[0]:.3f}")
    0.05 0.02 0.012
    """
    values = np.atleast_1d(np.asarray(estimate, np.float64))
    matrix = np.asarray(covariance, np.float64)
    if values.ndim != 1:
        raise ValueError("estimate: must have one dimension")
    if matrix.shape != (values.size, values.size):
        raise ValueError(f"covariance: must have shape ({values.size}, {values.size})")
    if not 0 < level < 1:
        raise ValueError("level: must lie between 0 and 1")
    first, second = _pairs(values.size, reference)
    gap = values[first] - values[second]
    variances = np.diagonal(matrix)
    spread = variances[first] + variances[second] - 2 * matrix[first, second]
    nothing = spread <= _NOTHING * np.maximum(variances[first], variances[second])
    error = np.where(nothing, np.nan, np.sqrt(np.where(nothing, 1.0, spread)))
    tested = np.isfinite(gap) & np.isfinite(error)
    z = gap / error
    p = 2 * ndtr(-np.abs(z))
    half = float(ndtri(0.5 + level / 2))
    largest = _largest(matrix, first[tested], second[tested], error[tested])
    critical = float(np.quantile(largest, level)) if tested.any() else np.nan
    critical = max(half, critical) if np.isfinite(critical) else critical
    joint = np.full(gap.size, np.nan)
    joint[tested] = _share_above(largest, np.abs(z[tested]))
    return Differences(
        *(first, second, gap, error),
        *(gap - half * error, gap + half * error, z, p, holm(p)),
        *(gap - critical * error, gap + critical * error),
        p_simultaneous=np.fmax(joint, p),
        critical=critical,
        reason=tuple(_why(*state) for state in zip(np.isfinite(gap), nothing, tested, strict=True)),
    )


def _why(known: bool, nothing: bool, tested: bool) -> str | None:
    if not known:
        return "one of the two scores has no estimate"
    if nothing:
        return "the two scores don't differ in any patient that counts"
    return None if tested else "one of the two scores has no standard error"


def _pairs(count: int, reference: int | None) -> tuple[IndexArray, IndexArray]:
    if reference is None:
        first, second = np.triu_indices(count, 1)
        return first, second
    if not 0 <= reference < count:
        raise ValueError(f"reference: must be the number of one of the {count} scores")
    others = np.delete(np.arange(count), reference)
    return others, np.full(others.size, reference)


@lru_cache(maxsize=16)
def _normal_points(dimension: int) -> FloatArray:
    """Return normal points from Richtmyer's sequence, as Genz uses it for such probabilities."""
    primes: list[int] = []
    candidate = 2
    while len(primes) < dimension:
        if all(candidate % prime for prime in primes):
            primes.append(candidate)
        candidate += 1
    step = np.sqrt(np.array(primes, np.float64))
    fraction = np.mod(np.outer(np.arange(1, _DRAWS + 1), step) + 0.5, 1.0)
    points: FloatArray = ndtri(np.clip(np.abs(2 * fraction - 1), 1e-12, 1 - 1e-12))
    points.flags.writeable = False
    return points


def _largest(
    matrix: FloatArray, first: IndexArray, second: IndexArray, error: FloatArray
) -> FloatArray:
    """Draw the largest |z| of the comparisons when no score differs from another."""
    used = np.union1d(first, second)
    if used.size == 0:
        return np.empty(0)
    part = matrix[np.ix_(used, used)]
    scale, vectors = np.linalg.eigh((part + part.T) / 2)
    root = vectors * np.sqrt(np.maximum(scale, 0.0))
    # einsum, not a matrix product: its order of summation doesn't depend on threads
    draws = np.einsum("ij,kj->ki", root, _normal_points(used.size))
    one, other = np.searchsorted(used, first), np.searchsorted(used, second)
    largest = np.zeros(_DRAWS)
    for a, b, by in zip(one, other, error, strict=True):
        np.maximum(largest, np.abs(draws[:, a] - draws[:, b]) / by, out=largest)
    return np.sort(largest)


def _share_above(largest: FloatArray, z: FloatArray) -> FloatArray:
    above = largest.size - np.searchsorted(largest, z, side="left")
    return np.asarray((above + 1) / (largest.size + 1))


def ranking(
    replicates: npt.ArrayLike,
    *,
    higher_is_better: bool = True,
    top: int = 3,
    level: float = 0.95,
) -> Ranking:
    """Say how sure the order of scores is, from paired bootstrap replicates.

    Parameters
    ----------
    replicates : array-like, shape (replicates, scores)
        A measure of each score in each sample; samples with a NaN are left out.
    higher_is_better : bool
        True for C and AUC(t), False for Brier(t).
    top : int
        How many count as top.
    level : float
        Coverage of the rank intervals, between 0 and 1.

    Returns
    -------
    Ranking
        P(best), P(among the top), rank intervals; NaN with a reason without replicates.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    Tied scores share the places they fill. Rank limits are quantiles, rounded outward.

    References
    ----------
    Goldstein H, Spiegelhalter DJ. J R Stat Soc A 1996;159:385-443. doi:10.2307/2983325

    Examples
    --------
    >>> result = ranking([[0.7, 0.6], [0.6, 0.65], [0.71, 0.69], [0.7, 0.66]], top=1)
    >>> result.p_best.tolist()
    [0.75, 0.25]
    """
    table = np.asarray(replicates, np.float64)
    if table.ndim != 2:
        raise ValueError("replicates: must have two dimensions, samples by scores")
    if top < 1 or top != int(top):
        raise ValueError("top: must be a whole number, at least 1")
    if not 0 < level < 1:
        raise ValueError("level: must lie between 0 and 1")
    whole = table[np.all(np.isfinite(table), axis=1)]
    count = table.shape[1]
    if whole.shape[0] == 0 or count == 0:
        empty = np.full(count, np.nan)
        why = "no sample in which every score has a value"
        return Ranking(empty, empty, top, empty, empty, empty, empty, 0, why)
    better, tied = _places(whole if higher_is_better else -whole)
    middle = better + (tied + 1) / 2
    tail = (1 - level) / 2
    return Ranking(
        p_best=_share_of_places(better, tied, 1),
        p_top=_share_of_places(better, tied, top),
        top=top,
        lower=np.quantile(better + 1, tail, axis=0, method="lower"),
        upper=np.quantile(better + tied, 1 - tail, axis=0, method="higher"),
        mean=middle.mean(axis=0),
        median=np.median(middle, axis=0),
        replicates=int(whole.shape[0]),
        reason=None,
    )


def _places(table: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return how many scores are better, and how many (itself included) are equal."""
    better = np.zeros(table.shape)
    tied = np.zeros(table.shape)
    for other in range(table.shape[1]):
        column = table[:, other : other + 1]
        better += column > table
        tied += column == table
    return better, tied


def _share_of_places(better: FloatArray, tied: FloatArray, top: int) -> FloatArray:
    share = np.clip((top - better) / tied, 0.0, 1.0)
    return np.asarray(share.mean(axis=0))
