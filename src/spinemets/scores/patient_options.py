"""One patient from the command line: texts become values of the contract."""

from __future__ import annotations

from typing import Any

from spinemets import contract, units, vocabulary
from spinemets.errors import Fault, InputError


def read_patient(given: dict[str, str]) -> dict[str, Any]:
    """
    Give the options of one patient the types of the contract.

    Parameters
    ----------
    given : dict of str to str
        Column to text.

    Returns
    -------
    dict of str to object
        Column to value in the contract's unit.

    Raises
    ------
    InputError
        With every value that the contract doesn't allow.

    Examples
    --------
    >>> read_patient({"kps": "80", "albumin_g_per_l": "3.5 g/dL", "died": "no"})
    {'kps': 80.0, 'albumin_g_per_l': 35.0, 'died': False}
    """
    out, faults = {}, []
    for name, text in given.items():
        column = contract.columns()[name]
        try:
            out[name] = _value(column, text.strip())
        except ValueError as err:
            repair = str(err) or f"use {column.allowed()}"
            option = f"--{name.replace('_', '-')}"
            faults.append(Fault("spinemets score", "not a value of the contract", repair, option))
    if faults:
        raise InputError(faults)
    return out


_BOOLEAN = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def _value(column: contract.Column, text: str) -> Any:
    if column.kind == "boolean":
        if text.lower() not in _BOOLEAN:
            raise ValueError("use yes or no")
        return _BOOLEAN[text.lower()]
    if column.is_numeric:
        return _number(column, text)
    if column.name == "primary":
        return _primary(text)
    if column.levels and text not in column.levels:
        raise ValueError(f"use one of: {column.allowed()}")
    return text


def _number(column: contract.Column, text: str) -> float:
    number, _, unit = text.partition(" ")
    value = float(number)
    if unit:
        known = [u for u in units.known_units(column.unit) if u == unit or u.startswith(f"{unit} ")]
        if not known:
            raise ValueError(f"unit: one of {', '.join(units.known_units(column.unit))}")
        fitting = [u for u in known if column.substance and column.substance in u] or known
        value *= units.factor(column.unit, fitting[0])
    low, high = column.minimum, column.maximum
    step = column.step or (1.0 if column.kind == "integer" else None)
    outside = (low is not None and value < low) or (high is not None and value > high)
    if outside or (step and (value - (low or 0.0)) % step):
        raise ValueError(f"use {column.allowed()}")
    return value


def _primary(text: str) -> str:
    from spinemets.settings import suggest

    terms = {p.id: p.id for p in vocabulary.primaries().values()}
    terms |= {s.lower(): p.id for p in vocabulary.primaries().values() for s in p.synonyms}
    key = text.lower().replace("-", "_") if text.lower() not in terms else text.lower()
    if key not in terms:
        raise ValueError(f"a canonical primary or a synonym{suggest(text.lower(), terms)}")
    return terms[key]
