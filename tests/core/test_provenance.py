"""A fingerprint covers what a stage imports and reads, and nothing else."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from spinemets import provenance


def names(module):
    return {p.name for p in provenance.closure(module)}


def test_a_closure_follows_imports_and_data():
    found = names("spinemets.contract")
    assert {"contract.py", "contract.yaml", "primaries.yaml", "yamlfile.py", "errors.py"} <= found
    assert "provenance.py" not in found


def test_no_such_module():
    with pytest.raises(ModuleNotFoundError):
        provenance.closure("spinemets.nothing")


def test_an_edit_changes_the_fingerprint_of_those_who_import_it(tmp_path):
    """On a copy: the vocabulary is read by the contract, not by the units."""
    copy = tmp_path / "spinemets"
    shutil.copytree(provenance.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    code = (
        "from spinemets.provenance import fingerprint as f;"
        "print(f('spinemets.contract'), f('spinemets.units'))"
    )

    def prints():
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONPATH": str(tmp_path)},
        )
        return done.stdout.split()

    before = prints()
    with (copy / "vocabulary" / "primaries.yaml").open("a", encoding="utf-8") as handle:
        handle.write("# edited\n")
    after = prints()
    assert before[0] != after[0]
    assert before[1] == after[1]


def test_commit_without_git_is_unknown(tmp_path, monkeypatch):
    assert provenance.commit(tmp_path) == "unknown"
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert provenance.commit() == "unknown"


def test_commit_says_when_files_were_changed(tmp_path):
    def git(*arguments):
        subprocess.run(
            ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b", *arguments],
            check=True,
            capture_output=True,
        )

    git("init")
    (tmp_path / "a").write_text("1", encoding="utf-8")
    git("add", "a")
    git("commit", "-m", "a")
    clean = provenance.commit(tmp_path)
    assert len(clean) == 40
    (tmp_path / "a").write_text("2", encoding="utf-8")
    assert provenance.commit(tmp_path) == f"{clean}+changes"


def test_versions_and_hashes(tmp_path):
    assert {"python", "spinemets", "lifelines", "pandas"} <= set(provenance.versions())
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    assert provenance.sha256(path).startswith("ba7816bf")
    assert (provenance.workflow_folder() / "Snakefile").is_file()


@pytest.mark.parametrize("module", ["contract", "settings", "provenance", "plan", "yamlfile"])
def test_start_up_is_light(module):
    """The workflow and the command line parse without pandas or matplotlib."""
    code = (
        f"import sys, spinemets.{module};"
        "print([m for m in ('pandas', 'numpy', 'matplotlib', 'lifelines') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_stage_module_has_a_closure():
    stages = Path(provenance.PACKAGE, "stages").glob("[a-z]*.py")
    for path in stages:
        assert provenance.fingerprint(f"spinemets.stages.{path.stem}")
