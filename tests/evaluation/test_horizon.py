"""What a horizon means: what happens by it, whatever rounding says, and nothing after it."""

import numpy as np
import pandas as pd
import pytest

from spinemets.evaluation.table import Evaluation, evaluate

LABELS = ("0.3mo", "0.6mo")
CALL = {
    "time": "t", "event": "e", "scores": ["s"], "horizons": [0.3, 0.6], "by": "g",
    "bootstrap": 32, "optimism": 4,
    "risks": {f"s@{label}": f"risk_{label}" for label in LABELS},
}  # fmt: skip
#: Measures of all follow-up, and those of folds, which are dealt by all follow-up.
WHOLE = ("poisson_", "d_calibration_", "recalibrated_")


def patients(n: int = 240) -> pd.DataFrame:
    """Times in tenths: 3 * 0.1 is a rounding above 0.3."""
    rng = np.random.default_rng(4)
    score = rng.integers(0, 4, n)
    died = np.ceil(rng.exponential(9 - 1.5 * score))
    ended = rng.integers(3, 12, n)
    table = {f"risk_{label}": np.clip(0.1 + 0.15 * score + k / 5, 0, 1)
             for k, label in enumerate(LABELS)}  # fmt: skip
    return pd.DataFrame(
        {"t": np.minimum(died, ended) * 0.1, "e": (died <= ended) * 1, "s": score,
         "g": np.arange(n) % 2, **table}
    )  # fmt: skip


def same(one: Evaluation, other: Evaluation, but: tuple[str, ...] = ()) -> None:
    assert set(one.tables) == set(other.tables)
    for name in set(one.tables) - set(but):
        table = one[name]
        pd.testing.assert_frame_equal(table, other[name], rtol=1e-9, obj=name)


@pytest.mark.parametrize("entry", [None, 0.0, 0.2])
def test_rounding_of_times_changes_nothing(entry: float | None) -> None:
    raw = patients()
    assert (raw["t"] != raw["t"].round(1)).any()
    more = {} if entry is None else {"entry": "from"}
    if entry is not None:
        raw["from"] = np.where(raw.index % 3 == 0, np.minimum(entry, raw["t"] / 2), 0.0)
        raw.loc[0, "from"] = 1e-6
    clean = raw.assign(t=raw["t"].round(1))
    same(evaluate(raw, **CALL, **more), evaluate(clean, **CALL, **more))


def test_rounding_of_times_changes_nothing_of_competing_events() -> None:
    raw = patients()
    raw["e"] = np.where((raw["e"] == 1) & (raw.index % 3 == 0), 2, raw["e"])
    call = CALL | {"event_codes": {"1": "event", "2": "competing", "0": "censored"}}
    call.pop("by")
    same(evaluate(raw, **call), evaluate(raw.assign(t=raw["t"].round(1)), **call))


def test_an_entry_a_rounding_before_the_end_is_no_observation() -> None:
    raw = patients().assign(**{"from": 0.0})
    raw.loc[0, ["t", "from"]] = 3 * 0.1, 0.3
    assert raw.loc[0, "from"] < raw.loc[0, "t"]
    found = evaluate(raw, **CALL, entry="from")
    flow = found["flow"].set_index("reason")["n"]
    assert flow["entry isn't before the end of follow-up"] == 1
    same(found, evaluate(raw.drop(index=0), **CALL, entry="from"), but=("flow",))


def test_nothing_after_a_horizon_enters_a_measure_at_it() -> None:
    """Later follow-up is drawn anew: only measures without a horizon, and whole ones, move."""
    raw = patients()
    rng = np.random.default_rng(5)
    late = raw["t"] > 0.65
    other = raw.assign(
        t=np.where(late, 0.7 + rng.exponential(3.0, len(raw)).round(1), raw["t"]),
        e=np.where(late, rng.integers(0, 2, len(raw)), raw["e"]),
    )
    call = CALL | {"optimism": 0}
    one, two = evaluate(raw, **call), evaluate(other, **call)
    changed = 0
    for name in ("calibration", "prediction_error", "recalibration", "decision_curves"):
        first, second = one[name], two[name]
        supplied = first["source"].eq("supplied")
        whole = first["measure"].str.startswith(WHOLE) | first["horizon"].eq("")
        keep = supplied & ~whole
        assert keep.sum() > 4, name
        columns = ["estimate", "lower", "upper", "std_error"]
        pd.testing.assert_frame_equal(
            first.loc[keep, columns], second.loc[keep, columns], rtol=1e-9, obj=name
        )
        changed += len(first)
    picture = one["calibration_curves"]
    pd.testing.assert_frame_equal(picture, two["calibration_curves"])
    assert changed > 100
