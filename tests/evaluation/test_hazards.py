"""Survival probabilities and cumulative hazards in place of risks."""

import numpy as np
import pytest

from evaluation.test_table import CALL, one
from spinemets.errors import ArgumentError
from spinemets.evaluation.table import evaluate


def test_survival_probabilities_and_hazards(table):
    more = table.assign(
        alive=1 - table["model_12"], hazard=-np.log1p(-table["model_12"]) * table["months"] / 12
    )
    call = CALL | {"scores": (), "horizons": [12]}
    by_risk = evaluate(more, **call, risks={"m@12": "model_12"})
    given = {"survival": {"m@12mo": "alive"}, "hazards": {"m": "hazard"}}
    by_survival = evaluate(more, **call, **given)
    a, b = (f["prediction_error"]["estimate"].to_numpy() for f in (by_risk, by_survival))
    assert a == pytest.approx(b)
    rows = by_survival["calibration"]
    assert 0 <= one(rows, measure="d_calibration_p")["estimate"] <= 1
    assert "information level 3" in one(by_risk["calibration"], measure="d_calibration_p")["note"]
    # No horizon enters these: they stand once, whatever the horizons are.
    assert one(rows, measure="poisson_intercept")["horizon"] == ""
    assert one(rows, measure="d_calibration_p")["method"].endswith("all follow-up")
    twice = evaluate(more, **call | {"horizons": [6, 12]}, **given, request=["apparent"])
    assert one(twice["calibration"], measure="d_calibration_p")["estimate"] == pytest.approx(
        one(rows, measure="d_calibration_p")["estimate"]
    )
    slopes = twice["calibration"].query("measure == 'poisson_slope' and source == 'apparent'")
    assert slopes["estimate"].isna().all()
    assert slopes["note"].str.contains("information level 3").all()


def test_patients_without_a_hazard_are_left_out_where_it_is_needed(table):
    hazard = -np.log1p(-table["model_12"]) * table["months"] / 12
    call = CALL | {"scores": (), "horizons": [12], "risks": {"m@12mo": "model_12"},
                   "hazards": {"m": "hazard"}}  # fmt: skip
    holes = hazard.mask(table.index < 50)
    found = evaluate(table.assign(hazard=holes), **call)["calibration"]
    rest = evaluate(table.assign(hazard=hazard).iloc[50:], **call)["calibration"]
    for measure in ("poisson_slope", "poisson_intercept", "d_calibration_p"):
        a, b = (one(rows, measure=measure) for rows in (found, rest))
        assert a["estimate"] == pytest.approx(b["estimate"], rel=1e-9)
        assert a["n"] == b["n"] == len(table) - 50
    assert "50 patients without a cumulative hazard" in one(found, measure="poisson_slope")["note"]
    assert one(found, measure="oe_ratio")["n"] == len(table)
    with pytest.raises(ArgumentError, match="hazards: column 'hazard' has negative or infinite"):
        evaluate(table.assign(hazard=hazard.mask(table.index == 3, np.inf)), **call)
