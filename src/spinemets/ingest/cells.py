"""Cells of a source column as codes into their distinct texts, and what a conversion gives back."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from spinemets.contract import Column
from spinemets.ingest.mapping import Scalar

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Terms = list[str]


@dataclass
class Problem:
    """
    Values that break one rule.

    Parameters
    ----------
    rule, repair : str
        In words, never a value.
    rows : numpy.ndarray of bool
        Rows concerned.
    structural : bool
        True when the whole column was read wrongly.
    """

    rule: str
    repair: str
    rows: Mask
    structural: bool = False


@dataclass
class Converted:
    """
    One contract column, and what happened on the way.

    Parameters
    ----------
    columns : dict of str to pandas.Series
        The column; for an interval also its two companions.
    problems : list of Problem
        Rules that values broke; those values are missing in ``columns``.
    conversions : list of tuple
        Conversion in words, number of values, flag.
    told : dict of str to pandas.Series
        Other columns that the cells say something of (the biology that words for a primary carry);
        used where the source has no value of its own.
    """

    columns: dict[str, pd.Series] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    conversions: list[tuple[str, int, str]] = field(default_factory=list)
    told: dict[str, pd.Series] = field(default_factory=dict)


@dataclass(frozen=True)
class Coded:
    """Cells as codes into their distinct texts; -1 is missing."""

    codes: npt.NDArray[np.int64]
    terms: Terms

    def rows(self, of_term: Mask) -> Mask:
        """
        Rows whose term is marked.

        Parameters
        ----------
        of_term : numpy.ndarray of bool
            One mark per term.

        Returns
        -------
        numpy.ndarray of bool
            One mark per row; False where missing.
        """
        return np.append(of_term, False)[self.codes]


def key(text: str) -> str:
    """
    Normal form in which codes and words are compared.

    Parameters
    ----------
    text : str
        Code or word.

    Returns
    -------
    str
        Lower case, single blanks; a whole number without its decimals.

    Examples
    --------
    >>> key(" In  Bed"), key("1.0")
    ('in bed', '1')
    """
    plain = " ".join(text.split()).casefold()
    whole = re.fullmatch(r"([-+]?\d+)\.0+", plain)
    return whole.group(1) if whole else plain


def encode(cells: pa.ChunkedArray, missing: list[str]) -> Coded:
    """
    Find the distinct texts of a column and mark missing codes.

    Parameters
    ----------
    cells : pyarrow.ChunkedArray
        Texts; the empty one is missing.
    missing : list of str
        Codes that mean missing.

    Returns
    -------
    Coded
        Codes and terms.
    """
    array = cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
    coded = pc.dictionary_encode(array, null_encoding="mask")
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    terms: Terms = coded.dictionary.to_pylist()
    absent = {"", *(m.strip() for m in missing)}
    numeric = {key(m) for m in absent if re.fullmatch(r"[-+]?\d+(\.\d+)?", m)}
    gone = np.array([t in absent or (bool(numeric) and key(t) in numeric) for t in terms], bool)
    if gone.any():
        codes = np.where(np.append(gone, False)[codes], -1, codes)
    return Coded(codes, terms)


def written(value: Scalar) -> str:
    """
    Write a value as the text that stands in a table.

    Parameters
    ----------
    value : bool, int, float, str or None
        The value.

    Returns
    -------
    str
        ``"true"`` and ``"false"`` for booleans.

    Examples
    --------
    >>> written(True)
    'true'
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def counted(cells: Coded, marked: Mask, words: str, flag: str) -> list[tuple[str, int, str]]:
    """
    Count the rows whose term is marked, as an entry of the transformation log.

    Parameters
    ----------
    cells : Coded
        Cells of the source.
    marked : numpy.ndarray of bool
        One mark per term.
    words, flag : str
        Conversion and caveat.

    Returns
    -------
    list of tuple
        One entry, or none when no row is marked.
    """
    n = int(cells.rows(marked).sum()) if marked.any() else 0
    return [(words, n, flag)] if n else []


def numeric_series(column: Column, values: Floats) -> pd.Series:
    """
    Store numbers in the nullable type of a contract column.

    Parameters
    ----------
    column : Column
        Column of the contract.
    values : numpy.ndarray of float
        Numbers; ``nan`` is missing.

    Returns
    -------
    pandas.Series
        ``Int64`` or ``Float64``.
    """
    missing = np.isnan(values)
    if column.kind == "integer":
        whole = np.where(missing, 0, values).astype(np.int64)
        return pd.Series(pd.arrays.IntegerArray(whole, missing))
    return pd.Series(pd.arrays.FloatingArray(np.where(missing, 0.0, values), missing))
