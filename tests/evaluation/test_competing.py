"""An event that death can forestall: the evaluation against riskRegression and pec."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spinemets import cli, measures, tables
from spinemets.errors import ArgumentError
from spinemets.evaluation.table import Evaluation, evaluate
from spinemets.performance.discrimination import harrell_c

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
HORIZONS = (90, 180, 365)
CODES = {"1": "event", "2": "competing"}
CLOSE = {"rel": 1e-8}


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    """A thousand patients with two causes."""
    return pd.read_csv(REFERENCE / "discrimination_synth1000.csv")


@pytest.fixture(scope="module")
def found(data) -> Evaluation:
    """A score and a model of the first cause."""
    risks = {f"csc@{h}d": f"cause_specific_risk_{k}" for k, h in enumerate(HORIZONS, 1)}
    return evaluate(
        data, time="time", event="cause", event_codes=CODES, scores="s7,s8", risks=risks,
        horizons=HORIZONS, unit="days",
    )  # fmt: skip


def one(rows: pd.DataFrame, **where: str) -> pd.Series:
    for name, value in where.items():
        rows = rows[rows[name].eq(value)]
    assert len(rows) == 1, rows
    return rows.iloc[0]


def test_numbers_are_those_of_r(found):
    expected = json.loads((REFERENCE / "discrimination_synth1000.json").read_text())["competing"]
    for h, label in enumerate(("90d", "180d", "365d")):
        auc = one(found["performance"], measure="auc", score="s7", horizon=label, set="own")
        assert auc["estimate"] == pytest.approx(expected["auc"]["AUC"][3 + h], **CLOSE)
        assert auc["std_error"] == pytest.approx(expected["auc"]["se"][3 + h], **CLOSE)
        where = {"score": "csc", "horizon": label, "set": "own"}
        brier = one(found["prediction_error"], measure="brier", **where)
        assert brier["estimate"] == pytest.approx(expected["brier"]["Brier"][3 + h], **CLOSE)
        assert brier["std_error"] == pytest.approx(expected["brier"]["se"][3 + h], **CLOSE)
        null = one(found["prediction_error"], measure="brier_null", **where)
        assert null["estimate"] == pytest.approx(expected["brier"]["Brier"][h], **CLOSE)
        assert null["method"] == "Aalen-Johansen risk"
        ipa = one(found["prediction_error"], measure="ipa", **where)
        assert ipa["estimate"] == pytest.approx(expected["brier"]["IPA"][3 + h], **CLOSE)
    # The model is ordered by its risk at the longest horizon.
    last = {"score": "csc", "horizon": "365d", "set": "own"}
    wolbers = one(found["performance"], measure="wolbers_c", **last)
    assert wolbers["estimate"] == pytest.approx(expected["wolbers_cindex_pec"][2], **CLOSE)
    delta = one(found["comparisons"], measure="auc", horizon="365d", score="s7", other_score="csc")
    assert delta["estimate"] == pytest.approx(expected["auc_delta"]["delta.AUC"][2], **CLOSE)
    assert delta["std_error"] == pytest.approx(expected["auc_delta"]["se"][2], **CLOSE)


def test_another_event_ends_follow_up_for_c_and_counts_as_a_control_for_auc(data, found):
    alone = evaluate(
        data.assign(first=data["cause"].eq(1).astype(int)), time="time", event="first",
        scores="s7", horizons=HORIZONS, unit="days", bootstrap=0,
    )  # fmt: skip
    where = {"measure": "harrell_c", "score": "s7", "set": "own", "form": "points"}
    c, same = one(found["performance"], **where), one(alone["performance"], **where)
    assert c["estimate"] == pytest.approx(same["estimate"], rel=1e-12)
    assert c["std_error"] == pytest.approx(same["std_error"], rel=1e-12)
    where = {"measure": "auc", "score": "s7", "set": "own", "form": "points", "horizon": "365d"}
    auc, other = one(found["performance"], **where), one(alone["performance"], **where)
    assert auc["estimate"] != pytest.approx(other["estimate"], rel=1e-6)


def test_every_table_is_the_registered_one_and_what_is_missing_says_why(found):
    for name, table in found.tables.items():
        assert list(table.columns) == list(tables.TABLES[name].columns), name
        if "measure" in table:
            assert not {m for m in table["measure"] if not measures.explained(name, m)}, name
            assert not (table["estimate"].isna() & table["note"].eq("")).any(), name
    lacking = found["prediction_error"]
    lacking = lacking[lacking["score"].eq("s7") & lacking["set"].eq("own")]
    assert lacking["note"].str.contains("only supplied risks").all()
    assert len(lacking) == len(HORIZONS)


def test_wrong_codes_are_named_all_at_once(data):
    with pytest.raises(ArgumentError) as err:
        evaluate(data, time="time", event="cause", event_codes={"1": "evnt"}, scores="s7")
    assert "event_codes" in str(err.value)
    with pytest.raises(ArgumentError, match="the codes that are named"):
        evaluate(data, time="time", event="cause", event_codes={"1": "event"}, scores="s7")


def test_the_command_does_the_same(data, found, tmp_path):
    data.to_csv(tmp_path / "table.csv", index=False)
    code = cli.main(
        ["evaluate", str(tmp_path / "table.csv"), "--time", "time", "--event", "cause",
         "--event-codes", "1=event,2=competing", "--scores", "s7,s8", "--horizons", "90,180,365",
         "--unit", "days", "--out", str(tmp_path / "out")]
    )  # fmt: skip
    assert code == 0
    written = pd.read_csv(tmp_path / "out" / "performance.csv", keep_default_na=False)
    here = written[written["measure"].eq("wolbers_c") & written["set"].eq("own")]
    there = found["performance"]
    there = there[there["measure"].eq("wolbers_c") & there["set"].eq("own")]
    expected = there[there["score"].ne("csc")]["estimate"].to_numpy()
    np.testing.assert_allclose(here["estimate"].astype(float), expected, rtol=1e-5)


def test_groups_are_evaluated_as_their_patients_alone(data):
    groups = data.assign(g=np.where(data["s7"] % 2, "odd", "even"))
    groups.loc[:2, "g"] = "rare"
    call = {"time": "time", "event": "cause", "event_codes": CODES, "scores": "s8",
            "horizons": HORIZONS, "unit": "days"}  # fmt: skip
    rows = evaluate(groups, by="g", **call)["performance"].query("set == 'own'")
    alone = evaluate(groups[groups["g"].eq("odd")], **call)["performance"].query("set == 'own'")
    odd = rows[rows["stratum_set"].eq("g") & rows["stratum"].eq("odd")]
    pd.testing.assert_frame_equal(
        odd.drop(columns=["stratum_set", "stratum"]).reset_index(drop=True),
        alone.drop(columns=["stratum_set", "stratum"]).reset_index(drop=True),
    )
    rare = one(rows, stratum="rare")
    assert rare["note"].startswith("fewer than")
    assert rare["n"] == 3
    within = one(rows, stratum="within")
    event = groups["cause"].eq(1)
    expected = harrell_c(
        groups["time"], event, groups["s8"], higher_is_worse=True, strata=groups["g"]
    )
    assert within["estimate"] == pytest.approx(float(expected.estimate[0]), rel=1e-12)
    whole = evaluate(groups, **call)["performance"]
    pd.testing.assert_frame_equal(
        rows[rows["stratum_set"].eq("overall")].reset_index(drop=True),
        whole.query("set == 'own'").reset_index(drop=True),
    )


def test_what_would_not_enter_is_refused(data):
    call = {"time": "time", "event": "cause", "event_codes": CODES, "scores": "s8", "unit": "days"}
    with pytest.raises(ArgumentError) as caught:
        evaluate(data, centre="s7", hazards={"s8": "s7"}, request=["nri"], reference_table=data,
                 **call)  # fmt: skip
    told = {fault.file for fault in caught.value.faults}
    assert told == {"centre", "hazards", "request", "reference_table"}
