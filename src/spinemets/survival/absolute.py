"""Absolute risks: survival of bands and of groups at one case mix, by a Royston-Parmar model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spinemets.results import ModelRow, finite
from spinemets.survival.flexible import FlexibleFit, fit_flexible
from spinemets.survival.score_data import ScoreData, dummies, merge_small
from spinemets.survival.standardise import (
    SmoothCurve,
    standardised_by_level,
    standardised_survival,
)
from spinemets.units import DAYS_PER_MONTH


def absolute_risks(
    data: ScoreData, name: str, months: Sequence[float], knots: int, minimum: int
) -> list[ModelRow]:
    """
    Survival by band, and by group at the score distribution of everybody.

    Parameters
    ----------
    data : ScoreData
        The score.
    name : str
        Grouping that stands in the model beside the points.
    months : sequence of float
        Times.
    knots : int
        Internal knots of the baseline.
    minimum : int
        Groups below this size are one group in the model, ``small_groups``.

    Returns
    -------
    list of ModelRow
        ``predicted_survival`` of the patients of each band (``stratum_set`` ``band:<score>``) and
        ``standardised_survival`` of each group: what survival would be were everybody with a
        determined score of that group. One row with the reason when there is no fit.

    Notes
    -----
    An association, not an effect. Times past the last observation are left out.
    """
    sample = data.sample
    labels = merge_small(data.strata[name], minimum)
    indicators, levels = dummies(labels)
    x = np.column_stack([data.points, indicators])
    method = f"Royston-Parmar, {knots} internal knots, points and {name}"
    fit = fit_flexible(x, sample.time, sample.event, sample.entry, knots=knots,
                       names=["points", *levels[1:]])  # fmt: skip
    if not fit.converged or not np.isfinite(fit.loglik):
        note = fit.note or "no maximum"
        return [data.row("flexible", "standardised_survival", stratum_set=name, method=method,
                         note=note)]  # fmt: skip
    shown = [m for m in months if m * DAYS_PER_MONTH <= fit.last]
    days = [m * DAYS_PER_MONTH for m in shown]
    if not days:
        return [data.row("flexible", "standardised_survival", stratum_set=name, method=method,
                         note="follow-up ends before the first time")]  # fmt: skip
    columns = {level: (j if j else None) for j, level in enumerate(levels)}
    curves = standardised_by_level(fit, x, days, columns)
    out = []
    for level, curve in curves.items():
        rows = labels == level
        where: dict[str, Any] = {"stratum_set": name, "stratum": level, "n": int(rows.sum()),
                 "events": int(sample.event[rows].sum())}  # fmt: skip
        out += _curve(data, "standardised_survival", curve, shown, method, where)
    return [*out, *_bands(data, fit, x, shown, method)]


def _bands(
    data: ScoreData, fit: FlexibleFit, x: Any, months: Sequence[float], method: str
) -> list[ModelRow]:
    """Mean of the predicted curves of the patients of each band."""
    out: list[ModelRow] = []
    days = [m * DAYS_PER_MONTH for m in months]
    grouping = f"band:{data.score}" + (f":{data.variant}" if data.variant else "")
    for band in data.bands:
        rows = data.band == band
        where: dict[str, Any] = {"stratum_set": grouping, "stratum": band, "n": int(rows.sum()),
                 "events": int(data.sample.event[rows].sum()), "form": "band"}  # fmt: skip
        if not rows.any():
            out.append(
                data.row(
                    "flexible", "predicted_survival", method=method, note="no patients", **where
                )
            )
            continue
        curve = standardised_survival(fit, x[rows], days)
        out += _curve(data, "predicted_survival", curve, months, method, where)
    return out


def _curve(
    data: ScoreData,
    measure: str,
    curve: SmoothCurve,
    months: Sequence[float],
    method: str,
    where: dict[str, Any],
) -> list[ModelRow]:
    return [
        data.row("flexible", measure, curve.survival[i], lower=finite(curve.lower[i]),
                 upper=finite(curve.upper[i]), std_error=finite(curve.std_error[i]),
                 horizon=f"{month:g}mo", method=method, **where)
        for i, month in enumerate(months)
    ]  # fmt: skip
