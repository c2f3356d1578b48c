"""Size and case mix of comparison sets against the patients left out of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from spinemets.evaluation.design import ObjectArray
from spinemets.evaluation.scores import BoolArray, ComparisonSet

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: Final = ("cohort", "set", "quantity", "level", "in_set", "left_out")


def set_table(
    groups: Sequence[ComparisonSet],
    event: BoolArray,
    groupings: Mapping[str, tuple[ObjectArray, Sequence[str]]],
    cohort: str,
) -> pd.DataFrame:
    """
    Compare the patients of every set with those left out of it.

    Parameters
    ----------
    groups : sequence of ComparisonSet
        Sets.
    event : ndarray of bool, shape (patients,)
        True for a death.
    groupings : mapping of str to (ndarray of object, sequence of str)
        Name to the group of every patient and the order of groups.
    cohort : str
        Cohort id.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`. Counts only, so that disclosure control can round them; a level that
        nobody has is left out.
    """
    import pandas as pd

    rows = []
    for group in groups:
        rows += [
            _counts(group, "patients", "", group.members | True),
            _counts(group, "deaths", "", event),
        ]
        for name, (values, order) in groupings.items():
            found = [_counts(group, name, str(level), values == level) for level in order]
            rows += [row for row in found if row["in_set"] or row["left_out"]]
    table = pd.DataFrame(rows, columns=list(COLUMNS[1:]))
    table.insert(0, "cohort", cohort)
    return table


def _counts(group: ComparisonSet, quantity: str, level: str, have: BoolArray) -> dict[str, Any]:
    return {
        "set": group.id,
        "quantity": quantity,
        "level": level,
        "in_set": int((have & group.members).sum()),
        "left_out": int((have & ~group.members).sum()),
    }
