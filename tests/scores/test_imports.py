"""Probabilities computed elsewhere, and totals supplied from outside."""

import numpy as np
import pandas as pd
import pytest

from spinemets.scores import frames, imports, registry
from spinemets.scores.schema import Horizon

LIBRARY = registry.load_definitions()
IMPORTED = [name for name, d in LIBRARY.items() if d.data.kind == "import"]


def patients(**columns):
    n = len(next(iter(columns.values())))
    return pd.DataFrame({"patient_id": [str(i) for i in range(n)], **columns})


def test_one_variant_per_horizon_and_no_other_row():
    frame = patients(survival_sorg_ml_90d=[0.8, None], survival_sorg_ml_365d=[0.4, 0.5])
    table = frames.compute(frame, LIBRARY, only=["sorg_ml_2019"])
    assert table["variant"].tolist() == ["90d", "90d", "365d", "365d"]
    assert table["points"].tolist()[0] == 0.8
    assert table["status"].tolist() == ["determined", "missing", "determined", "determined"]
    assert table["low"].tolist()[1] == 0
    assert table["high"].tolist()[1] == 1


def test_a_probability_that_rises_with_time_is_not_used():
    frame = patients(
        survival_pathfx_1mo=[0.9, 0.9],
        survival_pathfx_6mo=[0.95, 0.5],
        survival_pathfx_24mo=[0.1, 0.5],
    )
    table = frames.compute(frame, LIBRARY, only=["pathfx"])
    first = table[table["patient_id"] == "0"]
    assert (first["status"] == "missing").all()
    recorded = first[first["variant"].isin(["1mo", "6mo", "24mo"])]
    assert recorded["reason"].str.startswith("contradictory").all()
    second = table[(table["patient_id"] == "1") & table["variant"].isin(["1mo", "6mo", "24mo"])]
    assert second["points"].tolist() == [0.9, 0.5, 0.5]


def test_gaps_between_horizons_are_bridged():
    frame = patients(
        survival_pathfx_1mo=[0.5], survival_pathfx_3mo=[None], survival_pathfx_6mo=[0.6]
    )
    table = frames.compute(frame, LIBRARY, only=["pathfx"])
    assert (table["status"] == "missing").all()


@pytest.mark.parametrize("value", [-0.1, 1.2, 60])
def test_what_is_no_probability_is_rejected(value):
    table = frames.compute(patients(survival_metsss_12mo=[value]), LIBRARY, only=["metsss_2021"])
    row = table.iloc[0]
    assert row.status == "missing"
    assert "outside the contract" in row.reason


def test_predictions_are_a_long_table():
    frame = patients(
        survival_clinician_6mo=[0.5, None, 0.2],
        survival_clinician_3mo=[0.6, 0.9, 0.1],
        survival_bmets_3mo=[None, None, 0.7],
    )
    wanted = [LIBRARY["clinician_estimate"], LIBRARY["bmets_2020"], LIBRARY["sins"]]
    table = imports.predictions(frame, wanted)
    assert list(table.columns) == list(imports.COLUMNS)
    rows = [tuple(r) for r in table.itertuples(index=False)]
    assert rows == [
        ("0", "clinician_estimate", "3mo", 91.3125, 0.6),
        ("1", "clinician_estimate", "3mo", 91.3125, 0.9),
        ("0", "clinician_estimate", "6mo", 182.625, 0.5),
        ("2", "bmets_2020", "3mo", 91.3125, 0.7),
    ]


def test_no_imported_model_gives_an_empty_table():
    assert list(imports.predictions(patients(kps=[80]), []).columns) == list(imports.COLUMNS)


@pytest.mark.parametrize(
    ("value", "unit", "days"), [(90, "days", 90), (12, "months", 365.25), (2, "weeks", 14),
                                (1, "years", 365.25)]
)  # fmt: skip
def test_horizons_in_days(value, unit, days):
    assert imports.days(Horizon(value=value, unit=unit)) == days


@pytest.mark.parametrize("score", IMPORTED)
def test_every_import_names_its_horizons_and_says_more_is_better(score):
    definition = LIBRARY[score]
    assert definition.direction == 1
    assert len(definition.variant_names) == len(definition.data.predictions) > 0
    for name in definition.variant_names:
        form = definition.with_variant(name)
        assert (form.minimum, form.maximum) == (0, 1)
        assert not form.bands


def test_items_missing_counts_each_horizon():
    frame = patients(survival_sorg_ml_90d=[0.8, None], survival_sorg_ml_365d=[None, None])
    results = frames.compute_results(frame, LIBRARY, frames.Settings(), ["sorg_ml_2019"])
    table = frames.items_missing(results, "demo")
    assert table["item"].tolist() == ["90d", "365d"]
    assert table["n_missing"].tolist() == [1, 2]


class TestSuppliedTotals:
    """Scores of which only the total is known."""

    SUPPLIED = tuple(name for name, d in LIBRARY.items() if d.data.kind == "category")

    @pytest.mark.parametrize("score", SUPPLIED)
    def test_a_total_is_banded_and_keeps_its_published_rates(self, score):
        definition = LIBRARY[score]
        assert any(band.survival for band in definition.bands)
        assert definition.data.unsure[0] == "the points of the items"

    def test_other_patients_are_not_applicable(self):
        frame = patients(total_crnalic_2012=[5, 5, 5], primary=["prostate", "breast", None])
        table = frames.compute(frame, LIBRARY, only=["crnalic_2012"])
        assert table["status"].tolist() == ["determined", "not_applicable", "missing"]
        assert table["band"].tolist()[0] == "C"
        assert table["reason"].tolist()[1] == "for prostate cancer only"
        assert table["reason"].tolist()[2] == "unknown whether the score applies"
        assert np.isnan(table["low"].astype(float)[1])

    def test_a_total_between_the_groups_has_no_band(self):
        frame = patients(total_rades_prostate_2012=[25], primary=["prostate"])
        row = frames.compute(frame, LIBRARY, only=["rades_prostate_2012"]).iloc[0]
        assert (row.status, row.low, row.high) == ("missing", 25, 25)
        assert row.reason == "the total falls between the published groups"

    def test_a_total_outside_the_published_range_is_rejected(self):
        frame = patients(total_rades_nsclc_2012=[5], primary=["lung"], small_cell=[False])
        row = frames.compute(frame, LIBRARY, only=["rades_nsclc_2012"]).iloc[0]
        assert row.status == "missing"
        assert "outside the contract" in row.reason
