"""The paired bootstrap against R's replicates, against itself, and its random numbers."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spinemets.performance.bootstrap import bootstrap, draw_multiplicities
from spinemets.performance.brier import brier_t
from spinemets.performance.discrimination import auc_t, harrell_c, uno_c


@pytest.mark.shared
@pytest.mark.parametrize("name", ["lung", "synth1000"])
@pytest.mark.parametrize("most_levels", [128, 0])
def test_replicates_as_in_r(
    name: str, most_levels: int, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R's samples, counted by level and (with no levels allowed) in a tree."""
    monkeypatch.setattr("spinemets.performance._batch._MOST_LEVELS", most_levels)
    places = shared / "gold" / "data"
    expected = json.loads((shared / "gold" / "gold_validation_pooling.json").read_text())
    expected = expected[f"pairedboot_{name}"]
    data = pd.read_csv(places / f"{name}.csv")
    picked = np.loadtxt(places / f"bootfixed_{name}.csv", delimiter=",", dtype=int) - 1
    counts = np.stack([np.bincount(row, minlength=len(data)) for row in picked], axis=1)
    risks = pd.read_csv(places / f"{name}_risk.csv").to_numpy()[:, [1, 4], np.newaxis]
    result = bootstrap(
        *(data["time"], data["status"], data[["sA", "sB"]]),
        higher_is_worse=True,
        horizons=[expected["horizon"]],
        risks=risks,
        multiplicities=counts,
    )
    found = np.column_stack(
        [result.harrell, result.uno[:, 0], result.auc[:, 0], result.brier[:, 0]]
    )
    np.testing.assert_allclose(found[:5], expected["first5"], rtol=1e-8)
    np.testing.assert_allclose(found.mean(axis=0), expected["mean"], rtol=1e-8)
    np.testing.assert_allclose(found.std(axis=0, ddof=1), expected["sd"], rtol=1e-8)


def cohort(seed: int, n: int = 150) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    levels = rng.integers(0, 9, n)
    scores = np.column_stack([levels, rng.integers(-4, 3, n), rng.normal(size=n)])
    return {
        "time": np.ceil(rng.exponential(60, n)) * 30.4375,
        "event": rng.random(n) < 0.6,
        "scores": scores,
        "risks": np.stack(
            [
                np.column_stack([levels / 20, levels / 10]),
                np.column_stack([levels / 30, levels / 9]),
                rng.random((n, 2)),
            ],
            axis=1,
        ),
        "horizons": [900.0, 365.25],
        "higher_is_worse": [True, False, True],
    }


@pytest.mark.parametrize("most_levels", [128, 0])
def test_a_replicate_is_the_weighted_estimate(
    most_levels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Horizons out of order, both directions, real values, risks with and without levels."""
    monkeypatch.setattr("spinemets.performance._batch._MOST_LEVELS", most_levels)
    data = cohort(1)
    counts = draw_multiplicities(150, 35, seed=4)
    result = bootstrap(**data, multiplicities=counts)
    follow_up = data["time"], data["event"]
    for sample in (0, 17, 34):
        options = {
            "higher_is_worse": data["higher_is_worse"],
            "weights": counts[:, sample],
        }
        c = harrell_c(*follow_up, data["scores"], **options)
        np.testing.assert_allclose(result.harrell[sample], c.estimate, rtol=1e-12)
        u = uno_c(*follow_up, data["scores"], **options)
        np.testing.assert_allclose(result.uno[sample], u.estimate, rtol=1e-12)
        area = auc_t(*follow_up, data["scores"], data["horizons"], **options)
        np.testing.assert_allclose(result.auc[sample], area.estimate, rtol=1e-12)
        brier = brier_t(*follow_up, data["risks"], data["horizons"], weights=counts[:, sample])
        np.testing.assert_allclose(result.brier[sample], brier.estimate, rtol=1e-12)


def test_its_spread_is_that_of_the_influence_function() -> None:
    data = cohort(2, n=600)
    result = bootstrap(**data, replicates=600, seed=3)
    follow_up = data["time"], data["event"]
    direction = data["higher_is_worse"]
    c = harrell_c(*follow_up, data["scores"], higher_is_worse=direction)
    np.testing.assert_allclose(result.harrell.std(axis=0), c.std_error, rtol=0.12)
    area = auc_t(*follow_up, data["scores"], data["horizons"], higher_is_worse=direction)
    np.testing.assert_allclose(result.auc.std(axis=0), area.std_error, rtol=0.15)
    brier = brier_t(*follow_up, data["risks"], data["horizons"])
    np.testing.assert_allclose(result.brier.std(axis=0), brier.std_error, rtol=0.15)


def test_the_seed_decides() -> None:
    data = cohort(3)
    once = bootstrap(**data, replicates=40, seed=9)
    np.testing.assert_array_equal(once.harrell, bootstrap(**data, replicates=40, seed=9).harrell)
    longer = bootstrap(**data, replicates=70, seed=9)
    np.testing.assert_array_equal(once.auc, longer.auc[:40])
    assert not np.array_equal(once.harrell, bootstrap(**data, replicates=40, seed=8).harrell)


def test_multiplicities_are_multinomial() -> None:
    n = 2_000
    counts = draw_multiplicities(n, 320, seed=1).astype(np.int64)
    assert np.all(counts.sum(axis=0) == n)
    mean, variance = counts.mean(), counts.var()
    assert mean == 1.0
    assert variance == pytest.approx(1 - 1 / n, rel=0.01)
    for k, share in enumerate([0.36779, 0.36797, 0.18398, 0.06129, 0.01530]):
        error = np.sqrt(share * (1 - share) / counts.size)
        assert np.mean(counts == k) == pytest.approx(share, abs=5 * error)
    # Patients and samples don't know of each other.
    by_patient = counts.sum(axis=1)
    assert by_patient.var() == pytest.approx(320, rel=0.15)
    across = np.corrcoef(counts[:, :8].T)
    assert np.max(np.abs(across - np.eye(8))) < 5 / np.sqrt(n)
    beside = np.corrcoef(counts[:-1].ravel(), counts[1:].ravel())[0, 1]
    assert abs(beside) < 5 / np.sqrt(counts.size) + 1 / n


@pytest.mark.parametrize("n", [1, 2, 3, 17])
def test_small_cohorts_are_multinomial_too(n: int) -> None:
    counts = draw_multiplicities(n, 3_200, seed=2)
    assert np.all(counts.sum(axis=0) == n)
    nobody = (1 - 1 / n) ** n
    assert np.mean(counts == 0) == pytest.approx(nobody, abs=0.02)


@pytest.mark.parametrize(
    ("time", "event", "reason"),
    [([], [], "no patients"), ([1, 2], [0, 0], "no events")],
)
def test_no_replicates_is_a_reason(time: list[int], event: list[int], reason: str) -> None:
    result = bootstrap(time, event, np.ones(len(time)), higher_is_worse=True, replicates=5)
    assert result.reason == reason
    assert result.harrell.shape == (5, 1)
    assert np.all(np.isnan(result.harrell))


def test_a_horizon_without_value_stays_empty() -> None:
    data = cohort(5)
    data["horizons"] = [365.25, 1e6]
    result = bootstrap(**data, replicates=32)
    assert result.horizon_reason == (None, "the horizon lies beyond the last event")
    assert np.all(np.isnan(result.auc[:, 1]))
    assert np.all(np.isfinite(result.auc[:, 0]))


def test_samples_without_events_are_nan() -> None:
    result = bootstrap([1, 2, 3], [1, 0, 0], [3, 1, 2], higher_is_worse=True, replicates=200)
    assert 0.2 < np.mean(np.isnan(result.harrell)) < 0.6


@pytest.mark.parametrize(
    ("argument", "wrong"),
    [
        ("replicates", {"replicates": 0}),
        ("seed", {"seed": -1}),
        ("scores", {"scores": [1.0, np.nan, 2.0]}),
        ("risks", {"risks": np.zeros((3, 1, 2)), "horizons": [1]}),
        ("horizons", {"horizons": [-1]}),
        ("multiplicities", {"multiplicities": np.ones((2, 2), int)}),
        ("multiplicities", {"multiplicities": np.ones((3, 2))}),
        ("multiplicities", {"multiplicities": np.zeros((3, 2), int)}),
    ],
)
def test_a_wrong_call_names_the_argument(argument: str, wrong: dict[str, Any]) -> None:
    call: dict[str, Any] = {
        "time": [1, 2, 3],
        "event": [1, 1, 0],
        "scores": [1, 2, 3],
        "higher_is_worse": True,
    }
    with pytest.raises(ValueError, match=argument):
        bootstrap(**{**call, **wrong})
