"""Table 1: who the patients are, with what isn't known of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

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
    "note",
)
#: Why a statistic has no value.
NOBODY: Final = "no patients"
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

#: Level, statistic, value and the number of patients it is of.
_Found: TypeAlias = tuple[str, str, float, int]
_Variable: TypeAlias = "_Number | _Category"


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
    return _table(_variables(patients), slice(None), (cohort, stratum_set, stratum))


def _table(
    variables: dict[str, _Variable], members: Any, place: tuple[str, str, str]
) -> pd.DataFrame:
    """Table 1 of the patients that ``members`` picks."""
    import numpy as np
    import pandas as pd

    rows: list[tuple[str, str, str, float | None, int]] = []
    for name, variable in variables.items():
        size, known, found = variable.describe(members)
        absent = size - known
        rows += [(name, *one) for one in found]
        rows.append((name, "", "missing_n", absent, size))
        rows.append((name, "", "missing_percent", 100 * absent / size if size else None, size))
    table = pd.DataFrame(rows, columns=["variable", "level", "statistic", "value", "n"])
    for at, (column, value) in enumerate(zip(COLUMNS[:3], place, strict=True)):
        table.insert(at, column, value)
    table["value"] = table["value"].astype("float64")
    table["note"] = np.where(table["value"].isna(), NOBODY, "")
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
        all other patients. Empty where it can't be told; ``note`` says why.
    """
    import pandas as pd

    known = contract.columns()
    names = [c for c in known if c in patients and c not in _LEFT_OUT and patients[c].notna().any()]
    gaps = {c: standardised_differences(patients[c], groups, levels, known[c]) for c in names}
    variables = _variables(patients[names])
    known_of = {c: patients[c].notna().to_numpy(dtype=bool) for c in names}
    parts = []
    for place, level in enumerate(levels):
        members = groups.eq(level).fillna(value=False).to_numpy(dtype=bool)
        size = int(members.sum())
        parts.append(_table(variables, members, (cohort, stratum_set, level)))
        small = f"fewer than {minimum} patients" if size < minimum else ""
        found = [
            (cohort, stratum_set, level, c, "", "standardised_difference",
             float("nan") if small else gaps[c][place], size,
             small or _why_no_gap(gaps[c][place], known_of[c], members))
            for c in names
        ]  # fmt: skip
        parts.append(pd.DataFrame(found, columns=list(COLUMNS)))
    filled = [p for p in parts if len(p)]
    return pd.concat(filled, ignore_index=True) if filled else table_one(patients[[]], cohort)


def _why_no_gap(gap: float, known: Any, members: Any) -> str:
    if gap == gap:
        return ""
    if not known[members].any():
        return "no value in the group"
    return "no value in the other groups" if not known[~members].any() else "no spread"


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


class _Number:
    """A number of every patient, NaN where it isn't known."""

    def __init__(self, values: pd.Series) -> None:
        self.values = values.to_numpy(dtype="float64", na_value=float("nan"))

    def describe(self, members: Any) -> tuple[int, int, list[_Found]]:
        """Count the picked patients and those with a value, and take the quartiles."""
        import numpy as np

        values = self.values[members]
        known = values[~np.isnan(values)]
        if not known.size:
            return values.size, 0, []
        quartiles = np.quantile(known, [0.5, 0.25, 0.75]).tolist()
        named = zip(("median", "q1", "q3"), quartiles, strict=True)
        return values.size, known.size, [("", name, value, known.size) for name, value in named]


class _Category:
    """A level of every patient as its place among the levels that occur, -1 where not known."""

    def __init__(self, column: Column, values: pd.Series) -> None:
        import numpy as np
        import pandas as pd

        known = values.notna().to_numpy(dtype=bool)
        self.codes = np.full(len(values), -1, dtype=np.int64)
        boolean = column.kind == "boolean"
        text = values[known]
        text = text.map({True: "yes", False: "no"}) if boolean else text.astype(str)
        self.codes[known], names = pd.factorize(text.to_numpy(dtype=object), sort=True)
        self.names = list(names)
        self.order = ["yes", "no"] if boolean else list(column.levels)

    def describe(self, members: Any) -> tuple[int, int, list[_Found]]:
        """Count the picked patients, those with a value, and those at every level."""
        import numpy as np

        codes = self.codes[members]
        found = np.bincount(codes[codes >= 0], minlength=len(self.names)).tolist()
        counts = {name: n for name, n in zip(self.names, found, strict=True) if n}
        known = sum(found)
        order = self.order or list(counts)
        shown = [x for x in order if x in counts or len(order) <= SHORT_LIST] if known else []
        out: list[_Found] = []
        for level in shown:
            n = counts.get(level, 0)
            out += [(level, "n", n, known), (level, "percent", 100 * n / known, known)]
        return codes.size, known, out


def _variables(patients: pd.DataFrame) -> dict[str, _Variable]:
    """Read every characteristic at time zero once, however many groups are then described."""
    return {
        name: _Number(patients[name]) if column.is_numeric else _Category(column, patients[name])
        for name, column in contract.columns().items()
        if name in patients and name not in _LEFT_OUT
    }
