"""Curves of a private cohort: near the exact ones, and made of rounded counts alone."""

import numpy as np
import pandas as pd
import pytest

from helpers import private_tables
from spinemets.disclosure import Rule
from spinemets.disclosure.counts import midpoint
from spinemets.disclosure.curves import Grid, grid, to_table
from spinemets.disclosure.summaries import horizon_months
from spinemets.survival.kaplan_meier import kaplan_meier

STRICT = Rule(11, 6)
EXACT = Rule(0, 1)


def exact_curve(n=2000, seed=3):
    return private_tables.curve(private_tables.patients(n, seed))


def at(curve, month):
    return float(curve.loc[curve["time_months"] <= month, "survival"].iloc[-1])


def test_without_rounding_or_censoring_the_grid_is_the_exact_curve():
    p = private_tables.patients(300, seed=5).assign(died=True)
    curve = private_tables.curve(p)
    found = grid(curve, EXACT)
    for month, value in zip(found.months[1:], found.survival[1:], strict=True):
        assert value == pytest.approx(at(curve, month), abs=1e-4)


def test_the_released_curve_is_near_the_exact_one():
    curve = exact_curve()
    found = grid(curve, STRICT)
    assert max(found.months) > 60
    for month, value in zip(found.months, found.survival, strict=True):
        assert value == pytest.approx(at(curve, month), abs=0.012)


def test_the_interval_is_near_the_exact_one():
    curve = exact_curve()
    found = grid(curve, STRICT)
    row = curve[curve["time_months"] <= 12].iloc[-1]
    assert found.at(12, "lower") == pytest.approx(row["lower"], abs=0.02)
    assert found.at(12, "upper") == pytest.approx(row["upper"], abs=0.02)


def test_times_within_a_month_do_not_show():
    """Another series whose deaths fall on other days of the same months gives the same release."""
    p = private_tables.patients(400, seed=7)
    rng = np.random.default_rng(8)
    moved = np.floor(p["months"]) + rng.uniform(0.01, 0.99, len(p))
    first, second = (grid(private_tables.curve(p.assign(months=m)), STRICT)
                     for m in (np.floor(p["months"]) + 0.5, moved))  # fmt: skip
    assert first == second


def test_survival_is_a_function_of_rounded_counts():
    """Moving single patients without leaving a rounding step changes nothing that is released."""
    p = private_tables.patients(400, seed=9)
    p = p.assign(months=np.floor(p["months"]) + 0.5)
    curve = private_tables.curve(p)
    found = grid(curve, STRICT)
    late = curve.copy()
    room = midpoint(curve["events"], 6).eq(midpoint(curve["events"] + 1, 6))
    room &= midpoint(curve["at_risk"], 6).eq(midpoint(curve["at_risk"] + 1, 6))
    row = curve.index[room & curve["time_months"].between(2, 20)][0]
    late.loc[row, "events"] += 1
    assert grid(late, STRICT) == found


def test_counts_below_the_minimum_are_nowhere():
    found = grid(exact_curve(300), STRICT)
    table = to_table(
        {("overall", "all"): found}, "demo", ["time_months", "at_risk", "events", "censored"]
    )
    for name in ("at_risk", "events", "censored"):
        assert not table[name].between(1, 10).any()
    assert table["time_months"].eq(table["time_months"].round()).all()


def test_a_step_waits_until_the_deaths_can_be_shown():
    times = pd.DataFrame(
        {"time_months": [0.0, 1.5, 2.5, 3.5], "survival": [1, 0.95, 0.9, 0.8], "lower": 0.5,
         "upper": 1.0, "at_risk": [100, 100, 95, 90], "events": [0, 5, 10, 20],
         "censored": [0, 0, 0, 0]}
    )  # fmt: skip
    longer = pd.concat([times, times.iloc[[-1]].assign(time_months=6.5, at_risk=80)])
    found = grid(longer, STRICT)
    assert found.months[:3] == [0, 1, 4]
    assert found.events[:3] == [0, 0, 21]
    assert found.survival[1] == 1.0


def test_deaths_at_time_zero_fall_into_the_first_month():
    times = pd.DataFrame(
        {"time_months": [0.0, 3.0], "survival": [0.8, 0.5], "lower": 0.1, "upper": 0.9,
         "at_risk": [100, 80], "events": [20, 50], "censored": [0, 30]}
    )  # fmt: skip
    found = grid(times, STRICT)
    assert found.months[0] == 0
    assert found.survival[0] == 1.0
    assert found.survival[1] < 0.85


@pytest.mark.parametrize("n", [1, 5, 12])
def test_a_small_group_has_no_curve(n):
    assert grid(private_tables.curve(private_tables.patients(n)), STRICT) == Grid()


def test_a_group_without_a_visible_step_has_no_curve():
    p = private_tables.patients(40).assign(died=False)
    assert grid(private_tables.curve(p), STRICT).months == [] or all(
        s == 1.0 for s in grid(private_tables.curve(p), STRICT).survival
    )


def test_a_curve_ends_where_the_number_at_risk_can_not_be_shown():
    found = grid(exact_curve(200), STRICT)
    assert min(found.at_risk) >= 11


def test_a_curve_is_read_between_months_and_not_beyond_its_end():
    curve = Grid(months=[0, 1, 2], survival=[1.0, 0.8, 0.4], lower=[1.0, 0.7, None])
    assert curve.at(1.5) == pytest.approx(0.6)
    assert curve.at(2) == 0.4
    assert curve.at(2.5) is None
    assert curve.at(1.5, "lower") is None
    assert curve.crossing() == 1.8
    assert curve.crossing("lower") is None
    assert Grid().at(1) is None
    assert Grid(months=[0, 1], survival=[1.0, 0.9]).crossing() is None


def test_horizons_are_read_as_months():
    assert horizon_months("6mo") == 6
    assert horizon_months("90d") == pytest.approx(90 / 30.4375)


def late_curve(n, enter, seed=11):
    """Exact curve of patients who come under observation between 0 and ``enter`` months."""
    rng = np.random.default_rng(seed)
    time, entry = rng.exponential(14, n), rng.uniform(0, enter, n)
    seen = time > entry
    km = kaplan_meier(time[seen], np.ones(seen.sum()), entry[seen])
    return pd.DataFrame(
        {"time_months": np.r_[0.0, km.time], "survival": np.r_[1.0, km.survival],
         "at_risk": np.r_[0, km.at_risk], "events": np.r_[0, np.cumsum(km.events)],
         "censored": np.r_[0, np.cumsum(km.censored)]}
    ).astype({"at_risk": int, "events": int, "censored": int})  # fmt: skip


@pytest.mark.parametrize(("rule", "tolerance"), [(EXACT, 0.012), (STRICT, 0.03)])
def test_late_entrants_count_as_at_risk_from_their_month_on(rule, tolerance):
    curve = late_curve(4000, 12)
    found = grid(curve, rule)
    start = found.months[0]
    for month in (3, 6, 12, 24):
        exact = at(curve, month) / at(curve, start)
        assert found.at(month) == pytest.approx(exact, abs=tolerance), month


def test_a_curve_of_late_entrants_begins_where_enough_are_at_risk_and_says_so():
    found = grid(late_curve(150, 24), STRICT)
    start = found.months[0]
    assert start > 0
    assert (found.survival[0], found.events[0]) == (1.0, 0)
    assert min(found.at_risk) >= 11
    assert found.at(start - 0.5) is None
    assert found.method.endswith(f"given survival to month {start}")
    assert "given" not in grid(exact_curve(), STRICT).method
