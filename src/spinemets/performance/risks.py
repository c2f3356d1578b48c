"""
Where a predicted risk comes from, and how a score becomes one.

Every risk carries its source:

- ``published``: the survival printed for the patient's band, at exactly this horizon;
- ``supplied``: a column of the table, predicted by somebody else;
- ``cross_fitted``: estimated in the cohort from the patients of the other folds;
- ``apparent``: estimated in the cohort and applied to the same patients, hence too optimistic.

Brier score, calibration and net benefit use published or supplied risks, else cross-fitted ones.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from spinemets.performance._arrays import FloatArray, as_vector

SOURCES: Final = ("published", "supplied", "cross_fitted", "apparent")
_ABSENT: Final = {"", "<NA>", "nan", "None", "NaN"}


class PublishedSurvival(Protocol):
    """One published figure of a band, as score definitions hold it."""

    @property
    def measure(self) -> str:
        """``survival`` and ``mortality`` are risks; all else isn't."""

    @property
    def value(self) -> float | None:
        """Probability."""

    @property
    def horizon_months(self) -> float | None:
        """Horizon in months, if it was printed in months."""

    @property
    def horizon_days(self) -> float | None:
        """Horizon in days, if it was printed in days."""

    @property
    def source(self) -> str:
        """Publication."""

    @property
    def confidence(self) -> str:
        """``read``, or how unsure it is."""


class PublishedBand(Protocol):
    """A band with its published figures."""

    @property
    def id(self) -> str:
        """Name of the band."""

    @property
    def survival(self) -> Sequence[PublishedSurvival]:
        """Figures."""


@dataclass(frozen=True)
class Risk:
    """
    Predicted risks at one horizon with their source.

    Parameters
    ----------
    probability : numpy.ndarray, shape (n,)
        Risks of the event by the horizon; NaN for patients without one.
    source : str
        One of `SOURCES`.
    detail : str
        Citation, or how the risk was estimated.
    reason : str
        Why there is no risk at all; empty otherwise.
    caveat : str
        What to print beside results.
    """

    probability: FloatArray
    source: str
    detail: str = ""
    reason: str = ""
    caveat: str = ""

    @property
    def available(self) -> bool:
        """Whether anybody has a risk."""
        return not self.reason

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Patients with a risk."""
        return np.asarray(np.isfinite(self.probability))


@dataclass(frozen=True)
class PublishedRates:
    """
    Published risks of a score's bands at one horizon.

    Parameters
    ----------
    rates : dict of str to float
        Band to risk of the event.
    source : str
        Publication they were taken from.
    doubtful : tuple of str
        Bands whose figure is from memory or unsure.
    reason : str
        Why there are none; empty otherwise.
    """

    rates: dict[str, float]
    source: str = ""
    doubtful: tuple[str, ...] = ()
    reason: str = ""


def published_rates(
    bands: Iterable[PublishedBand],
    *,
    horizon_months: float | None = None,
    horizon_days: float | None = None,
) -> PublishedRates:
    """
    Collect the risks that were printed for exactly this horizon.

    Parameters
    ----------
    bands : iterable of PublishedBand
        Bands of a score's definition.
    horizon_months, horizon_days : float, optional
        The horizon in the unit it was printed in; exactly one of the two. 90 days aren't 3 months.

    Returns
    -------
    PublishedRates
        From the one publication that covers most bands (the first named wins a tie); with a
        reason when nothing was printed for the horizon. Medians aren't turned into risks.

    Raises
    ------
    ValueError
        When not exactly one of the two horizons is given.

    Examples
    --------
    >>> published_rates([], horizon_months=6).reason
    'no survival was published for the bands at 6 months'
    """
    if (horizon_months is None) == (horizon_days is None):
        raise ValueError("horizon_months: give either horizon_months or horizon_days")
    by_source: dict[str, dict[str, tuple[float, str]]] = {}
    for band in bands:
        for fact in band.survival:
            if fact.value is None or fact.measure not in ("survival", "mortality"):
                continue
            if (fact.horizon_months, fact.horizon_days) != (horizon_months, horizon_days):
                continue
            risk = 1.0 - fact.value if fact.measure == "survival" else float(fact.value)
            found = by_source.setdefault(fact.source, {})
            found.setdefault(band.id, (risk, fact.confidence))
    if not by_source:
        at = f"{horizon_days:g} days" if horizon_months is None else f"{horizon_months:g} months"
        return PublishedRates({}, reason=f"no survival was published for the bands at {at}")
    source = max(by_source, key=lambda name: len(by_source[name]))
    chosen = by_source[source]
    doubtful = tuple(band for band, (_, sure) in chosen.items() if sure != "read")
    return PublishedRates({band: risk for band, (risk, _) in chosen.items()}, source, doubtful)


def published_risk(
    band: npt.ArrayLike,
    bands: Iterable[PublishedBand],
    *,
    horizon_months: float | None = None,
    horizon_days: float | None = None,
) -> Risk:
    """
    Turn the bands of patients into the risks published for them.

    Parameters
    ----------
    band : array_like of str, shape (n,)
        Band of each patient; missing stays missing.
    bands : iterable of PublishedBand
        Bands of the score's definition.
    horizon_months, horizon_days : float, optional
        Horizon; exactly one of the two.

    Returns
    -------
    Risk
        Source ``published``. A band that occurs and has no published rate makes the score
        unavailable at this horizon: leaving its patients out would change who is evaluated.

    Raises
    ------
    ValueError
        When not exactly one of the two horizons is given.

    Examples
    --------
    >>> published_risk(["a"], [], horizon_months=6).available
    False
    """
    labels = [str(value) for value in np.asarray(band, dtype=object)]
    nothing = np.full(len(labels), np.nan)
    found = published_rates(bands, horizon_months=horizon_months, horizon_days=horizon_days)
    if found.reason:
        return Risk(nothing, "published", reason=found.reason)
    lacking = sorted({label for label in labels if label not in found.rates} - _ABSENT)
    if lacking:
        reason = f"no survival was published for band {', '.join(lacking)} at this horizon"
        return Risk(nothing, "published", found.source, reason)
    values = np.array([found.rates.get(label, np.nan) for label in labels], dtype=np.float64)
    caveat = "published survival needs verification" if found.doubtful else ""
    return Risk(values, "published", found.source, caveat=caveat)


def supplied_risk(values: npt.ArrayLike, name: str = "risk") -> Risk:
    """
    Take risks from a column of the table.

    Parameters
    ----------
    values : array_like of float, shape (n,)
        Risks of the event by the horizon, 0 to 1; NaN where missing.
    name : str
        Column, for messages and as detail.

    Returns
    -------
    Risk
        Source ``supplied``.

    Raises
    ------
    ValueError
        When a value lies outside 0 to 1.

    Examples
    --------
    >>> supplied_risk([0.1, float("nan")]).known.tolist()
    [True, False]
    """
    vector = as_vector(values, name)
    bad = ~np.isnan(vector) & ~((vector >= 0) & (vector <= 1))
    if bool(bad.any()):
        raise ValueError(f"{name}: must lie between 0 and 1 (a risk, not a percentage)")
    reason = "" if bool(np.isfinite(vector).any()) else "all values are missing"
    return Risk(vector, "supplied", name, reason)
