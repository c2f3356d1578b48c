"""
Calibration of risks on censored data: O:E and slope, and the names of all other measures.

A *risk* is the predicted probability of the event by a horizon, 0 to 1. Times and horizons are in
one unit, whichever. Regressions are in `calibration_regression`, the smoothed curve with ICI, E50,
E90 and Emax in `calibration_curve`, groups and bands in `calibration_groups`, D-calibration in
`calibration_distribution`, rows for the table of results in `calibration_rows`.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from spinemets.performance._arrays import FloatArray, as_vector
from spinemets.performance._checks import check_horizon, cloglog, prepare
from spinemets.performance._cox import fit_cox
from spinemets.performance._estimate import Estimate, log_normal, undefined, wald
from spinemets.performance._km import NO_EVENTS, NOBODY, FollowUp, kaplan_meier_at
from spinemets.performance.calibration_curve import (
    SMOOTHERS,
    CalibrationCurve,
    calibration_curve,
)
from spinemets.performance.calibration_distribution import DCalibration, d_calibration
from spinemets.performance.calibration_groups import (
    GroupedCalibration,
    band_calibration,
    grouped_calibration,
)
from spinemets.performance.calibration_regression import (
    PoissonCalibration,
    cloglog_calibration,
    poisson_calibration,
    pseudo_regression,
)

__all__ = [
    "INTERVALS",
    "SMOOTHERS",
    "CalibrationCurve",
    "DCalibration",
    "GroupedCalibration",
    "PoissonCalibration",
    "band_calibration",
    "calibration_curve",
    "calibration_slope",
    "cloglog",
    "cloglog_calibration",
    "d_calibration",
    "grouped_calibration",
    "observed_expected",
    "poisson_calibration",
    "pseudo_regression",
    "ratio_at",
    "slope_of",
]

INTERVALS: Final = ("influence", "greenwood", "poisson", "poisson_all")


def observed_expected(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    risk: npt.ArrayLike,
    horizon: float,
    *,
    interval: str = "influence",
) -> Estimate:
    """
    Ratio of the observed risk at a horizon to the mean predicted risk (O:E, mean calibration).

    Above 1 the prediction was too optimistic: more events than expected.

    Parameters
    ----------
    time : array_like of float, shape (n,)
        Follow-up.
    event : array_like of bool, shape (n,)
        Whether the follow-up ended with the event.
    risk : array_like of float, shape (n,)
        Predicted risk at the horizon.
    horizon : float
        Horizon in the unit of ``time``.
    interval : {"influence", "greenwood", "poisson", "poisson_all"}
        Variance of ``log(O:E)``; see Notes.

    Returns
    -------
    Estimate
        O:E with a log-normal 95 % interval; NaN with a reason without events by the horizon, when
        follow-up ends before it, or when all predicted risks are zero.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    O is one minus Kaplan-Meier at the horizon. ``influence`` takes O and E as what they are, two
    estimates from the same patients, and keeps nominal coverage; ``greenwood`` takes E as fixed,
    which is a little conservative when predictions discriminate; ``poisson`` is one over the number
    of events by the horizon (McLernon 2023), conservative when the risk isn't small (the ratio of
    standard errors is about ``1 / sqrt(1 - O)``); ``poisson_all`` counts the events after the
    horizon as well, as some published code does when follow-up wasn't censored at the horizon.

    References
    ----------
    McLernon DJ et al. Ann Intern Med 2023;176:105-114, doi 10.7326/M22-0844.

    Examples
    --------
    >>> found = observed_expected([1, 2, 3, 4], [1, 1, 0, 0], [0.5, 0.6, 0.5, 0.4], 2.5)
    >>> round(found.value, 4), found.n, found.events
    (1.0, 4, 2)
    """
    follow_up, checked, limit = prepare(time, event, risk, horizon)
    if interval not in INTERVALS:
        raise ValueError(f"interval: must be one of {', '.join(INTERVALS)}")
    return ratio_at(follow_up, checked, limit, interval)


def ratio_at(follow_up: FollowUp, risk: FloatArray, horizon: float, interval: str) -> Estimate:
    """
    O:E of checked input; see `observed_expected`.

    Parameters
    ----------
    follow_up : FollowUp
        Ranked follow-up.
    risk : numpy.ndarray
        Risks.
    horizon : float
        Horizon.
    interval : str
        One of `INTERVALS`.

    Returns
    -------
    Estimate
        As `observed_expected`.
    """
    method = f"Kaplan-Meier, log-normal ({interval})"
    curve = kaplan_meier_at(follow_up, horizon)
    expected = float(risk.mean()) if risk.size else np.nan
    reason = curve.reason or (NO_EVENTS if curve.events == 0 else "")
    if not reason and expected <= 0:
        reason = "all predicted risks are zero"
    if reason:
        return undefined(reason, curve.n, curve.events, method)
    observed = 1.0 - curve.value
    if curve.value == 0 and interval in ("influence", "greenwood"):
        # Greenwood's variance is 0 where nobody is left: an interval of it would be a point.
        why = "everybody had died by this time: no interval"
        ratio = observed / expected
        return Estimate(ratio, np.nan, np.nan, np.nan, curve.n, curve.events, method, why)
    if interval == "influence":
        parts = curve.influence / observed + (risk / expected - 1) / curve.n
        error = float(np.sqrt(np.sum(parts**2)))
    elif interval == "greenwood":
        error = curve.std_error / observed
    else:
        counted = curve.events if interval == "poisson" else follow_up.events()
        error = float(counted) ** -0.5
    return log_normal(observed / expected, error, curve.n, curve.events, method)


def calibration_slope(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    linear_predictor: npt.ArrayLike,
    *,
    horizon: float | None = None,
) -> Estimate:
    """
    Calibration slope: Cox coefficient of the linear predictor (weak calibration).

    Below 1 predictions are too extreme, above 1 too moderate.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up and whether it ended with the event.
    linear_predictor : array_like of float, shape (n,)
        Log relative hazard; for risks at a horizon their `cloglog`, which is the linear predictor
        up to a constant if they come from a proportional-hazards model.
    horizon : float, optional
        Follow-up is censored here; by default all of it is used.

    Returns
    -------
    Estimate
        Slope with Wald interval; NaN with a reason when there are no events, one value only, or
        risks of 0 or 1 whose complementary log-log doesn't exist.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    Efron's ties; agrees with ``survival::coxph`` of R.

    Examples
    --------
    >>> calibration_slope([1, 2, 3, 4], [1, 1, 1, 0], [2.0, 0.5, 1.0, 0.0]).defined
    True
    """
    follow_up = FollowUp.of(time, event)
    predictor = as_vector(linear_predictor, "linear_predictor", follow_up.n)
    if bool(np.any(np.isnan(predictor))):
        raise ValueError("linear_predictor: has missing values")
    if horizon is not None:
        follow_up = follow_up.truncate(check_horizon(horizon))
    return slope_of(follow_up, predictor)


def slope_of(follow_up: FollowUp, predictor: FloatArray) -> Estimate:
    """
    Slope of checked input; see `calibration_slope`.

    Parameters
    ----------
    follow_up : FollowUp
        Ranked follow-up.
    predictor : numpy.ndarray
        Log relative hazard.

    Returns
    -------
    Estimate
        As `calibration_slope`.
    """
    method = "Cox, Efron"
    n, events = follow_up.n, follow_up.events()
    if n == 0:
        return undefined(NOBODY, method=method)
    if not bool(np.all(np.isfinite(predictor))):
        return undefined("a risk of 0 or 1 has no log hazard", n, events, method)
    fit = fit_cox(follow_up, predictor[:, np.newaxis])
    if fit.reason:
        reason = fit.reason.replace("a covariate has", "the prediction has")
        return undefined(reason, n, events, method)
    return wald(float(fit.coef[0]), float(np.sqrt(fit.covariance[0, 0])), n, events, method)
