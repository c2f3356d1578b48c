"""Risks estimated in the cohort itself: apparent, or from the patients of the other folds."""

from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spinemets.performance._arrays import FloatArray, as_vector
from spinemets.performance._checks import check_horizon
from spinemets.performance._cox import fit_cox
from spinemets.performance._groups import level_risks
from spinemets.performance._km import BEYOND, NOBODY, FollowUp, survival_by_group
from spinemets.performance.risks import Risk
from spinemets.performance.splines import place_knots, spline_basis

MODELS: Final = ("kaplan_meier", "cox")
#: Levels with fewer patients are merged with their neighbour before survival is estimated.
SMALLEST_LEVEL: Final = 10
_SEED: Final = 20240101


def fitted_risk(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    score: npt.ArrayLike,
    horizon: float,
    *,
    model: str = "kaplan_meier",
    folds: int | None = 10,
    seed: int = _SEED,
) -> Risk:
    """
    Estimate the risk that goes with each value of a score in the cohort itself.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up and whether it ended with the event.
    score : array_like of float, shape (n,)
        Points, or position of the band.
    horizon : float
        Horizon in the unit of ``time``.
    model : {"kaplan_meier", "cox"}
        Kaplan-Meier within each value (values with fewer than 10 patients are merged with
        their neighbour; risks of 0 and 1 are moved inside by half a patient), or a Cox model with
        a restricted cubic spline of three knots (a straight line where there are too few values),
        follow-up censored at the horizon.
    folds : int or None
        Folds of cross-fitting; None for the apparent risk.
    seed : int
        Seed of the folds. They are dealt after sorting by follow-up and score, so that the order of
        the rows doesn't matter.

    Returns
    -------
    Risk
        Source ``cross_fitted`` or ``apparent``; with a reason when follow-up ends before the
        horizon or the model can't be fitted in one of the folds.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Examples
    --------
    >>> fitted_risk(
    ...     [1, 2, 3, 4], [1, 1, 0, 0], [1, 1, 1, 1], 2.5, folds=None
    ... ).probability.round(6).tolist()
    [0.5, 0.5, 0.5, 0.5]
    """
    follow_up = FollowUp.of(time, event)
    values = as_vector(score, "score", follow_up.n)
    if not bool(np.all(np.isfinite(values))):
        raise ValueError("score: has missing or infinite values")
    limit = check_horizon(horizon)
    if model not in MODELS:
        raise ValueError(f"model: must be one of {', '.join(MODELS)}")
    if folds is not None and (int(folds) != folds or folds < 2):
        raise ValueError("folds: must be a whole number from 2 on, or None")
    source = "apparent" if folds is None else "cross_fitted"
    detail = f"{'Kaplan-Meier per value' if model == 'kaplan_meier' else 'Cox, 3-knot spline'}"
    if folds is not None:
        detail += f", {folds} folds"
    if folds is None:
        found, reason = fit_risk(follow_up, values, values, limit, model)
        return Risk(found, source, detail, reason)
    fold = deal_folds(follow_up, values, int(folds), seed)
    out = np.full(follow_up.n, np.nan)
    for k in range(int(folds)):
        test = fold == k
        if not test.any():
            continue
        train = follow_up.take(~test)
        out[test], reason = fit_risk(train, values[~test], values[test], limit, model)
        if reason:
            return Risk(np.full(follow_up.n, np.nan), source, detail, reason)
    reason = "" if follow_up.n else "no patients"
    return Risk(out, source, detail, reason)


def deal_folds(follow_up: FollowUp, score: Any, folds: int, seed: int) -> npt.NDArray[np.int64]:
    """
    Deal patients into folds that are alike in events, follow-up and score.

    Parameters
    ----------
    follow_up : FollowUp
        Ranked follow-up.
    score : numpy.ndarray, shape (n,)
        Value that breaks ties of follow-up.
    folds : int
        Number of folds.
    seed : int
        Seed.

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        Fold of each patient, 0 to ``folds - 1``. The order of the rows doesn't matter: only
        patients with equal follow-up and score can change places.
    """
    order = np.lexsort((score, follow_up.ranks.rank, follow_up.event))
    fold = np.empty(follow_up.n, dtype=np.int64)
    fold[order] = _deck(follow_up.n, folds, seed)
    return fold


@lru_cache(maxsize=8)
def _deck(n: int, folds: int, seed: int) -> npt.NDArray[np.int64]:
    """Folds in the order dealt; all scores of a cohort ask for the same."""
    random = np.random.default_rng(seed)
    deals = [random.permutation(folds) for _ in range(-(-n // folds))]
    deck = np.concatenate([*deals, np.empty(0, np.int64)])[:n]
    deck.flags.writeable = False
    return deck


def fit_risk(
    train: FollowUp, known: FloatArray, wanted: FloatArray, horizon: float, model: str
) -> tuple[FloatArray, str]:
    """
    Fit risks to checked input; see `fitted_risk`.

    Parameters
    ----------
    train : FollowUp
        Ranked follow-up of those the risk is fitted to.
    known, wanted : numpy.ndarray
        Their values of the score, and the values whose risk is wanted.
    horizon : float
        Horizon.
    model : {"kaplan_meier", "cox"}
        How.

    Returns
    -------
    risk, reason : numpy.ndarray, str
        Risks; NaN with the reason where they can't be fitted.
    """
    if model == "kaplan_meier":
        values, level = np.unique(known, return_inverse=True)
        return fit_levels(train, level, values, wanted, horizon)
    nothing = np.full(wanted.size, np.nan)
    reason = _why_not(train, horizon)
    if reason:
        return nothing, reason
    if np.unique(known).size > 1 and train.events(horizon):
        knots = place_knots(known, 3)
        used = train.truncate(horizon)
        fit = fit_cox(used, spline_basis(known, knots))
        if fit.reason:
            return nothing, fit.reason
        return fit.risk(spline_basis(wanted, knots), used.until(horizon)), ""
    return fit_risk(train, known, wanted, horizon, "kaplan_meier")


def _why_not(train: FollowUp, horizon: float) -> str:
    """Reason why there is no survival of everybody at the horizon; empty where there is one."""
    if train.n == 0:
        return NOBODY
    if train.reaches(horizon):
        return ""
    everybody = survival_by_group(train, np.zeros(train.n, dtype=np.int64), 1, horizon)
    return BEYOND if np.isnan(everybody[0]) else ""


def fit_levels(
    train: FollowUp,
    level: npt.NDArray[np.int64],
    levels: FloatArray,
    wanted: FloatArray,
    horizon: float,
) -> tuple[FloatArray, str]:
    """
    Fit Kaplan-Meier per value to patients whose values are numbered already.

    Parameters
    ----------
    train : FollowUp
        Ranked follow-up of those the risk is fitted to.
    level : numpy.ndarray of int
        Place of their values in ``levels``.
    levels : numpy.ndarray
        Distinct values in ascending order; some may have no patient.
    wanted : numpy.ndarray
        Values whose risk is wanted.
    horizon : float
        Horizon.

    Returns
    -------
    risk, reason : numpy.ndarray, str
        As `fit_risk`.
    """
    reason = _why_not(train, horizon)
    if reason:
        return np.full(wanted.size, np.nan), reason
    where = (train.until(horizon), train.reach(horizon), SMALLEST_LEVEL)
    found = level_risks(
        train.ranks.rank, train.event, level, levels.size, train.ranks.values.size, *where
    )
    known = ~np.isnan(found)
    if not known.any():
        return np.full(wanted.size, np.nan), BEYOND
    # A value that occurs only among those predicted belongs to the nearest known one.
    values, of_value = levels[known], found[known]
    last = values.size - 1
    right = np.minimum(np.maximum(np.searchsorted(values, wanted), 1), last)
    left = np.maximum(right - 1, 0)
    nearer = np.where(wanted - values[left] <= values[right] - wanted, left, right)
    return np.asarray(of_value[nearer]), ""
