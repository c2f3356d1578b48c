"""
The tables of results: what each column holds, and how disclosure control treats it.

One registry for three readers: the disclosure stage lets a table through only when it stands here
with exactly these columns; ``docs/reference/tables.md`` is written from it
(``python -m spinemets.tables``), and a test keeps the two in step; the report takes its headings
from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from spinemets.results import COLUMNS

KEY: Final = "key"
COUNT: Final = "count"
NUMBER: Final = "number"
TEXT: Final = "text"


@dataclass(frozen=True)
class Column:
    """
    One column of a table of results.

    Parameters
    ----------
    kind : {"key", "count", "number", "text"}
        ``key`` names a row, ``count`` counts patients (rounded on private release), ``number`` is
        an estimate or a time, ``text`` is a sentence.
    meaning : str
        What the column holds.
    unit : str
        Unit of a number.
    """

    kind: str
    meaning: str
    unit: str = ""


@dataclass(frozen=True)
class Table:
    """
    One table of results.

    Parameters
    ----------
    name : str
        File name without ``.csv``.
    title : str
        Heading in the report.
    meaning : str
        What one row is.
    treatment : {"estimates", "curve", "at_risk", "flow", "table1", "cells", "text"}
        How disclosure control treats the table of a private cohort.
    columns : dict of str to Column
        Columns in their order.
    partition : tuple of str
        For ``cells``: columns that name a group of rows whose counts add up to a total.
    curve : str
        For a summary of curves: table of the curves it must agree with.
    """

    name: str
    title: str
    meaning: str
    treatment: str
    columns: dict[str, Column]
    partition: tuple[str, ...] = field(default=())
    curve: str = ""

    def of_kind(self, kind: str) -> list[str]:
        """
        Name the columns of one kind.

        Parameters
        ----------
        kind : {"key", "count", "number", "text"}
            Kind of column.

        Returns
        -------
        list of str
            Column names, in order.
        """
        return [name for name, column in self.columns.items() if column.kind == kind]


def _key(meaning: str) -> Column:
    return Column(KEY, meaning)


def _count(meaning: str) -> Column:
    return Column(COUNT, meaning, "patients")


def _text(meaning: str) -> Column:
    return Column(TEXT, meaning)


_COHORT: Final = _key("cohort id")
_STRATUM_SET: Final = _key(
    "grouping: `overall`, `inclusion`, `primary_group`, `treatment`, `band:<score>`"
)
_STRATUM: Final = _key("group within the grouping; `all` when there is one")
_SCORE: Final = _key("score id (`spinemets scores list`)")
_VARIANT: Final = _key("named variant of the score; empty for the score as published")

_ESTIMATES: Final = {
    "cohort": _COHORT,
    "set": _key("comparison set, `own` (each score's own determined patients) or `all`"),
    "stratum_set": _STRATUM_SET,
    "stratum": _STRATUM,
    "score": _SCORE,
    "variant": _VARIANT,
    "form": _key("`points` or `band`; empty when it isn't about a score"),
    "horizon": _key("`3mo`, `6mo`, `12mo`, `90d` ...; empty when there is none"),
    "measure": _key("what was estimated (see below)"),
    "estimate": Column(NUMBER, "point estimate; empty when there is none, `note` says why"),
    "lower": Column(NUMBER, "lower end of the 95 % interval"),
    "upper": Column(NUMBER, "upper end of the 95 % interval"),
    "std_error": Column(NUMBER, "standard error"),
    "method": _text("estimator and interval"),
    "n": _count("patients behind the estimate"),
    "events": _count("deaths behind the estimate"),
    "note": _text("why there is no estimate; caveats"),
}
_CURVE: Final = {
    "cohort": _COHORT,
    "stratum_set": _STRATUM_SET,
    "stratum": _STRATUM,
    "time_months": Column(NUMBER, "time since time zero", "months"),
    "survival": Column(NUMBER, "Kaplan-Meier estimate just after that time"),
    "lower": Column(NUMBER, "lower end of the 95 % interval (log-log)"),
    "upper": Column(NUMBER, "upper end of the 95 % interval (log-log)"),
    "at_risk": _count("patients at risk just before that time"),
    "events": _count("deaths up to and including that time"),
    "censored": _count("patients censored up to and including that time"),
}
_AT_RISK: Final = {
    "cohort": _COHORT,
    "stratum_set": _STRATUM_SET,
    "stratum": _STRATUM,
    "time_months": Column(NUMBER, "time since time zero", "months"),
    "at_risk": _count("patients with follow-up of at least that time"),
    "events": _count("deaths up to and including that time"),
}


def _summary(name: str, title: str, curve: str) -> Table:
    return Table(
        name, title, "One estimate of survival or follow-up.", "estimates", _ESTIMATES, curve=curve
    )


_ALL: Final = (
    Table(
        "flow",
        "Flow of patients",
        "One step of the flow, or one reason for exclusion.",
        "flow",
        {
            "cohort": _COHORT,
            "step": _key("`in`, `excluded`, `analysed`"),
            "reason": _text("why excluded; empty otherwise"),
            "n": _count("patients"),
        },
    ),
    Table(
        "quality",
        "Data quality",
        "One rule that values of one column broke.",
        "cells",
        {
            "cohort": _COHORT,
            "column": _key("column of the patient table"),
            "rule": _text("what was violated"),
            "severity": _key("`structural` or `value`"),
            "n": _count("rows concerned"),
            "action": _text("what was done"),
            "repair": _text("how to repair the source"),
        },
    ),
    Table(
        "transformations",
        "Conversions",
        "One conversion that ingest applied.",
        "cells",
        {
            "cohort": _COHORT,
            "column": _key("column of the patient table"),
            "conversion": _text("what was converted, in words"),
            "n": _count("values converted"),
            "flag": _text("caveat of the conversion"),
        },
    ),
    Table(
        "table1",
        "Patients at time zero",
        "One statistic of one variable in one group.",
        "table1",
        {
            "cohort": _COHORT,
            "stratum_set": _STRATUM_SET,
            "stratum": _STRATUM,
            "variable": _key("column of the patient table"),
            "level": _key("value of a category"),
            "statistic": _key(
                "`n`, `percent`, `median`, `q1`, `q3`, `missing_n`, `missing_percent`"
            ),
            "value": Column(NUMBER, "the statistic; counts among them are rounded as counts"),
            "n": _count("patients in the group"),
        },
    ),
    Table(
        "kaplan_meier", "Kaplan-Meier curves", "One time at which a curve changes.", "curve", _CURVE
    ),
    Table(
        "at_risk",
        "Numbers at risk",
        "One time of the at-risk table of one group.",
        "at_risk",
        _AT_RISK,
    ),
    _summary("survival_summary", "Survival", "kaplan_meier"),
    Table(
        "kaplan_meier_bands",
        "Kaplan-Meier curves by band of each score",
        "One time at which a curve changes.",
        "curve",
        _CURVE,
    ),
    Table(
        "at_risk_bands",
        "Numbers at risk by band of each score",
        "One time of the at-risk table of one band.",
        "at_risk",
        _AT_RISK,
    ),
    _summary("survival_bands", "Survival by band of each score", "kaplan_meier_bands"),
    Table(
        "cox", "Cox models", "One coefficient or one test of one model.", "estimates", _ESTIMATES
    ),
    Table(
        "performance",
        "Performance of the scores",
        "One measure of one score.",
        "estimates",
        _ESTIMATES,
    ),
    Table(
        "comparison_sets",
        "Comparison sets",
        "One characteristic of the patients in a comparison set and of those left out.",
        "cells",
        {
            "cohort": _COHORT,
            "set": _key("comparison set"),
            "quantity": _key("`patients`, `deaths`, or a column of the patient table"),
            "level": _key("value of a category"),
            "in_set": _count("patients in the set"),
            "left_out": _count("patients left out of it"),
        },
        partition=("set", "quantity"),
    ),
    Table(
        "computability",
        "Which scores can be computed",
        "One status of one score.",
        "cells",
        {
            "cohort": _COHORT,
            "score": _SCORE,
            "variant": _VARIANT,
            "status": _key("`determined`, `bounded`, `missing`, `not_applicable`"),
            "reason": _text("why"),
            "n": _count("patients"),
        },
        partition=("score", "variant"),
    ),
    Table(
        "score_items_missing",
        "Missing items of the scores",
        "One item of one score.",
        "cells",
        {
            "cohort": _COHORT,
            "score": _SCORE,
            "item": _key("item of the score"),
            "n_missing": _count("patients in whom it is missing"),
            "n": _count("patients"),
        },
    ),
    Table(
        "score_distribution",
        "Scores by outcome at six months",
        "One value of one score and one outcome.",
        "cells",
        {
            "cohort": _COHORT,
            "score": _SCORE,
            "variant": _VARIANT,
            "form": _key("`points` or `band`"),
            "value": _key("points, or name of the band"),
            "outcome_6mo": _key("`dead`, `alive`, `censored` before six months"),
            "n": _count("patients"),
        },
        partition=("score", "variant", "form"),
    ),
    Table(
        "score_notes",
        "Notes on the scores",
        "One fact of one score definition.",
        "text",
        {
            "cohort": _COHORT,
            "score": _SCORE,
            "fact": _key(
                "`short`, `name`, `citation`, `doi`, `direction`, `band` (best first), "
                "`needs_verification`"
            ),
            "key": _key("band id as the other tables write it; empty for other facts"),
            "text": _text("the fact"),
            "confidence": _key("`read`, `memory`, `unsure` or `derived`"),
        },
    ),
)

#: Every table that can be released, keyed by name.
TABLES: Final[dict[str, Table]] = {table.name: table for table in _ALL}
#: Tables with one row per patient. They never leave the private folder.
ROW_LEVEL: Final = ("patients", "scores", "predictions", "truth")
#: Columns that mark a table as one row per patient, whatever its name is.
ROW_COLUMNS: Final = ("patient_id", "survival_days", "died")

if tuple(_ESTIMATES) != COLUMNS:  # pragma: no cover - guards the edit of one without the other
    raise AssertionError("tables.py and results.COLUMNS differ")
