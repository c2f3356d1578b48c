"""Net benefit of one set of test-positive patients, by either estimator."""

from typing import Final

import numpy as np
import numpy.typing as npt

from spinemets.performance._arrays import FloatArray
from spinemets.performance._km import FollowUp, Survival, kaplan_meier_at
from spinemets.performance._weights import case_weights

NOBODY_ABOVE: Final = "no patient reaches the threshold"
SHORT: Final = "follow-up of the patients above the threshold ends before the horizon"


class Parts:
    """Net benefit and its influence function for a set of test-positive patients."""

    def __init__(self, follow_up: FollowUp, horizon: float) -> None:
        self.follow_up = follow_up
        self.horizon = horizon

    def of(
        self, positive: npt.NDArray[np.bool_], odds: float
    ) -> tuple[float, FloatArray | None, str]:
        """Net benefit, influence values and the reason why there is none."""
        raise NotImplementedError


class KaplanMeierParts(Parts):
    """Kaplan-Meier within the test-positive; sets that occur again are estimated once."""

    def __init__(self, follow_up: FollowUp, horizon: float, carry: bool) -> None:
        super().__init__(follow_up, horizon)
        self.carry = carry
        self.known: dict[bytes, Survival] = {}

    def of(
        self, positive: npt.NDArray[np.bool_], odds: float
    ) -> tuple[float, FloatArray | None, str]:
        """Net benefit, influence values and the reason why there is none."""
        n = self.follow_up.n
        if not positive.any():
            return 0.0, None, NOBODY_ABOVE
        key = np.packbits(positive).tobytes()
        curve = self.known.get(key)
        if curve is None:
            curve = kaplan_meier_at(self.follow_up, self.horizon, positive, carry=self.carry)
            self.known[key] = curve
        if curve.reason:
            return np.nan, None, SHORT
        share = float(positive.mean())
        worth = 1.0 - curve.value * (1.0 + odds)
        influence = np.asarray((positive - share) * (worth / n), dtype=np.float64)
        influence[positive] -= share * (1.0 + odds) * curve.influence
        return share * worth, influence, ""


class WeightedParts(Parts):
    """Inverse-probability-of-censoring weights."""

    def __init__(self, follow_up: FollowUp, horizon: float, same_day: str) -> None:
        super().__init__(follow_up, horizon)
        self.weights = case_weights(follow_up, horizon, same_day)

    def of(
        self, positive: npt.NDArray[np.bool_], odds: float
    ) -> tuple[float, FloatArray | None, str]:
        """Net benefit, influence values and the reason why there is none."""
        if not positive.any():
            return 0.0, None, NOBODY_ABOVE
        if self.weights.reason:
            return np.nan, None, self.weights.reason
        own = np.where(positive, self.weights.case - odds * self.weights.control, 0.0)
        own /= self.follow_up.n
        value = float(own.sum())
        self.weights.complete(own)
        return value, own - own.mean(), ""
