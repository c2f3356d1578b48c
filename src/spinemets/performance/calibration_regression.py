"""Calibration intercepts and slopes by regression: Poisson on hazards, cloglog on pseudo-values."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spinemets.performance._arrays import FloatArray, as_vector, check_event
from spinemets.performance._checks import cloglog, prepare
from spinemets.performance._estimate import Estimate, undefined, wald
from spinemets.performance._km import (
    NO_EVENTS,
    NOBODY,
    FollowUp,
    kaplan_meier_at,
    pseudo_values,
)


@dataclass(frozen=True)
class PoissonCalibration:
    """
    Calibration over the whole follow-up from predicted cumulative hazards.

    Parameters
    ----------
    intercept : Estimate
        Log of observed over expected events, slope fixed at 1.
    slope : Estimate
        Slope of the linear predictor; NaN with a reason when none was given.
    observed, expected : float
        Events observed, and sum of the predicted cumulative hazards, among the patients used.
    left_out : int
        Patients whose predicted cumulative hazard is zero: they carry no information.
    """

    intercept: Estimate
    slope: Estimate
    observed: float
    expected: float
    left_out: int


def poisson_calibration(
    event: npt.ArrayLike,
    cumulative_hazard: npt.ArrayLike,
    linear_predictor: npt.ArrayLike | None = None,
) -> PoissonCalibration:
    """
    Calibration in the large and slope over all follow-up, by Poisson regression (Crowson).

    Parameters
    ----------
    event : array_like of bool, shape (n,)
        Whether the follow-up ended with the event.
    cumulative_hazard : array_like of float, shape (n,)
        Predicted cumulative hazard of each patient at the end of *his own* follow-up,
        ``-log S(T_i | x_i)``: needs the model's baseline (information level 3).
    linear_predictor : array_like of float, shape (n,), optional
        Log relative hazard, for the slope.

    Returns
    -------
    PoissonCalibration
        Intercept (0 is ideal) and slope (1 is ideal) with Wald intervals.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    Intercept: ``event ~ offset(log H)``, which has the closed form ``log(sum event / sum H)`` with
    variance one over the events. Slope: ``event ~ lp + offset(log H - lp)``. Patients with H = 0
    are left out, as R's ``glm`` would need. R stops iterating at a relative deviance of 1e-8, so
    its standard errors differ from these in the seventh digit.

    References
    ----------
    Crowson CS, Atkinson EJ, Therneau TM. Stat Methods Med 2016;25:1692-1706,
    doi 10.1177/0962280213497434.

    Examples
    --------
    >>> found = poisson_calibration([1, 0, 1], [0.5, 0.2, 1.3])
    >>> round(found.intercept.value, 4), found.expected
    (0.0, 2.0)
    """
    hazard = as_vector(cumulative_hazard, "cumulative_hazard")
    if not bool(np.all(np.isfinite(hazard))) or bool(np.any(hazard < 0)):
        raise ValueError("cumulative_hazard: must be finite and not negative")
    died = check_event(event, hazard.size)
    use = hazard > 0
    n, events = int(use.sum()), int(died[use].sum())
    expected = float(hazard[use].sum())
    method = "Poisson"
    left_out = int((~use).sum())
    if events == 0:
        none = undefined("no events" if n else NOBODY, n, 0, method)
        return PoissonCalibration(none, none, 0.0, expected, left_out)
    caveat = f"{left_out} patients without predicted hazard left out" if left_out else ""
    value = float(np.log(events / expected))
    intercept = wald(value, events**-0.5, n, events, method, caveat)
    if linear_predictor is None:
        slope = undefined("no linear predictor", n, events, method)
    else:
        predictor = as_vector(linear_predictor, "linear_predictor", hazard.size)
        slope = _poisson_slope(died[use], hazard[use], predictor[use], events).because(caveat)
    return PoissonCalibration(intercept, slope, float(events), expected, left_out)


def _poisson_slope(
    died: npt.NDArray[np.bool_], hazard: FloatArray, predictor: FloatArray, events: int
) -> Estimate:
    n, method = died.size, "Poisson"
    if not bool(np.all(np.isfinite(predictor))):
        raise ValueError("linear_predictor: has missing or infinite values")
    centred = predictor - predictor.mean()
    if float(np.ptp(predictor)) <= 1e-12 * max(1.0, float(np.max(np.abs(predictor)))):
        return undefined("the prediction has one value only", n, events, method)
    design = np.column_stack([np.ones(n), centred])
    beta = np.array([np.log(events / hazard.sum()), 1.0])
    for _ in range(50):
        mean = hazard * np.exp(design @ beta - centred)
        information = design.T @ (design * mean[:, np.newaxis])
        if float(np.linalg.eigvalsh(information)[0]) < 1e-9 * float(centred @ centred) / n:
            return undefined("the likelihood has no maximum", n, events, method)
        step = np.linalg.solve(information, design.T @ (died - mean))
        beta = beta + np.clip(step, -2.0, 2.0)
        if float(np.max(np.abs(step))) < 1e-12 * (1 + float(np.max(np.abs(beta)))):
            break
    else:
        return undefined("the likelihood has no maximum", n, events, method)
    error = float(np.sqrt(np.linalg.inv(information)[1, 1]))
    return wald(float(beta[1]), error, n, events, method)


def cloglog_calibration(
    time: npt.ArrayLike, event: npt.ArrayLike, risk: npt.ArrayLike, horizon: float
) -> tuple[Estimate, Estimate]:
    """
    Calibration intercept and slope of risks at one horizon, from pseudo-values.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up and whether it ended with the event.
    risk : array_like of float, shape (n,)
        Predicted risk at the horizon.
    horizon : float
        Horizon in the unit of ``time``.

    Returns
    -------
    intercept, slope : Estimate
        Intercept with the slope fixed at 1 (0 is ideal, above 0 risks were too low) and slope
        (1 is ideal), on the complementary log-log scale, with sandwich standard errors.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    Needs no baseline and no proportional hazards: the pseudo-values of the Kaplan-Meier risk are
    regressed with a complementary log-log link and constant variance, with ``cloglog(risk)`` as
    offset (intercept) and as covariate (slope). The same as ``geepack::geese(pseudo ~ ...,
    mean.link = "cloglog", corstr = "independence")`` on the pseudo-values of
    ``survival::pseudo``. The censoring must not depend on the prediction.

    References
    ----------
    van Geloven N et al. BMJ 2022;377:e069249, doi 10.1136/bmj-2021-069249.

    Examples
    --------
    >>> time, event = [1, 2, 3, 4, 5, 6], [1, 1, 0, 1, 0, 0]
    >>> intercept, _ = cloglog_calibration(time, event, [0.6, 0.5, 0.4, 0.3, 0.2, 0.4], 4.5)
    >>> intercept.defined
    True
    """
    return pseudo_regression(*prepare(time, event, risk, horizon))


def pseudo_regression(
    follow_up: FollowUp, risk: FloatArray, horizon: float
) -> tuple[Estimate, Estimate]:
    """
    Intercept and slope of checked input; see `cloglog_calibration`.

    Parameters
    ----------
    follow_up : FollowUp
        Ranked follow-up.
    risk : numpy.ndarray
        Risks.
    horizon : float
        Horizon.

    Returns
    -------
    intercept, slope : Estimate
        As `cloglog_calibration`.
    """
    method = "pseudo-values, cloglog"
    n, events = follow_up.n, follow_up.events(horizon)
    reason = kaplan_meier_at(follow_up, horizon).reason or (NO_EVENTS if events == 0 else "")
    x = cloglog(risk)
    if not reason and not bool(np.all(np.isfinite(x))):
        reason = "a risk of 0 or 1 has no log hazard"
    if reason:
        none = undefined(reason, n, events, method)
        return none, none
    # Patients with one risk differ in their pseudo-value only: their mean carries the estimate, and
    # their sum of squares about it the sandwich.
    pseudo = pseudo_values(follow_up, horizon)
    levels, place, counts = np.unique(x, return_inverse=True, return_counts=True)
    mean = np.bincount(place, weights=pseudo) / counts
    squares = np.bincount(place, weights=(pseudo - mean[place]) ** 2)
    spread = np.asarray(squares, dtype=np.float64)
    data = _Grouped(mean, counts.astype(np.float64), spread, n, events)
    centre = float(x.mean())
    start = float(cloglog(np.clip(pseudo.mean(), 1e-6, 1 - 1e-6))) - centre
    intercept = _gauss_newton(np.ones((levels.size, 1)), data, levels, np.array([start]))[0]
    if float(np.ptp(x)) <= 1e-12 * max(1.0, float(np.max(np.abs(x)))):
        return intercept, undefined("the prediction has one value only", n, events, method)
    design = np.column_stack([np.ones(levels.size), levels - centre])
    begin = np.array([start + centre, 1.0])
    return intercept, _gauss_newton(design, data, np.zeros(levels.size), begin)[1]


@dataclass(frozen=True)
class _Grouped:
    """Pseudo-values by distinct risk: mean, patients, squares about the mean; totals."""

    mean: FloatArray
    count: FloatArray
    spread: FloatArray
    n: int
    events: int


def _gauss_newton(
    design: FloatArray, data: _Grouped, offset: FloatArray, beta: FloatArray
) -> list[Estimate]:
    """Least squares with a complementary log-log mean and sandwich standard errors."""
    method = "pseudo-values, cloglog"
    n, events = data.n, data.events
    failed = [undefined("the regression has no finite solution", n, events, method)] * beta.size

    def parts(b: FloatArray) -> tuple[FloatArray, FloatArray, float]:
        hazard = np.exp(np.clip(design @ b + offset, -700, 700))
        residual = data.mean + np.expm1(-hazard)
        slope = design * (hazard * np.exp(-hazard))[:, np.newaxis]
        return residual, slope, float(data.count @ residual**2)

    residual, slope, loss = parts(beta)
    for _ in range(200):
        weighted = slope * data.count[:, np.newaxis]
        information = weighted.T @ slope
        if not np.all(np.isfinite(information)) or np.linalg.cond(information) > 1e14:
            return failed
        step = np.linalg.solve(information, weighted.T @ residual)
        for _halving in range(30):
            tried = parts(beta + step)
            if tried[2] <= loss * (1 + 1e-14):
                break
            step = step / 2
        beta = beta + step
        residual, slope, loss = tried
        if float(np.min(np.abs(slope[:, 0]))) < 1e-9:  # a fitted risk of 0 or 1: separation
            return failed
        if float(np.max(np.abs(step))) < 1e-11 * (1 + float(np.max(np.abs(beta)))):
            squares = data.spread + data.count * residual**2
            bread = np.linalg.inv((slope * data.count[:, np.newaxis]).T @ slope)
            meat = (slope * squares[:, np.newaxis]).T @ slope
            error = np.sqrt(np.diag(bread @ meat @ bread))
            return [
                wald(float(b), float(e), n, events, method)
                for b, e in zip(beta, error, strict=True)
            ]
    return failed
