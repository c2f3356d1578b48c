"""Table 1 counts what is known and says what isn't."""

import pandas as pd

from spinemets.table_one import COLUMNS, by_stratum, table_one


def value(table, variable, statistic, level=""):
    rows = table.query("variable == @variable and statistic == @statistic and level == @level")
    return rows["value"].item()


def test_categories_numbers_and_missing_values():
    table = table_one(
        pd.DataFrame(
            {
                "patient_id": pd.array(["1", "2", "3", "4"], dtype="string"),
                "sex": pd.array(["female", "male", "male", None], dtype="string"),
                "age_years": pd.array([50, 60, 70, None], dtype="Float64"),
                "small_cell": pd.array([True, None, None, None], dtype="boolean"),
                "albumin_g_per_l": pd.array([None] * 4, dtype="Float64"),
                "died": pd.array([True] * 4, dtype="boolean"),
            }
        ),
        "demo",
    )
    assert tuple(table.columns) == COLUMNS
    assert value(table, "sex", "n", "male") == 2
    assert round(value(table, "sex", "percent", "male"), 1) == 66.7
    assert value(table, "age_years", "median") == 60
    assert value(table, "age_years", "missing_percent") == 25
    assert value(table, "small_cell", "n", "yes") == 1
    assert value(table, "small_cell", "n", "no") == 0
    assert value(table, "albumin_g_per_l", "missing_n") == 4
    assert "died" not in set(table["variable"])


def test_an_empty_table_has_rows_and_no_invented_share():
    table = table_one(pd.DataFrame({"sex": pd.array([], dtype="string")}), "demo")
    assert table["value"].isna().sum() == 1


def test_a_difference_that_cannot_be_told_says_why():
    patients = pd.DataFrame(
        {
            "age_years": pd.array([50, 60, 70, 80, 55, 65], dtype="Float64"),
            "kps": pd.array([None, None, 70, 80, 90, 60], dtype="Float64"),
            "albumin_g_per_l": pd.array([40, 40, 40, 40, 40, 40], dtype="Float64"),
        }
    )
    arm = pd.Series(list("aabbbc"))
    table = by_stratum(patients, "demo", "arm", arm, ["a", "b", "c"], minimum=2)
    gaps = table[table["statistic"].eq("standardised_difference")]
    told = {
        (g, v): n for g, v, n in zip(gaps["stratum"], gaps["variable"], gaps["note"], strict=True)
    }
    assert told["a", "age_years"] == ""
    assert told["a", "kps"] == "no value in the group"
    assert told["b", "albumin_g_per_l"] == "no spread"
    assert told["c", "age_years"] == "fewer than 2 patients"
    assert gaps["value"].isna().eq(gaps["note"].ne("")).all()
