"""Outcomes beside death: local failure, skeletal event, reoperation, walking and neurology."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemets.results import ModelRow, finite
from spinemets.survival.competing import CumulativeIncidence, aalen_johansen
from spinemets.survival.fine_gray import FineGray, fine_gray
from spinemets.survival.function import function_rows
from spinemets.survival.gray import gray_test
from spinemets.survival.sample import Bools, Floats, Sample, at_risk, floats, make_sample
from spinemets.survival.score_data import (
    FEW_EVENTS,
    Labels,
    cox,
    dummies,
    hazard_ratio,
    merge_small,
)
from spinemets.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import pandas as pd

#: Outcome -> columns of which one must be true for a patient to be at risk of it.
EVENTS: Final[dict[str, tuple[str, ...]]] = {
    "local_failure": ("surgery", "radiotherapy"),
    "skeletal_event": (),
    "reoperation": ("surgery",),
}
CAUSES: Final = ("event", "death")
INCIDENCE_COLUMNS: Final = (
    "cohort", "outcome", "stratum_set", "stratum", "cause", "time_months", "incidence", "lower",
    "upper", "at_risk", "events",
)  # fmt: skip


@dataclass(frozen=True)
class Competing:
    """
    First of an outcome and death.

    Parameters
    ----------
    outcome, cohort : str
        Written into the rows.
    sample : Sample
        Days to the first of both, or to the end of observation.
    cause : ndarray of int of shape (n,)
        0 censored, 1 the outcome, 2 death without it.
    used : ndarray of bool
        Which patients of the table they are.
    note : str
        Who was left out, and why.
    """

    outcome: str
    cohort: str
    sample: Sample
    cause: Floats
    used: Bools
    note: str

    def row(self, measure: str, value: float | None = None, **more: Any) -> ModelRow:
        """
        Write a row about this outcome.

        Parameters
        ----------
        measure : str
            What was estimated.
        value : float, optional
            Estimate.
        **more : object
            Further fields of ``ModelRow``.

        Returns
        -------
        ModelRow
            ``events`` counts the outcome unless given; the note says who was left out.
        """
        fields: dict[str, Any] = {
            "n": self.sample.n,
            "events": int((self.cause == 1).sum()),
            "note": "",
        } | more
        fields["note"] = "; ".join(x for x in (fields["note"], self.note) if x)
        return ModelRow(measure, finite(value), model=self.outcome, cohort=self.cohort, **fields)


def first_event(patients: pd.DataFrame, outcome: str, cohort: str) -> Competing:
    """
    Time to the first of an outcome and death.

    Parameters
    ----------
    patients : pandas.DataFrame
        Patient table.
    outcome : str
        Key of ``EVENTS``.
    cohort : str
        Cohort id.

    Returns
    -------
    Competing
        Patients without an answer, with an event without day, with a day after the end of
        observation or before their entry are left out and counted.
    """
    from spinemets import groupings

    time, died = floats(patients["survival_days"]), floats(patients["died"])
    entry = floats(groupings.column(patients, "entry_days"))
    event = floats(groupings.column(patients, outcome))
    day = floats(groupings.column(patients, f"{outcome}_day"))
    entry = np.where(entry > 0, entry, np.nan)
    apart = ~_exposed(patients, EVENTS[outcome])
    unknown = ~apart & (~np.isfinite(event) | ~np.isfinite(time) | ~np.isfinite(died))
    undated = ~apart & ~unknown & (event == 1) & ~np.isfinite(day)
    late = ~apart & ~unknown & (event == 1) & (day > time)
    stop = np.where((event == 1) & np.isfinite(day), day, time)
    crossed = ~apart & ~unknown & ~undated & ~late & (entry >= stop)
    used = ~(apart | unknown | undated | late | crossed)
    reasons = (
        (unknown, "not recorded"), (undated, "event without day"),
        (late, "event after the end of observation"), (crossed, "event before entry"),
    )  # fmt: skip
    note = "; ".join(f"{int(b.sum())} patient(s) left out: {why}" for b, why in reasons if b.any())
    cause = np.where(event == 1, 1, np.where(died == 1, 2, 0))[used]
    sample = make_sample(stop[used], cause > 0, entry[used])
    return Competing(outcome, cohort, sample, cause, used, note)


def _exposed(patients: pd.DataFrame, columns: tuple[str, ...]) -> Bools:
    """Who can have the outcome; everybody where the cohort doesn't record the treatment."""
    recorded = [c for c in columns if c in patients and patients[c].notna().any()]
    if not recorded:
        return np.ones(len(patients), dtype=bool)
    found: Bools = np.any([floats(patients[c]) == 1 for c in recorded], axis=0)
    return found


def incidence_table(
    data: Competing, labels: Labels, stratum_set: str, levels: list[str], months: int, minimum: int
) -> pd.DataFrame:
    """
    Cumulative incidence on a monthly grid, with what it is computed from.

    Parameters
    ----------
    data : Competing
        Patients.
    labels : ndarray of str of shape (n,)
        Group of every patient.
    stratum_set : str
        Grouping.
    levels : list of str
        Groups in display order; those below the minimum are left out.
    months : int
        Last month.
    minimum : int
        Smallest group.

    Returns
    -------
    pandas.DataFrame
        ``INCIDENCE_COLUMNS``; ``cause`` is ``event`` or ``death`` (without the event), ``events``
        is cumulative. The grid ends with the group's last observation.
    """
    import pandas as pd

    parts = []
    for level in levels:
        rows = labels == level
        if rows.sum() < minimum:
            continue
        part, cause = data.sample.take(rows), data.cause[rows]
        found = aalen_johansen(part.time, cause, part.entry, causes=CAUSES)
        last = int(min(months, np.floor(part.time.max() / DAYS_PER_MONTH + 1e-9)))
        grid = np.arange(last + 1, dtype=np.float64)
        number = at_risk(part, grid * DAYS_PER_MONTH).astype(np.int64)
        for j, name in enumerate(CAUSES):
            values = [found.at(float(m) * DAYS_PER_MONTH, j + 1) for m in grid]
            happened = [
                int(((cause == j + 1) & (part.time <= m * DAYS_PER_MONTH)).sum()) for m in grid
            ]
            parts.append(
                pd.DataFrame(
                    {
                        "cohort": data.cohort, "outcome": data.outcome,
                        "stratum_set": stratum_set, "stratum": level, "cause": name,
                        "time_months": grid, "incidence": [v.value for v in values],
                        "lower": [v.lower for v in values], "upper": [v.upper for v in values],
                        "at_risk": number, "events": happened,
                    }
                )
            )  # fmt: skip
    if not parts:
        return pd.DataFrame(columns=list(INCIDENCE_COLUMNS))
    return pd.concat(parts, ignore_index=True)[list(INCIDENCE_COLUMNS)]


def incidence_rows(
    data: Competing, labels: Labels, stratum_set: str, levels: list[str], months: list[float]
) -> list[ModelRow]:
    """
    Cumulative incidence of the outcome and of death without it at fixed times.

    Parameters
    ----------
    data : Competing
        Patients.
    labels : ndarray of str of shape (n,)
        Group of every patient.
    stratum_set : str
        Grouping.
    levels : list of str
        Groups.
    months : list of float
        Times.

    Returns
    -------
    list of ModelRow
        ``cumulative_incidence``; ``term`` is the cause, ``events`` those of the cause.
    """
    out: list[ModelRow] = []
    for level in levels:
        rows = labels == level
        part, cause = data.sample.take(rows), data.cause[rows]
        found = aalen_johansen(part.time, cause, part.entry, causes=CAUSES)
        for j, name in enumerate(CAUSES):
            where = {"stratum_set": stratum_set, "stratum": level, "term": name,
                     "n": part.n, "events": int((cause == j + 1).sum())}  # fmt: skip
            out += [_at(data, found, j + 1, month, where) for month in months]
    return out


def _at(
    data: Competing, found: CumulativeIncidence, cause: int, month: float, where: dict[str, Any]
) -> ModelRow:
    value = found.at(month * DAYS_PER_MONTH, cause)
    return data.row("cumulative_incidence", value.value, lower=finite(value.lower),
                    upper=finite(value.upper), std_error=finite(value.std_error),
                    horizon=f"{month:g}mo", method="Aalen-Johansen, log-log interval",
                    note=value.note, **where)  # fmt: skip


def models(data: Competing, labels: Labels, stratum_set: str, minimum: int) -> list[ModelRow]:
    """
    Groups compared: Gray's test, cause-specific and Fine-Gray models.

    Parameters
    ----------
    data : Competing
        Patients.
    labels : ndarray of str of shape (n,)
        Group of every patient.
    stratum_set : str
        Grouping.
    minimum : int
        Groups below this size are one group.

    Returns
    -------
    list of ModelRow
        ``gray_p`` (under delayed entry ``subdistribution_p`` in its place); per group
        (``stratum``) against the largest ``cause_specific_hazard_ratio`` of the outcome and of
        death (``term``), and ``subdistribution_hazard_ratio`` of the outcome.
    """
    merged = merge_small(labels, minimum)
    x, levels = dummies(merged)
    where: dict[str, Any] = {"stratum_set": stratum_set}
    if (data.cause == 1).sum() < FEW_EVENTS or len(levels) < 2:
        few = (data.cause == 1).sum() < FEW_EVENTS
        note = f"fewer than {FEW_EVENTS} events" if few else "only one group"
        return [data.row("gray_p", note=note, **where)]
    out: list[ModelRow] = []
    places = [(k, {**where, "stratum": level, "contrast": f"{level} against {levels[0]}"})
              for k, level in enumerate(levels[1:])]  # fmt: skip
    for j, name in enumerate(CAUSES):
        own = Sample(data.sample.time, data.cause == j + 1, data.sample.entry, data.sample.weight)
        fit, penalised = cox(x, own, names=levels[1:])
        for k, place in places:
            size = _size(data, merged == levels[k + 1], j + 1)
            out.append(data.row("cause_specific_hazard_ratio", term=name, method="Cox, Efron",
                                **place, **size,
                                **hazard_ratio(fit, k, penalised=penalised)))  # fmt: skip
    fg = fine_gray(x, data.sample.time, data.cause, data.sample.entry, names=levels[1:],
                   causes=CAUSES)  # fmt: skip
    out = [*_equality(data, merged, fg, where), *out]
    low, high = fg.interval
    for k, place in places:
        known = not fg.note
        numbers = [float(np.exp(v[k])) if known else None for v in (fg.coef, low, high)]
        size = _size(data, merged == levels[k + 1], 1)
        out.append(data.row("subdistribution_hazard_ratio", numbers[0], lower=finite(numbers[1]),
                            upper=finite(numbers[2]), term="event", note=fg.note,
                            method="Fine-Gray", **place, **size))  # fmt: skip
    return out


def _size(data: Competing, rows: Bools, cause: int) -> dict[str, int]:
    return {"n": int(rows.sum()), "events": int((data.cause[rows] == cause).sum())}


def _equality(
    data: Competing, labels: Labels, fg: FineGray, where: dict[str, Any]
) -> list[ModelRow]:
    """Whether the groups have the same cumulative incidence."""
    if data.sample.delayed:
        # Gray's test has no place for late entry; the model that shares its null hypothesis has,
        # by weights for censoring and entry (Geskus 2011, doi:10.1111/j.1541-0420.2010.01420.x).
        p, df = fg.wald()
        note = "delayed entry has no place in Gray's test: see subdistribution_p"
        method = f"Wald test of the Fine-Gray model with delayed entry, {df} df"
        return [data.row("gray_p", note=note, **where),
                data.row("subdistribution_p", finite(p), method=method, note=fg.note,
                         **where)]  # fmt: skip
    test = gray_test(data.sample.time, data.cause, labels.astype(str), causes=CAUSES)
    method = f"Gray's test, {test.df} df"
    return [data.row("gray_p", test.p, method=method, note=test.note, **where)]


def _too_small(
    data: Competing, labels: Labels, stratum_set: str, level: str, minimum: int
) -> ModelRow:
    """A group that is too small for a curve is a row that says so."""
    size = _size(data, labels == level, 1)
    note = f"fewer than {minimum} patients" if size["n"] else "no patient who can have the outcome"
    return data.row("cumulative_incidence", stratum_set=stratum_set, stratum=level, note=note,
                    **size)  # fmt: skip


def outcome_tables(
    patients: pd.DataFrame,
    groups: dict[str, tuple[Labels, list[str]]],
    cohort: str,
    months: list[float],
    last: int,
    minimum: int,
) -> tuple[list[ModelRow], pd.DataFrame]:
    """
    Every outcome beside death, overall and by grouping.

    Parameters
    ----------
    patients : pandas.DataFrame
        Patient table.
    groups : dict
        Grouping to the group of every patient and the groups in display order.
    cohort : str
        Cohort id.
    months : list of float
        Times of tabulated incidence.
    last : int
        Last month of the curves.
    minimum : int
        Smallest group.

    Returns
    -------
    rows : list of ModelRow
        Incidence, tests, models and shares; an outcome that the cohort doesn't record is one row
        that says so.
    curves : pandas.DataFrame
        ``INCIDENCE_COLUMNS``.
    """
    from spinemets.results import stack

    everybody = np.full(len(patients), "all", dtype=object)
    every = {"overall": (everybody, ["all"]), **groups}
    import pandas as pd

    rows: list[ModelRow] = []
    curves = [pd.DataFrame(columns=list(INCIDENCE_COLUMNS))]
    for outcome in EVENTS:
        if outcome not in patients or not patients[outcome].notna().any():
            note = f"not recorded in this cohort: {outcome}"
            rows.append(ModelRow("cumulative_incidence", cohort=cohort, model=outcome, note=note))
            continue
        data = first_event(patients, outcome, cohort)
        for name, (labels, levels) in every.items():
            own = labels[data.used]
            shown = [g for g in levels if (own == g).sum() >= minimum]
            rows += [_too_small(data, own, name, g, minimum) for g in levels if g not in shown]
            curves.append(incidence_table(data, own, name, shown, last, minimum))
            rows += incidence_rows(data, own, name, shown, months)
            if name != "overall":
                rows += models(data, own, name, minimum)
    for name, (labels, levels) in every.items():
        rows += function_rows(patients, labels, name, levels, cohort)
    return rows, stack(curves)
