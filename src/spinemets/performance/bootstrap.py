"""Paired bootstrap of C, AUC(t) and Brier(t): every sample evaluates all scores.

A sample is a vector of multiplicities: how often each patient enters. The same vector serves all
scores, so pairing is free, and no table of patients is ever copied.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spinemets.performance import _arrays, _ipcw
from spinemets.performance._arrays import FloatArray
from spinemets.performance._batch import evaluate, make_plan
from spinemets.performance._panel import Panel, prepare
from spinemets.performance._resampling import LANES, THRESHOLDS, draw, seed_lanes
from spinemets.performance.brier import check_risks

__all__ = ["Bootstrap", "bootstrap", "draw_multiplicities"]


@dataclass(frozen=True)
class Bootstrap:
    """Replicates of every measure, NaN where a sample leaves it undefined.

    Attributes
    ----------
    harrell, uno : ndarray, shape (replicates, scores)
        Harrell's and Uno's C.
    auc : ndarray, shape (replicates, horizons, scores)
        AUC(t).
    brier : ndarray, shape (replicates, horizons, predictions)
        Brier(t).
    horizons : ndarray, shape (horizons,)
        Horizons in the unit of ``time``.
    n, events : int
        Patients and events of the cohort.
    reason : str or None
        Why there are no replicates.
    horizon_reason : tuple of (str or None)
        Why there are no replicates of AUC(t) and Brier(t), per horizon.
    """

    harrell: FloatArray
    uno: FloatArray
    auc: FloatArray
    brier: FloatArray
    horizons: FloatArray
    n: int
    events: int
    reason: str | None
    horizon_reason: tuple[str | None, ...]


def draw_multiplicities(n: int, replicates: int, *, seed: int = 0) -> npt.NDArray[np.uint8]:
    """Draw how often each patient enters each bootstrap sample.

    Parameters
    ----------
    n : int
        Number of patients.
    replicates : int
        Number of samples.
    seed : int
        Seed; the same seed gives the same samples on every machine.

    Returns
    -------
    ndarray of uint8, shape (n, replicates)
        Multiplicities; each column sums to n.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Examples
    --------
    >>> draw_multiplicities(5, 3).sum(axis=0).tolist()
    [5, 5, 5]
    """
    if n < 0:
        raise ValueError("n: must not be negative")
    _check_number(replicates, "replicates")
    batches = -(-replicates // LANES)
    counts = np.zeros((n, batches * LANES), np.uint8)
    for batch in range(batches):
        part = np.zeros((n, LANES), np.uint8)
        draw(seed_lanes([_check_seed(seed), batch]), THRESHOLDS, part)
        counts[:, batch * LANES : (batch + 1) * LANES] = part
    return counts[:, :replicates]


def bootstrap(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    higher_is_worse: bool | Sequence[bool],
    horizons: npt.ArrayLike = (),
    risks: npt.ArrayLike | None = None,
    replicates: int = 1000,
    seed: int = 0,
    multiplicities: npt.ArrayLike | None = None,
) -> Bootstrap:
    """Paired bootstrap of Harrell's C, Uno's C, AUC(t) and Brier(t) of all scores.

    Parameters
    ----------
    time : array-like, shape (patients,)
        Follow-up time in any unit; missing, infinite or negative values are refused.
    event : array-like, shape (patients,)
        1 or True for an event, 0 or False for a censoring.
    scores : array-like, shape (patients,) or (patients, scores)
        Scores in any unit, none missing.
    higher_is_worse : bool or sequence of bool
        Whether a higher value means an earlier event; one for all scores or one per score.
    horizons : array-like, shape (horizons,), optional
        Horizons in the unit of ``time``; without them there is no AUC(t) and no Brier(t).
    risks : array-like, shape (patients, predictions, horizons), optional
        Predicted probability of an event by each horizon, taken as fixed. Without it there is no
        Brier(t).
    replicates : int
        Number of bootstrap samples.
    seed : int
        Seed; the same seed gives the same replicates on every machine.
    multiplicities : array-like, shape (patients, replicates), optional
        How often each patient enters each sample, instead of drawing.

    Returns
    -------
    Bootstrap
        Replicates of every measure; NaN where a sample leaves it undefined.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    The censoring distribution is estimated anew in every sample. Samples are drawn in the order
    of the sorted data, so a change in the order of patients of one day and outcome changes the
    replicates, as another seed would.

    References
    ----------
    Efron B, Tibshirani RJ. An Introduction to the Bootstrap. Chapman & Hall, 1993.

    Examples
    --------
    >>> samples = bootstrap([5, 8, 12, 20], [1, 1, 0, 1], [9, 7, 7, 2], higher_is_worse=True,
    ...                     replicates=64)
    >>> samples.harrell.shape
    (64, 1)
    """
    panel = prepare(time, event)
    table = _arrays.check_scores(scores, panel.n)
    directions = _arrays.check_directions(higher_is_worse, table.shape[1])
    times = np.empty(0) if np.size(horizons) == 0 else _arrays.check_horizons(horizons)
    given_risks = np.empty((panel.n, 0, times.size)) if risks is None else risks
    predicted = check_risks(given_risks, panel.n, times.size, copy=False)
    ranked = _arrays.levels(table, directions, "scores")
    del table  # with a million patients these are the gigabytes
    given = None if multiplicities is None else _check_counts(multiplicities, panel.n)
    number = _check_number(replicates, "replicates") if given is None else given.shape[1]
    result = _empty(number, len(ranked), times, predicted.shape[0], panel)
    if result.reason is not None:
        return result
    known = [
        h for h in np.argsort(times, kind="stable").tolist() if result.horizon_reason[h] is None
    ]
    upto = _ipcw.setting(panel, panel.event.astype(np.int8), times).upto
    plan = make_plan(panel, ranked, upto, predicted, known)
    counts = np.zeros((panel.n, LANES), np.uint8)
    for begin in range(0, number, LANES):
        width = min(LANES, number - begin)
        rows = slice(begin, begin + width)
        if given is None:
            draw(seed_lanes([_check_seed(seed), begin // LANES]), THRESHOLDS, counts)
        else:
            counts[:, :width] = given[plan.order, rows]
        batch = evaluate(plan, counts)
        result.harrell[rows] = batch.harrell[:, :width].T
        result.uno[rows] = batch.uno[:, :width].T
        for place, h in enumerate(known):
            result.auc[rows, h] = batch.auc[place, :, :width].T
            result.brier[rows, h] = batch.brier[place, :, :width].T
    return result


def _check_number(value: int, name: str) -> int:
    if value < 1 or value != int(value):
        raise ValueError(f"{name}: must be a whole number, at least 1")
    return int(value)


def _check_seed(seed: int) -> int:
    if seed < 0 or seed != int(seed):
        raise ValueError("seed: must be a whole number, not negative")
    return int(seed)


def _check_counts(multiplicities: npt.ArrayLike, n: int) -> npt.NDArray[np.uint8]:
    raw = np.asarray(multiplicities)
    if raw.ndim != 2 or raw.shape[0] != n or raw.shape[1] < 1:
        raise ValueError(f"multiplicities: must have shape ({n}, replicates)")
    if raw.dtype.kind not in "iu" or (raw.size and (raw.min() < 0 or raw.max() > 255)):
        raise ValueError("multiplicities: must be whole numbers from 0 to 255")
    if bool(np.any(raw.sum(axis=0) != n)):
        raise ValueError(f"multiplicities: every column must sum to the {n} patients")
    return raw.astype(np.uint8)


def _empty(number: int, scores: int, times: FloatArray, risks: int, panel: Panel) -> Bootstrap:
    reason = "no patients" if panel.n == 0 else None if panel.events else "no events"
    setting = _ipcw.setting(panel, panel.event.astype(np.int8), times)
    return Bootstrap(
        harrell=np.full((number, scores), np.nan),
        uno=np.full((number, scores), np.nan),
        auc=np.full((number, times.size, scores), np.nan),
        brier=np.full((number, times.size, risks), np.nan),
        horizons=times,
        n=panel.n,
        events=panel.events,
        reason=reason,
        horizon_reason=setting.reason,
    )
