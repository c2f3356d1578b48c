"""Net benefit, NRI and IDI against R and against a bootstrap of the standard errors."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spinemets.performance.reclassification import (
    discrimination_slope,
    integrated_discrimination,
    net_reclassification,
)
from spinemets.performance.utility import TREAT_ALL, TREAT_NONE, decision_curve

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
NAMES = ("lung", "colon", "gbsg", "synth1000")
SETS = [(name, score) for name in NAMES for score in ("sA", "sB")]


@cache
def gold() -> Any:
    return json.loads((REFERENCE / "dca_gold.json").read_text())


@cache
def data(name: str) -> pd.DataFrame:
    table = pd.read_csv(REFERENCE / "calibration_risks.csv")
    return table[table["dataset"] == name].reset_index(drop=True)


def check(time: Any, status: Any, risk: Any, t: float, expected: dict[str, Any]) -> None:
    record = expected["dca"]
    cuts = record["threshold"]
    curve = decision_curve(time, status, {"m": risk}, t, thresholds=cuts, beyond="carry")
    assert curve.prevalence == pytest.approx(record["prev"], rel=1e-12)
    assert curve.net_benefit[:, 0] == pytest.approx(record["model"], rel=1e-10, abs=1e-14)
    assert curve.net_benefit[:, 1] == pytest.approx(record["all"], rel=1e-10, abs=1e-14)
    assert np.all(curve.net_benefit[:, 2] == 0)
    assert curve.standardised[:, 0] == pytest.approx(record["std_nb"], rel=1e-10, abs=1e-14)
    avoided = [curve.avoided("m", cut).value for cut in cuts]
    assert avoided == pytest.approx(record["avoided_per100"], rel=1e-9, abs=1e-11)


@pytest.mark.parametrize(("name", "score"), SETS)
def test_decision_curves(name: str, score: str) -> None:
    table, record = data(name), gold()[name]
    check(table["time"], table["status"], table[score], record["t"], record[score])


@pytest.mark.parametrize("name", ["dev", "ext"])
def test_decision_curves_of_the_external_validation(name: str) -> None:
    table = pd.read_csv(REFERENCE / f"ext_{name}.csv")
    check(table["time"], table["status"], table["p5"], 5, gold()["rotterdam_gbsg"][name])


def test_follow_up_that_ends_early_is_a_reason_unless_carried_forward() -> None:
    table = pd.read_csv(REFERENCE / "ext_ext.csv")
    expected = gold()["rotterdam_gbsg"]["ext"]["dca"]["model"][-1]
    arguments = table["time"], table["status"], {"m": table["p5"]}, 5
    strict = decision_curve(*arguments, thresholds=[0.8]).estimate("m", 0.8)
    assert not strict.defined
    assert "ends before the horizon" in strict.reason
    carried = decision_curve(*arguments, thresholds=[0.8], beyond="carry").estimate("m", 0.8)
    assert carried.value == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(("name", "score"), SETS)
def test_weighted_decision_curves(name: str, score: str) -> None:
    table, record = data(name), gold()[name]
    cuts = record[score]["dca"]["threshold"]
    arguments = table["time"], table["status"], {"m": table[score]}, record["t"]
    together = decision_curve(*arguments, thresholds=cuts, estimator="ipcw_together")
    expected = record[score]["dca_ipcw"]
    assert together.net_benefit[:, 0] == pytest.approx(expected, rel=1e-10, abs=1e-14)
    # The dead of a day leave before the censored: then treat-all is Kaplan-Meier exactly.
    first = decision_curve(*arguments, thresholds=cuts, estimator="ipcw")
    plain = decision_curve(*arguments, thresholds=cuts)
    assert first.net_benefit[:, 1] == pytest.approx(plain.net_benefit[:, 1], rel=1e-10)
    assert np.max(np.abs(first.net_benefit[:, 0] - expected)) < 3e-4


def test_weighted_curve_of_the_external_validation() -> None:
    table, record = pd.read_csv(REFERENCE / "ext_ext.csv"), gold()["rotterdam_gbsg"]["ext"]
    cuts = record["dca"]["threshold"]
    raw = table["raw_time"], table["raw_status"], {"m": table["p5"]}, 5
    found = decision_curve(*raw, thresholds=cuts, estimator="ipcw_together")
    assert found.net_benefit[:, 0] == pytest.approx(record["dca_ipcw"], rel=1e-10)
    cut = table["time"], table["status"], {"m": table["p5"]}, 5
    nobody = decision_curve(*cut, thresholds=cuts, estimator="ipcw")
    assert np.isnan(nobody.net_benefit[:-1, 0]).all()
    assert nobody.reasons[0][0] == "nobody is followed beyond the horizon"


def test_printed_net_benefit() -> None:
    """Net benefit at 20 and 23 % as the STRATOS tutorial prints it for the same model."""
    dev, ext = (pd.read_csv(REFERENCE / f"ext_{name}.csv") for name in ("dev", "ext"))
    found = [
        decision_curve(t["time"], t["status"], {"m": t["p5"]}, 5, thresholds=[0.2]).estimate(
            "m", 0.2
        )
        for t in (dev, ext)
    ]
    assert [round(one.value, 3) for one in found] == [0.262, 0.385]


@pytest.mark.parametrize("name", NAMES)
def test_reclassification(name: str) -> None:
    table, record = data(name), gold()[name]
    arguments = table["time"], table["status"], table["sA"], table["sB"], record["t"]
    found, back = (
        net_reclassification(*arguments),
        net_reclassification(*arguments[:2], table["sB"], table["sA"], record["t"]),
    )
    for key, expected in record["cNRI_KM"].items():
        assert getattr(found, key).value == pytest.approx(expected, rel=1e-10)
        assert getattr(back, key).value == pytest.approx(-expected, rel=1e-10)
        assert "improper" in getattr(found, key).reason
    old, new, gain = integrated_discrimination(*arguments, same_day="together")
    recorded = record["IDI_ipcw"]
    assert old.value == pytest.approx(recorded["IS_A"], rel=1e-10)
    assert new.value == pytest.approx(recorded["IS_B"], rel=1e-10)
    assert gain.value == pytest.approx(recorded["IDI"], rel=1e-9)
    slope = discrimination_slope(*arguments[:3], record["t"], same_day="together")[2]
    assert slope.value == pytest.approx(recorded["IS_A"], rel=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("estimator", ["kaplan_meier", "ipcw"])
def test_standard_errors_agree_with_the_bootstrap(estimator: str) -> None:
    table, cuts = data("gbsg"), [0.2, 0.4, 0.5]
    columns = [table[name].to_numpy() for name in ("time", "status", "sA", "sB")]
    random = np.random.default_rng(5)
    n = len(table)

    def run(rows: np.ndarray) -> Any:
        time, status, a, b = (column[rows] for column in columns)
        return decision_curve(
            time, status, {"a": a, "b": b}, 1095, thresholds=cuts, estimator=estimator
        )

    here = run(np.arange(n))
    drawn = [run(random.integers(0, n, n)) for _ in range(400)]
    plain = np.std([one.net_benefit for one in drawn], axis=0)
    errors = np.sqrt(np.diagonal(here.covariance, axis1=1, axis2=2))
    assert errors[:, :3] == pytest.approx(plain[:, :3], rel=0.12)
    scaled = np.std([one.standardised for one in drawn], axis=0)
    assert here.standardised_error[:, :3] == pytest.approx(scaled[:, :3], rel=0.12)
    gaps = np.std([one.net_benefit[:, 0] - one.net_benefit[:, 1] for one in drawn], axis=0)
    found = [here.difference("a", "b", cut).std_error for cut in cuts]
    assert found == pytest.approx(gaps, rel=0.15)
    assert here.difference(TREAT_ALL, TREAT_NONE, 0.2).std_error == pytest.approx(
        plain[0, 2], rel=0.12
    )
