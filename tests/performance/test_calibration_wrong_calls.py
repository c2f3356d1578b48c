"""Calibration called wrongly: the error names the argument."""

from typing import Any

import numpy as np
import pytest

from spinemets.performance.calibration import (
    band_calibration,
    calibration_curve,
    calibration_slope,
    cloglog_calibration,
    d_calibration,
    grouped_calibration,
    observed_expected,
    poisson_calibration,
)
from spinemets.performance.recalibration import recalibrate

CALL = {"time": [1, 2, 3], "event": [1, 1, 0], "risk": [0.2, 0.4, 0.6], "horizon": 1.5}


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"time": [1, -1, 2]}, "time"),
        ({"time": ["a", 1, 2]}, "time"),
        ({"event": [1, 2, 0]}, "event"),
        ({"event": [1, 0]}, "event"),
        ({"risk": [20, 40, 60]}, "risk"),
        ({"risk": [0.1, np.nan, 0.2]}, "risk"),
        ({"risk": [0.1, 0.2]}, "risk"),
        ({"horizon": -1}, "horizon"),
    ],
)
@pytest.mark.parametrize(
    "function",
    [observed_expected, cloglog_calibration, calibration_curve, grouped_calibration, recalibrate],
)
def test_a_wrong_call_names_the_argument(function: Any, change: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=rf"^{name}"):
        function(**{**CALL, **change})


@pytest.mark.parametrize(
    ("function", "change", "name"),
    [
        (observed_expected, {"interval": "x"}, "interval"),
        (calibration_curve, {"smoother": "x"}, "smoother"),
        (calibration_curve, {"draws": -1}, "draws"),
        (grouped_calibration, {"groups": 0}, "groups"),
        (recalibrate, {"method": "x"}, "method"),
        (recalibrate, {"folds": 1}, "folds"),
    ],
)
def test_a_wrong_option_names_the_argument(
    function: Any, change: dict[str, Any], name: str
) -> None:
    with pytest.raises(ValueError, match=rf"^{name}"):
        function(**CALL, **change)


def test_other_wrong_calls() -> None:
    with pytest.raises(ValueError, match=r"^linear_predictor"):
        calibration_slope([1, 2], [1, 0], [np.nan, 1])
    with pytest.raises(ValueError, match=r"^cumulative_hazard"):
        poisson_calibration([1, 0], [-1, 1])
    with pytest.raises(ValueError, match=r"^linear_predictor"):
        poisson_calibration([1, 0], [1, 1], [np.inf, 1])
    with pytest.raises(ValueError, match=r"^survival"):
        d_calibration([1.2], [1])
    with pytest.raises(ValueError, match=r"^bins"):
        d_calibration([0.2], [1], bins=1)
    for band, name in ((["a", None], "band"), (["a"], "band")):
        with pytest.raises(ValueError, match=rf"^{name}"):
            band_calibration([1, 2], [1, 0], band, 1.5, {})
    with pytest.raises(ValueError, match=r"^published"):
        band_calibration([1, 2], [1, 0], ["a", "b"], 1.5, {"a": 1.5})
