"""What every reader shares: gathered faults, whole files, and typed cells written as text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from spinemets.errors import Fault, InputError


class TableError(InputError):
    """
    A table that can't be read although its header can.

    Parameters
    ----------
    faults : list of Fault
        What is wrong with it.
    header : list of str
        Its column names; empty where they aren't known either.
    """

    def __init__(self, faults: list[Fault], header: list[str]) -> None:
        super().__init__(faults)
        self.header = header


class Reading:
    """
    Faults and notes gathered while one file is read.

    Parameters
    ----------
    file : str
        File as the user named it.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self.notes: list[str] = []
        self.header: list[str] = []

    def fault(self, rule: str, repair: str, column: str = "", rows: tuple[int, ...] = ()) -> None:
        """
        Note a structural fault.

        Parameters
        ----------
        rule, repair, column : str
            As in ``Fault``.
        rows : tuple of int
            Line numbers.
        """
        self.faults.append(Fault(self.file, rule, repair, column=column, rows=rows))

    def stop(self) -> None:
        """
        Raise what was found so far, if anything was.

        Raises
        ------
        TableError
            With every fault.
        """
        if self.faults:
            raise TableError(self.faults, self.header)


def read_bytes(path: str | Path) -> bytes:
    """
    Read a whole file, or say why it can't be read.

    Parameters
    ----------
    path : str or Path
        File.

    Returns
    -------
    bytes
        Its content, never empty.

    Raises
    ------
    InputError
        When it is missing, a folder, not readable or empty.
    """
    reading = Reading(str(path))
    content = b""
    try:
        if Path(path).exists() and not Path(path).is_file() and not Path(path).is_dir():
            reading.fault("this is not a file that can be read", "export the table to a file")
            reading.stop()
        content = Path(path).read_bytes()
        if not content[:64].strip() and not content.strip():
            reading.fault("the file is empty", "export the table again")
    except FileNotFoundError:
        reading.fault("the file does not exist", "create it or correct the path")
    except IsADirectoryError:
        reading.fault("this is a folder, not a file", "name the table inside it")
    except PermissionError:
        reading.fault("the file may not be read", "ask for permission to read it")
    except (OSError, ValueError):  # a loop of links, a name too long or with a NUL character
        reading.fault("the file can't be read", "correct the path")
    reading.stop()
    return content


def name_header(cells: Iterable[str], reading: Reading, number_repeated: bool = False) -> list[str]:
    """
    Check the names of the columns.

    Parameters
    ----------
    cells : iterable of str
        Cells of the header.
    reading : Reading
        Gathers faults.
    number_repeated : bool
        A name that stands again gets a number (REDCap's labelled exports repeat labels) instead of
        being a fault.

    Returns
    -------
    list of str
        Names, blanks removed; empty where a column has none.
    """
    names = [" ".join(cell.split()) for cell in cells]
    named = [n for n in names if n]
    if number_repeated:
        seen: dict[str, int] = {}
        for i, name in enumerate(names):
            seen[name] = seen.get(name, 0) + 1
            if name and seen[name] > 1:
                names[i] = f"{name} ({seen[name]})"
    else:
        for name in dict.fromkeys(n for n in named if named.count(n) > 1):
            rule = f"the column stands {named.count(name)} times in the header"
            reading.fault(rule, "rename or remove all but one", column=name)
    reading.header = [n for n in names if n]
    if not named:
        reading.fault("the header has no column names", "write names into the first row")
    return names


def cell_text(value: object, decimal: str = ".") -> str:
    """
    Write a typed cell as the text that stands in a table.

    Parameters
    ----------
    value : object
        Number, date, text, truth value or nothing.
    decimal : str
        Decimal mark.

    Returns
    -------
    str
        Dates as ``2020-01-31`` (a time of midnight is left out), whole numbers without decimals,
        nothing and ``nan`` as the empty string.

    Examples
    --------
    >>> cell_text(61.5, ","), cell_text(3.0), cell_text(dt.datetime(2020, 1, 31))
    ('61,5', '3', '2020-01-31')
    """
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        text = repr(value)
        # 0.1 + 0.2 in a spreadsheet is 0.30000000000000004 in the file, 0.3 on the screen.
        short = f"{value:.15g}"
        return (short if len(short) < len(text) else text).replace(".", decimal)
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    return str(value).strip()


def join_header(rows: list[list[str]], merged: bool = False) -> list[str]:
    """
    Make one name per column out of one or several header rows.

    Parameters
    ----------
    rows : list of list of str
        Cells of the header rows, the upper one first.
    merged : bool
        Kept for spreadsheets, where a merged cell holds its text in its first cell only: the
        other rows' empty cells take the text to their left.

    Returns
    -------
    list of str
        Texts joined by a blank.

    Examples
    --------
    >>> join_header([["Labor", ""], ["Hb", "CRP"]], merged=True)
    ['Labor Hb', 'Labor CRP']
    """
    width = max((len(r) for r in rows), default=0)
    full = [[c.strip() for c in r] + [""] * (width - len(r)) for r in rows]
    if merged:
        for row in full[:-1]:
            for i in range(1, width):
                row[i] = row[i] or row[i - 1]
    return [" ".join(dict.fromkeys(r[i] for r in full if r[i])) for i in range(width)]


def as_text(values: pa.ChunkedArray, decimal: str) -> pa.ChunkedArray | None:
    """
    Write a typed column as text.

    Parameters
    ----------
    values : pyarrow.ChunkedArray
        Numbers, texts, dates or truth values.
    decimal : str
        Decimal mark of the texts.

    Returns
    -------
    pyarrow.ChunkedArray or None
        Texts, the empty one where nothing stands; None for nested values.
    """
    kind = values.type
    if pa.types.is_dictionary(kind):
        values, kind = values.cast(kind.value_type), kind.value_type
    if pa.types.is_nested(kind):
        return None
    if pa.types.is_floating(kind):
        values = pc.if_else(pc.is_finite(values), values, None)
        text = values.cast(pa.string())
        text = text if decimal == "." else pc.replace_substring(text, ".", decimal)
    elif pa.types.is_timestamp(kind):
        text = pc.strftime(values, "%Y-%m-%d %H:%M:%S")
        text = pc.replace_substring_regex(text, r" 00:00:00(\.0+)?$", "")
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return None
    else:
        text = values.cast(pa.string())
    return pc.utf8_trim_whitespace(pc.fill_null(text, ""))
