"""Brier(t), IPA and integrated Brier against R, an oracle, and bad input."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemets.performance.bootstrap import bootstrap
from spinemets.performance.brier import BrierResult, brier_t, integrated_brier

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
SHARED_SETS = ("lung", "colon", "gbsg", "bmt", "synth1000")


def by_level(level: pd.Series, table: dict[str, Any]) -> np.ndarray:
    return np.array(table["risk"])[np.searchsorted(table["levels"], level)]


def own() -> tuple[pd.DataFrame, dict[str, Any], np.ndarray, np.ndarray]:
    data = pd.read_csv(REFERENCE / "discrimination_synth1000.csv")
    expected = json.loads((REFERENCE / "discrimination_synth1000.json").read_text())
    risks, grid = (
        np.stack([by_level(data[c], expected[k][s]) for s, c in (("sA", "s7"), ("sB", "s1"))], 1)
        for k in ("risk", "risk_grid")
    )
    return data, expected["synth1000"], risks, grid


def from_folder(
    folder: Path, name: str
) -> tuple[pd.DataFrame, dict[str, Any], np.ndarray, np.ndarray]:
    places = folder / "gold" / "data"
    data = pd.read_csv(places / f"{name}.csv")
    data["event"] = data["status"]
    expected = json.loads((folder / "gold" / "gold_discrimination.json").read_text())[name]
    tables = [
        pd.read_csv(places / f"{name}_{kind}.csv").to_numpy() for kind in ("risk", "riskgrid")
    ]
    risks, grid = (np.stack(np.split(table, 2, axis=1), 1) for table in tables)
    return data, expected, risks, grid


def error_of_difference(result: BrierResult, h: int, model: str, reference: str) -> float:
    names = ["sA", "sB"]
    a = names.index(model)
    variance = result.covariance[h, a, a]
    if reference == "Null model":
        variance += result.null_std_error[h] ** 2 - 2 * result.null_covariance[h, a]
    else:
        b = names.index(reference)
        variance += result.covariance[h, b, b] - 2 * result.covariance[h, a, b]
    return float(np.sqrt(variance))


def check(data: pd.DataFrame, expected: dict[str, Any], risks: Any, grid: Any) -> None:
    horizons = expected["horizons"]
    result = brier_t(data["time"], data["event"], risks, horizons)
    brier = expected["brier"]
    scores = np.concatenate([result.null, result.estimate.T.ravel()])
    np.testing.assert_allclose(scores, brier["Brier"], rtol=1e-8)
    errors = np.concatenate([result.null_std_error, result.std_error.T.ravel()])
    np.testing.assert_allclose(errors, brier["se"], rtol=1e-8)
    np.testing.assert_allclose(result.ipa.T.ravel(), brier["IPA"][len(horizons) :], rtol=1e-8)
    delta = expected["brier_delta"]
    for row, time in enumerate(delta["times"]):
        error = error_of_difference(
            result, horizons.index(time), delta["model"][row], delta["reference"][row]
        )
        assert error == pytest.approx(delta["se"][row], rel=1e-8)
    table = expected["ibs"]
    total = integrated_brier(data["time"], data["event"], grid, table["grid"])
    found = np.concatenate([[total.null], total.estimate])
    np.testing.assert_allclose(found, table["table"]["IBS"], rtol=1e-8)
    assert np.all(total.std_error > 0)


def test_as_in_r() -> None:
    check(*own())


@pytest.mark.shared
@pytest.mark.parametrize("name", SHARED_SETS)
def test_published_data_as_in_r(name: str, shared: Path) -> None:
    check(*from_folder(shared, name))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.5, 20))
def test_is_the_weighted_mean_of_squared_residuals(seed: int, horizon: float) -> None:
    rng = np.random.default_rng(seed)
    time, event = rng.integers(0, 15, 30).astype(float), rng.random(30) < 0.6
    risk = rng.random(30)
    total = 0.0
    for i in range(30):
        days = np.unique(time[(time < time[i]) if time[i] <= horizon else (time <= horizon)])
        gone = [np.sum((time == d) & ~event) for d in days]
        at_risk = [np.sum(time > d) + np.sum((time == d) & ~event) for d in days]
        staying = np.prod([1 - c / y for c, y in zip(gone, at_risk, strict=True) if y])
        if time[i] > horizon:
            total += risk[i] ** 2 / staying
        elif event[i]:
            total += (1 - risk[i]) ** 2 / staying
    result = brier_t(time, event, risk, [horizon])
    if result.reason == ((None,),):
        assert result.estimate[0, 0] == pytest.approx(total / 30, abs=1e-12)
    else:
        assert np.isnan(result.estimate[0, 0])


def test_the_null_model_has_no_ipa() -> None:
    data, _, _, _ = own()
    flat = np.full((len(data), 1), 0.4)
    result = brier_t(data["time"], data["event"], flat, [180])
    assert result.ipa[0, 0] < 0
    assert result.null[0] < result.estimate[0, 0]
    lower, upper = result.ipa_interval()
    assert lower[0, 0] < result.ipa[0, 0] < upper[0, 0]


def test_weights_count_patients_more_than_once() -> None:
    rng = np.random.default_rng(2)
    time, event = rng.integers(1, 40, 90).astype(float), rng.integers(0, 2, 90)
    risk, weights = rng.random(90), rng.integers(0, 4, 90)
    weighted = brier_t(time, event, risk, [20], weights=weights)
    repeated = brier_t(*(np.repeat(x, weights) for x in (time, event, risk)), [20])
    np.testing.assert_allclose(weighted.estimate, repeated.estimate, rtol=1e-12)
    np.testing.assert_allclose(weighted.null, repeated.null, rtol=1e-12)


def test_weighted_influence_is_the_derivative() -> None:
    """The standard error with equal weights is the one without."""
    rng = np.random.default_rng(4)
    time, event = rng.integers(1, 40, 90).astype(float), rng.integers(0, 2, 90)
    risk = rng.random(90)
    plain = brier_t(time, event, risk, [20])
    doubled = brier_t(time, event, risk, [20], weights=np.full(90, 2.0))
    np.testing.assert_allclose(doubled.std_error, plain.std_error, rtol=1e-12)


def test_without_standard_errors_the_scores_are_the_same() -> None:
    data, _, risks, _ = own()
    follow_up = data["time"], data["event"], risks, [90, 180, 365]
    weights = np.arange(len(data)) % 3
    for options in ({}, {"weights": weights}):
        full = brier_t(*follow_up, **options)
        bare = brier_t(*follow_up, std_error=False, **options)
        np.testing.assert_allclose(bare.estimate, full.estimate, rtol=1e-12)
        np.testing.assert_allclose(bare.null, full.null, rtol=1e-12)
        np.testing.assert_allclose(bare.ipa, full.ipa, rtol=1e-10)
        assert np.all(np.isnan(bare.std_error))


def test_integral_of_constant_scores() -> None:
    time, event = [2, 3, 5, 8], [1, 1, 1, 0]
    flat = np.full((4, 3), 0.5)
    lines = integrated_brier(time, event, flat, [2, 3, 4], rule="trapezoid")
    assert lines.estimate[0] == pytest.approx(0.25 * (1 - 0.25))
    with pytest.raises(ValueError, match="rule"):
        integrated_brier(time, event, flat, [2, 3, 4], rule="simpson")
    for grid in ([3, 2, 4], [0, 1, 2]):
        with pytest.raises(ValueError, match="grid"):
            integrated_brier(time, event, flat, grid)


@pytest.mark.parametrize(
    ("time", "event", "reason"),
    [
        ([], [], "no patients"),
        ([1, 2, 3], [0, 0, 0], "no events"),
        ([3, 4, 5], [1, 1, 1], "no events by the horizon"),
        ([1, 1, 5], [1, 1, 0], "the horizon lies beyond the last event"),
    ],
)
def test_no_score_is_nan_with_a_reason(time: list[int], event: list[int], reason: str) -> None:
    result = brier_t(time, event, np.full((len(time), 1), 0.3), [2.0])
    assert result.reason == ((reason,),)
    for value in (result.estimate, result.std_error, result.null, result.ipa):
        assert np.all(np.isnan(value))
    total = integrated_brier(time, event, np.full((len(time), 2), 0.3), [2.0, 2.5])
    assert total.reason == (reason,)
    assert np.isnan(total.estimate[0])


@pytest.mark.parametrize(
    ("argument", "wrong"),
    [
        ("risks", {"risks": [0.1, 0.2]}),
        ("risks", {"risks": [0.1, 0.2, 1.2]}),
        ("risks", {"risks": [0.1, np.nan, 0.2]}),
        ("risks", {"risks": ["a", "b", "c"]}),
        ("risks", {"risks": np.zeros((3, 2))}),
        ("horizons", {"horizons": []}),
        ("time", {"time": [1, -1, 2]}),
        ("event", {"event": [1, 3, 0]}),
        ("weights", {"weights": [1, 1]}),
    ],
)
def test_a_wrong_call_names_the_argument(argument: str, wrong: dict[str, Any]) -> None:
    call: dict[str, Any] = {
        "time": [1, 2, 3],
        "event": [1, 1, 0],
        "risks": [0.5, 0.4, 0.3],
        "horizons": [2],
    }
    with pytest.raises(ValueError, match=argument):
        brier_t(**{**call, **wrong})


def test_after_follow_up_was_cut_at_the_horizon_there_is_no_score():
    """R prints .028 where everybody's risk of .8 alone must give .16: the survivors are gone."""
    rng = np.random.default_rng(5)
    death = rng.exponential(200, 400)
    end = rng.uniform(50, 2000, 400)
    time, event = np.minimum(np.minimum(death, end), 365), (death <= end) & (death <= 365)
    event[np.flatnonzero(time == 365)[:3]] = True  # and some die on the last day
    risks = np.full((400, 2), 0.8)
    found = brier_t(time, event, risks, [364, 365])
    assert found.estimate[0, 0] > 0.1
    assert found.null[0] > 0.1
    assert np.isnan(found.estimate[1, 0])
    assert np.isnan(found.null[1])
    assert np.isnan(found.ipa[1, 0])
    assert found.reason[1] == ("nobody is followed beyond the horizon",)
    samples = bootstrap(time, event, risks[:, 0], higher_is_worse=True, horizons=[364, 365],
                        risks=risks[:, np.newaxis], replicates=32)  # fmt: skip
    assert np.isfinite(samples.brier[:, 0]).all()
    assert np.isnan(samples.brier[:, 1]).all()


def test_where_everybody_died_by_the_last_day_the_score_is_their_mean():
    found = brier_t([1, 2, 3], [1, 1, 1], [[0.9], [0.5], [0.4]], [3])
    assert found.estimate[0, 0] == pytest.approx((0.01 + 0.25 + 0.36) / 3)
    assert found.reason == ((None,),)
