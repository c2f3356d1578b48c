"""Royston's D, R2_D and Gonen-Heller's K against R's survival::royston."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spinemets.performance.discrimination_models import gonen_heller_k, royston_d


@pytest.mark.shared
@pytest.mark.parametrize("name", ["lung", "colon", "gbsg", "synth1000"])
def test_as_in_r(name: str, shared: Path) -> None:
    expected = json.loads((shared / "gold" / "gold_cox.json").read_text())[name]
    names = expected["efron"]["names"]
    data = pd.read_csv(shared / "gold" / "data" / f"{name}.csv").dropna(subset=names)
    # Column by column: a matrix product may round equal rows differently and so untie them.
    linear = sum(data[x] * b for x, b in zip(names, expected["efron"]["coef"], strict=True))
    d = royston_d(data["time"], data["status"], linear, higher_is_worse=True)
    k = gonen_heller_k(data["time"], data["status"], linear, higher_is_worse=True)
    royston = expected["royston"]
    assert d.d[0] == pytest.approx(royston["D"], rel=1e-8)
    assert d.std_error[0] == pytest.approx(royston["se(D)"], rel=1e-8)
    assert d.r2_d[0] == pytest.approx(royston["R.D"], rel=1e-8)
    assert k.estimate[0] == pytest.approx(royston["C.GH"], rel=1e-8)


@pytest.mark.r
def test_an_integer_score_as_in_r(rscript: str, tmp_path: Path) -> None:
    import subprocess

    reference = Path(__file__).resolve().parents[1] / "reference"
    data = pd.read_csv(reference / "discrimination_synth1000.csv")
    data[["time", "event", "s7"]].to_csv(tmp_path / "d.csv", index=False)
    script = (
        "library(survival); d <- read.csv('d.csv');"
        "f <- coxph(Surv(time, event) ~ s7, d, eps = 1e-12);"
        "cat(sprintf('%.17g', royston(f)[c(1, 2, 3, 6)]))"
    )
    run = subprocess.run(
        [rscript, "-e", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    numbers = [float(word) for word in run.stdout.split()]
    d = royston_d(data["time"], data["event"], data["s7"], higher_is_worse=True)
    k = gonen_heller_k(data["time"], data["event"], data["s7"], higher_is_worse=True)
    found = [d.d[0], d.std_error[0], d.r2_d[0], k.estimate[0]]
    np.testing.assert_allclose(found, numbers, rtol=1e-8)


def cohort(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    score = rng.integers(0, 8, 300)
    time = np.ceil(rng.exponential(200 * np.exp(-0.2 * score)))
    return time, rng.random(300) < 0.7, score


def test_direction_and_scale() -> None:
    time, event, score = cohort(1)
    d = royston_d(time, event, score, higher_is_worse=True)
    k = gonen_heller_k(time, event, score, higher_is_worse=True)
    assert royston_d(time, event, score, higher_is_worse=False).d[0] == pytest.approx(-d.d[0])
    wrong = gonen_heller_k(time, event, score, higher_is_worse=False)
    assert wrong.estimate[0] == pytest.approx(1 - k.estimate[0])
    assert wrong.std_error[0] == pytest.approx(k.std_error[0])
    scaled = gonen_heller_k(time, event, 3.0 * score + 1, higher_is_worse=True)
    assert scaled.estimate[0] == pytest.approx(k.estimate[0])
    stretched = royston_d(time, event, np.exp(score), higher_is_worse=True)
    assert stretched.d[0] == pytest.approx(d.d[0])
    lower, upper = d.r2_interval()
    assert lower[0] < d.r2_d[0] < upper[0]
    low, high = k.interval()
    assert low[0] < k.estimate[0] < high[0]


def test_error_of_k_is_that_of_resampling() -> None:
    time, event, score = cohort(2)
    k = gonen_heller_k(time, event, score, higher_is_worse=True)
    rng = np.random.default_rng(3)
    picks = (rng.integers(0, 300, 300) for _ in range(200))
    again = [
        gonen_heller_k(time[i], event[i], score[i], higher_is_worse=True).estimate[0] for i in picks
    ]
    assert k.std_error[0] == pytest.approx(np.std(again), rel=0.2)


@pytest.mark.parametrize(
    ("time", "event", "score", "reason"),
    [
        ([], [], [], "no patients"),
        ([1, 2], [0, 0], [1, 2], "no events"),
        ([1, 2], [1, 1], [3, 3], "the score has one level only"),
        ([1, 2, 3], [1, 1, 1], [3, 2, 1], "the likelihood has no maximum (complete separation)"),
    ],
)
def test_no_model_is_nan_with_a_reason(
    time: list[int], event: list[int], score: list[int], reason: str
) -> None:
    d = royston_d(time, event, score, higher_is_worse=True)
    k = gonen_heller_k(time, event, score, higher_is_worse=True)
    assert d.reason == k.reason == (reason,)
    assert np.isnan(d.d[0])
    assert np.isnan(d.r2_d[0])
    assert np.isnan(k.estimate[0])
    assert np.isnan(k.std_error[0])
