"""Figures of the survival models: hazard ratios within strata, comparison of treatments."""

import pandas as pd
from matplotlib import rc_context

from spinemets.figures import FIGURES, effects, style, treatments
from spinemets.figures.effects import Effect


def drawn(name, source):
    with rc_context(style.RC):
        return FIGURES[name].draw(source("simulated"))


def words(drawing):
    return [t.get_text() for t in drawing.page.figure.texts]


def test_stratified_ratios_stand_under_the_unstratified_with_what_the_strata_explain(source):
    drawing = drawn("hazard_ratios", source)
    data = drawing.data
    first = data[data["score"].eq("tokuhashi_2005")]
    assert first["stratum_set"].iloc[0] == "overall"
    share = first.set_index("stratum_set")["strata_share"]
    assert share["primary_group"] == 0.41
    assert "41 %" in words(drawing)
    assert pd.isna(share["overall"])
    assert "compare rows within a score" in drawing.caption


def test_immortal_time_stands_beside_the_weighted_comparison(source):
    drawing = drawn("treatment_comparison", source)
    shown = words(drawing)
    assert "naive" in shown
    assert "time-varying" in shown
    assert "Associations" in drawing.caption
    assert any("5 % chance of treatment" in n for n in drawing.footnotes)


def test_sides_are_named_in_the_order_of_the_contrast():
    rows = pd.DataFrame({"stratum_set": ["x", "x"], "contrast": ["", "estrogen against placebo"]})
    assert treatments._against(rows, "x") == "Estrogen against placebo"
    assert treatments._against(rows.head(1), "some_pair") == "Some pair"


def test_marks_lie_where_the_numbers_say_and_what_is_off_the_axis_is_cut():
    rows = [Effect("a", 0.5, 0.4, 0.6), Effect("b", 2.0, 0.001, 900.0), Effect("c", note="none")]
    page = style.Page(100, 40)
    effects.draw(page, rows, (2, 2, 90), (20, 23, 0), "ratio")
    (axes,) = page.figure.axes
    points = [line for line in axes.lines if line.get_marker() in "osD"]
    assert [float(p.get_xdata()[0]) for p in points] == [0.5, 2.0]
    low, high = axes.get_xlim()
    for line in axes.lines:
        assert min(line.get_xdata()) >= low
        assert max(line.get_xdata()) <= high
    assert "not estimated" in [t.get_text() for t in page.figure.texts]
