"""What every test may need: where things are, and what to do when a requirement is absent.

A test names what it needs by a marker (``chromium``, ``r``, ``slurm``, ``shared``). Where that is
absent the test is skipped with the reason; with ``SPINEMETS_REQUIRE_ALL=1`` (``make test-all``) it
fails instead, and so does every other skip: nothing is left out unnoticed.
``SPINEMETS_SKIP_SLOW=1`` (``make test``) leaves out what is marked ``slow``.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Generator
from functools import cache
from pathlib import Path

import hypothesis
import pytest

# How long an example takes is measured in benchmarks/, not by tests on a busy machine.
hypothesis.settings.register_profile("spinemets", hypothesis.settings.default, deadline=None)
hypothesis.settings.load_profile("spinemets")

# Else every process that a test starts would compile every module anew, as in the Makefile.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

pytest_plugins = ["helpers.study"]

ROOT = Path(__file__).resolve().parents[1]
REQUIRE_ALL = os.environ.get("SPINEMETS_REQUIRE_ALL") == "1"
SKIP_SLOW = os.environ.get("SPINEMETS_SKIP_SLOW") == "1"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SLURM_PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue")


def find_program(*names: str) -> str | None:
    """The first of these programs that is installed; daemons live outside an ordinary PATH."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


@cache
def missing_chromium() -> str | None:
    """Why no browser can be started, or None."""
    return None if find_program(*BROWSERS) else "no Chromium browser on PATH"


@cache
def missing_r() -> str | None:
    """Why R with its survival package cannot be used, or None."""
    rscript = find_program("Rscript")
    if rscript is None:
        return "no Rscript on PATH"
    tried = subprocess.run([rscript, "-e", "library(survival)"], capture_output=True, check=False)
    return None if tried.returncode == 0 else "R has no survival package"


@cache
def missing_slurm() -> str | None:
    """Why no SLURM controller can be started here, or None."""
    absent = [name for name in SLURM_PROGRAMS if find_program(name) is None]
    if absent:
        return f"SLURM is not installed ({', '.join(absent)})"
    return None if os.geteuid() == 0 else "starting a SLURM controller needs root"


@cache
def missing_shared() -> str | None:
    """Why the shared cohorts and references cannot be read, or None."""
    named = os.environ.get("SPINEMETS_SHARED")
    if not named:
        return "SPINEMETS_SHARED names no folder"
    return None if Path(named).is_dir() else "the folder that SPINEMETS_SHARED names does not exist"


MISSING = {
    "chromium": missing_chromium,
    "r": missing_r,
    "slurm": missing_slurm,
    "shared": missing_shared,
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose requirement is absent (or fail, see below)."""
    if SKIP_SLOW and item.get_closest_marker("slow") is not None:
        pytest.skip("slow: run by `make test-all`")
    for marker, missing in MISSING.items():
        if item.get_closest_marker(marker) is not None and (reason := missing()):
            pytest.skip(f"{marker}: {reason}")


def fail_a_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure that says what was missing."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"{reason} (SPINEMETS_REQUIRE_ALL=1: nothing may be skipped)"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With SPINEMETS_REQUIRE_ALL=1 a skipped test is a failed one."""
    report = yield
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        fail_a_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a module that skips itself while it is collected."""
    report = yield
    if REQUIRE_ALL and report.outcome == "skipped":
        fail_a_skip(report)
    return report


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", ".snakemake", "results", "__pycache__", ".*_cache", ".hypothesis", "htmlcov"
)


@pytest.fixture(scope="session")
def copy_checkout() -> Callable[[Path], Path]:
    """Copy this checkout, as a clone would have it, into a folder that does not exist yet."""

    def copy(target: Path) -> Path:
        shutil.copytree(ROOT, target, ignore=NOT_COPIED)
        return target

    return copy


@pytest.fixture(scope="session")
def clean_environment() -> Callable[[Path], dict[str, str]]:
    """The variables of a bare login, with the package taken from a copy of the checkout.

    Nothing of the virtual environment is on PATH, and no variable of this test run is left.
    """

    def variables(checkout: Path) -> dict[str, str]:
        home = checkout.parent / "home"
        home.mkdir(exist_ok=True)
        return {
            "PATH": "/usr/bin:/bin",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(checkout / "src"),
        }

    return variables


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared cohorts and references; use with the marker ``shared``."""
    return Path(os.environ["SPINEMETS_SHARED"]).resolve()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser; use with the marker ``chromium``."""
    found = find_program(*BROWSERS)
    assert found is not None
    return found


@pytest.fixture(scope="session")
def rscript() -> str:
    """R's script runner; use with the marker ``r``."""
    found = find_program("Rscript")
    assert found is not None
    return found
