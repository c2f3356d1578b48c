"""Groupings that a column doesn't hold by itself: ordered rules, sums, doses, calendar periods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from spinemets import contract, vocabulary, yamlfile
from spinemets.sins import SINS_POINTS

if TYPE_CHECKING:
    import pandas as pd

DATA_FILES: Final = ("vocabulary/groupings.yaml", "vocabulary/treatment_groups.yaml")
GROUPINGS_FILE: Final = Path(__file__).parent / "vocabulary" / "groupings.yaml"
TREATMENT_FILE: Final = GROUPINGS_FILE.with_name("treatment_groups.yaml")
NOT_RECORDED: Final = "not_recorded"
#: Column of the total itself, where the source recorded it.
SINS_TOTAL: Final = "total_sins"
DOSE: Final = ("radiotherapy_fractions", "radiotherapy_gy_per_fraction")


@cache
def rules() -> dict[str, dict[str, Any]]:
    """
    Groupings by ordered rules.

    Returns
    -------
    dict
        Grouping to its ``label``, its ``rules`` (group to ``label`` and ``when`` or
        ``otherwise``) and whether it is ``ordered``. ``treatment`` and ``operation`` (its
        operations, and no surgery) come from ``treatment_groups.yaml``.
    """
    treatment = yamlfile.load(TREATMENT_FILE).data["rules"]
    operations = {}
    for name, rule in treatment.items():
        operations[name] = rule
        if name == "other_surgery":
            break
    none = {"label": "No surgery", "when": [{"surgery": False}]}
    return {
        "treatment": {"label": "Treatment", "rules": treatment},
        "operation": {"label": "Operation", "rules": {"no_surgery": none, **operations}},
        **yamlfile.load(GROUPINGS_FILE).data,
    }


def to_verify(stratum_sets: Iterable[str]) -> list[str]:
    """
    Say which groupings are unsure, for the footnote of whatever shows them.

    Parameters
    ----------
    stratum_sets : iterable of str
        Groupings, crossings, or several joined in one name.

    Returns
    -------
    list of str
        One sentence that names them, or none.

    Examples
    --------
    >>> to_verify(["primary_rades_2008_x_treatment", "treatment"])
    ['Groups to be verified against the paper before use: primary as Rades 2008 groups it.']
    """
    shown = list(stratum_sets)
    unsure = [
        str(rule["label"])
        for name, rule in rules().items()
        if rule.get("needs_verification") and any(name in s for s in shown)
    ]
    text = ", ".join(label[0].lower() + label[1:] for label in unsure)
    return [f"Groups to be verified against the paper before use: {text}."] if unsure else []


def columns_of(grouping: str) -> tuple[str, ...]:
    """
    Columns of the patient table that a grouping by rules reads.

    Parameters
    ----------
    grouping : str
        Key of ``rules``.

    Returns
    -------
    tuple of str
        Names; derived numbers are replaced by what they are computed from.

    Examples
    --------
    >>> columns_of("compression")
    ('escc',)
    """
    found: dict[str, None] = {}
    for rule in rules()[grouping]["rules"].values():
        for alternative in rule.get("when", []):
            for name in alternative:
                found |= dict.fromkeys(_DERIVED_FROM.get(name, (name,)))
    return tuple(found)


def apply(patients: pd.DataFrame, grouping: str) -> pd.Series:
    """
    Put every patient into the first group whose rule is true.

    Parameters
    ----------
    patients : pandas.DataFrame
        Patient table; a column that the cohort doesn't have is missing for everybody.
    grouping : str
        Key of ``rules``.

    Returns
    -------
    pandas.Series
        Group ids; ``not_recorded`` where a missing value leaves the rule undecided.
    """
    import pandas as pd

    out = pd.Series(NOT_RECORDED, index=patients.index, dtype="string")
    undecided = pd.Series(True, index=patients.index)
    for name, rule in rules()[grouping]["rules"].items():
        if "otherwise" in rule:
            answer = _known(patients, rule["otherwise"])
        else:
            answer = any_holds(patients, rule["when"])
        out[undecided & answer.fillna(False).astype(bool)] = name
        undecided &= answer.eq(False).fillna(False).astype(bool)
    return out


def column(patients: pd.DataFrame, name: str) -> pd.Series:
    """
    Column of the table, or one of missing values when the cohort doesn't have it.

    Parameters
    ----------
    patients : pandas.DataFrame
        Patient table.
    name : str
        Column of the contract.

    Returns
    -------
    pandas.Series
        Values with missing ones as NA.
    """
    import pandas as pd

    if name in patients:
        return patients[name]
    dtype = contract.pandas_dtype(contract.columns()[name])
    return pd.Series(pd.NA, index=patients.index, dtype=dtype)


def _known(patients: pd.DataFrame, name: str) -> pd.Series:
    """True where a column is recorded; what is left over then belongs to the last group."""
    import pandas as pd

    values = column(patients, name)
    known = values.notna()
    if name == "primary":
        known &= ~values.isin([vocabulary.NOT_RECORDED, vocabulary.PENDING]).fillna(False)
    answer = pd.Series(pd.NA, index=patients.index, dtype="boolean")
    answer[known.astype(bool)] = True
    return answer


def any_holds(patients: pd.DataFrame, alternatives: Iterable[Mapping[str, Any]]) -> pd.Series:
    """
    Whether any alternative of a rule is true.

    Parameters
    ----------
    patients : pandas.DataFrame
        Patient table.
    alternatives : iterable of mapping
        Column to what it must hold.

    Returns
    -------
    pandas.Series
        ``boolean``; NA where missing values leave it open.
    """
    import pandas as pd

    answer = pd.Series(False, index=patients.index, dtype="boolean")
    for alternative in alternatives:
        answer |= _holds(patients, alternative)
    return answer


def _holds(patients: pd.DataFrame, alternative: Mapping[str, Any]) -> pd.Series:
    """Three-valued answer (pandas' nullable booleans follow Kleene) whether all columns hold."""
    import pandas as pd

    answer = pd.Series(True, index=patients.index, dtype="boolean")
    for name, wanted in alternative.items():
        answer &= _one(patients, name, wanted)
    return answer


def _one(patients: pd.DataFrame, name: str, wanted: Any) -> pd.Series:
    """Whether one column holds what a rule wants of it; NA where that can't be told."""
    if name == "primary":
        return _primary(column(patients, name), frozenset(wanted))
    if isinstance(wanted, dict):
        return _between(patients, name, wanted)
    values = column(patients, name)
    if isinstance(wanted, bool):
        return values if wanted else ~values
    return values.isin(wanted).astype("boolean").mask(values.isna())


def _primary(values: pd.Series, wanted: frozenset[str]) -> pd.Series:
    """An imprecise term is in a list when everything it may stand for is."""
    import pandas as pd

    named = frozenset(p for term in wanted for p in vocabulary.could_be(term))
    answers: dict[str, Any] = {}
    for term in vocabulary.primaries():
        possible = vocabulary.could_be(term)
        inside = possible & named
        answers[term] = pd.NA if inside and inside != possible else bool(inside)
    found = [pd.NA if v is pd.NA else answers[str(v)] for v in values]
    return pd.Series(pd.array(found, dtype="boolean"), index=values.index)


def _between(patients: pd.DataFrame, name: str, limits: Mapping[str, float]) -> pd.Series:
    """Whether a number lies within limits, for the lowest and the highest it may be."""
    low, high = numbers(patients, name)
    least, below = limits.get("at_least", float("-inf")), limits.get("below", float("inf"))
    surely = low.ge(least) & high.lt(below)
    never = high.lt(least) | low.ge(below)
    return surely.astype("boolean").mask(~surely & ~never)


def numbers(patients: pd.DataFrame, name: str) -> tuple[pd.Series, pd.Series]:
    """
    Lowest and highest value a number may have.

    Parameters
    ----------
    patients : pandas.DataFrame
        Patient table.
    name : str
        Numeric column, ``sins_total``, ``bed10_gy`` or ``eqd2_gy``.

    Returns
    -------
    low, high : pandas.Series
        Equal where everything is known; minus and plus infinity where nothing is.
    """
    import numpy as np

    if name == "sins_total":
        return _sins(patients)
    if name in ("bed10_gy", "eqd2_gy"):
        from spinemets.scores import dose

        parts = [column(patients, c).astype("Float64") for c in DOSE]
        n, d = (np.asarray(p.to_numpy("float64", na_value=np.nan), np.float64) for p in parts)
        values: Any = dose.bed(n, d) if name == "bed10_gy" else dose.eqd2(n, d)
    else:
        values = column(patients, name).astype("Float64").to_numpy("float64", na_value=np.nan)
    import pandas as pd

    found = pd.Series(values, index=patients.index)
    return found.fillna(-np.inf), found.fillna(np.inf)


def _sins(patients: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    low, high = sins_of_items(patients)
    total = column(patients, SINS_TOTAL).astype("Float64").astype("float64")
    # A total that the items exclude doesn't stand: they say more.
    fits = total.ge(low) & total.le(high)
    return low.mask(fits, total), high.mask(fits, total)


def sins_of_items(patients: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """
    Lowest and highest SINS that the items allow.

    Parameters
    ----------
    patients : pandas.DataFrame
        Patient table.

    Returns
    -------
    low, high : pandas.Series
        Equal where every item is recorded; 0 and 18 where none is.

    Examples
    --------
    >>> import pandas as pd
    >>> low, high = sins_of_items(pd.DataFrame({"sins_pain": ["mechanical"]}))
    >>> float(low[0]), float(high[0])
    (3.0, 18.0)
    """
    import pandas as pd

    low = pd.Series(0.0, index=patients.index)
    high = low.copy()
    for name, points in SINS_POINTS.items():
        value = column(patients, name).astype("object").map(points).astype("float64")
        low += value.fillna(min(points.values()))
        high += value.fillna(max(points.values()))
    return low, high


_DERIVED_FROM: Final = {
    "sins_total": (*SINS_POINTS, SINS_TOTAL),
    "bed10_gy": DOSE,
    "eqd2_gy": DOSE,
}


def era(patients: pd.DataFrame, years: int) -> pd.Series:
    """
    Calendar period of time zero.

    Parameters
    ----------
    patients : pandas.DataFrame
        Patient table with ``calendar_year``.
    years : int
        Length of a period; periods begin at multiples of it (2000, 2005, ...).

    Returns
    -------
    pandas.Series
        ``"2000-2004"``; ``not_recorded`` without a year.

    Examples
    --------
    >>> import pandas as pd
    >>> era(pd.DataFrame({"calendar_year": pd.array([2003, None], dtype="Int64")}), 5).tolist()
    ['2000-2004', 'not_recorded']
    """
    begin = column(patients, "calendar_year") // years * years
    if years == 1:
        return begin.astype("string").fillna(NOT_RECORDED)
    text = begin.astype("string") + "-" + (begin + years - 1).astype("string")
    return text.fillna(NOT_RECORDED)
