"""
Read a table of any kind: text, workbook, Parquet, SPSS, Stata, SAS.

The kind is recognised by the first bytes of the file, then by its name; where the mapping declares
another one, that is a fault. Every reader gives cells as text (``RawTable``), so that everything
behind it is the same for all sources.
"""

from __future__ import annotations

from pathlib import Path

from spinemets.errors import Fault, InputError
from spinemets.ingest.detect import SUFFIXES, TYPED, detect_kind
from spinemets.ingest.mapping import TableOptions
from spinemets.ingest.readers_common import Reading, read_bytes
from spinemets.ingest.readers_text import read_text_table
from spinemets.ingest.tables import RawTable

_WORDS = {
    "excel": "a spreadsheet",
    "parquet": "a Parquet file",
    "spss": "an SPSS file",
    "stata": "a Stata file",
    "sas": "a SAS file",
    "text": "a text table",
}


def read_table(path: str | Path, options: TableOptions) -> RawTable:
    """
    Read a table.

    Parameters
    ----------
    path : str or Path
        File.
    options : TableOptions
        What the mapping declares of it.

    Returns
    -------
    RawTable
        Cells as text.

    Raises
    ------
    InputError
        With every structural fault of the file at once.
    """
    kind = kind_of(path, options)
    if kind == "excel":
        from spinemets.ingest.readers_excel import read_workbook

        return read_workbook(path, options)
    if kind in TYPED:
        from spinemets.ingest.readers_typed import read_typed

        return read_typed(path, kind, options)
    return read_text_table(path, options)


def kind_of(path: str | Path, options: TableOptions) -> str:
    """
    Recognise what a file is, and hold it against what the mapping declares.

    Parameters
    ----------
    path : str or Path
        File.
    options : TableOptions
        With ``format``.

    Returns
    -------
    str
        ``text``, ``excel``, ``parquet``, ``spss``, ``stata`` or ``sas``.

    Raises
    ------
    InputError
        When it can't be read, or is something else than declared.
    """
    path = Path(path)
    reading = Reading(str(path))
    head = b""
    if path.is_file():
        with path.open("rb") as file:
            head = file.read(64)
    else:
        read_bytes(path)  # says why it can't be read
    kind = detect_kind(head, path.suffix)
    if kind not in _WORDS:
        reading.fault(f"this is {kind}, not a table", "unpack it, or export the table as CSV")
    elif options.format != "auto" and kind != (
        options.format if options.format in TYPED else "text"
    ):
        wanted = _WORDS.get(options.format, "a text table")
        rule = f"this is {_WORDS[kind]}, the mapping declares {wanted}"
        reading.fault(rule, f"write `format: {kind if kind in TYPED else 'auto'}` into the mapping")
    elif kind == "text" and head and SUFFIXES.get(path.suffix.lower()) in TYPED:
        wanted = _WORDS[SUFFIXES[path.suffix.lower()]]
        rule = f"by its name this is {wanted}, but its content isn't (truncated? renamed?)"
        reading.fault(rule, "export it again, or give a text table the ending .csv")
    reading.stop()
    return kind


def try_read(path: str | Path, options: TableOptions, faults: list[Fault]) -> RawTable | None:
    """
    Read a table, gathering what is wrong with it instead of raising.

    Parameters
    ----------
    path : str or Path
        File.
    options : TableOptions
        How it is read.
    faults : list of Fault
        Structural faults are added here.

    Returns
    -------
    RawTable or None
        None when it can't be read.
    """
    try:
        return read_table(path, options)
    except InputError as err:
        faults += err.faults
    return None
