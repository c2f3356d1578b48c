"""Probabilities computed elsewhere: taken as predictions beside the scores."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemets.scores import prepare
from spinemets.scores.definition import Definition, horizon_label
from spinemets.scores.schema import Horizon, Prediction
from spinemets.scores.table import PatientTable
from spinemets.units import DAYS_PER_MONTH, DAYS_PER_WEEK, DAYS_PER_YEAR

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: Final = ("patient_id", "score", "horizon", "horizon_days", "survival")
_DAYS: Final = {
    "days": 1.0,
    "weeks": DAYS_PER_WEEK,
    "months": DAYS_PER_MONTH,
    "years": DAYS_PER_YEAR,
}


def days(horizon: Horizon) -> float:
    """
    Length of a horizon.

    Parameters
    ----------
    horizon : Horizon
        Time with its unit.

    Returns
    -------
    float
        Days; a month has 30.4375.

    Examples
    --------
    >>> days(Horizon(value=6, unit="months"))
    182.625
    """
    return horizon.value * _DAYS[horizon.unit]


def reject_rising(definition: Definition, table: PatientTable) -> None:
    """
    Don't use probabilities of survival that rise with time.

    Parameters
    ----------
    definition : Definition
        Imported model.
    table : PatientTable
        Changed in place: where a later probability exceeds an earlier one, all of the patient's
        probabilities of this model are treated as unknown.
    """
    ordered: list[Prediction] = sorted(definition.data.predictions, key=lambda p: days(p.horizon))
    so_far = np.full(table.n, np.inf)
    rising = np.zeros(table.n, dtype=bool)
    for prediction in ordered:
        value = table.numbers(prediction.column).low
        rising |= value > so_far + 1e-12
        so_far = np.fmin(so_far, value)
    if rising.any():
        for prediction in ordered:
            table.erase(prediction.column, rising)


def predictions(frame: pd.DataFrame, definitions: Iterable[Definition]) -> pd.DataFrame:
    """
    Collect supplied probabilities of survival.

    Parameters
    ----------
    frame : DataFrame
        Patient table.
    definitions : iterable of Definition
        Imported models; others are passed over.

    Returns
    -------
    DataFrame
        Columns ``patient_id, score, horizon, horizon_days, survival``; patients without a usable
        probability have no row.
    """
    import pandas as pd

    table = prepare.patient_table(frame)
    parts = []
    for definition in definitions:
        reject_rising(definition, table)
        for prediction in definition.data.predictions:
            value = table.numbers(prediction.column).low
            known = ~np.isnan(value)
            parts.append(
                pd.DataFrame(
                    {
                        "patient_id": frame["patient_id"].array[known],
                        "score": definition.id,
                        "horizon": horizon_label(prediction.horizon),
                        "horizon_days": days(prediction.horizon),
                        "survival": value[known],
                    }
                )
            )
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(parts, ignore_index=True)
