"""
Simulated cohorts with known truth, calibrated to published tables.

SIMULATED: not patients. How the scores rank on such a cohort follows from the assumed effects and
is no evidence about the scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemets import contract
from spinemets.params import PRESETS, Preset, load, parameter_table
from spinemets.twin.cohort import OBSERVED, ancestors, draw_columns, new_draft
from spinemets.twin.draws import Draft, Drawn
from spinemets.twin.recording import blank, gaps, intervals, unsettled_primary
from spinemets.twin.survival import Truth, closing_day, follow

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CAUTION", "DEFAULT_SEED", "PRESETS", "Simulation", "parameter_table", "simulate"]

CAUTION: Final = "not patients; its ranking of scores is no evidence"
DEFAULT_SEED: Final = 20260101


@dataclass(frozen=True)
class Simulation:
    """
    A simulated cohort and the truth behind it.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per patient, the columns of the contract in their order and nullable types.
    truth : pandas.DataFrame
        ``patient_id``, ``linear_predictor`` (true log hazard ratio, centre included),
        ``centre_effect`` (log hazard ratio), ``uncensored_days`` (time of death) and ``primary``
        (before some of it went unrecorded).
    preset : str
        Name of the parameters.
    seed : int
        Seed.
    """

    table: pd.DataFrame
    truth: pd.DataFrame
    preset: str
    seed: int


def simulate(
    preset: str | Path = "leiden_graz", n: int = 1400, seed: int = DEFAULT_SEED
) -> Simulation:
    """
    Draw a cohort of patients with spinal metastases whose true model is known.

    Parameters
    ----------
    preset : str or Path
        ``"leiden_graz"`` (radiotherapy era 2000-2010, haematological tumours excluded),
        ``"surgical_modern"``, or a parameter file of one's own.
    n : int
        Number of patients; centres keep their proportions.
    seed : int
        Seed; the same seed gives the same cohort.

    Returns
    -------
    Simulation
        Table and truth.

    Raises
    ------
    InputError
        When the parameter file leaves out a column of the contract or a value has no origin.

    Notes
    -----
    Proportional hazards given the covariates: a Weibull model with shared shape, an intercept per
    primary that makes its marginal median the published one, and centre effects on the log
    hazard. Treatment has no effect on survival: whatever an analysis finds is confounding or
    immortal time.

    References
    ----------
    Bollen 2016 (Leiden and Graz, 1,379 patients) for case mix and medians; see the parameter file.

    Examples
    --------
    >>> cohort = simulate("leiden_graz", n=200, seed=1)
    >>> cohort.table.shape[0], bool((cohort.table["survival_days"] >= 0).all())
    (200, True)
    """
    given = load(preset)
    draft, truth = _draw(given, n, seed)
    primary = draft.columns["primary"]
    specs = given.columns()
    low, high = given.value("baseline", "calendar_year")["uniform"]
    chart = float(given.value("recording", "chart"))
    blank(draft, gaps(draft, specs, (float(low) + float(high)) / 2, chart))
    unsettled_primary(draft, given)
    intervals(draft, given)
    return Simulation(_table(draft, truth), _truth(truth, primary), given.name, seed)


def _draw(given: Preset, n: int, seed: int) -> tuple[Draft, Truth]:
    """The complete cohort, before anything goes missing."""
    specs = given.columns()
    draft = new_draft(given, n, seed)
    draw_columns(draft, specs, ancestors(specs, given.sections["baseline"]))
    truth = follow(draft, given)
    draft.columns[OBSERVED] = Drawn(truth.observed_days)
    draft.columns["potential_follow_up_days"] = Drawn(np.rint(closing_day(draft, given)))
    draw_columns(draft, specs, ancestors(specs, given.sections["treatment"]))
    return draft, truth


def _series(drawn: Drawn, kind: str) -> pd.Series:
    import pandas as pd

    absent = np.isnan(drawn.values)
    codes = np.where(absent, 0, drawn.values)
    if kind == "boolean":
        return pd.Series(pd.arrays.BooleanArray(codes.astype(bool), absent))
    if kind == "integer":
        return pd.Series(pd.arrays.IntegerArray(np.rint(codes).astype(np.int64), absent))
    if kind == "number":
        return pd.Series(pd.arrays.FloatingArray(codes + 0.0, absent))
    names = np.asarray(drawn.levels, dtype=object)[codes.astype(np.intp)]
    names[absent] = None
    return pd.Series(names, dtype="string")


def _ids(n: int) -> pd.Series:
    import pandas as pd

    return pd.Series(np.arange(1, n + 1).astype(str), dtype="string")


def _table(draft: Draft, truth: Truth) -> pd.DataFrame:
    import pandas as pd

    draft.columns["survival_days"] = Drawn(truth.observed_days)
    draft.columns["died"] = Drawn(truth.died.astype(np.float64), ("false", "true"))
    out = {"patient_id": _ids(draft.n)}
    for name, column in contract.columns().items():
        if name != "patient_id":
            out[name] = _series(draft.columns[name], column.kind)
    return pd.DataFrame(out)


def _truth(truth: Truth, primary: Drawn) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        {
            "patient_id": _ids(len(truth.linear_predictor)),
            "linear_predictor": truth.linear_predictor,
            "centre_effect": truth.centre_effect,
            "uncensored_days": truth.uncensored_days,
            "primary": _series(primary, "category"),
        }
    )
