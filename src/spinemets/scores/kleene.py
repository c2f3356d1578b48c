"""
Three-valued logic over all patients at once.

A truth value is an int8: 0 false, 1 unknown, 2 true, so that *and* is the minimum, *or* the
maximum and *not* ``2 - x`` (Kleene's strong logic). A missing value never counts as false.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Final

import numpy as np
import numpy.typing as npt

from spinemets import contract, units
from spinemets.scores import concepts
from spinemets.scores.cells import Numbers
from spinemets.scores.schema import Condition, Maybe
from spinemets.scores.table import PatientTable

FALSE: Final = 0
UNKNOWN: Final = 1
TRUE: Final = 2
Truth = npt.NDArray[np.int8]

#: Relative tolerance of a limit: values are compared at nine significant digits, so that a
#: laboratory value converted to SI and back meets the limit it was printed for.
RELATIVE_TOLERANCE: Final = 1e-9


def evaluate(condition: Condition, table: PatientTable, maybe: Maybe = "open") -> Truth:
    """
    Truth of a condition for every patient.

    Parameters
    ----------
    condition : Condition
        Parsed condition.
    table : PatientTable
        Patients; a missing value makes a statement about it unknown.
    maybe : {"open", "in", "out"}
        How values that the score leaves open are read: unknown, as belonging, or as not.

    Returns
    -------
    ndarray of int8, shape (n,)
        0 false, 1 unknown, 2 true.

    Examples
    --------
    >>> table = PatientTable.from_values({"kps": [40, None, 80]})
    >>> evaluate(Condition(column="kps", at_least=50), table).tolist()
    [0, 1, 2]
    """
    if condition.any is not None:
        parts = merged(condition.any)
        return reduce(np.maximum, (evaluate(c, table, maybe) for c in parts))
    if condition.all is not None:
        return reduce(np.minimum, (evaluate(c, table, maybe) for c in condition.all))
    if condition.not_ is not None:
        return (TRUE - evaluate(condition.not_, table, maybe)).astype(np.int8)
    if condition.recorded is not None:
        inner = evaluate(condition.recorded, table, maybe)
        return np.where(inner == TRUE, TRUE, FALSE).astype(np.int8)
    if condition.concept is not None:
        return concept_truth(condition.concept, table)
    return _leaf(condition, table, maybe)


def merged(alternatives: Sequence[Condition]) -> list[Condition]:
    """
    Join alternatives that ask for values of the same column.

    Parameters
    ----------
    alternatives : sequence of Condition
        Conditions of which one is enough.

    Returns
    -------
    list of Condition
        Equivalent, and sharper for an imprecise value: "colorectal" is unknown as colon and
        unknown as rectum, but true as one of the two.
    """
    lists: dict[str, list[Condition]] = {}
    rest: list[Condition] = []
    todo = list(alternatives)
    while todo:
        alternative = todo.pop(0)
        if alternative.any is not None:
            todo = [*alternative.any, *todo]
        elif alternative.in_ is not None and alternative.column is not None:
            lists.setdefault(alternative.column, []).append(alternative)
        else:
            rest.append(alternative)
    for same in lists.values():
        wanted = [value for c in same for value in c.in_ or ()]
        open_ = [value for c in same for value in c.maybe or ()]
        rest.append(same[0].model_copy(update={"in_": wanted, "maybe": open_ or None}))
    return rest


def concept_truth(name: str, table: PatientTable) -> Truth:
    """
    Truth of a named condition, computed once per table.

    Parameters
    ----------
    name : str
        Concept of ``concepts.yaml``.
    table : PatientTable
        Patients.

    Returns
    -------
    ndarray of int8, shape (n,)
        0 false, 1 unknown, 2 true.
    """
    if name not in table.cache:
        table.cache[name] = evaluate(concepts.load().concepts[name].when, table)
    return table.cache[name]


def _leaf(condition: Condition, table: PatientTable, maybe: Maybe) -> Truth:
    if condition.score is not None and condition.in_ is not None:
        return table.band_truth(condition.score, set(condition.in_))
    if condition.score is not None:
        numbers = table.score_numbers(condition.score, condition.item)
        return compare(condition, numbers, 1.0)
    name = str(condition.column)
    column = contract.columns()[name]
    if column.is_numeric:
        factor = units.factor(column.unit, condition.unit) if condition.unit else 1.0
        molar = units.is_molar(column.unit, condition.unit)
        return compare(condition, table.numbers(name), 1.0 / factor, rounded=molar)
    if condition.is_ is not None:
        wanted, open_ = {str(condition.is_).lower()}, set[str]()
    else:
        wanted, open_ = set(condition.in_ or ()), set(condition.maybe or ())
    if maybe != "open":
        wanted, open_ = (wanted | open_ if maybe == "in" else wanted), set()
    return table.lookup(name, wanted, open_)


def compare(condition: Condition, numbers: Numbers, scale: float, rounded: bool = False) -> Truth:
    """
    Compare numbers, or intervals of them, with the limits of a condition.

    Parameters
    ----------
    condition : Condition
        Leaf with limits.
    numbers : Numbers
        Lowest and highest possible value per patient; NaN where missing.
    scale : float
        Factor that turns the stored value into the unit of the limit.
    rounded : bool
        Compare at one decimal more than the limit is printed with.

    Returns
    -------
    ndarray of int8, shape (n,)
        True or false where the whole interval lies on one side; else unknown.

    Notes
    -----
    A molar value was itself rounded by the laboratory, with a factor of its own: bilirubin of
    1.4 mg/dL is reported as 23.9, 23.94 or 24 umol/L. What differs by less than a laboratory
    tells apart in the unit of the limit lies on the limit.
    """
    low = numbers.low * scale if scale != 1.0 else numbers.low
    exact = numbers.high is numbers.low
    high = low if exact else (numbers.high * scale if scale != 1.0 else numbers.high)
    sure = np.ones(len(low), dtype=bool)
    never = np.zeros(len(low), dtype=bool)
    for limit, sign, closed in limits(condition):
        slack = abs(limit) * RELATIVE_TOLERANCE
        bound = limit - slack if closed == (sign > 0) else limit + slack
        worst, best = (low, high) if sign > 0 else (high, low)
        if rounded:
            worst, best = (np.round(x, decimals(limit)) for x in (worst, best))
        sure &= _beyond(worst, bound, sign, closed)
        never |= ~_beyond(best, bound, sign, closed)
    never &= ~np.isnan(low)
    out = np.full(len(low), UNKNOWN, dtype=np.int8)
    out[sure] = TRUE
    out[never] = FALSE
    return out


def decimals(limit: float) -> int:
    """
    Decimals at which a molar value is held against a limit: one more than it is printed with.

    Parameters
    ----------
    limit : float
        Limit in the unit of the score.

    Returns
    -------
    int
        Number of decimals.

    Examples
    --------
    >>> decimals(1.4), decimals(300.0)
    (2, 1)
    """
    return len(f"{limit:.9f}".rstrip("0").partition(".")[2]) + 1


def limits(condition: Condition) -> list[tuple[float, int, bool]]:
    """
    Limits of a leaf as (value, side, included).

    Parameters
    ----------
    condition : Condition
        Leaf with limits.

    Returns
    -------
    list of tuple
        Side +1 for a lower limit, -1 for an upper one.
    """
    out: list[tuple[float, int, bool]] = []
    if condition.between is not None:
        out += [(condition.between[0], 1, True), (condition.between[1], -1, True)]
    for value, sign, closed in (
        (condition.at_least, 1, True),
        (condition.above, 1, False),
        (condition.at_most, -1, True),
        (condition.below, -1, False),
    ):
        if value is not None:
            out.append((value, sign, closed))
    return out


def _beyond(
    x: npt.NDArray[np.float64], bound: float, sign: int, closed: bool
) -> npt.NDArray[np.bool_]:
    if sign > 0:
        return x >= bound if closed else x > bound
    return x <= bound if closed else x < bound
