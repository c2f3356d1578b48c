"""Nelson-Aalen: the cumulative hazard, with its error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from spinemets.survival.kaplan_meier import Estimate, KaplanMeier
from spinemets.survival.sample import Z95, Floats

TIES: Final = ("nelson", "efron")


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


def nelson_aalen(km: KaplanMeier, ties: str = "nelson") -> NelsonAalen:
    """
    Nelson-Aalen estimate from the counts of a Kaplan-Meier curve.

    Estimand: the cumulative hazard; with delayed entry as the counts have it.

    Parameters
    ----------
    km : KaplanMeier
        Estimated curve.
    ties : {"nelson", "efron"}
        Tied deaths all from the same number at risk, or one after the other, as in the baseline of
        an Efron Cox model without covariates; the latter is the ``nelsonaalen`` of R's ``mice``.

    Returns
    -------
    NelsonAalen
        Cumulative hazard at every distinct time, as R's ``survfit`` gives it (``ctype`` 1 and 2).

    Raises
    ------
    ValueError
        When the handling of ties is unknown.

    References
    ----------
    Aalen 1978, doi:10.1214/aos/1176344247. Fleming, Harrington 1984,
    doi:10.1080/03610928408828837.
    """
    if ties not in TIES:
        raise ValueError(f"unknown handling of ties {ties!r}; known: {', '.join(TIES)}")
    sample = km.sample
    died = np.searchsorted(km.time, sample.time[sample.event & (sample.weight > 0)])
    tied = np.bincount(died, minlength=km.time.size)
    # One term per death, the k-th of d with k / d of the deaths gone under Efron's handling.
    place = np.repeat(np.arange(km.time.size), tied)
    rank = np.arange(place.size) - (np.cumsum(tied) - tied)[place]
    share = km.events[place] / tied[place]
    gone = rank * share if ties == "efron" else 0.0
    left = km.at_risk[place] - gone
    sums = [np.bincount(place, share / left**k, minlength=km.time.size) for k in (1, 2)]
    last = float(km.time[-1]) if km.time.size else float("nan")
    return NelsonAalen(km.time, np.cumsum(sums[0]), np.sqrt(np.cumsum(sums[1])), last)
