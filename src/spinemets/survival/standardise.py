"""Standardised survival from a flexible parametric model: the average patient is not averaged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from spinemets.survival.flexible import FlexibleFit, design
from spinemets.survival.sample import Z95, Floats


@dataclass(frozen=True)
class SmoothCurve:
    """
    Smooth survival with its 95 % interval.

    Parameters
    ----------
    time : ndarray of shape (k,)
        Days.
    survival, std_error, lower, upper : ndarray of shape (k,)
        S(t), standard error and interval on the log(-log) scale.
    """

    time: Floats
    survival: Floats
    std_error: Floats
    lower: Floats
    upper: Floats


def standardised_survival(
    fit: FlexibleFit, x: ArrayLike, days: ArrayLike, weights: ArrayLike | None = None
) -> SmoothCurve:
    """
    Survival averaged over patients with given covariates; over one patient, S(t | x).

    Estimand: mean of S(t | x_i) over the rows of x, the survival of that group under the model.

    Parameters
    ----------
    fit : FlexibleFit
        Fitted model with an estimate.
    x : array_like of shape (m, p)
        Covariates of the patients to average over.
    days : array_like of shape (k,)
        Times above 0.
    weights : array_like of shape (m,), optional
        Weights of the patients.

    Returns
    -------
    SmoothCurve
        Survival with delta-method interval on the log(-log) scale.

    Raises
    ------
    ValueError
        When there is no estimate or the columns don't fit the model.

    References
    ----------
    Royston, Lambert 2011, Flexible Parametric Survival Analysis Using Stata, chapter 7.
    """
    survival, gradient = _standardised(fit, x, days, weights)
    error = np.sqrt(np.einsum("kq,qr,kr->k", gradient, fit.covariance, gradient))
    with np.errstate(divide="ignore", invalid="ignore"):
        log_s = np.log(survival)
        centre, half = np.log(-log_s), Z95 * error / np.abs(survival * log_s)
        lower, upper = np.exp(-np.exp(centre + half)), np.exp(-np.exp(centre - half))
    return SmoothCurve(np.atleast_1d(np.asarray(days, float)), survival, error, lower, upper)


def _standardised(
    fit: FlexibleFit, x: ArrayLike, days: ArrayLike, weights: ArrayLike | None
) -> tuple[Floats, Floats]:
    """Mean survival at every time and its gradient by the parameters."""
    if not fit.converged:
        raise ValueError(f"no prediction: {fit.note}")
    rows = np.atleast_2d(np.asarray(x, dtype=np.float64))
    if rows.shape[1] != len(fit.covariates):
        raise ValueError("covariates must have the columns of the model")
    w = np.ones(rows.shape[0]) if weights is None else np.asarray(weights, dtype=np.float64)
    w = w / w.sum()
    at = np.atleast_1d(np.asarray(days, dtype=np.float64))
    if np.any(at <= 0):
        raise ValueError("times must be above 0")
    mean, gradient = np.empty(at.size), np.empty((at.size, fit.coef.size))
    for i, day in enumerate(at):
        u = np.full(rows.shape[0], np.log(day))
        z = design(u, rows, fit.knots, fit.varying)[0]
        hazard = np.exp(z @ fit.coef)
        s = np.exp(-hazard)
        mean[i] = w @ s
        gradient[i] = -(w * s * hazard) @ z
    return mean, gradient


def standardised_by_level(
    fit: FlexibleFit,
    x: ArrayLike,
    days: ArrayLike,
    levels: Mapping[str, int | None],
) -> dict[str, SmoothCurve]:
    """
    Standardised survival of every level of a grouping, all on the same patients.

    Parameters
    ----------
    fit : FlexibleFit
        Fitted model with indicator columns for the grouping.
    x : array_like of shape (m, p)
        Covariates of everybody: the case mix that all levels share.
    days : array_like of shape (k,)
        Times above 0.
    levels : mapping of str to int or None
        Indicator column of each level; None for the reference.

    Returns
    -------
    dict of str to SmoothCurve
        What survival would be under the model were everybody of that level: an association
        adjusted for the other covariates, not an effect.
    """
    rows = np.atleast_2d(np.asarray(x, dtype=np.float64))
    indicators = [j for j in levels.values() if j is not None]
    out = {}
    for name, column in levels.items():
        moved = rows.copy()
        moved[:, indicators] = 0.0
        if column is not None:
            moved[:, column] = 1.0
        out[name] = standardised_survival(fit, moved, days)
    return out


def standardised_difference(
    fit: FlexibleFit, one: ArrayLike, other: ArrayLike, days: ArrayLike
) -> SmoothCurve:
    """
    Difference of two standardised survival curves, with the covariance between them.

    Parameters
    ----------
    fit : FlexibleFit
        Fitted model.
    one, other : array_like of shape (m, p)
        Covariates averaged over; the difference is ``one`` less ``other``.
    days : array_like of shape (k,)
        Times above 0.

    Returns
    -------
    SmoothCurve
        ``survival`` is the difference, with a normal 95 % interval.
    """
    first, second = _standardised(fit, one, days, None), _standardised(fit, other, days, None)
    value, gradient = first[0] - second[0], first[1] - second[1]
    error = np.sqrt(np.einsum("kq,qr,kr->k", gradient, fit.covariance, gradient))
    at = np.atleast_1d(np.asarray(days, float))
    return SmoothCurve(at, value, error, value - Z95 * error, value + Z95 * error)
