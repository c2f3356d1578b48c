"""The engine: totals, bounds and statuses, for every score that comes with the package."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.scores.support import complete_patients, roughened, with_gaps

from spinemets.scores import engine, frames, items, registry
from spinemets.scores.schema import Band, Item
from spinemets.scores.table import PatientTable

LIBRARY = registry.load_definitions()
SIX = list(registry.DEFAULT)


def compute(frame, ids=None, **settings_):
    return frames.compute(frame, LIBRARY, frames.Settings(**settings_), ids)


def one(score, **values):
    frame = pd.DataFrame({"patient_id": ["1"], **{k: [v] for k, v in values.items()}})
    return compute(frame, [score]).iloc[0]


class TestStatus:
    """Each status, with its reason."""

    def test_determined(self):
        row = one("osri_2013", primary="lung", kps=100)
        assert (row.status, row.points, row.band, row.reason) == ("determined", 5, "5", "")

    def test_missing_gives_the_bounds_and_names_the_item(self):
        row = one("osri_2013", primary="lung")
        assert (row.status, row.low, row.high) == ("missing", 5, 7)
        assert row.points is pd.NA
        assert row.band is pd.NA
        assert (row.band_low, row.band_high) == ("5", "7")
        assert row.reason == "missing: two minus Tokuhashi's general condition"

    def test_bounded_when_both_ends_fall_in_one_band(self):
        row = one("van_der_linden_2005", primary="lung", visceral_metastases=True)
        assert (row.status, row.band, row.low, row.high) == ("bounded", "A", 1, 3)
        assert row.points is pd.NA
        assert row.reason.startswith("both ends in one band; missing: Karnofsky")

    def test_missing_is_never_zero(self):
        for score in SIX:
            row = one(score, calendar_year=2020)
            assert row.status == "missing"
            assert (row.low, row.high) == (LIBRARY[score].minimum, LIBRARY[score].maximum)

    def test_not_listed(self):
        row = one(
            "tomita_2001",
            primary="urothelial",
            visceral_metastases=False,
            solitary_skeletal_metastasis=True,
        )
        assert (row.status, row.low, row.high) == ("missing", 2, 5)
        assert row.reason == "not listed by the score: growth of the primary tumour"

    def test_left_open_by_the_score(self):
        row = one(
            "tokuhashi_2005",
            primary="cervix",
            kps=80,
            n_vertebral_metastases=1,
            n_extraspinal_bone_metastases=0,
            visceral_metastases=False,
            frankel_before="E",
        )
        assert (row.low, row.high) == (12, 13)
        assert (row.status, row.band) == ("bounded", "12-15")
        assert "left open by the score: primary tumour" in row.reason

    def test_outside_the_contract(self):
        row = one("osri_2013", primary="lung", kps=45)
        assert (row.status, row.low, row.high) == ("missing", 5, 7)
        assert row.reason.startswith("outside the contract")
        assert "45" not in row.reason

    def test_contradictory(self):
        row = one("bauer_modified_2008", primary="lung", visceral_metastases=False,
                  metastasis_liver=True, solitary_skeletal_metastasis=True)  # fmt: skip
        assert row.status == "missing"
        assert (row.low, row.high) == (1, 2)
        assert "contradictory" in row.reason

    def test_an_interval_within_one_level_is_determined_and_flagged(self):
        row = one("osri_2013", primary="lung", kps_low=50, kps_high=70)
        assert (row.status, row.points) == ("determined", 6)

    def test_an_interval_that_crosses_is_approximate(self):
        row = one("van_der_linden_2005", primary="breast", visceral_metastases=False,
                  kps_low=60, kps_high=80)  # fmt: skip
        assert (row.low, row.high) == (5, 6)
        assert row.reason == "known only approximately: Karnofsky performance status"

    def test_flag_of_an_interval(self):
        row = one("van_der_linden_2005", primary="breast", visceral_metastases=False,
                  kps_low=80, kps_high=90)  # fmt: skip
        assert (row.status, row.points) == ("determined", 6)
        assert "known from an interval" in row.reason


@pytest.mark.parametrize("primary", ["colorectal", "biliary", "hepatobiliary", "lymphoma"])
def test_an_imprecise_primary_gives_the_hull_of_what_it_may_be(primary):
    from spinemets import vocabulary

    for score in SIX:
        rough = one(score, primary=primary, kps=80)
        exact = [one(score, primary=p, kps=80) for p in vocabulary.could_be(primary)]
        assert rough.low == min(e.low for e in exact)
        assert rough.high == max(e.high for e in exact)


def test_colorectal_without_side_is_two_to_four_in_tokuhashi():
    rough = one("tokuhashi_2005", primary="colorectal")
    assert (rough.low, rough.high) == (2, 14)
    assert one("osri_2013", primary="colorectal", kps=80).points == 4


def test_unknown_primary_is_not_a_missing_primary():
    assert one("osri_2013", primary="unknown_primary", kps=80).points == 4
    for term in ("primary_not_recorded", "work_up_pending", None):
        row = one("osri_2013", primary=term, kps=80)
        assert (row.status, row.low, row.high) == ("missing", 1, 5)


class TestModes:
    """Judgement items and unlisted primaries."""

    def rows(self, **settings_):
        frame = pd.DataFrame(
            {
                "patient_id": ["1"],
                "primary": ["breast"],
                "visceral_metastases": [True],
                "solitary_skeletal_metastasis": [False],
            }
        )
        return compute(frame, ["tomita_2001", "osri_2013"], **settings_)

    def test_missing_by_default(self):
        row = self.rows().iloc[0]
        assert (row.status, row.low, row.high) == ("missing", 5, 7)

    def test_unremovable(self):
        row = self.rows(removability="unremovable").iloc[0]
        assert (row.status, row.points) == ("determined", 7)

    def test_both_adds_the_two_readings_of_scores_that_use_it(self):
        rows = self.rows(removability="both")
        got = [tuple(r) for r in rows[["score", "variant", "status"]].itertuples(index=False)]
        assert got == [
            ("tomita_2001", "", "missing"),
            ("tomita_2001", "unremovable", "determined"),
            ("tomita_2001", "removable", "determined"),
            ("osri_2013", "", "missing"),
        ]
        assert rows["points"].tolist()[1:3] == [7, 5]

    def test_unlisted_primary(self):
        for mode, points in (("moderate", 4), ("rapid", 6)):
            frame = pd.DataFrame({"patient_id": ["1"], "primary": ["urothelial"], "kps": [80],
                                  "visceral_metastases": [False],
                                  "solitary_skeletal_metastasis": [False]})  # fmt: skip
            row = compute(frame, ["tomita_2001"], unlisted=mode).iloc[0]
            assert (row.variant, row.status, row.points) == ("", "determined", points)

    def test_variants_are_rows_beside_the_score(self):
        rows = self.rows(variants={"tomita_2001": ["prostate_moderate", "rapid_3"]})
        assert rows["variant"].tolist() == ["", "prostate_moderate", "rapid_3", ""]

    def test_an_unknown_variant_is_refused(self):
        with pytest.raises(KeyError, match="tomita_2001 has no variant"):
            self.rows(variants={"tomita_2001": ["prostate_moderat"]})


COMPLETE = complete_patients(400)


def by_key(table):
    return {(r.patient_id, r.score, r.variant): r for r in table.itertuples()}


@settings(deadline=None, max_examples=8)
@given(share=st.sampled_from([0.05, 0.2, 0.5, 0.8]), seed=st.integers(0, 10_000))
def test_bounds_contain_the_total_of_the_complete_patient(share, seed):
    variants = {name: list(d.variant_names) for name, d in LIBRARY.items()}
    start = seed % 320
    patients = COMPLETE.iloc[start : start + 60].reset_index(drop=True)
    whole = compute(patients, variants=variants)
    for torn in (with_gaps(patients, share, seed), with_gaps(roughened(patients, seed), 0.1, seed)):
        part = compute(torn, variants=variants)
        assert (part["low"].isna() == part["high"].isna()).all()
        listed = whole["status"].isin(["determined"])
        both = listed & part["low"].notna()
        inside = (part["low"] <= whole["points"]) & (whole["points"] <= part["high"])
        assert inside[both].all(), whole[both & ~inside].head()
        known = listed & (part["status"] == "determined")
        assert (part["points"][known] == whole["points"][known]).all()
        banded = listed & part["status"].isin(["determined", "bounded"]) & whole["band"].notna()
        assert (part["band"][banded] == whole["band"][banded]).all()
        gone = whole["status"] == "not_applicable"
        assert part["status"][gone].isin(["not_applicable", "missing"]).all()


@pytest.mark.parametrize("score", sorted(LIBRARY))
def test_statuses_mean_what_they_say(score):
    table = compute(with_gaps(roughened(COMPLETE), 0.15), [score])
    definition = LIBRARY[score]
    determined = table["status"] == "determined"
    assert (table["points"].notna() == determined).all()
    assert (table["low"][determined] == table["high"][determined]).all()
    bounded = table[table["status"] == "bounded"]
    assert (bounded["band_low"] == bounded["band_high"]).all()
    assert bounded["band"].notna().all()
    open_ = table[table["status"] == "missing"]
    assert open_["band"].isna().all()
    assert (open_["reason"] != "").all()
    inside = table["low"].dropna()
    assert inside.between(definition.minimum, definition.maximum).all()
    if definition.bands:
        assert table["band"][determined].notna().all()


def test_order_and_columns():
    table = compute(COMPLETE.head(3), ["osri_2013", "tomita_2001"])
    assert list(table.columns) == list(frames.SCORE_COLUMNS)
    assert table["score"].tolist() == ["osri_2013"] * 3 + ["tomita_2001"] * 3
    assert table["patient_id"].tolist() == ["1", "2", "3"] * 2
    assert table.dtypes.astype(str)[["points", "band", "status"]].tolist() == [
        "Float64", "string", "string",
    ]  # fmt: skip


def test_no_patient_and_no_score():
    empty = compute(COMPLETE.head(0))
    assert len(empty) == 0
    assert list(compute(COMPLETE, []).columns) == list(frames.SCORE_COLUMNS)


def test_the_result_does_not_depend_on_the_other_patients():
    whole = by_key(compute(COMPLETE.head(20), SIX))
    for i in range(20):
        for key, row in by_key(compute(COMPLETE.iloc[[i]], SIX)).items():
            assert tuple(map(str, row))[1:] == tuple(map(str, whole[key]))[1:]


class TestParts:
    """Items, bands and order of computation on their own."""

    def test_first_true_level_ends_the_search(self):
        item = Item.model_validate(
            {
                "id": "x",
                "name": "x",
                "overlap": "first_wins",
                "levels": [
                    {"points": 2, "label": "a", "when": {"column": "kps", "at_least": 50}},
                    {"points": 1, "label": "b", "when": {"column": "kps", "at_least": 30}},
                    {"points": 0, "label": "c", "otherwise": True},
                ],
            }
        )
        table = PatientTable.from_values({"kps": [80, 40, 10, None]})
        found = items.item_result(item, table)
        assert found.low.tolist() == [2, 1, 0, 0]
        assert found.high.tolist() == [2, 1, 0, 2]
        assert found.state.tolist() == [items.KNOWN] * 3 + [items.MISSING]

    @pytest.mark.parametrize(("times", "low", "high"), [(2, 6, 8), (-1, -4, -3)])
    def test_formula_with_an_interval(self, times, low, high):
        item = Item.model_validate(
            {"id": "x", "name": "x", "formula": {"terms": [{"column": "ecog", "times": times}]}}
        )
        table = PatientTable.from_values({"ecog_low": [3], "ecog_high": [4]})
        found = items.item_result(item, table)
        assert (found.low[0], found.high[0]) == (low, high)

    def test_formula_product_and_missing(self):
        terms = [{"column": "albumin_g_per_l"}, {"column": "crp_mg_per_l", "unit": "mg/dL"}]
        item = Item.model_validate(
            {"id": "x", "name": "x", "formula": {"operation": "product", "terms": terms}}
        )
        table = PatientTable.from_values({"albumin_g_per_l": [30, 30], "crp_mg_per_l": [20, None]})
        found = items.item_result(item, table)
        assert found.low.tolist() == [60, 0]
        assert found.high.tolist() == [60, 30 * 70]

    def test_formula_of_grades(self):
        terms = [{"column": "frankel_after"}, {"column": "frankel_before", "times": -1}]
        item = Item.model_validate({"id": "x", "name": "x", "formula": {"terms": terms}})
        table = PatientTable.from_values({"frankel_after": ["D", "D", None],
                                          "frankel_before": ["C", "E", "E"]})  # fmt: skip
        found = items.item_result(item, table)
        assert found.low.tolist() == [1, -1, -4]
        assert found.high.tolist() == [1, -1, 0]

    def test_bands_open_and_closed(self):
        bands = [
            Band.model_validate(b)
            for b in (
                {"id": "4", "label": "4", "below": 1},
                {"id": "3", "label": "3", "from": 1, "below": 4},
                {"id": "2", "label": "2", "from": 4, "to": 7},
                {"id": "1", "label": "1", "above": 7},
            )
        ]
        totals = np.array([-1, 0.5, 1, 3.5, 4, 7, 7.5, np.nan])
        assert engine.band_of(totals, bands).tolist() == [0, 0, 1, 1, 2, 2, 3, -1]

    def test_scores_are_computed_after_those_they_read(self):
        assert engine.ordered(LIBRARY, [LIBRARY["osri_2013"]]) == ["tokuhashi_2005"]

    def test_a_circle_is_refused(self):
        class Stub:
            def __init__(self, id_, needs):
                self.id, self.depends_on = id_, needs

        library = {"a": Stub("a", ("b",)), "b": Stub("b", ("a",))}
        with pytest.raises(ValueError, match="in a circle: a -> b -> a"):
            engine.ordered(library, library.values())


class TestTables:
    """What could be computed, and what was missing."""

    def test_computability_counts_every_patient_once(self):
        torn = with_gaps(COMPLETE, 0.1)
        table = frames.computability(compute(torn, SIX), "demo")
        assert list(table.columns) == ["cohort", "score", "variant", "status", "reason", "n"]
        assert (table.groupby("score")["n"].sum() == len(torn)).all()
        assert list(dict.fromkeys(table["score"])) == SIX

    def test_statuses_stand_in_order(self):
        table = frames.computability(compute(with_gaps(COMPLETE, 0.2), SIX), "demo")
        for _, part in table.groupby("score"):
            levels = [engine.STATUSES.index(s) for s in part["status"]]
            assert levels == sorted(levels)

    def test_items_missing(self):
        frame = pd.DataFrame({"patient_id": ["1", "2"], "primary": ["lung", None], "kps": [80, 45]})
        results = frames.compute_results(frame, LIBRARY, frames.Settings(), ["osri_2013"])
        table = frames.items_missing(results, "demo")
        assert table["item"].tolist() == ["primary", "general_condition"]
        assert table["n_missing"].tolist() == [1, 1]
        assert table["n"].tolist() == [2, 2]

    def test_no_reason_holds_a_value(self):
        reasons = compute(with_gaps(roughened(COMPLETE), 0.2), SIX)["reason"].unique()
        allowed = " ".join(i.name for s in SIX for i in LIBRARY[s].items)
        for text in reasons:
            digits = [c for c in text if c.isdigit()]
            assert all(d in allowed for d in digits)
