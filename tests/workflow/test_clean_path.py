"""Rules run with the Python that runs Snakemake, whatever is on PATH."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("workflow")
SNAKEMAKE = Path(sys.executable).parent / "snakemake"


def test_snakemake_runs_without_an_activated_environment(editable, clean_environment):
    """`.venv/bin/snakemake` with a bare PATH, where `python` is another one or none at all."""
    reference = editable.release()
    stages = [
        "private/va_prostate/patients.parquet",
        "private/va_prostate/scores.parquet",
        "release/va_prostate/figures/forest_c.svg",
    ]
    for name in stages:
        (editable.folder / "results" / name).unlink()
    done = subprocess.run(
        [SNAKEMAKE],
        cwd=editable.folder,
        env=clean_environment(editable.folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert editable.release() == reference
