"""Discrimination of the scores of a cohort as rows of the long result table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from spinemets.performance.discrimination import Concordance, auc_t, harrell_c
from spinemets.performance.score_table import ComparisonSet, OneScore
from spinemets.results import Row

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

FORMS: Final = ("points", "band")
#: External validations with fewer events are imprecise (Collins 2016, doi 10.1002/sim.6787).
FEW_EVENTS: Final = 100


@dataclass(frozen=True)
class Outcome:
    """
    Follow-up of a cohort, and the horizons asked for.

    Parameters
    ----------
    days : ndarray of float, shape (patients,)
        Time from time zero to death or last contact.
    event : ndarray of bool, shape (patients,)
        True for a death.
    horizons : dict of str to float
        Label to days.
    refused : dict of str to str
        Label of a horizon that this cohort can't answer, with the reason.
    """

    days: FloatArray
    event: BoolArray
    horizons: dict[str, float]
    refused: dict[str, str]


def caveat(events: int) -> str:
    """
    Say that there are few events.

    Parameters
    ----------
    events : int
        Number of events behind an estimate.

    Returns
    -------
    str
        Empty when there are enough.
    """
    return f"fewer than {FEW_EVENTS} events: imprecise" if 0 < events < FEW_EVENTS else ""


def rows_of_cohort(
    outcome: Outcome,
    scores: Mapping[str, OneScore],
    sets: Sequence[ComparisonSet],
    strata: Mapping[str, npt.NDArray[np.object_]],
    minimum_group: int,
) -> Iterator[Row]:
    """
    Discrimination of every score, on comparison sets and on its own patients, with strata.

    Parameters
    ----------
    outcome : Outcome
        Follow-up and horizons.
    scores : mapping of str to OneScore
        Scores of the cohort.
    sets : sequence of ComparisonSet
        Comparison sets.
    strata : mapping of str to ndarray of object, shape (patients,)
        Grouping to group of every patient.
    minimum_group : int
        Groups with fewer patients get a row with that reason instead of an estimate.

    Yields
    ------
    Row
        Measures ``harrell_c``, ``tied_score_share`` and ``auc``; an estimate that doesn't exist is
        a row with the reason.
    """
    for group in sets:
        for form in FORMS:
            yield from _rows(outcome, group.scores, group.members, group.id, form)
            for name, codes in strata.items():
                yield from _strata_rows(
                    outcome, group.scores, group.members, group.id, form, name, codes, minimum_group
                )
        for key, reason in group.moved_out.items():
            yield _no_result(key, group.id, reason)
    for one in scores.values():
        for form in FORMS:
            members = one.determined if form == "points" else ~np.isnan(one.band)
            yield from _rows(outcome, (one,), members, "own", form)
            for name, codes in strata.items():
                yield from _strata_rows(
                    outcome, (one,), members, "own", form, name, codes, minimum_group
                )


def _no_result(key: str, set_id: str, reason: str) -> Row:
    score, _, variant = key.partition(":")
    return Row("harrell_c", set=set_id, score=score, variant=variant, note=f"not in set: {reason}")


def _strata_rows(
    outcome: Outcome,
    scores: Sequence[OneScore],
    members: BoolArray,
    set_id: str,
    form: str,
    name: str,
    codes: npt.NDArray[np.object_],
    minimum_group: int,
) -> Iterator[Row]:
    """Within-stratum C over all groups together, then each group by itself."""
    found = sorted(set(codes.tolist()))
    if len(found) == 1:
        reason = f"one group only ({found[0]}): nothing to stratify by"
        for one in scores:
            yield replace(_empty(one, set_id, form, reason), stratum_set=name, stratum="within")
        return
    for row in _concordance(outcome, scores, members, set_id, form, codes):
        yield replace(row, stratum_set=name, stratum="within")
    for group in found:
        inside = members & (codes == group)
        if inside.sum() < minimum_group:
            reason = f"fewer than {minimum_group} patients"
            for one in scores:
                empty = _empty(one, set_id, form, reason)
                count, events = int(inside.sum()), int(outcome.event[inside].sum())
                yield replace(empty, stratum_set=name, stratum=group, n=count, events=events)
            continue
        for row in _rows(outcome, scores, inside, set_id, form):
            yield replace(row, stratum_set=name, stratum=group)


def _empty(one: OneScore, set_id: str, form: str, reason: str) -> Row:
    return Row(
        "harrell_c", set=set_id, score=one.score, variant=one.variant, form=form, note=reason
    )


def _rows(
    outcome: Outcome, scores: Sequence[OneScore], members: BoolArray, set_id: str, form: str
) -> Iterator[Row]:
    if not scores:
        return
    if not members.any():
        for one in scores:
            yield replace(_empty(one, set_id, form, "no patient with this score"), n=0, events=0)
        return
    yield from _concordance(outcome, scores, members, set_id, form, None)
    yield from _auc(outcome, scores, members, set_id, form)


def _matrix(scores: Sequence[OneScore], members: BoolArray, form: str) -> FloatArray:
    return np.column_stack([one.values(form)[members] for one in scores])


def _concordance(
    outcome: Outcome,
    scores: Sequence[OneScore],
    members: BoolArray,
    set_id: str,
    form: str,
    codes: npt.NDArray[np.object_] | None,
) -> Iterator[Row]:
    if not members.any():
        return
    result: Concordance = harrell_c(
        outcome.days[members],
        outcome.event[members],
        _matrix(scores, members, form),
        higher_is_worse=[one.higher_is_worse for one in scores],
        strata=None if codes is None else codes[members],
    )
    lower, upper = result.interval()
    ties = result.tie_share
    for i, one in enumerate(scores):
        base = Row(
            "harrell_c",
            set=set_id,
            score=one.score,
            variant=one.variant,
            form=form,
            n=result.n,
            events=result.events,
            note=result.reason[i] or caveat(result.events),
        )
        yield replace(
            base,
            estimate=_known(result.estimate[i]),
            lower=_known(lower[i]),
            upper=_known(upper[i]),
            std_error=_known(result.std_error[i]),
            method="infinitesimal jackknife, logit",
        )
        if codes is None:
            yield replace(
                base, measure="tied_score_share", estimate=_known(ties[i]), method="share"
            )


def _auc(
    outcome: Outcome, scores: Sequence[OneScore], members: BoolArray, set_id: str, form: str
) -> Iterator[Row]:
    for label, reason in outcome.refused.items():
        for one in scores:
            yield replace(_empty(one, set_id, form, reason), measure="auc", horizon=label)
    if not outcome.horizons:
        return
    result = auc_t(
        outcome.days[members],
        outcome.event[members],
        _matrix(scores, members, form),
        list(outcome.horizons.values()),
        higher_is_worse=[one.higher_is_worse for one in scores],
    )
    lower, upper = result.interval()
    for h, label in enumerate(outcome.horizons):
        for i, one in enumerate(scores):
            yield Row(
                "auc",
                set=set_id,
                score=one.score,
                variant=one.variant,
                form=form,
                horizon=label,
                estimate=_known(result.estimate[h, i]),
                lower=_known(lower[h, i]),
                upper=_known(upper[h, i]),
                std_error=_known(result.std_error[h, i]),
                n=result.n,
                events=int(result.cases[h]),
                method="cumulative/dynamic, inverse censoring weights, influence function, logit",
                note=result.reason[h][i] or caveat(int(result.cases[h])),
            )


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
