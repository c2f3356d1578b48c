"""Kernels that rank values in one pass. A *key* is the bit pattern of a float."""

import numpy as np
import numpy.typing as npt

from spinemets.performance._compile import kernel

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]
KeyArray = npt.NDArray[np.uint64]


@kernel
def scan(values: FloatArray) -> tuple[int, float, float, bool]:
    """Return (1 if anything isn't finite, minimum, maximum, all whole numbers)."""
    low = np.inf
    high = -np.inf
    finite = True
    whole = True
    for value in values:
        finite &= (value - value) == 0.0
        whole &= value == np.floor(value)
        low = min(low, value)
        high = max(high, value)
    return (0 if finite else 1), low, high, whole


@kernel
def seen_small(values: FloatArray, low: float, size: int) -> npt.NDArray[np.uint8]:
    """Mark which whole numbers from ``low`` on occur."""
    seen = np.zeros(size, np.uint8)
    for value in values:
        seen[np.int64(value - low)] = 1
    return seen


@kernel
def place_small(values: FloatArray, low: float, position: IntArray) -> IntArray:
    """Look up the rank of each whole number."""
    rank = np.empty(values.size, np.int32)
    for i in range(values.size):
        rank[i] = position[np.int64(values[i] - low)]
    return rank


@kernel
def _slot(key: np.uint64, table: KeyArray, used: npt.NDArray[np.bool_]) -> np.intp:
    """Find where a key stands, or would stand, in an open-addressing table."""
    mask = np.uint64(table.size - 1)
    at = ((key * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(40)) & mask
    while used[at] and table[at] != key:
        at = (at + np.uint64(1)) & mask
    return np.intp(at)


@kernel
def distinct_few(keys: KeyArray, limit: int) -> KeyArray:
    """Collect the distinct keys in order of appearance; empty if there are more than limit."""
    table = np.empty(4 * limit, np.uint64)
    used = np.zeros(4 * limit, np.bool_)
    found = np.empty(limit, np.uint64)
    count = 0
    for key in keys:
        at = _slot(key, table, used)
        if not used[at]:
            if count == limit:
                return found[:0]
            used[at] = True
            table[at] = key
            found[count] = key
            count += 1
    return found[:count]


@kernel
def place_few(keys: KeyArray, ordered: KeyArray) -> IntArray:
    """Look up the position of each key among few ordered ones."""
    size = 4
    while size < 4 * ordered.size:
        size *= 2
    table = np.empty(size, np.uint64)
    used = np.zeros(size, np.bool_)
    where = np.empty(size, np.int32)
    for position in range(ordered.size):
        at = _slot(ordered[position], table, used)
        used[at] = True
        table[at] = ordered[position]
        where[at] = position
    rank = np.empty(keys.size, np.int32)
    for i in range(keys.size):
        rank[i] = where[_slot(keys[i], table, used)]
    return rank
