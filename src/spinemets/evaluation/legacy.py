"""Columns that papers print, and reclassification: computed, labelled, never recommended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from spinemets.evaluation.design import OWN, Design
from spinemets.evaluation.risks import RiskTable
from spinemets.evaluation.scores import OneScore
from spinemets.performance._estimate import Estimate, undefined
from spinemets.performance.precision import caution
from spinemets.performance.reclassification import (
    WARNING,
    integrated_discrimination,
    net_reclassification,
)
from spinemets.performance.risk_distribution import band_share, interval_agreement
from spinemets.results import ThresholdRow

#: Times at which papers judge the worst band (dead) and the best one (alive), in months.
WORST_MONTHS = 4
BEST_MONTHS = (12, 24)


def legacy_rows(design: Design, risks: RiskTable) -> Iterator[ThresholdRow]:
    """
    Accuracy of the worst and the best band, agreement with expected survival, NRI and IDI.

    Parameters
    ----------
    design : Design
        The evaluation.
    risks : RiskTable
        Risks of the scores.

    Yields
    ------
    ThresholdRow
        ``legacy_worst_band_dead``, ``legacy_best_band_alive``, ``legacy_predictive_accuracy``; on
        request ``nri_events``, ``nri_nonevents``, ``nri``, ``idi`` of each score over the
        reference (column ``other``), with the warning in the note.
    """
    for key in design.bands:
        if key in design.scores:
            yield from _bands(design, design.scores[key])
    if "nri" in design.options.request:
        yield from _reclassified(design, risks)


def _bands(design: Design, one: OneScore) -> Iterator[ThresholdRow]:
    bands, outcome = design.bands[one.key], design.outcome
    known = ~np.isnan(one.band)
    if not known.any() or len(bands.names) < 2:
        return
    names = np.array(bands.names, dtype=object)[one.band[known].astype(int)]
    time, event = outcome.time[known], outcome.event[known]
    best, worst = bands.names[0], bands.names[-1]
    if not one.higher_is_worse:
        best, worst = worst, best
    asked = [("legacy_worst_band_dead", worst, WORST_MONTHS, True)]
    asked += [("legacy_best_band_alive", best, months, False) for months in BEST_MONTHS]
    for measure, band, months, dead in asked:
        found = band_share(time, event, names, band, months * outcome.per_month, dead=dead)
        row = _row(found, measure, one)
        yield replace(row, stratum_set=f"band:{one.score}", stratum=band, horizon=f"{months}mo")
    if bands.expected:
        expected = {
            band: (low * outcome.per_month, high * outcome.per_month)
            for band, (low, high) in bands.expected.items()
        }
        yield _row(interval_agreement(time, event, names, expected),
                   "legacy_predictive_accuracy", one)  # fmt: skip


def _row(found: Estimate, measure: str, one: OneScore) -> ThresholdRow:
    row: ThresholdRow = found.row(
        measure, kind=ThresholdRow, set=OWN, score=one.score, variant=one.variant, form="band",
        note=caution(found.events),
    )  # fmt: skip
    return row


def _reclassified(design: Design, risks: RiskTable) -> Iterator[ThresholdRow]:
    """Every score against the reference (the first score when none is named)."""
    if len(design.scores) < 2:
        return
    first = design.options.reference or next(iter(design.scores))
    for key, one in design.scores.items():
        if key == first:
            continue
        for label, horizon in design.outcome.horizons.items():
            old, new = risks.default(first, label), risks.default(key, label)
            base = {
                "set": f"{OWN}:pairwise",
                "score": one.score,
                "variant": one.variant,
                "horizon": label,
                "other": first,
                "source": f"{new.source} over {old.source}",
            }
            both = old.known & new.known
            if not (old.available and new.available and both.any()):
                why = old.reason or new.reason or "no patient with both risks"
                yield undefined(why).row("nri", kind=ThresholdRow, **base, note=WARNING)
                continue
            data = (design.outcome.time[both], design.outcome.event[both])
            pair = (old.probability[both], new.probability[both])
            nri = net_reclassification(*data, *pair, horizon)
            *_, idi = integrated_discrimination(*data, *pair, horizon)
            for measure, found in (
                ("nri_events", nri.events),
                ("nri_nonevents", nri.nonevents),
                ("nri", nri.total),
                ("idi", idi),
            ):
                note = "" if WARNING in found.reason else WARNING
                yield found.row(measure, kind=ThresholdRow, **base, note=note)
