"""``spinemets check`` and ``spinemets init``."""

import json
import re
from pathlib import Path

import pytest
import yaml
from tests.bad_input.support import GOOD, changed

from spinemets import contract, settings
from spinemets.cli import main
from spinemets.ingest.mapping_file import load


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good table.csv"
    path.write_text(GOOD, encoding="utf-8")
    return path


def test_check_green(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(good), "--include", "kps >= 50"]) == 0
    said = capsys.readouterr().out
    assert "0 faults: this table can run" in said
    assert "not included (kps >= 50)" in said
    assert "Canary" not in said


def test_check_red_and_set_aside(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good.write_text(changed((",80,", ",45,"), (",lung,", ",Canary,")), encoding="utf-8")
    assert main(["check", str(good)]) == 2
    said = capsys.readouterr().out
    assert "2 faults: this table can't run yet" in said
    assert "Canary" not in said
    assert main(["check", str(good), "--on-fault", "set_aside"]) == 0
    assert "with the values above set aside" in capsys.readouterr().out


def test_check_json(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good.write_text(changed((",80,", ",45,")), encoding="utf-8")
    assert main(["check", str(good), "--json"]) == 2
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is False
    assert answer["faults"][0]["rows"] == [2]
    assert answer["flow"][-1] == {"step": "analysed", "reason": "", "n": 4}
    good.write_text("", encoding="utf-8")
    assert main(["check", str(good), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["faults"][0]["severity"] == "structural"


def test_check_writes_nothing(good: Path, tmp_path: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")}
    main(["check", str(good)])
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")} == before


def test_init_makes_a_study(good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = tmp_path / "study"
    assert main(["init", str(study), "--from", str(good)]) == 0
    assert "spinemets check" in capsys.readouterr().out
    assert (study / "data/good table.csv").read_text("utf-8") == GOOD
    mapping = study / "config/mappings/cohort_1.yaml"
    assert {"survival_days", "died"} <= set(load(mapping).columns)
    config = yaml.safe_load((study / "config/config.yaml").read_text("utf-8"))
    cohorts = yaml.safe_load((study / "config/cohorts.yaml").read_text("utf-8"))
    assert settings.load({**config, **cohorts}).cohorts[0].visibility == "private"
    # The id and the label, which a release prints, hold nothing of the file's name.
    assert cohorts["cohorts"][0]["id"] == "cohort_1"
    assert "good" not in cohorts["cohorts"][0]["label"].lower()
    assert "data/" in (study / ".gitignore").read_text("utf-8")
    # Only what a person has to decide is left.
    assert main(["check", str(study / "data/good table.csv"), "--mapping", str(mapping)]) == 2
    assert "1 fault: this table can't run yet" in capsys.readouterr().out


def test_init_offers_every_column(tmp_path: Path) -> None:
    main(["init", str(tmp_path / "study")])
    text = (tmp_path / "study/config/mappings/cohort_1.yaml").read_text("utf-8")
    uncommented = tmp_path / "all.yaml"
    uncommented.write_text(re.sub(r"(?m)^  # (?!--)", "  ", text), encoding="utf-8")
    expected = {c for c in contract.columns() if not c.endswith(("_low", "_high"))}
    assert set(load(uncommented).columns) == expected


def test_init_overwrites_nothing(good: Path, tmp_path: Path) -> None:
    assert main(["init", str(tmp_path)]) == 2
    assert main(["init", str(good)]) == 2
    assert main(["init", str(tmp_path / "new"), "--from", str(tmp_path / "absent.csv")]) == 2
    assert not (tmp_path / "new").exists()
