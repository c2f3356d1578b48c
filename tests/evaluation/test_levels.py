"""Scores that are written as text, and columns that are none."""

import numpy as np
import pandas as pd
import pytest

from spinemets.errors import ArgumentError
from spinemets.evaluation.table import evaluate

CALL = {"time": "months", "event": "died", "scores": ["worse"], "bootstrap": 0, "optimism": 0}


def test_text_levels_are_ordered_naturally_and_it_is_said(table):
    text = table.assign(band=pd.cut(table["worse"], [-99, 0, 3, 6, 99]).cat.codes.map(
        {0: "0-8", 1: "9-11", 2: "12-15", 3: "16"}))  # fmt: skip
    code = table.assign(band=pd.cut(table["worse"], [-99, 0, 3, 6, 99]).cat.codes)
    a, b = (evaluate(t, **CALL | {"scores": "band"})["performance"] for t in (text, code))
    assert a["estimate"].tolist() == b["estimate"].tolist()
    assert a["note"].str.contains("0-8 < 9-11 < 12-15 < 16", regex=False).all()


@pytest.mark.parametrize(
    "labels", [("<=8", "9-11", ">=12"), ("< 9", "9 - 11", "≥12"), ("II", "IV", "IX"), tuple("ABC")]
)
def test_limits_roman_numbers_and_letters_have_their_order(table, labels):
    place = pd.cut(table["worse"], [-99, 0, 3, 99]).cat.codes
    text = table.assign(band=place.map(dict(enumerate(labels))))
    code = table.assign(band=place)
    a, b = (evaluate(t, **CALL | {"scores": "band"})["performance"] for t in (text, code))
    assert a["estimate"].tolist() == b["estimate"].tolist()
    assert a["note"].str.contains(" < ".join(labels), regex=False).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t["worse"].round().astype(str).mask(t.index < 2, "unknown"),
         r"scores: .*words, which have no order .*rows 2, 3"),
        (lambda t: np.where(t.index % 2, "good", "poor"), "scores: .*words, which have no order"),
        (lambda t: pd.Timestamp("2020-01-01") + pd.to_timedelta(t.index, "D"), "scores: .*dates"),
        (lambda t: pd.to_timedelta(t.index, "D"), "scores: .*durations"),
    ],
)  # fmt: skip
def test_what_is_no_score_is_refused(table, change, message):
    with pytest.raises(ArgumentError, match=message):
        evaluate(table.assign(band=change), **CALL | {"scores": "band"})


def test_durations_are_no_times(table):
    with pytest.raises(ArgumentError, match=r"time: .*durations"):
        evaluate(table.assign(months=pd.to_timedelta(table["months"], "D")), **CALL)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [("overall", "a", "can't be called 'overall'"), ("g", "within", "is called 'within'")],
)
def test_groups_do_not_take_words_of_the_results(table, column, value, message):
    with pytest.raises(ArgumentError, match=f"by: .*{message}"):
        evaluate(table.assign(**{column: value}), **CALL, by=column)
