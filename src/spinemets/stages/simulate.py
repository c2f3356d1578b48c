"""
Draw a simulated cohort and write it as a table that says so.

``--preset NAME --n N --seed S --out-table FILE.csv --out-truth FILE.parquet``. The first line of
the table is a comment; missing cells are empty; booleans are ``true`` and ``false``.
"""

from __future__ import annotations

import argparse
import importlib.metadata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from spinemets.params import PRESETS
from spinemets.stages._common import exit_with, parser, run
from spinemets.writing import atomic

if TYPE_CHECKING:
    import pandas as pd

    from spinemets.twin import Simulation


def write_table(simulation: Simulation, path: str | Path) -> None:
    """
    Write the patients of a simulated cohort as CSV under a line that says SIMULATED.

    Parameters
    ----------
    simulation : Simulation
        What was drawn.
    path : str or Path
        Target; replaced only when complete.
    """
    from spinemets.twin import CAUTION

    version = importlib.metadata.version("spinemets")
    origin = f"{simulation.preset}, seed {simulation.seed}, spinemets {version}"
    with atomic(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as out:
        out.write(f"# SIMULATED cohort ({origin}): {CAUTION}\n")
        _plain(simulation.table).to_csv(
            out, index=False, float_format="%.10g", lineterminator="\n", na_rep=""
        )


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Types that are written the same whatever the version of pandas."""
    words = {True: "true", False: "false"}
    out = table.copy()
    for name in out.columns[out.dtypes == "boolean"]:
        out[name] = out[name].map(words).astype("string")
    for name in out.columns[out.dtypes == "Float64"]:
        out[name] = out[name].astype("float64")
    return out


def write_truth(simulation: Simulation, path: str | Path) -> None:
    """
    Write the truth behind a simulated cohort as parquet.

    Parameters
    ----------
    simulation : Simulation
        What was drawn.
    path : str or Path
        Target; replaced only when complete.
    """
    with atomic(path) as temporary:
        simulation.truth.to_parquet(temporary, index=False)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


def _seed(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("0 or more")
    return value


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run the stage.

    Parameters
    ----------
    argv : sequence of str or None
        Arguments; those of the process when None.

    Returns
    -------
    int
        Exit code.
    """
    options = parser(__doc__)
    options.add_argument("--preset", choices=PRESETS, default=PRESETS[0])
    options.add_argument("--n", type=_positive, default=1400, help="patients")
    options.add_argument("--seed", type=_seed, required=True)
    options.add_argument("--out-table", required=True, metavar="CSV")
    options.add_argument("--out-truth", required=True, metavar="PARQUET")
    given = options.parse_args(argv)

    def work() -> None:
        from spinemets.twin import simulate

        simulation = simulate(given.preset, given.n, given.seed)
        write_truth(simulation, given.out_truth)
        write_table(simulation, given.out_table)

    return run("simulate", work)


if __name__ == "__main__":
    exit_with(main)
