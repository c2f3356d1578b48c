"""Patterns of missing values against mice::md.pattern."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines.datasets import load_lung

from spinemets.missing.patterns import missing_patterns

COLUMNS = ["time", "status", "age", "sex", "ph.ecog", "ph.karno", "pat.karno", "wt.loss"]


def test_worked_patients() -> None:
    table = pd.DataFrame({"a": [1, 1, None, 2], "b": [1, None, None, None], "c": [1, 1, 1, 1]})
    found = missing_patterns(table)
    assert list(found.columns) == ["c", "a", "b", "patients", "missing"]
    assert found["patients"].tolist() == [1, 2, 1]
    assert found["missing"].tolist() == [0, 1, 2]
    assert found["b"].tolist() == [True, False, False]


def test_lung_as_mice() -> None:
    """Printed by mice::md.pattern for the lung data of R (and of lifelines)."""
    found = missing_patterns(load_lung()[[*COLUMNS, "meal.cal"]])
    assert sorted(found["patients"], reverse=True) == [168, 42, 10, 3, 2, 1, 1, 1]
    assert found["patients"].sum() == 228
    assert found.loc[0, "missing"] == 0


@pytest.mark.shared
def test_every_pattern_as_mice(shared: Path) -> None:
    numbers = json.loads((shared / "gold" / "gold_validation_pooling.json").read_text())
    expected = numbers["md_pattern_lung"]
    names, matrix = expected["cols"][:-1], np.array(expected["matrix"], float)
    table = pd.read_csv(shared / "gold" / "data" / "lung.csv")[names]
    found = missing_patterns(table)
    ours = {
        (*map(int, row[names]), int(row["missing"])): int(row["patients"])
        for _, row in found.iterrows()
    }
    theirs = {
        tuple(map(int, row)): int(count)
        for row, count in zip(matrix[:-1], expected["rows"][:-1], strict=True)
    }
    assert ours == theirs
    assert table.isna().sum()[names].tolist() == matrix[-1][:-1].tolist()


def test_nothing_to_count() -> None:
    assert missing_patterns(pd.DataFrame({"a": []})).empty
    assert missing_patterns(pd.DataFrame()).empty
    with pytest.raises(ValueError, match="table"):
        missing_patterns(pd.DataFrame({"missing": [1]}))
