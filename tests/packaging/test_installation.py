"""Installations that people make by hand: conda's list of packages, and a machine without network.

They fetch packages, so they are slow and need a registry.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
PYPI_NAMES = {"matplotlib-base": "matplotlib", "snakemake-minimal": "snakemake"}


def run(command: list[str], folder: Path, **variables: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    return done.stdout


@pytest.fixture
def checkout(copy_checkout: Callable[[Path], Path], tmp_path: Path) -> Path:
    """A copy of the checkout whose simulated cohort is small."""
    copy = copy_checkout(tmp_path / "spinemets")
    cohorts = copy / "config/cohorts.yaml"
    cohorts.write_text(re.sub(r"patients: \d+", "patients: 300", cohorts.read_text()))
    return copy


def conda_packages() -> list[str]:
    """The packages of environment.yml as pip writes them, Python and pip apart."""
    listed = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    pairs = [line.partition(" ") for line in listed if isinstance(line, str)]
    return [
        PYPI_NAMES.get(name, name) + bounds
        for name, _, bounds in pairs
        if name not in {"python", "pip"}
    ]


def test_the_packages_of_the_conda_environment_run_a_bare_snakemake(checkout: Path) -> None:
    """Exactly the listed packages and what they need, in the locked versions."""
    lock = (ROOT / "requirements.lock").read_text()
    pins = re.findall(r"^(\S+==[^\n\\]+?) *\\?$", lock, re.MULTILINE)
    constraints = checkout.parent / "constraints.txt"
    # A constraint has no extras: pip refuses `coverage[toml]==...` there.
    constraints.write_text("\n".join(re.sub(r"\[.*?\]", "", pin) for pin in pins) + "\n")
    venv = checkout.parent / "environment"
    run([sys.executable, "-m", "venv", str(venv)], checkout)
    pip = [str(venv / "bin/python"), "-m", "pip", "install", "--quiet", "--progress-bar=off"]
    build = [str(ROOT / "requirements-build.lock"), "--require-hashes"]
    run([*pip, "--requirement", *build], checkout)
    run(
        [*pip, "--no-build-isolation", "--constraint", str(constraints), *conda_packages()],
        checkout,
    )
    run([*pip, "--no-deps", "--no-build-isolation", "--editable", "."], checkout)
    packages = run([str(venv / "bin/python"), "-m", "pip", "list", "--format=json"], checkout)
    assert "pytest" not in {package["name"] for package in json.loads(packages.splitlines()[0])}
    run([str(venv / "bin/snakemake")], checkout)
    assert (checkout / "results/release/MANIFEST.json").is_file()


def test_post_deploy_script_installs_the_checkout_it_is_run_in(checkout: Path) -> None:
    """The conda environments that Snakemake makes get spinemets from the folder it runs in."""
    venv = checkout.parent / "environment"
    run([sys.executable, "-m", "venv", str(venv)], checkout)
    pip = [str(venv / "bin/python"), "-m", "pip", "install", "--quiet", "--require-hashes"]
    run([*pip, "--requirement", str(ROOT / "requirements-build.lock")], checkout)
    path = os.pathsep.join([str(venv / "bin"), os.environ["PATH"]])
    script = str(ROOT / "workflow/envs/spinemets.post-deploy.sh")
    run(["sh", script], checkout, PATH=path)
    where = "import spinemets; print(spinemets.__file__)"
    found = run([str(venv / "bin/python"), "-c", where], checkout.parent, PATH=path)
    assert found.strip() == str(checkout / "src/spinemets/__init__.py")


def test_post_deploy_script_refuses_a_folder_that_is_no_checkout(tmp_path: Path) -> None:
    done = subprocess.run(
        ["sh", ROOT / "workflow/envs/spinemets.post-deploy.sh"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "SPINEMETS_SOURCE" in done.stderr


def without_network() -> list[str]:
    """What runs a command without any network; nothing where that is not allowed."""
    cut = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--map-root-user"]
    possible = shutil.which("unshare") is not None and (
        subprocess.run([*cut, "true"], check=False, capture_output=True).returncode == 0
    )
    return cut if possible else []


def test_a_wheelhouse_installs_and_runs_without_a_network(checkout: Path) -> None:
    """docs/how-to/offline.md: hashes are checked, source packages built, nothing is fetched."""
    fetcher = checkout.parent / "fetcher"  # an environment made by uv has no pip of its own
    run([sys.executable, "-m", "venv", str(fetcher)], checkout)
    download = [str(fetcher / "bin/python"), "-m", "pip", "download", "--quiet"]
    for lock in ("requirements-build.lock", "requirements.lock"):
        options = ["--require-hashes", "--dest", "wheelhouse", "--requirement", lock]
        run([*download, *options], checkout)
    offline = {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(checkout / "wheelhouse"),
        "SPINEMETS_NO_UV": "1",
        "PYTHON": sys.executable,
    }
    run([*without_network(), "make", "env"], checkout, **offline)
    said = run([*without_network(), ".venv/bin/spinemets", "--version"], checkout, **offline)
    assert said.startswith("spinemets ")
    run([*without_network(), ".venv/bin/snakemake", "--dry-run", "--quiet"], checkout, **offline)
