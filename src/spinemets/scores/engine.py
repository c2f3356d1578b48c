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

from spinemets.scores import kleene
from spinemets.scores.cells import Floats, Numbers
from spinemets.scores.definition import Definition
from spinemets.scores.items import DECIMALS, ItemResult, item_result
from spinemets.scores.schema import Band
from spinemets.scores.table import PatientTable

STATUSES: Final = ("determined", "bounded", "missing", "not_applicable")
DETERMINED, BOUNDED, UNDETERMINED, NOT_APPLICABLE = range(4)


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

    def band_range(self) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int16], list[str]]:
        """
        Give the possible bands to another score.

        Returns
        -------
        tuple
            Position of the lowest and of the highest possible band (-1 none), and the band ids.
        """
        listed = ~np.any([part.open_list for part in self.items.values()], axis=0)
        low = np.where(listed, self.band_low, -1).astype(np.int16)
        return low, self.band_high, [band.id for band in self.definition.bands]

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
    for name in ordered(library, definitions):
        if name not in table.scores:
            table.scores[name] = score(library[name], table)
    out = []
    for definition in definitions:
        done = table.scores.get(definition.id)
        if isinstance(done, ScoreResult) and done.definition is definition:
            out.append(done)
            continue
        for name, variant in definition.reads.items():
            key = f"{name}:{variant}"
            if key not in table.scores:
                table.scores[key] = score(library[name].with_variant(variant), table)
        with table.reading(definition.reads):
            out.append(score(definition, table))
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
    items = {i.id: item_result(i, table, definition.maybe) for i in definition.items}
    low = _total([r.low for r in items.values()])
    high = _total([r.high for r in items.values()])
    if definition.ceiling is not None:
        low, high = np.minimum(low, definition.ceiling), np.minimum(high, definition.ceiling)
    if definition.recorded_total:
        low, high = _recorded(low, high, table.numbers(definition.recorded_total).low)
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


def _recorded(low: Floats, high: Floats, total: Floats) -> tuple[Floats, Floats]:
    """The total that was recorded, unless the items exclude it: they say more."""
    fits = (total >= low) & (total <= high)
    return np.where(fits, total, low), np.where(fits, total, high)


def _total(parts: Sequence[Floats]) -> Floats:
    total = parts[0].copy()
    for part in parts[1:]:
        total += part
    return np.round(total, DECIMALS, out=total)


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
