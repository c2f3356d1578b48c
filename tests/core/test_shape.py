"""Which keys may stand at a place of a file, whatever the model is wrapped in."""

import pytest

from spinemets import shape
from spinemets.ingest.mapping import Mapping
from spinemets.scores.schema import DefinitionFile
from spinemets.settings import Settings


@pytest.mark.parametrize(
    ("root", "place", "key"),
    [
        (Settings, (), "cohorts"),
        (Settings, ("scores",), "removability"),
        (Settings, ("cohorts", 0, "simulate"), "preset"),  # a model or nothing
        (Settings, ("evaluation", "comparison_sets", 2), "label"),  # a list of models
        (Mapping, ("columns", "kps"), "from"),  # a dict of models, and an alias
        (Mapping, ("one_row_per",), "keep"),
        (DefinitionFile, ("items", 0, "levels", 1, "when", "any", 0, "not"), "in"),
        (DefinitionFile, ("bands", 0), "from"),
    ],
)
def test_keys_of_a_place(root, place, key):
    assert key in shape.keys_at(root, place)


@pytest.mark.parametrize(
    ("root", "place"),
    [(Settings, ("nothing",)), (Settings, ("results",)), (Mapping, ("columns", "kps", "values"))],
)
def test_where_no_keys_are_known(root, place):
    assert shape.keys_at(root, place) == []
