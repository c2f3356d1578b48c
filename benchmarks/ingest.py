"""
One million rows of CSV through ingest and check, beside plain readers of the same file.

``python benchmarks/ingest.py [--rows 1000000] [--readers PYTHON]`` writes
``benchmarks/results/ingest.md``. ``--readers`` names an interpreter that has polars and duckdb;
they are peers of this benchmark only, spinemets doesn't need them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from spinemets.twin import simulate

DRAWN: Final = 20_000
#: The bars for a million rows on two cores.
SECONDS, GIGABYTES = 60, 4
RESULTS: Final = Path(__file__).with_name("results") / "ingest.md"
READERS: Final = {
    "pandas, C engine": "import pandas as pd; t = pd.read_csv(FILE, comment='#')",
    "pandas, pyarrow engine": "import pandas as pd; t = pd.read_csv(FILE, engine='pyarrow')",
    "polars": "import polars as pl; t = pl.read_csv(FILE, infer_schema_length=20000)",
    "duckdb": "import duckdb; t = duckdb.sql(f\"select * from read_csv('{FILE}')\").arrow()",
}


def make_table(path: Path, rows: int) -> int:
    """Write a table of the contract's columns: simulated patients, repeated with new times."""
    drawn = simulate("leiden_graz", min(rows, DRAWN), 1).table
    rng = np.random.default_rng(1)
    table = drawn.iloc[rng.integers(0, len(drawn), rows)].reset_index(drop=True)
    table["patient_id"] = [f"P{i:08d}" for i in range(rows)]
    table["survival_days"] = np.round(table["survival_days"] * rng.uniform(0.9, 1.1, rows) + 1, 1)
    # Nobody leaves before an event that was recorded, and nobody old is told alone.
    days = [c for c in table if c.endswith("_day") and c != "survival_days"]
    table["survival_days"] = table[["survival_days", *days]].max(axis=1)
    table["age_years"] = table["age_years"].clip(upper=90)
    known = [c for c in table if table[c].notna().any()]
    table[known].to_csv(path, index=False)
    return len(known)


@dataclass(frozen=True)
class Measured:
    """Seconds by the clock and of the processor, peak memory (GB), lines of progress."""

    seconds: float
    processor: float
    memory: float
    progress: int


def measure(command: list[str]) -> Measured:
    """Run a command on its own; what it says on standard error is counted as progress."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - start
        said.seek(0)
        words = said.read().decode()
        if status:
            raise RuntimeError(words[-2000:])
    processor = usage.ru_utime + usage.ru_stime
    return Measured(seconds, processor, usage.ru_maxrss / 1e6, words.count("ingest: about"))


def commands(table: Path, folder: Path) -> dict[str, list[str]]:
    """What is measured of spinemets: the stage that the workflow runs, and the user's check."""
    entry = {"id": "big", "label": "big", "file": table.name, "time_zero": "start_of_treatment"}
    stage = [sys.executable, "-m", "spinemets.stages.ingest", "--table", str(table), "--mapping",
             "--cohort", json.dumps({**entry, "visibility": "private"})]  # fmt: skip
    for name in ("patients", "inclusion", "cohort", "flow", "quality", "transformations",
                 "plausibility", "k-anonymity"):  # fmt: skip
        stage += [f"--out-{name}", str(folder / f"out_{name}")]
    check = [sys.executable, "-m", "spinemets.cli", "check", str(table)]
    return {"spinemets ingest": stage, "spinemets check": check}


def main() -> int:
    """Measure and write the page; 1 when spinemets misses a bar."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--readers", default=sys.executable)
    args = options.parse_args()
    lines = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = folder / "big.csv"
        # In a process of its own: on Linux a child's peak memory begins with its parent's.
        with ProcessPoolExecutor(1) as maker:
            columns = maker.submit(make_table, table, args.rows).result()
        size = table.stat().st_size / 1e6
        for what, command in commands(table, folder).items():
            lines.append((what, measure(command)))
        for what, code in READERS.items():
            python = sys.executable if what.startswith("pandas") else args.readers
            try:
                found = measure([python, "-c", f"FILE = {str(table)!r}; {code}"])
            except RuntimeError as error:
                reason = str(error).strip().splitlines()[-1]
                sys.stderr.write(f"{what}: {reason}\n")
                continue
            lines.append((what, found))
    text = page(f"{args.rows:,} rows, {columns} columns, {size:.0f} MB of CSV", lines)
    sys.stdout.write(text)
    if args.rows >= 1_000_000:
        RESULTS.write_text(text, encoding="utf-8")
    ours = [m for what, m in lines if what.startswith("spinemets")]
    missed = any(m.seconds > SECONDS or m.memory > GIGABYTES or not m.progress for m in ours)
    return int(missed and args.rows >= 1_000_000)


def page(table: str, lines: list[tuple[str, Measured]]) -> str:
    """What was measured, as Markdown."""
    text = [
        "# One million rows through ingest",
        "",
        f"{table}; {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"pandas {pd.__version__}; load of the machine at the end {os.getloadavg()[0]:.1f} "
        "(the seconds by the clock grow with it, those of the processor hardly).",
        "",
        "Ingest reads, looks for identifiers, converts, holds every value against the contract and",
        "every patient against the plausibility rules, and writes Parquet; the readers below only",
        "read. Start of Python included.",
        "",
        f"Bars: {SECONDS} s by the clock, {GIGABYTES} GB, with lines of progress.",
        "",
        "| what | seconds | processor seconds | peak memory, GB | lines of progress |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(
            f"| {what} | {m.seconds:.1f} | {m.processor:.1f} | {m.memory:.2f} | {m.progress} |"
            for what, m in lines
        ),
        "",
        "`python benchmarks/ingest.py --readers PYTHON` writes this page.",
    ]
    return "\n".join(text) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
