"""Kernel of Gonen and Heller's concordance probability."""

import numpy as np
import numpy.typing as npt

from spinemets.performance._compile import kernel

FloatArray = npt.NDArray[np.float64]


@kernel
def concordance_probability(eta: FloatArray, count: FloatArray) -> tuple[float, float, FloatArray]:
    """Return the mean of 1/(1 + exp(-|difference|)) over pairs, its slope, and row means.

    ``eta`` holds distinct linear predictors and ``count`` their patients. The slope is with
    respect to a factor on ``eta``; row means are a patient's mean over his pairs.
    """
    n = count.sum()
    rows = np.zeros(eta.size)
    slope = 0.0
    for u in range(eta.size):
        for v in range(eta.size):
            gap = abs(eta[u] - eta[v])
            pairs = count[v] - (1.0 if u == v else 0.0)
            share = 1.0 / (1.0 + np.exp(-gap))
            rows[u] += pairs * share
            slope += count[u] * pairs * gap * share * (1.0 - share)
        rows[u] /= n - 1.0
    total = n * (n - 1.0)
    return np.sum(rows * count) / n, slope / total, rows
