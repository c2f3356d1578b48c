"""Who is lost to a score, worked by hand."""

import pandas as pd
import pytest

from spinemets.missing import lost
from spinemets.settings import SurvivalSettings

PATIENTS = pd.DataFrame(
    {
        "patient_id": [1, 2, 3, 4, 5, 6],
        "survival_days": [10.0, 20, 30, 40, 50, 60],
        "died": True,
        "age_years": [60.0, 70, 80, 50, 60, 70],
        "kps": [70.0, None, 70, None, None, 90],
        "kps_low": [None, 50.0, None, None, None, None],
        "albumin_g_per_l": [None, 30.0, 35, None, None, 40],
    }
)
STATUS = ["determined", "bounded", "determined", "missing", "missing", "not_applicable"]
SCORES = pd.DataFrame(
    {"patient_id": PATIENTS["patient_id"], "score": "s", "variant": "", "status": STATUS}
)
SETTINGS = SurvivalSettings(minimum_group=2)


def test_an_interval_is_not_missing() -> None:
    gaps = lost.absent(PATIENTS, ["kps", "albumin_g_per_l", "inr"])
    counts = lost.items(gaps, "c").set_index("column")["n_missing"]
    assert counts.to_dict() == {"kps": 2, "albumin_g_per_l": 3, "inr": 6}


def test_patterns_add_up() -> None:
    found = lost.patterns(lost.absent(PATIENTS, ["kps", "albumin_g_per_l"]), "c")
    assert dict(zip(found["pattern"], found["n"], strict=True)) == {
        "nothing": 3, "kps, albumin_g_per_l": 2, "albumin_g_per_l": 1,
    }  # fmt: skip


def test_differences_leave_out_those_whom_the_score_is_not_for() -> None:
    labels = lost.groups(SCORES, PATIENTS)
    assert labels["s"].tolist()[:5] == ["scored"] * 3 + ["not_scored"] * 2
    assert pd.isna(labels["s"].iloc[5])
    rows = {r.stratum: r for r in lost.differences(labels, PATIENTS, SETTINGS, "c")}
    # Ages 60, 70, 80 against 50, 60: means 70 and 55, variances 200/3 and 25.
    assert rows["age_years"].estimate == pytest.approx(15 / ((200 / 3 + 25) / 2) ** 0.5)
    assert rows["age_years"].n == 2
    assert rows["kps"].estimate is None
    assert "fewer than 2" in rows["kps"].note


def test_nobody_lost_is_a_row_with_the_reason() -> None:
    labels = lost.groups(SCORES.assign(status="determined"), PATIENTS)
    rows = lost.differences(labels, PATIENTS, SETTINGS, "c")
    assert rows
    assert all(r.estimate is None and r.note.startswith("nobody is lost") for r in rows)
    told = lost.survival(labels, PATIENTS, {"id": "c", "resolution": "day"}, SETTINGS)
    assert set(told.kaplan_meier["stratum"]) == {"scored"}


def test_no_score_at_all() -> None:
    told = lost.survival({}, PATIENTS, {"id": "c", "resolution": "day"}, SETTINGS)
    assert told.kaplan_meier.empty
