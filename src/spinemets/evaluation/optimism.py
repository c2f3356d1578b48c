"""Optimism of what was fitted to the cohort that judges it; of a fixed score there is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np

from spinemets.evaluation.design import OWN, Design
from spinemets.evaluation.risks import RiskTable, model_for
from spinemets.evaluation.scores import BoolArray, OneScore
from spinemets.performance._intervals import confidence_interval
from spinemets.performance.optimism import NOTHING_FITTED
from spinemets.performance.precision import caution
from spinemets.performance.risk_optimism import RiskOptimism, risk_optimism
from spinemets.results import FOREIGN, RiskRow, finite

FIXED: Final = "fixed score"
LEFT_OUT: Final = "left out: no resamples were asked for"


def optimism_rows(design: Design, risks: RiskTable) -> Iterator[RiskRow]:
    """
    Optimism of every score and every risk.

    Parameters
    ----------
    design : Design
        The evaluation.
    risks : RiskTable
        Risks of the scores.

    Yields
    ------
    RiskRow
        ``optimism_harrell_c`` of each score, and ``optimism_brier`` of each published or supplied
        risk: 0, nothing was fitted. Of each risk fitted here, per horizon, Brier score and IPA:
        ``apparent_*``, ``optimism_*``, ``corrected_*`` (Harrell), ``e632_*``, ``e632_plus_*`` and
        ``cross_validated_*``.
    """
    for key, one in design.scores.items():
        yield _fixed("optimism_harrell_c", design, one, one.determined)
        fitted = []
        for label in design.outcome.horizons:
            every = risks.every(key, label)
            for risk in every:
                if risk.source in FOREIGN:
                    row = _fixed("optimism_brier", design, one, risk.known)
                    note = NOTHING_FITTED if risk.available else risk.reason
                    yield replace(row, horizon=label, source=risk.source, note=note, form="")
            if any(risk.source not in FOREIGN for risk in every):
                fitted.append(label)
        if fitted:
            yield from _fitted(design, one, fitted)


def _fixed(measure: str, design: Design, one: OneScore, members: BoolArray) -> RiskRow:
    """A published score was fitted elsewhere: there is nothing to correct."""
    return RiskRow(
        measure, 0.0, set=OWN, score=one.score, variant=one.variant, form="points", method=FIXED,
        n=int(members.sum()), events=int(design.outcome.event[members].sum()), note=NOTHING_FITTED,
    )  # fmt: skip


def _fitted(design: Design, one: OneScore, labels: list[str]) -> Iterator[RiskRow]:
    outcome, options, inside = design.outcome, design.options, one.determined
    base = RiskRow("optimism_brier", set=OWN, score=one.score, variant=one.variant,
                   source="apparent")  # fmt: skip
    why = ""
    if options.optimism == 0:
        why = LEFT_OUT
    elif inside.sum() < 2:
        why = "fewer than two patients with this score"
    if why:
        for label in labels:
            yield replace(base, horizon=label, note=why)
        return
    found = risk_optimism(
        outcome.time[inside],
        outcome.event[inside],
        one.points[inside],
        [outcome.horizons[label] for label in labels],
        model=model_for(one.points[inside]),
        resamples=options.optimism,
        folds=options.folds,
        seed=options.seed,
    )
    for label, at in zip(labels, found, strict=True):
        yield from _rows(replace(base, horizon=label, n=at.n, events=at.events), at, options.folds)


def _rows(base: RiskRow, found: RiskOptimism, folds: int) -> Iterator[RiskRow]:
    note = "; ".join(p for p in (found.reason, caution(found.events)) if p)
    if found.apparent != found.apparent:
        yield replace(base, note=note)
        return
    bootstrap = f"{found.resamples} bootstrap resamples, the fit repeated in each"
    shifted = "standard error of the apparent score, logit"
    error = found.apparent_error
    for name, value, spread, method, source in (
        ("apparent", found.apparent, error, "influence function, logit", "apparent"),
        ("corrected", found.corrected, error, f"Harrell, {bootstrap}; {shifted}", "apparent"),
        ("e632", found.e632, np.nan, f".632, {bootstrap}", "apparent"),
        ("e632_plus", found.e632_plus, error, f".632+, {bootstrap}; {shifted}", "apparent"),
        ("cross_validated", found.cross_validated, found.cross_validated_error,
         f"{folds} folds; influence function, logit", "cross_fitted"),
    ):  # fmt: skip
        common: dict[str, Any] = {"source": source, "method": method, "note": note}
        yield replace(base, measure=f"{name}_brier", **_interval(value, spread), **common)
        yield replace(base, measure=f"{name}_ipa", **_interval(found.ipa(value), np.nan), **common)
    method = f"Harrell, {bootstrap}"
    for measure, value in (
        ("optimism_brier", found.optimism),
        ("optimism_ipa", found.ipa(found.apparent) - found.ipa(found.corrected)),
    ):
        yield replace(base, measure=measure, **_interval(value, np.nan), method=method, note=note)


def _interval(value: float, error: float) -> dict[str, Any]:
    """On the logit scale, as other Brier scores have it: one number has one interval."""
    limits = (float(end) for end in confidence_interval(value, error))
    names = ("estimate", "lower", "upper", "std_error")
    found = zip(names, (value, *limits, error), strict=True)
    return {name: finite(v) for name, v in found}
