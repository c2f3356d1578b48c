"""Limits of Harrell's C when some totals are known only to lie between two bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from spinemets.evaluation.design import OWN, REFUSED, Outcome
from spinemets.evaluation.scores import OneScore
from spinemets.performance._arrays import IntArray, check_time, rank_times
from spinemets.results import Row, finite

FloatArray = npt.NDArray[np.float64]


def bounds_rows(outcome: Outcome, one: OneScore) -> Iterator[Row]:
    """
    Row with what C could be if the totals of partly determined patients were known.

    Parameters
    ----------
    outcome : Outcome
        The patients' follow-up.
    one : OneScore
        A score with the bounds of its totals.

    Yields
    ------
    Row
        Measure ``harrell_c_bounds``; none where every total is known or no points are.
    """
    known = one.applicable & np.isfinite(one.low) & np.isfinite(one.high)
    partial = int((known & ~one.determined).sum())
    if "points" not in one.forms or not partial:
        return
    row = Row("harrell_c_bounds", set=OWN, score=one.score, variant=one.variant, form="points")
    if outcome.delayed:
        yield replace(row, note=REFUSED)
        return
    lower, upper = concordance_bounds(
        outcome.time[known],
        outcome.event[known],
        one.low[known],
        one.high[known],
        higher_is_worse=one.higher_is_worse,
    )
    yield replace(
        row,
        lower=finite(lower),
        upper=finite(upper),
        n=int(known.sum()),
        events=int(outcome.event[known].sum()),
        method="outer limits over all totals between the bounds; no sampling error in it",
        note=f"an interval only: {partial} patients have bounds, no total",
    )


def concordance_bounds(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    *,
    higher_is_worse: bool,
) -> tuple[float, float]:
    """
    Limits of Harrell's C over all totals that lie between the patients' bounds.

    Parameters
    ----------
    time : array_like of float, shape (n,)
        Follow-up; finite, not negative.
    event : array_like of bool, shape (n,)
        True for an event.
    low, high : array_like of float, shape (n,)
        Bounds of the total; equal where it is known.
    higher_is_worse : bool
        Direction of the total.

    Returns
    -------
    lower, upper : float
        Every assignment of totals has a C between them; NaN without comparable pairs.

    Notes
    -----
    Each pair is judged at its worst and at its best by itself. One patient's total can't be at both
    ends for different pairs at once, so the limits are outer ones: true, not always attained. Both
    equal Harrell's C where every total is known.

    Examples
    --------
    >>> concordance_bounds([1, 2, 3], [1, 1, 0], [3, 1, 1], [3, 2, 1], higher_is_worse=True)
    (0.8333333333333334, 1.0)
    """
    times = rank_times(check_time(time)).rank
    died = np.asarray(event, dtype=bool)
    ends = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    if not higher_is_worse:
        ends = -ends[1], -ends[0]
    levels = np.unique(np.concatenate(ends))
    bottom, top = (np.searchsorted(levels, end) for end in ends)
    worst = _agreement(times, died, bottom, top, levels.size)
    best = _agreement(times, died, top, bottom, levels.size)
    pairs = worst[1]
    if not pairs:
        return float("nan"), float("nan")
    return worst[0] / pairs, best[0] / pairs


def _agreement(
    time: IntArray,
    died: npt.NDArray[np.bool_],
    of_case: npt.NDArray[np.intp],
    of_other: npt.NDArray[np.intp],
    size: int,
) -> tuple[float, float]:
    """Concordant pairs (ties one half) and comparable pairs, from the latest time to the first."""
    later = np.zeros(size)
    agree = pairs = 0.0
    order = np.argsort(time, kind="stable")[::-1]
    starts = np.flatnonzero(np.diff(time[order], prepend=-1))
    for rows in np.split(order, starts[1:]):
        cases, censored = rows[died[rows]], rows[~died[rows]]
        np.add.at(later, of_other[censored], 1.0)  # a censoring of the day counts as longer
        if cases.size:
            below = np.cumsum(later)
            level = of_case[cases]
            agree += float(np.sum(below[level] - 0.5 * later[level]))
            pairs += float(cases.size * below[-1])
            np.add.at(later, of_other[cases], 1.0)
    return agree, pairs
