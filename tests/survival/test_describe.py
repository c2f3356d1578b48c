"""The tidy tables that describe survival by group."""

import numpy as np
import pandas as pd
import pytest

from spinemets.results import COLUMNS
from spinemets.survival.describe import CURVE_COLUMNS, RISK_COLUMNS, describe_survival


@pytest.fixture(scope="module")
def patients(synth) -> pd.DataFrame:
    """The simulated cohort in the contract's columns and dtypes."""
    return pd.DataFrame(
        {
            "survival_days": synth.time.astype("Float64"),
            "died": synth.event.astype(bool).astype("boolean"),
            "entry_days": pd.Series([pd.NA] * len(synth), dtype="Float64"),
        }
    )


def test_tables_have_their_columns_and_months(patients, synth):
    labels = synth.stratum.astype(str).astype("string")
    out = describe_survival(
        patients, "primary_group", labels, [3, 6], levels=["5", "0", "empty"], cohort="c"
    )
    assert tuple(out.kaplan_meier.columns) == CURVE_COLUMNS
    assert tuple(out.at_risk.columns) == RISK_COLUMNS
    assert tuple(out.summary.columns) == COLUMNS
    order = out.at_risk["stratum"].drop_duplicates().tolist()
    assert order == ["5", "0", "empty", "1", "2", "3", "4"]
    first = out.kaplan_meier.groupby("stratum", sort=False).first()
    assert (first["time_months"] == 0).all()
    assert (first["survival"] == 1).all()
    last = out.kaplan_meier[out.kaplan_meier.stratum == "5"].iloc[-1]
    assert last["events"] + last["censored"] == (synth.stratum == 5).sum()
    empty = out.summary[out.summary.stratum == "empty"]
    assert empty["estimate"].isna().all()
    assert (empty["note"] == "no patients").all()
    assert out.summary["measure"].iloc[-2:].tolist() == ["logrank_chi2", "logrank_p"]


def test_risk_table_and_curve_agree(patients):
    out = describe_survival(patients, risk_months=[0, 3, 6])
    curve = out.kaplan_meier
    for row in out.at_risk.itertuples():
        later = curve[curve.time_months >= row.time_months]
        assert row.at_risk == later["at_risk"].iloc[0]
        assert row.events == curve.loc[curve.time_months <= row.time_months, "events"].iloc[-1]


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_thin_cohorts_are_rows_with_reasons(patients, rows):
    thin = patients.head(rows).assign(died=pd.array([False] * rows, dtype="boolean"))
    out = describe_survival(thin, horizons_months=[3])
    assert set(out.summary["measure"]) == {
        "median_survival_months", "survival", "median_follow_up_months",
    }  # fmt: skip
    blank = out.summary[out.summary["estimate"].isna()]
    assert (blank["note"] != "").all()


def test_unusable_rows_are_counted_not_fatal(patients):
    broken = patients.head(10).copy()
    broken.loc[0, "survival_days"] = pd.NA
    broken.loc[1, "entry_days"] = 1e6
    out = describe_survival(broken, horizons_months=[3])
    assert (out.summary["n"] == 8).all()
    note = out.summary["note"].iloc[0]
    assert "1 patient(s) left out: time or event unusable" in note
    assert "1 patient(s) left out: entry not before exit" in note


def test_small_groups_and_refused_horizons_say_why(patients, synth):
    labels = np.where(np.arange(len(synth)) < 4, "few", "many")
    out = describe_survival(patients, "g", labels, [3, 1.5], resolution="month", minimum_group=10)
    few = out.summary[out.summary.stratum == "few"]
    assert (few["note"].str.contains("fewer than 10 patients")).all()
    assert "few" not in set(out.kaplan_meier["stratum"])
    refused = out.summary[(out.summary.stratum == "many") & (out.summary.horizon == "1.5mo")]
    assert "whole months" in refused["note"].iloc[0]


def test_missing_labels_are_a_group_of_their_own(patients):
    labels = [None if i % 2 else "a" for i in range(len(patients))]
    out = describe_survival(patients, "g", labels, [3])
    assert set(out.at_risk["stratum"]) == {"a", "not_recorded"}


def test_delayed_entry_reaches_the_risk_table(patients):
    late = patients[patients.survival_days > 100].assign(entry_days=100.0)
    out = describe_survival(late, risk_months=[0, 3, 6])
    assert out.at_risk["at_risk"].tolist()[:2] == [0, 0]
    assert out.at_risk["at_risk"].tolist()[2] > 0


def test_tests_leave_out_whom_the_other_comparisons_leave_out(patients):
    """Whether a label was recorded is no treatment effect, and two patients are no group."""
    rng = np.random.default_rng(3)
    label = rng.choice(["a", "b"], len(patients)).astype(object)
    label[:60], label[60:62] = None, "rare"
    bad = patients.assign(
        survival_days=patients["survival_days"].mask(np.arange(len(label)) < 60, 1)
    )
    out = describe_survival(bad, "group", labels=label, cohort="c", resolution="day",
                            risk_months=(0, 12), minimum_group=10,
                            within={"other": rng.choice(["x", "y"], len(label))})  # fmt: skip
    rest = slice(62, None)
    for measure in ("logrank", "stratified_logrank"):
        row = out.summary[out.summary["measure"].eq(f"{measure}_chi2")].iloc[0]
        assert row["n"] == len(label) - 62
        assert "62 patient(s) not compared" in row["note"]
        assert "1 df" in row["method"]
    plain = describe_survival(bad.iloc[rest], "group", labels=label[rest], cohort="c",
                              resolution="day", risk_months=(0, 12), minimum_group=10)  # fmt: skip
    fixed = describe_survival(
        bad, "group", labels=label, cohort="c", resolution="day", risk_months=(0, 12),
        minimum_group=10, restricted_months=12,
    )  # fmt: skip
    row = fixed.summary[fixed.summary["measure"].eq("fixed_time_p")].iloc[0]
    assert row["n"] == len(label) - 62
    assert "62 patient(s) not compared" in row["note"]
    chi2 = [o.summary.set_index("measure")["estimate"]["logrank_chi2"] for o in (out, plain)]
    assert chi2[0] == pytest.approx(chi2[1])
