"""Nelson-Aalen: the cumulative hazard, with its error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinemets.survival.kaplan_meier import Estimate, KaplanMeier
from spinemets.survival.sample import Z95, Floats


@dataclass(frozen=True)
class NelsonAalen:
    """
    Cumulative hazard at the distinct times of a sample.

    Parameters
    ----------
    time : ndarray of shape (m,)
        Distinct event and censoring times in days.
    cumulative_hazard, std_error : ndarray of shape (m,)
        Sum of d / n, and the root of the sum of d / n^2.
    last : float
        Longest observation in days; NaN without patients.
    """

    time: Floats
    cumulative_hazard: Floats
    std_error: Floats
    last: float

    def at(self, days: float) -> Estimate:
        """
        Cumulative hazard by a time.

        Parameters
        ----------
        days : float
            Time in days.

        Returns
        -------
        Estimate
            Cumulative hazard with a log-normal 95 % interval; NaN with the reason after the end of
            observation.

        Examples
        --------
        >>> from spinemets.survival.kaplan_meier import kaplan_meier
        >>> nelson_aalen(kaplan_meier([1, 2, 3, 4], [1, 1, 0, 1])).at(2).value.__round__(4)
        0.5833
        """
        if not days <= self.last:
            return Estimate(np.nan, note="follow-up ends before this time")
        i = int(np.searchsorted(self.time, days, side="right")) - 1
        value = 0.0 if i < 0 else float(self.cumulative_hazard[i])
        error = 0.0 if i < 0 else float(self.std_error[i])
        if value == 0:
            return Estimate(0.0, std_error=0.0, note="no events by this time: no interval")
        half = Z95 * error / value
        return Estimate(value, value * float(np.exp(-half)), value * float(np.exp(half)), error)


def nelson_aalen(km: KaplanMeier) -> NelsonAalen:
    """
    Nelson-Aalen estimate from the counts of a Kaplan-Meier curve.

    Estimand: the cumulative hazard; with delayed entry as the counts have it.

    Parameters
    ----------
    km : KaplanMeier
        Estimated curve.

    Returns
    -------
    NelsonAalen
        Cumulative hazard at every distinct time, as R's ``survfit`` gives it.

    References
    ----------
    Aalen 1978, doi:10.1214/aos/1176344247.
    """
    n = np.where(km.at_risk > 0, km.at_risk, 1.0)
    last = float(km.time[-1]) if km.time.size else float("nan")
    return NelsonAalen(
        km.time, np.cumsum(km.events / n), np.sqrt(np.cumsum(km.events / n**2)), last
    )
