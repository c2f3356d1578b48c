"""Scores against outcomes beside death, which death can forestall."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemets.evaluation.competing import discrimination_rows
from spinemets.evaluation.design import OWN, Design
from spinemets.evaluation.scores import ComparisonSet, take
from spinemets.results import OutcomeRow, frame
from spinemets.survival.outcomes import EVENTS, Competing, first_event

if TYPE_CHECKING:
    import pandas as pd

#: A score made for survival isn't wrong because it doesn't foretell something else.
SURVIVAL_SCORE: Final = "made for overall survival"
LATE_ENTRY: Final = "patients who entered later count from their time zero"


def other_outcomes(patients: pd.DataFrame, design: Design, cohort: str) -> pd.DataFrame:
    """
    Discrimination of every score for local failure, skeletal events and reoperation.

    Parameters
    ----------
    patients : pandas.DataFrame
        Patient table.
    design : Design
        The evaluation of survival: scores, sets, horizons.
    cohort : str
        Cohort id.

    Returns
    -------
    pandas.DataFrame
        Columns of `OutcomeRow`: ``harrell_c`` (cause-specific), ``wolbers_c`` and ``auc`` per
        outcome, comparison set and score; one row with the reason for an outcome that the cohort
        doesn't record. Published risks are of death, so none of them is judged here.
    """
    rows = [
        row for outcome in EVENTS for row in _rows(first_event(patients, outcome, cohort), design)
    ]
    table = frame(rows, OutcomeRow)
    table["cohort"] = cohort
    return table


def _rows(data: Competing, design: Design) -> Iterator[OutcomeRow]:
    n, events = int(data.used.sum()), int((data.cause == 1).sum())
    if not events:
        why = "no event among the patients" if n else ""
        note = "; ".join(part for part in (why, data.note) if part) or "nobody can have it"
        yield OutcomeRow("harrell_c", outcome=data.outcome, set=OWN, n=n, events=0, note=note)
        return
    late = LATE_ENTRY if bool(np.isfinite(data.sample.entry).any()) else ""
    smaller = _of(design, data)
    own = [ComparisonSet(OWN, (one,), {}, one.determined.copy()) for one in smaller.scores.values()]
    for row in discrimination_rows(smaller, [*smaller.sets, *own]):
        key = f"{row.score}:{row.variant}" if row.variant else row.score
        known = smaller.scores.get(key)
        made = SURVIVAL_SCORE if known is not None and known.guarded else ""
        note = "; ".join(part for part in (row.note, made, late, data.note) if part)
        yield OutcomeRow.of(row, outcome=data.outcome, note=note)


def _of(design: Design, data: Competing) -> Design:
    """The same scores and sets for the patients who can have the outcome."""
    scores = {key: take(one, data.used) for key, one in design.scores.items()}
    sets = [
        ComparisonSet(
            group.id, tuple(scores[one.key] for one in group.scores), group.moved_out,
            group.members[data.used],
        )
        for group in design.sets
    ]  # fmt: skip
    cause = data.cause.astype(np.int64)
    outcome = replace(design.outcome, time=data.sample.time, event=cause == 1, cause=cause)
    return Design(outcome=outcome, scores=scores, sets=sets, options=design.options)
