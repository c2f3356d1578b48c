"""
Compute scores for all patients at once.

For every item the possible levels of a patient are found (one when everything is known), their
points give the item's lowest and highest value, and the sums give the lowest and highest total.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from spinemets import contract, units
from spinemets.scores import kleene
from spinemets.scores.definition import Definition, item_columns, item_conditions
from spinemets.scores.schema import Band, Condition, Formula, Item, Level
from spinemets.scores.table import Bools, Floats, Numbers, PatientTable

#: Why an item's points are not known, in the order in which reasons are printed.
KNOWN, KNOWN_FROM_INTERVAL, MISSING, INTERVAL, AMBIGUOUS, UNLISTED, REJECTED = range(7)
STATUSES: Final = ("determined", "bounded", "missing", "not_applicable")
DETERMINED, BOUNDED, UNDETERMINED, NOT_APPLICABLE = range(4)
#: Totals are sums of short decimals; comparing them at nine decimals removes binary noise.
DECIMALS: Final = 9


@dataclass(frozen=True)
class ItemResult:
    """Lowest and highest points of one item, and why they differ."""

    low: Floats
    high: Floats
    state: npt.NDArray[np.int8]
    open_list: Bools


@dataclass(frozen=True)
class ScoreResult:
    """
    One score for all patients.

    Parameters
    ----------
    definition : Definition
        What was computed.
    low, high : ndarray of float, shape (n,)
        Lowest and highest possible total.
    band_low, band_high : ndarray of int, shape (n,)
        Position of their bands; -1 where there is none.
    status : ndarray of int, shape (n,)
        Position in ``STATUSES``.
    items : dict of str to ItemResult
        By item id.
    applies : ndarray of int8, shape (n,)
        Truth of the population condition.
    """

    definition: Definition
    low: Floats
    high: Floats
    band_low: npt.NDArray[np.int16]
    band_high: npt.NDArray[np.int16]
    status: npt.NDArray[np.int8]
    items: dict[str, ItemResult] = field(default_factory=dict)
    applies: npt.NDArray[np.int8] = field(default_factory=lambda: np.empty(0, np.int8))

    @property
    def points(self) -> Floats:
        """Total where it is determined, else NaN."""
        return np.where(self.status == DETERMINED, self.low, np.nan)

    @property
    def band(self) -> npt.NDArray[np.int16]:
        """Band where it is determined or bounded, else -1."""
        return np.where(self.status <= BOUNDED, self.band_low, -1).astype(np.int16)

    def numbers(self, item: str | None) -> Numbers:
        """
        Give the possible points to another score.

        Parameters
        ----------
        item : str or None
            Item; None for the total.

        Returns
        -------
        Numbers
            Lowest and highest; NaN where the score doesn't apply.
        """
        if item is None:
            return Numbers(self.low, self.high)
        return Numbers(self.items[item].low, self.items[item].high)

    def states(self, item: str | None) -> npt.NDArray[np.int8]:
        """
        Tell another score why points are not known.

        Parameters
        ----------
        item : str or None
            Item; None for the total.

        Returns
        -------
        ndarray of int8, shape (n,)
            The gravest state of the items concerned.
        """
        found = self.items.values() if item is None else [self.items[item]]
        states: npt.NDArray[np.int8] = np.stack([part.state for part in found]).max(axis=0)
        return states


def run(
    definitions: Sequence[Definition], library: Mapping[str, Definition], table: PatientTable
) -> list[ScoreResult]:
    """
    Compute scores, and before them the scores they read.

    Parameters
    ----------
    definitions : sequence of Definition
        What to compute; variants count as definitions of their own.
    library : Mapping of str to Definition
        Where scores that others read are found.
    table : PatientTable
        Patients.

    Returns
    -------
    list of ScoreResult
        In the order of ``definitions``.
    """
    for name in ordered({d.id: d for d in definitions} | dict(library), definitions):
        if name not in table.scores:
            table.scores[name] = score(library[name], table)
    out = []
    for definition in definitions:
        done = table.scores.get(definition.id)
        same = isinstance(done, ScoreResult) and done.definition == definition
        out.append(done if same and isinstance(done, ScoreResult) else score(definition, table))
    return out


def ordered(library: Mapping[str, Definition], wanted: Iterable[Definition]) -> list[str]:
    """
    Scores that others read, each after those it reads itself.

    Parameters
    ----------
    library : Mapping of str to Definition
        All known scores.
    wanted : iterable of Definition
        Scores to compute.

    Returns
    -------
    list of str
        Ids in an order in which they can be computed.

    Raises
    ------
    ValueError
        When scores read each other in a circle.
    """
    done: list[str] = []

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise ValueError(f"scores read each other in a circle: {' -> '.join((*path, name))}")
        if name not in done:
            for before in library[name].depends_on:
                visit(before, (*path, name))
            done.append(name)

    for definition in wanted:
        for before in definition.depends_on:
            visit(before, (definition.id,))
    return done


def score(definition: Definition, table: PatientTable) -> ScoreResult:
    """
    Compute one score.

    Parameters
    ----------
    definition : Definition
        Score or variant.
    table : PatientTable
        Patients; scores that this one reads have been computed.

    Returns
    -------
    ScoreResult
        One value per patient.
    """
    items = {i.id: item_result(i, table, definition.assume_maybe) for i in definition.items}
    low = np.round(np.sum([r.low for r in items.values()], axis=0), DECIMALS)
    high = np.round(np.sum([r.high for r in items.values()], axis=0), DECIMALS)
    if definition.ceiling is not None:
        low, high = np.minimum(low, definition.ceiling), np.minimum(high, definition.ceiling)
    population = definition.data.population.applies_if
    applies = (
        np.full(table.n, kleene.TRUE, dtype=np.int8)
        if population is None
        else kleene.evaluate(population, table)
    )
    band_low, band_high = band_of(low, definition.bands), band_of(high, definition.bands)
    listed = ~np.any([r.open_list for r in items.values()], axis=0) & (applies == kleene.TRUE)
    in_band = (band_low == band_high) & ((band_low >= 0) | (not definition.bands))
    status = np.full(table.n, UNDETERMINED, dtype=np.int8)
    status[listed & in_band & bool(definition.bands)] = BOUNDED
    status[listed & in_band & (low == high)] = DETERMINED
    status[applies == kleene.FALSE] = NOT_APPLICABLE
    outside = applies == kleene.FALSE
    low, high = np.where(outside, np.nan, low), np.where(outside, np.nan, high)
    band_low[outside] = band_high[outside] = -1
    return ScoreResult(definition, low, high, band_low, band_high, status, items, applies)


def band_of(totals: Floats, bands: Sequence[Band]) -> npt.NDArray[np.int16]:
    """
    Find the band of each total.

    Parameters
    ----------
    totals : ndarray of float, shape (n,)
        Totals; NaN has no band.
    bands : sequence of Band
        Bands of a score.

    Returns
    -------
    ndarray of int16, shape (n,)
        Position of the band; -1 where none holds the total.
    """
    out = np.full(len(totals), -1, dtype=np.int16)
    for position, band in enumerate(bands):
        inside = ~np.isnan(totals)
        if band.from_ is not None:
            inside &= totals >= band.from_
        if band.above is not None:
            inside &= totals > band.above
        if band.to is not None:
            inside &= totals <= band.to
        if band.below is not None:
            inside &= totals < band.below
        out[inside] = position
    return out


def item_result(item: Item, table: PatientTable, assume_maybe: bool = False) -> ItemResult:
    """
    Find the possible points of one item.

    Parameters
    ----------
    item : Item
        Item of a score.
    table : PatientTable
        Patients.
    assume_maybe : bool
        Count values that the score leaves open as belonging.

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
    low, high = np.full(table.n, np.inf), np.full(table.n, -np.inf)
    open_ = np.ones(table.n, dtype=bool)
    for level in item.levels:
        truth = level_truth(item, level, table, assume_maybe)
        # `otherwise` ends the search as well: what is left belongs there.
        possible, sure = open_ & (truth != kleene.FALSE), (truth == kleene.TRUE) | level.otherwise
        np.minimum(low, level.points, out=low, where=possible)
        np.maximum(high, level.points, out=high, where=possible)
        open_ = open_ & ~sure
    nowhere = np.isinf(low)
    if item.unlisted is not None:
        points = [level.points for level in item.levels]
        low[open_], high[open_] = min(points), max(points)
    else:
        open_ = nowhere
    state = _states(item, table, (low == high) & ~open_)
    state[nowhere & (state != REJECTED)] = UNLISTED
    return ItemResult(low, high, state, open_)


def level_truth(
    item: Item, level: Level, table: PatientTable, assume_maybe: bool = False
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
    assume_maybe : bool
        Count values that the score leaves open as belonging.

    Returns
    -------
    ndarray of int8, shape (n,)
        0 false, 1 unknown, 2 true; for ``otherwise`` the opposite of all other levels together.
    """
    if level.when is not None:
        return kleene.evaluate(level.when, table, assume_maybe)
    others = [other.when for other in item.levels if other.when is not None]
    if not others:
        return np.full(table.n, kleene.TRUE, dtype=np.int8)
    together = Condition.model_construct(any=others)
    return (kleene.TRUE - kleene.evaluate(together, table, assume_maybe)).astype(np.int8)


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
    bounds = [_term_bounds(term.column, term.times, term.unit, table) for term in formula.terms]
    low, high = bounds[0]
    for next_low, next_high in bounds[1:]:
        if formula.operation == "sum":
            low, high = low + next_low, high + next_high
        else:
            corners = [a * b for a in (low, high) for b in (next_low, next_high)]
            low, high = np.min(corners, axis=0), np.max(corners, axis=0)
    return np.round(low, DECIMALS), np.round(high, DECIMALS)


def _term_bounds(
    name: str, times: float, unit: str | None, table: PatientTable
) -> tuple[Floats, Floats]:
    column = contract.columns()[name]
    if column.is_numeric:
        numbers = table.numbers(name)
        empty = np.isnan(numbers.low)
        low = np.where(empty, column.minimum or 0.0, numbers.low)
        high = np.where(empty, column.maximum or 0.0, numbers.high)
        scale = times / (units.factor(column.unit, unit) if unit else 1.0)
    else:
        codes = table.codes(name).astype(float)
        low = np.where(codes < 0, 0.0, codes)
        high = np.where(codes < 0, len(column.levels) - 1.0, codes)
        scale = times
    return (low * scale, high * scale) if scale > 0 else (high * scale, low * scale)


def _states(item: Item, table: PatientTable, known: Bools) -> npt.NDArray[np.int8]:
    """Why the points of an item are not known, per patient."""
    state = np.where(known, KNOWN, MISSING).astype(np.int8)
    for name in item_columns(item):
        imprecise = table.imprecise(name)
        if imprecise.any():
            state[imprecise & ~known] = INTERVAL
            if contract.columns()[name].is_numeric:
                state[imprecise & known] = KNOWN_FROM_INTERVAL
    for condition in item_conditions(item):
        if condition.maybe and condition.column:
            doubtful = table.lookup(condition.column, set(condition.maybe), set()) == kleene.TRUE
            state[doubtful & ~known] = AMBIGUOUS
        if condition.score is not None:
            other = table.scores[condition.score].states(condition.item)
            for passed_on in (INTERVAL, AMBIGUOUS, UNLISTED, REJECTED):
                state[(other == passed_on) & ~known] = passed_on
            state[(other == KNOWN_FROM_INTERVAL) & known] = KNOWN_FROM_INTERVAL
    for name in item_columns(item):
        if name in table.rejected:
            state[table.rejected[name] & ~known] = REJECTED
    return state
