"""Kernel behind Kaplan-Meier at one horizon in many groups at once."""

import numpy as np
import numpy.typing as npt

from spinemets.performance._compile import kernel

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int32]
LongArray = npt.NDArray[np.int64]


@kernel
def log_survival(
    rank: IntArray, event: BoolArray, group: LongArray, days: int, last: int, count: int
) -> tuple[FloatArray, LongArray]:
    """Logarithm of each group's survival after ``last`` days, and the rank of its last day.

    The last day of a group without patients is -1. Days are counted instead of sorted: a refit in
    a resample costs one pass over the patients.
    """
    start = np.zeros(days + 1, dtype=np.int64)
    at_risk = np.zeros(count, dtype=np.int64)
    longest = np.full(count, -1, dtype=np.int64)
    for i in range(rank.size):
        start[rank[i] + 1] += 1
        at_risk[group[i]] += 1
        longest[group[i]] = max(longest[group[i]], rank[i])
    for day in range(days):
        start[day + 1] += start[day]
    order = np.empty(rank.size, dtype=np.int64)
    free = start.copy()
    for i in range(rank.size):
        order[free[rank[i]]] = i
        free[rank[i]] += 1
    total = np.zeros(count)
    dead = np.zeros(count, dtype=np.int64)
    for day in range(last):
        today = order[start[day] : start[day + 1]]
        for i in today:
            dead[group[i]] += event[i]
        for i in today:
            g = group[i]
            if dead[g] > 0:
                total[g] += np.log1p(-dead[g] / at_risk[g])
                dead[g] = 0
        for i in today:
            at_risk[group[i]] -= 1
    return total, longest
