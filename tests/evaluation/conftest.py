"""A made-up table with two scores, a model, groups and centres."""

import numpy as np
import pandas as pd
import pytest

from spinemets.evaluation.table import Evaluation, evaluate


def make(n: int = 600, seed: int = 1) -> pd.DataFrame:
    """Draw patients whose linear predictor two scores and one model know in part."""
    random = np.random.default_rng(seed)
    lp = random.normal(size=n)
    death, end = random.exponential(np.exp(-lp) * 10), random.uniform(2, 40, n)
    return pd.DataFrame(
        {
            "months": np.round(np.minimum(death, end), 2),
            "died": (death <= end).astype(int),
            "worse": np.round(3 + 2 * lp + random.normal(size=n)),
            "better": -np.round(1.5 * lp),
            "model_12": 1 - np.exp(-1.2 * np.exp(lp)),
            "group": random.choice(list("xyz"), n),
            "centre": random.choice(list("ABCD"), n),
        }
    )


@pytest.fixture(scope="session")
def table() -> pd.DataFrame:
    """Six hundred patients."""
    return make()


@pytest.fixture(scope="session")
def found(table) -> Evaluation:
    """Everything that can be asked of them."""
    return evaluate(
        table,
        time="months",
        event="died",
        scores="worse,better",
        higher_is_better=["better"],
        risks={"model@12mo": "model_12"},
        by=["group"],
        centre="centre",
        request=["apparent", "nri"],
        bootstrap=64,
        optimism=30,
    )
