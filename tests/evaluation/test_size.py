"""Sizes planned from a cohort rest on its own risk and censoring."""

import numpy as np
import pytest

from spinemets.evaluation.design import Design, Outcome
from spinemets.evaluation.size import EXPECTED_C, _logit_mean, _logit_sd, size_rows
from spinemets.performance.discrimination import harrell_c
from spinemets.performance.planned_precision import lp_sd_for_c


def cohort(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Most are censored before 6 months."""
    random = np.random.default_rng(4)
    predictor = random.normal(0, lp_sd_for_c(EXPECTED_C), n)
    death = random.exponential(8 * np.exp(-predictor))
    end = np.where(random.random(n) < 0.9, random.uniform(0, 4, n), random.uniform(4, 24, n))
    return np.minimum(death, end), death <= end, predictor


def planned(time: np.ndarray, event: np.ndarray) -> dict[str, float]:
    rows = size_rows(Design(outcome=Outcome(time, event, {"6mo": 6.0}), scores={}, sets=[]))
    return {row.measure: row.estimate for row in rows}


def test_width_expected_of_c_is_the_one_that_the_censoring_allows() -> None:
    time, event, predictor = cohort(2000)
    found = planned(time, event)
    assert found["censored_before"] > 1000
    (lower,), (upper,) = harrell_c(time, event, predictor, higher_is_worse=True).interval()
    assert found["expected_width_harrell_c"] == pytest.approx(upper - lower, rel=0.12)
    assert found["planned_n_harrell_c"] == pytest.approx(
        2000 * ((upper - lower) / 0.1) ** 2, rel=0.25
    )


def test_logit_of_the_planned_risks_is_that_of_the_equal_variance_binormal() -> None:
    risk, n = 0.9, 400_000
    random = np.random.default_rng(2)
    within = _logit_sd(0.0)
    case = random.random(n) < risk
    ratio = random.normal(np.where(case, 1, -1) * within**2 / 2, within)
    logit = np.log(risk / (1 - risk)) + ratio
    assert _logit_mean(risk) == pytest.approx(logit.mean(), abs=0.01)
    assert _logit_sd(risk) == pytest.approx(logit.std(), abs=0.01)
    assert (1 / (1 + np.exp(-logit))).mean() == pytest.approx(risk, abs=0.002)


def test_nobody_followed_far_enough_is_a_reason_and_not_a_number() -> None:
    rows = size_rows(
        Design(
            outcome=Outcome(np.array([1.0, 2.0]), np.array([True, False]), {"6mo": 6.0}),
            scores={}, sets=[],
        )
    )  # fmt: skip
    gone = [row for row in rows if row.measure.startswith("planned_n")]
    assert gone
    assert all(row.estimate is None and row.note for row in gone)
