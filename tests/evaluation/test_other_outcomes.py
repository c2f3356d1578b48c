"""Scores against outcomes that death can forestall, and calibration with competing events."""

import numpy as np
import pandas as pd
import pytest

from evaluation.test_cohort import INFO, PAIR, cohort
from spinemets.evaluation.table import evaluate
from spinemets.performance.competing import auc_t_competing, cause_specific_c
from spinemets.performance.competing_calibration import observed_over_expected
from spinemets.settings import EvaluationSettings, ScoreSettings, SurvivalSettings
from spinemets.stages.evaluate import evaluate as stage
from spinemets.survival.competing import aalen_johansen


def sample(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(4)
    x = random.normal(size=n)
    event, death = random.exponential(10 * np.exp(-x)), random.exponential(15, n)
    end = random.uniform(3, 25, n)
    first = np.minimum(event, death)
    time = np.ceil(np.minimum(first, end))
    cause = np.where(end < first, 0, np.where(event < death, 1, 2))
    return time, cause, np.clip(0.3 + 0.1 * x, 0.01, 0.99)


def test_observed_incidence_is_that_of_aalen_and_johansen():
    time, cause, risk = sample(200)
    observed, predicted, ratio = observed_over_expected(time, cause, risk, 8.0)
    curve = aalen_johansen(time, cause)
    at = np.searchsorted(curve.time, 8.0, side="right") - 1
    assert observed.value == pytest.approx(curve.incidence[at, 0], rel=1e-12)
    assert predicted.value == pytest.approx(risk.mean())
    assert ratio.value == pytest.approx(observed.value / risk.mean())


def test_its_errors_are_those_of_a_jackknife():
    time, cause, risk = sample(200)
    every = [
        [
            part.value
            for part in observed_over_expected(*(np.delete(v, i) for v in sample(200)), 8.0)
        ]
        for i in range(200)
    ]
    expected = np.sqrt(199 * np.var(every, axis=0))
    observed, _, ratio = observed_over_expected(time, cause, risk, 8.0)
    assert observed.std_error == pytest.approx(expected[0], rel=0.02)
    assert ratio.std_error == pytest.approx(expected[2], rel=0.02)
    assert ratio.lower < ratio.value < ratio.upper


def test_what_cannot_be_had_is_said():
    time, cause, risk = sample(50)
    _, _, gone = observed_over_expected(time, cause, risk, 500.0)
    assert np.isnan(gone.value)
    assert gone.reason
    with pytest.raises(ValueError, match=r"^risk"):
        observed_over_expected(time, cause, risk + 1, 8.0)


def test_the_function_judges_supplied_risks_of_a_competing_event():
    time, cause, risk = sample(300)
    table = pd.DataFrame({"t": time, "e": cause, "r": risk})
    found = evaluate(
        table, time="t", event="e", risks={"m@8": "r"}, horizons=[8], unit="months",
        event_codes={"1": "event", "2": "competing"},
    )["calibration"].set_index("measure")  # fmt: skip
    _, _, ratio = observed_over_expected(time, cause, risk, 8.0)
    assert found.loc["oe_ratio", "estimate"] == pytest.approx(ratio.value)
    assert found.loc["oe_ratio", "upper"] == pytest.approx(ratio.upper)
    assert set(found["source"]) == {"supplied"}


def test_the_workflow_evaluates_outcomes_beside_death():
    patients, scores = cohort()
    random = np.random.default_rng(9)
    failed = random.random(len(patients)) < 0.3
    day = np.floor(patients["survival_days"] * random.random(len(patients)))
    patients = patients.assign(
        local_failure=pd.array(failed, dtype="boolean"),
        local_failure_day=np.where(failed, day, np.nan),
    )
    settings = EvaluationSettings(
        comparison_sets=[{"id": "pair", "scores": PAIR}], bootstrap=0, optimism=0,
        horizons_months=[6],
    )  # fmt: skip
    found = stage(
        patients, scores, INFO, settings, ScoreSettings(ids=PAIR), SurvivalSettings(strata=[])
    )["other_outcomes"]
    assert list(found.columns[:2]) == ["cohort", "outcome"]
    score = scores[scores["score"].eq("tomita_2001") & scores["status"].eq("determined")]
    mine = patients[patients["patient_id"].isin(score["patient_id"])]
    time = np.where(mine["local_failure"], mine["local_failure_day"], mine["survival_days"])
    cause = np.where(mine["local_failure"], 1, np.where(mine["died"], 2, 0))
    points = score["points"].to_numpy(dtype=float)
    own = found.query("outcome == 'local_failure' and set == 'own' and score == 'tomita_2001'")
    own = own.set_index("measure")
    c = cause_specific_c(time, cause, points, higher_is_worse=True)
    area = auc_t_competing(time, cause, points, [6 * 30.4375], higher_is_worse=True)
    assert own.loc["harrell_c", "estimate"] == pytest.approx(c.estimate[0])
    assert own.loc["auc", "estimate"] == pytest.approx(area.estimate[0, 0])
    assert own["note"].str.contains("made for overall survival").all()
    absent = found[found["outcome"].eq("reoperation")]
    assert len(absent) == 1
    assert absent["estimate"].isna().all()
    assert "not recorded" in absent["note"].item()
