"""The inclusion rule: a small language, three-valued, and nothing else can be said in it."""

import pandas as pd
import pytest

from spinemets.errors import InputError
from spinemets.ingest.include import parse

COLUMNS = ["bone_metastases", "age_years", "primary", "kps", "centre"]
PATIENTS = pd.DataFrame(
    {
        "bone_metastases": pd.array([True, True, False, None], dtype="boolean"),
        "age_years": pd.array([17, 50, 70, 90], dtype="Float64"),
        "primary": pd.array(["breast", "lung", None, "lung"], dtype="string"),
        "kps": pd.array([80, None, 40, 100], dtype="Int64"),
        "centre": pd.array(["Graz Süd", "Leiden", "Leiden", None], dtype="string"),
    }
)
T, F, N = True, False, None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bone_metastases == 1", [T, T, F, N]),
        ("bone_metastases==true", [T, T, F, N]),
        ("bone_metastases != 1", [F, F, T, N]),
        ("age_years >= 18", [F, T, T, T]),
        ("age_years > 50", [F, F, T, T]),
        ("age_years < 50.5", [T, T, F, F]),
        ("age_years <= 17", [T, F, F, F]),
        ("primary == lung", [F, T, N, T]),
        ("primary != 'lung'", [T, F, N, F]),
        ('centre == "Graz Süd"', [T, F, F, N]),
        ("bone_metastases == 1 and age_years >= 18", [F, T, F, N]),
        ("kps >= 50 or age_years >= 50", [T, T, T, T]),
        ("bone_metastases == 1 or kps == 100 and age_years < 20", [T, T, F, N]),
        ("(bone_metastases == 1 or kps == 100) and age_years < 20", [T, F, F, F]),
        ("kps >= 50", [T, N, F, T]),
    ],
)
def test_rules(text: str, expected: list[bool | None]) -> None:
    answer = parse(text, COLUMNS).evaluate(PATIENTS)
    assert [None if pd.isna(v) else bool(v) for v in answer] == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bone_metastasis == 1", "did you mean 'bone_metastases'"),
        ("sex == male", "not mapped in this cohort"),
        ("primary == lungs", "did you mean 'lung'"),
        ("primary > lung", "has no order"),
        ("bone_metastases == 2", "true or false"),
        ("age_years == old", "is a number"),
        ("age_years", "a comparison"),
        ("== 3", "a column name"),
        ("age_years == ", "a value is expected"),
        ("age_years == 3 kps == 80", "goes on where it should end"),
        ("(age_years == 3", "isn't closed"),
        ("age_years == 3; import os", "can't be read at position"),
        ("__import__('os').system('true')", "can't be read at position"),
        ("", "a column name"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text, COLUMNS)
    assert message in str(caught.value)
