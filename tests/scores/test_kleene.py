"""Three-valued logic: true, false and unknown, exactly at the limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets import units
from spinemets.scores.cells import Numbers
from spinemets.scores.kleene import FALSE, TRUE, UNKNOWN, compare, evaluate, limits
from spinemets.scores.schema import Condition
from spinemets.scores.table import PatientTable


def truth(condition, **values):
    return evaluate(Condition.model_validate(condition), PatientTable.from_values(values)).tolist()


def test_missing_is_unknown_for_every_kind():
    assert truth({"column": "kps", "at_least": 50}, kps=[None]) == [UNKNOWN]
    assert truth({"column": "primary", "in": ["lung"]}, primary=[None]) == [UNKNOWN]
    assert truth({"column": "heart_failure", "is": False}, heart_failure=[None]) == [UNKNOWN]
    assert truth({"column": "frankel_before", "in": ["A"]}, frankel_before=[None]) == [UNKNOWN]


def test_a_column_that_is_not_there_is_unknown_in_all():
    assert truth({"column": "kps", "at_least": 50}, ecog=[0, 1]) == [UNKNOWN, UNKNOWN]
    assert truth({"column": "sex", "in": ["female"]}, ecog=[0, 1]) == [UNKNOWN, UNKNOWN]


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ({"at_least": 50}, [FALSE, TRUE, TRUE]),
        ({"above": 50}, [FALSE, FALSE, TRUE]),
        ({"at_most": 50}, [TRUE, TRUE, FALSE]),
        ({"below": 50}, [TRUE, FALSE, FALSE]),
        ({"between": [50, 50]}, [FALSE, TRUE, FALSE]),
        ({"at_least": 40, "below": 60}, [TRUE, TRUE, FALSE]),
    ],
)
def test_limits(limit, expected):
    assert truth({"column": "kps", **limit}, kps=[40, 50, 60]) == expected


def test_an_interval_is_unknown_only_when_it_crosses_the_limit():
    values = {"kps_low": [30, 40, 50], "kps_high": [40, 50, 70]}
    assert truth({"column": "kps", "at_least": 50}, **values) == [FALSE, UNKNOWN, TRUE]
    assert truth({"column": "kps", "between": [50, 70]}, **values) == [FALSE, UNKNOWN, TRUE]


def test_an_exact_value_outranks_the_interval():
    values = {"kps": [80], "kps_low": [30], "kps_high": [40]}
    assert truth({"column": "kps", "at_least": 50}, **values) == [TRUE]


def test_an_inverted_interval_is_rejected():
    table = PatientTable.from_values({"kps_low": [60], "kps_high": [40]})
    assert evaluate(Condition(column="kps", at_least=50), table).tolist() == [UNKNOWN]
    assert table.rejected["kps"].tolist() == [True]


def test_an_imprecise_primary_is_known_when_all_it_may_be_agree():
    rectum, bowel = {"column": "primary", "in": ["rectum"]}, ["colon", "rectum"]
    assert truth(rectum, primary=["colorectal", "rectum", "colon"]) == [UNKNOWN, TRUE, FALSE]
    assert truth({"column": "primary", "in": bowel}, primary=["colorectal"]) == [TRUE]
    assert truth({"column": "primary", "in": ["lung"]}, primary=["colorectal"]) == [FALSE]


def test_the_three_answers_that_are_no_tumour_stay_three():
    lung = {"column": "primary", "in": ["lung"]}
    unknown = {"column": "primary", "in": ["unknown_primary"]}
    terms = ["unknown_primary", "primary_not_recorded", "work_up_pending", None]
    assert truth(lung, primary=terms) == [FALSE, UNKNOWN, UNKNOWN, UNKNOWN]
    assert truth(unknown, primary=terms) == [TRUE, UNKNOWN, UNKNOWN, UNKNOWN]


def test_a_wanted_term_may_itself_be_imprecise():
    lymphoma = {"column": "primary", "in": ["lymphoma"]}
    terms = ["non_hodgkin_lymphoma", "hodgkin_lymphoma", "lymphoma", "myeloma"]
    assert truth(lymphoma, primary=terms) == [TRUE, TRUE, TRUE, FALSE]


def test_values_left_open_are_unknown_unless_assumed():
    condition = Condition.model_validate(
        {"column": "primary", "in": ["kidney"], "maybe": ["ovary"]}
    )
    table = PatientTable.from_values({"primary": ["kidney", "ovary", "lung"]})
    assert evaluate(condition, table).tolist() == [TRUE, UNKNOWN, FALSE]
    assert evaluate(condition, table, "in").tolist() == [TRUE, TRUE, FALSE]
    assert evaluate(condition, table, "out").tolist() == [TRUE, FALSE, FALSE]


@pytest.mark.parametrize(
    ("column", "limit", "unit", "other"),
    [
        ("calcium_mmol_per_l", 10.3, "mg/dL calcium", 10000 / 40078),
        ("bilirubin_umol_per_l", 1.4, "mg/dL bilirubin", 1000000 / 58466),
        ("albumin_g_per_l", 3.7, "g/dL", 10.0),
        ("crp_mg_per_l", 0.4, "mg/dL", 10.0),
        ("platelets_10e9_per_l", 100000, "/uL", 0.001),
        ("interval_diagnosis_days", 15, "months", 30.4375),
    ],
)
def test_a_boundary_patient_does_not_flip_by_conversion(column, limit, unit, other):
    step = 0.01 if "bilirubin" in unit else 0.001  # what a laboratory tells apart
    at = [limit * other, limit * (1 - step) * other, limit * (1 + step) * other]
    assert truth({"column": column, "at_least": limit, "unit": unit}, **{column: at}) == [
        TRUE, FALSE, TRUE,
    ]  # fmt: skip
    assert truth({"column": column, "below": limit, "unit": unit}, **{column: at}) == [
        FALSE, TRUE, FALSE,
    ]  # fmt: skip


@given(st.floats(0.5, 6, allow_nan=False), st.floats(2, 24))
def test_conversion_and_limit_agree_with_comparing_in_the_own_unit(value, limit):
    own = round(value * 40078 / 10000, 2)  # as a laboratory prints it
    limit = round(limit, 1)
    table = PatientTable.from_values({"calcium_mmol_per_l": [own * 10000 / 40078]})
    if not 0.5 <= own * 10000 / 40078 <= 6:
        return
    condition = Condition(column="calcium_mmol_per_l", at_least=limit, unit="mg/dL calcium")
    assert evaluate(condition, table)[0] == (TRUE if own >= limit else FALSE)


LEAVES = {
    "u": {"column": "sex", "in": ["male"]},
    "t": {"column": "died", "is": True},
    "f": {"column": "died", "is": False},
}


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"any": ["u", "t"]}, TRUE),
        ({"any": ["u", "f"]}, UNKNOWN),
        ({"any": ["f", "f"]}, FALSE),
        ({"all": ["u", "t"]}, UNKNOWN),
        ({"all": ["u", "f"]}, FALSE),
        ({"all": ["t", "t"]}, TRUE),
        ({"not": "u"}, UNKNOWN),
        ({"not": "t"}, FALSE),
        ({"recorded": "u"}, FALSE),
        ({"recorded": "t"}, TRUE),
    ],
)
def test_kleene_tables(tree, expected):
    (head, below), *_ = tree.items()
    built = {head: [LEAVES[k] for k in below] if isinstance(below, list) else LEAVES[below]}
    assert truth(built, died=[True]) == [expected]


@given(st.lists(st.sampled_from([FALSE, UNKNOWN, TRUE]), min_size=1, max_size=5))
def test_de_morgan(values):
    sex = {FALSE: "female", UNKNOWN: None, TRUE: "male"}
    columns = ["heart_failure", "diabetes", "smoker", "dependent", "renal_failure"]
    given_ = {c: [{"female": False, "male": True, None: None}[sex[v]]]
              for c, v in zip(columns, values, strict=False)}  # fmt: skip
    table = PatientTable.from_values(given_)
    parts = [Condition.model_validate({"column": c, "is": True}) for c in given_]
    negated = [Condition.model_validate({"not": p}) for p in parts]
    left = evaluate(Condition.model_validate({"not": Condition(any=parts)}), table)
    assert left.tolist() == evaluate(Condition(all=negated), table).tolist()
    assert evaluate(Condition(any=parts), table).tolist() == [max(values)]
    assert evaluate(Condition(all=parts), table).tolist() == [min(values)]


def test_a_named_condition_is_computed_once():
    table = PatientTable.from_values({"solitary_skeletal_metastasis": [True, False, None]})
    first = evaluate(Condition(concept="solitary"), table)
    assert first.tolist() == [TRUE, FALSE, UNKNOWN]
    assert evaluate(Condition(concept="solitary"), table) is first


def test_compare_takes_numbers_of_another_score():
    numbers = Numbers(np.array([0.0, 1.0, np.nan]), np.array([1.0, 1.0, np.nan]))
    assert compare(Condition(score="x", at_least=1), numbers, 1.0).tolist() == [1, 2, 1]


def test_limits_of_a_leaf():
    assert limits(Condition(column="kps", between=(1, 2))) == [(1, 1, True), (2, -1, True)]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"column": "kps"},
        {"column": "kps", "concept": "solitary", "at_least": 1},
        {"concept": "solitary", "is": True},
        {"any": []},
        {"column": "primary", "maybe": ["ovary"], "is": True},
    ],
)
def test_a_malformed_condition_is_refused(wrong):
    with pytest.raises(ValueError, match=r"condition|comparison|compared|maybe|at least 1"):
        Condition.model_validate(wrong)


@pytest.mark.parametrize(
    ("umol", "critical"),
    [(23.9, True), (23.94, True), (23.95, True), (24.0, True), (23.8, False), (23.0, False)],
)
def test_a_molar_value_that_a_laboratory_rounded_lies_on_the_limit(umol, critical):
    """1.4 mg/dL is 23.9456 umol/L, which laboratories report as 23.9, 23.94 (x 17.1) or 24."""
    limit = Condition(column="bilirubin_umol_per_l", at_least=1.4, unit="mg/dL bilirubin")
    table = PatientTable.from_values({"bilirubin_umol_per_l": [umol]})
    assert (evaluate(limit, table)[0] == TRUE) == critical


def test_a_value_recorded_in_the_unit_of_the_limit_keeps_its_side():
    limit = Condition(column="calcium_mmol_per_l", above=10.3, unit="mg/dL calcium")
    values = [x * units.factor("mmol/L", "mg/dL calcium") for x in (10.29, 10.3, 10.31)]
    table = PatientTable.from_values({"calcium_mmol_per_l": values})
    assert evaluate(limit, table).tolist() == [FALSE, FALSE, TRUE]
