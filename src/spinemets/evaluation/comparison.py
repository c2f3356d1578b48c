"""All scores of a set against each other on the same patients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from spinemets.evaluation.design import FORMS, Design, Outcome
from spinemets.evaluation.risks import RiskTable
from spinemets.evaluation.scores import (
    BoolArray,
    ComparisonSet,
    FloatArray,
    OneScore,
    pairwise_sets,
)
from spinemets.performance.brier import brier_t
from spinemets.performance.compare import differences
from spinemets.performance.discrimination import auc_t, harrell_c, uno_c
from spinemets.performance.precision import caution
from spinemets.results import PairRow

#: A risk fitted to this cohort has its calibration for nothing; a published one has not.
UNLIKE = "a {one} risk against a {other} one: not like with like"


@dataclass(frozen=True)
class Measured:
    """
    One measure of several scores on the same patients.

    Parameters
    ----------
    measure, form, horizon, source : str
        What was measured.
    scores : tuple of OneScore
        Scores.
    estimate : ndarray, shape (scores,)
        Estimates.
    covariance : ndarray, shape (scores, scores)
        Their covariance.
    n, events : int
        Patients, and events by the horizon.
    stratum_set : str
        ``overall``, or the grouping within which pairs were made.
    sources : tuple of str
        Source of every score's risk; empty where no risk enters.
    interval : tuple of ndarray
        Limits of the 95 % intervals, where they are more than Wald's.
    reason : tuple of str
        Why an estimate doesn't exist, per score.
    """

    measure: str
    form: str
    horizon: str
    source: str
    scores: tuple[OneScore, ...]
    estimate: FloatArray
    covariance: FloatArray
    n: int
    events: int
    stratum_set: str = "overall"
    sources: tuple[str, ...] = ()
    interval: tuple[FloatArray, FloatArray] = (np.empty(0), np.empty(0))
    reason: tuple[str, ...] = ()


def comparison_rows(
    design: Design,
    risks: RiskTable,
    wanted: Mapping[str, Sequence[str]],
    suspect: Mapping[str, str],
) -> Iterator[PairRow]:
    """
    Paired differences of every two scores of every set.

    Parameters
    ----------
    design : Design
        The evaluation.
    risks : RiskTable
        Risks of the scores.
    wanted : mapping of str to sequence of str
        Scores asked for, per set.
    suspect : mapping of str to str
        Scores that the orientation guard stopped.

    Yields
    ------
    PairRow
        ``harrell_c``, ``uno_c``, ``auc``, ``brier``: score less other score, with the covariance of
        the two estimates. Scores that a set had to do without are compared by twos under
        ``<set>:pairwise``.
    """
    for group in design.sets:
        for found in _measured(design, group, risks):
            yield from difference_rows(found, group, suspect)
        for pair in pairwise_sets(group, wanted[group.id], design.scores):
            yield from _pair(design, pair, risks, suspect)


def _pair(
    design: Design, pair: ComparisonSet, risks: RiskTable, suspect: Mapping[str, str]
) -> Iterator[PairRow]:
    why = "; ".join(f"{key} isn't in the set: {text}" for key, text in pair.moved_out.items())
    if not pair.members.any():
        first, second = pair.scores
        yield PairRow(
            "harrell_c", set=pair.id, score=first.score, variant=first.variant,
            other_score=second.score, other_variant=second.variant, n=0, events=0,
            note=f"no patient with both scores; {why}",
        )  # fmt: skip
        return
    for found in _measured(design, pair, risks):
        for row in difference_rows(found, pair, suspect):
            yield replace(row, note="; ".join(p for p in (why, row.note) if p))


def _measured(design: Design, group: ComparisonSet, risks: RiskTable) -> Iterator[Measured]:
    if len(group.scores) < 2:
        return
    for form in FORMS:
        scores, members = known_in(design, group, form)
        if len(scores) < 2 or not members.any():
            continue
        yield from _discrimination(design, scores, members, form)
    for label in design.outcome.horizons:
        yield from _brier(design.outcome, group, risks, label)


def known_in(
    design: Design, group: ComparisonSet, form: str
) -> tuple[tuple[OneScore, ...], BoolArray]:
    """
    Scores of a set that have a form, and the patients in whom all of those are known.

    Parameters
    ----------
    design : Design
        The evaluation.
    group : ComparisonSet
        The set.
    form : {"points", "band"}
        Form.

    Returns
    -------
    scores, members : tuple of OneScore, ndarray of bool
        Possibly none.
    """
    scores = tuple(one for one in group.scores if form in one.forms)
    members = group.members.copy()
    for one in scores:
        members &= design.members(one, form)
    return scores, members


def _discrimination(
    design: Design, scores: tuple[OneScore, ...], members: BoolArray, form: str
) -> Iterator[Measured]:
    outcome = design.outcome
    time, event = outcome.time[members], outcome.event[members]
    matrix = np.column_stack([one.values(form)[members] for one in scores])
    directions = [one.higher_is_worse for one in scores]
    for measure, function in (("harrell_c", harrell_c), ("uno_c", uno_c)):
        found = function(time, event, matrix, higher_is_worse=directions)
        yield Measured(
            measure, form, "", "", scores, found.estimate, found.covariance, found.n, found.events
        )
    for name, codes in design.strata.items():
        if len(set(codes.tolist())) < 2:
            continue
        within = harrell_c(time, event, matrix, higher_is_worse=directions, strata=codes[members])
        yield Measured(
            "harrell_c", form, "", "", scores, within.estimate, within.covariance, within.n,
            within.events, name,
        )  # fmt: skip
    if not outcome.horizons:
        return
    auc = auc_t(time, event, matrix, list(outcome.horizons.values()), higher_is_worse=directions)
    for h, label in enumerate(outcome.horizons):
        yield Measured(
            "auc", form, label, "", scores, auc.estimate[h], auc.covariance[h], auc.n,
            int(auc.cases[h]),
        )  # fmt: skip


def _brier(
    outcome: Outcome, group: ComparisonSet, risks: RiskTable, label: str
) -> Iterator[Measured]:
    """Brier scores on the patients of the set in whom every available risk is known."""
    for scores, members, table, sources in paired_risks(group, risks, label):
        if len(scores) < 2:
            continue
        found = brier_t(
            outcome.time[members], outcome.event[members], table[:, :, np.newaxis],
            [outcome.horizons[label]],
        )  # fmt: skip
        events = int((outcome.event & (outcome.time <= outcome.horizons[label]))[members].sum())
        yield Measured(
            "brier", "", label, "", scores, found.estimate[0], found.covariance[0], found.n,
            events, sources=sources,
        )  # fmt: skip


def paired_risks(
    group: ComparisonSet, risks: RiskTable, label: str
) -> Iterator[tuple[tuple[OneScore, ...], BoolArray, FloatArray, tuple[str, ...]]]:
    """
    Risks of a set's scores at a horizon, on the patients in whom all of them are known.

    Parameters
    ----------
    group : ComparisonSet
        The set.
    risks : RiskTable
        Risks of the scores.
    label : str
        Horizon.

    Yields
    ------
    scores, members, table, sources
        Scores with an available risk; patients; risks of shape (patients, scores); the source of
        every risk. Nothing where no score has a risk.
    """
    have = [(one, risks.default(one.key, label)) for one in group.scores]
    available = [(one, risk) for one, risk in have if risk.available]
    members = group.members.copy()
    for _, risk in available:
        members &= risk.known
    if not available or not members.any():
        return
    table = np.column_stack([risk.probability[members] for _, risk in available])
    sources = tuple(risk.source for _, risk in available)
    yield tuple(one for one, _ in available), members, table, sources


def difference_rows(
    found: Measured, group: ComparisonSet, suspect: Mapping[str, str]
) -> Iterator[PairRow]:
    """
    Paired differences of every two scores.

    Parameters
    ----------
    found : Measured
        One measure of several scores.
    group : ComparisonSet
        The set they were measured on.
    suspect : mapping of str to str
        Scores that the orientation guard stopped.

    Yields
    ------
    PairRow
        Score less other score.
    """
    result = differences(found.estimate, found.covariance)
    warning = caution(found.events)
    for k, (i, j) in enumerate(zip(result.first, result.second, strict=True)):
        one, other = found.scores[i], found.scores[j]
        source, unlike = _sources(found, i, j)
        notes = [result.reason[k] or "", unlike, warning]
        notes += [f"{s.key}: {suspect[s.key]}" for s in (one, other) if s.key in suspect]
        yield PairRow(
            found.measure,
            estimate=_known(result.difference[k]),
            lower=_known(result.lower[k]),
            upper=_known(result.upper[k]),
            std_error=_known(result.std_error[k]),
            n=found.n,
            events=found.events,
            note="; ".join(note for note in notes if note),
            set=group.id,
            stratum_set=found.stratum_set,
            stratum="all" if found.stratum_set == "overall" else "within",
            score=one.score,
            variant=one.variant,
            form=found.form,
            horizon=found.horizon,
            method="paired difference, influence functions, Wald",
            source=source,
            other_score=other.score,
            other_variant=other.variant,
            z=_known(result.z[k]),
            p=_known(result.p[k]),
            p_holm=_known(result.p_holm[k]),
            lower_simultaneous=_known(result.lower_simultaneous[k]),
            upper_simultaneous=_known(result.upper_simultaneous[k]),
            p_simultaneous=_known(result.p_simultaneous[k]),
            covariance=_known(found.covariance[i, j]),
        )


def _sources(found: Measured, i: int, j: int) -> tuple[str, str]:
    """Source of the risks of a pair, and a warning where they aren't of one kind."""
    if not found.sources:
        return found.source, ""
    one, other = found.sources[i], found.sources[j]
    if one == other:
        return one, ""
    return f"{one}+{other}", UNLIKE.format(one=one, other=other)


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
