"""Weights of cases and controls at one horizon, with or without deaths in the risk set of G."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from spinemets.performance import _ipcw
from spinemets.performance._arrays import FloatArray
from spinemets.performance._ipcw import NOBODY_BEYOND
from spinemets.performance._km import NO_EVENTS, FollowUp
from spinemets.performance._panel import prepare

#: How the dead of a day count in the risk set of the censorings of that day.
SAME_DAY: Final = ("events_first", "together")


@dataclass(frozen=True)
class CaseWeights:
    """
    Weights 1/G(T-) of events by the horizon and 1/G(t) of those followed beyond it.

    Parameters
    ----------
    case, control : FloatArray, shape (n,)
        Weights; zero for everybody else.
    setting : _ipcw.Setting
        For completing influence values by the estimation of G.
    reason : str
        Why the weights say nothing.
    """

    case: FloatArray
    control: FloatArray
    setting: _ipcw.Setting
    reason: str

    def complete(self, own: FloatArray) -> FloatArray:
        """Add to each patient's own term what he contributes to the estimate of G (in place)."""
        self.setting.add_censoring(0, own)
        return own


def case_weights(
    follow_up: FollowUp, horizon: float, same_day: str = "events_first"
) -> CaseWeights:
    """
    Weights at a horizon.

    Those censored at the very horizon aren't controls (T > t): after follow-up was cut there,
    nobody is, and the weights have nothing to say.
    """
    if same_day not in SAME_DAY:
        raise ValueError(f"same_day: must be one of {', '.join(SAME_DAY)}")
    panel = prepare(follow_up.time, follow_up.event)
    outcome = follow_up.event.astype(np.int8)
    place = _ipcw.setting(panel, outcome, np.array([float(horizon)]))
    inverse, end, upto = place.at(0)
    if same_day == "together" and upto:
        _, censored = panel.by_time
        with np.errstate(divide="ignore"):
            late = 1.0 / np.cumprod(1.0 - censored / panel.risk_sets[0])
        inverse = np.concatenate([[1.0], late[:-1]])
        end = float(late[upto - 1])
    before = panel.rank < upto
    case = before & follow_up.event
    reason = "" if bool((~before).any()) else NOBODY_BEYOND
    if not bool(case.any()):
        reason = NO_EVENTS
    looked_up = np.append(inverse, 0.0)[panel.rank]
    return CaseWeights(np.where(case, looked_up, 0.0), np.where(before, 0.0, end), place, reason)
