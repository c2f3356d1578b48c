"""The door: which tables pass, and what is done to each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from spinemets.disclosure.counts import Rule, complement, is_small, midpoint, protect, protect_part
from spinemets.disclosure.curves import Grid, grids, to_table
from spinemets.disclosure.incidence import incidence
from spinemets.disclosure.shares import curve_points
from spinemets.disclosure.summaries import estimates, table_one, without_counts
from spinemets.errors import Fault, InputError, suggest
from spinemets.tables import COUNT, NUMBER, ROW_COLUMNS, ROW_LEVEL, TABLES, TEXT, Table

if TYPE_CHECKING:
    import pandas as pd

VISIBILITIES: Final = ("public", "simulated", "private")
#: What may be said of a private cohort as a whole.
COHORT_KEYS: Final = (
    "id",
    "label",
    "visibility",
    "simulated",
    "role",
    "time_zero",
    "resolution",
    "include",
    "notes",
    "footnotes",
    "sha256",
    "preset",
    "disclosure",
)
COHORT_COUNTS: Final = ("n", "events", "n_in", "n_excluded")


def read(path: Path) -> pd.DataFrame:
    """
    Read a table for the door, with every cell as the text it is.

    Parameters
    ----------
    path : Path
        CSV file; its name says which table it is.

    Returns
    -------
    pandas.DataFrame
        Strings.

    Raises
    ------
    InputError
        When the table isn't known, has one row per patient, or hasn't exactly its columns.
    """
    import pandas as pd

    if faults := _refusals(path.stem, None, path):
        raise InputError(faults)
    table = pd.read_csv(path, dtype="string", keep_default_na=False, na_values=[])
    if faults := _refusals(path.stem, list(table.columns), path):
        raise InputError(faults)
    return table


def _refusals(name: str, columns: list[str] | None, path: Path) -> list[Fault]:
    """Why a table may not pass; nothing when it may."""
    if name in ROW_LEVEL or set(columns or ()) & set(ROW_COLUMNS):
        rule = "the table has one row per patient and never leaves the private folder"
        return [Fault(path.name, rule, "release counts and estimates instead")]
    if name not in TABLES:
        rule = f"disclosure control doesn't know this table{suggest(name, TABLES)}"
        repair = "add it to spinemets/tables.py, saying which columns are counts"
        return [Fault(path.name, rule, repair)]
    expected = list(TABLES[name].columns)
    if columns is None or columns == expected:
        return []
    extra = sorted(set(columns) - set(expected))
    lacking = sorted(set(expected) - set(columns))
    rule = "columns differ from the registered ones"
    rule += f"; unknown: {', '.join(extra)}" if extra else ""
    rule += f"; missing: {', '.join(lacking)}" if lacking else ""
    return [Fault(path.name, rule, "change the stage or spinemets/tables.py")]


def visibility(info: Mapping[str, Any]) -> str:
    """
    Who may see counts of a cohort.

    Parameters
    ----------
    info : mapping
        Content of ``cohort.json``.

    Returns
    -------
    str
        ``"public"``, ``"simulated"`` or ``"private"``.

    Raises
    ------
    InputError
        When the cohort doesn't declare it: there is no default for who may see what.
    """
    found = str(info.get("visibility", ""))
    if found in VISIBILITIES:
        return found
    repair = f"declare one of: {', '.join(VISIBILITIES)}"
    raise InputError([Fault("cohort.json", "no visibility is declared", repair, "visibility")])


def _typed(table: pd.DataFrame, spec: Table) -> pd.DataFrame:
    """Give counts and numbers of a table of strings their types."""
    import pandas as pd

    out = table.copy()
    try:
        for name in spec.of_kind(COUNT):
            out[name] = pd.to_numeric(table[name].replace("", pd.NA)).round().astype("Int64")
        for name in spec.of_kind(NUMBER):
            out[name] = pd.to_numeric(table[name].replace("", pd.NA)).astype("float64")
    except (TypeError, ValueError):
        rule = "a count or number isn't one"
        repair = "change the stage that writes it"
        raise InputError([Fault(f"{spec.name}.csv", rule, repair, column=name)]) from None
    if any(out[name].lt(0).any() for name in spec.of_kind(COUNT)):
        rule = "a count is negative"
        raise InputError([Fault(f"{spec.name}.csv", rule, "change the stage that writes it")])
    return out


def _flow(table: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """Flow: those who came in are the sum of what is shown after them."""
    n = protect(table["n"], rule)
    total = table["step"].eq("in")
    return table.assign(n=n.mask(total, int(n[~total].sum())))


def _at_risk(table: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """At-risk table: deaths are withheld with the number at risk; small groups are left out."""
    at_risk = protect(table["at_risk"], rule)
    events = protect(table["events"], rule).mask(at_risk.isna())
    out = table.assign(at_risk=at_risk, events=events)
    first = table.groupby(["stratum_set", "stratum"], observed=True)["at_risk"].transform("max")
    return out[~is_small(first, rule)]


def _cells(table: pd.DataFrame, rule: Rule, spec: Table) -> pd.DataFrame:
    """Table of counts."""
    out = table.copy()
    counts = spec.of_kind(COUNT)
    for name in counts:
        out[name] = protect(table[name], rule)
    for part, whole in spec.parts:
        out[part] = protect_part(table[part], table[whole], rule, everyone=False)
    if "deaths" in counts:
        out["deaths"] = protect_part(table["deaths"], table["n"], rule, everyone=True)
    if spec.partition:
        groups = table.groupby(list(spec.partition), sort=False, observed=True)
        for index in groups.groups.values():
            for name in counts:
                out.loc[index, name] = complement(out.loc[index, name], table.loc[index, name])
    # Sorted by name: rows in the order of their frequency would rank counts that were rounded.
    names = [c for c in spec.columns if c not in counts]
    return out.sort_values(names, kind="stable")


#: Columns of fixed texts, which know no patient.
FIXED_TEXT: Final = {
    "score_notes": "*",
    "plausibility": ("meaning", "repair"),
    "transformations": ("conversion",),
}


def _protect(
    table: pd.DataFrame, spec: Table, rule: Rule, curves: dict[str, dict[tuple[str, str], Grid]]
) -> pd.DataFrame:
    """Treat one typed table of a private cohort."""
    cohort = str(table["cohort"].iloc[0]) if len(table) else ""
    treatments: dict[str, Callable[[], pd.DataFrame]] = {
        "flow": lambda: _flow(table, rule),
        "at_risk": lambda: _at_risk(table, rule),
        "incidence": lambda: incidence(table, rule),
        "table1": lambda: table_one(table, rule),
        "cells": lambda: _cells(table, rule, spec),
        "estimates": lambda: estimates(table, rule, curves.get(spec.curve), spec.of_kind(NUMBER)),
        "curve_points": lambda: curve_points(table, rule, spec.of_kind(NUMBER)),
        "curve": lambda: to_table(curves[spec.name], cohort, list(spec.columns)),
        "text": lambda: table,
    }
    out = treatments[spec.treatment]()
    fixed = FIXED_TEXT.get(spec.name, ())
    written = [] if fixed == "*" else [c for c in spec.of_kind(TEXT) if c not in fixed]
    cleaned = {c: out[c].map(without_counts) for c in written}
    return out.assign(**cleaned)


def release(
    info: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], rule: Rule
) -> dict[str, pd.DataFrame]:
    """
    Pass tables of one cohort through disclosure control.

    Parameters
    ----------
    info : mapping
        Content of ``cohort.json``.
    tables : mapping of str to pandas.DataFrame
        Tables as ``read`` gives them, keyed by name.
    rule : Rule
        Applied to private cohorts.

    Returns
    -------
    dict of str to pandas.DataFrame
        Same names, same columns; of public and simulated cohorts the same text.

    Raises
    ------
    InputError
        When the visibility isn't declared or a table doesn't hold what its columns say.
    """
    typed = {name: _typed(table, TABLES[name]) for name, table in tables.items()}
    if visibility(info) != "private":
        return dict(tables)
    curves = {
        name: grids(table, rule)
        for name, table in typed.items()
        if TABLES[name].treatment == "curve"
    }
    return {name: _protect(table, TABLES[name], rule, curves) for name, table in typed.items()}


def release_cohort(info: Mapping[str, Any], rule: Rule) -> dict[str, Any]:
    """
    Pass the description of a cohort through disclosure control.

    Parameters
    ----------
    info : mapping
        Content of the private ``cohort.json``.
    rule : Rule
        Applied to private cohorts.

    Returns
    -------
    dict
        All of it for public and simulated cohorts; of a private one what ``COHORT_KEYS`` names,
        with counts rounded. ``disclosure`` says what was done.
    """
    import pandas as pd

    private = visibility(info) == "private"
    applied = {
        "applied": private,
        "minimum_cell": rule.minimum if private else 0,
        "round_to": rule.step if private else 1,
        "text": rule.text() if private else "Counts are exact: the cohort isn't private.",
    }
    if not private:
        return dict(info) | {"disclosure": applied}
    out = {key: info[key] for key in COHORT_KEYS if key in info}
    for key in COHORT_COUNTS:
        if info.get(key) is not None:
            count = pd.Series([int(info[key])])
            out[key] = None if is_small(count, rule).iloc[0] else int(midpoint(count, rule.step)[0])
    return out | {"disclosure": applied}
