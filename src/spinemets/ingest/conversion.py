"""Every mapped column of a source becomes its column of the contract."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from spinemets import contract
from spinemets.errors import Fault
from spinemets.ingest import assemble, dates, progress, values
from spinemets.ingest.cells import Coded, Converted, encode, key
from spinemets.ingest.mapping import ColumnMap, Mapping
from spinemets.ingest.numbers import detect_decimal
from spinemets.ingest.tables import RawTable
from spinemets.ingest.work import Work

Told = dict[str, pd.Series]
#: Columns without which a patient is left out, and how the flow table calls them.
NEEDED = {"survival_days": "survival time", "died": "vital status"}


def convert_columns(
    sheet: assemble.Sheet, how: Mapping, names: list[str], work: Work
) -> tuple[dict[str, pd.Series], Told]:
    """
    Convert every mapped column, gathering faults and counting conversions.

    Parameters
    ----------
    sheet : Sheet
        Source columns, one row per patient.
    how : Mapping
        Checked mapping.
    names : list of str
        Columns of the contract whose source exists.
    work : Work
        Faults and counts are added here.

    Returns
    -------
    columns : dict of str to pandas.Series
        By contract column. What breaks the contract is missing.
    told : dict of str to pandas.Series
        What the words and codes for the primary say of its biology, to be held against the columns.
    """
    out: dict[str, pd.Series] = {}
    told: Told = {}
    numeric = [n for n in names if contract.columns()[n].is_numeric and not how.columns[n].date]
    decimals = _decimals(sheet, how, numeric, work)
    zero = _time_zero(sheet, how, work)
    for name in progress.walk(names, sheet.n_rows, "columns converted"):
        if name == "patient_id":
            continue  # goes no further: it becomes a running number
        column, entry = contract.columns()[name], how.columns[name]
        if entry.source is None:
            done = values.constant(column, entry.constant, sheet.n_rows)
        else:
            table = _table(sheet, entry.source)
            beside = [_cells(sheet, c, how, entry) for c in [entry.morphology] if c]
            cells = _with_otherwise(sheet, how, entry)
            around = values.Around(decimals[table.file], zero)
            done = values.convert(column, entry, cells, around, *beside)
            _gather(name, entry.source, table, done, work)
        work.transformations += [(name, *c) for c in done.conversions]
        for made, series in done.columns.items():
            out[made] = series.combine_first(out[made]) if made in out else series
        told |= done.told
    _fill(out, told, how, work)
    _day_zero(out, sheet, how, work)
    return out, told


def _day_zero(out: dict[str, pd.Series], sheet: assemble.Sheet, how: Mapping, work: Work) -> None:
    """A treatment that time zero is begins on day 0, where the source says nothing of the day."""
    treatment = work.cohort.time_zero
    if treatment not in ("surgery", "radiotherapy") or treatment not in out:
        return
    treated = out[treatment].fillna(False).astype(bool)
    day = f"{treatment}_day"
    if day not in out:
        out[day] = pd.Series(pd.NA, index=treated.index, dtype="Float64")
    gaps = treated & out[day].isna()
    entry = how.columns.get(day)
    if entry is not None and entry.source is not None and sheet.table_of(entry.source) is not None:
        # What couldn't be read was set aside: it is missing, not day 0.
        gaps &= _with_otherwise(sheet, how, entry).codes < 0
    if gaps.any():
        out[day] = out[day].mask(gaps, 0.0)
        work.transformations.append((day, "time zero is its day: day 0", int(gaps.sum()), ""))


def _fill(out: dict[str, pd.Series], told: Told, how: Mapping, work: Work) -> None:
    """Take the biology that the primary's words carry where the source records none itself."""
    by_code = how.columns["primary"].system == "icd" if "primary" in how.columns else False
    for name, said in told.items():
        gaps = said.notna() & out[name].isna() if name in out else said.notna()
        words = "taken from the morphology" if by_code else "taken from the words for the primary"
        if gaps.any():
            work.transformations.append((name, words, int(gaps.sum()), ""))
        out[name] = out[name].combine_first(said) if name in out else said


def _table(sheet: assemble.Sheet, column: str) -> RawTable:
    table = sheet.table_of(column)
    if table is None:  # `names` holds none such
        raise KeyError(column)
    return table


def _cells(sheet: assemble.Sheet, column: str, how: Mapping, entry: ColumnMap) -> Coded:
    missing = entry.missing
    if missing is None:  # what the column translates is no missing code of the file
        translated = {key(code) for code in entry.codes}
        missing = [m for m in how.missing if key(m) not in translated]
    return encode(_table(sheet, column).columns[column], missing)


def _with_otherwise(sheet: assemble.Sheet, how: Mapping, entry: ColumnMap) -> Coded:
    """Cells of the column; where they are empty those of the second one."""
    cells = _cells(sheet, entry.source or "", how, entry)
    if entry.otherwise is None:
        return cells
    other = _cells(sheet, entry.otherwise, how, entry)
    shifted = np.where(other.codes < 0, -1, other.codes + len(cells.terms))
    codes = np.where(cells.codes < 0, shifted, cells.codes)
    return Coded(codes, [*cells.terms, *other.terms])


def _decimals(sheet: assemble.Sheet, how: Mapping, names: list[str], work: Work) -> dict[str, str]:
    """Decimal mark of every file, found in its numeric columns where it is to be found."""
    out = {t.file: t.decimal for t in sheet.tables}
    for file in [f for f, mark in out.items() if mark == "auto"]:
        sources = [(n, how.columns[n].source) for n in names]
        columns = [
            _cells(sheet, s, how, how.columns[n])
            for n, s in sources
            if s is not None and _table(sheet, s).file == file
        ]
        out[file] = detect_decimal(columns)
        if out[file] == ",":
            rule = "decimal mark detected: comma"
            work.quality.append(("", rule, "note", sheet.n_rows, "none needed", ""))
    return out


def _time_zero(sheet: assemble.Sheet, how: Mapping, work: Work) -> dates.Dates | None:
    """Dates of time zero; they stay in memory."""
    if how.time_zero is None or sheet.table_of(how.time_zero.source) is None:
        return None
    source, table = how.time_zero.source, _table(sheet, how.time_zero.source)
    cells = encode(table.columns[source], how.missing)
    given = how.time_zero
    calendar = dates.read(cells.terms, given.date, given.years_from, given.incomplete)
    work.transformations += [
        ("time_zero", words, int(cells.rows(mask).sum()), "")
        for words, mask in calendar.completed.items()
    ]
    done = Converted(problems=dates.problems(calendar, cells))
    _gather("time_zero", source, table, done, work)
    absent = int((cells.codes < 0).sum())
    if absent:
        rule = "no date of time zero: every interval of these patients is missing"
        repair = "add the date to the source"
        work.quality.append(("time_zero", rule, "note", absent, "item missing", repair))
    return dates.days_of(calendar, cells)


def _gather(name: str, source: str, table: Any, done: Converted, work: Work) -> None:
    """Turn the problems of one column into faults and counts."""
    aside = "patient removed" if name in NEEDED else "item set aside, patient kept"
    where = name if name == source else f"{name} (from {source})"
    for problem in done.problems:
        rows = tuple(int(x) for x in table.lines[problem.rows])
        severity = "structural" if problem.structural else "value"
        fault = Fault(table.file, problem.rule, problem.repair, where, rows, severity)
        if problem.structural:
            work.structural.append(fault)
            continue
        work.value.append(fault)
        work.quality.append((name, problem.rule, severity, len(rows), aside, problem.repair))
