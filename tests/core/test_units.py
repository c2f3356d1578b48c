"""One month is 30.4375 days; laboratory units meet the values their limits were printed for."""

import pytest

from spinemets.units import DAYS_PER_MONTH, DAYS_PER_YEAR, factor, known_units


def test_a_month_is_exact_in_binary():
    assert DAYS_PER_MONTH == 487 / 16 == DAYS_PER_YEAR / 12
    assert [m * DAYS_PER_MONTH for m in (3, 6, 12)] == [91.3125, 182.625, 365.25]


@pytest.mark.parametrize(
    ("to_unit", "from_unit", "value", "expected"),
    [
        ("g/L", "g/dL", 3.5, 35.0),  # albumin, dossier of scores, rule 9
        ("mg/L", "mg/dL", 0.4, 4.0),  # CRP
        ("mmol/L", "mg/dL calcium", 10.3, 2.57),
        ("umol/L", "mg/dL bilirubin", 1.4, 23.94),
        ("10^9/L", "/uL", 100_000, 100.0),
        ("days", "weeks", 2, 14.0),
    ],
)
def test_the_conversions_the_scores_need(to_unit, from_unit, value, expected):
    assert value * factor(to_unit, from_unit) == pytest.approx(expected, abs=0.006)
    assert factor(from_unit, to_unit) * factor(to_unit, from_unit) == pytest.approx(1)


def test_an_unknown_unit_names_the_known_ones():
    with pytest.raises(KeyError, match="known units"):
        factor("g/L", "stone")
    assert "mg/dL calcium" in known_units("mmol/L")
    assert known_units("U/L") == ["U/L", "ukat/L"]
    assert known_units("1") == ["1"]
    assert factor("U/L", "U/L") == 1
