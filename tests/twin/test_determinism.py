"""The same seed gives the same bytes; a new column leaves the others as they were."""

import hashlib
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spinemets import params, twin
from spinemets.stages import simulate as stage
from spinemets.twin.draws import uniform

RUN = ["--preset", "leiden_graz", "--n", "150", "--seed", "7"]


def _write(folder: Path, *extra: str) -> tuple[bytes, bytes]:
    files = folder / "SIMULATED_x.csv", folder / "truth.parquet"
    targets = ["--out-table", str(files[0]), "--out-truth", str(files[1])]
    assert stage.main([*RUN, *extra, *targets]) == 0
    return files[0].read_bytes(), files[1].read_bytes()


def test_the_stage_writes_the_same_bytes_twice(tmp_path: Path) -> None:
    assert _write(tmp_path / "a") == _write(tmp_path / "b")
    assert _write(tmp_path / "a")[0] != _write(tmp_path / "c", "--seed", "8")[0]


def test_the_table_says_simulated_before_anything_else(tmp_path: Path) -> None:
    text = _write(tmp_path)[0].decode("utf-8")
    first, header, *rows = text.splitlines()
    assert first.startswith("# SIMULATED cohort (leiden_graz, seed 7, spinemets ")
    assert first.endswith("): not patients; its ranking of scores is no evidence")
    assert header.startswith("patient_id,centre,calendar_year")
    assert len(rows) == 150
    assert "True" not in text
    assert "nan" not in text.lower().replace("finance", "")
    assert "\r" not in text


def test_what_was_written_reads_back(tmp_path: Path) -> None:
    _write(tmp_path)
    drawn = twin.simulate("leiden_graz", 150, 7)
    back = pd.read_csv(tmp_path / "SIMULATED_x.csv", comment="#", dtype={"patient_id": "string"})
    assert list(back) == list(drawn.table)
    for name in ("survival_days", "crp_mg_per_l", "kps"):
        read = back[name].to_numpy(float)
        np.testing.assert_array_equal(read, drawn.table[name].to_numpy(float, na_value=np.nan))
    truth = pd.read_parquet(tmp_path / "truth.parquet")
    pd.testing.assert_frame_equal(truth, drawn.truth, check_dtype=False)


@pytest.mark.parametrize("wrong", [["--n", "0"], ["--seed", "-1"], ["--preset", "other"]])
def test_wrong_options_are_refused(
    wrong: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        _write(tmp_path, *wrong)
    assert stop.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_streams_differ_by_name_and_by_seed() -> None:
    np.testing.assert_array_equal(uniform(3, "kps", 10), uniform(3, "kps", 99)[:10])
    assert not np.array_equal(uniform(3, "kps", 10), uniform(3, "ecog", 10))
    assert not np.array_equal(uniform(3, "kps", 10), uniform(4, "kps", 10))


def test_the_stream_of_numpy_is_the_one_the_shipped_cohort_was_made_with() -> None:
    expected = [0.27531430, 0.61068113, 0.77829745]
    np.testing.assert_allclose(uniform(20260101, "kps", 3), expected, atol=1e-8)


def test_a_new_column_leaves_the_others_as_they_were(tmp_path: Path) -> None:
    text = (params.FOLDER / "leiden_graz.yaml").read_text(encoding="utf-8")
    extra = (
        "baseline:\n"
        "  _new: {status: assumed, why: test, value: {kind: boolean, probability: 0.5}}\n"
    )
    path = tmp_path / "own.yaml"
    path.write_text(text.replace("baseline:\n", extra, 1), encoding="utf-8")
    pd.testing.assert_frame_equal(
        twin.simulate(path, 200, 1).table, twin.simulate(n=200, seed=1).table
    )


def test_the_shipped_cohort_takes_less_than_a_second() -> None:
    twin.simulate(n=10)
    start = time.perf_counter()
    table = twin.simulate().table
    assert time.perf_counter() - start < 1.0
    assert len(table) == 1400
    digest = hashlib.sha256(table.to_csv(index=False).encode()).hexdigest()
    assert digest == hashlib.sha256(twin.simulate().table.to_csv(index=False).encode()).hexdigest()
