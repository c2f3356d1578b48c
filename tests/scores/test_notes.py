"""Facts, phrases and explanations that go with the numbers."""

import pytest

from spinemets.scores import notes, registry, show, single
from spinemets.scores.schema import Condition, Survival

LIBRARY = registry.load_definitions()


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        ({"measure": "median_months", "value": 4.8}, "median 4.8 months (x)"),
        (
            {"measure": "median_months", "value": 31.2, "lower": 25.2, "upper": 37.3},
            "median 31.2 (25.2 to 37.3) months (x)",
        ),
        ({"measure": "median_months", "value": None}, "median not reached (x)"),
        ({"measure": "median_weeks", "value": 62}, "median 62 weeks (x)"),
        ({"measure": "median_days", "value": 71}, "median 71 days (x)"),
        ({"measure": "mean_months", "value": 5}, "mean 5 months (x)"),
        ({"measure": "survival", "value": 0.04, "horizon_months": 24},
         "survival 4 % at 24 months (x)"),
        ({"measure": "mortality", "value": 0.018, "horizon_days": 30},
         "mortality 1.8 % at 30 days (x)"),
        ({"measure": "ambulatory", "value": 0.357}, "ambulatory 35.7 % (x)"),
        (
            {"measure": "local_control", "value": 0.46, "horizon_months": 6},
            "local progression-free 46 % at 6 months (x)",
        ),
        ({"measure": "predicted_below_months", "value": 6},
         "predicted survival below 6 months (x)"),
        (
            {"measure": "predicted_at_least_months", "value": 12},
            "predicted survival of 12 months or more (x)",
        ),
    ],
)  # fmt: skip
def test_published_figures_as_phrases(fact, text):
    assert notes.survival_text(Survival.model_validate({**fact, "source": "x"})) == text


def test_notes_of_every_score():
    table = notes.notes(LIBRARY, list(LIBRARY), "demo", None)
    assert set(table["score"]) == set(LIBRARY)
    assert (table["text"] != "").all()
    assert set(table["confidence"]) <= {"read", "memory", "unsure", "derived"}
    marked = set(table[table["fact"] == "needs_verification"]["score"])
    assert marked == {name for name, d in LIBRARY.items() if d.needs_verification}


@pytest.mark.parametrize("score", sorted(LIBRARY))
def test_bands_stand_best_first(score):
    table = notes.notes(LIBRARY, [score], "demo", None)
    bands = table[table["fact"] == "band"]["key"].tolist()
    given = [b.id for b in LIBRARY[score].bands]
    assert bands == (given if LIBRARY[score].direction < 0 else given[::-1])


def test_footnotes_say_what_needs_verification():
    (first, *_) = LIBRARY["tomita_2001"].footnotes()
    assert first == (
        "Tomita 2001 needs verification against the paper before use: growth of the primary tumour."
    )
    assert not any("needs verification" in t for t in LIBRARY["tokuhashi_2005"].footnotes())
    assert any("survival from memory" in t for t in LIBRARY["bauer_modified_2008"].footnotes())


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        ({"column": "kps", "between": [10, 40]}, "kps 10 to 40"),
        ({"column": "kps", "between": [70, 70]}, "kps 70"),
        ({"column": "kps", "above": 7, "at_most": 14}, "kps > 7 and <= 14"),
        ({"column": "albumin_g_per_l", "below": 3.5, "unit": "g/dL"}, "albumin_g_per_l < 3.5 g/dL"),
        ({"column": "smoker", "is": True}, "smoker yes"),
        ({"column": "smoker", "is": False}, "smoker no"),
        (
            {"column": "primary", "in": ["lung"], "maybe": ["ovary"]},
            "primary in [lung; perhaps ovary]",
        ),
        ({"score": "sins", "at_least": 6}, "sins total >= 6"),
        ({"score": "sins", "item": "pain", "at_least": 1}, "sins pain >= 1"),
        ({"score": "escc", "in": ["low"]}, "escc total in [low]"),
        ({"not": {"concept": "major_organ"}}, "not major organ"),
        ({"recorded": {"concept": "solitary"}}, "recorded solitary"),
        (
            {"any": [{"concept": "solitary"}, {"column": "smoker", "is": True}]},
            "(solitary or smoker yes)",
        ),
        ({"all": [{"concept": "solitary"}, {"concept": "visceral"}]}, "(solitary and visceral)"),
    ],
)
def test_conditions_in_words(condition, text):
    assert show.condition_text(Condition.model_validate(condition)) == text


class TestExplanation:
    """One patient: points, total, band, expectation, caveats."""

    def explain(self, score, **patient):
        return single.explain(LIBRARY[score], LIBRARY, patient)

    def test_everything_is_there(self):
        text = self.explain("bauer_modified_2008", primary="kidney", visceral_metastases=False,
                            solitary_skeletal_metastasis=True)  # fmt: skip
        assert "Modified Bauer 2008: 4 of 0-4 points, band 3-4" in text
        assert "status: determined" in text
        assert "median 28.4 months (Leithner 2008) [memory]" in text
        assert "advice printed in the paper: middle-term local control" in text
        assert "caveat: the medians of the bands are from memory" in text

    def test_a_caveat_appears_only_when_it_applies(self):
        patient = {"visceral_metastases": False, "solitary_skeletal_metastasis": True}
        lung = self.explain("bauer_modified_2008", primary="lung", **patient)
        kidney = self.explain("bauer_modified_2008", primary="kidney", **patient)
        assert "a lung primary can reach 2 points at most" in lung
        assert "a lung primary can reach 2 points at most" not in kidney

    def test_figures_of_a_single_total(self):
        none = {"heart_failure": False, "dependent": False, "albumin_g_per_l": 40,
                "inr_elevated": False, "leucocytosis": False, "smoker": False}  # fmt: skip
        assert "published: mortality 1.8 % at 30 days" in self.explain("h2_fails", **none)
        assert "published:" not in self.explain("h2_fails", **{**none, "smoker": True})

    def test_not_applicable(self):
        text = self.explain("rades_kidney", primary="lung")
        assert "Rades kidney: not applicable" in text
        assert "for kidney cancer only" in text

    def test_not_listed_and_computed(self):
        assert "not listed by the score" in self.explain("tomita_2001", primary="urothelial")
        assert "computed" in self.explain("frankel_change", frankel_before="C", frankel_after="D")

    def test_a_note_of_the_band(self):
        absent = (
            "chronic_lung_disease",
            "coagulopathy",
            "electrolyte_abnormality",
            "pulmonary_circulation_disorder",
            "renal_failure",
            "malnutrition",
            "urgent_admission",
        )
        text = self.explain(
            "mstfi_2016", **dict.fromkeys(absent, False), anaemia=True, approach="dorsal"
        )
        assert "note: major complication OR 1.88" in text


def test_what_is_left_over_has_no_name_beside_a_level_of_the_same_points():
    """Lung cancer, targeted drug not recorded: rapid or moderate, not "others"."""
    text = single.explain(LIBRARY["katagiri_2014"], LIBRARY, {"primary": "lung"})
    line = next(line for line in text.splitlines() if line.strip().startswith("primary tumour"))
    assert line.endswith("rapid or moderate")
