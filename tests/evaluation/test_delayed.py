"""Patients who entered observation late: what is judged, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from spinemets.evaluation.cohort import outcome_of, reference_of
from spinemets.evaluation.columns import one_score
from spinemets.evaluation.delayed import REFUSED
from spinemets.evaluation.design import Design, Options
from spinemets.evaluation.run import TABLES, run
from spinemets.evaluation.scores import ComparisonSet
from spinemets.evaluation.travel import _against
from spinemets.performance.risks import supplied_risk
from spinemets.settings import EvaluationSettings

TRUE = 1 - np.exp(-182.625 / 200)


def design(*, late: bool = True) -> Design:
    """Exponential survival (mean 200 days), entry uniform to day 300, one risk for everybody."""
    random = np.random.default_rng(11)
    death, entry = random.exponential(200, 6000), random.uniform(0, 300, 6000)
    seen = death > entry
    n = int(seen.sum())
    patients = pd.DataFrame({"survival_days": death[seen], "died": np.full(n, True)})
    if late:
        patients["entry_days"] = entry[seen]
    settings = EvaluationSettings(horizons_months=[6], horizons_days=[])
    outcome = outcome_of(patients, settings, "day")
    one, two = (one_score(k, random.normal(size=n), False, "") for k in ("a", "b"))
    return Design(
        outcome=outcome,
        scores={"a": one, "b": two},
        sets=[ComparisonSet("pair", (one, two), {}, np.ones(n, bool))],
        risks={"a": {"6mo": supplied_risk(np.full(n, TRUE), "supplied")}},
        options=Options(bootstrap=0, optimism=0),
    )


def test_calibrated_risk_has_oe_near_one_when_patients_enter_late() -> None:
    table = run(design(), "demo", {}).tables["calibration"]
    at = table[table["score"].eq("a")].set_index("measure")
    assert at.loc["oe_ratio", "estimate"] == pytest.approx(1, abs=0.07)
    assert at.loc["oe_ratio", "lower"] < 1 < at.loc["oe_ratio", "upper"]
    assert at.loc["observed_risk", "estimate"] == pytest.approx(TRUE, abs=0.04)
    assert "delayed entry" in at.loc["oe_ratio", "note"]


def test_every_other_measure_is_a_row_with_the_reason() -> None:
    tables = run(design(), "demo", {}).tables
    assert list(tables) == list(TABLES)
    for name in set(TABLES) - {"calibration", "risk_distribution"}:
        assert len(tables[name]) > 0, name
        assert set(tables[name]["note"]) == {REFUSED}, name
        if "estimate" in tables[name]:
            assert tables[name]["estimate"].isna().all(), name


def test_entry_at_time_zero_changes_nothing() -> None:
    assert not design(late=False).outcome.delayed
    assert design().outcome.delayed


def test_reference_with_late_entry_splits_no_difference() -> None:
    given = design(late=False)
    patients = pd.DataFrame(
        {"patient_id": ["x"], "survival_days": [9.0], "died": [True], "entry_days": [3.0]}
    )
    empty = pd.DataFrame(
        columns=["patient_id", "score", "variant", "points", "band", "low", "high", "status",
                 "reason"]
    )  # fmt: skip
    reference = reference_of(patients, empty, {"id": "old"}, {})
    (row,) = _against(given, reference, given.scores["a"], given.scores["a"])
    assert row.estimate is None
    assert "delayed entry" in row.note
