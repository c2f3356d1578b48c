"""E-values: how strong unmeasured confounding would have to be to explain a result away."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class EValue:
    """
    How strong unmeasured confounding would have to be to explain a hazard ratio away.

    Parameters
    ----------
    point : float
        E-value of the estimate.
    limit : float
        E-value of the limit nearer to 1; 1 when the interval holds 1.
    """

    point: float
    limit: float


def e_value(
    hazard_ratio: float, lower: float, upper: float, *, common_outcome: bool = True
) -> EValue:
    """
    E-value of a hazard ratio, or of a risk ratio.

    Parameters
    ----------
    hazard_ratio, lower, upper : float
        Estimate with its limits, all above 0.
    common_outcome : bool
        More than 15 % have the outcome by the end of follow-up, as with death in spinal
        metastases; the ratio is then first turned into an approximate risk ratio. False for a
        ratio of risks.

    Returns
    -------
    EValue
        Smallest risk ratio with treatment and with outcome that a confounder would need.

    Raises
    ------
    ValueError
        When a ratio is not positive.

    References
    ----------
    VanderWeele, Ding 2017, doi:10.7326/M16-2607.

    Examples
    --------
    >>> round(e_value(0.5, 0.4, 0.63).point, 2)
    2.61
    """
    if not min(hazard_ratio, lower, upper) > 0:
        raise ValueError("ratios must be positive")

    def value(ratio: float) -> float:
        if not common_outcome:
            return _of_ratio(ratio)
        root = math.sqrt(ratio)
        return _of_ratio((1 - 0.5**root) / (1 - 0.5 ** (1 / root)))

    near = lower if hazard_ratio > 1 else upper
    inside = lower <= 1 <= upper
    return EValue(value(hazard_ratio), 1.0 if inside else value(near))


def _of_ratio(risk_ratio: float) -> float:
    ratio = max(risk_ratio, 1 / risk_ratio)
    return ratio + math.sqrt(ratio * (ratio - 1))
