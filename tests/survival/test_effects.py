"""Splines, nested models, centres, periods and heterogeneity over strata."""

import numpy as np
import pytest
from scipy import stats

from spinemets.survival.cox_fit import fit_cox
from spinemets.survival.effects import (
    fit_with_centres,
    nested_test,
    spline_columns,
    spline_effect,
)
from spinemets.survival.heterogeneity import heterogeneity, pool, strata_share
from spinemets.survival.periods import period_effects


def test_spline_of_a_straight_effect_is_straight(synth):
    found = spline_effect(synth.x1, synth.time, synth.event)
    assert found.bend_p > 0.01
    assert found.p < 1e-10
    middle = np.argmin(np.abs(found.value - found.reference))
    assert abs(found.log_hazard_ratio[middle]) < 0.05
    beyond = spline_columns([10.0, 11.0, 12.0], [0.0, 1.0, 2.0, 3.0])
    np.testing.assert_allclose(np.diff(beyond, n=2, axis=0), 0.0, atol=1e-9)


def test_spline_gives_reasons(synth):
    two = spline_effect(synth.x2, synth.time, synth.event)
    assert "too few distinct values" in two.note
    assert spline_effect(synth.x1, synth.time, synth.event * 0).note == "no events"


def test_what_a_score_adds(synth):
    y = (synth.time, synth.event)
    small, large = fit_cox(synth[["x1"]], *y), fit_cox(synth[["x1", "x2"]], *y)
    lrt, df, p = nested_test(small, large)
    assert df == 1
    assert lrt == pytest.approx(2 * (large.loglik - small.loglik))
    assert p == pytest.approx(stats.chi2.sf(lrt, 1))
    with pytest.raises(ValueError, match="same patients"):
        nested_test(fit_cox(synth.x1[:500], synth.time[:500], synth.event[:500]), large)


def test_centres_are_clusters_from_twenty_on(synth):
    y = (synth.time, synth.event)
    number = np.arange(len(synth))
    assert fit_with_centres(synth.x1, *y, number % 19).handling == "stratum"
    many = fit_with_centres(synth.x1, *y, number % 20)
    assert many.handling == "cluster"
    assert many.fit.n_clusters == 20
    assert fit_with_centres(synth.x1, *y, number * 0).reason == "one centre"


def test_period_effects_add_up(synth):
    effects, (lrt, df, _) = period_effects(
        synth[["x1", "x2"]], synth.time, synth.event, [90, 365], synth.entry
    )
    assert [(e.name, e.start) for e in effects[:3]] == [("x1", 0), ("x1", 90), ("x1", 365)]
    assert sum(e.n_events for e in effects if e.name == "x1") == synth.event.sum()
    assert df == 4
    assert lrt >= 0
    early, _ = period_effects(synth.x1, synth.time, synth.event, [0.5])
    assert early[0].note == "no events"


def test_heterogeneity_equals_the_interaction_model(synth):
    found = heterogeneity(synth.sA, synth.time, synth.event, synth.stratum)
    interaction = np.column_stack([synth.sA * (synth.stratum == s) for s in range(6)])
    fit = fit_cox(interaction, synth.time, synth.event, strata=synth.stratum)
    np.testing.assert_allclose([e.coef for e in found.strata], fit.coef, atol=1e-8)
    assert found.lrt == pytest.approx(2 * (fit.loglik - found.common.loglik), abs=1e-8)
    assert found.df == 5
    for e in found.strata:
        low, high = sorted((e.coef, found.mean))
        assert low - 1e-12 <= e.shrunken <= high + 1e-12


def test_strata_that_say_nothing_are_named(synth):
    event = synth.event.mask(synth.stratum == 1, 0)
    found = heterogeneity(synth.sA, synth.time, event, synth.stratum)
    assert found.df == 4
    assert found.strata[1].note == "no events"
    assert np.isfinite(found.strata[1].shrunken)
    one = heterogeneity(synth.sA, synth.time, synth.event, np.zeros(len(synth)))
    assert "fewer than two strata" in one.note


def test_pooling_of_equal_estimates_has_no_spread():
    tau2, mean, error, i2 = pool(np.array([0.2, 0.2, 0.2]), np.array([0.1, 0.2, 0.3]))
    assert (tau2, i2) == (0.0, 0.0)
    assert mean == pytest.approx(0.2)
    assert error == pytest.approx((1 / 0.1 + 1 / 0.2 + 1 / 0.3) ** -0.5)
    # Equal variances: REML is the sample variance less the variance of an estimate.
    tau2 = pool(np.array([0.0, 1.0, 2.0]), np.full(3, 0.25))[0]
    assert tau2 == pytest.approx(0.75, abs=1e-6)


def test_share_of_variance_between_strata():
    assert strata_share([1, 2, 1, 2], list("aabb")) == 0.0
    assert np.isnan(strata_share([1, 1], ["a", "b"]))
