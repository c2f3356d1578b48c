"""Why C differs between two cohorts: other patients, or another validity of the score."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from spinemets.performance._arrays import FloatArray, as_vector
from spinemets.performance._checks import check_horizon
from spinemets.performance._estimate import Estimate, undefined, wald
from spinemets.performance._km import FollowUp
from spinemets.performance.discrimination import harrell_c
from spinemets.performance.transport import concordance_of

METHODS: Final = ("reweighting", "model")
_SEED: Final = 20240104
_GRID: Final = 4000
#: Share of the reference's patients whose score values must occur in the other cohort.
ENOUGH_OVERLAP: Final = 0.95
#: Weights worth a smaller share of the patients are said: a choice of this project.
ENOUGH_SIZE: Final = 0.3


@dataclass(frozen=True)
class DifferenceInC:
    """
    C in two cohorts and the two parts of their difference.

    Parameters
    ----------
    reference, other : Estimate
        C in the reference cohort and in the other one.
    standardised : Estimate
        C expected of the other cohort had it the reference's case mix (reweighting), or expected in
        the other cohort of a score as valid as in the reference (model).
    difference, case_mix, validity : Estimate
        Other less reference, and its two parts, which add up to it.
    overlap : float
        Share of the reference whose score values occur in the other cohort.
    method : str
        One of `METHODS`.
    reason : str
        Caveat.
    """

    reference: Estimate
    other: Estimate
    standardised: Estimate
    difference: Estimate
    case_mix: Estimate
    validity: Estimate
    overlap: float
    method: str
    reason: str = ""


def split_difference(
    reference: tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike],
    other: tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike],
    *,
    higher_is_worse: bool = True,
    method: str = "reweighting",
    horizon: float | None = None,
    bins: int = 10,
    resamples: int = 200,
    seed: int = _SEED,
) -> DifferenceInC:
    """
    Split a difference in Harrell's C between two cohorts into case mix and validity.

    A cohort of more similar patients gives a lower C without the score being any worse.

    Parameters
    ----------
    reference, other : tuple of array_like (time, event, score)
        Follow-up, event indicator and the same score in the two cohorts, in the same units.
    higher_is_worse : bool
        Direction of the score.
    method : {"reweighting", "model"}
        ``reweighting``: patients of the other cohort are weighted to the reference's distribution
        of the score; what is left of the difference is validity, what disappears is case mix.
        ``model`` (for a linear predictor): the concordance that the predictor implies if it holds,
        ``1 / (1 + exp(-difference))`` over pairs, in either cohort; their difference is case mix,
        the rest validity.
    horizon : float, optional
        Both cohorts are censored here first; C depends on the length of follow-up.
    bins : int
        Groups of the reference's quantiles when the score has more values than that; each value
        is its own group otherwise.
    resamples : int
        Bootstrap resamples of both cohorts behind the intervals of ``reweighting``; 0 leaves them
        out. ``model`` has analytic ones.
    seed : int
        Seed of the resamples.

    Returns
    -------
    DifferenceInC
        NaN with a reason where C is undefined or the score's distributions don't overlap.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    References
    ----------
    van Klaveren D, Gonen M, Steyerberg EW, Vergouwe Y. Stat Med 2016;35:4136-4152,
    doi 10.1002/sim.6997.

    Examples
    --------
    >>> cohort = ([1, 2, 3, 4, 5], [1, 1, 1, 1, 0], [5, 4, 2, 3, 1])
    >>> found = split_difference(cohort, cohort, resamples=0)
    >>> found.difference.value, found.case_mix.value
    (0.0, 0.0)
    """
    if method not in METHODS:
        raise ValueError(f"method: must be one of {', '.join(METHODS)}")
    if int(bins) != bins or bins < 1:
        raise ValueError("bins: must be a whole number from 1 on")
    if resamples < 0:
        raise ValueError("resamples: must not be negative")
    sign = 1.0 if higher_is_worse else -1.0
    pair = [_cohort(data, name, sign, horizon) for data, name in
            ((reference, "reference"), (other, "other"))]  # fmt: skip
    edges = _edges(pair[0][1], int(bins))
    first, second = (concordance_of(*cohort) for cohort in pair)
    overlap, errors = np.nan, np.full(4, np.nan)
    if method == "model":
        found, errors = _model_parts(pair, first.value, second.value)
    else:
        overlap = _overlap(pair, edges)
        found = _weighted_parts(pair, edges)
        if resamples and bool(np.all(np.isfinite(found))):
            random = np.random.default_rng(seed)
            drawn = [
                _weighted_parts([_draw(cohort, random) for cohort in pair], edges)
                for _ in range(resamples)
            ]
            whole = np.array(drawn)
            # A measure with a value in fewer than two draws has no error.
            some = np.isfinite(whole).sum(axis=0) > 1
            errors[some] = np.nanstd(whole[:, some], axis=0, ddof=1)
    n, events = second.n, second.events
    reason = ""
    if overlap < ENOUGH_OVERLAP:
        reason = f"only {overlap:.0%} of the reference's scores occur in the other cohort"
    if method == "reweighting" and n:
        share = _effective_size(_weights(pair, edges)) / n
        said = f"weights worth {share:.0%} of the patients"
        if share < ENOUGH_SIZE:
            said += ": the split rests on few of them, its intervals are too narrow"
            reason = "; ".join(part for part in (reason, said) if part)
    standard, difference, mix, validity = (
        _estimate(float(value), float(error), n, events, method, reason)
        for value, error in zip(found, errors, strict=True)
    )
    return DifferenceInC(
        first, second, standard, difference, mix, validity, overlap, method, reason
    )


_Cohort = tuple[FollowUp, FloatArray]


def _cohort(
    data: tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike],
    name: str,
    sign: float,
    horizon: float | None,
) -> _Cohort:
    if len(data) != 3:
        raise ValueError(f"{name}: must be time, event and score")
    follow_up = FollowUp.of(data[0], data[1])
    score = as_vector(data[2], f"{name} score", follow_up.n)
    if not bool(np.all(np.isfinite(score))):
        raise ValueError(f"{name}: the score has missing or infinite values")
    if horizon is not None:
        follow_up = follow_up.truncate(check_horizon(horizon))
    return follow_up, score * sign


def _edges(score: FloatArray, bins: int) -> FloatArray | None:
    values = np.unique(score)
    if values.size <= max(bins, 20):
        return None
    return np.unique(np.quantile(score, np.linspace(0, 1, bins + 1)[1:-1]))


def _groups(score: FloatArray, edges: FloatArray | None) -> FloatArray:
    return score if edges is None else np.searchsorted(edges, score, side="right").astype(float)


def _overlap(pair: list[_Cohort], edges: FloatArray | None) -> float:
    first, second = (_groups(score, edges) for _, score in pair)
    return float(np.isin(first, second).mean()) if first.size else np.nan


def _draw(cohort: _Cohort, random: np.random.Generator) -> _Cohort:
    follow_up, score = cohort
    rows = random.integers(0, follow_up.n, follow_up.n)
    return follow_up.take(rows), score[rows]


def _weighted_parts(pair: list[_Cohort], edges: FloatArray | None) -> FloatArray:
    """Standardised C, difference, case mix, validity."""
    first, second = (concordance_of(*cohort).value for cohort in pair)
    weight = _weights(pair, edges)
    if not weight.size or weight.sum() <= 0:
        return np.array([np.nan, second - first, np.nan, np.nan])
    standard = concordance_of(*pair[1], weights=weight).value
    return np.array([standard, second - first, second - standard, standard - first])


def _weights(pair: list[_Cohort], edges: FloatArray | None) -> FloatArray:
    """Weights that give the other cohort the reference's distribution of the score."""
    groups = [_groups(score, edges) for _, score in pair]
    values, place = np.unique(groups[1], return_inverse=True)
    if not place.size:
        return np.empty(0)
    wanted = np.array([(groups[0] == value).mean() for value in values])
    return np.asarray((wanted / (np.bincount(place) / place.size))[place])


def _effective_size(weight: FloatArray) -> float:
    """Kish's effective number of patients behind a weighted mean."""
    return float(weight.sum() ** 2 / np.sum(weight**2)) if np.any(weight > 0) else 0.0


def _model_parts(pair: list[_Cohort], first: float, second: float) -> tuple[FloatArray, FloatArray]:
    """The same by the concordance that the predictor implies, with standard errors."""
    implied, parts = [], []
    for follow_up, score in pair:
        mean, each = _implied(score)
        c = harrell_c(
            follow_up.time, follow_up.event, score, higher_is_worse=True, influence=True
        ).influence
        own = np.full(score.size, np.nan) if c is None else c[:, 0]
        implied.append(mean)
        parts.append(np.stack([own, 2.0 * (each - mean) / max(score.size, 1)]))
    moved = implied[1] - implied[0]
    found = np.array([first + moved, second - first, moved, second - first - moved])
    variance = np.zeros(4)
    for k, (own, mix) in enumerate(parts):
        standard = own - mix if k == 0 else mix
        variance += [float(np.sum(v**2)) for v in (standard, own, mix, own - mix)]
    return found, np.sqrt(variance)


def implied_c(predictor: npt.ArrayLike) -> float:
    """
    Concordance that a linear predictor implies under proportional hazards (Gonen-Heller).

    Parameters
    ----------
    predictor : array_like of float, shape (n,)
        Log relative hazard. More than 4,000 distinct values are put on a grid of that many.

    Returns
    -------
    float
        Mean over pairs of ``1 / (1 + exp(-|difference|))``; tied pairs count one half.

    Examples
    --------
    >>> round(implied_c([0.0, 1.0]), 4)
    0.7311
    """
    return _implied(as_vector(predictor, "predictor"))[0]


def _implied(score: FloatArray) -> tuple[float, FloatArray]:
    """Implied concordance, and its mean over the pairs of each patient."""
    n = score.size
    if n < 2:
        return np.nan, np.full(n, np.nan)
    values, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    if values.size > _GRID:
        grid = np.linspace(values[0], values[-1], _GRID)
        place = np.rint((score - values[0]) / (grid[1] - grid[0])).astype(np.intp)
        values, counts = grid, np.bincount(place, minlength=_GRID)
    each = np.empty(values.size)
    for k in range(values.size):
        won = counts / (1.0 + np.exp(-np.abs(values - values[k])))
        each[k] = (won.sum() - 0.5) / (n - 1)  # a patient makes no pair with himself
    return float(counts @ each / n), each[place]


def _estimate(
    value: float, error: float, n: int, events: int, method: str, reason: str
) -> Estimate:
    if not np.isfinite(value):
        return undefined(reason or "C is undefined in one of the cohorts", n, events, method)
    return wald(value, error, n, events, method, reason)
