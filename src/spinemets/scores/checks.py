"""What the shape of a definition can't say: known terms, no gaps, bands in step with survival."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from spinemets import contract, units
from spinemets.errors import Fault, suggest
from spinemets.scores import bands, concepts, engine, kleene, truth
from spinemets.scores.bands import Location, Say
from spinemets.scores.cells import Bools, levels_of
from spinemets.scores.definition import Definition
from spinemets.scores.loading import line_fault
from spinemets.scores.partial import Left
from spinemets.scores.schema import Condition, Item, Maybe


def faults(
    definition: Definition, library: Mapping[str, Definition], left: Left | None = None
) -> list[Fault]:
    """
    Find everything that is wrong with a definition.

    Parameters
    ----------
    definition : Definition
        Published form; its variants and misprints are checked with it.
    library : Mapping of str to Definition
        Scores that it may read, itself included or not.
    left : Left, optional
        What was taken out of the file because of its shape; only what doesn't need it is checked.

    Returns
    -------
    list of Fault
        Empty when it can be computed; each fault names the line and the repair.
    """
    out: list[Fault] = []
    left = left or Left()

    def say(loc: Location, rule: str, repair: str) -> None:
        out.append(line_fault(definition.document, left.place(loc), rule, repair))

    readable = _check_all_references(definition, library, say)
    _check_names(definition, left, say)
    sound = not out
    if sound:
        try:
            engine.ordered(dict(library) | {definition.id: definition}, [definition])
        except ValueError as err:
            say(("items",), str(err), "let one of them stand on its own")
            sound, readable = False, []
    if sound and "items" not in left.kept:
        for loc, form in _forms(definition):
            _check_form(form, library, loc, left, say)
    elif definition.data.items:
        for loc, item in readable:
            _check_levels(loc, item, library, definition.maybe, say)
        if "bands" not in left.kept:
            bands.check_bands((), definition, bands.declared(definition), say)
    doi = definition.data.citation.doi
    if doi is not None and not doi.startswith("10."):
        say(("citation", "doi"), "this is not a DOI", "write it as 10.xxxx/..., without https://")
    _check_patients(definition, left, say)
    return out


def _check_all_references(
    definition: Definition, library: Mapping[str, Definition], say: Say
) -> list[tuple[Location, Item]]:
    """Hold every name against what is known; gives the items whose names all are."""
    counted = _Counter(say)
    readable = []
    for loc, item in _all_items(definition):
        before = counted.count
        _check_references(loc, item, library, counted)
        if counted.count == before and loc[0] == "items":
            readable.append((loc, item))
    population = definition.data.population.applies_if
    if population is not None:
        _check_condition(("population", "applies_if"), population, library, counted)
    total = definition.data.recorded_total
    known = bool(total) and _known_column(("recorded_total",), total, counted)
    if known and not contract.columns()[total].is_numeric:
        counted(("recorded_total",), f"{total} is not a number", "name a column of totals")
    for i, prediction in enumerate(definition.data.predictions):
        _known_column(("predictions", i, "column"), prediction.column, counted)
    return readable


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


def _forms(definition: Definition) -> Iterator[tuple[Location, Definition]]:
    """Published form and variants; a model whose probabilities are supplied has none to check."""
    if definition.data.items:
        yield (), definition
        for i, variant in enumerate(definition.data.variants):
            yield ("variants", i), definition.with_variant(variant.id)


def _check_names(definition: Definition, left: Left, say: Say) -> None:
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
            if name not in own and "items" not in left.kept:
                rule = f"the variant changes an item {name!r} that doesn't exist"
                say(("variants", i), rule, f"use one of {', '.join(sorted(own))}")


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
    known = [band.id for band in library[name].bands]
    for band in condition.in_ or ():
        if band not in known:
            rule = f"{name} has no band {band!r}{suggest(band, known)}"
            say((*loc, "in"), rule, f"use one of {', '.join(known)}")


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
    definition: Definition,
    library: Mapping[str, Definition],
    loc: Location,
    left: Left,
    say: Say,
) -> None:
    """Check items, totals and bands of the published form or of one variant."""
    before = _Counter(say)
    library = truth.as_read(definition, library)
    for i, item in enumerate(definition.items):
        where = loc or ("items", i)
        _check_levels(where, item, library, definition.maybe, before)
    if before.count:
        found = bands.declared(definition)
    else:
        found = truth.enumerate_score(definition, library)
        if not left.no_range:
            bands.check_range(loc, definition, found, say)
    if "bands" not in left.kept:
        bands.check_bands(loc, definition, found, say)


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
    _check_unlisted(loc, item, cells, nowhere, maybe, say)
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


def _check_unlisted(
    loc: Location, item: Item, cells: truth.Grid, nowhere: Bools, maybe: Maybe, say: Say
) -> None:
    """Hold what no level holds against what the item says that it leaves out."""
    if nowhere.any() and item.unlisted is None:
        say(
            loc,
            f"item {item.id}: no level holds {_example(cells, nowhere)}",
            "close the gap, add a last level with `otherwise: true`, or say in `unlisted` what "
            "the score leaves out",
        )
    if item.unlisted is not None and not nowhere.any() and loc[0] == "items":
        say(loc, f"item {item.id}: every value has a level", "remove `unlisted`")
    if item.unlisted_when is None:
        return
    said = kleene.evaluate(item.unlisted_when, cells.table, maybe) == kleene.TRUE
    wrong = cells.possible & (said != nowhere)
    if wrong.any():
        rule = f"item {item.id}: `unlisted_when` and the levels disagree on"
        repair = "make it true exactly for what has no level"
        say(loc, f"{rule} {_example(cells, wrong)}", repair)


def _example(cells: truth.Grid, where: Any) -> str:
    row = int(np.flatnonzero(where)[0])
    found = {name: values[row] for name, values in cells.columns.items()}
    return ", ".join(
        f"{name} = {value:g}" if isinstance(value, float) else f"{name} = {value}"
        for name, value in found.items()
    )


def _check_patients(definition: Definition, left: Left, say: Say) -> None:
    for i, patient in enumerate(definition.data.worked_patients):
        loc = ("worked_patients", i)
        for name in patient.patient:
            _known_column((*loc, "patient", name), name, say)
        if patient.variant and patient.variant not in definition.variant_names:
            if left.kept.keys() & {"variants", "misprints"}:
                continue
            rule = f"the score has no variant {patient.variant!r}"
            say((*loc, "variant"), rule, f"use one of {', '.join(definition.variant_names)}")
            continue
        form = definition.with_variant(patient.variant)
        items = [item.id for item in form.items]
        for name in patient.points:
            if name not in items and "items" not in left.kept:
                rule = f"the score has no item {name!r}{suggest(name, items)}"
                say((*loc, "points", name), rule, f"use one of {', '.join(items)}")
        known = ", ".join(b.id for b in form.bands)
        if patient.band not in (None, *(b.id for b in form.bands)) and "bands" not in left.kept:
            say((*loc, "band"), f"the score has no band {patient.band!r}", f"use one of {known}")
