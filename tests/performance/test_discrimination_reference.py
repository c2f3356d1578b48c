"""Concordance and AUC(t) against R: survival::concordance and riskRegression::Score."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spinemets.performance.discrimination import (
    Concordance,
    auc_t,
    concordance,
    harrell_c,
    uno_c,
)

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
SHARED_SETS = ("lung", "colon", "gbsg", "bmt", "synth1000")
SCORES = ("sA", "sB", "marker")
TOLERANCE = {"rtol": 1e-8, "atol": 1e-15}


def load_own() -> tuple[pd.DataFrame, dict[str, Any]]:
    data = pd.read_csv(REFERENCE / "discrimination_synth1000.csv")
    data["sA"], data["sB"], data["marker"] = data["s7"], data["s1"], data["x1"]
    expected = json.loads((REFERENCE / "discrimination_synth1000.json").read_text())
    return data, expected


def load_shared(folder: Path, name: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    data = pd.read_csv(folder / "gold" / "data" / f"{name}.csv")
    data["event"] = data["status"]
    return data, json.loads((folder / "gold" / "gold_discrimination.json").read_text())[name]


def counts(result: Concordance) -> list[float]:
    kinds = ("concordant", "discordant", "tied_score", "tied_time", "tied_both")
    return [getattr(result, kind)[0] for kind in kinds]


def assert_as_r(result: Concordance, expected: dict[str, Any]) -> None:
    np.testing.assert_allclose(result.estimate[0], expected["C"], **TOLERANCE)
    np.testing.assert_allclose(result.std_error[0], expected["se"], **TOLERANCE)
    np.testing.assert_allclose(counts(result), expected["count"], **TOLERANCE)


def check_one_score(data: pd.DataFrame, score: str, expected: dict[str, Any]) -> None:
    follow_up = (data["time"], data["event"], data[score])
    for kind in ("n", "S", "S/G", "n/G2", "I"):
        result = concordance(*follow_up, higher_is_worse=True, time_weight=kind)
        assert_as_r(result, expected[kind])
    for key in (key for key in expected if "_tau" in key):
        name, tau = key.split("_tau")
        estimator = uno_c if name == "uno" else harrell_c
        assert_as_r(estimator(*follow_up, higher_is_worse=True, tau=float(tau)), expected[key])
    within = harrell_c(*follow_up, higher_is_worse=True, strata=data["stratum"])
    np.testing.assert_allclose(within.estimate[0], expected["stratified"]["C"], **TOLERANCE)
    np.testing.assert_allclose(within.std_error[0], expected["stratified"]["se"], **TOLERANCE)
    for key in (key for key in expected if key.startswith("caseweights")):
        weights = np.resize([int(digit) for digit in key.split("_")[1]], len(data))
        assert_as_r(harrell_c(*follow_up, higher_is_worse=True, weights=weights), expected[key])
    plain = harrell_c(*follow_up, higher_is_worse=True, influence=True)
    assert plain.influence is not None
    np.testing.assert_allclose(plain.influence[:5, 0], expected["dfbeta_first5"], rtol=1e-7)


def check_several(data: pd.DataFrame, expected: dict[str, Any]) -> None:
    table = data[list(SCORES)]
    paired = harrell_c(data["time"], data["event"], table, higher_is_worse=True)
    np.testing.assert_allclose(paired.covariance, expected["paired"]["cov"], rtol=1e-8, atol=1e-15)
    areas = auc_t(data["time"], data["event"], table, expected["horizons"], higher_is_worse=True)
    raw = expected["auc_raw_score"]
    np.testing.assert_allclose(areas.estimate.T.ravel(), raw["AUC"], **TOLERANCE)
    np.testing.assert_allclose(areas.std_error.T.ravel(), raw["se"], **TOLERANCE)
    check_differences(areas.estimate, areas.covariance, list(SCORES), expected["auc_raw_delta"])


def check_differences(
    estimate: np.ndarray, covariance: np.ndarray, names: list[str], expected: dict[str, Any]
) -> None:
    times = sorted(set(expected["times"]))
    for row in range(len(expected["times"])):
        h = times.index(expected["times"][row])
        a, b = names.index(expected["model"][row]), names.index(expected["reference"][row])
        variance = covariance[h, a, a] + covariance[h, b, b] - 2 * covariance[h, a, b]
        difference = estimate[h, a] - estimate[h, b]
        assert difference == pytest.approx(expected["delta.AUC"][row], rel=1e-8, abs=1e-12)
        assert np.sqrt(variance) == pytest.approx(expected["se"][row], rel=1e-8)


@pytest.mark.parametrize("score", SCORES)
def test_concordance_as_in_r(score: str) -> None:
    data, expected = load_own()
    check_one_score(data, score, expected["synth1000"][score])


def test_several_scores_as_in_r() -> None:
    data, expected = load_own()
    check_several(data, expected["synth1000"])


def test_twelve_scores_as_in_r() -> None:
    data, everything = load_own()
    expected = everything["synth1000_12"]
    table = data[expected["order"]]
    harrell = harrell_c(data["time"], data["event"], table, higher_is_worse=True)
    np.testing.assert_allclose(harrell.estimate, expected["C"], rtol=1e-12)
    np.testing.assert_allclose(harrell.covariance, expected["cov"], rtol=1e-8, atol=1e-14)
    uno = uno_c(data["time"], data["event"], table, higher_is_worse=True)
    np.testing.assert_allclose(uno.estimate, expected["uno"], rtol=1e-12)
    np.testing.assert_allclose(uno.covariance, expected["uno_cov"], rtol=1e-8, atol=1e-14)
    areas = auc_t(data["time"], data["event"], table, [90, 180, 365], higher_is_worse=True)
    np.testing.assert_allclose(areas.estimate.T.ravel(), expected["auc"]["AUC"], rtol=1e-12)
    np.testing.assert_allclose(areas.std_error.T.ravel(), expected["auc"]["se"], rtol=1e-8)
    check_differences(areas.estimate, areas.covariance, expected["order"], expected["auc_delta"])


@pytest.mark.shared
@pytest.mark.parametrize("name", SHARED_SETS)
def test_published_data_as_in_r(name: str, shared: Path) -> None:
    data, expected = load_shared(shared, name)
    for score in SCORES:
        check_one_score(data, score, expected[score])
    check_several(data, expected)


def test_the_tree_and_the_table_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few levels are counted in a table, many in a tree: both must give R's numbers."""
    data, expected = load_own()
    monkeypatch.setattr("spinemets.performance._concordance._TABLE_LEVELS", 0)
    for score in ("sA", "sB"):
        check_one_score(data, score, expected["synth1000"][score])
    monkeypatch.setattr("spinemets.performance._concordance._TABLE_LEVELS", 10_000)
    monkeypatch.setattr("spinemets.performance._concordance._CELLS_PER_PATIENT", 10_000)
    check_one_score(data, "marker", expected["synth1000"]["marker"])


@pytest.mark.r
def test_ties_across_outcomes_as_in_r(rscript: str, tmp_path: Path) -> None:
    """Small heavily tied data, weighted and stratified, against R run here and now."""
    rng = np.random.default_rng(7)
    data = pd.DataFrame(
        {
            "time": rng.integers(0, 9, 80) * 30.4375,
            "event": rng.integers(0, 2, 80),
            "score": rng.integers(0, 4, 80),
            "g": rng.integers(0, 3, 80),
            # Not zero: where all events of a day weigh nothing, R 4.2's survival 3.5-3 reads
            # the time weights S, S/G, n/G2 and I of the wrong day.
            "w": rng.integers(1, 4, 80),
        }
    )
    data.to_csv(tmp_path / "d.csv", index=False)
    script = (
        "library(survival); d <- read.csv('d.csv');"
        "for (k in c('n','S','S/G','n/G2','I')) {"
        "f <- concordance(Surv(time, event) ~ score + strata(g), d, weights = w, timewt = k,"
        "reverse = TRUE, keepstrata = FALSE);"
        "cat(sprintf('%.17g', c(f$concordance, sqrt(f$var), f$count)), '\\n')}"
    )
    run = subprocess.run(
        [rscript, "-e", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    lines = [[float(word) for word in line.split()] for line in run.stdout.splitlines()]
    for kind, line in zip(("n", "S", "S/G", "n/G2", "I"), lines, strict=True):
        result = concordance(
            *(data["time"], data["event"], data["score"]),
            higher_is_worse=True,
            time_weight=kind,
            strata=data["g"],
            weights=data["w"],
        )
        assert_as_r(result, {"C": line[0], "se": line[1], "count": line[2:]})
