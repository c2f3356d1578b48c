"""How well scores travel: centre by centre, and against another cohort."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from spinemets.evaluation.design import OWN, Design, Reference
from spinemets.evaluation.risks import RiskTable
from spinemets.evaluation.scores import OneScore
from spinemets.performance.case_mix import split_difference
from spinemets.performance.transport import internal_external
from spinemets.performance.transport_rows import difference_rows, transport_rows
from spinemets.results import Row

NO_CENTRES = "the cohort has no column of centres"
ONE_CENTRE = "one centre only: nothing to compare"
RESAMPLES = 200


def travel_rows(design: Design, risks: RiskTable) -> Iterator[Row]:
    """
    Performance in each centre and pooled, and the parts of a difference in C to another cohort.

    Parameters
    ----------
    design : Design
        The evaluation.
    risks : RiskTable
        Risks of the scores.

    Yields
    ------
    Row
        As `transport_rows` (``harrell_c`` without a horizon, ``oe_ratio`` per horizon) and
        `difference_rows` (set ``own``, method naming the reference cohort); a row with the reason
        where there is nothing to compare.
    """
    if design.centre is None:
        yield Row("pooled_harrell_c", set=OWN, stratum_set="centre", note=NO_CENTRES)
    else:
        for one in design.scores.values():
            yield from _centres(design, one, risks)
    if design.reference is not None:
        for key, one in design.scores.items():
            yield from _against(design, design.reference, one, design.reference.scores.get(key))


def _centres(design: Design, one: OneScore, risks: RiskTable) -> Iterator[Row]:
    centre, outcome = design.centre, design.outcome
    if centre is None:
        return
    where: dict[str, Any] = {
        "set": OWN,
        "score": one.score,
        "variant": one.variant,
        "form": "points",
    }
    known = one.determined
    if len(set(centre[known].tolist())) < 2:
        yield Row(
            "pooled_harrell_c", stratum_set="centre", n=int(known.sum()),
            events=int(outcome.event[known].sum()),
            note=ONE_CENTRE if known.any() else "no patient with this score", **where,
        )  # fmt: skip
        return
    first = True
    for label, horizon in outcome.horizons.items():
        risk = risks.default(one.key, label)
        inside = known & risk.known if risk.available else known
        found = internal_external(
            outcome.time[inside],
            outcome.event[inside],
            centre[inside],
            score=one.points[inside],
            higher_is_worse=one.higher_is_worse,
            risk=risk.probability[inside] if risk.available else None,
            horizon=horizon,
        )
        for row in transport_rows(found, **where):
            if "slope" in row.measure:
                continue  # a fixed score has no slope of its own
            if "harrell_c" in row.measure:
                if first:
                    yield row
                continue
            method = "; ".join(p for p in (row.method, f"{risk.source} risk") if p)
            yield replace(row, horizon=label, method=method)
        first = False


def _against(
    design: Design, reference: Reference, one: OneScore, theirs: OneScore | None
) -> Iterator[Row]:
    where: dict[str, Any] = {
        "set": OWN,
        "score": one.score,
        "variant": one.variant,
        "form": "points",
    }
    if reference.delayed:
        note = f"delayed entry in the reference {reference.name}: C is not defined there"
        yield Row("harrell_c_difference", note=note, **where)
        return
    mine = one.determined
    if theirs is None or not theirs.determined.any() or not mine.any():
        note = f"the score isn't known in both cohorts (reference: {reference.name})"
        yield Row("harrell_c_difference", note=note, **where)
        return
    other = theirs.determined
    # Follow-up is cut to what both cohorts have: C depends on its length.
    end = float(min(np.max(design.outcome.time[mine]), np.max(reference.time[other])))
    found = split_difference(
        (reference.time[other], reference.event[other], theirs.points[other]),
        (design.outcome.time[mine], design.outcome.event[mine], one.points[mine]),
        higher_is_worse=one.higher_is_worse,
        horizon=end if end > 0 else None,
        resamples=RESAMPLES,
        seed=design.options.seed,
    )
    for row in difference_rows(found, **where):
        method = f"{row.method}; reference cohort {reference.name}, common follow-up"
        yield replace(row, method=method)
