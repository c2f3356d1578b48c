"""Scores that a configuration names are checked before the first job, own files with them."""

from pathlib import Path
from typing import Any

import pytest
from tests.scores.own_score import GOOD

from spinemets.errors import InputError
from spinemets.plan import Plan

COHORT = {"id": "a", "label": "A", "file": "a.csv", "visibility": "public",
          "time_zero": "start_of_treatment"}  # fmt: skip


def start(**scores: Any) -> Plan:
    evaluation = {"comparison_sets": []}
    return Plan({"cohorts": [COHORT], "scores": scores, "evaluation": evaluation})


def test_an_unknown_score(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="no score is called 'tokuhashi_205'; did you mean"):
        start(ids=["tokuhashi_205"])


def test_an_unknown_variant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="no variant 'prostate'"):
        start(ids=["tomita_2001"], variants={"tomita_2001": ["prostate"]})


def test_a_faulty_file_of_the_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "config" / "scores"
    folder.mkdir(parents=True)
    file = folder / "my_score.yaml"
    file.write_text(GOOD, "utf-8")
    assert start(ids=["my_score"]).settings.scores.ids == ["my_score"]
    file.write_text(GOOD.replace("below: 50", "below: 60"), "utf-8")
    with pytest.raises(InputError, match=r"my_score\.yaml, items\.0: line 15: .* two levels hold"):
        start(ids=["my_score"])
