"""Profile intervals of a penalised Cox model, which stay right where Wald intervals fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from scipy import optimize
from scipy.special import gammaincinv

from spinemets.survival.cox_fit import CoxFit
from spinemets.survival.newton import Likelihood, maximise
from spinemets.survival.sample import Floats
from spinemets.survival.tails import chi2_tail

LEVEL: Final = 0.95
#: A log hazard ratio this many standard deviations of the covariate away is reported as infinite.
FARTHEST: Final = 40.0


def _problem(fit: CoxFit) -> tuple[Likelihood, Floats]:
    """The likelihood of a fit, on centred and scaled covariates, without aliased ones."""
    x = fit.x[:, ~fit.aliased]
    scale = np.sqrt(np.mean((x - x.mean(axis=0)) ** 2, axis=0))
    scaled = (x - x.mean(axis=0)) / scale
    return Likelihood(fit.sets, scaled, fit.offset, fit.firth), scale


def profile_limits(fit: CoxFit, j: int) -> tuple[float, float, float]:
    """
    Profile-likelihood interval and P value of one log hazard ratio.

    Parameters
    ----------
    fit : CoxFit
        Fitted model, penalised or not.
    j : int
        Which covariate.

    Returns
    -------
    lower, upper, p : float
        95 % limits (infinite where the likelihood never falls far enough) and the P value of the
        likelihood-ratio test against 0; NaN for a covariate without estimate.

    References
    ----------
    Heinze, Schemper 2001, doi:10.1111/j.0006-341x.2001.00114.x.
    """
    if fit.note or fit.aliased[j]:
        return float("nan"), float("nan"), float("nan")
    problem, scale = _problem(fit)
    place = int(np.cumsum(~fit.aliased)[j]) - 1
    best = fit.coef[~fit.aliased] * scale
    top = problem.value(best)
    free = np.arange(best.size) != place

    def drop(value: float) -> float:
        start = best.copy()
        start[place] = value
        return 2.0 * (top - maximise(problem, start, 100, free).value)

    limit = 2.0 * float(gammaincinv(0.5, LEVEL))  # of chi-squared with one degree of freedom
    step = float(fit.std_error[j] * scale[place])
    lower, upper = (_crossing(drop, float(best[place]), s * step, limit) for s in (-1.0, 1.0))
    p = chi2_tail(max(0.0, drop(0.0)), 1)
    return lower / float(scale[place]), upper / float(scale[place]), p


def hazard_ratios(*logs: float) -> tuple[float, ...]:
    """
    Exponentials of log hazard ratios; infinite where a limit is far out.

    Parameters
    ----------
    *logs : float
        Log hazard ratios.

    Returns
    -------
    tuple of float
        Hazard ratios.

    Examples
    --------
    >>> hazard_ratios(0.0, 1000.0)
    (1.0, inf)
    """
    with np.errstate(over="ignore"):
        return tuple(float(np.exp(v)) for v in logs)


def _crossing(drop: Callable[[float], float], best: float, step: float, limit: float) -> float:
    """Where the drop of twice the log-likelihood reaches the limit, going one way."""
    inner, outer = best, best + step
    while drop(outer) < limit:
        inner, outer = outer, outer + 2 * (outer - inner)
        if abs(outer - best) > FARTHEST:
            return float(np.copysign(np.inf, step))
    low, high = sorted((inner, outer))
    return float(optimize.brentq(lambda v: drop(v) - limit, low, high, xtol=1e-10))
