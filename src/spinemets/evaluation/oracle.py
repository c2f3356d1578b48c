"""What no score can beat but by chance: the truth behind a simulated cohort."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spinemets.evaluation.discrimination import caveat
from spinemets.performance.discrimination import harrell_c
from spinemets.results import Row, finite, frame

if TYPE_CHECKING:
    import pandas as pd


def oracle_table(patients: pd.DataFrame, truth: pd.DataFrame, cohort: str) -> pd.DataFrame:
    """
    Harrell's C of the true log hazard ratio.

    Parameters
    ----------
    patients : pandas.DataFrame
        Patient table: ``patient_id``, ``survival_days``, ``died``.
    truth : pandas.DataFrame
        ``patient_id`` and ``linear_predictor`` of everybody who was drawn.
    cohort : str
        Cohort id.

    Returns
    -------
    pandas.DataFrame
        One row of the table ``performance``, measure ``oracle_c``; the reason where it can't be
        estimated.
    """
    true = truth.set_index("patient_id")["linear_predictor"].loc[patients["patient_id"]]
    result = harrell_c(
        patients["survival_days"].to_numpy(dtype="float64"),
        patients["died"].to_numpy(dtype=bool),
        true.to_numpy(dtype="float64"),
        higher_is_worse=True,
    )
    lower, upper = result.interval()
    row = Row(
        "oracle_c",
        estimate=finite(result.estimate[0]),
        lower=finite(lower[0]),
        upper=finite(upper[0]),
        std_error=finite(result.std_error[0]),
        method="true linear predictor; infinitesimal jackknife, logit",
        n=result.n,
        events=result.events,
        note=result.reason[0] or caveat(result.events),
        cohort=cohort,
    )
    return frame([row])
