"""What a variant changes: which values of an item get other points, which totals another band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from spinemets import vocabulary
from spinemets.scores import engine, fixed, items, prepare, truth
from spinemets.scores.cells import PRIMARY, levels_of
from spinemets.scores.definition import Definition
from spinemets.scores.schema import Item

#: More differing patients than these are counted instead of listed.
LISTED: Final = 8


def effects(definition: Definition, name: str, library: Mapping[str, Definition]) -> list[str]:
    """
    Say in words what a variant changes.

    Parameters
    ----------
    definition : Definition
        Published form.
    name : str
        Variant or computable misprint.
    library : Mapping of str to Definition
        Scores that it reads.

    Returns
    -------
    list of str
        One sentence per change.
    """
    variant = definition.with_variant(name)
    before = {item.id: item for item in definition.items}
    after = {item.id: item for item in variant.items}
    out = [f"without the item {before[i].name}" for i in before if i not in after]
    out += [f"with the item {after[i].name}" for i in after if i not in before]
    for identifier, item in after.items():
        if identifier in before:
            out += _points(before[identifier], item, definition, variant, library)
    out += [f"reads {s} as its variant {v}" for s, v in variant.reads.items()]
    if variant.ceiling != definition.ceiling:
        out.append(
            "without the ceiling" if variant.ceiling is None else f"ceiling {variant.ceiling:g}"
        )
    if (variant.minimum, variant.maximum) != (definition.minimum, definition.maximum):
        out.append(f"range {variant.minimum:g} to {variant.maximum:g}")
    return out + _bands(definition, variant, library)


def _points(
    before: Item,
    after: Item,
    definition: Definition,
    variant: Definition,
    library: Mapping[str, Definition],
) -> list[str]:
    if before == after and definition.maybe == variant.maybe:
        return []
    columns = _columns(before, after, library)
    if columns is None:
        return [f"{after.name}: other rule"]
    table = fixed.table_of(columns, library)
    prepare.harmonise(table)
    first = items.item_result(before, table, definition.maybe)
    second = items.item_result(after, table, variant.maybe)
    changes: dict[str, list[int]] = {}
    for row in range(table.n):
        a, b = _text(first, row), _text(second, row)
        if a != b:
            changes.setdefault(f"{a} -> {b}", []).append(row)
    return [f"{after.name}: {change} for {_who(columns, rows)}" for change, rows in changes.items()]


def _columns(
    before: Item, after: Item, library: Mapping[str, Definition]
) -> dict[str, list[Any]] | None:
    """Every value of a single column, or every distinguishable patient of several."""
    sources = truth.leaves([before, after])
    if list(sources) == [PRIMARY]:
        precise = [p for p in levels_of(PRIMARY) if not vocabulary.primaries()[p].could_be]
        return {PRIMARY: precise}
    try:
        cells = truth.grid([before, after], library)
    except ValueError:
        return None
    kept = np.flatnonzero(cells.possible)
    return {name: [values[i] for i in kept] for name, values in cells.columns.items()}


def _text(result: items.ItemResult, row: int) -> str:
    if result.open_list[row]:
        return "not listed"
    low, high = result.low[row], result.high[row]
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _who(columns: Mapping[str, Sequence[Any]], rows: Sequence[int]) -> str:
    """Name the patients of a change: each of a few primaries, else what they have in common."""
    if list(columns) == [PRIMARY] and len(rows) <= LISTED:
        return ", ".join(str(columns[PRIMARY][row]) for row in rows)
    common = []
    for name, values in columns.items():
        found = list(dict.fromkeys(_value(values[row]) for row in rows))
        if len(found) == 1 or (name == PRIMARY and len(found) <= LISTED):
            label = name.removeprefix("score:").replace(":", " ")
            common.append(f"{label} {' or '.join(found)}")
    if len(rows) == 1:
        return ", ".join(common)
    return f"{len(rows)} kinds of patients" + (f" with {', '.join(common)}" if common else "")


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return {"true": "yes", "false": "no"}.get(str(value), str(value))


def _bands(
    definition: Definition, variant: Definition, library: Mapping[str, Definition]
) -> list[str]:
    if definition.bands == variant.bands:
        return []
    if not variant.bands:
        return ["no bands"]
    totals = np.array(truth.enumerate_score(variant, library).totals)
    names = [
        [form.bands[i].label if i >= 0 else "no band" for i in engine.band_of(totals, form.bands)]
        for form in (definition, variant)
    ]
    changed = [
        f"{total:g}: {a} -> {b}" for total, a, b in zip(totals, *names, strict=True) if a != b
    ]
    return [f"band of the total {'; '.join(changed)}"] if changed else []
