"""Treatment groups compared after weighting: associations, and what could explain them away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from spinemets.survival.kaplan_meier import Estimate, KaplanMeier
from spinemets.survival.kaplan_meier import fit as fit_kaplan_meier
from spinemets.survival.multinomial import Refits
from spinemets.survival.propensity import (
    SEPARATION,
    Balance,
    Covariates,
    Propensity,
    balance,
    effective_size,
    positivity_warnings,
    propensity,
)
from spinemets.survival.restricted_mean import restricted_mean
from spinemets.survival.sample import Floats, Integers, Sample, make_sample

DEFAULT_REPLICATES: Final = 500
#: Replicates that fail (one treatment drawn only) are left out; beyond this share none is trusted.
FAILED_SHARE: Final = 0.1
#: Spread of resamples, relative to the estimate, that is rounding and no uncertainty.
SAME: Final = 1e-9


@dataclass(frozen=True)
class WeightedGroup:
    """
    One treatment after weighting.

    Parameters
    ----------
    level : object
        Treatment.
    n, n_events : int
        Patients and events.
    effective_n : float
        Effective sample size.
    curve : KaplanMeier
        Weighted Kaplan-Meier; its own interval ignores that weights were estimated.
    days : ndarray of shape (k,)
        Times of ``survival``.
    survival : list of Estimate
        Weighted S(t) with bootstrap intervals.
    rmst : Estimate
        Weighted restricted mean with bootstrap interval, in days.
    """

    level: Any
    n: int
    n_events: int
    effective_n: float
    curve: KaplanMeier
    days: Floats
    survival: list[Estimate]
    rmst: Estimate


@dataclass(frozen=True)
class WeightedComparison:
    """
    Treatments compared after weighting.

    Parameters
    ----------
    groups : list of WeightedGroup
        Treatments.
    differences : dict
        Pair of treatments -> difference of weighted restricted means in days, with bootstrap
        interval.
    risk_ratios : dict
        Pair of treatments -> ratio of the weighted risks of death by tau, with bootstrap interval.
    balance : list of Balance
        Balance of every covariate.
    found : Propensity
        Propensities.
    weights : ndarray of shape (n,)
        Weights.
    warnings : list of str
        What speaks against the comparison.
    replicates : int
        Bootstrap replicates that could be used.
    note : str
        Why there is no comparison.
    """

    groups: list[WeightedGroup]
    differences: dict[tuple[Any, Any], Estimate]
    risk_ratios: dict[tuple[Any, Any], Estimate]
    balance: list[Balance]
    found: Propensity
    weights: Floats
    warnings: list[str]
    replicates: int
    note: str = ""


def compare_weighted(
    covariates: Covariates,
    treatment: ArrayLike,
    time: ArrayLike,
    event: ArrayLike,
    entry: ArrayLike | None = None,
    *,
    tau: float,
    days: ArrayLike = (),
    scheme: str = "overlap",
    replicates: int = DEFAULT_REPLICATES,
    seed: int = 1,
) -> WeightedComparison:
    """
    Compare treatments after weighting by the propensity to receive them.

    Estimand: survival and days lived within tau, had the treatments been given to patients of the
    same covariates. An association: unmeasured reasons for the choice of treatment remain.

    Parameters
    ----------
    covariates : Covariates
        Covariates known before treatment.
    treatment : array_like of shape (n,)
        Treatment of every patient.
    time, event, entry
        As in ``kaplan_meier``.
    tau : float
        Horizon of the restricted mean in days.
    days : array_like of shape (k,)
        Times at which S(t) is given.
    scheme : {"overlap", "inverse", "stabilised", "treated"}
        Weights.
    replicates : int
        Bootstrap replicates. Each draws patients and fits the propensity anew, so that intervals
        hold the uncertainty of the weights.
    seed : int
        Seed of the bootstrap.

    Returns
    -------
    WeightedComparison
        Percentile intervals; a note instead when there are no weights.
    """
    return compare_schemes(
        covariates, treatment, time, event, entry, tau=tau, days=days, schemes=(scheme,),
        replicates=replicates, seed=seed,
    )[scheme]  # fmt: skip


def compare_schemes(
    covariates: Covariates,
    treatment: ArrayLike,
    time: ArrayLike,
    event: ArrayLike,
    entry: ArrayLike | None = None,
    *,
    tau: float,
    days: ArrayLike = (),
    schemes: Sequence[str] = ("overlap", "inverse"),
    replicates: int = DEFAULT_REPLICATES,
    seed: int = 1,
) -> dict[str, WeightedComparison]:
    """
    Compare treatments under several kinds of weights, with one bootstrap for all.

    Parameters
    ----------
    covariates, treatment, time, event, entry, tau, days, replicates, seed
        As in ``compare_weighted``.
    schemes : sequence of str
        Weights.

    Returns
    -------
    dict of str to WeightedComparison
        By kind of weights; the replicates draw the same patients for each.
    """
    sample = make_sample(time, event, entry)
    found = propensity(covariates.x, treatment)
    if found.note:
        none = np.full(sample.n, np.nan)
        empty = WeightedComparison([], {}, {}, [], found, none, [], 0, found.note)
        return dict.fromkeys(schemes, empty)
    at = np.atleast_1d(np.asarray(days, dtype=np.float64))
    draws = _bootstrap(covariates, found, sample, (tau, at, schemes), replicates, seed)
    return {s: _compared(covariates, found, sample, s, (tau, at), draws[s]) for s in schemes}


def _compared(
    covariates: Covariates,
    found: Propensity,
    sample: Sample,
    scheme: str,
    where: tuple[float, Floats],
    draws: Floats,
) -> WeightedComparison:
    """Estimates under one kind of weights, with the draws of the bootstrap."""
    tau, at = where
    weights = found.weights(scheme)
    point = _statistics(sample, found, weights, tau, at)
    return WeightedComparison(
        _groups(sample, found, weights, at, point, draws),
        _differences(found.levels, point[:, -1], draws[:, :, -1]),
        _risk_ratios(found.levels, 1 - point[:, -2], 1 - draws[:, :, -2]),
        balance(covariates, found.treatment, weights),
        found,
        weights,
        positivity_warnings(found, weights),
        draws.shape[0],
    )


def _curve(sample: Sample, rows: Any, weights: Floats) -> KaplanMeier:
    part = sample.take(rows)
    return fit_kaplan_meier(Sample(part.time, part.event, part.entry, weights[rows]))


def _statistics(
    sample: Sample, found: Propensity, weights: Floats, tau: float, at: Floats
) -> Floats:
    """S(t) at every time and at tau, and the restricted mean of every treatment."""
    out = np.full((len(found.levels), at.size + 2), np.nan)
    for g in range(len(found.levels)):
        rows = (found.treatment == g) & (weights > 0)
        if rows.any():
            curve = _curve(sample, rows, weights)
            alive = [curve.at(float(t)).value for t in (*at, tau)]
            out[g] = [*alive, restricted_mean(curve, tau).value]
    return out


def _bootstrap(
    covariates: Covariates,
    found: Propensity,
    sample: Sample,
    what: tuple[float, Floats, Sequence[str]],
    replicates: int,
    seed: int,
) -> dict[str, Floats]:
    """Statistics of every usable replicate, of shape (replicates, treatments, times + 2)."""
    tau, at, schemes = what
    rng = np.random.default_rng(seed)
    refits = Refits(covariates.x, found.treatment, len(found.levels))
    out: dict[str, list[Floats]] = {scheme: [] for scheme in schemes}
    for _ in range(replicates):
        rows = rng.integers(0, sample.n, sample.n)
        again = _refitted(refits, covariates, found, rows)
        if again.note or len(again.levels) < len(found.levels):
            continue
        part = sample.take(rows)
        for scheme in schemes:
            out[scheme].append(_statistics(part, again, again.weights(scheme), tau, at))
    shape = (len(found.levels), at.size + 2)
    used = {s: d if len(d) >= (1 - FAILED_SHARE) * replicates else [] for s, d in out.items()}
    return {s: np.array(d).reshape(len(d), *shape) for s, d in used.items()}


def _refitted(
    refits: Refits, covariates: Covariates, found: Propensity, rows: Integers
) -> Propensity:
    """Propensities of a resample; scikit-learn's where the quick way doesn't arrive."""
    drawn = found.treatment[rows]
    probability = refits.probability(rows)
    present = np.bincount(drawn, minlength=len(found.levels)) > 0
    if probability is None or not present.all():
        return propensity(covariates.x[rows], drawn)
    own = float(probability[np.arange(drawn.size), drawn].mean())
    note = "the covariates separate the treatments" if own > SEPARATION else ""
    return Propensity(np.maximum(probability, np.finfo(float).tiny), drawn, found.levels, note)


def _interval(value: float, draws: Floats) -> Estimate:
    """Percentile interval; none when too many replicates have no value."""
    if not np.isfinite(value):
        return Estimate(np.nan, note="follow-up ends before this time")
    usable = draws[np.isfinite(draws)]
    if usable.size < 2 or usable.size < (1 - FAILED_SHARE) * draws.size:
        return Estimate(value, note="too few bootstrap replicates: no interval")
    spread = float(usable.std(ddof=1))
    if spread <= SAME * max(1.0, abs(value)):
        # Rounding alone would make limits that look like certainty.
        return Estimate(value + 0.0, note="every bootstrap resample gives the same: no interval")
    # The (B + 1) p rule: numpy's default is too narrow by 5 / B of the two tails.
    lower, upper = np.quantile(usable, [0.025, 0.975], method="weibull")
    return Estimate(value, float(lower), float(upper), spread)


def _groups(
    sample: Sample, found: Propensity, weights: Floats, at: Floats, point: Floats, draws: Floats
) -> list[WeightedGroup]:
    out = []
    for g, level in enumerate(found.levels):
        rows = found.treatment == g
        estimates = [_interval(float(point[g, k]), draws[:, g, k]) for k in range(point.shape[1])]
        out.append(
            WeightedGroup(
                level,
                int(rows.sum()),
                int(sample.event[rows].sum()),
                effective_size(weights[rows]),
                _curve(sample, rows, weights),
                at,
                estimates[: at.size],
                estimates[-1],
            )
        )
    return out


def _differences(
    levels: tuple[Any, ...], point: Floats, draws: Floats
) -> dict[tuple[Any, Any], Estimate]:
    out = {}
    for a in range(len(levels)):
        for b in range(a + 1, len(levels)):
            value = float(point[a] - point[b])
            out[levels[a], levels[b]] = _interval(value, draws[:, a] - draws[:, b])
    return out


def _risk_ratios(
    levels: tuple[Any, ...], risk: Floats, draws: Floats
) -> dict[tuple[Any, Any], Estimate]:
    out = {}
    for a in range(len(levels)):
        for b in range(a + 1, len(levels)):
            if not np.isfinite(risk[[a, b]]).all():
                found = Estimate(np.nan, note="follow-up ends before this time")
            elif not risk[[a, b]].min() > 0:
                found = Estimate(np.nan, note="no deaths in a group")
            else:
                found = _ratio(float(risk[a] / risk[b]), draws[:, a], draws[:, b])
            out[levels[a], levels[b]] = found
    return out


def _ratio(value: float, first: Floats, second: Floats) -> Estimate:
    """Percentile interval of a ratio; resamples without deaths lie at its ends, not outside it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        draws = first / second
    endless, nothing = np.isposinf(draws), draws == 0
    most = max(int(endless.sum()), int(nothing.sum()))
    if most + 1 >= 0.025 * (draws.size + 1) and most:
        return Estimate(value, note="resamples without deaths in a group: no interval")
    finite = np.isfinite(draws)
    if finite.any():
        draws[endless] = draws[finite].max()
    return _interval(value, draws)
