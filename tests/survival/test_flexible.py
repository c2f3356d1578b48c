"""Royston-Parmar models and standardised survival."""

import numpy as np
import pytest

from spinemets.survival.cox_fit import fit_cox
from spinemets.survival.flexible import fit_flexible, spline_basis
from spinemets.survival.kaplan_meier import kaplan_meier
from spinemets.survival.standardise import (
    standardised_by_level,
    standardised_difference,
    standardised_survival,
)


def test_without_knots_it_is_weibull(r, synth, close):
    fit = fit_flexible(synth[["x1", "x2"]], synth.time, synth.event, knots=0)
    close(fit.loglik, r["weibull"]["loglik"])
    close(fit.beta, r["weibull"]["log_hazard_ratio"], 1e-7)
    close(fit.gamma[1], r["weibull"]["shape"], 1e-7)


@pytest.mark.parametrize("knots", [0, 1, 2, 3])
def test_the_gradient_vanishes_and_time_units_do_not_matter(knots, synth):
    days = fit_flexible(synth[["x1"]], synth.time, synth.event, synth.entry, knots=knots)
    months = fit_flexible(
        synth[["x1"]], synth.time / 30.4375, synth.event, synth.entry / 30.4375, knots=knots
    )
    assert days.converged
    assert months.beta[0] == pytest.approx(days.beta[0], abs=1e-8)
    assert months.std_error[-1] == pytest.approx(days.std_error[-1], rel=1e-7)


def test_spline_is_linear_beyond_its_knots():
    knots = np.array([1.0, 2.0, 3.0, 5.0])
    basis, slope = spline_basis(np.array([-1.0, 0.0, 0.5, 6.0, 7.0, 8.0]), knots)
    for part in (slice(0, 3), slice(3, 6)):
        np.testing.assert_allclose(slope[part], np.tile(slope[part][0], (3, 1)), atol=1e-12)
    inside = np.array([1.5, 2.5, 4.0])
    step = 1e-6
    upper, lower = (spline_basis(inside + s, knots)[0] for s in (step, -step))
    np.testing.assert_allclose(
        (upper - lower) / (2 * step), spline_basis(inside, knots)[1], rtol=1e-6
    )
    assert basis.shape == (6, 4)


def test_curves_follow_the_data(synth):
    fit = fit_flexible(None, synth.time, synth.event, knots=3)
    days = np.array([30.0, 90, 180, 365])
    smooth = standardised_survival(fit, np.zeros((1, 0)), days)
    km = kaplan_meier(synth.time, synth.event)
    steps = np.array([km.at(t).value for t in days])
    assert np.abs(smooth.survival - steps).max() < 0.02
    assert np.all((smooth.lower < smooth.survival) & (smooth.survival < smooth.upper))


def test_standardised_curves_share_their_patients(synth):
    x = np.column_stack([synth.x1, synth.grp == 2, synth.grp == 3]).astype(float)
    fit = fit_flexible(x, synth.time, synth.event, knots=2, names=["x1", "g2", "g3"])
    curves = standardised_by_level(fit, x, [180.0], {"g1": None, "g2": 1, "g3": 2})
    order = np.argsort([0.0, fit.beta[1], fit.beta[2]])
    survival = np.array([c.survival[0] for c in curves.values()])
    assert np.all(np.diff(survival[order]) < 0)
    one, other = x.copy(), x.copy()
    one[:, 1:], other[:, 1:] = 0.0, [1.0, 0.0]
    gap = standardised_difference(fit, one, other, [180.0])
    assert gap.survival[0] == pytest.approx(survival[0] - survival[1])
    assert gap.lower[0] < gap.survival[0] < gap.upper[0]


def test_hazard_ratios_are_close_to_cox(synth):
    x = synth[["x1", "x2", "x3"]]
    smooth = fit_flexible(x, synth.time, synth.event, synth.entry, knots=3)
    cox = fit_cox(x, synth.time, synth.event, synth.entry)
    np.testing.assert_allclose(smooth.beta, cox.coef, atol=0.02)
    varying = fit_flexible(x, synth.time, synth.event, knots=1, varying=[0])
    assert varying.names[-2:] == ("x1:gamma1", "x1:gamma2")
    assert varying.converged


def test_degenerate_data_give_reasons():
    assert fit_flexible(None, [1, 2], [0, 0]).note == "no events"
    assert "too few" in fit_flexible(None, [1, 2, 3], [1, 1, 1], knots=2).note
    assert "too few" in fit_flexible(None, [5] * 20, [1] * 20, knots=1).note
    twice = np.repeat(np.arange(20.0)[:, None], 2, axis=1)
    assert "combinations" in fit_flexible(twice, np.arange(1, 21), [1] * 20, knots=0).note
    zero = fit_flexible(None, [0, 1, 2, 3, 4, 5], [1, 1, 1, 1, 1, 0], knots=0)
    assert zero.converged
    assert "half the shortest" in zero.note
    failed = fit_flexible(None, [1, 2], [0, 0])
    with pytest.raises(ValueError, match="no prediction"):
        standardised_survival(failed, np.zeros((1, 0)), [1.0])
    with pytest.raises(ValueError, match="number of internal knots"):
        fit_flexible(None, [1, 2], [1, 1], knots=9)
