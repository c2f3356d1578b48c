"""`spinemets evaluate`, and the files that it reads."""

import pandas as pd
import pytest

from spinemets import cli
from spinemets.errors import ArgumentError
from spinemets.evaluation.table import evaluate

CALL = {"time": "months", "event": "died", "scores": ["worse"], "bootstrap": 0, "optimism": 0}


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet"])
def test_the_command_writes_what_the_function_gives(table, tmp_path, suffix, capsys):
    path = tmp_path / f"patients.{suffix}"
    if suffix == "parquet":
        table.to_parquet(path)
    else:
        table.to_csv(path, index=False, sep="," if suffix == "csv" else "\t")
    code = cli.main(
        ["evaluate", str(path), "--time", "months", "--event", "died", "--scores", "worse,better",
         "--higher-is-better", "better", "--risk", "model@12mo=model_12", "--by", "group",
         "--horizons", "3,6,12", "--unit", "months", "--bootstrap", "32",
         "--out", str(tmp_path / "out")]
    )  # fmt: skip
    assert code == 0
    assert "600 of 600 patients analysed" in capsys.readouterr().out
    expected = evaluate(
        table, time="months", event="died", scores="worse,better", higher_is_better="better",
        risks={"model@12mo": "model_12"}, by="group", bootstrap=32, cohort="patients",
    )  # fmt: skip
    assert {p.stem for p in (tmp_path / "out").iterdir()} == set(expected.tables)
    read = pd.read_csv(tmp_path / "out" / "performance.csv", keep_default_na=False)
    assert pd.to_numeric(read["estimate"]).to_numpy() == pytest.approx(
        expected["performance"]["estimate"].to_numpy(float), rel=1e-9
    )


def test_strict_exits_with_one(table, tmp_path, capsys):
    path = tmp_path / "a.csv"
    table.to_csv(path, index=False)
    call = ["evaluate", str(path), "--time", "months", "--event", "died", "--scores", "worse",
            "--higher-is-better", "worse", "--bootstrap", "0",
            "--out", str(tmp_path / "o")]  # fmt: skip
    assert cli.main(call) == 0
    assert cli.main([*call, "--strict"]) == 1
    assert "worse: direction_suspect" in capsys.readouterr().err
    assert (tmp_path / "o" / "performance.csv").is_file()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--risk", "model=x=y"], "--risk: 'model' has no horizon"),
        (["--risk", "model"], "--risk: 'model' isn't NAME=COLUMN"),
        (["--horizons", "3,x"], "--horizons: '3,x' isn't a list of numbers"),
        (["--higher-is-better", "x"], "--higher-is-better: 'x'"),
        (["--time", "none"], "--time: no column"),
    ],
)
def test_the_command_names_its_options(table, tmp_path, words, message, capsys):
    path = tmp_path / "a.csv"
    table.to_csv(path, index=False)
    call = ["evaluate", str(path), "--time", "months", "--event", "died", "--scores", "worse",
            "--out", str(tmp_path / "o"), *words]  # fmt: skip
    assert cli.main(call) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(ArgumentError, match="table: no file"):
        evaluate(tmp_path / "none.csv", **CALL)
    (tmp_path / "a.parquet").write_bytes(b"not one")
    with pytest.raises(ArgumentError, match="can't be read as a table"):
        evaluate(tmp_path / "a.parquet", **CALL)


def test_remarks_before_the_header_are_read_over(table, tmp_path):
    """A simulated cohort's file begins with `# SIMULATED`."""
    plain, marked = tmp_path / "plain.csv", tmp_path / "marked.csv"
    table.to_csv(plain, index=False)
    marked.write_text(f"# SIMULATED\n{plain.read_text('utf-8')}", encoding="utf-8")
    first, second = (evaluate(path, **CALL)["performance"] for path in (plain, marked))
    pd.testing.assert_frame_equal(first, second)
