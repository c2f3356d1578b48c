"""ECOG and KPS fill each other only through a named table, as flagged intervals."""

import pandas as pd
import pytest

from spinemets.scores import frames, notes, prepare, registry
from spinemets.scores.table import PatientTable
from spinemets.settings import ScoreSettings
from spinemets.vocabulary.performance import crosswalks

LIBRARY = registry.load_definitions(["van_der_linden_2005", "katagiri_2005", "tokuhashi_2005"])


def compute(crosswalk, score, **values):
    frame = pd.DataFrame({"patient_id": ["1"], **{k: [v] for k, v in values.items()}})
    settings = frames.Settings(crosswalk=crosswalk)
    return frames.compute(frame, LIBRARY, settings, [score]).iloc[0]


BREAST = {"primary": "breast", "visceral_metastases": False}


def test_without_a_crosswalk_ecog_says_nothing_about_kps():
    assert compute(None, "van_der_linden_2005", ecog=1, **BREAST).status == "missing"


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("ma_2010", 80, 90), ("prasad_2018", 80, 90), ("oken", 70, 80)],
)
def test_the_interval_is_that_of_the_table(name, low, high):
    table = PatientTable.from_values({"ecog": [1]})
    prepare.crosswalk(table, name)
    assert (table.numbers("kps").low[0], table.numbers("kps").high[0]) == (low, high)


def test_a_score_is_determined_when_both_ends_agree_and_says_where_it_comes_from():
    row = compute("ma_2010", "van_der_linden_2005", ecog=1, **BREAST)
    assert (row.status, row.points) == ("determined", 6)
    assert row.reason == (
        "determined although known from an interval or another scale: Karnofsky performance status"
    )


def test_under_another_table_the_same_patient_is_not():
    row = compute("oken", "van_der_linden_2005", ecog=1, **BREAST)
    assert (row.status, row.low, row.high) == ("missing", 5, 6)
    assert row.reason == "known only approximately: Karnofsky performance status"


@pytest.mark.parametrize(("name", "ecog"), [("ma_2010", 2), ("prasad_2018", 3), ("oken", 2)])
def test_kps_60_is_two_three_two(name, ecog):
    table = PatientTable.from_values({"kps": [60]})
    prepare.crosswalk(table, name)
    assert table.numbers("ecog").low.tolist() == [ecog]
    assert table.imprecise("ecog").tolist() == [True]


def test_recorded_values_stay():
    table = PatientTable.from_values({"kps": [90, None, None], "ecog": [4, 0, None]})
    prepare.crosswalk(table, "ma_2010")
    assert table.numbers("kps").low[:2].tolist() == [90, 100]
    assert table.numbers("ecog").low[:2].tolist() == [4, 0]
    assert table.missing("kps").tolist() == [False, False, True]
    assert table.imprecise("kps").tolist() == [False, True, False]


def test_an_interval_goes_through_as_an_interval():
    table = PatientTable.from_values({"ecog_low": [0], "ecog_high": [1]})
    prepare.crosswalk(table, "ma_2010")
    assert (table.numbers("kps").low[0], table.numbers("kps").high[0]) == (80, 100)


def test_a_rejected_value_is_not_replaced():
    table = PatientTable.from_values({"kps": [45], "ecog": [1]})
    table.numbers("kps")
    prepare.crosswalk(table, "ma_2010")
    assert table.missing("kps").tolist() == [True]


def test_the_setting_offers_every_table_and_none():
    offered = ScoreSettings.model_json_schema()["properties"]["crosswalk"]["enum"]
    assert offered == ["none", *crosswalks()]


def test_footnotes_name_the_table_for_scores_that_read_performance_even_through_another():
    library = registry.with_dependencies(registry.load_definitions(["osri_2013", "mgps"]))
    table = notes.notes(library, ["osri_2013", "mgps"], "demo", "oken")
    found = table[table["text"].str.contains("an empty KPS was filled", regex=False)]
    assert found["score"].tolist() == ["osri_2013"]
    assert found["text"].str.contains("needs verification").all()
    without = notes.notes(library, ["osri_2013", "mgps"], "demo", None)
    assert not without["text"].str.contains("an empty KPS was filled", regex=False).any()
