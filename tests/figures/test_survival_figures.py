"""Figures of histology, treatment, other outcomes and eras: what they show, and what they name."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import rc_context

from spinemets.figures import (
    FIGURES,
    advised,
    crossing,
    curves,
    era_drift,
    incidence,
    medians,
    style,
)


@pytest.fixture
def drawn(source):
    """Draw a figure of a kind of release."""

    def make(name, kind="simulated"):
        with rc_context(style.RC):
            return FIGURES[name].draw(source(kind))

    return make


def words(drawing):
    return [t.get_text() for t in drawing.page.figure.texts]


def test_crossing_has_a_panel_per_histology_with_numbers_at_risk_and_deaths(drawn, source):
    drawing = drawn("histology_by_treatment")
    risk = source("simulated").table("at_risk")
    row = risk[
        risk["stratum_set"].eq("primary_group_x_treatment")
        & risk["stratum"].eq("breast / radiotherapy")
        & risk["time_months"].eq(12)
    ].iloc[0]
    assert f"{row['at_risk']} ({row['events']})" in words(drawing)
    assert "Breast" in words(drawing)
    ends = drawing.data[drawing.data["element"].eq("curve")].groupby(["panel", "stratum"]).size()
    assert len(ends) == sum(len(a.lines) for a in drawing.page.figure.axes)
    assert any(n.startswith("Not drawn: ") and "crossed groups" in n for n in drawing.footnotes)


def test_crossing_with_treatment_comes_before_others():
    summary = pd.DataFrame(
        {
            "stratum_set": [
                "overall",
                "primary_group_x_era",
                "primary_group_x_treatment",
                "sex_x_era",
            ]
        }
    )
    assert crossing._crossings(summary) == ["primary_group_x_treatment", "primary_group_x_era"]


def test_stacks_stop_where_too_few_are_at_risk(drawn, source):
    data = drawn("cumulative_incidence").data
    table = source("simulated").table("cumulative_incidence")
    for keys, rows in data.groupby(["outcome", "stratum_set", "stratum", "cause"]):
        here = table
        for column, value in zip(["outcome", "stratum_set", "stratum", "cause"], keys, strict=True):
            here = here[here[column].eq(value)]
        enough = here[here["at_risk"].ge(curves.MINIMUM_AT_RISK) & here["time_months"].le(36)]
        drawn_rows = rows[rows["at_risk"].notna()]
        kept = drawn_rows.drop_duplicates("time_months")
        assert kept["incidence"].tolist()[: len(enough)] == enough["incidence"].tolist()
        beyond = here.loc[here["at_risk"].lt(curves.MINIMUM_AT_RISK), "time_months"]
        assert rows["time_months"].max() <= min([36.0, *beyond.head(1)])


def test_incidence_and_death_never_exceed_everybody(drawn):
    data = drawn("cumulative_incidence").data
    total = data.groupby(["outcome", "stratum_set", "stratum", "time_months"])["incidence"]
    assert (total.apply(lambda v: sum(sorted(set(v))[-2:])) <= 1 + 1e-9).all()


def test_an_outcome_that_isnt_recorded_is_named(drawn):
    notes = " ".join(drawn("cumulative_incidence").footnotes)
    assert "Not recorded in this cohort: skeletal event, reoperation." in notes


def test_groups_below_the_minimum_are_named_with_the_reason():
    outcomes = pd.DataFrame(
        {
            "model": ["local_failure"] * 2, "stratum_set": ["primary_group"] * 2,
            "stratum": ["thyroid", "breast"], "measure": ["cumulative_incidence"] * 2,
            "estimate": [np.nan, 0.1], "note": ["fewer than 10 patients", ""],
        }
    )  # fmt: skip
    rows = [("overall", "all"), ("primary_group", "breast")]
    found = incidence._remarks(outcomes, ["local_failure"], rows, [], "primary_group")
    assert found == ["Not drawn, fewer than 10 patients: Thyroid."]
    # Large enough for another outcome, so room is what it lacks: named once.
    crowded = incidence._remarks(outcomes, ["local_failure"], rows, ["Thyroid"], "primary_group")
    assert crowded == ["Not drawn, no room: Thyroid."]


def test_groups_that_need_verification_say_so_in_the_footnote(drawn, source, monkeypatch):
    table = source("simulated").table
    renamed = {"primary_group": "primary_tomita_2001"}

    def changed(_, name):
        found = table(name)
        return found.replace({"stratum_set": renamed}) if "stratum_set" in found else found

    doubt = "Groups to be verified against the paper before use: primary as Tomita 2001 groups it."
    assert doubt not in drawn("medians").footnotes
    monkeypatch.setattr(type(source("simulated")), "table", changed)
    assert doubt in drawn("medians").footnotes


def test_medians_are_the_released_ones_and_the_rest_is_counted(drawn, source):
    drawing = drawn("medians")
    summary = source("simulated").table("survival_summary")
    breast = summary[summary["stratum"].eq("breast")].iloc[0]
    text = f"{breast['estimate']:.1f} ({breast['lower']:.1f}–{breast['upper']:.1f})"
    assert text in words(drawing)
    assert "inclusion" not in set(drawing.data["stratum_set"])
    assert any("fewer than 10 patients" in n for n in drawing.footnotes)


def test_a_grouping_of_one_group_is_not_repeated():
    rows = pd.DataFrame(
        {
            "stratum_set": ["overall", "primary_group", "sex", "sex"],
            "stratum": ["all", "prostate", "male", "female"],
            "estimate": 5.0, "lower": 4.0, "upper": 6.0, "n": 20, "events": 9, "note": "",
        }
    )  # fmt: skip
    assert [name for name, _ in medians._blocks(rows)] == ["overall", "sex"]


def test_groupings_without_room_are_named():
    rows = pd.DataFrame(
        {
            "stratum_set": np.repeat([f"centre_x_{i}" for i in range(4)], 40),
            "stratum": [f"group {i}" for i in range(160)],
            "estimate": 5.0, "lower": 4.0, "upper": 6.0, "n": 20, "events": 9, "note": "",
        }
    )  # fmt: skip
    sides, data, rest = medians._fill(rows, two=True)
    assert len(sides) == 2
    assert len(data) == 80
    assert rest == ["centre_x_2", "centre_x_3"]


def test_splines_show_the_patients_behind_them(drawn, source):
    drawing = drawn("spline_effects")
    rug = drawing.data[drawing.data["element"].eq("patients")]
    table = source("simulated").table("score_distribution")
    mine = table[table["form"].eq("points") & table["score"].eq("tokuhashi_2005")]
    assert rug["n"].sum() == mine["n"].sum()
    assert "bend: P = 0.030" in words(drawing)
    at_median = drawing.data[drawing.data["points"].eq(9) & drawing.data["estimate"].notna()]
    assert at_median["estimate"].tolist() == [1.0, 1.0]


def test_eras_carry_the_test_for_trend_and_scores_share_their_axis(drawn):
    drawing = drawn("era_drift")
    assert "P for trend = 0.400" in words(drawing)
    assert set(drawing.data["era"]) == {"2000-2004", "2005-2009"}
    scores = drawing.data.assign(
        measure="harrell_c", estimate=[0.5, *[0.7] * (len(drawing.data) - 1)]
    )
    low, high = era_drift._limits(scores, "harrell_c")
    assert low < 0.5 < 0.7 < high


def test_panel_of_immortal_time_is_on_one_clock(drawn, source):
    drawing = drawn("immortal_time")
    data = drawing.data
    panels = list(dict.fromkeys(data["panel"]))
    assert panels == ["surgery:naive", "surgery:landmark 1 months", "surgery:landmark 3 months",
                      "surgery:time-varying"]  # fmt: skip
    landmark = data[data["panel"].eq("surgery:landmark 3 months") & data["element"].eq("curve")]
    assert landmark["time_months"].min() == 3
    risk = data[data["panel"].eq("surgery:landmark 3 months") & data["element"].eq("at_risk")]
    assert set(risk["time_months"]) == {3, 6, 12, 24, 36}
    assert words(drawing).count("HR 0.80 (0.60–1.10)") == 2


def test_advised_and_given_are_counted_in_full(drawn, source):
    drawing = drawn("treatment_advice")
    cells = drawing.data[drawing.data["element"].eq("patients")]
    assert cells["n"].sum() == source("simulated").table("advice")["n"].sum()
    assert "NOMS 2013" in words(drawing)
    assert "associations, not effects" in drawing.caption


def test_advice_that_nobody_can_be_held_against_is_a_reason():
    table = pd.DataFrame({"score": "a", "advised": "not determined", "given": "not_recorded",
                          "n": pd.array([82], dtype="Int64")})  # fmt: skip
    told = advised._open(table)
    assert told == "in all 82 patients the band isn't determined and the treatment isn't recorded"


@pytest.mark.parametrize(
    "name",
    ["histology_by_treatment", "cumulative_incidence", "medians", "spline_effects", "era_drift"],
)
def test_a_thin_cohort_gets_the_reason_not_an_empty_page(drawn, name):
    drawing = drawn(name, "one")
    assert len(drawing.alt) > 40
    if "element" in drawing.data and drawing.data["element"].eq("reason").any():
        assert drawing.data["text"].iloc[0].endswith(".")


def test_an_empty_spline_page_gives_why_not_who_was_left_out(drawn, source, monkeypatch):
    models = source("simulated").table("models")
    one = models[models["model"].eq("spline")].head(1).assign(estimate=np.nan)
    bare = pd.concat(
        [
            one.assign(model="all", measure="left_out", note="nobody is left out"),
            one.assign(note="fewer than 20 events"),
        ]
    )
    monkeypatch.setattr(type(source("simulated")), "table", lambda self, name: bare)
    drawing = drawn("spline_effects")
    shown = " ".join(words(drawing))
    assert "No spline: fewer than 20 events." in shown
    assert "left out" not in shown


@pytest.mark.parametrize(("lower", "upper", "mark"), [(4.0, np.nan, "^"), (np.nan, 7.0, "v")])
def test_an_interval_with_one_limit_has_an_arrow_to_the_edge(lower, upper, mark):
    from matplotlib.figure import Figure as Canvas

    axes = Canvas().subplots()
    axes.set_ylim(0, 10)
    whole = {"era": "a", "estimate": 5.0, "lower": 3.0, "upper": 8.0}
    half = {"era": "b", "estimate": 5.0, "lower": lower, "upper": upper}
    era_drift._beyond(axes, pd.DataFrame([whole, half]), ["a", "b"])
    bar, arrow = axes.lines
    edge = 10 if mark == "^" else 0
    assert sorted(bar.get_ydata()) == sorted([lower if mark == "^" else upper, edge])
    assert arrow.get_marker() == mark
    assert arrow.get_ydata()[0] == edge
