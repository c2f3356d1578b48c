"""The log-rank family against R, and what must hold for any data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemets.survival.cox_fit import fit_cox
from spinemets.survival.logrank import WEIGHTS, holm, logrank, pairwise_logrank


@pytest.mark.parametrize("rho", [0, 0.5, 1])
def test_stratified_test_agrees_with_survdiff(rho, r, synth, close):
    found = logrank(synth.time, synth.event, synth.grp, strata=synth.stratum, rho=rho)
    expected = r[f"logrank_{rho:g}"]
    close(found.chi2, expected["chi2"])
    close(found.observed, expected["observed"])
    close(found.expected, expected["expected"])
    close(found.variance, expected["variance"])


def test_equals_the_score_test_of_cox_without_ties():
    rng = np.random.default_rng(5)
    time, event = rng.permutation(80) + 1.0, rng.integers(0, 2, 80)
    entry = np.floor(time * rng.uniform(0, 0.9, 80))
    group = rng.integers(0, 3, 80)
    dummies = np.stack([group == 1, group == 2], axis=1).astype(float)
    fit = fit_cox(dummies, time, event, entry)
    assert logrank(time, event, group, entry).chi2 == pytest.approx(fit.score_test)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(1, 15), st.booleans(), st.integers(0, 2)), min_size=3))
def test_labels_and_units_do_not_matter(rows):
    time, event, group = (np.array(c) for c in zip(*rows, strict=True))
    one = logrank(time, event, group)
    other = logrank(time * 2.5, event, np.array(["z", "a", "m"])[group])
    assert one.chi2 == pytest.approx(other.chi2, rel=1e-9, abs=1e-9, nan_ok=True)
    assert one.observed.sum() == pytest.approx(one.expected.sum())


def test_trend_rises_with_the_hazard(synth):
    test = logrank(synth.time, synth.event, synth.grp)
    trend = test.trend()
    assert trend.z > 0
    assert trend.chi2 <= test.chi2 + 1e-9
    assert test.trend([3, 2, 1]).z == pytest.approx(-trend.z)
    with pytest.raises(ValueError, match="one score per group"):
        test.trend([1, 2])


@pytest.mark.parametrize("weighting", WEIGHTS)
def test_all_weightings_give_a_test(weighting, synth):
    assert logrank(synth.time, synth.event, synth.grp, weighting=weighting).chi2 > 0


def test_reasons_instead_of_tests():
    assert logrank([1, 2], [0, 0], ["a", "b"]).note == "no events"
    assert "fewer than two groups" in logrank([1, 2], [1, 1], ["a", "a"]).note
    apart = logrank([1, 2, 11, 12], [1, 1, 1, 1], list("aabb"), entry=[0, 0, 10, 10])
    assert np.isnan(apart.chi2)
    assert "never at risk together" in apart.note
    assert np.isnan(apart.trend().chi2)


def test_pairs_are_adjusted(synth):
    pairs = pairwise_logrank(synth.time, synth.event, synth.grp, strata=synth.stratum)
    assert [(a, b) for a, b, _, _ in pairs] == [(1, 2), (1, 3), (2, 3)]
    assert all(adjusted >= test.p for _, _, test, adjusted in pairs)
    assert holm([0.01, float("nan"), 0.5])[0] == 0.02
