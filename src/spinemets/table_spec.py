"""
What a table of results is made of: columns, their kinds, and how disclosure control treats them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

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
    treatment : str
        How disclosure control treats the table of a private cohort: ``estimates``, ``curve``,
        ``curve_points``, ``incidence``, ``at_risk``, ``flow``, ``table1``, ``cells`` or ``text``.
    columns : dict of str to Column
        Columns in their order.
    partition : tuple of str
        For ``cells``: columns that name a group of rows whose counts add up to a total.
    curve : str
        For a summary of curves: table of the curves it must agree with.
    parts : tuple of (str, str)
        For ``cells``: counts that are part of another count of their row; the rest mustn't be
        small either.
    """

    name: str
    title: str
    meaning: str
    treatment: str
    columns: dict[str, Column]
    partition: tuple[str, ...] = field(default=())
    curve: str = ""
    parts: tuple[tuple[str, str], ...] = field(default=())

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


def key_column(meaning: str) -> Column:
    """
    Make a column that names a row.

    Parameters
    ----------
    meaning : str
        What it holds.

    Returns
    -------
    Column
        Of kind ``key``.
    """
    return Column(KEY, meaning)


def count_column(meaning: str) -> Column:
    """
    Make a column that counts patients.

    Parameters
    ----------
    meaning : str
        Who is counted.

    Returns
    -------
    Column
        Of kind ``count``.
    """
    return Column(COUNT, meaning, "patients")


def text_column(meaning: str) -> Column:
    """
    Make a column of sentences.

    Parameters
    ----------
    meaning : str
        What it holds.

    Returns
    -------
    Column
        Of kind ``text``.
    """
    return Column(TEXT, meaning)


COHORT: Final = key_column("cohort id")
STRATUM_SET: Final = key_column(
    "grouping: `overall`, `inclusion`, `primary_group`, `treatment`, `band:<score>`"
)
STRATUM: Final = key_column(
    "group within the grouping; `all` when there is one, `within` for pairs made in groups only"
)
SCORE: Final = key_column("score id (`spinemets scores list`)")
VARIANT: Final = key_column("named variant of the score; empty for the score as published")

ESTIMATES: Final = {
    "cohort": COHORT,
    "set": key_column(
        "comparison set, `<set>:pairwise`, `own` (each score's own determined patients) or `all`"
    ),
    "stratum_set": STRATUM_SET,
    "stratum": STRATUM,
    "score": SCORE,
    "variant": VARIANT,
    "form": key_column("`points` or `band`; empty when it isn't about a score"),
    "horizon": key_column("`3mo`, `6mo`, `12mo`, `90d` ...; empty when there is none"),
    "measure": key_column("what was estimated (see below)"),
    "estimate": Column(NUMBER, "point estimate; empty when there is none, `note` says why"),
    "lower": Column(NUMBER, "lower end of the 95 % interval"),
    "upper": Column(NUMBER, "upper end of the 95 % interval"),
    "std_error": Column(NUMBER, "standard error"),
    "method": text_column("estimator and interval"),
    "n": count_column("patients behind the estimate"),
    "events": count_column(
        "events (deaths) behind the estimate, by the horizon where there is one"
    ),
    "note": text_column("why there is no estimate; caveats"),
}
CURVE: Final = {
    "cohort": COHORT,
    "stratum_set": STRATUM_SET,
    "stratum": STRATUM,
    "time_months": Column(NUMBER, "time since time zero", "months"),
    "survival": Column(NUMBER, "Kaplan-Meier estimate just after that time"),
    "lower": Column(NUMBER, "lower end of the 95 % interval (log-log)"),
    "upper": Column(NUMBER, "upper end of the 95 % interval (log-log)"),
    "at_risk": count_column("patients at risk just before that time"),
    "events": count_column("deaths up to and including that time"),
    "censored": count_column("patients censored up to and including that time"),
}
AT_RISK: Final = {
    "cohort": COHORT,
    "stratum_set": STRATUM_SET,
    "stratum": STRATUM,
    "time_months": Column(NUMBER, "time since time zero", "months"),
    "at_risk": count_column("patients with follow-up of at least that time"),
    "events": count_column("deaths up to and including that time"),
}


def curve_summary(name: str, title: str, curve: str) -> Table:
    """
    Declare a summary of curves.

    Parameters
    ----------
    name, title : str
        File name and heading.
    curve : str
        Table of the curves it must agree with.

    Returns
    -------
    Table
        Of estimates.
    """
    return Table(
        name, title, "One estimate of survival or follow-up.", "estimates", ESTIMATES, curve=curve
    )
