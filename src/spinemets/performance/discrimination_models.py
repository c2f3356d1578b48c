"""Discrimination through a Cox model of the score: Royston's D, Gonen and Heller's K, R2."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from spinemets.performance import _arrays
from spinemets.performance._arrays import FloatArray, Ranks
from spinemets.performance._cox import fit_cox
from spinemets.performance._intervals import confidence_interval
from spinemets.performance._km import FollowUp
from spinemets.performance._pairs import concordance_probability

__all__ = [
    "ConcordanceProbability",
    "ExplainedVariation",
    "Separation",
    "explained_variation",
    "gonen_heller_k",
    "royston_d",
]

_KAPPA = float(np.sqrt(8 / np.pi))
_SIGMA_SQUARED = float(np.pi**2 / 6)


@dataclass(frozen=True)
class Separation:
    """Royston's D and R2_D of one or several scores.

    Attributes
    ----------
    d, std_error : ndarray, shape (scores,)
        Log hazard ratio between the halves of a normal prognostic index, and its error.
    r2_d : ndarray, shape (scores,)
        Explained variation D^2 k / (pi^2/6 + D^2 k), k = pi/8.
    n, events : int
        Patients and events.
    reason : tuple of (str or None)
        Why a score has no estimate.
    """

    d: FloatArray
    std_error: FloatArray
    r2_d: FloatArray
    n: int
    events: int
    reason: tuple[str | None, ...]

    def interval(self, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
        """Return lower and upper confidence limits of D."""
        return confidence_interval(self.d, self.std_error, "plain", level=level)

    def r2_interval(self, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
        """Return limits of R2_D, from those of D; its lower limit is 0 where D may be 0."""
        lower, upper = self.interval(level)
        least = np.where(lower * upper > 0, np.minimum(np.abs(lower), np.abs(upper)), 0.0)
        least = np.where(np.isfinite(lower), least, np.nan)
        return _explained(least), _explained(np.maximum(np.abs(lower), np.abs(upper)))


@dataclass(frozen=True)
class ConcordanceProbability:
    """Gonen and Heller's K of one or several scores.

    Attributes
    ----------
    estimate, std_error : ndarray, shape (scores,)
        Probability that of two patients the one with the higher hazard dies first.
    n, events : int
        Patients and events.
    reason : tuple of (str or None)
        Why a score has no estimate.
    """

    estimate: FloatArray
    std_error: FloatArray
    n: int
    events: int
    reason: tuple[str | None, ...]

    def interval(self, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
        """Return lower and upper confidence limits on the logit scale."""
        return confidence_interval(self.estimate, self.std_error, level=level)


@dataclass(frozen=True)
class ExplainedVariation:
    """How much of the variation in survival a Cox model of one or several scores explains.

    Attributes
    ----------
    kent_oquigley, nagelkerke : ndarray, shape (scores,)
        Both between 0 and 1. The first looks at the spread of the linear predictor only; the
        second at the likelihood, and falls with censoring.
    n, events : int
        Patients and events.
    reason : tuple of (str or None)
        Why a score has no estimate.
    """

    kent_oquigley: FloatArray
    nagelkerke: FloatArray
    n: int
    events: int
    reason: tuple[str | None, ...]


def _explained(d: FloatArray) -> FloatArray:
    squared = np.square(d / _KAPPA)
    return np.asarray(squared / (_SIGMA_SQUARED + squared))


def _inputs(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    scores: npt.ArrayLike,
    higher_is_worse: bool | Sequence[bool],
) -> tuple[FollowUp, list[Ranks], list[bool]]:
    follow_up = FollowUp.of(time, event)
    table = _arrays.check_scores(scores, follow_up.n)
    directions = _arrays.check_directions(higher_is_worse, table.shape[1])
    return follow_up, _arrays.levels(table, directions, "scores"), directions


def _fit(follow_up: FollowUp, column: FloatArray) -> tuple[float, float, str | None]:
    """Return coefficient and variance of a Cox model of one column, or why there are none."""
    if follow_up.n == 0:
        return np.nan, np.nan, "no patients"
    if not bool(follow_up.event.any()):
        return np.nan, np.nan, "no events"
    if bool(np.all(column == column[0])):
        return np.nan, np.nan, "the score has one level only"
    fit = fit_cox(follow_up, column[:, np.newaxis])
    return float(fit.coef[0]), float(fit.covariance[0, 0]), fit.reason or None


def royston_d(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    higher_is_worse: bool | Sequence[bool],
) -> Separation:
    """Royston and Sauerbrei's D: separation of survival curves by a score, and R2_D.

    Parameters
    ----------
    time : array-like, shape (patients,)
        Follow-up time in any unit; missing, infinite or negative values are refused.
    event : array-like, shape (patients,)
        1 or True for an event, 0 or False for a censoring.
    scores : array-like, shape (patients,) or (patients, scores)
        Scores or linear predictors, none missing.
    higher_is_worse : bool or sequence of bool
        Whether a higher value means an earlier event.

    Returns
    -------
    Separation
        D with its standard error and R2_D; NaN with a reason where undefined.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    Scores are replaced by the rankits (Blom) of their ranks, tied scores by the mean of theirs,
    and a Cox model (Efron) is fitted. Agrees with ``survival::royston`` of R.

    References
    ----------
    Royston P, Sauerbrei W. Stat Med 2004;23:723-748. doi:10.1002/sim.1621

    Examples
    --------
    >>> result = royston_d([1, 3, 2, 6, 4, 9], [1, 1, 1, 1, 1, 0], [4, 1, 3, 2, 1, 0],
    ...                    higher_is_worse=True)
    >>> bool(result.d[0] > 0)
    True
    """
    follow_up, ranked, _ = _inputs(time, event, scores, higher_is_worse)
    n = follow_up.n
    rankits = ndtri((np.arange(1, n + 1) - 3 / 8) / (n + 1 / 4))
    found = []
    for levels in ranked:
        tied = np.bincount(levels.rank, minlength=levels.size)
        place = np.repeat(np.arange(levels.size), tied)
        mean = np.bincount(place, rankits, minlength=levels.size) / np.maximum(tied, 1)
        found.append(_fit(follow_up, mean[levels.rank]))
    beta = np.array([value for value, _, _ in found])
    variance = np.array([value for _, value, _ in found])
    return Separation(
        d=beta * _KAPPA,
        std_error=np.sqrt(variance) * _KAPPA,
        r2_d=_explained(beta * _KAPPA),
        n=n,
        events=follow_up.events(),
        reason=tuple(reason for _, _, reason in found),
    )


def gonen_heller_k(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    higher_is_worse: bool | Sequence[bool],
) -> ConcordanceProbability:
    """Gonen and Heller's K: concordance implied by a Cox model, free of the censoring pattern.

    Parameters
    ----------
    time : array-like, shape (patients,)
        Follow-up time in any unit; missing, infinite or negative values are refused.
    event : array-like, shape (patients,)
        1 or True for an event, 0 or False for a censoring.
    scores : array-like, shape (patients,) or (patients, scores)
        Scores or linear predictors, none missing.
    higher_is_worse : bool or sequence of bool
        Whether a higher value means an earlier event.

    Returns
    -------
    ConcordanceProbability
        K with its standard error; NaN with a reason where undefined.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    The score is first recalibrated by a Cox model (Efron), so K is at least 0.5 whatever the
    score's scale; a score that points the wrong way gets 1 - K. Pairs with tied scores count one
    half. Agrees with ``C.GH`` of ``survival::royston`` in R. The standard error adds the
    variance of the coefficient to that of the pairs. The cost is quadratic in the number of
    distinct values.

    References
    ----------
    Gonen M, Heller G. Biometrika 2005;92:965-970. doi:10.1093/biomet/92.4.965

    Examples
    --------
    >>> result = gonen_heller_k([1, 3, 2, 6, 4, 9], [1, 1, 1, 1, 1, 0], [4, 1, 3, 2, 1, 0],
    ...                         higher_is_worse=True)
    >>> bool(result.estimate[0] > 0.5)
    True
    """
    follow_up, ranked, directions = _inputs(time, event, scores, higher_is_worse)
    n = follow_up.n
    estimates = np.full(len(ranked), np.nan)
    errors = np.full(len(ranked), np.nan)
    reasons: list[str | None] = []
    for k, (levels, worse) in enumerate(zip(ranked, directions, strict=True)):
        values = levels.values if worse else -levels.values
        beta, variance, reason = _fit(follow_up, values[levels.rank])
        reasons.append(reason)
        if reason is not None:
            continue
        count = np.bincount(levels.rank, minlength=levels.size).astype(np.float64)
        probability, slope, rows = concordance_probability(beta * values, count)
        spread = np.sum(count * (rows - probability) ** 2) * 4 / (n * (n - 1))
        estimates[k] = probability if beta >= 0 else 1 - probability
        errors[k] = np.sqrt(spread + slope**2 * variance / beta**2 if beta != 0 else np.nan)
    return ConcordanceProbability(estimates, errors, n, follow_up.events(), tuple(reasons))


def explained_variation(
    time: npt.ArrayLike, event: npt.ArrayLike, scores: npt.ArrayLike
) -> ExplainedVariation:
    """Kent and O'Quigley's R2 and Nagelkerke's R2 of one or several scores.

    Parameters
    ----------
    time : array-like, shape (patients,)
        Follow-up time in any unit; missing, infinite or negative values are refused.
    event : array-like, shape (patients,)
        1 or True for an event, 0 or False for a censoring.
    scores : array-like, shape (patients,) or (patients, scores)
        Scores or linear predictors, none missing; their direction doesn't matter.

    Returns
    -------
    ExplainedVariation
        NaN with a reason where undefined.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    A Cox model (Efron) of each score is fitted first. Agrees with ``R.KO`` and ``R.N`` of
    ``survival::royston`` in R; both are apparent, on the patients of the fit. R2_D of `royston_d`
    is the one to report: it hardly depends on censoring.

    References
    ----------
    Kent JT, O'Quigley J. Biometrika 1988;75:525-534. doi:10.1093/biomet/75.3.525
    Nagelkerke NJD. Biometrika 1991;78:691-692. doi:10.1093/biomet/78.3.691

    Examples
    --------
    >>> found = explained_variation([1, 3, 2, 6, 4, 9], [1, 1, 1, 1, 1, 0], [4, 1, 3, 2, 1, 0])
    >>> float(found.kent_oquigley[0].round(3)), float(found.nagelkerke[0].round(3))
    (0.644, 0.628)
    """
    follow_up, ranked, _ = _inputs(time, event, scores, True)
    n = follow_up.n
    spread, likelihood = np.full(len(ranked), np.nan), np.full(len(ranked), np.nan)
    reasons: list[str | None] = []
    for k, levels in enumerate(ranked):
        column = levels.values[levels.rank]
        beta, _, reason = _fit(follow_up, column)
        reasons.append(reason)
        if reason is not None:
            continue
        variance = float(np.var(beta * column, ddof=1))
        spread[k] = variance / (variance + _SIGMA_SQUARED)
        best = fit_cox(follow_up, column[:, np.newaxis]).log_likelihood
        null = fit_cox(follow_up, np.empty((n, 0))).log_likelihood
        likelihood[k] = np.expm1(2 * (null - best) / n) / np.expm1(2 * null / n)
    return ExplainedVariation(spread, likelihood, n, follow_up.events(), tuple(reasons))
