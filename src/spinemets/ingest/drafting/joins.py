"""Tables beside the first one that hold more of the same patients: other sheets, sample files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from spinemets.errors import Fault
from spinemets.ingest.assemble import assemble
from spinemets.ingest.mapping import Mapping
from spinemets.ingest.readers_excel import SheetCells, find_header
from spinemets.ingest.tables import RawTable

#: Files of a cBioPortal study folder, and the column that both have.
PATIENTS, SAMPLES, PATIENT = "data_clinical_patient.txt", "data_clinical_sample.txt", "PATIENT_ID"
Line = dict[str, Any]
Cells = dict[str, list[object]]
_EMPTY: Final = (None, "")


def of_sheet(path: Path, first: SheetCells, other: SheetCells) -> Line | None:
    """
    Entry of ``join`` for another sheet of a workbook.

    Parameters
    ----------
    path : Path
        The workbook.
    first, other : SheetCells
        The sheet that is read, and the one to add.

    Returns
    -------
    dict or None
        By the first name in both sheets under which every patient differs; where the other sheet
        has several rows of a patient the first of them is taken. None where no name serves.
    """
    theirs = _columns(other)
    for name, cells in _columns(first).items():
        known = [c for c in cells if c not in _EMPTY]
        if name not in theirs or not known or len(set(known)) < len(known):
            continue
        entry: Line = {"file": path.name, "sheet": other.name}
        header = find_header(other)
        if header != [1]:
            entry["header"] = header[0]
        keys = [c for c in theirs[name] if c not in _EMPTY]
        return _by(entry, name, twice=len(set(keys)) < len(keys))
    return None


def of_folder(path: Path, table: RawTable) -> Line | None:
    """
    Entry of ``join`` for the sample file of a cBioPortal study folder.

    Parameters
    ----------
    path : Path
        The patient file.
    table : RawTable
        Its columns.

    Returns
    -------
    dict or None
        The first sample of a patient is taken; None where the file lies alone.
    """
    if path.name != PATIENTS or PATIENT not in table.columns:
        return None
    if not path.with_name(SAMPLES).is_file():
        return None
    return _by({"file": SAMPLES, "format": "cbioportal"}, PATIENT, twice=True)


def _by(entry: Line, name: str, *, twice: bool) -> Line:
    entry |= {"on": name, "equals": name}
    return {**entry, "one_row_per": {"column": name}} if twice else entry


def _columns(sheet: SheetCells) -> Cells:
    """Cells below every name of a header in one row."""
    rows = find_header(sheet)
    if len(rows) > 1:
        return {}
    below = sheet.rows[rows[0] :]
    return {
        str(name): [row[k] if k < len(row) else None for row in below]
        for k, name in enumerate(sheet.rows[rows[0] - 1])
        if name not in _EMPTY
    }


def joined(path: Path, table: RawTable, entry: Line) -> RawTable | None:
    """
    Join a table as a mapping would.

    Parameters
    ----------
    path : Path
        The first table's file.
    table : RawTable
        The first table.
    entry : dict
        Entry of ``join``.

    Returns
    -------
    RawTable or None
        Its columns in the rows of the first table; None where it can't be joined, or has no row
        for half of them.
    """
    faults: list[Fault] = []
    sheet = assemble(path, Mapping(columns={}, join=[entry]), faults, table)
    if sheet is None or faults:
        return None
    other = sheet.tables[1]
    return other if 2 * other.unmatched <= table.n_rows else None
