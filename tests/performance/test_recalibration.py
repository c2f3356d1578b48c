"""Sources of risks, risks fitted in the cohort, and recalibration."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemets.performance._km import FollowUp, kaplan_meier_at
from spinemets.performance.calibration import cloglog
from spinemets.performance.fitted_risks import SMALLEST_LEVEL, deal_folds, fitted_risk
from spinemets.performance.recalibration import METHODS, recalibrate
from spinemets.performance.risks import (
    published_rates,
    published_risk,
    supplied_risk,
)
from spinemets.scores.registry import load_definitions


@dataclass
class Fact:
    measure: str = "survival"
    value: float | None = 0.6
    horizon_months: float | None = 6
    horizon_days: float | None = None
    source: str = "Somebody 2014"
    confidence: str = "read"


@dataclass
class Group:
    id: str
    survival: tuple[Fact, ...]


GROUPS = [
    Group("low", (Fact(value=0.9), Fact(value=0.8, source="Other 2020"))),
    Group("middle", (Fact(value=0.4, confidence="memory"), Fact(measure="median_months", value=5))),
    Group("high", (Fact(measure="mortality", value=0.95), Fact(value=None))),
]


def simulate(n: int, seed: int, shift: float = 0.0, slope: float = 1.0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    score = random.integers(0, 8, n).astype(float)
    predictor = -2.0 + 0.4 * score
    death = random.exponential(np.exp(-(shift + slope * predictor)))
    censored = random.exponential(3.0, n)
    return {
        "time": np.ceil(100 * np.minimum(death, censored)),
        "event": death <= censored,
        "score": score,
        "risk": -np.expm1(-np.exp(predictor)),
    }


def test_published_rates_come_from_the_source_that_covers_most_bands() -> None:
    found = published_rates(GROUPS, horizon_months=6)
    assert found.source == "Somebody 2014"
    assert found.rates == pytest.approx({"low": 0.1, "middle": 0.6, "high": 0.95})
    assert found.doubtful == ("middle",)


@pytest.mark.parametrize("horizon", [{"horizon_months": 12}, {"horizon_days": 180}])
def test_only_the_exact_horizon_counts(horizon: dict[str, float]) -> None:
    found = published_risk(["low", "high"], GROUPS, **horizon)
    assert not found.available
    assert "no survival was published" in found.reason
    assert not found.known.any()


def test_published_risks_of_patients() -> None:
    found = published_risk(np.array(["low", None, "high"], object), GROUPS, horizon_months=6)
    assert found.probability[[0, 2]] == pytest.approx([0.1, 0.95])
    assert found.known.tolist() == [True, False, True]
    assert (found.source, found.detail) == ("published", "Somebody 2014")
    assert "verification" in found.caveat
    partly = published_risk(["low", "unheard"], GROUPS, horizon_months=6)
    assert "band unheard" in partly.reason
    for call in ({}, {"horizon_months": 6, "horizon_days": 180}):
        with pytest.raises(ValueError, match=r"^horizon_months"):
            published_rates(GROUPS, **call)


def test_a_real_definition_gives_published_risks() -> None:
    """Katagiri 2014 prints survival of 91, 49 and 6 % at one year."""
    bands = load_definitions(["katagiri_2014"])["katagiri_2014"].bands
    found = published_rates(bands, horizon_months=12)
    assert found.source == "Katagiri 2014"
    assert list(found.rates.values()) == pytest.approx([0.09, 0.51, 0.94])
    assert published_rates(bands, horizon_days=365).reason


def test_supplied_risks() -> None:
    assert supplied_risk([np.nan, np.nan]).reason == "all values are missing"
    for values in ([1.5], [-0.1], [np.inf]):
        with pytest.raises(ValueError, match=r"^p6"):
            supplied_risk(values, "p6")


def test_apparent_risk_is_kaplan_meier_within_the_value() -> None:
    data = simulate(400, 1)
    found = fitted_risk(data["time"], data["event"], data["score"], 80.0, folds=None)
    assert found.source == "apparent"
    follow_up = FollowUp.of(data["time"], data["event"])
    for value in np.unique(data["score"]):
        mask = data["score"] == value
        expected = 1 - kaplan_meier_at(follow_up, 80.0, mask).value
        assert found.probability[mask] == pytest.approx(expected)


@given(
    st.lists(
        st.tuples(st.integers(1, 9), st.booleans(), st.integers(0, 9)), min_size=2, max_size=80
    ),
    st.integers(1, 9),
    st.sampled_from(["kaplan_meier", "cox"]),
)
@settings(max_examples=80, deadline=None)
def test_fitted_risks_never_raise(
    rows: list[tuple[int, bool, int]], horizon: int, model: str
) -> None:
    time, event, score = (np.array(column) for column in zip(*rows, strict=True))
    for folds in (None, 3):
        found = fitted_risk(time, event, score, horizon, model=model, folds=folds)
        if found.available:
            assert np.all((found.probability >= 0) & (found.probability <= 1))
        else:
            assert not found.known.any()


@given(st.integers(0, 10_000), st.sampled_from(["kaplan_meier", "cox"]))
@settings(max_examples=15, deadline=None)
def test_cross_fitting_does_not_depend_on_the_order_of_rows(seed: int, model: str) -> None:
    data = simulate(120, 2)
    order = np.random.default_rng(seed).permutation(120)
    call = [data[name] for name in ("time", "event", "score")]
    one = fitted_risk(*call, 60.0, model=model).probability
    two = fitted_risk(*[column[order] for column in call], 60.0, model=model).probability
    # Patients alike in everything may change folds: compare what each kind of patient got.
    kind = np.lexsort((one, *call))
    other = np.lexsort((two, *[column[order] for column in call]))
    np.testing.assert_allclose(one[kind], two[other], rtol=1e-9)


def test_small_values_are_merged() -> None:
    time, event = np.arange(1.0, 41.0), np.ones(40)
    score = np.repeat([1, 2, 3, 4], [3, 25, 7, 5])
    found = fitted_risk(time, event, score, 20.0, folds=None).probability
    assert len(np.unique(found)) == 2
    assert SMALLEST_LEVEL == 10
    assert np.all((found > 0) & (found < 1))


def test_fitted_risks_that_cannot_be() -> None:
    short = fitted_risk([1, 2, 3], [1, 0, 0], [1, 2, 3], 9.0)
    assert "beyond the follow-up" in short.reason
    assert fitted_risk([], [], [], 1.0).reason == "no patients"
    late = np.repeat([1.0, 9.0], 20)
    joined = fitted_risk(late, late > 5, np.repeat([1, 2], 20), 5.0, folds=None)
    assert joined.available  # the value whose follow-up ends early joins its neighbour


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"score": [1, np.nan]}, "score"),
        ({"score": [1]}, "score"),
        ({"horizon": 0}, "horizon"),
        ({"model": "x"}, "model"),
        ({"folds": 1}, "folds"),
    ],
)
def test_a_wrong_call_names_the_argument(change: dict[str, Any], name: str) -> None:
    call = {"time": [1, 2], "event": [1, 0], "score": [1, 2], "horizon": 1.0, **change}
    with pytest.raises(ValueError, match=rf"^{name}"):
        fitted_risk(**call)


def test_folds_are_alike() -> None:
    data = simulate(503, 3)
    fold = deal_folds(FollowUp.of(data["time"], data["event"]), data["score"], 10, 1)
    sizes = np.bincount(fold, minlength=10)
    assert sizes.max() - sizes.min() <= 1
    events = np.bincount(fold[data["event"]], minlength=10)
    assert events.max() - events.min() <= 2


@pytest.mark.parametrize("method", METHODS)
def test_recalibration_repairs_a_shifted_baseline(method: str) -> None:
    data = simulate(3000, 4, shift=0.6)
    found = recalibrate(data["time"], data["event"], data["risk"], 100.0, method=method)
    assert not found.reason
    assert found.before["oe_ratio"].value > 1.3
    for picture in (found.after,):
        assert picture["oe_ratio"].value == pytest.approx(1, abs=0.04)
        assert picture["cloglog_intercept"].value == pytest.approx(0, abs=0.08)
        assert picture["ici"].value < 0.03
    truth = -np.expm1(-np.exp(cloglog(data["risk"]) + 0.6))
    assert np.max(np.abs(found.apparent - truth)) < 0.09
    table = found.table({float(found.levels[0]): "best"})
    assert table["level"].iloc[0] == "best"
    assert table["n"].sum() == 3000
    assert (
        (table["lower"] < table["updated_risk"]) & (table["updated_risk"] < table["upper"])
    ).all()


def test_recalibration_finds_the_slope() -> None:
    data = simulate(4000, 5, slope=0.5, shift=-0.2)
    found = recalibrate(data["time"], data["event"], data["risk"], 100.0, method="slope")
    assert found.slope == pytest.approx(0.5, abs=0.06)
    assert found.intercept == pytest.approx(-0.2, abs=0.1)
    risk = -np.expm1(-np.exp(found.intercept + found.slope * cloglog(data["risk"])))
    np.testing.assert_allclose(risk, found.apparent, rtol=1e-9)
    baseline = recalibrate(data["time"], data["event"], data["risk"], 100.0)
    assert baseline.slope == 1.0
    assert baseline.after["cloglog_slope"].value < 0.7 < found.after["cloglog_slope"].value


def test_a_new_baseline_gives_the_observed_risk_whatever_the_slope() -> None:
    data = simulate(400, 7, slope=0.4, shift=0.3)
    call = data["time"], data["event"], data["risk"]
    found = recalibrate(*call, 100.0)
    observed = 1 - kaplan_meier_at(FollowUp.of(*call[:2]), 100.0).value
    assert found.apparent.mean() == pytest.approx(observed, abs=1e-12)
    assert found.after["oe_ratio"].value == pytest.approx(1, abs=0.01)
    # Its limits are those of a jackknife of the shift.
    left = [np.delete(np.column_stack(call), i, axis=0).T for i in range(0, 400, 4)]
    shifts = np.array([recalibrate(*one, 100.0, folds=2).intercept for one in left])
    error = np.sqrt(400 * np.mean((shifts - found.intercept) ** 2))
    width = cloglog(found.upper) - cloglog(found.lower)
    np.testing.assert_allclose(width / (2 * 1.959964), error, rtol=0.15)


def test_the_after_picture_is_not_the_apparent_one() -> None:
    """With pure noise, updating every level looks good on its own patients only."""
    random = np.random.default_rng(6)
    time, event = np.ceil(random.exponential(100, 150)), random.random(150) < 0.8
    risk = random.choice(np.linspace(0.1, 0.9, 9), 150)
    found = recalibrate(time, event, risk, 80.0, method="levels")
    assert np.std(found.cross_fitted - found.apparent) > 0
    assert found.after["cloglog_slope"].value < 0.8


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("time", "event", "risk", "horizon"),
    [
        ([], [], [], 1.0),
        ([1, 2], [0, 0], [0.2, 0.3], 1.0),
        ([1, 2], [1, 0], [0.2, 0.3], 9.0),
        ([1, 2, 3], [1, 0, 1], [0.0, 1.0, 0.5], 1.5),
        ([1, 2, 3], [1, 0, 1], [0.5, 0.5, 0.5], 1.5),
    ],
)
def test_recalibration_that_cannot_be_is_a_reason(
    method: str, time: Any, event: Any, risk: Any, horizon: float
) -> None:
    found = recalibrate(time, event, risk, horizon, method=method, folds=2)
    table = found.table()
    assert len(table) == len(set(risk))
    if found.reason:
        assert found.after == {}
        assert np.isnan(found.cross_fitted).any() or not len(risk)
