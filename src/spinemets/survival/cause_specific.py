"""Absolute risks of one cause from cause-specific Cox models: every cause has its own model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from spinemets.survival.competing import make_competing
from spinemets.survival.covariates import read_covariates
from spinemets.survival.cox_fit import CoxFit, fit_cox
from spinemets.survival.cox_predict import baseline_hazard
from spinemets.survival.sample import Floats


@dataclass(frozen=True)
class CauseSpecific:
    """
    Cox models of all causes of a competing-risks outcome.

    Parameters
    ----------
    causes : tuple of str
        Names of the causes 1, 2, ...
    fits : tuple of CoxFit
        One model per cause; the other causes end observation.
    last : float
        Longest observation in days; beyond it there is no risk.
    note : str
        Why there are no risks.
    """

    causes: tuple[str, ...]
    fits: tuple[CoxFit, ...]
    last: float
    note: str = ""

    def risk(self, x: ArrayLike, days: ArrayLike, of: int = 1) -> Floats:
        """
        Probability of an event of one cause by given times.

        Parameters
        ----------
        x : array_like of shape (m, p)
            Covariates of the patients.
        days : array_like of shape (k,)
            Times.
        of : int
            Number of the cause, from 1.

        Returns
        -------
        ndarray of shape (m, k)
            Risks; NaN after the end of observation.

        Raises
        ------
        ValueError
            When there is no model, the cause is unknown or the columns differ.
        """
        if self.note:
            raise ValueError(f"no risks: {self.note}")
        if not 1 <= of <= len(self.fits):
            raise ValueError(f"of: must be a cause from 1 to {len(self.fits)}")
        new = np.atleast_2d(np.asarray(x, dtype=np.float64))
        if new.shape[1] != len(self.fits[0].names):
            raise ValueError("x: must have the columns of the model")
        at = np.atleast_1d(np.asarray(days, dtype=np.float64))
        baselines = [baseline_hazard(fit)[0] for fit in self.fits]
        times = np.unique(np.concatenate([b.time for b in baselines]))
        jumps = []
        for fit, base in zip(self.fits, baselines, strict=True):
            # A cause's hazard stays flat after the last of its events.
            steps = np.concatenate([[0.0], base.cumulative_hazard])
            height = steps[np.searchsorted(base.time, times, side="right")]
            ratio = np.exp(new @ np.where(fit.aliased, 0.0, fit.coef))
            jumps.append(np.diff(height, prepend=0.0)[:, None] * ratio)
        free = np.cumprod(np.maximum(1.0 - np.sum(jumps, axis=0), 0.0), axis=0)
        before = np.concatenate([np.ones((1, new.shape[0])), free])[:-1]
        total = np.concatenate([np.zeros((1, new.shape[0])), np.cumsum(before * jumps[of - 1], 0)])
        found = total[np.searchsorted(times, at, side="right")].T
        return np.where(at > self.last, np.nan, np.minimum(found, 1.0))


def fit_cause_specific(
    x: ArrayLike,
    time: ArrayLike,
    cause: ArrayLike,
    entry: ArrayLike | None = None,
    *,
    names: Sequence[str] | None = None,
    causes: Sequence[str] | None = None,
) -> CauseSpecific:
    """
    Fit one Cox model per cause.

    Estimand: the hazard of each cause among those still free of all, and with all hazards together
    the probability of each cause by a time.

    Parameters
    ----------
    x : array_like of shape (n, p)
        Covariates, not missing.
    time, cause, entry
        As in ``aalen_johansen``.
    names : sequence of str, optional
        Names of the covariates.
    causes : sequence of str, optional
        Names of the declared causes.

    Returns
    -------
    CauseSpecific
        With a note where the model of a cause has no estimate.

    Raises
    ------
    ValueError
        When the sample is impossible, a cause isn't declared or a covariate is missing.

    Notes
    -----
    Risks are product integrals, as ``riskRegression::predictRisk`` of a ``CSC`` object gives them:
    without covariates and ties they are Aalen-Johansen's. Efron ties in models and baselines.

    References
    ----------
    Benichou, Gail 1990, doi:10.2307/2532098.

    Examples
    --------
    >>> x, cause = [0, 1, 0, 1, 1, 0, 1, 0], [1, 2, 2, 1, 1, 2, 0, 1]
    >>> fit = fit_cause_specific(x, [1, 2, 3, 4, 5, 6, 7, 8], cause)
    >>> fit.risk([[0], [1]], [4]).round(3).tolist()
    [[0.17], [0.319]]
    """
    checked = make_competing(time, cause, entry, causes=causes)
    given = read_covariates(x, checked.sample.n)
    fits = tuple(
        fit_cox(given, time, checked.cause == k + 1, entry, names=names)
        for k in range(len(checked.causes))
    )
    last = float(checked.sample.time.max()) if checked.sample.n else np.nan
    poor = [f"{c}: {fit.note}" for c, fit in zip(checked.causes, fits, strict=True) if fit.note]
    note = "; ".join(poor) or ("" if fits else "no events")
    return CauseSpecific(checked.causes, fits, last, note)
