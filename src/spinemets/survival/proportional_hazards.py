"""The score test of proportional hazards (Grambsch and Therneau; R's cox.zph since survival 3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from spinemets.survival.cox_fit import CoxFit
from spinemets.survival.kaplan_meier import fit as fit_kaplan_meier
from spinemets.survival.partial_likelihood import terms
from spinemets.survival.sample import Floats, Integers, Sample
from spinemets.survival.tails import chi2_tail

GLOBAL: Final = "GLOBAL"


@dataclass(frozen=True)
class ProportionalHazards:
    """
    Test of one term, or of all together.

    Parameters
    ----------
    term : str
        Name of the term; ``GLOBAL`` for all.
    transform : str
        Function of time along which the coefficient may change.
    chi2 : float
        Score test; NaN with the reason in ``note``.
    df : int
        Degrees of freedom.
    p : float
        P value.
    note : str
        Why there is no test.
    """

    term: str
    transform: str
    chi2: float
    df: int
    p: float
    note: str = ""


def _rank(sample: Sample) -> Floats:
    import pandas as pd

    return np.asarray(pd.Series(sample.time).rank(), dtype=np.float64)


def _log(sample: Sample) -> Floats:
    with np.errstate(divide="ignore"):
        return np.log(sample.time)


def _one_minus_km(sample: Sample) -> Floats:
    """1 - S(t-) of all rows together, as R takes it: no strata, no weights."""
    plain = Sample(sample.time, sample.event, sample.entry, np.ones(sample.n))
    km = fit_kaplan_meier(plain)
    place = np.searchsorted(km.time, sample.time, side="left")
    return np.asarray(1.0 - np.concatenate([[1.0], km.survival])[place])


TRANSFORMS: Final[dict[str, Callable[[Sample], Floats]]] = {
    "km": _one_minus_km,
    "identity": lambda sample: sample.time,
    "log": _log,
    "rank": _rank,
}


def proportional_hazards(
    fit: CoxFit,
    transform: str = "km",
    groups: dict[str, Sequence[int]] | None = None,
) -> list[ProportionalHazards]:
    """
    Test whether log hazard ratios change along a function of time.

    Estimand: the coefficient of x * g(t), tested against 0 by the score test, for each term with
    the other terms constant, and for all terms together.

    Parameters
    ----------
    fit : CoxFit
        Fitted model, with strata, weights and delayed entry as they are.
    transform : {"km", "identity", "log", "rank"}
        g(t): 1 - Kaplan-Meier just before t, t, log t or the rank of t.
    groups : dict of str to sequence of int, optional
        Terms of several columns (the bands of a score); every column its own term when left out.

    Returns
    -------
    list of ProportionalHazards
        One per term, then ``GLOBAL``; when there is no fit, rows with its reason.

    Raises
    ------
    ValueError
        When the transform is unknown.

    Notes
    -----
    ``lifelines.statistics.proportional_hazard_test`` is the approximation of R survival 2 (equal
    variance at all event times) and can be off by more than the statistic itself.

    References
    ----------
    Grambsch, Therneau 1994, doi:10.1093/biomet/81.3.515.

    Examples
    --------
    >>> from spinemets.survival.cox_fit import fit_cox
    >>> fit = fit_cox([0, 1, 0, 1, 1, 0], [1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 1, 1])
    >>> [t.term for t in proportional_hazards(fit)]
    ['x1', 'GLOBAL']
    """
    if transform not in TRANSFORMS:
        raise ValueError(f"unknown transform {transform!r}; known: {', '.join(TRANSFORMS)}")
    columns = _terms(fit, groups)
    if fit.note:
        return [_nothing(name, transform, fit.note) for name in [*columns, GLOBAL]]
    g = TRANSFORMS[transform](fit.sample)
    if not np.isfinite(g[fit.sample.event]).all():
        reason = "an event at time 0 has no logarithm"
        return [_nothing(name, transform, reason) for name in [*columns, GLOBAL]]
    score, information = _score(fit, g)
    everything = np.arange(score.size // 2, dtype=np.int64)
    out = [_test(name, transform, score, information, part) for name, part in columns.items()]
    return [*out, _test(GLOBAL, transform, score, information, everything)]


def _terms(fit: CoxFit, groups: dict[str, Sequence[int]] | None) -> dict[str, Integers]:
    """Columns of each term, numbered among the columns that were estimated."""
    given = groups or {name: [i] for i, name in enumerate(fit.names)}
    keep = ~fit.aliased
    place = np.cumsum(keep) - 1
    parts = {
        n: np.array([place[i] for i in g if keep[i]], dtype=np.int64) for n, g in given.items()
    }
    return {n: part for n, part in parts.items() if part.size or fit.note}


def _nothing(term: str, transform: str, note: str) -> ProportionalHazards:
    return ProportionalHazards(term, transform, float("nan"), 0, float("nan"), note)


def _score(fit: CoxFit, g: Floats) -> tuple[Floats, Floats]:
    """Gradient and information of (beta, theta) in eta = x beta + x g(t) theta, at theta = 0."""
    sets, keep = fit.sets, ~fit.aliased
    x = (fit.x - fit.x.mean(axis=0))[:, keep]
    part = terms(sets, x, sets.centred(fit.linear_predictor))
    centre = g - g[fit.sample.event].mean()
    at = np.zeros(sets.n_groups)
    at[sets.group_of_death] = centre[sets.deaths]
    gw = at[sets.term_group] * sets.term_weight
    died, weight = sets.deaths, fit.sample.weight[sets.deaths]
    tested = (weight * centre[died]) @ x[died] - gw @ part.mean
    plain, cross, square = (
        np.einsum("m,mij->ij", w, part.covariance)
        for w in (sets.term_weight, gw, gw * at[sets.term_group])
    )
    score = np.concatenate([np.zeros(x.shape[1]), tested])
    return score, np.block([[plain, cross], [cross, square]])


def _test(
    term: str, transform: str, score: Floats, information: Floats, part: Integers
) -> ProportionalHazards:
    p = score.size // 2
    used = np.concatenate([np.arange(p), p + part])
    block = information[np.ix_(used, used)]
    size = np.sqrt(np.maximum(np.diag(block), 0.0))
    if np.any(size <= 0):
        return _nothing(term, transform, "too few event times to test")
    block = block / np.outer(size, size)
    if np.linalg.cond(block) > 1e12:
        return _nothing(term, transform, "too few event times to test")
    scaled = score[used] / size
    chi2 = float(scaled @ np.linalg.solve(block, scaled))
    return ProportionalHazards(term, transform, chi2, part.size, chi2_tail(chi2, part.size))
