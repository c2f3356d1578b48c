"""Optimism, cross-validation, centres and sample sizes against R, on published data."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spinemets.performance.cross_validation import cross_validate
from spinemets.performance.meta_analysis import PooledEffect, pool_c, pool_effects
from spinemets.performance.optimism import bootstrap_optimism
from spinemets.performance.sample_size import development_size
from spinemets.performance.transport import internal_external

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
POOLS = ("FE", "DL", "REML", "REML_HK", "PM")
CENTRES = {
    "iecv_synth1000_stratum": ("synth1000", "stratum", ["x1", "x2", "x3", "x4", "x5", "x6"]),
    "iecv_colon_rx": ("validation_colon", "rx", ["age", "sex", "node4", "extent", "obstruct"]),
}


@cache
def gold() -> Any:
    return json.loads((REFERENCE / "validation_gold.json").read_text())


def data(name: str) -> pd.DataFrame:
    return pd.read_csv(REFERENCE / f"{name}.csv")


def test_optimism_by_r_s_own_resamples() -> None:
    table, expected = data("validation_lung"), gold()["optimism_lung"]
    rows = np.loadtxt(REFERENCE / "validation_boot_lung.csv", delimiter=",", dtype=int) - 1
    x = table[["age", "sex", "ph.ecog", "ph.karno"]]
    found = bootstrap_optimism(table["time"], table["status"], x, indices=rows)
    assert (found.n, found.resamples, found.failed) == (expected["n"], expected["B"], 0)
    names = {
        "apparent": "apparent", "optimism": "optimism", "corrected": "corrected",
        "out_of_bag": "oob", "c632": "c632", "c632_plus": "c632plus", "overfitting": "R",
        "weight": "w", "slope": "mean_slope", "spread": "sd_boot",
    }  # fmt: skip
    for ours, theirs in names.items():
        assert getattr(found, ours) == pytest.approx(expected[theirs], rel=1e-8), ours
    assert found.details[:3] == pytest.approx(np.array(expected["first3"]), rel=1e-8)


def test_cross_validation() -> None:
    table, expected = data("validation_gbsg"), gold()["kfold_gbsg"]
    x = table[["age", "size", "grade", "nodes", "hormon"]]
    found = cross_validate(table["time"], table["status"], x, np.arange(len(table)) % 5)
    assert found.c == pytest.approx(expected["C"], rel=1e-10)
    assert found.mean == pytest.approx(expected["mean"], rel=1e-10)
    assert found.pooled == pytest.approx(expected["pooled_lp_C"], rel=1e-10)
    assert found.stratified == pytest.approx(expected["fold_stratified"], rel=1e-10)


def check_pool(found: PooledEffect, expected: dict[str, Any]) -> None:
    """metafor's default search for tau2 stops at a step of 1e-5 (REML), at the third digit (PM)."""
    close = {"rel": 1e-10, "abs": 1e-12}
    if expected["tau2"]:
        close = {"rel": 4e-3 if found.method == "PM" else 1e-5, "abs": 1e-7}
    names = {"estimate": "est", "std_error": "se", "lower": "lo", "upper": "hi", "q": "Q"}
    for ours, theirs in {**names, "tau2": "tau2", "i2": "I2"}.items():
        assert getattr(found, ours) == pytest.approx(expected[theirs], **close), ours
    if expected.get("pi_lo") is not None:
        limits = found.prediction_lower, found.prediction_upper
        assert limits == pytest.approx((expected["pi_lo"], expected["pi_hi"]), **close)
    else:
        assert np.isnan(found.prediction_lower)
        assert found.reason


@pytest.mark.parametrize("name", CENTRES)
def test_internal_external_validation(name: str) -> None:
    source, centre, columns = CENTRES[name]
    table, expected = data(source), gold()[name]
    outcome = table["time"], table["status"], table[centre].astype(str)
    found = internal_external(*outcome, covariates=table[columns])
    record = expected["table"]
    assert [c.name for c in found.centres] == expected["clusters"]
    assert [c.n for c in found.centres] == record["n"]
    assert [c.events for c in found.centres] == record["events"]
    c = np.array([c.c.value for c in found.centres])
    error = np.array([c.c.std_error for c in found.centres])
    assert c == pytest.approx(record["C"], rel=1e-8)
    assert error == pytest.approx(record["se"], rel=1e-8)
    slope = np.array([c.slope.value for c in found.centres])
    slope_error = np.array([c.slope.std_error for c in found.centres])
    assert slope == pytest.approx(record["slope"], rel=1e-8)
    assert slope_error == pytest.approx(record["slope_se"], rel=1e-8)
    logit, variance = np.log(c / (1 - c)), (error / (c * (1 - c))) ** 2
    assert logit == pytest.approx(expected["logitC"], rel=1e-8)
    assert variance == pytest.approx(expected["var"], rel=1e-8)
    for pool in POOLS:
        options = {"method": pool.removesuffix("_HK"), "knapp_hartung": pool.endswith("_HK")}
        check_pool(pool_effects(logit, variance, **options), expected["pooled_C"][pool])
        check_pool(pool_effects(slope, slope_error**2, **options), expected["pooled_slope"][pool])
        back = pool_c(c, error, **options).estimate
        assert back == pytest.approx(expected["pooled_C"][pool]["bt"], rel=1e-8)


def test_pooling_as_metafor() -> None:
    """Estimate, error, limits, prediction limits, tau2 with limits, I2, Q and its p value."""
    names = (
        "estimate", "std_error", "lower", "upper", "prediction_lower", "prediction_upper",
        "tau2", "tau2_lower", "tau2_upper", "i2", "q", "q_p",
    )  # fmt: skip
    for case in json.loads((REFERENCE / "pooling_r.json").read_text()):
        options = {"method": case["method"], "knapp_hartung": case["knapp_hartung"]}
        found = pool_effects(case["y"], case["v"], **options)
        values = np.array([getattr(found, name) for name in names])
        assert values == pytest.approx(case["found"], rel=2e-5, abs=1e-6), case


@pytest.mark.parametrize("case", range(4))
def test_sample_size_of_a_development(case: int) -> None:
    """Riley's own worked example (pmsampsize) and three neighbours."""
    given = gold()["samplesize"]["published_test"][case]
    computed = gold()["samplesize"]["computed"][case]
    found = development_size(given["r2"], given["p"], given["rate"], given["tp"], given["mf"])
    sizes = [found.shrinkage_n, found.optimism_n, found.n]
    assert sizes == given["expect"] == [computed[k] for k in ("n1", "n2", "final")]
    assert found.events_per_parameter == pytest.approx(computed["epp"], rel=1e-8)
    assert round(found.events_per_parameter, 2) == given["EPP"]
    assert found.max_r2 == pytest.approx(computed["max_r2"], rel=1e-8)
    assert found.optimism_shrinkage == pytest.approx(computed["shrink2"], rel=1e-8)
    # The record has 1.96 for the normal quantile and the limits of the rate in falling order.
    risk = [found.risk, found.risk_upper, found.risk_lower]
    assert risk == pytest.approx(computed["risk_ci"], rel=3e-6)
