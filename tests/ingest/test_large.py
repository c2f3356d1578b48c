"""Work grows with columns and distinct values, not with rows; a large table says how far it is."""

from __future__ import annotations

import cProfile
import logging
import pstats
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.ingest.conftest import a_cohort

from spinemets.ingest import progress
from spinemets.ingest.checks import CHECKS
from spinemets.ingest.patients import ingest
from spinemets.twin import simulate

PATIENTS = 150


def _table(folder: Path, rows: int) -> Path:
    """The same patients again and again, so that the distinct values stay the same."""
    drawn = simulate("leiden_graz", PATIENTS, 1).table
    table = drawn.iloc[np.arange(rows) % PATIENTS].reset_index(drop=True)
    table["patient_id"] = [f"P{i:05d}" for i in range(rows)]
    table["age_years"] = table["age_years"].clip(upper=90)
    path = folder / f"big{rows}.csv"
    table.loc[:, table.notna().any()].to_csv(path, index=False)
    return path


def _calls(path: Path) -> int:
    profile = cProfile.Profile()
    profile.enable()
    ingest(path, None, a_cohort(path))
    profile.disable()
    return int(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]


def test_no_work_is_done_row_by_row(tmp_path: Path) -> None:
    small, large = _table(tmp_path, 600), _table(tmp_path, 4_800)
    _calls(small)  # imports and caches
    few, many = _calls(small), _calls(large)
    # A single call per row and column would add hundreds of thousands.
    assert many - few < 4_200, (few, many)


def test_progress_is_said_of_large_tables_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = _table(tmp_path, 600)
    with caplog.at_level(logging.INFO, logger="spinemets.ingest"):
        ingest(path, None, a_cohort(path))
        assert not caplog.messages
        monkeypatch.setattr(progress, "LARGE", 500)
        ingest(path, None, a_cohort(path))
    said = "\n".join(caplog.messages)
    for what in ("columns read", "looked for identifiers", "columns converted", "plausibility"):
        assert what in said
    assert "600" not in said  # about, never exactly


def test_duplicates_are_those_that_pandas_finds() -> None:
    rng = np.random.default_rng(3)
    n = 400
    table = pd.DataFrame(
        {
            "survival_days": pd.array(rng.integers(1, 4, n), "Float64"),
            "died": pd.array(rng.random(n) < 0.5, "boolean"),
            "age_years": pd.array(rng.integers(60, 63, n), "Float64"),
            "sex": pd.array(rng.choice(["male", "female"], n), "string"),
            "primary": pd.array(rng.choice(["lung", "breast"], n), "string"),
            "kps": pd.array(rng.choice([70, 80], n), "Int64"),
            "surgery": pd.array(rng.random(n) < 0.5, "boolean"),
        }
    )
    table.loc[rng.random(n) < 0.05, "age_years"] = pd.NA
    found = CHECKS["duplicates"](table, {})[0]
    told = table.notna().sum(axis=1).ge(6).to_numpy()
    assert 0 < found.rows.sum() < n
    assert (found.rows == (table.duplicated().to_numpy() & told)).all()
    assert found.of == told.sum()
