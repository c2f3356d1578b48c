"""The long tidy table in which every estimate is kept, and how tables are written."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: Final = (
    "cohort",
    "set",
    "stratum_set",
    "stratum",
    "score",
    "variant",
    "form",
    "horizon",
    "measure",
    "estimate",
    "lower",
    "upper",
    "std_error",
    "method",
    "n",
    "events",
    "note",
)


@dataclass(frozen=True)
class Row:
    """
    One estimate, or the reason why there is none.

    Parameters
    ----------
    measure : str
        What was estimated, snake case (``harrell_c``, ``auc``, ``survival`` ...).
    estimate, lower, upper, std_error : float or None
        Point estimate, 95 % interval and standard error; None when not estimable.
    n, events : int or None
        Patients and events behind the estimate.
    note : str
        The reason when ``estimate`` is None; else caveats.
    cohort, set, stratum_set, stratum, score, variant, form, horizon, method : str
        Where the estimate belongs; see ``docs/reference/tables.md``.
    """

    measure: str
    estimate: float | None = None
    lower: float | None = None
    upper: float | None = None
    std_error: float | None = None
    n: int | None = None
    events: int | None = None
    note: str = ""
    cohort: str = ""
    set: str = "all"
    stratum_set: str = "overall"
    stratum: str = "all"
    score: str = ""
    variant: str = ""
    form: str = ""
    horizon: str = ""
    method: str = ""


def frame(rows: Iterable[Row]) -> pd.DataFrame:
    """
    Put rows into a table in the column order of the contract of results.

    Parameters
    ----------
    rows : iterable of Row
        Estimates.

    Returns
    -------
    pandas.DataFrame
        Columns as ``COLUMNS``; counts are ``Int64``, estimates ``float64``.
    """
    import pandas as pd

    table = pd.DataFrame([asdict(r) for r in rows], columns=list(COLUMNS))
    for name in ("n", "events"):
        table[name] = table[name].astype("Int64")
    for name in ("estimate", "lower", "upper", "std_error"):
        table[name] = table[name].astype("float64")
    return table


def stack(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """
    Put tables with the same columns below each other.

    Parameters
    ----------
    tables : iterable of pandas.DataFrame
        At least one; empty ones lend their columns only.

    Returns
    -------
    pandas.DataFrame
        Rows of all tables in order.
    """
    import pandas as pd

    parts = list(tables)
    filled = [t for t in parts if len(t)]
    return pd.concat(filled, ignore_index=True) if filled else parts[0]


def write_csv(table: pd.DataFrame, path: str | Path) -> None:
    """
    Write a table so that equal content gives equal bytes, and nothing half-written stays.

    Parameters
    ----------
    table : pandas.DataFrame
        Table to write; missing cells become empty.
    path : str or Path
        Target; its folder is made when it is missing.
    """
    with atomic(path) as temporary:
        table.to_csv(
            temporary, index=False, float_format="%.10g", lineterminator="\n", encoding="utf-8"
        )


class atomic:  # noqa: N801 - reads like a verb where it is used
    """
    Write to a neighbour file first and move it into place only when it is complete.

    Parameters
    ----------
    path : str or Path
        Final place of the file.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.temporary = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")

    def __enter__(self) -> Path:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return self.temporary

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.temporary.replace(self.path)
        else:
            self.temporary.unlink(missing_ok=True)
