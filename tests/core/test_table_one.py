"""Table 1 counts what is known and says what isn't."""

import pandas as pd

from spinemets.table_one import COLUMNS, table_one


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
