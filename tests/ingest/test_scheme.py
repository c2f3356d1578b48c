"""Radiotherapy schemes written as text: fractions and dose of one fraction."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.errors import InputError
from spinemets.ingest.drafting.draft import draft
from spinemets.ingest.scheme import read, told

HEAD = "days,dead,scheme\n"
MAPPED = """columns:
  survival_days: {from: days}
  died: {from: dead}
  radiotherapy_fractions: {from: scheme, scheme: ORDER}
  radiotherapy_gy_per_fraction: {from: scheme, scheme: ORDER}
"""


@pytest.mark.parametrize(
    ("text", "order", "fractions", "dose"),
    [
        ("10 x 3", "n_x_d", 10, 3.0),
        ("10x3", "d_x_n", 3, 10.0),
        ("10 × 3 Gy", "d_x_n", 10, 3.0),  # the unit says which is the dose, whatever is declared
        ("3 Gy x 10", "n_x_d", 10, 3.0),
        ("3Gy*10 Fr.", "n_x_d", 10, 3.0),
        ("10 à 3 Gy", "d_x_n", 10, 3.0),
        ("14 Fraktionen x 2,5 Gy", "d_x_n", 14, 2.5),
        ("30 Gy in 10 fractions", "n_x_d", 10, 3.0),
        ("30Gy/10fx", "n_x_d", 10, 3.0),
        ("30/10", "total_in_n", 10, 3.0),
        ("39/3", "total_by_d", 13, 3.0),
        ("39 Gy / 3 Gy", "n_x_d", 13, 3.0),
        ("1 x 8 Gy", "d_x_n", 1, 8.0),
    ],
)
def test_what_clinics_write(text: str, order: str, fractions: int, dose: float) -> None:
    assert read(text, order) == (fractions, dose)


@pytest.mark.parametrize(
    "text", ["", "30 Gy", "10", "SBRT", "10 x", "10 x 3 x 2", "0 x 3", "30/0", "2019-03-01", "x 3"]
)
def test_what_is_no_scheme(text: str) -> None:
    assert read(text, "total_in_n") is None
    assert told(text) is None


def test_a_number_of_fractions_is_whole() -> None:
    assert read("40 Gy / 3 Gy", "n_x_d") is None


@given(n=st.integers(1, 40), dose=st.integers(2, 80).map(lambda x: x / 4))
def test_every_way_of_writing_a_scheme_gives_it_back(n: int, dose: float) -> None:
    for text in (f"{n} x {dose:g} Gy", f"{dose:g} Gy x {n}", f"{dose * n:g} Gy in {n} Fr"):
        found = read(text, "total_by_d")
        assert found is not None
        assert found[0] == n
        assert found[1] == pytest.approx(dose, rel=1e-12)


def test_schemes_become_two_columns_and_are_counted(ingest_text) -> None:
    rows = "100,1,10 x 3\n200,1,1 x 8 Gy\n300,0,\n400,1,5 Gy x 4\n"
    result = ingest_text(HEAD + rows, MAPPED.replace("ORDER", "n_x_d"))
    assert result.patients["radiotherapy_fractions"].fillna(0).tolist() == [10, 1, 0, 4]
    assert result.patients["radiotherapy_gy_per_fraction"].fillna(0).tolist() == [3, 8, 0, 5]
    log = {(r.column, r.conversion): r.n for r in result.transformations.itertuples()}
    assert log[("radiotherapy_fractions", "read from a scheme (n_x_d)")] == 3


def test_what_cannot_be_read_is_told_and_may_be_translated(ingest_text) -> None:
    rows = "100,1,10 x 3\n200,1,palliative\n300,1,8\n400,1,90 x 3\n"
    faults = ingest_text(HEAD + rows, MAPPED.replace("ORDER", "n_x_d")).faults
    told_ = {(f.column, f.rows): f.rule for f in faults}
    assert told_[("radiotherapy_fractions (from scheme)", (3, 4))].startswith("no radiotherapy")
    assert told_[("radiotherapy_fractions (from scheme)", (5,))] == "outside 1 to 60"
    assert not any("palliative" in str(f) for f in faults)
    settled = MAPPED.replace("ORDER", "n_x_d, values: {palliative: null, '8': 1, 90 x 3: 30}")
    result = ingest_text(HEAD + rows, settled)
    assert result.patients["radiotherapy_fractions"].fillna(0).tolist() == [10, 0, 1, 30]


def test_schemes_are_for_fractions_and_dose_only(ingest_text) -> None:
    text = "columns:\n  survival_days: {from: days, scheme: n_x_d}\n  died: {from: dead}\n"
    with pytest.raises(InputError, match="`scheme` is for `radiotherapy_fractions` and"):
        ingest_text(HEAD + "100,1,\n", text)


@pytest.mark.parametrize(
    ("cells", "order", "asked"),
    [
        (["30 Gy/10", "8 Gy in 1 fraction", "20 Gy/5"], "total_in_n", False),
        (["10 x 3", "1 x 8", "5 x 4 Gy"], "n_x_d", True),
        (["30/10", "8/1", "20/5"], "total_in_n", True),
    ],
)
def test_a_draft_knows_schemes(tmp_path: Path, cells: list[str], order: str, asked: bool) -> None:
    rows = "".join(f"{i},{i * 7},{i % 2},{cells[i % 3]}\n" for i in range(60))
    table = tmp_path / "t.csv"
    table.write_text("id,os_days,died,Fractionation\n" + rows, encoding="utf-8")
    found = {g.column: g for g in draft(table).guesses}
    for column in ("radiotherapy_fractions", "radiotherapy_gy_per_fraction"):
        assert found[column].entry == {"scheme": order}
        assert any("scheme" in text for text in found[column].decide) is asked
