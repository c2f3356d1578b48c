"""One batch of bootstrap samples: a cohort prepared for counting, and the measures from counts."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from spinemets.performance import _replicates, _replicates_real
from spinemets.performance._arrays import BoolArray, FloatArray, IntArray, Ranks
from spinemets.performance._fenwick import order_by_time
from spinemets.performance._panel import Panel
from spinemets.performance._resampling import LANES

ByteArray = npt.NDArray[np.uint8]
# A level must fit into a byte; beyond about this many, a tree beats counting by level.
_MOST_LEVELS = 128


@dataclass(frozen=True)
class Risk:
    """A prediction: risks by horizon and level of a score, or by horizon and patient."""

    score: int | None
    values: FloatArray


@dataclass(frozen=True)
class Plan:
    """The cohort sorted by time, its scores ranked, and what each risk depends on."""

    panel: Panel
    order: IntArray
    start: IntArray
    ranked: list[Ranks]
    few: list[int]
    many: list[int]
    upto: npt.NDArray[np.int64]
    risks: list[Risk]

    @cached_property
    def level_rows(self) -> ByteArray:
        """Level of each patient, in order of time, for the scores with few levels."""
        rows = [self.ranked[k].rank[self.order].astype(np.uint8) for k in self.few]
        return np.array(rows, np.uint8).reshape(len(rows), self.panel.n)

    @cached_property
    def sizes(self) -> npt.NDArray[np.int64]:
        """Number of levels of the scores that have few."""
        return np.array([self.ranked[k].size for k in self.few], np.int64)

    @cached_property
    def real_rows(self) -> list[IntArray]:
        """Level of each patient, in order of time, for the scores with many levels."""
        return [np.ascontiguousarray(self.ranked[k].rank[self.order]) for k in self.many]

    @cached_property
    def by_level(self) -> list[IntArray]:
        """Patients (in order of time) by increasing level, for the scores with many levels."""
        return [np.argsort(row, kind="stable").astype(np.int32) for row in self.real_rows]

    @cached_property
    def days(self) -> IntArray:
        """Time rank of each patient, in order of time."""
        return np.ascontiguousarray(self.panel.rank[self.order])

    @cached_property
    def sorted_event(self) -> BoolArray:
        """Event of each patient, in order of time."""
        return np.ascontiguousarray(self.panel.event[self.order])


@dataclass(frozen=True)
class Batch:
    """Measures of 32 samples; the last axis is the sample."""

    harrell: FloatArray
    uno: FloatArray
    auc: FloatArray
    brier: FloatArray


def make_plan(
    panel: Panel,
    ranked: list[Ranks],
    upto: npt.NDArray[np.int64],
    risks: FloatArray,
    horizons: list[int],
) -> Plan:
    """Sort a cohort by time and find out which risks depend on a score's level alone.

    ``risks`` has shape (predictions, horizons, patients); ``horizons`` are the numbers of those
    wanted, in increasing order of time.
    """
    order, start = order_by_time(panel.rank, panel.event, panel.size)
    few = [k for k, levels in enumerate(ranked) if levels.size <= _MOST_LEVELS]
    many = [k for k in range(len(ranked)) if k not in few]
    found = [_risk(risk[horizons], ranked, few, hint, order) for hint, risk in enumerate(risks)]
    return Plan(panel, order, start, ranked, few, many, upto[horizons], found)


def _risk(
    risk: FloatArray, ranked: list[Ranks], few: list[int], hint: int, order: IntArray
) -> Risk:
    """Find the score whose level fixes this risk, or keep it by patient in order of time.

    Most risks come from a score (its bands' published rates): then counting by level is enough.
    """
    for position in sorted(range(len(few)), key=lambda place: few[place] != hint):
        levels = ranked[few[position]]
        values = np.zeros((risk.shape[0], levels.size))
        values[:, levels.rank] = risk
        if all(np.array_equal(values[h, levels.rank], risk[h]) for h in range(risk.shape[0])):
            return Risk(position, values)
    return Risk(None, np.ascontiguousarray(risk[:, order]))


def evaluate(plan: Plan, counts: ByteArray) -> Batch:
    """Compute every measure in the samples that ``counts`` describes (patients by time)."""
    days = plan.panel.size
    inverse = np.empty((days + 1, LANES))
    later = np.empty((days, LANES), np.int32)
    deaths = np.empty((days, LANES), np.int32)
    _replicates.censoring(counts, plan.start, inverse, later, deaths)
    pairs = 2.0 * later * deaths.astype(np.float64)
    total = np.array([pairs.sum(axis=0), (pairs * inverse[:-1] ** 2).sum(axis=0)])
    doubled, area, brier = _by_level(plan, counts, inverse)
    doubled, area = _by_value(plan, counts, inverse, doubled, area)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = doubled / total
    return Batch(shares[:, 0], shares[:, 1], area, brier)


def _by_level(
    plan: Plan, counts: ByteArray, inverse: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Evaluate scores with few levels, and the risks that depend on one of them."""
    horizons, everyone = plan.upto.size, len(plan.ranked)
    doubled = np.zeros((everyone, 2, LANES))
    area = np.full((horizons, everyone, LANES), np.nan)
    brier = np.full((horizons, len(plan.risks), LANES), np.nan)
    if plan.few:
        size = int(plan.sizes.max())
        own = np.zeros((len(plan.few), 2 * LANES))
        cases = np.zeros((horizons + 1, len(plan.few), size * LANES))
        controls = np.zeros((horizons, len(plan.few), size * LANES), np.int32)
        _replicates.evaluate(
            counts, plan.start, plan.level_rows, plan.sizes, plan.upto, inverse, own, cases,
            controls,
        )  # fmt: skip
        doubled[plan.few] = own.reshape(-1, 2, LANES)
        shape = (horizons, len(plan.few), size, LANES)
        dead = np.cumsum(cases[:horizons], axis=0).reshape(shape)
        alive = controls.reshape(shape).astype(np.float64)
        area[:, plan.few] = _area(dead, alive)
    for p, prediction in enumerate(plan.risks):
        if prediction.score is None:
            for h in range(horizons):
                risk = prediction.values[h]
                _replicates_real.residuals(
                    counts, plan.start, risk, inverse, int(plan.upto[h]), brier[h, p]
                )
            continue
        risk = prediction.values[:, :, np.newaxis]
        levels = risk.shape[1]
        missed = dead[:, prediction.score, :levels] * (1 - risk) ** 2
        alarmed = alive[:, prediction.score, :levels] * risk**2
        alarmed *= inverse[plan.upto][:, np.newaxis]
        brier[:, p] = (missed + alarmed).sum(axis=1) / plan.panel.n
    return doubled, area, brier


def _area(dead: FloatArray, alive: FloatArray) -> FloatArray:
    """AUC from weighted cases and controls by level (the last axis but one)."""
    below = np.cumsum(alive, axis=-2) - alive / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        won = (dead * below).sum(axis=-2)
        return np.asarray(won / (dead.sum(axis=-2) * alive.sum(axis=-2)))


def _by_value(
    plan: Plan,
    counts: ByteArray,
    inverse: FloatArray,
    doubled: FloatArray,
    area: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Evaluate scores with many values, one after another."""
    for place, k in enumerate(plan.many):
        level = plan.real_rows[place]
        own = np.zeros(2 * LANES)
        _replicates_real.concordant_pairs(
            counts, plan.start, level, plan.ranked[k].size, inverse, own
        )
        doubled[k] = own.reshape(2, LANES)
        for h in range(plan.upto.size):
            _replicates_real.area(
                counts, plan.days, plan.sorted_event, plan.by_level[place], level, inverse,
                int(plan.upto[h]), area[h, k],
            )  # fmt: skip
    return doubled, area
