"""One of several causes: AUC(t), Brier(t) and concordance against riskRegression and pec."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spinemets.performance.competing import (
    auc_t_competing,
    brier_t_competing,
    cause_specific_c,
    wolbers_c,
)
from spinemets.performance.discrimination import auc_t, harrell_c

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
CLOSE = {"rtol": 1e-8, "atol": 1e-14}


def check(data: pd.DataFrame, score: str, risks: np.ndarray, expected: dict[str, Any]) -> None:
    horizons = expected["horizons"]
    count = len(horizons)
    follow_up = data["time"], data["cause"]
    brier = brier_t_competing(*follow_up, risks, horizons)
    scores = np.concatenate([brier.null, brier.estimate[:, 0]])
    np.testing.assert_allclose(scores, expected["brier"]["Brier"], **CLOSE)
    errors = np.concatenate([brier.null_std_error, brier.std_error[:, 0]])
    np.testing.assert_allclose(errors, expected["brier"]["se"], **CLOSE)
    np.testing.assert_allclose(brier.ipa[:, 0], expected["brier"]["IPA"][count:], **CLOSE)
    for h, horizon in enumerate(horizons):
        both = np.column_stack([risks[:, h], data[score]])
        area = auc_t_competing(*follow_up, both, [horizon], higher_is_worse=True)
        places = [h, count + h]
        np.testing.assert_allclose(
            area.estimate[0], np.array(expected["auc"]["AUC"])[places], **CLOSE
        )
        np.testing.assert_allclose(
            area.std_error[0], np.array(expected["auc"]["se"])[places], **CLOSE
        )
        c = area.covariance[0]
        error = np.sqrt(c[0, 0] + c[1, 1] - 2 * c[0, 1])
        np.testing.assert_allclose(error, expected["auc_delta"]["se"][h], **CLOSE)
        wolbers = wolbers_c(*follow_up, risks[:, h], horizon, higher_is_worse=True)
        np.testing.assert_allclose(wolbers.estimate[0], expected["wolbers_cindex_pec"][h], **CLOSE)


def test_as_in_r() -> None:
    data = pd.read_csv(REFERENCE / "discrimination_synth1000.csv")
    expected = json.loads((REFERENCE / "discrimination_synth1000.json").read_text())["competing"]
    risks = data[[f"cause_specific_risk_{h}" for h in (1, 2, 3)]].to_numpy()
    check(data, "s7", risks, expected)


@pytest.mark.shared
def test_published_data_as_in_r(shared: Path) -> None:
    data = pd.read_csv(shared / "gold" / "data" / "bmt_cr.csv")
    expected = json.loads((shared / "gold" / "gold_competing.json").read_text())["bmt"]
    check(data, "sA", data[["X1", "X2", "X3"]].to_numpy(), expected)


def test_one_cause_is_plain_survival() -> None:
    rng = np.random.default_rng(1)
    time, event = rng.integers(1, 50, 200).astype(float), rng.integers(0, 2, 200)
    score = rng.integers(0, 7, 200)
    one = auc_t_competing(time, event, score, [20], higher_is_worse=True)
    plain = auc_t(time, event, score, [20], higher_is_worse=True)
    np.testing.assert_allclose(one.estimate, plain.estimate, rtol=1e-14)
    np.testing.assert_allclose(one.std_error, plain.std_error, rtol=1e-12)
    c = cause_specific_c(time, event, score, higher_is_worse=True)
    assert c.estimate[0] == harrell_c(time, event, score, higher_is_worse=True).estimate[0]


def pairs_of_wolbers(
    time: np.ndarray, cause: np.ndarray, score: np.ndarray, tau: float
) -> tuple[float, float]:
    """Look at each pair, as pec does."""

    def staying(day: float, including: bool) -> float:
        product = 1.0
        for d in np.unique(time[time <= day] if including else time[time < day]):
            gone = np.sum((time == d) & (cause == 0))
            product *= 1 - gone / max(np.sum(time > d) + gone, 1)
        return product

    won = possible = 0.0
    for i in np.flatnonzero((cause == 1) & (time <= tau)):
        for j in range(time.size):
            if time[j] > time[i] or (time[j] == time[i] and cause[j] == 0):
                after = staying(time[i], True)
                worth = 1 / (staying(time[i], False) * after) if after > 0 else 0.0
            elif cause[j] > 1:
                worth = 1 / (staying(time[i], False) * staying(time[j], False))
            else:
                continue
            possible += worth
            won += worth * ((score[i] > score[j]) + 0.5 * (score[i] == score[j]))
    return won, possible


@pytest.mark.parametrize("seed", range(8))
def test_wolbers_is_what_comparing_pairs_gives(seed: int) -> None:
    rng = np.random.default_rng(seed)
    time, cause = rng.integers(0, 9, 40).astype(float), rng.integers(0, 3, 40)
    score = rng.integers(0, 5, 40)
    won, possible = pairs_of_wolbers(time, cause, score, 6.0)
    result = wolbers_c(time, cause, score, 6.0, higher_is_worse=True)
    assert result.estimate[0] == pytest.approx(won / possible, abs=1e-12)
    flipped = wolbers_c(time, cause, score, 6.0, higher_is_worse=False)
    assert flipped.estimate[0] == pytest.approx(1 - won / possible, abs=1e-12)
    assert flipped.std_error[0] == pytest.approx(result.std_error[0], abs=1e-12)


def test_which_cause_is_of_interest() -> None:
    time, cause, score = [1, 2, 3, 4], [1, 2, 1, 0], [4, 1, 3, 2]
    first = cause_specific_c(time, cause, score, higher_is_worse=True)
    second = cause_specific_c(time, cause, score, higher_is_worse=True, of_interest=2)
    assert first.estimate[0] == 1.0
    assert second.estimate[0] == 0.0


def test_nothing_to_say_is_a_reason() -> None:
    result = wolbers_c([1, 2], [2, 0], [1, 2], 3, higher_is_worse=True)
    assert result.reason == ("no events",)
    result = wolbers_c([1, 2, 3], [1, 2, 0], [2, 2, 2], 3, higher_is_worse=True)
    assert result.reason == ("the score has one level only",)
    area = auc_t_competing([1, 2], [2, 0], [1, 2], [1], higher_is_worse=True)
    assert area.reason == (("no events",),)


@pytest.mark.parametrize(
    ("argument", "wrong"),
    [
        ("cause", {"cause": [1, 0.5, 0]}),
        ("cause", {"cause": [1, -1, 0]}),
        ("cause", {"cause": [1, 0]}),
        ("of_interest", {"of_interest": 0}),
        ("tau", {"tau": np.nan}),
    ],
)
def test_a_wrong_call_names_the_argument(argument: str, wrong: dict[str, Any]) -> None:
    call: dict[str, Any] = {
        "time": [1, 2, 3],
        "cause": [1, 2, 0],
        "scores": [1, 2, 3],
        "tau": 2.0,
        "higher_is_worse": True,
    }
    with pytest.raises(ValueError, match=argument):
        wolbers_c(**{**call, **wrong})
