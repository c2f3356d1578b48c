"""A CSV file of patients, as texts, for scoring without a mapping."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from spinemets.errors import Fault, InputError
from spinemets.ingest.detect import BINARY, detect_delimiter, detect_encoding

if TYPE_CHECKING:
    import pandas as pd


def read_csv(path: Path) -> tuple[pd.DataFrame, list[int]]:
    """
    Read a table with a header; lines beginning with ``#`` and empty lines are left out.

    Parameters
    ----------
    path : Path
        CSV file; comma, semicolon, tab or vertical bar, UTF-8, UTF-16 or Windows text.

    Returns
    -------
    frame : DataFrame
        Texts, as they stand.
    lines : list of int
        Line of the file on which each row ends.

    Raises
    ------
    InputError
        When it can't be read, is no text, has no header, or rows have more or fewer cells.
    """
    import pandas as pd

    text = _text(path)
    first = next((t for t in text.splitlines() if t.strip() and not t.startswith("#")), None)
    if first is None:
        raise _error(path, "the file holds no table", "write the names of the columns first")
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=detect_delimiter(first) or ",", strict=True
    )
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        for row in reader:
            if any(cell.strip() for cell in row) and not row[0].startswith("#"):
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as err:
        rule = f"line {reader.line_num} is not CSV ({err})"
        raise _error(path, rule, "close the quotes in that line") from None
    header, body = rows[0], rows[1:]
    ragged = [n for n, row in zip(lines[1:], body, strict=True) if len(row) != len(header)]
    if ragged:
        rule = f"rows with more or fewer than the {len(header)} cells of the header"
        repair = "quote cells that hold the delimiter; decimal commas go with semicolons"
        raise InputError([Fault(str(path), rule, repair, rows=tuple(ragged))])
    return pd.DataFrame(body, columns=pd.Index(header, dtype=object), dtype=object), lines[1:]


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as err:
        rule = f"the table can't be read ({err.strerror or type(err).__name__})"
        raise _error(path, rule, "correct the path") from None
    kind = next((name for start, name in BINARY.items() if raw.startswith(start)), None)
    if kind is not None:
        repair = "save the table as CSV, or bring it in through a mapping: `spinemets init`"
        raise _error(path, f"this is {kind}, not a CSV file", repair)
    try:
        return raw.decode(detect_encoding(raw))
    except UnicodeDecodeError:
        raise _error(path, "the table can't be read as text", "save it as UTF-8") from None


def _error(path: Path, rule: str, repair: str) -> InputError:
    return InputError([Fault(str(path), rule, repair)])
