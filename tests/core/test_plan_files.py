"""Files that the workflow must know: an edit of one it doesn't know reruns nothing."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from spinemets.ingest import mapping_file
from spinemets.ingest.assemble import joined_files
from spinemets.plan import Plan

ROOT = Path(__file__).parents[2]
WHERE = SimpleNamespace(cohort="a")


def plan(table: str, mapping: str) -> Plan:
    entry = {"id": "a", "label": "A", "file": table, "mapping": mapping, "visibility": "public",
             "time_zero": "start_of_treatment"}  # fmt: skip
    return Plan({"cohorts": [entry]})


@pytest.mark.parametrize(
    ("table", "mapping"),
    [
        ("cbioportal/data_clinical_patient.txt", "cbioportal/study_folder.yaml"),
        ("redcap/export_raw.csv", "redcap/mapping.yaml"),
    ],
)
def test_joined_tables_and_dictionaries_are_inputs(
    table: str, mapping: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT / "data" / "made_up")
    found = plan(table, mapping).beside(WHERE)
    # The workflow reads the mapping as text; ingest reads it as what it means.
    assert found == [p.as_posix() for p in joined_files(table, mapping_file.load(mapping))]
    assert found


@pytest.mark.parametrize(
    "text",
    [
        "join: 3\nredcap: []\n",
        "join: [a, {on: x}, {file: [b]}]\n",
        "join: [{file: absent.csv}]\n",
        "- 1\n",
        "join: [\n",
        "x: !!python/object:os.system 1\n",
    ],
)
def test_a_mapping_with_faults_is_left_to_ingest(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.yaml").write_text(text, encoding="utf-8")
    assert plan("t.csv", "m.yaml").beside(WHERE) == []
    (tmp_path / "m.yaml").unlink()
    assert plan("t.csv", "m.yaml").beside(WHERE) == []
