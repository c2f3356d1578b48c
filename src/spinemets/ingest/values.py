"""Cells of one source column become values of one contract column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from spinemets import contract
from spinemets.contract import Column
from spinemets.ingest import dates
from spinemets.ingest.categories import category, filled
from spinemets.ingest.cells import Coded, Converted, written
from spinemets.ingest.codes import from_codes
from spinemets.ingest.gate import NINETY
from spinemets.ingest.grades import grades
from spinemets.ingest.mapping import ColumnMap, Scalar
from spinemets.ingest.numbers import number
from spinemets.ingest.scheme import scheme


@dataclass(frozen=True)
class Around:
    """
    What a column needs to know of the rest of its table.

    Parameters
    ----------
    decimal : str
        Decimal mark, ``"."`` or ``","``.
    zero : ndarray of datetime64[D] or None
        Time zero of every row; None when the mapping declares no dates.
    """

    decimal: str = "."
    zero: dates.Dates | None = None


def convert(
    column: Column, entry: ColumnMap, cells: Coded, around: Around, morphology: Coded | None = None
) -> Converted:
    """
    Convert one source column.

    Parameters
    ----------
    column : Column
        Target in the contract.
    entry : ColumnMap
        Its entry in the mapping.
    cells : Coded
        Cells of the source.
    around : Around
        Decimal mark and time zero of the table.
    morphology : Coded, optional
        ICD-O-3 morphology beside the topography.

    Returns
    -------
    Converted
        Values, problems and conversions.
    """
    if entry.filled:
        return filled(column, entry, cells)
    if entry.system == "icd":
        return from_codes(entry, cells, morphology)
    if entry.date:
        return _capped(column, entry, dates.interval(column, entry, cells, around.zero))
    if entry.scheme:
        return scheme(column, entry, cells)
    if column.name in ("kps", "ecog"):
        return grades(column, entry, cells, around.decimal)
    if column.is_numeric:
        return _capped(column, entry, number(column, entry, cells, around.decimal))
    return category(column, entry, cells)


def _capped(column: Column, entry: ColumnMap, done: Converted) -> Converted:
    """Put everybody above 89 into one age, where the mapping says so."""
    if entry.cap is None:
        return done
    ages = done.columns[column.name]
    old = ages.ge(NINETY).fillna(False).astype(bool)
    done.columns[column.name] = ages.mask(old, entry.cap)
    if old.any():
        words = f"ages above 89 read as {entry.cap:g}"
        done.conversions.append((words, int(old.sum()), entry.flag))
    return done


def constant(column: Column, value: Scalar, n: int) -> Converted:
    """
    Give every patient the same value.

    Parameters
    ----------
    column : Column
        Target in the contract.
    value : bool, int, float or str
        The value.
    n : int
        Number of patients.

    Returns
    -------
    Converted
        The column, with the conversion noted.
    """
    stored = value if column.kind == "boolean" or column.is_numeric else written(value)
    dtype: Any = contract.pandas_dtype(column)
    series = pd.Series([stored] * n, dtype=dtype)
    return Converted({column.name: series}, [], [("the same value for every patient", n, "")])
