"""Units of time and of laboratory values, and the only place they are converted."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

#: One month in days (365.25 / 12), exactly 487/16 and so exact in binary floating point.
DAYS_PER_MONTH: Final[float] = 30.4375
DAYS_PER_WEEK: Final[float] = 7.0
DAYS_PER_YEAR: Final[float] = 365.25

#: (contract unit, other unit) -> factor such that ``contract = factor * other``.
#: Molar factors are exact decimals of the molar masses in use (calcium 40.078, bilirubin 584.66,
#: creatinine 113.12, vitamin B12 1355.37 g/mol), so that a limit printed in mg/dL meets the value
#: it was printed for.
_FACTORS: Final[dict[tuple[str, str], Fraction]] = {
    ("g/L", "g/dL"): Fraction(10),
    ("mg/L", "mg/dL"): Fraction(10),
    ("mmol/L", "mg/dL calcium"): Fraction(10000, 40078),
    ("umol/L", "mg/dL bilirubin"): Fraction(1000000, 58466),
    ("umol/L", "mg/dL creatinine"): Fraction(1000000, 11312),
    # 1.6114 g/dL per mmol/L: haemoglobin as the monomer, 16 114 g/mol (laboratories in mmol/L).
    ("g/L", "mmol/L haemoglobin"): Fraction(16114, 1000),
    ("pmol/L", "pg/mL vitamin_b12"): Fraction(100000, 135537),
    ("U/L", "ukat/L"): Fraction(60),
    ("ug/L", "ng/mL"): Fraction(1),
    ("10^9/L", "/nL"): Fraction(1),
    ("10^9/L", "/uL"): Fraction(1, 1000),
    ("10^9/L", "10^3/uL"): Fraction(1),
    ("days", "weeks"): Fraction(7),
    ("days", "months"): Fraction(487, 16),
    ("days", "years"): Fraction(1461, 4),
    ("months", "days"): Fraction(16, 487),
    ("years", "months"): Fraction(1, 12),
}


def factor(to_unit: str, from_unit: str) -> float:
    """
    Factor that turns a value in one unit into another unit.

    Parameters
    ----------
    to_unit, from_unit : str
        Unit names; molar conversions name the substance (``"mg/dL calcium"``).

    Returns
    -------
    float
        ``value_in_to_unit = factor * value_in_from_unit``.

    Raises
    ------
    KeyError
        When no conversion between the two units is known; the message lists those that are.

    Examples
    --------
    >>> factor("g/L", "g/dL")
    10.0
    >>> factor("days", "months")
    30.4375
    """
    if to_unit == from_unit:
        return 1.0
    if (to_unit, from_unit) in _FACTORS:
        return float(_FACTORS[to_unit, from_unit])
    if (from_unit, to_unit) in _FACTORS:
        return float(1 / _FACTORS[from_unit, to_unit])
    known = sorted({a for a, _ in _FACTORS} | {b for _, b in _FACTORS})
    raise KeyError(f"no conversion from {from_unit!r} to {to_unit!r}; known units: {known}")


def is_molar(to_unit: str, from_unit: str | None) -> bool:
    """
    Whether two units differ by a molar mass, so that printed values are rounded on either side.

    Parameters
    ----------
    to_unit : str
        Unit of a contract column.
    from_unit : str or None
        Other unit; None is the same.

    Returns
    -------
    bool
        True for ``"mg/dL bilirubin"`` against ``"umol/L"``, False for ``"g/dL"`` against ``"g/L"``.

    Examples
    --------
    >>> is_molar("umol/L", "mg/dL bilirubin"), is_molar("g/L", "g/dL")
    (True, False)
    """
    return from_unit is not None and " " in from_unit and from_unit != to_unit


def known_units(to_unit: str) -> list[str]:
    """
    Units that can be converted into a unit, itself first.

    Parameters
    ----------
    to_unit : str
        Unit of a contract column.

    Returns
    -------
    list of str
        Names accepted as ``unit:`` in a mapping.

    Examples
    --------
    >>> known_units("mg/L")
    ['mg/L', 'mg/dL']
    """
    out = [b for a, b in _FACTORS if a == to_unit] + [a for a, b in _FACTORS if b == to_unit]
    return [to_unit, *sorted(set(out))]
