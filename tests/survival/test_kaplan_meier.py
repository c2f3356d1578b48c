"""Kaplan-Meier, its quantiles and risk table, and what stands beside it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from lifelines.datasets import load_lung

from spinemets.survival.fixed_time import fixed_time_test
from spinemets.survival.follow_up import completeness
from spinemets.survival.kaplan_meier import INTERVALS, kaplan_meier, reverse_kaplan_meier
from spinemets.survival.nelson_aalen import nelson_aalen
from spinemets.survival.restricted_mean import (
    difference_p,
    restricted_mean,
    restricted_mean_difference,
)
from spinemets.survival.sample import at_risk, make_sample

SAMPLES = st.lists(
    st.tuples(st.integers(0, 30), st.booleans(), st.integers(0, 20)), min_size=1, max_size=60
)


@pytest.mark.parametrize("name", ["km_lung", "km_synth", "km_entry", "km_weights"])
def test_agrees_with_r(name, r, synth, at, close):
    columns = {"km_entry": {"entry": synth.entry}, "km_weights": {"weights": synth.w}}
    if name == "km_lung":
        lung = load_lung()
        km = kaplan_meier(lung["time"], lung["status"])
    else:
        km = kaplan_meier(synth.time, synth.event, **columns.get(name, {}))
    found = [km.at(t) for t in at.days]
    close([e.value for e in found], r[name]["survival"])
    close([e.std_error for e in found], r[name]["std_error"])
    close([e.lower for e in found], r[name]["lower"])
    close([e.upper for e in found], r[name]["upper"])
    quantiles = [km.quantile(p) for p in (0.25, 0.5, 0.75)]
    close([q.value for q in quantiles], r[name]["quantile"])
    close([q.lower for q in quantiles], r[name]["quantile_lower"])
    close([q.upper for q in quantiles], r[name]["quantile_upper"])
    mean = restricted_mean(km, at.tau)
    close([mean.value, mean.std_error], r[name]["rmst"])


def test_a_flat_half_gives_the_midpoint_as_in_r(r, close):
    middle = kaplan_meier([1, 2, 3, 4], [1, 1, 1, 0]).median
    close([middle.value, middle.lower, middle.upper], r["median_flat"]["value"])
    end = kaplan_meier([1, 2, 3, 4], [1, 1, 0, 0]).median
    close([end.value, end.lower, end.upper], r["median_flat_end"]["value"])


def test_follow_up_is_the_reverse_curve(r, synth, close):
    found = reverse_kaplan_meier(synth.time, synth.event).median
    close([found.value, found.lower, found.upper], r["follow_up_synth"]["value"])


@settings(deadline=None, max_examples=60)
@given(SAMPLES)
def test_survival_equals_lifelines(rows):
    time, event, _ = (np.array(c) for c in zip(*rows, strict=True))
    km = kaplan_meier(time, event)
    other = KaplanMeierFitter().fit(time, event)
    there = other.survival_function_at_times(km.time).to_numpy()
    np.testing.assert_allclose(km.survival, there, atol=1e-12)


@settings(deadline=None, max_examples=60)
@given(SAMPLES)
def test_counts_add_up_with_delayed_entry(rows):
    kept = [(t, e, s) for t, e, s in rows if s < t]
    if not kept:
        return
    time, event, entry = (np.array(c, dtype=float) for c in zip(*kept, strict=True))
    km = kaplan_meier(time, event, entry)
    for i, t in enumerate(km.time):
        inside = ((entry < t) | (entry <= 0)) & (time >= t)
        assert km.at_risk[i] == inside.sum()
    assert km.events.sum() == event.sum()
    assert km.censored.sum() == len(kept) - event.sum()
    assert np.all(np.diff(km.survival) <= 1e-15)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 50), min_size=2, max_size=40), st.integers(1, 60))
def test_restricted_mean_of_complete_data_is_the_mean(days, tau):
    found = restricted_mean(kaplan_meier(days, np.ones(len(days))), float(tau))
    capped = np.minimum(days, tau)
    assert found.value == pytest.approx(capped.mean())
    # Greenwood on complete data is the variance of a mean.
    assert found.std_error == pytest.approx(capped.std() / np.sqrt(len(days)), abs=1e-9)


def test_risk_table_counts_those_who_reach_the_time():
    km = kaplan_meier([3, 3, 6, 7], [1, 0, 1, 0])
    number, events = km.at_risk_table([0, 3, 4, 7, 8])
    assert number.tolist() == [4, 4, 2, 1, 0]
    assert events.tolist() == [0, 1, 1, 2, 2]


def test_a_death_on_day_0_counts_although_entry_is_0():
    km = kaplan_meier([0, 5], [1, 0], [0, 0])
    assert km.survival.tolist() == [0.5, 0.5]
    assert at_risk(make_sample([0, 5], [1, 0]), [0]).tolist() == [2]


def test_times_that_differ_by_rounding_are_one_time():
    km = kaplan_meier([0.1 + 0.2, 0.3, 0.5], [1, 1, 0])
    assert km.time.size == 2
    assert km.events.tolist() == [2, 0]


@pytest.mark.parametrize("interval", INTERVALS)
def test_intervals_stay_within_0_and_1(interval):
    rng = np.random.default_rng(3)
    km = kaplan_meier(rng.integers(1, 40, 50), rng.integers(0, 2, 50), interval=interval)
    for edge in (km.lower, km.upper):
        assert np.nanmin(edge) >= 0
        assert np.nanmax(edge) <= 1


def test_degenerate_samples_give_reasons():
    empty = kaplan_meier([], [])
    assert empty.at(5).note == "no patients"
    assert empty.median.note == "no patients"
    one = kaplan_meier([5], [0])
    assert one.median.note == "no events"
    assert np.isnan(one.at(6).value)
    assert one.at(6).note == "follow-up ends before this time"
    assert one.at(3).value == 1.0
    all_dead = kaplan_meier([5, 6], [1, 1])
    assert all_dead.at(100).value == 0.0
    assert all_dead.at(100).note
    assert restricted_mean(one, 10).note == "follow-up ends before this time"
    assert restricted_mean(empty, 10).note == "no patients"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (([1, -2], [1, 0]), r"1 row.*negative time"),
        (([1, 2], [1, 3]), "neither 0 nor 1"),
        (([5, 6], [1, 1], [5, 0]), "entry that is not before"),
        (([5, 6], [1, 1], None, [1, -1]), "negative weight"),
        (([5, 6], [1]), "same length"),
    ],
)
def test_impossible_samples_are_refused_without_showing_values(columns, message):
    with pytest.raises(ValueError, match=message):
        make_sample(*columns)


def test_difference_of_restricted_means(synth):
    a, b = (kaplan_meier(part.time, part.event) for _, part in synth.groupby("x2"))
    found = restricted_mean_difference(a, b, 365)
    assert found.lower < found.value < found.upper
    assert 0 < difference_p(found) < 1
    short = kaplan_meier([10, 20], [1, 0])
    assert restricted_mean_difference(a, short, 365).note.startswith("follow-up ends")


def test_fixed_time_test_leaves_out_groups_off_the_scale():
    dead = kaplan_meier([1, 1], [1, 1])
    a, b = kaplan_meier([1, 2, 3], [1, 1, 0]), kaplan_meier([2, 3, 4], [1, 0, 1])
    found = fixed_time_test([a, b, dead], 2.5)
    assert found.df == 1
    assert "1 group" in found.note
    assert np.isnan(fixed_time_test([dead, dead], 2.5).chi2)


def test_completeness_counts_deaths_as_complete():
    assert completeness([10, 5], [1, 0], [20, 10]).value == 0.75
    assert completeness([10, 5], [1, 0], [np.nan, 10]).value == 0.75
    assert completeness([10, 5], [1, 1], [np.nan, np.nan]).value == 1
    assert completeness([10], [0], [20], [5]).value == pytest.approx(5 / 15)


def test_completeness_is_not_raised_by_missing_closing_dates():
    nan = np.nan
    none = "no closing date of a patient alive"
    assert completeness([5], [0], [nan]).note.startswith(none)
    assert completeness([10, 5, 7], [1, 0, 0], [nan] * 3).note.startswith(none)
    found = completeness([10, 5, 10, 5], [1, 0, 1, 0], [20, 10, nan, nan])
    assert found.value == 0.75
    assert found.note.startswith("2 patient")
    found = completeness([10, 5, 5], [1, 0, 0], [nan, 10, nan])
    assert np.isnan(found.value)
    assert found.note.endswith("of none of the dead")


def test_cumulative_hazard_is_close_to_minus_log_survival(synth):
    km = kaplan_meier(synth.time, synth.event, synth.entry)
    found = nelson_aalen(km).at(180)
    assert found.value == pytest.approx(-np.log(km.at(180).value), rel=0.01)
    assert found.lower < found.value < found.upper
    assert nelson_aalen(km).at(1e6).note.startswith("follow-up ends")
    assert nelson_aalen(kaplan_meier([], [])).at(1).note
    assert nelson_aalen(kaplan_meier([5], [0])).at(3).value == 0.0
