"""Groups compared: log-rank, stratified log-rank, trend, restricted means, survival at one time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from spinemets.results import Row, finite, scaled
from spinemets.strata import JOIN
from spinemets.survival.fixed_time import fixed_time_test
from spinemets.survival.grid import month_horizon
from spinemets.survival.kaplan_meier import KaplanMeier
from spinemets.survival.logrank import logrank
from spinemets.survival.restricted_mean import difference_p, restricted_mean_difference
from spinemets.survival.sample import Bools, Sample
from spinemets.units import DAYS_PER_MONTH

#: Of whom the grouping isn't known.
UNKNOWN: Final = frozenset({"not_recorded", "primary_not_recorded"})
#: Groups of patients of whom the grouping isn't known have no place in an order.
UNORDERED: Final = (
    "not_recorded",
    "primary_not_recorded",
    "small_groups",
    "unlisted",
    "unknown_primary",
    "other",
)
RMST_METHOD: Final = "area under Kaplan-Meier, Greenwood variance"


@dataclass(frozen=True)
class Grouped:
    """
    Patients in groups, ready to be compared.

    Parameters
    ----------
    sample : Sample
        Follow-up.
    names : ndarray of str of shape (n,)
        Group of every patient.
    levels : list of str
        Groups in display order.
    ordered : bool
        Whether the groups have an order.
    within : mapping of str to ndarray
        Other groupings, within which the groups are compared as well.
    minimum : int
        Groups below this size are not compared, except for trend.
    """

    sample: Sample
    names: np.ndarray[Any, np.dtype[np.object_]]
    levels: Sequence[str]
    ordered: bool = False
    within: Mapping[str, np.ndarray[Any, np.dtype[np.object_]]] = field(default_factory=dict)
    minimum: int = 1

    def rows(self, name: str) -> Bools:
        """
        Members of a group.

        Parameters
        ----------
        name : str
            Group.

        Returns
        -------
        ndarray of bool
            Mask.
        """
        return np.asarray(self.names == name)


def tests(data: Grouped, where: dict[str, Any]) -> list[Row]:
    """
    Log-rank tests of the groups: plain, within other groupings, and for trend.

    Parameters
    ----------
    data : Grouped
        Patients in groups.
    where : dict
        ``cohort`` and ``stratum_set`` of the rows.

    Returns
    -------
    list of Row
        ``logrank_chi2`` and ``logrank_p``; the same with ``stratified_`` before it and the other
        grouping in ``method``; ``trend_z`` and ``trend_p`` where the groups have an order. Groups
        too small and patients not recorded are left out and counted in ``note``: the chi-squared
        approximation doesn't hold with dozens of tiny groups, and whether something was recorded
        is another question.
    """
    kept, left = _comparable(data)
    sample = kept.sample
    found = [("logrank", "log-rank", logrank(sample.time, sample.event, kept.names, sample.entry))]
    for other, strata in kept.within.items():
        test = logrank(sample.time, sample.event, kept.names, sample.entry, strata.astype(str))
        found.append(("stratified_logrank", f"log-rank within {other}", test))
    out: list[Row] = []
    for measure, words, test in found:
        method = f"{words}, {test.df} df" if test.df else words
        note = "; ".join(part for part in (test.note, left) if part)
        for end, value in (("chi2", test.chi2), ("p", test.p)):
            out.append(_row(kept, f"{measure}_{end}", value, method, note, where))
    return [*out, *_trend(data, where)] if data.ordered else out


def _comparable(data: Grouped) -> tuple[Grouped, str]:
    """Patients of the groups that `differences` compares too, and who is left out."""
    names, sizes = np.unique(data.names.astype(str), return_counts=True)
    large = [g for g, n in zip(names, sizes, strict=True) if n >= data.minimum and _known(g)]
    rows = np.isin(data.names.astype(str), large)
    if rows.all():
        return data, ""
    within = {other: strata[rows] for other, strata in data.within.items()}
    kept = replace(data, sample=data.sample.take(rows), names=data.names[rows], within=within)
    note = (
        f"{int((~rows).sum())} patient(s) not compared: not recorded, or in groups of fewer than "
        f"{data.minimum}"
    )
    return kept, note


def _known(group: str) -> bool:
    """Whether a group, or both sides of a crossed one, is of patients of whom it is known."""
    return not UNKNOWN.intersection(str(group).split(JOIN))


def _row(data: Grouped, measure: str, value: float, method: str, note: str, where: Any) -> Row:
    number = None if not np.isfinite(value) else float(value)
    return Row(measure, number, n=data.sample.n, events=data.sample.n_events, note=note,
               method=method, **where)  # fmt: skip


def _trend(data: Grouped, where: dict[str, Any]) -> list[Row]:
    """Trend across the groups that have a place in the order."""
    place = {name: k for k, name in enumerate(g for g in data.levels if g not in UNORDERED)}
    rows = np.isin(data.names, list(place))
    sample = data.sample.take(rows)
    part = Grouped(sample, data.names[rows], data.levels)
    codes = np.array([place[g] for g in part.names], dtype=np.int64)
    test = logrank(sample.time, sample.event, codes, sample.entry)
    if len(test.groups) < 2:
        note = "fewer than two groups that have an order"
        return [_row(part, "trend_p", float("nan"), "log-rank trend", note, where)]
    trend = test.trend([float(g) for g in test.groups])
    left = int((~rows).sum())
    note = "; ".join(
        x for x in (trend.note, f"{left} patient(s) without place" if left else "") if x
    )
    method = f"log-rank trend over {len(test.groups)} ordered groups"
    return [
        _row(part, "trend_z", trend.z, method, note, where),
        _row(part, "trend_p", trend.p, method, note, where),
    ]


def differences(
    data: Grouped, curves: Mapping[str, KaplanMeier], months: float, where: dict[str, Any]
) -> list[Row]:
    """
    Restricted means compared with the largest group, and survival at the horizon of all.

    Parameters
    ----------
    data : Grouped
        Patients in groups.
    curves : mapping of str to KaplanMeier
        Curve of every group.
    months : float
        Horizon.
    where : dict
        ``cohort`` and ``stratum_set`` of the rows.

    Returns
    -------
    list of Row
        ``restricted_mean_difference_months`` and its P value for every group but the reference
        (in ``method``), and ``fixed_time_p`` (all groups, complementary log-log scale).
    """
    horizon = month_horizon(months)
    known = {g: c for g, c in curves.items() if c.n >= data.minimum and _known(g)}
    if len(known) < 2:
        note = f"fewer than two groups of {data.minimum} patients"
        return [Row("restricted_mean_difference_months", note=note, horizon=horizon.label, **where)]
    reference = max(known, key=lambda g: known[g].n)
    out: list[Row] = []
    method = f"{RMST_METHOD}; against {reference}"
    for name, curve in known.items():
        if name == reference:
            continue
        gap = restricted_mean_difference(curve, known[reference], horizon.days)
        place: dict[str, Any] = {
            "stratum": name, "horizon": horizon.label, "method": method, "note": gap.note,
            "n": curve.n, "events": curve.n_events, **where,
        }  # fmt: skip
        numbers = scaled(gap.value, gap.lower, gap.upper, gap.std_error, DAYS_PER_MONTH)
        out.append(Row("restricted_mean_difference_months", **numbers, **place))
        out.append(Row("restricted_mean_difference_p", finite(difference_p(gap)), **place))
    test = fixed_time_test(list(known.values()), horizon.days)
    words = f"equal S(t), complementary log-log, {test.df} df" if test.df else "equal S(t)"
    kept, left = _comparable(data)
    note = "; ".join(part for part in (test.note, left) if part)
    row = _row(kept, "fixed_time_p", test.p, words, note, where | {"horizon": horizon.label})
    return [*out, row]
