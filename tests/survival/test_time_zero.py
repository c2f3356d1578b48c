"""Immortal time: naive, landmark and time-varying analyses."""

import numpy as np
import pytest
from lifelines.datasets import load_stanford_heart_transplants

from spinemets.survival.cox_fit import fit_cox
from spinemets.survival.kaplan_meier import kaplan_meier
from spinemets.survival.restricted_mean import restricted_mean
from spinemets.survival.sample import make_sample
from spinemets.survival.time_zero import immortal_time_panel, treatment_rows
from spinemets.survival.timed import _mean


@pytest.fixture(scope="module")
def waiting() -> dict:
    """A treatment without effect, given to those who live to receive it."""
    rng = np.random.default_rng(4)
    death, planned = rng.exponential(200, 1500), rng.exponential(120, 1500)
    return {
        "time": np.ceil(np.minimum(death, 1000)),
        "event": death <= 1000,
        "treatment_days": np.where(planned < death, np.floor(planned), np.nan),
    }


def test_only_the_naive_analysis_sees_an_effect(waiting):
    naive, *landmarks, varying = immortal_time_panel(**waiting, landmarks=[30, 90])
    assert naive.upper < 0.6
    for entry in (*landmarks, varying):
        assert entry.lower < 1.0 < entry.upper
    assert [e.analysis for e in (naive, *landmarks, varying)] == [
        "naive", "landmark", "landmark", "time-varying",
    ]  # fmt: skip
    assert naive.n == varying.n == 1500
    assert landmarks[0].n == (waiting["time"] > 30).sum()
    assert "left before the landmark" in landmarks[0].note


def test_rows_rebuild_the_heart_transplant_data():
    heart = load_stanford_heart_transplants()
    last = heart.groupby("id").last()
    day = heart[heart.transplant == 1].groupby("id")["start"].first().reindex(last.index)
    row, split, treated = treatment_rows(
        make_sample(last["stop"], last["event"]), day.to_numpy(dtype=float)
    )
    assert len(row) == len(heart)
    columns = np.column_stack([last["age"].to_numpy()[row], treated])
    found = fit_cox(columns, split.time, split.event, split.entry)
    expected = fit_cox(heart[["age", "transplant"]], heart["stop"], heart["event"], heart["start"])
    np.testing.assert_allclose(found.coef, expected.coef, atol=1e-9)


def test_odd_treatment_days_are_counted():
    panel = immortal_time_panel(
        [10, 20, 30, 40, 50, 60], [1, 1, 0, 1, 1, 1], [-5, 25, 30, None, 10, 20], landmarks=[15]
    )
    note = panel[-1].note
    assert "1 treated before time zero" in note
    assert "1 treated after the last day" in note
    assert "1 treated on the last day" in note


def test_delayed_entry_is_kept():
    row, split, treated = treatment_rows(
        make_sample([50.0, 50.0], [1, 1], [20.0, 20.0]), np.array([10.0, 30.0])
    )
    assert row.tolist() == [0, 1, 1]
    assert split.entry.tolist() == [20.0, 20.0, 30.0]
    assert treated.tolist() == [True, False, True]


def test_deaths_among_the_first_few_treated_say_nothing_of_those_treated_later():
    """Treated on day 2, dead on day 5, alone: the curve is 0 while forty-nine are yet to come."""
    day = np.concatenate([[2.0], np.full(49, 20.0)])
    time = np.concatenate([[5.0], np.arange(100.0, 149.0)])
    last = immortal_time_panel(time, np.ones(50), day, landmarks=[])[-1]
    found = _mean(last.treated, 60.0)
    assert np.isnan(found.value)
    assert "fewer than 5 were at risk" in found.note
    steady = immortal_time_panel(time[1:], np.ones(49), day[1:], landmarks=[])[-1]
    assert np.isfinite(_mean(steady.treated, 130.0).value)


def test_a_restricted_mean_after_everybody_died_says_so():
    assert "died at once" in restricted_mean(kaplan_meier([2, 2], [1, 1]), 10.0).note
    assert "no events" in restricted_mean(kaplan_meier([20, 20], [0, 0]), 10.0).note


def test_degenerate_panels_give_reasons():
    nobody = immortal_time_panel([1, 2], [1, 0], [np.nan, np.nan], landmarks=[1])
    assert all("only one of" in e.note for e in nobody)
    quiet = immortal_time_panel([5, 6, 7], [0, 0, 0], [1, np.nan, 2], landmarks=[100])
    assert quiet[0].note.startswith("no events")
    assert quiet[1].n == 0
    apart = immortal_time_panel([1, 2, 8, 9], [1, 1, 0, 0], [np.nan, np.nan, 0, 0], landmarks=[])
    assert "penalised" in apart[0].note
    assert np.isfinite(apart[0].hazard_ratio)
