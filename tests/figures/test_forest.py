"""The forest of a cohort in which not every score has an estimate."""

import shutil
from dataclasses import replace

import pytest
from matplotlib import rc_context

from spinemets.figures import FIGURES, Source, style
from spinemets.results import SUSPECT, RiskRow, Row, frame
from spinemets.writing import write_csv

OSRI = {"score": "osri_2013", "n": 73, "events": 61}


@pytest.fixture
def draw(source, tmp_path):
    """Draw a figure after replacing one released table."""

    def make(figure, table, rows, **settings):
        whole = source("simulated", **settings)
        shutil.copytree(whole.folder, tmp_path / "tables")
        write_csv(rows, tmp_path / "tables" / f"{table}.csv")
        with rc_context(style.RC):
            return FIGURES[figure].draw(Source(tmp_path / "tables", whole.info, whole.settings))

    return make


def words(drawing):
    return " ".join(t.get_text() for t in drawing.page.figure.texts)


def performance():
    few = "fewer than 100 events: imprecise"
    nobody = "no patient with this score"
    rows = [
        Row("harrell_c", 0.54, 0.5, 0.58, 0.02, set="classic", form="points", note=few, **OSRI),
        Row("harrell_c", 0.53, None, None, set="classic", form="band", **OSRI),
        Row("harrell_c", set="classic", score="tomita_2001", note="not in set: too few patients"),
        Row("harrell_c", 0.54, 0.5, 0.58, 0.02, set="own", form="points", note=few, **OSRI),
        Row("harrell_c", set="own", score="tomita_2001", form="points", n=0, note=nobody),
        Row("harrell_c", 0.6, 0.5, 0.7, set="other", form="points", **OSRI),
        Row("harrell_c", set="own", stratum_set="primary_group", stratum="within", form="points",
            note="one group only", score="osri_2013"),
        Row("auc", 0.6, 0.5, 0.7, set="own", horizon="6mo", form="points", **OSRI),
    ]  # fmt: skip
    return frame(rows)


def test_scores_without_an_estimate_are_named_and_have_no_line(draw):
    drawing = draw("forest_c", "performance", performance())
    assert "No estimate: Tomita 2001 (no patient with this score)." in words(drawing)
    assert words(drawing).count("Tomita 2001") == 1
    # Its line, and the remark that it has to be verified.
    assert words(drawing).count("OSRI 2013") == 2
    assert "To be verified against the paper before use" in words(drawing)
    assert "Within groups" not in words(drawing)


def test_caveats_and_reasons_stand_in_the_footnotes(draw):
    notes = draw("forest_c", "performance", performance()).footnotes
    assert "Fewer than 100 events: imprecise: OSRI 2013." in notes
    assert "Comparison set “classic” without Tomita 2001: too few patients." in notes


def test_an_interval_that_is_unknown_is_not_drawn_as_one(draw):
    drawing = draw("forest_c", "performance", performance())
    assert "0.53" in words(drawing)
    assert "nan" not in words(drawing)


def test_one_set_is_drawn_and_the_others_are_named(draw):
    drawing = draw("forest_c", "performance", performance())
    assert set(drawing.data["set"]) == {"classic", "own"}
    assert "Further sets in the table: other." in drawing.caption


def test_a_set_without_any_estimate_says_so(draw):
    rows = performance()
    rows.loc[rows["set"].eq("classic"), ["estimate", "lower", "upper", "n", "events"]] = None
    assert "Comparison set “classic”: no estimate" in draw("forest_c", "performance", rows).caption


def test_a_narrow_page_has_one_column(draw):
    drawing = draw("forest_c", "performance", performance(), width_mm=100)
    assert len(drawing.page.figure.axes) == 1
    assert set(drawing.data["set"]) == {"classic"}


def test_withheld_deaths_are_said_to_be_so(draw):
    rows = performance().assign(events=None)
    assert "deaths not shown" in draw("forest_c", "performance", rows).caption


def test_scores_without_a_band_or_a_total_are_named(draw):
    one = Row("median_survival_months", 5.0, n=20, stratum_set="band:osri_2013", stratum="1")
    whole = frame([replace(one, note="no curve here")])
    drawing = draw("kaplan_meier_bands", "survival_bands", whole)
    assert "No band is known in any patient: Tokuhashi 2005, Tomita 2001." in words(drawing)


def test_a_cohort_without_scores_says_so(draw, tmp_path):
    drawing = draw("forest_c", "performance", frame([]))
    assert "no score could be computed" in drawing.caption
    (tmp_path / "tables" / "score_notes.csv").unlink()
    rest = Source(tmp_path / "tables", {}, drawing_settings())
    assert rest.score("new_score_2020", "a_variant") == "New score 2020, a variant"
    assert rest.label == "cohort"


def drawing_settings():
    from spinemets.settings import FigureSettings

    return FigureSettings()


@pytest.mark.parametrize(
    ("figure", "table", "reason"),
    [
        ("score_distribution", "score_distribution", "No total is known in any patient."),
        ("computability", "computability", "No score was computed."),
        ("kaplan_meier_bands", "survival_bands", "No score has a band in this cohort."),
        ("kaplan_meier_primary", "survival_summary", "No patients in this grouping."),
    ],
)
def test_nothing_to_show_is_a_panel_with_the_reason(draw, source, figure, table, reason):
    nothing = source("simulated").table(table).head(0)
    drawing = draw(figure, table, nothing)
    assert drawing.data["text"].tolist() == [reason]
    assert reason in words(drawing)


def suspect_rows():
    """Two scores; the cohort contradicts the direction of Tomita's."""
    why = f"{SUSPECT}: the 99.9 % interval of Harrell's C lies below one half"
    rows = []
    for score, at, note in (("osri_2013", 0.62, ""), ("tomita_2001", 0.35, why)):
        where = {"score": score, "form": "points", "n": 300, "events": 250, "set": "own"}
        rows.append(Row("harrell_c", at, at - 0.04, at + 0.04, note=note, **where))
        rows.append(
            Row("harrell_c", at, at - 0.05, at + 0.05, stratum_set="primary_group",
                stratum="within", **where)
        )  # fmt: skip
        rows.append(Row("auc", at, at - 0.05, at + 0.05, horizon="12mo", note=note, **where))
    return frame(rows)


@pytest.mark.parametrize("figure", ["forest_c", "published_discrimination"])
def test_a_score_of_doubtful_direction_is_withheld_with_the_reason_in_its_place(draw, figure):
    drawing = draw(figure, "performance", suspect_rows())
    assert "Withheld: Tomita 2001." in words(drawing)
    assert "0.35" not in words(drawing) + drawing.alt
    assert "0.62" in words(drawing) or figure != "forest_c"
    if figure == "forest_c":
        assert "withheld" in words(drawing)
        assert words(drawing).count("OSRI 2013") >= 1
        tomita = drawing.data[drawing.data["score"].eq("tomita_2001")]
        assert tomita["estimate"].isna().all()
        assert tomita["note"].eq(SUSPECT).all()
    else:
        assert not drawing.data["subject"].eq("tomita_2001").any()


def test_the_ranking_says_which_score_is_not_ranked(draw):
    rows = [
        RiskRow("rank_harrell_c", at, 1.0, 2.0, set="pair", score=score, form="points", n=300,
                events=250)
        for score, at in (("osri_2013", 1.2), ("katagiri_2014", 1.8))
    ]  # fmt: skip
    rows.append(
        RiskRow("rank_harrell_c", set="pair", score="tomita_2001", form="points", n=300,
                events=250, note=f"not ranked: {SUSPECT}: check the direction")
    )  # fmt: skip
    drawing = draw("ranking", "rankings", frame(rows, RiskRow))
    assert "Withheld: Tomita 2001." in words(drawing)
    assert not drawing.data["score"].eq("tomita_2001").any()


def test_many_scores_leave_out_groupings_before_scores(draw):
    rows = [
        Row("harrell_c", 0.6, 0.55, 0.65, set="own", score=f"score_{i}", form="points", n=300,
            events=250, stratum_set=grouping, stratum=stratum)
        for i in range(32)
        for grouping, stratum in (("overall", "all"), ("primary_group", "within"))
    ]  # fmt: skip
    drawing = draw("forest_c", "performance", frame(rows))
    assert drawing.page.height <= 234
    assert set(drawing.data["block"]) == {"All patients"}
    (told,) = [n for n in drawing.footnotes if n.startswith("Not drawn, no room")]
    assert "Within groups: primary histology; " in told
    assert told.endswith("Score 31.")
