"""What the risks of the scores are worth: error, calibration, utility, distribution."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np

from spinemets.evaluation.comparison import paired_risks
from spinemets.evaluation.design import OWN, Design, Outcome, Thresholds
from spinemets.evaluation.risks import RiskTable
from spinemets.evaluation.scores import BoolArray, FloatArray, OneScore
from spinemets.performance._estimate import undefined
from spinemets.performance.brier import brier_t, integrated_brier
from spinemets.performance.calibration_rows import band_rows, calibration_rows
from spinemets.performance.competing import brier_t_competing
from spinemets.performance.precision import caution
from spinemets.performance.reclassification import discrimination_slope
from spinemets.performance.risks import Risk
from spinemets.performance.utility_rows import TREAT_ALL, TREAT_NONE, utility_rows
from spinemets.results import RiskRow, ThresholdRow

BRIER: Final = "inverse censoring weights, influence function, logit"
IPA: Final = "1 - Brier / Brier of the cohort's own risk, delta method"


def error_rows(design: Design, risks: RiskTable) -> Iterator[RiskRow]:
    """
    Overall error of the risks, on comparison sets and on each score's own patients.

    Parameters
    ----------
    design : Design
        The evaluation.
    risks : RiskTable
        Risks of the scores.

    Yields
    ------
    RiskRow
        ``brier``, ``brier_null`` (the cohort's own risk for everybody), ``ipa``,
        ``integrated_brier``, ``mean_risk_dead``, ``mean_risk_alive``, ``discrimination_slope``.
    """
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
        null, error = _known(found.null[0]), _known(found.null_std_error[0])
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
        "estimate": _known(estimate[0, i]),
        "lower": _known(lower[0, i]),
        "upper": _known(upper[0, i]),
        "std_error": _known(error[0, i]),
    }


def _integrated(outcome: Outcome, one: OneScore, risks: RiskTable) -> Iterator[RiskRow]:
    """Brier score averaged up to the last horizon, over the horizons that have a risk."""
    labels = sorted(outcome.horizons, key=lambda label: outcome.horizons[label])
    if len(labels) < 2:
        return
    chosen = [risks.default(one.key, label) for label in labels]
    sources = "+".join(dict.fromkeys(risk.source for risk in chosen))
    base = RiskRow(
        "integrated_brier", set=OWN, score=one.score, variant=one.variant, horizon=labels[-1],
        source=sources,
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
    value, error = _known(found.estimate[0]), _known(found.std_error[0])
    half = None if value is None or error is None else 1.959963984540054 * error
    known = value is not None and half is not None
    events = int(outcome.event[members].sum())
    yield replace(
        base,
        estimate=value,
        lower=value - half if known else None,  # type: ignore[operator]
        upper=value + half if known else None,  # type: ignore[operator]
        std_error=error,
        n=int(members.sum()),
        events=events,
        method=f"trapezoids over {', '.join(labels)} from 0; influence function, Wald",
        note=found.reason[0] or caution(events),
    )


def calibration_table(design: Design, risks: RiskTable) -> Iterator[RiskRow]:
    """
    Calibration of every risk on the patients who have it, by information level.

    Parameters
    ----------
    design : Design
        The evaluation.
    risks : RiskTable
        Risks of the scores.

    Yields
    ------
    RiskRow
        Bands against their published rates (stratum set ``band:<score>``), then the measures of
        `calibration_rows`.
    """
    outcome = design.outcome
    for key, one in design.scores.items():
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
                    cumulative_hazard=hazard, horizon_label=label, **where,
                )  # fmt: skip
                yield from (RiskRow.of(row, source=risk.source) for row in rows)


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
    Net benefit of all risks of a set on the same patients, and of each on its own.

    Parameters
    ----------
    design : Design
        The evaluation.
    risks : RiskTable
        Risks of the scores.

    Yields
    ------
    ThresholdRow
        As `utility_rows`; only the score's own rows where a set holds none.
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
            chosen = {one.key: risks.default(one.key, label) for one in group.scores}
            inside = group.members
            if not chosen or not inside.any():
                continue
            some = {key: _of(risk, inside) for key, risk in chosen.items()}
            rows = utility_rows(
                outcome.time[inside], outcome.event[inside], some, horizon, set=group.id, **common
            )
            yield from map(_split, rows)
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
                        yield replace(row, other=key)
                else:
                    yield _split(row)


def _of(risk: Risk, inside: BoolArray) -> Risk:
    return replace(risk, probability=risk.probability[inside])


def _split(row: ThresholdRow) -> ThresholdRow:
    score, _, variant = row.score.partition(":")
    return replace(row, score=score, variant=variant)


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
