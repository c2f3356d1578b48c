"""Calibration in the large of predicted cumulative incidences, by Aalen and Johansen's estimate."""

from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from spinemets.performance import _ipcw
from spinemets.performance._arrays import TIME_TOLERANCE, FloatArray, check_horizons
from spinemets.performance._estimate import Z95, Estimate, undefined
from spinemets.performance._km import BEYOND, NOBODY
from spinemets.performance.competing import prepare_causes

AALEN_JOHANSEN: Final = "Aalen-Johansen"
NO_SPREAD: Final = "nobody or everybody had the event by the horizon: no interval"


def observed_over_expected(
    time: npt.ArrayLike,
    cause: npt.ArrayLike,
    risk: npt.ArrayLike,
    horizon: float,
    *,
    of_interest: int = 1,
) -> tuple[Estimate, Estimate, Estimate]:
    """
    Observed and mean predicted cumulative incidence of one cause, and their ratio.

    Parameters
    ----------
    time : array_like, shape (n,)
        Follow-up to the first event of any kind or to the end of observation.
    cause : array_like of int, shape (n,)
        0 for censored, 1, 2, ... for events.
    risk : array_like of float, shape (n,)
        Predicted cumulative incidence of the event of interest by the horizon.
    horizon : float
        Horizon in the unit of ``time``.
    of_interest : int
        Code of the event that is predicted.

    Returns
    -------
    observed, predicted, ratio : Estimate
        With 95 % intervals from influence functions: the observed incidence on the log-log scale,
        the ratio on the log scale. NaN with a reason where the incidence isn't known.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    An inverse-weighted share of patients with the event, 1/G(T-), is the Aalen-Johansen estimate;
    its influence values carry the variance, estimation of G included. It is known wherever somebody
    is followed to the horizon, also after the last event of interest, and where everybody had an
    event. Kaplan-Meier, which censors
    the other event, would overstate the observed risk.

    References
    ----------
    van Geloven N et al. BMJ 2022;377:e069249, doi 10.1136/bmj-2021-069249.

    Examples
    --------
    >>> parts = observed_over_expected([1, 2, 3, 5, 6], [1, 2, 1, 0, 1], [0.25] * 5, 4)
    >>> [round(part.value, 3) for part in parts]
    [0.4, 0.25, 1.6]
    """
    panel, outcome = prepare_causes(time, cause, of_interest)
    setting = _ipcw.setting(panel, outcome, check_horizons([horizon]))
    n, events = panel.n, int(setting.cases[0])
    predicted = np.asarray(risk, dtype=np.float64)
    if predicted.shape != (n,) or not bool(np.all((predicted >= 0) & (predicted <= 1))):
        raise ValueError(f"risk: must be a probability for each of {n} patients")
    # The mean risk needs no follow-up: it is known whatever the cohort can't answer.
    mean = float(predicted.mean()) if n else float("nan")
    expected = Estimate(mean, n=n, events=events, method="mean")
    if why := _unknown(setting):
        none = undefined(why, n, events, AALEN_JOHANSEN)
        return none, expected, none
    value, influence = _incidence(setting)
    error = float(np.sqrt(np.sum(influence**2)))
    observed = _log_log(value, error, n, events)
    if not mean > 0:
        return observed, expected, undefined("every predicted risk is 0", n, events)
    if not error > 0:
        return observed, expected, replace(observed, value=value / mean)
    # Both ends of the ratio vary with the same patients.
    parts: FloatArray = influence / value - (predicted - mean) / (n * mean)
    spread = float(np.sqrt(np.sum(parts**2)))
    ratio = value / mean
    half = float(np.exp(Z95 * spread))
    return (
        observed,
        expected,
        Estimate(
            *(ratio, ratio / half, ratio * half, ratio * spread, n, events),
            f"{AALEN_JOHANSEN}, log-normal (influence)",
        ),
    )


def _unknown(setting: _ipcw.Setting) -> str:
    """Why the incidence isn't known; a plateau after the last event of interest is known."""
    panel = setting.panel
    if panel.n == 0:
        return NOBODY
    _, censored = panel.by_time
    everybody_ended = bool(censored[-1] == 0)
    slack = TIME_TOLERANCE * max(1.0, float(setting.horizons[0]))
    if everybody_ended or float(panel.times[-1]) >= float(setting.horizons[0]) - slack:
        return ""
    return BEYOND


def _incidence(setting: _ipcw.Setting) -> tuple[float, FloatArray]:
    """Cumulative incidence at the horizon with every patient's influence on it."""
    panel = setting.panel
    inverse, _, upto = setting.at(0)
    own = np.zeros(panel.n)
    mine = (setting.outcome == 1) & (panel.rank < upto)
    own[mine] = inverse[panel.rank[mine]] / panel.n
    value = float(own.sum())
    setting.add_censoring(0, own)
    influence: FloatArray = own - own.mean()
    # What is left of equal values is rounding, not spread.
    return value, influence if float(np.ptp(own)) > 1e-12 else np.zeros(panel.n)


def _log_log(value: float, error: float, n: int, events: int) -> Estimate:
    method = f"{AALEN_JOHANSEN}, log-log (influence)"
    if not (0 < value < 1 and error > 0):
        return Estimate(value, n=n, events=events, method=AALEN_JOHANSEN, reason=NO_SPREAD)
    alive = 1 - value
    half = Z95 * error / abs(alive * np.log(alive))
    limits = (1 - alive ** np.exp(-half), 1 - alive ** np.exp(half))
    return Estimate(value, float(limits[0]), float(limits[1]), error, n, events, method)
