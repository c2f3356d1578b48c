"""Every estimator of survival on cohorts that can't carry it: a note or a named error."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spinemets.survival.accelerated import fit_accelerated
from spinemets.survival.cause_specific import fit_cause_specific
from spinemets.survival.competing import aalen_johansen
from spinemets.survival.cox import cox_score
from spinemets.survival.cox_fit import fit_cox
from spinemets.survival.effects import fit_with_centres, spline_effect
from spinemets.survival.fine_gray import fine_gray
from spinemets.survival.flexible import fit_flexible
from spinemets.survival.follow_up import completeness
from spinemets.survival.frailty import fit_frailty
from spinemets.survival.gray import gray_test
from spinemets.survival.heterogeneity import heterogeneity
from spinemets.survival.kaplan_meier import kaplan_meier, reverse_kaplan_meier
from spinemets.survival.logrank import logrank, pairwise_logrank
from spinemets.survival.nelson_aalen import nelson_aalen
from spinemets.survival.periods import period_effects
from spinemets.survival.propensity import Covariates
from spinemets.survival.restricted_mean import restricted_mean
from spinemets.survival.time_zero import immortal_time_panel
from spinemets.survival.weighting import compare_weighted

H, N = 3.0, 30


def table(score: Any) -> Any:
    """Put a score into one column, float."""
    return np.asarray(pd.Series(list(score)).astype("float64"), dtype=float).reshape(-1, 1)


def curve(t: Any, e: Any, s: Any, c: Any) -> Any:
    km = kaplan_meier(t, e)
    reverse = reverse_kaplan_meier(t, e)
    return km.at(H), km.median, restricted_mean(km, H), nelson_aalen(km).at(H), reverse.median


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "curve": curve,
    "logrank": lambda t, e, s, c: logrank(t, e, s, strata=c),
    "pairwise": lambda t, e, s, c: pairwise_logrank(t, e, c),
    "cox": lambda t, e, s, c: fit_cox(s, t, e, strata=c),
    "cox by lifelines": lambda t, e, s, c: fit_cox(s, t, e, engine="lifelines"),
    "firth": lambda t, e, s, c: fit_cox(s, t, e, firth=True),
    "cluster": lambda t, e, s, c: fit_cox(s, t, e, cluster=c),
    "no weight": lambda t, e, s, c: fit_cox(s, t, e, weights=np.zeros(len(t))),
    "score": lambda t, e, s, c: cox_score(t, e, points=s, score="x"),
    "incidence": lambda t, e, s, c: aalen_johansen(t, e, causes=["dead"]).at(H),
    "gray": lambda t, e, s, c: gray_test(t, e, s, c),
    "fine_gray": lambda t, e, s, c: fine_gray(s, t, e),
    "cause_specific": lambda t, e, s, c: fit_cause_specific(s, t, e),
    "flexible": lambda t, e, s, c: fit_flexible(table(s), t, e, knots=1),
    "weibull": lambda t, e, s, c: fit_accelerated(table(s), t, e),
    "lognormal": lambda t, e, s, c: fit_accelerated(table(s), t, e, distribution="lognormal"),
    "frailty": lambda t, e, s, c: fit_frailty(s, t, e, c),
    "heterogeneity": lambda t, e, s, c: heterogeneity(s, t, e, c),
    "spline": lambda t, e, s, c: spline_effect(s, t, e),
    "centres": lambda t, e, s, c: fit_with_centres(table(s), t, e, c),
    "periods": lambda t, e, s, c: period_effects(table(s), t, e, [2.0, 4.0]),
    "time zero": lambda t, e, s, c: immortal_time_panel(t, e, np.full(len(t), 1.0)),
    "weighted": lambda t, e, s, c: compare_weighted(
        Covariates(table(s), ("s",)), c, t, e, tau=H, replicates=5
    ),
    "completeness": lambda t, e, s, c: completeness(t, e, np.asarray(t, float) + 1),
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
    "one level": (T, E, 0 * S + 1, C),
    "one day": (0 * T + 2, E, S, C),
    "day zero": (0 * T, E, S, C),
    "a stratum of two": (T, E, S, np.array(["a"] * 28 + ["b"] * 2)),
    "three patients ten times": (*(np.repeat(v[:3], 10) for v in (T, E, S)), C),
    "separated": (np.where(S > 2, 1.0, 6.0), (S > 2) * 1, (S > 2) * 1, C),
    "tiny times": (T * 1e-300, E, S, C),
    "huge times": (T * 1e300, E, S, C),
    "nullable": (
        pd.Series(T, dtype="Float64"), pd.Series(E, dtype="Int64"), pd.Series(S, dtype="Int64"),
        pd.Series(C, dtype="string"),
    ),
    "objects": tuple(v.astype(object) for v in (T, E, S, C)),
}  # fmt: skip
HOLE = np.arange(N) == 3
WRONG: dict[str, tuple[Any, ...]] = {
    "a missing time": (np.where(HOLE, np.nan, T), E, S, C),
    "a negative time": (np.where(HOLE, -7, T), E, S, C),
    "an infinite time": (np.where(HOLE, np.inf, T), E, S, C),
    "a missing event": (T, np.where(HOLE, np.nan, E), S, C),
    "half an event": (T, np.where(HOLE, 0.5, E), S, C),
    "NA": (T, pd.Series(E, dtype="Int64").mask(HOLE), S, C),
    "too few events": (T, E[:-1], S, C),
    "words": (np.array(["x77"] * N), E, S, C),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_thin_cohorts_do_not_crash(name: str) -> None:
    for cohort in COHORTS.values():
        found = FUNCTIONS[name](*cohort)
        for part in found if isinstance(found, tuple) else (found,):
            value = getattr(part, "value", getattr(part, "chi2", getattr(part, "loglik", 0.0)))
            if isinstance(value, float) and np.isnan(value):
                assert part.note


@pytest.mark.parametrize("name", FUNCTIONS)
def test_wrong_columns_are_refused_without_showing_them(name: str) -> None:
    for kind, cohort in WRONG.items():
        if name == "completeness" and kind == "words":
            continue  # the test itself adds a day to them
        with pytest.raises(ValueError, match=r"row\(s\)|column|lengths?") as caught:
            FUNCTIONS[name](*cohort)
        assert "x77" not in str(caught.value)


@pytest.mark.parametrize("name", ["logrank", "pairwise", "cox", "cluster", "gray", "heterogeneity"])
def test_a_missing_group_is_refused(name: str) -> None:
    """NaN as a group of its own would be compared with the others unnoticed."""
    groups = C.astype(object)
    groups[4] = None
    with pytest.raises(ValueError, match=r"1 row\(s\) with a missing group"):
        FUNCTIONS[name](T, E, S, groups)


@pytest.mark.parametrize("name", ["cox", "spline", "weighted", "heterogeneity", "frailty"])
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e200])
def test_a_covariate_that_is_none_is_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match="covariate"):
        FUNCTIONS[name](T, E, np.where(HOLE, value, S), C)
