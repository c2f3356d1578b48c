"""Doses land on the printed values; schemes are named."""

import numpy as np
import pytest

from spinemets.scores.dose import bed, eqd2, eqd2_cord, scheme_names, schemes

PRINTED = [
    pytest.param(scheme, key, value, id=f"{scheme.id}-{key}")
    for scheme in schemes().values()
    for key, value in scheme.published.items()
]


@pytest.mark.parametrize(("scheme", "key", "value"), PRINTED)
def test_printed_values(scheme, key, value):
    computed = {
        "total": scheme.n * scheme.d,
        "bed10": bed(scheme.n, scheme.d),
        "eqd2_10": eqd2(scheme.n, scheme.d),
        "eqd2_2": eqd2(scheme.n, scheme.d, 2.0),
    }[key]
    assert computed == pytest.approx(value, abs=0.0501)


def test_the_schemes_of_the_issue_are_named():
    assert {"1x8", "5x4", "6x4", "10x3", "15x2.5", "20x2", "1x16", "1x24", "2x12", "3x9"} <= set(
        schemes()
    )
    for name, scheme in schemes().items():
        assert name == f"{scheme.n}x{scheme.d:g}"


def test_two_gray_fractions_are_their_own_equivalent():
    assert eqd2(20, 2) == 40
    assert eqd2(20, 2, 2.0) == 40
    assert bed(20, 2) == 48


def test_arrays_and_missing():
    n, d = np.array([5.0, np.nan, 1.0]), np.array([4.0, 3.0, 24.0])
    np.testing.assert_allclose(bed(n, d), [28.0, np.nan, 81.6])
    np.testing.assert_allclose(eqd2_cord(n, d), [30.0, np.nan, np.nan])
    assert scheme_names(n, d).tolist() == ["5x4", None, "1x24"]


def test_a_scheme_without_a_name():
    assert scheme_names(np.array([4.0]), np.array([5.0])).tolist() == ["other"]
    assert scheme_names(np.array([18.0]), np.array([2.333])).tolist() == ["18x2.333"]
