"""Every public function on cohorts that can't carry an estimate: a reason, never a crash."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spinemets.performance.bootstrap import bootstrap
from spinemets.performance.brier import brier_t, integrated_brier
from spinemets.performance.calibration import (
    calibration_curve,
    calibration_slope,
    cloglog_calibration,
    grouped_calibration,
    observed_expected,
)
from spinemets.performance.case_mix import split_difference
from spinemets.performance.competing import (
    auc_t_competing,
    brier_t_competing,
    cause_specific_c,
    wolbers_c,
)
from spinemets.performance.cross_validation import cross_validate
from spinemets.performance.discrimination import auc_t, harrell_c, uno_c
from spinemets.performance.discrimination_models import (
    explained_variation,
    gonen_heller_k,
    royston_d,
)
from spinemets.performance.fitted_risks import fitted_risk
from spinemets.performance.optimism import bootstrap_optimism
from spinemets.performance.precision import precision_at
from spinemets.performance.recalibration import recalibrate
from spinemets.performance.reclassification import integrated_discrimination, net_reclassification
from spinemets.performance.risk_distribution import risk_distribution
from spinemets.performance.transport import internal_external
from spinemets.performance.utility import decision_curve

H, N = 3.0, 30
WORSE = {"higher_is_worse": True}


def risk(score: Any) -> Any:
    """Turn scores into risks between 0 and 1; a gap stays one."""
    s = pd.to_numeric(pd.Series(list(score), dtype=object), errors="coerce").to_numpy(float)
    return (np.clip(s, -9, 9) + 10) / 20


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "harrell": lambda t, e, s, c: harrell_c(t, e, s, strata=c, **WORSE),
    "uno": lambda t, e, s, c: uno_c(t, e, s, tau=H, **WORSE),
    "auc": lambda t, e, s, c: auc_t(t, e, s, [H], **WORSE),
    "royston": lambda t, e, s, c: royston_d(t, e, s, **WORSE),
    "gonen_heller": lambda t, e, s, c: gonen_heller_k(t, e, s, **WORSE),
    "explained": lambda t, e, s, c: explained_variation(t, e, s),
    "brier": lambda t, e, s, c: brier_t(t, e, risk(s), [H]),
    "integrated": lambda t, e, s, c: integrated_brier(
        t, e, np.stack([risk(s)] * 2, axis=1)[:, None, :], [1.0, 2.0]
    ),
    "ratio": lambda t, e, s, c: observed_expected(t, e, risk(s), H),
    "slope": lambda t, e, s, c: calibration_slope(t, e, s),
    "curve": lambda t, e, s, c: calibration_curve(t, e, risk(s), H, draws=5),
    "cloglog": lambda t, e, s, c: cloglog_calibration(t, e, risk(s), H),
    "groups": lambda t, e, s, c: grouped_calibration(t, e, risk(s), H).test(),
    "net_benefit": lambda t, e, s, c: decision_curve(t, e, {"a": risk(s)}, H).frame(),
    "nri": lambda t, e, s, c: net_reclassification(t, e, risk(s), 1 - risk(s), H),
    "idi": lambda t, e, s, c: integrated_discrimination(t, e, risk(s), 1 - risk(s), H),
    "recalibration": lambda t, e, s, c: recalibrate(t, e, risk(s), H),
    "distribution": lambda t, e, s, c: risk_distribution(t, e, risk(s), H),
    "precision": lambda t, e, s, c: precision_at(t, e, H),
    "fitted": lambda t, e, s, c: fitted_risk(t, e, s, H),
    "case_mix": lambda t, e, s, c: split_difference((t, e, s), (t, e, s), resamples=3),
    "centres": lambda t, e, s, c: internal_external(t, e, c, score=s),
    "optimism": lambda t, e, s, c: bootstrap_optimism(t, e, s, resamples=3),
    "folds": lambda t, e, s, c: cross_validate(t, e, s, np.arange(len(t)) % 3),
    "bootstrap": lambda t, e, s, c: bootstrap(t, e, s, horizons=[H], replicates=5, **WORSE),
    "cause_c": lambda t, e, s, c: cause_specific_c(t, e, s, **WORSE),
    "cause_auc": lambda t, e, s, c: auc_t_competing(t, e, s, [H], **WORSE),
    "cause_brier": lambda t, e, s, c: brier_t_competing(t, e, risk(s), [H]),
    "wolbers": lambda t, e, s, c: wolbers_c(t, e, s, H, **WORSE),
}
RNG = np.random.default_rng(0)
T, E, S = RNG.integers(1, 9, N).astype(float), RNG.integers(0, 2, N), RNG.integers(0, 5, N)
C = np.repeat(["a", "b", "c"], 10)
COHORTS: dict[str, tuple[Any, ...]] = {
    "nobody": ([], [], [], []),
    "one dead": ([4.0], [1], [2], ["a"]),
    "one alive": ([4.0], [0], [2], ["a"]),
    "two": ([2.0, 5.0], [1, 0], [2, 1], ["a", "a"]),
    "two at once": ([2.0, 2.0], [1, 1], [2, 1], ["a", "b"]),
    "all censored": (T, 0 * E, S, C),
    "all dead": (T, 0 * E + 1, S, C),
    "no event before the horizon": (T + 4, E, S, C),
    "horizon beyond follow-up": (T / 5, E, S, C),
    "one level": (T, E, 0 * S + 1, C),
    "one day": (0 * T + 2, E, S, C),
    "day zero": (0 * T, E, S, C),
    "a stratum of two": (T, E, S, np.array(["a"] * 28 + ["b"] * 2)),
    "three patients ten times": (*(np.repeat(v[:3], 10) for v in (T, E, S)), C),
    "separated": (np.where(S > 2, 1.0, 6.0), (S > 2) * 1, (S > 2) * 1, C),
    "tiny times": (T * 1e-300, E, S, C),
    "huge times": (T * 1e300, E, S, C),
}
KINDS: dict[str, tuple[Any, ...]] = {
    "bool": (T, E.astype(bool), S, C),
    "object": tuple(v.astype(object) for v in (T, E, S, C)),
    "whole numbers": (T.astype(int), E, S.astype(np.int8), C),
    "unsigned": (T.astype(np.uint8), E.astype(np.uint8), S.astype(np.uint8), C),
    "lists": tuple(v.tolist() for v in (T, E, S, C)),
    "series": (pd.Series(T, index=range(100, 130)), *(pd.Series(v) for v in (E, S, C))),
    "nullable": (
        pd.Series(T, dtype="Float64"), pd.Series(E).astype("boolean"),
        pd.Series(S, dtype="Int64"), pd.Series(C, dtype="string"),
    ),
}  # fmt: skip
HOLE = np.arange(N) == 3
WRONG: dict[str, tuple[Any, ...]] = {
    "a missing time": (np.where(HOLE, np.nan, T), E, S, C),
    "a negative time": (np.where(HOLE, -1, T), E, S, C),
    "an infinite time": (np.where(HOLE, np.inf, T), E, S, C),
    "a missing event": (T, np.where(HOLE, np.nan, E), S, C),
    "half an event": (T, np.where(HOLE, 2.5, E), S, C),
    "NA": (pd.Series(T, dtype="Float64").mask(HOLE), E, S, C),
    "too few events": (T, E[:-1], S, C),
    "words": (np.array(["x"] * N), E, S, C),
}
CENTRAL = ("estimate", "value", "c", "d", "ici", "statistic", "corrected", "kent_oquigley")


def unexplained(found: Any) -> list[str]:
    """Name the central numbers that are NaN without any reason beside them."""
    if isinstance(found, tuple):
        return [name for part in found for name in unexplained(part)]
    if not dataclasses.is_dataclass(found) or isinstance(found, type):
        return []
    values = {f.name: getattr(found, f.name) for f in dataclasses.fields(found)}
    out = []
    said = np.ravel(np.array(values.get("reason", ""), dtype=object))
    for name in CENTRAL:
        number = values.get(name)
        if isinstance(number, float | np.ndarray) and np.isnan(number).any() and not any(said):
            out.append(name)
    return out + [name for value in values.values() for name in unexplained(value)]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_thin_cohorts_have_a_reason(name: str) -> None:
    for kind, cohort in COHORTS.items():
        found = FUNCTIONS[name](*cohort)
        assert not unexplained(found), kind


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_kind_of_column_does_not_matter(name: str) -> None:
    expected = repr(FUNCTIONS[name](T, E, S, C))
    for kind, cohort in KINDS.items():
        assert repr(FUNCTIONS[name](*cohort)) == expected, kind


@pytest.mark.parametrize("name", FUNCTIONS)
def test_wrong_columns_are_named_and_not_shown(name: str) -> None:
    for kind, cohort in WRONG.items():
        with pytest.raises(ValueError, match=r"^(time|event|cause|reference)\b") as caught:
            FUNCTIONS[name](*cohort)
        assert "-1" not in str(caught.value), kind
        assert "2.5" not in str(caught.value), kind


@pytest.mark.parametrize("name", [n for n in FUNCTIONS if n != "precision"])
def test_a_missing_score_or_risk_is_named(name: str) -> None:
    named = r"^(scores?|risks?|covariates|linear_predictor|old|new|reference|a)\b"
    for scores in (np.where(HOLE, np.nan, S), pd.Series(S, dtype="Int64").mask(HOLE)):
        with pytest.raises(ValueError, match=named):
            FUNCTIONS[name](T, E, scores, C)
