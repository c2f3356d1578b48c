"""Local regression on one covariate, computed exactly at each value."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from spinemets.performance._arrays import FloatArray, as_vector

#: Nearer than this share of the bandwidth a point has the full weight, and beyond its complement
#: none: the two shortcuts of Cleveland and Grosse's Fortran, kept so that numbers agree.
_NEAR = 1e-3
_FAR = 0.999


def loess(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    at: npt.ArrayLike | None = None,
    *,
    span: float = 0.75,
    degree: int = 2,
) -> tuple[FloatArray, FloatArray]:
    """
    Smooth ``y`` over ``x`` by locally weighted polynomials.

    Parameters
    ----------
    x, y : array_like of float, shape (n,)
        Covariate and response; missing values aren't accepted.
    at : array_like of float, shape (m,), optional
        Where the curve is wanted; the values of ``x`` by default.
    span : float
        Share of the points that gets weight, above 0 and at most 1.
    degree : {1, 2}
        Degree of the local polynomial.

    Returns
    -------
    fitted, std_error : numpy.ndarray
        Shape (m,); NaN where no local fit exists (fewer points than coefficients, or a bandwidth
        of zero because of ties). Standard errors allow for unequal variances (sandwich); R's
        assume one residual variance.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    Fitted values are those of R's ``loess(..., surface = "direct", family = "gaussian")``: tricube
    weights over the nearest ``floor(n * span)`` points; with ties that leave too few distinct
    values in the window the least-norm solution is taken, as there.

    References
    ----------
    Cleveland WS, Devlin SJ. J Am Stat Assoc 1988;83:596-610, doi 10.1080/01621459.1988.10478639.

    Examples
    --------
    >>> fitted, _ = loess(range(10), [2 * v for v in range(10)], at=[4.5], degree=1)
    >>> fitted.round(10).tolist()
    [9.0]
    """
    covariate = as_vector(x, "x")
    response = as_vector(y, "y", covariate.size)
    if not 0 < span <= 1:
        raise ValueError("span: must lie above 0 and not above 1")
    if degree not in (1, 2):
        raise ValueError("degree: must be 1 or 2")
    target = covariate if at is None else as_vector(at, "at")
    if covariate.size == 0:
        return np.full(target.size, np.nan), np.full(target.size, np.nan)
    # Each distinct value once, with its number of patients: scores have few.
    values, place, counts = np.unique(covariate, return_inverse=True, return_counts=True)
    mean = np.bincount(place, weights=response) / counts
    where, back = np.unique(target, return_inverse=True)
    fitted, variance = np.empty(where.size), np.empty(where.size)
    own = np.array([row @ mean for row in operators(values, counts, values, span, degree)])
    squares = np.bincount(place, weights=(response - own[place]) ** 2) / counts.astype(float) ** 2
    for k, row in enumerate(operators(values, counts, where, span, degree)):
        fitted[k], variance[k] = row @ mean, (row**2) @ squares
    return fitted[back], np.sqrt(variance)[back]


def operators(
    values: FloatArray,
    counts: npt.NDArray[np.int64],
    at: FloatArray,
    span: float,
    degree: int,
) -> Iterator[FloatArray]:
    """
    Weights of the mean responses of all distinct values in the fit at each point.

    Parameters
    ----------
    values : numpy.ndarray, shape (m,)
        Distinct values, ascending.
    counts : numpy.ndarray of int, shape (m,)
        Patients with each.
    at : numpy.ndarray
        Points.
    span : float
        Share of the patients that gets weight.
    degree : int
        Degree of the polynomial.

    Yields
    ------
    numpy.ndarray, shape (m,)
        The fit at the point is the product with the mean responses.
    """
    nearest = int(np.floor(int(counts.sum()) * span + 1e-5))
    for z in at:
        yield _operator(values, counts, float(z), nearest, degree)


def _operator(
    values: FloatArray, counts: npt.NDArray[np.int64], z: float, nearest: int, degree: int
) -> FloatArray:
    """The same at one point."""
    distance = np.abs(values - z)
    order = np.argsort(distance, kind="stable")
    reached = np.cumsum(counts[order])
    if nearest < degree + 1:
        return np.full(values.size, np.nan)
    width = float(distance[order[int(np.searchsorted(reached, nearest))]])
    if width <= 0:
        return np.full(values.size, np.nan)
    ratio = distance / width
    weight = np.where(ratio > _NEAR, (1 - np.minimum(ratio, 1.0) ** 3) ** 3, 1.0)
    weight = np.where(ratio * ratio < _FAR, weight, 0.0) * counts
    root = np.sqrt(weight)
    powers = (values - z)[:, np.newaxis] ** np.arange(degree + 1)
    design = powers * root[:, np.newaxis]
    # Columns are put on one scale before the rank is judged, as in the Fortran.
    length = np.sqrt((design**2).sum(axis=0))
    length[length == 0] = 1.0
    u, s, vt = np.linalg.svd(design / length, full_matrices=False)
    good = s > s[0] * 100 * np.finfo(float).eps
    first = vt[good, 0] / length[0] / s[good]
    return np.asarray((u[:, good] @ first) * root)
