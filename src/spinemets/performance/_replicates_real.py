"""Kernels for bootstrap samples of scores and risks with too many values to count by level."""

import numpy as np
import numpy.typing as npt

from spinemets.performance._compile import kernel

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]
LongArray = npt.NDArray[np.int64]
ByteArray = npt.NDArray[np.uint8]


@kernel
def _enter(tree: IntArray, single: IntArray, level: int, row: ByteArray) -> None:
    lanes = row.size
    for b in range(lanes):
        single[level, b] += row[b]
    at = level + 1
    while at < tree.shape[0]:
        for b in range(lanes):
            tree[at, b] += row[b]
        at += at & -at


@kernel
def concordant_pairs(
    counts: ByteArray,
    start: IntArray,
    level: IntArray,
    size: int,
    inverse: FloatArray,
    doubled: FloatArray,
) -> None:
    """Count twice the concordant pairs of one score, plain and weighted by 1/G^2."""
    lanes = counts.shape[1]
    tree = np.zeros((size + 1, lanes), np.int32)
    single = np.zeros((size, lanes), np.int32)
    below = np.zeros(lanes, np.int32)
    for d in range((start.size - 1) // 2 - 1, -1, -1):
        begin, middle, end = start[2 * d], start[2 * d + 1], start[2 * d + 2]
        for i in range(middle, end):
            _enter(tree, single, level[i], counts[i])
        for i in range(begin, middle):
            for b in range(lanes):
                below[b] = single[level[i], b]
            at = level[i]
            while at > 0:
                for b in range(lanes):
                    below[b] += 2 * tree[at, b]
                at -= at & -at
            for b in range(lanes):
                pairs = np.float64(counts[i, b]) * np.float64(below[b])
                doubled[b] += pairs
                doubled[lanes + b] += pairs * inverse[d, b] * inverse[d, b]
        for i in range(begin, middle):
            _enter(tree, single, level[i], counts[i])


@kernel
def area(
    counts: ByteArray,
    day: IntArray,
    event: npt.NDArray[np.bool_],
    by_level: IntArray,
    level: IntArray,
    inverse: FloatArray,
    upto: int,
    out: FloatArray,
) -> None:
    """Compute AUC at one horizon; ``by_level`` lists patients by increasing level."""
    n, lanes = counts.shape
    below = np.zeros(lanes)
    tied = np.zeros(lanes)
    won = np.zeros(lanes)
    cases = np.zeros(lanes)
    begin = 0
    while begin < n:
        end = begin
        tied[:] = 0.0
        while end < n and level[by_level[end]] == level[by_level[begin]]:
            i = by_level[end]
            if day[i] >= upto:
                for b in range(lanes):
                    tied[b] += counts[i, b]
            end += 1
        for at in range(begin, end):
            i = by_level[at]
            if event[i] and day[i] < upto:
                for b in range(lanes):
                    worth = counts[i, b] * inverse[day[i], b]
                    cases[b] += worth
                    won[b] += worth * (below[b] + 0.5 * tied[b])
        for b in range(lanes):
            below[b] += tied[b]
        begin = end
    for b in range(lanes):
        out[b] = won[b] / (cases[b] * below[b]) if cases[b] * below[b] > 0.0 else np.nan


@kernel
def residuals(
    counts: ByteArray,
    start: IntArray,
    risk: FloatArray,
    inverse: FloatArray,
    upto: int,
    out: FloatArray,
) -> None:
    """Compute Brier(t) of risks, one per patient, at one horizon."""
    n, lanes = counts.shape
    total = np.zeros(lanes)
    today = np.zeros(lanes)
    for d in range(upto):
        today[:] = 0.0
        for i in range(start[2 * d], start[2 * d + 1]):
            square = (1.0 - risk[i]) * (1.0 - risk[i])
            for b in range(lanes):
                today[b] += square * counts[i, b]
        for b in range(lanes):
            total[b] += today[b] * inverse[d, b]
    today[:] = 0.0
    for i in range(start[2 * upto], n):
        square = risk[i] * risk[i]
        for b in range(lanes):
            today[b] += square * counts[i, b]
    for b in range(lanes):
        out[b] = (total[b] + today[b] * inverse[upto, b]) / n
