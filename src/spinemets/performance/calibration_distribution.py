"""D-calibration: the whole predicted distribution against what happened."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc

from spinemets.performance._arrays import FloatArray, check_event
from spinemets.performance._checks import check_risk
from spinemets.performance._km import NOBODY


@dataclass(frozen=True)
class DCalibration:
    """
    Test of the whole predicted distribution.

    Parameters
    ----------
    statistic, p : float
        Chi-square and p-value; NaN when undefined.
    degrees : int
        Degrees of freedom.
    counts : numpy.ndarray
        Patients per interval of predicted survival at their own time; equal when calibrated.
    n, events : int
        Patients and events.
    reason : str
        Why the test is undefined, or a caveat.
    """

    statistic: float
    p: float
    degrees: int
    counts: FloatArray
    n: int
    events: int
    reason: str = ""


def d_calibration(survival: npt.ArrayLike, event: npt.ArrayLike, *, bins: int = 10) -> DCalibration:
    """
    D-calibration: are predicted survival probabilities at the patients' own times uniform?

    Parameters
    ----------
    survival : array_like of float, shape (n,)
        Predicted ``S(T_i | x_i)`` at the end of each patient's own follow-up (level 3).
    event : array_like of bool, shape (n,)
        Whether the follow-up ended with the event. A censored patient is spread over the
        intervals below his predicted survival.
    bins : int
        Number of equal intervals, at least 2.

    Returns
    -------
    DCalibration
        Pearson chi-square against equal counts, ``bins - 1`` degrees of freedom.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    Spreading out the censored makes the test conservative, the more the heavier the censoring: a
    high p-value is no proof of calibration.

    References
    ----------
    Haider H, Hoehn B, Davis S, Greiner R. J Mach Learn Res 2020;21(85):1-63.

    Examples
    --------
    >>> d_calibration([0.05, 0.35, 0.65, 0.95], [1, 1, 1, 1], bins=2).counts.tolist()
    [2.0, 2.0]
    """
    predicted = check_risk(survival, np.asarray(survival).size, "survival")
    died = check_event(event, predicted.size)
    if int(bins) != bins or bins < 2:
        raise ValueError("bins: must be a whole number from 2 on")
    bins = int(bins)
    n, events = predicted.size, int(died.sum())
    if n == 0:
        return DCalibration(np.nan, np.nan, bins - 1, np.zeros(bins), 0, 0, NOBODY)
    # Intervals are closed below, [k/bins, (k+1)/bins); 1 belongs to the last.
    place = np.minimum(np.floor(predicted * bins + 1e-12), bins - 1).astype(int)
    counts = np.bincount(place[died], minlength=bins).astype(float)
    late = predicted[~died]
    if late.size:
        spot = place[~died]
        with np.errstate(divide="ignore", invalid="ignore"):
            inside = np.where(late > 0, (late - spot / bins) / late, 1.0)
            each = np.where(late > 0, 1.0 / bins / late, 0.0)
        counts += np.bincount(spot, weights=inside, minlength=bins)
        below = np.bincount(spot, weights=each, minlength=bins)
        counts[:-1] += np.cumsum(below[::-1])[::-1][1:]
    expected = n / bins
    statistic = float(np.sum((counts - expected) ** 2) / expected)
    caveat = "expected count per interval below 5" if expected < 5 else ""
    p = float(chdtrc(bins - 1, statistic))
    return DCalibration(statistic, p, bins - 1, counts, n, events, caveat)
