"""Strata: how patients are grouped, by primary histology, by treatment, or by any column."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from spinemets import contract, vocabulary, yamlfile
from spinemets.errors import Fault, InputError
from spinemets.settings import suggest

if TYPE_CHECKING:
    import pandas as pd

DATA_FILES: Final = ("vocabulary/treatment_groups.yaml",)
TREATMENT_FILE: Final = Path(__file__).parent / "vocabulary" / "treatment_groups.yaml"
NOT_RECORDED: Final = "not_recorded"
#: Groupings that are derived; beside them any category, ordinal or boolean column is a grouping.
DERIVED: Final = {"primary_group": "Primary histology", "treatment": "Treatment"}


@cache
def treatment_rules() -> dict[str, dict[str, Any]]:
    """
    Ordered rules that collapse the treatment columns into one group.

    Returns
    -------
    dict
        Group id to its ``label`` and its alternatives ``when``.
    """
    rules: dict[str, dict[str, Any]] = yamlfile.load(TREATMENT_FILE).data["rules"]
    return rules


def available() -> list[str]:
    """
    Groupings that can be asked for.

    Returns
    -------
    list of str
        Derived groupings, then columns of the contract.
    """
    kinds = ("category", "ordinal", "boolean")
    return [*DERIVED, *(c.name for c in contract.columns().values() if c.kind in kinds)]


def check(names: Iterable[str], where: str) -> None:
    """
    Refuse groupings that don't exist, all at once.

    Parameters
    ----------
    names : iterable of str
        Groupings asked for.
    where : str
        Key of the configuration, for the message.

    Raises
    ------
    InputError
        For each unknown name; the nearest known one is offered.
    """
    known = available()
    repair = f"use one of: {', '.join(known)}"
    faults = [
        Fault("config", f"no grouping {name!r}{suggest(name, known)}", repair, where)
        for name in names
        if name not in known
    ]
    if faults:
        raise InputError(faults)


def title(stratum_set: str) -> str:
    """
    Name a grouping in a sentence.

    Parameters
    ----------
    stratum_set : str
        Grouping.

    Returns
    -------
    str
        Lower case, for example ``"primary histology"``.
    """
    named = DERIVED.get(stratum_set, stratum_set.replace("_", " "))
    return named[0].lower() + named[1:]


def labels(stratum_set: str) -> dict[str, str]:
    """
    Names of the groups of a grouping, in display order.

    Parameters
    ----------
    stratum_set : str
        Grouping.

    Returns
    -------
    dict of str to str
        Group id to label; empty for an open category (centre, arm), whose values are their labels.
    """
    if stratum_set == "primary_group":
        return vocabulary.group_labels()
    if stratum_set == "treatment":
        named = {k: str(r["label"]) for k, r in treatment_rules().items()}
        return named | {NOT_RECORDED: "Treatment not recorded"}
    column = contract.columns()[stratum_set]
    if column.kind == "boolean":
        return {"yes": "Yes", "no": "No", NOT_RECORDED: "Not recorded"}
    if column.open_levels:
        return {}
    return column.levels | {NOT_RECORDED: "Not recorded"}


def group(patients: pd.DataFrame, stratum_set: str) -> pd.Series:
    """
    Put every patient into one group of a grouping.

    Parameters
    ----------
    patients : pandas.DataFrame
        Patient table; one row per patient.
    stratum_set : str
        ``"primary_group"``, ``"treatment"`` or a category, ordinal or boolean column.

    Returns
    -------
    pandas.Series
        Group ids (``string``), never missing: a patient without the information is in
        ``not_recorded`` (or ``primary_not_recorded``).

    Raises
    ------
    InputError
        When there is no such grouping; the nearest known one is offered.
    """
    check([stratum_set], "survival.strata")
    if stratum_set == "primary_group":
        groups = {p.id: p.group for p in vocabulary.primaries().values()}
        return (
            _column(patients, "primary")
            .map(groups)
            .astype("string")
            .fillna(vocabulary.NOT_RECORDED)
        )
    if stratum_set == "treatment":
        return _treatment(patients)
    values = _column(patients, stratum_set)
    if contract.columns()[stratum_set].kind == "boolean":
        values = values.map({True: "yes", False: "no"})
    return values.astype("string").fillna(NOT_RECORDED)


def _column(patients: pd.DataFrame, name: str) -> pd.Series:
    """Column of the table, or one of missing values when the cohort doesn't have it."""
    import pandas as pd

    if name in patients:
        return patients[name]
    dtype = contract.pandas_dtype(contract.columns()[name])
    return pd.Series(pd.NA, index=patients.index, dtype=dtype)


def _holds(patients: pd.DataFrame, alternative: dict[str, Any]) -> pd.Series:
    """Three-valued answer (pandas' nullable booleans follow Kleene) whether all columns hold."""
    import pandas as pd

    answer = pd.Series(True, index=patients.index, dtype="boolean")
    for name, wanted in alternative.items():
        values = _column(patients, name)
        if isinstance(wanted, bool):
            one = values if wanted else ~values
        else:
            one = values.isin(wanted).astype("boolean").mask(values.isna())
        answer &= one
    return answer


def _treatment(patients: pd.DataFrame) -> pd.Series:
    import pandas as pd

    out = pd.Series(NOT_RECORDED, index=patients.index, dtype="string")
    undecided = pd.Series(True, index=patients.index)
    for name, rule in treatment_rules().items():
        answer = pd.Series(False, index=patients.index, dtype="boolean")
        for alternative in rule["when"]:
            answer |= _holds(patients, alternative)
        decided = undecided & answer.fillna(False).astype(bool)
        out[decided] = name
        undecided &= answer.eq(False).fillna(False).astype(bool)
    return out
