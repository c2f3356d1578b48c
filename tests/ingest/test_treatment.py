"""Treatment in a stranger's table: time zero is the operation, some columns aren't mapped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spinemets.errors import InputError
from spinemets.lineage import Step
from spinemets.provenance import nameless, sha256
from spinemets.stages.manifest import cohort_manifest

OPERATED = """days,dead,deco,stab
100,1,1,1
200,1,1,0
300,0,0,1
400,1,0,0
"""
MAPPED = """columns:
  survival_days: {from: days}
  died: {from: dead}
  surgery: {constant: true}
  procedure_decompression: {from: deco}
  procedure_stabilisation: {from: stab}
"""
REST = """  resection_extent: {constant: none}
  procedure_separation_surgery: {constant: false}
  procedure_vertebroplasty: {constant: false}
  procedure_kyphoplasty: {constant: false}
"""


def _doubts(result) -> dict[str, tuple[str, int]]:
    return {f.rule.id: (f.column, len(lines)) for f, lines in result.doubts}


def test_treatment_at_time_zero_has_day_zero(ingest_text) -> None:
    result = ingest_text(OPERATED, MAPPED)
    assert result.patients["surgery_day"].tolist() == [0.0] * 4
    log = {(r.column, r.conversion): r.n for r in result.transformations.itertuples()}
    assert log[("surgery_day", "time zero is its day: day 0")] == 4
    assert "treatment_without_day" not in _doubts(result)


def test_another_time_zero_leaves_the_day_open(ingest_text) -> None:
    result = ingest_text(OPERATED, MAPPED, time_zero="diagnosis_of_spinal_metastasis")
    assert result.patients["surgery_day"].isna().all()
    assert "treatment_without_day" in _doubts(result)


def test_a_recorded_day_is_never_replaced(ingest_text) -> None:
    table = OPERATED.replace("days,", "day,days,").replace("\n1", "\n3,1").replace("\n2", "\n,2")
    table = table.replace("\n300", "\n0,300").replace("\n400", "\n,400")
    mapping = MAPPED.replace("  surgery:", "  surgery_day: {from: day}\n  surgery:")
    result = ingest_text(table, mapping)
    assert result.patients["surgery_day"].tolist() == [3.0, 0.0, 0.0, 0.0]
    assert _doubts(result)["surgery_not_at_time_zero"][1] == 1


def test_a_day_that_cannot_be_read_is_missing_not_day_zero(ingest_text) -> None:
    table = OPERATED.replace("days,", "day,days,").replace("\n1", "\nabc,1").replace("\n2", "\n,2")
    table = table.replace("\n300", "\n0,300").replace("\n400", "\n,400")
    mapping = MAPPED.replace("  surgery:", "  surgery_day: {from: day}\n  surgery:")
    result = ingest_text(table, mapping, on_fault="set_aside")
    assert result.patients["surgery_day"].isna().tolist() == [True, False, False, False]


def test_check_names_the_columns_that_leave_the_treatment_group_open(ingest_text) -> None:
    found = _doubts(ingest_text(OPERATED, MAPPED))["treatment_group_open"]
    assert found[1] == 4
    assert found[0].split(", ") == [
        "resection_extent", "procedure_separation_surgery", "procedure_vertebroplasty",
        "procedure_kyphoplasty",
    ]  # fmt: skip
    result = ingest_text(OPERATED, MAPPED + REST)
    assert "treatment_group_open" not in _doubts(result)


def test_a_private_file_goes_by_its_hash(ingest_text) -> None:
    result = ingest_text(OPERATED, MAPPED, name="Mueller_Hans.csv")
    assert "Mueller" not in json.dumps(result.info)
    assert all(name.startswith("source ") for name in result.info["sha256"])
    assert len(result.info["sha256"]) == 2  # table and mapping
    public = ingest_text(OPERATED, MAPPED, name="demo.csv", visibility="public")
    assert set(public.info["sha256"]) == {"demo.csv", "mapping.yaml"}


def test_the_manifest_of_a_private_cohort_doesnt_name_its_files(tmp_path: Path) -> None:
    raw, made = tmp_path / "Mueller_Hans.csv", tmp_path / "release" / "counts.csv"
    made.parent.mkdir()
    for path in (raw, made):
        path.write_text(path.name)
    step = Step("ingest", "code", (str(raw),), (str(made),))
    manifest = cohort_manifest([step], b"key")
    told = nameless(raw, sha256(raw))
    assert manifest["sources"] == {told: sha256(raw)}
    assert manifest["files"][str(made)]["inputs"] == {told: sha256(raw)}
    assert str(raw) in cohort_manifest([step])["sources"]


def test_values_beyond_a_limit_are_asked_for(ingest_text) -> None:
    table = OPERATED.replace("stab", "crp").replace("100,1,1,1", "100,1,1,<5")
    table = table.replace("200,1,1,0", "200,1,1,>100")
    mapping = MAPPED.replace("procedure_stabilisation: {from: stab", "crp_mg_per_l: {from: crp")
    (fault,) = ingest_text(table, mapping).faults
    assert fault.rule == "below or above a limit, not a number"
    assert fault.rows == (2, 3)
    assert "`values:" in fault.repair
    given = mapping.replace("from: crp", 'from: crp, values: {"<5": 5, ">100": 100}')
    result = ingest_text(table, given)
    assert result.patients["crp_mg_per_l"].tolist()[:2] == [5.0, 100.0]


def test_a_repeated_header_and_an_absent_column_are_reported_at_once(ingest_text) -> None:
    table = OPERATED.replace("deco,stab", "deco,deco")
    with pytest.raises(InputError) as raised:
        ingest_text(table, MAPPED)
    said = {(f.column, f.rule.split("'")[0].split(";")[0]) for f in raised.value.faults}
    assert {c for c, _ in said} == {"deco", "stab"}
