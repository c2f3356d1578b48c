"""`make` after kill -9 finishes what was begun, with the bytes of a run that nobody disturbed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
# What the recipe of `make` runs, without the installation that precedes it.
MAKE = [sys.executable, str(ROOT / "tools/run_snakemake.py"), "--rerun-incomplete", "--cores", "2"]


def environment(folder: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(folder / "src")}


def stages_at_work(folder: Path) -> list[str]:
    """Command lines of the stages that work in a folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(folder):
                found.append(" ".join(process.cmdline()))
        except (psutil.Error, OSError):
            continue
    return [line for line in found if "spinemets.stages." in line]


@pytest.mark.parametrize("stage", ["score", "draw"])
def test_make_after_a_kill_gives_the_same_bytes(finished, study_maker, tmp_path, stage):
    folder = (tmp_path / "killed").resolve()
    folder.mkdir()
    study = study_maker(folder)
    with (tmp_path / "log").open("w") as log:
        run = subprocess.Popen(
            MAKE,
            cwd=folder,
            env=environment(folder),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        deadline = time.monotonic() + 300
        while not any(f"stages.{stage} " in line for line in stages_at_work(folder)):
            assert run.poll() is None, (tmp_path / "log").read_text()[-4000:]
            assert time.monotonic() < deadline
            time.sleep(0.05)
        run.send_signal(signal.SIGKILL)
        run.wait()
    assert list((folder / ".snakemake/locks").glob("*.lock"))
    again = subprocess.run(
        MAKE, cwd=folder, env=environment(folder), capture_output=True, text=True, check=False
    )
    assert again.returncode == 0, again.stdout[-4000:] + again.stderr[-4000:]
    assert "Removing the lock of a run that was killed" in again.stderr
    assert stages_at_work(folder) == []
    assert study.release() == finished.release()


def test_a_bare_snakemake_says_the_one_command_to_type(editable):
    locks = editable.folder / ".snakemake/locks"
    locks.mkdir(exist_ok=True)
    (locks / "0.output.lock").write_text("results/release/MANIFEST.json\n")
    (editable.folder / "results/release/MANIFEST.json").unlink()
    said = editable.snakemake("--cores", "1", check=False)
    assert "snakemake --unlock" in said or "make" in said
    assert not (editable.folder / "results/release/MANIFEST.json").exists()
