"""Tables as people write them, without a mapping."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets import contract, vocabulary
from spinemets.errors import InputError
from spinemets.scores import reading, terms
from spinemets.scores.cells import read_codes, read_numbers

COLUMNS = contract.columns()


def read(**columns):
    return reading.read_table(pd.DataFrame(columns))


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("kps", "80", 80.0),
        ("kps", "80.0", 80.0),
        ("kps", "80 %", 80.0),
        ("kps", "80%", 80.0),
        ("age_years", "61,5", 61.5),
        ("age_years", "61.5 years", 61.5),
        ("interval_diagnosis_days", "15 months", 15 * 30.4375),
        ("albumin_g_per_l", "3.5 g/dL", 35.0),
        ("albumin_g_per_l", "35 g/L", 35.0),
        ("crp_mg_per_l", "0.4 mg/dL", 4.0),
        ("platelets_10e9_per_l", "100000 /uL", 100.0),
        ("visceral_metastases", "Ja", True),
        ("visceral_metastases", "NO", False),
        ("visceral_metastases", "0", False),
        ("frankel_before", "e", "E"),
        ("sex", "Female", "female"),
        ("sins_pain", "Mechanical", "mechanical"),
        ("sins_pain", "painless", "none"),
        ("sins_pain", "none", "none"),
        ("escc", "1B", "1b"),
        ("tomita_surgical_type", "4", "4"),
        ("visceral_removability", "Unremovable", "unremovable"),
        ("primary", "Breast", "breast"),
        ("primary", "NSCLC", "lung"),
        ("primary", "Harnblase", "urothelial"),
        ("primary", "Schilddrüse", "thyroid"),
        ("primary", "C61", "prostate"),
        ("primary", "c34.1", "lung"),
        ("primary", "C80", "primary_not_recorded"),
        ("primary", "CUP", "unknown_primary"),
    ],
)
def test_one_value(column, text, value):
    assert terms.value(COLUMNS[column], text) == pytest.approx(value)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("kps", "45"),
        ("kps", "0"),
        ("kps", "110"),
        ("kps", "seventy"),
        ("kps", "60-70"),
        ("n_vertebral_metastases", ">=3"),
        ("n_vertebral_metastases", "1.5"),
        ("crp_mg_per_l", "1,250"),  # one and a quarter, or twelve hundred and fifty
        ("albumin_g_per_l", "3.5 stone"),
        ("albumin_g_per_l", "nan"),
        ("albumin_g_per_l", "inf"),
        ("visceral_metastases", "perhaps"),
        ("visceral_metastases", "2"),
        ("frankel_before", "complete"),
        ("primary", "unknown"),
        ("primary", "C79.5"),
        ("primary", ""),
    ],
)
def test_what_is_not_a_value(column, text):
    with pytest.raises(ValueError, match=r"use |unit|a metastasis") as caught:
        terms.value(COLUMNS[column], text)
    assert text not in str(caught.value) or len(text) < 3 or text == "unknown"


def test_headings_in_any_form():
    found = read(**{" Frankel before": ["E"], "KPS": [80], "n-vertebral-metastases": ["2"]})
    assert list(found.frame) == ["patient_id", "frankel_before", "kps", "n_vertebral_metastases"]
    assert not found.remarks


def test_unknown_columns_are_named_with_the_nearest():
    (remark,) = read(kps=[80], prmary=["lung"]).remarks
    assert remark.column == "prmary"
    assert "did you mean 'primary'" in remark.rule


def test_a_table_without_a_known_column_is_refused_with_every_heading():
    with pytest.raises(InputError, match="no column of the contract") as caught:
        read(prmary=["lung"], karnofsky=[80])
    assert "prmary" in str(caught.value)


def test_a_column_that_stands_twice_is_refused():
    with pytest.raises(InputError, match="kps: the column stands twice"):
        reading.read_table(pd.DataFrame([[80, 70]], columns=["KPS", "kps"]))


@pytest.mark.parametrize("ids", [["1", "1"], ["1", None], ["1", " "]])
def test_patients_need_their_own_number(ids):
    with pytest.raises(InputError, match=r"patient_id: .*\[rows? "):
        read(patient_id=ids, kps=[80, 70])


def test_cells_outside_the_contract_are_named_by_row_and_never_shown():
    found = read(kps=["80", "45", "x", None, ""], primary=["lung", "Lungs", "", "NA", "breast"])
    by_column = {r.column: r for r in found.remarks}
    assert by_column["kps"].rows == (3, 4)
    assert by_column["primary"].rows == (3,)
    text = " ".join(map(str, found.remarks))
    assert "45" not in text
    assert "Lungs" not in text
    assert found.frame["kps"].isna().tolist() == [False, False, False, True, True]


def test_numbers_of_a_column_with_gaps_are_levels_as_well():
    found = read(tomita_surgical_type=[1.0, None, 7.0], visceral_metastases=[1.0, 0.0, None])
    assert found.frame["tomita_surgical_type"].tolist() == ["1", None, "7"]
    assert found.frame["visceral_metastases"].tolist() == [True, False, None]
    assert not found.remarks


def test_a_yes_is_no_number():
    found = reading.read_table(pd.DataFrame({"ecog": [True, False]}))
    assert found.remarks[0].rows == (2, 3)


class TestBiology:
    """What the words for the primary tell beyond it."""

    def test_fills_what_is_empty(self):
        found = read(primary=["SCLC", "NSCLC", "lung", "CRPC"]).frame
        assert found["small_cell"].tolist() == [True, False, None, None]
        assert found["hormone_dependent"].tolist() == [None, None, None, False]

    def test_a_record_that_agrees_stays(self):
        found = read(primary=["TNBC"], hormone_dependent=["no"])
        assert found.frame["hormone_dependent"].tolist() == [False]
        assert not found.remarks

    def test_a_record_that_contradicts_is_not_used(self):
        found = read(primary=["TNBC", "breast"], hormone_dependent=["yes", "yes"])
        assert found.frame["hormone_dependent"].tolist() == [reading.OUTSIDE, True]
        assert found.remarks[0].rows == (2,)


@pytest.mark.parametrize(
    "name", [n for n, c in COLUMNS.items() if c.kind != "identifier" and not c.open_levels]
)
def test_every_value_of_the_contract_is_read_as_itself(name):
    column = COLUMNS[name]
    if column.is_numeric:
        values = [column.minimum, column.maximum]
    elif column.kind == "boolean":
        values = [True, False]
    else:
        values = list(column.levels)
    found = reading.read_table(pd.DataFrame({name: [str(v) for v in values]}))
    assert not found.remarks
    reader = read_numbers if column.is_numeric else read_codes
    mine, theirs = reader(found.frame[name], column)[0], reader(pd.Series(values), column)[0]
    np.testing.assert_allclose(mine, theirs)


@given(st.lists(st.text(max_size=12), min_size=1, max_size=5))
def test_whatever_stands_in_a_cell_is_read_or_rejected(texts):
    found = read(primary=texts, kps=texts, visceral_metastases=texts, frankel_before=texts)
    allowed = {*vocabulary.primaries(), reading.OUTSIDE, None}
    assert set(found.frame["primary"]) <= allowed
    assert set(found.frame["frankel_before"]) <= {*"ABCDE", reading.OUTSIDE, None}
    for kps in found.frame["kps"]:
        assert kps in (None, reading.OUTSIDE) or kps in range(10, 101, 10)
