"""Table 1 of the report, of everybody and by group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spinemets import contract, strata
from spinemets.reporting.cells import NOT_SHOWN, Shown, group_name, number

if TYPE_CHECKING:
    import pandas as pd


def table_one(table: pd.DataFrame) -> Shown:
    """
    Table 1 with a column of missing values.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``table1``.

    Returns
    -------
    Shown
        A variable, then its levels; ``n (%)`` of the known or median and quartiles. Variables
        without a single value are named below the table.
    """
    rows: list[list[str]] = []
    unknown: list[str] = []
    everybody = table[table["stratum_set"].eq("overall")]
    for variable, part in everybody.groupby("variable", sort=False):
        column = contract.columns()[str(variable)]
        cells = {(str(r.level), str(r.statistic)): r.value for r in part.itertuples()}
        if not {"n", "median"} & {statistic for _, statistic in cells}:
            unknown.append(column.meaning)
            continue
        rows += _variable(column, cells)
    head = ["Characteristic", "Median (quartiles) or n (% of known)", "Missing n (%)"]
    notes = [f"No value recorded: {'; '.join(unknown)}."] if unknown else []
    return Shown("Table 1: patients at time zero", head, rows, notes)


def table_one_by(table: pd.DataFrame, grouping: str) -> Shown | None:
    """
    Table 1 of every group of a grouping, with standardised differences.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``table1``.
    grouping : str
        Grouping.

    Returns
    -------
    Shown or None
        Groups as columns: ``n (%)`` or median and quartiles, what is missing, and the largest
        standardised difference of any group against all others. None without such rows.
    """
    part = table[table["stratum_set"].eq(grouping)]
    if part.empty:
        return None
    strata_names = list(dict.fromkeys(part["stratum"]))
    rows: list[list[str]] = []
    for variable, found in part.groupby("variable", sort=False):
        column = contract.columns()[str(variable)]
        gap = found.loc[found["statistic"].eq("standardised_difference"), "value"].max()
        cells: dict[str, dict[tuple[str, str], Any]] = {}
        read_off = zip(*(found[c] for c in ("stratum", "level", "statistic", "value")), strict=True)
        for name, level, statistic, value in read_off:
            cells.setdefault(name, {})[(str(level), str(statistic))] = value
        lines: dict[str, list[str]] = {}
        for place, name in enumerate(strata_names):
            for label, value, lost in _variable(column, cells.get(name, {})):
                line = lines.setdefault(label, [""] * len(strata_names))
                line[place] = value or (f"missing {lost}" if lost else "")
        for place, (label, values) in enumerate(lines.items()):
            rows.append([label, *values, number(gap, 2) if not place else ""])
    head = ["Characteristic", *(group_name(grouping, str(s)) for s in strata_names), "Difference"]
    notes = ["Difference: largest standardised difference of a group against all other patients."]
    return Shown(f"Patients by {strata.title(grouping)}", head, rows, notes)


def _graded(column: contract.Column) -> dict[str, str]:
    """Meaning of each level, behind its grade where papers call it by the grade (Frankel D)."""
    return {
        # Grades are capitals or begin with a digit; other levels are words already.
        level: f"{level}: {words}" if level[:1].isdigit() or level.lower() != level else words
        for level, words in column.levels.items()
    }


def _variable(column: contract.Column, cells: dict[tuple[str, str], Any]) -> list[list[str]]:
    """Lines of one variable."""
    absent = number(cells.get(("", "missing_n")))
    lost = f"{absent} ({number(cells.get(('', 'missing_percent')))} %)" if absent else NOT_SHOWN
    unit = f", {column.unit}" if column.unit and column.unit != "1" else ""
    name = column.meaning[0].upper() + column.meaning[1:] + unit
    if ("", "median") in cells:
        decimals = 0 if column.kind == "integer" else 1
        middle, low, high = (number(cells[("", s)], decimals) for s in ("median", "q1", "q3"))
        ends = f" ({low or NOT_SHOWN} to {high or NOT_SHOWN})"
        return [[name, middle + ends if middle else NOT_SHOWN, lost]]
    rows = [[name, "", lost]]
    labels = _graded(column) | {"yes": "Yes", "no": "No"}
    for level in dict.fromkeys(level for level, _ in cells if level):
        n, percent = number(cells.get((level, "n"))), number(cells.get((level, "percent")))
        text = f"{n} ({percent} %)" if n else NOT_SHOWN
        rows.append([f"\u2003{labels.get(level, level)}", text, ""])
    return rows
