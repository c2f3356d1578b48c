"""A wrong definition is refused: file, line, repair, and all faults at once."""

import pytest
import yaml
from tests.scores.own_score import GOOD, changed, faults_of, write

from spinemets import yamlfile
from spinemets.errors import InputError
from spinemets.scores import loading


def test_the_good_one_has_no_fault(tmp_path):
    assert faults_of(tmp_path, GOOD) == []


def test_a_fault_names_file_line_and_repair(tmp_path):
    text = GOOD.replace("below: 50", "below: 60")
    (fault,) = faults_of(tmp_path, text)
    assert "my_score.yaml" in fault
    assert "line 15: item kps: two levels hold kps = 50" in fault
    assert "repair: separate the levels" in fault


LEVELS = ("items", 0, "levels")
KPS = {"column": "kps"}
WRONG_LEVEL = {"points": 0, "label": "x", "when": {"column": "kp", "below": 1}}
WRONG_ITEM = {"id": "kps", "name": "k", "levels": [WRONG_LEVEL]}
WRONG = {
    "gap between levels": (
        [((*LEVELS, 0, "when"), {**KPS, "below": 40})],
        "no level holds kps = 40",
    ),
    "overlapping levels": (
        [((*LEVELS, 0, "when"), {**KPS, "at_most": 60})],
        "two levels hold kps = 50",
    ),
    "level that nobody reaches": (
        [((*LEVELS, 0, "when"), {**KPS, "below": 10}), ((*LEVELS, 1, "when"), {**KPS, "above": 5})],
        "no patient reaches the level 'low'",
    ),
    "gap between bands": (
        [(("bands", 0, "to"), 0)],
        "no band holds the total 1",
    ),
    "overlapping bands": (
        [(("bands", 0, "to"), 2)],
        "the total 2 falls into the bands poor and good",
    ),
    "unreachable band": (
        [
            (
                ("bands",),
                [
                    {"id": "a", "label": "a", "from": 0, "to": 3},
                    {"id": "b", "label": "b", "from": 4, "to": 9},
                ],
            )
        ],
        "no patient reaches the band b",
    ),
    "bands in the wrong order": (
        [
            (
                ("bands",),
                [
                    {"id": "b", "label": "b", "from": 2, "to": 3},
                    {"id": "a", "label": "a", "from": 0, "to": 1},
                ],
            )
        ],
        "ascending order",
    ),
    "band that ends before it begins": (
        [(("bands", 1, "to"), 1)],
        "band good ends before it begins",
    ),
    "unknown primary": (
        [(("items", 1, "levels", 0, "when", "in"), ["breats"])],
        "primary has no value 'breats'; did you mean 'breast'?",
    ),
    "unknown column": (
        [((*LEVELS, 0, "when"), {"column": "kpss", "below": 50})],
        "no column is called 'kpss'; did you mean 'kps'?",
    ),
    "unknown level of a category": (
        [(("items", 1, "levels", 0, "when"), {"column": "sex", "in": ["woman"]})],
        "sex has no value 'woman'",
    ),
    "limits on a category": (
        [(("items", 1, "levels", 0, "when"), {"column": "sex", "at_least": 1})],
        "sex is not a number",
    ),
    "values of a number": (
        [((*LEVELS, 0, "when"), {**KPS, "in": ["10"]})],
        "kps is a number",
    ),
    "values of a boolean": (
        [(("items", 1, "levels", 0, "when"), {"column": "smoker", "in": ["yes"]})],
        "use `is: true` or `is: false`",
    ),
    "unknown unit": (
        [
            (
                ("items", 1, "levels", 0, "when"),
                {"column": "albumin_g_per_l", "below": 3, "unit": "stone"},
            )
        ],
        "'stone' can't be converted",
    ),
    "unknown concept": (
        [(("items", 1, "levels", 0, "when"), {"concept": "solitry"})],
        "no concept is called 'solitry'; did you mean 'solitary'?",
    ),
    "unknown other score": (
        [(("items", 1, "levels", 0, "when"), {"score": "sinns", "below": 6})],
        "no score is called 'sinns'; did you mean 'sins'?",
    ),
    "unknown item of another score": (
        [(("items", 1, "levels", 0, "when"), {"score": "sins", "item": "pian", "below": 1})],
        "sins has no item 'pian'; did you mean 'pain'?",
    ),
    "unknown band of another score": (
        [(("items", 1, "levels", 0, "when"), {"score": "escc", "in": ["lo"]})],
        "escc has no band 'lo'",
    ),
    "yes and no of another score": (
        [(("items", 1, "levels", 0, "when"), {"score": "escc", "is": True})],
        "points are compared with limits",
    ),
    "missing citation": (
        [(("citation",), None)],
        "the key 'citation' is missing",
    ),
    "empty citation": (
        [(("citation", "text"), "")],
        "the text is empty",
    ),
    "blank citation": (
        [(("citation", "text"), "  ")],
        "the text is empty",
    ),
    "points that are no number": (
        [((*LEVELS, 0, "points"), float("nan"))],
        "a number belongs here",
    ),
    "points that are a yes": (
        [((*LEVELS, 0, "points"), True)],
        "a number belongs here",
    ),
    "points in quotes": (
        [((*LEVELS, 0, "points"), "1")],
        "a number belongs here",
    ),
    "survival as a percentage": (
        [(("bands", 0, "survival"), [{"measure": "survival", "value": 40, "source": "x"}])],
        "survival is a share between 0 and 1",
    ),
    "interval that doesn't hold its value": (
        [
            (
                ("bands", 0, "survival"),
                [{"measure": "median_months", "value": 4, "lower": 5, "upper": 6, "source": "x"}],
            )
        ],
        "the value lies between",
    ),
    "a text where a list belongs": (
        [(("unsure",), "everything")],
        "a list belongs here",
    ),
    "address instead of a DOI": (
        [(("citation", "doi"), "https://doi.org/10.1000/x")],
        "this is not a DOI",
    ),
    "direction against survival": (
        [(("direction",), "higher_is_worse")],
        "the direction says higher is worse, but the median_months",
    ),
    "range against the items": (
        [(("range", "maximum"), 5)],
        "the items give totals from 0 to 3, the range says 0 to 5",
    ),
    "unknown key": (
        [(("horizon",), [])],
        "unknown key 'horizon'",
    ),
    "value that isn't allowed": (
        [(("kind",), "prognosis")],
        "this value isn't allowed",
    ),
    "malformed id": (
        [(("items", 0, "id"), "KPS 1")],
        "this can't be an id",
    ),
    "id given twice": (
        [(("items", 1, "id"), "kps")],
        "the id 'kps' stands twice",
    ),
    "otherwise before the end": (
        [
            (
                LEVELS,
                [
                    {"points": 0, "label": "a", "otherwise": True},
                    {"points": 1, "label": "b", "when": {**KPS, "at_least": 50}},
                ],
            )
        ],
        "in the last level only",
    ),
    "level without a condition": (
        [((*LEVELS, 0, "when"), None)],
        "either `when` or `otherwise: true`",
    ),
    "item without levels": (
        [(LEVELS, [])],
        "either `levels` or a `formula`",
    ),
    "unlisted although everything is listed": (
        [(("items", 0, "unlisted"), "nothing")],
        "every value has a level",
    ),
    "worked patient with an unknown column": (
        [(("worked_patients", 0, "patient"), {"kpss": 3})],
        "no column is called 'kpss'",
    ),
    "worked patient with an unknown band": (
        [(("worked_patients", 0, "band"), "gut")],
        "the score has no band 'gut'",
    ),
    "worked patient with an unknown item": (
        [(("worked_patients", 0, "points"), {"kp": 1})],
        "the score has no item 'kp'",
    ),
    "worked patient with an unknown variant": (
        [(("worked_patients", 0, "variant"), "x")],
        "the score has no variant 'x'",
    ),
    "variant that breaks the range": (
        [
            (
                ("variants",),
                [{"id": "v", "text": "v", "drop_items": ["kps"],
                  "range": {"minimum": 0, "maximum": 9}}],
            )
        ],
        "the items give totals from 0 to 2, the range says 0 to 9",
    ),
    "variant of an item that doesn't exist": (
        [(("variants",), [{"id": "v", "text": "v", "drop_items": ["kp"]}])],
        "changes an item 'kp' that doesn't exist",
    ),
    "misprint with an unknown column": (
        [(("misprints",), [{"id": "m", "text": "m", "items": [WRONG_ITEM]}])],
        "no column is called 'kp'",
    ),
    "formula with an unknown column": (
        [(("items", 0), {"id": "f", "name": "f", "formula": {"terms": [{"column": "n_nodes"}]}})],
        "no column is called 'n_nodes'",
    ),
    "formula with an unknown score": (
        [(("items", 0), {"id": "f", "name": "f", "formula": {"terms": [{"score": "sinss"}]}})],
        "no score is called 'sinss'",
    ),
    "formula without a source": (
        [(("items", 0), {"id": "f", "name": "f", "formula": {"terms": [{"times": 2}]}})],
        "either `column` or `score`",
    ),
    "import without predictions": (
        [(("kind",), "import")],
        "kind import needs `predictions`",
    ),
    "score without items": (
        [(("items",), [])],
        "needs `items` and a `range`",
    ),
    "population with an unknown column": (
        [(("population", "applies_if"), {"not": {"recorded": {"column": "kp", "below": 1}}})],
        "no column is called 'kp'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(WRONG))
def test_wrong_definitions_are_refused(name, tmp_path):
    changes, expected = WRONG[name]
    found = faults_of(tmp_path, changed(*changes))
    assert any(expected in fault for fault in found), found
    assert all("line " in fault and "repair: " in fault for fault in found)


def test_all_faults_at_once(tmp_path):
    text = changed(
        ((*LEVELS, 0, "when"), {"column": "kpss", "below": 50}),
        (("items", 1, "levels", 0, "when", "in"), ["breats"]),
        (("citation", "doi"), "doi:1"),
    )
    assert len(faults_of(tmp_path, text)) == 3


def test_wrong_names_and_wrong_arithmetic_at_once(tmp_path):
    """A surgeon who corrects a file hears of everything the first time."""
    text = changed(
        (("citation", "text"), None),  # its shape
        (("items", 1, "levels", 0, "when", "in"), ["breats"]),  # an unknown primary
        ((*LEVELS, 0, "when"), {**KPS, "at_most": 60}),  # overlapping levels
        (("bands", 0, "to"), 0),  # a gap between bands
    )
    found = " ".join(faults_of(tmp_path, text))
    for what in ("'text' is missing", "'breats'", "two levels hold", "no band holds the total 1"):
        assert what in found, found


def test_a_key_in_the_wrong_place_is_told_what_may_stand_there(tmp_path):
    (fault,) = faults_of(tmp_path, changed(((*LEVELS, 0, "from"), 1)))
    assert "remove it; here may stand: points, label, when, otherwise" in fault


@pytest.mark.parametrize("content", ["", "hello", "- a"])
def test_a_file_without_a_definition(tmp_path, content):
    (fault,) = faults_of(tmp_path, content)
    assert "keys and values belong here" in fault


def test_the_id_is_the_name_of_the_file(tmp_path):
    path = write(tmp_path, GOOD, "other")
    with pytest.raises(InputError, match="differs from the file's name"):
        loading.parse(yamlfile.load(path))


def test_an_unknown_key_comes_with_the_nearest_one(tmp_path):
    (fault,) = faults_of(tmp_path, changed((("time_zeros",), "x")))
    assert "did you mean 'time_zero'?" in fault


def test_a_doubtful_value_in_two_columns_is_too_large_to_enumerate(tmp_path):
    columns = [f"survival_{m}_12mo" for m in ("pathfx", "bmets", "gstsg", "metsss", "clinician")]
    limits = [{"column": c, "between": [i / 20, i / 20]} for c in columns for i in range(20)]
    levels = [
        {"points": 0, "label": "x", "when": {"any": limits}},
        {"points": 1, "label": "y", "otherwise": True},
    ]
    found = faults_of(tmp_path, changed((LEVELS, levels)))
    assert any("patients apart; split it" in fault for fault in found)


SHAPES = {
    "points of an item": ((*LEVELS, 0, "points"), "none", "a number belongs here"),
    "unknown key in an item": (("items", 0, "weight"), 2, "unknown key 'weight'"),
    "label of a band": (("bands", 1, "label"), [], "a text belongs here"),
    "kind": (("kind",), "score", "this value isn't allowed"),
    "range": (("range", "minimum"), "low", "a number belongs here"),
    "no range": (("range",), None, "`items` and a `range`"),
    "a worked patient": (("worked_patients", 0, "total"), "x", "a number belongs here"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_wrong_shape_hides_no_wrong_arithmetic_elsewhere(shape, tmp_path):
    place, value, expected = SHAPES[shape]
    third = {
        "id": "age",
        "name": "age",
        "levels": [
            {"points": 0, "label": "old", "when": {"column": "age_years", "above": 60}},
            {"points": 0, "label": "young", "when": {"column": "age_years", "below": 60}},
        ],
    }
    data = yaml.safe_load(changed((place, value)))
    data["items"].append(third)
    found = faults_of(tmp_path, yaml.safe_dump(data, sort_keys=False))
    assert any(expected in fault for fault in found), found
    gaps = [fault for fault in found if "no level holds age_years = 60" in fault]
    assert len(gaps) == 1
    assert "items.2" in gaps[0]
    line = next(
        i for i, text in enumerate((tmp_path / "my_score.yaml").read_text().splitlines(), 1)
        if "id: age" in text
    )  # fmt: skip
    assert f"line {line}:" in gaps[0]
    assert len(found) == 2, found
