"""A score of the study's own, one YAML file: computed, evaluated and drawn like the others."""

import pandas as pd
import pytest
from tests.helpers.study import Study
from tests.scores.own_score import GOOD

SETTINGS = (
    ("  ids: [tokuhashi_2005,", "  ids: [my_score, tokuhashi_2005,"),
    ("scores: [tokuhashi_2005,", "scores: [my_score, tokuhashi_2005,"),
)


def add_own_score(study: Study, text: str = GOOD) -> None:
    """Put a score file into the study and name it in its configuration."""
    folder = study.folder / "config" / "scores"
    folder.mkdir(exist_ok=True)
    (folder / "my_score.yaml").write_text(text, encoding="utf-8")
    path = study.folder / "config" / "config.yaml"
    config = path.read_text(encoding="utf-8")
    for old, new in SETTINGS:
        assert config.count(old) == 1, old
        config = config.replace(old, new)
    path.write_text(config, encoding="utf-8")


def test_scoring_and_what_follows_runs_again_and_nothing_before_it(editable):
    add_own_score(editable)
    jobs = editable.jobs()
    assert {"score", "fit", "evaluate", "release_scoring", "report"} <= set(jobs)
    assert not {"simulate", "ingest", "describe", "release_description"} & set(jobs)


def test_a_faulty_file_stops_before_the_first_job(editable):
    add_own_score(editable, GOOD.replace("below: 50", "below: 60"))
    text = editable.snakemake("-n", check=False)
    assert "config/scores/my_score.yaml, items.0: line 15: item kps: two levels hold" in text
    assert "Traceback" not in text
    assert "rule score" not in text


@pytest.mark.slow
def test_it_is_computed_evaluated_and_drawn(editable):
    add_own_score(editable)
    figures = "results/release/spine_sim/figures"
    wanted = [f"{figures}/{name}.csv" for name in ("kaplan_meier_bands", "forest_c", "calibration")]
    editable.snakemake("--cores", "1", *wanted)
    scores = pd.read_parquet(editable.folder / "results/private/spine_sim/scores.parquet")
    mine = scores[scores["score"] == "my_score"]
    assert (mine["status"] == "determined").mean() > 0.5
    table = pd.read_csv(editable.folder / "results/release/spine_sim/tables/performance.csv")
    mine = table[table["score"].eq("my_score") & table["stratum_set"].eq("overall")]
    assert mine.loc[mine["measure"].eq("harrell_c"), "estimate"].between(0.5, 1).all()
    assert {"harrell_c", "auc"} <= set(mine["measure"])
    for path in wanted:  # some figures call a score by its id, some by its short name
        text = (editable.folder / path).read_text(encoding="utf-8")
        assert "my_score" in text or "Mine" in text
