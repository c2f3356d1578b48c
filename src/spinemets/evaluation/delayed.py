"""An evaluation of patients who were not all observed from time zero (delayed entry)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemets.evaluation.comparison import comparison_rows
from spinemets.evaluation.design import OWN, REFUSED, Design
from spinemets.evaluation.discrimination import discrimination_rows
from spinemets.evaluation.pictures import CURVES, DISTRIBUTION
from spinemets.evaluation.updates import UPDATED
from spinemets.performance._estimate import Estimate, log_normal, undefined
from spinemets.performance.precision import caution
from spinemets.performance.risks import Risk
from spinemets.results import PairRow, RiskRow, Row, ThresholdRow, frame
from spinemets.survival.kaplan_meier import kaplan_meier

if TYPE_CHECKING:
    import pandas as pd

METHOD: Final = "Kaplan-Meier with delayed entry"
#: The mean of the risks is over those who were seen, the curve is that of everybody.
SEEN: Final = "delayed entry: the mean risk is that of the patients who lived to be observed"
#: Measure that stands for its table, and kind of row.
_TABLES: Final[dict[str, tuple[str, type[Row]]]] = {
    "rankings": ("rank_harrell_c", RiskRow),
    "prediction_error": ("brier", RiskRow),
    "recalibration": ("before_oe_ratio", RiskRow),
    "decision_curves": ("net_benefit", ThresholdRow),
    "optimism": ("optimism_harrell_c", RiskRow),
    "legacy": ("legacy_predictive_accuracy", ThresholdRow),
}
_PICTURES: Final = {
    "calibration_curves": CURVES,
    "updated_risks": UPDATED,
    "risk_distribution": DISTRIBUTION,
}


def delayed_tables(
    design: Design, wanted: Mapping[str, Sequence[str]], suspect: Mapping[str, str]
) -> dict[str, pd.DataFrame]:
    """
    Evaluate patients of whom some entered observation after time zero.

    Parameters
    ----------
    design : Design
        What is asked; ``outcome.entry`` is known.
    wanted : mapping of str to sequence of str
        Scores asked for, per comparison set.
    suspect : mapping of str to str
        Scores that the orientation guard stopped.

    Returns
    -------
    dict of str to pandas.DataFrame
        The tables of `spinemets.evaluation.run.run`. Harrell's C and its differences count the
        pairs that met under observation; observed risk, mean predicted risk and O:E come from a
        Kaplan-Meier curve in which a patient is at risk from entry on; every other measure is one
        row per score with the reason.

    Notes
    -----
    AUC, Uno's C, Brier score, net benefit and what is built on them need everybody at risk from
    time zero. To compute them as if that were so counts time in which nobody could die.
    """
    import pandas as pd

    tables = {
        name: frame(_refused(design, measure, kind), kind)
        for name, (measure, kind) in _TABLES.items()
    }
    moved = [*_refused(design, "pooled_harrell_c", Row), *_split(design)]
    tables["transport"] = frame(moved, Row)
    tables["performance"] = frame(discrimination_rows(design, suspect), Row)
    compared = [*comparison_rows(design, None, wanted, suspect), *_pairs(design)]
    tables["comparisons"] = frame(compared, PairRow)
    tables["calibration"] = frame(_calibration(design), RiskRow)
    tables["precision"] = frame(_planned(design), Row)
    for name, columns in _PICTURES.items():
        rows = [
            {"set": OWN, "score": one.score, "variant": one.variant, "note": REFUSED}
            for one in design.scores.values()
        ]
        # A histogram has no column that a reason could stand in.
        keep = rows if "note" in columns else []
        tables[name] = pd.DataFrame(keep, columns=list(columns[1:])).astype(
            {count: "Int64" for count in ("n", "events") if count in columns}
        )
    return tables


def _planned(design: Design) -> Iterator[Row]:
    everybody = np.ones(design.outcome.n, dtype=bool)
    for label in design.outcome.horizons:
        events = design.outcome.events_by(label, everybody)
        none = undefined(REFUSED, design.outcome.n, events)
        yield none.row("expected_width_harrell_c", horizon=label)


def _refused(design: Design, measure: str, kind: type[Row]) -> Iterator[Row]:
    event = design.outcome.event
    own = [(OWN, one) for one in design.scores.values()]
    for name, one in [*((g.id, one) for g in design.sets for one in g.scores), *own]:
        n, events = int(one.determined.sum()), int(event[one.determined].sum())
        where = {"set": name, "score": one.score, "variant": one.variant}
        yield undefined(REFUSED, n, events).row(measure, kind=kind, **where)


def _split(design: Design) -> Iterator[Row]:
    """A difference in C against a reference cohort is made of pairs seen from time zero."""
    for one in design.scores.values() if design.reference is not None else ():
        n, events = int(one.determined.sum()), int(design.outcome.event[one.determined].sum())
        yield undefined(REFUSED, n, events).row(
            "harrell_c_difference", set=OWN, score=one.score, variant=one.variant, form="points"
        )


def _pairs(design: Design) -> Iterator[Row]:
    for group in design.sets:
        n, events = int(group.members.sum()), int(design.outcome.event[group.members].sum())
        for i, one in enumerate(group.scores):
            for other in group.scores[i + 1 :]:
                yield undefined(REFUSED, n, events).row(
                    "auc", kind=PairRow, set=group.id, score=one.score, variant=one.variant,
                    other_score=other.score, other_variant=other.variant,
                )  # fmt: skip


def _calibration(design: Design) -> Iterator[Row]:
    for key, one in design.scores.items():
        for label, horizon in design.outcome.horizons.items():
            where = {"set": OWN, "score": one.score, "variant": one.variant, "horizon": label}
            risk = design.risks.get(key, {}).get(label)
            if risk is None or not risk.available:
                why = risk.reason if risk is not None else ""
                note = "; ".join(p for p in (why, "delayed entry: no risk is fitted here") if p)
                yield undefined(note).row("oe_ratio", kind=RiskRow, **where)
                continue
            where["source"] = risk.source
            for measure, found in zip(
                ("observed_risk", "predicted_risk", "oe_ratio"),
                observed_over_expected(design, risk, horizon),
                strict=True,
            ):
                note = "; ".join(p for p in (SEEN, risk.caveat, caution(found.events)) if p)
                yield found.row(measure, kind=RiskRow, note=note, **where)
            for measure in ("calibration_slope", "cloglog_slope", "ici"):
                yield undefined(REFUSED).row(measure, kind=RiskRow, **where)


def observed_over_expected(
    design: Design, risk: Risk, horizon: float
) -> tuple[Estimate, Estimate, Estimate]:
    """
    Observed and mean predicted risk and their ratio under delayed entry.

    Parameters
    ----------
    design : Design
        Follow-up with entry.
    risk : Risk
        Risks at the horizon.
    horizon : float
        Horizon in the unit of the follow-up.

    Returns
    -------
    tuple of Estimate
        Observed risk (Greenwood, log-log), mean predicted risk, O:E (Greenwood on the log scale:
        the mean risk is taken as fixed).
    """
    outcome = design.outcome
    entry = np.zeros(outcome.n) if outcome.entry is None else np.nan_to_num(outcome.entry)
    known = risk.known & outcome.observed
    time, values = outcome.time[known], risk.probability[known]
    events = int((outcome.event[known] & (time <= horizon)).sum())
    n = int(known.sum())
    mean = Estimate(float(values.mean()) if n else np.nan, n=n, events=events, method="mean")
    if not n or not events or time.max() < horizon:
        why = "no patients" if not n else "no events by the horizon"
        why = "the horizon lies beyond the follow-up" if n and events else why
        none = undefined(why, n, events, METHOD)
        return none, mean, none
    curve = kaplan_meier(time, outcome.event[known], entry[known])
    place = int(np.searchsorted(curve.time, horizon, side="right")) - 1
    alive, error = float(curve.survival[place]), float(curve.std_error[place])
    if alive <= 0:
        why = "everybody at risk died, perhaps while few had entered: no interval"
        none = undefined(why, n, events, METHOD)
        return none, mean, none
    lower, upper = 1 - float(curve.upper[place]), 1 - float(curve.lower[place])
    observed = Estimate(1 - alive, lower, upper, error, n, events, f"{METHOD}, log-log")
    if not mean.value > 0:
        return observed, mean, undefined("all predicted risks are zero", n, events, METHOD)
    dead, method = 1 - alive, f"{METHOD}, log-normal (Greenwood)"
    return observed, mean, log_normal(dead / mean.value, error / dead, n, events, method)
