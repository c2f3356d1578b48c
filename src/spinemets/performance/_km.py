"""Kaplan-Meier at one horizon, for subsets of one cohort, with influence functions."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from spinemets.performance._arrays import (
    TIME_TOLERANCE,
    BoolArray,
    FloatArray,
    Ranks,
    check_event,
    check_time,
    rank_times,
)
from spinemets.performance._estimate import Z95
from spinemets.performance._groups import log_survival

BEYOND = "the horizon lies beyond the follow-up"
NOBODY = "no patients"
NO_EVENTS = "no events by the horizon"


@dataclass(frozen=True)
class FollowUp:
    """
    Follow-up of a cohort, sorted into distinct times once.

    Parameters
    ----------
    ranks : Ranks
        Rank of each patient's time and the distinct times, rounding differences merged.
    event : BoolArray
        Whether the patient's time is that of the event.
    """

    ranks: Ranks
    event: BoolArray

    @classmethod
    def of(cls, time: npt.ArrayLike, event: npt.ArrayLike) -> "FollowUp":
        """Check times and events and rank them; errors name the argument."""
        checked = check_time(time)
        return cls(rank_times(checked), check_event(event, checked.size))

    @property
    def n(self) -> int:
        """Number of patients."""
        return int(self.event.size)

    @cached_property
    def time(self) -> FloatArray:
        """Times after merging those that differ by rounding only."""
        return self.ranks.values[self.ranks.rank]

    def until(self, horizon: float) -> int:
        """How many distinct times lie at or before a horizon (rounding forgiven)."""
        limit = horizon + TIME_TOLERANCE * max(1.0, horizon)
        return int(np.searchsorted(self.ranks.values, limit, side="right"))

    def by(self, horizon: float) -> tuple[BoolArray, BoolArray]:
        """Who had the event by the horizon, and who is followed beyond it."""
        before = self.ranks.rank < self.until(horizon)
        return before & self.event, ~before

    def events(self, horizon: float | None = None) -> int:
        """Number of events by a horizon, or altogether."""
        if horizon is None:
            return int(self.event.sum())
        return int(self.by(horizon)[0].sum())

    def reach(self, horizon: float) -> int:
        """Rank of the first time that counts as the horizon or later (rounding forgiven)."""
        limit = horizon - TIME_TOLERANCE * max(1.0, horizon)
        return int(np.searchsorted(self.ranks.values, limit, side="left"))

    def reaches(self, horizon: float) -> bool:
        """Whether somebody is followed to the horizon (rounding forgiven)."""
        return int(self.ranks.rank.max()) >= self.reach(horizon)

    def truncate(self, horizon: float) -> "FollowUp":
        """Censor at a horizon everybody who is followed beyond it."""
        last = self.until(horizon)
        values = np.append(self.ranks.values[:last], horizon)
        rank = np.minimum(self.ranks.rank, last).astype(np.int32)
        return FollowUp(Ranks(rank, values), self.event & (self.ranks.rank < last))

    def take(self, chosen: Any) -> "FollowUp":
        """Follow-up of some patients (mask or positions)."""
        return FollowUp(Ranks(self.ranks.rank[chosen], self.ranks.values), self.event[chosen])


@dataclass(frozen=True)
class Survival:
    """
    Kaplan-Meier survival of a subset at a horizon.

    Parameters
    ----------
    value, std_error : float
        S(t) and Greenwood's standard error; NaN when undefined.
    lower, upper : float
        95 % interval on the log(-log) scale.
    n, events : int
        Patients of the subset, events by the horizon.
    reason : str
        Why S(t) is undefined; empty otherwise.
    influence : FloatArray
        Infinitesimal jackknife: derivative of S(t) with respect to the weight of each patient of
        the *subset*. Sums to zero.
    """

    value: float
    std_error: float
    lower: float
    upper: float
    n: int
    events: int
    reason: str
    influence: FloatArray


def kaplan_meier_at(
    follow_up: FollowUp, horizon: float, subset: Any = None, *, carry: bool = False
) -> Survival:
    """
    Survival at a horizon; events come before censorings of the same day.

    Beyond the last follow-up time the curve is undefined unless it has reached zero: to ``carry``
    the last step forward assumes that nobody died.
    """
    if subset is not None:
        follow_up = follow_up.take(subset)
    n = follow_up.n
    nothing = np.full(n, np.nan)
    if n == 0:
        return Survival(np.nan, np.nan, np.nan, np.nan, 0, 0, NOBODY, nothing)
    last = follow_up.until(horizon)
    rank, event = follow_up.ranks.rank, follow_up.event
    distinct = follow_up.ranks.values.size
    at_risk = np.cumsum(np.bincount(rank, minlength=distinct)[::-1])[::-1][:last]
    dead = np.bincount(rank[event], minlength=distinct)[:last]
    events = int(dead.sum())
    left = at_risk - dead
    zero = events > 0 and bool(np.any((left == 0) & (dead > 0)))
    short = int(rank.max()) < last and not follow_up.reaches(horizon)
    if short and not zero and not carry:
        return Survival(np.nan, np.nan, np.nan, np.nan, n, events, BEYOND, nothing)
    if zero:
        return Survival(0.0, 0.0, np.nan, np.nan, n, events, "", np.zeros(n))
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.where(dead > 0, dead / (at_risk * left.astype(float)), 0.0)
        factor = np.where(dead > 0, left / np.maximum(at_risk, 1), 1.0)
    survival = float(np.prod(factor))
    influence = _influence(rank, event, last, left, step, survival)
    error = survival * float(np.sqrt(step.sum()))
    lower, upper = log_log_interval(survival, error)
    return Survival(survival, error, lower, upper, n, events, "", influence)


def _influence(
    rank: npt.NDArray[np.int32],
    event: BoolArray,
    last: int,
    left: npt.NDArray[np.int64],
    step: FloatArray,
    survival: float,
) -> FloatArray:
    """Derivative of S(t) with respect to each patient's weight."""
    if last == 0:
        return np.zeros(rank.size)
    exposure = np.cumsum(step)[np.minimum(rank, last - 1)]
    died = event & (rank < last)
    own = np.zeros(rank.size)
    own[died] = 1.0 / left[rank[died]]
    return np.asarray(-survival * (own - exposure))


def survival_by_group(
    follow_up: FollowUp, group: npt.NDArray[np.intp], count: int, horizon: float
) -> FloatArray:
    """
    Survival at a horizon in many groups at once, O(n); NaN where undefined.

    ``group`` numbers the groups 0 to ``count - 1``. The same numbers as `kaplan_meier_at`, without
    errors and influence values.
    """
    ranks = follow_up.ranks
    days = ranks.values.size
    total, final = log_survival(
        ranks.rank, follow_up.event, group, days, follow_up.until(horizon), count
    )
    survival = np.exp(total)
    occupied = final >= 0
    longest = np.zeros(count)
    longest[occupied] = ranks.values[final[occupied]]
    short = longest < horizon - TIME_TOLERANCE * max(1.0, horizon)
    survival[~occupied | (short & (survival > 0))] = np.nan
    return np.asarray(survival)


def log_log_interval(survival: float, std_error: float) -> tuple[float, float]:
    """95 % interval of a survival on the log(-log) scale; undefined at 0 and 1, as in R."""
    if not 0.0 < survival < 1.0:
        return np.nan, np.nan
    half = Z95 * std_error / (survival * abs(np.log(survival)))
    return float(survival ** np.exp(half)), float(survival ** np.exp(-half))


def pseudo_values(follow_up: FollowUp, horizon: float) -> FloatArray:
    """
    Infinitesimal-jackknife pseudo-values of the risk 1 - S(t), one per patient.

    They average to the Kaplan-Meier risk and equal 0 or 1 without censoring. R's
    ``survival::pseudo`` uses the same definition; the leave-one-out jackknife of the ``pseudo``
    package differs by O(1/n).
    """
    curve = kaplan_meier_at(follow_up, horizon)
    return np.asarray(1.0 - curve.value - follow_up.n * curve.influence)
