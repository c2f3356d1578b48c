"""Rules run with the Python that runs Snakemake, whatever is on PATH."""

import subprocess
import sys
from pathlib import Path

import pytest

SNAKEMAKE = Path(sys.executable).parent / "snakemake"


FIRST = [
    "results/private/va_prostate/patients.parquet",
    "results/private/va_prostate/scores.parquet",
]


@pytest.mark.parametrize(
    ("lost", "asked"),
    [
        pytest.param(FIRST, FIRST[1:], id="two rules"),
        pytest.param(
            [*FIRST, "results/release/va_prostate/figures/forest_c.svg"],
            [],
            id="to the end",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_snakemake_runs_without_an_activated_environment(editable, clean_environment, lost, asked):
    """`.venv/bin/snakemake` with a bare PATH, where `python` is another one or none at all."""
    reference = editable.release()
    for name in lost:
        (editable.folder / name).unlink()
    done = subprocess.run(
        [SNAKEMAKE, *asked],
        cwd=editable.folder,
        env=clean_environment(editable.folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert all((editable.folder / name).is_file() for name in lost)
    assert editable.release() == reference
