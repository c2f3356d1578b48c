"""Competing risks against R."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemets.survival.competing import aalen_johansen
from spinemets.survival.cox_fit import fit_cox
from spinemets.survival.fine_gray import fine_gray
from spinemets.survival.gray import aalen_error, gray_test
from spinemets.survival.kaplan_meier import kaplan_meier

X = ["x1", "x2", "x3"]


@pytest.mark.parametrize("name", ["aj", "aj_entry", "aj_weights"])
def test_aalen_johansen_agrees_with_survfit(name, r, synth, at, close):
    entry = synth.entry if name == "aj_entry" else None
    weights = synth.w if name == "aj_weights" else None
    found = aalen_johansen(synth.time, synth.cause, entry, weights)
    i = np.searchsorted(found.time, at.days, side="right") - 1
    close(np.column_stack([found.survival, found.incidence])[i], r[name]["p"])
    close(np.column_stack([found.survival_error, found.std_error])[i], r[name]["std_error"])


def test_aalens_variance_agrees_with_cuminc(r, synth, at, close):
    found = aalen_johansen(synth.time, synth.cause)
    i = np.searchsorted(found.time, at.days, side="right") - 1
    close(found.incidence[i].T, r["cuminc"]["est"])
    close([aalen_error(found, j)[i] ** 2 for j in (1, 2)], r["cuminc"]["var"])


def test_gray_agrees_with_cuminc(r, synth, close):
    stratified = [
        gray_test(synth.time, synth.cause, synth.grp, synth.stratum, of=j) for j in (1, 2)
    ]
    close([t.chi2 for t in stratified], r["gray_stratified"]["chi2"])
    weighted = [gray_test(synth.time, synth.cause, synth.stratum, of=j, rho=1) for j in (1, 2)]
    close([t.chi2 for t in weighted], r["gray_rho1"]["chi2"])


def test_fine_gray_agrees_with_crr(r, synth, at, close):
    found, expected = fine_gray(synth[X], synth.time, synth.cause), r["crr"]
    close(found.coef, expected["coef"])
    close(found.variance, expected["variance"])
    close([found.loglik_null, found.loglik], expected["loglik"])
    close(found.predict(synth[X].head(2), at.days).T, expected["predict"])


@pytest.mark.parametrize("name", ["finegray", "finegray_entry", "finegray_strata"])
def test_fine_gray_agrees_with_finegray(name, r, synth, close):
    options = {
        "finegray": {},
        "finegray_entry": {"entry": synth.entry},
        "finegray_strata": {"strata": synth.grp},
    }[name]
    found = fine_gray(synth[X], synth.time, synth.cause, censoring="survival", **options)
    close(found.coef, r[name]["coef"])
    close(found.variance, r[name]["variance"])


ROWS = st.lists(st.tuples(st.integers(1, 12), st.integers(0, 3)), min_size=2, max_size=50)


@settings(deadline=None, max_examples=60)
@given(ROWS)
def test_probabilities_add_up_to_one(rows):
    time, cause = (np.array(c) for c in zip(*rows, strict=True))
    found = aalen_johansen(time, cause, causes=["a", "b", "c"])
    np.testing.assert_allclose(found.survival + found.incidence.sum(axis=1), 1.0)
    km = kaplan_meier(time, cause > 0)
    np.testing.assert_allclose(found.survival, km.survival, atol=1e-12)
    # Without competing events the jackknife error is Greenwood's.
    known = km.survival > 0
    np.testing.assert_allclose(found.survival_error[known], km.std_error[known], atol=1e-9)


def test_without_competing_events_fine_gray_is_cox(synth, close):
    found = fine_gray(synth[X], synth.time, synth.event)
    plain = fit_cox(synth[X], synth.time, synth.event, ties="breslow", robust=True)
    close(found.coef, plain.coef)
    close(found.variance, plain.variance)


def test_degenerate_data_give_reasons():
    assert aalen_johansen([], [], causes=["a"]).at(3).note == "no patients"
    none = aalen_johansen([4, 5], [0, 0], causes=["a", "b"])
    assert none.at(4, 2).value == 0.0
    assert none.at(9).note == "follow-up ends before this time"
    assert gray_test([1, 2], [0, 2], ["a", "b"]).note == "no events of this cause"
    assert gray_test([1, 2], [1, 1], ["a", "a"]).note == "fewer than two groups"
    assert fine_gray([1, 2], [1, 2], [0, 2]).note == "no events of this cause"
    assert fine_gray([1, 1, 1], [1, 2, 3], [1, 2, 1]).note
    assert "separation" in fine_gray([1, 1, 0, 0], [1, 2, 3, 4], [1, 1, 2, 0]).note


def test_undeclared_causes_are_refused():
    with pytest.raises(ValueError, match=r"1 row.*not declared"):
        aalen_johansen([1, 2], [1, 3], causes=["failure", "death"])
    with pytest.raises(ValueError, match="without a cause"):
        aalen_johansen([1, 2], [1, 0.5])


def test_an_incidence_that_sums_to_one_but_for_rounding_has_no_interval():
    n = 26
    found = aalen_johansen(np.arange(1.0, n + 1), np.ones(n)).at(n)
    assert found.value == 1.0
    assert np.isnan([found.lower, found.upper]).all()
    assert found.note == "no interval at 1"
