"""What the risks of the scores are worth: error, calibration, utility, distribution."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from spinemets.evaluation.comparison import paired_risks
from spinemets.evaluation.design import OWN, Design, Outcome, Thresholds
from spinemets.evaluation.pictures import Curves
from spinemets.evaluation.risks import RiskTable, by_kind, joined
from spinemets.evaluation.scores import BoolArray, ComparisonSet, FloatArray, OneScore
from spinemets.performance._estimate import undefined
from spinemets.performance._intervals import confidence_interval
from spinemets.performance.brier import brier_t, integrated_brier
from spinemets.performance.calibration_rows import (
    band_rows,
    calibration_rows,
    follow_up_rows,
)
from spinemets.performance.competing import brier_t_competing
from spinemets.performance.precision import caution
from spinemets.performance.reclassification import discrimination_slope
from spinemets.performance.risks import Risk
from spinemets.performance.utility_rows import TREAT_ALL, TREAT_NONE, utility_rows
from spinemets.results import RiskRow, ThresholdRow, finite

BRIER: Final = "inverse censoring weights, influence function, logit"
#: Why published risks aren't in an average over horizons.
INSTEAD: Final = "risks from elsewhere exist at some horizons only"
IPA: Final = "1 - Brier / Brier of the cohort's own risk, delta method"


def error_rows(design: Design, risks: RiskTable, suspect: Mapping[str, str]) -> Iterator[RiskRow]:
    """
    Overall error of the risks, on comparison sets and on each score's own patients.

    Parameters
    ----------
    design : Design
        The evaluation.
    risks : RiskTable
        Risks of the scores.
    suspect : mapping of str to str
        Scores that the orientation guard stopped.

    Yields
    ------
    RiskRow
        ``brier``, ``brier_null`` (the cohort's own risk for everybody), ``ipa``,
        ``integrated_brier``, ``mean_risk_dead``, ``mean_risk_alive``, ``discrimination_slope``;
        what is suspect says so.
    """
    for row in _error_rows(design, risks):
        key = f"{row.score}:{row.variant}" if row.variant else row.score
        doubt = suspect.get(key, "")
        yield replace(row, note="; ".join(p for p in (doubt, row.note) if p))


def _error_rows(design: Design, risks: RiskTable) -> Iterator[RiskRow]:
    for group in design.sets:
        for label in design.outcome.horizons:
            for scores, members, table, _ in paired_risks(group, risks, label):
                chosen = [risks.default(one.key, label) for one in scores]
                yield from brier_rows(
                    design.outcome, scores, chosen, members, table, group.id, label
                )
    for key, one in design.scores.items():
        for label in design.outcome.horizons:
            for risk in risks.every(key, label):
                yield from _own_error(design.outcome, one, risk, label)
        yield from _integrated(design.outcome, one, risks)


def _own_error(outcome: Outcome, one: OneScore, risk: Risk, label: str) -> Iterator[RiskRow]:
    base = RiskRow(
        "brier", set=OWN, score=one.score, variant=one.variant, horizon=label, source=risk.source
    )
    if not risk.available:
        yield replace(base, note=risk.reason)
        return
    members = risk.known
    table = risk.probability[members][:, np.newaxis]
    yield from brier_rows(outcome, (one,), [risk], members, table, OWN, label)
    triple = discrimination_slope(
        outcome.time[members], outcome.event[members], table[:, 0], outcome.horizons[label]
    )
    names = ("mean_risk_dead", "mean_risk_alive", "discrimination_slope")
    for measure, found in zip(names, triple, strict=True):
        note = "; ".join(p for p in (risk.caveat, caution(found.events)) if p)
        yield found.row(
            measure, kind=RiskRow, set=OWN, score=one.score, variant=one.variant, horizon=label,
            source=risk.source, note=note,
        )  # fmt: skip


def brier_rows(
    outcome: Outcome,
    scores: tuple[OneScore, ...],
    chosen: list[Risk],
    members: BoolArray,
    table: FloatArray,
    set_id: str,
    label: str,
) -> Iterator[RiskRow]:
    """
    Brier score, that of the cohort's own risk, and IPA of risks on the same patients.

    Parameters
    ----------
    outcome : Outcome
        Follow-up.
    scores : tuple of OneScore
        Scores that have a risk.
    chosen : list of Risk
        Their risks.
    members : ndarray of bool, shape (patients,)
        Patients judged.
    table : ndarray, shape (members, scores)
        Their risks.
    set_id, label : str
        Comparison set and horizon.

    Yields
    ------
    RiskRow
        ``brier``, ``brier_null``, ``ipa`` per score.
    """
    horizon = outcome.horizons[label]
    time, stacked = outcome.time[members], table[:, :, np.newaxis]
    if outcome.cause is None:
        found = brier_t(time, outcome.event[members], stacked, [horizon])
        own_risk = "Kaplan-Meier risk"
    else:
        found = brier_t_competing(time, outcome.cause[members], stacked, [horizon])
        own_risk = "Aalen-Johansen risk"
    lower, upper = found.interval()
    ipa_lower, ipa_upper = found.ipa_interval()
    events = int((outcome.event & (outcome.time <= horizon))[members].sum())
    for i, (one, risk) in enumerate(zip(scores, chosen, strict=True)):
        why = found.reason[0][i]
        note = "; ".join(p for p in (why, risk.caveat, caution(events)) if p)
        base = RiskRow(
            "brier", set=set_id, score=one.score, variant=one.variant, horizon=label,
            source=risk.source, n=found.n, events=events, note=note,
        )  # fmt: skip
        yield replace(
            base, **_numbers(found.estimate, lower, upper, found.std_error, i), method=BRIER
        )
        null, error = finite(found.null[0]), finite(found.null_std_error[0])
        yield replace(base, measure="brier_null", estimate=null, std_error=error, method=own_risk)
        ipa = _numbers(found.ipa, ipa_lower, ipa_upper, found.ipa_std_error, i)
        if ipa["estimate"] is None and not why:
            ipa_note = "the cohort's own risk makes no error: nothing to explain"
            base = replace(base, note="; ".join(p for p in (ipa_note, note) if p))
        yield replace(base, measure="ipa", **ipa, method=IPA)


def _numbers(
    estimate: FloatArray, lower: FloatArray, upper: FloatArray, error: FloatArray, i: int
) -> dict[str, Any]:
    return {
        "estimate": finite(estimate[0, i]),
        "lower": finite(lower[0, i]),
        "upper": finite(upper[0, i]),
        "std_error": finite(error[0, i]),
    }


def _integrated(outcome: Outcome, one: OneScore, risks: RiskTable) -> Iterator[RiskRow]:
    """Brier score averaged up to the last horizon, over the horizons that have a risk."""
    labels = outcome.in_order
    if len(labels) < 2:
        return
    chosen = [risks.over_time[one.key][label] for label in labels]
    base = RiskRow(
        "integrated_brier", set=OWN, score=one.score, variant=one.variant, horizon=labels[-1],
        source=joined(risk.source for risk in chosen),
    )  # fmt: skip
    lacking = [label for label, risk in zip(labels, chosen, strict=True) if not risk.available]
    if lacking:
        yield replace(base, note=f"no risk at {', '.join(lacking)}")
        return
    members = np.logical_and.reduce([risk.known for risk in chosen])
    if not members.any():
        yield replace(base, note="no patient with a risk at every horizon", n=0, events=0)
        return
    found = integrated_brier(
        outcome.time[members],
        outcome.event[members],
        np.column_stack([risk.probability[members] for risk in chosen]),
        [outcome.horizons[label] for label in labels],
        rule="trapezoid",
    )
    events = outcome.events_by(labels[-1], members)
    lower, upper = confidence_interval(found.estimate, found.std_error, "plain")
    instead = [at for at, risk in zip(labels, chosen, strict=True)
               if risk.source != risks.default(one.key, at).source]  # fmt: skip
    mixed = f"fitted at every horizon: {INSTEAD} ({', '.join(instead)})" if instead else ""
    yield replace(
        base,
        estimate=finite(found.estimate[0]),
        lower=finite(lower[0]),
        upper=finite(upper[0]),
        std_error=finite(found.std_error[0]),
        n=int(members.sum()),
        events=events,
        method=f"trapezoids over {', '.join(labels)} from 0; influence function, Wald",
        note="; ".join(p for p in (found.reason[0], mixed, caution(events)) if p),
    )


def calibration_table(design: Design, risks: RiskTable, curves: Curves) -> Iterator[RiskRow]:
    """
    Calibration of every risk on the patients who have it, by information level.

    Parameters
    ----------
    design : Design
        The evaluation.
    risks : RiskTable
        Risks of the scores.
    curves : mapping
        From `spinemets.evaluation.pictures.fitted_curves`.

    Yields
    ------
    RiskRow
        Bands against their published rates (stratum set ``band:<score>``), then the measures of
        `calibration_rows`; once per score those of `follow_up_rows`.
    """
    outcome = design.outcome
    for key, one in design.scores.items():
        yield from _whole(design, one)
        for label, horizon in outcome.horizons.items():
            where: dict[str, Any] = {"set": OWN, "score": one.score, "variant": one.variant}
            if key in design.bands:
                yield from _bands(design, one, label)
            for risk in risks.every(key, label):
                if not risk.available:
                    none = undefined(risk.reason, 0, 0)
                    yield none.row(
                        "oe_ratio", kind=RiskRow, horizon=label, source=risk.source, **where
                    )
                    continue
                # A supplied hazard says nothing about the risk that was fitted beside it.
                hazard = None if risk.source == "apparent" else design.hazards.get(key)
                rows = calibration_rows(
                    outcome.time, outcome.event, risk, horizon,
                    cumulative_hazard=hazard, horizon_label=label, truncate=True,
                    curve=curves[key, label] if risk is risks.default(key, label) else None,
                    **where,
                )  # fmt: skip
                yield from (RiskRow.of(row, source=risk.source) for row in rows)


def _whole(design: Design, one: OneScore) -> Iterator[RiskRow]:
    hazard, inside = design.hazards.get(one.key), one.determined
    if hazard is not None:
        inside = inside & np.isfinite(hazard)
    rows = follow_up_rows(
        design.outcome.event[inside], None if hazard is None else hazard[inside],
        set=OWN, score=one.score, variant=one.variant,
    )  # fmt: skip
    yield from (RiskRow.of(row, source="" if hazard is None else "supplied") for row in rows)


def _bands(design: Design, one: OneScore, label: str) -> Iterator[RiskRow]:
    bands, known = design.bands[one.key], ~np.isnan(one.band)
    if not known.any():
        return
    names = np.array(bands.names, dtype=object)[one.band[known].astype(int)]
    rates = bands.rates.get(label)
    rows = band_rows(
        design.outcome.time[known],
        design.outcome.event[known],
        names,
        {} if rates is None else rates.rates,
        design.outcome.horizons[label],
        source="" if rates is None else rates.source,
        set=OWN,
        score=one.score,
        variant=one.variant,
        form="band",
        horizon_label=label,
    )
    doubt = "" if rates is None or not rates.doubtful else "published survival needs verification"
    for row in rows:
        note = "; ".join(p for p in (row.note, doubt) if p)
        yield RiskRow.of(row, note=note, source="published")


def utility_table(design: Design, risks: RiskTable) -> Iterator[ThresholdRow]:
    """
    Net benefit of a set's risks of one kind on the same patients, and of each on its own.

    Parameters
    ----------
    design : Design
        The evaluation.
    risks : RiskTable
        Risks of the scores.

    Yields
    ------
    ThresholdRow
        As `utility_rows`; only the score's own rows where a set holds none. Published and supplied
        risks of a set are compared with each other, and fitted ones with each other: rows of
        ``treat_all`` and ``treat_none`` stand once for each kind, with its source.
    """
    outcome = design.outcome
    for label, horizon in outcome.horizons.items():
        at = design.options.thresholds.get(label, Thresholds(()))
        common: dict[str, Any] = {
            "thresholds": at.cuts or None,
            "decision": at.decision,
            "caveat": at.caveat,
            "horizon_label": label,
        }
        for group in design.sets:
            yield from _of_set(design, group, risks, label, common)
        for key in design.scores:
            risk = risks.default(key, label)
            rows = utility_rows(
                outcome.time, outcome.event, {key: risk}, horizon, set=OWN, **common
            )
            for row in rows:
                # treat-all and treat-none differ with the patients: they carry the score's name
                # in `other`.
                if row.score in (TREAT_ALL, TREAT_NONE):
                    if risk.available:
                        row.other = key
                        yield row
                else:
                    yield _split(row)


def _of_set(
    design: Design, group: ComparisonSet, risks: RiskTable, label: str, common: dict[str, Any]
) -> Iterator[ThresholdRow]:
    """Net benefit of the risks of a set, kind by kind."""
    outcome, inside = design.outcome, group.members
    if not group.scores or not inside.any():
        return
    chosen = {one.key: risks.default(one.key, label) for one in group.scores}
    keys = list(chosen)
    for places in by_kind([risk.source for risk in chosen.values()]):
        some = {keys[i]: _of(chosen[keys[i]], inside) for i in places}
        source = joined(risk.source for risk in some.values())
        rows = utility_rows(
            outcome.time[inside], outcome.event[inside], some, outcome.horizons[label],
            set=group.id, **common,
        )  # fmt: skip
        for row in rows:
            row.source = row.source or source
            yield _split(row)


def _of(risk: Risk, inside: BoolArray) -> Risk:
    return replace(risk, probability=risk.probability[inside])


def _split(row: ThresholdRow) -> ThresholdRow:
    score, named, variant = row.score.partition(":")
    return replace(row, score=score, variant=variant) if named else row
