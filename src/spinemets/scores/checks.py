"""What the shape of a definition can't say: known terms, no gaps, bands in step with survival."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

import numpy as np

from spinemets import contract, units
from spinemets.errors import Fault
from spinemets.scores import concepts, engine, kleene, truth
from spinemets.scores.cells import levels_of
from spinemets.scores.definition import Definition
from spinemets.scores.loading import line_fault
from spinemets.scores.schema import Band, Condition, Item, Maybe, Patch, Survival
from spinemets.settings import suggest

Location = tuple[str | int, ...]
Say = Callable[[Location, str, str], None]
_HIGHER_IS_SHORTER: Final = ("mortality",)
_NOT_SURVIVAL: Final = ("ambulatory", "local_control")


def faults(definition: Definition, library: Mapping[str, Definition]) -> list[Fault]:
    """
    Find everything that is wrong with a definition.

    Parameters
    ----------
    definition : Definition
        Published form; its variants and misprints are checked with it.
    library : Mapping of str to Definition
        Scores that it may read, itself included or not.

    Returns
    -------
    list of Fault
        Empty when it can be computed; each fault names the line and the repair.
    """
    out: list[Fault] = []

    def say(loc: Location, rule: str, repair: str) -> None:
        out.append(line_fault(definition.document, loc, rule, repair))

    data = definition.data
    for loc, item in _all_items(definition):
        _check_references(loc, item, library, say)
    if data.population.applies_if is not None:
        _check_condition(("population", "applies_if"), data.population.applies_if, library, say)
    _check_names(definition, say)
    for i, prediction in enumerate(data.predictions):
        _known_column(("predictions", i, "column"), prediction.column, say)
    if not out:
        try:
            engine.ordered(dict(library) | {definition.id: definition}, [definition])
        except ValueError as err:
            say(("items",), str(err), "let one of them stand on its own")
    if not out and data.items:
        _check_form(definition, library, (), say)
        for i, variant in enumerate(data.variants):
            form = definition.with_variant(variant.id)
            _check_form(form, library, ("variants", i), say)
    _check_patients(definition, say)
    return out


def _all_items(definition: Definition) -> Iterator[tuple[Location, Item]]:
    for i, item in enumerate(definition.data.items):
        yield ("items", i), item
    patches: list[tuple[str, list[Any]]] = [
        ("variants", list(definition.data.variants)),
        ("misprints", list(definition.data.misprints)),
    ]
    for key, entries in patches:
        for i, patch in enumerate(entries):
            for j, item in enumerate(patch.items):
                yield (key, i, "items", j), item


def _check_names(definition: Definition, say: Say) -> None:
    data = definition.data
    own = {item.id for item in data.items}
    for key in ("items", "bands", "variants", "misprints", "worked_patients"):
        seen: set[str] = set()
        for i, entry in enumerate(getattr(data, key)):
            if entry.id in seen:
                say((key, i, "id"), f"the id {entry.id!r} stands twice", "give each its own id")
            seen.add(entry.id)
    for i, variant in enumerate(data.variants):
        for name in (*variant.drop_items, *variant.otherwise):
            if name not in own:
                rule = f"the variant changes an item {name!r} that doesn't exist"
                say(("variants", i), rule, f"use one of {', '.join(sorted(own))}")
    if data.citation.doi is not None and not data.citation.doi.startswith("10."):
        say(("citation", "doi"), "this is not a DOI", "write it as 10.xxxx/..., without https://")


def _check_references(
    loc: Location, item: Item, library: Mapping[str, Definition], say: Say
) -> None:
    for i, level in enumerate(item.levels):
        if level.when is not None:
            _check_condition((*loc, "levels", i, "when"), level.when, library, say)
    if item.unlisted_when is not None:
        _check_condition((*loc, "unlisted_when"), item.unlisted_when, library, say)
    for i, term in enumerate(item.formula.terms if item.formula else ()):
        where = (*loc, "formula", "terms", i)
        if term.column is not None:
            _known_column((*where, "column"), term.column, say)
        elif term.score not in library:
            rule = f"no score is called {term.score!r}{suggest(str(term.score), library)}"
            say((*where, "score"), rule, "correct it")


def _check_condition(
    loc: Location, condition: Condition, library: Mapping[str, Definition], say: Say
) -> None:
    for key in ("any", "all"):
        for i, child in enumerate(getattr(condition, key) or ()):
            _check_condition((*loc, key, i), child, library, say)
    for key, child in (("not", condition.not_), ("recorded", condition.recorded)):
        if child is not None:
            _check_condition((*loc, key), child, library, say)
    if condition.concept is not None and condition.concept not in concepts.load().concepts:
        known = concepts.load().concepts
        say(
            (*loc, "concept"),
            f"no concept is called {condition.concept!r}{suggest(condition.concept, known)}",
            f"use one of {', '.join(known)}, or write the condition out",
        )
    if condition.score is not None:
        _check_score(loc, condition, library, say)
    if condition.column is not None:
        _check_column(loc, condition, say)


def _check_score(
    loc: Location, condition: Condition, library: Mapping[str, Definition], say: Say
) -> None:
    name = str(condition.score)
    if name not in library:
        say((*loc, "score"), f"no score is called {name!r}{suggest(name, library)}", "correct it")
        return
    items = [item.id for item in library[name].items]
    if condition.item is not None and condition.item not in items:
        rule = f"{name} has no item {condition.item!r}{suggest(condition.item, items)}"
        say((*loc, "item"), rule, f"use one of {', '.join(items)}")
    if condition.is_ is not None or (condition.in_ is not None and condition.item is not None):
        repair = "use between, at_least, at_most, above or below; `in` names bands of a score"
        say(loc, "points are compared with limits", repair)
        return
    bands = [band.id for band in library[name].bands]
    for band in condition.in_ or ():
        if band not in bands:
            rule = f"{name} has no band {band!r}{suggest(band, bands)}"
            say((*loc, "in"), rule, f"use one of {', '.join(bands)}")


def _known_column(loc: Location, name: str, say: Say) -> bool:
    known = contract.columns()
    if name in known:
        return True
    rule = f"no column is called {name!r}{suggest(name, known)}"
    say(loc, rule, "use a column of the patient table (data/README.md)")
    return False


def _check_column(loc: Location, condition: Condition, say: Say) -> None:
    name = str(condition.column)
    if not _known_column((*loc, "column"), name, say):
        return
    column = contract.columns()[name]
    limits = kleene.limits(condition)
    if column.is_numeric:
        if condition.in_ is not None or condition.is_ is not None:
            say(loc, f"{name} is a number", "use between, at_least, at_most, above or below")
        if condition.unit is not None and condition.unit not in units.known_units(column.unit):
            known = ", ".join(units.known_units(column.unit))
            say((*loc, "unit"), f"{condition.unit!r} can't be converted", f"use one of {known}")
        return
    if limits or condition.unit:
        say(loc, f"{name} is not a number", "use `in: [...]`, or `is: true` for yes and no")
    if (column.kind == "boolean") != (condition.is_ is not None):
        repair = "use `is: true` or `is: false`" if column.kind == "boolean" else "use `in: [...]`"
        say(loc, f"{name} holds {column.allowed()[:60]}", repair)
        return
    for value in (*(condition.in_ or ()), *(condition.maybe or ())):
        if value not in levels_of(name):
            say(
                (*loc, "in"),
                f"{name} has no value {value!r}{suggest(value, levels_of(name))}",
                "use a value of the contract" if name != "primary" else "use a canonical primary",
            )


def _check_form(
    definition: Definition, library: Mapping[str, Definition], loc: Location, say: Say
) -> None:
    """Check items, totals and bands of the published form or of one variant."""
    before = _Counter(say)
    library = truth.as_read(definition, library)
    for i, item in enumerate(definition.items):
        where = loc or ("items", i)
        _check_levels(where, item, library, definition.maybe, before)
    if before.count or not isinstance(definition.patch, Patch | None):
        return
    found = truth.enumerate_score(definition, library)
    _check_range(loc, definition, found, say)
    _check_bands(loc, definition, found, say)
    _check_direction(loc, definition, say)


class _Counter:
    """Pass faults on and count them."""

    def __init__(self, say: Say) -> None:
        self.say = say
        self.count = 0

    def __call__(self, loc: Location, rule: str, repair: str) -> None:
        self.count += 1
        self.say(loc, rule, repair)


def _check_levels(
    loc: Location, item: Item, library: Mapping[str, Definition], maybe: Maybe, say: Say
) -> None:
    if item.formula is not None:
        return
    try:
        cells = truth.grid([item], library)
    except ValueError as err:
        say(loc, f"item {item.id}: {err}", "use fewer columns in one item")
        return
    sure = [
        kleene.evaluate(level.when, cells.table, maybe) == kleene.TRUE
        for level in item.levels
        if level.when is not None
    ]
    possible = truth.reached_levels(item, cells.table)
    nowhere = cells.possible & ~np.any(possible, axis=0)
    if nowhere.any() and item.unlisted is None:
        say(
            loc,
            f"item {item.id}: no level holds {_example(cells, nowhere)}",
            "close the gap, add a last level with `otherwise: true`, or say in `unlisted` what "
            "the score leaves out",
        )
    if item.unlisted is not None and not nowhere.any() and loc[0] == "items":
        say(loc, f"item {item.id}: every value has a level", "remove `unlisted`")
    if item.unlisted_when is not None:
        said = kleene.evaluate(item.unlisted_when, cells.table, maybe) == kleene.TRUE
        wrong = cells.possible & (said != nowhere)
        if wrong.any():
            rule = f"item {item.id}: `unlisted_when` and the levels disagree on"
            say(
                loc,
                f"{rule} {_example(cells, wrong)}",
                "make it true exactly for what has no level",
            )
    twice = cells.possible & (np.sum(sure, axis=0) > 1) if sure else np.zeros(1, bool)
    if twice.any() and item.overlap == "refused":
        say(
            loc,
            f"item {item.id}: two levels hold {_example(cells, twice)}",
            "separate the levels, or write `overlap: first_wins` if the earlier one outranks",
        )
    for level, mask in zip(item.levels, possible, strict=True):
        if not (mask & cells.possible).any():
            rule = f"item {item.id}: no patient reaches the level {level.label!r}"
            say(loc, rule, "correct its condition or remove it")


def _example(cells: truth.Grid, where: Any) -> str:
    row = int(np.flatnonzero(where)[0])
    return ", ".join(f"{name} = {values[row]}" for name, values in cells.columns.items())


def _check_range(loc: Location, definition: Definition, found: truth.Truth, say: Say) -> None:
    low, high = found.totals[0], found.totals[-1]
    if (low, high) != (definition.minimum, definition.maximum):
        say(
            (*loc, "range"),
            f"the items give totals from {low:g} to {high:g}, the range says "
            f"{definition.minimum:g} to {definition.maximum:g}",
            "correct points or range; a published range that the table contradicts goes into "
            "published_minimum and published_maximum",
        )


def _check_bands(loc: Location, definition: Definition, found: truth.Truth, say: Say) -> None:
    if not definition.bands:
        return
    ends = [_ends(band) for band in definition.bands]
    where = (*loc, "bands")
    for i, (band, (low, high)) in enumerate(zip(definition.bands, ends, strict=True)):
        if low > high:
            say((*where, i), f"band {band.id} ends before it begins", "correct its limits")
        if i and low < ends[i - 1][0]:
            say((*where, i), "bands stand in ascending order of the total", "reorder them")
    for total in found.totals:
        inside = [
            b.id for b, e in zip(definition.bands, ends, strict=True) if e[0] <= total <= e[1]
        ]
        if len(inside) > 1:
            rule = f"the total {total:g} falls into the bands {' and '.join(inside)}"
            say(where, rule, "let bands not overlap")
    if found.uncovered and not definition.data.gaps:
        totals = ", ".join(f"{t:g}" for t in found.uncovered)
        say(where, f"no band holds the total {totals}", "close the gap, or explain it in `gaps`")
    for i, band in enumerate(definition.bands):
        if band.id not in found.bands and definition.range.step is not None:
            say((*where, i), f"no patient reaches the band {band.id}", "correct its limits")


def _ends(band: Band) -> tuple[float, float]:
    tiny = 1e-9
    low = band.from_ if band.from_ is not None else -np.inf
    high = band.to if band.to is not None else np.inf
    if band.above is not None:
        low = max(low, band.above + tiny)
    if band.below is not None:
        high = min(high, band.below - tiny)
    return low, high


def _check_direction(loc: Location, definition: Definition, say: Say) -> None:
    series: dict[tuple[Any, ...], list[tuple[str, float]]] = {}
    for band in definition.bands:
        for fact in band.survival:
            if fact.measure in _NOT_SURVIVAL:
                continue
            family = "predicted" if fact.measure.startswith("predicted") else fact.measure
            key = (family, fact.horizon_months, fact.horizon_days, fact.source)
            series.setdefault(key, []).append((band.id, _longer_is_larger(fact)))
    for (measure, *_rest, source), values in series.items():
        for (first, a), (second, b) in pairwise(values):
            if definition.direction * (b - a) < 0:
                say(
                    (*loc, "bands"),
                    f"the direction says {definition.data.direction.replace('_', ' ')}, but the "
                    f"{measure} of band {second} and of band {first} say the opposite ({source})",
                    "correct the direction or the published figures",
                )


def _longer_is_larger(fact: Survival) -> float:
    value = 1e9 if fact.value is None else fact.value
    if fact.measure == "predicted_below_months":
        return value - 1e-3
    return -value if fact.measure in _HIGHER_IS_SHORTER else value


def _check_patients(definition: Definition, say: Say) -> None:
    for i, patient in enumerate(definition.data.worked_patients):
        loc = ("worked_patients", i)
        for name in patient.patient:
            _known_column((*loc, "patient", name), name, say)
        if patient.variant and patient.variant not in definition.variant_names:
            rule = f"the score has no variant {patient.variant!r}"
            say((*loc, "variant"), rule, f"use one of {', '.join(definition.variant_names)}")
            continue
        form = definition.with_variant(patient.variant)
        items = [item.id for item in form.items]
        for name in patient.points:
            if name not in items:
                rule = f"the score has no item {name!r}{suggest(name, items)}"
                say((*loc, "points", name), rule, f"use one of {', '.join(items)}")
        if patient.band is not None and patient.band not in [b.id for b in form.bands]:
            bands = ", ".join(b.id for b in form.bands)
            say((*loc, "band"), f"the score has no band {patient.band!r}", f"use one of {bands}")
