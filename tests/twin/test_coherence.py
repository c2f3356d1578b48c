"""What a patient can't be at the same time, no simulated patient is."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemets import params, twin
from spinemets.vocabulary.performance import crosswalks

ORGANS = [f"metastasis_{o}" for o in ("lung", "liver", "brain", "kidney", "adrenal")]
CEMENT = ["procedure_vertebroplasty", "procedure_kyphoplasty"]
OPEN = ["procedure_decompression", "procedure_stabilisation", "procedure_separation_surgery"]
NAMED = {(1, 8), (5, 4), (6, 4), (10, 3), (15, 2.5), (20, 2)}
STEREOTACTIC = {(1, 16), (1, 20), (1, 24), (2, 12), (3, 9), (5, 7)}


@pytest.fixture(scope="module", params=params.PRESETS)
def table(request: pytest.FixtureRequest) -> pd.DataFrame:
    return twin.simulate(request.param, n=12_000, seed=11).table


def yes(condition: pd.Series) -> np.ndarray:
    """True where the condition is known and holds."""
    return condition.fillna(False).to_numpy(bool)


def no(condition: pd.Series) -> np.ndarray:
    return ~condition.fillna(True).to_numpy(bool)


def never(*conditions: np.ndarray) -> None:
    assert not np.logical_and.reduce(conditions).any()


def test_kps_and_ecog_agree_by_the_named_crosswalk(table: pd.DataFrame) -> None:
    both = table[["kps", "ecog"]].dropna()
    expected = both["kps"].map(crosswalks()["ma_2010"].kps_to_ecog)
    assert (expected == both["ecog"]).all()


@pytest.mark.parametrize("name", ["kps", "ecog"])
def test_an_interval_stands_where_the_exact_value_does_not(table: pd.DataFrame, name: str) -> None:
    low, high = table[f"{name}_low"], table[f"{name}_high"]
    assert (low.notna() == high.notna()).all()
    assert yes(low <= high)[low.notna()].all()
    never(low.notna().to_numpy(), table[name].notna().to_numpy())
    assert 0.01 < low.notna().mean() < 0.05


def test_an_interval_of_kps_contains_what_ecog_says(table: pd.DataFrame) -> None:
    rows = table[["kps_low", "kps_high", "ecog"]].dropna()
    assert len(rows) > 50
    for low, high, grade in rows.itertuples(index=False):
        assert crosswalks()["ma_2010"].kps((grade, grade)) == (low, high)


def test_neurology_agrees(table: pd.DataFrame) -> None:
    paralysed = yes(table["frankel_before"].isin(["A", "B", "C"]))
    never(paralysed, yes(table["ambulatory_before"]))
    never(paralysed, yes(table["leg_strength"] > 2))
    never(paralysed, yes(table["kps"] > 60))
    never(yes(table["frankel_before"] == "E"), yes(table["leg_strength"] < 5))
    never(yes(table["frankel_before"] == "E"), table["motor_deficit_days"].notna().to_numpy())
    never(yes(table["frankel_after"].isin(["A", "B", "C"])), yes(table["ambulatory_after"]))


def test_dependence_agrees_with_kps(table: pd.DataFrame) -> None:
    never(yes(table["dependent"]), yes(table["kps"] >= 70))
    never(no(table["dependent"]), yes(table["kps"] <= 60))


def test_counts_of_bone_metastases_agree(table: pd.DataFrame) -> None:
    spine, outside = table["n_vertebral_metastases"], table["n_extraspinal_bone_metastases"]
    solitary = table["solitary_skeletal_metastasis"]
    never(yes(solitary), yes(spine > 1))
    never(yes(solitary), yes(outside > 0))
    never(no(solitary), yes(spine <= 1), yes(outside == 0))
    never(yes(table["spinal_segment"] == "multiple"), yes(spine < 2))
    assert yes(table["bone_metastases"]).all()


def test_organ_metastases_agree(table: pd.DataFrame) -> None:
    none = no(table["visceral_metastases"])
    for organ in ORGANS:
        never(none, yes(table[organ]))
    never(none, table["visceral_removability"].notna().to_numpy())
    judged = table.loc[yes(table["visceral_metastases"]), "visceral_removability"].notna().mean()
    assert 0.7 < judged < 0.9


def test_biology_agrees_with_the_primary(table: pd.DataFrame) -> None:
    unsettled = table["primary"].isin(["primary_not_recorded", "work_up_pending"])
    known = ~unsettled
    hormone = yes(table["primary"].isin(["breast", "prostate"]))
    never(~hormone, yes(table["hormone_dependent"]))
    never(no(table["primary"] == "lung"), yes(table["small_cell"]))
    for flag in ("hormone_dependent", "small_cell", "targeted_drug"):
        never(yes(unsettled), table[flag].notna().to_numpy())
    never(yes(known), no(table["primary"] == "prostate"), table["psa_ug_per_l"].notna().to_numpy())
    never(yes(table["primary"] == "prostate"), yes(table["sex"] == "female"))
    never(yes(table["primary"].isin(["ovary", "cervix"])), yes(table["sex"] == "male"))


def test_fracture_and_alignment_agree_with_collapse(table: pd.DataFrame) -> None:
    collapsed = table["sins_collapse"].isin(["under_50", "over_50"])
    known = table["sins_collapse"].notna() & table["pathological_fracture"].notna()
    assert (collapsed == table["pathological_fracture"])[known].all()


def test_sins_location_is_one_that_the_segment_has(table: pd.DataFrame) -> None:
    for segment, forbidden in {
        "cervical": ["rigid", "semi_rigid"],
        "thoracic": ["mobile", "rigid"],
        "lumbar": ["semi_rigid", "rigid"],
        "sacral": ["mobile", "semi_rigid"],
    }.items():
        never(yes(table["spinal_segment"] == segment), yes(table["sins_location"].isin(forbidden)))


def test_lymphocytes_are_a_part_of_the_white_cells(table: pd.DataFrame) -> None:
    never(yes(table["lymphocytes_10e9_per_l"] > table["leucocytes_10e9_per_l"]))


def test_chemotherapy_is_systemic_therapy(table: pd.DataFrame) -> None:
    never(yes(table["previous_chemotherapy"]), no(table["previous_systemic_therapy"]))


def test_surgical_columns_agree(table: pd.DataFrame) -> None:
    without, operated = no(table["surgery"]), yes(table["surgery"])
    never(without, no(table["approach"] == "none"))
    never(operated, yes(table["approach"] == "none"))
    for name in [*CEMENT, *OPEN, "procedure_embolisation"]:
        never(without, yes(table[name]))
    never(without, no(table["resection_extent"] == "none"))
    never(without, table["surgery_day"].notna().to_numpy())
    some = np.logical_or.reduce([yes(table[c]) for c in [*CEMENT, *OPEN]])
    recorded = table[[*CEMENT, *OPEN]].notna().all(axis=1).to_numpy()
    never(operated, recorded, ~some)


def test_radiotherapy_columns_agree(table: pd.DataFrame) -> None:
    without = no(table["radiotherapy"])
    columns = ["fractions", "gy_per_fraction", "technique", "role", "day"]
    for name in columns:
        never(without, table[f"radiotherapy_{name}"].notna().to_numpy())
    dose = table[["radiotherapy_fractions", "radiotherapy_gy_per_fraction"]]
    for technique, schemes in {"conventional": NAMED, "stereotactic": STEREOTACTIC}.items():
        rows = dose[yes(table["radiotherapy_technique"] == technique)].dropna()
        found = set(rows.astype(float).itertuples(index=False, name=None))
        assert found <= schemes, technique
        assert len(found) >= 4
    role = table["radiotherapy_role"]
    never(yes(role == "adjuvant"), no(table["surgery"]))
    never(yes(role == "re_irradiation"), no(table["previous_radiotherapy"]))
    before = table["radiotherapy_day"] < table["surgery_day"]
    never(yes(role == "adjuvant"), yes(before))


def test_no_treatment_after_death_or_last_contact(table: pd.DataFrame) -> None:
    for name in ("surgery_day", "radiotherapy_day", "systemic_therapy_day"):
        never(yes(table[name] > table["survival_days"]))
        never(yes(table[name] < 0))
    never(
        yes(table["systemic_therapy"] == "none"), table["systemic_therapy_day"].notna().to_numpy()
    )


def test_after_treatment_states_need_treatment(table: pd.DataFrame) -> None:
    untreated = no(table["surgery"]) & no(table["radiotherapy"])
    for name in ("frankel_after", "ambulatory_after"):
        never(untreated, table[name].notna().to_numpy())
        assert table[name].notna().mean() > 0.6


@settings(max_examples=15, deadline=None)
@given(n=st.integers(1, 60), seed=st.integers(0, 2**63), preset=st.sampled_from(params.PRESETS))
def test_small_cohorts_of_any_seed_are_coherent(n: int, seed: int, preset: str) -> None:
    made = twin.simulate(preset, n, seed)
    small = made.table
    assert len(small) == len(made.truth) == n
    assert small["patient_id"].is_unique
    assert np.isfinite(made.truth[["linear_predictor", "uncensored_days"]]).all(axis=None)
    dead = small["died"].to_numpy(bool)
    days, truth = small["survival_days"].to_numpy(float), made.truth["uncensored_days"].to_numpy()
    np.testing.assert_array_equal(days[dead], np.rint(truth[dead]))
    assert (truth[~dead] >= days[~dead] - 0.5).all()
    test_organ = no(small["visceral_metastases"])
    for organ in ORGANS:
        never(test_organ, yes(small[organ]))
    test_counts_of_bone_metastases_agree(small)
    test_surgical_columns_agree(small)
    test_no_treatment_after_death_or_last_contact(small)
