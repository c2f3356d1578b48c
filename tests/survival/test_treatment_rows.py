"""Treatment comparisons: confounding is removed, immortal time shown, nothing claimed."""

import numpy as np
import pandas as pd
import pytest

from spinemets import advice
from spinemets.survival.propensity import encode
from spinemets.survival.sample import make_sample
from spinemets.survival.timed import TimedTreatment, panel_curves, panel_rows
from spinemets.survival.treatment_rows import (
    ASSOCIATION,
    RANDOMISED,
    Compared,
    comparison_rows,
)

MONTH = 30.4375


def draw(n=1200, seed=1, randomised=False):
    """Treatment without effect, given to the fit: unweighted it looks like a cure."""
    rng = np.random.default_rng(seed)
    fit = rng.normal(size=n)
    chance = 0.5 if randomised else 1 / (1 + np.exp(-1.2 * fit))
    first = rng.random(n) < chance
    death = rng.exponential(250, n) * np.exp(0.9 * fit)
    end = rng.uniform(400, 2000, n)
    sample = make_sample(np.minimum(death, end), death <= end)
    covariates = encode(pd.DataFrame({"fitness": fit}))
    return Compared("made_up", "demo", first, sample, covariates, randomised, ("surgery", "none"))


def timed(sample, treated, day, landmarks):
    """Rows of the panel, and the analyses behind them."""
    data = TimedTreatment("surgery", "demo", sample, treated, day)
    entries = data.entries(landmarks)
    return panel_rows(data, entries, 12), panel_curves(data, entries, [0, 6, 12], 2, "day")


def only(rows, **wanted):
    found = [r for r in rows if all(getattr(r, k) == v for k, v in wanted.items())]
    assert len(found) == 1, (wanted, len(found))
    return found[0]


@pytest.fixture(scope="module")
def rows():
    return comparison_rows(draw(), 12, [3, 12], 60, 1)


def test_weighting_removes_the_confounding_that_the_unweighted_result_has(rows):
    measure = "restricted_mean_difference_months"
    plain = only(rows, measure=measure, term="unweighted")
    assert plain.lower > 0.5
    for scheme in ("overlap", "inverse"):
        weighted = only(rows, measure=measure, term=scheme)
        assert weighted.lower < 0 < weighted.upper
        ratio = only(rows, measure="hazard_ratio", term=scheme)
        assert ratio.lower < 1 < ratio.upper
        assert only(rows, measure="e_value_limit", term=scheme).estimate == 1
        risk = only(rows, measure="risk_ratio", term=scheme)
        assert risk.lower < 1 < risk.upper
        assert risk.contrast == "surgery against none"
        alive = [only(rows, measure="weighted_survival", term=scheme, horizon="12mo",
                      stratum=name).estimate for name in ("surgery", "none")]  # fmt: skip
        assert risk.estimate == pytest.approx((1 - alive[0]) / (1 - alive[1]), rel=1e-9)
        assert only(rows, measure="e_value_risk_ratio", term=scheme).estimate < 1.7
        assert only(rows, measure="e_value_risk_ratio_limit", term=scheme).estimate == 1
        assert only(rows, measure="e_value_restricted_mean", term=scheme).note
        gap = only(rows, measure="restricted_mean_difference_months", term=scheme)
        assert gap.contrast == "surgery against none"
    assert only(rows, measure="hazard_ratio", term="unweighted").upper < 1


def test_the_text_says_association_unless_treatment_was_allocated(rows):
    for row in rows:
        if row.measure in ("hazard_ratio", "restricted_mean_difference_months"):
            assert ASSOCIATION in row.note
    found = comparison_rows(draw(400, 2, randomised=True), 12, [12], 30, 1)
    ratio = only(found, measure="hazard_ratio", term="unweighted")
    assert ratio.note == RANDOMISED
    assert not [r for r in found if r.measure == "e_value"]


def test_balance_is_reported_before_and_after(rows):
    before = only(rows, measure="standardised_difference", term="unweighted", stratum="fitness")
    after = only(rows, measure="standardised_difference", term="overlap", stratum="fitness")
    assert before.estimate > 0.8
    assert before.note == "imbalance"
    assert after.estimate < 1e-3


def test_groups_keep_their_names_and_sizes(rows):
    for scheme in ("overlap", "inverse"):
        sizes = [r for r in rows if r.measure == "effective_n" and r.term == scheme]
        assert {r.stratum for r in sizes} == {"surgery", "none"}
        assert all(0 < r.estimate < r.n for r in sizes)
        curve = [r for r in rows if r.measure == "weighted_survival" and r.term == scheme]
        assert len(curve) == 4
        assert all(r.lower <= r.estimate <= r.upper for r in curve)


def test_weights_that_explode_are_named():
    one = draw(1500, 5)
    far = encode(pd.DataFrame({"x": np.where(one.first, 1.0, -1.0) * 2.2
                               + np.random.default_rng(1).normal(size=1500)}))  # fmt: skip
    wild = Compared("wild", "demo", one.first, one.sample, far)
    found = comparison_rows(wild, 12, [12], 20, 1)
    warned = " ".join(r.note for r in found if r.measure == "warning")
    assert "less than a 5 % chance" in warned
    assert "weigh as much as" in warned


def test_complete_separation_is_a_reason_and_the_unweighted_result_stays():
    one = draw(300, 3)
    told = encode(pd.DataFrame({"x": one.first.astype(float)}))
    found = comparison_rows(Compared("s", "demo", one.first, one.sample, told), 12, [12], 20, 1)
    assert only(found, term="overlap").note == "the covariates separate the treatments"
    assert only(found, measure="hazard_ratio", term="unweighted").estimate


@pytest.mark.parametrize("treated", [0, 5])
def test_too_few_patients_are_a_reason(treated):
    one = draw(80, 4)
    first = np.arange(80) < treated
    found = comparison_rows(
        Compared("t", "demo", first, one.sample, one.covariates), 12, [12], 20, 1
    )
    reason = found[-1].note
    assert reason in ("one of the groups has no patients",
                      "not weighted: a group has fewer than 15 patients")  # fmt: skip


def test_the_naive_analysis_is_biased_and_the_others_are_not():
    found = {"naive": [], "landmark 3 months": [], "time-varying": []}
    for seed in range(40):
        rng = np.random.default_rng(seed)
        n = 500
        death, wait = rng.exponential(250, n), rng.exponential(200, n)
        treated = wait < death
        rows, _ = timed(
            make_sample(death, np.ones(n)), treated, np.where(treated, wait, np.nan), [3]
        )
        for term, logs in found.items():
            logs.append(np.log(only(rows, measure="hazard_ratio", term=term).estimate))
    mean = {term: np.mean(logs) for term, logs in found.items()}
    error = {term: np.std(logs) / np.sqrt(40) for term, logs in found.items()}
    assert mean["naive"] < -1.3  # the treatment does nothing: the log hazard ratio is 0
    for term in ("landmark 3 months", "time-varying"):
        assert error[term] < 0.03
        assert abs(mean[term]) < 3 * error[term]
    naive = only(rows, measure="hazard_ratio", term="naive")
    assert "biased by immortal time" in naive.method


def test_treatment_before_time_zero_is_counted_and_no_late_treatment_needs_no_panel():
    sample = make_sample([10.0, 20, 30, 40], [1, 1, 1, 0])
    early = np.array([-5.0, 0, np.nan, np.nan])
    rows, curves = timed(sample, np.array([True, True, False, False]), early, [1])
    assert [r.note for r in rows] == ["no treatment begins after time zero"]
    assert curves == []
    late = np.array([-5.0, 7, np.nan, np.nan])
    rows, _ = timed(sample, np.array([True, True, True, False]), late, [1])
    assert "treated before time zero" in rows[0].note
    assert "1 treated patient(s) without day left out" in rows[0].note


def test_curves_of_the_panel_move_patients_on_the_day_of_treatment():
    sample = make_sample([100.0, 200, 300, 400, 40], [1, 1, 1, 0, 1])
    treated = np.array([True, True, False, False, False])
    _, parts = timed(sample, treated, np.array([50.0, 0, np.nan, np.nan, np.nan]), [2])
    curves = {p.at_risk["stratum_set"].iloc[0]: p for p in parts}
    assert list(curves) == ["surgery:naive", "surgery:landmark 2 months", "surgery:time-varying"]
    day = curves["surgery:time-varying"].kaplan_meier
    untreated = day[day["stratum"].eq("untreated")]
    assert untreated["at_risk"].tolist()[0] == 4  # the later treated patient among them
    assert untreated["events"].max() == 2
    landmark = curves["surgery:landmark 2 months"].at_risk
    # Month 6 from time zero is month 4 from the landmark; who died before it isn't there.
    assert sorted(set(landmark["time_months"])) == [0, 4, 10]
    assert landmark[landmark["time_months"].eq(0)]["at_risk"].tolist() == [2, 2]


def test_advice_is_concordant_discordant_or_open():
    table = pd.DataFrame(
        {
            "surgery": pd.array([True, True, False, None], dtype="boolean"),
            "resection_extent": pd.array(["en_bloc", "none", None, None], dtype="string"),
        }
    )
    band = pd.Series(["12-15", "12-15", "0-8", "0-8"])
    assert advice.concordance(table, "tokuhashi_2005", band).tolist() == [
        "concordant",
        "discordant",
        "concordant",
        "not_assessable",
    ]
    unknown = advice.concordance(table, "tokuhashi_2005", pd.Series([None] * 4))
    assert set(unknown) == {"not_assessable"}


@pytest.mark.parametrize("score", sorted(advice.advice()))
def test_every_band_with_advice_is_a_band_of_the_score(score):
    from spinemets import contract
    from spinemets.scores import registry

    bands = {b.id for b in registry.load_definitions([score], [])[score].bands}
    assert set(advice.advice()[score]) <= bands
    for entry in advice.advice()[score].values():
        for alternative in entry["when"]:
            for column, wanted in alternative.items():
                known = contract.columns()[column]
                assert isinstance(wanted, bool) or set(wanted) <= set(known.levels)
