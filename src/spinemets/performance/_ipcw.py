"""Inverse-probability-of-censoring weights at a list of horizons, shared by AUC(t) and Brier(t)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spinemets.performance import _horizon
from spinemets.performance._arrays import TIME_TOLERANCE, FloatArray
from spinemets.performance._panel import Panel

CodeArray = npt.NDArray[np.int8]
CountArray = npt.NDArray[np.int64]
# (score, column of own terms to fill or None) -> (estimate, reason why there is none)
Writer = Callable[[int, FloatArray | None], tuple[float, str | None]]


@dataclass(frozen=True)
class Setting:
    """Weights, risk sets and patient counts at each horizon."""

    panel: Panel
    outcome: CodeArray
    horizons: FloatArray
    upto: CountArray
    inverse: FloatArray
    inverse_end: FloatArray
    hazard: FloatArray
    cases: CountArray
    controls: CountArray
    censored_before: CountArray
    reason: tuple[str | None, ...]

    @property
    def where(self) -> tuple[npt.NDArray[np.int32], CodeArray]:
        """Time rank and outcome of each patient, the kernels' first arguments."""
        return self.panel.rank, self.outcome

    def at(self, horizon: int) -> tuple[FloatArray, float, int]:
        """Return 1/G(t-) per time, 1/G at the horizon, and the number of times up to it."""
        return self.inverse, float(self.inverse_end[horizon]), int(self.upto[horizon])

    def add_censoring(self, horizon: int, column: FloatArray) -> None:
        """Complete influence values by the part that comes from estimating G."""
        _horizon.add_censoring_term(
            *self.where,
            self.panel.weights,
            self.hazard,
            self.panel.risk_sets[0],
            int(self.upto[horizon]),
            column,
        )


def setting(panel: Panel, outcome: CodeArray, horizons: FloatArray) -> Setting:
    """Estimate the censoring distribution and look up each horizon in it."""
    slack = TIME_TOLERANCE * np.maximum(1.0, horizons)
    upto = np.searchsorted(panel.times, horizons + slack, side="right").astype(np.int64)
    at_risk, _, staying = panel.risk_sets
    _, censored = panel.by_time
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = 1.0 / staying
        hazard = np.cumsum(np.where(censored > 0, censored / at_risk**2, 0.0))
    inverse_end = np.append(inverse, np.nan)[upto]
    totals = np.zeros((3, upto.size), np.int64)
    for kind in range(3):
        each = np.bincount(panel.rank[outcome == kind], minlength=panel.size)
        totals[kind] = np.append(0, np.cumsum(each))[upto]
    controls = panel.n - totals.sum(axis=0) + totals[2]
    beyond_last = np.zeros(upto.size, np.bool_)
    if totals.size and bool(np.any(outcome == 1)):
        beyond_last = horizons > panel.times[panel.rank[outcome == 1].max()] + slack
    reasons = tuple(
        _reason(panel, outcome, int(cases), bool(beyond))
        for cases, beyond in zip(totals[1], beyond_last, strict=True)
    )
    return Setting(
        *(panel, outcome, horizons, upto, inverse, inverse_end, hazard),
        *(totals[1], controls, totals[0], reasons),
    )


def _reason(panel: Panel, outcome: CodeArray, cases: int, beyond_last: bool) -> str | None:
    if panel.n == 0:
        return "no patients"
    if panel.total == 0:
        return "all weights are zero"
    if not bool(np.any(outcome == 1)):
        return "no events"
    if cases == 0:
        return "no events by the horizon"
    if beyond_last:
        return "the horizon lies beyond the last event"
    return None


def columns_at(
    setting: Setting,
    horizon: int,
    count: int,
    write: Writer,
) -> tuple[FloatArray, FloatArray, FloatArray, tuple[str | None, ...]]:
    """Fill one column of influence values per score, complete them, return their covariance.

    Returns estimates, columns (one row per score), covariance and reasons.
    """
    columns = np.zeros((count, setting.panel.n))
    estimate = np.full(count, np.nan)
    reasons: list[str | None] = []
    for score in range(count):
        reason = setting.reason[horizon]
        if reason is None:
            estimate[score], reason = write(score, columns[score])
        if reason is None:
            setting.add_censoring(horizon, columns[score])
        else:
            columns[score] = np.nan
        reasons.append(reason)
    return estimate, columns, _horizon.covariance(columns), tuple(reasons)


def estimates_at(
    setting: Setting, horizon: int, count: int, write: Writer
) -> tuple[FloatArray, tuple[str | None, ...]]:
    """Compute the estimates alone."""
    reason = setting.reason[horizon]
    if reason is not None:
        return np.full(count, np.nan), (reason,) * count
    found = [write(score, None) for score in range(count)]
    return np.array([value for value, _ in found]), tuple(why for _, why in found)
