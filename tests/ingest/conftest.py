"""Small cohorts, written as real files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from spinemets.ingest.patients import Ingested, ingest
from spinemets.settings import Cohort

OUTPUTS = {
    "patients": "patients.parquet",
    "inclusion": "inclusion.parquet",
    "cohort": "cohort.json",
    "flow": "flow.csv",
    "quality": "quality.csv",
    "transformations": "transformations.csv",
    "plausibility": "plausibility.csv",
    "k-anonymity": "k_anonymity.csv",
}


def a_cohort(file: Path, **more: Any) -> Cohort:
    """Cohort entry of a file."""
    given = {"time_zero": "surgery", "visibility": "private", "label": "a test", **more}
    return Cohort(id="test", file=str(file), **given)


@pytest.fixture
def make_mapping(tmp_path: Path) -> Callable[[str], Path]:
    """Write a mapping file."""

    def make(text: str) -> Path:
        path = tmp_path / "mapping.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return make


@pytest.fixture
def ingest_text(tmp_path: Path, make_mapping: Callable[[str], Path]) -> Callable[..., Ingested]:
    """Ingest a table given as text."""

    def run(text: str, mapping: str | None = None, name: str = "t.csv", **more: Any) -> Ingested:
        table = tmp_path / name
        table.write_bytes(text.encode("utf-8"))
        how = None if mapping is None else make_mapping(mapping)
        return ingest(table, how, a_cohort(table, **more))

    return run


@pytest.fixture
def run_stage(tmp_path: Path) -> Callable[..., tuple[int, Path]]:
    """Run the stage as the workflow does; gives the exit code and the folder of its outputs."""
    from spinemets.stages.ingest import main

    def run(table: Path, mapping: Path | None = None, **more: Any) -> tuple[int, Path]:
        out = tmp_path / "out"
        entry = {"id": "test", "label": "a test", "file": table.name, "time_zero": "surgery"}
        argv = ["--table", str(table), "--mapping", *([str(mapping)] if mapping else [])]
        argv += ["--cohort", json.dumps({**entry, "visibility": "private", **more})]
        for option, name in OUTPUTS.items():
            argv += [f"--out-{option}", str(out / name)]
        return main(argv), out

    return run


@pytest.fixture(scope="session")
def flow_of() -> Callable[[Ingested], dict[tuple[str, str], int]]:
    """Flow table as a dictionary."""

    def flow(result: Ingested) -> dict[tuple[str, str], int]:
        rows: pd.DataFrame = result.flow
        return {(r.step, r.reason): r.n for r in rows.itertuples()}

    return flow
