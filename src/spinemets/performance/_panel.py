"""A cohort prepared once for all scores: ranked times, strata, risk sets."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from spinemets.performance import _arrays
from spinemets.performance._arrays import BoolArray, FloatArray, IntArray
from spinemets.performance._counts import count_times, follow_up


@dataclass(frozen=True)
class Panel:
    """Follow-up of a cohort; ``rank`` counts distinct times, within strata one after another."""

    rank: IntArray
    event: BoolArray
    weights: FloatArray
    times: FloatArray
    first: BoolArray

    @property
    def n(self) -> int:
        """Number of patients."""
        return int(self.rank.size)

    @property
    def size(self) -> int:
        """Number of distinct times, summed over strata."""
        return int(self.times.size)

    @cached_property
    def events(self) -> int:
        """Number of patients with an event."""
        return int(np.count_nonzero(self.event))

    @cached_property
    def total(self) -> float:
        """Sum of the weights."""
        return float(self.n) if self.weights.size == 0 else float(self.weights.sum())

    @cached_property
    def by_time(self) -> tuple[FloatArray, FloatArray]:
        """Weight of events and of censorings per time rank."""
        deaths, censored = count_times(self.rank, self.event, self.weights, self.size)
        return deaths, censored

    @cached_property
    def risk_sets(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Number at risk, S(t-) and G(t-) per time rank."""
        at_risk, survival, staying = follow_up(*self.by_time, self.first)
        return at_risk, survival, staying

    def stratum_of_rank(self) -> IntArray:
        """Return the number of the stratum each time rank belongs to."""
        return (np.cumsum(self.first) - 1).astype(np.int32)


def prepare(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    *,
    strata: Any = None,
    weights: npt.ArrayLike | None = None,
) -> Panel:
    """Check follow-up data and rank their times."""
    checked = _arrays.check_time(time)
    n = checked.size
    flags = _arrays.check_event(event, n)
    case_weights = _arrays.check_weights(weights, n)
    codes = _arrays.strata_codes(strata, n)
    ranks = _arrays.rank_times(checked)
    first = np.zeros(ranks.size, np.bool_)
    first[:1] = True
    if codes is None or n == 0:
        return Panel(ranks.rank, flags, case_weights, ranks.values, first)
    key = codes.astype(np.float64) * ranks.size + ranks.rank
    both = _arrays.rank(key, "strata")
    stratum = np.floor_divide(both.values, ranks.size)
    times = ranks.values[(both.values - stratum * ranks.size).astype(np.intp)]
    first = np.concatenate([[True], np.diff(stratum) > 0])
    return Panel(both.rank, flags, case_weights, times, first)
