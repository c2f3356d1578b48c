"""What a first look at a clinic's own table must not lose: biology, counts in words, grades."""

from __future__ import annotations

import pyarrow as pa
import pytest

from spinemets import contract
from spinemets.ingest.drafting.fit import fit
from spinemets.ingest.drafting.sources import Source
from spinemets.vocabulary.coding import from_term


def _fit(column: str, cells: list[str]):
    return fit(contract.columns()[column], Source(column, pa.chunked_array([cells])))


@pytest.mark.parametrize(
    ("term", "small_cell"),
    [("Lung (small cell)", True), ("Lung (non-small cell)", False), ("NSCLC", False)],
)
def test_small_cell_lung_keeps_its_biology(term: str, small_cell: bool) -> None:
    found = from_term(term)
    assert (found.primary, found.small_cell) == ("lung", small_cell)


def test_a_guess_never_drops_the_biology_of_a_term() -> None:
    found = _fit("primary", ["Breast", "Prostate", "Lung", "Lung ca. of small cell type"])
    assert "values" not in found.entry
    assert "aren't in the vocabulary" in found.decide


def test_a_count_with_words_is_asked_not_lost() -> None:
    found = _fit("n_vertebral_metastases", ["1", "2", "2", ">3", "multiple"])
    assert found.share == 0.9
    assert "2 different, in 2 rows" in found.decide


def test_words_alone_are_no_count() -> None:
    assert _fit("n_vertebral_metastases", ["few", "many", "1"]).share == 0.0


WORDS = """id,days,dead,tumour,sclc
1,100,1,SCLC,
2,200,1,NSCLC (EGFR+),
3,300,0,TNBC,
4,400,1,CRPC,
5,500,0,Lung,1
6,600,1,small-cell lung cancer,0
7,700,1,Hormonrefraktaeres Prostatakarzinom,
"""
MAPPED = """columns:
  small_cell: {from: sclc}
  survival_days: {from: days}
  died: {from: dead}
  primary: {from: tumour}
drop: [id]
"""


@pytest.mark.parametrize("order", ["column first", "words first"])
def test_ingest_takes_the_biology_that_words_for_a_primary_carry(ingest_text, order: str) -> None:
    mapping = MAPPED
    if order == "words first":
        flag = "  small_cell: {from: sclc}\n"
        mapping = mapping.replace(flag, "").replace("drop:", f"{flag}drop:")
    result = ingest_text(WORDS, mapping)
    assert not result.faults
    patients = result.patients
    assert patients["primary"].tolist() == [
        "lung", "lung", "breast", "prostate", "lung", "lung", "prostate",
    ]  # fmt: skip
    # What the source records itself stands, also against the words.
    small, hormonal = (
        patients[c].astype("Int64").fillna(-1).tolist() for c in ("small_cell", "hormone_dependent")
    )
    assert small == [1, 0, -1, -1, 1, 0, -1]
    assert hormonal == [-1, -1, 0, 0, -1, -1, 0]
    assert not patients["targeted_drug"].notna().any()
    log = {(r.column, r.conversion): r.n for r in result.transformations.itertuples()}
    words = "taken from the words for the primary"
    assert log[("small_cell", words)] == 2
    assert log[("hormone_dependent", words)] == 3
    found = {f.rule.id: (f.column, lines.tolist()) for f, lines in result.doubts}
    assert found["biology_told_otherwise"] == ("small_cell", [7])


def test_a_word_translated_into_another_primary_tells_nothing(ingest_text) -> None:
    mapping = MAPPED.replace("from: tumour}", "from: tumour, values: {SCLC: other_primary}}")
    mapping = mapping.replace("  small_cell: {from: sclc}\n", "")
    patients = ingest_text(WORDS, mapping.replace("[id]", "[id, sclc]")).patients
    assert patients["primary"].tolist()[0] == "other_primary"
    assert patients["small_cell"].isna().tolist()[0]


def test_an_inclusion_rule_may_ask_for_what_the_words_told(ingest_text) -> None:
    mapping = MAPPED.replace("  small_cell: {from: sclc}\n", "")
    mapping = mapping.replace("drop: [id]", "drop: [id, sclc]")
    result = ingest_text(WORDS, mapping, include="hormone_dependent == 0")
    assert len(result.patients) == 3
