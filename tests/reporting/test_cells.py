"""What a reader sees of a released table: rounded numbers, and reasons where there are none."""

import pandas as pd
import pytest

from spinemets.reporting import cells, methods, score_cells, table_one_cells
from spinemets.results import Row, frame
from spinemets.settings import load


def text_table(rows):
    table = frame(rows)
    for name in ("estimate", "lower", "upper", "std_error", "n", "events"):
        table[name] = table[name].astype("Float64")
    for name in table.columns.difference(
        ["estimate", "lower", "upper", "std_error", "n", "events"]
    ):
        table[name] = table[name].astype("string")
    return table


def test_an_estimate_has_its_interval_or_its_reason():
    table = text_table(
        [
            Row("harrell_c", 0.6666, 0.61, 0.72),
            Row("survival", 1.0, note="no events by this time: no interval"),
            Row("median_survival_months", 17.44, 12.0, None),
            Row("auc", note="one group only"),
        ]
    )
    shown = [cells.estimate(row) for _, row in table.iterrows()]
    assert shown == ["0.67 (0.61 to 0.72)", "1.00", "17.4 (12.0 to –)", "one group only"]


def test_table_one_shows_levels_and_missing():
    released = pd.DataFrame(
        [
            ("sex", "female", "n", 2.0),
            ("sex", "female", "percent", 66.7),
            ("sex", "", "missing_n", 1.0),
            ("sex", "", "missing_percent", 25.0),
            ("age_years", "", "median", 61.0),
            ("age_years", "", "q1", 55.5),
            ("age_years", "", "q3", 70.0),
            ("age_years", "", "missing_n", 0.0),
            ("age_years", "", "missing_percent", 0.0),
        ],
        columns=["variable", "level", "statistic", "value"],
    )
    shown = table_one_cells.table_one(released.assign(stratum_set="overall", stratum="all"))
    assert shown.rows[0][2] == "1 (25 %)"
    assert shown.rows[1][1] == "2 (67 %)"
    assert shown.rows[2][:2] == ["Age at time zero, years", "61.0 (55.5 to 70.0)"]


def test_survival_says_a_reason_once_per_group():
    rows = [
        Row("median_survival_months", stratum="all", n=3, events=1, note="fewer than 10 patients"),
        Row("survival", horizon="3mo", n=3, events=1, note="fewer than 10 patients"),
        Row("survival", horizon="6mo", n=3, events=1, note="fewer than 10 patients"),
    ]
    shown = cells.survival(text_table(rows), "Survival")
    assert shown.head == ["Group", "n", "Deaths", "Median, months", "S(3mo)", "S(6mo)"]
    assert shown.rows == [["All patients", "3", "1", "fewer than 10 patients", "", ""]]


def test_points_and_bands_stand_side_by_side_with_caveats_below():
    common = {"score": "osri_2013", "set": "own", "n": 73, "events": 61}
    note = "fewer than 100 events: imprecise"
    rows = [
        Row("harrell_c", 0.54, 0.5, 0.58, form="points", note=note, **common),
        Row(
            "harrell_c", 0.53, 0.5, 0.57, form="band", note=note, **common | {"n": 80, "events": 66}
        ),
        Row("harrell_c", score="tomita_2001", set="classic", note="not in set: too few"),
    ]
    names = {"osri_2013": "OSRI"}
    shown = score_cells.performance(text_table(rows), names, "harrell_c", "C")
    assert shown.rows[0] == [
        "OSRI",
        "own patients",
        "0.54 (0.50 to 0.58)",
        "73",
        "61",
        "0.53 (0.50 to 0.57)",
        "80",
        "66",
    ]
    assert shown.rows[1][2] == "not in set: too few"
    assert shown.notes == [f"{note} (2 of 3 estimates)."]


@pytest.mark.parametrize(
    ("words", "expected"),
    [([3.0], "3"), ([3.0, 6.5], "3 and 6.5"), (["a", "b", "c"], "a, b and c")],
)
def test_lists_read_as_sentences_do(words, expected):
    assert methods.listed(words) == expected


def test_methods_follow_the_settings():
    info = {
        "resolution": "month",
        "time_zero": "surgery",
        "include": "age_years > 60",
        "disclosure": {"text": "Counts are exact."},
    }
    changed = {
        "cohorts": [],
        "evaluation": {"horizons_months": [9], "horizons_days": [90]},
        "survival": {"minimum_group": 17},
    }
    text = " ".join(methods.sentences(load(changed), info, {}))
    for expected in (
        "from surgery",
        "whole months",
        "age_years > 60",
        "AUC at 9 months and 90 days",
        "fewer than 17 patients",
        "Counts are exact.",
    ):
        assert expected in text
    assert "6 and 12" not in text


def test_inclusion_that_could_not_be_decided_has_a_name():
    assert cells.group_name("inclusion", "not_recorded").startswith("Inclusion undecided")
