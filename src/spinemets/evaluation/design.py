"""What an evaluation is asked: outcome, scores, sets of patients, groupings, risks, options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from spinemets.evaluation.scores import BoolArray, ComparisonSet, FloatArray, OneScore
from spinemets.performance._arrays import settle
from spinemets.performance.risks import PublishedRates, Risk

FORMS: Final = ("points", "band")
OWN: Final = "own"
#: What is computed only when it is asked for.
REQUESTS: Final = ("apparent", "nri")
#: External validations with fewer events are imprecise (Collins 2016, doi 10.1002/sim.6787).
FEW_EVENTS: Final = 100
#: Why a measure is a row without a number where some patients entered observation late.
REFUSED: Final = "delayed entry: this measure is not defined for these patients"
IntArray = npt.NDArray[np.int64]
ObjectArray = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Outcome:
    """
    Follow-up of a cohort, and the horizons asked for.

    Parameters
    ----------
    time : ndarray of float, shape (patients,)
        Time from time zero to the event or last contact.
    event : ndarray of bool, shape (patients,)
        True for the event (a death).
    horizons : dict of str to float
        Label to horizon in the unit of ``time``.
    refused : dict of str to str
        Label of a horizon that this cohort can't answer, with the reason.
    per_month : float
        Units of ``time`` in a month.
    cause : ndarray of int, shape (patients,), optional
        0 censored, 1 the event, 2 a competing event; None where nothing competes (death).
    entry : ndarray of float, shape (patients,), optional
        Time at which observation began; NaN or 0 from time zero on.
    """

    time: FloatArray
    event: BoolArray
    horizons: dict[str, float]
    refused: dict[str, str] = field(default_factory=dict)
    per_month: float = 1.0
    cause: IntArray | None = None
    entry: FloatArray | None = None

    @property
    def delayed(self) -> bool:
        """Whether some patients entered observation after time zero."""
        return self.entry is not None and bool(np.any(self.entry > 0))

    @cached_property
    def observed(self) -> BoolArray:
        """Patients with any time under observation: entry before the end of follow-up."""
        if self.entry is None:
            return np.ones(self.n, dtype=bool)
        return np.asarray(~(self.entry > 0) | (self.entry < self.time))

    def entry_of(self, members: BoolArray) -> FloatArray | None:
        """
        Time at which observation of some patients began.

        Parameters
        ----------
        members : ndarray of bool, shape (patients,)
            Patients, all of them observed.

        Returns
        -------
        ndarray of float or None
            None where everybody was observed from time zero.
        """
        return self.entry[members] if self.delayed and self.entry is not None else None

    @property
    def causes(self) -> IntArray:
        """0 censored, 1 the event, 2 a competing event."""
        return self.event.astype(np.int64) if self.cause is None else self.cause

    @property
    def n(self) -> int:
        """Number of patients."""
        return int(self.event.size)

    @property
    def in_order(self) -> list[str]:
        """Labels of the horizons, the nearest first."""
        return sorted(self.horizons, key=lambda label: self.horizons[label])

    def events_by(self, label: str, members: BoolArray) -> int:
        """
        Count events by a horizon.

        Parameters
        ----------
        label : str
            Horizon.
        members : ndarray of bool, shape (patients,)
            Patients.

        Returns
        -------
        int
            Members with the event by then.
        """
        return int((self.event & (self.time <= self.horizons[label]) & members).sum())


def settled(
    time: FloatArray, entry: FloatArray | None, horizons: Mapping[str, float]
) -> tuple[FloatArray, FloatArray | None]:
    """
    Make times equal that differ by rounding alone, so that every measure counts the same events.

    Parameters
    ----------
    time : ndarray of float, shape (patients,)
        Follow-up; missing and infinite values stay.
    entry : ndarray of float, shape (patients,), or None
        Time at which observation began.
    horizons : mapping of str to float
        Horizons in the unit of ``time``: what lies a rounding away from one lies on it.

    Returns
    -------
    time, entry : ndarray of float, or None for the entry that wasn't given
        In 0.1 + 0.2 years and a horizon of 0.3 the event is one by the horizon.
    """
    exact = list(horizons.values())
    if entry is None:
        return settle([time], exact)[0], None
    end, begin = settle([time, entry], exact)
    return end, begin


@dataclass(frozen=True)
class Bands:
    """
    Published bands of a score.

    Parameters
    ----------
    names : tuple of str
        Bands in ascending order of the total.
    rates : dict of str to PublishedRates
        Published risks per horizon label.
    expected : dict of str to (float, float)
        Survival that the score expects of a band, in months: from (inclusive) to (exclusive).
    """

    names: tuple[str, ...]
    rates: dict[str, PublishedRates] = field(default_factory=dict)
    expected: dict[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Thresholds:
    """
    Threshold probabilities of one horizon.

    Parameters
    ----------
    cuts : tuple of float
        Threshold probabilities of death.
    decision : str
        The decision that they belong to; empty where none is named.
    caveat : str
        What isn't sure about them.
    """

    cuts: tuple[float, ...]
    decision: str = ""
    caveat: str = ""


@dataclass(frozen=True)
class Options:
    """
    How an evaluation is carried out.

    Parameters
    ----------
    minimum_group : int
        Groups with fewer patients get a row with that reason instead of an estimate.
    bootstrap : int
        Replicates behind the rankings; 0 leaves them out.
    seed : int
        Seed of bootstrap and folds.
    folds : int
        Folds of cross-fitted risks.
    optimism : int
        Bootstrap resamples behind the optimism of risks fitted here; 0 leaves them out.
    thresholds : dict of str to Thresholds
        By horizon label.
    request : frozenset of str
        Some of `REQUESTS`.
    reference : str
        Score that others are compared with in net benefit and reclassification.
    """

    minimum_group: int = 10
    bootstrap: int = 1000
    seed: int = 20240101
    folds: int = 10
    optimism: int = 100
    thresholds: dict[str, Thresholds] = field(default_factory=dict)
    request: frozenset[str] = frozenset()
    reference: str = ""


@dataclass(frozen=True)
class Reference:
    """
    Another cohort in which the same scores are known, for the split of differences in C.

    Parameters
    ----------
    name : str
        Its id.
    time : ndarray of float
        Follow-up in the unit of the outcome.
    event : ndarray of bool
        True for the event.
    scores : mapping of str to OneScore
        Its scores.
    delayed : bool
        Whether some of its patients entered observation after time zero.
    """

    name: str
    time: FloatArray
    event: BoolArray
    scores: Mapping[str, OneScore]
    delayed: bool = False


@dataclass(frozen=True)
class Design:
    """
    One evaluation.

    Parameters
    ----------
    outcome : Outcome
        Follow-up and horizons.
    scores : mapping of str to OneScore
        Scores by key.
    sets : sequence of ComparisonSet
        Comparison sets.
    strata : mapping of str to ndarray of object
        Grouping to group of every patient.
    risks : mapping of str to mapping of str to Risk
        Published or supplied risks: score key to horizon label to risk.
    bands : mapping of str to Bands
        Published bands by score key.
    hazards : mapping of str to ndarray of float
        Predicted cumulative hazard at each patient's own time, by score key.
    centre : ndarray of object, optional
        Centre of every patient.
    reference : Reference, optional
        Cohort that C is compared with.
    options : Options
        How.
    """

    outcome: Outcome
    scores: Mapping[str, OneScore]
    sets: Sequence[ComparisonSet]
    strata: Mapping[str, ObjectArray] = field(default_factory=dict)
    risks: Mapping[str, Mapping[str, Risk]] = field(default_factory=dict)
    bands: Mapping[str, Bands] = field(default_factory=dict)
    hazards: Mapping[str, FloatArray] = field(default_factory=dict)
    centre: ObjectArray | None = None
    reference: Reference | None = None
    options: Options = field(default_factory=Options)

    def members(self, one: OneScore, form: str) -> BoolArray:
        """
        Patients under observation in whom a form of a score is known.

        Parameters
        ----------
        one : OneScore
            Score.
        form : {"points", "band"}
            Total or band.

        Returns
        -------
        ndarray of bool, shape (patients,)
            True where it is known.
        """
        known = one.determined if form == "points" else ~np.isnan(one.band)
        return np.asarray(known & self.outcome.observed)
