"""An event that another one can forestall: discrimination and error for one of several causes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemets.evaluation.comparison import (
    Measured,
    difference_rows,
    error_measures,
    paired_risks,
)
from spinemets.evaluation.design import OWN, Design, ObjectArray
from spinemets.evaluation.predictions import brier_rows
from spinemets.evaluation.risks import RiskTable
from spinemets.evaluation.scores import BoolArray, ComparisonSet, OneScore
from spinemets.performance._estimate import undefined
from spinemets.performance._intervals import no_interval
from spinemets.performance.competing import (
    auc_t_competing,
    brier_t_competing,
    cause_specific_c,
    wolbers_c,
)
from spinemets.performance.competing_calibration import observed_over_expected
from spinemets.performance.discrimination import Concordance
from spinemets.performance.precision import caution
from spinemets.performance.risks import Risk
from spinemets.results import PairRow, RiskRow, Row, finite, frame

if TYPE_CHECKING:
    import pandas as pd

CAUSE_SPECIFIC: Final = "cause-specific: another event ends follow-up; infinitesimal jackknife"
WOLBERS: Final = "events by the horizon; patients with another event stay comparable; jackknife"
AUC: Final = "cumulative/dynamic, patients with another event are controls, influence function"
METHODS: Final = {"harrell_c": CAUSE_SPECIFIC, "wolbers_c": WOLBERS, "auc": AUC}
CALIBRATION: Final = ("observed_risk", "predicted_risk", "oe_ratio")
NOT_SUPPLIED: Final = "with competing events only supplied risks are judged: none is fitted"


def run_competing(design: Design, cohort: str) -> dict[str, pd.DataFrame]:
    """
    Evaluate scores and supplied risks of an event that competing events can forestall.

    Parameters
    ----------
    design : Design
        What is asked; ``outcome.cause`` is known.
    cohort : str
        Cohort id, for the first column of every table.

    Returns
    -------
    dict of str to pandas.DataFrame
        ``performance`` (``harrell_c``, ``wolbers_c``, ``auc``), ``comparisons`` (``harrell_c``,
        ``auc``, ``brier``, ``ipa``), ``prediction_error`` (``brier``, ``brier_null``, ``ipa``) and
        ``calibration`` (``observed_risk``, ``predicted_risk``, ``oe_ratio``). Brier scores and AUC
        weigh by the censoring distribution; the cohort's own and the observed risk are
        Aalen-Johansen ones. Net benefit isn't among them.

    Notes
    -----
    The orientation guard isn't applied: the outcome isn't overall survival.
    """
    risks = _risks(design)
    own = [ComparisonSet(OWN, (one,), {}, one.determined.copy()) for one in design.scores.values()]
    tables = {
        "performance": frame(discrimination_rows(design, [*design.sets, *own]), Row),
        "comparisons": frame(_comparison_rows(design, risks), PairRow),
        "prediction_error": frame(_error_rows(design, risks, own), RiskRow),
        "calibration": frame(_calibration_rows(design, risks), RiskRow),
    }
    return {name: table.assign(cohort=cohort)[list(table)] for name, table in tables.items()}


def _risks(design: Design) -> RiskTable:
    nothing = np.full(design.outcome.n, np.nan)
    found = {}
    for key in design.scores:
        for label in design.outcome.horizons:
            risk = design.risks.get(key, {}).get(label)
            risk = risk or Risk(nothing, "supplied", reason=NOT_SUPPLIED)
            found[key, label] = {risk.source: risk}
    return RiskTable(found)


def _measured(
    design: Design,
    scores: Sequence[OneScore],
    members: BoolArray,
    codes: ObjectArray | None = None,
) -> Iterator[tuple[Measured, Concordance | None]]:
    """C, of pairs within the groups of ``codes``, and AUC of several scores on the same people."""
    outcome = design.outcome
    data = (
        outcome.time[members],
        outcome.causes[members],
        np.column_stack([one.points[members] for one in scores]),
    )
    worse = [one.higher_is_worse for one in scores]
    base = Measured(
        "harrell_c", "points", "", "", tuple(scores), np.empty(0), np.empty(0),
        int(members.sum()), int(outcome.event[members].sum()),
    )  # fmt: skip
    strata = None if codes is None else codes[members]
    c = cause_specific_c(*data, higher_is_worse=worse, strata=strata)
    yield replace(base, estimate=c.estimate, covariance=c.covariance), c
    for label, horizon in outcome.horizons.items():
        events = int((outcome.event & (outcome.time <= horizon))[members].sum())
        at = replace(base, horizon=label, events=events)
        c = wolbers_c(*data, horizon, higher_is_worse=worse)
        yield replace(at, measure="wolbers_c", estimate=c.estimate, covariance=c.covariance), c
        area = auc_t_competing(*data, [horizon], higher_is_worse=worse)
        lower, upper = area.interval()
        found = replace(
            at, measure="auc", estimate=area.estimate[0], covariance=area.covariance[0],
            interval=(lower[0], upper[0]), reason=tuple(r or "" for r in area.reason[0]),
        )  # fmt: skip
        yield found, None


def discrimination_rows(design: Design, groups: Sequence[ComparisonSet]) -> Iterator[Row]:
    """
    C and AUC of the scores of every set.

    Parameters
    ----------
    design : Design
        What is asked; ``outcome.cause`` is known.
    groups : sequence of ComparisonSet
        Sets.

    Yields
    ------
    Row
        ``harrell_c``, ``wolbers_c``, ``auc``; within the groups of every grouping ``harrell_c``,
        and all three in each group. An estimate that doesn't exist is a row with the reason.
    """
    for group in groups:
        for key, reason in group.moved_out.items():
            score, _, variant = key.partition(":")
            note = f"not in set: {reason}"
            yield Row("harrell_c", set=group.id, score=score, variant=variant, note=note)
        yield from _rows(design, group.scores, group.members, group.id)
        for name, codes in design.strata.items():
            for row in _strata_rows(design, group, codes):
                row.stratum_set = name
                yield row


def _rows(
    design: Design, scores: Sequence[OneScore], members: BoolArray, set_id: str
) -> Iterator[Row]:
    if not members.any():
        for one in scores:
            yield _none(one, set_id, "all", "no patient with this score", 0, 0)
        return
    for found, c in _measured(design, scores, members):
        yield from _written(found, c, set_id)


def _none(
    one: OneScore, set_id: str, stratum: str, why: str, n: int | None = None,
    events: int | None = None,
) -> Row:  # fmt: skip
    return Row(
        "harrell_c", set=set_id, stratum=stratum, score=one.score, variant=one.variant,
        form="points", n=n, events=events, note=why,
    )  # fmt: skip


def _written(found: Measured, c: Concordance | None, set_id: str) -> Iterator[Row]:
    limits = found.interval if c is None else c.interval()
    reasons = found.reason if c is None else tuple(r or "" for r in c.reason)
    for i, one in enumerate(found.scores):
        edge = no_interval(found.estimate[i], limits[0][i])
        notes = (one.note, edge, reasons[i] or caution(found.events))
        yield Row(
            found.measure, finite(found.estimate[i]), finite(limits[0][i]), finite(limits[1][i]),
            finite(np.sqrt(found.covariance[i, i])), set=set_id, score=one.score,
            variant=one.variant, form="points", horizon=found.horizon,
            method=METHODS[found.measure], n=found.n, events=found.events,
            note="; ".join(p for p in notes if p),
        )  # fmt: skip


def _strata_rows(design: Design, group: ComparisonSet, codes: ObjectArray) -> Iterator[Row]:
    """C within groups over all of them together, then every group by itself."""
    found = sorted(set(codes.tolist()))
    if len(found) == 1:
        reason = f"one group only ({found[0]}): nothing to stratify by"
        for one in group.scores:
            yield _none(one, group.id, "within", reason)
        return
    if group.members.any():
        measured, c = next(_measured(design, group.scores, group.members, codes))
        for row in _written(measured, c, group.id):
            row.stratum = "within"
            yield row
    for name in found:
        inside = group.members & (codes == name)
        n, smallest = int(inside.sum()), design.options.minimum_group
        if n < smallest:
            events = int(design.outcome.event[inside].sum())
            reason = f"fewer than {smallest} patients"
            for one in group.scores:
                yield _none(one, group.id, name, reason, n, events)
            continue
        for row in _rows(design, group.scores, inside, group.id):
            row.stratum = name
            yield row


def _comparison_rows(design: Design, risks: RiskTable) -> Iterator[PairRow]:
    outcome = design.outcome
    for group in design.sets:
        if len(group.scores) < 2 or not group.members.any():
            continue
        for found, _ in _measured(design, group.scores, group.members):
            if found.measure != "wolbers_c":
                yield from difference_rows(found, group, {})
        for label, horizon in outcome.horizons.items():
            for scores, members, table, sources in paired_risks(group, risks, label):
                if len(scores) < 2:
                    continue
                error = brier_t_competing(
                    outcome.time[members], outcome.causes[members], table[:, :, np.newaxis],
                    [horizon],
                )  # fmt: skip
                events = outcome.events_by(label, members)
                for found in error_measures(error, scores, label, events, sources):
                    yield from difference_rows(found, group, {})


def _error_rows(
    design: Design, risks: RiskTable, own: Sequence[ComparisonSet]
) -> Iterator[RiskRow]:
    for group in [*design.sets, *own]:
        for label in design.outcome.horizons:
            for one in group.scores:
                risk = risks.default(one.key, label)
                if not risk.available:
                    yield RiskRow(
                        "brier", set=group.id, score=one.score, variant=one.variant, horizon=label,
                        source=risk.source, note=risk.reason,
                    )  # fmt: skip
            for scores, members, table, _ in paired_risks(group, risks, label):
                chosen = [risks.default(one.key, label) for one in scores]
                yield from brier_rows(
                    design.outcome, scores, chosen, members, table, group.id, label
                )


def _calibration_rows(design: Design, risks: RiskTable) -> Iterator[RiskRow]:
    """Observed over expected incidence of every supplied risk, on the patients who have it."""
    outcome = design.outcome
    for key, one in design.scores.items():
        for label, horizon in outcome.horizons.items():
            risk = risks.default(key, label)
            where: dict[str, Any] = {"set": OWN, "score": one.score, "variant": one.variant,
                                     "horizon": label, "source": risk.source}  # fmt: skip
            if not risk.available:
                yield undefined(risk.reason).row("oe_ratio", kind=RiskRow, **where)
                continue
            known = risk.known
            found = observed_over_expected(
                outcome.time[known], outcome.causes[known], risk.probability[known], horizon
            )
            for measure, part in zip(CALIBRATION, found, strict=True):
                note = "; ".join(p for p in (risk.caveat, caution(part.events)) if p)
                yield part.row(measure, kind=RiskRow, note=note, **where)
