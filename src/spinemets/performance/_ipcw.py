"""Inverse-probability-of-censoring weights at a list of horizons, shared by AUC(t) and Brier(t)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from spinemets.performance import _horizon
from spinemets.performance._arrays import TIME_TOLERANCE, FloatArray, IntArray
from spinemets.performance._panel import Panel
from spinemets.performance._products import covariance

#: Those censored on the last day aren't controls (T > t) and 1/G(t) is infinite: without anybody
#: beyond the horizon the survivors drop out of AUC(t) and Brier(t), which would say something else.
NOBODY_BEYOND: Final = "nobody is followed beyond the horizon"

CodeArray = npt.NDArray[np.int8]
CountArray = npt.NDArray[np.int64]
# (score, column to fill with influence values, or None) -> (estimate, why there is none)
Writer = Callable[[int, FloatArray | None], tuple[float, str | None]]


@dataclass(frozen=True)
class Setting:
    """Weights, risk sets and patient counts at each horizon."""

    panel: Panel
    outcome: CodeArray
    cell: IntArray
    horizons: FloatArray
    upto: CountArray
    inverse: FloatArray
    inverse_end: FloatArray
    hazard: FloatArray
    cases: CountArray
    controls: CountArray
    censored_before: CountArray
    reason: tuple[str | None, ...]

    def at(self, horizon: int) -> tuple[FloatArray, float, int]:
        """Return 1/G(t-) per time, 1/G at the horizon, and the number of times up to it."""
        return self.inverse, float(self.inverse_end[horizon]), int(self.upto[horizon])

    def by_cell(self, horizon: int) -> tuple[FloatArray, FloatArray]:
        """Return the weight, as a case and as a control, of a patient of each cell."""
        inverse, end, upto = self.at(horizon)
        as_case = np.zeros((self.panel.size, 3))
        as_control = np.zeros((self.panel.size, 3))
        as_case[:upto, 1] = inverse[:upto]
        as_control[:upto, 2] = inverse[:upto]
        as_control[upto:] = end
        return as_case.ravel(), as_control.ravel()

    def add_censoring(
        self, horizon: int, column: FloatArray, sums: FloatArray | None = None
    ) -> None:
        """Complete influence values by the part that comes from estimating G.

        ``sums`` are the sums of the column by cell, where they are known already.
        """
        if sums is None:
            sums = _horizon.sum_cells(self.cell, column, 3 * self.panel.size)
        at_risk = self.panel.risk_sets[0]
        terms = _horizon.censoring_terms(sums, self.hazard, at_risk, int(self.upto[horizon]))
        _horizon.add_terms(self.cell, terms, self.panel.weights, column)


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
    cell = _horizon.number_cells(panel.rank, outcome)
    each = np.bincount(cell, minlength=3 * panel.size).reshape(panel.size, 3)
    totals = np.vstack([np.zeros((1, 3), np.int64), np.cumsum(each, axis=0)])[upto].T
    controls = panel.n - totals.sum(axis=0) + totals[2]
    beyond_last = np.zeros(upto.size, np.bool_)
    when = np.flatnonzero(each[:, 1])
    if when.size:
        beyond_last = horizons > panel.times[when[-1]] + slack
    # Where the last day has only events, G stays above zero and everybody's outcome is known.
    cut = (upto == panel.size) & bool(panel.size and each[-1, 0])
    reasons = tuple(
        _reason(panel, when.size > 0, int(cases), bool(beyond), bool(ended))
        for cases, beyond, ended in zip(totals[1], beyond_last, cut, strict=True)
    )
    return Setting(
        *(panel, outcome, cell, horizons, upto, inverse, inverse_end, hazard),
        *(totals[1], controls, totals[0], reasons),
    )


def _reason(panel: Panel, any_event: bool, cases: int, beyond_last: bool, cut: bool) -> str | None:
    if panel.n == 0:
        return "no patients"
    if panel.total == 0:
        return "all weights are zero"
    if not any_event:
        return "no events"
    if cases == 0:
        return "no events by the horizon"
    if beyond_last:
        return "the horizon lies beyond the last event"
    if cut:
        return NOBODY_BEYOND
    return None


def columns_at(
    setting: Setting,
    horizon: int,
    count: int,
    write: Writer,
) -> tuple[FloatArray, FloatArray, FloatArray, tuple[str | None, ...]]:
    """Fill one column of influence values per score and return their covariance.

    Returns estimates, columns (one row per score), covariance and reasons.
    """
    columns = np.zeros((count, setting.panel.n))
    estimate = np.full(count, np.nan)
    reasons: list[str | None] = []
    for score in range(count):
        reason = setting.reason[horizon]
        if reason is None:
            estimate[score], reason = write(score, columns[score])
        if reason is not None:
            columns[score] = np.nan
        reasons.append(reason)
    return estimate, columns, covariance(columns), tuple(reasons)


def estimates_at(
    setting: Setting, horizon: int, count: int, write: Writer
) -> tuple[FloatArray, tuple[str | None, ...]]:
    """Compute the estimates alone."""
    reason = setting.reason[horizon]
    if reason is not None:
        return np.full(count, np.nan), (reason,) * count
    found = [write(score, None) for score in range(count)]
    return np.array([value for value, _ in found]), tuple(why for _, why in found)
