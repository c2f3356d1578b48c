"""Cox regression, residuals, predictions and the proportional-hazards test against R."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines.datasets import load_lung, load_stanford_heart_transplants

from spinemets.survival.cox_fit import ENGINES, NO_EVENTS, NO_VARIATION, fit_cox
from spinemets.survival.cox_predict import baseline_hazard, predict_survival
from spinemets.survival.firth import profile_limits
from spinemets.survival.newton import SEPARATED
from spinemets.survival.periods import split_follow_up
from spinemets.survival.proportional_hazards import TRANSFORMS, proportional_hazards
from spinemets.survival.residuals import deviance, dfbeta, martingale, schoenfeld, score_residuals
from spinemets.survival.sample import make_sample

X = ["x1", "x2", "x3"]


def fitted(name: str, d: pd.DataFrame, engine: str = "newton"):
    """The model of one entry of reference.R, and the columns of its terms."""
    y, late = (d.time, d.event), (d.time, d.event, d.entry)
    factor = pd.get_dummies(d.grp, drop_first=True, dtype=float)
    options = {"engine": engine}
    models = {
        "cox": lambda: fit_cox(d[X], *y, **options),
        "cox_strata": lambda: fit_cox(d[X], *y, strata=d.stratum, **options),
        "cox_entry": lambda: fit_cox(d[X], *late, **options),
        "cox_factor": lambda: fit_cox(d[["x1"]].join(factor), *late, d.stratum, **options),
        "cox_weights": lambda: fit_cox(d[X], *y, weights=d.w, **options),
        "cox_cluster": lambda: fit_cox(
            d[["x1", "x2"]], *late, d.stratum, d.w, cluster=d.grp, **options
        ),
        "cox_breslow": lambda: fit_cox(d[X], *y, ties="breslow", **options),
    }
    if name == "cox_lung":
        lung = load_lung().dropna(subset=["ph.ecog"])
        return fit_cox(lung[["age", "sex", "ph.ecog"]], lung["time"], lung["status"], **options)
    if name == "cox_heart":
        h = load_stanford_heart_transplants()
        columns = h[["age", "surgery", "transplant"]]
        return fit_cox(columns, h["stop"], h["event"], h["start"], cluster=h["id"], **options)
    return models[name]()


MODELS = [
    "cox", "cox_strata", "cox_entry", "cox_factor", "cox_weights", "cox_cluster", "cox_breslow",
    "cox_lung", "cox_heart",
]  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", MODELS)
def test_fit_agrees_with_coxph(name, engine, r, synth, close):
    fit, expected = fitted(name, synth, engine), r[name]
    assert fit.note == ""
    close(fit.coef, expected["coef"])
    close(fit.variance, expected["variance"])
    close([fit.loglik_null, fit.loglik], expected["loglik"])
    close(fit.score_test, expected["score"])
    close(fit.wald, expected["wald"])


@pytest.mark.parametrize("name", MODELS)
def test_proportional_hazards_agree_with_cox_zph(name, r, synth, close):
    fit = fitted(name, synth)
    terms = {"x1": [0], "grp": [1, 2]} if name == "cox_factor" else None
    for transform in TRANSFORMS:
        found = proportional_hazards(fit, transform, terms)
        close([t.chi2 for t in found], r[name]["zph"][transform])
        assert found[-1].term == "GLOBAL"


@pytest.mark.parametrize("name", MODELS)
def test_residuals_agree_with_r(name, r, synth, close):
    fit = fitted(name, synth)
    close(martingale(fit)[:10], r[name]["martingale"])
    close(deviance(fit)[:10], r[name]["deviance"])
    close(dfbeta(fit)[:10], r[name]["dfbeta"])


@pytest.mark.parametrize("name", ["cox", "cox_strata", "cox_entry", "cox_weights", "cox_breslow"])
def test_predicted_survival_agrees_with_survfit(name, r, synth, at, close):
    strata = [0, 3] if name == "cox_strata" else None
    found = predict_survival(fitted(name, synth), [[0, 1, 0.5], [1, 0, -1]], at.days, strata)
    turn = np.transpose if strata else np.asarray
    for column in ("survival", "std_error", "lower", "upper"):
        close(turn(getattr(found, column)), r[name]["curve"][column])


def test_residuals_sum_to_the_gradient(synth):
    fit = fitted("cox_weights", synth)
    assert np.abs(fit.sample.weight @ martingale(fit)) < 1e-8
    assert np.abs(fit.sample.weight @ score_residuals(fit)).max() < 1e-7
    time, residual = schoenfeld(fitted("cox", synth))
    assert np.all(np.diff(time) >= 0)
    assert np.abs(residual.sum(axis=0)).max() < 1e-7


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000))
def test_splitting_follow_up_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    x, time, event = rng.normal(size=60), rng.integers(1, 20, 60), rng.integers(0, 2, 60)
    whole = fit_cox(x, time, event)
    row, part, _ = split_follow_up(make_sample(time, event), [5.0, 11.5])
    split = fit_cox(x[row], part.time, part.event, part.entry)
    np.testing.assert_allclose(split.coef, whole.coef, atol=1e-9)
    np.testing.assert_allclose(split.loglik, whole.loglik, rtol=1e-12)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
def test_origin_and_scale_of_a_covariate_do_not_matter(seed, shift, scale):
    rng = np.random.default_rng(seed)
    x, time, event = rng.normal(size=50), rng.integers(1, 20, 50), rng.integers(0, 2, 50)
    one, other = fit_cox(x, time, event), fit_cox(shift + scale * x, time, event)
    np.testing.assert_allclose(other.coef * scale, one.coef, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(other.lrt, one.lrt, rtol=1e-6, atol=1e-8)


def test_baseline_is_that_of_covariates_0(synth):
    fit = fitted("cox_strata", synth)
    curves = baseline_hazard(fit)
    zero = predict_survival(fit, [[0, 0, 0]] * len(curves), [180], [c.stratum for c in curves])
    assert np.exp(-np.array([c.at(180) for c in curves])).ravel() == pytest.approx(
        zero.survival.ravel()
    )
    assert np.isnan(curves[0].at(1e6))


def test_covariates_that_say_nothing_are_left_out(synth):
    x = np.column_stack([synth.x1, synth.x1 * 2 + 1, np.ones(len(synth)), synth.x2])
    fit = fit_cox(x, synth.time, synth.event)
    assert fit.aliased.tolist() == [False, True, True, False]
    plain = fit_cox(synth[["x1", "x2"]], synth.time, synth.event)
    np.testing.assert_allclose(fit.coef[[0, 3]], plain.coef, atol=1e-9)
    # A covariate that is constant within strata has no place in a stratified model.
    both = fit_cox(synth[["stratum", "x1"]], synth.time, synth.event, strata=synth.stratum)
    assert both.aliased.tolist() == [True, False]
    assert len(proportional_hazards(both)) == 2


@pytest.mark.parametrize("engine", ENGINES)
def test_separation_is_named_and_firth_is_finite(engine):
    x, time = [0, 0, 0, 0, 1, 1, 1, 1], [5, 6, 7, 8, 1, 2, 3, 4]
    event = [0, 0, 0, 0, 1, 1, 1, 0]
    fit = fit_cox(x, time, event, engine=engine)
    assert fit.note == SEPARATED
    assert np.isnan(fit.coef).all()
    assert proportional_hazards(fit)[0].note == SEPARATED
    finite = fit_cox(x, time, event, firth=True)
    assert finite.note == ""
    lower, upper, p = profile_limits(finite, 0)
    assert lower < finite.coef[0] < upper
    assert 0 < p < 1


def test_profile_limits_of_a_plain_fit_are_close_to_wald(synth):
    fit = fitted("cox", synth)
    lower, upper, p = profile_limits(fit, 0)
    wald = [float(v[0]) for v in fit.interval]
    assert [lower, upper] == pytest.approx(wald, abs=0.005)
    assert p < 1e-10


def test_degenerate_data_give_reasons():
    assert fit_cox([1, 2], [1, 2], [0, 0]).note == NO_EVENTS
    assert fit_cox([1, 1, 1], [1, 2, 3], [1, 1, 0]).note == NO_VARIATION
    assert fit_cox([1.0], [1], [1]).note == NO_VARIATION
    assert fit_cox(np.zeros((0, 1)), [], []).note == NO_EVENTS
    assert baseline_hazard(fit_cox([1, 2], [1, 2], [0, 0])) == []
    alone = fit_cox([1, 2], [1, 2], [1, 1], strata=["a", "b"])
    assert alone.note == NO_VARIATION
    with pytest.raises(ValueError, match="without covariate"):
        fit_cox([1, None, 2], [1, 2, 3], [1, 1, 0])
    with pytest.raises(ValueError, match="unknown engine"):
        fit_cox([1, 2], [1, 2], [1, 1], engine="magic")


def test_strata_without_events_are_counted(synth):
    stratum = np.where(synth.event == 0, np.where(synth.x1 > 0, "quiet", "a"), "a")
    fit = fit_cox(synth.x1, synth.time, synth.event, strata=stratum)
    assert (fit.n_strata, fit.strata_without_events) == (2, 1)


def test_an_event_at_time_0_has_no_log():
    fit = fit_cox([1, 2, 3, 1], [0, 1, 2, 3], [1, 1, 0, 1])
    assert proportional_hazards(fit, "log")[0].note == "an event at time 0 has no logarithm"
    assert proportional_hazards(fit, "km")[0].note == ""


def test_lifelines_warnings_do_not_leak(synth, recwarn):
    fit_cox(
        np.column_stack([synth.x1, synth.x1 > 100]), synth.time, synth.event, engine="lifelines"
    )
    assert not recwarn.list
