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
