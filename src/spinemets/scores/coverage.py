"""Which primaries a score names, places by a rule, leaves open, or leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemets import vocabulary
from spinemets.scores import items, kleene
from spinemets.scores.cells import PRIMARY
from spinemets.scores.definition import Definition, item_columns, item_conditions, walk
from spinemets.scores.schema import Condition, Item
from spinemets.scores.table import PatientTable

if TYPE_CHECKING:
    import pandas as pd

NAMED: Final = "named"
BY_RULE: Final = "by rule"
AMBIGUOUS: Final = "ambiguous"
UNLISTED: Final = "unlisted"
NOT_APPLICABLE: Final = "not applicable"
MEANING: Final = {
    NAMED: "in the score's own list",
    BY_RULE: "under the score's rule for others",
    AMBIGUOUS: "the score, or the recorded term, leaves open where it belongs",
    UNLISTED: "the score has no points for it",
    NOT_APPLICABLE: "the score isn't meant for it",
}
COLUMNS: Final = ("primary", "score", "coverage", "points")


@dataclass(frozen=True)
class Cell:
    """How a score treats one primary."""

    coverage: str
    points: str


def matrix(definitions: Iterable[Definition], library: Mapping[str, Definition]) -> pd.DataFrame:
    """
    Primary by score.

    Parameters
    ----------
    definitions : iterable of Definition
        Scores; those that don't use the primary are left out.
    library : Mapping of str to Definition
        Scores that these read.

    Returns
    -------
    DataFrame
        Columns ``primary, score, coverage, points``; points of the primary's item, a range where
        they also depend on something else, empty where they follow from several columns.
    """
    import pandas as pd

    rows = [
        (primary, definition.id, cell.coverage, cell.points)
        for definition in definitions
        if uses_primary(definition, library)
        for primary, cell in cells(definition, library).items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def uses_primary(definition: Definition, library: Mapping[str, Definition]) -> bool:
    """
    Whether a score reads the primary, itself or through another score.

    Parameters
    ----------
    definition : Definition
        Score.
    library : Mapping of str to Definition
        Scores that it reads.

    Returns
    -------
    bool
        True when it does.
    """
    applies = definition.data.population.applies_if
    own = applies is not None and any(c.column == PRIMARY for c in walk(applies))
    return own or bool(_items(definition, library))


def cells(definition: Definition, library: Mapping[str, Definition]) -> dict[str, Cell]:
    """
    How a score treats every primary.

    Parameters
    ----------
    definition : Definition
        Score.
    library : Mapping of str to Definition
        Scores that it reads.

    Returns
    -------
    dict of str to Cell
        By canonical primary.
    """
    names = [
        p for p in vocabulary.primaries() if p not in (vocabulary.NOT_RECORDED, vocabulary.PENDING)
    ]
    table = PatientTable.from_values({PRIMARY: names})
    parts = _items(definition, library)
    found = [_item_coverage(item, table, names) for item in parts]
    applies = definition.data.population.applies_if
    meant = np.full(len(names), kleene.TRUE) if applies is None else kleene.evaluate(applies, table)
    out = {}
    for i, name in enumerate(names):
        if meant[i] == kleene.FALSE:
            out[name] = Cell(NOT_APPLICABLE, "")
            continue
        kinds = [coverage[i] for coverage, _ in found]
        order = (UNLISTED, AMBIGUOUS, NAMED, BY_RULE)
        # Without an item about the primary it is the population that names it.
        kind = next((k for k in order if k in kinds), NAMED)
        out[name] = Cell(kind, _points(definition, parts, found, i))
    return out


def _points(
    definition: Definition, parts: list[Item], found: list[tuple[list[str], list[str]]], i: int
) -> str:
    """Points of the score's own items that begin with the primary."""
    own = {item.id for item in definition.items}
    texts = [
        points[i]
        for item, (_, points) in zip(parts, found, strict=True)
        if item.id in own and item_columns(item)[0] == PRIMARY
    ]
    return " + ".join(text for text in texts if text)


def _item_coverage(
    item: Item, table: PatientTable, names: list[str]
) -> tuple[list[str], list[str]]:
    result = items.item_result(item, table)
    named, open_ = _named(item), _left_open(item)
    coverage, points = [], []
    for i, name in enumerate(names):
        candidates = vocabulary.could_be(name)
        low, high = result.low[i], result.high[i]
        if result.state[i] == items.UNLISTED:
            coverage.append(UNLISTED)
            points.append("")
            continue
        unsure = bool(candidates & open_) or (result.open_list[i] and len(candidates) > 1)
        rough = len(candidates) > 1 and low != high and _apart(item, candidates)
        if unsure or rough:
            coverage.append(AMBIGUOUS)
        else:
            coverage.append(NAMED if candidates <= named else BY_RULE)
        points.append(f"{low:g}" if low == high else f"{low:g}-{high:g}")
    return coverage, points


def _apart(item: Item, candidates: frozenset[str]) -> bool:
    """Whether primaries that a term may stand for get different points."""
    table = PatientTable.from_values({PRIMARY: sorted(candidates)})
    result = items.item_result(item, table)
    return len({*zip(result.low.tolist(), result.high.tolist(), strict=True)}) > 1


def _named(item: Item) -> frozenset[str]:
    found: set[str] = set()
    for level in item.levels:
        if level.when is not None:
            found |= _positive(level.when, True)
    return frozenset(found)


def _positive(condition: Condition, sign: bool) -> set[str]:
    """Primaries that a condition names as belonging, not as excluded."""
    if condition.column == PRIMARY:
        wanted = condition.in_ or [] if sign else []
        return {p for term in wanted for p in vocabulary.could_be(term)}
    if condition.not_ is not None:
        return _positive(condition.not_, not sign)
    below = [*(condition.any or ()), *(condition.all or ())]
    return set().union(*(_positive(c, sign) for c in below)) if below else set()


def _left_open(item: Item) -> frozenset[str]:
    terms = [t for c in item_conditions(item) if c.column == PRIMARY for t in c.maybe or ()]
    return frozenset(p for term in terms for p in vocabulary.could_be(term))


def _items(definition: Definition, library: Mapping[str, Definition]) -> list[Item]:
    """Items that read the primary, in the score and in the scores it reads."""
    found: list[Item] = []
    for item in definition.items:
        if PRIMARY in item_columns(item):
            found.append(item)
        for condition in item_conditions(item):
            if condition.score is not None:
                parts = _items(library[condition.score], library)
                found += [p for p in parts if condition.item in (None, p.id)]
        for term in item.formula.terms if item.formula else ():
            if term.score is not None:
                found += _items(library[term.score], library)
    return [item for i, item in enumerate(found) if item not in found[:i]]
