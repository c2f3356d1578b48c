"""Patients as arrays: codes for categories, lowest and highest possible value for numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from spinemets import contract, vocabulary

if TYPE_CHECKING:
    import pandas as pd

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int16]
BOOLEAN_LEVELS: Final = ("false", "true")
PRIMARY: Final = "primary"


class Numbers(NamedTuple):
    """Lowest and highest possible value per patient; the same array when all are exact."""

    low: Floats
    high: Floats


class ScoreNumbers(Protocol):
    """What a computed score offers to the conditions of another score."""

    def numbers(self, item: str | None) -> Numbers:
        """Lowest and highest total, or points of one item."""

    def states(self, item: str | None) -> npt.NDArray[np.int8]:
        """Why the total, or the points of one item, are not known."""

    def band_range(self) -> tuple[Codes, Codes, list[str]]:
        """Lowest and highest possible band by position, and the ids of all bands."""


@cache
def levels_of(name: str) -> tuple[str, ...]:
    """
    Values a categorical or boolean column can hold.

    Parameters
    ----------
    name : str
        Column of the contract.

    Returns
    -------
    tuple of str
        In contract order; a boolean gives ``("false", "true")``.

    Examples
    --------
    >>> levels_of("sex")
    ('female', 'male')
    """
    column = contract.columns()[name]
    return BOOLEAN_LEVELS if column.kind == "boolean" else tuple(column.levels)


@cache
def is_interval(name: str) -> bool:
    """
    Whether the contract lets a number be known only as an interval.

    Parameters
    ----------
    name : str
        Column of the contract.

    Returns
    -------
    bool
        True when ``<name>_low`` and ``<name>_high`` exist.
    """
    return f"{name}_low" in contract.columns()


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
            self._codes[name] = self._read_codes(name)
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
            self._luts[key] = _lookup_table(*key)[self.codes(name)]
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
            True for an interval, and for a primary that may stand for several.
        """
        if contract.columns()[name].is_numeric:
            low, high = self.numbers(name)
            return np.zeros(self.n, bool) if low is high else (low != high) & ~np.isnan(low)
        if name == PRIMARY:
            flags = [bool(set(_could_be(p)) - {"*"}) for p in levels_of(name)]
            return np.array([*flags, False])[self.codes(name)]
        return np.zeros(self.n, bool)

    def erase(self, name: str, where: Bools) -> None:
        """
        Treat values as unknown and remember that they were rejected.

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
        before = self.rejected.get(name)
        self.rejected[name] = where if before is None else where | before

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

    def _read_codes(self, name: str) -> Codes:
        import pandas as pd

        if name not in self._source:
            return np.full(self.n, -1, dtype=np.int16)
        values = pd.Series(self._source[name]).reset_index(drop=True)
        present = values.notna().to_numpy(dtype=bool)
        if contract.columns()[name].kind == "boolean":
            number = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
            codes = np.where(number == 1, 1, np.where(number == 0, 0, -1)).astype(np.int16)
        else:
            found = pd.Categorical(values, categories=list(levels_of(name)))
            codes = np.asarray(found.codes, dtype=np.int16)
        self._reject(name, present & (codes < 0))
        return codes

    def _read_numbers(self, name: str) -> Numbers:
        exact = self._read_exact(name)
        if not is_interval(name):
            return Numbers(exact, exact)
        low, high = self._read_exact(f"{name}_low"), self._read_exact(f"{name}_high")
        use = np.isnan(exact) & (low <= high)
        for part in (f"{name}_low", f"{name}_high"):
            if part in self.rejected:
                self._reject(name, self.rejected[part] & np.isnan(exact))
        self._reject(name, np.isnan(exact) & (low > high))
        if not use.any():
            return Numbers(exact, exact)
        return Numbers(np.where(use, low, exact), np.where(use, high, exact))

    def _read_exact(self, name: str) -> Floats:
        import pandas as pd

        if name not in self._source:
            return np.full(self.n, np.nan)
        values = pd.Series(self._source[name]).reset_index(drop=True)
        present = values.notna().to_numpy(dtype=bool)
        column = contract.columns()[name]
        x = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan).copy()
        ok = np.isfinite(x)
        if column.minimum is not None:
            ok &= x >= column.minimum
        if column.maximum is not None:
            ok &= x <= column.maximum
        step = column.step or (1.0 if column.kind == "integer" else None)
        x[~ok] = np.nan
        if step:
            steps = (x - (column.minimum or 0.0)) / step
            ok &= np.rint(steps) == steps
            x[~ok] = np.nan
        self._reject(name, present & ~ok)
        return x

    def _reject(self, name: str, where: Bools) -> None:
        if where.any():
            before = self.rejected.get(name)
            self.rejected[name] = where if before is None else where | before


def _could_be(primary: str) -> tuple[str, ...]:
    return vocabulary.primaries()[primary].could_be


@cache
def _lookup_table(name: str, wanted: frozenset[str], maybe: frozenset[str]) -> npt.NDArray[np.int8]:
    """Truth per level; the last entry is for a missing value."""
    if name != PRIMARY:
        truth = [2 if v in wanted else 1 if v in maybe else 0 for v in levels_of(name)]
        return np.array([*truth, 1], dtype=np.int8)
    surely = frozenset().union(*(vocabulary.could_be(p) for p in wanted)) if wanted else wanted
    perhaps = surely.union(*(vocabulary.could_be(p) for p in maybe))
    out = []
    for term in (*levels_of(name), vocabulary.NOT_RECORDED):
        candidates = vocabulary.could_be(term)
        out.append(2 if candidates <= surely else 0 if candidates.isdisjoint(perhaps) else 1)
    return np.array(out, dtype=np.int8)
