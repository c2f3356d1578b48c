"""A right-censored sample with delayed entry, checked and counted once for every estimator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.performance._arrays import settle

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Integers = NDArray[np.int64]

#: Two-sided 95 % normal quantile.
Z95: Final = 1.959963984540054

#: What a method says of a concordance of patients who entered late.
LATE: Final = "; pairs that met under observation (delayed entry)"


@dataclass(frozen=True)
class Sample:
    """
    Right-censored times with delayed entry and case weights.

    Parameters
    ----------
    time : ndarray of shape (n,)
        Days to event or end of observation; 0 is valid.
    event : ndarray of bool of shape (n,)
        Whether ``time`` is an event.
    entry : ndarray of shape (n,)
        Days at which observation began; ``-inf`` for those observed from time zero.
    weight : ndarray of shape (n,)
        Case weights.
    """

    time: Floats
    event: Bools
    entry: Floats
    weight: Floats

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.time.size)

    @property
    def n_events(self) -> int:
        """Number of rows with the event."""
        return int(self.event.sum())

    @property
    def delayed(self) -> bool:
        """Whether anybody entered after time zero."""
        return bool(np.isfinite(self.entry).any())

    @property
    def begin(self) -> Floats | None:
        """Days at which observation began, 0 from time zero; None where nobody entered late."""
        return np.where(np.isfinite(self.entry), self.entry, 0.0) if self.delayed else None

    def take(self, rows: NDArray[Any]) -> Sample:
        """
        Keep some rows.

        Parameters
        ----------
        rows : ndarray
            Mask or positions.

        Returns
        -------
        Sample
            The rows asked for.
        """
        return Sample(self.time[rows], self.event[rows], self.entry[rows], self.weight[rows])


def floats(values: ArrayLike) -> Floats:
    """
    Read a column as float64 with NaN where it is missing.

    Parameters
    ----------
    values : array_like
        Also a pandas column with NA.

    Returns
    -------
    ndarray of float64
        Copy-free where possible.

    Raises
    ------
    ValueError
        When something isn't a number; the message doesn't show it.

    Examples
    --------
    >>> floats([1, 2])
    array([1., 2.])
    """
    try:
        if hasattr(values, "to_numpy"):
            return np.asarray(values.to_numpy(dtype="float64", na_value=np.nan), dtype=np.float64)
        column = np.asarray(values)
        if column.dtype.kind == "O":
            column = np.where(missing(column), np.nan, column)
        return np.asarray(column, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError("a column of numbers holds something else") from None


def missing(column: NDArray[Any]) -> Bools:
    """
    Find missing labels or values.

    Parameters
    ----------
    column : ndarray
        Of any type; None, NaN and pandas' NA are missing.

    Returns
    -------
    ndarray of bool
        Of the same shape.

    Examples
    --------
    >>> missing(np.array(["a", None], dtype=object)).tolist()
    [False, True]
    """
    if column.dtype.kind == "f":
        return np.asarray(np.isnan(column))
    if column.dtype.kind != "O":
        return np.zeros(column.shape, dtype=bool)
    import pandas as pd

    return np.asarray(pd.isna(column), dtype=bool)


def make_sample(
    time: ArrayLike,
    event: ArrayLike,
    entry: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> Sample:
    """
    Check times and events and put them in the form every estimator uses.

    Times that differ only by rounding are made equal. An entry that is missing, zero or negative
    means observed from time zero, so that a death on day 0 still counts.

    Parameters
    ----------
    time : array_like of shape (n,)
        Days, not negative, not missing.
    event : array_like of shape (n,)
        True or 1 for the event, not missing.
    entry : array_like of shape (n,), optional
        Days at which observation began; missing means from time zero.
    weights : array_like of shape (n,), optional
        Case weights, not negative; 1 when left out.

    Returns
    -------
    Sample
        Checked sample.

    Raises
    ------
    ValueError
        When lengths differ, a time is missing or negative, an event is neither 0 nor 1, an entry
        is not before the exit, or a weight is negative. The message counts rows, it shows none.

    Examples
    --------
    >>> make_sample([5.0, 3.0], [1, 0]).n_events
    1
    """
    t = floats(time).copy()
    e = floats(event)
    start = np.full(t.shape, -np.inf) if entry is None else floats(entry).copy()
    w = np.ones(t.shape) if weights is None else floats(weights)
    if not t.shape == e.shape == start.shape == w.shape or t.ndim != 1:
        raise ValueError("time, event, entry and weights must be columns of the same length")
    start[~(start > 0)] = -np.inf
    t, start = settle([t, start])
    _refuse(~np.isfinite(t) | (t < 0), "a missing or negative time")
    _refuse((e != 0) & (e != 1), "an event that is neither 0 nor 1")
    _refuse(start >= t, "an entry that is not before the exit")
    _refuse(~(np.isfinite(w) & (w >= 0)), "a missing or negative weight")
    return Sample(t, e == 1, start, w)


def _refuse(bad: Bools, what: str) -> None:
    if bad.any():
        raise ValueError(f"{int(bad.sum())} row(s) with {what}")


def codes(labels: ArrayLike | None, n: int) -> tuple[Integers, list[Any]]:
    """
    Number the levels of a grouping 0, 1, ... in sorted order.

    Parameters
    ----------
    labels : array_like of shape (n,) or None
        Group of every row; None puts all rows into one group.
    n : int
        Number of rows.

    Returns
    -------
    codes : ndarray of int
        Level number of every row.
    levels : list
        The levels.

    Raises
    ------
    ValueError
        When the length differs from ``n`` or a label is missing.

    Examples
    --------
    >>> codes(["b", "a", "b"], 3)[0]
    array([1, 0, 1])
    """
    if labels is None:
        return np.zeros(n, dtype=np.int64), ["all"]
    column = np.asarray(labels)
    if column.shape != (n,):
        raise ValueError("a grouping must have one label per row")
    _refuse(missing(column), "a missing group")
    levels, number = np.unique(column, return_inverse=True)
    return number.astype(np.int64), levels.tolist()


@dataclass(frozen=True)
class Counts:
    """
    Weighted counts at the distinct times of a sample.

    Parameters
    ----------
    time : ndarray of shape (m,)
        Distinct event and censoring times, increasing.
    at_risk : ndarray of shape (m,)
        Under observation just before the time (entry < t <= exit).
    events, censored : ndarray of shape (m,)
        Leaving at the time with and without the event.
    """

    time: Floats
    at_risk: Floats
    events: Floats
    censored: Floats


def count(sample: Sample) -> Counts:
    """
    Count who is at risk, has the event and is censored at every distinct time.

    Parameters
    ----------
    sample : Sample
        Checked sample.

    Returns
    -------
    Counts
        An event and a censoring on the same day: the event comes first.

    Examples
    --------
    >>> count(make_sample([1, 2, 2], [1, 1, 0])).at_risk
    array([3., 2.])
    """
    time, place = np.unique(sample.time, return_inverse=True)
    m = time.size
    events = np.bincount(place, sample.weight * sample.event, minlength=m).astype(np.float64)
    everybody = np.bincount(place, sample.weight, minlength=m).astype(np.float64)
    return Counts(time, at_risk(sample, time), events, everybody - events)


def at_risk(sample: Sample, grid: ArrayLike) -> Floats:
    """
    Count who is under observation just before each time of a grid.

    Parameters
    ----------
    sample : Sample
        Checked sample.
    grid : array_like of shape (m,)
        Days. At day 0 those observed from time zero count.

    Returns
    -------
    ndarray of shape (m,)
        Weighted number with entry < t <= exit, the convention of R, SAS and journals.

    Examples
    --------
    >>> at_risk(make_sample([5, 10], [1, 1]), [0, 5, 6])
    array([2., 2., 1.])
    """
    at = np.asarray(grid, dtype=np.float64)
    leaving = _weight_from(sample.time, sample.weight, at)
    late = np.isfinite(sample.entry)
    return leaving - _weight_from(sample.entry[late], sample.weight[late], at)


def _weight_from(values: Floats, weight: Floats, at: Floats) -> Floats:
    """Sum of weights of the values that are at least each point."""
    order = np.argsort(values, kind="stable")
    # Summed from the last value back, so that small risk sets keep their precision.
    total = np.concatenate([np.cumsum(weight[order][::-1])[::-1], [0.0]])
    return np.asarray(total[np.searchsorted(values[order], at, side="left")])
