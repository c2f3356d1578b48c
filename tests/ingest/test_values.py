"""Codes, words, numbers and units."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ingest.conftest import a_cohort

from spinemets import vocabulary
from spinemets.ingest.patients import Ingested, ingest

IngestText = Callable[..., Ingested]
HEAD = "columns:\n  survival_days: {from: t}\n  died: {from: d}\n"


def column(result: Ingested, name: str) -> list[Any]:
    return [None if pd.isna(v) else v for v in result.patients[name].tolist()]


def cells(values: list[str], more: str = "") -> str:
    return "t,d,x\n" + "".join(f"1,1,{v}\n" for v in values) + more


@pytest.mark.parametrize(
    ("unit", "cell", "days"),
    [("days", "10", 10), ("weeks", "2", 14), ("months", "3", 91.3125), ("years", "2", 730.5)],
)
def test_times(ingest_text: IngestText, unit: str, cell: str, days: float) -> None:
    how = f"columns:\n  survival_days: {{from: x, unit: {unit}}}\n  died: {{from: d}}\n"
    assert ingest_text(cells([cell]), how).patients["survival_days"].tolist() == [days]


@pytest.mark.parametrize(
    ("unit", "cell", "resolution"),
    [
        ("days", "30", "day"),
        ("months", "3", "month"),
        ("months", "3.25", "day"),
        ("weeks", "2", "week"),
        ("years", "1", "year"),
    ],
)
def test_resolution(ingest_text: IngestText, unit: str, cell: str, resolution: str) -> None:
    how = f"columns:\n  survival_days: {{from: x, unit: {unit}}}\n  died: {{from: d}}\n"
    assert ingest_text(cells([cell, "1"]), how).info["resolution"] == resolution
    declared = ingest_text(cells([cell]), "resolution: month\n" + how)
    assert declared.info["resolution"] == "month"


@pytest.mark.parametrize(
    ("name", "unit", "cell", "value"),
    [
        ("haemoglobin_g_per_l", "g/dL", "13.8", 138),
        ("albumin_g_per_l", "g/dL", "3.5", 35),
        ("crp_mg_per_l", "mg/dL", "1.2", 12),
        ("calcium_mmol_per_l", "mg/dL", "10", 10 * 10 / 40.078),
        ("creatinine_umol_per_l", "mg/dL", "1", 88.4016),
        ("platelets_10e9_per_l", "/uL", "250000", 250),
        ("leucocytes_10e9_per_l", "10^3/uL", "7.5", 7.5),
    ],
)
def test_laboratory_units(
    ingest_text: IngestText, name: str, unit: str, cell: str, value: float
) -> None:
    result = ingest_text(cells([cell]), HEAD + f"  {name}: {{from: x, unit: {unit}}}\n")
    assert result.patients[name].tolist() == [pytest.approx(value, rel=1e-5)]


def test_yes_and_no(ingest_text: IngestText) -> None:
    words = ["yes", "No", "JA", "nein", "1", "0", "TRUE", "f", "1.0", "", "NA"]
    result = ingest_text(cells(words), HEAD + "  synchronous: {from: x}\n")
    assert column(result, "synchronous") == [
        *[True, False, True, False, True, False, True, False, True],
        None,
        None,
    ]


def test_given_codes_replace_the_usual_ones(ingest_text: IngestText) -> None:
    how = HEAD + "  synchronous: {from: x, values: {1: true, 2: false}}\n"
    result = ingest_text(cells(["1", "2", "0"]), how)
    assert column(result, "synchronous") == [True, False, None]
    assert result.faults[0].rows == (4,)


def test_others_missing(ingest_text: IngestText) -> None:
    how = HEAD + "  small_cell: {from: x, values: {SCLC: true, NSCLC: false}, others: missing}\n"
    result = ingest_text(cells(["SCLC", "NSCLC", "breast"]), how)
    assert column(result, "small_cell") == [True, False, None]
    assert not result.faults
    conversions = result.transformations.set_index("conversion")["n"]
    assert conversions["code not listed: read as missing"] == 1


def test_missing_codes(ingest_text: IngestText) -> None:
    how = HEAD + "  age_years: {from: x}\nmissing: [-99, unknown]\n"
    result = ingest_text(cells(["-99", "-99.0", "unknown", "", "50"]), how)
    assert column(result, "age_years") == [None, None, None, None, 50]
    how = HEAD + "  age_years: {from: x, missing: [999]}\n"
    result = ingest_text(cells(["999", "NA"]), how)
    assert len(result.faults) == 1  # the column's own list takes the place of the general one


def test_frankel_letters_are_not_their_meanings(ingest_text: IngestText) -> None:
    result = ingest_text(cells(["D", "e", "normal"]), HEAD + "  frankel_before: {from: x}\n")
    assert column(result, "frankel_before") == ["D", "E", None]


def test_escc_levels(ingest_text: IngestText) -> None:
    result = ingest_text(cells(["0", "1a", "1C", "2.0", "3"]), HEAD + "  escc: {from: x}\n")
    assert column(result, "escc") == ["0", "1a", "1c", "2", "3"]


def test_labels_that_a_study_chooses(ingest_text: IngestText) -> None:
    result = ingest_text(cells(["Graz ", "Leiden  UMC"]), HEAD + "  centre: {from: x}\n")
    assert column(result, "centre") == ["Graz", "Leiden UMC"]


def test_integers(ingest_text: IngestText) -> None:
    how = HEAD + "  leg_strength: {from: x}\n"
    result = ingest_text(cells(["5.0", "3", "2.5"]), how)
    assert column(result, "leg_strength") == [5, 3, None]
    assert result.faults[0].rule == "not a whole number"


def test_limits_of_a_range_are_inside(ingest_text: IngestText) -> None:
    result = ingest_text(cells(["-3650", "36525"]), HEAD + "  surgery_day: {from: x}\n")
    assert not result.faults


@pytest.mark.parametrize("primary", list(vocabulary.primaries().values()), ids=lambda p: p.id)
def test_every_term_of_the_vocabulary(
    tmp_path: Path, primary: vocabulary.Primary, make_mapping: Callable[[str], Path]
) -> None:
    words = [primary.id, primary.label, *primary.synonyms, *(s.upper() for s in primary.synonyms)]
    table = tmp_path / "t.csv"
    text = "t,d,x\n" + "".join(f'1,1,"{w}"\n' for w in words)
    table.write_text(text, encoding="utf-8")
    result = ingest(table, make_mapping(HEAD + "  primary: {from: x}\n"), a_cohort(table))
    assert not result.faults
    assert set(result.patients["primary"]) == {primary.id}


def test_the_three_ways_not_to_know_the_primary(ingest_text: IngestText) -> None:
    result = ingest_text(
        cells(["CUP", "pending", "not recorded", ""]), HEAD + "  primary: {from: x}\n"
    )
    assert column(result, "primary") == [
        "unknown_primary",
        "work_up_pending",
        "primary_not_recorded",
        None,
    ]


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(CELLS, min_size=1, max_size=8))
def test_any_text_is_read_or_named_by_its_row(tmp_path: Path, texts: list[str]) -> None:
    """Whatever stands in a cell: no crash, and every value is in the contract or missing."""
    table = tmp_path / "any.csv"
    names = ["age_years", "sex", "primary", "kps", "ecog", "synchronous", "leg_strength", "escc"]
    rows = pd.DataFrame(dict.fromkeys(names, texts))
    rows.insert(0, "survival_days", 1)
    rows.insert(1, "died", 1)
    rows.to_csv(table, index=False, quoting=csv.QUOTE_ALL)
    result = ingest(table, None, a_cohort(table, on_fault="set_aside"))
    assert len(result.patients) == len(texts)
    assert result.patients["age_years"].dropna().between(0, 120).all()
    assert set(result.patients["sex"].dropna()) <= {"female", "male"}
    for fault in result.faults:
        assert fault.rows
