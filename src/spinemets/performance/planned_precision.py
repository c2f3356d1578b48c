"""Precision that a planned validation on censored data can expect."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from scipy.optimize import brentq

from spinemets.performance._arrays import FloatArray
from spinemets.performance._estimate import Z95
from spinemets.performance._km import FollowUp
from spinemets.performance.calibration import ratio_at, slope_of
from spinemets.performance.transport import concordance_of
from spinemets.performance.utility import decision_curve

_SEED: Final = 20240106
#: Widths of 95 % intervals aimed at where nothing else is asked for.
TARGETS: Final = {
    "harrell_c": 0.1,
    "oe_ratio": 0.2,
    "calibration_slope": 0.4,
    "standardised_net_benefit": 0.2,
}


def lp_sd_for_c(c: float) -> float:
    """
    Spread of a normal linear predictor with a given concordance under proportional hazards.

    Parameters
    ----------
    c : float
        Harrell's C, between 0.5 and 1.

    Returns
    -------
    float
        Standard deviation of the log relative hazard.

    Raises
    ------
    ValueError
        When C lies outside 0.5 to 1.

    Examples
    --------
    >>> round(lp_sd_for_c(0.65), 3)
    0.586
    """
    if not 0.5 < c < 0.99:
        raise ValueError("c: must lie above 0.5 and below 0.99")

    def miss(sd: float) -> float:
        # Differences of pairs are half-normal: integrate over their positive half.
        points = np.linspace(0, 10, 4001)
        density = np.exp(-0.5 * points**2)
        share = density / density.sum()
        return float(share @ (1.0 / (1.0 + np.exp(-np.sqrt(2) * sd * points)))) - c

    return float(brentq(miss, 1e-6, 50.0))


@dataclass(frozen=True)
class PlannedPrecision:
    """
    Precision that a planned validation on censored data can expect.

    Parameters
    ----------
    risk : float
        Risk of the event by the horizon.
    events_share, censored_share : float
        Shares of patients with the event, and censored, by the horizon.
    unit_error : dict of str to float
        Standard error times the root of the number of patients, per measure (O:E on the log scale).
    """

    risk: float
    events_share: float
    censored_share: float
    unit_error: dict[str, float] = field(default_factory=dict)

    def width(self, measure: str, n: float) -> float:
        """
        Expected width of a 95 % interval.

        Parameters
        ----------
        measure : str
            One of `TARGETS`.
        n : float
            Patients.

        Returns
        -------
        float
            Width; for O:E of an interval about 1.
        """
        half = Z95 * self.unit_error[measure] / float(np.sqrt(n))
        return float(2 * np.sinh(half)) if measure == "oe_ratio" else 2 * half

    def patients(self, measure: str, width: float | None = None) -> int:
        """
        Patients needed for a 95 % interval of a given width.

        Parameters
        ----------
        measure : str
            One of `TARGETS`.
        width : float, optional
            Width wanted; that of `TARGETS` by default.

        Returns
        -------
        int
            Rounded up.
        """
        wanted = TARGETS[measure] if width is None else width
        half = float(np.arcsinh(wanted / 2)) if measure == "oe_ratio" else wanted / 2
        return int(np.ceil((Z95 * self.unit_error[measure] / half) ** 2))


def planned_precision(
    median_survival: float,
    horizon: float,
    *,
    c: float = 0.65,
    shape: float = 1.0,
    follow_up: tuple[float, float] = (np.inf, np.inf),
    ends: FloatArray | None = None,
    threshold: float = 0.5,
    simulated: int = 20_000,
    seed: int = _SEED,
) -> PlannedPrecision:
    """
    Standard errors that a validation on censored data can expect, by one large simulation (Snell).

    Parameters
    ----------
    median_survival : float
        Median survival of a patient with mean linear predictor, in any unit of time.
    horizon : float
        Horizon in the same unit.
    c : float
        Expected Harrell's C, which sets the spread of a normal linear predictor.
    shape : float
        Shape of the Weibull distribution; below 1 the hazard falls.
    follow_up : tuple of float
        Shortest and longest time between entry and the end of the study, uniform between them;
        infinite for nobody censored.
    ends : ndarray of float, shape (simulated,), optional
        Ends of follow-up to draw instead, in any order: those of a cohort (reverse Kaplan-Meier).
    threshold : float
        Threshold of the standardised net benefit.
    simulated : int
        Patients simulated; standard errors are scaled from there by the root of the number.
    seed : int
        Seed.

    Returns
    -------
    PlannedPrecision
        For a well-calibrated prediction.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    One large data set with the project's own standard errors replaces many small ones: they scale
    with the root of n.

    References
    ----------
    Snell KIE et al. J Clin Epidemiol 2021;135:79-89, doi 10.1016/j.jclinepi.2021.02.011.
    Riley RD et al. Stat Med 2022;41:1280-1295, doi 10.1002/sim.9275.

    Examples
    --------
    >>> found = planned_precision(5.1, 6, c=0.65, simulated=2000)
    >>> found.width("harrell_c", 400) < found.width("harrell_c", 100)
    True
    """
    for name, value in (
        ("median_survival", median_survival),
        ("horizon", horizon),
        ("shape", shape),
    ):
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"{name}: must be positive")
    shortest, longest = follow_up
    if not 0 < shortest <= longest:
        raise ValueError("follow_up: must be two positive times, the shorter one first")
    if simulated < 100:
        raise ValueError("simulated: must be at least 100")
    random = np.random.default_rng(seed)
    predictor = random.normal(0.0, lp_sd_for_c(c), simulated)
    scale = np.log(2.0) * np.exp(predictor)  # hazard in units of (time / median) ** shape
    death = median_survival * (random.exponential(size=simulated) / scale) ** (1 / shape)
    end = np.full(simulated, np.inf)
    if np.isfinite(longest):
        end = random.uniform(shortest, longest, simulated)
    if ends is not None:
        if ends.shape != (simulated,) or not bool(np.all(ends >= 0)):
            raise ValueError(f"ends: must be {simulated} times")
        end = random.permutation(ends)
    time, event = np.minimum(death, end), death <= end
    risk = -np.expm1(-scale * (horizon / median_survival) ** shape)
    observed = FollowUp.of(time, event)
    root = float(np.sqrt(simulated))
    ratio = ratio_at(observed, risk, horizon, "influence")
    curve = decision_curve(time, event, {"risk": risk}, horizon, thresholds=[threshold])
    return PlannedPrecision(
        float(risk.mean()),
        observed.events(horizon) / simulated,
        float((~event & (time < horizon)).mean()),
        {
            "harrell_c": concordance_of(observed, predictor).std_error * root,
            "oe_ratio": ratio.std_error / ratio.value * root,
            "calibration_slope": slope_of(observed, predictor).std_error * root,
            "standardised_net_benefit": float(curve.standardised_error[0, 0]) * root,
        },
    )
