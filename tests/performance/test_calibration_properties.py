"""What must hold of calibration whatever the data; degenerate and wrong input; rows."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemets.performance._km import (
    FollowUp,
    kaplan_meier_at,
    pseudo_values,
    survival_by_group,
)
from spinemets.performance.calibration import (
    SMOOTHERS,
    band_calibration,
    calibration_curve,
    calibration_slope,
    cloglog,
    cloglog_calibration,
    d_calibration,
    grouped_calibration,
    observed_expected,
    poisson_calibration,
)
from spinemets.performance.calibration_curve import distances
from spinemets.performance.calibration_rows import (
    NEEDS_BASELINE,
    band_rows,
    calibration_rows,
    recalibration_rows,
)
from spinemets.performance.loess import loess
from spinemets.performance.recalibration import recalibrate
from spinemets.performance.risks import Risk, supplied_risk
from spinemets.performance.splines import place_knots, spline_basis

Cohort = tuple[np.ndarray, np.ndarray, np.ndarray]
LEVELS = [0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95]


@st.composite
def cohorts(draw: st.DrawFn) -> Cohort:
    n = draw(st.integers(1, 40))
    time = draw(st.lists(st.integers(0, 20), min_size=n, max_size=n))
    event = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    risk = draw(st.lists(st.sampled_from(LEVELS), min_size=n, max_size=n))
    return np.array(time, float), np.array(event), np.array(risk)


def simulate(n: int, seed: int, slope: float = 1.0, shift: float = 0.0) -> dict[str, np.ndarray]:
    """Exponential survival whose true log hazard is ``shift + slope * predictor``."""
    random = np.random.default_rng(seed)
    predictor = random.normal(-1.0, 0.7, n)
    death = random.exponential(np.exp(-(shift + slope * predictor)))
    censored = random.exponential(4.0, n)
    return {
        "time": np.minimum(death, censored),
        "event": death <= censored,
        "predictor": predictor,
        "risk": -np.expm1(-np.exp(predictor)),  # by time 1
    }


@given(cohorts(), st.integers(1, 15), st.randoms())
@settings(max_examples=60, deadline=None)
def test_order_of_rows_does_not_matter(cohort: Cohort, horizon: int, random: Any) -> None:
    rows = list(range(cohort[0].size))
    random.shuffle(rows)
    shuffled = tuple(column[rows] for column in cohort)
    for measure in (observed_expected, lambda *a: cloglog_calibration(*a)[1]):
        one, two = measure(*cohort, horizon), measure(*shuffled, horizon)
        assert one.reason == two.reason
        np.testing.assert_allclose(
            [one.value, one.std_error], [two.value, two.std_error], rtol=1e-6, atol=1e-9
        )
    for smoother in ("auto", "rcs3", "loess1"):
        one, two = (
            calibration_curve(*c, horizon, smoother=smoother, draws=20).ici
            for c in (cohort, shuffled)
        )
        assert one.defined == two.defined
        if one.defined:
            np.testing.assert_allclose(one.value, two.value, rtol=1e-6, atol=1e-9)


@given(cohorts(), st.integers(1, 15))
@settings(max_examples=60, deadline=None)
def test_nothing_raises_and_what_is_missing_has_a_reason(cohort: Cohort, horizon: int) -> None:
    time, event, risk = cohort
    found = [
        observed_expected(*cohort, horizon),
        calibration_slope(time, event, cloglog(risk)),
        *cloglog_calibration(*cohort, horizon),
        poisson_calibration(event, -np.log1p(-risk), cloglog(risk)).slope,
    ]
    for smoother in SMOOTHERS:
        curve = calibration_curve(*cohort, horizon, smoother=smoother, draws=10)
        found += [curve.ici, curve.e50, curve.e90, curve.emax]
        if curve.ici.defined:
            assert curve.ici.lower <= curve.ici.value <= curve.ici.upper
            assert curve.e50.value <= curve.e90.value <= curve.emax.value
            assert np.all(np.isfinite(curve.grid[:, :2]))
    for one in found:
        assert one.defined == (not one.reason or np.isfinite(one.value))
        assert one.defined or one.reason
    groups = grouped_calibration(*cohort, horizon, groups=3)
    assert groups.n.sum() == time.size
    for value, reason in zip(groups.observed, groups.reason, strict=True):
        assert np.isfinite(value) == (reason == "")


@given(cohorts(), st.integers(1, 15))
@settings(max_examples=60, deadline=None)
def test_survival_of_many_groups_is_that_of_each(cohort: Cohort, horizon: int) -> None:
    time, event, risk = cohort
    follow_up = FollowUp.of(time, event)
    values, place = np.unique(risk, return_inverse=True)
    together = survival_by_group(follow_up, place, values.size, horizon)
    each = [kaplan_meier_at(follow_up, horizon, place == k).value for k in range(values.size)]
    np.testing.assert_allclose(together, each, atol=1e-12)


@given(cohorts(), st.integers(1, 15))
@settings(max_examples=60, deadline=None)
def test_pseudo_values_average_to_the_risk(cohort: Cohort, horizon: int) -> None:
    follow_up = FollowUp.of(*cohort[:2])
    curve = kaplan_meier_at(follow_up, horizon)
    if not curve.reason:
        pseudo = pseudo_values(follow_up, horizon)
        assert pseudo.mean() == pytest.approx(1 - curve.value, abs=1e-12)
        if follow_up.event[follow_up.ranks.rank < follow_up.until(horizon)].all():
            assert set(np.round(pseudo, 9)) <= {0.0, 1.0}


def test_influence_is_the_derivative() -> None:
    data = simulate(60, 1)
    time = np.round(data["time"], 1)
    base = kaplan_meier_at(FollowUp.of(time, data["event"]), 1.0)
    greenwood = float(np.sqrt(np.sum(base.influence**2)))
    assert greenwood == pytest.approx(base.std_error, rel=0.1)
    # Doubling a patient moves S(t) by about the difference of weights times the derivative.
    for i in range(0, 60, 7):
        rows = np.append(np.arange(60), i)
        moved = kaplan_meier_at(FollowUp.of(time[rows], data["event"][rows]), 1.0).value
        assert moved - base.value == pytest.approx(base.influence[i], abs=5e-3)


@pytest.mark.parametrize("digits", [1, 3])
def test_a_calibrated_prediction_is_found_calibrated(digits: int) -> None:
    data = simulate(20_000, 2)
    time = np.round(data["time"], digits)
    ratio = observed_expected(time, data["event"], data["risk"], 1.0)
    assert ratio.value == pytest.approx(1, abs=0.06 if digits == 1 else 0.03)
    slope = calibration_slope(time, data["event"], data["predictor"])
    assert slope.lower < 1.02
    assert slope.upper > 0.98
    curve = calibration_curve(data["time"], data["event"], data["risk"], 1.0)
    assert curve.smoother == "rcs3"
    assert curve.ici.value < 0.01


def test_miscalibration_is_recovered() -> None:
    data = simulate(20_000, 3, slope=0.6, shift=0.3)
    call = data["time"], data["event"], data["risk"], 1.0
    intercept, slope = cloglog_calibration(*call)
    assert slope.value == pytest.approx(0.6, abs=0.05)
    assert calibration_slope(*call[:2], data["predictor"]).value == pytest.approx(0.6, abs=0.04)
    truth = -np.expm1(-np.exp(0.3 + 0.6 * data["predictor"]))
    distance = float(np.mean(np.abs(truth - data["risk"])))
    for smoother in ("rcs3", "rcs5", "loess1"):
        ici = calibration_curve(*call, smoother=smoother).ici
        assert ici.value == pytest.approx(distance, rel=0.06)
        assert abs(ici.value - distance) < 3 * ici.std_error
    assert intercept.value > 0.5
    hazard = np.exp(data["predictor"]) * data["time"]
    poisson = poisson_calibration(data["event"], hazard, data["predictor"])
    assert poisson.slope.value == pytest.approx(0.6, abs=0.04)
    assert d_calibration(np.exp(-hazard), data["event"]).p < 1e-6


def test_interval_of_the_ratio_covers() -> None:
    """1,000 replicates of n = 200: the 99 % Monte-Carlo interval of 95 % is 93.2 to 96.8 %."""
    hits = {"influence": 0, "poisson": 0}
    for seed in range(1000):
        data = simulate(200, 10_000 + seed)
        for interval in hits:
            found = observed_expected(
                data["time"], data["event"], data["risk"], 1.0, interval=interval
            )
            hits[interval] += int(found.lower <= 1.0 <= found.upper)
    assert 925 <= hits["influence"] <= 970
    assert hits["poisson"] > hits["influence"]


def test_truncated_follow_up_is_what_a_later_reversal_cannot_bend() -> None:
    data = simulate(4000, 4)
    late = np.where(data["time"] > 1.0, 1.0 + data["predictor"] - data["predictor"].min(), 0)
    time = np.where(data["time"] > 1.0, 1.0 + 1e-3 + late, data["time"])
    event = np.where(data["time"] > 1.0, True, data["event"])
    whole = calibration_curve(time, event, data["risk"], 1.0, smoother="rcs3", draws=0)
    cut = calibration_curve(time, event, data["risk"], 1.0, smoother="rcs3", truncate=True, draws=0)
    assert cut.ici.value < 0.03 < whole.ici.value
    slope = calibration_slope(time, event, data["predictor"], horizon=1.0)
    assert slope.lower < 1 < slope.upper


def test_duplicated_patients_halve_the_variance() -> None:
    data = simulate(300, 5)
    twice = {name: np.tile(column, 2) for name, column in data.items()}
    one, two = (observed_expected(d["time"], d["event"], d["risk"], 1.0) for d in (data, twice))
    assert two.value == pytest.approx(one.value, rel=1e-12)
    assert two.std_error == pytest.approx(one.std_error / np.sqrt(2), rel=1e-2)


def test_distances_are_quantiles_over_patients() -> None:
    random = np.random.default_rng(0)
    values, counts = np.sort(random.random(7)), random.integers(1, 9, 7)
    curve = random.random(7)
    gap = np.repeat(np.abs(curve - values), counts)
    found = distances(curve[np.newaxis], values, counts)[0]
    expected = [gap.mean(), np.median(gap), np.quantile(gap, 0.9), gap.max()]
    assert found == pytest.approx(expected, rel=1e-12)


def test_small_splines() -> None:
    assert place_knots([1, 2], 3).size == 0
    assert place_knots([], 3).size == 0
    assert spline_basis([1.0, 2.0], []).shape == (2, 1)
    with pytest.raises(ValueError, match=r"^count"):
        place_knots([1, 2, 3], 2)


def test_local_regression_without_enough_points() -> None:
    fitted, _ = loess([1, 1, 1, 2], [0, 1, 0, 1], span=0.5)
    assert np.isnan(fitted).any()
    assert loess([], [])[0].size == 0
    for change, name in (({"span": 0}, "span"), ({"degree": 3}, "degree")):
        with pytest.raises(ValueError, match=rf"^{name}"):
            loess([1, 2], [1, 2], **change)


@pytest.mark.parametrize(
    ("time", "event", "risk", "reason"),
    [
        ([], [], [], "no patients"),
        ([1, 2], [0, 0], [0.1, 0.2], "no events by the horizon"),
        ([0.5, 0.7], [1, 0], [0.1, 0.2], "the horizon lies beyond the follow-up"),
        ([0.5, 2.0], [1, 0], [0.0, 0.0], "all predicted risks are zero"),
    ],
)
def test_ratio_that_cannot_be(time: Any, event: Any, risk: Any, reason: str) -> None:
    found = observed_expected(time, event, risk, 1.0)
    assert not found.defined
    assert found.reason == reason


def test_risks_of_zero_and_one_have_no_log_hazard() -> None:
    data = simulate(100, 6)
    risk = np.where(data["predictor"] > 0, 1.0, np.where(data["predictor"] < -1.5, 0.0, 0.4))
    call = data["time"], data["event"], risk, 1.0
    assert "no log hazard" in calibration_slope(*call[:2], cloglog(risk)).reason
    assert "no log hazard" in cloglog_calibration(*call)[0].reason
    assert "no log hazard" in calibration_curve(*call, smoother="rcs3").reason
    assert calibration_curve(*call, smoother="levels").ici.defined
    assert calibration_curve(*call, smoother="loess1").ici.defined


def test_one_predicted_risk() -> None:
    data = simulate(50, 7)
    risk = np.full(50, 0.4)
    call = data["time"], data["event"], risk, 1.0
    assert calibration_curve(*call).reason == "one predicted risk only: no curve"
    intercept, slope = cloglog_calibration(*call)
    assert intercept.defined
    assert slope.reason == "the prediction has one value only"
    assert "one value" in calibration_slope(*call[:2], cloglog(risk)).reason
    poisson = poisson_calibration(data["event"], np.full(50, 0.5), np.zeros(50))
    assert "one value" in poisson.slope.reason


def test_perfect_separation_is_a_reason() -> None:
    time = np.arange(1.0, 21.0)
    found = calibration_slope(time, np.ones(20), -time)
    assert "no maximum" in found.reason


def test_whole_distribution_of_nobody_and_of_extremes() -> None:
    assert d_calibration([], []).reason == "no patients"
    found = d_calibration([0.0, 1.0, 0.5, 0.0], [1, 1, 0, 0])
    assert found.counts.sum() == pytest.approx(4)
    assert "below 5" in found.reason
    none = poisson_calibration([0, 0], [1.0, 0.0])
    assert none.intercept.reason == "no events"
    assert none.left_out == 1


def test_bands_keep_their_published_order() -> None:
    found = band_calibration(
        [1, 2, 3, 4], [1, 1, 0, 0], ["C", "B", "B", "X"], 2.5, {"A": 0.9, "B": 0.5, "C": 0.2}
    )
    assert found.group == ["A", "B", "C", "X"]
    assert found.n.tolist() == [0, 2, 1, 1]
    assert found.reason[0] == "no patients"
    assert np.isnan(found.predicted[3])
    assert np.isnan(found.test()[0])


def test_rows_of_a_prediction() -> None:
    data = simulate(400, 8)
    values = data["risk"].copy()
    values[:10] = np.nan
    risk = Risk(values, "published", "Somebody 2014", caveat="needs verification")
    hazard = np.exp(data["predictor"]) * data["time"]
    call = data["time"], data["event"], risk, 1.0
    rows = list(calibration_rows(*call, cumulative_hazard=hazard, horizon_label="1mo", score="s"))
    measures = [row.measure for row in rows]
    assert len(measures) == len(set(measures)) == 12
    assert {(row.horizon, row.score, row.n) for row in rows} == {("1mo", "s", 390)}
    assert all(row.estimate is not None for row in rows)
    assert all("published risk (Somebody 2014)" in row.method for row in rows)
    assert all("10 patients without a risk" in row.note for row in rows)
    by = {row.measure: row for row in rows}
    without = {row.measure: row for row in calibration_rows(*call)}
    assert without["poisson_slope"].estimate is None
    assert NEEDS_BASELINE in without["poisson_slope"].note
    assert by["calibration_slope"].method.startswith("Cox")
    assert all("all follow-up" in by[m].method for m in ("calibration_slope", "poisson_slope"))
    assert set(without) == set(measures)
    lost = Risk(np.full(400, np.nan), "published", reason="nothing published")
    gone = list(calibration_rows(data["time"], data["event"], lost, 1.0))
    assert [row.measure for row in gone] == measures
    assert all(row.estimate is None for row in gone)
    assert all(row.note.startswith("nothing published") for row in gone)
    with pytest.raises(ValueError, match=r"^risk"):
        list(calibration_rows([1, 2], [1, 0], supplied_risk([0.1]), 1.0))


def test_rows_of_bands() -> None:
    band = np.array(["A", "B"] * 3)
    rows = list(
        band_rows(
            [1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 0, 0], band, {"A": 0.5, "C": 0.2}, 3.5, score="s"
        )
    )
    found = {(row.stratum, row.measure): row for row in rows}
    assert found["A", "observed_risk"].estimate == pytest.approx(2 / 3)
    assert found["A", "risk_difference"].estimate == pytest.approx(2 / 3 - 0.5)
    assert found["B", "published_risk"].note == "no survival was published for this band"
    assert found["C", "observed_risk"].note == "no patients"
    assert {row.stratum_set for row in rows} == {"band:s"}


def test_rows_of_a_recalibration() -> None:
    data = simulate(300, 9, shift=0.5)
    updated = recalibrate(data["time"], data["event"], data["risk"], 1.0)
    rows = {row.measure: row for row in recalibration_rows(updated, horizon_label="1mo")}
    assert set(rows) == {
        "recalibrated_oe_ratio",
        "recalibrated_cloglog_intercept",
        "recalibrated_cloglog_slope",
        "recalibrated_ici",
    }
    assert rows["recalibrated_oe_ratio"].estimate == pytest.approx(1, abs=0.1)
    assert "cross-fitted" in rows["recalibrated_oe_ratio"].method
