"""What is gathered while one cohort is ingested: faults, counts, notes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from spinemets.errors import Fault, InputError
from spinemets.settings import Cohort


class Work:
    """
    Everything gathered while one cohort is ingested.

    Parameters
    ----------
    cohort : Cohort
        Its entry in the configuration.
    """

    def __init__(self, cohort: Cohort) -> None:
        self.cohort = cohort
        self.structural: list[Fault] = []
        self.value: list[Fault] = []
        self.flow: list[tuple[str, str, int]] = []
        self.quality: list[tuple[str, str, str, int, str, str]] = []
        self.transformations: list[tuple[str, str, int, str]] = []

    def stop_if_structural(self, also: Iterable[Fault] = ()) -> None:
        """
        Raise the structural faults found so far, if there are any.

        Parameters
        ----------
        also : iterable of Fault
            Faults to report with them.

        Raises
        ------
        InputError
            With every fault.
        """
        if self.structural:
            raise InputError([*self.structural, *also])

    def table(self, rows: Sequence[Any], names: list[str]) -> pd.DataFrame:
        """
        Put rows into a table that begins with the cohort.

        Parameters
        ----------
        rows : sequence of tuple
            Cells behind the cohort's id.
        names : list of str
            Column names, ``cohort`` first.

        Returns
        -------
        pandas.DataFrame
            One row each.
        """
        return pd.DataFrame([(self.cohort.id, *r) for r in rows], columns=names)
