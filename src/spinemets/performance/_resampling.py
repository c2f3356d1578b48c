"""Kernels that draw how often each patient enters a bootstrap sample, 32 samples at a time.

Counts of n balls thrown at n patients are Poisson(1) counts given that they sum to n. So Poisson
counts are drawn in order, without jumping about in memory, and the few balls too many or too few
are then taken away or thrown at random: exactly the multinomial distribution, up to the 32 bits
of a random number.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from spinemets.performance._compile import kernel

LANES = 32
ByteArray = npt.NDArray[np.uint8]
WordArray = npt.NDArray[np.uint32]
LongArray = npt.NDArray[np.int64]


def _thresholds() -> WordArray:
    """Where a 32-bit number must lie for a Poisson(1) count of at least 1, 2, ... 12."""
    less = np.cumsum([math.exp(-1) / math.factorial(k) for k in range(12)])
    return np.asarray(np.floor(less * 2.0**32), np.uint32)


THRESHOLDS = _thresholds()


def seed_lanes(seed: Any) -> WordArray:
    """Return starting values for the 32 generators and the one that corrects totals."""
    words = np.random.SeedSequence(seed).generate_state(4 * LANES + 2, np.uint32)
    return np.asarray(words, np.uint32)


@kernel
def _next(state: npt.NDArray[np.uint64], bound: int) -> int:
    # splitmix64, for the few draws that correct the totals
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return int(np.float64(z >> np.uint64(11)) * 2.0**-53 * bound)


@kernel
def _correct(counts: ByteArray, totals: LongArray, state: npt.NDArray[np.uint64]) -> None:
    n = counts.shape[0]
    for b in range(LANES):
        while totals[b] < n:
            counts[_next(state, n), b] += 1
            totals[b] += 1
        while totals[b] > n:  # every ball is as likely to go as any other
            i = _next(state, n)
            if _next(state, 12) < counts[i, b]:
                counts[i, b] -= 1
                totals[b] -= 1


@kernel
def _fill_row(
    lane: WordArray, thresholds: WordArray, step: np.uint32, counts: ByteArray, i: int
) -> None:
    for v in range(LANES):  # sfc32
        second = lane[LANES + v]
        third = lane[2 * LANES + v]
        number = np.uint32(lane[v] + second + step)
        turned = np.uint32((third << np.uint32(21)) | (third >> np.uint32(11)))
        lane[v] = np.uint32(second ^ (second >> np.uint32(9)))
        lane[LANES + v] = np.uint32(third + (third << np.uint32(3)))
        lane[2 * LANES + v] = np.uint32(turned + number)
        count = np.uint32(0)
        for k in range(12):
            count = np.uint32(count + np.uint32(number >= thresholds[k]))
        counts[i, v] = np.uint8(count)
        lane[3 * LANES + v] += count


@kernel
def draw(seeds: WordArray, thresholds: WordArray, counts: ByteArray) -> None:
    """Fill ``counts`` (patients, 32) with multinomial counts; each column sums to n."""
    # One array for everything: the compiler sees that its parts don't overlap and works on
    # all lanes at once. Three words of each generator, and the lane's total.
    lane = np.zeros(4 * LANES, np.uint32)
    lane[: 3 * LANES] = seeds[: 3 * LANES]
    if counts.shape[0] == 0:
        return
    for i in range(16):  # mixes; the row is overwritten
        _fill_row(lane, thresholds, np.uint32(i + 1), counts, 0)
    lane[3 * LANES :] = np.uint32(0)
    for i in range(counts.shape[0]):
        _fill_row(lane, thresholds, np.uint32(i + 17), counts, i)
    totals = np.empty(LANES, np.int64)
    for v in range(LANES):
        totals[v] = lane[3 * LANES + v]
    state = np.empty(1, np.uint64)
    state[0] = (np.uint64(seeds[4 * LANES]) << np.uint64(32)) | np.uint64(seeds[4 * LANES + 1])
    _correct(counts, totals, state)
