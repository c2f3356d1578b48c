"""Private folders, and what comes out of the door."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from helpers import private_tables
from spinemets.stages import disclose

Release = Callable[..., Path]


@pytest.fixture(scope="session")
def make_release(tmp_path_factory) -> Release:
    """Write private tables and release them; give the folder of the release."""

    def make(
        n: int = 600, visibility: str = "private", seed: int = 1, settings: str = "{}"
    ) -> Path:
        top = tmp_path_factory.mktemp("cohort")
        private = private_tables.write(top / "private", n, visibility, seed)
        return release(private, top / "release", settings)

    return make


def release(private: Path, out: Path, settings: str = "{}") -> Path:
    """Run the stage on every table of a private folder."""
    tables = sorted(str(p) for p in private.glob("*.csv"))
    code = disclose.main(
        ["--cohort-info", str(private / "cohort.json"), "--settings", settings, "--tables", *tables,
         "--out-folder", str(out / "tables"), "--out-cohort-info", str(out / "cohort.json")]
    )  # fmt: skip
    assert code == 0
    return out


@pytest.fixture(scope="session")
def private_release(make_release) -> Path:
    """Release of a private cohort of six hundred."""
    return make_release()


@pytest.fixture(scope="session")
def read() -> Callable[[Path, str], pd.DataFrame]:
    """Read a released table."""

    def table(folder: Path, name: str) -> pd.DataFrame:
        text = ["cohort", "set", "stratum_set", "stratum", "score", "variant", "form", "horizon"]
        kinds = dict.fromkeys([*text, "value"] if name == "score_distribution" else text, "string")
        return pd.read_csv(folder / "tables" / f"{name}.csv", dtype=kinds, na_values=[""])

    return table
