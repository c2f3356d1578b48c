"""Patients whose values, and whose points of other scores, are given instead of computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from spinemets import contract
from spinemets.scores import engine
from spinemets.scores.cells import Numbers
from spinemets.scores.definition import Definition
from spinemets.scores.schema import Band
from spinemets.scores.table import PatientTable

#: A column of the patient table, or ``score:<id>`` / ``score:<id>:<item>``.
Source = str


@dataclass
class FixedScore:
    """Totals and item points of another score, given instead of computed."""

    bands: tuple[Band, ...]
    values: dict[str | None, npt.NDArray[np.float64]] = field(default_factory=dict)

    def band_range(self) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int16], list[str]]:
        """
        Bands of the totals that were set.

        Returns
        -------
        tuple
            Position of the band, twice, and the band ids.
        """
        position = engine.band_of(self.values[None], self.bands)
        return position, position, [band.id for band in self.bands]

    def numbers(self, item: str | None) -> Numbers:
        """
        Give the points that were set.

        Parameters
        ----------
        item : str or None
            Item; None for the total.

        Returns
        -------
        Numbers
            Exact points.
        """
        return Numbers(self.values[item], self.values[item])

    def states(self, item: str | None) -> npt.NDArray[np.int8]:
        """
        Everything is known.

        Parameters
        ----------
        item : str or None
            Item; None for the total.

        Returns
        -------
        ndarray of int8
            Zeros.
        """
        return np.zeros(len(self.values[item]), dtype=np.int8)


def table_of(
    columns: Mapping[Source, Sequence[Any]], library: Mapping[str, Definition]
) -> PatientTable:
    """
    Make a table of patients given by columns and by points of other scores.

    Parameters
    ----------
    columns : Mapping of str to sequence
        Column, or ``score:...``, to values of equal length.
    library : Mapping of str to Definition
        Other scores.

    Returns
    -------
    PatientTable
        One row per position, not harmonised.
    """
    n = len(next(iter(columns.values())))
    plain = {k: v for k, v in columns.items() if not k.startswith("score:")}
    plain = {k: _booleans(k, v) for k, v in plain.items()}
    table = PatientTable(plain, n)
    for source, values in columns.items():
        if source.startswith("score:"):
            _, name, *item = source.split(":")
            fixed = table.scores.setdefault(name, FixedScore(library[name].bands))
            assert isinstance(fixed, FixedScore)
            fixed.values[item[0] if item else None] = np.asarray(values, dtype=float)
    return table


def _booleans(name: str, values: Sequence[Any]) -> Sequence[Any]:
    if contract.columns()[name].kind == "boolean":
        return [None if v is None else v in (True, "true") for v in values]
    return values
