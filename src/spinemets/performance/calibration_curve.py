"""The smoothed calibration curve of risks at a horizon, and ICI, E50, E90, Emax."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from spinemets.performance._arrays import FloatArray
from spinemets.performance._checks import prepare
from spinemets.performance._estimate import Estimate, undefined
from spinemets.performance._km import NO_EVENTS, FollowUp, kaplan_meier_at
from spinemets.performance._smoothers import (
    Smoother,
    cox_smoother,
    level_smoother,
    loess_smoother,
)

if TYPE_CHECKING:
    import pandas as pd

SMOOTHERS: Final = ("auto", "rcs3", "rcs4", "rcs5", "linear", "loess1", "loess2", "levels")
MEASURES: Final = ("ici", "e50", "e90", "emax")
#: Up to this many distinct risks the observed risk of each is shown as it is.
FEW_LEVELS: Final = 5
_GRID = 101
_SEED = 20230105


@dataclass(frozen=True)
class CalibrationCurve:
    """
    Observed risk as a smooth function of the predicted one.

    Parameters
    ----------
    smoother : str
        The one used (``auto`` has been resolved).
    observed : numpy.ndarray, shape (n,)
        Smoothed observed risk of each patient; empty when undefined.
    ici, e50, e90, emax : Estimate
        Mean, median, 90th percentile and maximum over patients of |observed - predicted|.
    grid : numpy.ndarray, shape (m, 4)
        Curve to draw: predicted, observed, lower, upper (pointwise 95 %).
    knots, coef : numpy.ndarray
        Knots on the complementary log-log scale and Cox coefficients, for spline smoothers.
    n, events : int
        Patients, events by the horizon.
    reason : str
        Why there is no curve, or a caveat.
    """

    smoother: str
    observed: FloatArray
    ici: Estimate
    e50: Estimate
    e90: Estimate
    emax: Estimate
    grid: FloatArray
    knots: FloatArray
    coef: FloatArray
    n: int
    events: int
    reason: str = ""

    def frame(self) -> "pd.DataFrame":
        """
        Curve as a table.

        Returns
        -------
        pandas.DataFrame
            Columns predicted, observed, lower, upper (risks).
        """
        import pandas as pd

        return pd.DataFrame(self.grid, columns=["predicted", "observed", "lower", "upper"])


def calibration_curve(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    risk: npt.ArrayLike,
    horizon: float,
    *,
    smoother: str = "auto",
    truncate: bool = False,
    draws: int = 200,
    seed: int = _SEED,
) -> CalibrationCurve:
    """
    Smoothed observed risk at a horizon against the predicted one, with ICI, E50, E90 and Emax.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up and whether it ended with the event.
    risk : array_like of float, shape (n,)
        Predicted risk at the horizon.
    horizon : float
        Horizon in the unit of ``time``.
    smoother : str
        ``rcs3``, ``rcs4``, ``rcs5``: Cox model with Harrell's restricted cubic spline of
        ``cloglog(risk)``; ``linear``: the same with one slope; ``loess1``, ``loess2``: local
        regression (degree 1 or 2, span 0.75) of Kaplan-Meier pseudo-values, which needs no
        proportional hazards (exact up to 200 distinct risks, interpolated between 200 points
        beyond); ``levels``: Kaplan-Meier within each distinct risk. ``auto`` is ``levels`` up to
        five distinct risks and ``rcs3`` beyond.
    truncate : bool
        Censor follow-up at the horizon before a Cox model is fitted, so that later follow-up
        can't bend the curve where hazards aren't proportional.
    draws : int
        Draws from the estimated distribution of the curve behind the intervals of ICI, E50, E90
        and Emax; 0 leaves the intervals out.
    seed : int
        Seed of the draws.

    Returns
    -------
    CalibrationCurve
        With a reason in place of numbers when the curve is undefined.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    Efron's ties in coefficients *and* baseline, as R's ``survfit(coxph())`` has it; software with a
    Breslow baseline differs in the third digit on whole-day times. Where the risks have fewer
    distinct values than the spline needs, coinciding knots are merged and the method says so.

    Intervals are percentiles over draws of the curve from its normal approximation
    (``pmcalibration`` calls this ``sim``). All four measures are distances: they are biased
    upwards, and near perfect calibration the percentiles can lie above the estimate; the interval
    is then widened to hold it.

    References
    ----------
    Austin PC, Harrell FE, van Klaveren D. Stat Med 2020;39:2714-2742, doi 10.1002/sim.8570.

    Examples
    --------
    >>> time, event = [1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 0, 0]
    >>> found = calibration_curve(time, event, [0.9, 0.9, 0.5, 0.9, 0.5, 0.5], 3.5, draws=0)
    >>> found.smoother, round(found.ici.value, 4)
    ('levels', 0.2)
    """
    follow_up, checked, limit = prepare(time, event, risk, horizon)
    if smoother not in SMOOTHERS:
        raise ValueError(f"smoother: must be one of {', '.join(SMOOTHERS)}")
    if draws < 0:
        raise ValueError("draws: must not be negative")
    return curve_of(follow_up, checked, limit, smoother, truncate, draws, seed)


def curve_of(
    follow_up: FollowUp,
    risk: FloatArray,
    horizon: float,
    smoother: str = "auto",
    truncate: bool = False,
    draws: int = 200,
    seed: int = _SEED,
) -> CalibrationCurve:
    """
    Curve of checked input; see `calibration_curve`.

    Parameters
    ----------
    follow_up : FollowUp
        Ranked follow-up.
    risk : numpy.ndarray
        Risks.
    horizon : float
        Horizon.
    smoother, truncate, draws, seed
        As `calibration_curve`.

    Returns
    -------
    CalibrationCurve
        As `calibration_curve`.
    """
    values, place = np.unique(risk, return_inverse=True)
    if smoother == "auto":
        smoother = "levels" if values.size <= FEW_LEVELS else "rcs3"
    overall = kaplan_meier_at(follow_up, horizon)
    reason = overall.reason or (NO_EVENTS if overall.events == 0 else "")
    if not reason and values.size < 2:
        reason = "one predicted risk only: no curve"
    n, events = follow_up.n, overall.events
    made = reason or _make(follow_up, risk, horizon, smoother, truncate)
    if isinstance(made, str):
        return _no_curve(smoother, made, n, events)
    return _finish(made, smoother, values, place, n, events, draws, seed)


def _make(
    follow_up: FollowUp, risk: FloatArray, horizon: float, smoother: str, truncate: bool
) -> Smoother | str:
    if smoother == "levels":
        return level_smoother(follow_up, risk, horizon)
    if smoother.startswith("loess"):
        return loess_smoother(follow_up, risk, horizon, int(smoother[-1]))
    wanted = 0 if smoother == "linear" else int(smoother[-1])
    return cox_smoother(follow_up, risk, horizon, wanted, truncate)


def _no_curve(smoother: str, reason: str, n: int, events: int) -> CalibrationCurve:
    none = undefined(reason, n, events, smoother)
    empty = np.empty(0)
    return CalibrationCurve(
        smoother, empty, none, none, none, none, np.empty((0, 4)), empty, empty, n, events, reason
    )


def _finish(
    made: Smoother,
    smoother: str,
    values: FloatArray,
    place: npt.NDArray[np.intp],
    n: int,
    events: int,
    draws: int,
    seed: int,
) -> CalibrationCurve:
    fitted = made.curve(values)
    if not bool(np.all(np.isfinite(fitted))):
        return _no_curve(smoother, "the smoother has no value at some risks", n, events)
    counts = np.bincount(place, minlength=values.size)
    found = distances(fitted[np.newaxis], values, counts)[0]
    sample = np.empty((0, 4))
    if draws:
        drawn = made.draw(values, draws, np.random.default_rng(seed))
        sample = distances(np.clip(drawn, 0.0, 1.0), values, counts)
    several = []
    for i, value in enumerate(found):
        lower = upper = error = np.nan
        if draws:
            low, high = np.quantile(sample[:, i], (0.025, 0.975))
            lower, upper = min(float(low), float(value)), max(float(high), float(value))
            error = float(np.std(sample[:, i], ddof=1)) if draws > 1 else np.nan
        several.append(Estimate(float(value), lower, upper, error, n, events, smoother))
    at = values if values.size <= _GRID else np.linspace(values[0], values[-1], _GRID)
    grid = np.column_stack([at, made.curve(at), *made.band(at)])
    ici, e50, e90, emax = several
    return CalibrationCurve(
        smoother, fitted[place], ici, e50, e90, emax, grid, made.knots, made.coef, n, events
    )


def distances(curves: FloatArray, values: FloatArray, counts: npt.NDArray[np.int64]) -> FloatArray:
    """
    ICI, E50, E90 and Emax of curves given at the distinct risks.

    Parameters
    ----------
    curves : numpy.ndarray, shape (curves, m)
        Observed risks.
    values : numpy.ndarray, shape (m,)
        Predicted risks.
    counts : numpy.ndarray of int, shape (m,)
        Patients with each.

    Returns
    -------
    numpy.ndarray
        Shape (curves, 4). Quantiles interpolate as R's type 7 over patients.
    """
    gap = np.abs(curves - values)
    order = np.argsort(gap, axis=1)
    ordered = np.take_along_axis(gap, order, axis=1)
    reached = np.cumsum(counts[order], axis=1)
    total = int(counts.sum())
    out = np.empty((curves.shape[0], 4))
    out[:, 0] = gap @ counts / total
    for column, share in ((1, 0.5), (2, 0.9)):
        spot = share * (total - 1)
        low, part = int(np.floor(spot)), spot - np.floor(spot)
        pick = [
            np.take_along_axis(
                ordered, np.argmax(reached > min(k, total - 1), axis=1)[:, np.newaxis], axis=1
            )[:, 0]
            for k in (low, low + 1)
        ]
        out[:, column] = pick[0] + part * (pick[1] - pick[0])
    out[:, 3] = ordered[:, -1]
    return out
