"""The simulation of coverage, reduced: exact truths, verdicts, and that the cells pass."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spinemets.performance.brier import brier_t
from spinemets.performance.discrimination import auc_t, harrell_c, uno_c


@pytest.fixture(scope="module")
def bench(root: Path) -> Any:
    """The two scripts as modules."""
    sys.path.insert(0, str(root / "benchmarks" / "simulation"))
    try:
        import coverage_cells
        import populations
    finally:
        sys.path.pop(0)
    return coverage_cells, populations


def test_the_truth_is_where_a_large_cohort_is(bench: Any) -> None:
    population = bench[1].Scores((0.25, 0.10))
    cohort = population.draw(200_000, np.random.default_rng(5))
    assert cohort.event.mean() == pytest.approx(0.6, abs=0.005)
    outcome = cohort.time, cohort.event
    for estimator, uno in ((harrell_c, False), (uno_c, True)):
        found = estimator(*outcome, cohort.scores, higher_is_worse=True)
        truth = [population.concordance(k, uno=uno) for k in (0, 1)]
        assert np.all(np.abs(found.estimate - truth) < 4 * found.std_error)
    area = auc_t(*outcome, cohort.scores, [91.0, 365.0], higher_is_worse=True)
    truth = [[population.auc(k, t) for k in (0, 1)] for t in (91.0, 365.0)]
    assert np.all(np.abs(area.estimate - truth) < 4 * area.std_error)
    risk = population.risk(0, 365.0, factor=1.2)
    loss = brier_t(*outcome, risk[cohort.scores[:, 0]], [365.0])
    assert abs(loss.estimate[0, 0] - population.brier(0, 365.0, risk)) < 4 * loss.std_error[0, 0]


def test_a_cell_that_covers_too_little_fails(bench: Any) -> None:
    cell = bench[0].Cell
    good = cell("performance", "Harrell C", 200, 0.7, hits=1_905, runs=2_000)
    edge = cell("performance", "Harrell C", 200, 0.7, hits=1_850, runs=2_000)
    bad = cell("performance", "Harrell C", 200, 0.7, hits=1_800, runs=2_000)
    wide = cell("performance", "Harrell C", 200, 0.7, hits=1_980, runs=2_000)
    none = cell("performance", "Harrell C", 200, 0.7)
    assert [c.passes for c in (good, edge, bad, wide, none)] == [True, True, False, False, False]


def test_reduced(root: Path, tmp_path: Path) -> None:
    """Forty cohorts a cell: every cell is there, in one order, and none is far out."""
    out = tmp_path / "coverage.md"
    script = root / "benchmarks" / "coverage.py"
    groups = ["performance", "null", "cox", "stratified_cox"]
    command = [sys.executable, str(script), "--replicates", "40", "--workers", "1"]
    run = subprocess.run(
        [*command, "--out", str(out), "--only", *groups],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    text = out.read_text(encoding="utf-8")
    assert text == run.stdout
    # (2 C, 3 AUC, 3 Brier) with their differences, 3 O:E; 8 tests; twice 3 hazard ratios.
    assert text.count("| pass |") == 2 * (8 * 2 + 3 + 8 + 2 * 3)


def test_it_does_not_pass_for_the_package_coverage(root: Path) -> None:
    """numba, imported by another script of the folder, asks for ``coverage``."""
    code = "import sys; sys.path.insert(0, 'benchmarks'); import numba; print(numba.__name__)"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert run.stdout == "numba\n"


def test_the_committed_table_is_whole(root: Path) -> None:
    text = (root / "benchmarks" / "results" / "coverage.md").read_text(encoding="utf-8")
    assert "2,000 cohorts a cell" in text
    assert text.count("| pass |") + text.count("| **fails** |") == 2 * (8 * 2 + 3 + 8 + 2 * 3 + 1)
    assert "Not explained." not in text
