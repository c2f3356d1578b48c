"""The tables of models, treatments and outcomes beside death."""

from __future__ import annotations

from typing import Final

from spinemets.results import MODEL_COLUMNS
from spinemets.table_spec import (
    AT_RISK,
    COHORT,
    CURVE,
    NUMBER,
    SCORE,
    STRATUM,
    STRATUM_SET,
    VARIANT,
    Column,
    Table,
    count_column,
    curve_summary,
    key_column,
    text_column,
)

_MODEL: Final = {
    "cohort": COHORT,
    "model": key_column("which analysis (see below)"),
    "stratum_set": key_column("grouping, comparison of treatments, or `overall`"),
    "stratum": key_column("group within it, or covariate of a balance row"),
    "score": SCORE,
    "variant": VARIANT,
    "form": key_column("`points` or `band`; empty when it isn't about a score"),
    "term": key_column("covariate, value of the score, period, cause, or kind of weights"),
    "horizon": key_column("`12mo` ...; empty when there is none"),
    "measure": key_column("what was estimated (see below)"),
    "contrast": key_column(
        "what a difference or ratio is of, `first against second`: a ratio below 1 or a difference "
        "below 0 says that the first has less; empty for other estimates and ratios per point"
    ),
    "estimate": Column(NUMBER, "point estimate; empty when there is none, `note` says why"),
    "lower": Column(NUMBER, "lower end of the 95 % interval"),
    "upper": Column(NUMBER, "upper end of the 95 % interval"),
    "std_error": Column(NUMBER, "standard error (of the logarithm, for ratios)"),
    "method": text_column("estimator and interval"),
    "n": count_column("patients behind the estimate"),
    "events": count_column("events behind the estimate"),
    "note": text_column("why there is no estimate; caveats"),
}
SURVIVAL: Final = (
    Table(
        "outcomes",
        "Outcomes beside death",
        "One estimate of another outcome (`model`), death being a competing risk; walking and "
        "neurology under `function`.",
        "estimates",
        _MODEL,
    ),
    Table(
        "cumulative_incidence",
        "Cumulative incidence",
        "One month of the curve of one cause in one group.",
        "incidence",
        {
            "cohort": COHORT,
            "outcome": key_column("`local_failure`, `skeletal_event` or `reoperation`"),
            "stratum_set": STRATUM_SET,
            "stratum": STRATUM,
            "cause": key_column("`event`, or `death` without it"),
            "time_months": Column(NUMBER, "time since time zero", "months"),
            "incidence": Column(NUMBER, "Aalen-Johansen estimate at that time"),
            "lower": Column(NUMBER, "lower end of the 95 % interval (log-log)"),
            "upper": Column(NUMBER, "upper end of the 95 % interval (log-log)"),
            "at_risk": count_column("patients at risk just before that time"),
            "events": count_column("events of the cause up to and including that time"),
        },
    ),
    Table(
        "models",
        "Models of the scores",
        "One estimate of one model: `spline`, `centre`, `multivariable`, `periods`, "
        "`beyond_strata`, `heterogeneity`, `added_value`, `flexible`, `era`.",
        "estimates",
        _MODEL,
    ),
    Table(
        "treatment",
        "Treatments",
        "One estimate: `immortal_time` (naive, landmark, time-varying), `comparison` (weighted "
        "groups, balance, warnings), `advice` (concordant against discordant).",
        "estimates",
        _MODEL,
    ),
    Table(
        "advice",
        "Treatment given and advised",
        "One combination of what a score advised and what was given.",
        "cells",
        {
            "cohort": COHORT,
            "score": SCORE,
            "advised": key_column("band of the score; `not determined` when unknown"),
            "given": key_column("treatment group"),
            "answer": key_column("`concordant`, `discordant` or `not_assessable`"),
            "n": count_column("patients"),
            "deaths": count_column("deaths among them"),
        },
        partition=("score",),
    ),
    Table(
        "kaplan_meier_advice",
        "Kaplan-Meier curves by agreement with the advice",
        "One time at which a curve changes.",
        "curve",
        CURVE,
    ),
    Table(
        "at_risk_advice",
        "Numbers at risk by agreement with the advice",
        "One time of the at-risk table of one group.",
        "at_risk",
        AT_RISK,
    ),
    curve_summary(
        "survival_advice", "Survival by agreement with the advice", "kaplan_meier_advice"
    ),
    Table(
        "kaplan_meier_timed",
        "Kaplan-Meier curves of the immortal-time panel",
        "One time at which a curve changes. `stratum_set` is `treatment:analysis`; times of a "
        "landmark analysis count from the landmark, and in the time-varying one patients leave the "
        "untreated and enter the treated curve on the day of treatment.",
        "curve",
        CURVE,
    ),
    Table(
        "at_risk_timed",
        "Numbers at risk of the immortal-time panel",
        "One time of the at-risk table of one group.",
        "at_risk",
        AT_RISK,
    ),
    curve_summary("survival_timed", "Survival in the immortal-time panel", "kaplan_meier_timed"),
)

if tuple(_MODEL) != MODEL_COLUMNS:  # pragma: no cover - guards the edit of one without the other
    raise AssertionError("tables_survival.py and results.MODEL_COLUMNS differ")
