"""
Pairs of patients of whom some were observed only later than time zero.

A pair is comparable when the one with the event met the other under observation: entry of the
other < time of the event <= his time. All comparable pairs of the same follow-up without entry are
counted, and those in which the other hadn't entered yet are taken away: he stands a second time in
the table, leaving on the day of his entry with the negative of his weight. Sums, ties and
influence values follow without another algorithm, as in R's ``concordance`` with ``Surv(start,
stop, event)``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from spinemets.performance import _arrays
from spinemets.performance._arrays import FloatArray, Ranks
from spinemets.performance._panel import Panel, prepare


@dataclass(frozen=True)
class Late:
    """
    A panel in which patients who entered late stand twice.

    Parameters
    ----------
    panel : Panel
        All patients, then the entries of those who came late, with negative weights.
    patient : ndarray of int, shape (rows,)
        Patient of every row of the panel.
    n : int
        Number of patients.
    """

    panel: Panel
    patient: npt.NDArray[np.intp]
    n: int

    def levels(self, levels: Ranks) -> Ranks:
        """Give every row of the panel the score of its patient."""
        return replace(levels, rank=levels.rank[self.patient])

    def fold(self, rows: FloatArray) -> FloatArray:
        """Add the influence of a patient's entry to his own; shape (scores, patients)."""
        out = rows[:, : self.n].copy()
        out[:, self.patient[self.n :]] += rows[:, self.n :]
        return out


def stack(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    entry: npt.ArrayLike,
    *,
    strata: Any = None,
    weights: npt.ArrayLike | None = None,
) -> Late | None:
    """
    Let patients who entered late stand twice.

    Parameters
    ----------
    time, event, strata, weights
        As in `spinemets.performance.discrimination.concordance`.
    entry : array-like, shape (patients,)
        Time of entry, in the unit of ``time``; missing or 0 is time zero.

    Returns
    -------
    Late or None
        None where everybody was observed from time zero.

    Raises
    ------
    ValueError
        When an entry isn't before the patient's time, or is negative or infinite.
    """
    end = _arrays.check_time(time)
    given_entry = _arrays.as_vector(entry, "entry", end.size)
    begin = np.where(np.isnan(given_entry), 0.0, given_entry)
    if bool(np.any((begin < 0) | ~np.isfinite(begin))):
        raise ValueError("entry: has negative or infinite values")
    late = np.flatnonzero(begin > 0)
    if bool(np.any(begin[late] >= end[late])):
        raise ValueError("entry: must lie before the patient's time")
    if not late.size:
        return None
    flags = _arrays.check_event(event, end.size)
    given = _arrays.check_weights(weights, end.size)
    own = given.copy() if given.size else np.ones(end.size)
    codes = _arrays.strata_codes(strata, end.size)
    patient = np.concatenate([np.arange(end.size), late])
    ranks = _arrays.rank_times(np.concatenate([end, begin[late]]))
    # Whose entry and time differ by rounding alone was never under observation.
    own[late[ranks.rank[end.size :] >= ranks.rank[late]]] = 0.0
    # Half a step behind the day of entry: who enters on the day of an event wasn't at risk for it.
    steps = 2.0 * ranks.rank
    steps[end.size :] += 1.0
    panel = prepare(
        steps,
        np.concatenate([flags, np.zeros(late.size, np.bool_)]),
        strata=None if codes is None else codes[patient],
    )
    times = ranks.values[(panel.times // 2).astype(np.intp)]
    signed = np.concatenate([own, -own[late]])
    return Late(replace(panel, weights=signed, times=times), patient, end.size)
