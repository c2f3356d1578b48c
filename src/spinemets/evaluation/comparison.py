"""All scores of a set against each other on the same patients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from spinemets.evaluation.design import FORMS, Design, Outcome
from spinemets.evaluation.risks import RiskTable, by_kind, joined
from spinemets.evaluation.scores import (
    BoolArray,
    ComparisonSet,
    FloatArray,
    OneScore,
    pairwise_sets,
)
from spinemets.performance.brier import BrierResult, brier_t, integrated_brier
from spinemets.performance.compare import differences
from spinemets.performance.discrimination import auc_t, harrell_c, uno_c
from spinemets.performance.precision import caution
from spinemets.results import PairRow, finite

#: Why there is no difference between risks of two kinds.
UNLIKE = "not compared: a {one} risk against a {other} one isn't like with like"


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
    risks: RiskTable | None,
    wanted: Mapping[str, Sequence[str]],
    suspect: Mapping[str, str],
) -> Iterator[PairRow]:
    """
    Paired differences of every two scores of every set.

    Parameters
    ----------
    design : Design
        The evaluation.
    risks : RiskTable or None
        Risks of the scores; None under delayed entry, where only Harrell's C is compared.
    wanted : mapping of str to sequence of str
        Scores asked for, per set.
    suspect : mapping of str to str
        Scores that the orientation guard stopped.

    Yields
    ------
    PairRow
        ``harrell_c``, ``uno_c``, ``auc``, ``brier``, ``ipa``, ``integrated_brier``: score less
        other score, with the covariance of the two estimates. The last three compare published and
        supplied risks with each other, and fitted ones with each other; other pairs are rows with
        that reason. Scores that a set had to do without are compared by twos under
        ``<set>:pairwise``.
    """
    for group in design.sets:
        for found in _measured(design, group, risks):
            yield from difference_rows(found, group, suspect)
        for pair in pairwise_sets(group, wanted[group.id], design.scores):
            yield from _pair(design, pair, risks, suspect)


def _pair(
    design: Design, pair: ComparisonSet, risks: RiskTable | None, suspect: Mapping[str, str]
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


def _measured(design: Design, group: ComparisonSet, risks: RiskTable | None) -> Iterator[Measured]:
    if len(group.scores) < 2:
        return
    for form in FORMS:
        scores, members = known_in(design, group, form)
        if len(scores) < 2 or not members.any():
            continue
        yield from _discrimination(design, scores, members, form)
    if risks is None:
        return
    for label in design.outcome.horizons:
        yield from _errors(design.outcome, group, risks, label)
    yield from _integrated(design.outcome, group, risks)


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
    entry = outcome.entry_of(members)
    matrix = np.column_stack([one.values(form)[members] for one in scores])
    directions = [one.higher_is_worse for one in scores]
    pooled = {"harrell_c": harrell_c(time, event, matrix, higher_is_worse=directions, entry=entry)}
    if not outcome.delayed:
        pooled["uno_c"] = uno_c(time, event, matrix, higher_is_worse=directions)
    for measure, found in pooled.items():
        yield Measured(
            measure, form, "", "", scores, found.estimate, found.covariance, found.n, found.events
        )
    for name, codes in design.strata.items():
        if len(set(codes.tolist())) < 2:
            continue
        within = harrell_c(
            time, event, matrix, higher_is_worse=directions, strata=codes[members], entry=entry
        )
        yield Measured(
            "harrell_c", form, "", "", scores, within.estimate, within.covariance, within.n,
            within.events, name,
        )  # fmt: skip
    if not outcome.horizons or outcome.delayed:
        return
    auc = auc_t(time, event, matrix, list(outcome.horizons.values()), higher_is_worse=directions)
    for h, label in enumerate(outcome.horizons):
        yield Measured(
            "auc", form, label, "", scores, auc.estimate[h], auc.covariance[h], auc.n,
            int(auc.cases[h]),
        )  # fmt: skip


def _errors(
    outcome: Outcome, group: ComparisonSet, risks: RiskTable, label: str
) -> Iterator[Measured]:
    """Brier and IPA on the patients of the set in whom every available risk is known."""
    for scores, members, table, sources in paired_risks(group, risks, label):
        if len(scores) < 2:
            continue
        found = brier_t(
            outcome.time[members], outcome.event[members], table[:, :, np.newaxis],
            [outcome.horizons[label]],
        )  # fmt: skip
        events = outcome.events_by(label, members)
        yield from error_measures(found, scores, label, events, sources)


def error_measures(
    found: BrierResult,
    scores: tuple[OneScore, ...],
    label: str,
    events: int,
    sources: tuple[str, ...],
) -> Iterator[Measured]:
    """
    Brier and IPA of several risks at one horizon.

    Parameters
    ----------
    found : BrierResult
        Of one horizon.
    scores : tuple of OneScore
        Scores.
    label : str
        Horizon.
    events : int
        Events by it.
    sources : tuple of str
        Source of every risk.

    Yields
    ------
    Measured
        Both measures.
    """
    for measure, estimate, covariance in (
        ("brier", found.estimate[0], found.covariance[0]),
        ("ipa", found.ipa[0], found.ipa_covariance[0]),
    ):
        yield Measured(
            measure, "", label, "", scores, estimate, covariance, found.n, events, sources=sources
        )


def _integrated(outcome: Outcome, group: ComparisonSet, risks: RiskTable) -> Iterator[Measured]:
    """Integrated Brier scores on the patients in whom every risk at every horizon is known."""
    labels = outcome.in_order
    if len(labels) < 2:
        return
    chosen = {one.key: [risks.over_time[one.key][at] for at in labels] for one in group.scores}
    scores = tuple(one for one in group.scores if all(r.available for r in chosen[one.key]))
    members = group.members.copy()
    for one in scores:
        members &= np.logical_and.reduce([risk.known for risk in chosen[one.key]])
    if len(scores) < 2 or not members.any():
        return
    table = [[risk.probability[members] for risk in chosen[one.key]] for one in scores]
    found = integrated_brier(
        outcome.time[members],
        outcome.event[members],
        np.array(table).transpose(2, 0, 1),
        [outcome.horizons[label] for label in labels],
        rule="trapezoid",
    )
    yield Measured(
        "integrated_brier", "", labels[-1], "", scores, found.estimate, found.covariance,
        int(members.sum()), outcome.events_by(labels[-1], members),
        sources=tuple(joined(risk.source for risk in chosen[one.key]) for one in scores),
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
    Paired differences of every two scores whose risks, if any, are of one kind.

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
        Score less other score; a row with the reason for risks of two kinds.
    """
    sources = found.sources or (found.source,) * len(found.scores)
    kinds = by_kind(sources)
    for places in kinds:
        if len(places) > 1:
            yield from _differences(found, sources, places, group, suspect)
    kind_of = {i: k for k, places in enumerate(kinds) for i in places}
    for i, j in combinations(range(len(found.scores)), 2):
        if kind_of[i] != kind_of[j]:
            note = UNLIKE.format(one=sources[i], other=sources[j])
            yield replace(_pair_row(found, i, j, group), source=joined((sources[i], sources[j])),
                          note=note)  # fmt: skip


def _differences(
    found: Measured,
    sources: Sequence[str],
    places: list[int],
    group: ComparisonSet,
    suspect: Mapping[str, str],
) -> Iterator[PairRow]:
    result = differences(found.estimate[places], found.covariance[np.ix_(places, places)])
    warning = caution(found.events)
    for k, (first, second) in enumerate(zip(result.first, result.second, strict=True)):
        i, j = places[first], places[second]
        one, other = found.scores[i], found.scores[j]
        notes = [result.reason[k] or "", warning]
        notes += [f"{s.key}: {suspect[s.key]}" for s in (one, other) if s.key in suspect]
        yield replace(
            _pair_row(found, i, j, group),
            estimate=finite(result.difference[k]),
            lower=finite(result.lower[k]),
            upper=finite(result.upper[k]),
            std_error=finite(result.std_error[k]),
            note="; ".join(note for note in notes if note),
            source=joined((sources[i], sources[j])),
            z=finite(result.z[k]),
            p=finite(result.p[k]),
            p_holm=finite(result.p_holm[k]),
            lower_simultaneous=finite(result.lower_simultaneous[k]),
            upper_simultaneous=finite(result.upper_simultaneous[k]),
            p_simultaneous=finite(result.p_simultaneous[k]),
            covariance=finite(found.covariance[i, j]),
        )


def _pair_row(found: Measured, i: int, j: int, group: ComparisonSet) -> PairRow:
    """A pair of scores and what was measured, without the result."""
    one, other = found.scores[i], found.scores[j]
    return PairRow(
        found.measure,
        n=found.n,
        events=found.events,
        set=group.id,
        stratum_set=found.stratum_set,
        stratum="all" if found.stratum_set == "overall" else "within",
        score=one.score,
        variant=one.variant,
        form=found.form,
        horizon=found.horizon,
        method="paired difference, influence functions, Wald",
        other_score=other.score,
        other_variant=other.variant,
    )
