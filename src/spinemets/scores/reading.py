"""
Patients as people write them: words in two languages, yes and no, units, decimal commas.

For tables and patients that are scored without a mapping. Whatever can't be read safely stays in
the table as a value outside the contract: the engine then says so in the status, and no score uses
it. Nothing is guessed: ``1,250`` could be two numbers and is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from spinemets import contract, units
from spinemets.errors import Fault, InputError, suggest
from spinemets.vocabulary import NOT_RECORDED, PENDING, UNKNOWN_PRIMARY, coding

if TYPE_CHECKING:
    import pandas as pd

    from spinemets.scores.table import PatientTable

Lines = npt.NDArray[np.int64]
#: What a cell holds after it couldn't be read; no column of the contract allows it.
OUTSIDE: Final = "outside the contract"
#: Texts of an empty cell, lower case. ``none`` isn't one: it is a level of many columns.
EMPTY: Final = frozenset({"", "na", "n/a", "nan", "<na>", "null", "#n/a", "nat"})
_NUMBER: Final = re.compile(r"\s*([-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?)\s*(.*)")
_THOUSANDS: Final = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}")
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
        values as in ``value``. A missing ``patient_id`` becomes a running number.
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


def value(column: contract.Column, text: str) -> Any:
    """
    Read one text as a value of a column.

    Parameters
    ----------
    column : Column
        Column of the contract.
    text : str
        A number with or without its unit (``3.5 g/dL``, ``80 %``), with a point or a decimal comma;
        yes or no in English or German; a level or its meaning in any case; a primary as canonical
        term, synonym or ICD-10 code.

    Returns
    -------
    object
        Value in the contract's unit.

    Raises
    ------
    ValueError
        When it isn't one; the message says what is, and doesn't repeat the text.

    Examples
    --------
    >>> value(contract.columns()["albumin_g_per_l"], "3,5 g/dL")
    35.0
    >>> value(contract.columns()["primary"], "Brustkrebs")
    'breast'
    """
    if column.name == "primary":
        return _tumour(text).primary
    if column.is_numeric:
        return _number(column, text)
    words = _words(column.name)
    if not words:
        return text.strip()
    found = words.get(_key(text))
    if found is None:
        allowed = "yes or no" if column.kind == "boolean" else f"one of: {column.allowed()}"
        raise ValueError(f"use {allowed}")
    return found


def biology(text: str) -> dict[str, bool]:
    """
    Biology that the words for a primary tell.

    Parameters
    ----------
    text : str
        Words for a primary, as in ``value``.

    Returns
    -------
    dict of str to bool
        Columns of the contract; empty when the words tell nothing more than the primary.

    Examples
    --------
    >>> biology("triple-negative breast cancer")
    {'hormone_dependent': False}
    """
    try:
        tumour = _tumour(text)
    except ValueError:
        return {}
    flags = {"hormone_dependent": tumour.hormone_dependent, "small_cell": tumour.small_cell}
    return {name: flag for name, flag in flags.items() if flag is not None}


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
    codes, terms = pd.factorize(cells)
    read = [_or_outside(column, term) for term in terms]
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
    if _key(text) in EMPTY:
        return None
    try:
        return value(column, text)
    except ValueError:
        return OUTSIDE


def _add_biology(frame: pd.DataFrame, cells: pd.Series) -> None:
    """Fill what the words for the primary tell; where the record contradicts it, it isn't used."""
    import pandas as pd

    codes, terms = pd.factorize(cells)
    told = {i: biology(str(term)) for i, term in enumerate(terms)}
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


def _key(text: str) -> str:
    return " ".join(str(text).split()).casefold()


@cache
def _words(name: str) -> dict[str, Any]:
    """Words of a column that isn't a number; empty when a study chooses its own."""
    from spinemets.ingest.categories import NO, YES, words

    column = contract.columns()[name]
    if column.kind == "boolean":
        return {**dict.fromkeys(YES, True), **dict.fromkeys(NO, False)}
    return {} if not column.levels else dict(words(name))


def _number(column: contract.Column, text: str) -> float:
    match = _NUMBER.fullmatch(text)
    if match is None or _THOUSANDS.fullmatch(match.group(1)):
        raise ValueError(f"use {column.allowed()}")
    found, unit = float(match.group(1).replace(",", ".")), match.group(2).strip()
    if unit and unit.casefold() not in _same_unit(column):
        known = [u for u in units.known_units(column.unit) if u == unit or u.startswith(f"{unit} ")]
        if not known:
            raise ValueError(f"unit: one of {', '.join(units.known_units(column.unit))}")
        fitting = [u for u in known if column.substance and column.substance in u] or known
        found *= units.factor(column.unit, fitting[0])
    low, high = column.minimum, column.maximum
    if (low is not None and found < low) or (high is not None and found > high):
        raise ValueError(f"use {column.allowed()}")
    step = column.step or (1.0 if column.kind == "integer" else None)
    steps = (found - (low or 0.0)) / step if step else 0.0
    if abs(steps - round(steps)) > 1e-9:
        raise ValueError(f"use {column.allowed()}")
    return found


def _same_unit(column: contract.Column) -> set[str]:
    return {column.unit.casefold(), *(("%",) if column.unit == "percent" else ())}


def _tumour(text: str) -> coding.Tumour:
    try:
        return coding.from_term(text)
    except coding.UnresolvedError:
        pass
    try:
        return coding.from_icd(text)
    except coding.UnresolvedError as err:
        near = suggest(_key(text), coding.words())
        why = f"; {err}" if coding.looks_like_icd(text) else ""
        raise ValueError(
            f"use a canonical primary, a synonym or an ICD-10 code{near}{why}"
        ) from None
