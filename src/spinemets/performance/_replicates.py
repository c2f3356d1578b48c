"""Kernels that evaluate 32 bootstrap samples of all scores in one pass over the patients.

Patients are sorted by time, events before censorings within a day. ``counts`` says how often each
patient enters each sample (a *lane*). Arrays end in an axis of 32 lanes, so that one instruction
serves many samples; numbers of patients are exact (32-bit within a day, doubles beyond). The
number of lanes is read from the array: with a constant the compiler unrolls the loops to single
steps.
"""

import numpy as np
import numpy.typing as npt

from spinemets.performance._compile import kernel

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]
LongArray = npt.NDArray[np.int64]
ByteArray = npt.NDArray[np.uint8]


@kernel
def _sum_rows(counts: ByteArray, begin: int, end: int, out: IntArray) -> None:
    lanes = counts.shape[1]
    for b in range(lanes):
        out[b] = 0
    for i in range(begin, end):
        for b in range(lanes):
            out[b] += counts[i, b]


@kernel
def censoring(
    counts: ByteArray, start: IntArray, inverse: FloatArray, later: IntArray, deaths: IntArray
) -> None:
    """Fill 1/G(t-) per day, the patients followed beyond each day, and the day's events.

    ``later`` counts those with a longer time, censorings of the day itself included: the ones an
    event of the day is compared with. ``inverse`` has one row more: 1/G after the last day.
    """
    days, lanes = deaths.shape
    at_risk = np.zeros(lanes)
    staying = np.ones(lanes)
    for d in range(days):
        _sum_rows(counts, start[2 * d], start[2 * d + 1], deaths[d])
        # ``later`` holds the day's censorings until the number of longer ones is known.
        _sum_rows(counts, start[2 * d + 1], start[2 * d + 2], later[d])
        for b in range(lanes):
            at_risk[b] += deaths[d, b] + later[d, b]
    for d in range(days):
        for b in range(lanes):
            inverse[d, b] = 1.0 / staying[b] if staying[b] > 0.0 else 0.0
            at_risk[b] -= deaths[d, b]
            gone = np.float64(later[d, b])
            later[d, b] = np.int32(at_risk[b])
            staying[b] *= 1.0 - gone / max(at_risk[b], 1.0)
            at_risk[b] -= gone
    for b in range(lanes):
        inverse[days, b] = 1.0 / staying[b] if staying[b] > 0.0 else 0.0


@kernel
def _gather(
    counts: ByteArray, level: ByteArray, begin: int, end: int, table: IntArray, present: ByteArray
) -> None:
    """Add patients to a flat table of levels x lanes and mark their levels."""
    lanes = counts.shape[1]
    for i in range(begin, end):
        at = np.int64(level[i]) * lanes
        present[level[i]] = 1
        for b in range(lanes):
            table[at + b] += counts[i, b]


@kernel
def _settle(dying: IntArray, present: ByteArray, size: int, lanes: int, staying: IntArray) -> None:
    """Move a day's events to those who stay (seen from earlier days) and empty their table."""
    for v in range(size):
        if present[v]:
            at = v * lanes
            for b in range(lanes):
                staying[at + b] += dying[at + b]
                dying[at + b] = 0


@kernel
def _meet(
    dying: IntArray,
    present: ByteArray,
    staying: IntArray,
    size: int,
    squared: FloatArray,
    inverse: FloatArray,
    cases: FloatArray,
    doubled: FloatArray,
) -> None:
    """Compare a day's events with those who stay longer; add them to the cases by level."""
    lanes = squared.size
    below = np.zeros(lanes, np.int32)
    for v in range(size):
        at = v * lanes
        if present[v]:
            for b in range(lanes):
                pairs = np.float64(dying[at + b]) * np.float64(2 * below[b] + staying[at + b])
                doubled[b] += pairs
                doubled[lanes + b] += pairs * squared[b]
            for b in range(lanes):
                cases[at + b] += dying[at + b] * inverse[b]
        for b in range(lanes):
            below[b] += staying[at + b]


@kernel
def evaluate(
    counts: ByteArray,
    start: IntArray,
    level: ByteArray,
    sizes: LongArray,
    upto: LongArray,
    inverse: FloatArray,
    doubled: FloatArray,
    cases: FloatArray,
    controls: IntArray,
) -> None:
    """Count concordant pairs, and cases and controls by level and horizon, for every score.

    ``level`` has a row of patients' levels per score. ``doubled`` (scores, 2 * 32) receives twice
    the concordant pairs, tied ones counting one half, first plain, then weighted by 1/G^2.
    ``cases`` (horizons + 1, scores, levels * 32) receives the weighted cases between horizons,
    ``controls`` (horizons, scores, levels * 32) those followed beyond. Horizons increase.
    """
    days = (start.size - 1) // 2
    lanes = counts.shape[1]
    scores = level.shape[0]
    horizons = upto.size
    width = cases.shape[2]
    staying = np.zeros((scores, width), np.int32)
    dying = np.zeros(width, np.int32)
    present = np.zeros(width // lanes, np.uint8)
    squared = np.zeros(lanes)
    after = horizons
    for d in range(days - 1, -1, -1):
        while after > 0 and upto[after - 1] > d:
            after -= 1
            for k in range(scores):
                controls[after, k] = staying[k]
        begin, middle, end = start[2 * d], start[2 * d + 1], start[2 * d + 2]
        for b in range(lanes):
            squared[b] = inverse[d, b] * inverse[d, b]
        for k in range(scores):
            _gather(counts, level[k], middle, end, staying[k], present)
            if begin == middle:
                continue
            present[:] = 0
            _gather(counts, level[k], begin, middle, dying, present)
            patients = cases[after, k]
            _meet(dying, present, staying[k], sizes[k], squared, inverse[d], patients, doubled[k])
            _settle(dying, present, sizes[k], lanes, staying[k])
    while after > 0:
        after -= 1
        for k in range(scores):
            controls[after, k] = staying[k]
