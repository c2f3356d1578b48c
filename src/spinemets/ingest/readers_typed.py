"""Tables that know their types: Parquet, SPSS, Stata and SAS, with labels of columns and values."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyreadstat
from pyarrow import parquet

from spinemets.ingest.mapping import TableOptions
from spinemets.ingest.readers_common import Reading, as_text, cell_text, name_header
from spinemets.ingest.tables import RawTable


def read_typed(path: str | Path, kind: str, options: TableOptions) -> RawTable:
    """
    Read a Parquet, SPSS, Stata or SAS file.

    Parameters
    ----------
    path : str or Path
        File.
    kind : {"parquet", "spss", "stata", "sas"}
        What it is.
    options : TableOptions
        ``value_labels``, ``catalog`` and ``decimal`` are looked at.

    Returns
    -------
    RawTable
        Cells as text. Values that SPSS or Stata declare missing are empty; a code with a value
        label is its label unless ``value_labels: false``. Rows are counted from 1, the header
        being no row of such a file, so that row numbers are those that these programs show.

    Raises
    ------
    InputError
        When the file is damaged, empty, or has no columns that can be read.
    """
    reading = Reading(str(path))
    decimal = "," if options.decimal == "," else "."
    if kind == "parquet":
        columns, labels, codes = _parquet(path, decimal, reading)
    else:
        columns, labels, codes = _statistics(Path(path), kind, options, decimal, reading)
    reading.stop()
    names = name_header(columns, reading)
    n = len(next(iter(columns.values()))) if columns else 0
    if columns and n == 0:
        reading.fault("the table has columns but no rows", "export it with its rows")
    reading.stop()
    return RawTable(
        str(path),
        {name: cells for name, cells in zip(names, columns.values(), strict=True) if name},
        n,
        lambda: np.arange(1, n + 1, dtype=np.int64),
        reading.notes,
        decimal,
        labels,
        codes,
    )


Parts = tuple[dict[str, pa.ChunkedArray], dict[str, str], dict[str, dict[str, str]]]


def _parquet(path: str | Path, decimal: str, reading: Reading) -> Parts:
    try:
        table = parquet.read_table(path)
    except (pa.ArrowException, OSError):
        reading.fault("the Parquet file is damaged or not complete", "export it again")
        return {}, {}, {}
    columns = {}
    for name in dict.fromkeys(table.column_names):
        if table.column_names.count(name) > 1:
            rule = f"the column stands {table.column_names.count(name)} times"
            reading.fault(rule, "rename or remove all but one", column=name)
            continue
        try:
            text = as_text(table[name], decimal)
        except pa.ArrowException:
            text = None
        if text is None:
            reading.notes.append("a column of nested or binary values was not read")
        else:
            columns[name] = text
    return columns, {}, {}


def _reader(path: Path, kind: str) -> Callable[..., Any]:
    if kind == "spss":
        return pyreadstat.read_sav
    if kind == "stata":
        return pyreadstat.read_dta
    head = path.read_bytes()[:20]
    return pyreadstat.read_xport if head.startswith(b"HEADER") else pyreadstat.read_sas7bdat


def _statistics(
    path: Path, kind: str, options: TableOptions, decimal: str, reading: Reading
) -> Parts:
    """Read with pyreadstat; what it says of a bad file is replaced, for it may hold values."""
    more: dict[str, Any] = {}
    if options.encoding not in ("utf-8", "auto"):
        more["encoding"] = options.encoding  # older files don't say theirs
    reader = _reader(path, kind)
    if reader is pyreadstat.read_xport and path.stat().st_size % 80:
        # The format has no number of rows; it consists of records of 80 bytes.
        reading.fault("the SAS transport file is not complete", "export it again")
        return {}, {}, {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data, meta = reader(str(path), output_format="dict", **more)
    except MemoryError:
        raise
    except Exception:  # pyreadstat raises plain exceptions of several kinds
        rule = f"the {kind.upper() if kind != 'stata' else 'Stata'} file is damaged, not complete, "
        reading.fault(rule + "or of a release that can't be read", "export it again")
        return {}, {}, {}
    names = [str(n) for n in data]
    labels = {n: t.strip() for n, t in meta.column_names_to_labels.items() if t and t.strip()}
    codes = {
        str(name): {cell_text(k): str(v).strip() for k, v in given.items()}
        for name, given in meta.variable_value_labels.items()
    }
    codes |= _catalogue(path, meta, options, reading)
    columns = {
        name: _column(data[name], codes.get(name, {}) if options.value_labels else {}, decimal)
        for name in names
    }
    return columns, labels, codes


def _catalogue(
    path: Path, meta: Any, options: TableOptions, reading: Reading
) -> dict[str, dict[str, str]]:
    """Value labels of a SAS file, which stand in a file of their own; formats name them."""
    if options.catalog is None:
        return {}
    catalog = path.parent / options.catalog
    labels = None
    if Path(options.catalog).name == options.catalog and catalog.is_file():
        try:
            labels = pyreadstat.read_sas7bcat(str(catalog))[1].value_labels
        except Exception:  # as above
            labels = None
    if labels is None:
        rule = "the catalogue of value labels isn't there, or can't be read"
        reading.fault(rule, "put the .sas7bcat beside the table, give its name", column="catalog")
        return {}
    named = {str(k).upper(): v for k, v in labels.items()}
    return {
        str(name): {cell_text(k): str(v).strip() for k, v in named[form.upper()].items()}
        for name, form in meta.original_variable_types.items()
        if form and form.upper() in named
    }


def _column(values: Any, labels: dict[str, str], decimal: str) -> pa.ChunkedArray:
    """One column as text, codes with a value label as their label."""
    array = np.asarray(values)
    if array.dtype.kind in "fiu":
        text = as_text(pa.chunked_array([pa.array(array, from_pandas=True)]), decimal)
    else:
        seen: dict[Any, str] = {}
        texts = []
        for value in values:
            if value not in seen:
                seen[value] = cell_text(value, decimal)
            texts.append(seen[value])
        text = pa.chunked_array([pa.array(texts, pa.string())])
    if text is None or not labels:
        return text
    coded = pc.dictionary_encode(text.combine_chunks())
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    words = [labels.get(_plain(t), t) for t in coded.dictionary.to_pylist()]
    return pa.chunked_array([pa.array(words, pa.string()).take(coded.indices)])


def _plain(text: str) -> str:
    return text.removesuffix(".0")
