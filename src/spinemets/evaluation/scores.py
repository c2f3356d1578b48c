"""The long score table beside the patients: which score is known for whom, in which direction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]


class Band(Protocol):
    """What is asked of a published band."""

    @property
    def id(self) -> str:
        """Name of the band."""


class Definition(Protocol):
    """What is asked of a score's definition."""

    @property
    def id(self) -> str:
        """Name of the score."""

    @property
    def direction(self) -> int:
        """+1 when a higher total means longer survival, -1 when shorter, 0 when neither."""

    @property
    def predicts_survival(self) -> bool:
        """Whether overall survival is what the score was made for."""

    @property
    def bands(self) -> Sequence[Band]:
        """Bands in ascending order of the total."""


@dataclass(frozen=True)
class OneScore:
    """
    A score (or a variant of it) for every patient of a cohort.

    Parameters
    ----------
    score, variant : str
        Names; the variant is empty for the score as published.
    higher_is_worse : bool
        Direction, from the definition.
    points : ndarray of float, shape (patients,)
        Total; NaN unless ``determined``.
    band : ndarray of float, shape (patients,)
        Position of the band in ascending order of the total; NaN where no band is known.
    low, high : ndarray of float, shape (patients,)
        Bounds of the total.
    determined, applicable : ndarray of bool, shape (patients,)
        Total known; patient belongs to the score's population.
    forms : tuple of str
        Forms that the score has.
    note : str
        What has to be said beside all its results.
    guarded : bool
        Whether it predicts overall survival, so that a C below one half puts its direction in
        doubt; a score of walking or of local control may well run against survival.
    """

    score: str
    variant: str
    higher_is_worse: bool
    points: FloatArray
    band: FloatArray
    low: FloatArray
    high: FloatArray
    determined: BoolArray
    applicable: BoolArray
    forms: tuple[str, ...] = ("points", "band")
    note: str = ""
    guarded: bool = True

    @property
    def key(self) -> str:
        """Name of the score with its variant."""
        return f"{self.score}:{self.variant}" if self.variant else self.score

    def values(self, form: str) -> FloatArray:
        """
        Values of one form of the score.

        Parameters
        ----------
        form : {"points", "band"}
            Total or position of the published band.

        Returns
        -------
        ndarray of float, shape (patients,)
            NaN where not known.
        """
        return self.points if form == "points" else self.band


def take(one: OneScore, use: BoolArray) -> OneScore:
    """
    Keep some patients of a score.

    Parameters
    ----------
    one : OneScore
        Score.
    use : ndarray of bool
        Patients kept.

    Returns
    -------
    OneScore
        Of those patients.
    """
    arrays = ("points", "band", "low", "high", "determined", "applicable")
    return replace(one, **{name: getattr(one, name)[use] for name in arrays})


def read_scores(
    table: pd.DataFrame, patient_ids: pd.Series, definitions: Mapping[str, Definition]
) -> dict[str, OneScore]:
    """
    Take the long score table apart, patients in the order of the patient table.

    Parameters
    ----------
    table : pandas.DataFrame
        Long score table: patient_id, score, variant, points, band, low, high, status, reason.
    patient_ids : pandas.Series
        Ids of the patients in the order wanted.
    definitions : mapping of str to Definition
        Definitions by score id. A score without direction (a classification) is left out.

    Returns
    -------
    dict of str to OneScore
        By score id, with ``:variant`` for variants.
    """
    out = {}
    for (score, variant), part in table.groupby(["score", "variant"], sort=False, dropna=False):
        definition = definitions.get(str(score))
        if definition is None or definition.direction == 0:
            continue
        rows = part.set_index("patient_id").reindex(patient_ids)
        order = {band.id: float(i) for i, band in enumerate(definition.bands)}
        one = OneScore(
            score=str(score),
            variant="" if variant is None or variant != variant else str(variant),
            higher_is_worse=definition.direction < 0,
            points=_floats(rows["points"]),
            band=_floats(rows["band"].map(order)),
            low=_floats(rows["low"]),
            high=_floats(rows["high"]),
            determined=(rows["status"] == "determined").to_numpy(dtype=bool, na_value=False),
            applicable=(rows["status"] != "not_applicable").to_numpy(dtype=bool, na_value=False),
            guarded=definition.predicts_survival,
        )
        out[one.key] = one
    return out


def _floats(values: pd.Series) -> FloatArray:
    found = values.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray(found, dtype=np.float64)


@dataclass(frozen=True)
class ComparisonSet:
    """
    Patients on whom several scores are compared.

    Parameters
    ----------
    id : str
        Name of the set.
    scores : tuple of OneScore
        Scores that are in it.
    moved_out : dict of str to str
        Scores that were asked for and are not in it, with the reason.
    members : ndarray of bool, shape (patients,)
        Patients for whom every score of the set is applicable and determined.
    """

    id: str
    scores: tuple[OneScore, ...]
    moved_out: dict[str, str]
    members: BoolArray


#: A score may not take a comparison set below this many events, or below half of the cohort.
MINIMUM_EVENTS = 100


def comparison_set(
    name: str, wanted: Iterable[str], scores: Mapping[str, OneScore], event: BoolArray
) -> ComparisonSet:
    """
    Find the patients for whom all scores of a set are determined.

    Scores enter in the order of how many patients have them. One whose entry takes the set below
    100 events (of a cohort that has them) or below half of the cohort stays out, with the reason,
    so that one rarely recorded score doesn't take everybody's patients away.

    Parameters
    ----------
    name : str
        Name of the set.
    wanted : iterable of str
        Ids of the scores asked for.
    scores : mapping of str to OneScore
        Scores that were computed.
    event : ndarray of bool, shape (patients,)
        True for a death.

    Returns
    -------
    ComparisonSet
        Possibly with no score or no patient; nothing is raised for that.
    """
    wanted = list(wanted)
    moved: dict[str, str] = {w: "not computed" for w in wanted if w not in scores}
    found = sorted(
        (scores[w] for w in wanted if w in scores),
        key=lambda s: (-int(s.determined.sum()), wanted.index(s.key)),
    )
    members = np.ones(len(event), dtype=bool)
    inside: list[OneScore] = []
    for one in found:
        both = members & one.determined
        reason = _why_out(both, members, event, len(event))
        if reason:
            moved[one.key] = reason
        else:
            members, inside = both, [*inside, one]
    if not inside:
        members = np.zeros(len(event), dtype=bool)
    inside.sort(key=lambda s: wanted.index(s.key))
    return ComparisonSet(name, tuple(inside), moved, members)


def pairwise_sets(
    group: ComparisonSet, wanted: Iterable[str], scores: Mapping[str, OneScore]
) -> list[ComparisonSet]:
    """
    Compare scores that a set had to do without by twos, on the patients of each pair.

    Parameters
    ----------
    group : ComparisonSet
        The set.
    wanted : iterable of str
        Scores asked for.
    scores : mapping of str to OneScore
        Scores that were computed.

    Returns
    -------
    list of ComparisonSet
        One per pair with at least one score left out of the set; ``moved_out`` says why.
    """
    keys = [key for key in wanted if key in scores]
    out = []
    for i, first in enumerate(keys):
        for second in keys[i + 1 :]:
            why = {key: group.moved_out[key] for key in (first, second) if key in group.moved_out}
            if not why:
                continue
            pair = scores[first], scores[second]
            both = pair[0].determined & pair[1].determined
            out.append(ComparisonSet(f"{group.id}:pairwise", pair, why, both))
    return out


def _why_out(both: BoolArray, before: BoolArray, event: BoolArray, n: int) -> str:
    if not both.any():
        return "determined in no patient of the set"
    if event[before].sum() >= MINIMUM_EVENTS > event[both].sum():
        return f"its inclusion takes the set below {MINIMUM_EVENTS} events"
    if 2 * both.sum() < n:
        return "its inclusion takes the set below half of the cohort"
    return ""
