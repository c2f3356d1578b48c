"""The tables of the evaluation: what each column holds, and how disclosure control treats it."""

from __future__ import annotations

from typing import Final

from spinemets.results import OutcomeRow, PairRow, RiskRow, Row, ThresholdRow
from spinemets.table_spec import (
    COHORT,
    ESTIMATES,
    NUMBER,
    SCORE,
    VARIANT,
    Column,
    Table,
    count_column,
    key_column,
    text_column,
)

SOURCE: Final = key_column(
    "where the risk comes from: `published`, `supplied`, `cross_fitted` or `apparent`; of several, "
    "joined by `+`; empty where no risk enters"
)
SET: Final = ESTIMATES["set"]
HORIZON: Final = ESTIMATES["horizon"]
_MORE: Final = {
    "outcome": key_column("`local_failure`, `skeletal_event` or `reoperation`"),
    "source": SOURCE,
    "decision": key_column("named decision behind the thresholds; empty where none is named"),
    "threshold": key_column("threshold probability of death; empty where none enters"),
    "other": key_column(
        "score, or `treat_all` or `treat_none`, that the estimate is a difference to; in rows of "
        "`treat_all` and `treat_none` themselves, the score on whose own patients they are (set "
        "`own`)"
    ),
    "other_score": key_column("the score that is subtracted"),
    "other_variant": key_column("its variant"),
    "z": Column(NUMBER, "Wald statistic of the difference"),
    "p": Column(NUMBER, "two-sided p value"),
    "p_holm": Column(
        NUMBER, "p adjusted by Holm over the pairs of this set, form, measure and kind of risk"
    ),
    "lower_simultaneous": Column(NUMBER, "lower limit that holds for all those pairs at once"),
    "upper_simultaneous": Column(NUMBER, "upper limit that holds for all those pairs at once"),
    "p_simultaneous": Column(NUMBER, "p that goes with the simultaneous limits"),
    "covariance": Column(
        NUMBER,
        "covariance of the two estimates; variances are squares of `std_error` in their table",
    ),
}


def _columns(kind: type[Row]) -> dict[str, Column]:
    every = ESTIMATES | _MORE
    return {name: every[name] for name in kind.columns}


def _estimates(name: str, title: str, meaning: str, kind: type[Row] = Row) -> Table:
    return Table(name, title, meaning, "estimates", _columns(kind))


EVALUATION: Final = (
    _estimates("performance", "Performance of the scores", "One measure of one score."),
    Table(
        "comparison_sets",
        "Comparison sets",
        "One characteristic of the patients in a comparison set and of those left out.",
        "cells",
        {
            "cohort": COHORT,
            "set": key_column("comparison set"),
            "quantity": key_column("`patients`, `deaths`, or a column of the patient table"),
            "level": key_column("value of a category"),
            "in_set": count_column("patients in the set"),
            "left_out": count_column("patients left out of it"),
        },
        partition=("set", "quantity"),
    ),
    _estimates(
        "comparisons",
        "Paired comparisons of the scores",
        "One difference: a measure of the score less that of the other score, same patients.",
        PairRow,
    ),
    _estimates(
        "rankings",
        "How sure the ranking of the scores is",
        "One statement about the rank of one score in one measure (1 is best).",
        RiskRow,
    ),
    _estimates(
        "prediction_error", "Overall error of the risks", "One measure of one risk.", RiskRow
    ),
    _estimates(
        "calibration", "Calibration of the risks", "One measure of one risk or band.", RiskRow
    ),
    Table(
        "calibration_curves",
        "Smoothed calibration curves",
        "One point of one curve, or why there is no curve.",
        "curve_points",
        {
            "cohort": COHORT,
            "set": SET,
            "score": SCORE,
            "variant": VARIANT,
            "horizon": HORIZON,
            "source": SOURCE,
            "smoother": key_column(
                "`levels`: Kaplan-Meier of each distinct risk; `rcs3`: Cox model with a spline"
            ),
            "predicted": Column(NUMBER, "predicted risk"),
            "observed": Column(NUMBER, "smoothed observed risk"),
            "lower": Column(NUMBER, "lower end of its pointwise 95 % interval"),
            "upper": Column(NUMBER, "upper end of its pointwise 95 % interval"),
            "n": count_column("patients with this risk (`levels`), else behind the curve"),
            "events": count_column("deaths by the horizon among them"),
            "note": text_column("why there is no curve; caveats"),
        },
    ),
    _estimates(
        "recalibration",
        "Calibration before and after an update",
        "One measure before an update, after it (cross-fitted), or a coefficient of it.",
        RiskRow,
    ),
    Table(
        "updated_risks",
        "This centre's updated table",
        "One published or supplied risk, adapted to this centre in one way.",
        "curve_points",
        {
            "cohort": COHORT,
            "set": SET,
            "score": SCORE,
            "variant": VARIANT,
            "horizon": HORIZON,
            "source": SOURCE,
            "update": key_column(
                "`baseline` (slope kept), `slope` (both estimated) or `levels` (each anew)"
            ),
            "level": key_column("the risk as published or supplied"),
            "band": key_column("published bands that have this risk"),
            "updated": Column(NUMBER, "risk in this centre"),
            "lower": Column(NUMBER, "lower end of its 95 % interval"),
            "upper": Column(NUMBER, "upper end of its 95 % interval"),
            "n": count_column("patients with this risk"),
            "events": count_column("deaths by the horizon among them"),
            "method": text_column("source of the risk that was updated"),
            "note": text_column("why there is no update; caveats"),
        },
    ),
    _estimates(
        "decision_curves",
        "Clinical utility",
        "One measure of one risk at one threshold probability of death.",
        ThresholdRow,
    ),
    Table(
        "risk_distribution",
        "Predicted risks by outcome",
        "One interval of predicted risk and one outcome at the horizon.",
        "cells",
        {
            "cohort": COHORT,
            "set": SET,
            "score": SCORE,
            "variant": VARIANT,
            "horizon": HORIZON,
            "source": SOURCE,
            "outcome": key_column("`dead`, `alive` at the horizon, `censored` before it"),
            "low": key_column("lower end of the interval of risk"),
            "high": key_column("upper end; equal to the lower one where there are few risks"),
            "n": count_column("patients"),
        },
        partition=("score", "variant", "horizon"),
    ),
    _estimates(
        "optimism",
        "Optimism of what was fitted here",
        "One measure of one risk fitted to this cohort, as it looks and as it can be expected; 0 "
        "for fixed scores and published or supplied risks.",
        RiskRow,
    ),
    _estimates(
        "legacy",
        "Columns that papers print",
        "One measure that is computed for comparison with older papers, not recommended.",
        ThresholdRow,
    ),
    _estimates(
        "precision",
        "Precision of this evaluation, size of the next",
        "One count, expected interval width, or sample size at one horizon.",
    ),
    _estimates(
        "other_outcomes",
        "The scores and outcomes beside death",
        "One measure of one score for an outcome that death can forestall.",
        OutcomeRow,
    ),
    _estimates(
        "transport",
        "How the scores travel",
        "One measure of one score in one centre, pooled, or against another cohort.",
    ),
)
