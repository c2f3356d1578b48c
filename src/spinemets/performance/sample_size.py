"""How many patients a planned study needs: validating a score, or developing a model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spinemets.performance._arrays import FloatArray
from spinemets.performance._estimate import Z95

#: Patients in whom ``pmsampsize`` counts the events behind the largest R2, rounding up.
_ILLUSTRATION = 10_000


@dataclass(frozen=True)
class ValidationSize:
    """
    Patients that a validation of risks at a horizon needs without censoring.

    Parameters
    ----------
    oe_ratio, slope, c, net_benefit : int or None
        Patients needed for each interval to be narrow enough; None where not asked for.
    n : int
        The largest of these.
    events : float
        Expected events by the horizon among ``n``.
    """

    oe_ratio: int
    slope: int
    c: int
    net_benefit: int | None
    n: int
    events: float


def validation_size(
    risk: float,
    c: float,
    logit_mean: float,
    logit_sd: float,
    *,
    oe_width: float = 0.2,
    slope_width: float = 0.2,
    c_width: float = 0.1,
    threshold: float | None = None,
    sensitivity: float | None = None,
    specificity: float | None = None,
    net_benefit_width: float = 0.2,
) -> ValidationSize:
    """
    Patients needed to validate predicted risks of a yes-or-no outcome (Riley).

    Parameters
    ----------
    risk : float
        Expected risk of the event by the horizon, between 0 and 1.
    c : float
        Expected concordance (AUC).
    logit_mean, logit_sd : float
        Normal distribution of the logit of the predicted risks.
    oe_width, slope_width, c_width, net_benefit_width : float
        Widths wanted of the 95 % intervals of O:E (about 1), slope (about 1), C and standardised
        net benefit.
    threshold : float, optional
        Threshold of the net benefit; needs ``sensitivity`` and ``specificity`` there, else they
        follow from the distribution of the logits.
    sensitivity, specificity : float, optional
        At the threshold.

    Returns
    -------
    ValidationSize
        Rounded up.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    Closed forms behind ``pmvalsampsize``; the information about the slope is integrated where that
    software simulates, and the standard error of log O:E is exact where it is found by steps of
    0.0001, so that numbers can differ by a patient or two. For censored outcomes see
    `planned_precision`.

    References
    ----------
    Riley RD et al. Stat Med 2021;40:4230-4251, doi 10.1002/sim.9025.

    Examples
    --------
    >>> found = validation_size(0.018, 0.8, -5, 2.5, oe_width=1)
    >>> found.oe_ratio, found.c
    (906, 4252)
    """
    for name, value in (("risk", risk), ("c", c)):
        if not 0 < value < 1:
            raise ValueError(f"{name}: must lie between 0 and 1")
    if not logit_sd > 0:
        raise ValueError("logit_sd: must be positive")
    for name, value in (
        ("oe_width", oe_width),
        ("slope_width", slope_width),
        ("c_width", c_width),
        ("net_benefit_width", net_benefit_width),
    ):
        if not value > 0:
            raise ValueError(f"{name}: must be positive")
    ratio_error = float(np.arcsinh(oe_width / 2)) / Z95
    n_ratio = int(np.ceil((1 - risk) / (risk * ratio_error**2)))
    logits, share = _normal(logit_mean, logit_sd)
    p = 1.0 / (1.0 + np.exp(-logits))
    # No dot product: at this length it starts threads, which cost more than the sum.
    a, b, d = (float(np.sum(share * logits**k * p * (1 - p))) for k in range(3))
    slope_error = slope_width / (2 * Z95)
    n_slope = int(np.ceil(a / (slope_error**2 * (a * d - b * b))))
    n_c = _size_of_c(risk, c, c_width / (2 * Z95))
    n_benefit = None
    if threshold is not None:
        if not 0 < threshold < 1:
            raise ValueError("threshold: must lie between 0 and 1")
        sens, spec = _accuracy(logit_mean, logit_sd, threshold, sensitivity, specificity)
        each = standardised_benefit_variance(risk, sens, spec, threshold)
        n_benefit = int(np.ceil(each / (net_benefit_width / (2 * Z95)) ** 2))
    n = max(n_ratio, n_slope, n_c, n_benefit or 0)
    return ValidationSize(n_ratio, n_slope, n_c, n_benefit, n, n * risk)


def _normal(mean: float, sd: float) -> tuple[FloatArray, FloatArray]:
    """Points of a fine grid and their shares of a normal distribution."""
    points = np.linspace(-8.0, 8.0, 20_001)
    density = np.exp(-0.5 * points**2)
    return mean + sd * points, density / density.sum()


def newcombe_error(n: float, risk: float, c: float) -> float:
    """
    Standard error of C expected with n uncensored patients (Newcombe).

    Parameters
    ----------
    n : float
        Patients.
    risk : float
        Risk of the event.
    c : float
        Expected C.

    Returns
    -------
    float
        Standard error.

    Examples
    --------
    >>> round(newcombe_error(4252, 0.018, 0.8), 4)
    0.0255
    """
    half = n / 2 - 1
    spread = 1 + half * (1 - c) / (2 - c) + half * c / (1 + c)
    return float(np.sqrt(c * (1 - c) * spread / (n * n * risk * (1 - risk))))


def _size_of_c(risk: float, c: float, error: float) -> int:
    low, high = 2, 4
    while newcombe_error(high, risk, c) > error:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        if newcombe_error(middle, risk, c) > error:
            low = middle
        else:
            high = middle
    return high


def standardised_benefit_variance(
    risk: float, sensitivity: float, specificity: float, threshold: float
) -> float:
    """
    Variance of the standardised net benefit times the number of uncensored patients.

    Parameters
    ----------
    risk : float
        Risk of the event.
    sensitivity, specificity : float
        At the threshold.
    threshold : float
        Threshold probability.

    Returns
    -------
    float
        Divide by n and take the root for the standard error.

    Examples
    --------
    >>> round(standardised_benefit_variance(0.5, 0.8, 0.6, 0.5), 2)
    1.44
    """
    w = (1 - risk) / risk * threshold / (1 - threshold)
    false = 1 - specificity
    return float(
        sensitivity * (1 - sensitivity) / risk
        + w * w * specificity * false / (1 - risk)
        + w * w * false * false / (risk * (1 - risk))
    )


def _accuracy(
    mean: float, sd: float, threshold: float, sensitivity: float | None, specificity: float | None
) -> tuple[float, float]:
    if (sensitivity is None) != (specificity is None):
        raise ValueError("sensitivity: give it together with specificity")
    if sensitivity is not None and specificity is not None:
        return sensitivity, specificity
    logits, share = _normal(mean, sd)
    p = 1.0 / (1.0 + np.exp(-logits))
    positive = p >= threshold
    sens = float((share * p)[positive].sum() / (share @ p))
    return sens, float((share * (1 - p))[~positive].sum() / (share @ (1 - p)))


@dataclass(frozen=True)
class DevelopmentSize:
    """
    Patients needed to develop a survival model with little overfitting.

    Parameters
    ----------
    shrinkage_n, optimism_n, n : int
        Patients for the shrinkage wanted, for a small optimism of R2, and the larger of the two.
    events, events_per_parameter : float
        Expected among ``n``.
    optimism_shrinkage, max_r2 : float
        Shrinkage behind ``optimism_n`` and the largest possible Cox-Snell R2.
    risk, risk_lower, risk_upper : float
        Risk at the time point of an exponential model, and its 95 % interval with ``n`` patients.
    """

    shrinkage_n: int
    optimism_n: int
    n: int
    events: float
    events_per_parameter: float
    optimism_shrinkage: float
    max_r2: float
    risk: float
    risk_lower: float
    risk_upper: float


def development_size(
    r2: float,
    parameters: int,
    rate: float,
    time_point: float,
    mean_follow_up: float,
    *,
    shrinkage: float = 0.9,
) -> DevelopmentSize:
    """
    Patients needed to develop a model for a time-to-event outcome (Riley).

    Parameters
    ----------
    r2 : float
        Expected Cox-Snell R2, adjusted for optimism.
    parameters : int
        Candidate parameters.
    rate : float
        Overall event rate per unit of time.
    time_point, mean_follow_up : float
        Time of interest and mean follow-up in that unit.
    shrinkage : float
        Expected uniform shrinkage at least wanted.

    Returns
    -------
    DevelopmentSize
        Rounded up.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    The criteria of ``pmsampsize(type = "s")``: events behind the largest R2 are rounded up in
    10,000 patients, as there, but R2 and shrinkage aren't rounded before they are used. Interval
    limits differ in the seventh digit, where 1.96 stands for the normal quantile.

    References
    ----------
    Riley RD et al. Stat Med 2019;38:1276-1296, doi 10.1002/sim.7992.

    Examples
    --------
    >>> found = development_size(0.051, 25, 0.065, 2, 2.07)
    >>> found.shrinkage_n, found.optimism_n
    (4286, 866)
    """
    numbers: Sequence[tuple[str, float]] = (
        ("parameters", parameters),
        ("rate", rate),
        ("time_point", time_point),
        ("mean_follow_up", mean_follow_up),
    )
    for name, value in numbers:
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"{name}: must be positive")
    if not 0 < shrinkage < 1:
        raise ValueError("shrinkage: must lie between 0 and 1")
    share = rate * mean_follow_up
    counted = np.ceil(round(share * _ILLUSTRATION, 6)) / _ILLUSTRATION
    max_r2 = float(-np.expm1(2 * counted * (np.log(counted) - 1)))
    if not 0 < r2 < min(max_r2, shrinkage):
        raise ValueError(f"r2: must lie above 0 and below its largest value {max_r2:.3f}")
    second = r2 / (r2 + 0.05 * max_r2)

    def size(wanted: float) -> int:
        return int(np.ceil(parameters / ((wanted - 1) * np.log1p(-r2 / wanted))))

    n = max(size(shrinkage), size(second))
    half = Z95 * float(np.sqrt(rate / (mean_follow_up * n)))
    risk, low, high = (float(-np.expm1(-r * time_point)) for r in (rate, rate - half, rate + half))
    return DevelopmentSize(
        *(size(shrinkage), size(second), n, n * share, n * share / parameters),
        *(second, max_r2, risk, low, high),
    )
