"""Three published tables between KPS and ECOG disagree; one cohort goes through one of them."""

from pathlib import Path

import pytest

from spinemets.errors import InputError
from spinemets.plan import Plan

KPS = "  kps: {from: ecog, crosswalk: %s}\n"
ECOG = "  ecog: {from: kps, crosswalk: %s}\n"


def start(folder: Path, columns: str, chosen: str, monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.chdir(folder)
    (folder / "m.yaml").write_text(f"columns:\n  age_years: {{from: age}}\n{columns}", "utf-8")
    entry = {"id": "a", "label": "A", "file": "a.csv", "mapping": "m.yaml", "visibility": "public",
             "time_zero": "start_of_treatment"}  # fmt: skip
    return Plan({"cohorts": [entry], "scores": {"crosswalk": chosen}})


@pytest.mark.parametrize(
    ("columns", "chosen"),
    [
        (KPS % "ma_2010", "prasad_2018"),
        (KPS % "[va_wording, ma_2010]", "oken"),
        (KPS % "ma_2010" + ECOG % "prasad_2018", "none"),
    ],
)
def test_two_tables_are_refused_before_the_first_job(
    columns: str, chosen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=r"m\.yaml, crosswalk: .* more than one table") as caught:
        start(tmp_path, columns, chosen, monkeypatch)
    assert "name one table" in caught.value.faults[0].repair


@pytest.mark.parametrize(
    ("columns", "chosen"),
    [
        (KPS % "ma_2010", "ma_2010"),
        (KPS % "ma_2010", "none"),
        (ECOG % "va_wording", "prasad_2018"),
        ("  kps: nonsense\n", "oken"),
        ("", "oken"),
    ],
)
def test_one_table_is_not(
    columns: str, chosen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert start(tmp_path, columns, chosen, monkeypatch).cohorts


def test_a_mapping_that_is_not_there_or_not_yaml_is_told_by_ingest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert start(tmp_path, "  kps: [\n", "oken", monkeypatch).cohorts
