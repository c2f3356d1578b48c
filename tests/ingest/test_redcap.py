"""REDCap: raw and labelled export, with and without the data dictionary, events and repeats."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from tests.ingest.conftest import a_cohort

from spinemets.errors import InputError
from spinemets.ingest.patients import Ingested, ingest
from spinemets.ingest.redcap import is_export, normalise
from spinemets.ingest.redcap_dictionary import Dictionary, Field, parse_choices
from spinemets.ingest.tables import RawTable

MADE_UP = Path(__file__).parents[2] / "data/made_up/redcap"
MAPPING = """\
redcap: {{dictionary: data_dictionary.csv, baseline: {baseline}, instance: last}}
missing: [NI]
time_zero: {{from: date_tx}}
combine:
  any_organ: {{any: [mets___1, mets___2, mets___3, mets___4]}}
  organs: {{count: [mets___1, mets___2, mets___3, mets___4]}}
columns:
  patient_id: {{from: record_id}}
  centre: {{from: redcap_data_access_group}}
  survival_days: {{from: "death_date@last", otherwise: "fu_date@last", date: iso}}
  died: {{from: "death_date@last", filled: true}}
  age_years: {{from: dob, date: iso, cap: 90}}
  sex: {{from: sex}}
  primary: {{from: primary_tumor}}
  kps: {{from: kps}}
  frankel_before: {{from: frankel}}
  haemoglobin_g_per_l: {{from: hb, unit: g/dL}}
  n_vertebral_metastases: {{from: n_vert}}
  metastasis_liver: {{from: mets___2}}
  visceral_metastases: {{from: any_organ}}
  n_extraspinal_organs: {{from: organs}}
  procedure_decompression: {{from: op_type___1}}
  surgery_day: {{from: op_date, date: iso}}
  ambulatory_after: {{from: "fu_walks@{later}"}}
"""
RAW = MAPPING.format(baseline="baseline_arm_1", later="month_3_arm_1")
LABELLED = MAPPING.format(baseline="Baseline", later="Month 3")
Make = Callable[[str], Path]
Text = Callable[..., Ingested]


def run(name: str, how: Path) -> pd.DataFrame:
    result = ingest(MADE_UP / name, how, a_cohort(MADE_UP / name))
    assert not result.faults
    return result.patients.dropna(axis=1, how="all")


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    how = tmp_path_factory.mktemp("raw") / "m.yaml"
    how.write_text(RAW, encoding="utf-8")
    return run("export_raw.csv", how)


def test_raw_and_labelled_export_give_the_same_patients(
    raw: pd.DataFrame, make_mapping: Make
) -> None:
    labelled = run("export_labelled.csv", make_mapping(LABELLED))
    pd.testing.assert_frame_equal(raw, labelled)
    assert len(raw) == raw["patient_id"].nunique() == 160
    assert set(raw["frankel_before"].dropna()) <= set("ABCDE")
    assert raw["kps"].dropna().isin(range(10, 101, 10)).all()


def test_without_the_dictionary_the_raw_codes_are_translated_by_the_mapping(
    raw: pd.DataFrame, make_mapping: Make
) -> None:
    tumours = Dictionary.read(MADE_UP / "data_dictionary.csv").fields["primary_tumor"].choices
    kps = "{" + ", ".join(f"{i}: {110 - 10 * i}" for i in range(1, 11)) + "}"
    text = (
        RAW.replace("dictionary: data_dictionary.csv, ", "")
        .replace("{from: sex}", "{from: sex, values: {1: male, 2: female}}")
        .replace("{from: kps}", f"{{from: kps, values: {kps}}}")
        .replace("{from: frankel}", "{from: frankel, values: {1: A, 2: B, 3: C, 4: D, 5: E}}")
        .replace(
            "{from: primary_tumor}",
            "{from: primary_tumor, values: {"
            + ", ".join(f"{k}: {v.lower().replace(' ', '_')}" for k, v in tumours.items())
            + "}}",
        )
        .replace("bladder_or_urothelial", "urothelial")
    )
    pd.testing.assert_frame_equal(raw, run("export_raw.csv", make_mapping(text)))


def test_labelled_without_the_dictionary_keeps_labels_as_names(
    raw: pd.DataFrame, make_mapping: Make
) -> None:
    text = """\
redcap: {baseline: Baseline}
columns:
  patient_id: {from: Record ID}
  survival_days: {from: "Date of last contact@last", date: iso}
  died: {from: "Date of death@last", filled: true}
  primary: {from: Primary tumor}
  metastasis_liver: {from: Organ metastases (choice=Liver)}
time_zero: {from: Date of treatment decision}
drop: [Date of birth, Date of operation]
"""
    labelled = run("export_labelled.csv", make_mapping(text))
    for name in labelled.columns:
        pd.testing.assert_series_equal(raw[name], labelled[name])


EVENTS = """\
record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,days,dead,op,walks
A,base_arm_1,,,10,1,,
A,base_arm_1,op,2,,,3,
A,base_arm_1,op,1,,,1,
A,late_arm_1,,,,,,1
B,base_arm_1,,,20,0,,
B,later_arm_1,,,,,,0
C,late_arm_1,,,,,,1
"""
HOW = """\
redcap: {{baseline: base_arm_1, instance: {instance}}}
columns:
  patient_id: {{from: record_id}}
  survival_days: {{from: days}}
  died: {{from: dead}}
  leg_strength: {{from: op}}
  ambulatory_after: {{from: walks@{where}}}
"""


@pytest.mark.parametrize(
    ("instance", "where", "strength", "walks"),
    [
        ("first", "late_arm_1", [1, None], [True, None]),
        ("last", "last", [3, None], [True, False]),
        ("last", "first", [3, None], [True, False]),
    ],
)
def test_events_and_repeats_become_one_row_by_rule(
    ingest_text: Text, instance: str, where: str, strength: list[object], walks: list[object]
) -> None:
    result = ingest_text(EVENTS, HOW.format(instance=instance, where=where))
    # C has no baseline row, so no survival time: left out, counted, and noted.
    assert (
        result.patients["leg_strength"].astype(object).where(lambda s: s.notna(), None).tolist()
        == strength
    )
    assert [None if pd.isna(w) else bool(w) for w in result.patients["ambulatory_after"]] == walks
    assert any("1 records have no row of the event" in rule for rule in result.quality["rule"])


def test_the_baseline_has_to_be_declared(ingest_text: Text) -> None:
    text = HOW.format(instance="first", where="last")
    with pytest.raises(InputError, match="one of: base_arm_1, late_arm_1, later_arm_1"):
        ingest_text(EVENTS, text.replace("baseline: base_arm_1, ", ""))
    with pytest.raises(InputError, match="did you mean 'base_arm_1'"):
        ingest_text(EVENTS, text.replace("base_arm_1", "base_arm_2"))
    with pytest.raises(InputError, match="no such event; did you mean 'late_arm_1'"):
        ingest_text(EVENTS, text.replace("walks@last", "walks@lat_arm_1"))


def test_faults_name_the_row_of_the_baseline(ingest_text: Text) -> None:
    text = HOW.format(instance="first", where="last")
    result = ingest_text(EVENTS.replace("B,base_arm_1,,,20", "B,base_arm_1,,,x"), text)
    assert result.faults[0].rows == (6,)


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ("../t.csv", "beside the first table"),
        ("/etc/hostname", "beside the first table"),
        ("absent.csv", "does not exist"),
        ("t.csv", "isn't a REDCap data dictionary"),
    ],
)
def test_a_dictionary_that_is_none(ingest_text: Text, given: str, rule: str) -> None:
    text = HOW.format(instance="first", where="last")
    with pytest.raises(InputError, match=rule):
        ingest_text(EVENTS, text.replace("{baseline", f"{{dictionary: {given}, baseline"))


def test_what_an_export_looks_like() -> None:
    assert is_export(["record_id", "mets___1"])
    assert is_export(["Record ID", "Organs (choice=Liver)"])
    assert is_export(["record_id", "age", "baseline_complete"])
    assert not is_export(["patient", "died", "follow_up_complete"])


def test_choices_with_commas_bars_and_html() -> None:
    assert parse_choices("1, a, b | -99, <i>not</i> known|x") == {"1": "a, b", "-99": "not known"}


# -- combine ---------------------------------------------------------------------------------------
BOXES = "id,t,d,a,b,c\n1,1,0,1,0,0\n2,1,0,1,1,0\n3,1,0,0,0,0\n4,1,0,,0,0\n5,1,0,,1,0\n"


@pytest.mark.parametrize(
    ("rule", "target", "expected"),
    [
        ("any: [a, b, c]", "surgery", [True, True, False, None, True]),
        ("any: [a, b, c], unmarked: missing", "surgery", [True, True, None, None, True]),
        ("count: [a, b, c]", "n_extraspinal_organs", [1, 2, 0, None, None]),
        (
            "choice: {a: hormone, b: targeted}, none: none",
            "systemic_therapy",
            ["hormone", "several", "none", None, "targeted"],
        ),
        (
            "choice: {a: hormone, b: targeted}, unmarked: missing, none: none",
            "systemic_therapy",
            ["hormone", "several", None, None, "targeted"],
        ),
    ],
)
def test_boxes_become_one_column(
    ingest_text: Text, rule: str, target: str, expected: list[object]
) -> None:
    how = (
        "columns:\n  survival_days: {from: t}\n  died: {from: d}\n"
        f"  {target}: {{from: made}}\ncombine:\n  made: {{{rule}}}\n"
    )
    found = ingest_text(BOXES, how).patients[target]
    assert [None if pd.isna(v) else v for v in found] == expected


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("made: {any: [a], count: [b]}", "give one of"),
        ("made: {any: [a, x]}", "a column that isn't there"),
        ("a: {any: [b, c]}", "a name that the source has already"),
        ("made: {any: [a, id]}", "neither yes nor no"),
    ],
)
def test_what_combine_refuses(ingest_text: Text, rule: str, message: str) -> None:
    how = f"columns:\n  survival_days: {{from: t}}\n  died: {{from: d}}\ncombine:\n  {rule}\n"
    with pytest.raises(InputError, match=message):
        ingest_text(BOXES, how)


@pytest.mark.parametrize("with_dictionary", [True, False])
def test_a_missing_data_code_of_a_checkbox_empties_its_question(with_dictionary: bool) -> None:
    cells = {"study_id": "123", "mets___1": "100", "mets___2": "001", "mets____99": "010",
             "walk___1": "100"}  # fmt: skip
    columns = {name: pa.chunked_array([list(texts)]) for name, texts in cells.items()}
    table = RawTable("export.csv", columns, 3, lambda: np.arange(2, 5), [], "auto")
    fields = {"mets": Field("mets", "f", "checkbox", "Organs", {"1": "lung", "2": "liver"})}
    out = normalise(table, Dictionary(fields) if with_dictionary else None).table
    assert out.columns["mets___1"].to_pylist() == ["1", "", "0"]
    assert out.columns["mets___2"].to_pylist() == ["0", "", "1"]
    assert out.columns["walk___1"].to_pylist() == ["1", "0", "0"]
    assert "mets____99" not in out.columns
    assert any("missing-data code" in note for note in out.notes)
    own = {"mets": Field("mets", "f", "checkbox", "Organs", {"1": "lung", "-99": "unclear"})}
    kept = normalise(table, Dictionary(own)).table
    assert kept.columns["mets___1"].to_pylist() == ["1", "0", "0"]
