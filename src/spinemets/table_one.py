"""Table 1: who the patients are, with what isn't known of them."""

from __future__ import annotations

from collections.abc import Iterator
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
_LEFT_OUT: Final = ("patient_id", "survival_days", "died", "entry_days")


def table_one(patients: pd.DataFrame, cohort: str) -> pd.DataFrame:
    """
    Describe the patients at time zero.

    Parameters
    ----------
    patients : pandas.DataFrame
        Patient table, one row per patient, columns of the contract.
    cohort : str
        Cohort id.

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
    table.insert(1, "stratum_set", "overall")
    table.insert(2, "stratum", "all")
    table["value"] = table["value"].astype("float64")
    return table[list(COLUMNS)]


def _number(column: Column, known: pd.Series) -> Iterator[tuple[str, str, float | None, int]]:
    q1, median, q3 = known.astype("float64").quantile([0.25, 0.5, 0.75])
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
