"""The order of a score's levels that are written as text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

#: Place of a limit beside its number: "<9" comes before "9", ">=9" behind it.
_SIGNS: Final = {"<": -2.0, "<=": -1.0, ">=": 1.0, ">": 2.0}
_SAME: Final = {"≤": "<=", "≥": ">=", "=<": "<=", "=>": ">=", "‹": "<", "›": ">"}
_ROMAN: Final = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")
Key = tuple[tuple[int, float, str], ...]


def ordered(levels: Iterable[str]) -> list[str]:
    """
    Levels from the lowest to the highest, where their texts say it.

    Parameters
    ----------
    levels : iterable of str
        Different texts.

    Returns
    -------
    list of str
        By the numbers in all of them, or single letters by the alphabet, or Roman numbers up to X;
        empty where some have none of these ("good", "unknown"): words have no order.

    Examples
    --------
    >>> ordered(["12-15", "9-11", "0-8"]), ordered([">=12", "<9", "9-11"])
    (['0-8', '9-11', '12-15'], ['<9', '9-11', '>=12'])
    >>> ordered(["IV", "I", "V"]), ordered(["poor", "good"])
    (['I', 'IV', 'V'], [])
    """
    texts = list(levels)
    if all(re.search(r"\d", text) for text in texts):
        return sorted(texts, key=_natural)
    if all(text.lower() in _ROMAN for text in texts):
        return sorted(texts, key=lambda text: _ROMAN.index(text.lower()))
    if all(len(text) == 1 and text.isalpha() for text in texts):
        return sorted(texts, key=str.lower)
    return []


def _natural(text: str) -> Key:
    """Sort as people do: numbers by value, a limit beside its number."""
    plain = text.strip()
    for other, sign in _SAME.items():
        plain = plain.replace(other, sign)
    place = 0.0
    if found := re.match(r"(<=|>=|<|>)\s*(?=\d)", plain):
        place, plain = _SIGNS[found[1]], plain[found.end() :]
    parts = re.findall(r"\d+(?:\.\d+)?|\D+", plain)
    keys = [(0, float(p), "") if p[0].isdigit() else (1, 0.0, p.lower()) for p in parts]
    if keys and keys[0][0] == 0:
        keys.insert(1, (0, place, ""))
    return tuple(keys)
