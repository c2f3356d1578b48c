"""This cohort beside published results."""

import pytest
from matplotlib import rc_context

from spinemets.figures import FIGURES, context, style

BOTH = ("published_survival", "published_discrimination")


@pytest.fixture
def draw(source):
    def make(name, **settings):
        with rc_context(style.RC):
            return FIGURES[name].draw(source("simulated", **settings))

    return make


@pytest.fixture(params=BOTH)
def drawing(draw, request):
    return draw(request.param)


def test_every_question_has_this_cohort_first_and_a_paper(drawing):
    for _, rows in drawing.data.groupby(["block", "subject", "horizon"], sort=False):
        assert rows["own"].tolist()[0]
        assert rows["own"].sum() == 1
        assert len(rows) > 1


def test_a_cohort_answers_a_question_once(drawing):
    theirs = drawing.data[~drawing.data["own"]]
    assert not theirs.duplicated(["block", "subject", "horizon", "cohort", "setting"]).any()


def test_values_are_those_of_the_release_and_of_the_paper(draw, source):
    drawing = draw("published_survival")
    summary = source("simulated").table("survival_summary")
    overall = summary[
        summary["stratum_set"].eq("overall") & summary["measure"].eq("median_survival_months")
    ]
    rows = drawing.data[
        drawing.data["block"].eq(context.MEDIAN) & drawing.data["subject"].eq("all")
    ]
    assert rows["estimate"].iloc[0] == overall["estimate"].iloc[0]
    assert 5.1 in rows.loc[rows["study"].eq("Bollen 2016"), "estimate"].tolist()


def test_another_time_zero_is_marked(draw):
    drawing = draw("published_survival")
    marked = drawing.data.set_index("study")["other_time_zero"]
    assert marked["Carrwik 2020"].all()  # surgery, not start of treatment
    assert any(note.startswith(context.OTHER_CLOCK) for note in drawing.footnotes)


def test_a_merged_group_is_no_peer_of_its_members(draw):
    medians = draw("published_survival").data
    medians = medians[medians["block"].eq(context.MEDIAN)]
    assert "upper_gi" not in set(medians["subject"])


@pytest.mark.parametrize("name", BOTH)
def test_a_narrow_page_has_one_column(draw, name):
    narrow, wide = draw(name, width_mm=90), draw(name)
    assert narrow.page.height > wide.page.height
    assert narrow.data.equals(wide.data)


def test_a_range_over_horizons_stands_beside_the_range_of_this_cohort(draw):
    data = draw("published_discrimination").data
    ranges = data[data["horizon"].isin(["lowest", "highest"])]
    osri = ranges[ranges["subject"].eq("osri_2013")].set_index(["own", "horizon"])["estimate"]
    assert osri[(False, "lowest")] == 0.75  # Bindels 2025
    assert osri[(True, "lowest")] <= osri[(True, "highest")]
