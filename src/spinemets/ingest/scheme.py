"""Radiotherapy schemes written as text ("10 x 3", "30 Gy in 10 fractions"): fractions and dose."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

import numpy as np

from spinemets.contract import Column
from spinemets.ingest.cells import Coded, Converted, key
from spinemets.ingest.mapping import ColumnMap
from spinemets.ingest.numbers import number

COLUMNS: Final = ("radiotherapy_fractions", "radiotherapy_gy_per_fraction")
_NUMBER: Final = r"(\d{1,3}(?:[.,]\d+)?)"
_UNIT: Final = r"(gy|fx|fr\b\.?|fractions?|frakt\w*\.?|sitzungen|sessions?)?"
_PAIR: Final = re.compile(
    rf"^{_NUMBER}\s*{_UNIT}\s*(x|×|\*|à|a|/|in|:|by)\s*{_NUMBER}\s*{_UNIT}\.?$"
)
_TIMES: Final = ("x", "×", "*", "à", "a")
_WHOLE: Final = 1e-9
_REPAIR: Final = (
    "write fractions and dose (`10 x 3 Gy`, `30 Gy in 10`), say under `values` what the text "
    "means, or list it under `missing`"
)


def read(text: str, order: str) -> tuple[int, float] | None:
    """
    Read one scheme.

    Parameters
    ----------
    text : str
        Two numbers with a sign or word between them; units decide where they stand.
    order : str
        What the numbers are where no unit says so: ``n_x_d`` fractions and dose of one,
        ``d_x_n`` the reverse, ``total_in_n`` whole dose and fractions, ``total_by_d`` whole dose
        and dose of one fraction.

    Returns
    -------
    tuple of int and float or None
        Number of fractions and Gy of one; None where the text is no scheme, or the number of
        fractions isn't whole.

    Examples
    --------
    >>> read("10 x 3", "n_x_d"), read("3 Gy x 10", "n_x_d"), read("30 Gy in 10 fractions", "n_x_d")
    ((10, 3.0), (10, 3.0), (10, 3.0))
    >>> read("39/3 Gy", "total_by_d"), read("30/4", "total_in_n"), read("30 Gy", "n_x_d")
    ((13, 3.0), (4, 7.5), None)
    """
    found = _PAIR.match(" ".join(text.casefold().split()))
    if found is None:
        return None
    first, second = (float(found[i].replace(",", ".")) for i in (1, 4))
    return _solve(first, second, told(text) or order)


def told(text: str) -> str | None:
    """
    What the numbers of a scheme are, by the units beside them.

    Parameters
    ----------
    text : str
        The scheme.

    Returns
    -------
    str or None
        One of the orders; None where the units leave it open or the text is no scheme.

    Examples
    --------
    >>> told("10 x 3 Gy"), told("30 Gy/10"), told("10 x 3")
    ('n_x_d', 'total_in_n', None)
    """
    found = _PAIR.match(" ".join(text.casefold().split()))
    if found is None:
        return None
    dose = [found[i] == "gy" for i in (2, 5)]
    count = [found[i] is not None and found[i] != "gy" for i in (2, 5)]
    times = found[3] in _TIMES
    if times:
        if dose == [False, True] or count == [True, False]:
            return "n_x_d"
        return "d_x_n" if dose == [True, False] or count == [False, True] else None
    if dose[0]:
        return "total_by_d" if dose[1] else "total_in_n"
    return "total_in_n" if count[1] else None


def _solve(first: float, second: float, order: str) -> tuple[int, float] | None:
    if not first or not second:
        return None
    n, dose = {
        "n_x_d": (first, second),
        "d_x_n": (second, first),
        "total_in_n": (second, first / second),
        "total_by_d": (first / second, second),
    }[order]
    return (round(n), dose) if abs(n - round(n)) < _WHOLE else None


def scheme(column: Column, entry: ColumnMap, cells: Coded) -> Converted:
    """
    Take fractions or the dose of one from a column of schemes.

    Parameters
    ----------
    column : Column
        ``radiotherapy_fractions`` or ``radiotherapy_gy_per_fraction``.
    entry : ColumnMap
        Its entry; ``scheme`` is the order of the numbers, ``values`` go before it.
    cells : Coded
        Cells of the source.

    Returns
    -------
    Converted
        Values, problems (a cell that is no scheme is one) and the count of schemes read.
    """
    order = entry.scheme or "n_x_d"
    given = {key(k) for k in entry.codes}
    part = COLUMNS.index(column.name)
    found = [None if key(term) in given else read(term, order) for term in cells.terms]
    # A lone number must not pass for a number of fractions.
    texts = [
        term if key(term) in given else "?" if pair is None else repr(pair[part])
        for term, pair in zip(cells.terms, found, strict=True)
    ]
    done = number(column, entry, Coded(cells.codes, texts), ".")
    rule, repair = "no radiotherapy scheme of two numbers", _REPAIR
    done.problems = [
        replace(p, rule=rule, repair=repair) if p.rule == "not a number" else p
        for p in done.problems
    ]
    schemes = np.array([pair is not None for pair in found] + [False])[cells.codes]
    n = int((schemes & done.columns[column.name].notna().to_numpy(bool)).sum())
    if n:
        done.conversions.append((f"read from a scheme ({order})", n, entry.flag))
    return done
