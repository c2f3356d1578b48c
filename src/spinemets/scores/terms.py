"""
One text as a value of the contract: words in two languages, yes and no, units, decimal commas.

Nothing is guessed: ``1,250`` could be two numbers and is refused.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

from spinemets import contract, units
from spinemets.errors import suggest
from spinemets.vocabulary import coding

_NUMBER: Final = re.compile(r"\s*([-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?)\s*(.*)")
_THOUSANDS: Final = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}")


def value(column: contract.Column, text: str) -> Any:
    """
    Read one text as a value of a column.

    Parameters
    ----------
    column : Column
        Column of the contract.
    text : str
        A number with or without its unit (``3.5 g/dL``, ``80 %``), with a point or a decimal comma;
        yes or no in English or German; a level or its meaning in any case; a primary as canonical
        term, synonym or ICD-10 code.

    Returns
    -------
    object
        Value in the contract's unit.

    Raises
    ------
    ValueError
        When it isn't one; the message says what is, and doesn't repeat the text.

    Examples
    --------
    >>> value(contract.columns()["albumin_g_per_l"], "3,5 g/dL")
    35.0
    >>> value(contract.columns()["primary"], "Brustkrebs")
    'breast'
    """
    if column.name == "primary":
        return _tumour(text).primary
    if column.is_numeric:
        return _number(column, text)
    words = _words(column.name)
    if not words:
        return text.strip()
    found = words.get(key(text))
    if found is None:
        allowed = "yes or no" if column.kind == "boolean" else f"one of: {column.allowed()}"
        raise ValueError(f"use {allowed}")
    return found


def biology(text: str) -> dict[str, bool]:
    """
    Biology that the words for a primary tell.

    Parameters
    ----------
    text : str
        Words for a primary, as in ``value``.

    Returns
    -------
    dict of str to bool
        Columns of the contract; empty when the words tell nothing more than the primary.

    Examples
    --------
    >>> biology("triple-negative breast cancer")
    {'hormone_dependent': False}
    """
    try:
        tumour = _tumour(text)
    except ValueError:
        return {}
    flags = {"hormone_dependent": tumour.hormone_dependent, "small_cell": tumour.small_cell}
    return {name: flag for name, flag in flags.items() if flag is not None}


def key(text: str) -> str:
    """
    Bring a text into the form in which words are compared.

    Parameters
    ----------
    text : str
        Text of a cell.

    Returns
    -------
    str
        Lower case, single blanks.
    """
    return " ".join(str(text).split()).casefold()


@cache
def _words(name: str) -> dict[str, Any]:
    """Words of a column that isn't a number; empty when a study chooses its own."""
    from spinemets.ingest.categories import NO, YES, words

    column = contract.columns()[name]
    if column.kind == "boolean":
        return {**dict.fromkeys(YES, True), **dict.fromkeys(NO, False)}
    return {} if not column.levels else dict(words(name))


def _number(column: contract.Column, text: str) -> float:
    match = _NUMBER.fullmatch(text)
    if match is None or _THOUSANDS.fullmatch(match.group(1)):
        raise ValueError(f"use {column.allowed()}")
    found, unit = float(match.group(1).replace(",", ".")), match.group(2).strip()
    if unit and unit.casefold() not in _same_unit(column):
        known = [u for u in units.known_units(column.unit) if u == unit or u.startswith(f"{unit} ")]
        if not known:
            raise ValueError(f"unit: one of {', '.join(units.known_units(column.unit))}")
        fitting = [u for u in known if column.substance and column.substance in u] or known
        found *= units.factor(column.unit, fitting[0])
    low, high = column.minimum, column.maximum
    if (low is not None and found < low) or (high is not None and found > high):
        raise ValueError(f"use {column.allowed()}")
    step = column.step or (1.0 if column.kind == "integer" else None)
    steps = (found - (low or 0.0)) / step if step else 0.0
    if abs(steps - round(steps)) > 1e-9:
        raise ValueError(f"use {column.allowed()}")
    return found


def _same_unit(column: contract.Column) -> set[str]:
    return {column.unit.casefold(), *(("%",) if column.unit == "percent" else ())}


def _tumour(text: str) -> coding.Tumour:
    try:
        return coding.from_term(text)
    except coding.UnresolvedError:
        pass
    try:
        return coding.from_icd(text)
    except coding.UnresolvedError as err:
        near = suggest(key(text), coding.words())
        why = f"; {err}" if coding.looks_like_icd(text) else ""
        raise ValueError(
            f"use a canonical primary, a synonym or an ICD-10 code{near}{why}"
        ) from None
