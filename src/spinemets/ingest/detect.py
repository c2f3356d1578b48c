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
#: First bytes of files that aren't plain text, and the kind that the mapping's `format` calls them.
MAGIC: Final = {
    b"PK\x03\x04": "excel",
    b"\xd0\xcf\x11\xe0": "excel",
    b"PAR1": "parquet",
    b"$FL2": "spss",
    b"$FL3": "spss",
    b"<stata_dta>": "stata",
    b"HEADER RECORD*******": "sas",
    b"\0" * 12 + b"\xc2\xea\x81\x60": "sas",
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"%PDF": "a PDF file",
    b"{\\rtf": "an RTF document",
}
SUFFIXES: Final = {
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".xlsb": "excel",
    ".xls": "excel",
    ".ods": "excel",
    ".parquet": "parquet",
    ".sav": "spss",
    ".zsav": "spss",
    ".dta": "stata",
    ".sas7bdat": "sas",
    ".xpt": "sas",
}
#: Kinds that aren't text but are read.
TYPED: Final = ("excel", "parquet", "spss", "stata", "sas")


def detect_kind(head: bytes, suffix: str) -> str:
    """
    Recognise the kind of a file by its first bytes; by its name where those don't tell.

    Parameters
    ----------
    head : bytes
        Beginning of the file.
    suffix : str
        End of its name, with the point.

    Returns
    -------
    str
        ``excel``, ``parquet``, ``spss``, ``stata``, ``sas``, ``text``, or words for what can't
        be read.

    Examples
    --------
    >>> detect_kind(b"PAR1....", ".csv"), detect_kind(b"a;b", ".csv")
    ('parquet', 'text')
    """
    for magic, kind in MAGIC.items():
        if head.startswith(magic):
            return kind
    if suffix.lower() == ".dta" and head[:1] and 102 <= head[0] <= 115 and b"\0" in head[:12]:
        return "stata"  # releases before 117 have no words at their beginning
    return "text"


def mixed_encodings(raw: bytes) -> tuple[int, ...]:
    """
    Lines that aren't UTF-8 in a text whose other lines are, with characters beyond ASCII.

    Parameters
    ----------
    raw : bytes
        Content of a file that isn't UTF-8 as a whole.

    Returns
    -------
    tuple of int
        Line numbers; empty when no line holds UTF-8 beyond ASCII, so that it is one encoding.

    Examples
    --------
    >>> mixed_encodings("ä\\n".encode() + "ö\\n".encode("latin-1"))
    (2,)
    """
    bad, good = [], False
    for number, line in enumerate(raw.splitlines(), 1):
        if line.isascii():
            continue
        try:
            line.decode("utf-8")
            good = True
        except UnicodeDecodeError:
            bad.append(number)
    return tuple(bad) if good else ()


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
    if raw.isascii():
        return "utf-8"
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
