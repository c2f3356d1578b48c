"""The patient table as arrays: what is taken over, what is rejected, what follows."""

import numpy as np
import pandas as pd
import pytest

from spinemets.scores import concepts, frames, kleene, prepare, registry
from spinemets.scores.cells import is_interval, levels_of
from spinemets.scores.table import PatientTable


def concept(name, **values):
    table = prepare.harmonise(PatientTable.from_values({k: [v] for k, v in values.items()}))
    return int(kleene.concept_truth(name, table)[0])


@pytest.mark.parametrize("value", [45, 0, 1000, -10, 80.5, float("inf"), "eighty"])
def test_a_number_outside_the_contract_is_missing_and_remembered(value):
    table = PatientTable.from_values({"kps": [value, 80]})
    low, high = table.numbers("kps")
    assert np.isnan(low[0])
    assert low[1] == high[1] == 80
    assert table.rejected["kps"].tolist() == [True, False]


@pytest.mark.parametrize("value", ["lungs", "", "Lung"])
def test_a_term_outside_the_contract_is_missing_and_remembered(value):
    table = PatientTable.from_values({"primary": [value, "lung"]})
    assert table.missing("primary").tolist() == [True, False]
    assert table.rejected["primary"].tolist() == [True, False]


def test_a_boolean_takes_bools_and_zero_one_and_nothing_else():
    table = PatientTable.from_values({"died": [True, False, 1, 0, None, 3, "x"]})
    assert table.codes("died").tolist() == [1, 0, 1, 0, -1, -1, -1]
    assert table.rejected["died"].tolist() == [False] * 5 + [True, True]


def test_pandas_types_of_the_contract_and_plain_ones_give_the_same():
    plain = pd.DataFrame({"kps": [80.0, np.nan], "primary": ["lung", None], "died": [True, None]})
    typed = plain.astype({"kps": "Int64", "primary": "string", "died": "boolean"})
    for name in ("primary", "died"):
        a, b = PatientTable.from_frame(plain), PatientTable.from_frame(typed)
        assert a.codes(name).tolist() == b.codes(name).tolist()
    np.testing.assert_array_equal(
        PatientTable.from_frame(plain).numbers("kps").low,
        PatientTable.from_frame(typed).numbers("kps").low,
    )


def test_the_index_of_the_frame_does_not_matter():
    frame = pd.DataFrame({"kps": [40, 80]}, index=[7, 3])
    assert PatientTable.from_frame(frame).numbers("kps").low.tolist() == [40, 80]


def test_an_empty_table_works():
    table = PatientTable.from_frame(pd.DataFrame({"kps": pd.array([], dtype="Int64")}))
    assert table.n == 0
    assert table.numbers("kps").low.shape == (0,)


def test_levels_and_intervals_come_from_the_contract():
    assert levels_of("died") == ("false", "true")
    assert levels_of("frankel_before") == ("A", "B", "C", "D", "E")
    assert is_interval("kps")
    assert is_interval("ecog")
    assert not is_interval("age_years")


def test_imprecise_is_known_but_not_exactly():
    table = PatientTable.from_values(
        {
            "primary": ["colorectal", "colon", "primary_not_recorded", None],
            "ecog_low": [0, 1, None, None],
            "ecog_high": [1, 1, None, None],
        }
    )
    assert table.imprecise("primary").tolist() == [True, False, False, False]
    assert table.imprecise("ecog").tolist() == [True, False, False, False]
    assert not table.imprecise("sex").any()


def test_fill_keeps_what_is_recorded():
    table = PatientTable.from_values({"died": [True, None], "kps": [80, None]})
    table.fill("died", np.array([True, True]), "false")
    table.fill("kps", np.array([True, True]), (10.0, 20.0))
    assert table.codes("died").tolist() == [1, 0]
    assert table.numbers("kps").low.tolist() == [80, 10]
    assert table.numbers("kps").high.tolist() == [80, 20]


def test_erase_makes_a_value_unknown():
    table = PatientTable.from_values(
        {"died": [True, True], "kps_low": [10, 10], "kps_high": [20, 20]}
    )
    where = np.array([True, False])
    table.erase("died", where)
    table.erase("kps", where)
    assert table.missing("died").tolist() == [True, False]
    assert table.missing("kps").tolist() == [True, False]
    assert table.numbers("kps").high[1] == 20


class TestHarmonise:
    """Contradictions and implications of ``concepts.yaml``."""

    def test_an_organ_makes_it_visceral(self):
        assert concept("visceral", metastasis_liver=True) == kleene.TRUE

    def test_no_visceral_means_no_organ(self):
        table = prepare.harmonise(PatientTable.from_values({"visceral_metastases": [False, True]}))
        assert table.codes("metastasis_brain").tolist() == [0, -1]

    def test_contradicting_columns_are_not_used(self):
        table = prepare.harmonise(
            PatientTable.from_values({"visceral_metastases": [False], "metastasis_liver": [True]})
        )
        assert table.missing("visceral_metastases").all()
        assert table.missing("metastasis_liver").all()
        assert table.contradicted["visceral_metastases"].all()

    def test_several_foci_are_not_solitary(self):
        assert concept("solitary", n_vertebral_metastases=3) == kleene.FALSE
        assert concept("solitary", n_extraspinal_bone_metastases=2) == kleene.FALSE
        both = {"n_vertebral_metastases": 1, "n_extraspinal_bone_metastases": 1}
        assert concept("solitary", **both) == kleene.FALSE

    def test_one_vertebra_and_nothing_else_is_solitary(self):
        one = {"n_vertebral_metastases": 1, "n_extraspinal_bone_metastases": 0}
        assert concept("solitary", **one) == kleene.TRUE

    def test_one_vertebra_and_an_unknown_rest_stays_unknown(self):
        assert concept("solitary", n_vertebral_metastases=1) == kleene.UNKNOWN

    def test_solitary_bounds_the_counts(self):
        table = prepare.harmonise(
            PatientTable.from_values({"solitary_skeletal_metastasis": [True]})
        )
        assert table.numbers("n_vertebral_metastases") == (0, 1)
        assert table.numbers("n_extraspinal_bone_metastases") == (0, 1)

    @pytest.mark.parametrize(
        "values",
        [
            {"solitary_skeletal_metastasis": True, "n_vertebral_metastases": 4},
            {
                "solitary_skeletal_metastasis": False,
                "n_vertebral_metastases": 1,
                "n_extraspinal_bone_metastases": 0,
            },
        ],
    )
    def test_solitary_against_the_counts(self, values):
        assert concept("solitary", **values) == kleene.UNKNOWN

    def test_removability_is_assumed_only_where_it_was_not_judged(self):
        frame = pd.DataFrame({"visceral_removability": [None, "removable", "nonsense"]})
        table = prepare.patient_table(frame, "unremovable")
        assert table.codes("visceral_removability").tolist() == [1, 0, -1]


class TestMajorOrgan:
    """Lung, liver, kidney, brain; an adrenal metastasis alone does not count."""

    FOUR = ("metastasis_lung", "metastasis_liver", "metastasis_kidney", "metastasis_brain")

    @pytest.mark.parametrize("organ", FOUR)
    def test_each_of_the_four(self, organ):
        assert concept("major_organ", **{organ: True}) == kleene.TRUE

    def test_visceral_without_an_organ_named(self):
        assert concept("major_organ", visceral_metastases=True) == kleene.TRUE

    def test_none(self):
        assert concept("major_organ", visceral_metastases=False) == kleene.FALSE

    def test_adrenal_alone(self):
        four = dict.fromkeys(self.FOUR, False)
        values = {"visceral_metastases": True, "metastasis_adrenal": True}
        assert concept("major_organ", **values, **four) == kleene.FALSE
        assert concept("major_organ", **values) == kleene.UNKNOWN

    def test_four_negative_organs_and_nothing_said_about_visceral(self):
        assert concept("major_organ", **dict.fromkeys(self.FOUR, False)) == kleene.FALSE

    def test_nothing_recorded(self):
        assert concept("major_organ", kps=80) == kleene.UNKNOWN


def test_brain_alone_is_visceral_only_where_the_brain_counts():
    brain = {
        "visceral_metastases": True,
        "metastasis_brain": True,
        "metastasis_lung": False,
        "metastasis_liver": False,
        "metastasis_kidney": False,
        "metastasis_adrenal": False,
    }
    assert concept("visceral", **brain) == kleene.TRUE
    assert concept("visceral_without_brain", **brain) == kleene.FALSE


def test_brain_recorded_apart_from_visceral_is_read_so():
    apart = {"visceral_metastases": False, "metastasis_brain": True}
    assert concept("visceral", **apart) == kleene.TRUE
    assert concept("major_organ", **apart) == kleene.TRUE
    assert concept("visceral_without_brain", **apart) == kleene.FALSE


def test_no_visceral_but_brain_and_liver_contradict_each_other():
    both = {"visceral_metastases": False, "metastasis_brain": True, "metastasis_liver": True}
    assert concept("visceral_without_brain", **both) == kleene.UNKNOWN


@pytest.mark.parametrize(
    ("score", "total"),
    [("van_der_linden_2005", 6), ("bollen_2014", 2), ("bauer_modified_2008", 3)],
)
def test_scores_with_brain_apart_from_visceral(score, total):
    """Brain isn't visceral for van der Linden, and is for Bollen and Bauer (dossier)."""
    frame = pd.DataFrame(
        {
            "patient_id": ["1"],
            "primary": ["breast"],
            "kps": [80],
            "visceral_metastases": [False],
            "metastasis_brain": [True],
            "solitary_skeletal_metastasis": [True],
        }
    )
    library = registry.load_definitions([score])
    row = frames.compute(frame, library).iloc[0]
    assert (row.status, row.points) == ("determined", total)


def test_every_concept_says_what_it_means():
    loaded = concepts.load()
    assert all(c.text for c in loaded.concepts.values())
    assert all(c.text for c in loaded.readings)
    assert all(c.text for c in loaded.contradictions)
    assert all(c.text for c in loaded.implied)
