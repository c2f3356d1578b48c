"""Maximise a Cox partial likelihood, plain or penalised as Firth does, and say how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from spinemets.survival.partial_likelihood import RiskSets, derivatives, loglik
from spinemets.survival.sample import Floats

#: A step that moves nobody's linear predictor by more than this ends the search.
STEP_TOLERANCE: Final = 1e-9
MAX_HALVINGS: Final = 25
#: A standard error this large on a covariate scaled to unit variance is no estimate.
FLAT: Final = 1e4

CONVERGED: Final = ""
SEPARATED: Final = "separation: the likelihood has no maximum (a hazard ratio of 0 or infinity)"
DIVERGED: Final = "the fit did not converge"


@dataclass(frozen=True)
class Optimum:
    """
    Where a search ended.

    Parameters
    ----------
    beta : ndarray of shape (p,)
        Coefficients.
    value : float
        Log partial likelihood, with the penalty when there is one.
    loglik : float
        Log partial likelihood without the penalty.
    information : ndarray of shape (p, p)
        Information there.
    problem : str
        Empty when a maximum was found, else what went wrong.
    iterations : int
        Newton steps taken.
    """

    beta: Floats
    value: float
    loglik: float
    information: Floats
    problem: str
    iterations: int


@dataclass(frozen=True)
class Likelihood:
    """
    What is maximised.

    Parameters
    ----------
    sets : RiskSets
        Risk sets.
    x : ndarray of shape (n, p)
        Covariates, centred and scaled.
    offset : ndarray of shape (n,)
        Known part of the linear predictor.
    firth : bool
        Add half the log-determinant of the information (Jeffreys' prior).
    """

    sets: RiskSets
    x: Floats
    offset: Floats
    firth: bool = False

    def value(self, beta: Floats) -> float:
        """
        Objective at a coefficient.

        Parameters
        ----------
        beta : ndarray of shape (p,)
            Coefficients.

        Returns
        -------
        float
            Log partial likelihood and penalty; ``-inf`` where it can't be computed.
        """
        eta = self.x @ beta + self.offset
        if not self.firth:
            found = loglik(self.sets, eta)
        else:
            d = derivatives(self.sets, self.x, eta)
            found = d.loglik + half_log_determinant(d.information)
        return found if np.isfinite(found) else -np.inf


def half_log_determinant(information: Floats) -> float:
    """
    Firth's penalty.

    Parameters
    ----------
    information : ndarray of shape (p, p)
        Information matrix.

    Returns
    -------
    float
        Half the log-determinant; ``-inf`` when it isn't positive definite.
    """
    sign, value = np.linalg.slogdet(information)
    return 0.5 * float(value) if sign > 0 else -np.inf


def maximise(
    problem: Likelihood,
    start: Floats,
    max_steps: int = 30,
    free: Floats | None = None,
) -> Optimum:
    """
    Newton's method with step halving.

    Parameters
    ----------
    problem : Likelihood
        What is maximised.
    start : ndarray of shape (p,)
        First coefficients.
    max_steps : int
        Steps before giving up. A likelihood without maximum (separation) moves the linear
        predictor by about 1 in every step, for ever; one with a maximum needs fewer than 10.
    free : ndarray of bool of shape (p,), optional
        Coefficients that may move; all when left out.

    Returns
    -------
    Optimum
        End of the search and whether it is a maximum.
    """
    moving = np.ones(start.size, dtype=bool) if free is None else np.asarray(free, dtype=bool)
    beta, value, gain = start.copy(), problem.value(start), np.inf
    d = derivatives(problem.sets, problem.x, problem.x @ beta + problem.offset, firth=problem.firth)
    if not moving.any():
        return Optimum(beta, value, d.loglik, d.information, CONVERGED, 0)
    ending, steps = DIVERGED, 0
    for steps in range(1, max_steps + 1):  # noqa: B007 - the count is reported
        step = _direction(problem, d.score, d.information, d.penalty_gradient, moving)
        if step is None:
            ending = SEPARATED
            break
        size = float(np.max(np.abs(problem.x @ step)))
        if size < STEP_TOLERANCE:
            beta, ending = beta + step, CONVERGED
            break
        factor, new = _halve(problem, beta, step, value)
        gain, beta, value = new - value, beta + factor * step, new
        at = problem.x @ beta + problem.offset
        d = derivatives(problem.sets, problem.x, at, firth=problem.firth)
        if factor * size < 1e-5 and abs(gain) <= 1e-13 * max(1.0, abs(value)):
            ending = CONVERGED
            break
    if (ending == DIVERGED and abs(gain) < 1e-6) or _flat(d.information, moving):
        ending = SEPARATED
    return Optimum(beta, problem.value(beta), d.loglik, d.information, ending, steps)


def _flat(information: Floats, free: Floats) -> bool:
    """Whether the likelihood says next to nothing about a coefficient: far out on a plateau."""
    block = information[np.ix_(free, free)]
    return bool(not np.isfinite(block).all() or np.diag(block).min() < FLAT**-2)


def _direction(
    problem: Likelihood, score: Floats, information: Floats, penalty: Floats | None, free: Floats
) -> Floats | None:
    """Newton step; None when the information has vanished."""
    gradient = score if penalty is None else score + penalty
    block = information[np.ix_(free, free)]
    step = np.zeros(score.size)
    scale = np.sqrt(np.maximum(np.diag(block), 0.0))
    if not np.all(np.isfinite(block)) or np.any(scale < 1e-9):
        return None
    # Scaled, a vanishing information can be told from one in other units.
    block = block / np.outer(scale, scale)
    if np.linalg.cond(block) > 1e13:
        return None
    step[free] = np.linalg.solve(block, gradient[free] / scale) / scale
    return step


def _halve(problem: Likelihood, beta: Floats, step: Floats, value: float) -> tuple[float, float]:
    """Shorten a step until the objective doesn't fall."""
    factor, slack = 1.0, 1e-12 * max(1.0, abs(value))
    longest = float(np.max(np.abs(problem.x @ step)))
    factor = min(1.0, 20.0 / longest)  # a first step across the whole scale overflows
    for _ in range(MAX_HALVINGS):
        new = problem.value(beta + factor * step)
        if new >= value - slack:
            return factor, new
        factor /= 2
    return 0.0, value
