"""tools/run_snakemake.py: what `make` does about runs that were killed, and runs that live."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOL = [sys.executable, str(ROOT / "tools/run_snakemake.py")]
SNAKEMAKE = str(Path(sys.executable).parent / "snakemake")
# The job's command line carries a stage's name, as every job of the workflow does.
WORKFLOW = """\
rule default:
    input: "second.txt"

rule first:
    output: "first.txt"
    shell: "echo begun > begun.txt; sleep {seconds}; : spinemets.stages.first; echo 1 > {{output}}"

rule second:
    input: "first.txt"
    output: "second.txt"
    shell: "cp {{input}} {{output}}"
"""


STARTED: list[subprocess.Popen[bytes]] = []


def wait_until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def processes_in(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(folder):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with a small workflow; whatever still runs in it afterwards is ended."""
    place = (tmp_path / "study").resolve()
    place.mkdir()
    yield place
    for process in processes_in(place):
        process.kill()
    for begun in STARTED:
        begun.wait()
    STARTED.clear()


def write_workflow(folder: Path, seconds: float) -> None:
    (folder / "Snakefile").write_text(WORKFLOW.format(seconds=seconds))


def make(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*TOOL, "--cores", "1", "--rerun-incomplete"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def start(command: list[str], folder: Path) -> subprocess.Popen[bytes]:
    """Start a run and wait until its first job is at work."""
    started = subprocess.Popen(
        [*command, "--cores", "1"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    STARTED.append(started)
    wait_until((folder / "begun.txt").exists)
    return started


def test_an_untouched_folder_simply_runs(folder: Path) -> None:
    write_workflow(folder, 0)
    done = make(folder)
    assert done.returncode == 0, done.stderr
    assert (folder / "second.txt").read_text() == "1\n"
    assert "killed" not in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(TOOL, id="make"),
        pytest.param([SNAKEMAKE], id="snakemake", marks=pytest.mark.slow),
    ],
)
def test_after_a_kill_it_waits_for_orphans_unlocks_and_finishes(
    folder: Path, command: list[str]
) -> None:
    write_workflow(folder, 6)
    killed = start(command, folder)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    orphans = {process.pid for process in processes_in(folder)}
    assert orphans, "the job should have outlived its Snakemake"
    done = make(folder)
    assert done.returncode == 0, done.stderr
    assert "Waiting for jobs of a run that was killed" in done.stderr
    assert "Removing the lock of a run that was killed" in done.stderr
    assert (folder / "second.txt").read_text() == "1\n"
    assert not orphans & {process.pid for process in processes_in(folder)}


def test_a_live_snakemake_is_left_alone(folder: Path) -> None:
    write_workflow(folder, 30)
    live = start([SNAKEMAKE], folder)
    done = make(folder)
    assert done.returncode == 1
    assert f"Snakemake (process {live.pid}) is running in this folder" in done.stderr
    assert list((folder / ".snakemake/locks").glob("*.lock"))
    assert live.poll() is None


def test_a_second_make_is_turned_away(folder: Path) -> None:
    write_workflow(folder, 30)
    first = start(TOOL, folder)
    done = make(folder)
    assert done.returncode == 1
    assert "Another `make` is running in this folder" in done.stderr
    assert first.poll() is None


def stale_lock(folder: Path, last_host: str) -> None:
    (folder / ".snakemake/locks").mkdir(parents=True)
    (folder / ".snakemake/locks/0.output.lock").write_text("first.txt\n")
    (folder / ".snakemake/make.lock").write_text(f"{last_host}\n")


def test_a_lock_from_another_machine_is_not_removed(folder: Path) -> None:
    write_workflow(folder, 0)
    stale_lock(folder, "elsewhere")
    done = make(folder)
    assert done.returncode == 1
    assert "another machine (elsewhere)" in done.stderr
    assert "snakemake --unlock" in done.stderr
    assert (folder / ".snakemake/locks/0.output.lock").exists()
    again = make(folder)
    assert again.returncode == 1, "asking twice must not make it safe"


def test_a_lock_from_this_machine_is_removed(folder: Path) -> None:
    write_workflow(folder, 0)
    stale_lock(folder, socket.gethostname())
    assert make(folder).returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_a_lock_of_another_user_is_not_removed(folder: Path) -> None:
    write_workflow(folder, 0)
    stale_lock(folder, socket.gethostname())
    os.chown(folder / ".snakemake/locks/0.output.lock", 12345, -1)
    done = make(folder)
    assert done.returncode == 1
    assert "another user's run" in done.stderr


def test_the_lock_between_makes_dies_with_its_process(folder: Path) -> None:
    write_workflow(folder, 30)
    first = start(TOOL, folder)
    first.kill()
    first.wait()
    with (folder / ".snakemake/make.lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_an_editor_is_not_taken_for_a_run(folder: Path) -> None:
    write_workflow(folder, 0)
    with subprocess.Popen(
        ["tail", "-f", "Snakefile"], cwd=folder, stdout=subprocess.DEVNULL
    ) as tail:
        assert make(folder).returncode == 0
        tail.kill()


def test_a_failing_workflow_keeps_its_exit_code(folder: Path) -> None:
    (folder / "Snakefile").write_text('rule a:\n    output: "a"\n    shell: "exit 3"\n')
    assert make(folder).returncode == 1
