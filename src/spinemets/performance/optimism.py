"""
Optimism of a model fitted to the patients it is judged on.

A published score was fitted elsewhere: its performance here is not optimistic and nothing is to be
corrected (`no_optimism`). What was fitted here (a Cox model on items, new weights) is refitted in
every resample: the whole of it, or the correction is too small.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from spinemets.performance._arrays import FloatArray
from spinemets.performance._cox import fit_cox
from spinemets.performance._km import FollowUp
from spinemets.performance.discrimination import harrell_c

NOTHING_FITTED: Final = "none: nothing was fitted"
_SEED: Final = 20240103
#: C of a prediction without information.
_CHANCE: Final = 0.5

#: Takes follow-up and covariates, returns a function from covariates to a linear predictor.
Fitter = Callable[[FollowUp, FloatArray], Callable[[FloatArray], FloatArray] | None]


def cox_fitter(train: FollowUp, table: FloatArray) -> Callable[[FloatArray], FloatArray] | None:
    """
    Fit a Cox model with Efron's ties.

    Parameters
    ----------
    train : FollowUp
        Ranked follow-up.
    table : numpy.ndarray, shape (n, p)
        Covariates.

    Returns
    -------
    callable or None
        From covariates to the linear predictor (not centred: predictors of several folds are put
        side by side); None when the model can't be fitted.
    """
    fit = fit_cox(train, table)
    if fit.reason:
        return None
    origin = float(fit.centre @ fit.coef)
    return lambda wanted: fit.linear(wanted) + origin


@dataclass(frozen=True)
class Optimism:
    """
    Harrell's C and calibration slope corrected for optimism.

    Parameters
    ----------
    apparent : float
        C on the patients the model was fitted to.
    optimism : float
        Mean over resamples of C in the resample less C of that model in all patients.
    corrected : float
        Apparent less optimism (Harrell).
    out_of_bag : float
        Mean C of the resamples' models in the patients not drawn.
    c632, c632_plus : float
        Efron's .632 and .632+ estimates.
    overfitting, weight : float
        Relative overfitting rate and weight behind ``c632_plus``.
    slope : float
        Mean calibration slope of the resamples' models in all patients: the uniform shrinkage.
    spread : float
        Standard deviation of C over resamples.
    resamples, failed : int
        Resamples used, and those in which the model couldn't be fitted.
    details : numpy.ndarray, shape (resamples, 4)
        C in the resample, in all patients, out of bag, and slope, per resample.
    n, events : int
        Patients and events.
    reason : str
        Why there is nothing, or a caveat.
    """

    apparent: float
    optimism: float
    corrected: float
    out_of_bag: float
    c632: float
    c632_plus: float
    overfitting: float
    weight: float
    slope: float
    spread: float
    resamples: int
    failed: int
    details: FloatArray
    n: int
    events: int
    reason: str = ""


def no_optimism(c: float, n: int, events: int) -> Optimism:
    """
    Say of a fixed score that there is nothing to correct.

    Parameters
    ----------
    c : float
        Its C.
    n, events : int
        Patients and events.

    Returns
    -------
    Optimism
        Optimism 0, corrected C as it is, reason "none: nothing was fitted".

    Examples
    --------
    >>> no_optimism(0.65, 100, 80).reason
    'none: nothing was fitted'
    """
    nan = np.nan
    return Optimism(
        *(c, 0.0, c, nan, nan, nan, nan, nan, nan, nan, 0, 0),
        *(np.empty((0, 4)), n, events, NOTHING_FITTED),
    )


def bootstrap_optimism(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    covariates: npt.ArrayLike,
    *,
    fitter: Fitter = cox_fitter,
    resamples: int = 200,
    indices: npt.ArrayLike | None = None,
    seed: int = _SEED,
) -> Optimism:
    """
    Correct Harrell's C and the calibration slope of a fitted model for optimism.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up and whether it ended with the event.
    covariates : array_like of float, shape (n, p)
        What the model is fitted on; missing values aren't accepted.
    fitter : callable
        The whole modelling process; by default a Cox model on all columns.
    resamples : int
        Bootstrap resamples; ignored with ``indices``.
    indices : array_like of int, shape (resamples, n), optional
        Rows (from 0) of each resample, for reproducing others' numbers.
    seed : int
        Seed of the resamples.

    Returns
    -------
    Optimism
        NaN with a reason when the model can't be fitted to all patients. Resamples in which it
        can't be fitted are left out and counted.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    .632+ follows Efron and Tibshirani with a no-information C of 0.5 and the out-of-bag C averaged
    over resamples; the relative overfitting rate is kept between 0 and 1.

    References
    ----------
    Harrell FE, Lee KL, Mark DB. Stat Med 1996;15:361-387,
    doi 10.1002/(SICI)1097-0258(19960229)15:4<361::AID-SIM168>3.0.CO;2-4.
    Efron B, Tibshirani R. J Am Stat Assoc 1997;92:548-560, doi 10.1080/01621459.1997.10474007.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=(80, 2))
    >>> time = rng.exponential(np.exp(-x[:, 0]))
    >>> found = bootstrap_optimism(time, np.ones(80), x, resamples=20)
    >>> found.corrected < found.apparent
    True
    """
    follow_up, table = check_table(time, event, covariates)
    n, events = follow_up.n, follow_up.events()
    rows = _resamples(indices, resamples, n, seed)
    model = fitter(follow_up, table) if n else None
    if model is None:
        empty = no_optimism(np.nan, n, events)
        return _replace(empty, np.nan, "the model can't be fitted")
    apparent = c_of(follow_up, model(table))
    details = []
    for drawn in rows:
        found = _one(follow_up, table, drawn, fitter)
        if found is not None:
            details.append(found)
    failed = len(rows) - len(details)
    if not details:
        return _replace(no_optimism(apparent, n, events), np.nan, "no resample could be fitted")
    return _summary(apparent, np.array(details), failed, n, events)


def check_table(
    time: npt.ArrayLike, event: npt.ArrayLike, covariates: npt.ArrayLike
) -> tuple[FollowUp, FloatArray]:
    """
    Check follow-up and covariates.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up and whether it ended with the event.
    covariates : array_like of float, shape (n, p) or (n,)
        Covariates.

    Returns
    -------
    follow_up, table : FollowUp, numpy.ndarray
        Ranked follow-up and covariates of shape (n, p).

    Raises
    ------
    ValueError
        Naming the argument that is wrong.
    """
    follow_up = FollowUp.of(time, event)
    table = np.asarray(covariates, dtype=np.float64)
    if table.ndim == 1:
        table = table[:, np.newaxis]
    if table.ndim != 2 or table.shape[0] != follow_up.n:
        raise ValueError(f"covariates: must have one row for each of {follow_up.n} patients")
    if not bool(np.all(np.isfinite(table))):
        raise ValueError("covariates: has missing or infinite values")
    return follow_up, table


def _resamples(
    indices: npt.ArrayLike | None, resamples: int, n: int, seed: int
) -> npt.NDArray[np.int64]:
    if indices is None:
        if resamples < 1:
            raise ValueError("resamples: must be at least 1")
        return np.random.default_rng(seed).integers(0, max(n, 1), (resamples, n))
    rows = np.asarray(indices)
    if rows.ndim != 2 or rows.dtype.kind not in "iu":
        raise ValueError("indices: must be a table of whole numbers, one resample per row")
    if rows.size and (int(rows.min()) < 0 or int(rows.max()) >= n):
        raise ValueError("indices: must lie between 0 and the number of patients less one")
    return rows.astype(np.int64)


def c_of(follow_up: FollowUp, predictor: FloatArray) -> float:
    """
    Harrell's C of a linear predictor, without standard error.

    Parameters
    ----------
    follow_up : FollowUp
        Ranked follow-up.
    predictor : numpy.ndarray, shape (n,)
        Higher means an earlier event.

    Returns
    -------
    float
        C; NaN without comparable pairs.
    """
    found = harrell_c(
        follow_up.ranks.rank, follow_up.event, predictor, higher_is_worse=True, std_error=False
    )
    return float(found.estimate[0])


def _one(
    follow_up: FollowUp, table: FloatArray, drawn: npt.NDArray[np.int64], fitter: Fitter
) -> tuple[float, float, float, float] | None:
    sample = follow_up.take(drawn)
    model = fitter(sample, table[drawn])
    if model is None:
        return None
    everybody = model(table)
    left = np.ones(follow_up.n, dtype=bool)
    left[drawn] = False
    outside = np.nan
    if left.any():
        outside = c_of(follow_up.take(left), everybody[left])
    slope = fit_cox(follow_up, everybody[:, np.newaxis])
    inside = c_of(sample, model(table[drawn]))
    return inside, c_of(follow_up, everybody), outside, float(slope.coef[0])


def _summary(apparent: float, details: FloatArray, failed: int, n: int, events: int) -> Optimism:
    optimism = float(np.mean(details[:, 0] - details[:, 1]))
    outside = details[np.isfinite(details[:, 2]), 2]
    out_of_bag = float(outside.mean()) if outside.size else np.nan
    c632 = 0.368 * apparent + 0.632 * out_of_bag
    # Overfitting is a loss towards chance; where there is none to lose, .632+ is .632.
    room = apparent - _CHANCE
    rate = (apparent - max(out_of_bag, _CHANCE)) / room if room > 0 else 0.0
    rate = float(np.clip(rate, 0.0, 1.0))
    weight = 0.632 / (1.0 - 0.368 * rate)
    plus = (1.0 - weight) * apparent + weight * out_of_bag
    caveat = f"the model couldn't be fitted in {failed} resamples" if failed else ""
    slopes = details[np.isfinite(details[:, 3]), 3]
    return Optimism(
        *(apparent, optimism, apparent - optimism, out_of_bag, c632, plus, rate, weight),
        float(slopes.mean()) if slopes.size else np.nan,
        float(np.std(details[:, 0], ddof=1)) if len(details) > 1 else np.nan,
        *(len(details), failed, details, n, events, caveat),
    )


def _replace(empty: Optimism, corrected: float, reason: str) -> Optimism:
    return Optimism(
        **{
            **empty.__dict__,
            "optimism": np.nan,
            "corrected": corrected,
            "reason": reason,
        }
    )
