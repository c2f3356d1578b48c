"""Released tables as a reader sees them: rounded, with intervals, reasons in place of gaps."""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from spinemets import strata

if TYPE_CHECKING:
    import pandas as pd

#: Decimals with which a measure is printed.
DECIMALS: Final = {
    "median_survival_months": 1,
    "median_follow_up_months": 1,
    "survival": 2,
    "harrell_c": 2,
    "auc": 2,
    "brier": 3,
    "ipa": 2,
    "oe_ratio": 2,
    "cloglog_slope": 2,
    "ici": 3,
    "net_benefit": 3,
    "hazard_ratio": 2,
    "restricted_mean_difference_months": 1,
}


#: In place of a count that disclosure control withheld.
NOT_SHOWN: Final = "not shown"
#: Groupings by the band of a score begin with this.
BAND: Final = "band:"


@dataclass(frozen=True)
class Shown:
    """
    A table as it is printed.

    Parameters
    ----------
    title : str
        Caption.
    head : list of str
        Column headings.
    rows : list of list of str
        Cells as text; the first of a row is its heading.
    notes : list of str
        Sentences below the table.
    """

    title: str
    head: list[str]
    rows: list[list[str]]
    notes: list[str] = field(default_factory=list)


#: Groups of a cohort with an inclusion rule; undecided where a column of the rule isn't recorded.
INCLUSION: Final = {
    "included": "Included",
    "left_out": "Left out by the inclusion rule",
    "not_recorded": "Inclusion undecided, not recorded",
}


def read(release: Path) -> dict[str, pd.DataFrame]:
    """
    Read every released table of a cohort.

    Parameters
    ----------
    release : Path
        Folder of the cohort's release.

    Returns
    -------
    dict of str to pandas.DataFrame
        By table name; texts are never missing, numbers may be.
    """
    import pandas as pd

    from spinemets.tables import COUNT, NUMBER, TABLES

    out = {}
    for path in sorted((release / "tables").glob("*.csv")):
        table = pd.read_csv(path, dtype="string", keep_default_na=False)
        spec = TABLES[path.stem]
        for column in [*spec.of_kind(COUNT), *spec.of_kind(NUMBER)]:
            table[column] = pd.to_numeric(table[column].replace("", pd.NA)).astype("Float64")
        out[path.stem] = table
    return out


def number(value: Any, decimals: int = 0) -> str:
    """
    Print a number.

    Parameters
    ----------
    value : float or missing
        Number.
    decimals : int
        Digits after the point.

    Returns
    -------
    str
        Empty for a missing value.

    Examples
    --------
    >>> number(0.4567, 2)
    '0.46'
    """
    import pandas as pd

    return "" if pd.isna(value) else f"{float(value):.{decimals}f}"


def count(value: Any) -> str:
    """
    Print a count.

    Parameters
    ----------
    value : int or missing
        Count.

    Returns
    -------
    str
        ``"not shown"`` where disclosure control withheld it.

    Examples
    --------
    >>> count(12.0)
    '12'
    """
    return number(value) or NOT_SHOWN


def estimate(row: Any) -> str:
    """
    Print an estimate with its interval, or the reason why there is none.

    Parameters
    ----------
    row : Series or dict
        Row of a long result table.

    Returns
    -------
    str
        ``"0.67 (0.65 to 0.69)"``; an interval end that doesn't exist is a dash.
    """
    import pandas as pd

    if pd.isna(row["estimate"]):
        return str(row["note"]) or "not released"
    decimals = DECIMALS.get(row["measure"], 2)
    value = number(row["estimate"], decimals)
    if pd.isna(row["lower"]) and pd.isna(row["upper"]):
        return value
    ends = [number(row[end], decimals) or "–" for end in ("lower", "upper")]
    return f"{value} ({ends[0]} to {ends[1]})"


def cell(table: pd.DataFrame, **wanted: str) -> str:
    """
    Read the one estimate that fits.

    Parameters
    ----------
    table : pandas.DataFrame
        Long result table.
    **wanted : str
        Column to value.

    Returns
    -------
    str
        As text; empty when there is none.
    """
    fits = [table[name].eq(value).to_numpy(bool) for name, value in wanted.items()]
    found = functools.reduce(operator.and_, fits).nonzero()[0]
    return estimate(table.iloc[found[0]]) if len(found) else ""


def p_value(row: Any) -> str:
    """
    Print a P value.

    Parameters
    ----------
    row : Series
        Row of a long result table.

    Returns
    -------
    str
        ``"< 0.001"`` below that; the reason where there is none.
    """
    import pandas as pd

    if pd.isna(row["estimate"]):
        return str(row["note"]) or "not released"
    value = float(row["estimate"])
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def group_name(stratum_set: str, stratum: str) -> str:
    """
    Name a group for readers.

    Parameters
    ----------
    stratum_set, stratum : str
        Grouping and group.

    Returns
    -------
    str
        Label of the vocabulary, or the group's own name.
    """
    if stratum_set == "overall":
        return "All patients"
    if stratum_set == "inclusion":
        return INCLUSION[stratum]
    return strata.label(stratum_set, stratum)


def set_name(stratum_set: str, names: Mapping[str, str] | None = None) -> str:
    """
    Name a grouping for readers.

    Parameters
    ----------
    stratum_set : str
        Grouping.
    names : mapping of str to str, optional
        Score id to short name, for the bands of a score.

    Returns
    -------
    str
        For example ``"Primary histology"``.
    """
    if stratum_set.startswith(BAND):
        score, _, variant = stratum_set.removeprefix(BAND).partition(":")
        short = (names or {}).get(score, score)
        return f"{short}, {variant}" if variant else short
    named = strata.DERIVED | {"overall": "All patients", "inclusion": "Inclusion rule"}
    return named.get(stratum_set, _sentence(strata.title(stratum_set)))


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:]


def flow(table: pd.DataFrame) -> Shown:
    """
    Flow of patients.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``flow``.

    Returns
    -------
    Shown
        One line per step or reason.
    """
    words = {"in": "Rows in the source", "excluded": "Excluded", "analysed": "Analysed"}
    rows = [
        [words.get(str(r.step), str(r.step)) + (f": {r.reason!s}" if r.reason else ""), count(r.n)]
        for r in table.itertuples()
    ]
    return Shown("Flow of patients", ["Step", "Patients"], rows)


def plain(table: pd.DataFrame, title: str, columns: dict[str, str]) -> Shown:
    """
    Table printed as it is.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table.
    title : str
        Caption.
    columns : dict of str to str
        Columns to print and their headings.

    Returns
    -------
    Shown
        Counts without decimals.
    """
    numeric = {c for c in columns if str(table[c].dtype) == "Float64"}
    rows = [
        [count(row[c]) if c in numeric else str(row[c]) for c in columns]
        for _, row in table.iterrows()
    ]
    return Shown(title, list(columns.values()), rows)


def survival(
    table: pd.DataFrame,
    title: str,
    notes: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
) -> Shown:
    """
    Survival of every group in one line.

    Parameters
    ----------
    table : pandas.DataFrame
        Released summary of Kaplan-Meier estimates.
    title : str
        Caption.
    notes : sequence of str
        Sentences below the table.
    names : mapping of str to str, optional
        Score id to short name, for the bands of a score.

    Returns
    -------
    Shown
        Patients, deaths, median and survival at the horizons, with intervals or reasons.
    """
    kept = table[table["measure"].isin(["survival", "median_survival_months"])]
    horizons = [h for h in dict.fromkeys(kept["horizon"]) if h]
    # Rows as mappings: hundreds of groups, for each of which pandas would copy a few of the rows.
    groups: dict[tuple[str, str], list[Mapping[Any, Any]]] = {}
    for row in kept.to_dict("records"):
        groups.setdefault((str(row["stratum_set"]), str(row["stratum"])), []).append(row)
    rows = []
    for (name, group), part in groups.items():
        medians = [estimate(r) for r in part if r["measure"] == "median_survival_months"]
        cells = medians or [str(part[0]["note"])]
        for horizon in horizons:
            cells += [estimate(r) for r in part if r["horizon"] == horizon] or [""]
        label = f"{set_name(name, names)}: {group_name(name, group)}"
        label = label if name != "overall" else "All patients"
        rows.append([label, count(part[0]["n"]), count(part[0]["events"]), *_once(cells)])
    head = ["Group", "n", "Deaths", "Median, months", *(f"S({h})" for h in horizons)]
    return Shown(title, head, rows, list(notes))


def _once(cells: Sequence[str]) -> list[str]:
    """Say a reason once in a row, not in every cell."""
    out: list[str] = []
    for cell in cells:
        repeated = bool(cell) and not cell[0].isdigit() and cell in out
        out.append("" if repeated else cell)
    return out
