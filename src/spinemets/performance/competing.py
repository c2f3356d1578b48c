"""Discrimination and Brier(t) for one of several competing events.

``cause`` is 0 for a censoring, 1, 2, ... for the event that ended follow-up; ``of_interest`` says
which one is predicted. AUC(t) and Brier(t) keep patients with another event as controls (they
will never have the event of interest) with weight 1/G(T-).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from spinemets.performance import _arrays, _ipcw, _wolbers
from spinemets.performance._arrays import FloatArray, Ranks
from spinemets.performance._auc import AucResult, evaluate_auc
from spinemets.performance._ipcw import CodeArray
from spinemets.performance._panel import Panel, prepare
from spinemets.performance._products import cross_products
from spinemets.performance._wolbers import order_by_day
from spinemets.performance.brier import BrierResult, check_risks, evaluate_brier
from spinemets.performance.discrimination import Concordance, harrell_c

__all__ = [
    "auc_t_competing",
    "brier_t_competing",
    "cause_specific_c",
    "wolbers_c",
]


def _outcomes(cause: npt.ArrayLike, of_interest: int, length: int) -> CodeArray:
    """Return 0 for censored, 1 for the event of interest, 2 for any other event."""
    raw = _arrays.as_vector(np.asarray(cause), "cause", length)
    if not bool(np.all((raw >= 0) & (raw == np.floor(raw)))):
        raise ValueError("cause: must be whole numbers, 0 for censored")
    if of_interest < 1:
        raise ValueError("of_interest: must be 1 or more (0 stands for censored)")
    codes: CodeArray = np.where(raw == 0, 0, np.where(raw == of_interest, 1, 2)).astype(np.int8)
    return codes


def prepare_causes(
    time: npt.ArrayLike, cause: npt.ArrayLike, of_interest: int
) -> tuple[Panel, CodeArray]:
    """Check follow-up and causes; outcomes are 0 censored, 1 of interest, 2 another event."""
    length = _arrays.as_vector(np.asarray(time), "time").size
    outcome = _outcomes(cause, of_interest, length)
    return prepare(time, outcome != 0), outcome


def cause_specific_c(
    time: npt.ArrayLike,
    cause: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    higher_is_worse: bool | Sequence[bool],
    of_interest: int = 1,
    **options: Any,
) -> Concordance:
    """Harrell's C of the cause-specific hazard: another event ends follow-up like a censoring.

    Parameters
    ----------
    time : array-like, shape (patients,)
        Follow-up time in any unit; missing, infinite or negative values are refused.
    cause : array-like, shape (patients,)
        0 for censored, 1, 2, ... for events.
    scores : array-like, shape (patients,) or (patients, scores)
        Scores, none missing.
    higher_is_worse : bool or sequence of bool
        Whether a higher value means an earlier event.
    of_interest : int
        Code of the event that is predicted.
    **options
        Further arguments of :func:`spinemets.performance.discrimination.concordance`.

    Returns
    -------
    Concordance
        Estimates with standard errors; NaN with a reason where undefined.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    Agrees with ``survival::concordance(Surv(time, cause == 1) ~ score)``.

    Examples
    --------
    >>> result = cause_specific_c([1, 2, 3], [1, 2, 0], [3, 1, 2], higher_is_worse=True)
    >>> float(result.estimate[0])
    1.0
    """
    length = _arrays.as_vector(np.asarray(time), "time").size
    event = _outcomes(cause, of_interest, length) == 1
    return harrell_c(time, event, scores, higher_is_worse=higher_is_worse, **options)


def auc_t_competing(
    time: npt.ArrayLike,
    cause: npt.ArrayLike,
    scores: npt.ArrayLike,
    horizons: npt.ArrayLike,
    *,
    higher_is_worse: bool | Sequence[bool],
    of_interest: int = 1,
    influence: bool = False,
) -> AucResult:
    """AUC(t) for one cause: events of it by t against everybody else known at t.

    Parameters
    ----------
    time : array-like, shape (patients,)
        Follow-up time in any unit; missing, infinite or negative values are refused.
    cause : array-like, shape (patients,)
        0 for censored, 1, 2, ... for events.
    scores : array-like, shape (patients,) or (patients, scores)
        Scores in any unit, none missing.
    horizons : array-like, shape (horizons,)
        Horizons in the unit of ``time``.
    higher_is_worse : bool or sequence of bool
        Whether a higher value means an earlier event; one for all scores or one per score.
    of_interest : int
        Code of the event that is predicted.
    influence : bool
        Whether to return each patient's influence value.

    Returns
    -------
    AucResult
        Estimates with standard errors; NaN with a reason where undefined.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    Agrees with ``riskRegression::Score(Hist(time, cause) ~ 1, cause = 1)``.

    References
    ----------
    Blanche P, Dartigues JF, Jacqmin-Gadda H. Stat Med 2013;32:5381-5397. doi:10.1002/sim.5958

    Examples
    --------
    >>> result = auc_t_competing([1, 2, 3, 5], [1, 2, 0, 1], [3, 1, 2, 2], [2],
    ...                          higher_is_worse=True)
    >>> float(result.estimate[0, 0])
    1.0
    """
    panel, outcome = prepare_causes(time, cause, of_interest)
    table = _arrays.check_scores(scores, panel.n)
    directions = _arrays.check_directions(higher_is_worse, table.shape[1])
    times = _arrays.check_horizons(horizons)
    ranked = _arrays.levels(table, directions, "scores")
    setting = _ipcw.setting(panel, outcome, times)
    return evaluate_auc(setting, ranked, std_error=True, influence=influence)


def brier_t_competing(
    time: npt.ArrayLike,
    cause: npt.ArrayLike,
    risks: npt.ArrayLike,
    horizons: npt.ArrayLike,
    *,
    of_interest: int = 1,
) -> BrierResult:
    """Brier(t) of predicted cumulative incidences of one cause.

    Parameters
    ----------
    time : array-like, shape (patients,)
        Follow-up time in any unit; missing, infinite or negative values are refused.
    cause : array-like, shape (patients,)
        0 for censored, 1, 2, ... for events.
    risks : array-like, shape (patients, horizons) or (patients, predictions, horizons)
        Predicted probability of the event of interest by each horizon, none missing.
    horizons : array-like, shape (horizons,)
        Horizons in the unit of ``time``.
    of_interest : int
        Code of the event that is predicted.

    Returns
    -------
    BrierResult
        Scores with standard errors; the null model gives everybody the Aalen-Johansen risk.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    Agrees with ``riskRegression::Score(Hist(time, cause) ~ 1, cause = 1, metrics = "Brier")``.

    Examples
    --------
    >>> risk = [[0.5], [0.5], [0.5], [0.5]]
    >>> result = brier_t_competing([1, 2, 3, 5], [1, 2, 0, 1], risk, [2])
    >>> float(result.estimate[0, 0])
    0.25
    """
    panel, outcome = prepare_causes(time, cause, of_interest)
    times = _arrays.check_horizons(horizons)
    table = check_risks(risks, panel.n, times.size)
    return evaluate_brier(_ipcw.setting(panel, outcome, times), table)


def wolbers_c(
    time: npt.ArrayLike,
    cause: npt.ArrayLike,
    scores: npt.ArrayLike,
    tau: float,
    *,
    higher_is_worse: bool | Sequence[bool],
    of_interest: int = 1,
) -> Concordance:
    """Wolbers' C up to tau: patients with another event stay comparable for ever.

    Parameters
    ----------
    time : array-like, shape (patients,)
        Follow-up time in any unit; missing, infinite or negative values are refused.
    cause : array-like, shape (patients,)
        0 for censored, 1, 2, ... for events.
    scores : array-like, shape (patients,) or (patients, scores)
        Scores in any unit, none missing.
    tau : float
        Events of interest after tau are left out.
    higher_is_worse : bool or sequence of bool
        Whether a higher value means an earlier event; one for all scores or one per score.
    of_interest : int
        Code of the event that is predicted.

    Returns
    -------
    Concordance
        Estimates with infinitesimal-jackknife standard errors, G taken as known; the counts are
        weighted and tied times aren't counted (NaN).

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    Agrees with ``pec::cindex(Hist(time, cause) ~ 1, cens.model = "marginal")``. Censorings on the
    last day, after which G is zero, make no pairs.

    References
    ----------
    Wolbers M, Blanche P, Koller MT, Witteman JC, Gerds TA. Biostatistics 2014;15:526-539.
    doi:10.1093/biostatistics/kxt059

    Examples
    --------
    >>> result = wolbers_c([1, 2, 3, 5], [2, 1, 0, 1], [1, 3, 2, 2], 4, higher_is_worse=True)
    >>> float(result.estimate[0])
    1.0
    """
    if not (np.isfinite(tau) and tau >= 0):
        raise ValueError("tau: must be finite and not negative")
    panel, outcome = prepare_causes(time, cause, of_interest)
    table = _arrays.check_scores(scores, panel.n)
    directions = _arrays.check_directions(higher_is_worse, table.shape[1])
    ranked = _arrays.levels(table, directions, "scores")
    setting = _ipcw.setting(panel, outcome, np.array([float(tau)]))
    found = [_wolbers_one(setting, levels) for levels in ranked]
    rows = np.array([row for _, row, _ in found]).reshape(len(ranked), panel.n)
    counts = np.array([count for count, _, _ in found]).reshape(-1, 3)
    covariance = cross_products(rows) if panel.n else np.full((len(ranked),) * 2, np.nan)
    reasons = tuple(reason for _, _, reason in found)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = (counts[:, 0] + counts[:, 2] / 2) / counts.sum(axis=1)
    estimate[[reason is not None for reason in reasons]] = np.nan
    unknown = np.full(len(ranked), np.nan)
    return Concordance(
        estimate=estimate,
        std_error=np.sqrt(np.diagonal(covariance)),
        covariance=covariance,
        concordant=counts[:, 0],
        discordant=counts[:, 1],
        tied_score=counts[:, 2],
        tied_time=unknown,
        tied_both=unknown,
        n=panel.n,
        events=int(np.count_nonzero(outcome == 1)),
        reason=reasons,
    )


def _wolbers_one(
    setting: _ipcw.Setting, levels: Ranks
) -> tuple[FloatArray, FloatArray, str | None]:
    """Return weighted counts, influence values and the reason why there is no estimate."""
    panel = setting.panel
    reason = setting.reason[0]
    if reason in (None, "the horizon lies beyond the last event"):
        reason = "the score has one level only" if levels.size < 2 else None
    if reason is not None:
        return np.zeros(3), np.full(panel.n, np.nan), reason
    after = np.append(setting.inverse, 0.0)[1:]
    order, start = order_by_day(panel.rank, setting.outcome, panel.size)
    as_event, as_other = _wolbers.wolbers_shares(
        *(order, start, levels.rank, setting.inverse, after),
        int(setting.upto[0]),
    )
    counts = as_event.sum(axis=0)
    pairs = counts.sum()
    if not pairs > 0:
        return counts, np.full(panel.n, np.nan), "no comparable pairs"
    centre = (counts[0] + counts[2] / 2) / pairs
    # As the other one of a pair, a lower level than the event's makes it concordant.
    good = as_event[:, 0] + as_other[:, 1] + (as_event[:, 2] + as_other[:, 2]) / 2
    row = (good - centre * (as_event.sum(axis=1) + as_other.sum(axis=1))) / pairs
    return counts, row, None
