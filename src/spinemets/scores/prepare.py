"""From a patient table to the arrays that scores read: what contradicts, what follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np

from spinemets.scores import concepts, kleene
from spinemets.scores.cells import Bools, levels_of
from spinemets.scores.table import PatientTable
from spinemets.vocabulary import performance

if TYPE_CHECKING:
    import pandas as pd

Removability = Literal["missing", "unremovable", "removable"]
REMOVABILITY = "visceral_removability"


def patient_table(
    frame: pd.DataFrame,
    removability: Removability = "missing",
    crosswalk_name: str | None = None,
) -> PatientTable:
    """
    Make the arrays that scores read.

    Parameters
    ----------
    frame : DataFrame
        Columns of the contract; a column that isn't there is missing in all.
    removability : {"missing", "unremovable", "removable"}
        How a judgement that was not recorded is read.
    crosswalk_name : str, optional
        Named table that fills KPS from ECOG and ECOG from KPS; none when left out.

    Returns
    -------
    PatientTable
        Contradictory values erased, implied values filled.
    """
    table = harmonise(PatientTable.from_frame(frame))
    if crosswalk_name is not None:
        crosswalk(table, crosswalk_name)
    if removability != "missing":
        assume(table, removability)
    return table


def harmonise(table: PatientTable) -> PatientTable:
    """
    Read columns in the contract's sense, erase contradictions, fill what follows from the rest.

    Parameters
    ----------
    table : PatientTable
        Changed in place.

    Returns
    -------
    PatientTable
        The same table.

    Notes
    -----
    When two columns contradict each other, either may be wrong: none of them is used, the items
    that need them become unknown and the status names the contradiction.
    """
    rules = concepts.load()
    for reading in rules.readings:
        where = kleene.evaluate(reading.when, table) == kleene.TRUE
        if where.any():
            table.readings.append((reading, where))
            for name, level in reading.set.items():
                table.set(name, where, level)
            _fill(table, where, reading.fill)
    for contradiction in rules.contradictions:
        where = kleene.evaluate(contradiction.when, table) == kleene.TRUE
        if where.any():
            table.contradictions.append((contradiction, where))
            for name in contradiction.columns:
                table.erase(name, where)
            table.forget()
    for implication in rules.implied:
        where = kleene.evaluate(implication.when, table) == kleene.TRUE
        if where.any():
            _fill(table, where, implication.fill)
    return table


def _fill(
    table: PatientTable, where: Bools, values: Mapping[str, str | tuple[float, float]]
) -> None:
    for name, value in values.items():
        table.fill(name, where & ~_rejected(table, name), value)
    table.forget()


def _rejected(table: PatientTable, name: str) -> Bools:
    table.missing(name)  # reads the column, which is when values are rejected
    none = np.zeros(table.n, bool)
    return table.rejected.get(name, none) | table.contradicted.get(name, none)


def assume(table: PatientTable, removability: Removability) -> None:
    """
    Read an unrecorded removability as the given level.

    Parameters
    ----------
    table : PatientTable
        Changed in place; recorded judgements stay.
    removability : {"unremovable", "removable"}
        Level to assume.
    """
    if removability in levels_of(REMOVABILITY):
        table.fill(REMOVABILITY, ~_rejected(table, REMOVABILITY), removability)
        table.forget()


def crosswalk(table: PatientTable, name: str) -> None:
    """
    Fill KPS from ECOG and ECOG from KPS by a named published table.

    Parameters
    ----------
    table : PatientTable
        Changed in place; recorded values stay. What is filled is an interval, and flagged even
        where it holds a single grade.
    name : str
        One of ``vocabulary.performance.crosswalks()``.
    """
    chosen = performance.crosswalks()[name]
    recorded = {source: table.numbers(source) for source in ("kps", "ecog")}
    for target, source, read in (("ecog", "kps", chosen.ecog), ("kps", "ecog", chosen.kps)):
        low, high = recorded[source]
        empty = table.missing(target) & ~_rejected(table, target) & ~np.isnan(low)
        for a, b in sorted(set(zip(low[empty].tolist(), high[empty].tolist(), strict=True))):
            where = empty & (low == a) & (high == b)
            first, last = read((int(a), int(b)))
            table.fill(target, where, (float(first), float(last)))
            table.flag(target, where)
    table.forget()
