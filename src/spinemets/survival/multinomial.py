"""
Multinomial logistic regression, fitted again and again to resamples of one table.

scikit-learn fits it once (`propensity`). A bootstrap of 500 replicates would spend four fifths of
its time in scikit-learn's checks of arguments: here Newton starts from the fit to all patients.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from spinemets.survival.covariates import scale_covariates
from spinemets.survival.sample import Floats, Integers

_STEPS: Final = 40
#: A step that moves no probability by more than this is the last.
_CLOSE: Final = 1e-10
#: As in `propensity`: a group that all had one treatment gets a finite coefficient.
_RIDGE: Final = 1e-8


class Refits:
    """
    Fits to resamples.

    Parameters
    ----------
    x : ndarray of shape (n, p)
        Covariates of all patients, without gaps.
    treatment : ndarray of int of shape (n,)
        Treatment number of all patients.
    size : int
        Number of treatments.

    Examples
    --------
    >>> refits = Refits(np.array([[0.0], [0], [0], [1], [1]]), np.array([0, 1, 1, 0, 1]), 2)
    >>> refits.probability(np.array([0, 1, 3, 3, 4])).round(3)[:, 1]
    array([0.5  , 0.5  , 0.333, 0.333, 0.333])
    """

    def __init__(self, x: Floats, treatment: Integers, size: int) -> None:
        scaled = scale_covariates(x)[0]
        self.columns = np.column_stack([np.ones(x.shape[0]), scaled])
        self.treated = np.eye(size)[treatment][:, 1:]
        self.start = np.zeros((size - 1, self.columns.shape[1]))
        found = self._fit(self.columns, self.treated)
        self.start = self.start if found is None else found

    def probability(self, rows: Integers) -> Floats | None:
        """
        Fit to some patients, with repetition.

        Parameters
        ----------
        rows : ndarray of int of shape (m,)
            Rows of the patients drawn.

        Returns
        -------
        ndarray of shape (m, treatments) or None
            Probability of every treatment; None when Newton doesn't arrive (no maximum, or
            collinear columns), which is for a more patient method to judge.
        """
        columns = self.columns[rows]
        theta = self._fit(columns, self.treated[rows])
        return None if theta is None else _softmax(columns, theta)

    def _fit(self, columns: Floats, treated: Floats) -> Floats | None:
        theta = self.start
        k, q = theta.shape
        penalty = np.tile(np.r_[0.0, np.full(q - 1, _RIDGE)], k)
        p = _softmax(columns, theta)[:, 1:]
        for _ in range(_STEPS):
            gradient = ((treated - p).T @ columns).ravel() - penalty * theta.ravel()
            information = np.empty((k, q, k, q))
            for a in range(k):
                for b in range(k):
                    spread = p[:, a] * ((a == b) - p[:, b])
                    information[a, :, b, :] = (columns * spread[:, None]).T @ columns
            try:
                step = np.linalg.solve(
                    information.reshape(k * q, k * q) + np.diag(penalty), gradient
                )
            except np.linalg.LinAlgError:
                return None
            if not np.abs(step).max() < 50.0:
                return None
            theta = np.asarray(theta + step.reshape(k, q), dtype=np.float64)
            last, p = p, _softmax(columns, theta)[:, 1:]
            if np.abs(p - last).max() < _CLOSE:
                return theta
        return None


def _softmax(columns: Floats, theta: Floats) -> Floats:
    eta = np.column_stack([np.zeros(columns.shape[0]), columns @ theta.T])
    raised = np.exp(eta - eta.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
