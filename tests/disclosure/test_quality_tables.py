"""Plausibility and k-anonymity of a private cohort: nobody who is alone can be counted."""

import pandas as pd

from helpers import private_tables
from spinemets import disclosure
from spinemets.disclosure import Rule


def released(name: str, n: int = 600) -> pd.DataFrame:
    table = private_tables.tables(n)[name].astype("string").fillna("")
    info = private_tables.info("private", n)
    return disclosure.release(info, {name: table}, Rule(11, 6))[name]


def test_small_classes_are_withheld_and_not_to_be_had_by_subtraction() -> None:
    table = released("k_anonymity").set_index("class_size")["n"]
    assert pd.isna(table["1"])
    assert pd.isna(table["2 to 4"])
    # With the number of patients known, at least two withheld classes share what is left.
    assert table.isna().sum() >= 2
    assert table["11 or more"] % 6 == 3


def test_neither_few_findings_nor_few_exceptions_can_be_counted() -> None:
    table = released("plausibility").set_index("rule")
    assert pd.isna(table.loc["entry_after_exit", "n"])  # four patients
    assert pd.isna(table.loc["everybody_died", "n"])  # all but two
    assert table.loc["solitary_but_many", "n"] % 6 == 3
    assert table.loc["prostate_in_woman", "n"] == 0


def test_names_of_conversions_keep_their_numbers() -> None:
    """They are texts of the program and of the mapping; how many cells they met stands beside."""
    words = "years of two digits read as 1930 to 2029"
    table = private_tables.tables(600)["transformations"].head(1).assign(conversion=words)
    given = table.astype("string").fillna("")
    info = private_tables.info("private", 600)
    (row,) = disclosure.release(info, {"transformations": given}, Rule(11, 6))[
        "transformations"
    ].to_dict("records")
    assert row["conversion"] == words
