"""Plausibility: contradictions between columns, and columns that can't be what they are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from spinemets import contract, yamlfile
from spinemets.ingest import include, progress
from spinemets.ingest.checks import CHECKS, Found

RULES_FILE: Final = Path(__file__).with_name("plausibility.yaml")
DATA_FILES: Final = ("plausibility.yaml",)
#: Columns that looks at the whole cohort use.
CORE: Final = ("survival_days", "died", "primary")
SEVERITIES: Final = ("impossible", "implausible", "design")
COLUMNS: Final = ("cohort", "rule", "column", "severity", "n", "of", "meaning", "repair", "source")


@dataclass(frozen=True)
class Rule:
    """
    One rule of plausibility.

    Parameters
    ----------
    id : str
        Name.
    severity : {"impossible", "implausible", "design"}
        What a finding means.
    meaning, repair, source : str
        What was found, what to do about it, where the rule comes from.
    when : Inclusion or None
        Condition on one patient.
    check : str
        Name of a look at whole columns; empty with ``when``.
    columns : tuple of str
        Columns it looks at.
    keys : dict
        Further keys of a check.
    time_zero : tuple of str
        Events that the rule is limited to; empty for all.
    resolution : str
        Resolution of survival that the rule is limited to; empty for all.
    """

    id: str
    severity: str
    meaning: str
    repair: str
    source: str
    when: include.Inclusion | None
    check: str
    columns: tuple[str, ...]
    keys: dict[str, Any]
    time_zero: tuple[str, ...] = ()
    resolution: str = ""


@dataclass(frozen=True)
class Finding:
    """
    What one rule found in one column.

    Parameters
    ----------
    rule : Rule
        The rule.
    column : str
        Column; of a rule on several columns their names.
    rows : ndarray of bool
        Patients concerned.
    of : int
        Patients in whom the rule could be asked.
    """

    rule: Rule
    column: str
    rows: npt.NDArray[np.bool_]
    of: int


@cache
def rules() -> dict[str, Rule]:
    """
    The rules, as ``plausibility.yaml`` lists them.

    Returns
    -------
    dict of str to Rule
        By name, in the order of the file.

    Examples
    --------
    >>> rules()["prostate_in_woman"].columns
    ('primary', 'sex')
    """
    out = {}
    known = list(contract.columns())
    for name, entry in yamlfile.load(RULES_FILE).data["rules"].items():
        entry = dict(entry)
        text = {k: str(entry.pop(k)) for k in ("severity", "meaning", "repair", "source")}
        condition, check = entry.pop("when", None), str(entry.pop("check", ""))
        when = include.parse(condition, known, RULES_FILE.name) if condition else None
        columns = tuple(when.columns) if when else tuple(entry["columns"])
        zero, resolution = tuple(entry.pop("time_zero", ())), str(entry.pop("resolution", ""))
        out[name] = Rule(name, **text, when=when, check=check, columns=columns, keys=entry,
                         time_zero=zero, resolution=resolution)  # fmt: skip
    return out


def look(
    patients: pd.DataFrame,
    time_zero: str,
    resolution: str = "day",
    told: Mapping[str, pd.Series] | None = None,
) -> list[Finding]:
    """
    Hold a patient table against every rule.

    Parameters
    ----------
    patients : pandas.DataFrame
        Columns of the contract that the cohort has, before anybody is excluded.
    time_zero : str
        Event from which the cohort counts.
    resolution : str
        Steps in which the source records survival.
    told : dict of str to pandas.Series, optional
        What the words for the primary say of columns that the table has as well.

    Returns
    -------
    list of Finding
        One per rule (and column, where a rule looks at several one by one), also where nothing was
        found; a rule whose columns the cohort doesn't have has ``of`` 0.
    """
    out = []
    for rule in progress.walk(rules().values(), len(patients), "rules of plausibility asked"):
        if rule.time_zero and time_zero not in rule.time_zero:
            continue
        if rule.resolution and rule.resolution != resolution:
            continue
        for found in _ask(rule, patients, told or {}):
            out.append(Finding(rule, found.column or ", ".join(rule.columns), found.rows, found.of))
    return out


def _ask(rule: Rule, patients: pd.DataFrame, told: Mapping[str, pd.Series]) -> list[Found]:
    nothing = [Found(np.zeros(len(patients), bool), 0)]
    if rule.when is None:
        keys = {"columns": rule.columns, **rule.keys, "told": told}
        return CHECKS[rule.check](_with(patients, CORE), keys) or nothing
    # A column that the cohort doesn't have is unknown: `a or b` can still be answered by the other.
    there = [c for c in rule.columns if c in patients]
    if not there:
        return nothing
    answer = rule.when.evaluate(_with(patients[there], rule.columns))
    known = int(answer.notna().sum())
    return [Found(answer.fillna(False).to_numpy(dtype=bool), known)]


def _with(patients: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """The table with columns that it lacks, nothing known in them."""
    for name in names:
        if name not in patients:
            dtype: Any = contract.pandas_dtype(contract.columns()[name])
            empty = pd.Series(pd.NA, index=patients.index, dtype=dtype)
            patients = patients.assign(**{name: empty})
    return patients


def table(findings: list[Finding], cohort: str) -> pd.DataFrame:
    """
    Count what was found.

    Parameters
    ----------
    findings : list of Finding
        Of ``look``.
    cohort : str
        Cohort id.

    Returns
    -------
    pandas.DataFrame
        The gravest first; rules that found nothing stand in it with ``n`` 0.
    """
    rows = [
        (cohort, f.rule.id, f.column, f.rule.severity, int(f.rows.sum()), f.of, f.rule.meaning,
         f.rule.repair, f.rule.source)
        for f in sorted(findings, key=lambda f: SEVERITIES.index(f.rule.severity))
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))
