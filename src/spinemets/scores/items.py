"""
One item of a score for all patients: its possible levels, points, and why they are not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from spinemets import contract, units
from spinemets.scores import kleene
from spinemets.scores.cells import Bools, Floats
from spinemets.scores.definition import item_columns, item_conditions
from spinemets.scores.schema import Condition, Formula, Item, Level, Maybe, Term
from spinemets.scores.table import PatientTable

#: Why an item's points are not known; the graver, the larger.
(
    KNOWN, KNOWN_FROM_INTERVAL, MISSING, INTERVAL, AMBIGUOUS, UNLISTED, REJECTED, CONTRADICTORY
) = range(8)  # fmt: skip
#: Totals are sums of short decimals; comparing them at nine decimals removes binary noise.
DECIMALS: Final = 9


@dataclass(frozen=True)
class ItemResult:
    """Lowest and highest points of one item, and why they differ."""

    low: Floats
    high: Floats
    state: npt.NDArray[np.int8]
    open_list: Bools


def item_result(item: Item, table: PatientTable, maybe: Maybe = "open") -> ItemResult:
    """
    Find the possible points of one item.

    Parameters
    ----------
    item : Item
        Item of a score.
    table : PatientTable
        Patients.
    maybe : {"open", "in", "out"}
        How values that the score leaves open are read: unknown, as belonging, or as not.

    Returns
    -------
    ItemResult
        Lowest and highest points; over all levels where the patient's value isn't listed.

    Notes
    -----
    Levels are tried in order: one that is false is left out, one that is unknown is possible, one
    that is true is possible and ends the search. When nothing was true and the item doesn't cover
    everything, the score has no points for this patient.
    """
    if item.formula is not None:
        low, high = formula_bounds(item.formula, table)
        return ItemResult(low, high, _states(item, table, low == high), np.zeros(table.n, bool))
    # One bit per possible level: a byte or two per patient instead of two floating-point numbers.
    possible = np.zeros(table.n, dtype=np.uint16)
    open_ = np.ones(table.n, dtype=bool)
    for i, level in enumerate(item.levels):
        truth = level_truth(item, level, table, maybe)
        possible |= (open_ & (truth != kleene.FALSE)).astype(np.uint16) << i
        # `otherwise` ends the search as well: what is left belongs there.
        open_ = open_ & (truth != kleene.TRUE) & (not level.otherwise)
    nowhere = possible == 0
    if item.unlisted is None:
        open_ = nowhere
    elif open_.any():
        if item.unlisted_when is not None:
            left_out = kleene.evaluate(item.unlisted_when, table, maybe)
            open_ = (open_ & (left_out != kleene.FALSE)) | nowhere
        possible[open_] = 0
    lowest, highest = extremes(tuple(level.points for level in item.levels))
    low, high = lowest[possible], highest[possible]
    state = _states(item, table, (low == high) & ~open_)
    if nowhere.any():
        state[nowhere & (state < REJECTED)] = UNLISTED
    return ItemResult(low, high, state, open_)


@cache
def extremes(points: tuple[float, ...]) -> tuple[Floats, Floats]:
    """
    Smallest and largest points of every set of levels.

    Parameters
    ----------
    points : tuple of float
        Points of the levels, sixteen at most.

    Returns
    -------
    tuple of ndarray of float, shape (2 ** len(points),)
        Indexed by a set of levels as bits; the empty set stands for all levels.

    Examples
    --------
    >>> low, high = extremes((2.0, 0.0, 1.0))
    >>> low[0b101], high[0b101], high[0]
    (np.float64(1.0), np.float64(2.0), np.float64(2.0))
    """
    sets = np.arange(2 ** len(points))
    low, high = np.full(len(sets), np.inf), np.full(len(sets), -np.inf)
    for i, value in enumerate(points):
        inside = (sets >> i & 1).astype(bool)
        np.minimum(low, value, out=low, where=inside)
        np.maximum(high, value, out=high, where=inside)
    low[0], high[0] = min(points), max(points)
    return low, high


def level_truth(
    item: Item, level: Level, table: PatientTable, maybe: Maybe = "open"
) -> kleene.Truth:
    """
    Truth of one level of an item.

    Parameters
    ----------
    item : Item
        Item of a score.
    level : Level
        One of its levels.
    table : PatientTable
        Patients.
    maybe : {"open", "in", "out"}
        How values that the score leaves open are read: unknown, as belonging, or as not.

    Returns
    -------
    ndarray of int8, shape (n,)
        0 false, 1 unknown, 2 true; for ``otherwise`` the opposite of all other levels together.
    """
    if level.when is not None:
        return kleene.evaluate(level.when, table, maybe)
    others = [other.when for other in item.levels if other.when is not None]
    if not others:
        return np.full(table.n, kleene.TRUE, dtype=np.int8)
    together = Condition.model_construct(any=others)
    return (kleene.TRUE - kleene.evaluate(together, table, maybe)).astype(np.int8)


def formula_bounds(formula: Formula, table: PatientTable) -> tuple[Floats, Floats]:
    """
    Lowest and highest value of a formula.

    Parameters
    ----------
    formula : Formula
        Sum or product of terms.
    table : PatientTable
        Patients; a missing number may be anything in the contract's range.

    Returns
    -------
    tuple of ndarray
        Lowest and highest value.
    """
    bounds = [_term_bounds(term, table) for term in formula.terms]
    low, high = bounds[0]
    for next_low, next_high in bounds[1:]:
        if formula.operation == "sum":
            low, high = low + next_low, high + next_high
        else:
            corners = [a * b for a in (low, high) for b in (next_low, next_high)]
            low, high = np.min(corners, axis=0), np.max(corners, axis=0)
    return np.round(low, DECIMALS), np.round(high, DECIMALS)


def _term_bounds(term: Term, table: PatientTable) -> tuple[Floats, Floats]:
    scale = term.times
    if term.score is not None:
        low, high = table.score_numbers(term.score, None)
    elif (column := contract.columns()[str(term.column)]).is_numeric:
        numbers = table.numbers(column.name)
        empty = np.isnan(numbers.low)
        low = np.where(empty, column.minimum or 0.0, numbers.low)
        high = np.where(empty, column.maximum or 0.0, numbers.high)
        scale = term.times / (units.factor(column.unit, term.unit) if term.unit else 1.0)
    else:
        codes = table.codes(column.name).astype(float)
        low = np.where(codes < 0, 0.0, codes)
        high = np.where(codes < 0, len(column.levels) - 1.0, codes)
    return (low * scale, high * scale) if scale > 0 else (high * scale, low * scale)


def _states(item: Item, table: PatientTable, known: Bools) -> npt.NDArray[np.int8]:
    """Why the points of an item are not known, per patient."""
    state = np.where(known, KNOWN, MISSING).astype(np.int8)
    _mark_imprecise(state, item, table, known)
    for condition in item_conditions(item):
        if condition.maybe and condition.column:
            doubtful = table.lookup(condition.column, set(condition.maybe), set()) == kleene.TRUE
            state[doubtful & ~known] = AMBIGUOUS
        if condition.score is not None:
            _pass_on(state, table.states_of(condition.score, condition.item), known)
    for term in item.formula.terms if item.formula else ():
        if term.score is not None:
            _pass_on(state, table.states_of(term.score, None), known)
    for name in item_columns(item):
        if name in table.rejected:
            state[table.rejected[name] & ~known] = REJECTED
        if name in table.contradicted:
            state[table.contradicted[name] & ~known] = CONTRADICTORY
    return state


def _mark_imprecise(
    state: npt.NDArray[np.int8], item: Item, table: PatientTable, known: Bools
) -> None:
    for name in item_columns(item):
        imprecise = table.imprecise(name)
        if imprecise.any():
            state[imprecise & ~known] = INTERVAL
            if contract.columns()[name].is_numeric:
                state[imprecise & known] = KNOWN_FROM_INTERVAL


def _pass_on(state: npt.NDArray[np.int8], other: npt.NDArray[np.int8], known: Bools) -> None:
    """Take over why another score isn't known."""
    for passed_on in (INTERVAL, AMBIGUOUS, UNLISTED, REJECTED, CONTRADICTORY):
        state[(other == passed_on) & ~known] = passed_on
    state[(other == KNOWN_FROM_INTERVAL) & known] = KNOWN_FROM_INTERVAL
