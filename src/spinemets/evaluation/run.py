"""Carry out an evaluation: every table of it, from one design."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spinemets.evaluation.comparison import comparison_rows
from spinemets.evaluation.delayed import delayed_tables
from spinemets.evaluation.design import Design
from spinemets.evaluation.discrimination import discrimination_rows, suspects
from spinemets.evaluation.legacy import legacy_rows
from spinemets.evaluation.optimism import optimism_rows
from spinemets.evaluation.pictures import calibration_curves, fitted_curves, risk_distributions
from spinemets.evaluation.predictions import calibration_table, error_rows, utility_table
from spinemets.evaluation.rankings import ranking_rows
from spinemets.evaluation.risks import risk_table
from spinemets.evaluation.size import size_rows
from spinemets.evaluation.travel import travel_rows
from spinemets.evaluation.updates import updated
from spinemets.results import PairRow, RiskRow, Row, ThresholdRow, frame

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Found:
    """
    Tables of an evaluation, and what stops a strict one.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        By name, as ``spinemets.tables`` describes them.
    suspect : dict of str to str
        Scores whose direction the cohort contradicts, with the explanation.
    """

    tables: dict[str, pd.DataFrame]
    suspect: dict[str, str]


def run(design: Design, cohort: str, wanted: Mapping[str, Sequence[str]]) -> Found:
    """
    Evaluate.

    Parameters
    ----------
    design : Design
        What is asked.
    cohort : str
        Cohort id, for the first column of every table.
    wanted : mapping of str to sequence of str
        Scores asked for, per comparison set.

    Returns
    -------
    Found
        ``performance``, ``comparisons``, ``rankings``, ``prediction_error``, ``calibration``,
        ``calibration_curves``, ``recalibration``, ``updated_risks``, ``decision_curves``,
        ``risk_distribution``, ``optimism``, ``legacy``, ``precision``,
        ``transport``.
    """
    suspect = suspects(design)
    if design.outcome.delayed:
        late = delayed_tables(design, wanted, suspect)
        return Found({name: _of_cohort(late[name], cohort) for name in TABLES}, suspect)
    risks = risk_table(design)
    adapted, levels = updated(design, risks)
    curves = fitted_curves(design, risks)

    def table(rows: Iterable[Any], kind: type[Row] = Row) -> pd.DataFrame:
        return _of_cohort(frame(rows, kind), cohort)

    return Found(
        {
            "performance": table(discrimination_rows(design, suspect)),
            "comparisons": table(comparison_rows(design, risks, wanted, suspect), PairRow),
            "rankings": table(ranking_rows(design, risks, suspect), RiskRow),
            "prediction_error": table(error_rows(design, risks, suspect), RiskRow),
            "calibration": table(calibration_table(design, risks, curves), RiskRow),
            "calibration_curves": _of_cohort(calibration_curves(design, risks, curves), cohort),
            "recalibration": table(adapted, RiskRow),
            "updated_risks": _of_cohort(levels, cohort),
            "decision_curves": table(utility_table(design, risks), ThresholdRow),
            "risk_distribution": _of_cohort(risk_distributions(design, risks), cohort),
            "optimism": table(optimism_rows(design, risks), RiskRow),
            "legacy": table(legacy_rows(design, risks), ThresholdRow),
            "precision": table(size_rows(design)),
            "transport": table(travel_rows(design, risks)),
        },
        suspect,
    )


def _of_cohort(table: pd.DataFrame, cohort: str) -> pd.DataFrame:
    rest = table.drop(columns="cohort", errors="ignore")
    rest.insert(0, "cohort", cohort)
    return rest


#: Tables of `run`, in the order in which they are released.
TABLES = (
    "performance",
    "comparisons",
    "rankings",
    "prediction_error",
    "calibration",
    "calibration_curves",
    "recalibration",
    "updated_risks",
    "decision_curves",
    "risk_distribution",
    "optimism",
    "legacy",
    "precision",
    "transport",
)
