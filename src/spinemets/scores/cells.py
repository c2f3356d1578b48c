"""Cells of the patient table become codes and numbers; what the contract doesn't allow is named."""

from __future__ import annotations

from functools import cache
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from spinemets import contract, vocabulary
from spinemets.contract import Column

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


def read_codes(values: Any, column: Column) -> tuple[Codes, Bools]:
    """
    Position of each value among the levels of a column.

    Parameters
    ----------
    values : sequence
        Cells; missing in any way pandas knows.
    column : Column
        Categorical, ordinal or boolean column.

    Returns
    -------
    codes : ndarray of int16, shape (n,)
        -1 where missing or outside the contract.
    rejected : ndarray of bool, shape (n,)
        Where a value is outside the contract.
    """
    import pandas as pd

    cells = pd.Series(values).reset_index(drop=True)
    present = cells.notna().to_numpy(dtype=bool)
    if column.kind == "boolean":
        number = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        codes = np.where(number == 1, 1, np.where(number == 0, 0, -1)).astype(np.int16)
    else:
        found = pd.Categorical(cells, categories=list(levels_of(column.name)))
        codes = np.asarray(found.codes, dtype=np.int16)
    return codes, present & (codes < 0)


def read_numbers(values: Any, column: Column) -> tuple[Floats, Bools]:
    """
    Numbers of a column.

    Parameters
    ----------
    values : sequence
        Cells.
    column : Column
        Integer or number column.

    Returns
    -------
    numbers : ndarray of float, shape (n,)
        NaN where missing or outside the contract.
    rejected : ndarray of bool, shape (n,)
        Where a value is outside the contract.
    """
    import pandas as pd

    cells = pd.Series(values).reset_index(drop=True)
    present = cells.notna().to_numpy(dtype=bool)
    x = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=float, na_value=np.nan).copy()
    ok = np.isfinite(x)
    if column.minimum is not None:
        ok &= x >= column.minimum
    if column.maximum is not None:
        ok &= x <= column.maximum
    x[~ok] = np.nan
    step = column.step or (1.0 if column.kind == "integer" else None)
    if step:
        steps = (x - (column.minimum or 0.0)) / step
        ok &= np.rint(steps) == steps
        x[~ok] = np.nan
    return x, present & ~ok


@cache
def lookup_table(name: str, wanted: frozenset[str], maybe: frozenset[str]) -> npt.NDArray[np.int8]:
    """
    Truth of "one of these" for every level of a column.

    Parameters
    ----------
    name : str
        Categorical, ordinal or boolean column.
    wanted : frozenset of str
        Values that make it true.
    maybe : frozenset of str
        Values that leave it unknown.

    Returns
    -------
    ndarray of int8
        One entry per level, and a last one for a missing value; 0 false, 1 unknown, 2 true.
    """
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


@cache
def imprecise_levels(name: str) -> Bools:
    """
    Levels that stand for several values.

    Parameters
    ----------
    name : str
        Categorical column.

    Returns
    -------
    ndarray of bool
        One entry per level, and a last one for a missing value; a primary that may be any is
        missing, not imprecise.
    """
    if name != PRIMARY:
        return np.zeros(len(levels_of(name)) + 1, dtype=bool)
    terms = vocabulary.primaries()
    return np.array([*(bool(set(terms[p].could_be) - {"*"}) for p in levels_of(name)), False])
