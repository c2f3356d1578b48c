"""Tables behind figures: smoothed calibration curves and distributions of risks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemets.evaluation.design import OWN, Design
from spinemets.evaluation.risks import RiskTable
from spinemets.performance.calibration_curve import CalibrationCurve, calibration_curve
from spinemets.performance.risk_distribution import risk_distribution

if TYPE_CHECKING:
    import pandas as pd

CURVES: Final = (
    "cohort", "set", "score", "variant", "horizon", "source", "smoother", "predicted", "observed",
    "lower", "upper", "n", "events", "note",
)  # fmt: skip
DISTRIBUTION: Final = (
    "cohort", "set", "score", "variant", "horizon", "source", "outcome", "low", "high", "n",
)  # fmt: skip
BINS: Final = 20


#: Curve of a score's default risk, by score key and horizon label.
Curves = Mapping[tuple[str, str], CalibrationCurve]


def fitted_curves(design: Design, risks: RiskTable) -> Curves:
    """
    Smooth every default risk once: the measures of calibration and the picture read the same curve.

    Parameters
    ----------
    design : Design
        The evaluation.
    risks : RiskTable
        Risks of the scores.

    Returns
    -------
    dict
        `CalibrationCurve` by score key and horizon label; without those that have no risk. Nothing
        that happens after the horizon enters.
    """
    outcome, out = design.outcome, {}
    for key in design.scores:
        for label, horizon in outcome.horizons.items():
            risk = risks.default(key, label)
            if risk.available:
                known = risk.known
                out[key, label] = calibration_curve(
                    outcome.time[known], outcome.event[known], risk.probability[known], horizon,
                    truncate=True,
                )  # fmt: skip
    return out


def calibration_curves(design: Design, risks: RiskTable, curves: Curves) -> pd.DataFrame:
    """
    Smoothed observed risk against the predicted one, for every default risk.

    Parameters
    ----------
    design : Design
        The evaluation.
    risks : RiskTable
        Risks of the scores.
    curves : mapping
        From `fitted_curves`.

    Returns
    -------
    pandas.DataFrame
        Columns `CURVES` without the cohort; one row per point of a curve, or one with the reason.
        For ``levels`` n and events are those of the risk, else those of the whole curve.
    """
    import pandas as pd

    rows = list(_curve_rows(design, risks, curves))
    table = pd.DataFrame(rows, columns=list(CURVES[1:]))
    return table.astype({"n": "Int64", "events": "Int64"})


def _curve_rows(design: Design, risks: RiskTable, curves: Curves) -> Iterator[dict[str, object]]:
    outcome = design.outcome
    for key, one in design.scores.items():
        for label, horizon in outcome.horizons.items():
            risk = risks.default(key, label)
            base: dict[str, object] = {
                "set": OWN,
                "score": one.score,
                "variant": one.variant,
                "horizon": label,
                "source": risk.source,
                "note": risk.caveat,
            }
            if not risk.available:
                yield base | {"note": risk.reason}
                continue
            known, values = risk.known, risk.probability[risk.known]
            dead = (outcome.event & (outcome.time <= horizon))[known]
            found = curves[key, label]
            if found.grid.shape[0] == 0:
                note = found.reason or "no curve"
                yield base | {"note": note, "n": found.n, "events": found.events}
                continue
            by_level = found.smoother == "levels"
            for predicted, observed, lower, upper in found.grid:
                of_level = np.abs(values - predicted) < 1e-9 if by_level else None
                yield base | {
                    "smoother": found.smoother,
                    "predicted": predicted,
                    "observed": observed,
                    "lower": lower,
                    "upper": upper,
                    "n": found.n if of_level is None else int(of_level.sum()),
                    "events": found.events if of_level is None else int(dead[of_level].sum()),
                }


def risk_distributions(design: Design, risks: RiskTable) -> pd.DataFrame:
    """
    Patients per interval of predicted risk and outcome at the horizon.

    Parameters
    ----------
    design : Design
        The evaluation.
    risks : RiskTable
        Risks of the scores.

    Returns
    -------
    pandas.DataFrame
        Columns `DISTRIBUTION` without the cohort; empty bins are left out.
    """
    import pandas as pd

    outcome = design.outcome
    rows: list[tuple[object, ...]] = []
    for key, one in design.scores.items():
        for label, horizon in outcome.horizons.items():
            risk = risks.default(key, label)
            if not risk.available:
                continue
            known = risk.known
            table = risk_distribution(
                outcome.time[known], outcome.event[known], risk.probability[known], horizon,
                bins=BINS,
            )  # fmt: skip
            where = (OWN, one.score, one.variant, label, risk.source)
            cells = table[["outcome", "low", "high", "n"]].itertuples(index=False, name=None)
            rows += [
                (*where, name, _text(low), _text(high), n) for name, low, high, n in cells if n
            ]
    return pd.DataFrame(rows, columns=list(DISTRIBUTION[1:])).astype({"n": "Int64"})


def _text(value: float) -> str:
    return f"{value:.6g}"
