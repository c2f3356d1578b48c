"""Checking what callers hand over, and turning times and scores into small integers.

The kernels see a *time rank* (0 for the earliest distinct time) and a *level* per score
(0 for the most favourable value), never the values themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spinemets.performance._ranking import distinct_few, place_few, place_small, scan, seen_small

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]

# Times closer than this (in absolute terms, or relative to their mean) are one time, as in R's
# survival::aeqSurv: 6 * 30.4375 and the same month computed another way must not differ.
TIME_TOLERANCE = float(np.sqrt(np.finfo(np.float64).eps))
# Whole numbers up to this are ranked by looking up, beyond it by hashing or sorting.
_LOOK_UP_LIMIT = 1 << 20
_FEW = 1 << 15


@dataclass(frozen=True)
class Ranks:
    """Rank of each patient's value among the sorted distinct values."""

    rank: IntArray
    values: FloatArray

    @property
    def size(self) -> int:
        """Number of distinct values."""
        return int(self.values.size)


def as_vector(values: npt.ArrayLike, name: str, length: int | None = None) -> FloatArray:
    """Return a float vector without missing values, or raise an error naming the argument."""
    try:
        vector = np.ascontiguousarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: must be numbers") from error
    if vector.ndim != 1:
        raise ValueError(f"{name}: must have one dimension, has {vector.ndim}")
    if length is not None and vector.size != length:
        raise ValueError(f"{name}: has {vector.size} values for {length} patients")
    return vector


def check_time(time: npt.ArrayLike) -> FloatArray:
    """Return follow-up times as floats; refuse missing, infinite and negative ones."""
    vector = as_vector(time, "time")
    fault, low, _, _ = scan(vector)
    if fault:
        raise ValueError("time: has missing or infinite values")
    if low < 0:
        raise ValueError("time: has negative values")
    return vector


def check_event(event: npt.ArrayLike, length: int) -> BoolArray:
    """Return the event indicator as booleans; refuse anything but 0, 1, False and True."""
    raw = np.asarray(event)
    if raw.dtype == np.bool_ and raw.ndim == 1 and raw.size == length:
        return np.ascontiguousarray(raw)
    vector = as_vector(raw, "event", length)
    flags: BoolArray = vector == 1.0
    if not bool(np.all(flags | (vector == 0.0))):
        raise ValueError("event: must be 0 (censored) or 1 (event)")
    return flags


def check_scores(scores: npt.ArrayLike, length: int, name: str = "scores") -> FloatArray:
    """Return scores as a float array of shape (patients, scores)."""
    try:
        table = np.asarray(scores, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: must be numbers") from error
    if table.ndim == 1:
        table = table[:, np.newaxis]
    if table.ndim != 2:
        raise ValueError(f"{name}: must have one or two dimensions, has {table.ndim}")
    if table.shape[0] != length:
        raise ValueError(f"{name}: has {table.shape[0]} rows for {length} patients")
    return table


def check_directions(higher_is_worse: bool | Sequence[bool], count: int) -> list[bool]:
    """Return one direction per score."""
    if isinstance(higher_is_worse, bool | np.bool_):
        return [bool(higher_is_worse)] * count
    try:
        directions = list(higher_is_worse)
    except TypeError as error:
        raise ValueError("higher_is_worse: must be True or False, or one per score") from error
    if len(directions) != count:
        raise ValueError(f"higher_is_worse: has {len(directions)} values for {count} scores")
    if not all(isinstance(direction, bool | np.bool_) for direction in directions):
        raise ValueError("higher_is_worse: must be True or False, or one per score")
    return [bool(direction) for direction in directions]


def check_weights(weights: npt.ArrayLike | None, length: int) -> FloatArray:
    """Return case weights, an empty array standing for 'every patient counts once'."""
    if weights is None:
        return np.empty(0)
    vector = as_vector(weights, "weights", length)
    if not bool(np.all(np.isfinite(vector))):
        raise ValueError("weights: has missing or infinite values")
    if vector.size and float(vector.min()) < 0:
        raise ValueError("weights: has negative values")
    return vector


def check_horizons(horizons: npt.ArrayLike) -> FloatArray:
    """Return horizons as a float vector; refuse missing, infinite and negative ones."""
    vector = np.atleast_1d(np.asarray(horizons, dtype=np.float64))
    vector = as_vector(vector, "horizons")
    if vector.size == 0:
        raise ValueError("horizons: is empty")
    if not bool(np.all(np.isfinite(vector))) or float(vector.min()) < 0:
        raise ValueError("horizons: must be finite and not negative")
    return vector


def strata_codes(strata: Any, length: int) -> IntArray | None:
    """Return a code 0, 1, ... per patient, or None when there are no strata."""
    if strata is None:
        return None
    raw = np.asarray(strata)
    if raw.ndim != 1 or raw.size != length:
        raise ValueError(f"strata: must be one value for each of the {length} patients")
    if raw.dtype.kind == "f" and not bool(np.all(np.isfinite(raw))):
        raise ValueError("strata: has missing values")
    if raw.dtype.kind in "biuf":
        return np.unique(raw, return_inverse=True)[1].astype(np.int32)
    found: dict[Any, int] = {}
    codes = [found.setdefault(value, len(found)) for value in raw.tolist()]
    if any(_absent(value) for value in found):
        raise ValueError("strata: has missing values")
    return np.array(codes, np.int32)


def _absent(value: Any) -> bool:
    # pandas' NA refuses to say whether it equals itself, so its text is looked at.
    return value is None or f"{value}" in {"", "<NA>", "nan", "NaT"}


def rank(values: FloatArray, name: str) -> Ranks:
    """Rank values among their distinct values, in O(n) when these are few or whole numbers."""
    fault, low, high, whole = scan(values)
    if fault:
        raise ValueError(f"{name}: has missing or infinite values")
    if values.size == 0:
        return Ranks(np.empty(0, np.int32), np.empty(0))
    if whole and high - low < max(_FEW, min(4 * values.size, _LOOK_UP_LIMIT)):
        seen = seen_small(values, low, int(high - low) + 1)
        present = np.flatnonzero(seen)
        position = np.cumsum(seen, dtype=np.int32) - np.int32(1)
        return Ranks(place_small(values, low, position), present.astype(np.float64) + low)
    keys = (values + 0.0).view(np.uint64)  # adding zero turns -0 into 0
    few = distinct_few(keys, _FEW)
    if few.size:
        ordered = np.sort(few.view(np.float64))
        return Ranks(place_few(keys, ordered.view(np.uint64)), ordered)
    ordered, inverse = np.unique(values, return_inverse=True)
    return Ranks(inverse.astype(np.int32), ordered)


def rank_times(time: FloatArray) -> Ranks:
    """Rank times, taking times that differ only by rounding as one (R's ``timefix``)."""
    ranks = rank(time, "time")
    if ranks.size < 2:
        return ranks
    gap = np.diff(ranks.values)
    mean = float(np.mean(np.abs(ranks.values)))
    same = (gap <= TIME_TOLERANCE) | (gap / mean <= TIME_TOLERANCE)
    if not bool(same.any()):
        return ranks
    new = np.concatenate([[True], ~same])
    merged = (np.cumsum(new) - 1).astype(np.int32)
    return Ranks(merged[ranks.rank], ranks.values[new])


def settle(columns: Sequence[FloatArray], exact: Sequence[float] = ()) -> list[FloatArray]:
    """
    Give times that differ only by rounding one value, as `rank_times` takes them for one.

    Parameters
    ----------
    columns : sequence of ndarray
        Times of one clock; what isn't finite stays.
    exact : sequence of float
        Times that others are moved to, such as horizons.

    Returns
    -------
    list of ndarray
        The columns with the exact time of each group, else its smallest.

    Examples
    --------
    >>> time, entry = settle([np.array([3 * 0.1, 1.0]), np.array([0.3, 0.0])], exact=[0.3])
    >>> time.tolist(), entry.tolist()
    ([0.3, 1.0], [0.3, 0.0])
    """
    values = np.unique(np.concatenate([*columns, np.asarray(exact, dtype=np.float64)]))
    values = values[np.isfinite(values)]
    if values.size < 2:
        return list(columns)
    gap = np.diff(values)
    tied = (gap <= TIME_TOLERANCE) | (gap / float(np.mean(np.abs(values))) <= TIME_TOLERANCE)
    if not bool(tied.any()):
        return list(columns)
    cuts = values[np.concatenate([[True], ~tied])]
    kept = cuts.copy()
    kept[np.searchsorted(cuts, exact, side="right") - 1] = exact
    out = [column.copy() for column in columns]
    for column in out:
        finite = np.isfinite(column)
        column[finite] = kept[np.searchsorted(cuts, column[finite], side="right") - 1]
    return out


def levels(scores: FloatArray, higher_is_worse: Sequence[bool], name: str) -> list[Ranks]:
    """Rank each score's values so that level 0 is the most favourable."""
    ranked = []
    for column, worse in enumerate(higher_is_worse):
        ranks = rank(np.ascontiguousarray(scores[:, column]), name)
        if not worse:
            ranks = Ranks(ranks.size - 1 - ranks.rank, ranks.values[::-1])
        ranked.append(ranks)
    return ranked
