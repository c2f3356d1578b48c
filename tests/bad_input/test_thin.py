"""Thin cohorts are results with a reason: ingest lets them through."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from tests.bad_input.support import GOOD, Stage

from spinemets.ingest.patients import Ingested

HEADER, *ROWS = GOOD.splitlines(keepends=True)


@pytest.mark.parametrize(
    "text",
    [
        HEADER + ROWS[1],
        GOOD.replace("true", "false"),
        GOOD.replace("false", "true"),
        HEADER + "".join(r for r in ROWS if "breast" in r),
    ],
    ids=["one patient", "no events", "no censoring", "one stratum"],
)
def test_thin_cohorts_pass(tmp_path: Path, run_stage: Stage, text: str) -> None:
    table = tmp_path / "t.csv"
    table.write_text(text, encoding="utf-8")
    code, out = run_stage(table)
    assert code == 0
    assert len(pd.read_parquet(out / "patients.parquet")) == text.count("Canary")


def test_nobody_included(
    ingest_text: Callable[..., Ingested],
    flow_of: Callable[[Ingested], dict[tuple[str, str], int]],
) -> None:
    result = ingest_text(GOOD, include="age_years > 100")
    assert flow_of(result) == {
        ("in", ""): 4,
        ("excluded", "not included (age_years > 100)"): 4,
        ("analysed", ""): 0,
    }
    assert result.patients.empty
    assert result.patients["died"].dtype == "boolean"


def test_nobody_can_be_told(
    ingest_text: Callable[..., Ingested],
    flow_of: Callable[[Ingested], dict[tuple[str, str], int]],
) -> None:
    result = ingest_text(GOOD.replace(",80,", ",,"), include="kps >= 50")
    assert flow_of(result) == {
        ("in", ""): 4,
        ("excluded", "not included (kps >= 50)"): 1,
        ("excluded", "kps not recorded"): 1,
        ("analysed", ""): 2,
    }
    assert result.inclusion["included"].isna().sum() == 1
