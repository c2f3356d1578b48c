"""Private tables of models, treatments and other outcomes, for a made-up cohort."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from spinemets.results import ModelRow, frame, stack
from spinemets.survival.describe import Description, describe_survival, nothing
from spinemets.survival.outcomes import outcome_tables
from spinemets.survival.sample import floats, make_sample
from spinemets.survival.timed import TimedTreatment, panel_curves

ANSWERS = ("concordant", "discordant", "not_assessable")
MONTH = 30.4375


def patient_table(p: pd.DataFrame, seed: int = 7) -> pd.DataFrame:
    """Follow-up in days, a local failure in some, walking before and after in others."""
    rng = np.random.default_rng(seed)
    days = np.rint(p["months"] * MONTH)
    wait = np.rint(rng.exponential(700, len(p)))
    failed = wait < days
    walks = rng.random(len(p)) > 0.2
    return pd.DataFrame(
        {
            "survival_days": days,
            "died": p["died"].astype("boolean"),
            "local_failure": pd.array(failed, dtype="boolean"),
            "local_failure_day": pd.Series(wait).where(failed),
            "ambulatory_before": pd.array(walks, dtype="boolean"),
            "ambulatory_after": pd.array(walks ^ (rng.random(len(p)) < 0.1), dtype="boolean"),
        }
    )


def _models(p: pd.DataFrame) -> Iterator[ModelRow]:
    n, events = len(p), int(p["died"].sum())
    base = {"score": "tokuhashi_2005", "form": "points", "n": n, "events": events}
    group = {**base, "stratum_set": "primary_group"}
    yield ModelRow("strata_share", 0.41, model="beyond_strata", note="41 % of the variance",
                   **group)  # fmt: skip
    for term, ratio in (("unstratified", 0.79), ("stratified", 0.85)):
        yield ModelRow("hazard_ratio", ratio, ratio - 0.04, ratio + 0.04, term=term,
                       model="beyond_strata", **group)  # fmt: skip
    yield ModelRow("interaction_p", 0.21, model="heterogeneity", **group)
    for name, rows in p.groupby("primary_group"):
        size = {"n": len(rows), "events": int(rows["died"].sum()), "stratum": str(name)}
        yield ModelRow("hazard_ratio", 0.8123456, 0.7, 0.9, model="heterogeneity",
                       **(group | size))  # fmt: skip
    for term in ("score", "strata", "both"):
        yield ModelRow("harrell_c", 0.66, 0.64, 0.68, model="added_value", term=term, **group)
        yield ModelRow("ipa", 0.2, 0.1, 0.3, model="added_value", term=term, **group)
    yield ModelRow("lrt_p", 1e-9, model="added_value", term="score_added", **group)
    yield ModelRow("hazard_ratio", 0.9, 0.8, 1.0, model="era", n=n, events=events)
    era = {**base, "stratum_set": "era"}
    for k, period in enumerate(("2000-2004", "2005-2009")):
        where = era | {"stratum": period, "n": n // 2, "events": events // 2}
        yield ModelRow("harrell_c", 0.66 - k / 50, 0.6, 0.7, model="era", **where)
        yield ModelRow("observed_expected", 1 + k / 10, 0.9, 1.2, model="era", horizon="12mo",
                       **where)  # fmt: skip
    yield ModelRow("c_trend_p", 0.4, model="era", note="-0.01 per period", **era)
    for name in ("overall", "primary_group"):
        place = {**base, "stratum_set": name}
        for points in range(16):
            ratio = float(np.exp(-0.2 * (points - 9)))
            yield ModelRow("hazard_ratio", ratio, ratio * 0.9, ratio * 1.1, model="spline",
                           term=f"{points}", **place)  # fmt: skip
        yield ModelRow("bend_p", 0.03, model="spline", **place)


def _treatment(p: pd.DataFrame, table: pd.DataFrame, answer: pd.Series) -> Iterator[ModelRow]:
    size = {"n": len(p), "events": int(p["died"].sum())}
    timed = {"model": "immortal_time", "stratum_set": "surgery", **size}
    for term in ("naive", "time-varying"):
        yield ModelRow("hazard_ratio", 0.8, 0.6, 1.1, term=term, note="7 patient(s) left out",
                       contrast="treated against not treated", **timed)  # fmt: skip
    pair = {"model": "comparison", "stratum_set": "surgery_radiotherapy", **size}
    for term in ("unweighted", "overlap"):
        yield ModelRow("restricted_mean_difference_months", 1.1, 0.2, 2.0, term=term, **pair)
        yield ModelRow("hazard_ratio", 0.8, 0.6, 1.1, term=term, note="association",
                       contrast="surgery against radiotherapy alone", **pair)  # fmt: skip
        balance = {"term": term, **pair, "stratum": "kps"}
        yield ModelRow("standardised_difference", 0.3 if term == "unweighted" else 0.01, **balance)
        yield ModelRow("standardised_difference", 0.2, term=term, **(pair | {"stratum": "age"}))
    for side, level in (("radiotherapy alone", 0.5), ("surgery", 0.6)):
        group = {**pair, "stratum": side, "term": "overlap", "n": len(p) // 2}
        yield ModelRow("effective_n", len(p) / 3, **group)
        for month in (3, 12):
            yield ModelRow("weighted_survival", level**month, level**month / 2, 0.9,
                           horizon=f"{month}mo", **group)  # fmt: skip
        yield ModelRow("restricted_mean_months", 5 + (side == "surgery") * 1.1, **group)
    warned = "4.2 % of patients had less than a 5 % chance of treatment surgery"
    yield ModelRow("warning", term="overlap", note=warned, **pair)
    for name in ANSWERS:
        rows = (answer == name).to_numpy()
        walking = int(table["ambulatory_after"][rows].sum())
        yield ModelRow("ambulatory_after", walking / max(rows.sum(), 1), 0.1, 0.9,
                       model="advice", score="noms_2013", stratum_set="advice:noms_2013",
                       stratum=name, n=int(rows.sum()), events=walking)  # fmt: skip


def _timed(p: pd.DataFrame, table: pd.DataFrame) -> list[Description]:
    """Curves of a treatment that begins late in some, as the stage writes them."""
    rng = np.random.default_rng(11)
    days = floats(table["survival_days"])
    treated = rng.random(len(p)) < 0.4
    day = np.where(treated, np.minimum(rng.exponential(40, len(p)), days / 2), np.nan)
    sample = make_sample(days, p["died"].to_numpy(dtype=float))
    data = TimedTreatment("surgery", "demo", sample, treated, day)
    return panel_curves(data, data.entries([1, 3]), [0, 6, 12, 24, 36], 10, "day") or [nothing()]


def tables(p: pd.DataFrame, cohort: str) -> dict[str, pd.DataFrame]:
    """The tables, in the shape in which the stages write them."""
    table = patient_table(p)
    groups = {
        name: (p[name].to_numpy(dtype=object), sorted(p[name].unique()))
        for name in ("primary_group", "treatment")
    }
    rows, curves = outcome_tables(table, groups, cohort, [3.0, 12.0], 24, 10)
    answer = pd.Series(np.array(ANSWERS)[np.arange(len(p)) % 7 % 3], index=p.index)
    survival = describe_survival(
        table, "advice:noms_2013", answer, [6, 12], levels=ANSWERS, cohort=cohort,
        risk_months=[0, 6, 12], minimum_group=10, restricted_months=12,
    )  # fmt: skip
    timed = _timed(p, table)
    counts = pd.DataFrame(
        {"advised": np.where(np.arange(len(p)) % 3, "SRS", "cEBRT"), "given": p["treatment"],
         "answer": answer, "died": p["died"]}
    )  # fmt: skip
    keys = ["advised", "given", "answer"]
    cells = counts.groupby(keys)["died"].agg(["size", "sum"]).reset_index()
    cells = cells.rename(columns={"size": "n", "sum": "deaths"}).assign(score="noms_2013")
    return {
        "outcomes": frame(rows, ModelRow),
        "cumulative_incidence": curves,
        "models": frame(list(_models(p)), ModelRow),
        "treatment": frame(list(_treatment(p, table, answer)), ModelRow),
        "advice": cells,
        "kaplan_meier_advice": survival.kaplan_meier,
        "at_risk_advice": survival.at_risk,
        "survival_advice": survival.summary,
        "kaplan_meier_timed": stack(d.kaplan_meier for d in timed),
        "at_risk_timed": stack(d.at_risk for d in timed),
        "survival_timed": stack(d.summary for d in timed),
    }
