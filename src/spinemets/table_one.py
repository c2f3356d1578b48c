"""Table 1: who the patients are, with what isn't known of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from spinemets import contract
from spinemets.contract import Column

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: Final = (
    "cohort",
    "stratum_set",
    "stratum",
    "variable",
    "level",
    "statistic",
    "value",
    "n",
)
#: A longer list of levels (the primaries) shows only those that occur.
SHORT_LIST: Final = 10
#: Not characteristics at time zero: the outcome and the running number.
_LEFT_OUT: Final = (
    "patient_id",
    "survival_days",
    "died",
    "entry_days",
    "potential_follow_up_days",
)


def table_one(
    patients: pd.DataFrame, cohort: str, stratum_set: str = "overall", stratum: str = "all"
) -> pd.DataFrame:
    """
    Describe the patients at time zero.

    Parameters
    ----------
    patients : pandas.DataFrame
        Patient table, one row per patient, columns of the contract.
    cohort : str
        Cohort id.
    stratum_set, stratum : str
        Grouping and group that the patients are.

    Returns
    -------
    pandas.DataFrame
        Long table: for a category ``n`` and ``percent`` (of the patients with a value) per level;
        for a number ``median``, ``q1`` and ``q3`` in the unit of its column; for both
        ``missing_n`` and ``missing_percent`` (of all patients). Columns without a single value
        have their missing rows only.

    Examples
    --------
    >>> import pandas as pd
    >>> one = table_one(pd.DataFrame({"sex": ["female", "male", None]}), "demo")
    >>> one.loc[one.statistic == "percent", "value"].tolist()
    [50.0, 50.0]
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for column in contract.columns().values():
        if column.name not in patients or column.name in _LEFT_OUT:
            continue
        values = patients[column.name]
        known = values.dropna()
        describe = _number if column.is_numeric else _levels
        found = list(describe(column, known)) if len(known) else []
        absent = len(values) - len(known)
        share = 100 * absent / len(values) if len(values) else None
        found += [
            ("", "missing_n", absent, len(values)),
            ("", "missing_percent", share, len(values)),
        ]
        rows += [
            {"variable": column.name, "level": lv, "statistic": st, "value": v, "n": n}
            for lv, st, v, n in found
        ]
    table = pd.DataFrame(rows, columns=["variable", "level", "statistic", "value", "n"])
    table.insert(0, "cohort", cohort)
    table.insert(1, "stratum_set", stratum_set)
    table.insert(2, "stratum", stratum)
    table["value"] = table["value"].astype("float64")
    return table[list(COLUMNS)]


def by_stratum(
    patients: pd.DataFrame,
    cohort: str,
    stratum_set: str,
    groups: pd.Series,
    levels: Sequence[str],
    minimum: int = 1,
) -> pd.DataFrame:
    """
    Describe every group of a grouping, and how different it is from all others.

    Parameters
    ----------
    patients : pandas.DataFrame
        Patient table.
    cohort : str
        Cohort id.
    stratum_set : str
        Grouping.
    groups : pandas.Series
        Group of every patient.
    levels : sequence of str
        Groups in display order.
    minimum : int
        A group below this size has no standardised difference.

    Returns
    -------
    pandas.DataFrame
        As ``table_one`` for every group, of the columns that have a value in the cohort, with one
        more statistic per variable: ``standardised_difference``, absolute, between the group and
        all other patients. Empty where it can't be told.
    """
    import pandas as pd

    known = contract.columns()
    names = [c for c in known if c in patients and c not in _LEFT_OUT and patients[c].notna().any()]
    gaps = {c: standardised_differences(patients[c], groups, levels, known[c]) for c in names}
    parts = []
    for place, level in enumerate(levels):
        rows = patients.loc[groups.eq(level), names]
        parts.append(table_one(rows, cohort, stratum_set, level))
        shown = len(rows) >= minimum
        found = [
            (cohort, stratum_set, level, c, "", "standardised_difference",
             gaps[c][place] if shown else float("nan"), len(rows))
            for c in names
        ]  # fmt: skip
        parts.append(pd.DataFrame(found, columns=list(COLUMNS)))
    filled = [p for p in parts if len(p)]
    return pd.concat(filled, ignore_index=True) if filled else table_one(patients[[]], cohort)


def standardised_differences(
    values: pd.Series, groups: pd.Series, levels: Sequence[str], column: Column
) -> list[float]:
    """
    Absolute standardised difference of a variable between each group and all other patients.

    Parameters
    ----------
    values : pandas.Series
        The variable; missing values don't count.
    groups : pandas.Series
        Group of every patient.
    levels : sequence of str
        Groups.
    column : Column
        The variable's entry in the contract.

    Returns
    -------
    list of float
        One per group: mean difference over the root of the mean of both variances, or for
        categories the Mahalanobis distance between the shares of the levels; NaN without values on
        either side or without spread.

    References
    ----------
    Yang, Dalton 2012, A unified approach to measuring the effect size between two groups using
    SAS, SAS Global Forum paper 335. Austin 2009, doi:10.1002/sim.3697.

    Examples
    --------
    >>> import pandas as pd
    >>> sex = pd.Series(["male", "female", "male", "male", "male", "female"])
    >>> arm = pd.Series(list("aabbbb"))
    >>> [round(d, 3) for d in standardised_differences(sex, arm, ["a"], contract.columns()["sex"])]
    [0.535]
    """
    import numpy as np
    import pandas as pd

    known = values.notna().to_numpy(dtype=bool)
    place = pd.Categorical(groups, list(levels)).codes[known]
    if column.is_numeric:
        x = values[known].to_numpy(dtype="float64")
        return [_mean_gap(x[place == g], x[place != g]) for g in range(len(levels))]
    level, names = pd.factorize(values[known].astype("string"), sort=True)
    counts = np.zeros((len(levels) + 1, len(names)))
    np.add.at(counts, (np.where(place < 0, len(levels), place), level), 1)
    total = counts.sum(axis=0)
    return [_share_gap(counts[g], total - counts[g]) for g in range(len(levels))]


def _mean_gap(one: Any, other: Any) -> float:
    if not one.size or not other.size:
        return float("nan")
    spread = float(((one.var() + other.var()) / 2) ** 0.5)
    return abs(float(one.mean() - other.mean())) / spread if spread > 0 else float("nan")


def _share_gap(one: Any, other: Any) -> float:
    """Distance of two rows of counts; a level that nobody has on both sides says nothing."""
    import numpy as np

    if not one.sum() or not other.sum():
        return float("nan")
    p, q = (row[:-1] / row.sum() for row in (one, other))
    if not p.size or np.allclose(p, q):
        return 0.0
    spread = sum(np.diag(s) - np.outer(s, s) for s in (p, q)) / 2
    squared = float((p - q) @ np.linalg.pinv(spread, hermitian=True) @ (p - q))
    return squared**0.5 if squared > 0 else float("nan")


def _number(column: Column, known: pd.Series) -> Iterator[tuple[str, str, float | None, int]]:
    import numpy as np

    values = known.to_numpy(dtype="float64")
    q1, median, q3 = (float(v) for v in np.quantile(values, [0.25, 0.5, 0.75]))
    yield "", "median", median, len(known)
    yield "", "q1", q1, len(known)
    yield "", "q3", q3, len(known)


def _levels(column: Column, known: pd.Series) -> Iterator[tuple[str, str, float | None, int]]:
    text = known.map({True: "yes", False: "no"}) if column.kind == "boolean" else known.astype(str)
    counts = text.value_counts()
    order = (
        ["yes", "no"] if column.kind == "boolean" else list(column.levels) or sorted(counts.index)
    )
    for level in order:
        count = int(counts.get(level, 0))
        if count or len(order) <= SHORT_LIST:
            yield level, "n", count, len(known)
            yield level, "percent", 100 * count / len(known), len(known)
