"""What a text file looks like: its encoding, its delimiter, or that it isn't a text at all."""

from __future__ import annotations

import codecs
import csv
from typing import Final

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
#: Bytes at the start of a file that are looked at to recognise what it is.
PROBE: Final = 1 << 20
BINARY: Final = {
    b"PK\x03\x04": "a spreadsheet or zip archive",
    b"\xd0\xcf\x11\xe0": "an old or encrypted spreadsheet",
    b"PAR1": "a Parquet file",
    b"$FL2": "an SPSS file",
    b"\x1f\x8b": "a gzip archive",
    b"%PDF": "a PDF file",
}


def detect_encoding(raw: bytes) -> str:
    """
    Recognise the encoding of a text.

    Parameters
    ----------
    raw : bytes
        Content of the file.

    Returns
    -------
    str
        Python name of the encoding: ``utf-8``, ``utf-8-sig``, ``utf-16`` (also without a
        byte-order mark), ``utf-32`` or, for what is none of these, ``cp1252``.

    Examples
    --------
    >>> detect_encoding("Schilddrüse".encode("latin-1"))
    'cp1252'
    """
    for bom, name in _BOMS:
        if raw.startswith(bom):
            return name
    head = raw[:PROBE]
    if head.count(b"\0") > len(head) // 4:
        return "utf-16-le" if head[1:2] == b"\0" else "utf-16-be"
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def detect_delimiter(header: str) -> str | None:
    """
    Recognise the delimiter from a header line.

    Parameters
    ----------
    header : str
        First line of the table.

    Returns
    -------
    str or None
        The delimiter that stands in it most often; None when there is none.

    Examples
    --------
    >>> detect_delimiter("patno;age;sex")
    ';'
    """
    counts = {d: next(csv.reader([header], delimiter=d), []) for d in DELIMITERS}
    best = max(counts, key=lambda d: len(counts[d]))
    return best if len(counts[best]) > 1 else None
