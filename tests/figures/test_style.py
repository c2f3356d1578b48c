"""The parts that figures are made of."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb

from spinemets.figures import curves as km
from spinemets.figures import style
from spinemets.figures.computability import BLUE, DARKEST
from spinemets.figures.layouts import spread
from spinemets.figures.source import count, number, plain

#: Machado 2009 (doi 10.1109/TVCG.2009.113), severity 1: linear RGB as dichromats see it.
SEEN = {
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
}


def contrast(first, second):
    light, dark = sorted((style.luminance(first), style.luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colour", [style.INK, style.QUIET, style.ALERT])
def test_text_stands_out_from_the_page(colour):
    assert contrast(to_rgb(colour), (1, 1, 1)) >= 6


def test_text_stands_out_from_the_darkest_cell():
    tint = tuple(1 - DARKEST * (1 - c) for c in BLUE)
    assert contrast(to_rgb(style.INK), tint) >= 5


@pytest.mark.parametrize("kind", SEEN)
def test_colour_blind_readers_tell_neighbours_apart_by_colour_or_dash(kind):
    looks = [km.look(i) for i in range(len(style.COLOURS))]
    for (a, first), (b, second) in itertools.combinations(looks, 2):
        seen = [np.clip(np.array(SEEN[kind]) @ np.array(to_rgb(c)) ** 2.2, 0, 1) for c in (a, b)]
        assert np.linalg.norm(seen[0] - seen[1]) > 0.1 or first != second
    assert len({str(d) for _, d in looks}) == len(looks)


@given(st.dictionaries(st.integers(0, 20), st.floats(0, 60), min_size=1, max_size=8))
def test_labels_that_are_spread_do_not_overlap(wanted):
    heights = dict.fromkeys(wanted, 3.0)
    places = spread(wanted, heights, 0.0, 60.0)
    ordered = sorted(places.values())
    assert all(b - a >= 3.0 - 1e-9 for a, b in itertools.pairwise(ordered))
    assert ordered[-1] <= 58.5 + 1e-9


def test_labels_with_room_stay_where_they_belong():
    assert spread({0: 10.0, 1: 30.0}, {0: 3.0, 1: 3.0}, 0.0, 60.0) == {0: 10.0, 1: 30.0}


@given(st.text(alphabet="abc ", min_size=1, max_size=80))
def test_wrapping_keeps_every_word(text):
    lines = style.wrap(text, 12)
    assert " ".join(lines).split() == text.split()


def test_wrapped_lines_fit_and_no_break_spaces_hold():
    lines = style.wrap("Decompression and stabilisation of the spine", 25)
    assert len(lines) > 1
    assert all(style.text_width(line) <= 25 for line in lines)
    assert style.wrap("a 12\u00a0%", 3)[-1] == "12\u00a0%"


def test_few_panels_make_a_narrow_page_and_not_wide_panels():
    full = style.columns(174, 9, 15, 10, 3)
    one = style.columns(174, 1, 15, 10, 3)
    assert full[0] == 3
    assert full[2] == pytest.approx(174)
    assert one[1] == full[1]
    assert one[2] < 90


def released_rows(at_risk):
    n = len(at_risk)
    return pd.DataFrame(
        {"time_months": np.arange(n, dtype=float), "survival": np.linspace(1, 0.2, n),
         "lower": 0.1, "upper": 0.9, "at_risk": pd.array(at_risk, dtype="Int64")}
    )  # fmt: skip


def test_a_curve_stops_where_too_few_are_at_risk():
    line = km.steps(released_rows([20, 15, 6, 4, 2]), 36)
    assert line["time_months"].tolist() == [0, 1, 2, 3]
    assert line["survival"].iloc[-1] == line["survival"].iloc[-2]


def test_a_withheld_number_at_risk_ends_the_curve():
    line = km.steps(released_rows([20, 15, None, None]), 36)
    assert line["time_months"].tolist() == [0, 1, 2]


def test_late_entrants_neither_cut_a_curve_nor_make_it_start_at_one():
    rows = released_rows([0, 2, 8, 9, 6, 3]).assign(survival=[1, 0.5, 0.5, 0.4, 0.3, 0.2])
    line = km.steps(rows, 36)
    assert line["time_months"].tolist() == [2, 3, 4, 5]
    assert line["survival"].tolist() == [0.5, 0.4, 0.3, 0.3]
    whole = km.steps(rows.assign(survival=[1, 1, 0.9, 0.4, 0.3, 0.2]), 36)
    assert whole["time_months"].tolist() == [0, 2, 3, 4, 5]


def test_a_curve_ends_with_the_axis():
    assert km.steps(released_rows([20] * 10), 4.5)["time_months"].iloc[-1] == 4.5


def test_a_curve_starts_at_one_although_patients_died_on_the_first_day():
    rows = released_rows([20, 10]).assign(survival=[0.9, 0.5])
    assert km.steps(rows, 36)[["time_months", "survival"]].iloc[:2].to_numpy().tolist() == [
        [0, 1.0],
        [0, 0.9],
    ]


def test_nobody_at_risk_leaves_the_start_only():
    line = km.steps(released_rows([3, 2]), 36)
    assert line["survival"].eq(1).all()


def test_times_are_thinned_to_what_fits():
    assert km.thinned([0, 6, 12, 24, 36], 36, 40) == [0, 12, 24, 36]
    assert km.thinned([0, 6, 12, 24, 36], 36, 100) == [0, 6, 12, 24, 36]


def test_numbers_and_names_are_printed_plainly():
    assert count(None) == count(pd.NA) == count(float("nan")) == "n/s"
    assert count(12.0) == "12"
    assert number(float("nan")) == "NR"
    assert number(5.06) == "5.1"
    assert plain("no_local_treatment") == "No local treatment"
