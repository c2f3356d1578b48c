"""What is known is given, also where no interval can be; weak weights are said."""

import numpy as np
import pytest

from spinemets.performance.calibration import observed_expected
from spinemets.performance.case_mix import split_difference
from spinemets.performance.competing_calibration import observed_over_expected


def test_everybody_had_the_event() -> None:
    observed, predicted, ratio = observed_over_expected([1, 2, 3], [1, 1, 1], [0.5] * 3, 5)
    assert (observed.value, predicted.value, ratio.value) == (1, 0.5, 2)
    assert np.isnan(ratio.lower)
    assert "no interval" in ratio.reason
    assert predicted.method == "mean"


def test_nobody_left_at_risk_with_two_causes() -> None:
    observed, _, ratio = observed_over_expected([1, 2, 3, 4], [1, 2, 0, 1], [0.5] * 4, 5)
    assert observed.value == pytest.approx(0.25 + 0.5)
    assert ratio.value == pytest.approx(1.5)


@pytest.mark.parametrize("horizon", [3, 5.5, 6])
def test_incidence_is_known_after_the_last_event_of_interest(horizon: float) -> None:
    """Numbers of R's ``survfit(Surv(time, factor(cause)) ~ 1)``."""
    time, cause = [1, 2, 3, 4, 5, 6, 6, 6], [1, 2, 1, 0, 2, 0, 0, 0]
    observed, _, ratio = observed_over_expected(time, cause, [0.2] * 8, horizon)
    assert observed.value == pytest.approx(0.25)
    assert observed.std_error == pytest.approx(0.153093108924)
    assert ratio.value == pytest.approx(1.25)
    assert ratio.lower < 1.25 < ratio.upper


def test_no_event_of_interest_is_an_incidence_of_zero() -> None:
    observed, predicted, ratio = observed_over_expected([1, 2, 9], [2, 0, 0], [0.2] * 3, 5)
    assert (observed.value, ratio.value) == (0, 0)
    assert predicted.value == pytest.approx(0.2)


def test_follow_up_that_ends_before_leaves_the_incidence_open_and_the_mean_known() -> None:
    observed, predicted, ratio = observed_over_expected([1, 2, 3], [1, 0, 0], [0.2] * 3, 5)
    assert np.isnan(observed.value)
    assert np.isnan(ratio.value)
    assert predicted.value == pytest.approx(0.2)


@pytest.mark.parametrize(("spread", "weak"), [(1.0, True), (2.0, False)])
def test_extreme_weights_are_said(spread: float, weak: bool) -> None:
    random = np.random.default_rng(3)

    def cohort(sd: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        lp = random.normal(0, sd, 2000)
        return random.exponential(np.exp(-lp)), np.full(2000, True), lp

    found = split_difference(cohort(2.0), cohort(spread), resamples=0)
    assert ("rests on few" in found.case_mix.reason) is weak


def test_where_everybody_died_observed_over_expected_has_no_interval_of_width_zero() -> None:
    time, event, risk = [1.0, 2.0, 3.0, 3.5, 4.0], [1] * 5, [0.3, 0.4, 0.5, 0.4, 0.4]
    for interval in ("influence", "greenwood"):
        found = observed_expected(time, event, risk, 5.0, interval=interval)
        assert found.value == pytest.approx(2.5)
        assert np.isnan([found.lower, found.upper, found.std_error]).all()
        assert "everybody had died" in found.reason
    poisson = observed_expected(time, event, risk, 5.0, interval="poisson")
    assert (poisson.lower, poisson.upper) == pytest.approx((1.0405, 6.0064), abs=1e-3)
