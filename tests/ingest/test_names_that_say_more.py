"""What `init` makes of names that hold a known word and mean something else."""

from pathlib import Path

import pandas as pd
import pytest

from spinemets.cli import main
from spinemets.ingest.drafting.draft import draft
from spinemets.ingest.drafting.guess import Guess

YES_NO = ["yes", "no", "no"] * 10


def drafted(tmp_path: Path, columns: dict[str, list[object]]) -> dict[str, Guess]:
    path = tmp_path / "t.csv"
    base = {"ID": range(30), "Sex": ["male", "female", "male"] * 10, "Primary": ["breast"] * 30}
    pd.DataFrame({**base, **columns}).to_csv(path, index=False)
    return {g.column: g for g in draft(path).guesses}


@pytest.mark.parametrize(
    "name",
    ["Non-ambulatory", "gehunfähig", "Non-small cell", "Free of visceral metastases",
     "Visceral metastases excluded", "Hormone receptor negative", "Radiotherapy refused",
     "Surgery offered", "Dekompression geplant", "KPS discharge", "Karnofsky bei Entlassung",
     "Lung metastases at last follow-up", "Bone mets (non-spinal)", "Surgery complications",
     "Ambulatory at discharge", "Family history diabetes"],
)  # fmt: skip
def test_the_opposite_and_what_came_later_are_not_taken(tmp_path: Path, name: str) -> None:
    cells = [50, 60, 70] * 10 if "K" in name and "Dek" not in name else YES_NO
    found = drafted(tmp_path, {name: cells})
    assert name not in {g.source for g in found.values()}


@pytest.mark.parametrize(
    ("name", "column", "cells"),
    [
        ("Liver metastases resected", "metastasis_liver", YES_NO),
        ("Age at diagnosis", "age_years", [50, 60, 70] * 10),
        ("Alter bei Erstdiagnose", "age_years", [50, 60, 70] * 10),
        ("Surgery before admission", "surgery", YES_NO),
        ("Urine albumin (g/l)", "albumin_g_per_l", [30, 35, 40] * 10),
        ("gehfähig 3 Monate", "ambulatory_before", YES_NO),
        ("30-day death", "died", YES_NO),
        ("Extraspinal bone mets", "n_extraspinal_bone_metastases", [0, 1, 1] * 10),
    ],
)
def test_a_name_that_says_more_is_asked_about(
    tmp_path: Path, name: str, column: str, cells: list[object]
) -> None:
    found = drafted(tmp_path, {name: cells})
    assert column not in found or found[column].decide, found


@pytest.mark.parametrize(
    ("name", "column"),
    [("Frankel admission", "frankel_before"), ("Ambulatory on admission", "ambulatory_before"),
     ("Smoking status", "smoker"), ("Number of vertebral metastases", "n_vertebral_metastases")],
)  # fmt: skip
def test_plain_names_are_not_asked_about(tmp_path: Path, name: str, column: str) -> None:
    cells = {"frankel_before": ["A", "D", "E"] * 10, "n_vertebral_metastases": [1, 2, 5] * 10}
    found = drafted(tmp_path, {name: cells.get(column, YES_NO)})
    assert found[column].source == name
    assert not found[column].decide


def test_a_date_of_death_outweighs_a_death_in_hospital(tmp_path: Path) -> None:
    dates = pd.date_range("2010-01-03", periods=30).strftime("%Y-%m-%d").tolist()
    later = pd.date_range("2011-01-13", periods=30).strftime("%Y-%m-%d").tolist()
    columns = {"OP date": dates, "Date of death": [*later[:20], *[""] * 10], "Last contact": later,
               "In-hospital death": YES_NO, "Separation surgery": YES_NO}  # fmt: skip
    found = drafted(tmp_path, columns)
    assert found["died"].entry["filled"] is True
    assert found["died"].source == "Date of death"
    assert "or is it `In-hospital death`?" in found["died"].decide
    assert found["surgery"].source == "OP date"
    assert found["procedure_separation_surgery"].source == "Separation surgery"


def test_plus_and_minus_are_yes_and_no(tmp_path: Path) -> None:
    found = drafted(
        tmp_path, {"Liver mets": ["+", "-", "-"] * 10, "Hb (g/dl)": ["12", "-", "9"] * 10}
    )
    assert found["metastasis_liver"].entry["values"] == {"+": True, "-": False}
    assert "-" not in found["metastasis_liver"].entry["missing"]


def test_an_unknown_primary_is_asked_about(tmp_path: Path) -> None:
    found = drafted(tmp_path, {"Primary": ["breast", "lung", "Unknown"] * 10})
    assert "unknown_primary" in found["primary"].decide[-1]
    assert "Unknown" not in found["primary"].entry["missing"]


def test_dates_that_a_spreadsheet_half_understood_are_asked_about(tmp_path: Path) -> None:
    days = [(m, d) for m, d in zip([1, 2, 3] * 10, range(1, 29), strict=False)]
    texts = [f"2012-{d:02d}-{m:02d}" if d <= 12 else f"{m:02d}/{d:02d}/2012" for m, d in days]
    path = tmp_path / "t.csv"
    pd.DataFrame({"ID": range(28), "Date of surgery": texts, "Primary": "breast"}).to_csv(path)
    asked = draft(path).decide
    assert any("a spreadsheet took the day for the month" in question for question in asked)


@pytest.mark.parametrize("ids", [[f"{i:03d}" for i in range(1, 31)], [f"x{i}" for i in range(30)]])
def test_a_join_whose_ids_do_not_meet_is_refused(
    tmp_path: Path, ids: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    first = pd.DataFrame({"pid": [str(i) for i in range(1, 31)], "tumor": "breast"})
    other = pd.DataFrame({"pid": ids, "os": range(30), "dead": YES_NO})
    first.to_csv(tmp_path / "a.csv", index=False)
    other.to_csv(tmp_path / "b.csv", index=False)
    (tmp_path / "m.yaml").write_text(
        "join: [{file: b.csv, on: pid, equals: pid}]\ncolumns:\n  patient_id: {from: pid}\n"
        "  primary: {from: tumor}\n  survival_days: {from: os}\n  died: {from: dead}\n",
        encoding="utf-8",
    )
    assert main(["check", str(tmp_path / "a.csv"), "--mapping", str(tmp_path / "m.yaml")]) == 2
    assert "of 30 rows of the first table have their id here" in capsys.readouterr().out
