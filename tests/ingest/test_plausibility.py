"""Plausibility: every rule finds its worked patient, and a clean cohort has no impossible value."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spinemets import contract
from spinemets.errors import InputError
from spinemets.ingest import include, plausibility
from spinemets.ingest.checks import CHECKS
from spinemets.twin import simulate

RNG = np.random.default_rng(1)


def patients(rows: list[dict[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(rows)
    types = {c: contract.pandas_dtype(contract.columns()[c]) for c in table}
    return table.astype(types)  # type: ignore[arg-type]


def found(table: pd.DataFrame, rule: str, **more: str) -> list[int]:
    rows = [f.rows for f in plausibility.look(table, **{"time_zero": "enrolment", **more})
            if f.rule.id == rule]  # fmt: skip
    return np.flatnonzero(np.logical_or.reduce(rows)).tolist() if rows else []


#: Rule -> a patient in whom it is found, then one in whom it isn't.
WORKED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "visceral_none_but_organ": (
        {"visceral_metastases": False, "metastasis_liver": True},
        {"visceral_metastases": False, "metastasis_liver": False},
    ),
    "visceral_none_but_brain": (
        {"visceral_metastases": False, "metastasis_brain": True},
        {"visceral_metastases": True, "metastasis_brain": True},
    ),
    "outside_bone_none_but_visceral": (
        {"metastases_outside_bone": False, "visceral_metastases": True},
        {"metastases_outside_bone": True, "visceral_metastases": True},
    ),
    "organs_none_but_organ": (
        {"n_extraspinal_organs": 0, "metastasis_lung": True},
        {"n_extraspinal_organs": 1, "metastasis_lung": True},
    ),
    "removability_without_organ": (
        {"visceral_metastases": False, "visceral_removability": "removable"},
        {"visceral_metastases": True, "visceral_removability": "removable"},
    ),
    "sole_but_others": (
        {"sole_metastasis": True, "visceral_metastases": True},
        {"sole_metastasis": True, "visceral_metastases": False},
    ),
    "solitary_but_many": (
        {"solitary_skeletal_metastasis": True, "n_vertebral_metastases": 4},
        {"solitary_skeletal_metastasis": True, "n_vertebral_metastases": 1},
    ),
    "no_bone_but_vertebra": (
        {"bone_metastases": False, "n_vertebral_metastases": 1},
        {"bone_metastases": True, "n_vertebral_metastases": 1},
    ),
    "vertebrae_many_but_one_segment": (
        {"n_vertebral_metastases": 15, "spinal_segment": "lumbar"},
        {"n_vertebral_metastases": 15, "spinal_segment": "multiple"},
    ),
    "prostate_in_woman": (
        {"primary": "prostate", "sex": "female"}, {"primary": "prostate", "sex": "male"},
    ),
    "gynaecological_in_man": (
        {"primary": "ovary", "sex": "male"}, {"primary": "ovary", "sex": "female"},
    ),
    "germ_cell_or_penis_in_woman": (
        {"primary": "penis", "sex": "female"}, {"primary": "germ_cell", "sex": "female"},
    ),
    "psa_in_woman": (
        {"sex": "female", "psa_ug_per_l": 4.0}, {"sex": "male", "psa_ug_per_l": 4.0},
    ),
    "hormone_dependence_elsewhere": (
        {"hormone_dependent": True, "primary": "kidney"},
        {"hormone_dependent": True, "primary": "primary_not_recorded"},
    ),
    "small_cell_not_lung": (
        {"small_cell": True, "primary": "kidney"}, {"small_cell": True, "primary": "lung"},
    ),
    "synchronous_but_late": (
        {"synchronous": True, "interval_diagnosis_days": 900},
        {"synchronous": True, "interval_diagnosis_days": 30},
    ),
    "diagnosed_before_birth": (
        {"interval_diagnosis_days": 30000, "age_years": 60},
        {"interval_diagnosis_days": 3000, "age_years": 60},
    ),
    "children": ({"age_years": 6}, {"age_years": 18}),
    "kps_good_but_ecog_bad": ({"kps": 90, "ecog": 4}, {"kps": 90, "ecog": 1}),
    "dependent_but_kps_good": ({"dependent": True, "kps": 100}, {"dependent": True, "kps": 50}),
    "walks_with_complete_lesion": (
        {"ambulatory_before": True, "frankel_before": "A"},
        {"ambulatory_before": True, "frankel_before": "D"},
    ),
    "walks_with_useless_motor": (
        {"ambulatory_before": True, "frankel_before": "C"},
        {"ambulatory_before": False, "frankel_before": "C"},
    ),
    "walks_after_with_complete_lesion": (
        {"ambulatory_after": True, "frankel_after": "B"},
        {"ambulatory_after": True, "frankel_after": "E"},
    ),
    "walks_without_strength": (
        {"ambulatory_before": True, "leg_strength": 0},
        {"ambulatory_before": True, "leg_strength": 4},
    ),
    "frankel_against_asia": (
        {"frankel_before": "E", "asia_before": "A"}, {"frankel_before": "C", "asia_before": "D"},
    ),
    "deficit_time_without_deficit": (
        {"frankel_before": "E", "motor_deficit_days": 5},
        {"frankel_before": "D", "motor_deficit_days": 5},
    ),
    "complete_lesion_without_compression": (
        {"frankel_before": "A", "escc": "0"}, {"frankel_before": "A", "escc": "3"},
    ),
    "sins_location_against_segment": (
        {"sins_location": "rigid", "spinal_segment": "thoracic"},
        {"sins_location": "junctional", "spinal_segment": "sacral"},
    ),
    "fracture_without_collapse": (
        {"pathological_fracture": True, "sins_collapse": "none"},
        {"pathological_fracture": True, "sins_collapse": "under_50"},
    ),
    "lymphocytes_above_leucocytes": (
        {"lymphocytes_10e9_per_l": 22.0, "leucocytes_10e9_per_l": 7.0},
        {"lymphocytes_10e9_per_l": 2.2, "leucocytes_10e9_per_l": 7.0},
    ),
    "anaemia_none_but_low": (
        {"anaemia": False, "haemoglobin_g_per_l": 70}, {"anaemia": True, "haemoglobin_g_per_l": 70},
    ),
    "hypercalcaemia_but_low": (
        {"hypercalcaemia": True, "calcium_mmol_per_l": 1.9},
        {"hypercalcaemia": True, "calcium_mmol_per_l": 3.0},
    ),
    "entry_after_exit": (
        {"entry_days": 50, "survival_days": 20}, {"entry_days": 5, "survival_days": 20},
    ),
    "surgery_after_exit": (
        {"surgery_day": 50, "survival_days": 20}, {"surgery_day": 20, "survival_days": 20},
    ),
    "radiotherapy_after_exit": (
        {"radiotherapy_day": 50, "survival_days": 20}, {"radiotherapy_day": 2, "survival_days": 20},
    ),
    "systemic_therapy_after_exit": (
        {"systemic_therapy_day": 50, "survival_days": 20},
        {"systemic_therapy_day": 2, "survival_days": 20},
    ),
    "surgery_before_diagnosis": (
        {"surgery_day": -90, "interval_diagnosis_days": 30},
        {"surgery_day": -30, "interval_diagnosis_days": 90},
    ),
    "radiotherapy_before_diagnosis": (
        {"radiotherapy_day": -90, "interval_diagnosis_days": 30},
        {"radiotherapy_day": 0, "interval_diagnosis_days": 0},
    ),
    "no_surgery_but_day": (
        {"surgery": False, "surgery_day": 3}, {"surgery": True, "surgery_day": 3},
    ),
    "no_surgery_but_approach": (
        {"surgery": False, "approach": "dorsal"}, {"surgery": False, "approach": "none"},
    ),
    "no_radiotherapy_but_fractions": (
        {"radiotherapy": False, "radiotherapy_fractions": 10},
        {"radiotherapy": True, "radiotherapy_fractions": 10},
    ),
    "alive_without_follow_up": (
        {"survival_days": 0, "died": False}, {"survival_days": 0, "died": True},
    ),
}  # fmt: skip


def rule_text(rule: str) -> str:
    when = plausibility.rules()[rule].when
    return when.text if when else ""


def test_every_rule_on_one_patient_has_a_worked_one() -> None:
    on_one = {r.id for r in plausibility.rules().values() if r.when and not r.time_zero}
    assert on_one == set(WORKED)


def test_a_sins_total_that_its_items_exclude() -> None:
    """Mechanical pain alone is 3 points; pain that is occasional leaves 16 at most."""
    table = patients([
        {"total_sins": 2, "sins_pain": "mechanical"}, {"total_sins": 3, "sins_pain": "mechanical"},
        {"total_sins": 17, "sins_pain": "occasional"},
        {"total_sins": 16, "sins_pain": "occasional"},
        {"total_sins": 18}, {"sins_pain": "mechanical"},
    ])  # fmt: skip
    assert found(table, "sins_total_excluded") == [0, 2]


@pytest.mark.parametrize("rule", WORKED)
def test_worked_patients(rule: str) -> None:
    wrong, right = WORKED[rule]
    table = patients([right, wrong, dict.fromkeys(wrong)])
    assert found(table, rule) == [1]
    (seen,) = [f for f in plausibility.look(table, "enrolment") if f.rule.id == rule]
    # Nothing is known of the third; an "or" can stay open for the right one as well.
    assert seen.of in ((1, 2) if " or " in rule_text(rule) else (2,))


def test_a_column_that_is_not_there_leaves_what_the_others_decide() -> None:
    table = patients([{"visceral_metastases": False, "metastasis_liver": True}])
    assert found(table, "visceral_none_but_organ") == [0]
    (seen,) = [f for f in plausibility.look(table, "enrolment") if f.rule.id == "prostate_in_woman"]
    assert (seen.of, seen.rows.sum()) == (0, 0)


def test_time_zero_decides_which_rules_hold() -> None:
    table = patients([{"surgery_day": 0}, {"surgery_day": 8}])
    assert found(table, "surgery_not_at_time_zero", time_zero="surgery") == [1]
    assert found(table, "surgery_not_at_time_zero", time_zero="radiotherapy") == []


def column(name: str, values: Any) -> pd.DataFrame:
    return patients([{name: v} for v in values])


def follow_up(days: Any, died: Any, **more: Any) -> pd.DataFrame:
    rows = [{"survival_days": d, "died": e, **more} for d, e in zip(days, died, strict=True)]
    return patients(rows)


def test_days_in_a_column_called_months() -> None:
    days = RNG.exponential(120, 60)
    right = follow_up(days, [True] * 60, primary="lung")
    wrong = follow_up(days * 30.4375, [True] * 60, primary="lung")
    assert found(right, "days_read_as_months") == []
    assert len(found(wrong, "days_read_as_months")) == 60


def test_months_in_a_column_called_days() -> None:
    months = np.ceil(RNG.exponential(9, 60))
    assert len(found(follow_up(months, [True] * 60), "months_read_as_days")) == 60
    assert found(follow_up(months * 30, [True] * 60), "months_read_as_days") == []
    rounded = follow_up(np.round(months * 30.4375), [True] * 60)
    assert len(found(rounded, "whole_months_in_days")) == 60
    assert found(rounded, "whole_months_in_days", resolution="month") == []
    spread = follow_up(np.arange(60) * 7 + 1, [True] * 60)
    assert found(spread, "whole_months_in_days") == []


def test_survival_only_of_the_dead() -> None:
    rows = [{"survival_days": i, "died": True} for i in range(30)]
    rows += [{"survival_days": None, "died": False}] * 40
    assert len(found(patients(rows), "survival_only_of_the_dead")) == 40
    rows[30:] = [{"survival_days": 9, "died": False}] * 40
    assert found(patients(rows), "survival_only_of_the_dead") == []
    assert len(found(patients(rows), "censored_at_one_time")) == 40
    assert len(found(patients(rows[:30]), "everybody_died")) == 30
    assert found(patients(rows), "everybody_died") == []


def test_an_imputed_laboratory_value() -> None:
    measured = np.round(RNG.normal(120, 18, 100))
    filled = [*measured[:60], *[117] * 40]
    assert len(found(column("haemoglobin_g_per_l", filled), "constant_laboratory")) >= 40
    assert found(column("haemoglobin_g_per_l", measured), "constant_laboratory") == []
    assert len(found(column("haemoglobin_g_per_l", [120] * 30), "constant_laboratory")) == 30


def test_two_units_in_one_column() -> None:
    creatinine = np.round(RNG.lognormal(np.log(80), 0.25, 100), 1)
    mixed = [*creatinine[:80], *np.round(creatinine[80:] * 88.4, 1)]
    assert found(column("creatinine_umol_per_l", mixed), "mixed_units") == list(range(80, 100))
    assert found(column("creatinine_umol_per_l", creatinine), "mixed_units") == []
    albumin = RNG.normal(36, 5, 100)
    assert found(column("albumin_g_per_l", albumin), "mixed_units") == []


def test_a_code_for_missing_that_was_read_as_a_value() -> None:
    ages = [*np.round(RNG.normal(64, 9, 60)), 99, 99]
    psa = [*np.round(RNG.exponential(60, 60)), 9999, 9999]
    assert found(column("psa_ug_per_l", psa), "sentinel_values") == [60, 61]
    assert found(column("psa_ug_per_l", psa[:60]), "sentinel_values") == []
    assert found(column("age_years", ages), "sentinel_values") == [60, 61]


def test_sites_counted_over_the_whole_course() -> None:
    days = RNG.exponential(300, 300)
    future = 1 + RNG.poisson(days / 200)
    rows = [{"survival_days": d, "died": True, "n_organ_systems": min(int(n), 13)}
            for d, n in zip(days, future, strict=True)]  # fmt: skip
    assert len(found(patients(rows), "sites_over_the_whole_course")) == 300
    baseline = [{**r, "n_organ_systems": 1 + int(500 / (r["survival_days"] + 100))} for r in rows]
    assert found(patients(baseline), "sites_over_the_whole_course") == []


def test_treated_at_an_unknown_day() -> None:
    table = patients([
        {"surgery": True, "surgery_day": None, "systemic_therapy": "none"},
        {"surgery": True, "surgery_day": 3, "systemic_therapy": "hormone"},
        {"surgery": False, "surgery_day": None, "systemic_therapy": None},
    ])  # fmt: skip
    assert found(table, "treatment_without_day") == [0, 1]


def test_the_same_patient_twice() -> None:
    either = [("male", "lung"), ("female", "breast")]
    rows = [
        {
            "survival_days": i,
            "died": i % 2 == 0,
            "age_years": 50 + i,
            "sex": either[i % 2][0],
            "primary": either[i % 2][1],
            "kps": 10 * (1 + i % 10),
            "haemoglobin_g_per_l": 100 + i,
        }
        for i in range(30)
    ]
    assert found(patients([*rows, rows[4]]), "identical_patients") == [30]
    assert found(patients(rows), "identical_patients") == []
    few = [{"survival_days": 1, "died": True}, {"survival_days": 1, "died": True}]
    assert found(patients(few), "identical_patients") == []


def test_a_simulated_cohort_has_nothing_impossible() -> None:
    table = simulate("surgical_modern", 500, 3).table
    seen = plausibility.look(table.drop(columns="patient_id"), "start_of_treatment")
    wrong = {f.rule.id: int(f.rows.sum()) for f in seen
             if f.rule.severity == "impossible" and f.rows.any()}  # fmt: skip
    assert wrong == {}


def test_every_rule_says_what_it_means_and_where_it_comes_from() -> None:
    for rule in plausibility.rules().values():
        assert rule.severity in plausibility.SEVERITIES
        assert rule.meaning
        assert rule.repair
        assert rule.source
        assert bool(rule.when) != bool(rule.check)
        assert set(rule.columns) <= set(contract.columns())
        assert rule.check in ("", *CHECKS)


def test_counts_stand_in_the_table_and_lines_beside_it(ingest_text: Callable[..., Any]) -> None:
    text = "patient_id,survival_days,died,sex,primary\na,3,1,female,prostate\nb,4,1,male,prostate\n"
    result = ingest_text(text)
    (row,) = result.plausibility[result.plausibility["n"].gt(0)].to_dict("records")
    assert (row["rule"], row["n"], row["of"]) == ("prostate_in_woman", 1, 2)
    ((finding, lines),) = result.doubts
    assert finding.rule.id == "prostate_in_woman"
    assert lines.tolist() == [2]
    assert len(result.patients) == 2  # a finding changes nothing


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("survival_days > sex", "is not a number"),
        ("survival_days > age_years * kps", r"a number is expected behind \*"),
        ("survival_days > kps", "is not mapped"),
    ],
)
def test_columns_are_compared_with_columns_of_numbers(text: str, rule: str) -> None:
    with pytest.raises(InputError, match=rule):
        include.parse(text, ["survival_days", "sex", "age_years"])
