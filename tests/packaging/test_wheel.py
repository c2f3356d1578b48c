"""The wheel holds what the package reads at run time, and nothing of a study."""

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

IGNORED = {"__pycache__"}


@pytest.fixture(scope="module")
def wheel(
    copy_checkout: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, set[str]]:
    """A copy of the checkout with results in it, and the names in the wheel made from it."""
    checkout = copy_checkout(tmp_path_factory.mktemp("wheel") / "spinemets")
    (checkout / "results/private").mkdir(parents=True)
    (checkout / "results/private/patients.parquet").write_text("a patient")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel"],
        cwd=checkout,
        check=True,
        capture_output=True,
    )
    (built,) = (checkout / "dist").glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return checkout, set(archive.namelist())


def files(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not IGNORED & set(path.parts)
    }


def test_wheel_holds_every_file_of_the_package(wheel: tuple[Path, set[str]]) -> None:
    checkout, names = wheel
    assert {f"spinemets/{name}" for name in files(checkout / "src/spinemets")} <= names


def test_wheel_holds_the_workflow(wheel: tuple[Path, set[str]]) -> None:
    checkout, names = wheel
    assert {f"spinemets/_workflow/{name}" for name in files(checkout / "workflow")} <= names


def test_wheel_holds_nothing_else(wheel: tuple[Path, set[str]]) -> None:
    _, names = wheel
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"spinemets"}
    assert not [name for name in names if name.endswith(".parquet")]
