"""Kernels of Wolbers' concordance: patients with a competing event never have the event."""

import numpy as np
import numpy.typing as npt

from spinemets.performance._compile import kernel

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]
CodeArray = npt.NDArray[np.int8]


@kernel
def order_by_day(rank: IntArray, outcome: CodeArray, times: int) -> tuple[IntArray, IntArray]:
    """Sort by time; within a day events of interest, then competing events, then censorings."""
    start = np.zeros(3 * times + 1, np.int32)
    for i in range(rank.size):
        start[3 * rank[i] + (2 if outcome[i] == 0 else outcome[i] - 1) + 1] += 1
    for part in range(3 * times):
        start[part + 1] += start[part]
    place = start[:-1].copy()
    order = np.empty(rank.size, np.int32)
    for i in range(rank.size):
        part = 3 * rank[i] + (2 if outcome[i] == 0 else outcome[i] - 1)
        order[place[part]] = i
        place[part] += 1
    return order, start


@kernel
def _enter(tree: FloatArray, single: FloatArray, level: int, weight: float) -> float:
    single[level] += weight
    at = level + 1
    while at < tree.size:
        tree[at] += weight
        at += at & -at
    return weight


@kernel
def _meet(
    tree: FloatArray, single: FloatArray, level: int, everybody: float, row: FloatArray,
    worth: float,
) -> None:  # fmt: skip
    below = 0.0
    at = level
    while at > 0:
        below += tree[at]
        at -= at & -at
    row[0] += worth * below
    row[1] += worth * (everybody - below - single[level])
    row[2] += worth * single[level]


@kernel
def _against_longer(
    order: IntArray, start: IntArray, level: IntArray, worth: FloatArray, out: FloatArray
) -> None:
    """Compare events of interest with those who stay longer."""
    tree = np.zeros(level.max() + 2)
    single = np.zeros(level.max() + 1)
    total = 0.0
    for d in range(worth.size - 1, -1, -1):
        a, c, e = start[3 * d], start[3 * d + 2], start[3 * d + 3]
        for i in order[c:e]:
            total += _enter(tree, single, level[i], 1.0)
        for i in order[a : start[3 * d + 1]]:
            _meet(tree, single, level[i], total, out[i], worth[d])
        for i in order[a:c]:
            total += _enter(tree, single, level[i], 1.0)


@kernel
def _against_earlier(
    order: IntArray, start: IntArray, level: IntArray, worth: FloatArray, out: FloatArray
) -> None:
    """Compare those who stay with earlier events of interest."""
    tree = np.zeros(level.max() + 2)
    single = np.zeros(level.max() + 1)
    total = 0.0
    for d in range(worth.size):
        a, c, e = start[3 * d], start[3 * d + 2], start[3 * d + 3]
        for i in order[a:c]:
            _meet(tree, single, level[i], total, out[i], 1.0)
        for i in order[a : start[3 * d + 1]]:
            total += _enter(tree, single, level[i], worth[d])
        for i in order[c:e]:
            _meet(tree, single, level[i], total, out[i], 1.0)


@kernel
def _against_rivals(
    order: IntArray,
    start: IntArray,
    level: IntArray,
    worth: FloatArray,
    before: FloatArray,
    as_event: FloatArray,
    as_other: FloatArray,
) -> None:
    """Compare events of interest with competing events that came no later, from both sides."""
    tree = np.zeros(level.max() + 2)
    single = np.zeros(level.max() + 1)
    total = 0.0
    for d in range(worth.size):
        a, b, c = start[3 * d], start[3 * d + 1], start[3 * d + 2]
        for i in order[b:c]:
            total += _enter(tree, single, level[i], before[d])
        for i in order[a:b]:
            _meet(tree, single, level[i], total, as_event[i], worth[d])
    tree[:] = 0.0
    single[:] = 0.0
    total = 0.0
    for d in range(worth.size - 1, -1, -1):
        a, b, c = start[3 * d], start[3 * d + 1], start[3 * d + 2]
        for i in order[a:b]:
            total += _enter(tree, single, level[i], worth[d])
        for i in order[b:c]:
            _meet(tree, single, level[i], total, as_other[i], before[d])


@kernel
def wolbers_shares(
    order: IntArray,
    start: IntArray,
    level: IntArray,
    before: FloatArray,
    after: FloatArray,
    upto: int,
) -> tuple[FloatArray, FloatArray]:
    """Return every patient's pairs (concordant, discordant, tied), as event and as the other.

    An event of interest at T is compared with patients who stay longer, with weight
    1/(G(T-) G(T)) (``before`` and ``after`` hold these inverses per time), and with patients
    whose competing event at U came no later, with weight 1/(G(T-) G(U-)). Only events of the
    first ``upto`` times count.
    """
    as_event = np.zeros((order.size, 3))
    as_other = np.zeros((order.size, 3))
    worth = before.copy()
    worth[upto:] = 0.0
    _against_longer(order, start, level, worth * after, as_event)
    _against_earlier(order, start, level, worth * after, as_other)
    _against_rivals(order, start, level, worth, before, as_event, as_other)
    return as_event, as_other
