"""Biologically effective dose, equivalent dose in 2 Gy fractions, and named schemes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, overload

import numpy as np
import numpy.typing as npt

from spinemets import yamlfile

SCHEMES_FILE: Final = Path(__file__).with_name("schemes.yaml")
DATA_FILES: Final = ("schemes.yaml",)
ALPHA_BETA_TUMOUR: Final = 10.0
ALPHA_BETA_CORD: Final = 2.0
#: Doses per fraction are printed to three decimals (2.333 Gy).
TOLERANCE_GY: Final = 0.0006
#: Largest dose per fraction for which the dossier prints an equivalent dose to the cord; for
#: single stereotactic fractions it says not to extrapolate.
CORD_LIMIT_GY: Final = 10.0
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scheme:
    """
    A named radiotherapy scheme.

    Parameters
    ----------
    id : str
        ``"<n>x<d>"``.
    n : int
        Number of fractions.
    d : float
        Dose per fraction, Gy.
    technique : {"conventional", "stereotactic"}
        Technique it is used with.
    course : {"short", "long", ""}
        As cohorts of the Delank type group it; empty where they don't.
    published : dict of str to float
        Values of the dossier, for tests.
    note : str
        Caveat.
    """

    id: str
    n: int
    d: float
    technique: str
    course: str
    published: dict[str, float] = field(default_factory=dict)
    note: str = ""


@cache
def schemes() -> dict[str, Scheme]:
    """
    The named schemes.

    Returns
    -------
    dict of str to Scheme
        By name.

    Examples
    --------
    >>> schemes()["5x4"].course
    'short'
    """
    data = yamlfile.load(SCHEMES_FILE).data["schemes"]
    return {name: Scheme(id=name, **entry) for name, entry in data.items()}


@overload
def bed(n: float, d: float, alpha_beta: float = ...) -> float: ...
@overload
def bed(n: Numbers, d: Numbers, alpha_beta: float = ...) -> Numbers: ...
def bed(n: Any, d: Any, alpha_beta: float = ALPHA_BETA_TUMOUR) -> Any:
    """
    Biologically effective dose, ``n d (1 + d / (alpha/beta))``.

    Parameters
    ----------
    n : float or ndarray
        Number of fractions; NaN gives NaN.
    d : float or ndarray
        Dose per fraction, Gy.
    alpha_beta : float
        Gy; 10 for tumour, 2 for spinal cord.

    Returns
    -------
    float or ndarray
        Gy.

    Notes
    -----
    Linear-quadratic model without repair or repopulation.

    Examples
    --------
    >>> bed(5, 4)
    28.0
    """
    return n * d * (1.0 + d / alpha_beta)


@overload
def eqd2(n: float, d: float, alpha_beta: float = ...) -> float: ...
@overload
def eqd2(n: Numbers, d: Numbers, alpha_beta: float = ...) -> Numbers: ...
def eqd2(n: Any, d: Any, alpha_beta: float = ALPHA_BETA_TUMOUR) -> Any:
    """
    Equivalent dose in 2 Gy fractions, ``n d (d + alpha/beta) / (2 + alpha/beta)``.

    Parameters
    ----------
    n : float or ndarray
        Number of fractions; NaN gives NaN.
    d : float or ndarray
        Dose per fraction, Gy.
    alpha_beta : float
        Gy; 10 for tumour, 2 for spinal cord.

    Returns
    -------
    float or ndarray
        Gy.

    Examples
    --------
    >>> eqd2(10, 3)
    32.5
    """
    return n * d * (d + alpha_beta) / (2.0 + alpha_beta)


def eqd2_cord(n: Numbers, d: Numbers) -> Numbers:
    """
    Equivalent dose to the spinal cord, where the model may be used.

    Parameters
    ----------
    n : ndarray
        Number of fractions.
    d : ndarray
        Dose per fraction, Gy.

    Returns
    -------
    ndarray
        Gy; NaN above 10 Gy per fraction, where the dossier prints none.
    """
    return np.where(d <= CORD_LIMIT_GY, eqd2(n, d, ALPHA_BETA_CORD), np.nan)


def scheme_names(n: Numbers, d: Numbers) -> npt.NDArray[np.object_]:
    """
    Name the scheme of each patient.

    Parameters
    ----------
    n : ndarray
        Number of fractions; NaN where missing.
    d : ndarray
        Dose per fraction, Gy.

    Returns
    -------
    ndarray of object
        Name, ``"other"`` for a scheme without a name, None where something is missing.

    Examples
    --------
    >>> scheme_names(np.array([5.0, 7.0]), np.array([4.0, 3.0])).tolist()
    ['5x4', 'other']
    """
    out = np.full(len(n), "other", dtype=object)
    for scheme in schemes().values():
        out[(n == scheme.n) & (np.abs(d - scheme.d) < TOLERANCE_GY)] = scheme.id
    out[np.isnan(n) | np.isnan(d)] = None
    return out
