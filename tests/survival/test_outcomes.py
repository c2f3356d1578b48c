"""Other outcomes: death competes, impossible days are counted, walking is a share."""

import numpy as np
import pandas as pd
import pytest

from spinemets.survival.competing import aalen_johansen
from spinemets.survival.outcomes import EVENTS, first_event, outcome_tables


def table(n=800, seed=1):
    rng = np.random.default_rng(seed)
    group = rng.choice(["a", "b"], n)
    death = rng.exponential(500, n)
    fail = rng.exponential(np.where(group == "a", 400, 1600), n)
    end = rng.uniform(300, 2000, n)
    days = np.minimum(death, end)
    failed = fail < days
    walks, after = rng.random(n) < 0.8, rng.random(n) < 0.7
    return pd.DataFrame(
        {
            "survival_days": days,
            "died": pd.array(death <= end, dtype="boolean"),
            "local_failure": pd.array(failed, dtype="boolean"),
            "local_failure_day": np.where(failed, fail, np.nan),
            "ambulatory_before": pd.array(walks, dtype="boolean"),
            "ambulatory_after": pd.array(after, dtype="boolean"),
            "frankel_before": pd.array(rng.choice(list("CDE"), n), dtype="string"),
            "frankel_after": pd.array(rng.choice(list("CDE"), n), dtype="string"),
        }
    ), group.astype(object)


@pytest.fixture(scope="module")
def found():
    patients, group = table()
    return outcome_tables(patients, {"arm": (group, ["a", "b"])}, "demo", [6, 12], 24, 10)


def only(rows, **wanted):
    hits = [r for r in rows if all(getattr(r, k) == v for k, v in wanted.items())]
    assert len(hits) == 1, (wanted, len(hits))
    return hits[0]


def test_curve_and_table_are_aalen_johansen(found):
    rows, curves = found
    patients, _ = table()
    data = first_event(patients, "local_failure", "demo")
    direct = aalen_johansen(data.sample.time, data.cause, causes=("event", "death"))
    expected = direct.at(365.25).value
    row = only(rows, measure="cumulative_incidence", stratum_set="overall", horizon="12mo",
               term="event", model="local_failure")  # fmt: skip
    assert row.estimate == pytest.approx(expected)
    curve = curves[curves["stratum_set"].eq("overall") & curves["cause"].eq("event")]
    at = curve[curve["time_months"].eq(12)].iloc[0]
    assert at["incidence"] == pytest.approx(expected)
    assert at["lower"] < expected < at["upper"]
    # Both causes and survival without either add up to one at every month.
    wide = curves[curves["stratum_set"].eq("overall")].pivot_table(
        index="time_months", columns="cause", values="incidence"
    )
    assert (wide.sum(axis=1) <= 1).all()
    assert (wide.diff().dropna() >= -1e-12).all(axis=None)


def test_groups_differ_by_every_method(found):
    rows, _ = found
    where = {"model": "local_failure", "stratum_set": "arm"}
    assert only(rows, measure="gray_p", **where).estimate < 1e-6
    specific = only(rows, measure="cause_specific_hazard_ratio", term="event", **where)
    death = only(rows, measure="cause_specific_hazard_ratio", term="death", **where)
    sub = only(rows, measure="subdistribution_hazard_ratio", **where)
    true = 0.25 if specific.stratum == "b" else 4
    assert specific.lower < true < specific.upper
    assert death.lower < 1 < death.upper
    assert (sub.estimate < 1) == (true < 1)


def enter_late(patients, group, seed=2):
    """Those who lived without the event until a day of their own, seen from then on."""
    entry = np.random.default_rng(seed).uniform(0, 250, len(patients))
    first = patients["local_failure_day"].fillna(np.inf).clip(upper=patients["survival_days"])
    seen = (entry < first).to_numpy()
    late = patients[seen].assign(entry_days=entry[seen]).reset_index(drop=True)
    return late, group[seen]


def test_late_entry_has_the_wald_test_in_the_place_of_grays():
    """Found where the groups differ; and where they don't, P values are spread evenly."""
    patients, group = enter_late(*table())
    where = {"model": "local_failure", "stratum_set": "arm"}
    rows, _ = outcome_tables(patients, {"arm": (group, ["a", "b"])}, "demo", [6], 24, 10)
    assert only(rows, measure="gray_p", **where).estimate is None
    test = only(rows, measure="subdistribution_p", **where)
    assert test.estimate < 1e-4
    assert test.method == "Wald test of the Fine-Gray model with delayed entry, 1 df"
    ratio = only(rows, measure="subdistribution_hazard_ratio", **where)
    assert (ratio.upper < 1) or (ratio.lower > 1)
    p = []
    for seed in range(30):
        patients, _ = table(250, seed)
        noise = np.random.default_rng(seed + 1000).choice(["a", "b"], 250).astype(object)
        late, arms = enter_late(patients, noise, seed + 100)
        rows, _ = outcome_tables(late, {"arm": (arms, ["a", "b"])}, "demo", [6], 24, 10)
        p.append(only(rows, measure="subdistribution_p", **where).estimate)
    assert 0.3 < np.mean(p) < 0.7
    assert np.mean(np.array(p) < 0.05) < 0.2


def test_outcomes_that_are_not_recorded_are_named(found):
    rows, _ = found
    for outcome in set(EVENTS) - {"local_failure"}:
        assert only(rows, model=outcome).note == f"not recorded in this cohort: {outcome}"


def test_impossible_days_are_left_out_and_counted():
    patients = pd.DataFrame(
        {
            "survival_days": [100.0, 100, 100, 100, 100, 100],
            "died": pd.array([True] * 6, dtype="boolean"),
            "entry_days": [np.nan, np.nan, np.nan, 60, np.nan, np.nan],
            "skeletal_event": pd.array([True, True, True, True, None, False], dtype="boolean"),
            "skeletal_event_day": [40.0, np.nan, 120, 50, np.nan, np.nan],
        }
    )
    data = first_event(patients, "skeletal_event", "demo")
    assert data.used.tolist() == [True, False, False, False, False, True]
    assert data.cause.tolist() == [1, 2]
    for why in ("not recorded", "event without day", "event after the end of observation",
                "event before entry"):  # fmt: skip
        assert f"1 patient(s) left out: {why}" in data.note


def test_only_those_treated_can_fail_or_be_operated_again():
    patients, _ = table(50)
    patients["surgery"] = pd.array([i % 2 == 0 for i in range(50)], dtype="boolean")
    patients["reoperation"] = pd.array([False] * 50, dtype="boolean")
    assert first_event(patients, "reoperation", "demo").sample.n == 25
    assert first_event(patients.drop(columns="surgery"), "reoperation", "demo").sample.n == 50


def test_walking_and_neurology_are_shares_of_those_recorded(found):
    rows, _ = found
    patients, _ = table()
    before, after = (patients[f"ambulatory_{w}"].astype(bool) for w in ("before", "after"))
    kept = only(rows, measure="ambulation_kept", stratum_set="overall")
    assert (kept.n, kept.events) == (int(before.sum()), int((before & after).sum()))
    assert kept.lower < kept.estimate == kept.events / kept.n < kept.upper
    regained = only(rows, measure="ambulation_regained", stratum_set="overall")
    assert regained.n + kept.n == len(patients)
    first, last = (patients[f"frankel_{w}"].map("ABCDE".index) for w in ("before", "after"))
    better = only(rows, measure="frankel_improved", stratum_set="overall")
    assert (better.n, better.events) == (int((first < 4).sum()), int((last > first).sum()))


def test_a_cohort_of_nobody_and_few_events_give_reasons():
    patients, group = table(30, 3)
    rows, curves = outcome_tables(patients, {"arm": (group, ["a", "b"])}, "demo", [6], 24, 10)
    assert only(rows, measure="gray_p").note.startswith("fewer than 20 events")
    nobody, curves = outcome_tables(patients[:0], {}, "demo", [6], 24, 10)
    assert curves.empty
    assert all(r.estimate is None and r.note for r in nobody)


def test_a_group_below_the_minimum_is_a_row_with_the_reason():
    patients, _ = table()
    labels = np.where(np.arange(len(patients)) < 6, "few", "many").astype(object)
    groups = {"treatment": (labels, ["few", "many", "nobody"])}
    rows, curves = outcome_tables(patients, groups, "demo", [3.0, 12.0], 24, 10)
    small = [r for r in rows if r.stratum == "few" and r.measure == "cumulative_incidence"]
    assert small
    assert {r.note.partition(";")[0] for r in small} == {"fewer than 10 patients"}
    assert all(r.n <= 6 and r.estimate is None for r in small)
    assert "few" not in set(curves["stratum"])
    nobody = [r for r in rows if r.stratum == "nobody" and r.measure == "cumulative_incidence"]
    assert {r.note.partition(";")[0] for r in nobody} == {"no patient who can have the outcome"}


def test_death_before_walking_was_seen_again_is_a_third_answer():
    patients = pd.DataFrame(
        {
            "survival_days": [30.0, 30, 400, 400, 400, 400],
            "died": pd.array([True, True, True, False, False, True], dtype="boolean"),
            "ambulatory_before": pd.array([True, None, True, True, False, True], dtype="boolean"),
            "ambulatory_after": pd.array([None, None, None, True, False, True], dtype="boolean"),
        }
    )
    rows, _ = outcome_tables(patients, {}, "demo", [3.0], 24, 2)
    dead = only(rows, measure="dead_before_seen")
    # Dead within 90 days unseen: the first. Unknown before, or alive long and unseen: not counted.
    assert (dead.events, dead.n) == (1, 4)
    assert (only(rows, measure="walking_alive").events, dead.n) == (2, 4)
    assert only(rows, measure="ambulation_kept").n == 2
    assert "third answer" in dead.method
