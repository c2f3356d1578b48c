"""Reference numbers of five published data sets, in the folder that SPINEMETS_SHARED names."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lifelines.datasets import load_gbsg2, load_lung, load_stanford_heart_transplants

from spinemets.survival.competing import aalen_johansen
from spinemets.survival.cox_fit import ENGINES, fit_cox
from spinemets.survival.cox_predict import baseline_hazard, predict_survival
from spinemets.survival.fine_gray import fine_gray
from spinemets.survival.fixed_time import fixed_time_test
from spinemets.survival.flexible import fit_flexible
from spinemets.survival.gray import aalen_error, gray_test
from spinemets.survival.heterogeneity import heterogeneity
from spinemets.survival.kaplan_meier import INTERVALS, kaplan_meier, reverse_kaplan_meier
from spinemets.survival.logrank import logrank, pairwise_logrank
from spinemets.survival.nelson_aalen import nelson_aalen
from spinemets.survival.proportional_hazards import TRANSFORMS, proportional_hazards
from spinemets.survival.residuals import deviance, dfbeta, martingale, schoenfeld
from spinemets.survival.restricted_mean import restricted_mean, restricted_mean_difference
from spinemets.survival.standardise import standardised_survival

pytestmark = pytest.mark.shared
CURVES = ("lung", "colon", "gbsg", "synth1000", "bmt")
COX = ("lung", "colon", "gbsg", "synth1000")
CAUSES = ("bmt", "synth1000")


def folder() -> Path:
    """Where the reference numbers are."""
    return Path(os.environ["SPINEMETS_SHARED"]) / "gold"


def gold(name: str) -> dict[str, Any]:
    """One file of reference numbers."""
    return json.loads((folder() / f"gold_{name}.json").read_text(encoding="utf-8"))


def data(name: str) -> pd.DataFrame:
    """One data set."""
    return pd.read_csv(folder() / "data" / f"{name}.csv")


def model(name: str) -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame]:
    """Numbers, patients and covariates of one Cox model."""
    numbers = gold("cox")[name]
    names = numbers["efron"]["names"]
    table = data(name).dropna(subset=names).reset_index(drop=True)
    return numbers, table, table[names]


def test_copies_in_lifelines_are_the_same_data():
    lung, own = load_lung(), data("lung")
    for column in ("time", "status", "age", "sex", "ph.ecog", "inst"):
        np.testing.assert_array_equal(lung[column].to_numpy(float), own[column].to_numpy(float))
    heart, own = load_stanford_heart_transplants(), data("heart")
    for column in ("start", "stop", "event", "age", "surgery", "transplant", "id"):
        np.testing.assert_allclose(heart[column], own[column], atol=1e-12)
    breast, own = load_gbsg2(), data("gbsg")
    one = breast[["time", "cens", "age", "tsize", "pnodes"]].to_numpy()
    other = own[["time", "status", "age", "size", "nodes"]].to_numpy()
    assert sorted(map(tuple, one.tolist())) == sorted(map(tuple, other.tolist()))


@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize("name", CURVES)
def test_kaplan_meier(name, interval, close):
    numbers, table = gold("km_logrank")[name], data(name)
    groups = [table[table.grp == g] for g in sorted(table.grp.unique())]
    parts = [(numbers["overall"][interval], slice(0, 3), None, table)]
    parts += [
        (numbers["by_grp"][interval], slice(3 * i, 3 * i + 3), i, part)
        for i, part in enumerate(groups)
    ]
    for expected, rows, i, part in parts:
        km = kaplan_meier(part.time, part.status, interval=interval)
        found = [km.at(t) for t in numbers["horizons"]]
        close([e.value for e in found], expected["surv"][rows])
        close([e.std_error for e in found], expected["std_err"][rows])
        close([e.lower for e in found], expected["lower"][rows])
        close([e.upper for e in found], expected["upper"][rows])
        close(km.at_risk_table(numbers["horizons"])[0], expected["n_risk"][rows])
        quantiles = [km.quantile(p) for p in expected["q_probs"]]
        for key, value in (("quantile", "value"), ("q_lower", "lower"), ("q_upper", "upper")):
            one = expected[key] if i is None else expected[key][i]
            close([getattr(q, value) for q in quantiles], one)


def test_whole_curve_of_lung(close):
    expected, table = pd.read_csv(folder() / "gold_kmcurve_lung.csv"), data("lung")
    km = kaplan_meier(table.time, table.status)
    close(km.survival, expected["surv"])
    close(km.std_error, expected["std_err_surv"])
    close(km.lower, expected["lower"])
    close(km.upper, expected["upper"])
    close(km.at_risk, expected["n_risk"])


@pytest.mark.parametrize("name", CURVES)
def test_means_follow_up_and_fixed_time(name, close):
    numbers, table = gold("km_logrank")[name], data(name)
    found = reverse_kaplan_meier(table.time, table.status).median
    close([found.value, found.lower, found.upper], numbers["reverse_km_median_followup"])
    expected = numbers["overall"]["rmst"]
    mean = restricted_mean(kaplan_meier(table.time, table.status), expected["tau"])
    close([mean.value, mean.std_error], [expected["rmean"], expected["se"]])
    curves = [kaplan_meier(part.time, part.status) for _, part in table.groupby("grp")]
    means = [restricted_mean(km, expected["tau"]) for km in curves]
    close([m.value for m in means], numbers["by_grp"]["rmst"]["rmean"])
    close([m.std_error for m in means], numbers["by_grp"]["rmst"]["se"])
    expected = numbers["rmst_diff_g1_g2"]
    gap = restricted_mean_difference(curves[0], curves[1], expected["tau"])
    close([gap.value, gap.std_error], [expected["diff"], expected["se"]])
    expected = numbers["fixed_time_cloglog_g1_g2"]
    close(fixed_time_test(curves[:2], expected["t"]).chi2, expected["chisq"])


@pytest.mark.parametrize("name", CURVES)
def test_nelson_aalen(name, close):
    numbers, table = gold("km_logrank")[name], data(name)
    parts = [(numbers["overall"]["nelson_aalen"], slice(0, 3), table)]
    parts += [
        (numbers["by_grp"]["nelson_aalen"], slice(3 * i, 3 * i + 3), part)
        for i, (_, part) in enumerate(table.groupby("grp"))
    ]
    for expected, rows, part in parts:
        hazard = nelson_aalen(kaplan_meier(part.time, part.status))
        found = [hazard.at(t) for t in numbers["horizons"]]
        close([e.value for e in found], expected["cumhaz"][rows])
        close([e.std_error for e in found], expected["std_chaz"][rows])


@pytest.mark.parametrize("name", CURVES)
def test_logrank_family(name, close):
    numbers, table = gold("km_logrank")[name]["logrank"], data(name)
    y = (table.time, table.status, table.grp)
    for rho in ("0", "0.5", "1"):
        found, expected = logrank(*y, rho=float(rho)), numbers[f"rho{rho}"]
        close([found.chi2, found.df, found.p], [expected[k] for k in ("chisq", "df", "p")])
        close(found.observed, expected["obs"])
        close(found.expected, expected["exp"])
        close(found.variance, expected["var"])
    trend = logrank(*y).trend()
    close([trend.u, trend.v, trend.z, trend.p], [numbers["trend"][k] for k in ("U", "V", "z", "p")])
    for rho in (0, 1):
        found = logrank(*y, strata=table.stratum, rho=rho)
        close(found.chi2, numbers[f"stratified_rho{rho}"]["chisq"])
        close(found.variance, numbers[f"stratified_rho{rho}"]["var"])
    trend = logrank(*y, strata=table.stratum).trend()
    close([trend.u, trend.v], [numbers["stratified_trend"][k] for k in ("U", "V")])
    for a, b, test, _ in pairwise_logrank(*y):
        close(test.chi2, numbers["pairwise_chisq"][f"{a}_vs_{b}"])
    weights = [
        {}, {"weighting": "gehan"}, {"weighting": "tarone-ware"}, {"weighting": "peto-peto"},
        {"weighting": "modified-peto-peto"}, {"rho": 1}, {"gamma": 1}, {"rho": 1, "gamma": 1},
    ]  # fmt: skip
    found = [logrank(*y, **options).chi2 for options in weights]
    close(found, numbers["survMisc"]["lrt"]["chiSq"])


def same_fit(fit: Any, expected: dict[str, Any], close: Any) -> None:
    """Coefficients, covariance, likelihood and tests."""
    close(fit.coef, expected["coef"])
    close(fit.variance, expected["var"])
    close([fit.loglik_null, fit.loglik], expected["loglik"])
    close([fit.score_test, fit.wald, fit.lrt], [expected[k] for k in ("score", "wald", "lrt")])


@pytest.mark.parametrize("name", COX)
def test_cox_models(name, close):
    numbers, table, x = model(name)
    y, n = (table.time, table.status), len(table)
    for engine in ENGINES:
        same_fit(fit_cox(x, *y, engine=engine), numbers["efron"], close)
    same_fit(fit_cox(x, *y, ties="breslow"), numbers["breslow"], close)
    same_fit(fit_cox(x, *y, robust=True), numbers["robust_hc"], close)
    same_fit(fit_cox(x, *y, cluster=np.arange(n) // 3), numbers["robust"], close)
    same_fit(fit_cox(x, *y, strata=table.stratum), numbers["strata"], close)
    weights = np.resize([1, 2, 1, 3], n)
    same_fit(fit_cox(x, *y, weights=weights), numbers["caseweights_1213"], close)
    firth, expected = fit_cox(x, *y, firth=True), numbers["firth"]
    close(firth.coef, expected["coef"])
    close(firth.std_error, expected["se"])
    close(firth.loglik, expected["penalised_loglik"])
    close(firth.loglik_null, expected["null_penalised"])


@pytest.mark.parametrize("name", COX)
def test_what_follows_from_a_cox_model(name, close):
    numbers, table, x = model(name)
    fit = fit_cox(x, table.time, table.status)
    for transform in TRANSFORMS:
        found = proportional_hazards(fit, transform)
        close([t.chi2 for t in found], numbers[f"zph_{transform}"]["chisq"])
        close([t.p for t in found], numbers[f"zph_{transform}"]["p"])
    close(baseline_hazard(fit)[0].at(numbers["basehaz"]["time"]), numbers["basehaz"]["H0"])
    expected = numbers["pred5"]
    curve = predict_survival(fit, x.head(5), expected["time"])
    for ours, theirs in (("survival", "surv"), ("std_error", "std_err"), ("lower", "lower")):
        close(getattr(curve, ours), expected[theirs])
    close(fit.linear_predictor[:5], numbers["lp_first5"])
    close(martingale(fit)[:5], numbers["martingale_first5"])
    close(deviance(fit)[:5], numbers["deviance_first5"])
    close(dfbeta(fit)[:3], numbers["dfbeta_first3"])
    close(schoenfeld(fit)[1][:3], numbers["schoenfeld_first3"])
    close([fit.aic, fit.bic], [numbers["aic"], numbers["bic_events"]])


@pytest.mark.parametrize("name", COX)
def test_score_by_stratum(name, close):
    expected, table, _ = model(name)
    expected = expected["het_sA_by_stratum"]
    found = heterogeneity(table.sA, table.time, table.status, table.stratum)
    close(found.common.coef, [expected["common_coef"]])
    close([e.coef for e in found.strata], expected["coef"])
    close([e.std_error for e in found.strata], expected["se"])
    close([found.lrt, found.df], [expected["lrt"], expected["df"]])


def test_time_varying_covariates(close):
    numbers, h = gold("cox")["heart_tv"], data("heart")
    x, y = h[["age", "surgery", "transplant"]], (h.stop, h.event, h.start)
    same_fit(fit_cox(x, *y, engine="lifelines"), numbers["efron"], close)
    same_fit(fit_cox(x, *y, ties="breslow"), numbers["breslow"], close)
    same_fit(fit_cox(x, *y, cluster=h.id), numbers["robust_id"], close)


@pytest.mark.parametrize("name", CAUSES)
def test_competing_risks(name, close):
    numbers, table = gold("competing")[name], data(f"{name}_cr")
    stratum = data(name).stratum
    x, y = table[numbers["covariates"]], (table.time, table.cause)

    def read(part: pd.DataFrame) -> tuple[Any, Any]:
        found = aalen_johansen(part.time, part.cause)
        return found, np.searchsorted(found.time, numbers["horizons"], side="right") - 1

    for expected, rows, part in [
        (numbers["aj"], slice(0, 3), table),
        *((numbers["aj_grp"], slice(3 * g - 3, 3 * g), table[table.grp == g]) for g in (1, 2, 3)),
    ]:
        found, i = read(part)
        close(np.column_stack([found.survival, found.incidence])[i], expected["pstate"][rows])
        errors = np.column_stack([found.survival_error, found.std_error])
        close(errors[i], expected["std_err"][rows])
    for g in (1, 2, 3):
        found, i = read(table[table.grp == g])
        for cause in (1, 2):
            row = numbers["cuminc"]["rows"].index(f"{g} {cause}")
            close(found.incidence[i, cause - 1], numbers["cuminc"]["est"][row])
            close(aalen_error(found, cause)[i] ** 2, numbers["cuminc"]["var"][row])
    for key, strata in (("gray", None), ("gray_stratified", stratum)):
        tests = [gray_test(*y, table.grp, strata, of=cause) for cause in (1, 2)]
        close([t.chi2 for t in tests], numbers[key]["stat"])
        # cmprsk computes 1 - pchisq, which keeps fewer digits.
        close([t.p for t in tests], numbers[key]["p"])
    for cause in (1, 2):
        fit, expected = fine_gray(x, *y, of=cause), numbers[f"crr{cause}"]
        close(fit.coef, expected["coef"])
        close(fit.variance, expected["var"])
        close(fit.loglik, expected["loglik"])
        specific = fit_cox(x, table.time, table.cause == cause)
        close(specific.coef, numbers[f"csc{cause}"]["coef"])
        close(specific.std_error, numbers[f"csc{cause}"]["se"])
    fit = fine_gray(x, *y)
    close(fit.naive_variance, numbers["crr1"]["inv_inf"])
    close(fit.predict(x.head(3), numbers["horizons"]), numbers["crr1"]["pred3"])
    other = fine_gray(x, *y, censoring="survival")
    close(other.coef, numbers["finegray_breslow"]["coef"])
    close(other.variance, numbers["finegray_breslow"]["robust_var"])


@pytest.mark.parametrize("knots", [0, 1, 2, 3])
@pytest.mark.parametrize("name", ["lung", "gbsg", "synth1000"])
def test_royston_parmar(name, knots, close):
    numbers, table = gold("royston_parmar")[name], data(name)
    x, expected = table[numbers["covariates"]], numbers[f"k{knots}"]
    fit = fit_flexible(x, table.time, table.status, knots=knots)
    close(fit.knots, expected["knots_log"])
    close(fit.gamma, expected["gamma"])
    close(fit.beta, expected["beta"])
    close([fit.loglik, fit.aic], [expected["loglik"], expected["aic"]])
    # The reference standard errors come from a numerical Hessian.
    close(fit.std_error, expected["se"], 1e-7)
    curve = standardised_survival(fit, x.mean().to_numpy(), expected["times"])
    close(curve.survival, expected["S_meanX"])
