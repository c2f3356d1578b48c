"""
Workbooks (.xlsx, .xlsm, .xlsb, .xls, .ods): one sheet becomes a table.

Only stored values are read; nothing is calculated and no macro is run. Where a person has to
decide (several sheets, a title above the header, merged cells) that is a fault with the line for
the mapping.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import python_calamine as calamine

from spinemets.errors import InputError
from spinemets.ingest.mapping import TableOptions
from spinemets.ingest.readers_common import (
    Reading,
    cell_text,
    join_header,
    name_header,
    read_bytes,
)
from spinemets.ingest.tables import RawTable

#: Unpacked size beyond which a workbook isn't opened; Excel's own limit of rows is far below it.
UNPACKED_LIMIT: Final = 2 << 30
_NOT_CALCULATED: Final = re.compile(rb"</f>(?:<v\s*/>|<v></v>)?</c>|<f[^>]*/>(?:<v\s*/>)?</c>")
#: What Python's own reader raises on an archive that was cut or changed.
_DAMAGED: Final = (
    zipfile.BadZipFile, zlib.error, OSError, RuntimeError, EOFError, NotImplementedError, ValueError
)  # fmt: skip
_COMMA: Final = re.compile(r"[-+]?\d+,\d+")
_POINT: Final = re.compile(r"[-+]?\d+\.\d+")
Rows = list[list[Any]]
Merged = list[tuple[tuple[int, int], tuple[int, int]]]


@dataclass(frozen=True)
class SheetCells:
    """
    One sheet as it stands in the workbook.

    Parameters
    ----------
    name : str
        Name of the sheet.
    rows : list of list
        Typed cells, from the first row and column of the sheet.
    merged : list of tuple
        Merged ranges, first and last (row, column) from 0.
    """

    name: str
    rows: Rows
    merged: Merged


def read_workbook(path: str | Path, options: TableOptions) -> RawTable:
    """
    Read one sheet of a workbook.

    Parameters
    ----------
    path : str or Path
        File.
    options : TableOptions
        ``sheet``, ``header`` and ``decimal`` are looked at.

    Returns
    -------
    RawTable
        Cells as text; rows are numbered as Excel shows them.

    Raises
    ------
    InputError
        With every structural fault of the workbook at once.
    """
    reading = Reading(str(path))
    sheet = _choose(sheets(path), options, reading)
    header = options.header or _header(sheet, reading)
    reading.stop()
    head = [[cell_text(c) for c in row] for row in sheet.rows[header[0] - 1 : header[-1]]]
    if not head:
        reading.fault("the declared header row isn't there", "correct `header`")
        reading.stop()
    names = name_header(join_header(head, merged=True), reading, options.format == "redcap")
    _check_merged(sheet, header[-1], reading)
    body = sheet.rows[header[-1] :]
    kept = [i for i, row in enumerate(body) if any(_filled(c) for c in row)]
    if not kept:
        reading.fault("the table has a header but no rows", "export it with its rows")
    reading.stop()
    decimal = _decimal(body, options.decimal)
    lines = np.array(kept, dtype=np.int64) + header[-1] + 1
    columns: dict[str, pa.ChunkedArray] = {}
    for j, name in enumerate(names):
        texts = [cell_text(body[i][j] if j < len(body[i]) else None, decimal) for i in kept]
        if name:
            columns[name] = pa.chunked_array([pa.array(texts, pa.string())])
        elif any(texts):
            reading.notes.append("a column without a name was not read")
    if any(len(row) > len(names) and any(map(_filled, row[len(names) :])) for row in body):
        reading.notes.append("cells to the right of the header were not read")
    # Without its name: notes are released, and a sheet may be called after a patient.
    which = "the workbook's only sheet with a table" if options.sheet is None else "the named sheet"
    reading.notes.insert(0, f"{which} was read")
    file = str(path) if options.sheet is None else f"{path} [{sheet.name}]"
    return RawTable(file, columns, len(kept), lambda: lines, reading.notes, decimal)


def sheets(path: str | Path) -> list[SheetCells]:
    """
    Open a workbook and give its visible sheets that aren't empty.

    Parameters
    ----------
    path : str or Path
        File.

    Returns
    -------
    list of SheetCells
        In the order of the workbook.

    Raises
    ------
    InputError
        When it is damaged, protected by a password, too large, holds no table, or holds formulas
        that were never calculated.
    """
    reading = Reading(str(path))
    raw = read_bytes(path)
    _check_archive(raw, reading)
    reading.stop()
    found: list[SheetCells] = []
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(raw))
        for meta in book.sheets_metadata:
            work = meta.typ == calamine.SheetTypeEnum.WorkSheet
            if work and meta.visible == calamine.SheetVisibleEnum.Visible:
                sheet = book.get_sheet_by_name(meta.name)
                rows = sheet.to_python(skip_empty_area=False)
                if any(_filled(c) for row in rows for c in row):
                    found.append(SheetCells(meta.name, rows, sheet.merged_cell_ranges or []))
    except calamine.PasswordError:
        _protected(reading)
    except InputError:
        raise
    except Exception:  # the library's own errors, and those of a damaged archive
        if b"E\0n\0c\0r\0y\0p\0t\0" in raw[: 1 << 20] or b"E\0n\0c\0r\0y\0p\0t\0" in raw:
            _protected(reading)
        else:
            reading.fault("the workbook is damaged or not complete", "save it again as .xlsx")
    reading.stop()
    if not found:
        reading.fault("the workbook holds no table", "write the table into its first sheet")
        reading.stop()
    return found


def _protected(reading: Reading) -> None:
    reading.fault("the workbook is protected by a password", "save it without one, or as CSV")


def _check_archive(raw: bytes, reading: Reading) -> None:
    """Refuse what would unpack without end, and formulas that hold no value."""
    if not raw.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            if sum(f.file_size for f in archive.infolist()) > UNPACKED_LIMIT:
                rule = "the workbook is larger than 2 GB when it is unpacked"
                reading.fault(rule, "save the table as CSV")
                return
            parts = [n for n in archive.namelist() if n.startswith("xl/worksheets/sheet")]
            n = sum(len(_NOT_CALCULATED.findall(archive.read(part))) for part in parts)
    except _DAMAGED:
        reading.fault("the workbook is damaged or not complete", "save it again as .xlsx")
        return
    if n:
        rule = f"cells hold formulas that were never calculated ({n})"
        reading.fault(rule, "open and save it in Excel or LibreOffice, or paste the values")


def _choose(found: list[SheetCells], options: TableOptions, reading: Reading) -> SheetCells:
    from spinemets.errors import suggest

    names = [s.name for s in found]
    if options.sheet is not None:
        if options.sheet not in names:
            rule = (
                f"the workbook has no such sheet that holds a table{suggest(options.sheet, names)}"
            )
            reading.fault(rule, f"use one of: {', '.join(names)}", column="sheet")
            reading.stop()
        return found[names.index(options.sheet)]
    tables = [s for s in found if sum(any(map(_filled, r)) for r in s.rows) > 1]
    if len(tables) > 1:
        rule = f"the workbook holds {len(tables)} sheets with a table"
        listed = ", ".join(s.name for s in tables)
        repair = f"write `sheet:` into the mapping, one of: {listed} (`join` adds another)"
        reading.fault(rule, repair, column="sheet")
        reading.stop()
    return (tables or found)[0]


def _filled(cell: Any) -> bool:
    return cell is not None and cell != "" and not (isinstance(cell, str) and not cell.strip())


def find_header(sheet: SheetCells) -> list[int]:
    """
    Row or rows that look like the header of a sheet.

    Parameters
    ----------
    sheet : SheetCells
        The sheet.

    Returns
    -------
    list of int
        Row numbers from 1: the first row that is nearly as full as the fullest of the first
        rows; with the row above it when that one has merged cells over several columns.
    """
    first = [sum(map(_filled, row)) for row in sheet.rows[:30]]
    widest = max(first)
    at = next(i for i, n in enumerate(first) if n >= max(1, 0.6 * widest))
    groups = [r for r in sheet.merged if r[1][1] > r[0][1]]
    if any(a[0] <= at <= b[0] for a, b in groups) and at + 1 < len(sheet.rows):
        return [at + 1, at + 2]
    # A title is merged from the first column on; a heading of a group stands above some columns.
    if at and any(a[0] <= at - 1 <= b[0] and a[1] > 0 for a, b in groups):
        return [at, at + 1]
    return [at + 1]


def _header(sheet: SheetCells, reading: Reading) -> list[int]:
    """The first row that holds something, unless the sheet looks as if it weren't the header."""
    first = next(i for i, row in enumerate(sheet.rows) if any(map(_filled, row))) + 1
    found = find_header(sheet)
    if found != [first]:
        shown = found[0] if len(found) == 1 else found
        what = "a title stands above the header" if len(found) == 1 else "the header has two rows"
        reading.fault(
            f"it seems that {what}",
            f"write `header: {shown}` (or `header: {first}`) into the mapping",
            column="header",
        )
    return found


def _check_merged(sheet: SheetCells, header: int, reading: Reading) -> None:
    rows = tuple(
        sorted({r + 1 for a, b in sheet.merged if b[0] >= header for r in range(a[0], b[0] + 1)})
    )
    if rows:
        rule = "cells are merged, so only the first of them holds the value"
        reading.fault(rule, "unmerge them and write the value into every row", rows=rows)


def _decimal(body: Rows, declared: str) -> str:
    """Decimal mark in which numbers are written: that of the cells that hold numbers as text."""
    if declared != "auto":
        return declared
    texts = [c.strip() for row in body for c in row if isinstance(c, str) and c]
    comma = any(_COMMA.fullmatch(t) for t in texts)
    return "," if comma and not any(_POINT.fullmatch(t) for t in texts) else "."
