"""Calibration against R: gold numbers, R run to full convergence, and the STRATOS validation."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spinemets.performance.calibration import (
    calibration_curve,
    calibration_slope,
    cloglog,
    cloglog_calibration,
    d_calibration,
    grouped_calibration,
    observed_expected,
    poisson_calibration,
)
from spinemets.performance.loess import loess
from spinemets.performance.splines import place_knots, spline_basis

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
SETS = [(name, score) for name in ("lung", "colon", "gbsg", "synth1000") for score in ("sA", "sB")]
SMOOTHERS = {
    "cox_rcs3": "rcs3",
    "cox_rcs4": "rcs4",
    "cox_rcs5": "rcs5",
    "pseudo_loess": "loess2",
    "pseudo_loess_deg1": "loess1",
}
MEASURES = (("ici", "ICI"), ("e50", "E50"), ("e90", "E90"), ("emax", "Emax"))
# The recorded splines come from coxph's default convergence, good to seven digits of a distance.
COX_STOPS = 2e-6


@cache
def read(name: str) -> Any:
    return json.loads((REFERENCE / f"{name}.json").read_text())


@cache
def data(name: str) -> pd.DataFrame:
    table = pd.read_csv(REFERENCE / "calibration_risks.csv")
    return table[table["dataset"] == name].reset_index(drop=True)


@cache
def external(name: str) -> pd.DataFrame:
    return pd.read_csv(REFERENCE / f"ext_{name}.csv")


@pytest.mark.parametrize(("name", "score"), SETS)
def test_observed_expected(name: str, score: str) -> None:
    table, gold = data(name), read("calibration_gold")[name]
    found = observed_expected(table["time"], table["status"], table[score], gold["t"])
    assert found.value == pytest.approx(gold[score]["OE"], rel=1e-12)
    assert found.lower < found.value < found.upper


@pytest.mark.parametrize("name", ["dev", "ext"])
def test_observed_expected_of_the_external_validation(name: str) -> None:
    table, gold = external(name), read("calibration_gold")["rotterdam_gbsg"][name]["OE"]
    follow_up = table["raw_time"], table["raw_status"]
    # The recorded interval counts events after the horizon as well.
    found = observed_expected(*follow_up, table["p5"], 5, interval="poisson_all")
    assert found.value == pytest.approx(gold["OE"], rel=1e-12)
    assert found.lower == pytest.approx(gold["lower"], rel=1e-8)
    assert found.upper == pytest.approx(gold["upper"], rel=1e-8)
    # Cut at the horizon, all events are events by the horizon.
    cut = observed_expected(table["time"], table["status"], table["p5"], 5, interval="poisson_all")
    whole = observed_expected(*follow_up, table["p5"], 5, interval="poisson")
    assert [cut.value, cut.lower] == pytest.approx([whole.value, whole.lower], rel=1e-12)


def check_curve(table: pd.DataFrame, risk: pd.Series, t: float, gold: dict[str, Any]) -> None:
    for key, smoother in SMOOTHERS.items():
        expected = gold[key]
        found = calibration_curve(
            table["time"], table["status"], risk, t, smoother=smoother, draws=0
        )
        relative = 1e-8 if smoother.startswith("loess") else COX_STOPS
        for ours, theirs in MEASURES:
            assert getattr(found, ours).value == pytest.approx(expected[theirs], rel=relative)
        assert found.observed[:5] == pytest.approx(expected["obs_first5"], rel=1e-8)
        if "knots" in expected:
            assert found.knots == pytest.approx(expected["knots"], rel=1e-12)
            assert found.coef == pytest.approx(expected["coef"], rel=COX_STOPS)


@pytest.mark.parametrize(("name", "score"), SETS)
def test_smoothed_curves(name: str, score: str) -> None:
    table, gold = data(name), read("calibration_gold")[name]
    check_curve(table, table[score], gold["t"], gold[score]["ici"])


@pytest.mark.parametrize("name", ["dev", "ext"])
def test_smoothed_curves_of_the_external_validation(name: str) -> None:
    table, gold = external(name), read("calibration_gold")["rotterdam_gbsg"][name]
    check_curve(table, table["p5"], 5, gold["ici5"])
    linear = calibration_curve(
        table["time"], table["status"], table["p5"], 5, smoother="linear", draws=0
    )
    assert linear.coef[0] == pytest.approx(gold["ici5"]["cox_linear"]["slope"], rel=1e-8)
    assert linear.ici.value == pytest.approx(gold["ici5"]["cox_linear"]["ICI"], abs=1e-9)


@pytest.mark.parametrize(("name", "score"), SETS)
@pytest.mark.parametrize("smoother", ["rcs3", "rcs5"])
def test_splines_against_r_run_to_convergence(name: str, score: str, smoother: str) -> None:
    table, record = data(name), read("calibration_r")[name]
    expected = record[score][smoother]
    found = calibration_curve(
        table["time"], table["status"], table[score], record["t"], smoother=smoother, draws=0
    )
    assert found.knots == pytest.approx(expected["knots"], rel=1e-12)
    assert found.coef == pytest.approx(expected["coef"], rel=1e-8)
    measured = [getattr(found, ours).value for ours, _ in MEASURES]
    assert measured == pytest.approx(expected["measures"], rel=1e-8, abs=1e-10)
    rows = np.searchsorted(found.grid[:, 0], np.array(expected["at"]) - 1e-12)
    band = found.grid[rows]
    assert band[:, 1] == pytest.approx(expected["observed"], rel=1e-8)
    assert band[:, 2] == pytest.approx(expected["lower"], rel=1e-7)
    assert band[:, 3] == pytest.approx(expected["upper"], rel=1e-7)


@pytest.mark.parametrize(("name", "score"), [*SETS, ("ext", "")])
def test_pseudo_value_regression_is_that_of_geepack(name: str, score: str) -> None:
    if name == "ext":
        table, risk, t = external("ext"), external("ext")["p5"], 5.0
        expected = read("calibration_r")["ext"]["regression"]
    else:
        table, t = data(name), read("calibration_r")[name]["t"]
        risk, expected = table[score], read("calibration_r")[name][score]["regression"]
    found = cloglog_calibration(table["time"], table["status"], risk, t)
    for one, key in zip(found, ("intercept", "slope"), strict=True):
        assert [one.value, one.std_error] == pytest.approx(expected[key], rel=1e-7)


@pytest.mark.parametrize(("name", "score"), SETS)
def test_groups(name: str, score: str) -> None:
    table, gold = data(name), read("calibration_gold")[name]
    found = grouped_calibration(table["time"], table["status"], table[score], gold["t"])
    check_groups(found, gold[score]["groups"])


@pytest.mark.parametrize("name", ["dev", "ext"])
def test_groups_of_the_external_validation(name: str) -> None:
    table, gold = external(name), read("calibration_gold")["rotterdam_gbsg"][name]
    check_groups(
        grouped_calibration(table["time"], table["status"], table["p5"], 5), gold["groups10"]
    )


def check_groups(found: Any, gold: dict[str, Any]) -> None:
    names = {"n": "n", "predicted": "pred", "observed": "obs", "std_error": "se"}
    for ours, theirs in {**names, "lower": "lo", "upper": "hi"}.items():
        assert getattr(found, ours) == pytest.approx(gold["table"][theirs], rel=1e-10)
    assert found.breaks == pytest.approx(gold["breaks"], rel=1e-12)
    statistic, degrees, p = found.test()
    assert (statistic, degrees) == (pytest.approx(gold["GND"], rel=1e-10), gold["GND_df"])
    assert 0 <= p <= 1
    assert len(found.frame()) == len(gold["table"]["n"])


@pytest.mark.parametrize("name", ["dev", "ext"])
def test_whole_distribution(name: str) -> None:
    table, gold = external(name), read("calibration_gold")["rotterdam_gbsg"][name]
    slope = calibration_slope(table["time"], table["status"], table["lp"])
    assert [slope.value, slope.std_error] == pytest.approx(gold["slope_cox"], rel=1e-8)
    found = poisson_calibration(table["status"], table["H"], table["lp"])
    expected = gold["poisson"]
    assert found.left_out == gold["n_zero_H"]
    assert found.intercept.value == pytest.approx(expected["intercept"], rel=1e-8)
    assert found.slope.value == pytest.approx(expected["slope"], rel=1e-8)
    assert found.observed == expected["sum_obs"]
    assert found.expected == pytest.approx(expected["sum_exp"], rel=1e-12)
    # glm stops at a relative deviance of 1e-8: its standard errors have seven digits.
    assert found.intercept.std_error == pytest.approx(expected["se"], rel=1e-6)
    assert found.slope.std_error == pytest.approx(expected["slope_se"], rel=1e-6)
    test = d_calibration(np.exp(-table["H"]), table["status"])
    assert test.counts == pytest.approx(gold["dcal"]["counts"], rel=1e-12)
    assert test.statistic == pytest.approx(gold["dcal"]["chisq"], rel=1e-10)
    assert test.p == pytest.approx(gold["dcal"]["p"], rel=1e-10)


def test_rotterdam_to_gbsg_as_published() -> None:
    """Printed figures of the STRATOS tutorial, from the recorded Rotterdam model."""
    table, printed = external("ext"), read("calibration_gold")["rotterdam_gbsg"]["published"]
    found = observed_expected(table["time"], table["status"], table["p5"], 5, interval="poisson")
    triple = [round(v, 2) for v in (found.value, found.lower, found.upper)]
    assert triple == printed["OE_ext"]
    inner = external("dev")
    apparent = observed_expected(inner["time"], inner["status"], inner["p5"], 5)
    assert round(apparent.value, 2) == printed["OE_dev"]


def stratos_equation() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The printed equation on the GBSG data that scikit-survival carries."""
    data = pytest.importorskip("sksurv.datasets")
    patients, outcome = data.load_gbsg2()
    time = outcome["time"] / 365.25
    size = patients["tsize"].to_numpy()
    nodes = np.minimum(patients["pnodes"].to_numpy(), 19).astype(float)
    grade = (patients["tgrade"].astype(str) == "III").to_numpy()
    predictor = (
        0.342 * ((size > 20) & (size <= 50))
        + 0.574 * (size > 50)
        + spline_basis(nodes, [0, 1, 9]) @ np.array([0.304, -0.811])
        + 0.362 * grade
    )
    risk = 1 - 0.804 ** np.exp(predictor)
    return np.minimum(time, 5), outcome["cens"] & (time <= 5), predictor, risk


def test_stratos_equation_to_the_third_digit() -> None:
    """Reference values: the project's dossier (section 1.7), computed there from the same data."""
    time, event, predictor, risk = stratos_equation()
    assert int(event.sum()) == 285
    ratio = observed_expected(time, event, risk, 5, interval="poisson")
    assert ratio.value == pytest.approx(1.0178, abs=5e-4)
    # Printed interval; the printed O:E is 1.0174.
    assert ratio.lower == pytest.approx(0.9059, abs=1e-3)
    assert ratio.upper == pytest.approx(1.1426, abs=1e-3)
    slope = calibration_slope(time, event, predictor)
    assert [slope.value, slope.lower, slope.upper] == pytest.approx(
        [1.0554, 0.8153, 1.2954], abs=5e-4
    )
    curve = calibration_curve(time, event, risk, 5, smoother="rcs3")
    measured = [getattr(curve, ours).value for ours, _ in MEASURES]
    assert measured == pytest.approx([0.0301, 0.0261, 0.0744, 0.0751], abs=5e-4)
    assert measured == pytest.approx([0.0302, 0.0263, 0.0747, 0.0754], abs=1e-3)


def test_knots_are_those_of_hmisc() -> None:
    for case in read("calibration_r")["knots"]:
        found = place_knots(case["x"], case["nk"])
        assert found == pytest.approx(case["knots"], rel=1e-12), case["nk"]


def test_loess_is_that_of_r() -> None:
    for case in read("calibration_r")["loess"]:
        fitted, error = loess(case["x"], case["y"], span=case["span"], degree=case["degree"])
        assert fitted == pytest.approx(case["fitted"], rel=1e-9)
        assert np.all(error > 0)


def test_slope_of_risks_is_that_of_their_linear_predictor() -> None:
    table = external("ext")
    by_risk = calibration_slope(table["time"], table["status"], cloglog(table["p5"]))
    by_predictor = calibration_slope(table["time"], table["status"], table["lp"])
    assert by_risk.value == pytest.approx(by_predictor.value, rel=1e-8)
