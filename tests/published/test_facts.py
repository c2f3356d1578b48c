"""The published numbers are well-formed, speak of things that exist, and are counted once."""

import math
from dataclasses import replace

import pytest

from spinemets import published, vocabulary
from spinemets.published import counted_once, facts
from spinemets.scores import registry
from spinemets.settings import TIME_ZERO

PROPORTIONS = {"survival", "harrell_c", "c_statistic", "auc", "auc_lowest", "auc_highest", "sauc",
               "accuracy"}  # fmt: skip


@pytest.fixture(scope="module")
def definitions():
    return registry.load_definitions(registry.shipped(), [])


def ids(fact):
    return fact.id


def test_ids_are_unique():
    names = [f.id for f in facts()]
    assert len(set(names)) == len(names) > 150


@pytest.mark.parametrize("fact", facts(), ids=ids)
def test_a_fact_is_complete(fact):
    assert fact.study
    assert fact.source
    assert fact.cohort
    assert fact.confidence in published.CONFIDENCE
    assert fact.time_zero in TIME_ZERO or fact.time_zero in published.OTHER_TIME_ZERO
    assert fact.clock
    assert math.isfinite(fact.value)
    if fact.lower is not None and fact.upper is not None:
        assert fact.lower <= fact.value <= fact.upper
    if fact.measure in PROPORTIONS:
        assert 0 <= fact.value <= 1
    if fact.measure == "survival":
        assert fact.horizon_months


@pytest.mark.parametrize("fact", facts(), ids=ids)
def test_a_fact_speaks_of_something_known(fact, definitions):
    if fact.kind == "primary":
        assert fact.subject in vocabulary.primaries()
    elif fact.kind == "score":
        assert fact.subject in definitions
    elif fact.kind == "band":
        score, band = fact.subject.split(":")
        assert band in [b.id for b in definitions[score].bands]
    elif fact.kind == "overall":
        assert fact.subject == "all"
    else:
        assert fact.kind in ("factor", "other")


def test_bands_agree_with_the_definitions(definitions):
    """The same number stands in a score's file and here: neither may drift."""
    compared = 0
    for fact in facts():
        if fact.kind != "band" or fact.measure != "survival":
            continue
        score, name = fact.subject.split(":")
        band = next(b for b in definitions[score].bands if b.id == name)
        stated = [
            s.value
            for s in band.survival
            if s.measure == "survival" and s.horizon_months == fact.horizon_months
        ]
        if stated:  # a band may have a second rate, of the score's own validation
            assert any(value == pytest.approx(fact.value, abs=0.005) for value in stated), fact.id
            compared += 1
    assert compared >= 10


def test_a_cohort_inside_another_is_not_counted_beside_it():
    c = [f for f in facts() if f.subject == "bollen_2014" and f.measure == "harrell_c"]
    assert {"leiden", "leiden_graz"} <= {f.cohort for f in c}
    once = counted_once(c)
    assert [f.cohort for f in once].count("leiden_graz") == 1
    assert "leiden" not in {f.cohort for f in once}


def test_papers_on_the_same_patients_count_once_and_the_surest_wins():
    one = next(f for f in facts() if f.id == "B16-os")
    unsure = replace(one, id="again", study="another paper", value=6.0, confidence="memory")
    smaller = replace(one, id="part", n=100, value=7.0)
    for several in ([one, unsure, smaller], [smaller, unsure, one]):
        assert counted_once(several) == [one]


def test_different_questions_of_one_cohort_all_count():
    asked = [f for f in facts() if f.cohort == "leiden_graz"]
    assert len(counted_once(asked)) == len(asked)


def test_what_was_not_read_in_the_paper_needs_verification():
    by_id = {f.id: f for f in facts()}
    assert by_id["AHM-30"].needs_verification
    assert by_id["VDL-A"].needs_verification
    assert not by_id["B16-os"].needs_verification
