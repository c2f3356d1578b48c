"""Concordance of real-valued scores in O(n log n): counting in a Fenwick tree."""

import numpy as np
import numpy.typing as npt

from spinemets.performance._compile import kernel

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]


@kernel
def order_by_time(rank: IntArray, event: BoolArray, times: int) -> tuple[IntArray, IntArray]:
    """Sort patients by time rank, events first; also return where each time's parts begin."""
    start = np.zeros(2 * times + 1, np.int32)
    for i in range(rank.size):
        start[2 * rank[i] + (1 if event[i] else 2)] += 1
    for part in range(2 * times):
        start[part + 1] += start[part]
    place = start[:-1].copy()
    order = np.empty(rank.size, np.int32)
    for i in range(rank.size):
        part = 2 * rank[i] + (0 if event[i] else 1)
        order[place[part]] = i
        place[part] += 1
    return order, start


@kernel
def _add(tree: FloatArray, single: FloatArray, level: int, weight: float) -> None:
    single[level] += weight
    at = level + 1
    while at < tree.size:
        tree[at] += weight
        at += at & -at


@kernel
def _below(tree: FloatArray, level: int) -> float:
    total = 0.0
    at = level
    while at > 0:
        total += tree[at]
        at -= at & -at
    return total


@kernel
def _clear(tree: FloatArray, single: FloatArray, level: IntArray, members: IntArray) -> None:
    # Only what these patients touched: emptying the whole tree for each of many strata is
    # quadratic, and taking weights away again leaves rounding errors behind.
    for i in members:
        single[level[i]] = 0.0
        at = level[i] + 1
        while at < tree.size:
            tree[at] = 0.0
            at += at & -at


@kernel
def _weight(weights: FloatArray, i: int) -> float:
    return 1.0 if weights.size == 0 else weights[i]


@kernel
def _enter(
    tree: FloatArray,
    single: FloatArray,
    level: IntArray,
    weights: FloatArray,
    members: IntArray,
    worth: float,
) -> float:
    total = 0.0
    for i in members:
        weight = worth * _weight(weights, i)
        _add(tree, single, level[i], weight)
        total += weight
    return total


@kernel
def sorted_pairs(
    order: IntArray,
    start: IntArray,
    first: BoolArray,
    level: IntArray,
    level_count: int,
    weights: FloatArray,
    time_weight: FloatArray,
    same_day: bool,
    share: FloatArray,
) -> FloatArray:
    """Count pairs as ``count_pairs`` does, and each event's own pairs into ``share``.

    ``share`` has a row (concordant, discordant, tied) per patient, or no row at all when
    influence values aren't wanted.
    """
    tree = np.zeros(level_count + 1)
    single = np.zeros(level_count)
    dying = np.zeros(level_count)
    counts = np.zeros(5)
    everybody = 0.0
    stratum_end = order.size
    for d in range(first.size - 1, -1, -1):
        events = order[start[2 * d] : start[2 * d + 1]]
        censored = order[start[2 * d + 1] : start[2 * d + 2]]
        if same_day:
            everybody += _enter(tree, single, level, weights, censored, 1.0)
        deaths = 0.0
        worth = time_weight[d]
        for i in events:
            v = level[i]
            tied = single[v]
            below = _below(tree, v)
            above = everybody - below - tied
            weight = worth * _weight(weights, i)
            counts[0] += weight * below
            counts[1] += weight * above
            counts[2] += weight * tied
            counts[3] += weight * (deaths - dying[v])
            counts[4] += weight * dying[v]
            if share.shape[0] > 0:
                share[i, 0] += worth * below
                share[i, 1] += worth * above
                share[i, 2] += worth * tied
            dying[v] += _weight(weights, i)
            deaths += _weight(weights, i)
        for i in events:
            dying[level[i]] = 0.0
        if not same_day:
            everybody += _enter(tree, single, level, weights, censored, 1.0)
        everybody += _enter(tree, single, level, weights, events, 1.0)
        if first[d] and d > 0:
            _clear(tree, single, level, order[start[2 * d] : stratum_end])
            stratum_end = start[2 * d]
            everybody = 0.0
    return counts


@kernel
def sorted_shares(
    order: IntArray,
    start: IntArray,
    first: BoolArray,
    level: IntArray,
    level_count: int,
    weights: FloatArray,
    time_weight: FloatArray,
    same_day: bool,
    share: FloatArray,
) -> None:
    """Add to ``share`` each patient's pairs with those whose event came earlier."""
    tree = np.zeros(level_count + 1)
    single = np.zeros(level_count)
    everybody = 0.0
    stratum_begin = 0
    for d in range(first.size):
        events = order[start[2 * d] : start[2 * d + 1]]
        if first[d] and d > 0:
            _clear(tree, single, level, order[stratum_begin : start[2 * d]])
            stratum_begin = start[2 * d]
            everybody = 0.0
        for phase in range(2):
            for i in order[start[2 * d + phase] : start[2 * d + phase + 1]]:
                tied = single[level[i]]
                below = _below(tree, level[i])
                share[i, 0] += everybody - below - tied
                share[i, 1] += below
                share[i, 2] += tied
            if (phase == 0) == same_day:
                everybody += _enter(tree, single, level, weights, events, time_weight[d])
