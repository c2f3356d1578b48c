"""The workflow on a real SLURM controller: same bytes, few submissions."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from helpers.slurm_cluster import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.slurm]


@pytest.fixture
def cluster():
    """A controller with one node; ended whatever happens.

    Not under pytest's folder, which nobody else may enter: munged refuses a socket that other
    users could not reach.
    """
    with tempfile.TemporaryDirectory(prefix="spinemets-slurm-", dir="/tmp") as folder:
        started = Cluster(Path(folder))
        try:
            started.start()
            yield started
        finally:
            started.stop()


def test_the_profile_runs_the_workflow_in_one_submission_per_cohort(
    cluster, finished, study_maker, tmp_path
):
    folder = tmp_path / "study"
    folder.mkdir()
    study = study_maker(folder)
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--profile", "profiles/slurm"],
        cwd=folder,
        env=cluster.environment | {"PYTHONPATH": str(folder / "src")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    said = done.stdout + done.stderr
    logs = "\n".join(
        log.read_text(errors="replace")[-3000:]
        for log in (folder / ".snakemake/slurm_logs").rglob("*.log")
    )
    assert done.returncode == 0, said[-6000:] + logs + cluster.logs()
    submitted = re.findall(r"submitted with SLURM jobid (\d+)", said)
    assert len(submitted) == 3, "one for each cohort, and one that joins them"
    assert study.release() == finished.release()
