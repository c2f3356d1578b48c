"""Brier(t), its share explained (IPA) and its integral over time, for risks of an event.

A *risk* is the predicted probability of an event by a horizon. The squared difference between it
and what happened is weighted by the inverse probability of not being censored: 1/G(T-) for an
event by the horizon, 1/G(t) for patients followed beyond it, nothing for those censored before.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spinemets.performance import _arrays, _horizon, _ipcw
from spinemets.performance._arrays import FloatArray
from spinemets.performance._incidence import incidence_at
from spinemets.performance._intervals import confidence_interval
from spinemets.performance._panel import prepare
from spinemets.performance._products import covariance as influence_covariance

__all__ = ["BrierResult", "IntegratedBrier", "brier_t", "integrated_brier"]


@dataclass(frozen=True)
class BrierResult:
    """Brier(t) of one or several predictions on the same patients, beside the null model's.

    Attributes
    ----------
    estimate, std_error : ndarray, shape (horizons, predictions)
        Brier score and its standard error from the influence function, estimation of G included.
    covariance : ndarray, shape (horizons, predictions, predictions)
        Covariance of the predictions' Brier scores at each horizon.
    null, null_std_error : ndarray, shape (horizons,)
        Brier score of giving everybody the cohort's own Kaplan-Meier (Aalen-Johansen) risk.
    null_covariance : ndarray, shape (horizons, predictions)
        Covariance of each prediction's score with the null model's.
    ipa, ipa_std_error : ndarray, shape (horizons, predictions)
        Index of prediction accuracy, 1 - Brier / null, and its delta-method standard error.
    horizons : ndarray, shape (horizons,)
        Horizons in the unit of ``time``.
    n, events : int
        Patients and events (at any time).
    reason : tuple of tuple of (str or None)
        Why a prediction has no estimate, per horizon and prediction.
    """

    estimate: FloatArray
    std_error: FloatArray
    covariance: FloatArray
    null: FloatArray
    null_std_error: FloatArray
    null_covariance: FloatArray
    ipa: FloatArray
    ipa_std_error: FloatArray
    horizons: FloatArray
    n: int
    events: int
    reason: tuple[tuple[str | None, ...], ...]

    def interval(self, level: float = 0.95, scale: str = "logit") -> tuple[FloatArray, FloatArray]:
        """Return lower and upper confidence limits of the Brier scores."""
        return confidence_interval(self.estimate, self.std_error, scale, level=level)

    def ipa_interval(self, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
        """Return lower and upper confidence limits of IPA (on its own scale: it may be < 0)."""
        return confidence_interval(self.ipa, self.ipa_std_error, "plain", level=level)

    @property
    def ipa_covariance(self) -> FloatArray:
        """Covariance of the predictions' IPA at each horizon, shape as ``covariance``.

        By the delta method: all of them share the null model's error.
        """
        null = self.null[:, np.newaxis, np.newaxis]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = self.estimate / self.null[:, np.newaxis]
            crossed = ratio[:, :, np.newaxis] * self.null_covariance[:, np.newaxis, :]
            spread = ratio[:, :, np.newaxis] * ratio[:, np.newaxis, :]
            spread = spread * self.null_std_error[:, np.newaxis, np.newaxis] ** 2
            found = (self.covariance - crossed - crossed.transpose(0, 2, 1) + spread) / null**2
        return np.where(null > 0, found, np.nan)


@dataclass(frozen=True)
class IntegratedBrier:
    """Brier scores averaged over a grid of times.

    Attributes
    ----------
    estimate, std_error : ndarray, shape (predictions,)
        Integrated Brier score and its standard error.
    covariance : ndarray, shape (predictions, predictions)
        Covariance of the integrated scores.
    null, null_std_error : float
        The null model's integrated score.
    grid : ndarray
        Times at which Brier(t) was computed.
    reason : tuple of (str or None)
        Why a prediction has no estimate.
    """

    estimate: FloatArray
    std_error: FloatArray
    covariance: FloatArray
    null: float
    null_std_error: float
    grid: FloatArray
    reason: tuple[str | None, ...]


def check_risks(
    risks: npt.ArrayLike, patients: int, horizons: int, *, copy: bool = True
) -> FloatArray:
    """Return risks in the shape (predictions, horizons, patients), rows contiguous if copied."""
    try:
        table = np.asarray(risks, np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError("risks: must be numbers") from error
    if table.ndim == 1:
        table = table[:, np.newaxis]
    if table.ndim == 2:
        table = table[:, np.newaxis, :]
    if table.ndim != 3 or table.shape[0] != patients or table.shape[2] != horizons:
        raise ValueError(
            f"risks: must have shape ({patients}, {horizons}) or ({patients}, predictions, "
            f"{horizons}), patients by horizons, has {np.shape(risks)}"
        )
    # A NaN makes both comparisons false.
    if table.size and not (table.min() >= 0 and table.max() <= 1):
        raise ValueError("risks: must be probabilities between 0 and 1, none missing")
    turned = table.transpose(1, 2, 0)
    return np.ascontiguousarray(turned) if copy else turned


def brier_t(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    risks: npt.ArrayLike,
    horizons: npt.ArrayLike,
    *,
    weights: npt.ArrayLike | None = None,
    std_error: bool = True,
) -> BrierResult:
    """Brier(t): the mean squared difference between predicted risk and outcome at t.

    Parameters
    ----------
    time : array-like, shape (patients,)
        Follow-up time in any unit; missing, infinite or negative values are refused.
    event : array-like, shape (patients,)
        1 or True for an event, 0 or False for a censoring.
    risks : array-like, shape (patients, horizons) or (patients, predictions, horizons)
        Predicted probability of an event by each horizon, between 0 and 1, none missing.
    horizons : array-like, shape (horizons,)
        Horizons in the unit of ``time``.
    weights : array-like, optional
        Case weights, not negative.
    std_error : bool
        Whether to compute standard errors.

    Returns
    -------
    BrierResult
        Scores with standard errors, the null model's score, IPA; NaN with a reason where
        undefined.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    Agrees with ``riskRegression::Score(metrics = "Brier", cens.model = "km")``. scikit-survival
    weights events by 1/G(T) instead of 1/G(T-). The risks are taken as given: what was fitted on
    the same patients looks too good.

    References
    ----------
    Gerds TA, Schumacher M. Biom J 2006;48:1029-1040. doi:10.1002/bimj.200610301
    Kattan MW, Gerds TA. Diagn Progn Res 2018;2:7. doi:10.1186/s41512-018-0029-2

    Examples
    --------
    >>> result = brier_t([2, 3, 5, 8], [1, 1, 1, 0], [[0.9], [0.6], [0.4], [0.1]], [4])
    >>> float(result.estimate[0, 0].round(4))
    0.085
    """
    panel = prepare(time, event, weights=weights)
    times = _arrays.check_horizons(horizons)
    table = check_risks(risks, panel.n, times.size)
    setting = _ipcw.setting(panel, panel.event.astype(np.int8), times)
    return evaluate_brier(setting, table, std_error=std_error)


def evaluate_brier(
    setting: _ipcw.Setting, table: FloatArray, *, std_error: bool = True
) -> BrierResult:
    """Compute Brier(t) of risks, shape (predictions, horizons, patients), in a setting."""
    count, size, n = table.shape
    scores = np.full((size, count + 1), np.nan)
    covariance = np.full((size, count + 1, count + 1), np.nan)
    reasons = []
    null_risk = incidence_at(setting)
    for h in range(size):
        if std_error:
            with_null = [*table[:, h], np.full(n, null_risk[h])]
            writer = brier_writer(setting, with_null, h)
            scores[h], _, covariance[h], reason = _ipcw.columns_at(setting, h, count + 1, writer)
        else:
            writer = brier_writer(setting, list(table[:, h]), h)
            scores[h, :count], reason = _ipcw.estimates_at(setting, h, count, writer)
            scores[h, count] = _null_score(setting, h, null_risk[h])
        reasons.append(reason[:count])
    own, null = scores[:, :count], scores[:, count:]
    crossed = covariance[:, :count, count]
    variance = np.diagonal(covariance, axis1=1, axis2=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = own / null
        spread = variance[:, :count] + ratio**2 * variance[:, count:] - 2 * ratio * crossed
        ipa_error = np.sqrt(np.maximum(spread, 0.0)) / null
    return BrierResult(
        estimate=own,
        std_error=np.sqrt(variance[:, :count]),
        covariance=covariance[:, :count, :count],
        null=null[:, 0],
        null_std_error=np.sqrt(variance[:, count]),
        null_covariance=crossed,
        ipa=np.where(null > 0, 1 - ratio, np.nan),
        ipa_std_error=np.where(null > 0, ipa_error, np.nan),
        horizons=setting.horizons,
        n=n,
        events=int(np.count_nonzero(setting.outcome == 1)),
        reason=tuple(reasons),
    )


def _null_score(setting: _ipcw.Setting, horizon: int, risk: float) -> float:
    """Brier score of one risk for everybody, from the patients of each cell."""
    if setting.reason[horizon] is not None:
        return np.nan
    as_case, as_control = setting.by_cell(horizon)
    weights = setting.panel.weights if setting.panel.weights.size else None
    counts = np.bincount(setting.cell, weights, minlength=as_case.size)
    missed, alarmed = float(np.sum(counts * as_case)), float(np.sum(counts * as_control))
    return (missed * (1 - risk) ** 2 + alarmed * risk**2) / setting.panel.total


def brier_writer(setting: _ipcw.Setting, risks: list[FloatArray], horizon: int) -> _ipcw.Writer:
    """Return the function that computes one Brier score and its influence values."""
    panel = setting.panel
    tables = setting.by_cell(horizon)

    def write(prediction: int, column: FloatArray | None) -> tuple[float, str | None]:
        risk = risks[prediction]
        if column is None:
            score = _horizon.brier_sum(setting.cell, risk, panel.weights, *tables)
            return score / panel.total, None
        sums = _horizon.brier_parts(
            *(setting.cell, risk, panel.weights), *tables, panel.total, column
        )
        score = float(sums.sum())
        setting.add_censoring(horizon, column, sums)
        if panel.weights.size:  # a mean moves with the weight even where nothing else does
            column -= score * panel.weights / panel.total
        return score, None

    return write


def integrated_brier(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    risks: npt.ArrayLike,
    grid: npt.ArrayLike,
    *,
    rule: str = "step",
    weights: npt.ArrayLike | None = None,
) -> IntegratedBrier:
    """Integrated Brier score: Brier(t) averaged from 0 to the end of a grid of times.

    Parameters
    ----------
    time : array-like, shape (patients,)
        Follow-up time in any unit; missing, infinite or negative values are refused.
    event : array-like, shape (patients,)
        1 or True for an event, 0 or False for a censoring.
    risks : array-like, shape (patients, times) or (patients, predictions, times)
        Predicted probability of an event by each time of the grid, between 0 and 1, none missing.
    grid : array-like, shape (times,)
        Increasing times in the unit of ``time``.
    rule : {"step", "trapezoid"}
        "step" holds the score of each time until the next and is what riskRegression and pec
        print; "trapezoid" joins them by lines. Both start from a score of 0 at time 0.
    weights : array-like, optional
        Case weights, not negative.

    Returns
    -------
    IntegratedBrier
        Averages with standard errors; NaN with a reason where a time has no Brier score.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    References
    ----------
    Graf E, Schmoor C, Sauerbrei W, Schumacher M. Stat Med 1999;18:2529-2545.
    doi:10.1002/(SICI)1097-0258(19990915/30)18:17/18<2529::AID-SIM274>3.0.CO;2-5

    Examples
    --------
    >>> result = integrated_brier([2, 3, 5, 8], [1, 1, 1, 0], np.full((4, 2), 0.5), [2, 4])
    >>> float(result.estimate[0])
    0.125
    """
    panel = prepare(time, event, weights=weights)
    times = _arrays.check_horizons(grid)
    if times[0] <= 0 or bool(np.any(np.diff(times) <= 0)):
        raise ValueError("grid: must be positive and increasing")
    table = check_risks(risks, panel.n, times.size)
    share = _shares(times, rule)
    setting = _ipcw.setting(panel, panel.event.astype(np.int8), times)
    return _integrate(setting, table, share)


def _shares(times: FloatArray, rule: str) -> FloatArray:
    """Return how much each time's score counts in the average."""
    steps = np.diff(times, prepend=0.0)
    if rule == "step":
        after = np.append(steps[1:], 0.0)
    elif rule == "trapezoid":
        after = (steps + np.append(steps[1:], 0.0)) / 2
    else:
        raise ValueError("rule: must be step or trapezoid")
    return np.asarray(after / times[-1])


def _integrate(setting: _ipcw.Setting, table: FloatArray, share: FloatArray) -> IntegratedBrier:
    count, _, n = table.shape
    total = np.zeros(count + 1)
    columns = np.zeros((count + 1, n))
    reasons: list[str | None] = [None] * count
    null_risk = incidence_at(setting)
    for h in np.flatnonzero(share):
        with_null = [*table[:, h], np.full(n, null_risk[h])]
        score, column, _, why = _ipcw.columns_at(
            setting, int(h), count + 1, brier_writer(setting, with_null, int(h))
        )
        total += share[h] * score
        columns += share[h] * column
        reasons = [old or new for old, new in zip(reasons, why, strict=False)]
    covariance = influence_covariance(columns)
    return IntegratedBrier(
        estimate=total[:count],
        std_error=np.sqrt(np.diagonal(covariance)[:count]),
        covariance=covariance[:count, :count],
        null=float(total[count]),
        null_std_error=float(np.sqrt(covariance[count, count])),
        grid=setting.horizons,
        reason=tuple(reasons),
    )
