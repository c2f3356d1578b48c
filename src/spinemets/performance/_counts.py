"""Kernels that count patients by time and score level instead of comparing pairs.

Two tables hold a cohort: how much weight leaves at each time rank and level with an event, and
how much leaves censored. Everything a concordance needs is a running sum over these tables, so
the cost is O(patients + times x levels), and patients of one cell share one influence value.
"""

import numpy as np
import numpy.typing as npt

from spinemets.performance._compile import kernel

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]


@kernel
def count_table(
    rank: IntArray,
    event: BoolArray,
    level: IntArray,
    weights: FloatArray,
    times: int,
    level_count: int,
    power: int,
) -> FloatArray:
    """Sum weights (to a power) per outcome (0 censored, 1 event), time rank and level."""
    table = np.zeros((times, 2, level_count))
    if weights.size == 0:
        for i in range(rank.size):
            table[rank[i], np.int64(event[i]), level[i]] += 1.0
    else:
        for i in range(rank.size):
            table[rank[i], np.int64(event[i]), level[i]] += weights[i] ** power
    return table


@kernel
def count_times(
    rank: IntArray, event: BoolArray, weights: FloatArray, times: int
) -> tuple[FloatArray, FloatArray]:
    """Sum the weights of events and of censored patients per time rank."""
    deaths = np.zeros(times)
    censored = np.zeros(times)
    for i in range(rank.size):
        weight = 1.0 if weights.size == 0 else weights[i]
        if event[i]:
            deaths[rank[i]] += weight
        else:
            censored[rank[i]] += weight
    return deaths, censored


@kernel
def follow_up(
    deaths: FloatArray, censored: FloatArray, first: BoolArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the number at risk, S(t-) and G(t-) at each time rank, per stratum.

    On one day events come before censorings: patients dying that day are no longer at risk of
    being censored.
    """
    times = deaths.size
    at_risk = np.zeros(times)
    survival = np.ones(times)
    staying = np.ones(times)
    total = 0.0
    for d in range(times - 1, -1, -1):
        total += deaths[d] + censored[d]
        at_risk[d] = total
        if first[d]:
            total = 0.0
    for d in range(1, times):
        if first[d]:
            continue
        before = at_risk[d - 1]
        survival[d] = survival[d - 1]
        staying[d] = staying[d - 1]
        if before > 0.0:
            survival[d] *= 1.0 - deaths[d - 1] / before
        if before > deaths[d - 1]:
            staying[d] *= 1.0 - censored[d - 1] / (before - deaths[d - 1])
    return at_risk, survival, staying


@kernel
def count_pairs(
    table: FloatArray,
    squares: FloatArray,
    first: BoolArray,
    time_weight: FloatArray,
    same_day: bool,
) -> FloatArray:
    """Count concordant, discordant, tied-score, tied-time and doubly tied pairs.

    A pair is comparable when one patient has an event and the other stays longer;
    ``same_day`` says whether a censoring on the day of the event counts as longer.
    ``squares`` holds the summed squared weights of the events.
    """
    times, _, size = table.shape
    staying = np.zeros(size)
    counts = np.zeros(5)
    for d in range(times - 1, -1, -1):
        if d + 1 < times and first[d + 1]:
            staying[:] = 0.0
        if same_day:
            staying += table[d, 0]
        deaths = 0.0
        everybody = 0.0
        for v in range(size):
            deaths += table[d, 1, v]
            everybody += staying[v]
        weight = time_weight[d]
        if deaths > 0.0 and weight > 0.0:
            below = 0.0
            tied_times = deaths * deaths
            for v in range(size):
                count = table[d, 1, v]
                if count > 0.0:
                    counts[0] += weight * count * below
                    counts[1] += weight * count * (everybody - below - staying[v])
                    counts[2] += weight * count * staying[v]
                    tied_times -= count * count
                    counts[4] += 0.5 * weight * (count * count - squares[d, v])
                below += staying[v]
            counts[3] += 0.5 * weight * tied_times
        if not same_day:
            staying += table[d, 0]
        staying += table[d, 1]
    return counts


@kernel
def _put_row(
    into: FloatArray,
    table: FloatArray,
    lower: FloatArray,
    worth: float,
    tie_credit: float,
    centre: float,
    sign: float,
) -> None:
    # One day's patients against running sums per level: with sign 1 a lower level on the other
    # side makes a pair concordant, with sign -1 a higher one does.
    everybody = lower.sum()
    below = 0.0
    for v in range(lower.size):
        if table[v] != 0.0:
            tied = lower[v]
            good = below if sign > 0.0 else everybody - below - tied
            pairs = everybody - tied + 2.0 * tie_credit * tied
            into[v] += worth * (good + tie_credit * tied - centre * pairs)
        below += lower[v]


@kernel
def cell_influence(
    table: FloatArray,
    first: BoolArray,
    time_weight: FloatArray,
    same_day: bool,
    counts: FloatArray,
    tie_credit: float,
) -> FloatArray:
    """Return the derivative of the concordance with respect to a patient's weight, per cell.

    A patient takes part in pairs twice: as the one with the event (against those who stay) and
    as the one who stays (against earlier events). ``tie_credit`` is 0.5 when tied scores
    count one half, 0 when they are left out.
    """
    times = table.shape[0]
    pairs = counts[0] + counts[1] + 2.0 * tie_credit * counts[2]
    centre = (counts[0] + tie_credit * counts[2]) / pairs
    influence = np.zeros(table.shape)
    running = np.zeros(table.shape[2])
    for d in range(times - 1, -1, -1):
        if d + 1 < times and first[d + 1]:
            running[:] = 0.0
        if same_day:
            running += table[d, 0]
        if time_weight[d] > 0.0:
            worth = time_weight[d] / pairs
            _put_row(influence[d, 1], table[d, 1], running, worth, tie_credit, centre, 1.0)
        if not same_day:
            running += table[d, 0]
        running += table[d, 1]
    running[:] = 0.0
    for d in range(times):
        if first[d]:
            running[:] = 0.0
        for outcome in (1, 0):
            into = influence[d, outcome]
            _put_row(into, table[d, outcome], running, 1.0 / pairs, tie_credit, centre, -1.0)
            # Censored patients of this day stayed longer than its events, if that rule holds.
            if (outcome == 1) == same_day:
                running += time_weight[d] * table[d, 1]
    return influence


@kernel
def cell_variance(squares: FloatArray, influence: FloatArray) -> float:
    """Sum the squared, weighted influence values of all patients from their cells."""
    total = 0.0
    for d in range(squares.shape[0]):
        for outcome in range(2):
            for v in range(squares.shape[2]):
                total += squares[d, outcome, v] * influence[d, outcome, v] ** 2
    return total


@kernel
def spread_influence(
    influence: FloatArray,
    rank: IntArray,
    event: BoolArray,
    level: IntArray,
    weights: FloatArray,
    out: FloatArray,
) -> None:
    """Write each patient's influence value (times his weight) into ``out``."""
    for i in range(rank.size):
        value = influence[rank[i], np.int64(event[i]), level[i]]
        out[i] = value if weights.size == 0 else value * weights[i]
