"""tools/environment.sh: which Python it takes, when it installs, what it says when it cannot."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SYSTEM = ("awk", "cat", "cksum", "dirname", "env", "ln", "mkdir", "rm", "sh")
FAKE_UV = """\
#!/bin/sh
case "$1" in
    --version) ;;
    venv) for last; do :; done; mkdir -p "$last/bin"; ln -sf {python} "$last/bin/python" ;;
    *) echo "$@" >> "$SPINEMETS_TEST_LOG" ;;
esac
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A checkout with the script, two tiny lock files, and a PATH with the bare necessities."""
    checkout = tmp_path / "checkout"
    (checkout / "tools").mkdir(parents=True)
    shutil.copy(ROOT / "tools/environment.sh", checkout / "tools")
    for name in ("requirements.lock", "requirements-build.lock", "pyproject.toml"):
        (checkout / name).write_text(f"# {name}\n")
    (checkout / "tools/compile_kernels.py").write_text("open('compiled', 'a').write('once ')\n")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in SYSTEM:
        (programs / name).symlink_to(shutil.which(name) or name)
    return checkout


def with_uv(place: Path) -> None:
    uv = place.parent / "bin/uv"
    uv.write_text(FAKE_UV.format(python=sys.executable))
    uv.chmod(0o755)


def stand_in(place: Path, name: str, version: tuple[int, int]) -> None:
    """A Python that claims a version, made of the one that runs this test."""
    python = place.parent / "bin" / name
    claim = f"import sys; sys.version_info = {(*version, 0)}; exec(sys.argv[1])"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{claim}" "$2"\n')
    python.chmod(0o755)


def run(place: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "tools/environment.sh", ".venv"],
        cwd=place,
        env={
            "PATH": str(place.parent / "bin"),
            "SPINEMETS_TEST_LOG": str(place.parent / "log"),
            **variables,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def installed(place: Path) -> list[str]:
    """What uv was asked to install, and then forget it."""
    log = place.parent / "log"
    lines = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return lines


def test_without_a_python_it_says_what_is_needed(place: Path) -> None:
    done = run(place)
    assert done.returncode != 0
    assert "needs Python 3.11 or newer" in done.stderr
    assert "make PYTHON=" in done.stderr
    assert not (place / ".venv").exists()


def test_an_old_python_is_passed_over(place: Path) -> None:
    stand_in(place, "python3", (3, 10))
    assert "needs Python 3.11 or newer" in run(place).stderr
    stand_in(place, "python3.12", (3, 12))
    with_uv(place)
    assert run(place).returncode == 0


def test_a_python_newer_than_those_tried_is_taken_last_and_named(place: Path) -> None:
    with_uv(place)
    stand_in(place, "python3", (3, 15))
    assert "may have to be compiled" in run(place).stderr
    shutil.rmtree(place / ".venv")
    stand_in(place, "python3.13", (3, 13))
    assert "may have to be compiled" not in run(place).stderr


def test_a_named_python_that_is_too_old_is_refused(place: Path) -> None:
    stand_in(place, "old", (3, 9))
    done = run(place, PYTHON=str(place.parent / "bin/old"))
    assert done.returncode != 0
    assert "is not a Python 3.11 or newer" in done.stderr


def test_everything_is_installed_with_hashes_and_once(place: Path) -> None:
    with_uv(place)
    stand_in(place, "python3", (3, 11))
    assert run(place).returncode == 0
    first = installed(place)
    assert ["requirements-build.lock" in line for line in first] == [True, False, False]
    assert all("--require-hashes" in line for line in first[:2])
    assert "--no-build-isolation" in first[1]
    assert first[2].endswith("--no-deps --no-build-isolation --editable .")
    assert run(place).returncode == 0
    assert installed(place) == []


def test_kernels_are_compiled_with_the_installation_and_not_needed(place: Path) -> None:
    with_uv(place)
    python = place.parent / "bin/python3"
    python.symlink_to(sys.executable)
    first, again = run(place), run(place)
    assert first.stderr.count("Compiling the numerical kernels") == 1
    assert again.stderr == ""
    assert (place / "compiled").read_text() == "once "
    (place / "tools/compile_kernels.py").write_text("raise SystemExit(1)\n")
    (place / "requirements.lock").write_text("# changed\n")
    refused = run(place)
    assert refused.returncode == 0
    assert "Left to the first run" in refused.stderr
    assert run(place).stderr == ""


@pytest.mark.slow
def test_every_kernel_of_the_workflow_is_compiled_ahead(editable, tmp_path, monkeypatch) -> None:
    """Numba keeps one file for each compiled signature; the workflow adds none."""
    kernels = tmp_path / "kernels"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(kernels))
    script = [sys.executable, str(ROOT / "tools/compile_kernels.py")]
    variables = os.environ | {"PYTHONPATH": str(editable.folder / "src")}
    subprocess.run(script, env=variables, check=True, capture_output=True)
    ahead = {path.name for path in kernels.rglob("*.nbc")}
    editable.snakemake("--cores", "1", "--force", "results/private/va_prostate/performance.csv")
    assert ahead
    assert {path.name for path in kernels.rglob("*.nbc")} == ahead


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-build.lock", "pyproject.toml"])
def test_a_changed_lock_is_installed(place: Path, name: str) -> None:
    with_uv(place)
    stand_in(place, "python3", (3, 11))
    run(place)
    installed(place)
    (place / name).write_text("# changed\n")
    assert run(place).returncode == 0
    assert len(installed(place)) == 3


def test_a_moved_checkout_is_installed_again(place: Path) -> None:
    with_uv(place)
    stand_in(place, "python3", (3, 11))
    run(place)
    installed(place)
    moved = place.rename(place.parent / "moved")
    assert run(moved).returncode == 0
    assert len(installed(moved)) == 3


def test_a_failed_installation_is_tried_again(place: Path) -> None:
    with_uv(place)
    stand_in(place, "python3", (3, 11))
    uv = place.parent / "bin/uv"
    works = uv.read_text()
    uv.write_text(works.replace('*) echo "$@"', '*) exit 3; echo "$@"'))
    assert run(place).returncode == 3
    uv.write_text(works)
    assert run(place).returncode == 0
    assert len(installed(place)) == 3


def test_make_help_names_every_target(root: Path) -> None:
    listed = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=root,
        env=os.environ,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    phony = next(
        line for line in (root / "Makefile").read_text().splitlines() if line.startswith(".PHONY")
    )
    assert {line.split()[1] for line in listed.splitlines()} == set(phony.split()[1:])
