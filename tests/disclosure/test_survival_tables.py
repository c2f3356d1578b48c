"""Outcomes, treatments and Table 1 by group of a private cohort, as an attacker would read them."""

import numpy as np
import pandas as pd
import pytest

from helpers import private_survival, private_tables
from spinemets import disclosure, table_one
from spinemets.disclosure.incidence import incidence
from spinemets.disclosure.summaries import SHARES, estimates, without_counts
from spinemets.disclosure.summaries import table_one as protect_table_one
from spinemets.results import ModelRow, Row, frame
from spinemets.survival.function import function_rows

STRICT = disclosure.Rule(11, 6)
KEYS = ["outcome", "stratum_set", "stratum"]


@pytest.fixture(scope="module")
def exact():
    return private_survival.tables(private_tables.patients(600), "demo")["cumulative_incidence"]


def typed(table):
    return table.astype({"at_risk": "Int64", "events": "Int64"})


def test_incidence_is_near_the_exact_one_and_made_of_rounded_counts_alone(exact):
    released = incidence(typed(exact), STRICT)
    where = ["outcome", "stratum_set", "stratum", "cause", "time_months"]
    both = released.merge(exact, on=where, suffixes=("", "_exact"))
    overall = both[both["stratum_set"].eq("overall")]
    assert len(overall) > 30
    assert (overall["incidence"] - overall["incidence_exact"]).abs().max() < 0.03
    # A cohort with other exact counts in the same steps of six gives the same release.
    jitter = np.random.default_rng(1).integers(0, 6, len(exact))
    moved = exact.assign(
        at_risk=[-(-n // 6) * 6 - j % 6 if n else 0
                 for n, j in zip(exact["at_risk"], jitter, strict=True)],
        events=[-(-n // 6) * 6 - j % 6 if n else 0
                for n, j in zip(exact["events"], jitter, strict=True)],
        incidence=0.123,
    )  # fmt: skip
    pd.testing.assert_frame_equal(incidence(typed(moved), STRICT), released)


def test_no_step_of_the_released_incidence_is_smaller_than_the_minimum(exact):
    released = incidence(typed(exact), STRICT)
    assert released["at_risk"].min() >= 11
    assert not released["events"].between(1, 10).any()
    first = released[released["events"].gt(0)].groupby([*KEYS, "cause"])["events"].min()
    assert (first >= 11).all()
    assert released[["lower", "upper"]].isna().all(axis=None)


def test_a_small_group_has_no_curve():
    p = private_tables.patients(12)
    table = private_survival.tables(p, "demo")["cumulative_incidence"]
    assert incidence(typed(table), STRICT).empty


def row(measure, value, n, events):
    return ModelRow(measure, value, value - 0.1, value + 0.1, 0.01, n=n, events=events)


def test_shares_are_computed_from_the_counts_that_are_shown():
    rows = [row("ambulation_kept", 0.8123456, 100, 81), row("ambulation_kept", 0.05, 100, 5),
            row("ambulation_kept", 0.95, 100, 95), row("frankel_worse", 0.5, 10, 5)]  # fmt: skip
    out = estimates(frame(rows, ModelRow), STRICT, None)
    n, events = int(out["n"][0]), int(out["events"][0])
    assert (n, events) == (99, 81)
    assert out["estimate"][0] == round(81 / 99, 3)
    assert out["estimate"][1:].isna().all()
    assert (out["note"][1:] != "").all()


@pytest.mark.parametrize(
    ("walking", "dead", "shown"),
    [(37, 14, False), (37, 5, False), (5, 37, False), (30, 15, True)],
)
def test_answers_that_add_up_to_everybody_are_withheld_together(walking, dead, shown):
    rows = [row("walking_alive", walking / 60, 60, walking),
            row("dead_before_seen", dead / 60, 60, dead)]  # fmt: skip
    out = estimates(frame(rows, ModelRow), STRICT, None)
    assert out["estimate"].notna().all() == shown
    assert out["estimate"].notna().any() == shown
    assert out["events"].notna().any() == shown
    if shown:
        counts = out["events"].astype(float) / out["n"].astype(float)
        np.testing.assert_allclose(out["estimate"], counts, atol=5e-4)


def test_every_share_of_walking_and_neurology_is_known_to_the_door():
    p = private_tables.patients(200)
    grades = np.random.default_rng(1).choice(list("ABCDE"), (2, len(p)))
    p = p.assign(ambulatory_before=1.0, ambulatory_after=np.r_[np.nan, np.ones(len(p) - 1)],
                 frankel_before=grades[0], frankel_after=grades[1], died=1.0,
                 survival_days=30.0)  # fmt: skip
    rows = function_rows(p, np.full(len(p), "all"), "overall", ["all"], "demo")
    assert {r.measure for r in rows} <= set(SHARES)


def test_survival_in_a_comparison_is_told_no_finer_than_a_step_of_patients():
    out = estimates(frame([row("weighted_survival", 26 / 27, 27, 13)], ModelRow), STRICT, None)
    steps = out["estimate"][0] * int(out["n"][0]) / STRICT.step
    assert steps == pytest.approx(round(steps), abs=1e-4)
    assert np.isnan(out["std_error"][0])


def test_an_optimism_too_small_to_tell_is_no_zero():
    rows = [row("optimism_brier", v, 300, 150) for v in (0.0065, 0.05, 0.0)]
    out = estimates(frame(rows, ModelRow), STRICT, None)
    assert out["estimate"].isna().tolist() == [True, False, False]
    assert "step of patients" in out["note"][0]
    assert out["estimate"][2] == 0


def test_exact_incidence_at_a_time_is_left_to_the_curve():
    table = frame([row("cumulative_incidence", 0.26, 50, 30)], ModelRow)
    out = estimates(table, STRICT, None)
    assert out["estimate"].isna().all()
    assert "cumulative_incidence" in out["note"][0]


def test_early_mortality_is_read_off_the_released_curve():
    folder = private_tables.tables(400)
    curves = disclosure.curves.grids(
        folder["kaplan_meier"].astype(dict.fromkeys(("at_risk", "events", "censored"), "Int64")),
        STRICT,
    )
    table = frame([Row("mortality", 0.123456, 0.1, 0.2, n=400, events=300, horizon="90d")])
    out = estimates(table, STRICT, curves)
    alive = curves["overall", "all"].at(90 / 30.4375)
    assert out["estimate"][0] == pytest.approx(1 - alive, abs=1e-4)
    assert out["lower"][0] <= out["estimate"][0] <= out["upper"][0]


def test_a_share_of_patients_in_a_warning_is_taken_out():
    text = "44.2 % of patients had less than a 5 % chance; 137 patients weigh as much as 51"
    assert without_counts(text) == (
        "[share] % of patients had less than a 5 % chance; [n] patients weigh as much as [n]"
    )


def test_a_group_cannot_be_had_as_everybody_less_the_others():
    rng = np.random.default_rng(2)
    patients = pd.DataFrame({"sex": rng.choice(["female", "male"], 300)})
    patients.loc[:4, "sex"] = "female"
    groups = pd.Series(
        np.where(np.arange(300) < 15, "small", np.where(np.arange(300) < 150, "a", "b"))
    )
    parts = [
        table_one.table_one(patients, "demo"),
        table_one.by_stratum(patients, "demo", "treatment", groups, ["a", "b", "small"], 1),
    ]
    table = pd.concat(parts, ignore_index=True).astype({"n": "Int64"})
    out = protect_table_one(table, STRICT)
    cells = out[out["statistic"].eq("n") & out["stratum_set"].eq("treatment")]
    withheld = cells[cells["level"].eq("male")].set_index("stratum")["value"].isna()
    assert withheld["small"]
    assert withheld.sum() >= 2
    shares = out[out["statistic"].eq("percent") & out["level"].eq("male")]
    shares = shares[shares["stratum_set"].eq("treatment")].set_index("stratum")["value"].isna()
    assert (shares == withheld).all()
    gaps = out[out["statistic"].eq("standardised_difference")].set_index("stratum")["value"]
    assert np.isnan(gaps["small"])


def test_deaths_beside_a_cell_are_not_shown_when_almost_everyone_died(make_release, read):
    advice = read(make_release(600), "advice")
    shown = advice.dropna(subset=["deaths"])
    rest = shown["n"] - shown["deaths"]
    assert (rest >= 0).all()
    assert advice["n"].isna().any()
