"""The parts of the section on performance, from the tables that an evaluation writes."""

from pathlib import Path

import pandas as pd
import pytest

from evaluation.conftest import make
from spinemets.evaluation.table import Evaluation, evaluate
from spinemets.reporting import cells, evaluation_cells
from spinemets.writing import write_csv

NAMES = {"worse": "Worse 2001", "model": "Model"}


@pytest.fixture(scope="module")
def evaluated() -> Evaluation:
    return evaluate(
        make(500), time="months", event="died", scores="worse,better", higher_is_better="better",
        risks={"model@12mo": "model_12"}, centre="centre", reference_table=make(400, 3),
        horizons=[6, 12], thresholds=[0.3, 0.5, 0.7], bootstrap=0, optimism=10,
    )  # fmt: skip


@pytest.fixture(scope="module")
def found(evaluated, tmp_path_factory) -> dict[str, pd.DataFrame]:
    """The tables as the report reads them."""
    folder: Path = tmp_path_factory.mktemp("release")
    for name, table in evaluated.tables.items():
        write_csv(table, folder / "tables" / f"{name}.csv")
    beside = pd.DataFrame(
        {"cohort": "c", "outcome": "local_failure", "set": "own", "stratum_set": "overall",
         "stratum": "all", "score": "worse", "variant": "", "form": "points",
         "horizon": ["", "12mo"], "measure": ["harrell_c", "auc"], "estimate": [0.6, 0.65],
         "lower": 0.5, "upper": 0.7, "std_error": 0.05, "method": "m", "n": 90, "events": [40, 30],
         "note": ""}
    )  # fmt: skip
    write_csv(beside, folder / "tables" / "other_outcomes.csv")
    return cells.read(folder)


@pytest.fixture(scope="module")
def parts(found) -> dict[str, evaluation_cells.Part]:
    return {part.heading: part for part in evaluation_cells.parts(found, NAMES)}


def test_every_part_has_a_sentence_and_whole_rows(parts):
    assert list(parts) == [
        "Optimism",
        "Clinical utility",
        "This centre’s updated table",
        "Transport",
        "Outcomes beside death",
        "Columns that papers print",
        "Precision, and the size of the next validation",
    ]
    for part in parts.values():
        assert part.sentence.endswith(".")
        assert all(len(row) == len(part.table.head) for row in part.table.rows)


def test_optimism_is_printed_of_what_was_fitted_and_denied_of_the_rest(evaluated, parts):
    shown = parts["Optimism"].table
    assert [row[:2] for row in shown.rows] == [
        ["Worse 2001", "6mo"],
        ["Worse 2001", "12mo"],
        ["better", "6mo"],
        ["better", "12mo"],
        ["Model", "6mo"],
    ]
    assert shown.notes[0] == ("Harrell’s C of Worse 2001, better, Model: none, nothing was fitted.")
    table = evaluated["optimism"].query("score == 'worse' and horizon == '12mo'")
    corrected = table.set_index("measure").loc["corrected_brier", "estimate"]
    assert shown.rows[1][shown.head.index("corrected")] == f"{corrected:.3f}"


def test_utility_keeps_kinds_of_risk_apart(parts):
    rows = [row for row in parts["Clinical utility"].table.rows if row[1] == "12mo"]
    assert [(row[0], row[3]) for row in rows] == [
        ("Worse 2001", "cross-fitted"),
        ("better", "cross-fitted"),
        ("Change for all", "cross-fitted"),
        ("Model", "supplied"),
        ("Change for all", "supplied"),
    ]
    assert all(len([cell for cell in row[6:] if cell]) == 3 for row in rows)


def test_transport_shows_centres_and_the_split(parts):
    words = [row[1] for row in parts["Transport"].table.rows if row[0] == "Worse 2001"]
    assert words[0] == "Harrell’s C, centres pooled"
    assert words[-3:] == [
        "Difference of C to the reference",
        "of which case mix",
        "of which validity",
    ]


def test_precision_says_how_each_number_was_found(parts):
    shown = parts["Precision, and the size of the next validation"].table
    assert [row[1] for row in shown.rows[:2]] == ["Harrell’s C", "AUC"]
    assert any(note.startswith("AUC, expected width: planning formula") for note in shown.notes)
    assert sum("patients planned" in note and "Riley" in note for note in shown.notes) >= 1


def test_an_updated_table_has_the_three_updates_side_by_side(found):
    row = {"cohort": "c", "set": "own", "score": "worse", "variant": "", "horizon": "6mo",
           "source": "published", "level": "0.26", "band": "4-6", "updated": 0.5366,
           "lower": 0.51, "upper": 0.57, "n": 634, "events": 364, "method": "x",
           "note": ""}  # fmt: skip
    table = pd.DataFrame(
        [row | {"update": u} for u in ("baseline", "slope")]
        + [row | {"update": "levels", "updated": None, "note": "no patients"}]
    ).astype({"updated": "Float64"})
    shown = evaluation_cells.updated(table, NAMES)
    assert shown.rows == [
        ["Worse 2001", "6mo", "4-6", "0.26 (published)", "634", "364", "0.54 (0.51 to 0.57)",
         "0.54 (0.51 to 0.57)", "no patients"]
    ]  # fmt: skip


def test_outcomes_beside_death_have_one_line_per_score(parts):
    shown = parts["Outcomes beside death"].table
    assert shown.head[-2:] == ["C, cause-specific", "AUC, 12mo"]
    assert shown.rows == [
        ["Local failure", "Worse 2001", "90", "40", "0.60 (0.50 to 0.70)", "0.65 (0.50 to 0.70)"]
    ]
