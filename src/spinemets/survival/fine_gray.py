"""Fine-Gray regression of the subdistribution hazard, with censoring weights and their error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from spinemets.survival.competing import make_competing
from spinemets.survival.covariates import read_covariates, scale_covariates
from spinemets.survival.newton import SEPARATED
from spinemets.survival.sample import Z95, Floats, codes
from spinemets.survival.subdistribution import CENSORING, SubdistributionSets
from spinemets.survival.tails import chi2_tail, normal_tails

NO_EVENTS: Final = "no events of this cause"
MAX_STEPS: Final = 30


@dataclass(frozen=True)
class FineGray:
    """
    Fitted subdistribution hazard model.

    Parameters
    ----------
    names : tuple of str
        Covariates.
    coef, std_error : ndarray of shape (p,)
        Log subdistribution hazard ratios and robust standard errors, which include the
        uncertainty of the censoring weights.
    variance, naive_variance : ndarray of shape (p, p)
        Robust covariance; inverse information.
    loglik_null, loglik : float
        Log pseudo-likelihood at 0 and at the estimate.
    baselines : dict
        Per stratum: event times of the cause, jumps of the baseline subdistribution hazard
        (covariates 0) and the longest observation.
    n, n_events : int
        Patients and events of the cause.
    note : str
        Why there is no estimate.
    """

    names: tuple[str, ...]
    coef: Floats
    std_error: Floats
    variance: Floats
    naive_variance: Floats
    loglik_null: float
    loglik: float
    baselines: dict[Any, tuple[Floats, Floats, float]]
    n: int
    n_events: int
    note: str = ""

    @property
    def p(self) -> Floats:
        """Two-sided Wald P values."""
        return normal_tails(self.coef / self.std_error)

    @property
    def interval(self) -> tuple[Floats, Floats]:
        """95 % Wald limits of the log subdistribution hazard ratios."""
        return self.coef - Z95 * self.std_error, self.coef + Z95 * self.std_error

    def wald(self) -> tuple[float, int]:
        """
        Wald test that no covariate matters.

        Returns
        -------
        p : float
            P value with the robust variance; NaN where there is no estimate.
        df : int
            Degrees of freedom.
        """
        df = int(self.coef.size)
        if self.note or not df or np.linalg.matrix_rank(self.variance, hermitian=True) < df:
            return float("nan"), df
        return chi2_tail(float(self.coef @ np.linalg.solve(self.variance, self.coef)), df), df

    def predict(self, x: ArrayLike, days: ArrayLike, stratum: Any = "all") -> Floats:
        """
        Cumulative incidence of the cause for given covariates.

        Parameters
        ----------
        x : array_like of shape (m, p)
            Covariates.
        days : array_like of shape (k,)
            Times.
        stratum : object
            Stratum of the patients in a stratified model.

        Returns
        -------
        ndarray of shape (m, k)
            Probability of the cause by each time; NaN after the end of observation.
        """
        at = np.atleast_1d(np.asarray(days, dtype=np.float64))
        time, hazard, last = self.baselines[stratum]
        total = np.concatenate([[0.0], np.cumsum(hazard)])
        base = total[np.searchsorted(time, at, side="right")]
        base = np.where(at > last, np.nan, base)
        linear = np.atleast_2d(np.asarray(x, dtype=np.float64)) @ self.coef
        return np.asarray(-np.expm1(-np.exp(linear)[:, None] * base))


def fine_gray(
    x: ArrayLike,
    time: ArrayLike,
    cause: ArrayLike,
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    *,
    of: int = 1,
    names: Sequence[str] | None = None,
    causes: Sequence[str] | None = None,
    censoring: str = "cmprsk",
) -> FineGray:
    """
    Fit a Fine-Gray model.

    Estimand: log ratio of subdistribution hazards, which order cumulative incidences.

    Parameters
    ----------
    x : array_like of shape (n, p)
        Covariates, not missing.
    time : array_like of shape (n,)
        Days to the first event or end of observation.
    cause : array_like of shape (n,)
        0 for censored, 1, 2, ... for the causes.
    entry : array_like of shape (n,), optional
        Days at which observation began; missing means from time zero. Any delayed entry takes the
        weights of ``survival`` with those of Geskus.
    strata : array_like of shape (n,), optional
        Baseline hazard and censoring weights are then estimated per stratum.
    of : int
        Cause that is modelled.
    names : sequence of str, optional
        Names of the covariates.
    causes : sequence of str, optional
        Names of the declared causes.
    censoring : {"cmprsk", "survival"}
        Which estimate of the censoring weights: that of ``cmprsk::crr``, whose robust variance
        includes their uncertainty, or that of ``survival::finegray``, whose doesn't.

    Returns
    -------
    FineGray
        Fit with Breslow's handling of ties. NaN with the reason when nothing can be estimated.

    Raises
    ------
    ValueError
        When a covariate is missing, the sample impossible or a cause not declared.

    References
    ----------
    Fine, Gray 1999, doi:10.1080/01621459.1999.10474144. Geskus 2011,
    doi:10.1111/j.1541-0420.2010.01420.x.

    Examples
    --------
    >>> fit = fine_gray([0, 1, 0, 1, 1, 0], [5, 1, 3, 2, 4, 2], [1, 1, 2, 0, 1, 1])
    >>> fit.n_events, round(float(fit.coef[0]), 4)
    (4, 1.0731)
    """
    if censoring not in CENSORING:
        raise ValueError(f"unknown weights {censoring!r}; known: {', '.join(CENSORING)}")
    given = make_competing(time, cause, entry, causes=causes)
    columns = read_covariates(x, given.sample.n)
    p, n = columns.shape[1], given.sample.n
    label = tuple(names) if names is not None else tuple(f"x{i + 1}" for i in range(p))
    none, square, empty = np.full(p, np.nan), np.full((p, p), np.nan), np.nan
    n_events = int((given.cause == of).sum())
    blank = FineGray(label, none, none, square, square, empty, empty, {}, n, n_events)
    if not n_events:
        return replace(blank, note=NO_EVENTS)
    scaled, scale = scale_covariates(columns)
    number, levels = codes(strata, n)
    kind = "survival" if given.sample.delayed else censoring
    sets = {
        level: SubdistributionSets(
            given.sample.take(number == s), given.cause[number == s], of, scaled[number == s], kind
        )
        for s, level in enumerate(levels)
        if (given.cause[number == s] == of).any()
    }
    if any((s.g_own <= 0).any() for s in sets.values()):
        return replace(blank, note="nobody is at risk for a while: no censoring weights")
    beta, problem = _maximise(list(sets.values()), p)
    if problem:
        return replace(blank, note=problem)
    return _complete(blank, sets, beta, scale, columns.mean(axis=0))


def _complete(
    blank: FineGray, sets: dict[Any, SubdistributionSets], beta: Floats, scale: Floats, mean: Floats
) -> FineGray:
    """Robust variance and baseline hazards, back on the covariates' own scale."""
    parts = list(sets.values())
    value, _, information = _derivatives(parts, beta)
    inverse = np.linalg.inv(information)
    influence = np.concatenate([part.influence(beta) for part in parts])
    back = np.outer(scale, scale)
    coef, variance = beta / scale, inverse @ (influence.T @ influence) @ inverse / back
    shift = float(np.exp(-mean @ coef))
    return replace(
        blank,
        coef=coef,
        std_error=np.sqrt(np.diag(variance)),
        variance=variance,
        naive_variance=inverse / back,
        loglik_null=_derivatives(parts, np.zeros(beta.size))[0],
        loglik=value,
        baselines={
            level: (s.when, s.tied / s.moments(beta)[1] * shift, float(s.time[-1]))
            for level, s in sets.items()
        },
    )


def _derivatives(sets: list[SubdistributionSets], beta: Floats) -> tuple[float, Floats, Floats]:
    """Log pseudo-likelihood, gradient and information over all strata."""
    found = [s.derivatives(beta) for s in sets]
    value = float(sum(f[0] for f in found))
    return value, np.sum([f[1] for f in found], axis=0), np.sum([f[2] for f in found], axis=0)


def _maximise(sets: list[SubdistributionSets], p: int) -> tuple[Floats, str]:
    """Newton's method with step halving."""
    beta = np.zeros(p)
    value, gradient, information = _derivatives(sets, beta)
    for _ in range(MAX_STEPS):
        scale = np.sqrt(np.maximum(np.diag(information), 0.0))
        if not np.all(scale > 1e-9) or np.linalg.cond(information / np.outer(scale, scale)) > 1e12:
            return beta, "the covariates do not vary, or separate the events"
        step = np.linalg.solve(information, gradient)
        if max(float(np.max(np.abs(s.x @ step))) for s in sets) < 1e-9:
            return beta + step, ""
        trial = _derivatives(sets, beta + step)
        while not trial[0] >= value - 1e-12 * max(1.0, abs(value)) and np.abs(step).max() > 1e-12:
            step = step / 2
            trial = _derivatives(sets, beta + step)
        beta = beta + step
        value, gradient, information = trial
    return beta, SEPARATED
