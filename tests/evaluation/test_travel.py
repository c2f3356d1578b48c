"""A difference in C between two cohorts, split into case mix and validity."""

import numpy as np
import pandas as pd
import pytest

from evaluation.conftest import make
from spinemets import cli
from spinemets.errors import ArgumentError
from spinemets.evaluation.table import evaluate

CALL = {
    "time": "months",
    "event": "died",
    "scores": "worse",
    "horizons": [6],
    "bootstrap": 0,
    "optimism": 0,
}


def parts(table: pd.DataFrame, reference: pd.DataFrame, **change: object) -> pd.DataFrame:
    found = evaluate(table, reference_table=reference, **(CALL | change))["transport"]
    assert found["cohort"].eq("table").all()
    return found[found["stratum_set"].eq("overall")].set_index("measure")


def test_alike_patients_give_a_difference_of_case_mix_only():
    reference = make(3000, 2)
    alike = make(6000, 3)
    random = np.random.default_rng(8)
    alike = alike[alike["worse"].between(2, 5) | (random.random(len(alike)) < 0.2)]
    split = parts(alike, reference)
    total, mix, validity = (
        split.loc[f"harrell_c_{name}"] for name in ("difference", "case_mix", "validity")
    )
    assert total["estimate"] == pytest.approx(mix["estimate"] + validity["estimate"], abs=1e-9)
    assert total["upper"] < 0
    assert mix["estimate"] < 0.5 * total["estimate"]
    assert "reference cohort reference" in total["method"]


def test_a_score_that_went_blind_loses_validity():
    reference, here = make(3000, 2), make(3000, 4)
    random = np.random.default_rng(7)
    blind = random.random(len(here)) < 0.6
    here.loc[blind, "worse"] = random.permutation(here.loc[blind, "worse"].to_numpy())
    split = parts(here, reference)
    assert split.loc["harrell_c_validity", "upper"] < 0
    assert abs(split.loc["harrell_c_case_mix", "estimate"]) < 0.02


def test_a_score_that_the_other_cohort_lacks_and_wrong_tables_are_said(tmp_path):
    table, other = make(300, 5), make(300, 6)
    split = parts(table, other, risks={"model@6mo": "model_12"})
    lacking = split[split["score"].eq("model")]
    assert lacking["note"].str.startswith("the score isn't known in both cohorts").all()
    with pytest.raises(ArgumentError, match=r"reference_table.*no column 'worse'"):
        parts(table, other.drop(columns="worse"))
    text = [frame.assign(text=np.where(frame["worse"] > 3, high, "a"))
            for frame, high in ((table, "b"), (other, "c"))]  # fmt: skip
    with pytest.raises(ArgumentError, match="same text levels"):
        parts(*text, scores="text")
    with pytest.raises(ArgumentError, match="competing"):
        parts(table, other, event_codes={"1": "event", "2": "competing"})
    for name, frame in (("here", table), ("there", other)):
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    code = cli.main(
        ["evaluate", str(tmp_path / "here.csv"), "--time", "months", "--event", "died", "--scores",
         "worse", "--bootstrap", "0", "--reference-table", str(tmp_path / "there.csv"), "--out",
         str(tmp_path / "out")]
    )  # fmt: skip
    assert code == 0
    written = (tmp_path / "out" / "transport.csv").read_text()
    assert "reference cohort there" in written


def test_reference_patients_whom_nobody_here_resembles_are_said():
    here = make(600, 3)
    split = parts(here[here["worse"].between(2, 5)], make(600, 2))
    note = split.loc["harrell_c_validity", "note"]
    assert "of the reference's scores occur in the other cohort" in note
