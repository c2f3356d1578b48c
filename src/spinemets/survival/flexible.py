"""
Royston-Parmar models: the log cumulative hazard as a restricted cubic spline of log time.

log H(t | x) = s(log t) + x'beta. Smooth absolute risks at any time, extrapolation visible as such,
standardised survival curves, and effects that change with time (``varying``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize

from spinemets.survival.covariates import read_covariates
from spinemets.survival.sample import Floats, Sample, make_sample

MAX_KNOTS: Final = 5
#: A time of 0 has no logarithm: it is moved to half the shortest positive time.
ZERO_SHIFT: Final = 0.5


@dataclass(frozen=True)
class FlexibleFit:
    """
    Fitted Royston-Parmar model.

    Parameters
    ----------
    names : tuple of str
        Parameters: ``gamma0``, ``gamma1``, ... of the spline, then covariates, then
        ``covariate:gamma1`` ... for effects that vary with time.
    coef, std_error : ndarray of shape (q,)
        Estimates and standard errors; NaN with the reason in ``note``.
    covariance : ndarray of shape (q, q)
        Inverse information.
    knots : ndarray of shape (k + 2,)
        Boundary and internal knots, in log days.
    covariates : tuple of str
        Covariates of the model.
    varying : tuple of int
        Columns whose effect varies with time.
    loglik : float
        Log-likelihood on the scale of time (with the -log t of each event).
    n, n_events : int
        Patients and events.
    last : float
        Longest observation in days; beyond it the curve is extrapolated.
    note : str
        Why there is no estimate; caveats.
    converged : bool
        Whether there is an estimate.
    """

    names: tuple[str, ...]
    coef: Floats
    std_error: Floats
    covariance: Floats
    knots: Floats
    covariates: tuple[str, ...]
    varying: tuple[int, ...]
    loglik: float
    n: int
    n_events: int
    last: float
    note: str = ""
    converged: bool = True

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return -2.0 * self.loglik + 2.0 * self.coef.size

    @property
    def gamma(self) -> Floats:
        """Coefficients of the spline."""
        return self.coef[: self.knots.size]

    @property
    def beta(self) -> Floats:
        """Log hazard ratios (at the spline's origin for effects that vary with time)."""
        start = self.knots.size
        return self.coef[start : start + len(self.covariates)]


def spline_basis(u: Floats, knots: Floats) -> tuple[Floats, Floats]:
    """
    Restricted cubic spline in the form of Royston and Parmar, and its derivative.

    Parameters
    ----------
    u : ndarray of shape (n,)
        Log times.
    knots : ndarray of shape (k + 2,)
        Knots in increasing order; linear beyond the first and last.

    Returns
    -------
    basis, derivative : ndarray of shape (n, k + 2)
        Columns 1, u, v_1(u), ..., v_k(u) and their derivatives.

    Examples
    --------
    >>> spline_basis(np.array([2.0]), np.array([0.0, 1.0, 3.0]))[0].round(4)
    array([[ 1.    ,  2.    , -4.3333]])
    """
    low, high = knots[0], knots[-1]
    columns, slopes = [np.ones_like(u), u], [np.zeros_like(u), np.ones_like(u)]
    for inner in knots[1:-1]:
        share = (high - inner) / (high - low)
        parts = [(1.0, inner), (-share, low), (share - 1.0, high)]
        columns.append(np.sum([f * np.maximum(u - k, 0.0) ** 3 for f, k in parts], axis=0))
        slopes.append(np.sum([3 * f * np.maximum(u - k, 0.0) ** 2 for f, k in parts], axis=0))
    return np.column_stack(columns), np.column_stack(slopes)


def place_knots(log_event_times: Floats, internal: int) -> Floats:
    """
    Knots at the extremes and at evenly spaced quantiles of the log event times.

    Parameters
    ----------
    log_event_times : ndarray
        Logarithms of the event times.
    internal : int
        Number of internal knots.

    Returns
    -------
    ndarray of shape (internal + 2,)
        Knots.
    """
    share = np.arange(1, internal + 1) / (internal + 1)
    inner = np.quantile(log_event_times, share) if internal else np.zeros(0)
    return np.concatenate([[log_event_times.min()], inner, [log_event_times.max()]])


def fit_flexible(
    x: ArrayLike | None,
    time: ArrayLike,
    event: ArrayLike,
    entry: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    knots: int | ArrayLike = 3,
    names: Sequence[str] | None = None,
    varying: Sequence[int] = (),
) -> FlexibleFit:
    """
    Fit a Royston-Parmar proportional-hazards model by maximum likelihood.

    Estimand: the hazard at every time, and log hazard ratios of the covariates.

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
    knots : int or array_like
        Number of internal knots (0 is a Weibull model), or all knots in log days.
    names : sequence of str, optional
        Names of the covariates.
    varying : sequence of int
        Columns whose effect varies with log time along the same spline.

    Returns
    -------
    FlexibleFit
        Fit; NaN with the reason when there are too few events, or no maximum.

    Raises
    ------
    ValueError
        When the sample is impossible, a covariate missing or the knots unusable.

    References
    ----------
    Royston, Parmar 2002, doi:10.1002/sim.1203.

    Examples
    --------
    >>> fit = fit_flexible(None, [2, 3, 5, 7, 11], [1, 1, 1, 1, 0], knots=0)
    >>> fit.gamma.round(3)
    array([-2.9 ,  1.49])
    """
    sample = make_sample(time, event, entry, weights)
    given = np.zeros((sample.n, 0)) if x is None else read_covariates(x, sample.n)
    label = tuple(names) if names is not None else tuple(f"x{i + 1}" for i in range(given.shape[1]))
    sample, note = move_zeros(sample)
    at = _knots(sample, knots)
    parameters = _names(label, at.size, varying)
    q = len(parameters)
    none, square = np.full(q, np.nan), np.full((q, q), np.nan)
    last = float(sample.time.max()) if sample.n else 0.0
    blank = FlexibleFit(
        parameters, none, none, square, at, label, tuple(varying), np.nan, sample.n,
        sample.n_events, last, "", converged=False,
    )  # fmt: skip
    problem = _too_little(sample, at, q)
    if problem:
        return replace(blank, note=problem)
    likelihood = _Likelihood(sample, given, at, tuple(varying))
    coef, covariance, loglik, problem = likelihood.maximise()
    if problem:
        return replace(blank, note=problem)
    error = np.sqrt(np.diag(covariance))
    return replace(
        blank, coef=coef, std_error=error, covariance=covariance, loglik=loglik, note=note,
        converged=True,
    )  # fmt: skip


def move_zeros(sample: Sample) -> tuple[Sample, str]:
    """
    Give times of 0 a logarithm.

    Parameters
    ----------
    sample : Sample
        Checked sample.

    Returns
    -------
    sample, note : Sample, str
        Times of 0 at half the shortest positive time, and how many there were.
    """
    zero = sample.time == 0
    if not zero.any() or zero.all():
        return sample, ""
    time = np.where(zero, ZERO_SHIFT * sample.time[~zero].min(), sample.time)
    note = f"{int(zero.sum())} time(s) of 0 moved to half the shortest positive time"
    return Sample(time, sample.event, sample.entry, sample.weight), note


def _knots(sample: Sample, knots: int | ArrayLike) -> Floats:
    if not isinstance(knots, int):
        at = np.asarray(knots, dtype=np.float64)
        if at.size < 2 or np.any(np.diff(at) <= 0):
            raise ValueError("knots must be at least two increasing log times")
        return at
    if not 0 <= knots <= MAX_KNOTS:
        raise ValueError(f"the number of internal knots must be between 0 and {MAX_KNOTS}")
    events = sample.time[sample.event & (sample.time > 0)]
    return place_knots(np.log(events), knots) if events.size else np.zeros(knots + 2)


def _names(covariates: tuple[str, ...], k: int, varying: Sequence[int]) -> tuple[str, ...]:
    spline = [f"gamma{i}" for i in range(k)]
    changing = [f"{covariates[j]}:gamma{i}" for j in varying for i in range(1, k)]
    return (*spline, *covariates, *changing)


def _too_little(sample: Sample, knots: Floats, q: int) -> str:
    if not sample.n_events:
        return "no events"
    if sample.n_events <= q or np.any(np.diff(knots) <= 0):
        return "too few event times for this number of knots and covariates"
    return ""


def design(u: Floats, x: Floats, knots: Floats, varying: tuple[int, ...]) -> tuple[Floats, Floats]:
    """
    Columns of the log cumulative hazard and their derivatives by log time.

    Parameters
    ----------
    u : ndarray of shape (n,)
        Log times.
    x : ndarray of shape (n, p)
        Covariates.
    knots : ndarray
        Knots in log days.
    varying : tuple of int
        Columns whose effect varies with time.

    Returns
    -------
    columns, derivatives : ndarray of shape (n, q)
        In the order of ``FlexibleFit.names``.
    """
    basis, slope = spline_basis(u, knots)
    changing = [x[:, [j]] * basis[:, 1:] for j in varying]
    slopes = [x[:, [j]] * slope[:, 1:] for j in varying]
    return (
        np.concatenate([basis, x, *changing], axis=1),
        np.concatenate([slope, np.zeros_like(x), *slopes], axis=1),
    )


class _Likelihood:
    """Log-likelihood of the model, its gradient and Hessian, on orthogonal columns."""

    def __init__(self, sample: Sample, x: Floats, knots: Floats, varying: tuple[int, ...]) -> None:
        self.weight, self.event = sample.weight, sample.event
        self.log_time = np.log(sample.time)
        z, dz = design(self.log_time, x, knots, varying)
        # Orthogonal columns make the spline's nearly collinear ones harmless.
        _, self.r = np.linalg.qr(z * np.sqrt(1.0 / z.shape[0]))
        self.singular = bool(np.linalg.cond(self.r / np.linalg.norm(self.r, axis=0)) > 1e11)
        if self.singular:
            return
        back = np.linalg.inv(self.r)
        self.z, self.dz = z @ back, (dz @ back)[self.event]
        late = np.isfinite(sample.entry)
        entered = design(np.log(sample.entry[late]), x[late], knots, varying)[0] @ back
        self.z0, self.weight0 = entered, sample.weight[late]
        self.size = knots.size

    def value(self, theta: Floats) -> float:
        """Minus the log-likelihood; infinite where the hazard isn't positive."""
        slope = self.dz @ theta
        if np.any(slope <= 0):
            return np.inf
        eta, w = self.z @ theta, self.weight
        with np.errstate(over="ignore"):
            total = w @ np.exp(eta) - self.weight0 @ np.exp(self.z0 @ theta)
        gain = (np.log(slope) + (eta - self.log_time)[self.event]) @ w[self.event]
        return float(total - gain) if np.isfinite(total) else np.inf

    def gradient(self, theta: Floats) -> Floats:
        """Gradient of ``value``."""
        w, d = self.weight, self.event
        h, h0 = w * np.exp(self.z @ theta), self.weight0 * np.exp(self.z0 @ theta)
        events = self.z[d] + self.dz / (self.dz @ theta)[:, None]
        return np.asarray(h @ self.z - h0 @ self.z0 - w[d] @ events)

    def hessian(self, theta: Floats) -> Floats:
        """Hessian of ``value``."""
        w, d = self.weight, self.event
        h, h0 = w * np.exp(self.z @ theta), self.weight0 * np.exp(self.z0 @ theta)
        part = self.dz * (np.sqrt(w[d]) / (self.dz @ theta))[:, None]
        return np.asarray(
            (self.z * h[:, None]).T @ self.z - (self.z0 * h0[:, None]).T @ self.z0 + part.T @ part
        )

    def start(self) -> Floats:
        """Exponential model without covariates."""
        days = np.exp(self.log_time)
        rate = self.weight[self.event].sum() / max(float(self.weight @ days), 1e-300)
        raw = np.zeros(self.r.shape[0])
        raw[0], raw[1] = np.log(rate), 1.0
        return np.asarray(self.r @ raw)

    def maximise(self) -> tuple[Floats, Floats, float, str]:
        """Estimates, covariance, log-likelihood and what went wrong."""
        nothing = np.zeros(0), np.zeros((0, 0)), float("nan")
        if self.singular:
            return *nothing, "the covariates are combinations of one another"
        found = optimize.minimize(
            self.value, self.start(), jac=self.gradient, hess=self.hessian, method="trust-exact",
            options={"gtol": 1e-6, "maxiter": 500, "max_trust_radius": 100.0},
        )  # fmt: skip
        theta = np.asarray(found.x, dtype=np.float64)
        for _ in range(6):  # Newton, to the last digit
            if not np.isfinite(self.value(theta)):
                return *nothing, "the fit did not converge"
            hessian = self.hessian(theta)
            if not np.isfinite(hessian).all() or np.linalg.cond(hessian) > 1e13:
                return *nothing, "separation or too little information: no maximum"
            step = np.linalg.solve(hessian, self.gradient(theta))
            if not np.isfinite(self.value(theta - step)):
                return *nothing, "the fit did not converge"
            theta = theta - step
        if np.abs(step).max() > 1e-5 * max(1.0, np.abs(theta).max()):
            return *nothing, "the fit did not converge"
        back = np.linalg.inv(self.r)
        covariance = back @ np.linalg.inv(self.hessian(theta)) @ back.T
        return back @ theta, covariance, -self.value(theta), ""
