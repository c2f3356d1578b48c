"""Files that the workflow must know: an edit of one it doesn't know reruns nothing."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from spinemets.errors import InputError
from spinemets.ingest import mapping_file
from spinemets.ingest.assemble import joined_files
from spinemets.plan import BRIEF, Plan
from spinemets.released import CAPTIONS, DESCRIPTION, FORMATS

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


def test_every_figure_is_drawn_once_and_waits_for_no_more_than_it_reads() -> None:
    entry = {"id": "a", "label": "A", "file": "t.csv", "visibility": "public",
             "time_zero": "start_of_treatment", "strata": ["primary_group"]}  # fmt: skip
    other = entry | {"id": "b", "strata": [], "include": "age_years >= 60"}
    made = Plan({"cohorts": [entry, other]})
    for cohort in ("a", "b"):
        batches = [b for b in made.batches() if b.cohort == cohort]
        drawn = [figure for b in batches for figure in b.figures]
        assert sorted(drawn) == sorted(made.figures(cohort))
        files = [path for b in batches for ext in FORMATS for path in b.files(ext)]
        assert sorted(files) == sorted(made.figure_files(cohort))
        (first,) = [b for b in batches if b.kind == "description"]
        assert set(first.tables) <= set(made.tables(cohort, DESCRIPTION))
    assert len({b.rule for b in made.batches()}) == len(made.batches())


def test_every_caption_that_is_named_is_there() -> None:
    folder = ROOT / "workflow" / "report"
    assert all((folder / f"{name}.rst").is_file() for name in (*CAPTIONS, "figure"))


def test_a_reference_is_another_cohort_whose_files_the_evaluation_reads() -> None:
    def study(reference: str, visibility: str = "public") -> dict[str, object]:
        common = {"time_zero": "start_of_treatment", "file": "t.csv"}
        first = common | {"id": "a", "label": "A", "visibility": "public", "reference": reference}
        return {"cohorts": [first, common | {"id": "b", "label": "B", "visibility": visibility}]}

    found = Plan(study("b"))
    assert found.reference(WHERE) == [
        f"results/private/b/{name}"
        for name in ("patients.parquet", "scores.parquet", "cohort.json")
    ]
    assert found.reference(SimpleNamespace(cohort="b")) == []
    assert "reference" not in found.cohort_json(WHERE)
    for name in ("a", "c"):
        with pytest.raises(InputError, match="isn't another cohort"):
            Plan(study(name))
    with pytest.raises(InputError, match="without disclosure control"):
        Plan(study("b", "private"))


def test_a_job_is_announced_by_one_line_only_where_make_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(BRIEF, raising=False)
    assert Plan.says("Score the patients") is None
    monkeypatch.setenv(BRIEF, "1")
    assert Plan.says("Score the patients") == "Score the patients"
