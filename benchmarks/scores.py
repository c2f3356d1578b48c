"""Time all computed scores as arrays: one process, one core, growing numbers of patients.

    python benchmarks/scores.py [--largest 100000] [--limit 2.0] [--out FILE]

Every score and classification with items is computed from the raw patient table: cells are read,
contradictions looked for, scores that others read computed first. Exit code 1 when the largest size
takes longer than the limit, or the time per patient grows with their number.
"""

import argparse
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spinemets import twin
from spinemets.scores import engine, prepare, registry

SEED = 20260101
RUNS = 3
#: Four times the patients may take this much longer per patient before it isn't called linear.
GROWTH = 1.5


@dataclass(frozen=True)
class Timing:
    """Processor time of one size."""

    patients: int
    seconds: float

    @property
    def microseconds(self) -> float:
        """Per patient."""
        return 1e6 * self.seconds / self.patients


def measure(sizes: Sequence[int]) -> tuple[int, list[Timing]]:
    """Least processor time of several runs for every size."""
    library = registry.load_definitions()
    computed = [d for d in library.values() if d.items]
    largest = twin.simulate("surgical_modern", n=max(sizes), seed=SEED).table
    out = []
    for n in sizes:
        frame = largest.iloc[:n].reset_index(drop=True)
        seconds = []
        for _ in range(RUNS):
            start = time.process_time()
            engine.run(computed, library, prepare.patient_table(frame))
            seconds.append(time.process_time() - start)
        out.append(Timing(n, min(seconds)))
    return len(computed), out


def report(scores: int, timings: Sequence[Timing]) -> str:
    """Markdown table."""
    lines = [
        f"# {scores} scores and classifications, all patients at once",
        "",
        f"Processor time, one core, best of {RUNS}; Python {platform.python_version()}, "
        f"numpy {np.__version__}.",
        "",
        "| patients | seconds | microseconds per patient |",
        "| ---: | ---: | ---: |",
    ]
    lines += [f"| {t.patients:,} | {t.seconds:.2f} | {t.microseconds:.1f} |" for t in timings]
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and say whether the bars are met."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--largest", type=int, default=100_000)
    options.add_argument("--limit", type=float, default=2.0, help="seconds for the largest size")
    options.add_argument("--out", type=Path)
    args = options.parse_args(argv)
    scores, timings = measure([args.largest // 4, args.largest // 2, args.largest])
    text = report(scores, timings)
    sys.stdout.write(text)
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(text, encoding="utf-8")
    slow = timings[-1].seconds > args.limit
    growing = timings[-1].microseconds > GROWTH * timings[0].microseconds
    if slow:
        sys.stderr.write(f"slower than {args.limit:g} s\n")
    if growing:
        sys.stderr.write("the time per patient grows with their number\n")
    return 1 if slow or growing else 0


if __name__ == "__main__":
    raise SystemExit(main())
