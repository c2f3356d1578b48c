"""Shares of patients with an interval that is right for few of them."""

from __future__ import annotations

from math import sqrt

from spinemets.survival.sample import Z95


def wilson(count: int, n: int) -> tuple[float, float]:
    """
    Wilson's 95 % interval of a share.

    Parameters
    ----------
    count, n : int
        Patients with the property, and all patients; ``n`` above 0.

    Returns
    -------
    lower, upper : float
        Limits within 0 and 1.

    References
    ----------
    Wilson 1927, doi:10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> tuple(round(v, 4) for v in wilson(8, 10))
    (0.4902, 0.9433)
    """
    p, z2 = count / n, Z95**2
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)
