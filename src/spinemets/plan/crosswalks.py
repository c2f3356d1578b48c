"""One table between KPS and ECOG for a cohort: its mapping and the scores may not name two."""

from __future__ import annotations

from typing import Any

from spinemets import yamlfile
from spinemets.errors import Fault, InputError
from spinemets.vocabulary import performance


def mixed(mapping: str, chosen: str) -> list[Fault]:
    """
    Find tables between KPS and ECOG that would be mixed in one cohort.

    Parameters
    ----------
    mapping : str
        Mapping file of the cohort; one with faults of its own is left to ingest.
    chosen : str
        Setting ``scores.crosswalk``; ``none`` for no table.

    Returns
    -------
    list of Fault
        One fault where the mapping and the setting name more than one table.
    """
    named = {chosen} & set(performance.crosswalks())
    named |= {name for entry in _columns(mapping) for name in _tables(entry)}
    if len(named) < 2:
        return []
    return [
        Fault(
            mapping,
            f"KPS and ECOG would go through more than one table: {', '.join(sorted(named))}",
            "name one table, in the columns of the mapping and in `scores.crosswalk`",
            column="crosswalk",
        )
    ]


def _columns(mapping: str) -> list[Any]:
    try:
        found = yamlfile.load(mapping).data
    except InputError:
        return []
    columns = found.get("columns") if isinstance(found, dict) else None
    return list(columns.values()) if isinstance(columns, dict) else []


def _tables(entry: Any) -> list[str]:
    """Tables that an entry names; words read as ECOG grades are none."""
    given = entry.get("crosswalk") if isinstance(entry, dict) else None
    names = given if isinstance(given, list) else [given]
    known = performance.crosswalks()
    return [name for name in names if isinstance(name, str) and name in known]
