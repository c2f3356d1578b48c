"""The function behind `spinemets evaluate`: any columns of any table."""

import numpy as np
import pandas as pd
import pytest

import spinemets
from evaluation.conftest import make
from spinemets import measures, performance, tables
from spinemets.errors import ArgumentError
from spinemets.evaluation.discrimination import SUSPECT
from spinemets.evaluation.table import evaluate
from spinemets.performance.brier import brier_t
from spinemets.performance.compare import differences
from spinemets.performance.discrimination import auc_t, harrell_c, uno_c
from spinemets.performance.discrimination_models import gonen_heller_k, royston_d
from spinemets.performance.risk_optimism import risk_optimism

CALL = {"time": "months", "event": "died", "scores": ["worse"], "bootstrap": 0, "optimism": 0}


def one(rows: pd.DataFrame, **where: str) -> pd.Series:
    for name, value in where.items():
        rows = rows[rows[name].eq(value)]
    assert len(rows) == 1, rows
    return rows.iloc[0]


def test_the_function_is_where_a_notebook_looks_for_it():
    assert spinemets.evaluate is evaluate
    assert performance.evaluate is evaluate
    with pytest.raises(AttributeError, match="nothing"):
        _ = spinemets.nothing


def test_every_table_and_every_measure_is_registered(found):
    for name, table in found.tables.items():
        assert list(table.columns) == list(tables.TABLES[name].columns), name
        if "measure" in table:
            unknown = {m for m in table["measure"] if not measures.explained(name, m)}
            assert not unknown, name


def test_what_has_no_estimate_has_a_reason(found):
    for name, table in found.tables.items():
        if "estimate" in table:
            silent = table[table["estimate"].isna() & table["note"].eq("")]
            assert silent.empty, (name, silent)
        keys = tables.TABLES[name].of_kind("key")
        if "measure" in table:
            keys = [k for k in keys if k != "cohort"]
            twice = table.duplicated([*keys, *(["method"] if name == "recalibration" else [])])
            assert not twice.any(), (name, table[twice].head())


def test_discrimination_is_that_of_the_estimators(table, found):
    scores = table[["worse", "better"]].to_numpy()
    data = (table["months"], table["died"])
    rows = found["performance"]
    c = harrell_c(*data, scores, higher_is_worse=[True, False])
    u = uno_c(*data, scores, higher_is_worse=[True, False])
    truncated = uno_c(*data, scores, higher_is_worse=[True, False], tau=6)
    k = gonen_heller_k(*data, scores, higher_is_worse=[True, False])
    d = royston_d(*data, scores, higher_is_worse=[True, False])
    auc = auc_t(*data, scores, [3, 6, 12], higher_is_worse=[True, False])
    for i, name in enumerate(("worse", "better")):
        where = {"score": name, "stratum_set": "overall", "set": "own", "horizon": ""}
        for measure, value, error in (
            ("harrell_c", c.estimate, c.std_error), ("uno_c", u.estimate, u.std_error),
            ("gonen_heller_k", k.estimate, k.std_error), ("royston_d", d.d, d.std_error),
        ):  # fmt: skip
            row = one(rows, measure=measure, **where)
            assert row["estimate"] == value[i]
            assert row["std_error"] == pytest.approx(error[i], rel=1e-12)
            assert row["lower"] < row["estimate"] < row["upper"]
        assert one(rows, measure="royston_r2_d", **where)["estimate"] == d.r2_d[i]
        at = where | {"horizon": "6mo"}
        assert one(rows, measure="uno_c_truncated", **at)["estimate"] == truncated.estimate[i]
        assert one(rows, measure="auc", **at)["estimate"] == pytest.approx(auc.estimate[1, i])
    within = harrell_c(*data, scores, higher_is_worse=[True, False], strata=table["group"])
    row = one(rows, measure="harrell_c", score="worse", set="own", stratum="within")
    assert row["estimate"] == within.estimate[0]


def test_differences_carry_the_covariance(table, found):
    scores = table[["worse", "better", "model_12"]].to_numpy()
    c = harrell_c(table["months"], table["died"], scores, higher_is_worse=[True, False, True])
    expected = differences(c.estimate, c.covariance)
    rows = found["comparisons"]
    rows = rows[rows["measure"].eq("harrell_c") & rows["stratum_set"].eq("overall")]
    assert rows["estimate"].to_numpy() == pytest.approx(expected.difference)
    assert rows["p_holm"].to_numpy() == pytest.approx(expected.p_holm)
    assert rows["lower_simultaneous"].to_numpy() == pytest.approx(expected.lower_simultaneous)
    assert rows["covariance"].to_numpy() == pytest.approx(
        [c.covariance[0, 1], c.covariance[0, 2], c.covariance[1, 2]]
    )


def test_risks_say_where_they_come_from(table, found):
    rows = found["prediction_error"]
    own = rows[rows["set"].eq("own") & rows["measure"].eq("brier")]
    sources = own.groupby(["score", "horizon"])["source"].agg(set).to_dict()
    assert sources["model", "12mo"] == {"supplied", "apparent"}
    assert sources["worse", "12mo"] == {"cross_fitted", "apparent"}
    expected = brier_t(table["months"], table["died"], table[["model_12"]], [12])
    row = one(own, score="model", horizon="12mo", source="supplied")
    assert row["estimate"] == pytest.approx(expected.estimate[0, 0])
    ipa = one(rows, set="own", measure="ipa", score="model", horizon="12mo", source="supplied")
    assert ipa["estimate"] == pytest.approx(expected.ipa[0, 0])
    apparent = own[own["source"].eq("apparent")]
    assert apparent["note"].str.contains("apparent: fitted to the patients").all()
    assert "apparent" not in set(found["decision_curves"]["source"])


def test_ranks_and_shares_add_up(found):
    rows = found["rankings"]
    best = rows[rows["measure"].eq("p_best_harrell_c")]
    assert best["estimate"].sum() == pytest.approx(1)
    assert rows.loc[rows["measure"].eq("rank_brier"), "horizon"].ne("").all()


def test_risks_fitted_here_are_not_ranked_with_supplied_ones(found):
    pairs = found["comparisons"].query("measure in ('brier', 'ipa') and horizon == '12mo'")
    mixed = pairs["source"].str.contains("+", regex=False)
    assert set(pairs.loc[~mixed, "source"]) == {"cross_fitted"}
    assert pairs.loc[~mixed, "estimate"].notna().all()
    assert pairs.loc[mixed, "note"].str.startswith("not compared: a cross_fitted risk").all()
    assert pairs.loc[mixed, "estimate"].isna().all()
    assert mixed.sum() == 2 * (~mixed).sum() == 4
    curves = found["decision_curves"].query("set == 'all_scores' and horizon == '12mo'")
    against = curves[curves["measure"].eq("net_benefit_difference")]
    assert set(against.loc[against["source"].eq("supplied"), "other"]) == {
        "treat_all",
        "treat_none",
    }
    assert set(curves.loc[curves["score"].eq("treat_all"), "source"]) == {
        "supplied",
        "cross_fitted",
    }
    ranks = found["rankings"].query("measure == 'rank_brier' and horizon == '12mo'")
    source = dict(zip(ranks["score"], ranks["source"], strict=True))
    assert source == {"worse": "cross_fitted", "better": "cross_fitted", "model": "supplied"}
    alone = ranks.set_index("score").loc["model"]
    assert np.isnan(alone["estimate"])
    assert alone["note"] == "not ranked: the only supplied risk of the set"


def test_reclassification_and_transport(found):
    legacy = found["legacy"]
    assert set(legacy["measure"]) == {"nri_events", "nri_nonevents", "nri", "idi"}
    assert legacy["note"].str.contains("improper").all()
    travel = found["transport"]
    pooled = one(travel, measure="pooled_harrell_c", score="worse")
    assert pooled["method"].startswith("REML Knapp-Hartung, 4 centres")
    assert (
        "fewer than 5 centres" in one(travel, measure="new_centre_harrell_c", score="worse")["note"]
    )


def test_direction_is_guarded_and_never_flipped(table):
    found = evaluate(table, **CALL | {"higher_is_better": ["worse"], "bootstrap": 32,
                                      "scores": "worse,better"})  # fmt: skip
    assert set(found.suspect) == {"worse", "better"}
    rows = found["performance"]
    c = one(rows, set="own", score="worse", measure="harrell_c")
    assert c["estimate"] < 0.5
    assert SUSPECT in c["note"]
    assert found["rankings"]["note"].str.contains("not ranked").any()
    few = evaluate(make(80, 2), **CALL | {"higher_is_better": "worse"})
    note = one(few["performance"], set="own", score="worse", measure="harrell_c")["note"]
    assert not few.suspect
    assert SUSPECT not in note
    assert "below one half" in note


def test_a_sparse_score_is_compared_by_twos(table):
    random = np.random.default_rng(3)
    sparse = table.assign(rare=table["worse"].where(random.random(len(table)) < 0.3))
    found = evaluate(sparse, **CALL | {"scores": "worse,better,rare", "higher_is_better": "better"})
    moved = found["performance"][found["performance"]["note"].str.startswith("not in set")]
    assert list(moved["score"]) == ["rare"]
    pairs = found["comparisons"][found["comparisons"]["set"].eq("all_scores:pairwise")]
    assert set(pairs["score"] + "-" + pairs["other_score"]) == {"worse-rare", "better-rare"}
    assert pairs["note"].str.contains("half of the cohort").all()
    assert (pairs["n"] == int(sparse["rare"].notna().sum())).all()


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"time": "month"}, r"time: no column 'month'; did you mean 'months'"),
        ({"event": "months"}, "event: column 'months' holds something other"),
        ({"time": "group"}, r"time: column 'group' isn't numeric \[rows 2"),
        ({"scores": ["nope"]}, "scores: no column"),
        ({"scores": ()}, "scores: neither"),
        ({"scores": ["treat_all"]}, "scores: the name"),
        ({"higher_is_better": ["x"]}, "higher_is_better: 'x' isn't one of the scores"),
        ({"risks": {"m": "model_12"}}, "risks: 'm' has no horizon"),
        ({"risks": {"m@7mo": "model_12"}}, "risks: .* isn't one of the horizons"),
        ({"risks": {"m@3mo": "worse"}}, "risks: column 'worse' lies outside 0 to 1"),
        ({"risks": {"m@12mo": "model_12"}, "survival": {"m@12": "model_12"}}, "survival: .* twice"),
        ({"hazards": {"worse": "better"}}, "hazards: column 'better' has negative"),
        ({"by": ["grp"]}, "by: no column"),
        ({"centre": "x"}, "centre: no column"),
        ({"horizons": [0]}, "horizons: must be positive"),
        ({"horizons": ["a"]}, "horizons: must be positive"),
        ({"unit": "month"}, "unit: no unit 'month'; did you mean 'months'"),
        ({"sets": {"s": ["x"]}}, "sets: 'x' isn't one"),
        ({"sets": {"own": ["worse"]}}, "sets: 'own' is each score's own"),
        ({"thresholds": [1.2]}, "thresholds: must lie"),
        ({"decision": "early"}, "decision: no decision"),
        ({"reference": "x"}, "reference: 'x'"),
        ({"request": ["nry"]}, "request: nothing called 'nry'; did you mean 'nri'"),
        ({"bootstrap": -1}, "bootstrap: must be"),
        ({"folds": 1}, "folds: must be"),
        ({"seed": 0.5}, "seed: must be"),
    ],
)
def test_a_wrong_call_names_the_argument(table, change, argument):
    with pytest.raises(ValueError, match=argument) as caught:
        evaluate(table, **CALL | change)
    assert isinstance(caught.value, ArgumentError)


def test_all_faults_come_at_once(table):
    with pytest.raises(ArgumentError) as caught:
        evaluate(table, time="x", event="y", scores="z", horizons=[], folds=0)
    assert [f.file for f in caught.value.faults] == ["horizons", "folds", "time", "event", "scores"]


ODD = {
    "nobody": lambda t: t.iloc[:0],
    "one patient": lambda t: t.iloc[:1],
    "two patients": lambda t: t.iloc[:2],
    "all censored": lambda t: t.assign(died=0),
    "all dead": lambda t: t.assign(died=1),
    "all at one time": lambda t: t.assign(months=5.0),
    "at time zero": lambda t: t.assign(months=0.0),
    "no event before the horizon": lambda t: t.assign(months=t["months"] + 100),
    "horizon beyond follow-up": lambda t: t.assign(months=t["months"] / 100),
    "one level": lambda t: t.assign(worse=1.0),
    "score missing": lambda t: t.assign(worse=np.nan),
    "infinite score": lambda t: t.assign(worse=np.where(t.index % 3, t["worse"], np.inf)),
    "odd times": lambda t: t.assign(
        months=np.where(t.index % 7 == 0, np.nan, np.where(t.index % 7 == 1, -1.0, t["months"]))
    ),
    "infinite time": lambda t: t.assign(months=np.where(t.index % 5 == 0, np.inf, t["months"])),
    "event missing": lambda t: t.assign(died=t["died"].where(t.index % 4 > 0)),
    "a stratum of two": lambda t: t.assign(group=np.where(t.index < 2, "tiny", "rest")),
    "one centre": lambda t: t.assign(centre="A"),
    "risk all zero": lambda t: t.assign(model_12=0.0),
    "risk all one": lambda t: t.assign(model_12=1.0),
    "risk missing": lambda t: t.assign(model_12=np.nan),
    "risk missing in some": lambda t: t.assign(model_12=t["model_12"].where(t.index % 3 > 0)),
    "text bands": lambda t: t.assign(worse=np.where(t["worse"] > 4, "9-11", "0-8")),
    "ordered category": lambda t: t.assign(
        worse=pd.Categorical(np.where(t["worse"] > 4, "bad", "good"), ["good", "bad"], ordered=True)
    ),
    "boolean event": lambda t: t.assign(died=t["died"].eq(1)),
}


@pytest.mark.parametrize("odd", ODD)
def test_odd_data_give_rows_with_reasons(odd):
    data = ODD[odd](make(120, 4))
    found = evaluate(
        data, time="months", event="died", scores="worse,better", higher_is_better="better",
        risks={"model@12mo": "model_12"}, by="group", centre="centre", bootstrap=8,
        request="apparent,nri",
    )  # fmt: skip
    for name, rows in found.tables.items():
        if "estimate" in rows:
            assert not (rows["estimate"].isna() & rows["note"].eq("")).any(), (name, odd)
            numbers = rows[["estimate", "lower", "upper", "std_error"]].to_numpy(float)
            assert not np.isinf(numbers).any(), (name, rows[np.isinf(numbers).any(axis=1)])
    flow = found["flow"].groupby("step")["n"].sum()
    assert flow["in"] == len(data)
    assert flow["analysed"] == flow["in"] - flow.get("excluded", 0)
    assert not found["performance"].empty


def test_rows_in_another_order_and_days_for_months(table):
    a = evaluate(table, **CALL)["performance"]
    b = evaluate(table.sample(frac=1, random_state=1), **CALL)["performance"]
    pd.testing.assert_frame_equal(a, b)
    days = table.assign(months=table["months"] * 30.4375)
    c = evaluate(days, **CALL, unit="days", horizons=[91.3125, 182.625, 365.25])["performance"]
    assert c["estimate"].to_numpy() == pytest.approx(a["estimate"].to_numpy(), rel=1e-9)


def test_a_difference_of_ipa_has_the_interval_of_a_jackknife(table):
    small = table.head(150).assign(rough=lambda t: (t["worse"].rank(pct=True)).round(3))
    call = CALL | {"scores": (), "horizons": [12]}
    risks = {"a@12": "model_12", "b@12": "rough"}
    row = one(evaluate(small, **call, risks=risks)["comparisons"], measure="ipa")

    def gap(part: pd.DataFrame) -> float:
        pair = part[["model_12", "rough"]].to_numpy()[:, :, np.newaxis]
        return float(np.subtract(*brier_t(part["months"], part["died"], pair, [12]).ipa[0]))

    left_out = [gap(small.drop(index=i)) for i in small.index]
    jackknife = np.sqrt((len(small) - 1) * np.var(left_out))
    assert row["estimate"] == pytest.approx(gap(small))
    assert row["std_error"] == pytest.approx(jackknife, rel=0.02)
    assert row["lower"] < row["estimate"] < row["upper"]


def test_an_integrated_brier_score_joins_risks_of_one_kind(table):
    call = CALL | {"scores": ["worse", "better"], "horizons": [6, 12],
                   "higher_is_better": ["better"]}  # fmt: skip
    mixed = evaluate(table, **call, risks={"worse@12": "model_12"})
    plain = evaluate(table, **call)
    own, fitted = (
        one(f["prediction_error"], measure="integrated_brier", set="own", score="worse")
        for f in (mixed, plain)
    )
    assert own["source"] == fitted["source"] == "cross_fitted"
    assert own["estimate"] == pytest.approx(fitted["estimate"])
    assert "risks from elsewhere exist at some horizons only (12mo)" in own["note"]
    assert fitted["note"] == ""
    a, b = (one(f["comparisons"], measure="integrated_brier") for f in (mixed, plain))
    assert a["estimate"] == pytest.approx(b["estimate"])
    both = one(plain["prediction_error"], measure="integrated_brier", set="own", score="better")
    assert b["estimate"] == pytest.approx(fitted["estimate"] - both["estimate"])


def test_a_perfect_score_says_why_it_has_no_interval(table):
    perfect = table.assign(oracle=-table["months"], died=1)
    rows = evaluate(perfect, **CALL | {"scores": ["oracle"], "horizons": [6]})["performance"]
    for measure in ("harrell_c", "auc"):
        row = rows[rows["measure"].eq(measure) & rows["set"].eq("own")].iloc[0]
        assert row["estimate"] == 1
        assert np.isnan(row["lower"])
        assert row["note"].startswith("no interval: every comparable pair is in the same order")


def test_rank_limits_hold_the_rank_that_is_printed(found):
    ranks = found["rankings"].query("measure.str.startswith('rank_')").dropna(subset=["estimate"])
    assert len(ranks) > 5
    assert (ranks["lower"] <= ranks["estimate"]).all()
    assert (ranks["estimate"] <= ranks["upper"]).all()


def test_planned_sizes_and_widths_name_what_they_rest_on(found):
    at = found["precision"].query("horizon == '12mo'").set_index("measure")
    assert "of width 0.2 (O:E), 0.2 (slope) and 0.1 (C)" in at.loc["planned_n_riley", "method"]
    width, n = at.loc["expected_width_harrell_c"], at.loc["planned_n_harrell_c", "estimate"]
    assert width["method"].startswith("all events")
    # So many patients make the interval 0.1 wide, and widths go with the root of n.
    assert width["estimate"] == pytest.approx(0.1 * np.sqrt(n / width["n"]), rel=1e-2)
    assert "yes-or-no outcome" in at.loc["expected_width_auc", "method"]


def test_every_distinct_risk_fitted_anew_carries_a_caveat(found):
    rows = found["recalibration"].query("measure == 'recalibrated_cloglog_slope'")
    crowded = rows["method"].str.contains("updating levels")
    assert crowded.any()
    assert rows.loc[crowded, "note"].str.contains("expect overfitting").all()
    assert not rows.loc[~crowded, "note"].str.contains("overfitting").any()


def test_optimism_of_what_was_fitted_here_and_of_nothing_else(table, found):
    rows = found["optimism"]
    fixed = rows[rows["measure"].eq("optimism_harrell_c")]
    assert sorted(fixed["score"]) == ["better", "model", "worse"]
    assert fixed["note"].str.startswith("none: nothing was fitted").all()
    supplied = one(rows, measure="optimism_brier", score="model", source="supplied")
    assert (supplied["estimate"], supplied["note"]) == (0, "none: nothing was fitted")
    here = rows.query("score == 'worse' and horizon == '12mo'").set_index("measure")
    at = here["estimate"]
    direct = risk_optimism(
        table["months"], table["died"], table["worse"], [3, 6, 12], resamples=30, seed=20240101
    )[2]
    assert at["apparent_brier"] == pytest.approx(direct.apparent)
    assert at["corrected_brier"] == pytest.approx(direct.corrected)
    assert at["corrected_ipa"] == pytest.approx(at["apparent_ipa"] - at["optimism_ipa"])
    # The scores of the other tables are these.
    for source, measure in (("apparent", "apparent"), ("cross_fitted", "cross_validated")):
        row = one(found["prediction_error"], measure="brier", set="own", score="worse",
                  horizon="12mo", source=source)  # fmt: skip
        for part in ("estimate", "lower", "upper"):
            assert here.loc[f"{measure}_brier", part] == pytest.approx(row[part])
    none = evaluate(table, **CALL)["optimism"]
    assert none.query("measure == 'optimism_brier'")["note"].str.startswith("left out").all()
