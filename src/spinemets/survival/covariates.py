"""Covariates of a regression: read without gaps, centred and scaled."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from spinemets.survival.sample import Floats, floats

#: Beyond this squares overflow; no clinical covariate comes near.
LARGEST: Final = 1e100


def read_covariates(x: ArrayLike, n: int) -> Floats:
    """
    Read covariates as a matrix and refuse missing ones.

    Parameters
    ----------
    x : array_like of shape (n, p) or (n,)
        Covariates, also a pandas table.
    n : int
        Number of rows expected.

    Returns
    -------
    ndarray of shape (n, p)
        Covariates.

    Raises
    ------
    ValueError
        When the number of rows differs, or a covariate is missing, no number or beyond 1e100.
    """
    given = floats(x)
    given = given[:, None] if given.ndim == 1 else given
    if given.shape[0] != n:
        raise ValueError("covariates must have one row per patient")
    if not np.isfinite(given).all():
        raise ValueError(f"{int((~np.isfinite(given)).any(axis=1).sum())} row(s) without covariate")
    if np.abs(given).max(initial=0.0) > LARGEST:
        raise ValueError(f"a covariate lies beyond {LARGEST:g}")
    return given


def scale_covariates(x: Floats) -> tuple[Floats, Floats]:
    """
    Centre and scale covariates; a constant column becomes 0 and keeps its scale.

    Parameters
    ----------
    x : ndarray of shape (n, p)
        Covariates.

    Returns
    -------
    scaled : ndarray of shape (n, p)
        Covariates with mean 0 and standard deviation 1.
    scale : ndarray of shape (p,)
        Standard deviations.
    """
    centred = x - x.mean(axis=0)
    spread = np.sqrt(np.mean(centred**2, axis=0))
    tiny = spread <= 1e-12 * np.maximum(1.0, np.abs(x).max(axis=0))
    scale = np.where(tiny, 1.0, spread)
    centred[:, tiny] = 0.0
    return centred / scale, scale
