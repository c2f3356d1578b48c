"""The same packages by every road: pyproject.toml, the lock files, and the conda environments."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
# conda's leaner builds of two packages carry names of their own
CONDA_NAMES = {"matplotlib-base": "matplotlib", "snakemake-minimal": "snakemake"}
# what installs the checkout itself into a conda environment
INSTALLERS = {"python", "pip", "hatchling", "editables"}
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def declared() -> dict[str, SpecifierSet]:
    """Package -> range, of what spinemets needs at run time."""
    wanted = [Requirement(line) for line in PYPROJECT["project"]["dependencies"]]
    return {canonicalize_name(need.name): need.specifier for need in wanted}


def locked(name: str) -> dict[str, set[str]]:
    """Package -> versions of a lock file (more than one where they differ by Python)."""
    versions: dict[str, set[str]] = {}
    for found in re.finditer(r"^([A-Za-z0-9._-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE):
        versions.setdefault(canonicalize_name(found[1]), set()).add(found[2])
    return versions


def entries(name: str) -> list[str]:
    """The requirements of a lock file, each with its continuation lines, without comments."""
    lines = [
        line for line in (ROOT / name).read_text().splitlines() if not line.strip().startswith("#")
    ]
    return re.split(r"\n(?=\S)", "\n".join(lines).strip())


def conda(name: str) -> tuple[dict[str, SpecifierSet], list[str]]:
    """Package -> range of a conda environment (by their PyPI names), and its pip section."""
    ranges, pip = {}, []
    for line in yaml.safe_load((ROOT / name).read_text())["dependencies"]:
        if isinstance(line, dict):
            pip = line["pip"]
            continue
        package, _, bounds = line.partition(" ")
        ranges[CONDA_NAMES.get(package, package)] = SpecifierSet(bounds)
    return ranges, pip


CONDA_FILES = ["environment.yml", "workflow/envs/spinemets.yaml"]


@pytest.mark.parametrize("name", CONDA_FILES)
def test_conda_environment_has_the_packages_and_ranges_of_pyproject(name: str) -> None:
    ranges, _ = conda(name)
    assert {package: r for package, r in ranges.items() if package not in INSTALLERS} == declared()


@pytest.mark.parametrize("name", CONDA_FILES)
def test_conda_environment_admits_the_locked_versions(name: str) -> None:
    versions = locked("requirements.lock")
    ranges, _ = conda(name)
    outside = {
        package: (str(allowed), sorted(versions.get(package, {"not locked"})))
        for package, allowed in ranges.items()
        if package not in {"python", "pip"}
        and not all(version in allowed for version in versions.get(package, {"0"}))
    }
    assert outside == {}


@pytest.mark.parametrize("name", CONDA_FILES)
def test_conda_environment_takes_the_two_channels_only(name: str) -> None:
    channels = yaml.safe_load((ROOT / name).read_text())["channels"]
    assert channels == ["conda-forge", "bioconda", "nodefaults"]


def test_conda_environment_for_people_installs_this_checkout() -> None:
    assert conda("environment.yml")[1] == ["-e ."]


def test_both_conda_environments_are_the_same() -> None:
    assert conda("environment.yml")[0] == conda("workflow/envs/spinemets.yaml")[0]


def test_conda_python_is_what_pyproject_supports() -> None:
    allowed = conda("environment.yml")[0]["python"]
    supported = SpecifierSet(PYPROJECT["project"]["requires-python"])
    tried = [
        line.rsplit(" ", 1)[1]
        for line in PYPROJECT["project"]["classifiers"]
        if re.search(r"Python :: 3\.\d+$", line)
    ]
    assert tried
    assert all(version in allowed and version in supported for version in tried)
    assert "3.10" not in allowed
    assert "3.10" not in supported


@pytest.mark.parametrize("package", ["pandas", "lifelines"])
def test_both_bounds_are_set_where_a_resolver_was_seen_to_go_wrong(package: str) -> None:
    operators = {bound.operator for bound in declared()[package]}
    assert operators == {">=", "<"}


def test_lock_holds_every_declared_package_within_its_range() -> None:
    groups = PYPROJECT["dependency-groups"]
    wanted = [Requirement(line) for line in PYPROJECT["project"]["dependencies"]]
    wanted += [Requirement(line) for g in groups.values() for line in g if isinstance(line, str)]
    versions = locked("requirements.lock")
    for need in wanted:
        found = versions.get(canonicalize_name(need.name))
        assert found, f"{need.name} is not locked"
        assert all(version in need.specifier for version in found), need.name


def test_the_slurm_extra_is_what_the_tests_use() -> None:
    (extra,) = PYPROJECT["project"]["optional-dependencies"]["slurm"]
    assert extra in PYPROJECT["dependency-groups"]["test"]


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-build.lock"])
def test_lock_has_a_hash_for_every_file_and_names_no_registry(name: str) -> None:
    for entry in entries(name):
        assert "==" in entry.splitlines()[0]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry.splitlines()[0]
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert "index-url" not in text
    assert "find-links" not in text


def test_build_lock_is_part_of_the_lock() -> None:
    def by_line(name: str) -> dict[str, set[str]]:
        return {
            entry.splitlines()[0].strip(" \\"): set(re.findall(r"sha256:\w+", entry))
            for entry in entries(name)
        }

    whole, part = by_line("requirements.lock"), by_line("requirements-build.lock")
    assert part
    assert {line: whole.get(line) for line in part} == part


def test_build_lock_holds_the_build_backend() -> None:
    wanted = {Requirement(line).name for line in PYPROJECT["build-system"]["requires"]}
    assert wanted | {"editables", "setuptools", "wheel"} <= set(locked("requirements-build.lock"))
