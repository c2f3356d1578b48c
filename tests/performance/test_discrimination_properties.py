"""What must hold of concordance and AUC(t) whatever the data: oracle, invariances, bad input."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemets.performance.brier import brier_t
from spinemets.performance.discrimination import (
    auc_t,
    concordance,
    confidence_interval,
    harrell_c,
    uno_c,
)

Cohort = tuple[np.ndarray, np.ndarray, np.ndarray]


@st.composite
def cohorts(draw: st.DrawFn) -> Cohort:
    n = draw(st.integers(3, 40))
    days = draw(st.integers(1, 25))
    time = draw(st.lists(st.integers(0, days), min_size=n, max_size=n))
    event = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    score = draw(st.lists(st.integers(-3, 5), min_size=n, max_size=n))
    return np.array(time, float), np.array(event), np.array(score, float)


def pairs_one_by_one(
    time: np.ndarray,
    event: np.ndarray,
    score: np.ndarray,
    strata: np.ndarray,
    *,
    same_day: bool = True,
) -> tuple[float, float, float]:
    """Count concordant, discordant and tied pairs by looking at each of them."""
    good = bad = tied = 0.0
    for i in np.flatnonzero(event):
        for j in range(time.size):
            longer = time[j] > time[i] or (same_day and time[j] == time[i] and not event[j])
            if longer and strata[i] == strata[j]:
                good += score[i] > score[j]
                bad += score[i] < score[j]
                tied += score[i] == score[j]
    return good, bad, tied


@settings(max_examples=60, deadline=None)
@given(cohorts(), st.booleans(), st.integers(1, 4))
def test_counts_are_those_of_comparing_pairs(cohort: Cohort, same_day: bool, groups: int) -> None:
    strata = np.arange(cohort[0].size) % groups
    result = concordance(
        *cohort,
        higher_is_worse=True,
        strata=strata,
        censored_same_day="comparable" if same_day else "not_comparable",
    )
    expected = pairs_one_by_one(*cohort, strata, same_day=same_day)
    counted = (result.concordant[0], result.discordant[0], result.tied_score[0])
    assert counted == expected


@settings(max_examples=60, deadline=None)
@given(cohorts(), st.sampled_from([harrell_c, uno_c]), st.randoms())
def test_order_labels_and_direction(
    cohort: Cohort, estimator: Callable[..., Any], random: Any
) -> None:
    time, event, score = cohort
    result = estimator(time, event, score, higher_is_worse=True)
    order = np.array(random.sample(range(time.size), time.size))
    shuffled = estimator(time[order], event[order], score[order], higher_is_worse=True)
    relabelled = estimator(time, event, np.exp(score), higher_is_worse=True)
    flipped = estimator(time, event, score, higher_is_worse=False)
    negated = estimator(time, event, -score, higher_is_worse=False)
    if result.reason[0] is not None:
        assert all(
            np.isnan(other.estimate[0]) for other in (shuffled, relabelled, flipped, negated)
        )
        return
    for same in (shuffled, relabelled, negated):
        assert same.estimate[0] == pytest.approx(result.estimate[0], abs=1e-12)
        assert same.std_error[0] == pytest.approx(result.std_error[0], abs=1e-12)
    assert flipped.estimate[0] == pytest.approx(1 - result.estimate[0], abs=1e-12)
    assert flipped.std_error[0] == pytest.approx(result.std_error[0], abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(cohorts())
def test_duplicated_patients_with_half_the_weight(cohort: Cohort) -> None:
    time, event, score = (np.repeat(column, 2) for column in cohort)
    once = harrell_c(*cohort, higher_is_worse=True)
    twice = harrell_c(time, event, score, higher_is_worse=True, weights=np.full(time.size, 0.5))
    np.testing.assert_allclose(twice.estimate, once.estimate, atol=1e-12)
    areas = auc_t(*cohort, [4.0, 9.0], higher_is_worse=True)
    doubled = auc_t(
        time, event, score, [4.0, 9.0], higher_is_worse=True, weights=np.full(time.size, 0.5)
    )
    np.testing.assert_allclose(doubled.estimate, areas.estimate, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(cohorts(), st.floats(0, 26))
def test_auc_is_the_weighted_share_of_pairs(cohort: Cohort, horizon: float) -> None:
    time, event, score = cohort
    staying = {}
    product = 1.0
    for day in np.unique(time):
        staying[day] = product
        at_risk = np.sum(time > day) + np.sum((time == day) & ~event)
        if at_risk:
            product *= 1 - np.sum((time == day) & ~event) / at_risk
    won = possible = 0.0
    for i in np.flatnonzero(event & (time <= horizon)):
        for j in np.flatnonzero(time > horizon):
            worth = 1 / staying[time[i]]
            possible += worth
            won += worth * ((score[i] > score[j]) + 0.5 * (score[i] == score[j]))
    result = auc_t(*cohort, [horizon], higher_is_worse=True)
    flipped = auc_t(*cohort, [horizon], higher_is_worse=False)
    if result.reason[0][0] is None:
        assert result.estimate[0, 0] == pytest.approx(won / possible, abs=1e-12)
        assert flipped.estimate[0, 0] == pytest.approx(1 - won / possible, abs=1e-12)
        assert flipped.std_error[0, 0] == pytest.approx(result.std_error[0, 0], abs=1e-12)
    else:
        assert np.isnan(result.estimate[0, 0])


def staying_before(time: np.ndarray, event: np.ndarray) -> dict[float, float]:
    """G(t-): share still under observation just before each day, deaths of a day leaving first."""
    share, product = {}, 1.0
    for day in np.unique(time):
        share[float(day)] = product
        gone = float(np.sum((time == day) & ~event))
        at_risk = float(np.sum(time > day)) + gone
        product *= 1 - gone / at_risk if at_risk else 1.0
    return share


@settings(max_examples=60, deadline=None)
@given(cohorts(), st.integers(1, 26))
def test_uno_is_the_weighted_share_of_pairs(cohort: Cohort, tau: int) -> None:
    time, event, score = cohort
    share = staying_before(time, event)
    won = possible = 0.0
    for i in np.flatnonzero(event & (time <= tau)):
        worth = 1 / share[float(time[i])] ** 2
        later = (time > time[i]) | ((time == time[i]) & ~event)
        possible += worth * later.sum()
        won += worth * ((score[i] > score[later]).sum() + 0.5 * (score[i] == score[later]).sum())
    result = uno_c(*cohort, higher_is_worse=True, tau=float(tau))
    if result.reason[0] is None:
        assert result.estimate[0] == pytest.approx(won / possible, abs=1e-12)
    else:
        assert np.isnan(result.estimate[0])


@settings(max_examples=40, deadline=None)
@given(cohorts())
def test_duplication_leaves_weighted_measures_alone(cohort: Cohort) -> None:
    """Uno's C and the Brier score too; a tie of a patient with himself is no comparison."""
    twice = tuple(np.repeat(column, 2) for column in cohort)
    half = np.full(twice[0].size, 0.5)
    once = uno_c(*cohort, higher_is_worse=True)
    again = uno_c(*twice, higher_is_worse=True, weights=half)
    np.testing.assert_allclose(again.estimate, once.estimate, atol=1e-12)
    risk = (cohort[2] + 4) / 10
    loss = brier_t(*cohort[:2], risk, [4.0])
    doubled = brier_t(*twice[:2], np.repeat(risk, 2), [4.0], weights=half)
    np.testing.assert_allclose(doubled.estimate, loss.estimate, atol=1e-12)
    np.testing.assert_allclose(doubled.null, loss.null, atol=1e-12)


def test_a_tree_gives_what_the_table_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    n = 400
    cohort = rng.integers(0, 60, n).astype(float), rng.integers(0, 2, n), rng.integers(0, 9, n)
    options = {
        "higher_is_worse": True,
        "strata": rng.integers(0, 5, n),
        "weights": rng.random(n),
        "influence": True,
    }
    for rule in ("comparable", "not_comparable"):
        for ties in ("half", "exclude"):
            chosen = {**options, "censored_same_day": rule, "tied_scores": ties}
            with monkeypatch.context() as patch:
                patch.setattr("spinemets.performance._concordance._CELLS_PER_PATIENT", 100)
                table = uno_c(*cohort, **chosen)
            with monkeypatch.context() as patch:
                patch.setattr("spinemets.performance._concordance._TABLE_LEVELS", 0)
                tree = uno_c(*cohort, **chosen)
            np.testing.assert_allclose(tree.influence, table.influence, atol=1e-14)
            np.testing.assert_allclose(tree.concordant, table.concordant, rtol=1e-12)
            np.testing.assert_allclose(tree.tied_time, table.tied_time, rtol=1e-12)


def test_influence_is_the_derivative() -> None:
    """The jackknife value of a patient is the slope of C in his weight."""
    rng = np.random.default_rng(5)
    time, event = rng.integers(0, 20, 60).astype(float), rng.integers(0, 2, 60)
    score, weights = rng.integers(0, 6, 60), rng.random(60) + 0.5
    for ties in ("half", "exclude"):
        options = {"higher_is_worse": True, "tied_scores": ties}
        result = harrell_c(time, event, score, weights=weights, influence=True, **options)
        for i in (0, 7, 33):
            step = weights.copy()
            step[i] += 1e-6
            moved = harrell_c(time, event, score, weights=step, **options)
            slope = (moved.estimate[0] - result.estimate[0]) / 1e-6
            assert slope * weights[i] == pytest.approx(result.influence[i, 0], abs=1e-7)


def test_months_as_floats_are_ties() -> None:
    months = np.array([1, 2, 2, 3, 3, 5, 6, 6, 8, 9.0])
    event = np.array([1, 1, 0, 1, 0, 1, 1, 1, 0, 1])
    score = np.array([5, 3, 4, 4, 2, 3, 1, 2, 0, 1])
    whole = uno_c(months, event, score, higher_is_worse=True)
    jitter = months * 30.4375 * (1 + 1e-13 * np.arange(10))
    for time in (months * 30.4375, jitter):
        days = uno_c(time, event, score, higher_is_worse=True)
        assert days.estimate[0] == pytest.approx(whole.estimate[0], abs=1e-14)
        assert days.tied_time[0] == whole.tied_time[0]
        area = auc_t(time, event, score, [6 * 30.4375], higher_is_worse=True)
        assert area.cases[0] == 6


@pytest.mark.parametrize(
    ("time", "event", "score", "reason"),
    [
        ([], [], [], "no patients"),
        ([1, 2], [0, 0], [1, 2], "no events"),
        ([1, 2, 3], [1, 1, 0], [4, 4, 4], "the score has one level only"),
        ([1, 2, 3], [0, 0, 1], [1, 2, 3], "no comparable pairs"),
        ([5], [1], [1], "the score has one level only"),
    ],
)
def test_no_concordance_is_nan_with_a_reason(
    time: list[float], event: list[int], score: list[float], reason: str
) -> None:
    for estimator in (harrell_c, uno_c):
        result = estimator(time, event, score, higher_is_worse=True)
        assert result.reason == (reason,)
        assert np.isnan(result.estimate[0])
        assert np.isnan(result.std_error[0])
        assert np.all(np.isnan(result.interval()))


def test_one_score_without_value_leaves_the_others() -> None:
    time, event = [1, 2, 3, 4, 5], [1, 1, 0, 1, 0]
    table = np.array([[3, 1], [2, 1], [2, 1], [1, 1], [1, 1]])
    result = harrell_c(time, event, table, higher_is_worse=True)
    assert result.reason == (None, "the score has one level only")
    assert np.isfinite(result.covariance[0, 0])
    assert np.isnan(result.covariance[0, 1])
    area = auc_t(time, event, table, [3], higher_is_worse=True)
    assert area.reason == ((None, "the score has one level only"),)
    assert np.isfinite(area.std_error[0, 0])


def test_zero_weights_are_a_reason_not_a_crash() -> None:
    result = harrell_c([1, 2, 3], [1, 1, 0], [3, 2, 1], higher_is_worse=True, weights=[0, 0, 0])
    assert result.reason == ("all weights are zero",)
    area = auc_t([1, 2, 3], [1, 1, 0], [3, 2, 1], [2], higher_is_worse=True, weights=[0, 0, 1])
    assert area.reason == (("no cases or no controls at the horizon",),)


@pytest.mark.parametrize(
    ("horizon", "reason"),
    [
        (0.5, "no events by the horizon"),
        (9.0, "the horizon lies beyond the last event"),
        (100.0, "the horizon lies beyond the last event"),
        (3.0, None),
    ],
)
def test_auc_without_value_says_why(horizon: float, reason: str | None) -> None:
    result = auc_t(
        [1, 3, 5, 7, 10], [1, 1, 1, 0, 0], [5, 3, 4, 2, 1], [horizon], higher_is_worse=True
    )
    assert result.reason == ((reason,),)
    assert np.isnan(result.estimate[0, 0]) == (reason is not None)


def test_a_stratum_of_two_and_a_missing_level_are_fine() -> None:
    strata = ["a", "a", "b", "b", "b", "c"]
    result = harrell_c(
        [1, 2, 3, 4, 5, 6], [1, 0, 1, 1, 0, 1], [2, 1, 7, 5, 9, 1], higher_is_worse=True,
        strata=strata,
    )  # fmt: skip
    assert result.concordant[0] + result.discordant[0] == 1 + 3


WRONG = [
    ("time", {"time": [1, np.nan, 3]}),
    ("time", {"time": [1, np.inf, 3]}),
    ("time", {"time": [1, -2, 3]}),
    ("time", {"time": ["a", "b", "c"]}),
    ("time", {"time": [[1, 2, 3]]}),
    ("event", {"event": [1, 2, 0]}),
    ("event", {"event": [1, 0]}),
    ("event", {"event": [1, np.nan, 0]}),
    ("scores", {"scores": [1, np.nan, 2]}),
    ("scores", {"scores": [1, 2]}),
    ("scores", {"scores": np.zeros((3, 2, 2))}),
    ("higher_is_worse", {"higher_is_worse": [True, False]}),
    ("higher_is_worse", {"higher_is_worse": "yes"}),
    ("weights", {"weights": [1, -1, 1]}),
    ("weights", {"weights": [1, np.inf, 1]}),
    ("strata", {"strata": ["a", None, "b"]}),
    ("strata", {"strata": ["a", "b"]}),
    ("tau", {"tau": -1.0}),
    ("tied_scores", {"tied_scores": "ignore"}),
]


@pytest.mark.parametrize(("argument", "wrong"), WRONG)
def test_a_wrong_call_names_the_argument(argument: str, wrong: dict[str, Any]) -> None:
    call = {"time": [1, 2, 3], "event": [1, 1, 0], "scores": [1, 2, 3], "higher_is_worse": True}
    with pytest.raises(ValueError, match=argument):
        harrell_c(**{**call, **wrong})


def test_a_wrong_horizon_names_the_argument() -> None:
    for horizons in ([np.nan], [-1.0], []):
        with pytest.raises(ValueError, match="horizons"):
            auc_t([1, 2, 3], [1, 1, 0], [1, 2, 3], horizons, higher_is_worse=True)


def test_right_past_the_size_where_r_overflows() -> None:
    """50,000 patients: n * n no longer fits into 32 bits; replicated data must agree."""
    rng = np.random.default_rng(11)
    n = 500
    time = rng.integers(1, 300, n).astype(float)
    cohort = time, rng.integers(0, 2, n), rng.integers(0, 9, n)
    many = tuple(np.tile(column, 100) for column in cohort)
    small = auc_t(*cohort, [90.0, 200.0], higher_is_worse=True)
    large = auc_t(*many, [90.0, 200.0], higher_is_worse=True)
    np.testing.assert_allclose(large.estimate, small.estimate, rtol=1e-12)
    factor = np.sqrt((n - 1) / (100 * n - 1))
    np.testing.assert_allclose(large.std_error, small.std_error * factor, rtol=1e-9)


def test_intervals() -> None:
    lower, upper = confidence_interval([0.7, 0.0, 1.0, np.nan], [0.05, 0.1, 0.0, 0.1])
    assert 0.7 - lower[0] > upper[0] - 0.7 > 0
    assert np.all(np.isnan(lower[1:]))
    low, high = confidence_interval(-0.1, 0.05, scale="plain")
    assert (low, high) == (pytest.approx(-0.198, abs=1e-3), pytest.approx(-0.002, abs=1e-3))
    for wrong in ({"scale": "probit"}, {"level": 1.5}):
        name = next(iter(wrong))
        with pytest.raises(ValueError, match=name):
            confidence_interval(0.5, 0.1, **wrong)  # type: ignore[arg-type]
