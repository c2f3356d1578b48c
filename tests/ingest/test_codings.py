"""ICD codes, yes and no, grades with the name of their scale, words of performance, ages."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from spinemets.errors import InputError
from spinemets.ingest.patients import Ingested

IngestText = Callable[..., Ingested]
HEAD = "columns:\n  survival_days: {from: t}\n  died: {from: d}\n"


def cells(values: list[str]) -> str:
    return "t,d,x,m\n" + "".join(f"1,1,{v}\n" if "," in v else f"1,1,{v},\n" for v in values)


def column(result: Ingested, name: str) -> list[Any]:
    return [None if pd.isna(v) else v for v in result.patients[name].tolist()]


def test_icd_codes_become_primaries(ingest_text: IngestText) -> None:
    how = HEAD + "  primary: {from: x, system: icd, morphology: m}\n"
    codes = ["C50.9", "C34.1,8041/3", "C34.1,8140/3", "C341", "C80", "C61", ""]
    found = ingest_text(cells(codes), how)
    expected = ["breast", "lung", "lung", "lung", "primary_not_recorded", "prostate", None]
    assert column(found, "primary") == expected
    assert column(found, "small_cell") == [None, True, False, None, None, None, None]
    rows = found.transformations[found.transformations["column"].eq("primary")]
    assert dict(zip(rows["conversion"], rows["n"], strict=True)) == {
        "ICD codes and morphology to primary": 6,
        "codes of an unknown site": 1,
    }
    rows = found.transformations[found.transformations["column"].eq("small_cell")]
    assert dict(zip(rows["conversion"], rows["n"], strict=True)) == {"taken from the morphology": 2}


def test_codes_of_metastases_and_nonsense_are_faults(ingest_text: IngestText) -> None:
    found = ingest_text(
        cells(["C79.5", "breast", "C50"]), HEAD + "  primary: {from: x, system: icd}\n"
    )
    assert [(f.rule.split(",")[0], f.rows) for f in found.faults] == [
        ("a code of a metastasis", (2,)),
        ("this is not an ICD code", (3,)),
    ]
    assert column(found, "primary") == [None, None, "breast"]
    told = HEAD + "  primary: {from: x, system: icd, values: {C79.5: null, breast: breast}}\n"
    assert column(ingest_text(cells(["C79.5", "breast"]), told), "primary") == [None, "breast"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["ja", "nein", "Ja "], [True, False, True]),
        (["vorhanden", "nicht vorhanden", ""], [True, False, None]),
        (["Checked", "Unchecked"], [True, False]),
        (["positiv", "negativ"], [True, False]),
        (["1", "0", "1.0"], [True, False, True]),
    ],
)
def test_yes_and_no(ingest_text: IngestText, rows: list[str], expected: list[Any]) -> None:
    found = ingest_text(cells(rows), HEAD + "  bone_metastases: {from: x}\n")
    assert column(found, "bone_metastases") == expected


def test_one_and_two_are_never_guessed(ingest_text: IngestText) -> None:
    found = ingest_text(cells(["1", "2"]), HEAD + "  bone_metastases: {from: x}\n")
    (fault,) = found.faults
    assert fault.rule.startswith("coded 1 and 2")
    told = HEAD + "  bone_metastases: {from: x, values: {1: true, 2: false}}\n"
    assert column(ingest_text(cells(["1", "2"]), told), "bone_metastases") == [True, False]


def test_grades_with_the_name_of_their_scale(ingest_text: IngestText) -> None:
    how = HEAD + "  frankel_before: {from: x}\n"
    rows = ["Frankel D", "c", "Grade E", "Frankel-B"]
    assert column(ingest_text(cells(rows), how), "frankel_before") == ["D", "C", "E", "B"]
    asia = HEAD + "  asia_before: {from: x}\n"
    assert column(ingest_text(cells(["AIS C", "ASIA: D"]), asia), "asia_before") == ["C", "D"]


def test_asia_is_never_read_as_frankel(ingest_text: IngestText) -> None:
    found = ingest_text(cells(["AIS C", "D"]), HEAD + "  frankel_before: {from: x}\n")
    (fault,) = found.faults
    assert fault.rule == "a grade of another scale"
    assert column(found, "frankel_before") == [None, "D"]


def test_words_of_the_ecog_scale_are_intervals(ingest_text: IngestText) -> None:
    how = HEAD + "  ecog: {from: x, crosswalk: ecog_wording}\n"
    how += "  kps: {from: x, crosswalk: [ecog_wording, ma_2010]}\n"
    found = ingest_text(cells(["Ambulatory", "bettlägerig"]), how)
    assert column(found, "ecog") == [None, 4]
    assert column(found, "ecog_low") == [0, None]
    assert column(found, "ecog_high") == [2, None]
    assert column(found, "kps_low") == [60, 10]
    assert any("needs verification" in f for f in found.info["footnotes"])


@pytest.mark.parametrize(
    ("name", "unit", "cell", "value"),
    [
        ("haemoglobin_g_per_l", "mmol/L", "8.0", 128.912),
        ("ldh_u_per_l", "ukat/L", "4", 240),
        ("psa_ug_per_l", "ng/mL", "4", 4),
        ("leucocytes_10e9_per_l", "/nL", "7.5", 7.5),
        ("vitamin_b12_pmol_per_l", "pg/mL", "400", 295.12),
    ],
)
def test_laboratory_units(
    ingest_text: IngestText, name: str, unit: str, cell: str, value: float
) -> None:
    found = ingest_text(cells([cell]), HEAD + f"  {name}: {{from: x, unit: {unit}}}\n")
    assert found.patients[name].tolist() == [pytest.approx(value, rel=1e-4)]
    assert found.transformations["conversion"].iloc[-1].startswith(f"{unit} to ")


def test_the_second_column_is_read_where_the_first_is_empty(ingest_text: IngestText) -> None:
    found = ingest_text(cells(["70", ",80", "60,50"]), HEAD + "  kps: {from: x, otherwise: m}\n")
    assert column(found, "kps") == [70, 80, 60]
    with pytest.raises(InputError, match="isn't there"):
        ingest_text(cells(["70"]), HEAD + "  kps: {from: x, otherwise: y}\n")


def test_old_ages_are_capped_as_declared(ingest_text: IngestText) -> None:
    found = ingest_text(cells(["89", "90", "103"]), HEAD + "  age_years: {from: x, cap: 90}\n")
    assert column(found, "age_years") == [89, 90, 90]
    assert found.transformations["n"].tolist()[-1] == 2
