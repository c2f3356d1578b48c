"""Groups of patients: the first treatment rule that holds decides; not knowing is a group too."""

import pandas as pd
import pytest

from spinemets import contract, strata
from spinemets.errors import InputError


def patients(rows):
    table = pd.DataFrame(rows)
    for name in table:
        dtype = contract.pandas_dtype(contract.columns()[name])
        table[name] = pd.array([None if v is None else v for v in table[name]], dtype=dtype)
    return table


SURGERY = {
    "surgery": True,
    "radiotherapy": True,
    "resection_extent": "none",
    "procedure_decompression": False,
    "procedure_stabilisation": False,
    "procedure_separation_surgery": False,
    "procedure_vertebroplasty": False,
    "procedure_kyphoplasty": False,
    "radiotherapy_technique": "conventional",
    "systemic_therapy": "none",
}
CASES = {
    "vertebrectomy": {"resection_extent": "en_bloc", "procedure_stabilisation": True},
    "decompression_stabilisation": {
        "procedure_separation_surgery": True,
        "procedure_stabilisation": True,
    },
    "decompression": {"procedure_decompression": True},
    "stabilisation": {"procedure_stabilisation": True, "procedure_kyphoplasty": True},
    "cement": {"procedure_vertebroplasty": True},
    "other_surgery": {},
    "stereotactic_radiotherapy": {"surgery": False, "radiotherapy_technique": "stereotactic"},
    "radiotherapy": {"surgery": False},
    "systemic": {"surgery": False, "radiotherapy": False, "systemic_therapy": "hormone"},
    "none": {"surgery": False, "radiotherapy": False},
    "not_recorded": {"resection_extent": None, "procedure_stabilisation": True},
}


@pytest.mark.parametrize("expected", CASES)
def test_treatment_collapses_by_the_ordered_rule(expected):
    table = patients([SURGERY | CASES[expected]])
    assert strata.group(table, "treatment").tolist() == [expected]


def test_every_rule_has_a_case():
    assert set(strata.labels("treatment")) == set(CASES)


def test_without_surgery_its_details_may_be_missing():
    details = {k: None for k in SURGERY if k.startswith("procedure") or k == "resection_extent"}
    table = patients([SURGERY | details | {"surgery": False}])
    assert strata.group(table, "treatment").tolist() == ["radiotherapy"]


def test_a_table_without_treatment_columns_is_not_recorded():
    table = patients([{"primary": "breast"}])
    assert strata.group(table, "treatment").tolist() == ["not_recorded"]


def test_primary_groups_keep_the_unknown_primary_apart():
    found = ["breast", "rectum", "unknown_primary", "primary_not_recorded", "work_up_pending", None]
    groups = strata.group(patients([{"primary": p} for p in found]), "primary_group")
    assert groups.tolist() == [
        "breast",
        "colorectal",
        "unknown_primary",
        "primary_not_recorded",
        "work_up_pending",
        "primary_not_recorded",
    ]


def test_columns_are_groupings_too():
    table = patients(
        [{"trial_arm": "a", "bone_metastases": True}, {"trial_arm": None, "bone_metastases": None}]
    )
    assert strata.group(table, "trial_arm").tolist() == ["a", "not_recorded"]
    assert strata.group(table, "bone_metastases").tolist() == ["yes", "not_recorded"]


def test_an_unknown_grouping_offers_the_nearest():
    with pytest.raises(InputError, match="did you mean 'primary_group'"):
        strata.group(patients([{"primary": "breast"}]), "primary_groups")
