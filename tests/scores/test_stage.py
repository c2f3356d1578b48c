"""The stage ``score``: files in, files out."""

import json

import pandas as pd
import pytest
from tests.scores.support import complete_patients, with_gaps

from spinemets import tables
from spinemets.scores import frames, registry
from spinemets.settings import ScoreSettings
from spinemets.stages import score


@pytest.fixture
def study(tmp_path):
    patients = with_gaps(complete_patients(60), 0.05)
    patients.to_parquet(tmp_path / "patients.parquet")
    (tmp_path / "cohort.json").write_text(json.dumps({"id": "demo"}))
    return tmp_path


def run(folder, settings):
    return score.main(
        [
            "--patients", str(folder / "patients.parquet"),
            "--cohort-info", str(folder / "cohort.json"),
            "--settings", json.dumps(settings),
            "--out-scores", str(folder / "scores.parquet"),
            "--out-computability", str(folder / "computability.csv"),
            "--out-items-missing", str(folder / "items.csv"),
            "--out-notes", str(folder / "notes.csv"),
            "--out-coverage", str(folder / "coverage.csv"),
        ]
    )  # fmt: skip


def test_writes_the_tables_as_registered(study):
    assert run(study, ScoreSettings().model_dump()) == 0
    for name, file in (
        ("computability", "computability.csv"),
        ("score_items_missing", "items.csv"),
        ("score_notes", "notes.csv"),
        ("score_coverage", "coverage.csv"),
    ):
        table = pd.read_csv(study / file)
        assert list(table.columns) == list(tables.TABLES[name].columns)
        assert (table["cohort"] == "demo").all()
    scores = pd.read_parquet(study / "scores.parquet")
    assert list(scores.columns) == list(frames.SCORE_COLUMNS)
    assert scores["score"].drop_duplicates().tolist() == list(registry.DEFAULT)
    assert len(scores) == 60 * 6


def test_same_input_same_bytes(study):
    run(study, {})
    first = {p.name: p.read_bytes() for p in study.iterdir()}
    run(study, {})
    assert first == {p.name: p.read_bytes() for p in study.iterdir()}


def test_variants_and_readings(study):
    settings = {
        "ids": ["tomita_2001"],
        "variants": {"tomita_2001": ["prostate_moderate"]},
        "removability": "both",
    }
    assert run(study, settings) == 0
    scores = pd.read_parquet(study / "scores.parquet")
    assert scores["variant"].drop_duplicates().tolist() == [
        "", "prostate_moderate", "unremovable", "removable",
    ]  # fmt: skip


def test_a_named_crosswalk_fills_kps_from_ecog_and_says_so(study):
    patients = pd.read_parquet(study / "patients.parquet")
    ecog = pd.array([1] * len(patients), dtype="Int64")
    patients.assign(kps=None, ecog=ecog).to_parquet(study / "patients.parquet")
    settings = {"ids": ["van_der_linden_2005"], "crosswalk": "ma_2010"}
    assert run(study, settings) == 0
    scores = pd.read_parquet(study / "scores.parquet")
    assert scores["reason"].str.contains("another scale").any()
    notes = pd.read_csv(study / "notes.csv", keep_default_na=False)
    assert notes["text"].str.contains("Ma 2010").any()
    assert run(study, {**settings, "crosswalk": "none"}) == 0
    assert not (pd.read_parquet(study / "scores.parquet")["status"] == "determined").any()


def test_an_unknown_variant_or_score_stops_before_anything_is_written(study, capsys):
    settings = {
        "ids": ["tomita_2001"],
        "variants": {"tomita_2001": ["prostate_moderat"], "osri_2013": ["x"]},
    }
    assert run(study, settings) == 2
    message = capsys.readouterr().err
    assert "did you mean 'prostate_moderate'" in message
    assert "'osri_2013', which isn't computed" in message
    assert not (study / "scores.parquet").exists()


def test_notes_hold_what_figures_need(study):
    run(study, {"ids": ["tomita_2001", "tokuhashi_2005"]})
    notes = pd.read_csv(study / "notes.csv", keep_default_na=False)
    tomita = notes[notes["score"] == "tomita_2001"]
    bands = tomita[tomita["fact"] == "band"]
    assert bands["key"].tolist() == ["2-3", "4-5", "6-7", "8-10"]
    assert tomita[tomita["fact"] == "needs_verification"]["text"].tolist() == ["true"]
    tokuhashi = notes[notes["score"] == "tokuhashi_2005"]
    assert tokuhashi[tokuhashi["fact"] == "band"]["key"].tolist() == ["12-15", "9-11", "0-8"]
    assert "needs_verification" not in set(tokuhashi["fact"])
    assert set(tokuhashi["confidence"]) <= {"read", "memory", "unsure", "derived"}


def test_log_holds_counts_and_no_values(study, capsys):
    run(study, {"ids": ["osri_2013"]})
    assert "score: osri_2013 determined in" in capsys.readouterr().err


def test_coverage_follows_the_definition_and_the_setting(study):
    run(study, {"ids": ["tokuhashi_2005", "tomita_2001", "my_own"], "folders": [str(own(study))]})
    table = pd.read_csv(study / "coverage.csv").set_index(["score", "primary"])
    assert table.loc[("tokuhashi_2005", "colorectal"), ["coverage", "points"]].tolist() == [
        "ambiguous",
        "2-4",
    ]
    assert table.loc[("tomita_2001", "ovary"), "coverage"] == "unlisted"
    assert table.loc[("my_own", "breast"), ["coverage", "points"]].tolist() == ["named", "2"]
    run(study, {"ids": ["tomita_2001"], "unlisted": "rapid"})
    table = pd.read_csv(study / "coverage.csv").set_index(["score", "primary"])
    assert table.loc[("tomita_2001", "ovary"), "coverage"] == "by rule"


def own(study):
    """Folder with a score of the study's own."""
    from spinemets.scores.cli import TEMPLATE

    folder = study / "own"
    folder.mkdir()
    text = TEMPLATE.read_text(encoding="utf-8").format(id="my_own", name="My own", short="My own")
    (folder / "my_own.yaml").write_text(text, encoding="utf-8")
    return folder


def test_all_variants_of_a_score(study):
    settings = {"ids": ["tokuhashi_2005"], "variants": {"tokuhashi_2005": ["all"]}}
    assert run(study, settings) == 0
    names = registry.load_definitions(["tokuhashi_2005"])["tokuhashi_2005"].variant_names
    scores = pd.read_parquet(study / "scores.parquet")
    assert scores["variant"].drop_duplicates().tolist() == ["", *names]
