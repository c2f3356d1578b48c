"""Strata: how patients are grouped, by primary histology, by treatment, or by any column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from spinemets import contract, groupings, vocabulary
from spinemets.errors import Fault, InputError, suggest
from spinemets.groupings import NOT_RECORDED
from spinemets.settings import OwnGrouping, SurvivalSettings

if TYPE_CHECKING:
    import pandas as pd

#: Between the names of two groupings that are crossed, and between their groups.
CROSS: Final = "_x_"
JOIN: Final = " / "
OTHER: Final = "other"
MERGED: Final = "small_groups"
#: Groups that are never merged with others: not knowing is no group of patients.
APART: Final = (
    NOT_RECORDED,
    vocabulary.UNKNOWN_PRIMARY,
    vocabulary.NOT_RECORDED,
    vocabulary.PENDING,
)
#: Groupings that are derived; beside them any category, ordinal or boolean column is a grouping.
DERIVED: Final = {
    "primary_group": "Primary histology",
    **{name: str(rule["label"]) for name, rule in groupings.rules().items()},
    "era": "Calendar period",
}


def available() -> list[str]:
    """
    Groupings that can be asked for, beside own ones and crossings.

    Returns
    -------
    list of str
        Derived groupings, then columns of the contract.
    """
    kinds = ("category", "ordinal", "boolean")
    return [*DERIVED, *(c.name for c in contract.columns().values() if c.kind in kinds)]


def parts(stratum_set: str) -> list[str]:
    """
    Take a crossing apart.

    Parameters
    ----------
    stratum_set : str
        Grouping, or two joined by ``_x_``.

    Returns
    -------
    list of str
        One or two groupings.

    Examples
    --------
    >>> parts("primary_group_x_treatment")
    ['primary_group', 'treatment']
    """
    return stratum_set.split(CROSS)


def check(names: Iterable[str], where: str, own: Sequence[OwnGrouping] = ()) -> None:
    """
    Refuse groupings that don't exist, all at once.

    Parameters
    ----------
    names : iterable of str
        Groupings asked for.
    where : str
        Key of the configuration, for the message.
    own : sequence of OwnGrouping
        Groupings of the study's own.

    Raises
    ------
    InputError
        For each unknown name; the nearest known one is offered.
    """
    known = [*available(), *(o.id for o in own)]
    repair = f"use one of: {', '.join(known)}; or two joined by {CROSS}"
    faults = [
        Fault("config", f"no grouping {part!r}{suggest(part, known)}", repair, where)
        for name in names
        for part in parts(name)
        if part not in known
    ]
    if faults:
        raise InputError(faults)


def check_own(own: Sequence[OwnGrouping]) -> None:
    """
    Refuse own groupings that can't be formed, all at once.

    Parameters
    ----------
    own : sequence of OwnGrouping
        Groupings of the study's own.

    Raises
    ------
    InputError
        For a name that is taken, a column that isn't one of categories, a level that it doesn't
        have, or a level in two groups.
    """
    faults: list[Fault] = []
    where = "survival.groupings"
    for one in own:
        column = contract.columns().get(one.column)
        if one.id in available() or CROSS in one.id:
            faults.append(Fault("config", f"the name {one.id!r} is taken", "choose another", where))
        if column is None or column.kind not in ("category", "ordinal"):
            rule = f"{one.id}: {one.column!r} is no column of categories"
            faults.append(Fault("config", rule, "name a category or ordinal column", where))
            continue
        named = [level for levels in one.groups.values() for level in levels]
        twice = sorted({level for level in named if named.count(level) > 1})
        strange = [] if column.open_levels else sorted(set(named) - set(column.levels))
        for level in twice:
            rule = f"{one.id}: level {level!r} stands in two groups"
            faults.append(Fault("config", rule, "keep one", where))
        for level in strange:
            rule = f"{one.id}: {one.column} has no level {level!r}{suggest(level, column.levels)}"
            faults.append(Fault("config", rule, "see the data dictionary", where))
    if faults:
        raise InputError(faults)


def title(stratum_set: str) -> str:
    """
    Name a grouping in a sentence.

    Parameters
    ----------
    stratum_set : str
        Grouping.

    Returns
    -------
    str
        Lower case, for example ``"primary histology"``.
    """
    names = [DERIVED.get(part, part.replace("_", " ")) for part in parts(stratum_set)]
    return " and ".join(name[0].lower() + name[1:] for name in names)


def labels(stratum_set: str) -> dict[str, str]:
    """
    Names of the groups of a grouping, in display order.

    Parameters
    ----------
    stratum_set : str
        Grouping.

    Returns
    -------
    dict of str to str
        Group id to label; empty for an open category (centre, arm), a calendar period and an own
        grouping, whose groups are their own labels.
    """
    if CROSS in stratum_set:
        first, second = (labels(part) for part in parts(stratum_set))
        return {
            f"{a}{JOIN}{b}": f"{x}{JOIN}{y}" for a, x in first.items() for b, y in second.items()
        }
    if stratum_set == "primary_group":
        return vocabulary.group_labels()
    if stratum_set in groupings.rules():
        rule = groupings.rules()[stratum_set]
        named = rule["rules"]
        absent = "Treatment not recorded" if stratum_set == "treatment" else "Not recorded"
        order = rule.get("order", named)
        return {k: str(named[k]["label"]) for k in order} | {NOT_RECORDED: absent}
    column = contract.columns().get(stratum_set)
    if column is None or column.open_levels:
        return {}
    if column.kind == "boolean":
        return {"yes": "Yes", "no": "No", NOT_RECORDED: "Not recorded"}
    return column.levels | {NOT_RECORDED: "Not recorded"}


def label(stratum_set: str, stratum: str) -> str:
    """
    Name one group for readers.

    Parameters
    ----------
    stratum_set, stratum : str
        Grouping and group.

    Returns
    -------
    str
        Label, or the id itself where that is the name.

    Examples
    --------
    >>> label("primary_group", "upper_gi")
    'Stomach, oesophagus, liver, pancreas, biliary'
    """
    if stratum == MERGED:
        return "Small groups, merged"
    known = {NOT_RECORDED: "Not recorded"} | labels(stratum_set)
    return known.get(stratum, stratum)


def ordered(stratum_set: str, own: Sequence[OwnGrouping] = ()) -> bool:
    """
    Whether the groups of a grouping have an order.

    Parameters
    ----------
    stratum_set : str
        Grouping.
    own : sequence of OwnGrouping
        Groupings of the study's own.

    Returns
    -------
    bool
        True for ordinal columns, calendar periods and groupings that say so.
    """
    mine = {o.id: o.ordered for o in own}
    if stratum_set in mine:
        return mine[stratum_set]
    if stratum_set in groupings.rules():
        return bool(groupings.rules()[stratum_set].get("ordered", False))
    column = contract.columns().get(stratum_set)
    return stratum_set == "era" or (column is not None and column.kind == "ordinal")


def group(
    patients: pd.DataFrame, stratum_set: str, settings: SurvivalSettings | None = None
) -> pd.Series:
    """
    Put every patient into one group of a grouping.

    Parameters
    ----------
    patients : pandas.DataFrame
        Patient table; one row per patient.
    stratum_set : str
        A derived grouping, a category, ordinal or boolean column, an own grouping, or two of them
        joined by ``_x_``.
    settings : SurvivalSettings, optional
        Own groupings, length of calendar periods, and whether small groups are merged; the
        defaults when left out.

    Returns
    -------
    pandas.Series
        Group ids (``string``), never missing: a patient without the information is in
        ``not_recorded`` (or ``primary_not_recorded``). With ``small_groups: merged``, groups below
        ``minimum_group`` are one group ``small_groups``; not knowing and the unknown primary are
        never merged.

    Raises
    ------
    InputError
        When there is no such grouping; the nearest known one is offered.
    """
    chosen = settings or SurvivalSettings()
    check([stratum_set], "survival.strata", chosen.groupings)
    found = [_single(patients, part, chosen) for part in parts(stratum_set)]
    out = found[0]
    for other in found[1:]:
        out = out + JOIN + other
    if chosen.small_groups == "merged":
        out = _merged(out, chosen.minimum_group)
    return out


def _single(patients: pd.DataFrame, name: str, settings: SurvivalSettings) -> pd.Series:
    own = {o.id: o for o in settings.groupings}
    if name in own:
        return _own(patients, own[name])
    if name == "era":
        return groupings.era(patients, settings.era_years)
    if name == "primary_group":
        ids = {p.id: p.group for p in vocabulary.primaries().values()}
        return (
            groupings.column(patients, "primary")
            .map(ids)
            .astype("string")
            .fillna(vocabulary.NOT_RECORDED)
        )
    if name in groupings.rules():
        return groupings.apply(patients, name)
    values = groupings.column(patients, name)
    if contract.columns()[name].kind == "boolean":
        values = values.map({True: "yes", False: "no"})
    return values.astype("string").fillna(NOT_RECORDED)


def _own(patients: pd.DataFrame, one: OwnGrouping) -> pd.Series:
    """Levels put together; the unknown primary and its like stay their own groups."""
    values = groupings.column(patients, one.column).astype("string")
    names: dict[str, str] = {level: g for g, levels in one.groups.items() for level in levels}
    apart = APART if one.column == "primary" else (NOT_RECORDED,)
    found = values.map(lambda v: v if v in apart else names.get(v, OTHER), na_action="ignore")
    return found.astype("string").fillna(NOT_RECORDED)


def _merged(groups: pd.Series, minimum: int) -> pd.Series:
    """Put groups below the minimum into one; a single small one has nothing to be merged with."""
    size = groups.value_counts()
    small = [
        str(g) for g, n in size.items() if n < minimum and not set(str(g).split(JOIN)) & set(APART)
    ]
    return groups.mask(groups.isin(small), MERGED) if len(small) > 1 else groups


def levels(stratum_set: str, groups: pd.Series, own: Sequence[OwnGrouping] = ()) -> list[str]:
    """
    Groups that occur, in display order.

    Parameters
    ----------
    stratum_set : str
        Grouping.
    groups : pandas.Series
        Group of every patient.
    own : sequence of OwnGrouping
        Groupings of the study's own.

    Returns
    -------
    list of str
        In the order of the labels or of the configuration; others sorted after them (numbers by
        size); merged and not recorded last.
    """
    found = {str(g) for g in groups.unique()}
    mine: dict[str, Any] = {o.id: [*o.groups, OTHER] for o in own}
    order = list(mine.get(stratum_set, labels(stratum_set)))
    last = [g for g in (MERGED, NOT_RECORDED) if g in found]
    first = [g for g in order if g in found and g not in last]
    rest = sorted(found - set(first) - set(last), key=_natural)
    return [*first, *rest, *last]


def _natural(text: str) -> list[Any]:
    """Key by which centre 10 comes after centre 9."""
    return [int(p) if k % 2 else p for k, p in enumerate(re.split(r"([0-9]+)", text))]


def recorded(patients: pd.DataFrame, stratum_set: str, settings: SurvivalSettings) -> str:
    """
    Say why a cohort can't be grouped: none of the columns has a value.

    Parameters
    ----------
    patients : pandas.DataFrame
        Patient table.
    stratum_set : str
        Grouping.
    settings : SurvivalSettings
        Own groupings.

    Returns
    -------
    str
        The reason; empty when the grouping can be formed.

    Examples
    --------
    >>> import pandas as pd
    >>> recorded(pd.DataFrame({"sex": ["male"]}), "compression", SurvivalSettings())
    'not recorded in this cohort: escc'
    """
    own = {o.id: o.column for o in settings.groupings}
    special = {"era": ("calendar_year",), "primary_group": ("primary",)} | {
        k: (v,) for k, v in own.items()
    }
    lacking: list[str] = []
    for part in parts(stratum_set):
        if part in groupings.rules():
            needed: tuple[str, ...] = groupings.columns_of(part)
        else:
            needed = special.get(part, (part,))
        if not any(c in patients and patients[c].notna().any() for c in needed):
            lacking += needed
    return f"not recorded in this cohort: {', '.join(lacking)}" if lacking else ""
