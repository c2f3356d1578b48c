"""A copy of the checkout in which the whole workflow runs, so that tests may edit it."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COPIED = ("Snakefile", "config", "data", "profiles", "src", "workflow")


@dataclass
class Study:
    """A folder with the whole workflow in it."""

    folder: Path

    def snakemake(self, *arguments: str, check: bool = True) -> str:
        """Run Snakemake as a user would; give everything that it printed."""
        environment = os.environ | {"PYTHONPATH": str(self.folder / "src")}
        done = subprocess.run(
            [sys.executable, "-m", "snakemake", *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        text = done.stdout + done.stderr
        if check and done.returncode:
            raise AssertionError(text[-6000:])
        return text

    def jobs(self, *arguments: str) -> dict[str, set[str]]:
        """Rules that would run, each with the wildcards of its jobs."""
        text = self.snakemake("-n", *arguments)
        found: dict[str, set[str]] = {}
        # Jobs that a cluster would get in a group are printed further in.
        for block in re.split(r"\n *(?=(?:local)?rule )", text):
            name = re.match(r"(?:local)?rule (\w+):", block)
            if name:
                wildcards = re.search(r"wildcards: (.*)", block)
                found.setdefault(name[1], set()).add(wildcards[1] if wildcards else "")
        return found

    def release(self) -> dict[str, bytes]:
        """Every released file but those of the run."""
        top = self.folder / "results" / "release"
        return {
            str(p.relative_to(top)): p.read_bytes()
            for p in sorted(top.rglob("*"))
            if p.is_file() and p.relative_to(top).parts[0] != "run"
        }

    def manifest(self) -> dict:
        """Content of the manifest of the whole release."""
        return json.loads((self.folder / "results/release/MANIFEST.json").read_text("utf-8"))


def make_study(folder: Path, patients: int = 300) -> Study:
    """Copy the checkout; the simulated cohort is drawn small, and so is every bootstrap."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        source = ROOT / name
        ignore = shutil.ignore_patterns("__pycache__")
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=ignore)
        else:
            shutil.copy2(source, folder / name)
    # Compiled kernels go along: numba knows them by the times of the sources, which are kept.
    for kernel in (ROOT / "src").rglob("*.nb[ci]"):
        target = folder / kernel.relative_to(ROOT)
        target.parent.mkdir(exist_ok=True)
        shutil.copy2(kernel, target)
    for file, small in (
        ("cohorts", {"patients": patients}),
        ("config", {"replicates": 20, "optimism": 5, "bootstrap": 100}),
    ):
        path = folder / "config" / f"{file}.yaml"
        text = path.read_text(encoding="utf-8")
        for key, value in small.items():
            text, found = re.subn(rf"\b{key}: \d+", f"{key}: {value}", text)
            assert found, key
        path.write_text(text, encoding="utf-8")
    return Study(folder)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep all tests of the finished study on one worker, so that its workflow runs once."""
    for item in items:
        if "finished" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("finished"))


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Study:
    """A study whose workflow ran on one core; shared, so it must not be changed."""
    study = make_study(tmp_path_factory.mktemp("finished"))
    study.snakemake("--cores", "1")
    return study


@pytest.fixture
def editable(finished, tmp_path) -> Study:
    """A private copy of the finished study, times of files kept."""
    folder = tmp_path / "study"
    shutil.copytree(finished.folder, folder, copy_function=shutil.copy2)
    return Study(folder)


@pytest.fixture(scope="session")
def study_maker():
    """Make further studies; a test may run and change what it made."""
    return make_study
