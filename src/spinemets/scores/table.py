"""Patients as arrays: codes for categories, lowest and highest possible value for numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spinemets import contract
from spinemets.scores.cells import (
    Bools,
    Codes,
    Floats,
    Numbers,
    ScoreNumbers,
    imprecise_levels,
    is_interval,
    levels_of,
    lookup_table,
    read_codes,
    read_numbers,
)

if TYPE_CHECKING:
    import pandas as pd

    from spinemets.scores.concepts import Contradiction, Narrower


class PatientTable:
    """
    Columns of the patient table as arrays, converted once and only when used.

    Parameters
    ----------
    source : Mapping of str to sequence
        Column name to values (a data frame is one); a column that isn't there is missing in all.
    n : int
        Number of patients.

    Notes
    -----
    A value outside the contract counts as missing and is remembered in ``rejected``: a score never
    uses it and says why.
    """

    def __init__(self, source: Mapping[str, Any], n: int) -> None:
        self.n = n
        self._source = source
        self._codes: dict[str, Codes] = {}
        self._numbers: dict[str, Numbers] = {}
        self._luts: dict[Any, npt.NDArray[np.int8]] = {}
        self.rejected: dict[str, Bools] = {}
        self.contradicted: dict[str, Bools] = {}
        self.readings: list[tuple[Narrower, Bools]] = []
        self.contradictions: list[tuple[Contradiction, Bools]] = []
        self._flagged: dict[str, Bools] = {}
        self.cache: dict[Any, npt.NDArray[np.int8]] = {}
        self.scores: dict[str, ScoreNumbers] = {}
        self._reads: Mapping[str, str] = {}

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> PatientTable:
        """
        Take over a data frame.

        Parameters
        ----------
        frame : DataFrame
            Columns of the contract; others are ignored.

        Returns
        -------
        PatientTable
            One row per patient in the order of the frame.
        """
        return cls({str(name): frame[name] for name in frame.columns}, len(frame))

    @classmethod
    def from_values(cls, values: Mapping[str, Sequence[Any]]) -> PatientTable:
        """
        Build a table from plain lists.

        Parameters
        ----------
        values : Mapping of str to sequence
            Column name to values, all of the same length; ``None`` is missing.

        Returns
        -------
        PatientTable
            One row per position.
        """
        n = len(next(iter(values.values()))) if values else 0
        return cls(values, n)

    def codes(self, name: str) -> Codes:
        """
        Position of each value among the column's levels.

        Parameters
        ----------
        name : str
            Categorical, ordinal or boolean column.

        Returns
        -------
        ndarray of int16, shape (n,)
            -1 where missing or outside the contract.
        """
        if name not in self._codes:
            if name in self._source:
                codes, rejected = read_codes(self._source[name], contract.columns()[name])
                self._reject(name, rejected)
            else:
                codes = np.full(self.n, -1, dtype=np.int16)
            self._codes[name] = codes
        return self._codes[name]

    def numbers(self, name: str) -> Numbers:
        """
        Lowest and highest possible value of a number.

        Parameters
        ----------
        name : str
            Integer or number column.

        Returns
        -------
        Numbers
            In the contract's unit; NaN where missing or outside the contract.
        """
        if name not in self._numbers:
            self._numbers[name] = self._read_numbers(name)
        return self._numbers[name]

    def score_numbers(self, score: str, item: str | None) -> Numbers:
        """
        Points of a score that was computed before.

        Parameters
        ----------
        score : str
            Id of the score.
        item : str or None
            Item; None for the total.

        Returns
        -------
        Numbers
            Lowest and highest possible points.
        """
        return self._score(score).numbers(item)

    def states_of(self, score: str, item: str | None) -> npt.NDArray[np.int8]:
        """
        Why points of another score are not known.

        Parameters
        ----------
        score : str
            Id of the score.
        item : str or None
            Item; None for the total.

        Returns
        -------
        ndarray of int8, shape (n,)
            States of the engine.
        """
        return self._score(score).states(item)

    def band_truth(self, score: str, wanted: set[str]) -> npt.NDArray[np.int8]:
        """
        Truth of "another score lies in one of these bands".

        Parameters
        ----------
        score : str
            Id of the score.
        wanted : set of str
            Bands that make it true.

        Returns
        -------
        ndarray of int8, shape (n,)
            Unknown when some possible bands are wanted and others not, or when there is none.
        """
        low, high, names = self._score(score).band_range()
        inside = np.array([name in wanted for name in names])
        before = np.concatenate([[0], np.cumsum(inside)])
        found = before[high + 1] - before[np.maximum(low, 0)]
        out = np.where(found == high - low + 1, 2, np.where(found == 0, 0, 1)).astype(np.int8)
        out[(low < 0) | (high < 0)] = 1
        return out

    @contextmanager
    def reading(self, variants: Mapping[str, str]) -> Iterator[None]:
        """
        Let other scores be read in a variant for a while.

        Parameters
        ----------
        variants : Mapping of str to str
            Score id to variant.

        Yields
        ------
        None
            Inside, ``score_numbers`` and ``band_truth`` give the variants.
        """
        self._reads = variants
        try:
            yield
        finally:
            self._reads = {}

    def _score(self, name: str) -> ScoreNumbers:
        return self.scores[f"{name}:{self._reads[name]}" if name in self._reads else name]

    def lookup(self, name: str, wanted: set[str], maybe: set[str]) -> npt.NDArray[np.int8]:
        """
        Truth of "the value is one of these".

        Parameters
        ----------
        name : str
            Categorical, ordinal or boolean column.
        wanted : set of str
            Values that make it true.
        maybe : set of str
            Values that leave it unknown.

        Returns
        -------
        ndarray of int8, shape (n,)
            0 false, 1 unknown, 2 true; an imprecise primary is true or false only if every
            primary it may stand for agrees.
        """
        key = (name, frozenset(wanted), frozenset(maybe))
        if key not in self._luts:
            self._luts[key] = lookup_table(*key)[self.codes(name)]
        return self._luts[key]

    def forget(self) -> None:
        """Drop truth values computed before a column changed."""
        self._luts.clear()
        self.cache.clear()

    def missing(self, name: str) -> Bools:
        """
        Where nothing is known about a column.

        Parameters
        ----------
        name : str
            Column of the contract.

        Returns
        -------
        ndarray of bool, shape (n,)
            True where missing or outside the contract.
        """
        if contract.columns()[name].is_numeric:
            return np.isnan(self.numbers(name).low)
        return self.codes(name) < 0

    def imprecise(self, name: str) -> Bools:
        """
        Where a column is known, but not exactly.

        Parameters
        ----------
        name : str
            Column of the contract.

        Returns
        -------
        ndarray of bool, shape (n,)
            True for an interval, for a number from a crosswalk, and for a primary that may stand
            for several.
        """
        if contract.columns()[name].is_numeric:
            low, high = self.numbers(name)
            rough = np.zeros(self.n, bool) if low is high else (low != high) & ~np.isnan(low)
            return rough | self._flagged[name] if name in self._flagged else rough
        return imprecise_levels(name)[self.codes(name)]

    def flag(self, name: str, where: Bools) -> None:
        """
        Remember that a number comes from another scale.

        Parameters
        ----------
        name : str
            Column.
        where : ndarray of bool, shape (n,)
            Patients.
        """
        before = self._flagged.get(name)
        self._flagged[name] = where if before is None else where | before

    def erase(self, name: str, where: Bools) -> None:
        """
        Treat values as unknown because they contradict others, and remember it.

        Parameters
        ----------
        name : str
            Column.
        where : ndarray of bool, shape (n,)
            Patients.
        """
        if contract.columns()[name].is_numeric:
            low, high = self.numbers(name)
            blank = np.where(where, np.nan, low)
            self._numbers[name] = Numbers(
                blank, blank if low is high else np.where(where, np.nan, high)
            )
        else:
            self._codes[name] = np.where(where, -1, self.codes(name)).astype(np.int16)
        before = self.contradicted.get(name)
        self.contradicted[name] = where if before is None else where | before

    def set(self, name: str, where: Bools, value: str) -> None:
        """
        Replace what is recorded in a narrower sense than the contract's.

        Parameters
        ----------
        name : str
            Column that isn't a number.
        where : ndarray of bool, shape (n,)
            Patients.
        value : str
            Level in the contract's sense.
        """
        code = levels_of(name).index(value)
        self._codes[name] = np.where(where, code, self.codes(name)).astype(np.int16)

    def fill(self, name: str, where: Bools, value: str | tuple[float, float]) -> None:
        """
        Set what follows from other columns, where nothing is recorded.

        Parameters
        ----------
        name : str
            Column.
        where : ndarray of bool, shape (n,)
            Patients; those with a recorded value keep it.
        value : str or tuple of float
            Level, or lowest and highest possible number.
        """
        where = where & self.missing(name)
        if isinstance(value, str):
            code = levels_of(name).index(value)
            self._codes[name] = np.where(where, code, self.codes(name)).astype(np.int16)
            return
        old = self.numbers(name)
        low = np.where(where, value[0], old.low)
        same = old.low is old.high and value[0] == value[1]
        self._numbers[name] = Numbers(low, low if same else np.where(where, value[1], old.high))

    def _read_numbers(self, name: str) -> Numbers:
        exact = self._exact(name)
        if not is_interval(name):
            return Numbers(exact, exact)
        low, high = self._exact(f"{name}_low"), self._exact(f"{name}_high")
        use = np.isnan(exact) & (low <= high)
        for part in (f"{name}_low", f"{name}_high"):
            if part in self.rejected:
                self._reject(name, self.rejected[part] & np.isnan(exact))
        self._reject(name, np.isnan(exact) & (low > high))
        if not use.any():
            return Numbers(exact, exact)
        return Numbers(np.where(use, low, exact), np.where(use, high, exact))

    def _exact(self, name: str) -> Floats:
        if name not in self._source:
            return np.full(self.n, np.nan)
        numbers, rejected = read_numbers(self._source[name], contract.columns()[name])
        self._reject(name, rejected)
        return numbers

    def _reject(self, name: str, where: Bools) -> None:
        if where.any():
            before = self.rejected.get(name)
            self.rejected[name] = where if before is None else where | before
