"""
Recalibration of risks to a cohort, with an honest picture of what it gains.

A fixed score usually ranks patients as it should while its printed survival belongs to another
time and place. Three updates, from least to most data-hungry: the baseline alone, baseline and
slope, and every risk level anew. Their effect is judged on patients they weren't fitted to.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from spinemets.performance._arrays import FloatArray
from spinemets.performance._checks import cloglog, prepare
from spinemets.performance._cox import fit_cox
from spinemets.performance._estimate import Z95, Estimate
from spinemets.performance._km import NO_EVENTS, FollowUp, kaplan_meier_at
from spinemets.performance.calibration import (
    calibration_curve,
    pseudo_regression,
    ratio_at,
)
from spinemets.performance.fitted_risks import deal_folds, fitted_risk

if TYPE_CHECKING:
    import pandas as pd

METHODS: Final = ("baseline", "slope", "levels")
_SEED: Final = 20240102


@dataclass(frozen=True)
class Recalibration:
    """
    Risks adapted to a cohort.

    Parameters
    ----------
    method : str
        One of `METHODS`.
    horizon : float
        Horizon in the unit of time.
    intercept, slope : float
        New log cumulative hazard is ``intercept + slope * cloglog(risk)``; NaN for ``levels``.
    apparent, cross_fitted : numpy.ndarray, shape (n,)
        Updated risk of each patient, fitted to all, and fitted to the other folds.
    levels, updated, lower, upper : numpy.ndarray
        Distinct risks as supplied, updated, and 95 % limits of the update.
    n, events : numpy.ndarray of int
        Patients, and events by the horizon, per level.
    before, after : dict of str to Estimate
        ``oe_ratio``, ``cloglog_intercept``, ``cloglog_slope`` and ``ici``, of the risks as supplied
        and of the cross-fitted update.
    reason : str
        Why there is no update.
    """

    method: str
    horizon: float
    intercept: float
    slope: float
    apparent: FloatArray
    cross_fitted: FloatArray
    levels: FloatArray
    updated: FloatArray
    lower: FloatArray
    upper: FloatArray
    n: npt.NDArray[np.int64]
    events: npt.NDArray[np.int64]
    before: dict[str, Estimate]
    after: dict[str, Estimate]
    reason: str = ""

    def table(self, labels: dict[float, str] | None = None) -> "pd.DataFrame":
        """
        This centre's updated table.

        Parameters
        ----------
        labels : dict of float to str, optional
            Name of each supplied risk, for example the band.

        Returns
        -------
        pandas.DataFrame
            Columns level, risk, updated_risk, lower, upper, n, events, method, horizon, reason;
            one row per distinct risk. Risks are of the event; the limits belong to the update.
        """
        import pandas as pd

        names = [(labels or {}).get(float(value), f"{value:.3g}") for value in self.levels]
        return pd.DataFrame(
            {
                "level": names,
                "risk": self.levels,
                "updated_risk": self.updated,
                "lower": self.lower,
                "upper": self.upper,
                "n": self.n,
                "events": self.events,
                "method": self.method,
                "horizon": self.horizon,
                "reason": self.reason,
            }
        )


def recalibrate(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    risk: npt.ArrayLike,
    horizon: float,
    *,
    method: str = "baseline",
    folds: int = 10,
    seed: int = _SEED,
) -> Recalibration:
    """
    Adapt risks at a horizon to a cohort.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up and whether it ended with the event.
    risk : array_like of float, shape (n,)
        Predicted risk at the horizon.
    horizon : float
        Horizon in the unit of ``time``.
    method : {"baseline", "slope", "levels"}
        Shift every log cumulative hazard by what makes the mean risk the observed one (the slope
        stays 1); estimate baseline and slope anew; or the Kaplan-Meier risk of each distinct level
        (small ones merged with a neighbour).
    folds : int
        Folds of the honest after-picture.
    seed : int
        Seed of the folds.

    Returns
    -------
    Recalibration
        With a reason in place of numbers where it can't be done.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    ``baseline`` is recalibration in the large: the mean of the updated risks is the Kaplan-Meier
    risk at the horizon, its limits come from the influence function of both. A Cox model with
    ``cloglog(risk)`` as offset gives that only where the slope is 1. ``slope`` is the Cox model
    with it as covariate, Efron's baseline, follow-up censored at the horizon. The after-picture
    comes from cross-fitting: an apparent one is perfect by construction and says nothing.

    References
    ----------
    van Houwelingen HC. Stat Med 2000;19:3401-3415,
    doi 10.1002/1097-0258(20001230)19:24<3401::AID-SIM554>3.0.CO;2-2.

    Examples
    --------
    >>> found = recalibrate([1, 2, 3, 4], [1, 1, 0, 0], [0.5, 0.2, 0.2, 0.2], 2.5, folds=2)
    >>> found.levels.tolist()
    [0.2, 0.5]
    """
    follow_up, checked, limit = prepare(time, event, risk, horizon)
    if method not in METHODS:
        raise ValueError(f"method: must be one of {', '.join(METHODS)}")
    if int(folds) != folds or folds < 2:
        raise ValueError("folds: must be a whole number from 2 on")
    update = {"baseline": _baseline, "slope": _slope, "levels": _levels}[method]
    apparent, limits, coefficients, reason = update(follow_up, checked, checked, limit)
    cross = np.full(follow_up.n, np.nan)
    if not reason:
        fold = deal_folds(follow_up, checked, int(folds), seed)
        for k in np.unique(fold):
            test = fold == k
            train = follow_up.take(~test)
            cross[test], _, _, reason = update(train, checked[~test], checked[test], limit)
            if reason:
                reason = f"without one of the folds: {reason}"
                break
    before = _picture(follow_up, checked, limit)
    after = _picture(follow_up, cross, limit) if not reason else {}
    return _collect(
        follow_up, checked, method, limit, apparent, cross, limits, coefficients, before, after,
        reason,
    )  # fmt: skip


_Update = tuple[FloatArray, tuple[FloatArray, FloatArray], tuple[float, float], str]


def _none(size: int, reason: str) -> _Update:
    nothing = np.full(size, np.nan)
    return nothing, (nothing, nothing), (np.nan, np.nan), reason


def _slope(train: FollowUp, known: FloatArray, wanted: FloatArray, horizon: float) -> _Update:
    x, at = cloglog(known), cloglog(wanted)
    if reason := _refused(train, x, at, horizon):
        return _none(wanted.size, reason)
    used = train.truncate(horizon)
    fit, last = fit_cox(used, x[:, np.newaxis]), used.until(horizon)
    if fit.reason:
        return _none(wanted.size, fit.reason)
    table = at[:, np.newaxis]
    base = float(np.log(fit.cumulative(last)[0]))
    error = fit.log_hazard_error(table, last)
    slope = float(fit.coef[0])
    return _risks(base + fit.linear(table), error, (base - slope * float(fit.centre[0]), slope))


def _baseline(train: FollowUp, known: FloatArray, wanted: FloatArray, horizon: float) -> _Update:
    x, at = cloglog(known), cloglog(wanted)
    if reason := _refused(train, x, at, horizon):
        return _none(wanted.size, reason)
    curve = kaplan_meier_at(train, horizon)
    observed = 1.0 - curve.value
    if not 0 < observed < 1:
        return _none(wanted.size, "the observed risk is 1")

    def excess(shift: float) -> float:
        return float(np.mean(-np.expm1(-np.exp(np.minimum(x + shift, 700.0)))) - observed)

    centre = float(cloglog(observed))
    # A hair wider than the limits between which the root lies, for rounding.
    shift = float(brentq(excess, centre - x.max() - 1e-6, centre - x.min() + 1e-6, xtol=1e-14))
    hazard = np.exp(x + shift)
    risk = -np.expm1(-hazard)
    influence = (risk - risk.mean()) / risk.size + curve.influence
    error = float(np.sqrt(np.sum(influence**2)) / np.mean(hazard * np.exp(-hazard)))
    return _risks(at + shift, np.full(at.size, error), (shift, 1.0))


def _refused(train: FollowUp, x: FloatArray, at: FloatArray, horizon: float) -> str:
    if not bool(np.all(np.isfinite(x)) and np.all(np.isfinite(at))):
        return "a risk of 0 or 1 has no log hazard"
    curve = kaplan_meier_at(train, horizon)
    return curve.reason or ("" if curve.events else NO_EVENTS)


def _risks(eta: FloatArray, error: FloatArray, coefficients: tuple[float, float]) -> _Update:
    """Risks of log cumulative hazards, with limits."""
    risk, low, high = (
        -np.expm1(-np.exp(np.minimum(eta + shift, 700.0)))
        for shift in (0.0, -Z95 * error, Z95 * error)
    )
    return risk, (low, high), coefficients, ""


def _levels(train: FollowUp, known: FloatArray, wanted: FloatArray, horizon: float) -> _Update:
    fitted = fitted_risk(train.time, train.event, known, horizon, folds=None)
    if fitted.reason:
        return _none(wanted.size, fitted.reason)
    values, first = np.unique(known, return_index=True)
    level_risk = fitted.probability[first]
    # Levels merged with a neighbour share its risk, and so its interval.
    low, high = np.full(values.size, np.nan), np.full(values.size, np.nan)
    for risk in np.unique(level_risk):
        merged = level_risk == risk
        curve = kaplan_meier_at(train, horizon, np.isin(known, values[merged]))
        low[merged], high[merged] = 1.0 - curve.upper, 1.0 - curve.lower
    nearest = np.argmin(np.abs(wanted[:, np.newaxis] - values), axis=1)
    limits = (low[nearest], high[nearest])
    return level_risk[nearest], limits, (np.nan, np.nan), ""


def _picture(follow_up: FollowUp, risk: FloatArray, horizon: float) -> dict[str, Estimate]:
    intercept, slope = pseudo_regression(follow_up, risk, horizon)
    curve = calibration_curve(follow_up.time, follow_up.event, risk, horizon, truncate=True)
    return {
        "oe_ratio": ratio_at(follow_up, risk, horizon, "influence"),
        "cloglog_intercept": intercept,
        "cloglog_slope": slope,
        "ici": curve.ici,
    }


def _collect(
    follow_up: FollowUp,
    risk: FloatArray,
    method: str,
    horizon: float,
    apparent: FloatArray,
    cross: FloatArray,
    limits: tuple[FloatArray, FloatArray],
    coefficients: tuple[float, float],
    before: dict[str, Estimate],
    after: dict[str, Estimate],
    reason: str,
) -> Recalibration:
    levels, first, place = np.unique(risk, return_index=True, return_inverse=True)
    dead = follow_up.by(horizon)[0]
    return Recalibration(
        method=method,
        horizon=horizon,
        intercept=coefficients[0],
        slope=coefficients[1],
        apparent=apparent,
        cross_fitted=cross,
        levels=levels,
        updated=apparent[first],
        lower=limits[0][first],
        upper=limits[1][first],
        n=np.bincount(place, minlength=levels.size),
        events=np.bincount(place[dead], minlength=levels.size),
        before=before,
        after=after,
        reason=reason,
    )
