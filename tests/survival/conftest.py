"""Data and R's numbers for the tests of survival."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

REFERENCE = Path(__file__).resolve().parents[1] / "reference"


def numbers(values: Any) -> np.ndarray:
    """Flatten what JSON holds; null is NaN."""
    flat = np.ravel(np.array(values, dtype=object))
    return np.array([np.nan if v is None else v for v in flat], dtype=float)


def assert_close(found: Any, expected: Any, tolerance: float = 1e-8) -> None:
    """Compare up to a tolerance, relative above 1, with NaN in the same places."""
    a, b = numbers(found), numbers(expected)
    np.testing.assert_array_equal(np.isnan(a), np.isnan(b))
    gap = np.abs(a - b) / np.maximum(1.0, np.abs(b))
    assert np.nanmax(gap, initial=0.0) <= tolerance, f"off by {np.nanmax(gap):.2e}"


@pytest.fixture(scope="session")
def close() -> Any:
    """The comparison of arrays with R's numbers."""
    return assert_close


@pytest.fixture(scope="session")
def r() -> dict[str, Any]:
    """Numbers made by reference.R."""
    return json.loads((REFERENCE / "survival_r.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def synth() -> pd.DataFrame:
    """A simulated cohort with the columns that reference.R adds."""
    table = pd.read_csv(REFERENCE / "synth1000.csv")
    number = np.arange(1, len(table) + 1)
    entry = np.where(number % 3 == 0, np.floor(table["time"] / 3), 0.0)
    entry[entry >= table["time"]] = 0.0
    weight = np.tile([1, 2, 1.5, 0.5, 1], 200)
    return table.assign(entry=entry, w=weight)


@pytest.fixture(scope="session")
def at() -> SimpleNamespace:
    """Times at which R's curves are read off."""
    return SimpleNamespace(days=[30.0, 90.0, 180.0, 365.0], tau=365.0)
