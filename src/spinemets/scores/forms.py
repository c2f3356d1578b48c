"""Which forms of a score are computed: as published, its variants, readings of judgement items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from spinemets.errors import Fault, InputError, suggest
from spinemets.scores import prepare
from spinemets.scores.definition import Definition, item_conditions
from spinemets.scores.schema import Condition, Item

#: Asks for every variant and computable misprint of a score.
ALL_VARIANTS: Final = "all"
UNLISTED_PREFIX: Final = "unlisted_"


def forms_of(definition: Definition, variants: Sequence[str]) -> tuple[str, ...]:
    """
    Forms of a score that are computed.

    Parameters
    ----------
    definition : Definition
        Score.
    variants : sequence of str
        Variants asked for.

    Returns
    -------
    tuple of str
        Published form (empty name), then the variants; for an imported model its horizons.
    """
    if definition.data.predictions:
        return definition.variant_names
    return ("", *variants)


def named_variants(
    asked: Mapping[str, Sequence[str]], definitions: Mapping[str, Definition], file: str, key: str
) -> dict[str, list[str]]:
    """
    Refuse variants that don't exist, all at once; ``all`` becomes every variant of the score.

    Parameters
    ----------
    asked : Mapping of str to sequence of str
        Variants asked for, per score.
    definitions : Mapping of str to Definition
        Scores that are computed.
    file, key : str
        Where they were asked for; named in faults.

    Returns
    -------
    dict of str to list of str
        Per score, each variant once.

    Raises
    ------
    InputError
        When a score isn't computed, or has no such variant.
    """
    out: dict[str, list[str]] = {}
    faults = []
    for score, names in asked.items():
        if score not in definitions:
            rule = f"variants are given for {score!r}, which isn't computed"
            repair = "compute the score as well, or remove its variants"
            faults.append(Fault(file, rule + suggest(score, definitions), repair, column=key))
            continue
        known = definitions[score].variant_names
        for name in names:
            if name not in (ALL_VARIANTS, *known):
                rule = f"{score} has no variant {name!r}{suggest(name, known)}"
                repair = f"use one of: {', '.join(known) or 'none'}; or {ALL_VARIANTS}"
                faults.append(Fault(file, rule, repair, column=f"{key}.{score}"))
        out[score] = list(dict.fromkeys(known if ALL_VARIANTS in names else names))
    if faults:
        raise InputError(faults)
    return out


def base_form(definition: Definition, unlisted: str) -> Definition:
    """
    Form of a score that is reported without a variant's name.

    Parameters
    ----------
    definition : Definition
        Published form.
    unlisted : str
        Setting: ``missing`` or a class for unlisted primaries.

    Returns
    -------
    Definition
        The variant ``unlisted_<class>`` where the score has one and the setting asks for it.
    """
    name = UNLISTED_PREFIX + unlisted
    return definition.with_variant(name) if name in definition.variant_names else definition


def reads_removability(definition: Definition, library: Mapping[str, Definition]) -> bool:
    """
    Whether the judged removability enters a score, directly or through another score.

    Parameters
    ----------
    definition : Definition
        Score.
    library : Mapping of str to Definition
        Scores that it may read.

    Returns
    -------
    bool
        True when it does.
    """
    return prepare.REMOVABILITY in columns_read(definition, library)


def columns_read(definition: Definition, library: Mapping[str, Definition]) -> set[str]:
    """
    Columns that a score reads, directly or through another score.

    Parameters
    ----------
    definition : Definition
        Score.
    library : Mapping of str to Definition
        Scores that it may read.

    Returns
    -------
    set of str
        Columns of the patient table.
    """
    return _columns(definition.items, definition.conditions(), library)


def _columns(
    parts: Iterable[Item], conditions: Iterable[Condition], library: Mapping[str, Definition]
) -> set[str]:
    terms = [t for item in parts for t in (item.formula.terms if item.formula else ())]
    out = {t.column for t in terms if t.column is not None}
    read: list[tuple[str, str | None]] = [(t.score, None) for t in terms if t.score is not None]
    for condition in conditions:
        if condition.column is not None:
            out.add(condition.column)
        if condition.score is not None:
            read.append((condition.score, condition.item))
    for score, part in read:
        below = [i for i in library[score].items if part in (None, i.id)]
        inner = [c for item in below for c in item_conditions(item)]
        out |= _columns(below, inner, library)
    return out
