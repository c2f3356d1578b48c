"""
Text tables: what encoding, delimiter and decimal mark a file has, and its cells.

What was detected has to agree with what the mapping declares (or with the default): a wrong guess
is a structural fault whose repair is the line to add, so that no run depends on a guess that
nobody saw. With ``auto`` in the mapping the detection is used, and reported.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from spinemets.ingest.detect import (
    DELIMITERS,
    PROBE,
    detect_delimiter,
    detect_encoding,
    mixed_encodings,
)
from spinemets.ingest.mapping import TableOptions
from spinemets.ingest.readers_common import Reading, join_header, name_header, read_bytes
from spinemets.ingest.tables import Lines, RawTable

#: White space of ASCII beside the ends of lines.
_WHITE: Final = (b" ", b"\t", b"\v", b"\f", b"\x1c", b"\x1d", b"\x1e", b"\x1f")
#: Bytes that are parsed at once, and how many a column adds: a row has to fit.
_BLOCK, _BLOCK_OF_COLUMN = 1 << 22, 1 << 11


@dataclass(frozen=True)
class Layout:
    """Where header and rows of a text table stand."""

    header: list[str]
    header_line: int
    content: bytes
    begin: int
    first_line: int
    delimiter: str

    def body(self) -> bytes:
        """Copy the rows; a table of a gigabyte is parsed where it lies, so only faults ask."""
        return self.content[self.begin :]


def read_text_table(path: str | Path, options: TableOptions) -> RawTable:
    """
    Read a CSV or TSV file (also with cBioPortal's ``#`` lines before the header).

    Parameters
    ----------
    path : str or Path
        File.
    options : TableOptions
        Encoding, delimiter and decimal mark that the mapping declares.

    Returns
    -------
    RawTable
        Cells as text.

    Raises
    ------
    InputError
        With every structural fault of the file at once.
    """
    raw = read_bytes(path)
    reading = Reading(str(path))
    content = _to_utf8(raw, options, reading)
    del raw
    layout = _layout(content, Path(path), options, reading)
    layout.header[:] = name_header(layout.header, reading, options.format == "redcap")
    # Looking at the beginning first: stripping would copy the whole table.
    if (
        not layout.content[layout.begin : layout.begin + PROBE].strip()
        and not layout.body().strip()
    ):
        reading.fault("the table has a header but no rows", "export it with its rows")
    reading.stop()
    table = _parse(layout, reading, options.decimal)
    reading.stop()
    return table


# -- encoding ----------------------------------------------------------------------------------
def _to_utf8(raw: bytes, options: TableOptions, reading: Reading) -> bytes:
    """Decode as declared; where that can't be what the file is, say so and read it as it is."""
    found = detect_encoding(raw)
    declared = found if options.encoding == "auto" else options.encoding
    if options.encoding == "auto" and found != "utf-8":
        reading.notes.append(f"text encoding detected: {found}")
    if not _compatible(declared, found, raw):
        words = {"utf-8-sig": "begins with a byte-order mark", "cp1252": "is not UTF-8"}
        rule = f"the text {words.get(found, f'is {found.upper()}')}, declared is {declared}"
        reading.fault(rule, f"write `encoding: {found}` into the mapping, or save it as UTF-8")
        declared = found
    mixed = mixed_encodings(raw) if found == "cp1252" else ()
    if mixed:
        rule = "the text mixes UTF-8 with another encoding (lines that aren't UTF-8 are named)"
        reading.fault(rule, "export it again in one encoding, UTF-8 is best", rows=mixed)
    try:
        content = raw if declared == "utf-8" else raw.decode(declared).encode("utf-8")
    except UnicodeError:
        rule = f"the text can't be read as {declared}"
        reading.fault(rule, f"write `encoding: {found}` into the mapping")
        content = raw.decode("cp1252", errors="replace").encode("utf-8")
    content = content.removeprefix(codecs.BOM_UTF8)
    if b"\0" in content:
        reading.fault("the text holds NUL characters", "export the table again as plain text")
        reading.stop()
    return content


def _compatible(declared: str, found: str, raw: bytes) -> bool:
    """Whether a text that looks like one encoding can be read as another."""
    name = codecs.lookup(declared).name
    if name == codecs.lookup(found).name:
        return True
    wide = ("utf-16", "utf-32")
    if name.startswith(wide) or found.startswith(wide):
        return name.startswith(wide) and name[:6] == found[:6]
    if found == "cp1252":  # any one-byte encoding looks like this
        return not name.startswith("utf-8")
    return raw.isascii() or (name.startswith("utf-8") and found == "utf-8")


# -- layout ------------------------------------------------------------------------------------
def _layout(content: bytes, path: Path, options: TableOptions, reading: Reading) -> Layout:
    """Find the header (declared, or behind blank and ``#`` lines), and the delimiter."""
    start, line = 0, 1
    declared = options.header
    while True:
        end = _line_end(content, start)
        text = content[start:end].strip()
        if line == declared[0] if declared else text and not text.startswith(b"#"):
            break
        if end >= len(content):
            what = "holds comments but no table"
            what = "has no such row, which the mapping declares as header" if declared else what
            reading.fault(f"the file {what}", "correct `header`, or export the table again")
            reading.stop()
        start, line = end, line + 1
    head = content[start : start + PROBE].decode("utf-8", errors="replace")
    first = content[start : _line_end(content, start)].decode("utf-8", errors="replace")
    delimiter = _delimiter(first.rstrip("\r\n"), path, options, reading)
    stream = _Counting(head)
    rows = csv.reader(stream, delimiter=delimiter)
    header = join_header([next(rows, []) for _ in declared or (1,)])
    begin = start + stream.n_bytes
    return Layout(header, line, content, begin, line + stream.n_lines, delimiter)


def _line_end(content: bytes, start: int) -> int:
    """Offset just behind the line that begins at ``start`` (LF, CRLF or CR)."""
    lf = content.find(b"\n", start)
    cr = content.find(b"\r", start, len(content) if lf < 0 else lf)
    if cr >= 0 and (lf < 0 or cr < lf - 1):
        return cr + 1
    return len(content) if lf < 0 else lf + 1


class _Counting:
    """Lines of a text, counting how many bytes the CSV reader took."""

    def __init__(self, text: str) -> None:
        self._lines = iter(io.StringIO(text, newline=""))
        self.n_bytes = self.n_lines = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.n_bytes += len(line.encode("utf-8"))
        self.n_lines += 1
        return line


def _delimiter(header: str, path: Path, options: TableOptions, reading: Reading) -> str:
    found = detect_delimiter(header)
    by_name = "\t" if path.suffix.lower() in (".tsv", ".txt") else ","
    if options.format in ("tsv", "cbioportal"):
        by_name = "\t"
    if options.delimiter == "auto":
        if found and found != by_name:
            reading.notes.append(f"delimiter detected: {DELIMITERS[found]}")
        return found or by_name
    declared = {"tab": "\t", None: by_name}.get(options.delimiter, options.delimiter) or by_name
    if declared not in header and found is not None:
        rule = (
            f"wrong delimiter: the header is one cell when split at {_name(declared)}, "
            f"and {header.count(found) + 1} when split at {_name(found)}"
        )
        written = "tab" if found == "\t" else f'"{found}"'
        reading.fault(rule, f"add `delimiter: {written}` to the mapping")
        return found
    return declared


def _name(delimiter: str) -> str:
    return DELIMITERS.get(delimiter, repr(delimiter))


# -- rows --------------------------------------------------------------------------------------
def _parse(layout: Layout, reading: Reading, decimal: str) -> RawTable:
    keys = [str(i) for i in range(len(layout.header))]
    table = _arrow(layout, keys, reading)
    if table is None:
        return RawTable(reading.file, {}, 0, lambda: np.zeros(0, np.int64))
    columns = {}
    blanks = _blanks(layout)
    for key, name in zip(keys, layout.header, strict=True):
        cells = pc.utf8_trim_whitespace(table[key]) if blanks else table[key]
        table = table.drop_columns(key)  # not held twice
        if name:
            columns[name] = cells
        elif pc.any(pc.not_equal(cells, "")).as_py():
            reading.notes.append("a column without a name was not read")
    n = len(cells)
    return RawTable(reading.file, columns, n, _lines(layout, n), reading.notes, decimal=decimal)


def _blanks(layout: Layout) -> bool:
    """Whether a cell may begin or end with white space; only then is every cell trimmed."""
    text, begin = layout.content, layout.begin
    if not text.isascii() or text.find(b'"', begin) >= 0:
        return True
    blanks = [b for b in _WHITE if b != layout.delimiter.encode() and text.find(b, begin) >= 0]
    edges = (layout.delimiter.encode(), b"\n", b"\r")
    pairs = [pair for b in blanks for edge in edges for pair in (b + edge, edge + b)]
    ends = (text[begin : begin + 1], text[-1:])
    return any(b in ends for b in blanks) or any(text.find(pair, begin) >= 0 for pair in pairs)


def _arrow(layout: Layout, keys: list[str], reading: Reading) -> pa.Table | None:
    """Parse with pyarrow; what it says of a bad row holds the row, so only numbers are kept."""
    bad = 0

    def count(_: object) -> str:
        nonlocal bad
        bad += 1
        return "skip"

    block = max(_BLOCK, _BLOCK_OF_COLUMN * len(keys))
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(pa.py_buffer(layout.content).slice(layout.begin)),
            read_options=arrow_csv.ReadOptions(column_names=keys, block_size=block),
            parse_options=arrow_csv.ParseOptions(
                delimiter=layout.delimiter,
                # Without a quotation mark no cell holds a line break: blocks are cut in parallel.
                newlines_in_values=layout.content.find(b'"', layout.begin) >= 0,
                invalid_row_handler=count,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(keys, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        rule = "the rows can't be split into cells (a quotation mark that is never closed?)"
        reading.fault(rule, "look for an odd quotation mark, export the table again")
        return None
    if bad:
        rows = tuple(line for line, cells in _records(layout) if len(cells) != len(keys))
        rule = f"rows with more or fewer cells than the header ({len(keys)})"
        repair = "check the delimiter and the quotation of cells (a decimal comma?)"
        reading.fault(rule, repair, rows=rows)
        return None
    return None if _swallowed(layout, table, reading) else table


def _swallowed(layout: Layout, table: pa.Table, reading: Reading) -> bool:
    """Whether a quotation mark that isn't closed made whole rows a part of one cell."""
    between = len(table.column_names) - 1
    # Of two columns a comment with a comma in its second line can't be told from a row.
    if between < 2 or layout.content.find(b'"', layout.begin) < 0:
        return False
    rows: set[int] = set()
    for cells in table.columns:
        broken = pc.indices_nonzero(pc.match_substring_regex(cells, r"[\r\n]"))
        for row, cell in zip(broken.to_pylist(), cells.take(broken).to_pylist(), strict=True):
            if any(line.count(layout.delimiter) >= between for line in cell.splitlines()[1:]):
                rows.add(row)
    if rows:
        rule = "a quoted cell holds whole rows (a quotation mark that is never closed?)"
        repair = "close the quotation mark in this row, or export the table again"
        lines = tuple(line for i, (line, _) in enumerate(_records(layout)) if i in rows)
        reading.fault(rule, repair, rows=lines)
    return bool(rows)


def _records(layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """Line and cells of every row, slowly; for naming rows only."""
    text = layout.body().decode("utf-8", errors="replace")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=layout.delimiter)
    before = 0
    for cells in reader:
        if cells:
            yield layout.first_line + before, cells
        before = reader.line_num


def _lines(layout: Layout, n: int) -> Callable[[], Lines]:
    """Line of every row: consecutive unless a cell holds a line break or a line is blank."""
    first, end = layout.first_line, len(layout.content)
    while end > layout.begin and layout.content[end - 1] in b"\r\n":
        end -= 1
    breaks = layout.content.count(b"\n", layout.begin, end)
    pairs = layout.content.count(b"\r\n", layout.begin, end)
    lone = layout.content.count(b"\r", layout.begin, end) - pairs
    if breaks + 1 == n and not lone:
        # The content isn't kept for it.
        return lambda: np.arange(first, first + n, dtype=np.int64)

    def slowly() -> Lines:
        found = np.fromiter((line for line, _ in _records(layout)), dtype=np.int64)
        # The two parsers differ only on files that are broken in ways not seen yet.
        return found if len(found) == n else np.arange(n, dtype=np.int64) + first

    return slowly
