"""A table as it was read: cells as text, and the line each row stands on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

Lines = npt.NDArray[np.int64]


@dataclass
class RawTable:
    """
    Cells of one file as text.

    Parameters
    ----------
    file : str
        File as the user named it.
    columns : dict of str to pyarrow.ChunkedArray
        Header to cells (strings, surrounding blanks removed; the empty string is an empty cell).
    n_rows : int
        Number of rows.
    find_lines : callable
        Gives the line of every row; called only when a fault has to name rows.
    notes : list of str
        What was detected while reading, for the person who reads the quality table.
    decimal : {".", ",", "auto"}
        Decimal mark of its numbers.
    labels : dict of str to str
        What the source says a column means (variable label, label of a form's field).
    codes : dict of str to dict of str to str
        Value labels: column to code to label, both as they stand in the source.
    unmatched : int
        Of a joined table: rows of the first one that it has no row for.
    """

    file: str
    columns: dict[str, pa.ChunkedArray]
    n_rows: int
    find_lines: Callable[[], Lines]
    notes: list[str] = field(default_factory=list)
    decimal: str = "."
    labels: dict[str, str] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    unmatched: int = 0

    @cached_property
    def lines(self) -> Lines:
        """
        Line of every row in the file; the header is line 1 when nothing stands before it.

        Returns
        -------
        numpy.ndarray
            One number per row.
        """
        return self.find_lines()

    def take(self, rows: npt.NDArray[np.int64]) -> RawTable:
        """
        Select and reorder rows.

        Parameters
        ----------
        rows : numpy.ndarray
            Row positions.

        Returns
        -------
        RawTable
            The same columns with these rows.
        """
        columns = {name: cells.take(rows) for name, cells in self.columns.items()}
        return replace(self, columns=columns, n_rows=len(rows), find_lines=lambda: self.lines[rows])
