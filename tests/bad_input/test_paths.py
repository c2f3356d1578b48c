"""Paths that lead out of the study, and configurations that try to run something."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.bad_input.support import GOOD, MAPPING
from tests.ingest.conftest import a_cohort

from spinemets.errors import InputError
from spinemets.ingest.mapping_file import load
from spinemets.ingest.patients import Ingested, ingest
from spinemets.plan import Plan

COHORT = {"id": "a", "label": "b", "time_zero": "surgery", "visibility": "private"}


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study folder with a table, beside a folder that isn't the study's."""
    folder = tmp_path / "study"
    (folder / "data").mkdir(parents=True)
    (folder / "data/t.csv").write_text(GOOD, encoding="utf-8")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_text(GOOD, encoding="utf-8")
    (folder / "data/link.csv").symlink_to(outside / "secret.csv")
    (folder / "data/loop.csv").symlink_to(folder / "data/loop.csv")
    (folder / "data/inner.csv").symlink_to(folder / "data/t.csv")
    (folder / "away").symlink_to(outside)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize(
    "file", ["../outside/secret.csv", "data/../../outside/secret.csv", "data/link.csv",
             "data/loop.csv", "away/secret.csv", "data/\0.csv"]
)  # fmt: skip
@pytest.mark.parametrize("key", ["file", "mapping"])
def test_files_outside_of_the_study(study: Path, file: str, key: str) -> None:
    entry = {**COHORT, "file": "data/t.csv", key: file}
    with pytest.raises(InputError, match="leads out of the study folder") as caught:
        Plan({"cohorts": [entry]})
    assert caught.value.faults[0].column == f"a.{key}"


@pytest.mark.parametrize("file", ["data/t.csv", "data/inner.csv", "data/absent.csv"])
def test_files_inside_of_the_study(study: Path, file: str) -> None:
    Plan({"cohorts": [{**COHORT, "file": file}]})
    Plan({"cohorts": [{**COHORT, "file": str(study / file)}]})


@pytest.mark.parametrize(
    "results",
    ["..", "../outside", "/tmp/x", "away", "away/more", "a;touch b", "$(id)", "a b", "`id`", "-x",
     "a\nb", "", "{cohort}", "~/x", "a|b", "a&b"],
)  # fmt: skip
def test_results_stay_in_the_study(study: Path, results: str) -> None:
    with pytest.raises(InputError, match="results"):
        Plan({"cohorts": [{**COHORT, "file": "data/t.csv"}], "results": results})
    assert not (study / "b").exists()


@pytest.mark.parametrize("name", ["../x", "a/b", "a;b", "A", "", "a" * 41, "run", "a{b}"])
def test_ids_are_no_paths(study: Path, name: str) -> None:
    with pytest.raises(InputError):
        Plan({"cohorts": [{**COHORT, "id": name, "file": "data/t.csv"}]})


JOIN = MAPPING + "join:\n  - {file: 'FILE', on: patient_id, equals: patient_id}\n"


@pytest.mark.parametrize(
    "file", ["../outside/secret.csv", "/etc/passwd", "link.csv", "loop.csv", "sub/../t.csv"]
)
def test_joined_files_lie_beside_the_table(study: Path, file: str) -> None:
    (study / "m.yaml").write_text(JOIN.replace("FILE", file), encoding="utf-8")
    table = study / "data/t.csv"
    with pytest.raises(InputError, match="has to lie beside the first table"):
        ingest(table, study / "m.yaml", a_cohort(table))


@pytest.mark.parametrize(
    "text",
    [
        "columns: !!python/object/apply:os.system ['touch ran']",
        "columns: !!python/name:os.system",
        "!!python/object/new:subprocess.Popen [['touch', 'ran']]",
        "columns: !include /etc/passwd",
    ],
)
def test_tags_run_nothing(study: Path, text: str) -> None:
    (study / "m.yaml").write_text(text + "\n", encoding="utf-8")
    with pytest.raises(InputError):
        load(study / "m.yaml")
    assert not (study / "ran").exists()


def test_aliases_that_grow_without_end(study: Path) -> None:
    levels = ["a0: &a0 [x, x]"] + [
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)
    ]
    (study / "m.yaml").write_text("\n".join(levels) + "\n", encoding="utf-8")
    with pytest.raises(InputError):
        load(study / "m.yaml")


def test_text_is_never_evaluated(
    ingest_text: Callable[..., Ingested], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Formulas and code in cells and headers are texts like any other."""
    monkeypatch.chdir(tmp_path)
    code = "__import__('pathlib').Path('ran').touch()"
    text = f'patient_id,survival_days,died,centre,"=cmd|{code}"\n1,1,1,"=1+{code}","{code}"\n'
    names = ("patient_id", "survival_days", "died", "centre")
    how = "columns:\n" + "".join(f"  {n}: {{from: {n}}}\n" for n in names)
    drop: dict[str, Any] = {"mapping": how + f'drop: ["=cmd|{code}"]\n'}
    result = ingest_text(text, **drop)
    assert result.patients["centre"].tolist() == [f"=1+{code}"]
    assert not (tmp_path / "ran").exists()
