"""
Sums over risk sets, and the Cox partial likelihood with all its derivatives.

Efron's handling of d tied deaths replaces the one denominator by d of them, the k-th with the
deaths weighted by 1 - k/d. Here every death owns one such *term*, so that Efron and Breslow are
the same vectorised code. Strata, delayed entry, case weights and offsets hold everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from spinemets.survival.sample import Floats, Integers, Sample

TIES: Final = ("efron", "breslow")


@dataclass(frozen=True)
class Derivatives:
    """
    Partial log-likelihood and its first two derivatives at one coefficient.

    Parameters
    ----------
    loglik : float
        Log partial likelihood.
    score : ndarray of shape (p,)
        Gradient.
    information : ndarray of shape (p, p)
        Negative Hessian.
    penalty_gradient : ndarray of shape (p,) or None
        Gradient of half the log-determinant of the information (Firth), when asked for.
    """

    loglik: float
    score: Floats
    information: Floats
    penalty_gradient: Floats | None = None


@dataclass(frozen=True)
class Terms:
    """
    Weighted means of the covariates, one per death (Efron) of every event time.

    Parameters
    ----------
    denominator : ndarray of shape (m,)
        Sum of weighted relative risks.
    mean : ndarray of shape (m, p)
        Weighted mean of the covariates.
    covariance : ndarray of shape (m, p, p)
        Weighted covariance of the covariates.
    """

    denominator: Floats
    mean: Floats
    covariance: Floats


class RiskSets:
    """
    Who is at risk at every event time of every stratum.

    Parameters
    ----------
    sample : Sample
        Checked sample.
    stratum : ndarray of int of shape (n,)
        Stratum number of every row, 0, 1, ...
    ties : {"efron", "breslow"}
        Handling of tied deaths.
    """

    def __init__(self, sample: Sample, stratum: Integers, ties: str = "efron") -> None:
        if ties not in TIES:
            raise ValueError(f"unknown handling of ties {ties!r}; known: {', '.join(TIES)}")
        self.sample = sample
        self.stratum = stratum
        self.n_strata = int(stratum.max()) + 1 if stratum.size else 0
        self.deaths = np.flatnonzero(sample.event)
        self._groups(ties)
        self._blocks()

    def _groups(self, ties: str) -> None:
        """Event times within strata, and one term per death."""
        died = self.deaths
        keys = np.column_stack([self.stratum[died], self.sample.time[died]])
        unique, place = np.unique(keys, axis=0, return_inverse=True)
        self.group_stratum = unique[:, 0].astype(np.int64)
        self.group_time = unique[:, 1]
        self.group_of_death = place.reshape(-1)
        self.n_groups = int(self.group_time.size)
        self.tied = np.bincount(self.group_of_death, minlength=self.n_groups)
        first = np.cumsum(self.tied) - self.tied
        self.term_group = np.repeat(np.arange(self.n_groups), self.tied)
        rank = np.arange(self.term_group.size) - first[self.term_group]
        share = rank / np.maximum(self.tied, 1)[self.term_group]
        self.fraction = share if ties == "efron" else np.zeros(share.size)
        weight = np.bincount(self.group_of_death, self.sample.weight[died], minlength=self.n_groups)
        self.group_weight = np.asarray(weight, dtype=np.float64)
        self.term_weight = (self.group_weight / np.maximum(self.tied, 1))[self.term_group]

    def _blocks(self) -> None:
        """Per stratum: rows by exit and by entry, latest first, and where event times cut them."""
        self._cuts: list[tuple[Integers, Integers, Integers, Integers, slice]] = []
        time, entry = self.sample.time, self.sample.entry
        # A row is at risk in the groups first_group, ..., last_group - 1.
        self.first_group = np.zeros(time.size, dtype=np.int64)
        self.last_group = np.zeros(time.size, dtype=np.int64)
        for s in range(self.n_strata):
            rows = np.flatnonzero(self.stratum == s)
            low, high = np.searchsorted(self.group_stratum, [s, s + 1])
            if low == high:
                continue
            at = self.group_time[low:high]
            until = np.searchsorted(at, time[rows], side="right") + low
            since = np.searchsorted(at, entry[rows], side="right") + low
            self.last_group[rows], self.first_group[rows] = until, since
            out = rows[np.argsort(-time[rows], kind="stable")]
            late = rows[np.isfinite(entry[rows])]
            late = late[np.argsort(-entry[late], kind="stable")]
            leaving = np.searchsorted(-time[out], -at, side="right")
            entering = np.searchsorted(-entry[late], -at, side="right")
            self._cuts.append((out, leaving, late, entering, slice(int(low), int(high))))

    def sums(self, values: Floats) -> Floats:
        """
        Sum of a quantity over everybody at risk at each event time.

        Parameters
        ----------
        values : ndarray of shape (n, q)
            Quantity of every row.

        Returns
        -------
        ndarray of shape (groups, q)
            Sums over rows with entry < t <= exit within the stratum.
        """
        total = np.zeros((self.n_groups, values.shape[1]))
        zero = np.zeros((1, values.shape[1]))
        for out, leaving, late, entering, groups in self._cuts:
            running = np.concatenate([zero, np.cumsum(values[out], axis=0)])
            total[groups] = running[leaving]
            if late.size:
                running = np.concatenate([zero, np.cumsum(values[late], axis=0)])
                total[groups] -= running[entering]
        return total

    def death_sums(self, values: Floats) -> Floats:
        """
        Sum of a quantity over the deaths at each event time.

        Parameters
        ----------
        values : ndarray of shape (n, q)
            Quantity of every row.

        Returns
        -------
        ndarray of shape (groups, q)
            Sums over the tied deaths.
        """
        total = np.zeros((self.n_groups, values.shape[1]))
        for column, each in enumerate(values[self.deaths].T):
            total[:, column] = np.bincount(self.group_of_death, each, minlength=self.n_groups)
        return total

    def centred(self, linear_predictor: Floats) -> Floats:
        """
        Subtract the largest linear predictor of each stratum, which the likelihood doesn't see.

        Parameters
        ----------
        linear_predictor : ndarray of shape (n,)
            Linear predictor.

        Returns
        -------
        ndarray of shape (n,)
            At most 0, so that nothing overflows.
        """
        top = np.full(max(self.n_strata, 1), -np.inf)
        np.maximum.at(top, self.stratum, linear_predictor)
        return np.asarray(linear_predictor - top[self.stratum])

    def term_sums(self, values: Floats) -> Floats:
        """
        Risk-set sums for every term, with the deaths down-weighted as Efron does.

        Parameters
        ----------
        values : ndarray of shape (n, q)
            Quantity of every row.

        Returns
        -------
        ndarray of shape (terms, q)
            One row per death.
        """
        whole = self.sums(values)[self.term_group]
        if not self.fraction.any():
            return whole
        return whole - self.fraction[:, None] * self.death_sums(values)[self.term_group]

    def exposure(self, per_term: Floats) -> Floats:
        """
        Sum of a quantity of the terms over all terms in whose risk set a row stands.

        Parameters
        ----------
        per_term : ndarray of shape (terms,)
            Quantity of every term, for instance its part of the cumulative hazard.

        Returns
        -------
        ndarray of shape (n,)
            Sums; a death counts in the terms of its own time as Efron weighs it.
        """
        per_group = np.bincount(self.term_group, per_term, minlength=self.n_groups)
        running = np.concatenate([[0.0], np.cumsum(per_group)])
        total = running[self.last_group] - running[self.first_group]
        if self.fraction.any():
            own = np.bincount(self.term_group, self.fraction * per_term, minlength=self.n_groups)
            total[self.deaths] -= own[self.group_of_death]
        return np.asarray(total)

    @cached_property
    def strata_with_events(self) -> int:
        """Number of strata that hold an event."""
        return int(np.unique(self.group_stratum).size)


def terms(sets: RiskSets, x: Floats, linear_predictor: Floats) -> Terms:
    """
    Weighted mean and covariance of the covariates in every term of the likelihood.

    Parameters
    ----------
    sets : RiskSets
        Risk sets.
    x : ndarray of shape (n, p)
        Covariates, best centred.
    linear_predictor : ndarray of shape (n,)
        Linear predictor, centred within strata.

    Returns
    -------
    Terms
        Denominators, means and covariances.
    """
    p = x.shape[1]
    risk = sets.sample.weight * np.exp(linear_predictor)
    rows, cols = np.triu_indices(p)
    stack = np.concatenate(
        [risk[:, None], risk[:, None] * x, risk[:, None] * x[:, rows] * x[:, cols]], axis=1
    )
    total = sets.term_sums(stack)
    # Far out a risk set can sum to 0; what follows is NaN and ends the search there.
    with np.errstate(divide="ignore", invalid="ignore"):
        denominator = total[:, 0]
        mean = total[:, 1 : p + 1] / denominator[:, None]
        second = np.empty((denominator.size, p, p))
        second[:, rows, cols] = total[:, p + 1 :] / denominator[:, None]
        second[:, cols, rows] = second[:, rows, cols]
        spread = second - mean[:, :, None] * mean[:, None, :]
    return Terms(denominator, mean, spread)


def loglik(sets: RiskSets, linear_predictor: Floats) -> float:
    """
    Log partial likelihood.

    Parameters
    ----------
    sets : RiskSets
        Risk sets.
    linear_predictor : ndarray of shape (n,)
        Linear predictor including any offset.

    Returns
    -------
    float
        Log partial likelihood.
    """
    eta = sets.centred(linear_predictor)
    weight = sets.sample.weight
    denominator = sets.term_sums((weight * np.exp(eta))[:, None])[:, 0]
    died = sets.deaths
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(weight[died] @ eta[died] - sets.term_weight @ np.log(denominator))


def derivatives(
    sets: RiskSets, x: Floats, linear_predictor: Floats, *, firth: bool = False
) -> Derivatives:
    """
    Log partial likelihood, gradient and information.

    Parameters
    ----------
    sets : RiskSets
        Risk sets.
    x : ndarray of shape (n, p)
        Covariates, best centred.
    linear_predictor : ndarray of shape (n,)
        Linear predictor including any offset.
    firth : bool
        Also the gradient of Firth's penalty.

    Returns
    -------
    Derivatives
        Value and derivatives.
    """
    eta = sets.centred(linear_predictor)
    weight, died, w = sets.sample.weight, sets.deaths, sets.term_weight
    risk = weight * np.exp(eta)
    total = sets.term_sums(np.concatenate([risk[:, None], risk[:, None] * x], axis=1))
    denominator = total[:, 0]
    # Far out a risk set can sum to 0; what follows is NaN and ends the search there.
    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(weight[died] @ eta[died] - w @ np.log(denominator))
        mean = total[:, 1:] / denominator[:, None]
        # Second moments of all terms at once: every row times its share of the hazard, which
        # spares a covariance matrix of each term.
        hazard = risk * sets.exposure(w / denominator)
        information = x.T @ (hazard[:, None] * x) - mean.T @ (w[:, None] * mean)
    score = weight[died] @ x[died] - w @ mean
    penalty = None
    if firth:
        penalty = _penalty_gradient(sets, x, eta, terms(sets, x, eta), information)
    return Derivatives(value, score, information, penalty)


def _penalty_gradient(
    sets: RiskSets, x: Floats, eta: Floats, part: Terms, information: Floats
) -> Floats:
    """Half the trace of I^-1 dI/dbeta, from third central moments contracted with I^-1."""
    inverse = np.linalg.inv(information)
    risk = sets.sample.weight * np.exp(eta)
    quadratic = np.einsum("ni,ij,nj->n", x, inverse, x)
    stack = np.concatenate([quadratic[:, None], quadratic[:, None] * x], axis=1)
    total = sets.term_sums(risk[:, None] * stack) / part.denominator[:, None]
    mean = part.mean
    # E[(x-m)'A(x-m)(x-m)] = E[q(x-m)] - 2 E[(x-m)(x-m)'] A m, with q = x'Ax and mean m.
    third = total[:, 1:] - total[:, :1] * mean
    third -= 2.0 * np.einsum("mij,jk,mk->mi", part.covariance, inverse, mean)
    return np.asarray(0.5 * sets.term_weight @ third)
