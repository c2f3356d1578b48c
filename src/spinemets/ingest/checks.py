"""Looks at a whole column or cohort; the rules that use them stand in ``plausibility.yaml``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from spinemets import contract, groupings, units
from spinemets.ingest.scales import known_units
from spinemets.units import DAYS_PER_MONTH

Mask = npt.NDArray[np.bool_]
#: Fewer known values than this show nothing of a column as a whole.
ENOUGH: Final = 20
#: Combinations of values from which rows are compared anew; times a column they stay 64 bits.
_MANY: Final = 1 << 40


@dataclass(frozen=True)
class Found:
    """
    What a check found in one column.

    Parameters
    ----------
    rows : ndarray of bool
        Patients concerned.
    of : int
        Patients in whom it could be asked; 0 when the check had too little to look at.
    column : str
        Column looked at; empty when it is the cohort.
    """

    rows: Mask
    of: int
    column: str = ""


Check = Callable[[pd.DataFrame, Mapping[str, Any]], list[Found]]


def _numbers(patients: pd.DataFrame, name: str) -> npt.NDArray[np.float64]:
    return np.asarray(patients[name].to_numpy(dtype="float64", na_value=np.nan), np.float64)


def _flags(patients: pd.DataFrame | Mapping[str, pd.Series], name: str) -> npt.NDArray[np.float64]:
    return np.asarray(patients[name].astype("Float64").to_numpy("float64", na_value=np.nan))


def _tally(
    values: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Distinct values in their order, and how often each stands; only they are sorted."""
    codes, distinct = pd.factorize(values)
    order = np.argsort(distinct)
    return distinct[order], np.bincount(codes, minlength=len(distinct))[order]


def _none(patients: pd.DataFrame, column: str = "") -> Found:
    return Found(np.zeros(len(patients), bool), 0, column)


def _each(patients: pd.DataFrame, rule: Mapping[str, Any]) -> list[str]:
    return [c for c in rule["columns"] if c in patients and patients[c].notna().any()]


def too_long(patients: pd.DataFrame, rule: Mapping[str, Any]) -> list[Found]:
    """Median time to death of a primary against a published median survival."""
    days, dead = _numbers(patients, "survival_days"), _flags(patients, "died") == 1
    rows, of = np.zeros(len(patients), bool), 0
    for primary, median in rule["medians_months"].items():
        mine = patients["primary"].eq(primary).fillna(False).to_numpy(dtype=bool)
        lived = days[mine & dead & np.isfinite(days)]
        if len(lived) < ENOUGH:
            continue
        of += int(mine.sum())
        if np.median(lived) > rule["factor"] * median * DAYS_PER_MONTH:
            rows |= mine
    return [Found(rows, of, "survival_days")]


def too_short(patients: pd.DataFrame, rule: Mapping[str, Any]) -> list[Found]:
    """Nobody followed longer than a few months, in whole numbers."""
    days = _numbers(patients, "survival_days")
    known = np.isfinite(days)
    if known.sum() < ENOUGH:
        return [_none(patients, "survival_days")]
    short = days[known].max() < rule["days"] and bool((days[known] % 1 == 0).all())
    return [Found(known & short, int(known.sum()), "survival_days")]


def multiples(patients: pd.DataFrame, rule: Mapping[str, Any]) -> list[Found]:
    """Days that are whole multiples of a step."""
    days = _numbers(patients, "survival_days")
    known = np.isfinite(days) & (days > 0)
    if known.sum() < ENOUGH:
        return [_none(patients, "survival_days")]
    best = np.zeros(len(days), bool)
    for step in rule["steps"]:
        # Rounding a month to whole days moves it by half a day at most.
        near = known & (np.abs(days - np.round(days / step) * step) <= (0 if step == 30 else 0.5))
        best = near if near.sum() > best.sum() else best
    shown = best.sum() >= rule["share"] * known.sum()
    return [Found(best & shown, int(known.sum()), "survival_days")]


def only_of_the_dead(patients: pd.DataFrame, _: Mapping[str, Any]) -> list[Found]:
    """Survival time known in nine of ten who died and in one of ten who didn't."""
    known, died = np.isfinite(_numbers(patients, "survival_days")), _flags(patients, "died")
    dead, alive = died == 1, died != 1
    if dead.sum() < ENOUGH or alive.sum() < ENOUGH:
        return [_none(patients, "survival_days")]
    bad = known[dead].mean() >= 0.9 and known[alive].mean() <= 0.1
    return [Found(alive & ~known & bad, len(died), "survival_days")]


def everybody(patients: pd.DataFrame, _: Mapping[str, Any]) -> list[Found]:
    """Everybody died."""
    died = _flags(patients, "died")
    known = np.isfinite(died)
    if known.sum() < ENOUGH:
        return [_none(patients, "died")]
    return [Found(known & bool((died[known] == 1).all()), int(known.sum()), "died")]


def one_time(patients: pd.DataFrame, rule: Mapping[str, Any]) -> list[Found]:
    """Many censored patients with the same time."""
    days, died = _numbers(patients, "survival_days"), _flags(patients, "died")
    alive = (died == 0) & np.isfinite(days)
    if alive.sum() < ENOUGH:
        return [_none(patients, "survival_days")]
    values, counts = _tally(days[alive])
    most = counts.argmax()
    shown = counts[most] >= rule["share"] * alive.sum()
    return [Found(alive & (days == values[most]) & shown, int(alive.sum()), "survival_days")]


def constant(patients: pd.DataFrame, rule: Mapping[str, Any]) -> list[Found]:
    """One value, not the lowest one (a detection limit), in a large share of the patients."""
    out = []
    for name in _each(patients, rule):
        x = _numbers(patients, name)
        known = np.isfinite(x)
        if known.sum() < ENOUGH:
            out.append(_none(patients, name))
            continue
        values, counts = _tally(x[known])
        most = counts.argmax()
        # Few steps (grades, ages of a narrow trial) repeat without anybody having filled them in.
        usual = len(values) > 1 and (len(values) < 10 or most == 0)
        shown = not usual and counts[most] >= rule["share"] * known.sum()
        out.append(Found(known & (x == values[most]) & shown, int(known.sum()), name))
    return out


def two_units(patients: pd.DataFrame, rule: Mapping[str, Any]) -> list[Found]:
    """Two narrow heaps of values, a known conversion factor apart; the smaller one is reported."""
    out = []
    for name in _each(patients, rule):
        x = _numbers(patients, name)
        known = np.isfinite(x) & (x > 0)
        if known.sum() < ENOUGH:
            out.append(_none(patients, name))
            continue
        log = np.log(np.where(known, x, 1.0))
        rows = np.zeros(len(x), bool)
        for factor in _factors(name):
            rows |= _other_heap(log, known, math.log(factor))
        out.append(Found(rows, int(known.sum()), name))
    return out


def _factors(name: str) -> list[float]:
    column = contract.columns()[name]
    found = set()
    for unit in known_units(column)[1:]:
        full = unit if unit in units.known_units(column.unit) else f"{unit} {column.substance}"
        size = abs(math.log(units.factor(column.unit, full)))
        if size > math.log(1.5):
            found |= {math.exp(size), math.exp(-size)}
    return sorted(found)


def _other_heap(log: npt.NDArray[np.float64], known: Mask, shift: float) -> Mask:
    """Values that lie where the main heap would lie in another unit."""
    middle = np.median(log[known])
    near = np.abs(log - middle) < abs(shift) / 2
    other = known & (np.abs(log - middle - shift) < abs(shift) / 2)
    main = known & near
    if other.sum() < 3 or main.sum() < ENOUGH:
        return np.zeros(len(log), bool)
    # Heaps are narrow against their distance, and the second lies where the factor puts it.
    narrow = max(log[main].std(), log[other].std()) < abs(shift) / 3.5
    at = abs(np.median(log[other]) - middle - shift) < abs(shift) / 5
    # One broad heap has most of its values between; two heaps have a valley there.
    valley = known & (np.abs(log - middle - shift / 2) < abs(shift) / 8)
    apart = valley.sum() <= other.sum() / 5
    return other if narrow and at and apart else np.zeros(len(log), bool)


def sentinel(patients: pd.DataFrame, rule: Mapping[str, Any]) -> list[Found]:
    """A repeated highest value of nines, twice as high as the next or alone in a gap."""
    out = []
    for name in _each(patients, rule):
        x = _numbers(patients, name)
        known = np.isfinite(x)
        values, counts = _tally(x[known])
        if known.sum() < ENOUGH or len(values) < 3:
            out.append(_none(patients, name))
            continue
        digits = f"{values[-1]:g}".replace(".", "").strip("0")
        nines = len(digits) >= 2 and set(digits) == {"9"}
        apart = values[-1] - values[-2] > max(values[-2] - values[0], 1) / 10
        shown = nines and counts[-1] > 1 and apart
        out.append(Found(known & (x == values[-1]) & shown, int(known.sum()), name))
    return out


def _ranks(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Ranks, mean ones for ties; scipy.stats would double what the stage spends on imports."""
    return np.asarray(pd.Series(x).rank(), dtype=np.float64)


def longer_with_more(patients: pd.DataFrame, rule: Mapping[str, Any]) -> list[Found]:
    """Survival that grows with the number of metastatic sites (Spearman's rank correlation)."""
    days = _numbers(patients, "survival_days")
    out = []
    for name in _each(patients, rule):
        x = _numbers(patients, name)
        known = np.isfinite(x) & np.isfinite(days)
        n = int(known.sum())
        if n < 5 * ENOUGH or x[known].min() == x[known].max():
            out.append(_none(patients, name))
            continue
        rho = float(np.corrcoef(_ranks(x[known]), _ranks(days[known]))[0, 1])
        shown = rho > 0.1 and rho * math.sqrt(n - 1) > 3.3
        out.append(Found(known & shown, n, name))
    return out


def without_day(patients: pd.DataFrame, rule: Mapping[str, Any]) -> list[Found]:
    """Treatment recorded, its day not."""
    out = []
    for name in rule["columns"][::2]:
        if name not in patients or not patients[name].notna().any():
            continue
        if patients[name].dtype == "boolean":
            treated = _flags(patients, name) == 1
        else:
            treated = (patients[name].notna() & patients[name].ne("none").fillna(False)).to_numpy(
                dtype=bool
            )
        day = f"{name}_day"
        lacking = patients[day].isna().to_numpy(bool) if day in patients else treated
        out.append(Found(treated & lacking, int(treated.sum()), name))
    return out


def open_group(patients: pd.DataFrame, rule: Mapping[str, Any]) -> list[Found]:
    """Treatment groups left open by columns that nobody has a value of, and which columns."""
    treated = np.zeros(len(patients), bool)
    for name in _each(patients, rule):
        treated |= patients[name].notna().to_numpy(dtype=bool)
    there = [c for c in groupings.columns_of("treatment") if c in patients]
    lacking = [c for c in groupings.columns_of("treatment")
               if c not in there or patients[c].isna().all()]  # fmt: skip
    if not treated.any() or not lacking:
        return [_none(patients)]
    still = _undecided(patients[there])
    rows = still & treated
    rows[rows] = ~_undecided(patients.loc[rows, there].assign(**_without(lacking)))
    if not rows.any():
        return [Found(rows, int(treated.sum()))]
    # One row of every kind shows which columns decide.
    kinds = patients.loc[rows, there].drop_duplicates()
    needed = [
        c
        for c in lacking
        if _undecided(kinds.assign(**_without([x for x in lacking if x != c]))).any()
    ]
    return [Found(rows, int(treated.sum()), ", ".join(needed))]


def _undecided(patients: pd.DataFrame) -> Mask:
    group = groupings.apply(patients, "treatment")
    return np.asarray(group.eq(groupings.NOT_RECORDED).to_numpy(dtype=bool))


def _without(names: list[str]) -> dict[str, bool | str]:
    """Columns of treatment as they are of somebody who didn't have it."""
    known = contract.columns()
    return {n: False if known[n].kind == "boolean" else next(iter(known[n].levels)) for n in names}


def told_otherwise(patients: pd.DataFrame, rule: Mapping[str, Any]) -> list[Found]:
    """Biology that is recorded, and that the words or codes for the primary contradict."""
    out = []
    for name in (c for c in rule["columns"] if c in patients and c in rule["told"]):
        recorded, told = _flags(patients, name), _flags(rule["told"], name)
        both = np.isfinite(recorded) & np.isfinite(told)
        out.append(Found(both & (recorded != told), int(both.sum()), name))
    return out


def excluded_total(patients: pd.DataFrame, rule: Mapping[str, Any]) -> list[Found]:
    """A SINS total that its recorded items exclude."""
    (name,) = rule["columns"]
    if name not in patients:
        return [_none(patients, name)]
    total = _numbers(patients, name)
    low, high = (side.to_numpy(np.float64) for side in groupings.sins_of_items(patients))
    told = np.isfinite(total)
    return [Found(told & ((total < low) | (total > high)), int(told.sum()), name)]


def duplicates(patients: pd.DataFrame, _: Mapping[str, Any]) -> list[Found]:
    """Patients equal in all columns, where enough columns are known to tell people apart."""
    names = [str(c) for c in patients if c != "patient_id"]
    known = [c for c in names if patients[c].notna().any() and not _is_constant(patients[c])]
    fine = [c for c in known if contract.columns()[c].is_numeric]
    if len(known) < 6 or len(fine) < 2:
        return [_none(patients)]
    filled = np.zeros(len(patients), np.int64)
    for name in known:
        filled += patients[name].notna().to_numpy(dtype=bool)
    told = filled >= 6
    again = np.zeros(len(patients), bool)
    again[_repeated(patients, [*fine, *(c for c in known if c not in fine)])] = True
    return [Found(again & told, int(told.sum()))]


def _repeated(patients: pd.DataFrame, names: list[str]) -> npt.NDArray[np.int64]:
    """
    Rows equal to an earlier one.

    Column by column only those are compared that were equal so far: measurements come first, they
    leave few.
    """
    rows = np.arange(len(patients))
    group, width = np.zeros(len(patients), np.int64), 1
    for name in names:
        values = patients[name].iloc[rows]
        codes = pd.factorize(values, use_na_sentinel=False)[0].astype(np.int64)
        levels = int(codes.max(initial=0)) + 1
        group, width = group * levels + codes, width * levels
        if width > _MANY:  # numbered afresh: the product of many columns would overflow
            group = pd.factorize(group)[0].astype(np.int64)
            shared = np.bincount(group)[group] > 1
            rows, group = rows[shared], group[shared]
            width = int(group.max(initial=0)) + 1
    return rows[pd.Series(group).duplicated().to_numpy()]


def _is_constant(values: pd.Series) -> bool:
    there = values.dropna()
    # Nearly every column that isn't constant shows it at once.
    first = there.iloc[0]
    return all(bool(part.eq(first).all()) for part in (there.iloc[:1000], there))


CHECKS: Final[dict[str, Check]] = {
    f.__name__: f
    for f in (
        too_long, too_short, multiples, only_of_the_dead, everybody, one_time, constant, two_units,
        sentinel, longer_with_more, without_day, open_group, told_otherwise,
        excluded_total, duplicates,
    )
}  # fmt: skip
