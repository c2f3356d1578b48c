"""What passes the door, what doesn't, and what is left of what passes."""

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest

from helpers import private_tables
from spinemets import disclosure
from spinemets.disclosure.door import FIXED_TEXT
from spinemets.disclosure.shares import SHARES
from spinemets.disclosure.summaries import WITHHELD, without_counts
from spinemets.errors import InputError
from spinemets.results import Row, frame
from spinemets.stages import disclose
from spinemets.tables import COUNT, TABLES, TEXT
from spinemets.writing import write_csv

STRICT = disclosure.Rule(11, 6)


def files(folder):
    return {p.name: p.read_bytes() for p in sorted((folder / "tables").iterdir())}


@pytest.mark.parametrize("visibility", ["public", "simulated"])
def test_public_and_simulated_tables_pass_unchanged(make_release, visibility):
    folder = make_release(80, visibility)
    private = folder.parent / "private"
    assert files(folder) == {p.name: p.read_bytes() for p in sorted(private.glob("*.csv"))}
    info = json.loads((folder / "cohort.json").read_text("utf-8"))
    assert info["disclosure"]["applied"] is False
    assert info["n"] == 80


def test_the_same_private_tables_give_the_same_bytes(make_release):
    first, second = make_release(200, seed=4), make_release(200, seed=4)
    assert files(first) == files(second)
    assert (first / "cohort.json").read_bytes() == (second / "cohort.json").read_bytes()


def test_every_registered_table_is_released(private_release):
    assert {p.stem for p in (private_release / "tables").iterdir()} == set(TABLES)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_columns_stay_and_no_small_count_is_anywhere(private_release, read, name):
    table = read(private_release, name)
    spec = TABLES[name]
    assert list(table.columns) == list(spec.columns)
    for column in spec.of_kind(COUNT):
        counted = pd.to_numeric(table[column]).dropna()
        assert not counted.between(1, 10).any(), column
        sums = name in ("flow", "table1") and column == "n"
        assert sums or (counted[counted > 0] % 6 == 3).all(), column
    for column in spec.of_kind(TEXT):
        text = " ".join(table[column].dropna().astype(str))
        limits = re.sub(r"fewer than \d+", "", text)
        assert not re.search(r"\b\d+ (patients|deaths|events)", limits), column


def test_the_flow_adds_up_to_what_is_shown(private_release, read):
    flow = read(private_release, "flow").fillna({"reason": ""})
    n = dict(zip(zip(flow["step"], flow["reason"], strict=True), flow["n"], strict=True))
    assert n["in", ""] == np.nansum([v for key, v in n.items() if key[0] != "in"])
    assert np.isnan(n["excluded", "no follow-up time"])


def test_table_one_shows_no_rare_level_and_derives_its_percentages(private_release, read):
    one = read(private_release, "table1").fillna({"level": ""})
    cells = one.set_index(["variable", "level", "statistic"])["value"]
    assert (
        cells["metastasis_brain"].drop(("", "missing_n")).drop(("", "missing_percent")).isna().all()
    )
    women, men = cells["sex", "female", "n"], cells["sex", "male", "n"]
    assert cells["sex", "female", "percent"] == round(100 * women / (women + men), 1)
    assert cells["age_years", "", "q1"] == 57.3
    assert set(one["statistic"]) <= {
        "n",
        "percent",
        "median",
        "q1",
        "q3",
        "missing_n",
        "missing_percent",
    }


def test_percentages_are_of_all_who_are_known_also_where_levels_are_withheld():
    counts = {"lung": 60, "breast": 50, "kidney": 5, "thyroid": 4, "liver": 31}
    rows = [("primary", level, s, v, 150) for level, n in counts.items()
            for s, v in (("n", n), ("percent", 100 * n / 150))]  # fmt: skip
    rows += [("primary", "", "missing_n", 0, 150), ("primary", "", "missing_percent", 0, 150)]
    table = pd.DataFrame(rows, columns=["variable", "level", "statistic", "value", "n"])
    table = table.assign(stratum_set="overall", stratum="all", value=table["value"].astype(float))
    out = disclosure.summaries.table_one(table, STRICT).set_index(["level", "statistic"])
    assert np.isnan(out.loc[("kidney", "n"), "value"])
    assert out.loc[("lung", "percent"), "value"] == pytest.approx(40, abs=1.5)
    assert out.loc[("breast", "percent"), "value"] == pytest.approx(100 / 3, abs=1.5)


def test_a_level_that_everyone_shares_is_not_shown():
    rows = [("sex", "female", "n", 0, 90), ("sex", "female", "percent", 0, 90),
            ("sex", "male", "n", 90, 90), ("sex", "male", "percent", 100, 90),
            ("sex", "", "missing_n", 10, 100), ("sex", "", "missing_percent", 10, 100)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["variable", "level", "statistic", "value", "n"])
    table = table.assign(stratum_set="overall", stratum="all", value=table["value"].astype(float))
    assert disclosure.summaries.table_one(table, STRICT)["value"].isna().all()


@pytest.mark.parametrize(("n", "shown"), [(20, []), (24, ["median"]), (60, ["median", "q1", "q3"])])
def test_quartiles_need_enough_patients_on_either_side(n, shown):
    rows = [("age_years", "", s, 60.0, n) for s in ("median", "q1", "q3")]
    table = pd.DataFrame(rows, columns=["variable", "level", "statistic", "value", "n"])
    out = disclosure.summaries.table_one(table.assign(stratum_set="overall", stratum="all"), STRICT)
    assert sorted(out.loc[out["value"].notna(), "statistic"]) == shown


def test_medians_and_survival_are_read_off_the_released_curve(private_release, read):
    summary = read(private_release, "survival_summary")
    curve = read(private_release, "kaplan_meier")
    curve = curve[curve["stratum_set"].eq("overall")].set_index("time_months")
    six = summary[summary["measure"].eq("survival") & summary["horizon"].eq("6mo")].iloc[0]
    assert six["estimate"] == curve.loc[6, "survival"]
    median = summary[summary["measure"].eq("median_survival_months")].iloc[0]["estimate"]
    assert curve.loc[np.floor(median), "survival"] >= 0.5 >= curve.loc[np.ceil(median), "survival"]
    exact = private_tables.tables(600)["survival_summary"].iloc[0]["estimate"]
    assert median == pytest.approx(exact, abs=0.6)


def test_estimates_from_few_patients_or_deaths_are_withheld():
    table = frame([
        Row("harrell_c", 0.654321, 0.6, 0.7, 0.02, n=9, events=9),
        Row("harrell_c", 0.654321, 0.6, 0.7, 0.02, n=100, events=9),
        Row("harrell_c", 0.654321, 0.6, 0.7, 0.02, n=100, events=50),
        Row("harrell_c", 0.654321, 0.6, 0.7, 0.02, n=100, events=97),
        Row("hazard_ratio", note="only 7 events", n=100, events=50),
    ])  # fmt: skip
    out = disclosure.summaries.estimates(table, STRICT, None)
    assert out["estimate"].isna().tolist() == [True, True, False, False, True]
    assert out["note"].tolist()[:2] == [WITHHELD.format(11)] * 2
    assert out["estimate"][2] == 0.6543
    assert out["events"].isna().tolist() == [True, True, False, True, False]
    assert out["note"][4] == "only [n] events"


def test_without_its_curve_a_median_is_withheld():
    table = frame([Row("median_survival_months", 5.1, n=100, events=80)])
    out = disclosure.summaries.estimates(table, STRICT, None)
    assert out["estimate"].isna().all()
    assert out["note"].item() == WITHHELD.format(11)


def test_limits_in_a_sentence_stay_and_counts_go():
    text = "3 patient(s) left out; fewer than 10 patients; at least 100 events; 12 men; 6mo"
    assert without_counts(text) == (
        "[n] patient(s) left out; fewer than 10 patients; at least 100 events; [n] men; 6mo"
    )
    assert without_counts(None) == ""


@pytest.mark.parametrize(
    "text",
    ["4 treated before time zero: treated from the first day", "17 left before the landmark",
     "3 entered after it", "treatment surgery: 137 patients weigh as much as 51 after weighting",
     "2 of 305 patients", "1,204 patients have no day", "2001 treated on the last day"],
)  # fmt: skip
def test_a_number_that_nothing_explains_may_be_a_count(text):
    assert not re.search(r"\d", without_counts(text))


@pytest.mark.parametrize(
    "text",
    ["log-rank, 14 df", "5-fold cross-fitted Cox models", "8 centres are too few",
     "against band 0-3",
     "1 - Brier / Brier", "published risk (Katagiri 2014)", "the points fitted in 2000-2004",
     "95 % interval of the weighted curve", "Riley 2021, binary outcome", "0.5, 12.5 and 1e-8",
     "Frankel strictly between 0 and 1", "fewer than two calendar periods with 20 events"],
)  # fmt: skip
def test_numbers_of_other_things_than_patients_stay(text):
    assert without_counts(text) == text


def test_no_count_in_any_text_of_any_table_passes(make_release):
    folder = private_tables.write(
        make_release(60).parent.parent / "planted", 300, "private", seed=2
    )
    planted = "7 treated before time zero; 9 left; [8]"
    for name, spec in TABLES.items():
        table = disclosure.door.read(folder / f"{name}.csv")
        free = [c for c in spec.of_kind(TEXT) if c not in (FIXED_TEXT.get(name) or ())]
        if FIXED_TEXT.get(name) == "*" or not free:
            continue
        released = disclosure.door.release(
            {"visibility": "private"}, {name: table.assign(**dict.fromkeys(free, planted))}, STRICT
        )[name]
        said = " ".join(released[free].astype("string").fillna("").to_numpy().ravel())
        assert not re.search("[789]", said), name


def test_rows_are_not_in_the_order_of_their_frequency(private_release, read):
    sets = read(private_release, "comparison_sets")
    levels = sets.loc[sets["quantity"].eq("primary_group"), "level"]
    assert levels.is_monotonic_increasing


def test_a_private_cohort_says_only_what_the_list_allows(private_release):
    info = json.loads((private_release / "cohort.json").read_text("utf-8"))
    assert info["n"] == 597
    assert "source" not in info
    assert info["disclosure"]["minimum_cell"] == 11
    hidden = disclosure.release_cohort({"visibility": "private", "n": 7, "ward": "4B"}, STRICT)
    assert hidden["n"] is None
    assert "ward" not in hidden


def test_a_laxer_rule_of_the_study_is_followed(make_release, read):
    folder = make_release(90, settings='{"minimum_cell": 0, "round_to": 1}')
    assert read(folder, "flow")["n"].tolist() == [115, 4, 21, 90]


def test_thin_private_cohorts_are_released_with_reasons(make_release, read):
    folder = make_release(8)
    assert read(folder, "kaplan_meier").empty
    summary = read(folder, "survival_summary")
    medians = summary[summary["measure"].eq("median_survival_months")]
    assert medians["note"].notna().all()
    assert read(folder, "survival_summary")["estimate"].isna().all()


@pytest.fixture
def private(tmp_path):
    return private_tables.write(tmp_path / "private", 60, "private")


def run(private, out, *tables):
    return disclose.main(
        ["--cohort-info", str(private / "cohort.json"), "--out-folder", str(out), "--tables",
         *map(str, tables)]
    )  # fmt: skip


def test_tables_with_a_row_per_patient_never_pass(private, tmp_path, capsys):
    rows = pd.DataFrame({"patient_id": [1, 2], "died": [True, False]})
    for name in ("scores", "flow"):
        write_csv(rows, private / f"{name}.csv")
    faults = run(private, tmp_path / "out", private / "scores.csv", private / "flow.csv")
    assert faults == 2
    assert not (tmp_path / "out").exists()
    assert capsys.readouterr().err.count("one row per patient") == 2


def test_unknown_tables_and_columns_are_refused_all_at_once(private, tmp_path, capsys):
    shutil.copy(private / "flow.csv", private / "flows.csv")
    table = pd.read_csv(private / "cox.csv").assign(surname="x").drop(columns="note")
    write_csv(table, private / "cox.csv")
    assert run(private, tmp_path / "out", private / "flows.csv", private / "cox.csv") == 2
    said = capsys.readouterr().err
    assert "did you mean 'flow'" in said
    assert "unknown: surname; missing: note" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("value", ["-1", "many"])
def test_a_count_that_is_none_is_refused(private, tmp_path, value):
    text = (private / "flow.csv").read_text("utf-8")
    (private / "flow.csv").write_text(re.sub(r",60\n", f",{value}\n", text), encoding="utf-8")
    assert run(private, tmp_path / "out", private / "flow.csv") == 2


@pytest.mark.parametrize("declared", [{}, {"visibility": "secret"}])
def test_there_is_no_default_for_who_may_see_what(declared):
    with pytest.raises(InputError, match="no visibility"):
        disclosure.release(declared, {}, STRICT)


def test_no_share_gives_its_count_away(private_release, read):
    """An attacker multiplies shares by n: what comes out must not tell counts within a step."""
    attacked = 0
    for name in ("calibration", "prediction_error", "decision_curves", "recalibration"):
        table = read(private_release, name)
        table = table[table["measure"].isin(list(SHARES)) & table["estimate"].notna()]
        steps = table["estimate"] * table["n"] / 6 / table["measure"].map(SHARES)
        assert np.allclose(steps, steps.round(), atol=1e-3), name
        assert table["std_error"].isna().all(), name
        attacked += len(table)
    assert attacked > 100
    points = read(private_release, "updated_risks")
    assert (points["n"] >= 11).all()
    steps = points["updated"] * points["n"] / 6
    assert np.allclose(steps, steps.round(), atol=1e-3)
    counts = read(private_release, "precision")
    counts = counts[counts["measure"].isin(["events", "nonevents", "censored_before"])]
    assert not counts["estimate"].dropna().between(1, 10).any()
    shown = counts["estimate"].dropna()
    assert (shown[shown > 0] % 6 == 3).all()
