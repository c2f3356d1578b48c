"""Baseline hazard and predicted survival of a Cox model, with Efron's handling of ties in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from spinemets.survival.cox_fit import CoxFit
from spinemets.survival.kaplan_meier import limits
from spinemets.survival.partial_likelihood import terms
from spinemets.survival.sample import Floats


@dataclass(frozen=True)
class Baseline:
    """
    Cumulative baseline hazard of one stratum, for a patient whose covariates are all 0.

    Parameters
    ----------
    stratum : object
        Stratum.
    time : ndarray of shape (m,)
        Event times in days.
    cumulative_hazard : ndarray of shape (m,)
        Cumulative hazard just after each time.
    last : float
        Longest observation in the stratum; the hazard is unknown after it.
    """

    stratum: object
    time: Floats
    cumulative_hazard: Floats
    last: float

    def at(self, days: ArrayLike) -> Floats:
        """
        Cumulative baseline hazard at given times.

        Parameters
        ----------
        days : array_like of shape (k,)
            Times.

        Returns
        -------
        ndarray of shape (k,)
            NaN after the end of observation.
        """
        at = np.asarray(days, dtype=np.float64)
        steps = np.concatenate([[0.0], self.cumulative_hazard])
        value = steps[np.searchsorted(self.time, at, side="right")]
        return np.where(at > self.last, np.nan, value)


@dataclass(frozen=True)
class Prediction:
    """
    Predicted survival, one row per time and one column per patient.

    Parameters
    ----------
    time : ndarray of shape (k,)
        Days.
    survival, std_error, lower, upper : ndarray of shape (k, m)
        S(t | x), its standard error on the survival scale and the 95 % interval; NaN after the
        end of observation in the stratum.
    cumulative_hazard : ndarray of shape (k, m)
        Minus the logarithm of ``survival``.
    """

    time: Floats
    survival: Floats
    std_error: Floats
    lower: Floats
    upper: Floats
    cumulative_hazard: Floats


@dataclass(frozen=True)
class _Curve:
    """Sums over event times of one stratum that a prediction needs (relative to ``top``)."""

    time: Floats
    hazard: Floats
    variance: Floats
    mean_hazard: Floats
    last: float
    top: float


def _curves(fit: CoxFit) -> dict[int, _Curve]:
    sets = fit.sets
    centre = fit.x.mean(axis=0)
    x = np.where(fit.aliased, 0.0, fit.x - centre)
    linear = fit.linear_predictor
    eta = sets.centred(linear)
    part = terms(sets, x, eta)
    jump = sets.term_weight / part.denominator
    columns = np.column_stack([jump, jump / part.denominator, jump[:, None] * part.mean])
    by_group = np.zeros((sets.n_groups, columns.shape[1]))
    np.add.at(by_group, sets.term_group, columns)
    out = {}
    for s in range(sets.n_strata):
        rows = sets.stratum == s
        if not rows.any():
            continue
        low, high = np.searchsorted(sets.group_stratum, [s, s + 1])
        total = np.cumsum(by_group[low:high], axis=0)
        top = float((linear - eta)[rows][0])
        last = float(fit.sample.time[rows].max())
        out[s] = _Curve(
            sets.group_time[low:high], total[:, 0], total[:, 1], total[:, 2:], last, top
        )
    return out


def baseline_hazard(fit: CoxFit) -> list[Baseline]:
    """
    Cumulative baseline hazard of every stratum, for covariates 0.

    Parameters
    ----------
    fit : CoxFit
        Fitted model.

    Returns
    -------
    list of Baseline
        One per stratum, ties handled as in the fit. Empty when there is no fit.

    Notes
    -----
    lifelines and scikit-survival put Breslow's baseline beside Efron's coefficients.

    Examples
    --------
    >>> from spinemets.survival.cox_fit import fit_cox
    >>> fit = fit_cox([0, 1, 0, 1, 1], [4, 2, 3, 1, 5], [1, 1, 1, 1, 1])
    >>> [round(float(h), 4) for h in baseline_hazard(fit)[0].cumulative_hazard]
    [0.1918, 0.4331, 0.7587, 1.2413, 2.1744]
    """
    if fit.note:
        return []
    return [
        Baseline(fit.strata_levels[s], c.time, c.hazard * np.exp(-c.top), c.last)
        for s, c in _curves(fit).items()
    ]


def predict_survival(
    fit: CoxFit,
    x: ArrayLike,
    days: ArrayLike,
    strata: Sequence[object] | None = None,
    interval: str = "log",
) -> Prediction:
    """
    Survival of patients with given covariates, with the uncertainty of hazard and coefficients.

    Estimand: S(t | x) in the patient's stratum.

    Parameters
    ----------
    fit : CoxFit
        Fitted model with an estimate.
    x : array_like of shape (m, p)
        Covariates of the patients, on the scale of the fit.
    days : array_like of shape (k,)
        Times.
    strata : sequence of shape (m,), optional
        Stratum of every patient; needed when the model is stratified.
    interval : {"log", "log-log", "plain", "logit", "arcsin"}
        Scale of the interval; R's ``survfit.coxph`` uses ``log``.

    Returns
    -------
    Prediction
        Survival at every time for every patient.

    Raises
    ------
    ValueError
        When there is no estimate, the number of covariates differs, a stratum is unknown or
        missing for a stratified model.

    References
    ----------
    Tsiatis 1981, doi:10.1214/aos/1176345333.
    """
    if fit.note:
        raise ValueError(f"no prediction: {fit.note}")
    new = np.atleast_2d(np.asarray(x, dtype=np.float64))
    if new.shape[1] != len(fit.names):
        raise ValueError("covariates must have the columns of the model")
    at = np.atleast_1d(np.asarray(days, dtype=np.float64))
    number = _stratum_numbers(fit, strata, new.shape[0])
    coef = np.where(fit.aliased, 0.0, fit.coef)
    deviation = np.where(fit.aliased, 0.0, new - fit.x.mean(axis=0))
    hazard = np.full((at.size, new.shape[0]), np.nan)
    error = hazard.copy()
    for s, curve in _curves(fit).items():
        for j in np.flatnonzero(number == s):
            risk = float(np.exp(new[j] @ coef - curve.top))
            place = np.searchsorted(curve.time, at, side="right")
            base, spread, mean = (
                np.concatenate([np.zeros_like(v[:1]) if v.size else np.zeros((1, *v.shape[1:])), v])
                for v in (curve.hazard, curve.variance, curve.mean_hazard)
            )
            shift = deviation[j] * base[place][:, None] - mean[place]
            by_coef = np.einsum("ki,ij,kj->k", shift, fit.variance, shift)
            known = at <= curve.last
            hazard[known, j] = risk * base[place][known]
            error[known, j] = risk * np.sqrt(spread[place] + by_coef)[known]
    survival = np.exp(-hazard)
    lower, upper = limits(survival, error, interval)
    return Prediction(at, survival, survival * error, lower, upper, hazard)


def _stratum_numbers(
    fit: CoxFit, strata: Sequence[object] | None, size: int
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    if strata is None:
        if fit.n_strata > 1:
            raise ValueError("the model is stratified: name the stratum of every patient")
        return np.full(size, int(fit.stratum[0]), dtype=np.int64)
    place = {level: i for i, level in enumerate(fit.strata_levels)}
    unknown = [s for s in strata if s not in place]
    if unknown or len(strata) != size:
        raise ValueError(f"{len(unknown)} patient(s) of a stratum the model doesn't know")
    return np.array([place[s] for s in strata], dtype=np.int64)
