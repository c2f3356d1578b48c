"""Rounding and withholding of counts."""

import itertools

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.disclosure import Rule
from spinemets.disclosure.counts import complement, is_small, midpoint, protect, protect_part

STRICT = Rule(11, 6)
counts = st.lists(st.integers(0, 3000), min_size=1, max_size=30)


@given(counts, st.integers(1, 20))
def test_a_rounded_count_is_near_and_keeps_the_order(numbers, step):
    exact = pd.Series(numbers)
    rounded = midpoint(exact, step)
    assert (rounded - exact).abs().max() <= step / 2
    assert (rounded.eq(0) == exact.eq(0)).all()
    order = exact.argsort()
    assert rounded.iloc[order].is_monotonic_increasing


@given(st.integers(1, 20))
def test_rounding_is_off_by_half_a_patient_at_most_on_average(step):
    every = pd.Series(range(1, 10 * step + 1))
    assert abs((midpoint(every, step) - every).mean()) <= 0.5


def test_steps_of_one_change_nothing():
    assert midpoint(pd.Series([0, 1, 7, 12]), 1).tolist() == [0, 1, 7, 12]


@given(counts)
def test_no_small_count_is_shown_and_zero_stays(numbers):
    exact = pd.Series(numbers)
    shown = protect(exact, STRICT)
    assert not shown.between(1, 10).any()
    assert shown[exact.eq(0)].eq(0).all()
    assert shown[exact.between(1, 10)].isna().all()


def test_what_is_shown_does_not_tell_eleven_from_its_neighbours():
    """A printed nine could only be eleven or twelve: the minimum looks at the rounded count."""
    shown = protect(pd.Series([11, 12, 13]), STRICT)
    assert shown.isna().tolist() == [True, True, False]


def test_missing_counts_stay_missing():
    exact = pd.Series([None, 3, 50], dtype="Int64")
    assert protect(exact, STRICT).isna().tolist() == [True, True, False]
    assert is_small(exact, STRICT).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("part", "everyone", "shown"),
    [
        (96, False, False),
        (96, True, False),
        (100, False, True),
        (100, True, False),
        (50, True, True),
    ],
)
def test_a_part_whose_rest_is_small_is_withheld(part, everyone, shown):
    found = protect_part(pd.Series([part]), pd.Series([100]), STRICT, everyone=everyone)
    assert found.notna().item() == shown


def test_a_second_cell_goes_with_a_single_withheld_one():
    cells = pd.Series([4, 30, 200, 0])
    assert complement(protect(cells, STRICT), cells).isna().tolist() == [True, True, False, False]


def test_two_withheld_cells_protect_each_other():
    cells = pd.Series([4, 5, 200])
    assert complement(protect(cells, STRICT), cells).isna().tolist() == [True, True, False]


def test_a_withheld_cell_alone_in_its_group_stays_alone():
    cells = pd.Series([4, 0])
    assert complement(protect(cells, STRICT), cells).isna().tolist() == [True, False]


def rounded(n):
    """Midpoint of steps of six, without pandas."""
    return -(-n // 6) * 6 - 3 if n else 0


def consistent(cells, total):
    """Every list of cells that an attacker who sees the release can't rule out."""
    exact = pd.Series(cells)
    choices = []
    for cell in complement(protect(exact, STRICT), exact).tolist():
        if cell is pd.NA:
            choices.append(range(1, 80))
        else:
            choices.append(range(cell - 2, cell + 4) if cell else [0])
    return [c for c in itertools.product(*choices) if rounded(sum(c)) == rounded(total)]


@pytest.mark.parametrize("cells", [(5, 60), (1, 13, 14), (3, 25, 31), (10, 13, 13), (1, 30)])
def test_subtraction_from_the_total_leaves_many_values_of_a_small_cell(cells):
    """An attacker knows the rounded total and every shown cell, and that the rest is small."""
    possible = {c[0] for c in consistent(cells, sum(cells))}
    assert cells[0] in possible
    assert len(possible & set(range(1, 13))) >= 5
