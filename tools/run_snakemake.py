"""Run Snakemake in this folder, after clearing up what a killed run left behind.

A run that ends by SIGKILL, by a power cut or by the out-of-memory killer leaves Snakemake's lock
behind, and its child jobs may run on as orphans and still write. Snakemake itself cannot tell such
a lock from that of a live run. This script can, on one machine:

1. Two `make` in one folder are kept apart by an advisory file lock that dies with its process.
2. A live Snakemake in this folder that somebody else started: stop and say so.
3. Jobs whose Snakemake is gone: wait until they have ended, they are killed by nobody.
4. A lock that nobody holds any more: unlock.

Then the process becomes Snakemake (exec), so a signal sent to it reaches Snakemake itself.
"""

import fcntl
import os
import socket
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import psutil

PATIENCE_SECONDS = 900
STAGES = "spinemets.stages."


class FolderInUseError(Exception):
    """The folder is in use, or may be; the message says what to do."""


def is_snakemake(command: list[str]) -> bool:
    """Whether a process's command line is a Snakemake, and not an editor on a file of that name."""
    started = [Path(word).name for word in command[:2]]
    as_module = any(pair == ("-m", "snakemake") for pair in pairwise(command))
    return "snakemake" in started or as_module


def is_job(command: list[str]) -> bool:
    """Whether a process is one of the workflow's jobs: a stage, the shell around it, a group."""
    of_a_master = any(pair == ("--mode", "subprocess") for pair in pairwise(command))
    return of_a_master or any(STAGES in word for word in command)


def living(folder: Path) -> tuple[list[int], list[int]]:
    """The ids of Snakemake processes and of jobs that work in ``folder``, this one's line apart."""
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    masters: list[int] = []
    jobs: list[int] = []
    for process in psutil.process_iter():
        if process.pid in own:
            continue
        try:
            if Path(process.cwd()) != folder or process.status() == psutil.STATUS_ZOMBIE:
                continue
            command = process.cmdline()
        except (psutil.Error, OSError):
            continue  # ended meanwhile, or another user's
        if is_job(command):
            jobs.append(process.pid)
        elif is_snakemake(command):
            masters.append(process.pid)
    return masters, jobs


def numbers(pids: list[int]) -> str:
    """Process ids for a message."""
    return ", ".join(str(pid) for pid in pids)


def tell(message: str) -> None:
    """Say something to the person at the terminal, apart from Snakemake's own output."""
    sys.stderr.write(f"{message}\n")


def hold(folder: Path) -> int:
    """Take the file lock that keeps two `make` apart; it dies with the process that has it."""
    (folder / ".snakemake").mkdir(exist_ok=True)
    held = os.open(folder / ".snakemake" / "make.lock", os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FolderInUseError(
            "Another `make` is running in this folder. Wait until it has ended."
        ) from None
    os.set_inheritable(held, True)  # kept by the Snakemake that this process becomes
    return held


def wait_for_orphans(folder: Path) -> None:
    """Let the jobs of a killed run end: they may still write what this run would write too."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    told = False
    while True:
        masters, jobs = living(folder)
        if masters:
            raise FolderInUseError(
                f"Snakemake (process {numbers(masters)}) is running in this folder. "
                "Wait until it has ended, or end it, then run `make` again."
            )
        if not jobs:
            return
        if time.monotonic() > deadline:
            raise FolderInUseError(
                f"Jobs of a run that was killed are still working (process {numbers(jobs)}). "
                "End them, then run `make` again."
            )
        if not told:
            tell(f"Waiting for jobs of a run that was killed (process {numbers(jobs)}).")
            told = True
        time.sleep(0.2)


def unlock_if_stale(folder: Path, held: int, snakemake: list[str]) -> None:
    """Remove the lock of a run that is gone; refuse where that cannot be known from here.

    The file lock ``held`` carries the name of the machine where `make` ran last.
    """
    last_host = os.pread(held, 256, 0).decode(errors="replace").strip()
    locks = sorted((folder / ".snakemake" / "locks").glob("*.lock"))
    if not locks:
        return
    by_hand = "If nothing runs there any more:  .venv/bin/snakemake --unlock  and `make` again."
    if last_host not in ("", socket.gethostname()):
        raise FolderInUseError(
            f"The folder is locked by a run on another machine ({last_host}). {by_hand}"
        )
    if any(lock.stat().st_uid != os.getuid() for lock in locks):
        raise FolderInUseError(f"The folder is locked by another user's run. {by_hand}")
    tell("Removing the lock of a run that was killed.")
    subprocess.run([*snakemake, "--unlock"], cwd=folder, check=True)


def main(arguments: list[str]) -> int:
    """Clear up and become Snakemake; returns an exit code only when it could not."""
    folder = Path.cwd().resolve()
    snakemake = [str(Path(sys.executable).parent / "snakemake")]
    try:
        held = hold(folder)
        wait_for_orphans(folder)
        unlock_if_stale(folder, held, snakemake)
    except FolderInUseError as refusal:
        tell(str(refusal))
        return 1
    except subprocess.CalledProcessError as error:
        return error.returncode
    os.ftruncate(held, 0)
    os.pwrite(held, f"{socket.gethostname()}\n".encode(), 0)
    return os.execv(snakemake[0], [*snakemake, *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
