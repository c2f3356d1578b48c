"""Values that break the contract: refused at once, or set aside item by item and counted."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from tests.bad_input.support import GOOD, MAPPING, Stage, changed, refused

from spinemets.ingest.patients import Ingested

IngestText = Callable[..., Ingested]
FlowOf = Callable[[Ingested], dict[tuple[str, str], int]]

#: What is changed in the good table, the column, and words of the message.
ITEMS = [
    ((",80,", ",45,"), "kps", "not a step of 10 percent [row 2]"),
    ((",80,", ",0,"), "kps", "outside 10 to 100 percent [row 2]"),
    ((",80,", ",1000,"), "kps", "outside 10 to 100 percent [row 2]"),
    ((",80,", ",good,"), "kps", "not a grade [row 2]"),
    ((",61.5,", ",-3,"), "age_years", "outside 0 to 120 years [row 2]"),
    ((",61.5,", ",1962-04-01,"), "age_years", "dates where years belong [row 2]"),
    ((",61.5,", ",old,"), "age_years", "not a number [row 2]"),
    ((",61.5,", ",inf,"), "age_years", "not a number [row 2]"),
    ((",61.5,", ",0x1F,"), "age_years", "not a number [row 2]"),
    ((",female,breast", ",unsure,breast"), "sex", "not in the contract"),
    ((",131", ",13.1"), "haemoglobin_g_per_l", "would fit in g/dL: mixed units? [row 2]"),
    ((",breast,", ",brest,"), "primary", "not in the vocabulary; nearest known: breast"),
    ((",breast,", ",Zwiebel,"), "primary", "not in the vocabulary"),
]
#: Without these a patient can't be analysed.
NEEDED = [
    (("Canary-A,120,", "Canary-A,-1,"), "survival_days", "outside 0 to 36525 days [row 2]"),
    (("Canary-A,120,", "Canary-A,99999,"), "survival_days", "outside 0 to 36525 days [row 2]"),
    (("Canary-A,120,", "Canary-A,2019-03-01,"), "survival_days", "dates where days belong [row 2]"),
    (("Canary-A,120,", "Canary-A,01.03.2019,"), "survival_days", "dates where days belong [row 2]"),
    (("Canary-A,120,true", "Canary-A,120,3"), "died", "not in the contract"),
    (("Canary-A,", ","), "patient_id", "no patient id [row 2]"),
]


@pytest.mark.parametrize(("change", "column", "words"), ITEMS + NEEDED)
def test_refused(
    tmp_path: Path,
    run_stage: Stage,
    capfd: pytest.CaptureFixture[str],
    change: tuple[str, str],
    column: str,
    words: str,
) -> None:
    table = tmp_path / "t.csv"
    table.write_text(changed(change), encoding="utf-8")
    said = refused(run_stage, capfd, table)
    assert "1 fault in the input" in said
    assert words in said
    assert f", {column}: " in said
    planted = [t for t in change[1].split(",") if t not in change[0].split(",") and len(t) > 3]
    assert not [t for t in planted if t in said]


@pytest.mark.parametrize(("change", "column", "words"), ITEMS)
def test_set_aside_keeps_the_patient(
    ingest_text: IngestText, change: tuple[str, str], column: str, words: str
) -> None:
    good = ingest_text(GOOD).patients
    result = ingest_text(changed(change), on_fault="set_aside")
    assert len(result.patients) == 4
    expected = good.copy()
    expected.loc[0, column] = pd.NA
    pd.testing.assert_frame_equal(result.patients, expected)
    row = result.quality.set_index("column").loc[column]
    assert (row["severity"], row["n"]) == ("value", 1)
    assert row["action"] == "item set aside, patient kept"
    assert row["repair"]


@pytest.mark.parametrize(("change", "column", "words"), NEEDED)
def test_set_aside_removes_who_cannot_be_analysed(
    ingest_text: IngestText, flow_of: FlowOf, change: tuple[str, str], column: str, words: str
) -> None:
    result = ingest_text(changed(change), on_fault="set_aside")
    reason = {
        "survival_days": "survival time missing or unusable",
        "died": "vital status missing or unusable",
        "patient_id": "no patient id",
    }[column]
    assert flow_of(result) == {("in", ""): 4, ("excluded", reason): 1, ("analysed", ""): 3}
    assert result.quality.set_index("column").loc[column, "action"] == "patient removed"


def test_set_aside_through_the_stage(tmp_path: Path, run_stage: Stage) -> None:
    table = tmp_path / "t.csv"
    table.write_text(changed((",80,", ",45,")), encoding="utf-8")
    code, out = run_stage(table, on_fault="set_aside")
    assert code == 0
    patients = pd.read_parquet(out / "patients.parquet")
    assert patients["kps"].isna().tolist() == [True, False, False, False]


def test_structural_faults_are_never_set_aside(
    tmp_path: Path, run_stage: Stage, capfd: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "t.csv"
    table.write_text(changed(("Canary-C", "Canary-A"), (",80,", ",45,")), encoding="utf-8")
    said = refused(run_stage, capfd, table, on_fault="set_aside")
    assert "ids stand twice" in said
    assert "not a step of 10" in said


def test_every_value_fault_at_once(
    tmp_path: Path, run_stage: Stage, capfd: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "t.csv"
    text = changed(*(change for change, _, _ in (ITEMS[0], ITEMS[4], ITEMS[10], ITEMS[11])))
    table.write_text(text.replace("365,false", "-5,7"), encoding="utf-8")
    assert "6 faults in the input" in refused(run_stage, capfd, table)


def test_zero_is_a_valid_time(ingest_text: IngestText) -> None:
    row = ingest_text(GOOD).patients.iloc[2]
    assert (row["survival_days"], row["died"]) == (0, True)


def test_missing_follow_up_is_counted_and_no_fault(
    ingest_text: IngestText, flow_of: FlowOf
) -> None:
    result = ingest_text(changed(("Canary-A,120,", "Canary-A,,"), ("900,true", "900,NA")))
    assert not result.faults
    flow = flow_of(result)
    assert flow["excluded", "survival time missing or unusable"] == 1
    assert flow["excluded", "vital status missing or unusable"] == 1
    assert flow["analysed", ""] == 2


def test_event_codes_are_those_of_the_mapping(ingest_text: IngestText) -> None:
    how = MAPPING.replace("{from: died}", "{from: died, values: {1: false, 2: true}}")
    text = GOOD.replace("true", "2").replace("false", "1")
    assert ingest_text(text, how).patients["died"].tolist() == [True, False, True, True]
    result = ingest_text(text.replace("120,2", "120,0"), how)
    assert [f.rule for f in result.faults] == ["a code that the mapping doesn't list"]


def test_rows_are_lines_of_the_file(ingest_text: IngestText) -> None:
    """Comments, blank lines and line breaks inside cells don't shift the row numbers."""
    text = "# a comment\n\n" + changed((",80,", ",45,"))
    assert ingest_text(text).faults[0].rows == (4,)
    text = changed((",90,", ",45,"), ("Canary-B", '"Canary\nB"'))
    assert ingest_text(text).faults[0].rows == (6,)
    text = changed((",90,", ",45,")).replace("\nCanary-B", "\n\n\nCanary-B")
    assert ingest_text(text).faults[0].rows == (7,)
    text = changed((",90,", ",45,")).replace("\n", "\r\n")
    assert ingest_text(text).faults[0].rows == (5,)
