"""Tables are written whole or not at all, and equal content gives equal bytes."""

import pandas as pd
import pytest

from spinemets.errors import Fault, InputError, format_rows
from spinemets.results import COLUMNS, Row, frame
from spinemets.stages._common import run
from spinemets.writing import atomic, write_csv


def test_rows_become_the_long_table(tmp_path):
    table = frame([Row("harrell_c", 0.1 + 0.2, n=3, events=1), Row("auc", note="no events")])
    assert tuple(table.columns) == COLUMNS
    write_csv(table, tmp_path / "deep" / "a.csv")
    lines = (tmp_path / "deep" / "a.csv").read_bytes().decode().split("\n")
    assert ",0.3," in lines[1]
    assert lines[2].endswith(",no events")
    assert pd.isna(table.loc[1, "estimate"])


def test_an_interrupted_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old", encoding="utf-8")

    def interrupted():
        with atomic(path) as temporary:
            temporary.write_text("half", encoding="utf-8")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert path.read_text(encoding="utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_full_disk_is_said_plainly(capsys):
    def work():
        raise OSError(28, "No space left on device")

    assert run("draw", work) == 3
    assert "the disk is full" in capsys.readouterr().err


def test_other_errors_are_not_swallowed():
    def work():
        raise OSError(13, "denied")

    with pytest.raises(OSError, match="denied"):
        run("draw", work)


def test_faults_end_with_exit_code_two(capsys):
    def work():
        raise InputError([Fault("a.csv", "KPS isn't a multiple of ten", "correct it", "kps", (3,))])

    assert run("ingest", work) == 2
    text = capsys.readouterr().err
    assert "a.csv, kps: KPS isn't a multiple of ten [row 3]" in text
    assert "repair: correct it" in text


def test_rows_are_named_and_the_rest_counted():
    assert format_rows(range(30, 0, -1)) == "rows 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 20 more"
    assert InputError([Fault("a", "b", "c")]).to_json().startswith("[")
