"""What riskRegression, pec and survival say of published data, in the shared folder."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr

from spinemets.performance._km import FollowUp, pseudo_values
from spinemets.performance.brier import brier_t, integrated_brier
from spinemets.performance.calibration import calibration_curve, observed_expected
from spinemets.performance.compare import differences
from spinemets.performance.competing import auc_t_competing, brier_t_competing
from spinemets.performance.discrimination import (
    auc_t,
    concordance,
    confidence_interval,
    harrell_c,
    uno_c,
)
from spinemets.performance.discrimination_models import explained_variation
from spinemets.performance.utility import decision_curve
from spinemets.survival.cox_fit import fit_cox
from spinemets.survival.cox_predict import predict_survival

pytestmark = pytest.mark.shared
SETS = ("lung", "colon", "gbsg", "bmt", "synth1000")
CALIBRATED = ("lung", "colon", "gbsg", "synth1000")
SCORES = ("sA", "sB", "marker")
CLOSE = {"rtol": 1e-8, "atol": 1e-13}
WORSE = {"higher_is_worse": True}


@pytest.fixture
def read(shared: Path) -> Any:
    """Numbers of a file, or a table."""

    def reader(name: str) -> Any:
        if name.startswith("gold_"):
            return json.loads((shared / "gold" / f"{name}.json").read_text())
        return pd.read_csv(shared / "gold" / "data" / f"{name}.csv")

    return reader


def same_rows(estimate: Any, covariance: Any, expected: dict[str, Any], names: list[str]) -> None:
    """Compare differences at each time: estimate, error, limits on the plain scale, p."""
    measure = next(key for key in expected if key.startswith("delta."))
    times = sorted(set(expected["times"]))
    for row, time in enumerate(expected["times"]):
        h = times.index(time)
        pair = [names.index(expected[key][row]) for key in ("model", "reference")]
        gap = differences(estimate[h][pair], covariance[h][np.ix_(pair, pair)])
        np.testing.assert_allclose(gap.difference[0], expected[measure][row], **CLOSE)
        np.testing.assert_allclose(gap.std_error[0], expected["se"][row], **CLOSE)
        np.testing.assert_allclose(gap.lower[0], expected["lower"][row], **CLOSE)
        np.testing.assert_allclose(gap.upper[0], expected["upper"][row], **CLOSE)
        np.testing.assert_allclose(gap.p[0], expected["p"][row], rtol=1e-7)


def same_limits(estimate: Any, error: Any, expected: dict[str, Any]) -> None:
    """Compare Wald limits on the plain scale, which riskRegression cuts at 0 and 1."""
    lower, upper = confidence_interval(estimate, error, "plain")
    np.testing.assert_allclose(np.maximum(lower, 0), expected["lower"], **CLOSE)
    np.testing.assert_allclose(np.minimum(upper, 1), expected["upper"], **CLOSE)


@pytest.mark.parametrize("name", SETS)
def test_auc_of_risks_and_of_scores(name: str, read: Any) -> None:
    data, expected = read(name), read("gold_discrimination")[name]
    times = expected["horizons"]
    risks = np.stack(np.split(read(f"{name}_risk").to_numpy(), 2, axis=1), 1)
    outcome = data["time"], data["status"]
    areas = [auc_t(*outcome, risks[:, :, h], [t], **WORSE) for h, t in enumerate(times)]
    estimate = np.concatenate([area.estimate for area in areas])
    error = np.concatenate([area.std_error for area in areas])
    covariance = np.concatenate([area.covariance for area in areas])
    np.testing.assert_allclose(estimate.T.ravel(), expected["auc"]["AUC"], **CLOSE)
    np.testing.assert_allclose(error.T.ravel(), expected["auc"]["se"], **CLOSE)
    same_limits(estimate.T.ravel(), error.T.ravel(), expected["auc"])
    same_rows(estimate, covariance, expected["auc_delta"], ["sA", "sB"])
    raw = auc_t(*outcome, data[list(SCORES)], times, **WORSE)
    same_limits(raw.estimate.T.ravel(), raw.std_error.T.ravel(), expected["auc_raw_score"])
    same_rows(raw.estimate, raw.covariance, expected["auc_raw_delta"], list(SCORES))


@pytest.mark.parametrize("name", SETS)
def test_brier_with_limits_and_differences(name: str, read: Any) -> None:
    data, expected = read(name), read("gold_discrimination")[name]
    risks = np.stack(np.split(read(f"{name}_risk").to_numpy(), 2, axis=1), 1)
    found = brier_t(data["time"], data["status"], risks, expected["horizons"])
    every = np.concatenate([found.null[:, None], found.estimate], axis=1)
    errors = np.concatenate([found.null_std_error[:, None], found.std_error], axis=1)
    same_limits(every.T.ravel(), errors.T.ravel(), expected["brier"])
    covariance = np.empty((every.shape[0], 3, 3))
    covariance[:, 1:, 1:] = found.covariance
    covariance[:, 0, 0] = found.null_std_error**2
    covariance[:, 0, 1:] = covariance[:, 1:, 0] = found.null_covariance
    names = ["Null model", "sA", "sB"]
    same_rows(every, covariance, expected["brier_delta"], names)


@pytest.mark.parametrize("name", SETS)
def test_prediction_error_curves_of_pec(name: str, read: Any) -> None:
    data, expected = read(name), read("gold_discrimination")[name]
    grid = expected["ibs"]["grid"]
    risks = np.stack(np.split(read(f"{name}_riskgrid").to_numpy(), 2, axis=1), 1)
    found = brier_t(data["time"], data["status"], risks, grid, std_error=False)
    curves = expected["pec"]["AppErr"]
    assert expected["pec"]["time"][1:] == grid
    np.testing.assert_allclose(found.null, curves["Reference"][1:], **CLOSE)
    np.testing.assert_allclose(found.estimate.T, [curves["sA"][1:], curves["sB"][1:]], **CLOSE)
    ends = [found.null[-1], *found.estimate[-1]]
    np.testing.assert_allclose(ends, expected["ibs"]["table"]["Brier"], **CLOSE)
    total = integrated_brier(data["time"], data["status"], risks, grid)
    np.testing.assert_allclose([total.null, *total.estimate], expected["pec"]["crps"], **CLOSE)


@pytest.mark.parametrize("name", SETS)
def test_paired_concordance_and_replicated_patients(name: str, read: Any) -> None:
    data, expected = read(name), read("gold_discrimination")[name]
    assert (len(data), int(data["status"].sum())) == (expected["n"], expected["events"])
    outcome = data["time"], data["status"]
    found = harrell_c(*outcome, data[list(SCORES)], **WORSE)
    paired = expected["paired"]
    np.testing.assert_allclose(found.estimate, paired["C"], **CLOSE)
    gap = differences(found.estimate, found.covariance)
    np.testing.assert_allclose(gap.difference[0], paired["diff_sA_sB"], **CLOSE)
    np.testing.assert_allclose(gap.std_error[0], paired["se"], **CLOSE)
    np.testing.assert_allclose(gap.z[0], paired["z"], **CLOSE)
    again = data.loc[np.repeat(data.index, np.resize([1, 2, 0, 3], len(data)))]
    for score in SCORES:
        one = expected[score]
        for kind in ("n", "S", "S/G", "n/G2", "I"):
            error = concordance(*outcome, data[score], time_weight=kind, **WORSE).std_error[0]
            np.testing.assert_allclose(error**2, one[kind]["var"], **CLOSE)
        c = harrell_c(again["time"], again["status"], again[score], **WORSE).estimate[0]
        np.testing.assert_allclose(c, one["resampled_1203_C"], **CLOSE)


@pytest.mark.parametrize("name", CALIBRATED)
def test_pseudo_values_and_the_apparent_straight_line(name: str, read: Any) -> None:
    data, expected = read(name), read("gold_calibration_dca")[name]
    risks = read(f"{name}_risk").to_numpy()
    times = read("gold_discrimination")[name]["horizons"]
    h = times.index(expected["t"])
    for score, column in (("sA", h), ("sB", 3 + h)):
        record = expected[score]["ici"]
        pseudo = pseudo_values(FollowUp.of(data["time"], data["status"]), expected["t"])
        np.testing.assert_allclose(pseudo[:5], record["pseudo"]["first5"], **CLOSE)
        np.testing.assert_allclose(pseudo.mean(), record["pseudo"]["mean"], **CLOSE)
        line = calibration_curve(
            *(data["time"], data["status"], risks[:, column], expected["t"]),
            smoother="linear",
            draws=0,
        )
        # A Cox model's own risks lie on the line: R is left with rounding errors too.
        assert line.coef[0] == pytest.approx(record["cox_linear"]["slope"], abs=1e-7)
        for measure in (line.ici, line.e50, line.e90, line.emax):
            assert measure.value == pytest.approx(0, abs=1e-8)
        assert line.observed[:5] == pytest.approx(record["cox_linear"]["obs_first5"], abs=1e-8)


@pytest.mark.parametrize("name", CALIBRATED)
def test_adaptive_splines_are_near(name: str, read: Any) -> None:
    """
    polspline's ``hare`` chooses knots by its own search, which isn't built here.

    Its curve and ours, of five knots or local, describe the same calibration: their ICI lie within
    four percentage points, on risks that differ from the truth by construction.
    """
    data, expected = read(name), read("gold_calibration_dca")[name]
    risks = read(f"{name}_risk").to_numpy()
    h = read("gold_discrimination")[name]["horizons"].index(expected["t"])
    for score, column in (("sA", h), ("sB", 3 + h)):
        curve = calibration_curve(
            data["time"], data["status"], risks[:, column], expected["t"], draws=0
        )
        assert curve.ici.value == pytest.approx(expected[score]["ici"]["hare"]["ICI"], abs=0.04)


ROTTERDAM = ["s2", "s3", "n2", "n3", "g3"]


def test_the_rotterdam_model_itself(read: Any) -> None:
    expected = read("gold_calibration_dca")["rotterdam_gbsg"]
    data, other = read("rotterdam5"), read("gbsg5")
    fit = fit_cox(data[ROTTERDAM], data["time"], data["status"], names=ROTTERDAM)
    # coxph's default search, five steps of Newton, ends at the seventh digit.
    np.testing.assert_allclose(fit.coef, expected["coef"], rtol=1e-7)
    np.testing.assert_allclose(fit.std_error, expected["se"], rtol=1e-7)
    np.testing.assert_allclose([fit.lrt, fit.score_test], [expected["lrt"], expected["score"]])
    survival = predict_survival(fit, np.zeros((1, 5)), [5]).survival[0, 0]
    np.testing.assert_allclose(survival, expected["S0_5"], rtol=1e-7)
    for table, name in ((data, "ext_dev"), (other, "ext_ext")):
        risk = 1 - predict_survival(fit, table[ROTTERDAM], [5]).survival[0]
        np.testing.assert_allclose(risk, read(name)["p5"], rtol=1e-7)
    printed = expected["published"]
    assert fit.coef == pytest.approx(printed["coef"], abs=5e-4)
    assert fit.std_error == pytest.approx(printed["se"], abs=5e-5)
    assert [round(fit.lrt, 2), round(fit.score_test, 2)] == [printed["lrt"], printed["score"]]
    assert fit.n_events == printed["events"]
    c = harrell_c(data["time"], data["status"], fit.linear_predictor, **WORSE).estimate[0]
    assert round(2 * c - 1, 3) == printed["dxy"]


@pytest.mark.parametrize("where", ["dev", "ext"])
def test_the_rotterdam_model_validated(where: str, read: Any) -> None:
    expected = read("gold_calibration_dca")["rotterdam_gbsg"]
    record, printed, data = expected[where], expected["published"], read(f"ext_{where}")
    outcome, t = (data["time"], data["status"]), 4.95
    assert (len(data), int(data["status"].sum())) == (record["n"], record["events"])
    for name, estimator in (("harrell", harrell_c), ("uno", uno_c)):
        c = estimator(*outcome, data["lp"], **WORSE)
        np.testing.assert_allclose([c.estimate[0], c.std_error[0]], record[name], **CLOSE)
    area = auc_t(*outcome, data["p5"], [t], **WORSE)
    np.testing.assert_allclose(area.estimate[0], record["auc495"]["AUC"], **CLOSE)
    np.testing.assert_allclose(area.std_error[0], record["auc495"]["se"], **CLOSE)
    same_limits(area.estimate[0], area.std_error[0], record["auc495"])
    rounded = [round(v, 2) for v in (record["auc495"][k][0] for k in ("AUC", "lower", "upper"))]
    assert rounded == printed[f"uno_auc_4.95_{where}"]
    model = read("rotterdam5")
    fit = fit_cox(model[ROTTERDAM], model["time"], model["status"])
    patients = read({"dev": "rotterdam5", "ext": "gbsg5"}[where])[ROTTERDAM]
    loss = brier_t(*outcome, 1 - predict_survival(fit, patients, [t]).survival[0], [t])
    every = [loss.null[0], loss.estimate[0, 0]]
    errors = [loss.null_std_error[0], loss.std_error[0, 0]]
    np.testing.assert_allclose(every, record["brier495"]["Brier"], rtol=1e-7)
    np.testing.assert_allclose(errors, record["brier495"]["se"], rtol=1e-7)
    lower, upper = confidence_interval(every, errors, "plain")
    np.testing.assert_allclose(lower, record["brier495"]["lower"], rtol=1e-7)
    np.testing.assert_allclose(upper, record["brier495"]["upper"], rtol=1e-7)
    np.testing.assert_allclose(loss.ipa[0, 0], record["brier495"]["IPA"][1], rtol=1e-6)
    ratio = observed_expected(*outcome, data["p5"], 5)
    assert data["p5"].mean() == pytest.approx(record["OE"]["E"], rel=1e-10)
    assert ratio.value * data["p5"].mean() == pytest.approx(record["OE"]["O"], rel=1e-10)
    pseudo = pseudo_values(FollowUp.of(*outcome), 5.0)
    np.testing.assert_allclose(pseudo[:5], record["ici5"]["pseudo"]["first5"], **CLOSE)
    np.testing.assert_allclose(pseudo.mean(), record["ici5"]["pseudo"]["mean"], **CLOSE)
    if where == "ext":
        assert round(loss.estimate[0, 0], 2) == printed["brier_ext"]
        assert round(loss.ipa[0, 0], 2) == printed["ipa_ext"]
        line = calibration_curve(*outcome, data["p5"], 5, smoother="linear", draws=0)
        straight = record["ici5"]["cox_linear"]
        found = [getattr(line, k).value for k in ("ici", "e50", "e90", "emax")]
        recorded = [straight[k] for k in ("ICI", "E50", "E90", "Emax")]
        assert found == pytest.approx(recorded, rel=1e-7)
        assert line.observed[:5] == pytest.approx(straight["obs_first5"], rel=1e-7)
    benefit = decision_curve(*outcome, {"m": data["p5"]}, 5, thresholds=[0.2]).estimate("m", 0.2)
    raw = data["raw_time"], data["raw_status"], {"m": data["p5"]}, 5
    weighted = decision_curve(
        *raw, thresholds=record["dca"]["threshold"], estimator="ipcw_together"
    )
    np.testing.assert_allclose(weighted.net_benefit[:, 0], record["dca_ipcw"], rtol=1e-8)
    assert round(benefit.value, 3) == printed[f"NB20_{where}"]


@pytest.mark.parametrize("name", CALIBRATED)
def test_explained_variation_and_concordance_of_a_model(name: str, read: Any) -> None:
    expected = read("gold_cox")[name]
    names = expected["efron"]["names"]
    data = read(name).dropna(subset=names)
    linear = sum(data[x] * b for x, b in zip(names, expected["efron"]["coef"], strict=True))
    found = explained_variation(data["time"], data["status"], linear)
    np.testing.assert_allclose(found.kent_oquigley[0], expected["royston"]["R.KO"], rtol=1e-8)
    np.testing.assert_allclose(found.nagelkerke[0], expected["royston"]["R.N"], rtol=1e-8)
    c = harrell_c(data["time"], data["status"], linear, **WORSE)
    np.testing.assert_allclose(c.estimate[0], expected["concordance"]["C"], **CLOSE)
    np.testing.assert_allclose(c.std_error[0] ** 2, expected["concordance"]["var"], **CLOSE)


@pytest.mark.parametrize("name", ["bmt", "synth1000"])
def test_competing_limits_and_differences(name: str, read: Any) -> None:
    data, expected = read(f"{name}_cr"), read("gold_competing")[name]
    times = expected["horizons"]
    outcome, risks = (data["time"], data["cause"]), data[["X1", "X2", "X3"]].to_numpy()
    score = data[expected["covariates"][-1]]
    areas = [
        auc_t_competing(*outcome, np.column_stack([risks[:, h], score]), [t], **WORSE)
        for h, t in enumerate(times)
    ]
    estimate = np.concatenate([a.estimate for a in areas])
    covariance = np.concatenate([a.covariance for a in areas])
    error = np.concatenate([a.std_error for a in areas])
    np.testing.assert_allclose(estimate.T.ravel(), expected["auc"]["AUC"], **CLOSE)
    same_limits(estimate.T.ravel(), error.T.ravel(), expected["auc"])
    same_rows(estimate, covariance, expected["auc_delta"], ["CSC", "score"])
    loss = brier_t_competing(*outcome, risks, times)
    every = np.concatenate([loss.null, loss.estimate[:, 0]])
    errors = np.concatenate([loss.null_std_error, loss.std_error[:, 0]])
    same_limits(every, errors, expected["brier"])


def test_the_normal_tail() -> None:
    """The p values above are Wald tests."""
    gap = differences([0.7, 0.6], np.diag([0.002, 0.003]))
    assert gap.p[0] == pytest.approx(2 * ndtr(-0.1 / np.sqrt(0.005)), rel=1e-12)
