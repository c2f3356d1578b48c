"""Restricted cubic splines in Harrell's parametrisation."""

from typing import Final

import numpy as np
import numpy.typing as npt

from spinemets.performance._arrays import FloatArray

COUNTS: Final = (3, 4, 5, 6, 7)
#: A first or last value held by at least this share of the patients, among values that are all
#: rarer, is set aside before quantiles are taken.
_HEAVY: Final = 0.05


def place_knots(x: npt.ArrayLike, count: int) -> FloatArray:
    """
    Place knots at Harrell's quantiles, as R's ``Hmisc::rcspline.eval`` does.

    Parameters
    ----------
    x : array_like of float, shape (n,)
        Values, any unit; missing ones aren't accepted.
    count : {3, 4, 5, 6, 7}
        Number of knots wanted.

    Returns
    -------
    numpy.ndarray
        Ascending, distinct knots in the unit of ``x``. There may be fewer than ``count``, because
        of ties; none at all where fewer than three distinct knots exist, so that no spline can be
        made.

    Raises
    ------
    ValueError
        When ``count`` isn't one of 3 to 7.

    Notes
    -----
    Quantiles are R's type 7, at .1, .5, .9 for three knots; .05, .35, .65, .95 for four; .05,
    .275, .5, .725, .95 for five. With at most ``count + 2`` distinct values the knots are the inner
    ones; below 100 patients the outer knots are the fifth smallest and fifth largest value; a
    first or last value with at least 5 % of the patients, where no other value has as many, is
    passed over; where ties leave too few knots, twice as many quantiles are tried.

    References
    ----------
    Harrell FE. Regression Modeling Strategies, 2nd ed. Springer 2015, section 2.4.6,
    doi 10.1007/978-3-319-19425-7.

    Examples
    --------
    >>> place_knots(range(201), 3).tolist()
    [20.0, 100.0, 180.0]
    """
    if count not in COUNTS:
        raise ValueError(f"count: must be one of {COUNTS}, is {count}")
    values = np.sort(np.asarray(x, dtype=np.float64))
    distinct, frequency = np.unique(values, return_counts=True)
    if distinct.size - 2 <= count:
        return _three_or_none(distinct[1:-1])
    first, last, middle = _set_aside(values, distinct, frequency / values.size)
    wanted = count - first.size - last.size
    outer = 0.05 if count > 3 else 0.1
    knots = _inner(middle, wanted, 0.025 if count > 6 else outer, first, last)
    if knots.size == 0:
        return knots
    if 5 <= middle.size < 100 and wanted > 1:
        if not first.size:
            knots[0] = middle[4]
        if not last.size:  # by position even where more quantiles were tried, as in Hmisc
            knots[min(wanted, knots.size) - 1] = middle[-5]
    return _three_or_none(np.unique(np.concatenate([first, knots, last])))


def _three_or_none(knots: FloatArray) -> FloatArray:
    return knots if knots.size >= 3 else np.empty(0)


def _set_aside(
    values: FloatArray, distinct: FloatArray, share: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """First and last knot at heavy ends, and the values between them."""
    first = last = np.empty(0)
    if float(share[1:-1].max()) < _HEAVY:
        if share[0] >= _HEAVY:
            first = distinct[1:2]
            values = values[values > first[0]]
        if share[-1] >= _HEAVY:
            last = distinct[-2:-1]
            values = values[values < last[0]]
    return first, last, values


def _inner(
    values: FloatArray, wanted: int, outer: float, first: FloatArray, last: FloatArray
) -> FloatArray:
    if wanted == 1:
        return np.array([np.median(values)])
    low = 0.5 if wanted == 2 else outer
    knots = np.quantile(values, np.linspace(low, 1 - outer, wanted))
    if np.unique(knots).size >= min(wanted, 3):
        return np.asarray(knots)
    knots = np.quantile(values, np.linspace(outer, 1 - outer, 2 * wanted))
    if first.size and np.unique(knots).size < 3:
        middle = (first[0] + last[0]) / 2 if last.size else np.median(values)
        end = last[0] if last.size else np.quantile(values, 1 - outer)
        knots = np.array(sorted([first[0], middle, end]))
    return np.asarray(knots) if np.unique(knots).size >= 3 else np.empty(0)


def spline_basis(x: npt.ArrayLike, knots: npt.ArrayLike) -> FloatArray:
    """
    Basis of a cubic spline that is linear beyond the outer knots.

    Parameters
    ----------
    x : array_like of float, shape (n,)
        Values.
    knots : array_like of float, shape (k,)
        Ascending knots; with fewer than 3 the basis is ``x`` alone.

    Returns
    -------
    numpy.ndarray
        Shape (n, k - 1): ``x`` and k - 2 non-linear columns, divided by the squared distance of
        the outer knots (``norm = 2`` in Hmisc), so that all columns are in the unit of ``x``.

    Examples
    --------
    >>> spline_basis([0.0, 1.0, 3.0], [0, 1, 2]).round(6).tolist()
    [[0.0, 0.0], [1.0, 0.25], [3.0, 3.0]]
    """
    values = np.asarray(x, dtype=np.float64)
    t = np.asarray(knots, dtype=np.float64)
    if t.size < 3:
        return values[:, np.newaxis]
    cubes = np.maximum(values[:, np.newaxis] - t, 0.0) ** 3
    last, before = t[-1], t[-2]
    outer = ((before - t[:-2]) * cubes[:, -1:] - (last - t[:-2]) * cubes[:, -2:-1]) / (
        last - before
    )
    columns = (cubes[:, :-2] + outer) / (last - t[0]) ** 2
    return np.column_stack([values, columns])
