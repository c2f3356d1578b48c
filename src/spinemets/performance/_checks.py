"""What calibration and utility ask of risks and horizons."""

import numpy as np
import numpy.typing as npt

from spinemets.performance._arrays import FloatArray, as_vector
from spinemets.performance._km import FollowUp


def check_risk(risk: npt.ArrayLike, length: int, name: str = "risk") -> FloatArray:
    """
    Return risks as floats.

    Parameters
    ----------
    risk : array_like of float, shape (n,)
        Predicted probabilities of the event; missing values aren't accepted.
    length : int
        Number of patients.
    name : str
        Name printed in the error.

    Returns
    -------
    numpy.ndarray
        Shape (n,).

    Raises
    ------
    ValueError
        When a value is missing or lies outside 0 to 1.
    """
    vector = as_vector(risk, name, length)
    if not bool(np.all(np.isfinite(vector))):
        raise ValueError(f"{name}: has missing or infinite values")
    if bool(np.any((vector < 0) | (vector > 1))):
        raise ValueError(f"{name}: must lie between 0 and 1 (a risk, not a percentage)")
    return vector


def check_horizon(horizon: float) -> float:
    """
    Return a horizon as a float.

    Parameters
    ----------
    horizon : float
        In the unit of time.

    Returns
    -------
    float
        The horizon.

    Raises
    ------
    ValueError
        When it isn't finite and positive.
    """
    value = float(horizon)
    if not (np.isfinite(value) and value > 0):
        raise ValueError("horizon: must be finite and positive")
    return value


def cloglog(risk: npt.ArrayLike) -> FloatArray:
    """
    Complementary log-log of a risk, the log cumulative hazard.

    Parameters
    ----------
    risk : array_like of float
        Risks; 0 and 1 give infinities.

    Returns
    -------
    numpy.ndarray
        ``log(-log(1 - risk))``.

    Examples
    --------
    >>> cloglog([0.5]).round(4).tolist()
    [-0.3665]
    """
    values = np.asarray(risk, dtype=np.float64)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(-np.log1p(-values)))


def prepare(
    time: npt.ArrayLike, event: npt.ArrayLike, risk: npt.ArrayLike, horizon: float
) -> tuple[FollowUp, FloatArray, float]:
    """
    Check follow-up, risks and a horizon.

    Parameters
    ----------
    time, event, risk : array_like, shape (n,)
        Follow-up, event indicator, predicted risk.
    horizon : float
        In the unit of ``time``.

    Returns
    -------
    follow_up, risk, horizon : FollowUp, numpy.ndarray, float
        Ranked follow-up and checked values.
    """
    follow_up = FollowUp.of(time, event)
    return follow_up, check_risk(risk, follow_up.n), check_horizon(horizon)
