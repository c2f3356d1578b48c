"""Numbers: parsed, converted to the unit of the contract, and held against its range."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from spinemets.contract import Column
from spinemets.ingest.cells import (
    Coded,
    Converted,
    Floats,
    Mask,
    Problem,
    counted,
    key,
    numeric_series,
)
from spinemets.ingest.mapping import ColumnMap
from spinemets.ingest.scales import factor, known_units

_DATE: Final = r"^\s*(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})([ T].*)?$"
_LIMIT: Final = r"^[<>≤≥]=?\s*\d+([.,]\d+)?$"
_DECIMAL: Final = {",": r"^[-+]?\d+\.\d+$", ".": r"^[-+]?\d+,\d+$"}


def number(column: Column, entry: ColumnMap, cells: Coded, decimal: str) -> Converted:
    """
    Read numbers, convert their unit and hold them against the range of the contract.

    Parameters
    ----------
    column : Column
        Target in the contract.
    entry : ColumnMap
        Its entry in the mapping.
    cells : Coded
        Cells of the source.
    decimal : str
        Decimal mark, ``"."`` or ``","``.


    Returns
    -------
    Converted
        Values, problems and conversions.
    """
    numbers, problems = _parse(column, entry, cells, decimal)
    scale = factor(column, entry.unit)
    values = numbers * scale
    problems += _range(column, entry, numbers, values)
    for problem in problems:
        values[problem.rows] = np.nan
    out = Converted({column.name: numeric_series(column, values)}, problems)
    if entry.unit not in (None, column.unit):
        # Also where the factor is 1: another name of the unit is a reading worth a line.
        words = f"{entry.unit} to {column.unit}"
        out.conversions.append((words, int(np.isfinite(values).sum()), entry.flag))
    given = {key(k) for k in entry.codes}
    coded = np.array([key(t) in given for t in cells.terms], bool)
    out.conversions += counted(cells, coded, "codes of the mapping", entry.flag)
    return out


def _parse(
    column: Column, entry: ColumnMap, cells: Coded, decimal: str
) -> tuple[Floats, list[Problem]]:
    """Turn texts into numbers; what isn't one is described by its shape."""
    texts = pd.Series(cells.terms, dtype="string")
    if decimal == ",":
        # A point is refused here, not dropped as digit grouping: 61.5 must never become 615.
        texts = texts.where(~texts.str.contains(".", regex=False), "?")
        texts = texts.str.replace(",", ".", regex=False)
    given = {key(k): v for k, v in entry.codes.items()}
    parsed = pd.to_numeric(texts, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
    empty = np.zeros(len(parsed), bool)
    if given:
        for i, term in enumerate(cells.terms):
            if key(term) in given:
                target = given[key(term)]
                parsed[i] = np.nan if target is None else float(target)
                empty[i] = target is None
    parsed[~np.isfinite(parsed)] = np.nan
    bad = np.isnan(parsed) & ~empty
    numbers = np.append(parsed, np.nan)[cells.codes]
    if entry.others == "missing":
        return numbers, []
    return numbers, _not_numbers(column, cells, bad, decimal)


def _not_numbers(column: Column, cells: Coded, bad: Mask, decimal: str) -> list[Problem]:
    used = np.isin(np.arange(len(bad)), cells.codes)
    bad = bad & used
    if not bad.any():
        return []
    raw = pd.Series(cells.terms, dtype="string")
    dates = bad & raw.str.match(_DATE).to_numpy(dtype=bool, na_value=False)
    marks = bad & raw.str.match(_DECIMAL[decimal]).to_numpy(dtype=bool, na_value=False) & ~dates
    out = []
    if dates.any():
        unit = column.unit or "numbers"
        repair = (
            "write `date: day_first` (or `month_first`, `iso`) into the column's entry and declare "
            f"`time_zero`, or give the interval in {unit}"
        )
        out.append(Problem(f"dates where {unit} belong", repair, cells.rows(dates)))
    if marks.any():
        names = {".": "points", ",": "commas"}
        other = "," if decimal == "." else "."
        rule = f"decimal {names[other]}, the mapping declares decimal {names[decimal]}"
        repair = f'write `decimal: "{other}"` into the mapping, or use one decimal mark throughout'
        out.append(Problem(rule, repair, cells.rows(marks), True))
    limits = bad & raw.str.match(_LIMIT).to_numpy(dtype=bool, na_value=False)
    if limits.any():
        # What a value below the limit of detection counts as is the study's to say.
        repair = (
            'say under `values` what each counts as, for example `values: {"<5": 5}`, '
            "or list it under `missing`"
        )
        out.append(Problem("below or above a limit, not a number", repair, cells.rows(limits)))
    rest = bad & ~dates & ~marks & ~limits
    if rest.any():
        repair = "correct it, or list it under `missing` or `values` in the mapping"
        out.append(Problem("not a number", repair, cells.rows(rest)))
    return out


def _range(
    column: Column,
    entry: ColumnMap,
    numbers: Floats,
    values: Floats,
) -> list[Problem]:
    """Check range, whole numbers and steps of the contract."""
    low = -np.inf if column.minimum is None else column.minimum
    high = np.inf if column.maximum is None else column.maximum
    unit = f" {column.unit}" if column.unit else ""
    with np.errstate(invalid="ignore"):
        # A limit that was converted must not fail by the rounding of the last digit.
        outside = (values < low - 1e-9) | (values > high * (1 + 1e-12))
        out = []
        if outside.any():
            other = _other_unit(column, entry, numbers, outside)
            rule = f"outside {low:g} to {high:g}{unit}"
            repair = "correct it in the source, or set it aside with `on_fault: set_aside`"
            if other:
                rule += f", but it would fit in {other}: mixed units?"
                repair = (
                    f"give the whole column in one unit (declared: {entry.unit or column.unit})"
                )
            out.append(Problem(rule, repair, outside))
        step = column.step or (1.0 if column.kind == "integer" else None)
        if step:
            offset = low if column.step else 0.0
            off = ~outside & (np.abs((values - offset) / step % 1.0) > 1e-9) & np.isfinite(values)
            if off.any():
                rule = f"not a step of {step:g}{unit}" if column.step else "not a whole number"
                out.append(Problem(rule, f"allowed: {column.allowed()}", off))
    return out


def _other_unit(column: Column, entry: ColumnMap, numbers: Floats, outside: Mask) -> str:
    """Unit in which every value outside the range would be inside it, if there is one."""
    low, high = column.minimum, column.maximum
    if low is None or high is None or column.unit in ("days", "percent", "years"):
        return ""
    for unit in known_units(column):
        if unit == (entry.unit or column.unit):
            continue
        tried = numbers[outside] * factor(column, unit)
        if bool(((tried >= low) & (tried <= high)).all()):
            return unit
    return ""


def detect_decimal(columns: list[Coded]) -> str:
    """
    Recognise the decimal mark of a table.

    Parameters
    ----------
    columns : list of Coded
        Cells of the numeric columns.

    Returns
    -------
    str
        A comma when cells have decimal commas and none has a decimal point; else a point.
    """
    found = {
        mark: any(
            pd.Series(cells.terms, dtype="string").str.match(_DECIMAL[other]).any()
            for cells in columns
        )
        for mark, other in ((",", "."), (".", ","))
    }
    return "," if found[","] and not found["."] else "."
