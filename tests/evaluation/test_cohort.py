"""The evaluation of a cohort of the workflow, and what happens when a direction is wrong."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from spinemets.errors import InputError
from spinemets.evaluation.discrimination import SUSPECT
from spinemets.performance.brier import brier_t
from spinemets.performance.decisions import decisions
from spinemets.scores import registry
from spinemets.settings import EvaluationSettings, ScoreSettings, SurvivalSettings
from spinemets.stages.evaluate import evaluate

INFO = {"id": "demo", "resolution": "day"}
PAIR = ["tomita_2001", "katagiri_2014"]


def cohort(n: int = 400) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Patients whose points of both scores rise with their hazard; every tenth total is partial."""
    random = np.random.default_rng(5)
    lp = random.normal(size=n)
    death, end = random.exponential(200 * np.exp(-lp)), random.uniform(100, 1500, n)
    patients = pd.DataFrame(
        {
            "patient_id": [f"p{i}" for i in range(n)],
            "survival_days": np.ceil(np.minimum(death, end)),
            "died": death <= end,
        }
    )
    parts = []
    for score, low, high in (("tomita_2001", 2, 10), ("katagiri_2014", 0, 10)):
        points = np.clip(np.round(5 + 2 * lp + random.normal(size=n)), low, high)
        partial = np.arange(n) % 10 == 0
        bands = registry.load_definitions(PAIR, [])[score].bands
        edges = np.linspace(low, high + 1, len(bands) + 1)
        place = np.clip(np.digitize(points, edges) - 1, 0, len(bands) - 1)
        parts.append(
            pd.DataFrame(
                {
                    "patient_id": patients["patient_id"], "score": score, "variant": "",
                    "points": pd.array(np.where(partial, np.nan, points), dtype="Float64"),
                    "band": [None if p else bands[k].id
                             for p, k in zip(partial, place, strict=True)],
                    "low": np.where(partial, np.maximum(points - 1, low), points),
                    "high": np.where(partial, np.minimum(points + 1, high), points),
                    "status": np.where(partial, "missing", "determined"), "reason": "",
                }
            )
        )  # fmt: skip
    return patients, pd.concat(parts, ignore_index=True)


def supplied(patients: pd.DataFrame) -> pd.DataFrame:
    """Supplied survival at 90 and 365 days, worse than the truth; a fifth has none."""
    random = np.random.default_rng(6)
    parts = []
    for variant, scale in (("90d", 0.5), ("365d", 1.5)):
        known = np.arange(len(patients)) % 5 > 0
        survival = np.exp(-scale * random.exponential(size=len(patients)) / 3).round(3)
        parts.append(
            pd.DataFrame(
                {
                    "patient_id": patients["patient_id"], "score": "sorg_ml_2019",
                    "variant": variant,
                    "points": pd.array(np.where(known, survival, np.nan), dtype="Float64"),
                    "band": None, "low": np.where(known, survival, 0.0),
                    "high": np.where(known, survival, 1.0),
                    "status": np.where(known, "determined", "missing"), "reason": "",
                }
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def run(**change: object) -> dict[str, pd.DataFrame]:
    patients, scores = cohort()
    settings = EvaluationSettings(
        comparison_sets=[{"id": "pair", "scores": PAIR}], bootstrap=32, optimism=20, **change
    )
    return evaluate(
        patients, scores, INFO, settings, ScoreSettings(ids=PAIR), SurvivalSettings(strata=[])
    )


def rows(table: pd.DataFrame, **where: str) -> pd.DataFrame:
    for name, value in where.items():
        table = table[table[name].eq(value)]
    return table


def test_published_risks_come_first_and_bands_stand_beside_points():
    found = run()
    brier = rows(found["prediction_error"], measure="brier", set="own")
    sources = dict(zip(brier["score"] + brier["horizon"], brier["source"], strict=True))
    assert sources["katagiri_20146mo"] == "published"
    assert sources["tomita_20016mo"] == "cross_fitted"
    forms = rows(found["performance"], measure="harrell_c", set="pair")["form"]
    assert sorted(forms) == ["band", "band", "points", "points"]
    band = rows(found["calibration"], stratum_set="band:katagiri_2014", horizon="6mo")
    assert set(band["measure"]) == {"observed_risk", "published_risk", "risk_difference"}
    assert len(found["updated_risks"]) > 5
    assert set(found["decision_curves"]["decision"]) == set(decisions())
    bounds = rows(found["performance"], measure="harrell_c_bounds", score="tomita_2001")
    c = rows(found["performance"], measure="harrell_c", score="tomita_2001", set="own",
             form="points")["estimate"].item()  # fmt: skip
    assert bounds["lower"].item() < c < bounds["upper"].item()


def test_flipped_tomita_is_seen_withheld_from_the_ranking_and_never_flipped_back(monkeypatch):
    right = run()
    original = registry.load_definitions

    def flipped(*args: object, **options: object) -> dict[str, object]:
        known = dict(original(*args, **options))  # type: ignore[arg-type]
        tomita = known["tomita_2001"]
        known["tomita_2001"] = SimpleNamespace(
            id=tomita.id,
            direction=-tomita.direction,
            bands=tomita.bands,
            predicts_survival=tomita.predicts_survival,
            data=tomita.data,
        )
        return known

    monkeypatch.setattr(registry, "load_definitions", flipped)
    wrong = run()
    where = {"measure": "harrell_c", "score": "tomita_2001", "set": "own", "form": "points"}
    before, after = (rows(f["performance"], **where).iloc[0] for f in (right, wrong))
    assert after["estimate"] == pytest.approx(1 - before["estimate"])
    assert SUSPECT not in before["note"]
    assert SUSPECT in after["note"]
    ranked = rows(wrong["rankings"], score="tomita_2001")
    assert ranked["estimate"].isna().all()
    assert ranked["note"].str.startswith("not ranked: direction_suspect").all()
    errors = wrong["prediction_error"]
    doubted = errors["note"].str.startswith(SUSPECT)
    assert doubted.equals(errors["score"].eq("tomita_2001"))
    with pytest.raises(InputError, match="tomita_2001: direction_suspect"):
        run(strict=True)


def test_supplied_probabilities_are_risks_at_their_own_horizon_beside_the_scores():
    patients, scores = cohort()
    scores = pd.concat([scores, supplied(patients)], ignore_index=True)
    ids = [*PAIR, "sorg_ml_2019"]
    settings = EvaluationSettings(
        horizons_months=[6],
        comparison_sets=[{"id": "all", "scores": ids}],
        bootstrap=16,
        optimism=0,
    )
    found = evaluate(
        patients, scores, INFO, settings, ScoreSettings(ids=ids), SurvivalSettings(strata=[])
    )
    assert not found["performance"]["note"].str.contains("not computed").any()
    for variant, other in (("90d", "365d"), ("365d", "90d")):
        model = {"score": "sorg_ml_2019", "variant": variant}
        for group in ("own", "all"):
            at = model | {"set": group, "horizon": variant}
            auc = rows(found["performance"], measure="auc", form="points", **at)
            assert 0 < auc["std_error"].item() < 0.1
            for measure in ("brier", "ipa"):
                error = rows(found["prediction_error"], measure=measure, **at)
                assert error["source"].item() == "supplied"
                assert error["estimate"].notna().item()
            benefit = rows(found["decision_curves"], measure="net_benefit", source="supplied", **at)
            assert benefit["estimate"].notna().all()
            assert len(benefit) > 5
        slope = rows(found["calibration"], measure="calibration_slope", horizon=variant, **model)
        assert slope["source"].item() == "supplied"
        # Nothing is fitted in place of a probability at another horizon.
        error = rows(found["prediction_error"], measure="brier", set="own", horizon=other, **model)
        assert error["estimate"].isna().item()
        assert error["note"].item().startswith(f"a supplied probability of survival at {variant}")
    own = rows(found["prediction_error"], set="own", measure="brier", horizon="90d")
    own = rows(own, score="sorg_ml_2019", variant="90d")
    have = supplied(patients).query("variant == '90d' and status == 'determined'")
    inside = patients["patient_id"].isin(have["patient_id"]).to_numpy()
    direct = brier_t(
        patients["survival_days"].to_numpy()[inside], patients["died"].to_numpy()[inside],
        1 - have["points"].to_numpy(dtype=float)[:, np.newaxis], [90],
    )  # fmt: skip
    assert own["estimate"].item() == pytest.approx(direct.estimate[0, 0], rel=1e-12)


def test_the_guard_judges_only_scores_of_overall_survival():
    known = registry.load_definitions()
    judged = {key for key, d in known.items() if d.predicts_survival}
    assert {*PAIR, "sorg_ml_2019", "rades_2008", "van_der_linden_2005"} <= judged
    others = {"rades_ambulatory_2008", "rades_ambulatory_2022", "rades_lpfs_2018", "sins", "escc",
              "frankel_change", "noms_2013", "mstfi_2016"}  # fmt: skip
    assert others.isdisjoint(judged)
    # A word of the outcome doesn't decide it: this one is survival without local progression.
    assert known["rades_lpfs_2018"].data.outcome == "local progression-free survival"
    assert known["rades_lpfs_2018"].data.endpoint == "local_control"


def test_a_reference_cohort_splits_differences_in_c_in_the_workflow_too():
    patients, scores = cohort()
    here = patients["patient_id"].str.removeprefix("p").astype(int).lt(250)
    ids = patients.loc[here, "patient_id"]
    part = patients[here], scores[scores["patient_id"].isin(ids)]
    settings = EvaluationSettings(comparison_sets=[], bootstrap=0, optimism=0, horizons_months=[6])
    found = evaluate(
        *part, INFO, settings, ScoreSettings(ids=PAIR), SurvivalSettings(strata=[]),
        reference=(patients, scores, {"id": "first", "visibility": "simulated"}),
    )["transport"]  # fmt: skip
    for score in PAIR:
        mine = rows(found, score=score, stratum_set="overall").set_index("measure")
        total = mine.loc["harrell_c_difference"]
        parts = (
            mine.loc["harrell_c_case_mix", "estimate"] + mine.loc["harrell_c_validity", "estimate"]
        )
        assert total["estimate"] == pytest.approx(parts, abs=1e-9)
        assert "reference cohort SIMULATED first" in total["method"]
        assert mine.loc["harrell_c_reference", "n"] == 360
    none = run(horizons_months=[6])["transport"]
    assert not none["measure"].str.contains("case_mix").any()
