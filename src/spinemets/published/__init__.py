"""
What twenty years of papers report: medians, survival, discrimination and hazard ratios as data.

``facts.csv`` holds one number a row with its source and how sure it is. Papers on the same patients
share a ``cohort``; a cohort that lies inside another names it in ``part_of``. Numbers of software
tests and agreement between observers are left out.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from spinemets.settings import TIME_ZERO

DATA_FILES: Final = ("facts.csv",)
#: How sure a fact is -> what that means; only the first needs no check against the paper.
CONFIDENCE: Final = {
    "read": "read in the paper or its abstract",
    "read_secondary": "read in a secondary source",
    "derived": "computed here from what was read",
    "memory": "from memory",
    "unsure": "unsure, for example columns of a table that had to be aligned",
}
#: Time zeros of papers that no cohort of ours can have.
OTHER_TIME_ZERO: Final = {
    "": "time zero not stated",
    "diagnosis_of_bone_metastasis": "diagnosis of bone metastasis",
    "referral": "referral",
}


@dataclass(frozen=True)
class Fact:
    """
    One published number.

    Parameters
    ----------
    id, study : str
        Key, and the paper by author and year.
    cohort, part_of : str
        Whose patients; the larger cohort that holds them, if any.
    n : int or None
        Patients behind the number.
    setting, period, time_zero : str
        Who was treated how and when, and from when survival counts (empty: not stated).
    kind : {"overall", "primary", "score", "band", "factor", "other"}
        What the number is about.
    subject : str
        ``all``, a canonical primary, a score id, ``score:band`` or the name of a factor.
    label : str
        The paper's words.
    measure : str
        ``median_survival_months``, ``survival``, ``harrell_c``, ``auc``, ``hazard_ratio`` ...
    horizon_months : float or None
        Months, where the measure has a horizon.
    value : float
        The number; proportions between 0 and 1.
    lower, upper : float or None
        Limits of the published 95 % interval.
    confidence : str
        Key of ``CONFIDENCE``.
    source : str
        Where it was read.
    """

    id: str
    study: str
    cohort: str
    part_of: str
    n: int | None
    setting: str
    period: str
    time_zero: str
    kind: str
    subject: str
    label: str
    measure: str
    horizon_months: float | None
    value: float
    lower: float | None
    upper: float | None
    confidence: str
    source: str

    @property
    def needs_verification(self) -> bool:
        """Whether the number has to be checked against the paper before it is quoted."""
        return self.confidence != "read"

    @property
    def clock(self) -> str:
        """Time zero in words."""
        return TIME_ZERO.get(self.time_zero, OTHER_TIME_ZERO.get(self.time_zero, self.time_zero))


def _number(text: str) -> float | None:
    return float(text) if text else None


@cache
def facts() -> tuple[Fact, ...]:
    """
    Read the published numbers.

    Returns
    -------
    tuple of Fact
        In the order of the file: by cohort, then by id.

    Examples
    --------
    >>> {f.id: f for f in facts()}["B16-m-breast"].value
    18.6
    """
    found = []
    with Path(__file__).with_name("facts.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            n, value = row.pop("n"), float(row.pop("value"))
            numbers = {k: _number(row.pop(k)) for k in ("lower", "upper", "horizon_months")}
            fields: dict[str, Any] = {**row, **numbers}
            found.append(Fact(n=int(n) if n else None, value=value, **fields))
    return tuple(found)


def counted_once(several: Iterable[Fact]) -> list[Fact]:
    """
    Keep one number per cohort and question.

    Parameters
    ----------
    several : iterable of Fact
        Published numbers.

    Returns
    -------
    list of Fact
        Of papers on the same patients (same measure, subject and horizon) the surest, then the
        larger; of a cohort inside another one nothing where the larger answers too. A meta-analysis
        keeps its place beside the studies: its patients can't be told apart.

    Examples
    --------
    >>> c = [f for f in facts() if f.subject == "bollen_2014" and f.measure == "harrell_c"]
    >>> "leiden" in {f.cohort for f in c}, "leiden" in {f.cohort for f in counted_once(c)}
    (True, False)
    """
    ranks = list(CONFIDENCE)
    best: dict[tuple[str, ...], Fact] = {}
    for fact in several:
        key = (*_question(fact), fact.cohort, _arm(fact))
        held = best.get(key)
        if held is None or _rank(fact, ranks) < _rank(held, ranks):
            best[key] = fact
    answered = {(*_question(f), f.cohort) for f in best.values()}
    return [f for f in best.values() if (*_question(f), f.part_of) not in answered]


def _question(fact: Fact) -> tuple[str, ...]:
    return (fact.measure, fact.kind, fact.subject, str(fact.horizon_months))


def _arm(fact: Fact) -> str:
    """Arms of one study are different patients: surgery and none of a meta-analysis."""
    return fact.setting


def _rank(fact: Fact, order: list[str]) -> tuple[int, int]:
    return (order.index(fact.confidence), -(fact.n or 0))
