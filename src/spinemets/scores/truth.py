"""
Truth tables: every distinguishable patient of an item, every total of a score.

Two values of a column that no condition of the item tells apart count as one, so that the table is
finite: numbers enter by one value between and on every limit, primaries by one of each group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spinemets import contract, units, vocabulary
from spinemets.scores import engine, fixed, items, kleene, prepare
from spinemets.scores.cells import PRIMARY, levels_of
from spinemets.scores.definition import Definition, item_conditions
from spinemets.scores.fixed import Source
from spinemets.scores.schema import Condition, Item, Maybe
from spinemets.scores.table import PatientTable

LIMIT: Final = 400_000
NEAR: Final = 1e-5
ENUMERATED: Final = 120


@dataclass(frozen=True)
class Grid:
    """Every distinguishable patient with respect to some items."""

    table: PatientTable
    columns: dict[Source, list[Any]]
    possible: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Truth:
    """
    What a score can give.

    Parameters
    ----------
    combinations : int
        Product of the numbers of item levels.
    totals : tuple of float
        Totals that some patient reaches, ascending.
    levels : frozenset of (str, int)
        Levels that some patient reaches, by item and position.
    bands : frozenset of str
        Bands that some total falls in.
    uncovered : tuple of float
        Reachable totals in no band.
    """

    combinations: int
    totals: tuple[float, ...]
    levels: frozenset[tuple[str, int]]
    bands: frozenset[str]
    uncovered: tuple[float, ...]


def leaves(parts: Iterable[Item]) -> dict[Source, list[Condition]]:
    """
    Comparisons that items make, by what they compare.

    Parameters
    ----------
    parts : iterable of Item
        Items of a score.

    Returns
    -------
    dict of str to list of Condition
        Column, or ``score:...``, to its comparisons.
    """
    out: dict[Source, list[Condition]] = {}
    for item in parts:
        for condition in item_conditions(item):
            if condition.column is not None:
                out.setdefault(condition.column, []).append(condition)
            elif condition.score is not None:
                part = f":{condition.item}" if condition.item else ""
                out.setdefault(f"score:{condition.score}{part}", []).append(condition)
        for term in item.formula.terms if item.formula else ():
            out.setdefault(term.column or f"score:{term.score}", [])
    return out


def representatives(
    source: Source, conditions: Sequence[Condition], library: Mapping[str, Definition]
) -> list[Any]:
    """
    One value of each group of values that no condition tells apart.

    Parameters
    ----------
    source : str
        Column or other score.
    conditions : sequence of Condition
        What is asked about it; none stands for a formula, which tells all values apart.
    library : Mapping of str to Definition
        Other scores.

    Returns
    -------
    list
        Values in the contract's unit.
    """
    candidates = _candidates(source, conditions, library)
    if not conditions:
        return candidates
    table = fixed.table_of({source: candidates}, library)
    signature = np.stack([kleene.evaluate(c, table) for c in conditions])
    _, first = np.unique(signature, axis=1, return_index=True)
    return [candidates[i] for i in sorted(first)]


def _candidates(
    source: Source, conditions: Sequence[Condition], library: Mapping[str, Definition]
) -> list[Any]:
    if source.startswith("score:"):
        _, name, *item = source.split(":")
        return list(_score_values(library[name], item[0] if item else None, library))
    column = contract.columns()[source]
    if source == PRIMARY:
        return [p for p in levels_of(source) if not vocabulary.primaries()[p].could_be]
    if not column.is_numeric:
        return list(levels_of(source))
    low, high = float(column.minimum or 0.0), float(column.maximum or 0.0)
    step = column.step or (1.0 if column.kind == "integer" else None)
    if step and (high - low) / step <= ENUMERATED:
        return [low + step * i for i in range(int((high - low) / step) + 1)]
    found = {low, high}
    for condition in conditions:
        scale = units.factor(column.unit, condition.unit) if condition.unit else 1.0
        for limit, _, _ in kleene.limits(condition):
            x = limit * scale
            around = (np.floor(x), np.ceil(x), np.floor(x) - 1, np.ceil(x) + 1)
            near = abs(x) * NEAR
            if units.is_molar(column.unit, condition.unit):
                near = scale * 10.0 ** -kleene.decimals(limit)  # the next value told apart
            found |= set(around) if step else {x - near, x, x + near}
    return sorted(float(x) for x in found if low <= x <= high)


def _score_values(
    definition: Definition, item: str | None, library: Mapping[str, Definition]
) -> tuple[float, ...]:
    if item is None:
        return enumerate_score(definition, library).totals
    found = next(i for i in definition.items if i.id == item)
    return tuple(sorted({level.points for level in found.levels}))


def grid(parts: Sequence[Item], library: Mapping[str, Definition]) -> Grid:
    """
    Make every distinguishable patient with respect to some items.

    Parameters
    ----------
    parts : sequence of Item
        Items of a score.
    library : Mapping of str to Definition
        Scores that the items read.

    Returns
    -------
    Grid
        Full product of the representatives; ``possible`` is False where columns contradict each
        other.

    Raises
    ------
    ValueError
        When the product is too large to be enumerated.
    """
    values = {s: representatives(s, c, library) for s, c in leaves(parts).items()}
    size = reduce(lambda a, b: a * b, (len(v) for v in values.values()), 1)
    if size > LIMIT:
        raise ValueError(f"the item tells {size} patients apart; split it")
    rows = list(product(*values.values())) if values else [()]
    columns = {s: [row[i] for row in rows] for i, s in enumerate(values)}
    if not columns:
        return Grid(PatientTable({}, 1), {}, np.ones(1, dtype=bool))
    table = fixed.table_of(columns, library)
    prepare.harmonise(table)
    possible = np.ones(len(rows), dtype=bool)
    read_otherwise = [where for _, where in table.readings]  # the same patient as another row
    for left_out in (*table.rejected.values(), *table.contradicted.values(), *read_otherwise):
        possible &= ~left_out
    return Grid(table, columns, possible)


def as_read(definition: Definition, library: Mapping[str, Definition]) -> Mapping[str, Definition]:
    """
    Other scores in the variants that a definition reads.

    Parameters
    ----------
    definition : Definition
        Score or variant.
    library : Mapping of str to Definition
        Published forms.

    Returns
    -------
    Mapping of str to Definition
        The same, with the variants in place.
    """
    return dict(library) | {n: library[n].with_variant(v) for n, v in definition.reads.items()}


def components(parts: Sequence[Item]) -> list[list[Item]]:
    """
    Group items that read the same columns; groups are independent of each other.

    Parameters
    ----------
    parts : sequence of Item
        Items of a score.

    Returns
    -------
    list of list of Item
        Groups in the order of their first item.
    """
    groups: list[tuple[set[str], list[Item]]] = []
    for item in parts:
        sources = set(leaves([item]))
        touching = [g for g in groups if g[0] & sources]
        merged: tuple[set[str], list[Item]] = (sources.union(*(g[0] for g in touching)), [])
        for group in touching:
            merged[1].extend(group[1])
            groups.remove(group)
        merged[1].append(item)
        groups.append(merged)
    return [members for _, members in groups]


def reached_levels(
    item: Item, table: PatientTable, maybe: Maybe = "open"
) -> list[npt.NDArray[np.bool_]]:
    """
    For each level the patients who can have it.

    Parameters
    ----------
    item : Item
        Item of a score.
    table : PatientTable
        Patients.
    maybe : {"open", "in", "out"}
        How values that the score leaves open are read.

    Returns
    -------
    list of ndarray of bool
        One per level, in order.
    """
    out = []
    open_ = np.ones(table.n, dtype=bool)
    for level in item.levels:
        truth = items.level_truth(item, level, table, maybe)
        out.append(open_ & (truth != kleene.FALSE))
        open_ = open_ & (truth != kleene.TRUE)
    return out


def enumerate_score(definition: Definition, library: Mapping[str, Definition]) -> Truth:
    """
    Find everything a score can give.

    Parameters
    ----------
    definition : Definition
        Score or variant.
    library : Mapping of str to Definition
        Scores that it reads.

    Returns
    -------
    Truth
        Reachable totals, levels and bands.
    """
    library = as_read(definition, library)
    totals = np.zeros(1)
    levels: set[tuple[str, int]] = set()
    for group in components(definition.items):
        cells = grid(group, library)
        sums: list[npt.NDArray[np.float64]] = [np.zeros(cells.table.n), np.zeros(cells.table.n)]
        listed = cells.possible.copy()
        for item in group:
            result = items.item_result(item, cells.table, definition.maybe)
            sums = [sums[0] + result.low, sums[1] + result.high]
            listed &= ~result.open_list
            for i, mask in enumerate(reached_levels(item, cells.table)):
                if (mask & cells.possible).any():
                    levels.add((item.id, i))
        both = np.concatenate([s[listed] for s in sums])
        totals = np.unique(np.round(np.add.outer(totals, np.unique(both)), items.DECIMALS))
    if definition.ceiling is not None:
        totals = np.unique(np.minimum(totals, definition.ceiling))
    position = engine.band_of(totals, definition.bands)
    combinations = reduce(lambda a, b: a * b, (len(i.levels) or 1 for i in definition.items), 1)
    return Truth(
        combinations,
        tuple(float(t) for t in totals),
        frozenset(levels),
        frozenset(definition.bands[i].id for i in set(position.tolist()) if i >= 0),
        tuple(float(t) for t in totals[position < 0]) if definition.bands else (),
    )
