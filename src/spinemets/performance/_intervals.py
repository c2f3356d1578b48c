"""Confidence intervals on a scale where they behave."""

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit, ndtri

FloatArray = npt.NDArray[np.float64]

SCALES = ("logit", "log", "plain")


def confidence_interval(
    estimate: npt.ArrayLike, se: npt.ArrayLike, scale: str = "logit", *, level: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Wald interval computed on a transformed scale and carried back.

    Parameters
    ----------
    estimate, se : array-like, any common shape
        Estimates and their standard errors; NaN gives NaN.
    scale : {"logit", "log", "plain"}
        "logit" for shares such as C and AUC, "log" for ratios, "plain" for differences.
    level : float
        Coverage wanted, between 0 and 1.

    Returns
    -------
    lower, upper : ndarray
        Limits; NaN where the scale has no value (0 or 1 on the logit scale).

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    The standard error on the scale comes from the delta method.

    Examples
    --------
    >>> lower, upper = confidence_interval(0.65, 0.03)
    >>> print(f"{lower:.4f} {upper:.4f}")
    0.5892 0.7063
    """
    if scale not in SCALES:
        raise ValueError(f"scale: must be one of {', '.join(SCALES)}")
    if not 0 < level < 1:
        raise ValueError("level: must lie between 0 and 1")
    value = np.asarray(estimate, np.float64)
    error = np.asarray(se, np.float64)
    half = float(ndtri(0.5 + level / 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        if scale == "plain":
            limits = value - half * error, value + half * error
        elif scale == "log":
            step = half * error / value
            limits = value * np.exp(-step), value * np.exp(step)
        else:
            step = half * error / (value * (1 - value))
            limits = expit(logit(value) - step), expit(logit(value) + step)
    inside = np.isfinite(value) & np.isfinite(error)
    if scale != "plain":
        inside &= (value > 0) & ((value < 1) | (scale == "log"))
    return np.where(inside, limits[0], np.nan), np.where(inside, limits[1], np.nan)


def no_interval(estimate: float, lower: float) -> str:
    """
    Say why a concordance has no interval.

    Parameters
    ----------
    estimate, lower : float
        Concordance and the lower limit of its interval.

    Returns
    -------
    str
        Empty where there is an interval, or no estimate either.

    Examples
    --------
    >>> no_interval(1.0, float("nan"))
    'no interval: every comparable pair is in the same order'
    """
    if not np.isfinite(estimate) or np.isfinite(lower):
        return ""
    if estimate in (0.0, 1.0):
        return "no interval: every comparable pair is in the same order"
    return "no interval: its standard error can't be estimated"
