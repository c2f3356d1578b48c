"""Compile the numerical kernels once, while the environment is made.

Numba keeps machine code beside the sources and takes it up again in every job. Without this the
first evaluation compiles while others wait; nothing depends on it but time. The patients are made
up: what is computed of them is thrown away.
"""

import warnings

import numpy as np
import pandas as pd

import spinemets

PATIENTS = 240


def made_up() -> pd.DataFrame:
    """Patients with points, bands, a risk, centres and ties in every column."""
    random = np.random.default_rng(1)
    points = random.integers(0, 12, PATIENTS)
    months = np.ceil(random.exponential(3.0 + points))
    return pd.DataFrame(
        {
            "months": months,
            "dead": random.random(PATIENTS) < 0.8,
            "points": points,
            "band": np.digitize(points, [4, 8]),
            "risk": 1 - np.exp(-12 / (3.0 + points)),
            "centre": random.integers(0, 4, PATIENTS).astype(str),
            "group": random.integers(0, 2, PATIENTS).astype(str),
        }
    )


def main() -> None:
    """Evaluate the made-up patients."""
    warnings.simplefilter("ignore")  # they are no cohort to be warned of
    spinemets.evaluate(
        made_up(),
        time="months",
        event="dead",
        scores=["points", "band"],
        risks={"model@12mo": "risk"},
        higher_is_better=["points", "band"],
        by="group",
        centre="centre",
        bootstrap=20,
    )


if __name__ == "__main__":
    main()
