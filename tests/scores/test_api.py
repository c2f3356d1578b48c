"""Scores from Python, as a notebook calls them."""

import inspect
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from tests.scores.support import complete_patients, with_gaps

from spinemets import scores
from spinemets.errors import InputError
from spinemets.scores import frames, registry

WORDS = pd.DataFrame(
    {
        "patient_id": ["a", "b"],
        "Primary": ["Mammakarzinom", "nsclc"],
        "KPS": ["90", "40 %"],
        "n_extraspinal_bone_metastases": ["0", "3"],
        "n_vertebral_metastases": [1, 3],
        "visceral_metastases": ["nein", "ja"],
        "visceral_removability": [None, "Unremovable"],
        "frankel_before": ["e", "A"],
        "remarks": ["", "seen twice"],
    }
)


def test_everything_public_is_documented_and_found():
    for name in scores.__all__:
        assert name in dir(scores)
        text = inspect.getdoc(getattr(scores, name))
        assert all(part in text for part in ("Parameters", "Returns", "Raises", "Examples"))
    with pytest.raises(AttributeError, match="nothing_of_that_name"):
        _ = scores.nothing_of_that_name


def test_the_package_is_imported_without_pandas():
    code = "import sys; import spinemets.scores; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_words_numbers_and_headings_as_people_write_them():
    found = scores.score_patients(WORDS, "tokuhashi_2005")
    assert found["points"].tolist() == [15, 0]
    assert found["band"].tolist() == ["12-15", "0-8"]
    assert found["patient_id"].tolist() == ["a", "b"]


def test_the_classic_six_unless_asked():
    assert list(scores.score_patients(WORDS)["score"].unique()) == list(registry.DEFAULT)


def test_all_leaves_out_what_is_off_by_default():
    found = set(scores.score_patients(WORDS.head(1), "all")["score"])
    off = {n for n, d in registry.load_definitions().items() if d.data.off_by_default}
    assert off
    assert found == set(registry.shipped()) - off


def test_the_same_as_the_engine_on_a_table_of_the_contract():
    table = with_gaps(complete_patients(40, seed=3), 0.3, seed=3)
    ids = [*registry.DEFAULT, "rades_2013", "nesms_2015", "sins", "noms_2013", "pathfx"]
    library = registry.with_dependencies(registry.load_definitions(ids))
    expected = frames.compute(table, library, only=ids)
    pd.testing.assert_frame_equal(scores.score_patients(table, ids), expected)


def test_one_patient_or_many_is_the_same():
    table = with_gaps(complete_patients(12, seed=5), 0.3, seed=5)
    whole = scores.score_patients(table, "all")
    alone = [scores.score_patients(table.iloc[[i]], "all") for i in range(len(table))]
    keys = ["patient_id", "score", "variant"]
    joined = pd.concat(alone).sort_values(keys).reset_index(drop=True)
    pd.testing.assert_frame_equal(whole.sort_values(keys).reset_index(drop=True), joined)


def test_no_patient():
    found = scores.score_patients(WORDS.head(0), ["sins"])
    assert len(found) == 0
    assert list(found) == list(frames.SCORE_COLUMNS)


def test_variants_beside_the_published_form():
    found = scores.score_patients(WORDS, "tokuhashi_2005", variants={"tokuhashi_2005": ["all"]})
    names = registry.load_definitions(["tokuhashi_2005"])["tokuhashi_2005"].variant_names
    assert list(found["variant"].unique()) == ["", *names]


def test_a_crosswalk_is_named_and_flagged():
    table = pd.DataFrame({"primary": ["breast"], "ecog": [1], "visceral_metastases": [False]})
    without = scores.score_patients(table, "van_der_linden_2005").iloc[0]
    assert (without["low"], without["high"]) == (4, 6)
    with_it = scores.score_patients(table, "van_der_linden_2005", crosswalk="ma_2010").iloc[0]
    assert with_it["points"] == 6
    assert "known from an interval or another scale" in with_it["reason"]
    oken = scores.score_patients(table, "van_der_linden_2005", crosswalk="oken").iloc[0]
    assert (oken["low"], oken["high"]) == (5, 6)


@pytest.mark.parametrize("removability", ["missing", "unremovable", "both"])
def test_removability(removability):
    table = WORDS.assign(visceral_removability=None)
    found = scores.score_patients(table, "tokuhashi_2005", removability=removability)
    second = found[found["patient_id"] == "b"].set_index("variant")
    assert second.loc["", ["low", "high"]].tolist() == [
        0,
        0 if removability == "unremovable" else 1,
    ]
    assert set(second.index) == {
        "",
        *(("unremovable", "removable") if removability == "both" else ()),
    }


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"scores": "tokuhashi_2006"}, "did you mean 'tokuhashi_2005'"),
        ({"scores": ["tomita_2001"], "variants": {"bauer_1995": ["x"]}}, "isn't computed"),
        ({"scores": ["tomita_2001"], "variants": {"tomita_2001": ["x"]}}, "no variant 'x'"),
        ({"crosswalk": "ma_2011"}, "did you mean 'ma_2010'"),
        ({"removability": "removeable"}, "removability can't be"),
        ({"unlisted": "slow"}, "unlisted can't be"),
    ],
)
def test_wrong_calls_say_what_is_right(options, why):
    with pytest.raises(InputError, match=why):
        scores.score_patients(WORDS, **options)


def test_points_per_item_add_up():
    table = complete_patients(30, seed=8)
    ids = ["tokuhashi_2005", "bauer_1995", "sins", "rades_2013"]
    total = scores.score_patients(table, ids).set_index(["score", "patient_id"])
    points = scores.points_per_item(table, ids).groupby(["score", "patient_id"])[["low", "high"]]
    sums = points.sum().reindex(total.index)
    known = total["status"] == "determined"
    assert known.sum() > 80
    np.testing.assert_allclose(sums["low"][known], total["points"][known].astype(float))
    np.testing.assert_allclose(sums["high"][known], total["points"][known].astype(float))


def test_why_points_are_not_known():
    table = pd.DataFrame(
        {
            "primary": ["colorectal", "cervix", "lung"],
            "kps": ["45", None, "80"],
            "visceral_metastases": ["no", "no", "no"],
            "metastasis_lung": ["no", "no", "yes"],
        }
    )
    found = scores.points_per_item(table, "tokuhashi_2005").set_index(["patient_id", "item"])
    state = found["state"]
    assert state[1, "general_condition"] == "outside the contract"
    assert state[2, "general_condition"] == "missing"
    assert state[1, "primary"] == "known only approximately"
    assert state[2, "primary"] == "left open by the score"
    assert state[3, "major_organs"] == "contradictory"
    assert state[3, "primary"] == "known"


def test_explained():
    patient = {"primary": "Prostata", "visceral_metastases": False, "metastasis_lung": "ja"}
    text = scores.explain_patient(patient, "tomita_2001", variant="prostate_moderate")
    assert "doi 10.1097/00007632-200102010-00016" in text
    assert "contradiction: no visceral metastasis, but an organ with one" in text
    assert "Tomita 2001 (prostate moderate)" in text
    assert "variant: " in text


def test_explained_through_a_variant_of_another_score():
    """A variant that reads another score in a variant is explained by what it reads."""
    library = registry.load_definitions()
    reading = [(d.id, v) for d in library.values() for v in d.variant_names
               if d.with_variant(v).reads]  # fmt: skip
    assert reading
    for score, variant in reading:
        patient = {"primary": "breast", "visceral_metastases": "no", "kps": 80}
        assert variant.replace("_", " ") in scores.explain_patient(patient, score, variant=variant)


def test_a_study_s_own_score(tmp_path):
    from spinemets.scores.cli import TEMPLATE

    text = TEMPLATE.read_text(encoding="utf-8").format(id="mine", name="Mine", short="Mine")
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    found = scores.score_patients(WORDS, "mine", folders=[tmp_path])
    assert found["points"].tolist() == [3, 0]
    assert "mine" in scores.list_scores([tmp_path]).index
    assert "mine" in set(scores.coverage_matrix([tmp_path])["score"])


def test_contradictions_are_named_by_column_and_row():
    table = pd.DataFrame(
        {
            "primary": ["kidney", "breast", "ovary"],
            "hormone_dependent": ["yes", "yes", None],
            "small_cell": [None, "no", "yes"],
            "visceral_metastases": ["no", "no", "yes"],
            "metastasis_liver": ["no", "yes", "yes"],
        }
    )
    found = scores.check_patients(table).set_index("rule")["rows"].to_dict()
    assert found == {
        "contradictory, not used: hormone-dependent, but the primary is neither breast nor "
        "prostate": [0],
        "contradictory, not used: small-cell lung cancer, but the primary is not the lung": [2],
        "contradictory, not used: no visceral metastasis, but an organ with one": [1],
    }
