"""Columns of words that answer several questions at once, as registries keep them."""

from pathlib import Path

import pandas as pd
import pytest
import yaml
from tests.ingest.conftest import a_cohort

from spinemets.ingest.drafting.draft import Draft, draft
from spinemets.ingest.drafting.guess import Guess
from spinemets.ingest.drafting.write import mapping_text
from spinemets.ingest.patients import ingest

REGISTRY = {
    "Study No.": [f"S-{i:03d}" for i in range(12)],
    "Primary tumor": ["Lung ca", "CRC", "TCC", "DLBCL"] * 3,
    "Status at last FU": ["DOD", "NED/AWD", "AWD"] * 4,
    "Survival (days)": list(range(10, 130, 10)),
    "Procedures": ["decompression + fusion", "Laminectomy, PSF T8-L1", "kyphoplasty",
                   "separation surgery + SBRT", "none", "embolization, fusion"] * 2,
    "Visceral mets": ["none", "liver", "lung + liver", "brain", "no", "adrenal"] * 2,
    "SINS location": [0, 1, 2, 3] * 3,
    "SINS posterior elements": [0, 1, 3] * 4,
    "Extraspinal bone mets": ["0", "1-2", ">=3", "4"] * 3,
    "ASIA preop": ["A", "D", "E", "n.a."] * 3,
}  # fmt: skip


def of(drafted: Draft) -> dict[str, Guess]:
    return {g.column: g for g in drafted.guesses}


def drafted(tmp_path: Path, **changes: list[object]) -> Draft:
    path = tmp_path / "t.csv"
    pd.DataFrame({**REGISTRY, **changes}).to_csv(path, index=False)
    return draft(path)


def test_every_column_of_a_registry_is_recognised(tmp_path: Path) -> None:
    found = drafted(tmp_path)
    assert not found.unused
    assert not found.drop
    guesses = of(found)
    assert guesses["patient_id"].source == "Study No."
    assert guesses["died"].entry["values"] == {"DOD": True, "NED/AWD": False, "AWD": False}
    assert guesses["sins_location"].entry["values"]["3"] == "junctional"
    assert guesses["sins_posterolateral"].entry["values"]["1"] == "unilateral"
    assert "points of SINS" in guesses["sins_location"].decide[0]
    assert "what number do the words mean" in guesses["n_extraspinal_bone_metastases"].decide[0]
    assert "procedure_vertebroplasty" not in guesses
    # One question for what one column answers.
    made = [g for g in found.guesses if g.source == "Procedures"]
    assert sum(bool(g.decide) for g in made) == 1
    assert all(g.column in next(m for m in made if m.decide).decide[0] for g in made)


def test_patients_get_what_their_cells_name(tmp_path: Path) -> None:
    found = drafted(tmp_path)
    data = yaml.safe_load(mapping_text(found))
    data.pop("decide", None)
    for entry in data["columns"].values():
        entry.pop("decide", None)
    data["columns"]["n_extraspinal_bone_metastases"]["values"] = {"1-2": 1, ">=3": 3}
    (tmp_path / "m.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
    table = tmp_path / "t.csv"
    patients = ingest(table, tmp_path / "m.yaml", a_cohort(table)).patients
    expected = {
        "procedure_decompression": [1, 1, 0, 0, 0, 0],
        "procedure_stabilisation": [1, 1, 0, 0, 0, 1],
        "procedure_separation_surgery": [0, 0, 0, 1, 0, 0],
        "procedure_kyphoplasty": [0, 0, 1, 0, 0, 0],
        "procedure_embolisation": [0, 0, 0, 0, 0, 1],
        "visceral_metastases": [0, 1, 1, 1, 0, 1],
        "metastasis_liver": [0, 1, 1, 0, 0, 0],
        "metastasis_lung": [0, 0, 1, 0, 0, 0],
        "metastasis_brain": [0, 0, 0, 1, 0, 0],
    }
    for column, values in expected.items():
        assert patients[column].astype(int).tolist() == values * 2, column
    assert patients["primary"].tolist()[:3] == ["lung", "colorectal", "urothelial"]
    assert patients["died"].astype(int).tolist() == [1, 0, 0] * 4


@pytest.mark.parametrize(
    "cell", ["decompression without fusion", "no fusion", "PLIF?", "see notes"]
)
def test_words_that_deny_or_name_nothing_are_left_to_a_person(tmp_path: Path, cell: str) -> None:
    cells = [cell, *REGISTRY["Procedures"][1:]]
    guesses = of(drafted(tmp_path, Procedures=cells))
    assert cell not in guesses["procedure_stabilisation"].entry["values"]
    assert "1 of its words name nothing known" in guesses["procedure_decompression"].decide[1]


def test_free_text_is_no_list_of_procedures(tmp_path: Path) -> None:
    cells = [f"seen on ward {i}, stable" for i in range(12)]
    found = drafted(tmp_path, Procedures=cells)
    assert not [g for g in found.guesses if g.source == "Procedures"]
