"""Titles of panels stay inside their panel; differences keep their sign and third decimal."""

import dataclasses
import itertools

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg

from spinemets.figures import style
from spinemets.figures.differences import _interval
from spinemets.figures.panels import _days, _grid

TITLES = [
    "3 months: surgery or radiotherapy alone, published or supplied",
    "6 months: surgery or radiotherapy alone, published or supplied",
    "12 months: stereotactic radiotherapy dose, fitted to this cohort",
]


def test_long_titles_of_decision_curves_stand_apart_and_whole(source):
    given = source("simulated")
    settings = given.settings.model_copy(update={"width_mm": 174.0})
    given = dataclasses.replace(given, settings=settings)
    with rc_context(style.RC):
        page, _ = _grid(given, TITLES, ["a"], 174.0, [])
        FigureCanvasAgg(page.figure).draw()
    bold = [t for t in page.figure.texts if t.get_fontweight() == "bold"]
    words = " ".join(t.get_text() for t in bold)
    assert all(word in words for title in TITLES for word in title.split(" "))
    boxes = [t.get_window_extent() for t in bold]
    assert all(box.x1 <= page.figure.bbox.x1 for box in boxes)
    for a, b in itertools.combinations(boxes, 2):
        wide, high = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        assert wide <= 2 or high <= 2


def test_horizons_in_the_order_of_time():
    assert sorted(["6mo", "12mo", "90d", "3mo"], key=_days) == ["90d", "3mo", "6mo", "12mo"]


def test_limits_on_either_side_of_zero_are_told_apart():
    text = _interval({"estimate": 0.021, "lower": -0.0004, "upper": 0.043})
    assert text == "0.021 (\u22120.000 to 0.043)"
