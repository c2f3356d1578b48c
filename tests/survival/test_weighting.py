"""Propensity weights, balance, weighted survival and E-values."""

import numpy as np
import pandas as pd
import pytest

from spinemets.survival.e_value import e_value
from spinemets.survival.multinomial import Refits
from spinemets.survival.propensity import (
    SCHEMES,
    Covariates,
    balance,
    effective_size,
    encode,
    positivity_warnings,
    propensity,
)
from spinemets.survival.weighting import _interval, _ratio, _refitted, compare_weighted


@pytest.fixture(scope="module")
def trial() -> dict:
    """Treatment chosen by two covariates that also drive survival; no effect of treatment."""
    rng = np.random.default_rng(11)
    n = 600
    age, albumin = rng.normal(65, 10, n), rng.normal(38, 5, n)
    risk = 0.05 * (age - 65) - 0.08 * (albumin - 38)
    treatment = np.where(rng.random(n) < 1 / (1 + np.exp(1.5 * risk)), "surgery", "radiotherapy")
    death, end = rng.exponential(300 * np.exp(-risk)), rng.uniform(200, 1500, n)
    table = pd.DataFrame({"age": age, "albumin": albumin})
    table.loc[:20, "albumin"] = np.nan
    return {
        "covariates": encode(table),
        "treatment": treatment,
        "time": np.ceil(np.minimum(death, end)),
        "event": death <= end,
    }


@pytest.mark.parametrize("scheme", SCHEMES)
def test_weights_balance_the_covariates(trial, scheme):
    found = propensity(trial["covariates"].x, trial["treatment"])
    weights = found.weights(scheme)
    assert weights.mean() == pytest.approx(1.0)
    table = balance(trial["covariates"], found.treatment, weights)
    assert max(b.before for b in table) > 0.4
    assert max(b.after for b in table) < 0.1
    if scheme == "overlap":  # balances means exactly
        assert max(b.after for b in table) < 1e-4


def test_weighting_removes_the_confounding(trial):
    found = compare_weighted(**trial, tau=365.0, days=[91.3125], replicates=60)
    gap = found.differences["radiotherapy", "surgery"]
    assert gap.lower < 0 < gap.upper
    assert abs(gap.value) < 25
    assert found.replicates == 60
    again = compare_weighted(**trial, tau=365.0, days=[91.3125], replicates=60)
    assert again.differences == found.differences
    for group in found.groups:
        assert 0 < group.survival[0].lower < group.survival[0].value < group.survival[0].upper < 1
        assert group.effective_n < group.n


def test_three_treatments(trial):
    three = np.where(np.arange(600) % 3 == 0, "both", trial["treatment"])
    found = compare_weighted(**(trial | {"treatment": three}), tau=100.0, replicates=20)
    assert len(found.differences) == 3
    assert max(b.after for b in found.balance) < 0.1


def test_separation_and_single_treatments_are_named(trial):
    age = trial["covariates"].x[:, 0]
    found = compare_weighted(**(trial | {"treatment": age > 65}), tau=365.0, replicates=5)
    assert found.note == "the covariates separate the treatments"
    one = compare_weighted(**(trial | {"treatment": ["a"] * 600}), tau=365.0, replicates=5)
    assert one.note == "fewer than two treatments"


def test_exploding_weights_are_warned_about():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(400, 1))
    treated = rng.random(400) < 1 / (1 + np.exp(-4 * x[:, 0]))
    found = propensity(x, treated)
    text = " ".join(positivity_warnings(found, found.weights("inverse")))
    assert "less than a 5 % chance" in text
    assert "weigh as much as" in text
    assert effective_size([]) == 0.0


def test_horizon_beyond_follow_up_has_a_reason(trial):
    found = compare_weighted(**trial, tau=1e5, replicates=5)
    gap = found.differences["radiotherapy", "surgery"]
    assert np.isnan(gap.value)
    assert gap.note == "follow-up ends before this time"


def test_e_values_of_the_paper():
    # VanderWeele and Ding 2017: a risk ratio of 3.9 (1.8 to 8.7) gives 7.26 and 3.0.
    found = e_value(3.9, 1.8, 8.7, common_outcome=False)
    assert found.point == pytest.approx(7.26, abs=0.01)
    assert found.limit == pytest.approx(3.0, abs=0.01)
    # Whichever group is first.
    other = e_value(1 / 3.9, 1 / 8.7, 1 / 1.8, common_outcome=False)
    assert (other.point, other.limit) == pytest.approx((found.point, found.limit))
    assert e_value(0.8, 0.6, 1.1).limit == 1.0
    assert e_value(0.5, 0.4, 0.6).point == pytest.approx(e_value(2.0, 1 / 0.6, 2.5).point)
    with pytest.raises(ValueError, match="positive"):
        e_value(-1, 1, 2)


@pytest.mark.parametrize("levels", [2, 3])
def test_refits_are_those_of_scikit_learn(levels: int) -> None:
    rng = np.random.default_rng(8)
    x = np.column_stack([rng.normal(size=400), rng.random(400) < 0.3, rng.integers(0, 4, 400)])
    treatment = (x[:, 0] + rng.logistic(size=400) > 0.3).astype(int)
    treatment += (levels == 3) & (rng.random(400) < 0.3)
    refits = Refits(x, treatment, levels)
    for _ in range(5):
        rows = rng.integers(0, 400, 400)
        expected = propensity(x[rows], treatment[rows]).probability
        np.testing.assert_allclose(refits.probability(rows), expected, atol=1e-6)


def test_refits_to_a_group_that_all_had_one_treatment_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(9)
    rare = rng.random(300) < 0.04
    x = np.column_stack([rng.normal(size=300), rare])
    treatment = np.where(rare, 1, (x[:, 0] + rng.logistic(size=300) > 0).astype(int))
    refits = Refits(x, treatment, 2)
    for _ in range(5):
        rows = rng.integers(0, 300, 300)
        expected = propensity(x[rows], treatment[rows]).probability
        np.testing.assert_allclose(refits.probability(rows), expected, atol=1e-6)


def test_refits_to_patients_whom_the_covariates_separate_have_no_weights() -> None:
    x = np.array([[0.0], [1], [2], [3], [4], [5]])
    covariates = Covariates(x, ("x",))
    found = propensity(x, [0, 0, 1, 0, 1, 1])
    again = _refitted(Refits(x, found.treatment, 2), covariates, found, np.array([0, 1, 1, 4, 5]))
    assert "separate" in again.note


@pytest.mark.parametrize("value", [0.0, 1.0, 365.25])
def test_resamples_that_agree_but_for_rounding_give_no_interval(value: float) -> None:
    draws = value + np.linspace(-1e-13, 1e-13, 50)
    found = _interval(value, draws)
    assert found.value == value
    assert np.isnan([found.lower, found.upper, found.std_error]).all()
    assert found.note == "every bootstrap resample gives the same: no interval"
    assert not _interval(value, value + np.linspace(-0.1, 0.1, 50)).note


def test_ratio_of_risks_where_resamples_have_no_deaths() -> None:
    """A resample without deaths lies at an end of the ratio; many of them leave no interval."""
    first, second = np.linspace(0.2, 0.4, 401), np.linspace(0.6, 0.5, 401)
    plain = _ratio(0.6, first, second)
    few = second.copy()
    few[-3:] = 0.0
    found = _ratio(0.6, first, few)
    assert found.lower == plain.lower
    assert plain.upper * 0.98 < found.upper <= (first / second).max()
    many = second.copy()
    many[-20:] = 0.0
    for ratio in (_ratio(0.6, first, many), _ratio(0.6, many, first)):
        assert np.isnan(ratio.lower)
        assert np.isnan(ratio.upper)
        assert ratio.note == "resamples without deaths in a group: no interval"
