"""Cross-products and covariances of influence values, in an order that never changes.

A matrix product from a linear-algebra library would sum in an order that depends on the number of
threads and the processor; the same input must give the same digits everywhere.
"""

import numpy as np
import numpy.typing as npt

from spinemets.performance._compile import kernel

FloatArray = npt.NDArray[np.float64]
_WIDTH = 64


@kernel
def _sum_products(rows: FloatArray, mean: FloatArray, parts: FloatArray) -> FloatArray:
    size, n = rows.shape
    width = parts.shape[2]  # read from the array: the compiler would unroll a constant
    block = np.zeros((size, 16 * width))
    for begin in range(0, n, 16 * width):
        here = min(16 * width, n - begin)
        for a in range(size):
            source = rows[a, begin : begin + here]
            target = block[a]
            for i in range(here):
                target[i] = source[i] - mean[a]
            target[here:] = 0.0
        for a in range(size):
            for b in range(a + 1):
                part = parts[a, b]
                for step in range(16):
                    left = block[a, step * width : (step + 1) * width]
                    right = block[b, step * width : (step + 1) * width]
                    for j in range(width):
                        part[j] += left[j] * right[j]
    total = np.empty((size, size))
    for a in range(size):
        for b in range(a + 1):
            total[a, b] = parts[a, b].sum()
            total[b, a] = total[a, b]
    return total


@kernel
def _sums(rows: FloatArray, parts: FloatArray) -> FloatArray:
    size, n = rows.shape
    width = parts.shape[1]
    total = np.empty(size)
    for a in range(size):
        part = parts[a]
        for begin in range(0, n - width + 1, width):
            here = rows[a, begin : begin + width]
            for j in range(width):
                part[j] += here[j]
        for i in range(n - n % width, n):
            parts[a, i % width] += rows[a, i]
        total[a] = parts[a].sum()
    return total


def cross_products(rows: FloatArray) -> FloatArray:
    """Sum the products of every two rows."""
    size = rows.shape[0]
    return _sum_products(rows, np.zeros(size), np.zeros((size, size, _WIDTH)))


def covariance(rows: FloatArray) -> FloatArray:
    """Covariance of sums of influence values: n/(n-1) times centred cross-products.

    ``rows`` has one row per score; NaN with fewer than two patients.
    """
    size, n = rows.shape
    if n < 2:
        return np.full((size, size), np.nan)
    mean = _sums(rows, np.zeros((size, _WIDTH))) / n
    products = _sum_products(rows, mean, np.zeros((size, size, _WIDTH)))
    return np.asarray(products * (n / (n - 1.0)))
