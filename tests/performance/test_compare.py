"""Differences between scores, Holm, simultaneous limits, and rankings."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from spinemets.performance.compare import differences, holm, ranking

REFERENCE = Path(__file__).resolve().parents[1] / "reference"


def twelve() -> tuple[np.ndarray, np.ndarray]:
    expected = json.loads((REFERENCE / "discrimination_synth1000.json").read_text())
    scores = expected["synth1000_12"]
    return np.array(scores["C"]), np.array(scores["cov"])


def test_a_difference_as_in_r() -> None:
    reference = json.loads((REFERENCE / "discrimination_synth1000.json").read_text())
    expected = reference["synth1000"]["paired"]
    result = differences(expected["C"], expected["cov"])
    assert (result.first[0], result.second[0]) == (0, 1)
    assert result.difference[0] == pytest.approx(expected["diff_sA_sB"], rel=1e-8)
    assert result.std_error[0] == pytest.approx(expected["se"], rel=1e-8)
    assert result.z[0] == pytest.approx(expected["z"], rel=1e-8)
    assert result.p[0] == pytest.approx(2 * stats.norm.sf(abs(expected["z"])), rel=1e-12)


def test_holm_as_p_adjust_does() -> None:
    adjusted = holm([0.01, np.nan, 0.04, 0.03, 0.005])
    np.testing.assert_allclose(adjusted, [0.03, np.nan, 0.06, 0.06, 0.02])
    assert holm([]).size == 0
    with pytest.raises(ValueError, match="p"):
        holm([1.5])


def test_simultaneous_limits_against_independent_normals() -> None:
    """Comparisons with a reference of no variance are independent: their quantile is known."""
    matrix = np.diag([0.0, 1.0, 4.0, 9.0])
    result = differences([0, 0, 3, -7.5], matrix, reference=0)
    known = stats.norm.ppf(0.5 + 0.5 * 0.95 ** (1 / 3))
    assert result.critical == pytest.approx(known, abs=0.02)
    np.testing.assert_array_equal(result.second, [0, 0, 0])
    expected = 1 - (1 - result.p) ** 3
    np.testing.assert_allclose(result.p_simultaneous[1:], expected[1:], rtol=0.05)


def test_simultaneous_limits_against_monte_carlo() -> None:
    estimate, covariance = twelve()
    result = differences(estimate, covariance)
    rng = np.random.default_rng(1)
    draws = rng.multivariate_normal(np.zeros(12), covariance, 100_000, method="eigh")
    gaps = np.abs(draws[:, result.first] - draws[:, result.second]) / result.std_error
    assert result.critical == pytest.approx(np.quantile(gaps.max(axis=1), 0.95), abs=0.03)
    wider = result.upper_simultaneous - result.lower_simultaneous
    assert np.all(wider > result.upper - result.lower)
    assert np.all(result.p_simultaneous >= result.p)
    assert np.all(result.p_holm >= result.p)


def test_one_comparison_needs_no_adjustment() -> None:
    result = differences([0.7, 0.65], [[4e-4, 2e-4], [2e-4, 4e-4]])
    assert result.critical == pytest.approx(1.96, abs=0.01)
    assert result.p_holm[0] == result.p[0]
    assert result.p_simultaneous[0] == pytest.approx(result.p[0], rel=0.1)


def test_what_cannot_be_compared_says_why() -> None:
    matrix = np.array([[4e-4, 4e-4, np.nan], [4e-4, 4e-4, np.nan], [np.nan] * 3])
    result = differences([0.7, 0.7, np.nan], matrix)
    assert result.reason == (
        "the two scores don't differ in any patient that counts",
        "one of the two scores has no estimate",
        "one of the two scores has no estimate",
    )
    assert np.isnan(result.critical)
    assert np.all(np.isnan(result.p_holm))
    empty = differences([0.7], [[1e-4]])
    assert empty.difference.size == 0


@pytest.mark.parametrize(
    ("argument", "call"),
    [
        ("covariance", {"covariance": np.eye(3)}),
        ("reference", {"reference": 2}),
        ("level", {"level": 95}),
    ],
)
def test_a_wrong_call_names_the_argument(argument: str, call: dict[str, object]) -> None:
    arguments = {"estimate": [0.5, 0.6], "covariance": np.eye(2), **call}
    with pytest.raises(ValueError, match=argument):
        differences(**arguments)  # type: ignore[arg-type]


def test_ranks_of_replicates() -> None:
    samples = [[0.7, 0.6, 0.5], [0.6, 0.7, 0.5], [0.7, 0.7, 0.5], [0.7, 0.6, np.nan]]
    result = ranking(samples, top=2)
    assert result.replicates == 3
    np.testing.assert_allclose(result.p_best, [0.5, 0.5, 0])
    np.testing.assert_allclose(result.p_top, [1, 1, 0])
    np.testing.assert_array_equal(result.lower, [1, 1, 3])
    np.testing.assert_array_equal(result.upper, [2, 2, 3])
    np.testing.assert_allclose(result.mean, [1.5, 1.5, 3])
    upside_down = ranking(samples, higher_is_better=False, top=1)
    np.testing.assert_allclose(upside_down.p_best, [0, 0, 1])


def test_all_scores_tied_share_every_place() -> None:
    result = ranking(np.full((10, 4), 0.5), top=3)
    np.testing.assert_allclose(result.p_best, 0.25)
    np.testing.assert_allclose(result.p_top, 0.75)
    np.testing.assert_array_equal(result.lower, 1)
    np.testing.assert_array_equal(result.upper, 4)


def test_no_complete_sample_is_a_reason() -> None:
    result = ranking([[np.nan, 0.5]])
    assert result.reason == "no sample in which every score has a value"
    assert np.all(np.isnan(result.p_best))
    for wrong in ({"top": 0}, {"level": 0.0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            ranking([[0.1, 0.2]], **wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="replicates"):
        ranking([0.1, 0.2])
