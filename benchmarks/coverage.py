"""Do the intervals hold what they promise? Simulated cohorts with exactly known truth.

    python benchmarks/coverage.py [--replicates 2000] [--only NAME] [--out FILE]

A cell is one measure at one size. Coverage passes when its 99 % Monte-Carlo interval (Wilson) meets
93-97 %, the rejection rate of a true null hypothesis when it meets 4-6 %. Every cohort of every
cell has its own seed, so the table is the same on any number of processes. Exit code 1 when a cell
fails that isn't in `EXPLAINED`.
"""

import sys
from pathlib import Path

if __name__ not in ("__main__", "__mp_main__"):
    # Scripts of this folder find this file when numba asks for the package of the same name.
    raise ImportError("benchmarks/coverage.py is a script, not the package coverage")

if __name__ == "__main__":
    # In place of this folder: numba looks for the package ``coverage`` and would find this file.
    sys.path[0] = str(Path(__file__).resolve().parent / "simulation")
    from coverage_cells import main

    sys.exit(main())
