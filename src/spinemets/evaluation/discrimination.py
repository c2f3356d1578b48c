"""Discrimination of the scores of a cohort as rows of the long result table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from spinemets.evaluation.bounds import bounds_rows
from spinemets.evaluation.design import (
    FEW_EVENTS,
    FORMS,
    OWN,
    REFUSED,
    Design,
    ObjectArray,
    Outcome,
)
from spinemets.evaluation.scores import BoolArray, FloatArray, OneScore
from spinemets.performance._intervals import no_interval
from spinemets.performance.discrimination import Concordance, auc_t, harrell_c, uno_c
from spinemets.performance.discrimination_models import gonen_heller_k, royston_d
from spinemets.results import SUSPECT, Row, finite

#: Coverage of the interval that the orientation guard asks of C.
GUARD: Final = 0.999
JACKKNIFE: Final = "infinitesimal jackknife, logit"
LATE: Final = "pairs that met under observation (delayed entry), "


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


def suspects(design: Design) -> dict[str, str]:
    """
    Scores whose direction the whole cohort contradicts.

    Parameters
    ----------
    design : Design
        The evaluation.

    Returns
    -------
    dict of str to str
        Score key to explanation: on its own patients, with at least 100 events, the 99.9 % interval
        of Harrell's C lies below one half. Scores of another outcome than overall survival
        (walking, local control) are not judged. The direction is never changed for that reason.
    """
    found = {}
    for key, one in design.scores.items():
        inside = design.members(one, "points")
        events = int(design.outcome.event[inside].sum())
        if events < FEW_EVENTS or not one.guarded:
            continue
        result = _harrell(design.outcome, (one,), inside, "points", None)
        if _below_half(result)[0]:
            found[key] = (
                f"{SUSPECT}: the 99.9 % interval of Harrell's C lies below one half on all "
                "patients with this score; check the direction that is declared and the coding of "
                "its items (it isn't reversed here)"
            )
    return found


def _below_half(result: Concordance) -> list[bool]:
    _, upper = result.interval(level=GUARD)
    return [bool(u < 0.5) for u in upper]


def discrimination_rows(design: Design, suspect: Mapping[str, str]) -> Iterator[Row]:
    """
    Discrimination of every score, on comparison sets and on its own patients, with strata.

    Parameters
    ----------
    design : Design
        The evaluation.
    suspect : mapping of str to str
        Scores that the orientation guard stopped.

    Yields
    ------
    Row
        Measures ``harrell_c``, ``tied_score_share``, ``uno_c``, ``uno_c_truncated``, ``auc``,
        ``gonen_heller_k``, ``royston_d``, ``royston_r2_d``, ``harrell_c_bounds``; an estimate that
        doesn't exist is a row with the reason.
    """
    for row in _all_rows(design):
        key = f"{row.score}:{row.variant}" if row.variant else row.score
        parts = [design.scores[key].note] if key in design.scores else []
        if row.stratum_set == "overall" and key in suspect and not row.note.startswith("not in"):
            parts.append(suspect[key])
        row.note = "; ".join(p for p in (*parts, row.note) if p)
        yield row


def _all_rows(design: Design) -> Iterator[Row]:
    for group in design.sets:
        for form in FORMS:
            inside = tuple(one for one in group.scores if form in one.forms)
            members = group.members.copy()
            for one in inside:
                members &= design.members(one, form)
            yield from _with_strata(design, inside, members, group.id, form)
        for key, reason in group.moved_out.items():
            score, _, variant = key.partition(":")
            note = f"not in set: {reason}"
            yield Row("harrell_c", set=group.id, score=score, variant=variant, note=note)
    for one in design.scores.values():
        for form in one.forms:
            yield from _with_strata(design, (one,), design.members(one, form), OWN, form)
        yield from bounds_rows(design.outcome, one)


def _with_strata(
    design: Design, scores: Sequence[OneScore], members: BoolArray, set_id: str, form: str
) -> Iterator[Row]:
    yield from _rows(design.outcome, scores, members, set_id, form, whole=True)
    for name, codes in design.strata.items():
        yield from _strata_rows(design, scores, members, set_id, form, name, codes)


def _strata_rows(
    design: Design,
    scores: Sequence[OneScore],
    members: BoolArray,
    set_id: str,
    form: str,
    name: str,
    codes: ObjectArray,
) -> Iterator[Row]:
    """Within-stratum C over all groups together, then each group by itself."""
    outcome, smallest = design.outcome, design.options.minimum_group
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
        if inside.sum() < smallest:
            reason = f"fewer than {smallest} patients"
            for one in scores:
                empty = _empty(one, set_id, form, reason)
                count, events = int(inside.sum()), int(outcome.event[inside].sum())
                yield replace(empty, stratum_set=name, stratum=group, n=count, events=events)
            continue
        for row in _rows(outcome, scores, inside, set_id, form, whole=False):
            yield replace(row, stratum_set=name, stratum=group)


def _empty(one: OneScore, set_id: str, form: str, reason: str) -> Row:
    return Row(
        "harrell_c", set=set_id, score=one.score, variant=one.variant, form=form, note=reason
    )


def _rows(
    outcome: Outcome,
    scores: Sequence[OneScore],
    members: BoolArray,
    set_id: str,
    form: str,
    *,
    whole: bool,
) -> Iterator[Row]:
    if not scores:
        return
    if not members.any():
        for one in scores:
            yield replace(_empty(one, set_id, form, "no patient with this score"), n=0, events=0)
        return
    yield from _concordance(outcome, scores, members, set_id, form, None)
    if outcome.delayed:
        yield from _refused(outcome, scores, members, set_id, form, whole)
        return
    yield from _auc(outcome, scores, members, set_id, form)
    if whole:
        yield from _truncated(outcome, scores, members, set_id, form)
        yield from _models(outcome, scores, members, set_id, form)


def _refused(
    outcome: Outcome,
    scores: Sequence[OneScore],
    members: BoolArray,
    set_id: str,
    form: str,
    whole: bool,
) -> Iterator[Row]:
    """What needs everybody under observation from time zero."""
    n, events = int(members.sum()), int(outcome.event[members].sum())
    for one in scores:
        for measure in ("auc", *(("gonen_heller_k", "royston_d") if whole else ())):
            empty = _empty(one, set_id, form, REFUSED)
            yield replace(empty, measure=measure, n=n, events=events)


def _matrix(scores: Sequence[OneScore], members: BoolArray, form: str) -> FloatArray:
    return np.column_stack([one.values(form)[members] for one in scores])


def _harrell(
    outcome: Outcome,
    scores: Sequence[OneScore],
    members: BoolArray,
    form: str,
    codes: ObjectArray | None,
) -> Concordance:
    return harrell_c(
        outcome.time[members],
        outcome.event[members],
        _matrix(scores, members, form),
        higher_is_worse=[one.higher_is_worse for one in scores],
        strata=None if codes is None else codes[members],
        entry=outcome.entry_of(members),
    )


def _concordance(
    outcome: Outcome,
    scores: Sequence[OneScore],
    members: BoolArray,
    set_id: str,
    form: str,
    codes: ObjectArray | None,
) -> Iterator[Row]:
    """Harrell's C, Uno's where everybody was seen from time zero, and the share of tied pairs."""
    if not members.any() or not scores:
        return
    result = _harrell(outcome, scores, members, form, codes)
    below, ties = _below_half(result), result.tie_share
    method = f"{LATE}{JACKKNIFE}" if outcome.delayed else JACKKNIFE
    by_uno = None if outcome.delayed else _uno(outcome, scores, members, form, codes)
    for i, one in enumerate(scores):
        base = replace(_empty(one, set_id, form, ""), n=result.n, events=result.events)
        wrong = "C lies below one half (99.9 % interval)" if below[i] else ""
        note = "; ".join(p for p in (result.reason[i] or caveat(result.events), wrong) if p)
        yield _estimate(base, "harrell_c", result, i, method, note)
        if by_uno is None:
            yield replace(base, measure="uno_c", note=REFUSED)
        else:
            yield _estimate(base, "uno_c", by_uno, i, f"weights 1/G(t-)^2, {JACKKNIFE}", "")
        if codes is None:
            share = finite(ties[i])
            why = "" if share is not None else result.reason[i] or "no comparable pairs"
            yield replace(
                base, measure="tied_score_share", estimate=share, method="share", note=why
            )


def _uno(
    outcome: Outcome,
    scores: Sequence[OneScore],
    members: BoolArray,
    form: str,
    codes: ObjectArray | None,
    tau: float | None = None,
) -> Concordance:
    return uno_c(
        outcome.time[members],
        outcome.event[members],
        _matrix(scores, members, form),
        higher_is_worse=[one.higher_is_worse for one in scores],
        strata=None if codes is None else codes[members],
        tau=tau,
    )


def _estimate(base: Row, measure: str, result: Concordance, i: int, method: str, note: str) -> Row:
    lower, upper = result.interval()
    return replace(
        base,
        measure=measure,
        estimate=finite(result.estimate[i]),
        lower=finite(lower[i]),
        upper=finite(upper[i]),
        std_error=finite(result.std_error[i]),
        method=method,
        note="; ".join(
            part
            for part in (
                no_interval(result.estimate[i], lower[i]),
                note or result.reason[i] or caveat(result.events),
            )
            if part
        ),
    )


def _truncated(
    outcome: Outcome, scores: Sequence[OneScore], members: BoolArray, set_id: str, form: str
) -> Iterator[Row]:
    """Uno's C truncated at each horizon: the small G of late events can't dominate it."""
    for label, horizon in outcome.horizons.items():
        result = _uno(outcome, scores, members, form, None, horizon)
        events = int((outcome.event & (outcome.time <= horizon))[members].sum())
        for i, one in enumerate(scores):
            base = replace(_empty(one, set_id, form, ""), n=result.n, events=events, horizon=label)
            method = f"weights 1/G(t-)^2, events by the horizon, {JACKKNIFE}"
            note = result.reason[i] or caveat(events)
            yield _estimate(base, "uno_c_truncated", result, i, method, note)


def _models(
    outcome: Outcome, scores: Sequence[OneScore], members: BoolArray, set_id: str, form: str
) -> Iterator[Row]:
    """Gonen and Heller's K, Royston's D and R2_D."""
    data = (outcome.time[members], outcome.event[members], _matrix(scores, members, form))
    directions = [one.higher_is_worse for one in scores]
    k = gonen_heller_k(*data, higher_is_worse=directions)
    d = royston_d(*data, higher_is_worse=directions)
    k_limits, d_limits, r2_limits = k.interval(), d.interval(), d.r2_interval()
    for i, one in enumerate(scores):
        for measure, value, error, limits, why, method in (
            ("gonen_heller_k", k.estimate, k.std_error, k_limits, k.reason, "Cox (Efron), logit"),
            ("royston_d", d.d, d.std_error, d_limits, d.reason, "Cox (Efron) on rankits"),
            ("royston_r2_d", d.r2_d, None, r2_limits, d.reason, "from D and its interval"),
        ):
            yield replace(
                _empty(one, set_id, form, why[i] or caveat(d.events)),
                measure=measure,
                estimate=finite(value[i]),
                lower=finite(limits[0][i]),
                upper=finite(limits[1][i]),
                std_error=None if error is None else finite(error[i]),
                method=method,
                n=d.n,
                events=d.events,
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
        outcome.time[members],
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
                estimate=finite(result.estimate[h, i]),
                lower=finite(lower[h, i]),
                upper=finite(upper[h, i]),
                std_error=finite(result.std_error[h, i]),
                n=result.n,
                events=int(result.cases[h]),
                method="cumulative/dynamic, inverse censoring weights, influence function, logit",
                note="; ".join(
                    part
                    for part in (
                        no_interval(result.estimate[h, i], lower[h, i]),
                        result.reason[h][i] or caveat(int(result.cases[h])),
                    )
                    if part
                ),
            )
