"""Every shipped definition: no fault, worked patients, truth table, provenance."""

import json
import re

import pytest

from spinemets import contract
from spinemets.scores import checks, loading, registry, truth, worked
from spinemets.scores.definition import is_computable

LIBRARY = registry.load_definitions()
IDS = sorted(LIBRARY)
WITH_ITEMS = [score for score in IDS if LIBRARY[score].data.items]


@pytest.mark.parametrize("score", IDS)
def test_no_fault(score):
    assert checks.faults(LIBRARY[score], LIBRARY) == []


def worked_patients():
    for score in IDS:
        for outcome in worked.run(LIBRARY[score], LIBRARY):
            yield pytest.param(outcome, id=f"{score}-{outcome.patient.id}")


@pytest.mark.parametrize("outcome", list(worked_patients()))
def test_worked_patient(outcome):
    assert outcome.differences == ()


@pytest.mark.parametrize("score", WITH_ITEMS)
def test_truth_table(score):
    definition = LIBRARY[score]
    found = truth.enumerate_score(definition, LIBRARY)
    assert (found.totals[0], found.totals[-1]) == (definition.minimum, definition.maximum)
    if definition.range.step is not None:
        assert found.bands == {band.id for band in definition.bands}
    if not definition.data.gaps:
        assert found.uncovered == ()
    expected = {(i.id, n) for i in definition.items for n in range(len(i.levels))}
    assert found.levels == expected


@pytest.mark.parametrize(
    ("score", "combinations", "low", "high"),
    [
        ("tokuhashi_2005", 1458, 0, 15),
        ("tomita_2001", 18, 2, 10),
        ("bauer_modified_2008", 16, 0, 4),
        ("van_der_linden_2005", 24, 0, 6),
        ("osri_2013", 12, 1, 7),
        ("sins", 1296, 0, 18),
    ],
)
def test_size_of_the_truth_table(score, combinations, low, high):
    found = truth.enumerate_score(LIBRARY[score], LIBRARY)
    assert found.combinations == combinations
    assert found.totals == tuple(float(t) for t in range(low, high + 1))


@pytest.mark.parametrize("score", IDS)
def test_published_range_is_the_table_or_the_difference_is_explained(score):
    limits = LIBRARY[score].data.range
    if limits is None:
        return
    for ours, published in (
        (limits.minimum, limits.published_minimum),
        (limits.maximum, limits.published_maximum),
    ):
        assert published is None or ours == published or limits.note


@pytest.mark.parametrize("score", IDS)
def test_provenance(score):
    data = LIBRARY[score].data
    explained = (
        "doi" in " ".join(data.unsure).lower() or data.citation.more or data.kind == "import"
    )
    assert data.citation.doi or explained
    if data.citation.year is None:
        assert data.citation.confidence != "read" or (
            data.kind == "import" or re.search(r"\bnot?\b", data.citation.text)
        )
    else:
        assert 1900 < data.citation.year < 2100
    assert data.outcome
    assert data.time_zero
    assert data.derivation.setting
    if data.kind == "prognostic":
        assert data.direction != "none"
    if data.status == "flag":
        assert LIBRARY[score].needs_verification
        assert LIBRARY[score].footnotes()


@pytest.mark.parametrize("score", IDS)
def test_bands_ascend(score):
    starts = [
        b.from_ if b.from_ is not None else (b.above if b.above is not None else float("-inf"))
        for b in LIBRARY[score].bands
    ]
    assert starts == sorted(starts)


@pytest.mark.parametrize("score", IDS)
def test_every_variant_can_be_computed_and_is_checked(score):
    definition = LIBRARY[score]
    for name in definition.variant_names:
        form = definition.with_variant(name)
        assert form.variant == name
        if form.items:
            found = truth.enumerate_score(form, LIBRARY)
            assert found.totals[0] >= form.minimum
            assert found.totals[-1] <= form.maximum
    described = [m.id for m in definition.data.misprints if not is_computable(m)]
    assert not set(described) & set(definition.variant_names)


def test_an_unknown_variant_names_those_that_exist():
    with pytest.raises(KeyError, match="prostate_moderate"):
        LIBRARY["tomita_2001"].with_variant("x")
    assert LIBRARY["tomita_2001"].with_variant("").variant == ""


def test_worked_patients_use_columns_of_the_contract():
    for definition in LIBRARY.values():
        for patient in definition.data.worked_patients:
            assert set(patient.patient) <= set(contract.columns())


def test_a_wrong_expectation_is_found():
    definition = LIBRARY["osri_2013"]
    first = definition.data.worked_patients[0]
    wrong = first.model_copy(update={"total": 3.0, "points": {"primary": 2.0}, "low": 0.0})
    data = definition.data.model_copy(update={"worked_patients": [wrong]})
    from spinemets.scores.definition import Definition

    (outcome,) = worked.run(Definition(data, definition.document), LIBRARY)
    assert not outcome.agrees
    assert outcome.differences == (
        "total: expected 3.0, computed 1.0",
        "low: expected 0.0, computed 1.0",
        "primary: expected 2, computed 1 to 1",
    )


def test_the_six_are_the_default():
    assert set(registry.DEFAULT) <= set(registry.shipped())
    assert len(registry.DEFAULT) == 6


def test_directions():
    signs = {name: LIBRARY[name].direction for name in registry.DEFAULT}
    assert signs == {
        "tokuhashi_2005": 1,
        "tomita_2001": -1,
        "bauer_modified_2008": 1,
        "van_der_linden_2005": 1,
        "osri_2013": -1,
        "katagiri_2014": -1,
    }


def test_json_schema_is_in_step(root):
    path = root / loading.SCHEMA_FILE
    assert path.read_text(encoding="utf-8") == loading.json_schema(), (
        "run python -m spinemets.scores.loading"
    )
    assert json.loads(loading.json_schema())["additionalProperties"] is False


def test_write_json_schema(tmp_path):
    assert loading.write_json_schema(tmp_path).read_text() == loading.json_schema()


def test_an_unknown_score_is_refused_with_a_suggestion():
    from spinemets.errors import InputError

    with pytest.raises(InputError, match="did you mean 'tomita_2001'"):
        registry.load_definitions(["tomita_2011"])


def test_dependencies_are_added():
    wanted = registry.load_definitions(["osri_2013"])
    assert list(registry.with_dependencies(wanted)) == ["osri_2013", "tokuhashi_2005"]
