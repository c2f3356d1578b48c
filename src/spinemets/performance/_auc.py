"""Cumulative/dynamic AUC(t) under right censoring, optionally with competing events."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spinemets.performance import _arrays, _horizon, _ipcw
from spinemets.performance._arrays import FloatArray, Ranks
from spinemets.performance._intervals import confidence_interval
from spinemets.performance._panel import prepare

CountArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class AucResult:
    """AUC(t) of one or several scores on the same patients.

    Attributes
    ----------
    estimate, std_error : ndarray, shape (horizons, scores)
        AUC and its standard error from the influence function, estimation of G included.
    covariance : ndarray, shape (horizons, scores, scores)
        Covariance of the scores' AUC at each horizon.
    horizons : ndarray, shape (horizons,)
        Horizons in the unit of ``time``.
    n, events : int
        Patients and events (at any time).
    cases, controls, censored_before : ndarray of int, shape (horizons,)
        Events by the horizon, controls at it, patients censored by it (they carry no weight).
    reason : tuple of tuple of (str or None)
        Why a score has no estimate, per horizon and score.
    influence : ndarray, shape (horizons, patients, scores), or None
        Influence values, scaled so that they sum to the estimate's error.
    """

    estimate: FloatArray
    std_error: FloatArray
    covariance: FloatArray
    horizons: FloatArray
    n: int
    events: int
    cases: CountArray
    controls: CountArray
    censored_before: CountArray
    reason: tuple[tuple[str | None, ...], ...]
    influence: FloatArray | None = None

    def interval(self, level: float = 0.95, scale: str = "logit") -> tuple[FloatArray, FloatArray]:
        """Return lower and upper confidence limits of the estimates."""
        return confidence_interval(self.estimate, self.std_error, scale, level=level)


def auc_t(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    scores: npt.ArrayLike,
    horizons: npt.ArrayLike,
    *,
    higher_is_worse: bool | Sequence[bool],
    weights: npt.ArrayLike | None = None,
    std_error: bool = True,
    influence: bool = False,
) -> AucResult:
    """Cumulative/dynamic AUC(t): do those dead by t have a worse score than those alive at t?

    Parameters
    ----------
    time : array-like, shape (patients,)
        Follow-up time in any unit; missing, infinite or negative values are refused.
    event : array-like, shape (patients,)
        1 or True for an event, 0 or False for a censoring.
    scores : array-like, shape (patients,) or (patients, scores)
        Scores in any unit; missing values are refused, so choose the patients first.
    horizons : array-like, shape (horizons,)
        Horizons in the unit of ``time``.
    higher_is_worse : bool or sequence of bool
        Whether a higher value means an earlier event; one for all scores or one per score.
    weights : array-like, optional
        Case weights, not negative.
    std_error, influence : bool
        Whether to compute standard errors, and to return each patient's influence value.

    Returns
    -------
    AucResult
        Estimates, standard errors and covariances; NaN with a reason where undefined.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    Cases have an event by t and weight 1/G(T-); controls have T > t and weight 1/G(t). Agrees
    with ``riskRegression::Score(cens.model = "km")``, whose standard errors overflow past
    46,340 patients. scikit-survival weights cases by 1/G(T).

    References
    ----------
    Blanche P, Dartigues JF, Jacqmin-Gadda H. Stat Med 2013;32:5381-5397. doi:10.1002/sim.5958

    Examples
    --------
    >>> result = auc_t([2, 3, 5, 8, 9], [1, 0, 1, 1, 0], [4, 1, 2, 3, 1], [6],
    ...                higher_is_worse=True)
    >>> float(result.estimate[0, 0].round(4))
    0.7143
    """
    panel = prepare(time, event, weights=weights)
    table = _arrays.check_scores(scores, panel.n)
    directions = _arrays.check_directions(higher_is_worse, table.shape[1])
    times = _arrays.check_horizons(horizons)
    ranked = _arrays.levels(table, directions, "scores")
    setting = _ipcw.setting(panel, panel.event.astype(np.int8), times)
    return evaluate_auc(setting, ranked, std_error=std_error, influence=influence)


def evaluate_auc(
    setting: _ipcw.Setting, ranked: Sequence[Ranks], *, std_error: bool, influence: bool
) -> AucResult:
    """Compute AUC(t) of ranked scores in a prepared setting."""
    shape = (setting.horizons.size, len(ranked))
    estimate = np.full(shape, np.nan)
    covariance = np.full((*shape, len(ranked)), np.nan)
    reasons: list[tuple[str | None, ...]] = []
    kept: list[FloatArray] = []
    for h in range(shape[0]):
        writer = _writer(setting, ranked, h)
        if std_error:
            estimate[h], columns, covariance[h], reason = _ipcw.columns_at(
                setting, h, len(ranked), writer
            )
            if influence:
                kept.append(columns.T)
        else:
            estimate[h], reason = _ipcw.estimates_at(setting, h, len(ranked), writer)
        reasons.append(reason)
    return AucResult(
        estimate=estimate,
        std_error=np.sqrt(np.diagonal(covariance, axis1=1, axis2=2)),
        covariance=covariance,
        horizons=setting.horizons,
        n=setting.panel.n,
        events=int(np.count_nonzero(setting.outcome == 1)),
        cases=setting.cases,
        controls=setting.controls,
        censored_before=setting.censored_before,
        reason=tuple(reasons),
        influence=np.array(kept) if kept else None,
    )


def _writer(setting: _ipcw.Setting, ranked: Sequence[Ranks], horizon: int) -> _ipcw.Writer:
    """Return the function that computes one score's AUC and its influence values."""
    tables = setting.by_cell(horizon)
    weights = setting.panel.weights

    def write(score: int, column: FloatArray | None) -> tuple[float, str | None]:
        levels = ranked[score]
        if levels.size < 2:
            return np.nan, "the score has one level only"
        where = (setting.cell, levels.rank, weights, *tables)
        cases, controls = _horizon.weigh_levels(*where, levels.size)
        if not (cases.sum() > 0 and controls.sum() > 0):
            return np.nan, "no cases or no controls at the horizon"
        auc, of_case, of_control = _horizon.level_influence(cases, controls)
        if column is not None:
            sums = _horizon.auc_parts(*where, of_case, of_control, column)
            setting.add_censoring(horizon, column, sums)
        return auc, None

    return write
