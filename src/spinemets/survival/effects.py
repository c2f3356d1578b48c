"""Effects beyond one straight line: splines of a score, nested models, centres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from spinemets.survival.covariates import read_covariates
from spinemets.survival.cox_fit import CoxFit, fit_cox
from spinemets.survival.sample import Z95, Floats, codes
from spinemets.survival.tails import chi2_tail

#: Quantiles at which knots are placed (Harrell, Regression Modeling Strategies, table 2.3).
KNOT_QUANTILES: Final[dict[int, tuple[float, ...]]] = {
    3: (0.10, 0.50, 0.90),
    4: (0.05, 0.35, 0.65, 0.95),
    5: (0.05, 0.275, 0.50, 0.725, 0.95),
}
#: Fewer clusters make the sandwich variance too small.
MINIMUM_CLUSTERS: Final = 20


def spline_columns(x: ArrayLike, knots: ArrayLike) -> Floats:
    """
    Restricted cubic spline: the value and k - 2 further columns, linear beyond the outer knots.

    Parameters
    ----------
    x : array_like of shape (n,)
        Values.
    knots : array_like of shape (k,)
        At least three increasing knots.

    Returns
    -------
    ndarray of shape (n, k - 1)
        Columns, all on the scale of x (Harrell's normalisation).

    Raises
    ------
    ValueError
        When there are fewer than three increasing knots.

    Examples
    --------
    >>> spline_columns([0.0, 2.0], [0.0, 1.0, 2.0]).round(3)
    array([[0. , 0. ],
           [2. , 1.5]])
    """
    value, k = np.asarray(x, dtype=np.float64), np.asarray(knots, dtype=np.float64)
    if k.size < 3 or np.any(np.diff(k) <= 0):
        raise ValueError("a restricted cubic spline needs at least three increasing knots")
    last, before = k[-1], k[-2]

    def cube(at: float) -> Floats:
        return np.asarray(np.maximum(value - at, 0.0) ** 3)

    columns = [value]
    for knot in k[:-2]:
        bend = cube(knot) - cube(before) * (last - knot) / (last - before)
        bend = bend + cube(last) * (before - knot) / (last - before)
        columns.append(bend / (last - k[0]) ** 2)
    return np.column_stack(columns)


@dataclass(frozen=True)
class SplineEffect:
    """
    Hazard ratio along a score, against a reference value.

    Parameters
    ----------
    value : ndarray of shape (m,)
        Values of the score.
    log_hazard_ratio, lower, upper : ndarray of shape (m,)
        Against ``reference``, with 95 % limits.
    reference : float
        Value with hazard ratio 1.
    knots : ndarray
        Knots.
    lrt, df, p : float, int, float
        Test of the score as a whole.
    bend_lrt, bend_df, bend_p : float, int, float
        Test of the bends against a straight line.
    fit : CoxFit or None
        The spline model.
    note : str
        Why there is no spline.
    """

    value: Floats
    log_hazard_ratio: Floats
    lower: Floats
    upper: Floats
    reference: float
    knots: Floats
    lrt: float
    df: int
    p: float
    bend_lrt: float
    bend_df: int
    bend_p: float
    fit: CoxFit | None
    note: str = ""


def spline_effect(
    score: ArrayLike,
    time: ArrayLike,
    event: ArrayLike,
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    *,
    n_knots: int = 4,
    values: ArrayLike | None = None,
) -> SplineEffect:
    """
    Cox model with a restricted cubic spline of a score.

    Estimand: log hazard ratio of each value of the score against its median.

    Parameters
    ----------
    score : array_like of shape (n,)
        Points, not missing.
    time, event, entry, strata
        As in ``fit_cox``.
    n_knots : {3, 4, 5}
        Knots at Harrell's quantiles; fewer when quantiles of a coarse score coincide.
    values : array_like of shape (m,), optional
        Values at which the effect is given; the distinct values (at most 101 points) if left out.

    Returns
    -------
    SplineEffect
        Curve with pointwise intervals and tests; NaN with the reason when the score has too few
        distinct values or the model has no maximum.
    """
    points = read_covariates(score, np.size(np.asarray(time)))[:, 0]
    nan, none = float("nan"), np.zeros(0)
    knots = np.unique(np.quantile(points, KNOT_QUANTILES[n_knots])) if points.size else none

    def nothing(note: str) -> SplineEffect:
        return SplineEffect(
            none, none, none, none, nan, knots, nan, 0, nan, nan, 0, nan, None, note
        )

    if knots.size < 3:
        return nothing("the score has too few distinct values for a spline")
    outcome = (time, event, entry, strata)
    bent = fit_cox(spline_columns(points, knots), *outcome)
    straight = fit_cox(points, *outcome)
    if bent.note or straight.note:
        return nothing(bent.note or straight.note)
    at = _values(points) if values is None else np.asarray(values, dtype=np.float64)
    reference = float(np.median(points))
    deviation = spline_columns(at, knots) - spline_columns([reference], knots)
    coef = np.where(bent.aliased, 0.0, bent.coef)
    effect = deviation @ coef
    error = np.sqrt(np.einsum("ki,ij,kj->k", deviation, bent.variance, deviation))
    bend = nested_test(straight, bent)
    return SplineEffect(
        at, effect, effect - Z95 * error, effect + Z95 * error, reference, knots,
        bent.lrt, bent.df, bent.lrt_p, *bend, bent,
    )  # fmt: skip


def _values(points: Floats) -> Floats:
    distinct = np.unique(points)
    return distinct if distinct.size <= 101 else np.linspace(distinct[0], distinct[-1], 101)


def nested_test(small: CoxFit, large: CoxFit) -> tuple[float, int, float]:
    """
    Likelihood-ratio test of what a larger Cox model adds to a smaller one.

    Parameters
    ----------
    small, large : CoxFit
        Fits to the same patients, strata and handling of ties; the columns of ``small`` lie
        within those of ``large``.

    Returns
    -------
    lrt : float
        Twice the gain in log-likelihood; NaN when a fit has no maximum.
    df : int
        Additional coefficients.
    p : float
        P value; NaN when nothing is added.

    Raises
    ------
    ValueError
        When the two models are not of the same patients.
    """
    if (small.n, small.n_events, small.n_strata) != (large.n, large.n_events, large.n_strata):
        raise ValueError("nested models must be fitted to the same patients and strata")
    df = large.df - small.df
    # A model without any varying covariate is the null model.
    base = small.loglik if np.isfinite(small.loglik) else large.loglik_null
    if not np.isfinite(large.loglik) or df <= 0:
        return float("nan"), max(df, 0), float("nan")
    lrt = max(0.0, 2.0 * (large.loglik - base))
    return lrt, df, chi2_tail(lrt, df)


@dataclass(frozen=True)
class CentreModel:
    """
    How centres are handled in a model, and why.

    Parameters
    ----------
    fit : CoxFit
        Fitted model.
    handling : {"cluster", "stratum", "none"}
        Robust variance over centres, centre as stratum, or neither.
    reason : str
        Why.
    """

    fit: CoxFit
    handling: str
    reason: str


def fit_with_centres(
    x: ArrayLike,
    time: ArrayLike,
    event: ArrayLike,
    centre: ArrayLike,
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    *,
    names: Sequence[str] | None = None,
) -> CentreModel:
    """
    Fit a Cox model that allows for centres: robust from 20 on, otherwise as strata.

    Parameters
    ----------
    x, time, event : array_like
        As in ``fit_cox``.
    centre : array_like of shape (n,)
        Centre of every patient.
    entry, strata, names : optional
        As in ``fit_cox``.

    Returns
    -------
    CentreModel
        Fit, what was done and why.

    References
    ----------
    Kahan, Morris 2013, doi:10.1002/sim.5667.
    """
    label = np.asarray(centre).astype(str)
    many = int(np.unique(label).size)
    if many < 2:
        fit = fit_cox(x, time, event, entry, strata, names=names)
        return CentreModel(fit, "none", "one centre")
    if many >= MINIMUM_CLUSTERS:
        fit = fit_cox(x, time, event, entry, strata, names=names, cluster=label)
        return CentreModel(fit, "cluster", f"{many} centres: robust variance over centres")
    number, _ = codes(strata, label.size)
    joint = np.array([f"{s} / {c}" for s, c in zip(number, label, strict=True)])
    fit = fit_cox(x, time, event, entry, joint, names=names)
    reason = f"{many} centres are too few for a robust variance: centre is a stratum"
    return CentreModel(fit, "stratum", reason)
