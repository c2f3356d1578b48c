"""Cells of one source column become values of one contract column."""

from __future__ import annotations

from typing import Any

import pandas as pd

from spinemets import contract
from spinemets.contract import Column
from spinemets.ingest.categories import category
from spinemets.ingest.cells import Coded, Converted, written
from spinemets.ingest.grades import grades
from spinemets.ingest.mapping import ColumnMap, Scalar
from spinemets.ingest.numbers import number


def convert(column: Column, entry: ColumnMap, cells: Coded, decimal: str) -> Converted:
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
    decimal : str
        Decimal mark, ``"."`` or ``","``.

    Returns
    -------
    Converted
        Values, problems and conversions.
    """
    if column.name in ("kps", "ecog"):
        return grades(column, entry, cells, decimal)
    if column.is_numeric:
        return number(column, entry, cells, decimal)
    return category(column, entry, cells)


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
