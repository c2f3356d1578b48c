"""On which scale and in which unit the cells of a source column are read."""

from __future__ import annotations

from spinemets import contract, units
from spinemets.ingest.mapping import ColumnMap
from spinemets.vocabulary import performance


def scale_read(name: str, entry: ColumnMap) -> str:
    """
    Scale on which the cells of a column are read, before any crosswalk.

    Parameters
    ----------
    name : str
        Column of the contract.
    entry : ColumnMap
        Its entry in the mapping.

    Returns
    -------
    str
        The column itself; with a crosswalk the other of ``kps`` and ``ecog`` (words are ECOG).
    """
    if not entry.crosswalk:
        return name
    if any(c in performance.wordings() for c in entry.crosswalk):
        return "ecog"
    return "ecog" if name == "kps" else "kps"


def known_units(column: contract.Column) -> list[str]:
    """
    Units in which a source may give a column.

    Parameters
    ----------
    column : Column
        Column of the contract.

    Returns
    -------
    list of str
        Unit names for ``unit:``, without the substance of molar ones.
    """
    if not column.unit:
        return []
    substance = f" {column.substance}"
    names = units.known_units(column.unit)
    if column.unit == "days":
        return names
    plain = [n.removesuffix(substance) for n in names if " " not in n or n.endswith(substance)]
    return list(dict.fromkeys(plain))


def factor(column: contract.Column, unit: str | None) -> float:
    """
    Factor from the unit of a source to the unit of the contract.

    Parameters
    ----------
    column : Column
        Column of the contract.
    unit : str or None
        Unit of the source; None is the contract's own.

    Returns
    -------
    float
        ``contract = factor * source``.
    """
    if unit is None or unit == column.unit:
        return 1.0
    names = units.known_units(column.unit)
    return units.factor(column.unit, unit if unit in names else f"{unit} {column.substance}")
