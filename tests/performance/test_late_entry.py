"""Harrell's C of patients of whom some were observed only later than time zero."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemets.performance.discrimination import concordance, harrell_c, uno_c

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
R = json.loads((REFERENCE / "late_entry_r.json").read_text(encoding="utf-8"))
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "integer": ("s1", {}),
    "real": ("x1", {}),
    "strata": ("s1", {"strata": "stratum"}),
    "weights": ("s1", {"weights": "w"}),
    "tau": ("s1", {"tau": 365}),
}
Patients = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def synth() -> pd.DataFrame:
    """The cohort of the R script, with the same entries and weights."""
    data = pd.read_csv(REFERENCE / "synth1000.csv")
    third = (np.arange(len(data)) + 1) % 3 == 0
    entry = np.where(third, data["time"] // 3, 0)
    data["entry"] = np.where(entry >= data["time"], 0, entry)
    data["w"] = np.tile([1, 2, 1.5, 0.5, 1], 200)
    return data


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_r(case: str, synth: pd.DataFrame) -> None:
    score, options = CASES[case]
    given_ = {k: synth[v] if isinstance(v, str) else v for k, v in options.items()}
    found = harrell_c(
        synth["time"], synth["event"], synth[score],
        higher_is_worse=True, entry=synth["entry"], **given_,
    )  # fmt: skip
    assert float(found.estimate[0]) == pytest.approx(R[case]["estimate"], rel=1e-12)
    assert float(found.std_error[0]) == pytest.approx(R[case]["std_error"], rel=1e-10)
    pairs = [found.concordant[0], found.discordant[0], found.tied_score[0]]
    assert pairs == pytest.approx(R[case]["count"][:3], rel=1e-12)


def test_two_scores_share_their_patients(synth: pd.DataFrame) -> None:
    """The covariance comes from the same influence values as the single standard errors."""
    columns = synth[["s1", "x1", "s7"]]
    together = harrell_c(
        synth["time"], synth["event"], columns,
        higher_is_worse=True, entry=synth["entry"], influence=True,
    )  # fmt: skip
    for k, name in enumerate(columns):
        alone = harrell_c(
            synth["time"], synth["event"], synth[name], higher_is_worse=True, entry=synth["entry"]
        )
        assert together.estimate[k] == alone.estimate[0]
        assert together.std_error[k] == pytest.approx(float(alone.std_error[0]), rel=1e-12)
    assert together.influence is not None
    assert together.influence.shape == (len(synth), 3)
    np.testing.assert_allclose(
        together.influence.T @ together.influence, together.covariance, rtol=1e-10
    )


def _patients(seed: int, n: int) -> Patients:
    rng = np.random.default_rng(seed)
    time = rng.integers(1, 12, n).astype(float)
    entry = np.where(rng.random(n) < 0.6, np.floor(rng.random(n) * time), 0.0)
    return time, rng.random(n) < 0.7, rng.integers(0, 4, n).astype(float), entry


def _by_hand(
    patients: Patients, weights: np.ndarray, same_day: bool, half: bool
) -> tuple[float, float]:
    """Good and all comparable pairs, each pair looked at by itself."""
    time, event, score, entry = patients
    good = pairs = 0.0
    for i in np.flatnonzero(event):
        for j in range(time.size):
            longer = time[j] > time[i] or (same_day and time[j] == time[i] and not event[j])
            if j == i or not longer or not entry[j] < time[i]:
                continue
            tied = score[i] == score[j]
            worth = weights[i] * weights[j] * (1.0 if half or not tied else 0.0)
            pairs += worth
            good += worth * (0.5 if tied else float(score[i] > score[j]))
    return good, pairs


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10_000), n=st.integers(2, 25), same_day=st.booleans(), half=st.booleans()
)
def test_every_pair_by_itself_gives_the_same(seed: int, n: int, same_day: bool, half: bool) -> None:
    patients = _patients(seed, n)
    weights = np.random.default_rng(seed + 1).integers(1, 4, n).astype(float)
    time, event, score, entry = patients
    found = concordance(
        time, event, score, higher_is_worse=True, entry=entry, weights=weights, influence=True,
        censored_same_day="comparable" if same_day else "not_comparable",
        tied_scores="half" if half else "exclude",
    )  # fmt: skip
    good, pairs = _by_hand(patients, weights, same_day, half)
    if found.reason[0]:
        assert not event.any() or len(set(score)) < 2 or not pairs
        return
    assert float(found.estimate[0]) == pytest.approx(good / pairs, rel=1e-12)
    # The influence of a patient is his weight times the slope of C in it.
    assert found.influence is not None
    for i in range(min(n, 4)):
        step = np.zeros(n)
        step[i] = 1e-4
        up, down = (_by_hand(patients, weights + s, same_day, half) for s in (step, -step))
        slope = (up[0] / up[1] - down[0] / down[1]) / 2e-4
        assert float(found.influence[i, 0]) == pytest.approx(weights[i] * slope, abs=1e-6)


def test_without_late_entries_nothing_changes(synth: pd.DataFrame) -> None:
    where = (synth["time"], synth["event"], synth[["s1", "x1"]])
    plain = harrell_c(*where, higher_is_worse=True)
    for entry in (np.zeros(len(synth)), np.full(len(synth), np.nan)):
        found = harrell_c(*where, higher_is_worse=True, entry=entry)
        np.testing.assert_array_equal(found.estimate, plain.estimate)
        np.testing.assert_array_equal(found.covariance, plain.covariance)


def test_nobody_met_anybody() -> None:
    found = harrell_c([5, 9], [1, 1], [1, 2], higher_is_worse=True, entry=[0, 5])
    assert found.reason == ("no comparable pairs",)
    assert np.isnan(found.estimate[0])
    assert np.isnan(found.std_error[0])


def test_an_entry_that_rounding_alone_parts_from_the_end_is_no_observation() -> None:
    """0.1 + 0.2 isn't 0.3: the second patient was never seen, and doesn't count."""
    time, event = np.array([0.1 + 0.2, 0.3, 0.2, 0.4, 0.1]), [1, 1, 1, 0, 1]
    score, entry = np.array([1.0, 4, 3, 2, 5]), np.array([0.3, 0, 0, 0.1, 0])
    found = harrell_c(time, event, score, higher_is_worse=True, entry=entry)
    rest = slice(1, None)
    without = harrell_c(
        time[rest], event[rest], score[rest], higher_is_worse=True, entry=entry[rest]
    )
    assert entry[0] < time[0]
    assert found.estimate[0] == without.estimate[0]
    assert found.concordant[0] == without.concordant[0]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ([0, 9, 0], "entry: must lie before the patient's time"),
        ([0, -1, 0], "entry: has negative or infinite values"),
        ([0, np.inf, 0], "entry: has negative or infinite values"),
        ([0, 0], "entry"),
    ],
)
def test_a_wrong_entry_is_named(entry: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        harrell_c([5, 9, 12], [1, 1, 0], [3, 2, 1], higher_is_worse=True, entry=entry)


def test_unos_c_has_no_entry() -> None:
    with pytest.raises(ValueError, match="entry: goes with time_weight='n' only"):
        uno_c([5, 9], [1, 1], [1, 2], higher_is_worse=True, entry=[0, 2])
