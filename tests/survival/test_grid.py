"""Horizons and the time resolution of a cohort."""

import pytest

from spinemets.survival.grid import (
    day_horizon,
    horizons,
    month_horizon,
    off_grid,
    risk_grid_months,
    snap_to_months,
)
from spinemets.survival.kaplan_meier import kaplan_meier
from spinemets.units import DAYS_PER_MONTH


def test_default_horizons_are_exact():
    assert [(h.label, h.days) for h in horizons()] == [
        ("3mo", 91.3125),
        ("6mo", 182.625),
        ("12mo", 365.25),
    ]


def test_whole_month_cohorts_refuse_horizons_between_months():
    with pytest.raises(ValueError, match=r"90d.*use 3mo.*365d.*use 12mo"):
        horizons([6], [90, 365], resolution="month")
    assert [h.label for h in horizons([3, 6], resolution="month")] == ["3mo", "6mo"]
    assert [h.label for h in horizons([6], [90])] == ["90d", "6mo"]


@pytest.mark.parametrize("months", range(1, 400))
def test_every_whole_month_is_on_the_grid(months):
    assert not off_grid(months * DAYS_PER_MONTH, "month")
    assert off_grid((months + 0.5) * DAYS_PER_MONTH, "month")


def test_an_event_recorded_at_a_month_counts_at_that_horizon():
    rounded = [91.31, 91.3125, 182.62]
    km = kaplan_meier(snap_to_months(rounded), [1, 1, 1])
    assert km.at(month_horizon(3).days).value == pytest.approx(1 / 3)


def test_other_faults_are_named():
    with pytest.raises(ValueError, match="unknown time resolution"):
        off_grid(30, "week")
    with pytest.raises(ValueError, match="positive"):
        day_horizon(0)


def test_risk_grid_ends_with_follow_up():
    assert risk_grid_months(5) == [0, 3, 6, 12]
    assert risk_grid_months(47.9) == [0, 3, 6, 12, 24, 36]
    assert risk_grid_months(float("nan")) == [0, 3, 6, 12]
