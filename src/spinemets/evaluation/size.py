"""How precise this evaluation can be, and how many patients a planned one needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from spinemets.evaluation.design import Design
from spinemets.performance._km import FollowUp
from spinemets.performance.planned_precision import TARGETS, PlannedPrecision, planned_precision
from spinemets.performance.precision import precision_at, precision_rows
from spinemets.performance.sample_size import validation_size
from spinemets.results import Row
from spinemets.survival.kaplan_meier import reverse_kaplan_meier

#: Concordance assumed for planning: scores of the field lie between .60 and .70.
EXPECTED_C: Final = 0.65
THRESHOLD: Final = 0.5
SIMULATED: Final = 5000
#: Widths of 95 % intervals that Riley's sample size aims at.
RILEY: Final = {"oe_ratio": 0.2, "slope": 0.2, "c": 0.1}


def size_rows(design: Design) -> Iterator[Row]:
    """
    Events per horizon, expected interval widths, and sample sizes of a planned validation.

    Parameters
    ----------
    design : Design
        The evaluation.

    Yields
    ------
    Row
        As `precision_rows`; ``expected_width_harrell_c`` and ``planned_n_<measure>`` (patients for
        the widths aimed at), both with this cohort's survival and censoring (Snell);
        ``planned_n_riley`` (binary outcome).
    """
    outcome = design.outcome
    yield from precision_rows(
        outcome.time, outcome.event, outcome.horizons, c=EXPECTED_C, threshold=THRESHOLD
    )
    ends = _ends(outcome.time, outcome.event) if outcome.n else np.empty(0)
    for label, horizon in outcome.horizons.items():
        yield from _planned(design, label, horizon, ends)


def _ends(time: npt.NDArray[np.float64], event: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Ends of follow-up as they'd be without deaths, at even steps of reverse Kaplan-Meier."""
    curve = reverse_kaplan_meier(time, event)
    steps = (np.arange(SIMULATED) + 0.5) / SIMULATED
    place = np.searchsorted(-curve.survival, -steps)
    # What is left when the last patients die is followed as long as anybody was.
    return np.asarray(np.append(curve.time, time.max())[place], dtype=np.float64)


def _planned(
    design: Design, label: str, horizon: float, ends: npt.NDArray[np.float64]
) -> Iterator[Row]:
    outcome = design.outcome
    n, events = outcome.n, FollowUp.of(outcome.time, outcome.event).events(horizon)
    base = Row("", horizon=label, n=n, events=events)
    found = precision_at(outcome.time, outcome.event, horizon)
    risk = found.risk.value
    if found.risk.reason or not 0 < risk < 1:
        yield from _no_plan(found.reason or "the risk at the horizon is 0 or 1", base)
        return
    plan = planned_precision(
        -np.log(2) / np.log1p(-risk) * horizon,
        horizon,
        c=EXPECTED_C,
        ends=ends,
        threshold=THRESHOLD,
        simulated=SIMULATED,
    )
    if not all(np.isfinite(error) for error in plan.unit_error.values()):
        yield from _no_plan("too few are followed to the horizon to simulate more", base)
        return
    assumed = (
        f"C {EXPECTED_C:g}, exponential survival with the observed risk, follow-up ending as "
        "in the cohort (reverse Kaplan-Meier); simulation (Snell)"
    )
    yield replace(
        base,
        measure="expected_width_harrell_c",
        estimate=plan.width("harrell_c", n),
        method=f"all events, {assumed}",
        note=found.reason,
    )
    yield from _simulated(plan, assumed, base)
    yield _closed_form(risk, base)


def _simulated(plan: PlannedPrecision, assumed: str, base: Row) -> Iterator[Row]:
    """Patients for the width wanted of every measure, from the simulation."""
    for measure, width in TARGETS.items():
        if plan.unit_error[measure] == 0:
            why = "the measure doesn't vary in the simulation"
            yield replace(base, measure=f"planned_n_{measure}", note=why)
            continue
        yield replace(
            base,
            measure=f"planned_n_{measure}",
            estimate=float(plan.patients(measure)),
            method=f"95 % interval of width {width:g}, {assumed}",
        )


def _closed_form(risk: float, base: Row) -> Row:
    """Patients that Riley's formulas ask for."""
    size = validation_size(
        risk, EXPECTED_C, _logit_mean(risk), _logit_sd(risk),
        oe_width=RILEY["oe_ratio"], slope_width=RILEY["slope"], c_width=RILEY["c"],
    )  # fmt: skip
    decisive = max(
        (size.oe_ratio, "O:E"), (size.slope, "the slope"), (size.c, "C"), key=lambda part: part[0]
    )[1]
    return replace(
        base,
        measure="planned_n_riley",
        estimate=float(size.n),
        method=f"95 % intervals of width {RILEY['oe_ratio']:g} (O:E), {RILEY['slope']:g} (slope) "
        f"and {RILEY['c']:g} (C), of which {decisive} asks for most; Riley 2021, binary outcome at "
        "the horizon, equal-variance binormal predictor",
    )


def _no_plan(why: str, base: Row) -> Iterator[Row]:
    planned = [f"planned_n_{measure}" for measure in (*TARGETS, "riley")]
    for measure in ("expected_width_harrell_c", *planned):
        yield replace(base, measure=measure, note=why)


def _logit_mean(risk: float) -> float:
    """Mean logit of the risk when cases and others are normal with one variance.

    A log likelihood ratio has mean d^2/2 in cases and -d^2/2 in the others.
    """
    within = 2 * float(ndtri(EXPECTED_C)) ** 2
    return float(np.log(risk / (1 - risk)) + (2 * risk - 1) * within / 2)


def _logit_sd(risk: float) -> float:
    """Spread of the logit of the risk when cases and others are normal with one variance."""
    within = 2 * float(ndtri(EXPECTED_C)) ** 2
    return float(np.sqrt(within + risk * (1 - risk) * within**2))
