"""A file that can't grow: a clear message, exit code 3, and nothing that looks complete."""

import errno
import resource
import subprocess
import sys

import pytest

from spinemets.stages import _common

LIMIT = 20_000


def _limit():
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT))


def test_a_stage_that_runs_out_of_room_leaves_nothing_half_written(tmp_path):
    """The limit on the size of files stops a real stage of a real process as a full disk does."""
    table, truth = tmp_path / "patients.csv", tmp_path / "truth.parquet"
    done = subprocess.run(
        [sys.executable, "-m", "spinemets.stages.simulate", "--n", "200", "--seed", "1",
         "--out-table", str(table), "--out-truth", str(truth)],
        preexec_fn=_limit, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert "no room to write" in done.stderr
    assert "Traceback" not in done.stderr
    assert not table.exists()
    assert [p.name for p in tmp_path.iterdir()] in ([], ["truth.parquet"])


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_every_kind_of_no_room_has_its_words(number, capfd):
    def work():
        raise OSError(number, "as the system says it")

    assert _common.run("stage", work) == 3
    assert _common.NO_ROOM[number] in capfd.readouterr().err


def test_another_fault_of_the_system_is_not_taken_for_it():
    def work():
        raise PermissionError(errno.EACCES, "as the system says it")

    with pytest.raises(PermissionError):
        _common.run("stage", work)
