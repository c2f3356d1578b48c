"""
The tables of results: what each column holds, and how disclosure control treats it.

One registry for three readers: the disclosure stage lets a table through only when it stands here
with exactly these columns; ``docs/reference/tables.md`` is written from it
(``python -m spinemets.tables_docs``), and a test keeps the two in step; the report takes its
headings from it.
"""

from __future__ import annotations

from typing import Final

from spinemets.results import COLUMNS
from spinemets.table_spec import (
    AT_RISK,
    COHORT,
    COUNT,
    CURVE,
    ESTIMATES,
    KEY,
    NUMBER,
    SCORE,
    STRATUM,
    STRATUM_SET,
    TEXT,
    VARIANT,
    Column,
    Table,
    count_column,
    curve_summary,
    key_column,
    text_column,
)
from spinemets.tables_evaluation import EVALUATION
from spinemets.tables_missing import MISSING
from spinemets.tables_survival import SURVIVAL

__all__ = [
    "COUNT",
    "KEY",
    "NUMBER",
    "ROW_COLUMNS",
    "ROW_LEVEL",
    "TABLES",
    "TEXT",
    "Column",
    "Table",
]

_ALL: Final = (
    Table(
        "flow",
        "Flow of patients",
        "One step of the flow, or one reason for exclusion.",
        "flow",
        {
            "cohort": COHORT,
            "step": key_column("`in`, `excluded`, `analysed`"),
            "reason": text_column("why excluded; empty otherwise"),
            "n": count_column("patients"),
        },
    ),
    Table(
        "quality",
        "Data quality",
        "One rule that values of one column broke.",
        "cells",
        {
            "cohort": COHORT,
            "column": key_column("column of the patient table"),
            "rule": text_column("what was violated"),
            "severity": key_column("`structural` or `value`"),
            "n": count_column("rows concerned"),
            "action": text_column("what was done"),
            "repair": text_column("how to repair the source"),
        },
    ),
    Table(
        "transformations",
        "Conversions",
        "One conversion that ingest applied.",
        "cells",
        {
            "cohort": COHORT,
            "column": key_column("column of the patient table"),
            "conversion": text_column("what was converted, in words"),
            "n": count_column("values converted"),
            "flag": text_column("caveat of the conversion"),
        },
    ),
    Table(
        "plausibility",
        "Plausibility",
        "One rule that columns were held against, also where nothing was found.",
        "cells",
        {
            "cohort": COHORT,
            "rule": key_column("rule of `docs/reference/plausibility.md`"),
            "column": key_column("columns of the patient table that it looks at"),
            "severity": key_column(
                "`impossible` (a value is wrong), `implausible` (look at it), `design` (how the "
                "data were collected)"
            ),
            "n": count_column("patients in whom it was found"),
            "of": count_column("patients in whom it could be asked; 0: columns aren't there"),
            "meaning": text_column("what was found"),
            "repair": text_column("what to do about it"),
            "source": text_column("where the rule comes from"),
        },
        parts=(("n", "of"),),
    ),
    Table(
        "k_anonymity",
        "k-anonymity of the quasi-identifiers",
        "Patients whose quasi-identifiers are shared by a number of patients.",
        "cells",
        {
            "cohort": COHORT,
            "quasi_identifiers": key_column("columns known together; age in steps of five years"),
            "class_size": key_column("patients who share all of them, themselves included"),
            "n": count_column("patients"),
        },
        partition=("quasi_identifiers",),
    ),
    Table(
        "table1",
        "Patients at time zero",
        "One statistic of one variable in one group.",
        "table1",
        {
            "cohort": COHORT,
            "stratum_set": STRATUM_SET,
            "stratum": STRATUM,
            "variable": key_column("column of the patient table"),
            "level": key_column("value of a category"),
            "statistic": key_column(
                "`n`, `percent`, `median`, `q1`, `q3`, `missing_n`, `missing_percent`, "
                "`standardised_difference` (absolute, against all other patients)"
            ),
            "value": Column(NUMBER, "the statistic; counts among them are rounded as counts"),
            "n": count_column("patients in the group"),
            "note": text_column("why the statistic has no value"),
        },
    ),
    Table(
        "kaplan_meier", "Kaplan-Meier curves", "One time at which a curve changes.", "curve", CURVE
    ),
    Table(
        "at_risk",
        "Numbers at risk",
        "One time of the at-risk table of one group.",
        "at_risk",
        AT_RISK,
    ),
    curve_summary("survival_summary", "Survival", "kaplan_meier"),
    Table(
        "kaplan_meier_bands",
        "Kaplan-Meier curves by band of each score",
        "One time at which a curve changes.",
        "curve",
        CURVE,
    ),
    Table(
        "at_risk_bands",
        "Numbers at risk by band of each score",
        "One time of the at-risk table of one band.",
        "at_risk",
        AT_RISK,
    ),
    curve_summary("survival_bands", "Survival by band of each score", "kaplan_meier_bands"),
    Table("cox", "Cox models", "One coefficient or one test of one model.", "estimates", ESTIMATES),
    Table(
        "computability",
        "Which scores can be computed",
        "One status of one score.",
        "cells",
        {
            "cohort": COHORT,
            "score": SCORE,
            "variant": VARIANT,
            "status": key_column("`determined`, `bounded`, `missing`, `not_applicable`"),
            "reason": text_column("why"),
            "n": count_column("patients"),
        },
        partition=("score", "variant"),
    ),
    Table(
        "score_items_missing",
        "Missing items of the scores",
        "One item of one score.",
        "cells",
        {
            "cohort": COHORT,
            "score": SCORE,
            "item": key_column("item of the score"),
            "n_missing": count_column("patients in whom it is missing"),
            "n": count_column("patients"),
        },
        parts=(("n_missing", "n"),),
    ),
    Table(
        "score_distribution",
        "Scores by outcome at six months",
        "One value of one score and one outcome.",
        "cells",
        {
            "cohort": COHORT,
            "score": SCORE,
            "variant": VARIANT,
            "form": key_column("`points` or `band`"),
            "value": key_column("points, or name of the band"),
            "outcome_6mo": key_column("`dead`, `alive`, `censored` before six months"),
            "n": count_column("patients"),
        },
        partition=("score", "variant", "form"),
    ),
    Table(
        "score_notes",
        "Notes on the scores",
        "One fact of one score definition.",
        "text",
        {
            "cohort": COHORT,
            "score": SCORE,
            "fact": key_column(
                "`short`, `name`, `citation`, `doi`, `direction`, `band` (best first), "
                "`band_survival`, `needs_verification`, `footnote`"
            ),
            "key": key_column("band id as the other tables write it; empty for other facts"),
            "text": text_column("the fact"),
            "confidence": key_column("`read`, `memory`, `unsure` or `derived`"),
        },
    ),
    Table(
        "score_coverage",
        "Which score knows which primary",
        "One primary of the vocabulary and one score, whatever patients the cohort has.",
        "text",
        {
            "cohort": COHORT,
            "score": SCORE,
            "primary": key_column("primary tumour"),
            "coverage": key_column(
                "`named`, `by rule` (under the score's rule for others), `ambiguous`, `unlisted` "
                "or `not applicable`"
            ),
            "points": key_column(
                "points of the item about the primary; empty where several columns give them"
            ),
        },
    ),
)

#: Every table that can be released, keyed by name.
TABLES: Final[dict[str, Table]] = {
    table.name: table for table in (*_ALL, *MISSING, *SURVIVAL, *EVALUATION)
}
#: Tables with one row per patient. They never leave the private folder.
ROW_LEVEL: Final = ("patients", "scores", "predictions", "truth")
#: Columns that mark a table as one row per patient, whatever its name is.
ROW_COLUMNS: Final = ("patient_id", "survival_days", "died")

if tuple(ESTIMATES) != COLUMNS:  # pragma: no cover - guards the edit of one without the other
    raise AssertionError("tables.py and results.COLUMNS differ")
