"""Rubin's rules against mice::pool, pool.scalar and the D1 test, from five completed tables."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spinemets.missing.rubin import pool, wald_test
from spinemets.performance.discrimination import harrell_c
from spinemets.survival.cox_fit import fit_cox

REFERENCE = Path(__file__).resolve().parents[1] / "reference"


@pytest.fixture(scope="module")
def gold() -> Any:
    return json.loads((REFERENCE / "pooling_gold.json").read_text())


def test_regression_coefficients(gold: Any) -> None:
    expected = gold["mi_lung"]
    q = np.array([fit["coef"] for fit in expected["per_imp"]])
    u = np.array([np.diag(fit["var"]) for fit in expected["per_imp"]])
    found = pool(q, u, df_complete=165 - len(expected["terms"]))
    for ours, theirs in {
        "estimate": "estimate", "std_error": "std_error", "df": "df", "p": "p", "lower": "lo",
        "upper": "hi",
    }.items():  # fmt: skip
        assert getattr(found, ours) == pytest.approx(expected[theirs], rel=1e-8), ours
    for ours, theirs in {
        "within": "ubar", "between": "b", "total": "t", "relative_increase": "riv",
        "missing_share": "lambda", "missing_information": "fmi",
    }.items():  # fmt: skip
        assert getattr(found, ours) == pytest.approx(expected["pooled"][theirs], rel=1e-8), ours


def test_joint_test(gold: Any) -> None:
    expected = gold["mi_lung"]["D1_ecog_wtloss"]
    q = np.array([fit["coef"][2:] for fit in gold["mi_lung"]["per_imp"]])
    u = np.array([np.array(fit["var"])[2:, 2:] for fit in gold["mi_lung"]["per_imp"]])
    assert q.mean(axis=0) == pytest.approx(expected["qbar"], rel=1e-10)
    assert u.mean(axis=0) == pytest.approx(np.array(expected["ubar"]), rel=1e-10)
    assert np.cov(q, rowvar=False) == pytest.approx(np.array(expected["b"]), rel=1e-8)
    found = wald_test(q, u)
    assert found.statistic == pytest.approx(expected["D1"], rel=1e-8)
    assert found.relative_increase == pytest.approx(expected["r1"], rel=1e-8)
    assert found.df == pytest.approx((expected["k"], expected["nu_LRR1991"]), rel=1e-8)
    assert found.p == pytest.approx(expected["p"], rel=1e-8)


def test_concordance_on_the_logit_scale(gold: Any) -> None:
    expected = gold["mi_cindex_lung"]
    found = pool(expected["C"], expected["var"], scale="logit", df_complete=228 - 1)
    assert found.estimate == pytest.approx(expected["C_pooled"], rel=1e-10)
    assert found.total == pytest.approx(expected["t"], rel=1e-8)
    assert found.df == pytest.approx(expected["df"], rel=1e-8)
    assert (found.lower, found.upper) == pytest.approx((expected["lo"], expected["hi"]), rel=1e-8)
    assert found.missing_information == pytest.approx(expected["fmi"], rel=1e-8)
    middle = np.log(found.estimate / (1 - found.estimate))
    assert middle == pytest.approx(expected["logit_qbar"], rel=1e-10)


@pytest.mark.shared
def test_from_the_completed_tables(gold: Any, shared: Path) -> None:
    """The fits behind the numbers above, by our own Cox model and C."""
    regression, c = gold["mi_lung"], gold["mi_cindex_lung"]
    for i in range(5):
        table = pd.read_csv(shared / "gold" / "data" / f"lung_mi_{i + 1}.csv")
        fit = fit_cox(table[regression["terms"]], table["time"], table["status"])
        assert fit.coef == pytest.approx(regression["per_imp"][i]["coef"], rel=1e-8)
        assert fit.variance == pytest.approx(np.array(regression["per_imp"][i]["var"]), rel=1e-8)
        score = 3 * table["ph.ecog"] + 2 * (table["sex"] == 1) + (table["age"] > 65)
        one = harrell_c(table["time"], table["status"], score, higher_is_worse=True)
        assert one.estimate[0] == pytest.approx(c["C"][i], rel=1e-8)
        assert one.std_error[0] ** 2 == pytest.approx(c["var"][i], rel=1e-8)


def test_what_cannot_be_pooled_says_why() -> None:
    one = pool([0.6], [0.01], df_complete=100)
    assert "one data set" in one.reason
    assert one.df == 100
    gap = pool([[0.6, np.nan], [0.7, 0.2]], [[0.01, 0.01], [0.01, 0.01]])
    assert "missing" in gap.reason
    assert np.isfinite(gap.estimate[0])
    assert np.isnan(gap.estimate[1])


@pytest.mark.parametrize(
    ("argument", "call"),
    [
        ("estimates", {"estimates": [], "variances": []}),
        ("variances", {"variances": [0.1]}),
        ("variances", {"variances": [-0.1, 0.1]}),
        ("scale", {"scale": "probit"}),
        ("level", {"level": 1.0}),
        ("df_complete", {"df_complete": 0}),
    ],
)
def test_a_wrong_call_names_the_argument(argument: str, call: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=argument):
        pool(**{"estimates": [0.5, 0.6], "variances": [0.01, 0.01], **call})


def test_a_wrong_joint_test_names_the_argument() -> None:
    with pytest.raises(ValueError, match="estimates"):
        wald_test([[1.0, 2.0]], [[[1, 0], [0, 1]]])
    with pytest.raises(ValueError, match="covariances"):
        wald_test([[1.0, 2.0], [1.0, 2.1]], [[1, 0], [0, 1]])
