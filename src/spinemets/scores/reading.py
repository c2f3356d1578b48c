"""
Tables of patients as people write them.

For tables and patients that are scored without a mapping. Whatever can't be read safely stays in
the table as a value outside the contract: the engine then says so in the status, and no score uses
it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from spinemets import contract
from spinemets.errors import Fault, InputError, suggest
from spinemets.scores import terms
from spinemets.vocabulary import NOT_RECORDED, PENDING, UNKNOWN_PRIMARY

if TYPE_CHECKING:
    import pandas as pd

    from spinemets.scores.table import PatientTable

Lines = npt.NDArray[np.int64]
#: What a cell holds after it couldn't be read; no column of the contract allows it.
OUTSIDE: Final = "outside the contract"
#: Texts of an empty cell, lower case. ``none`` isn't one: it is a level of many columns.
EMPTY: Final = frozenset({"", "na", "n/a", "nan", "<na>", "null", "#n/a", "nat"})
#: The header of a CSV file is its first line.
FIRST_ROW: Final = 2


@dataclass(frozen=True)
class Reading:
    """
    A table in the terms of the contract, and what of it wasn't used.

    Parameters
    ----------
    frame : DataFrame
        ``patient_id`` and columns of the contract, in the row order of the source.
    remarks : tuple of Fault
        Columns that were passed over and cells outside the contract; rows, never values.
    lines : ndarray of int
        Number of each row in remarks.
    """

    frame: pd.DataFrame
    remarks: tuple[Fault, ...]
    lines: Lines

    def contradictions(self, cells: PatientTable, file: str = "table") -> list[Fault]:
        """
        Name columns that were read in another sense, and those that contradict each other.

        Parameters
        ----------
        cells : PatientTable
            The frame as ``prepare.patient_table`` read it.
        file : str
            Name of the table.

        Returns
        -------
        list of Fault
            One per kind of reading or contradiction, with its rows.
        """
        out = []
        for read, where in cells.readings:
            columns = ", ".join(read.set)
            repair = "record it as the patient table defines it (data/README.md)"
            rows = _rows(where, self.lines)
            out.append(Fault(file, read.text, repair, columns, rows, "value"))
        for found, where in cells.contradictions:
            columns = ", ".join(found.columns)
            rule = f"contradictory, not used: {found.text}"
            repair = "correct what is wrong, or leave it empty"
            out.append(Fault(file, rule, repair, columns, _rows(where, self.lines), "value"))
        return out


def read_file(path: str | Path) -> Reading:
    """
    Read a file whose columns bear the names of the contract.

    Parameters
    ----------
    path : str or Path
        CSV in any of the usual encodings and delimiters, workbook, Parquet, SPSS, Stata or SAS.

    Returns
    -------
    Reading
        As ``read_table``; remarks name the lines of the file.

    Raises
    ------
    InputError
        When it can't be read, or as ``read_table`` does.
    """
    import pandas as pd

    from spinemets.ingest import readers
    from spinemets.ingest.mapping import TableOptions

    raw = readers.read_table(path, TableOptions(encoding="auto", delimiter="auto"))
    texts = {name: cells.to_pylist() for name, cells in raw.columns.items()}
    frame = pd.DataFrame(texts, index=pd.RangeIndex(raw.n_rows), dtype=object)
    return read_table(frame, str(path), raw.lines)


def read_table(
    source: pd.DataFrame, file: str = "table", lines: Sequence[int] | Lines | None = None
) -> Reading:
    """
    Read a table whose columns bear the names of the contract.

    Parameters
    ----------
    source : DataFrame
        One row per patient. Names of columns in any case, with blanks or hyphens for underscores;
        values as in ``terms.value``. A missing ``patient_id`` becomes a running number.
    file : str
        Name of the table in remarks.
    lines : sequence or ndarray of int, optional
        Number of each row in remarks; by default the header is 1.

    Returns
    -------
    Reading
        Cells that can't be read hold ``OUTSIDE``.

    Raises
    ------
    InputError
        When no column of the contract is found, a column stands twice, or ``patient_id`` has gaps
        or repeats.
    """
    import pandas as pd

    numbers = np.arange(FIRST_ROW, len(source) + FIRST_ROW) if lines is None else np.array(lines)
    names, remarks = _columns(source, file)
    frame = pd.DataFrame({"patient_id": _ids(source, names, file, numbers)})
    for name, position in names.items():
        if name != "patient_id":
            cells = source.iloc[:, position].reset_index(drop=True)
            frame[name] = _cells(cells, contract.columns()[name])
    if "primary" in names:
        _add_biology(frame, source.iloc[:, names["primary"]].reset_index(drop=True))
    return Reading(frame, (*remarks, *_outside(frame, file, numbers)), numbers)


def column_name(name: str) -> str:
    """
    Bring a heading into the form of the contract's names.

    Parameters
    ----------
    name : str
        Heading of a table.

    Returns
    -------
    str
        Lower case, underscores.

    Examples
    --------
    >>> column_name(" Frankel before")
    'frankel_before'
    """
    return re.sub(r"[\s\-.]+", "_", str(name).strip().lower())


def _columns(source: pd.DataFrame, file: str) -> tuple[dict[str, int], list[Fault]]:
    known = contract.columns()
    found: dict[str, int] = {}
    faults, remarks = [], []
    for position, heading in enumerate(source.columns):
        name = column_name(heading)
        if name not in known:
            rule = f"not a column of the patient table, not used{suggest(name, known)}"
            remarks.append(Fault(file, rule, "rename it, or leave it out", column=str(heading)))
        elif name in found:
            faults.append(Fault(file, "the column stands twice", "keep one", column=name))
        else:
            found[name] = position
    if not set(found) - {"patient_id"}:
        rule = "no column of the contract was found"
        repair = "rename the columns (data/README.md), or map them: `spinemets check --mapping`"
        faults.append(Fault(file, rule, repair))
    if faults:
        raise InputError([*faults, *remarks])
    return found, remarks


def _ids(source: pd.DataFrame, names: Mapping[str, int], file: str, lines: Lines) -> Any:
    import pandas as pd

    if "patient_id" not in names:
        return pd.RangeIndex(1, len(source) + 1)
    ids = source.iloc[:, names["patient_id"]].reset_index(drop=True)
    twice = ids.duplicated(keep=False)
    empty = ids.isna() | (ids.astype("string").str.strip() == "").fillna(True)
    faults = [
        Fault(file, rule, repair, "patient_id", _rows(where, lines))
        for rule, repair, where in (
            ("patients without a number", "number them, or leave the column out", empty),
            (
                "numbers that stand twice",
                "one row per patient",
                twice & ~empty,
            ),
        )
        if where.any()
    ]
    if faults:
        raise InputError(faults)
    return ids.array


def _rows(where: Any, lines: Lines) -> tuple[int, ...]:
    return tuple(lines[np.asarray(where, dtype=bool)].tolist())


def _cells(cells: pd.Series, column: contract.Column) -> Any:
    """Read every distinct text of a column once; numbers and booleans are taken as they are."""
    import pandas as pd

    boolean = pd.api.types.is_bool_dtype(cells.dtype)
    if boolean and column.kind == "boolean":
        return cells.array
    if not boolean and column.is_numeric and pd.api.types.is_numeric_dtype(cells.dtype):
        return cells.array
    codes, found = pd.factorize(cells)
    read = [_or_outside(column, term) for term in found]
    out = np.empty(len(read) + 1, dtype=object)
    out[:-1], out[-1] = read, None
    return out[codes]


def _or_outside(column: contract.Column, term: Any) -> Any:
    if isinstance(term, bool | np.bool_) and column.kind == "boolean":
        return bool(term)
    if isinstance(term, int | float | np.number) and not isinstance(term, bool | np.bool_):
        if column.is_numeric:
            return float(term)
        term = f"{float(term):g}"  # 2.0 of a column with gaps is the level "2"
    text = str(term)
    if terms.key(text) in EMPTY:
        return None
    try:
        return terms.value(column, text)
    except ValueError:
        return OUTSIDE


def _add_biology(frame: pd.DataFrame, cells: pd.Series) -> None:
    """Fill what the words for the primary tell; where the record contradicts it, it isn't used."""
    import pandas as pd

    codes, words = pd.factorize(cells)
    told = {i: terms.biology(str(word)) for i, word in enumerate(words)}
    for name in sorted({name for flags in told.values() for name in flags}):
        recorded = frame[name] if name in frame else pd.Series([None] * len(frame), dtype=object)
        merged = np.array([None if pd.isna(v) else v for v in recorded], dtype=object)
        for i, flags in told.items():
            where = codes == i
            if name in flags and where.any():
                mine = merged[where]
                gap = np.array([cell is None for cell in mine], dtype=bool)
                mine[gap] = flags[name]
                mine[mine != flags[name]] = OUTSIDE
                merged[where] = mine
        frame[name] = merged


def _outside(frame: pd.DataFrame, file: str, lines: Lines) -> list[Fault]:
    from spinemets.scores.cells import read_codes, read_numbers

    out = []
    for name in frame.columns:
        column = contract.columns()[name]
        if column.kind == "identifier" or column.open_levels:
            continue
        read: Callable[..., Any] = read_numbers if column.is_numeric else read_codes
        rejected = read(frame[name], column)[1]
        if rejected.any():
            n = int(rejected.sum())
            rule = f"{n} cell{'' if n == 1 else 's'} outside the contract, not used"
            out.append(Fault(file, rule, _repair(column), name, _rows(rejected, lines), "value"))
    return out


def _repair(column: contract.Column) -> str:
    if column.name == "primary":
        return (
            "give a primary of the vocabulary, a synonym or an ICD-10 code; "
            f"{UNKNOWN_PRIMARY}, {NOT_RECORDED} and {PENDING} are three different answers"
        )
    return "use yes or no" if column.kind == "boolean" else f"use {column.allowed()}"
