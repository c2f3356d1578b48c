"""What must hold of net benefit, risk distributions and legacy columns; bad input."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemets.performance.decisions import decision_at, decisions
from spinemets.performance.reclassification import (
    discrimination_slope,
    integrated_discrimination,
    net_reclassification,
)
from spinemets.performance.risk_distribution import (
    band_share,
    interval_agreement,
    risk_distribution,
)
from spinemets.performance.risks import Risk, supplied_risk
from spinemets.performance.utility import (
    DEFAULT_THRESHOLDS,
    TREAT_ALL,
    TREAT_NONE,
    decision_curve,
)
from spinemets.performance.utility_rows import curve_of_risks, utility_rows

Cohort = tuple[np.ndarray, np.ndarray, np.ndarray]


@st.composite
def cohorts(draw: st.DrawFn) -> Cohort:
    n = draw(st.integers(2, 40))
    time = draw(st.lists(st.integers(0, 20), min_size=n, max_size=n))
    event = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    risk = draw(st.lists(st.sampled_from([0.1, 0.3, 0.5, 0.8]), min_size=n, max_size=n))
    return np.array(time, float), np.array(event), np.array(risk)


@given(cohorts(), st.integers(1, 15), st.randoms())
@settings(max_examples=60, deadline=None)
def test_order_of_rows_and_order_of_names_do_not_matter(
    cohort: Cohort, horizon: int, random: Any
) -> None:
    time, event, risk = cohort
    rows = list(range(time.size))
    random.shuffle(rows)
    one = decision_curve(time, event, {"a": risk, "b": 1 - risk}, horizon)
    two = decision_curve(time[rows], event[rows], {"b": 1 - risk[rows], "a": risk[rows]}, horizon)
    swap = [1, 0, 2, 3]
    np.testing.assert_allclose(one.net_benefit, two.net_benefit[:, swap], atol=1e-12)
    order = np.ix_(range(one.thresholds.size), swap, swap)
    np.testing.assert_allclose(one.covariance, two.covariance[order], atol=1e-12)


@given(cohorts(), st.integers(1, 15))
@settings(max_examples=60, deadline=None)
def test_a_prediction_for_everybody_is_treat_all(cohort: Cohort, horizon: int) -> None:
    time, event, _ = cohort
    curve = decision_curve(time, event, {"one": np.ones(time.size)}, horizon)
    np.testing.assert_array_equal(curve.net_benefit[:, 0], curve.net_benefit[:, 1])
    for cut in DEFAULT_THRESHOLDS:
        gap = curve.difference("one", TREAT_ALL, cut)
        if gap.defined:
            assert (gap.value, gap.std_error) == (0.0, 0.0)


@given(cohorts(), st.integers(1, 15))
@settings(max_examples=60, deadline=None)
def test_without_censoring_it_is_the_count_of_true_and_false_positives(
    cohort: Cohort, horizon: int
) -> None:
    time, _, risk = cohort
    event = np.ones(time.size, dtype=bool)
    curve = decision_curve(time, event, {"m": risk}, horizon)
    dead = time <= horizon
    if not dead.any():
        assert np.isnan(curve.net_benefit).all()
        return
    for k, cut in enumerate(curve.thresholds):
        positive = risk >= cut - 1e-9
        odds = cut / (1 - cut)
        expected = ((positive & dead).sum() - odds * (positive & ~dead).sum()) / time.size
        assert curve.net_benefit[k, 0] == pytest.approx(expected, abs=1e-12)


def test_a_risk_written_with_rounding_error_reaches_its_threshold() -> None:
    curve = decision_curve([1, 2], [1, 0], {"m": [0.1 + 0.2, 0.1]}, 1.5, thresholds=[0.3])
    exact = decision_curve([1, 2], [1, 0], {"m": [0.3, 0.1]}, 1.5, thresholds=[0.1 + 0.2])
    assert curve.positive[0, 0] == exact.positive[0, 0] == 0.5


def test_nobody_above_a_threshold_is_zero_with_a_caveat() -> None:
    found = decision_curve([1, 2, 3], [1, 0, 1], {"m": [0.1, 0.1, 0.1]}, 1.5).estimate("m", 0.5)
    assert (found.value, found.std_error) == (0.0, 0.0)
    assert found.reason == "no patient reaches the threshold"


@pytest.mark.parametrize(
    ("time", "event", "horizon", "reason"),
    [
        ([], [], 1, "no patients"),
        ([3, 4], [1, 1], 1, "no events by the horizon"),
        ([1, 2], [0, 0], 1, "no events by the horizon"),
        ([1, 2], [1, 0], 9, "the horizon lies beyond the follow-up"),
    ],
)
def test_undefined_is_a_reason(time: Any, event: Any, horizon: float, reason: str) -> None:
    risk = np.full(len(time), 0.5)
    curve = decision_curve(time, event, {"m": risk}, horizon, thresholds=[0.3])
    for name in ("m", TREAT_ALL, TREAT_NONE):
        found = curve.estimate(name, 0.3)
        assert not found.defined
        assert found.reason == reason
    assert not curve.difference("m", TREAT_ALL, 0.3).defined
    moved = net_reclassification(time, event, risk, risk, horizon)
    assert not moved.total.defined
    assert not discrimination_slope(time, event, risk, horizon)[2].defined
    assert not integrated_discrimination(time, event, risk, risk, horizon)[2].defined
    assert len(curve.frame()) == 3
    risk_distribution(time, event, risk, horizon)


def test_one_patient() -> None:
    curve = decision_curve([1], [1], {"m": [0.9]}, 2, thresholds=[0.5])
    assert curve.estimate("m", 0.5).value == 1.0


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"time": [1, -2]}, "time"),
        ({"time": [1, np.inf]}, "time"),
        ({"event": [1, 3]}, "event"),
        ({"risks": {"m": [0.1, 1.2]}}, "risks\\['m'\\]"),
        ({"risks": {"m": [0.1, np.nan]}}, "risks\\['m'\\]"),
        ({"risks": {"m": [0.1]}}, "risks\\['m'\\]"),
        ({"risks": {TREAT_ALL: [0.1, 0.2]}}, "risks"),
        ({"horizon": 0}, "horizon"),
        ({"horizon": np.nan}, "horizon"),
        ({"thresholds": []}, "thresholds"),
        ({"thresholds": [0.0]}, "thresholds"),
        ({"thresholds": [1.0]}, "thresholds"),
        ({"estimator": "guess"}, "estimator"),
        ({"beyond": "guess"}, "beyond"),
    ],
)
def test_a_wrong_call_names_the_argument(change: dict[str, Any], name: str) -> None:
    call = {"time": [1, 2], "event": [1, 0], "risks": {"m": [0.1, 0.2]}, "horizon": 1.5, **change}
    with pytest.raises(ValueError, match=f"^{name}"):
        decision_curve(**call)


def test_questions_to_a_curve_name_what_is_wrong() -> None:
    curve = decision_curve([1, 2], [1, 0], {"m": [0.1, 0.2]}, 1.5, thresholds=[0.3])
    with pytest.raises(ValueError, match=r"^threshold"):
        curve.estimate("m", 0.4)
    with pytest.raises(ValueError, match=r"^name"):
        curve.estimate("x", 0.3)


def test_categories_of_reclassification() -> None:
    time, event = [1, 2, 3, 4], [1, 1, 0, 0]
    found = net_reclassification(
        time, event, [0.1, 0.4, 0.4, 0.4], [0.2, 0.6, 0.3, 0.1], 2.5, cuts=[0.25, 0.5]
    )
    assert (found.up, found.down) == (0.25, 0.25)
    assert found.events.value == pytest.approx(0.5)
    assert found.nonevents.value == pytest.approx(0.5)


def test_risk_distribution_counts_everybody_once() -> None:
    random = np.random.default_rng(0)
    time, event = random.exponential(1, 200), random.random(200) < 0.6
    for risk in (random.random(200), random.integers(0, 4, 200) / 4):
        table = risk_distribution(time, event, risk, 0.7)
        assert table["n"].sum() == 200
        assert table["weighted"].sum() == pytest.approx(200)
        assert (table.loc[table["outcome"] == "censored", "weighted"] == 0).all()
    with pytest.raises(ValueError, match=r"^bins"):
        risk_distribution(time, event, risk, 0.7, bins=0)


def test_legacy_columns() -> None:
    time, event = [1, 2, 3, 9, 12, 15], [1, 1, 1, 1, 0, 0]
    band = ["D", "D", "D", "A", "A", "A"]
    worst = band_share(time, event, band, "D", 2.5, dead=True)
    assert worst.value == pytest.approx(2 / 3)
    assert "legacy" in worst.reason
    assert worst.lower < worst.value < worst.upper
    best = band_share(time, event, band, "A", 10, dead=False)
    assert best.value == pytest.approx(2 / 3)
    assert not band_share(time, event, band, "B", 10, dead=False).defined
    expected = {"D": (0.0, 3.0), "A": (6.0, np.inf)}
    found = interval_agreement(time, event, band, expected)
    # An event on the day of the limit lies in the next interval: 2 of 3, and 3 of 3.
    assert found.value == pytest.approx(5 / 6)
    assert not interval_agreement(time, event, band, {"D": (0.0, 24.0), "A": (0.0, 24.0)}).defined
    assert not interval_agreement(time, event, band, {"X": (0.0, 3.0)}).defined
    with pytest.raises(ValueError, match=r"^expected"):
        interval_agreement(time, event, band, {"D": (3.0, 1.0)})
    with pytest.raises(ValueError, match=r"^band"):
        interval_agreement(time, event, band[:2], expected)
    with pytest.raises(ValueError, match=r"^band"):
        band_share(time, event, band[:2], "D", 2, dead=True)


def test_each_preset_names_its_decision() -> None:
    for one in decisions().values():
        assert one.decision
        assert one.true_positive
        assert one.thresholds[0] == 0.2
        assert one.thresholds[-1] == 0.8
        assert decision_at(one.horizon_months) is one
    assert decision_at(7) is None


def test_rows() -> None:
    random = np.random.default_rng(1)
    time, event = random.exponential(1, 150), random.random(150) < 0.7
    risks = {
        "good": supplied_risk(np.clip(1 - time / 4, 0.05, 0.95)),
        "partly": supplied_risk(np.where(random.random(150) < 0.1, np.nan, 0.5)),
        "none": Risk(np.full(150, np.nan), "published", reason="nothing published"),
    }
    decision = decisions()["early_death"]
    rows = list(
        utility_rows(
            time, event, risks, 0.8, thresholds=decision.thresholds, decision=decision.id,
            caveat="unsure", horizon_label="3mo", cohort="c",
        )
    )  # fmt: skip
    keys = [(row.score, row.other, row.threshold, row.measure) for row in rows]
    assert len(keys) == len(set(keys))
    assert {row.horizon for row in rows} == {"3mo"}
    lost = [row for row in rows if row.score == "none"]
    assert [row.note for row in lost] == ["nothing published"]
    found = dict(zip(keys, rows, strict=True))
    gap = found["good", "partly", "0.50", "net_benefit_difference"]
    ends = [found[name, "", "0.50", "net_benefit"].estimate for name in ("good", "partly")]
    assert gap.estimate == pytest.approx(ends[0] - ends[1])
    assert found["treat_none", "", "0.30", "net_benefit"].estimate == 0
    assert all(row.decision == decision.id for row in rows)
    assert "unsure" in gap.note
    assert gap.source == "supplied"
    curve, left_out = curve_of_risks(time, event, risks, 0.8)
    assert curve.n == int(np.isfinite(risks["partly"].probability).sum())
    assert left_out == {"none": "nothing published"}
    with pytest.raises(ValueError, match=r"^risks"):
        curve_of_risks(time, event, {"short": supplied_risk([0.5])}, 0.8)
