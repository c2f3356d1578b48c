"""Optimism of fitted risks, against plain loops and against what must be true of noise."""

import numpy as np
import pytest
from lifelines import KaplanMeierFitter

from spinemets.performance._km import FollowUp
from spinemets.performance.fitted_risks import fit_levels, fit_risk
from spinemets.performance.risk_optimism import risk_optimism

HORIZON = 100.0


def sample(n: int, levels: int, effect: float, seed: int) -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(seed)
    score = random.integers(0, levels, n).astype(float)
    death = np.ceil(random.exponential(150 * np.exp(-effect * score)))
    end = np.ceil(random.uniform(60, 400, n))
    return np.minimum(death, end), death <= end, score


def survival(time: np.ndarray, event: np.ndarray, at: float) -> float:
    return float(KaplanMeierFitter().fit(time, event).predict(at))


def plain(time, event, score, rows) -> dict[str, float]:
    """The same by loops over patients, with lifelines' curves."""
    n = time.size
    # Deaths of a day come before its censorings.
    late = time + np.where(event, 0.0, 0.25)
    staying = {t: survival(late, ~event, t - 0.5) for t in np.unique(time)}
    beyond = survival(late, ~event, HORIZON + 0.5)
    case = np.array([1 / staying[t] if t <= HORIZON and d else 0.0
                     for t, d in zip(time, event, strict=True)])  # fmt: skip
    control = np.where(time > HORIZON, 1 / beyond, 0.0)

    def fit(use) -> np.ndarray:
        rate = {v: 1 - survival(time[use][score[use] == v], event[use][score[use] == v], HORIZON)
                for v in np.unique(score)}  # fmt: skip
        return np.array([rate[v] for v in score])

    def loss(risk) -> np.ndarray:
        return case * (1 - risk) ** 2 + control * risk**2

    here = fit(np.arange(n))
    apparent = loss(here).mean()
    gaps, without = [], [[] for _ in range(n)]
    for drawn in rows:
        found = loss(fit(drawn))
        gaps.append(found.mean() - found[drawn].mean())
        for i in set(range(n)) - set(drawn.tolist()):
            without[i].append(found[i])
    outside = np.mean([np.mean(part) for part in without if part])
    unrelated = np.mean([loss(np.full(n, r)).mean() for r in here])
    rate = np.clip((min(outside, unrelated) - apparent) / (unrelated - apparent), 0, 1)
    weight = 0.632 / (1 - 0.368 * rate)
    plus = (1 - weight) * apparent + weight * min(outside, unrelated)
    return {"apparent": apparent, "optimism": np.mean(gaps), "out_of_bag": outside,
            "no_information": unrelated, "overfitting": rate, "e632_plus": plus,
            "corrected": apparent + np.mean(gaps),
            "e632": 0.368 * apparent + 0.632 * outside}  # fmt: skip


def test_every_part_agrees_with_plain_loops():
    time, event, score = sample(240, 4, 0.3, 3)
    rows = np.random.default_rng(4).integers(0, 240, (15, 240))
    found = risk_optimism(time, event, score, [HORIZON], indices=rows)[0]
    for name, expected in plain(time, event, score, rows).items():
        assert getattr(found, name) == pytest.approx(expected, rel=1e-9), name
    assert (found.resamples, found.failed, found.n) == (15, 0, 240)


def test_noise_is_found_out():
    time, event, score = sample(400, 16, 0.0, 5)
    found = risk_optimism(time, event, score, [HORIZON], resamples=60)[0]
    assert found.ipa(found.apparent) > 0.02
    assert found.ipa(found.corrected) < 0.5 * found.ipa(found.apparent)
    assert found.ipa(found.cross_validated) < 0
    assert found.e632_plus >= found.e632 > found.apparent


def test_a_strong_score_in_many_patients_loses_little():
    time, event, score = sample(3000, 4, 0.6, 6)
    found = risk_optimism(time, event, score, [HORIZON], resamples=20)[0]
    assert 0 < found.optimism < 0.01 * found.apparent
    assert found.cross_validated == pytest.approx(found.corrected, rel=0.01)


def test_the_order_of_rows_does_not_matter_and_curves_by_spline_are_fitted_too():
    time, event, score = sample(150, 8, 0.2, 7)
    score = score + np.linspace(0, 0.5, 150)
    order = np.random.default_rng(8).permutation(150)
    a, b = (
        risk_optimism(*(x[i] for x in (time, event, score)), [HORIZON], model="cox", resamples=8)[0]
        for i in (np.arange(150), order)
    )
    assert a.corrected == pytest.approx(b.corrected, rel=1e-9)
    assert a.e632_plus == pytest.approx(b.e632_plus, rel=1e-9)


def test_what_cannot_be_fitted_is_said_and_wrong_calls_name_the_argument():
    time, event, score = sample(60, 3, 0.2, 9)
    gone = risk_optimism(time, event, score, [5000.0], resamples=3)[0]
    assert np.isnan(gone.apparent)
    assert gone.reason
    for change, word in (
        ({"score": score[:5]}, "score"), ({"model": "tree"}, "model"),
        ({"resamples": 0}, "resamples"), ({"indices": [[99] * 60]}, "indices"),
    ):  # fmt: skip
        call = {"score": score} | change
        with pytest.raises(ValueError, match=f"^{word}"):
            risk_optimism(time, event, call.pop("score"), [HORIZON], **call)


def test_levels_that_nobody_in_a_resample_has_change_nothing() -> None:
    """Risks fitted to levels numbered for everybody are those fitted to the drawn values alone."""
    rng = np.random.default_rng(11)
    score = rng.integers(0, 12, 90).astype(float)
    follow_up = FollowUp.of(np.ceil(rng.exponential(100, 90)), rng.random(90) < 0.7)
    levels, level = np.unique(score, return_inverse=True)
    drawn = np.flatnonzero((score != 3) & (score != 11))
    train = follow_up.take(drawn)
    together, reason = fit_levels(train, level[drawn], levels, levels, 60.0)
    alone, _ = fit_risk(train, score[drawn], levels, 60.0, "kaplan_meier")
    assert reason == ""
    np.testing.assert_array_equal(together, alone)
    assert np.unique(together).size > 2
