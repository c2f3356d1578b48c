"""Patients who entered observation late: what is judged, and what is refused."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spinemets import cli
from spinemets.errors import ArgumentError
from spinemets.evaluation.cohort import outcome_of, reference_of
from spinemets.evaluation.columns import one_score
from spinemets.evaluation.design import REFUSED, Design, Options
from spinemets.evaluation.run import TABLES, run
from spinemets.evaluation.scores import ComparisonSet
from spinemets.evaluation.table import evaluate
from spinemets.evaluation.travel import _against
from spinemets.performance.discrimination import harrell_c
from spinemets.performance.risks import supplied_risk
from spinemets.settings import EvaluationSettings

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
WANTED = {"pair": ["a", "b"]}
TRUE = 1 - np.exp(-182.625 / 200)


def design(*, late: bool = True) -> Design:
    """Exponential survival (mean 200 days), entry uniform to day 300, one risk for everybody."""
    random = np.random.default_rng(11)
    death, entry = random.exponential(200, 6000), random.uniform(0, 300, 6000)
    seen = death > entry
    n = int(seen.sum())
    patients = pd.DataFrame({"survival_days": death[seen], "died": np.full(n, True)})
    if late:
        patients["entry_days"] = entry[seen]
    settings = EvaluationSettings(horizons_months=[6], horizons_days=[])
    outcome = outcome_of(patients, settings, "day")
    one, two = (one_score(k, random.normal(size=n), False, "") for k in ("a", "b"))
    return Design(
        outcome=outcome,
        scores={"a": one, "b": two},
        sets=[ComparisonSet("pair", (one, two), {}, np.ones(n, bool))],
        risks={"a": {"6mo": supplied_risk(np.full(n, TRUE), "supplied")}},
        options=Options(bootstrap=0, optimism=0),
    )


def test_calibrated_risk_has_oe_near_one_when_patients_enter_late() -> None:
    table = run(design(), "demo", WANTED).tables["calibration"]
    at = table[table["score"].eq("a")].set_index("measure")
    assert at.loc["oe_ratio", "estimate"] == pytest.approx(1, abs=0.07)
    assert at.loc["oe_ratio", "lower"] < 1 < at.loc["oe_ratio", "upper"]
    assert at.loc["observed_risk", "estimate"] == pytest.approx(TRUE, abs=0.04)
    assert "delayed entry" in at.loc["oe_ratio", "note"]


def test_every_other_measure_is_a_row_with_the_reason() -> None:
    tables = run(design(), "demo", WANTED).tables
    assert list(tables) == list(TABLES)
    for name in set(TABLES) - {"performance", "comparisons", "calibration", "risk_distribution"}:
        assert len(tables[name]) > 0, name
        assert set(tables[name]["note"]) == {REFUSED}, name
        if "estimate" in tables[name]:
            assert tables[name]["estimate"].isna().all(), name


def test_c_counts_the_pairs_that_met_under_observation() -> None:
    given = design()
    tables = run(given, "demo", WANTED).tables
    table = tables["performance"]
    rows = table[table["measure"].eq("harrell_c") & table["form"].eq("points")]
    assert set(rows["set"]) == {"pair", "own"}
    assert rows["estimate"].notna().all()
    assert rows["method"].str.contains("met under observation").all()
    alone = harrell_c(
        given.outcome.time, given.outcome.event, given.scores["a"].points,
        higher_is_worse=True, entry=given.outcome.entry,
    )  # fmt: skip
    a = rows[rows["score"].eq("a") & rows["set"].eq("pair")].iloc[0]
    assert a["estimate"] == pytest.approx(float(alone.estimate[0]), rel=1e-12)
    refused = table[~table["measure"].isin(["harrell_c", "tied_score_share"])]
    assert set(refused["measure"]) == {"uno_c", "auc", "gonen_heller_k", "royston_d"}
    assert set(refused["note"]) == {REFUSED}
    pairs = tables["comparisons"].set_index("measure")
    assert pairs.loc["harrell_c", "lower"] < pairs.loc["harrell_c", "estimate"]
    assert pairs.loc["auc", "note"] == REFUSED


def test_who_was_never_observed_is_left_out_of_c() -> None:
    """An entry on the day of exit leaves no time in which a death could have been seen."""
    given = design()
    assert given.outcome.entry is not None
    given.outcome.entry[0] = given.outcome.time[0]
    table = run(given, "demo", WANTED).tables["performance"]
    rows = table[table["measure"].eq("harrell_c") & table["set"].eq("own")]
    assert set(rows["n"]) == {given.outcome.n - 1}


def test_the_guard_sees_a_flipped_score_of_patients_who_entered_late() -> None:
    given = design()
    time = given.outcome.time
    flipped = one_score("a", time + np.random.default_rng(2).normal(0, 50, time.size), False, "")
    wrong = replace(given, scores={"a": flipped}, sets=[])
    assert set(run(wrong, "demo", WANTED).suspect) == {"a"}


def test_entry_at_time_zero_changes_nothing() -> None:
    assert not design(late=False).outcome.delayed
    assert design().outcome.delayed


def test_reference_with_late_entry_splits_no_difference() -> None:
    given = design(late=False)
    patients = pd.DataFrame(
        {"patient_id": ["x"], "survival_days": [9.0], "died": [True], "entry_days": [3.0]}
    )
    empty = pd.DataFrame(
        columns=["patient_id", "score", "variant", "points", "band", "low", "high", "status",
                 "reason"]
    )  # fmt: skip
    reference = reference_of(patients, empty, {"id": "old"}, {})
    (row,) = _against(given, reference, given.scores["a"], given.scores["a"])
    assert row.estimate is None
    assert "delayed entry" in row.note


def synth() -> pd.DataFrame:
    """The cohort and the entries of tests/performance/late_entry_reference.R."""
    data = pd.read_csv(REFERENCE / "synth1000.csv")
    third = (np.arange(len(data)) + 1) % 3 == 0
    entry = np.where(third, data["time"] // 3, 0)
    return data.assign(entry=np.where(entry >= data["time"], 0, entry))


def test_any_table_is_evaluated_with_its_entries(tmp_path: Path) -> None:
    """The command on a file, against R; a patient never under observation is counted."""
    expected = json.loads((REFERENCE / "late_entry_r.json").read_text("utf-8"))["integer"]
    data = synth()
    data.loc[len(data)] = {**data.iloc[5].to_dict(), "entry": data["time"].iloc[5]}
    data.to_csv(tmp_path / "t.csv", index=False)
    given = ["--time", "time", "--event", "event", "--entry", "entry", "--scores", "s1,s7"]
    more = ["--horizons", "90,365", "--unit", "days", "--out", str(tmp_path / "out")]
    assert cli.main(["evaluate", str(tmp_path / "t.csv"), *given, *more]) == 0
    table = pd.read_csv(tmp_path / "out/performance.csv")
    rows = table[table["measure"].eq("harrell_c") & table["set"].eq("own")].set_index("score")
    assert rows.loc["s1", "estimate"] == pytest.approx(expected["estimate"], rel=1e-9)
    assert rows.loc["s1", "std_error"] == pytest.approx(expected["std_error"], rel=1e-8)
    flow = pd.read_csv(tmp_path / "out/flow.csv").set_index("reason")["n"]
    assert flow["entry isn't before the end of follow-up"] == 1


def test_wrong_entries_are_named() -> None:
    data = synth().assign(early=-1.0)
    call = {"time": "time", "event": "event", "scores": "s1", "unit": "days", "horizons": [90]}
    with pytest.raises(ArgumentError, match="negative or infinite"):
        evaluate(data, entry="early", **call)
    with pytest.raises(ArgumentError, match="entry: isn't used with competing events"):
        evaluate(data, entry="entry", event_codes={"1": "event", "2": "competing"}, **call)
    more = {"hazards": {"s1": "s7"}, "reference_table": data, "request": ["apparent"]}
    with pytest.raises(ArgumentError) as caught:
        evaluate(data, entry="entry", **call, **more)
    assert {fault.file for fault in caught.value.faults} == set(more)


def test_every_group_has_its_rows() -> None:
    data = synth().assign(g=lambda t: t["s7"] % 2)
    rows = evaluate(
        data, entry="entry", by="g", time="time", event="event", scores="s1", unit="days",
        horizons=[90],
    )["performance"].query("stratum_set == 'g' and set == 'own'")  # fmt: skip
    for group in ("0", "1"):
        mine = rows[rows["stratum"].eq(group)].set_index("measure")
        assert mine.loc["harrell_c", "estimate"] > 0.5
        assert mine.loc[["uno_c", "auc"], "note"].eq(REFUSED).all()
    assert set(rows.loc[rows["stratum"].eq("within"), "measure"]) == {"harrell_c", "uno_c"}
