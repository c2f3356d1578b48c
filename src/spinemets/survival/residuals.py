"""Residuals of a Cox model, with Efron's handling of ties in every one of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinemets.survival.cox_fit import CoxFit
from spinemets.survival.partial_likelihood import RiskSets, Terms, terms
from spinemets.survival.sample import Floats, Integers


@dataclass(frozen=True)
class Steps:
    """
    Jumps of the baseline hazard at every event time of every stratum.

    Parameters
    ----------
    hazard : ndarray of shape (groups,)
        Jump seen by those who survive the time.
    hazard_died : ndarray of shape (groups,)
        Jump seen by those who die at it, each term down-weighted as in the likelihood.
    mean_hazard, mean_hazard_died : ndarray of shape (groups, p)
        The same jumps times the weighted mean of the covariates.
    mean : ndarray of shape (groups, p)
        Mean of the weighted means over the terms of the time.
    """

    hazard: Floats
    hazard_died: Floats
    mean_hazard: Floats
    mean_hazard_died: Floats
    mean: Floats


def _steps(sets: RiskSets, part: Terms) -> Steps:
    jump = sets.term_weight / part.denominator
    died = jump * (1.0 - sets.fraction)
    tied = np.maximum(sets.tied, 1)[:, None]
    return Steps(
        _by_group(sets, jump),
        _by_group(sets, died),
        _by_group(sets, jump[:, None] * part.mean),
        _by_group(sets, died[:, None] * part.mean),
        _by_group(sets, part.mean) / tied,
    )


def _by_group(sets: RiskSets, values: Floats) -> Floats:
    total = np.zeros((sets.n_groups, *values.shape[1:]))
    np.add.at(total, sets.term_group, values)
    return total


def _group_of_rows(sets: RiskSets, at: Floats) -> Integers:
    """Number of event times of the row's stratum up to a time, counted over all strata before."""
    out = np.zeros(at.size, dtype=np.int64)
    for s in range(sets.n_strata):
        rows = sets.stratum == s
        low, high = np.searchsorted(sets.group_stratum, [s, s + 1])
        out[rows] = low + np.searchsorted(sets.group_time[low:high], at[rows], side="right")
    return out


def _accumulate(sets: RiskSets, all_rows: Floats, died_rows: Floats) -> Floats:
    """Sum of jumps over the time each row was at risk; at its own death the dying row's jump."""
    total = np.concatenate([np.zeros((1, *all_rows.shape[1:])), np.cumsum(all_rows, axis=0)])
    first = _group_of_rows(sets, sets.sample.entry)
    last = _group_of_rows(sets, sets.sample.time)
    out = total[last] - total[first]
    out[sets.deaths] += (died_rows - all_rows)[sets.group_of_death]
    return np.asarray(out)


def _parts(fit: CoxFit) -> tuple[Floats, Floats, Steps]:
    """Centred covariates, centred relative risks and jumps at the estimate."""
    x = np.where(fit.aliased, 0.0, fit.x - fit.x.mean(axis=0))
    eta = fit.sets.centred(fit.linear_predictor)
    return x, np.exp(eta), _steps(fit.sets, terms(fit.sets, x, eta))


def martingale(fit: CoxFit) -> Floats:
    """
    Martingale residuals: events less the events expected of the row.

    Parameters
    ----------
    fit : CoxFit
        Fitted model.

    Returns
    -------
    ndarray of shape (n,)
        Residuals; their weighted sum is 0.
    """
    _, risk, steps = _parts(fit)
    return fit.sample.event - risk * _accumulate(fit.sets, steps.hazard, steps.hazard_died)


def deviance(fit: CoxFit) -> Floats:
    """
    Deviance residuals: martingale residuals made symmetric.

    Parameters
    ----------
    fit : CoxFit
        Fitted model.

    Returns
    -------
    ndarray of shape (n,)
        Residuals.
    """
    m = martingale(fit)
    event = fit.sample.event
    with np.errstate(divide="ignore", invalid="ignore"):
        log_part = np.where(event, np.log(event - m), 0.0)
    return np.asarray(np.sign(m) * np.sqrt(-2.0 * (m + log_part)))


def score_residuals(fit: CoxFit) -> Floats:
    """
    Score residuals: what each row adds to the gradient of the likelihood.

    Parameters
    ----------
    fit : CoxFit
        Fitted model.

    Returns
    -------
    ndarray of shape (n, p)
        Residuals, not weighted; 0 in the columns of aliased covariates.
    """
    x, risk, steps = _parts(fit)
    sets = fit.sets
    hazard = _accumulate(sets, steps.hazard, steps.hazard_died)
    mean_hazard = _accumulate(sets, steps.mean_hazard, steps.mean_hazard_died)
    out = -risk[:, None] * (x * hazard[:, None] - mean_hazard)
    out[sets.deaths] += x[sets.deaths] - steps.mean[sets.group_of_death]
    return np.asarray(out)


def dfbeta(fit: CoxFit) -> Floats:
    """
    Change of the coefficients when a row is left out, to first order.

    Parameters
    ----------
    fit : CoxFit
        Fitted model.

    Returns
    -------
    ndarray of shape (n, p)
        Weighted score residuals times the inverse information.
    """
    return fit.sample.weight[:, None] * score_residuals(fit) @ fit.naive_variance


def schoenfeld(fit: CoxFit) -> tuple[Floats, Floats]:
    """
    Schoenfeld residuals: covariates of each death less their mean at risk.

    Parameters
    ----------
    fit : CoxFit
        Fitted model.

    Returns
    -------
    time : ndarray of shape (deaths,)
        Death times, by stratum and time, ties in the order of the rows.
    residual : ndarray of shape (deaths, p)
        Residuals; in ties the mean is averaged over Efron's terms.
    """
    x, _, steps = _parts(fit)
    sets = fit.sets
    order = np.argsort(sets.group_of_death, kind="stable")
    rows = sets.deaths[order]
    return fit.sample.time[rows], x[rows] - steps.mean[sets.group_of_death[order]]
