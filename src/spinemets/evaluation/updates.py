"""Risks adapted to this centre: recalibration with an honest after-picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from spinemets.evaluation.design import OWN, Design
from spinemets.evaluation.risks import MANY_VALUES, RiskTable
from spinemets.evaluation.scores import OneScore
from spinemets.performance.calibration_rows import recalibration_rows
from spinemets.performance.precision import caution
from spinemets.performance.recalibration import METHODS, Recalibration, recalibrate
from spinemets.performance.risks import Risk
from spinemets.results import FOREIGN, RiskRow

if TYPE_CHECKING:
    import pandas as pd

UPDATED: Final = (
    "cohort", "set", "score", "variant", "horizon", "source", "update", "level", "band",
    "updated", "lower", "upper", "n", "events", "method", "note",
)  # fmt: skip
#: An updated table lists every distinct risk; a continuous one has coefficients only.
MOST_LEVELS: Final = 40
#: Every one of many risks anew is fitted to a handful of patients.
CROWDED: Final = (
    "{} distinct risks, each fitted anew to few patients: expect overfitting (a slope below 1); "
    "update the slope instead"
)


def updated(design: Design, risks: RiskTable) -> tuple[list[RiskRow], pd.DataFrame]:
    """
    Recalibrate every published or supplied risk in the three usual ways.

    Parameters
    ----------
    design : Design
        The evaluation.
    risks : RiskTable
        Risks of the scores.

    Returns
    -------
    rows : list of RiskRow
        ``before_*`` and cross-fitted ``recalibrated_*`` measures, and the coefficients of the
        update (``update_intercept``, ``update_slope``).
    table : pandas.DataFrame
        This centre's updated table: columns `UPDATED` without the cohort.
    """
    import pandas as pd

    rows: list[RiskRow] = []
    levels: list[dict[str, Any]] = []
    outcome, options = design.outcome, design.options
    for key, one in design.scores.items():
        for label, horizon in outcome.horizons.items():
            risk = risks.default(key, label)
            if risk.source not in FOREIGN or not risk.available:
                continue
            known = risk.known
            for method in METHODS:
                found = recalibrate(
                    outcome.time[known], outcome.event[known], risk.probability[known], horizon,
                    method=method, folds=options.folds, seed=options.seed,
                )  # fmt: skip
                rows += _rows(found, one, label, risk)
                levels += _levels(design, found, one, label, risk)
    table = pd.DataFrame(levels, columns=list(UPDATED[1:]))
    for name in ("n", "events"):
        table[name] = table[name].astype("Int64")
    return rows, table


def _rows(found: Recalibration, one: OneScore, label: str, risk: Risk) -> Iterator[RiskRow]:
    where: dict[str, Any] = {
        "set": OWN,
        "score": one.score,
        "variant": one.variant,
        "horizon": label,
        "source": risk.source,
    }
    total, events = int(found.n.sum()), int(found.events.sum())
    note = "; ".join(p for p in (risk.caveat, caution(events)) if p)
    crowded = found.method == "levels" and found.levels.size > MANY_VALUES
    for measure, estimate in found.before.items():
        method = f"before updating {found.method}; {estimate.method}"
        yield estimate.row(
            f"before_{measure}", kind=RiskRow, **{**where, "method": method, "note": note}
        )
    for row in recalibration_rows(found):
        caveats = (CROWDED.format(found.levels.size) if crowded else "", row.note)
        yield RiskRow.of(row, **where, note="; ".join(p for p in caveats if p))
    if found.method == "levels":
        return
    for measure, value in (
        ("update_intercept", found.intercept),
        ("update_slope", found.slope),
    ):
        known = value == value
        yield RiskRow(
            measure, float(value) if known else None, n=total, events=events,
            method=f"updating {found.method}: cloglog(risk) = intercept + slope cloglog(published)",
            note=note if known else found.reason, **where,
        )  # fmt: skip


def _levels(
    design: Design, found: Recalibration, one: OneScore, label: str, risk: Risk
) -> Iterator[dict[str, Any]]:
    base = {"set": OWN, "score": one.score, "variant": one.variant, "horizon": label,
            "source": risk.source, "update": found.method, "method": risk.detail}  # fmt: skip
    if found.reason or found.levels.size > MOST_LEVELS:
        many = "more than 40 distinct risks: use the coefficients in table recalibration"
        yield base | {"level": "", "band": "", "note": found.reason or many}
        return
    rates = design.bands[one.key].rates.get(label) if one.key in design.bands else None
    names: dict[float, list[str]] = {}
    if rates is not None and risk.source == "published":
        for band, rate in rates.rates.items():
            names.setdefault(round(rate, 9), []).append(band)
    for k, level in enumerate(found.levels):
        yield base | {
            "level": f"{level:.6g}",
            "band": " or ".join(names.get(round(float(level), 9), [])),
            "updated": float(found.updated[k]),
            "lower": float(found.lower[k]),
            "upper": float(found.upper[k]),
            "n": int(found.n[k]),
            "events": int(found.events[k]),
            "note": caution(int(found.events[k])),
        }
