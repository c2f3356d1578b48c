"""Observed over expected deaths of a period is the share who died, divided by a known number."""

import pandas as pd

from spinemets.disclosure.counts import Rule
from spinemets.disclosure.shares import coarse


def test_observed_over_expected_by_period_is_as_coarse_as_any_ratio():
    rows = {
        "measure": "observed_expected",
        "lower": 0.8,
        "upper": 1.2,
        "std_error": 0.1,
        "note": "",
    }
    n = pd.Series([40, 40], dtype="Int64")
    table = pd.DataFrame([{**rows, "estimate": value} for value in (0.9871, 1.0124)])
    found = coarse(table, n, Rule(11, 6), ("estimate", "lower", "upper", "std_error"))
    assert found["estimate"][0] == found["estimate"][1]  # one death more or less can't be told
    assert found["std_error"].isna().all()
