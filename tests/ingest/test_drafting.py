"""`spinemets init --from`: guesses with evidence, and what is left to a person."""

import contextlib
import random
import re
import string
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ingest.conftest import a_cohort

from spinemets.cli import main
from spinemets.errors import InputError
from spinemets.ingest.drafting.draft import Draft, draft
from spinemets.ingest.drafting.guess import Guess
from spinemets.ingest.drafting.labels import Labels, pairs
from spinemets.ingest.drafting.write import mapping_text
from spinemets.ingest.mapping_file import load
from spinemets.ingest.patients import ingest

MADE_UP = Path(__file__).parents[2] / "data/made_up"


def of(drafted: Draft) -> dict[str, Guess]:
    return {g.column: g for g in drafted.guesses}


def table(tmp_path: Path, columns: dict[str, list[object]], name: str = "t.csv") -> Path:
    path = tmp_path / name
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


def settle(path: Path) -> None:
    """Take every `decide` away, as somebody would who agrees with every guess."""
    data = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    data.pop("decide", None)
    for entry in data["columns"].values():
        entry.pop("decide", None)
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")


@pytest.mark.parametrize("export", ["raw", "labelled"])
def test_redcap(export: str) -> None:
    drafted = draft(MADE_UP / f"redcap/export_{export}.csv", MADE_UP / "redcap/data_dictionary.csv")
    found = of(drafted)
    last = "last_arm_1" if export == "raw" else "Last contact"
    assert found["survival_days"].source == "death_date@last"
    assert found["survival_days"].entry["otherwise"] == "fu_date@last"
    assert found["age_years"].source == "dob"
    assert found["haemoglobin_g_per_l"].entry == {"unit": "g/dL"}
    assert found["metastasis_liver"].source == "mets___2"
    assert found["ambulatory_after"].source.startswith("fu_walks@")
    assert drafted.zero is not None
    assert drafted.zero.source == "date_tx"
    assert drafted.time_zero == "start_of_treatment"
    assert last not in found
    assert any("`first` or `last`" in text for text in drafted.decide)
    assert any("survival is counted from `date_tx`" in text for text in drafted.decide)
    assert {g.column for g in drafted.guesses if g.decide} == {"visceral_metastases", "surgery"}


def test_a_german_hospital_with_icd_codes() -> None:
    found = of(drafted := draft(MADE_UP / "hospital_icd.csv"))
    assert drafted.reading.options == {"encoding": "cp1252", "delimiter": ";", "decimal": ","}
    assert found["primary"].source == "Tumor ICD-10"
    assert found["primary"].entry == {"system": "icd", "morphology": "Morphologie ICD-O-3"}
    assert found["sex"].entry == {"values": {"m": "male", "w": "female"}}
    assert found["creatinine_umol_per_l"].entry == {"unit": "mg/dL"}
    assert drafted.time_zero == "surgery"
    assert {g.confidence for g in drafted.guesses} <= {"high", "medium"}


def test_a_cbioportal_export() -> None:
    found = of(drafted := draft(MADE_UP / "cbioportal/portal_clinical_data.tsv"))
    assert found["survival_days"].entry["unit"] == "months"
    assert found["died"].entry == {"values": {"1:DECEASED": True, "0:LIVING": False}}
    assert drafted.one_row == "Patient ID"
    assert any("share an id" in text for text in found["patient_id"].decide)
    assert "translation" in " ".join(found["primary"].decide)


@pytest.mark.parametrize(
    ("columns", "column", "asked"),
    [
        ({"status": [1, 2] * 20}, "died", "which is yes"),
        ({"status": [0, 1] * 20}, "died", "which code is death"),
        ({"censor": [0, 1] * 20}, "died", "which code is death"),
        ({"Geschlecht": [1, 2] * 20}, "sex", "the codes have no meaning yet"),
        ({"CRP": [2.0, 40.0] * 20}, "crp_mg_per_l", "which unit"),
        ({"q7": ["w", "m"] * 20}, "sex", "only its values speak for this"),
        ({"q9": ["Mamma", "Prostata"] * 20}, "primary", "only its values speak for this"),
        ({"Tumor": ["Mamma rechts", "breast"] * 20}, "primary", "guessed from parts of words"),
        ({"Tumor": ["breast", "breast", "breast", "xyz"] * 9}, "primary", "without a translation"),
        ({"age": [50, 60, 70, 999] * 9}, "age_years", "does 999 mean missing"),
        ({"KPS": ["70", "75", "60-70"] * 9}, "kps", "1 values lie between two steps: `between:"),
        ({"Hb": [10, 11], "Haemoglobin": [9, 12]}, "haemoglobin_g_per_l", "or is it `"),
    ],
)
def test_what_is_not_plain_is_asked(
    tmp_path: Path, columns: dict[str, list[object]], column: str, asked: str
) -> None:
    found = of(draft(table(tmp_path, columns)))
    assert asked in " ".join(found[column].decide)


def test_a_header_that_explains_the_code_of_death_leaves_nothing_open(tmp_path: Path) -> None:
    found = of(draft(table(tmp_path, {"Status (1=verstorben)": [0, 1] * 20})))
    assert not found["died"].decide
    assert found["died"].entry == {}


def test_the_code_that_a_header_leaves_out_is_the_opposite(tmp_path: Path) -> None:
    found = of(draft(table(tmp_path, {"Status (1=lebt)": [0, 1] * 20})))
    assert found["died"].entry == {"values": {"0": True, "1": False}}
    assert not found["died"].decide


@pytest.mark.parametrize(
    ("name", "cells", "read"),
    [
        ("alive", ["yes", "no"], {"yes": False, "no": True}),
        ("Alive at last follow-up", [1, 0], {"1": False, "0": True}),
        ("Lebt", ["ja", "nein"], {"ja": False, "nein": True}),
        ("censored", [1, 0], {"1": False, "0": True}),
    ],
)
def test_a_name_that_asks_the_opposite_turns_yes_into_no(
    tmp_path: Path, name: str, cells: list[object], read: dict[str, bool]
) -> None:
    died = of(draft(table(tmp_path, {name: cells * 20})))["died"]
    assert died.entry == {"values": read}
    assert any("asks the opposite" in text for text in died.decide)


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("Age at death", "age_years"),
        ("Time from surgery to RT (days)", "survival_days"),
        ("Bone mets other than spine", "bone_metastases"),
    ],
)
def test_a_name_that_says_more_is_asked_about(tmp_path: Path, name: str, column: str) -> None:
    cells: list[object] = [0, 1] * 20 if "Bone" in name else [*range(40, 80)]
    found = of(draft(table(tmp_path, {name: cells})))
    assert any("says more than" in text for text in found[column].decide)


def test_a_column_that_says_no_is_not_taken_for_yes(tmp_path: Path) -> None:
    cells = {"No brain metastases": ["yes", "no"] * 20, "No. of vertebrae": [1, 2] * 20}
    found = of(draft(table(tmp_path, cells)))
    assert "metastasis_brain" not in found
    assert found["n_vertebral_metastases"].source == "No. of vertebrae"


@pytest.mark.parametrize("rows", [1, 2])
def test_another_sheet_is_joined_by_the_number_that_both_have(tmp_path: Path, rows: int) -> None:
    """A clinic's workbook: every patient once in the first sheet, and visits in the second."""
    path = tmp_path / "Klinik.xlsx"
    numbers = [f"K{i}" for i in range(12)]
    kps = [70, 80] * 6
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"Karnofsky": kps, "Pat.-Nr.": numbers, "Alter": kps}).to_excel(
            book, sheet_name="Patienten", index=False
        )
        visits = {"Karnofsky": kps[::-1] * rows, "Pat.-Nr.": numbers * rows}
        pd.DataFrame({**visits, "CRP (mg/l)": range(12 * rows)}).to_excel(
            book, sheet_name="Labor", index=False
        )
    drafted = draft(path)
    (line,) = drafted.reading.join
    by = {"on": "Pat.-Nr.", "equals": "Pat.-Nr."}
    more = {"one_row_per": {"column": "Pat.-Nr."}} if rows > 1 else {}
    assert line == {"file": "Klinik.xlsx", "sheet": "Labor", **by, **more}
    asked = " ".join(drafted.decide)
    assert "joined by `Pat.-Nr.` with the sheet Labor" in asked
    assert ("the first of a patient counts" in asked) is (rows > 1)
    assert of(drafted)["crp_mg_per_l"].source == "CRP (mg/l)"
    assert of(drafted)["kps"].source == "Karnofsky"


def test_a_sheet_without_a_common_number_is_named(tmp_path: Path) -> None:
    path = tmp_path / "Klinik.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"Nr": range(9), "Alter": [60, 70, 80] * 3}).to_excel(
            book, sheet_name="Patienten", index=False
        )
        pd.DataFrame({"Code": range(5), "Text": range(5)}).to_excel(
            book, sheet_name="Legende", index=False
        )
    drafted = draft(path)
    assert not drafted.reading.join
    assert any("the sheet Legende holds a table too" in text for text in drafted.decide)


def test_the_sample_file_of_a_study_folder_is_joined_and_copied(tmp_path: Path) -> None:
    study = tmp_path / "study"
    source = MADE_UP / "cbioportal/data_clinical_patient.txt"
    assert main(["init", str(study), "--from", str(source)]) == 0
    assert (study / "data/data_clinical_sample.txt").is_file()
    text = (study / "config/mappings/cohort_1.yaml").read_text("utf-8")
    assert "primary: {from: CANCER_TYPE" in text
    assert "one_row_per: {column: PATIENT_ID}" in text
    alone = tmp_path / "data_clinical_patient.txt"
    alone.write_bytes(source.read_bytes())
    assert not draft(alone).reading.join


def test_a_registry_names_its_number_and_the_vertebrae(tmp_path: Path) -> None:
    columns = {"RegNo": [f"R{i}" for i in range(12)], "No of vertebrae": [1, 2, 3] * 4}
    found = of(draft(table(tmp_path, columns)))
    assert {"patient_id", "n_vertebral_metastases"} <= set(found)


@pytest.mark.parametrize(
    ("columns", "column", "entry"),
    [
        ({"Karnofsky Index (%)": [70, 80, 90]}, "kps", {}),
        ({"ECOG PS": ["0 - fully active", "2 - in bed"]}, "ecog",
         {"values": {"0 - fully active": 0, "2 - in bed": 2}}),
        ({"Hb": [10.1, 12.5, 9.8]}, "haemoglobin_g_per_l", {"unit": "g/dL"}),
        ({"Hb": [101, 125, 98]}, "haemoglobin_g_per_l", {}),
        ({"albumin": [3.4, 4.1]}, "albumin_g_per_l", {"unit": "g/dL"}),
        ({"Kreatinin": [0.8, 1.1]}, "creatinine_umol_per_l", {"unit": "mg/dL"}),
        ({"Diabetes": ["ja", "nein"]}, "diabetes", {}),
        ({"verstorben": ["ja", "nein"]}, "died", {}),
        ({"Alter": [66, 71]}, "age_years", {}),
    ],
)  # fmt: skip
def test_what_is_plain_is_not_asked(
    tmp_path: Path, columns: dict[str, list[object]], column: str, entry: dict[str, object]
) -> None:
    found = of(draft(table(tmp_path, columns)))[column]
    assert found.entry == entry
    assert not found.decide
    assert found.evidence


def test_a_range_of_grades_stays_a_range(tmp_path: Path) -> None:
    found = of(draft(table(tmp_path, {"KPS": ["70", "60-70", "90"] * 9})))["kps"]
    assert "60-70" not in found.entry.get("values", {})
    assert not found.decide


def test_labels_of_a_statistics_file_are_read(tmp_path: Path) -> None:
    frame = pd.DataFrame({"v1": [1.0, 2.0, 1.0], "v2": [9.5, 10.0, 11.0], "v3": [1.0, 0.0, 1.0]})
    pyreadstat.write_sav(
        frame, str(tmp_path / "t.sav"),
        column_labels=["Geschlecht", "Hämoglobin (g/dl)", "Verstorben"],
        variable_value_labels={"v1": {1: "männlich", 2: "weiblich"}, "v3": {0: "lebt", 1: "tot"}},
    )  # fmt: skip
    found = of(draft(tmp_path / "t.sav"))
    assert found["sex"].entry == {"values": {"männlich": "male", "weiblich": "female"}}
    assert found["haemoglobin_g_per_l"].entry == {"unit": "g/dL"}
    assert found["died"].entry == {"values": {"tot": True, "lebt": False}}


def test_a_dictionary_gives_codes_their_meaning(tmp_path: Path) -> None:
    path = table(tmp_path, {"sex": [1, 2] * 9, "x1": [1, 2] * 9})
    (tmp_path / "d.csv").write_text(
        "Variable,Label,Codes\nsex,Geschlecht,1 = männlich; 2 = weiblich\n"
        "x1,Vital status,1 = alive; 2 = dead\n",
        encoding="utf-8",
    )
    found = of(draft(path, tmp_path / "d.csv"))
    assert found["sex"].entry == {"values": {"1": "male", "2": "female"}}
    assert found["died"].entry == {"values": {"1": False, "2": True}}
    (tmp_path / "no.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="isn't a data dictionary"):
        Labels.read(tmp_path / "no.csv")
    assert pairs("") == {}


def test_a_draft_is_red_until_it_is_settled_and_green_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study = tmp_path / "study"
    assert main(["init", str(study), "--from", str(MADE_UP / "hospital_icd.csv")]) == 0
    said = capsys.readouterr().out
    assert "12 columns recognised in 160 rows" in said
    assert "70010007" not in said  # no value of a patient
    monkeypatch.chdir(study)
    assert main(["check"]) == 2
    said = capsys.readouterr().out
    assert "to decide: the honest name" in said
    assert re.search(r"line \d+: to decide: survival is counted from `OP-Datum`", said)
    settle(Path("config/mappings/cohort_1.yaml"))
    cohorts = Path("config/cohorts.yaml")
    text = cohorts.read_text("utf-8").replace("(write an honest name here: who, where, when)", "")
    cohorts.write_text(text, encoding="utf-8")
    assert main(["check"]) == 0
    assert "this table can run" in capsys.readouterr().out


def test_check_outside_of_a_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["check"]) == 2
    assert "cohorts.yaml: the file does not exist" in capsys.readouterr().err


NAMES = ["sex", "OS", "Status", "Tumor", "KPS", "Hb (g/dl)", "date of death", "OP-Datum", "id", "x"]
CELLS = st.one_of(
    st.sampled_from(["", "1", "0", "2", "m", "w", "ja", "C50.9", "breast", "2020-01-31", "1.2.20"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8),
    st.integers(-999, 999).map(str),
    st.floats(allow_nan=True).map(str),
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_any_table_gives_a_draft_that_loads(tmp_path: Path, data: st.DataObject) -> None:
    """Whatever the cells: the draft is a mapping, and ingest gives a result or faults."""
    names = data.draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True))
    rows = data.draw(
        st.lists(st.lists(CELLS, min_size=len(names), max_size=len(names)), min_size=1, max_size=6)
    )
    path = tmp_path / "t.csv"
    pd.DataFrame(rows, columns=names).to_csv(path, index=False)
    how = tmp_path / "m.yaml"
    with contextlib.suppress(InputError):
        how.write_text(mapping_text(draft(path)), encoding="utf-8")
        load(how)
        ingest(path, how, a_cohort(path))


def test_odd_headers_are_written_so_that_they_load(tmp_path: Path) -> None:
    random.seed(1)
    odd = ["a: b", "- x", "{y}", "#z", "'q\"", "%w", "no", "null", "1", "&a", "*b", "a,b", "ü\tv"]
    names = [*odd, *("".join(random.choices(string.printable[:94], k=7)) for _ in range(30))]
    frame = {n: [1, 2, 3] for n in dict.fromkeys(n.strip() for n in names) if n}
    path = table(tmp_path, {"OS (days)": [5, 6, 7], "dead": [0, 1, 1], **frame})
    how = tmp_path / "m.yaml"
    how.write_text(mapping_text(draft(path)), encoding="utf-8")
    assert {"survival_days", "died"} <= set(load(how).columns)
