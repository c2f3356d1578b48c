"""Harrell's C by cross-validation, within folds and over all held-out patients."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spinemets.performance._arrays import FloatArray
from spinemets.performance.discrimination import harrell_c
from spinemets.performance.optimism import Fitter, c_of, check_table, cox_fitter


@dataclass(frozen=True)
class CrossValidation:
    """
    Harrell's C on patients the model wasn't fitted to.

    Parameters
    ----------
    folds : numpy.ndarray
        Names of the folds.
    c : numpy.ndarray
        C within each fold; NaN where it has no pairs.
    mean : float
        Mean of those.
    pooled : float
        C over all held-out linear predictors; mixes models, so it needs equal intercepts.
    stratified : float
        C over pairs within folds: every pair is judged by one model.
    predictor : numpy.ndarray, shape (n,)
        Held-out linear predictor of each patient.
    reason : str
        Why something is missing.
    """

    folds: npt.NDArray[Any]
    c: FloatArray
    mean: float
    pooled: float
    stratified: float
    predictor: FloatArray
    reason: str = ""


def cross_validate(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    covariates: npt.ArrayLike,
    fold: npt.ArrayLike,
    *,
    fitter: Fitter = cox_fitter,
) -> CrossValidation:
    """
    Cross-validate a model.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up and whether it ended with the event.
    covariates : array_like of float, shape (n, p)
        What the model is fitted on.
    fold : array_like, shape (n,)
        Fold of each patient (numbers or names); see `fitted_risks.deal_folds`.
    fitter : callable
        The whole modelling process; by default a Cox model on all columns.

    Returns
    -------
    CrossValidation
        NaN with a reason where the model can't be fitted without a fold.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=90)
    >>> time = rng.exponential(np.exp(-2 * x))
    >>> found = cross_validate(time, np.ones(90), x, np.arange(90) % 3)
    >>> found.mean > 0.7
    True
    """
    follow_up, table = check_table(time, event, covariates)
    labels = np.asarray(fold)
    if labels.shape != (follow_up.n,):
        raise ValueError(f"fold: must have one value for each of {follow_up.n} patients")
    names, place = np.unique(labels, return_inverse=True)
    predictor = np.full(follow_up.n, np.nan)
    c = np.full(names.size, np.nan)
    failed = []
    for k, name in enumerate(names):
        test = place == k
        model = None if test.all() else fitter(follow_up.take(~test), table[~test])
        if model is None:
            failed.append(str(name))
            continue
        predictor[test] = model(table[test])
        c[k] = c_of(follow_up.take(test), predictor[test])
    reason = f"the model can't be fitted without fold {', '.join(failed)}" if failed else ""
    pooled = stratified = np.nan
    if not failed and follow_up.n:
        pooled = c_of(follow_up, predictor)
        within = harrell_c(
            follow_up.ranks.rank,
            follow_up.event,
            predictor,
            higher_is_worse=True,
            strata=place,
            std_error=False,
        )
        stratified = float(within.estimate[0])
    known = c[np.isfinite(c)]
    mean = float(known.mean()) if known.size else np.nan
    return CrossValidation(names, c, mean, pooled, stratified, predictor, reason)
