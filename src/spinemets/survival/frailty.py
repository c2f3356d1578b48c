"""
Cox model with a shared gamma frailty: centres differ in what the covariates don't say.

Every group multiplies the hazard by an unobserved factor of mean 1 and variance theta. For few or
small centres, where a stratum each would cost too much; `effects.fit_with_centres` says when.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize
from scipy.special import chdtrc, gammaln

from spinemets.survival.covariates import read_covariates, scale_covariates
from spinemets.survival.cox_fit import fit_cox
from spinemets.survival.partial_likelihood import RiskSets, derivatives, loglik
from spinemets.survival.sample import Floats, Integers, codes, make_sample

_LARGEST: Final = 20.0
_SMALLEST: Final = 1e-6


@dataclass(frozen=True)
class FrailtyFit:
    """
    Fitted Cox model with gamma frailty.

    Parameters
    ----------
    names : tuple of str
        Covariates.
    coef, std_error : ndarray of shape (p,)
        Log hazard ratios within a group, and standard errors for the theta found.
    theta : float
        Variance of the frailty; 0 when groups don't differ more than by chance.
    groups : tuple
        Groups.
    log_frailty : ndarray of shape (groups,)
        Predicted log frailty of every group.
    loglik_null, loglik : float
        Marginal log-likelihood (frailties integrated out) with theta 0, and of the fit.
    p : float
        Of theta = 0: half the tail of a chi-squared with one degree of freedom, since theta can't
        be negative.
    n, n_events : int
        Patients and events.
    note : str
        Why there is no estimate, or a caveat.
    """

    names: tuple[str, ...]
    coef: Floats
    std_error: Floats
    theta: float
    groups: tuple[Any, ...]
    log_frailty: Floats
    loglik_null: float
    loglik: float
    p: float
    n: int
    n_events: int
    note: str = ""


def fit_frailty(
    x: ArrayLike,
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    *,
    names: Sequence[str] | None = None,
    theta: float | None = None,
) -> FrailtyFit:
    """
    Fit a Cox model with a gamma frailty shared within groups.

    Estimand: log hazard ratios between patients of the same group, and how much groups differ.

    Parameters
    ----------
    x : array_like of shape (n, p)
        Covariates, not missing.
    time, event, entry, strata
        As in ``fit_cox``.
    group : array_like of shape (n,)
        Centre of every row, not missing.
    names : sequence of str, optional
        Names of the covariates.
    theta : float, optional
        Variance of the frailty, when it is known; estimated when left out.

    Returns
    -------
    FrailtyFit
        Fit; NaN with the reason where the Cox model itself has none or there is one group.

    Raises
    ------
    ValueError
        When the sample is impossible, a covariate is missing or theta isn't positive.

    Notes
    -----
    The penalised partial likelihood (Efron ties) whose maximum is that of the marginal likelihood,
    theta by maximising the latter. R's ``coxph(... + frailty(group))`` does the same and stops its
    search for theta after three digits or so; with ``frailty(group, theta = ...)`` coefficients
    agree to eight digits.

    References
    ----------
    Therneau, Grambsch, Pankratz 2003, doi:10.1198/1061860031365.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> centre = np.repeat(np.arange(20), 10)
    >>> x = rng.normal(size=200)
    >>> days = rng.exponential(np.exp(-x) / rng.gamma(2, 0.5, 20)[centre])
    >>> fit = fit_frailty(x, days, np.ones(200), centre)
    >>> bool(fit.theta > 0.1), bool(fit.p < 0.05)
    (True, True)
    """
    if theta is not None and not (np.isfinite(theta) and theta > 0):
        raise ValueError("theta: must be positive")
    plain = fit_cox(x, time, event, entry, strata, names=names)
    sample = make_sample(time, event, entry)
    number, levels = codes(group, sample.n)
    nan, p = float("nan"), len(plain.names)
    blank = FrailtyFit(
        plain.names, np.full(p, np.nan), np.full(p, np.nan), nan, tuple(levels),
        np.full(len(levels), np.nan), nan, nan, nan, sample.n, sample.n_events,
    )  # fmt: skip
    if plain.note or plain.aliased.any():
        return replace(blank, note=plain.note or "the covariates are combinations of one another")
    if len(levels) < 2:
        return replace(blank, note="one group only: nothing to differ")
    scaled, scale = scale_covariates(read_covariates(x, sample.n))
    sets = RiskSets(sample, codes(strata, sample.n)[0])
    model = _Penalised(sets, scaled, number, len(levels))
    found = theta if theta is not None else _best_theta(model, plain.loglik)
    if found is None:
        return replace(
            blank, coef=plain.coef, std_error=plain.std_error, theta=0.0, loglik=plain.loglik,
            log_frailty=np.zeros(len(levels)), loglik_null=plain.loglik, p=1.0,
            note="groups differ by no more than chance: theta is 0",
        )  # fmt: skip
    at = model.fit(found)
    change = max(0.0, 2 * (at.marginal - plain.loglik))
    return replace(
        blank, coef=at.theta[:p] / scale, std_error=np.sqrt(np.diag(at.variance)[:p]) / scale,
        theta=float(found), log_frailty=at.theta[p:], loglik_null=plain.loglik,
        loglik=at.marginal, p=float(chdtrc(1, change)) / 2,
    )  # fmt: skip


@dataclass(frozen=True)
class _Fitted:
    theta: Floats
    variance: Floats
    marginal: float


class _Penalised:
    """Partial likelihood of covariates and log frailties, less the gamma penalty."""

    def __init__(self, sets: RiskSets, x: Floats, group: Integers, size: int) -> None:
        self.sets, self.p, self.size = sets, x.shape[1], size
        self.columns = np.column_stack([x, np.eye(size)[group]])
        self.deaths = np.bincount(group, sets.sample.event.astype(float), minlength=size)
        self.start = np.zeros(self.p + size)

    def fit(self, theta: float) -> _Fitted:
        """Maximise for one variance of the frailty."""
        nu = 1.0 / theta
        beta = self.start.copy()
        value = self._value(beta, nu)
        for _ in range(100):
            found = derivatives(self.sets, self.columns, self.columns @ beta)
            lift = np.exp(beta[self.p :])
            gradient, information = found.score.copy(), found.information.copy()
            gradient[self.p :] += nu * (1 - lift)
            information[self.p :, self.p :] += np.diag(nu * lift)
            step = np.linalg.solve(information, gradient)
            if np.abs(step).max() < 1e-11 * max(1.0, np.abs(beta).max()):
                break
            while self._value(beta + step, nu) < value - 1e-10 * abs(value):
                step = step / 2
            beta = beta + step
            value = self._value(beta, nu)
        self.start = beta
        variance = np.asarray(np.linalg.inv(information), dtype=np.float64)
        return _Fitted(beta, variance, value + self._correction(nu))

    def _value(self, beta: Floats, nu: float) -> float:
        b = beta[self.p :]
        return loglik(self.sets, self.columns @ beta) + nu * float((b - np.expm1(b)).sum())

    def _correction(self, nu: float) -> float:
        """What makes the penalised likelihood at its maximum the marginal likelihood."""
        d = self.deaths
        rest = gammaln(nu + d) - gammaln(nu) - (nu + d) * np.log(nu + d) + nu * np.log(nu) + d
        return float(rest.sum())


def _best_theta(model: _Penalised, without: float) -> float | None:
    """Theta of the largest marginal likelihood; None when that is at 0."""
    found = optimize.minimize_scalar(
        lambda log: -model.fit(float(np.exp(log))).marginal,
        bounds=(np.log(_SMALLEST), np.log(_LARGEST)), method="bounded", options={"xatol": 1e-7},
    )  # fmt: skip
    better = -float(found.fun) > without + 1e-7
    return float(np.exp(found.x)) if better else None
