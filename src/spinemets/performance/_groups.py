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


@kernel
def merge_small(counts: LongArray, smallest: int) -> LongArray:
    """Group of each level: neighbours are merged until each group is large enough.

    Levels without patients are in no group (-1).
    """
    group = np.full(counts.size, -1, dtype=np.int64)
    number, gathered = 0, 0
    for k in range(counts.size):
        if counts[k] == 0:
            continue
        group[k] = number
        gathered += counts[k]
        if gathered >= smallest:
            number, gathered = number + 1, 0
    if gathered > 0 and number > 0:  # the rest joins the group below
        group[group == number] = number - 1
    return group


@kernel
def level_risks(
    rank: IntArray,
    event: BoolArray,
    level: LongArray,
    size: int,
    days: int,
    last: int,
    reach: int,
    smallest: int,
) -> FloatArray:
    """Risk of each level by Kaplan-Meier; NaN where it has no patient, or nobody a survival.

    A group is followed to the horizon when its last day has at least the rank ``reach``; one that
    isn't, and has somebody left, joins the group below (the first the one above).
    """
    counts = np.zeros(size, dtype=np.int64)
    for i in range(level.size):
        counts[level[i]] += 1
    group = merge_small(counts, smallest)
    risk = np.full(size, np.nan)
    total = _settle(rank, event, level, group, days, last, reach)
    if total.size == 0:
        return risk
    patients = np.zeros(total.size, dtype=np.int64)
    for k in range(size):
        if group[k] >= 0:
            patients[group[k]] += counts[k]
    for k in range(size):
        if group[k] >= 0:
            # Half a patient away from 0 and 1, where log hazards end.
            edge = 0.5 / patients[group[k]]
            risk[k] = min(max(1.0 - np.exp(total[group[k]]), edge), 1.0 - edge)
    return risk


@kernel
def _settle(
    rank: IntArray,
    event: BoolArray,
    level: LongArray,
    group: LongArray,
    days: int,
    last: int,
    reach: int,
) -> FloatArray:
    """Merge groups (in place) until each has a survival; their logarithms, empty if none has."""
    while True:
        number = group.max() + 1
        total, longest = log_survival(rank, event, group[level], days, last, number)
        short = np.flatnonzero((longest < reach) & (np.exp(total) > 0))
        if short.size == 0:
            return total
        if number == 1:
            return total[:0]
        border = max(short[0], 1)
        group[group >= border] -= 1


@kernel
def nearest_known(risk: FloatArray, values: FloatArray) -> FloatArray:
    """Give levels without a risk that of the nearest one that has it, of two equal the lower."""
    known = np.flatnonzero(~np.isnan(risk))
    out = risk.copy()
    for k in range(risk.size):
        if np.isnan(risk[k]) and known.size:
            out[k] = risk[known[np.argmin(np.abs(values[known] - values[k]))]]
    return out


@kernel
def refit_losses(
    rank: IntArray,
    event: BoolArray,
    level: LongArray,
    values: FloatArray,
    days: int,
    last: int,
    reach: int,
    smallest: int,
    drawn: LongArray,
    case: FloatArray,
    control: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Squared errors of the risks fitted to each resample.

    Their mean inside the resample and in everybody (NaN where the risk can't be fitted); per
    patient the sum over the resamples that left him out, and their number.
    """
    n = rank.size
    inside, everybody = np.full(drawn.shape[0], np.nan), np.full(drawn.shape[0], np.nan)
    total, times = np.zeros(n), np.zeros(n)
    loss = np.empty(n)
    for b in range(drawn.shape[0]):
        rows = drawn[b]
        fitted = level_risks(
            rank[rows], event[rows], level[rows], values.size, days, last, reach, smallest
        )
        fitted = nearest_known(fitted, values)
        if np.isnan(fitted[0]):
            continue
        out = np.ones(n)
        for i in range(n):
            risk = fitted[level[i]]
            loss[i] = case[i] * (1 - risk) ** 2 + control[i] * risk**2
        for i in rows:
            out[i] = 0.0
        inside[b] = loss[rows].mean()
        everybody[b] = loss.mean()
        total += out * loss
        times += out
    return inside, everybody, total, times
