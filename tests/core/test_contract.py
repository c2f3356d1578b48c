"""The contract is complete and consistent: every column has what a reader needs."""

import pytest

from spinemets import contract, vocabulary


@pytest.mark.parametrize("column", contract.columns().values(), ids=lambda c: c.name)
def test_every_column_is_explained(column):
    assert column.kind in contract.KINDS
    assert column.meaning
    assert column.missing
    if column.is_numeric:
        assert column.minimum is not None
        assert column.maximum is not None
        assert column.minimum < column.maximum
    elif column.kind in ("category", "ordinal"):
        assert bool(column.levels) != column.open_levels
    assert column.allowed()


@pytest.mark.parametrize("column", contract.columns().values(), ids=lambda c: c.name)
def test_the_name_carries_the_unit(column):
    suffix = {"days": ("_days", "_day"), "years": ("_years",), "g/L": ("_g_per_l",)}
    if column.unit in suffix:
        assert column.name.endswith(suffix[column.unit])


def test_stored_types_are_nullable():
    types = {contract.pandas_dtype(c) for c in contract.columns().values()}
    assert types == {"string", "boolean", "Int64", "Float64"}


def test_the_three_answers_that_are_no_tumour_stay_apart():
    found = vocabulary.primaries()
    groups = {
        found[p].group
        for p in (vocabulary.UNKNOWN_PRIMARY, vocabulary.NOT_RECORDED, vocabulary.PENDING)
    }
    assert len(groups) == 3
    assert vocabulary.could_be(vocabulary.UNKNOWN_PRIMARY) == {vocabulary.UNKNOWN_PRIMARY}
    assert "breast" in vocabulary.could_be(vocabulary.NOT_RECORDED)


def test_the_vocabulary_is_closed_and_unambiguous():
    found = vocabulary.primaries()
    labels = vocabulary.group_labels()
    seen: dict[str, str] = {}
    for primary in found.values():
        assert primary.group in labels
        assert all(p == "*" or p in found for p in primary.could_be)
        for synonym in primary.synonyms:
            assert synonym == synonym.lower()
            assert seen.setdefault(synonym, primary.id) == primary.id
    # Rectum scores 4 and colon 2 in Tokuhashi 2005: they are never merged before scoring.
    assert vocabulary.could_be("colorectal") == {"colon", "rectum"}
