"""
Accelerated failure time models: covariates stretch or shrink the time to death.

log T = x'beta + sigma * error. For readers who want "lives 1.4 times as long" instead of a hazard
ratio, and as parametric rivals of the Royston-Parmar model. lifelines has three of the four
distributions; it ends its search at six digits and takes no entry beside weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, log_ndtr

from spinemets.survival.covariates import read_covariates
from spinemets.survival.flexible import move_zeros
from spinemets.survival.sample import Floats, Sample, make_sample

Parts = tuple[Floats, Floats, Floats]
_STEPS: Final = 200
_HALF_LOG_2PI: Final = 0.5 * float(np.log(2 * np.pi))


@dataclass(frozen=True)
class AcceleratedFit:
    """
    Fitted accelerated failure time model.

    Parameters
    ----------
    names : tuple of str
        ``intercept``, covariates, then ``log_scale`` (not for the exponential model).
    coef, std_error : ndarray of shape (q,)
        Estimates and standard errors; exp of a covariate's is the ratio of times per unit.
    variance : ndarray of shape (q, q)
        Inverse observed information.
    scale : float
        Sigma; 1 for the exponential model.
    loglik_null, loglik : float
        Log-likelihood on the scale of time, without and with covariates.
    n, n_events : int
        Patients and events.
    note : str
        Why there is no estimate, or a caveat.
    """

    names: tuple[str, ...]
    coef: Floats
    std_error: Floats
    variance: Floats
    scale: float
    loglik_null: float
    loglik: float
    n: int
    n_events: int
    note: str = ""

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return -2.0 * self.loglik + 2.0 * self.coef.size


def _extreme_value(w: Floats) -> tuple[Parts, Parts]:
    risen = np.exp(w)
    return (w - risen, 1 - risen, -risen), (-risen, -risen, -risen)


def _normal(w: Floats) -> tuple[Parts, Parts]:
    log_survival = log_ndtr(-w)
    log_density = -0.5 * w**2 - _HALF_LOG_2PI
    mills = np.exp(log_density - log_survival)
    density = (log_density, -w, -np.ones_like(w))
    return density, (log_survival, -mills, -mills * (mills - w))


def _logistic(w: Floats) -> tuple[Parts, Parts]:
    soft, p = np.logaddexp(0.0, w), expit(w)
    spread = p * (1 - p)
    return (w - 2 * soft, 1 - 2 * p, -2 * spread), (-soft, -p, -spread)


#: Log density and log survival of the error, each with two derivatives.
DISTRIBUTIONS: Final[dict[str, Callable[[Floats], tuple[Parts, Parts]]]] = {
    "weibull": _extreme_value,
    "exponential": _extreme_value,
    "lognormal": _normal,
    "loglogistic": _logistic,
}


def fit_accelerated(
    x: ArrayLike | None,
    time: ArrayLike,
    event: ArrayLike,
    entry: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    distribution: str = "weibull",
    names: Sequence[str] | None = None,
) -> AcceleratedFit:
    """
    Fit an accelerated failure time model by maximum likelihood.

    Estimand: the factor by which one unit of a covariate stretches the time to the event.

    Parameters
    ----------
    x : array_like of shape (n, p) or None
        Covariates, not missing; None for none.
    time : array_like of shape (n,)
        Days to event or end of observation.
    event : array_like of shape (n,)
        1 for the event, 0 for censored.
    entry : array_like of shape (n,), optional
        Days at which observation began; missing means from time zero.
    weights : array_like of shape (n,), optional
        Case weights; standard errors take them as numbers of patients.
    distribution : {"weibull", "exponential", "lognormal", "loglogistic"}
        Distribution of the time.
    names : sequence of str, optional
        Names of the covariates.

    Returns
    -------
    AcceleratedFit
        Fit; NaN with the reason when there are no events or there is no maximum.

    Raises
    ------
    ValueError
        When the sample is impossible, a covariate missing or the distribution unknown.

    Notes
    -----
    Agrees with ``survival::survreg`` of R: the same parameters, the same log-likelihood.

    References
    ----------
    Kalbfleisch, Prentice 2002, doi:10.1002/9781118032985, chapter 3.

    Examples
    --------
    >>> fit = fit_accelerated([0, 1, 0, 1, 1], [2, 3, 5, 7, 11], [1, 1, 1, 1, 0])
    >>> fit.names, fit.coef.round(3)
    (('intercept', 'x1', 'log_scale'), array([ 1.335,  0.912, -0.68 ]))
    """
    if distribution not in DISTRIBUTIONS:
        known = ", ".join(DISTRIBUTIONS)
        raise ValueError(f"unknown distribution {distribution!r}; known: {known}")
    sample = make_sample(time, event, entry, weights)
    given = np.zeros((sample.n, 0)) if x is None else read_covariates(x, sample.n)
    label = tuple(names) if names is not None else tuple(f"x{i + 1}" for i in range(given.shape[1]))
    free = distribution != "exponential"
    every = ("intercept", *label, *(("log_scale",) if free else ()))
    q, nan = len(every), float("nan")
    none = np.full(q, np.nan)
    blank = AcceleratedFit(
        every, none, none, np.full((q, q), np.nan), nan, nan, nan, sample.n, sample.n_events
    )
    sample, note = move_zeros(sample)
    if not sample.event[sample.weight > 0].any() or not sample.time.any():
        return replace(blank, note="no events")
    columns = np.column_stack([np.ones(sample.n), given])
    null = _maximise(_Likelihood(sample, columns[:, :1], distribution))
    best = _maximise(_Likelihood(sample, columns, distribution))
    if null is None or best is None:
        return replace(blank, note="separation or too little information: no maximum")
    theta, value, variance = best
    return replace(
        blank, coef=theta, std_error=np.sqrt(np.diag(variance)), variance=variance,
        scale=float(np.exp(theta[-1])) if free else 1.0, loglik_null=null[1], loglik=value,
        note=note,
    )  # fmt: skip


class _Likelihood:
    """Log-likelihood with gradient and Hessian; the last parameter is log sigma where free."""

    def __init__(self, sample: Sample, columns: Floats, distribution: str) -> None:
        self.parts = DISTRIBUTIONS[distribution]
        self.free = distribution != "exponential"
        self.x, self.event, self.weight = columns, sample.event, sample.weight
        self.y = np.log(sample.time)
        self.late = np.isfinite(sample.entry)
        self.y0 = np.log(sample.entry[self.late])
        self.size = columns.shape[1] + self.free

    def start(self) -> Floats:
        """Exponential model without covariates."""
        theta = np.zeros(self.size)
        theta[0] = np.log(self.weight @ np.exp(self.y) / self.weight[self.event].sum())
        return theta

    def at(self, theta: Floats) -> tuple[float, Floats, Floats]:
        """Value, gradient and Hessian."""
        sigma = float(np.exp(theta[-1])) if self.free else 1.0
        beta = theta[: self.x.shape[1]]
        w = (self.y - self.x @ beta) / sigma
        density, survival = self.parts(w)
        both = zip(density, survival, strict=True)
        value, slope, bend = (np.where(self.event, one, other) for one, other in both)
        jacobian = self.event * (np.log(sigma) + self.y)
        total = self.weight @ (value - jacobian)
        gradient, hessian = self._sums(self.x, w, slope, bend, self.weight, sigma)
        if self.free:
            gradient[-1] -= self.weight[self.event].sum()
        if self.late.any():
            x0, weight0 = self.x[self.late], self.weight[self.late]
            w0 = (self.y0 - x0 @ beta) / sigma
            value0, slope0, bend0 = self.parts(w0)[1]
            one, two = self._sums(x0, w0, slope0, bend0, weight0, sigma)
            total, gradient, hessian = total - weight0 @ value0, gradient - one, hessian - two
        return float(total), gradient, hessian

    def _sums(
        self, x: Floats, w: Floats, slope: Floats, bend: Floats, weight: Floats, sigma: float
    ) -> tuple[Floats, Floats]:
        """Derivatives of a sum of functions of the residual w."""
        columns = np.column_stack([x / sigma, w]) if self.free else x / sigma
        gradient = -(weight * slope) @ columns
        hessian = (columns * (weight * bend)[:, None]).T @ columns
        if self.free:
            cross = (weight * slope) @ columns
            hessian[-1, :-1] += cross[:-1]
            hessian[:-1, -1] += cross[:-1]
            hessian[-1, -1] += cross[-1]
        return gradient, hessian


def _maximise(likelihood: _Likelihood) -> tuple[Floats, float, Floats] | None:
    """Newton's method with step halving, uphill where the surface isn't concave."""
    theta = likelihood.start()
    with np.errstate(all="ignore"):
        value, gradient, hessian = likelihood.at(theta)
        for _ in range(_STEPS):
            if not np.isfinite(hessian).all():
                return None
            root, axes = np.linalg.eigh(-hessian)
            if root.max() <= 0 or np.abs(root).min() < 1e-13 * root.max():
                return None
            step = axes @ ((axes.T @ gradient) / np.abs(root))
            if np.abs(step).max() < 1e-10 * max(1.0, np.abs(theta).max()):
                variance = np.asarray(np.linalg.inv(-hessian), dtype=np.float64)
                return (theta, value, variance) if root.min() > 0 else None
            for _ in range(40):
                trial = likelihood.at(theta + step)
                if np.isfinite(trial[0]) and trial[0] >= value - 1e-10 * abs(value):
                    break
                step = step / 2
            theta = theta + step
            value, gradient, hessian = trial
    return None
