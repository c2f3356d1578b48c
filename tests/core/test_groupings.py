"""Groupings by rules agree with the scores they are named after; not knowing is never a group."""

import numpy as np
import pandas as pd
import pytest

from spinemets import contract, groupings, strata, vocabulary
from spinemets.errors import InputError
from spinemets.scores import frames, registry
from spinemets.settings import OwnGrouping, SurvivalSettings
from spinemets.sins import SINS_POINTS
from spinemets.survival.comparison import UNORDERED

#: Grouping -> score, item, points of its groups.
OF_SCORES = {
    "primary_tokuhashi_2005": (
        "tokuhashi_2005",
        {f"points_{p}": p for p in range(6)},
    ),
    "primary_tomita_2001": ("tomita_2001", {"slow": 1, "moderate": 2, "rapid": 4}),
    "primary_katagiri_2014": ("katagiri_2014", {"slow": 0, "moderate": 2, "rapid": 3}),
    "primary_rades_2008": (
        "rades_2008",
        {"haematological": 9, "breast": 8, "prostate": 7, "lung": 3, "other": 4},
    ),
}


def typed(rows):
    table = pd.DataFrame(rows)
    for name in table:
        dtype = contract.pandas_dtype(contract.columns()[name])
        table[name] = pd.array([None if v is None else v for v in table[name]], dtype=dtype)
    return table


def every_primary():
    rows = []
    for primary in vocabulary.primaries():
        for hormone, drug in ((True, True), (False, False), (None, None)):
            rows.append(
                {"patient_id": str(len(rows)), "primary": primary, "hormone_dependent": hormone,
                 "targeted_drug": drug}
            )  # fmt: skip
    return typed(rows)


def item_points(score, table):
    definitions = registry.with_dependencies(registry.load_definitions([score], []))
    results = frames.compute_results(table, definitions, frames.Settings(), only=[score])
    item = results[0][0].items["primary"]
    return item.low, item.high


@pytest.mark.parametrize("grouping", OF_SCORES)
def test_groups_of_a_score_are_those_of_its_file_for_every_primary(grouping):
    score, points = OF_SCORES[grouping]
    table = every_primary()
    groups = strata.group(table, grouping)
    low, high = item_points(score, table)
    # A primary that the score does not place is none of its groups, whatever a default says.
    for group, primary, bottom, top in zip(groups, table["primary"], low, high, strict=True):
        if group in points:
            assert bottom == top == points[group], (primary, group)
        elif group == "unknown_primary":
            assert primary == "unknown_primary"
        else:
            assert group in ("unlisted", "not_recorded"), (primary, group)
            assert bottom != top, (primary, group)


@pytest.mark.parametrize("grouping", OF_SCORES)
def test_groups_of_a_score_stand_in_its_order(grouping):
    """Trends are tested along this order: Katagiri's moderate growth lies between the others."""
    points = OF_SCORES[grouping][1]
    rule = groupings.rules()[grouping]
    assert sorted(rule["order"]) == sorted(rule["rules"])
    shown = list(strata.labels(grouping))
    assert shown[-2:] == ["unknown_primary", "not_recorded"]
    if strata.ordered(grouping):
        placed = [points[g] for g in shown if g in points]
        assert placed == sorted(placed)
        assert set(shown) - set(points) <= set(UNORDERED)


def test_an_order_names_every_group_once():
    for name, rule in groupings.rules().items():
        assert sorted(rule.get("order", rule["rules"])) == sorted(rule["rules"]), name


def test_levels_of_a_cohort_follow_the_order_whatever_the_rows():
    table = typed([{"primary": p, "targeted_drug": False} for p in ("lung", "kidney", "thyroid")])
    groups = strata.group(table, "primary_katagiri_2014")
    assert groups.tolist() == ["rapid", "moderate", "slow"]
    assert strata.levels("primary_katagiri_2014", groups) == ["slow", "moderate", "rapid"]


def test_numbers_in_names_are_sorted_by_size():
    groups = pd.Series(["centre 10", "centre 9", "not_recorded", "2 north", "10 south"])
    assert strata.levels("centre", groups) == [
        "2 north", "10 south", "centre 9", "centre 10", "not_recorded",
    ]  # fmt: skip


def test_the_unknown_primary_is_always_its_own():
    table = typed([{"primary": "unknown_primary"}])
    for grouping in ("primary_group", *OF_SCORES):
        assert strata.group(table, grouping).tolist() == ["unknown_primary"]


def test_sins_points_are_those_of_the_score():
    definition = registry.load_definitions(["sins"], [])["sins"]
    rng = np.random.default_rng(3)
    rows = [
        {"patient_id": str(i)}
        | {c: str(rng.choice([*p, None])) for c, p in SINS_POINTS.items()}
        | {"total_sins": i % 19 if i % 3 == 0 else None}
        for i in range(300)
    ]
    for row in rows:
        row |= {k: None for k, v in row.items() if v == "None"}
    table = typed(rows)
    found = frames.compute(table, {"sins": definition})
    names = {"stable": "stable", "potentially unstable": "potentially_unstable",
             "unstable": "unstable"}  # fmt: skip
    expected = found["band"].map(names).fillna("not_recorded").tolist()
    assert strata.group(table, "instability").tolist() == expected
    assert {"stable", "potentially_unstable", "not_recorded"} <= set(expected)


@pytest.mark.parametrize(
    ("n", "d", "scheme", "eqd2"),
    [(1, 8, "scheme_1x8", "below_20"), (5, 4, "scheme_5x4", "from_20"),
     (10, 3, "scheme_10x3", "from_30"), (15, 2.5, "scheme_15x2_5", "from_30"),
     (20, 2, "scheme_20x2", "from_30"), (6, 4, "other_scheme", "from_20")],
)  # fmt: skip
def test_radiotherapy_is_grouped_by_scheme_and_by_dose(n, d, scheme, eqd2):
    table = typed([{"radiotherapy": True, "radiotherapy_technique": "conventional",
                    "radiotherapy_fractions": n, "radiotherapy_gy_per_fraction": d}])  # fmt: skip
    assert strata.group(table, "radiotherapy_scheme").tolist() == [scheme]
    assert strata.group(table, "radiotherapy_eqd2").tolist() == [eqd2]


def test_a_dose_without_fractions_is_not_recorded():
    given = {"radiotherapy": True, "radiotherapy_technique": "conventional"}
    dose = {"radiotherapy_fractions": None, "radiotherapy_gy_per_fraction": 3.0}
    table = typed([given | dose])
    assert strata.group(table, "radiotherapy_eqd2").tolist() == ["not_recorded"]


def test_crossings_join_groups_and_labels():
    table = typed([{"primary": "breast", "escc": "3"}, {"primary": None, "escc": None}])
    groups = strata.group(table, "primary_group_x_compression")
    assert groups.tolist() == ["breast / high", "primary_not_recorded / not_recorded"]
    assert strata.label("primary_group_x_compression", "breast / high") == (
        "Breast / High (ESCC 2-3)"
    )


OWN = OwnGrouping(
    id="hormonal", column="primary", groups={"yes": ["breast", "prostate"], "no": ["lung"]},
    ordered=True,
)  # fmt: skip


def test_own_groupings_put_levels_together_and_keep_the_unknown_apart():
    settings = SurvivalSettings(groupings=[OWN])
    found = ["breast", "prostate", "lung", "kidney", "unknown_primary", None]
    groups = strata.group(typed([{"primary": p} for p in found]), "hormonal", settings)
    assert groups.tolist() == ["yes", "yes", "no", "other", "unknown_primary", "not_recorded"]
    assert strata.ordered("hormonal", [OWN])
    assert strata.levels("hormonal", groups, [OWN])[:2] == ["yes", "no"]


def test_small_groups_are_merged_only_when_asked_and_never_the_unknown():
    found = ["breast"] * 5 + ["lung", "kidney", "thyroid", "unknown_primary", None]
    table = typed([{"primary": p} for p in found])
    merged = SurvivalSettings(small_groups="merged", minimum_group=3)
    groups = strata.group(table, "primary_group", merged).value_counts()
    assert groups["small_groups"] == 3
    assert groups["unknown_primary"] == groups["primary_not_recorded"] == 1
    assert "small_groups" not in set(strata.group(table, "primary_group"))


def test_bad_own_groupings_are_refused_all_at_once():
    wrong = [
        OwnGrouping(id="treatment", column="sex", groups={"a": ["female", "femal"]}),
        OwnGrouping(id="x", column="age_years", groups={"old": ["70"]}),
        OwnGrouping(id="y", column="sex", groups={"a": ["male"], "b": ["male"]}),
    ]
    with pytest.raises(InputError) as caught:
        strata.check_own(wrong)
    said = str(caught.value)
    assert "'treatment' is taken" in said
    assert "did you mean 'female'" in said
    assert "no column of categories" in said
    assert "stands in two groups" in said


def test_a_cohort_without_the_columns_says_which():
    table = typed([{"primary": "breast", "escc": None}])
    settings = SurvivalSettings()
    assert strata.recorded(table, "primary_group", settings) == ""
    assert strata.recorded(table, "primary_group_x_compression", settings) == (
        "not recorded in this cohort: escc"
    )
