"""The tables of missing data: per item, together, and who is lost to each score."""

from __future__ import annotations

from typing import Final

from spinemets.table_spec import (
    COHORT,
    CURVE,
    ESTIMATES,
    Table,
    count_column,
    curve_summary,
    key_column,
)

MISSING: Final = (
    Table(
        "missing_items",
        "Missing values of what the scores read",
        "One column of the patient table that a configured score reads.",
        "cells",
        {
            "cohort": COHORT,
            "column": key_column("column of the patient table"),
            "n_missing": count_column("patients with neither a value nor an interval"),
            "n": count_column("patients"),
        },
        parts=(("n_missing", "n"),),
    ),
    Table(
        "missing_patterns",
        "What is missing together",
        "One pattern of missing values among the columns of `missing_items`.",
        "cells",
        {
            "cohort": COHORT,
            "pattern": key_column(
                "columns missing together, all others being there; `nothing`, or `all other "
                "patterns` for the rarer ones"
            ),
            "n": count_column("patients"),
        },
        partition=("cohort",),
    ),
    Table(
        "lost_patients",
        "Who is lost to each score",
        "One characteristic (`stratum`) by which patients without a score differ from those "
        "with it.",
        "estimates",
        ESTIMATES,
    ),
    Table(
        "kaplan_meier_scored",
        "Kaplan-Meier curves of patients with and without each score",
        "One time at which a curve changes.",
        "curve",
        CURVE,
    ),
    curve_summary("survival_scored", "Survival with and without each score", "kaplan_meier_scored"),
)
