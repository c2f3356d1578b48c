"""Tables of the report on outcomes beside death."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from spinemets import strata
from spinemets.measures_survival import TESTS
from spinemets.reporting.cells import Shown, cell, group_name, number, p_value, set_name

if TYPE_CHECKING:
    import pandas as pd

SHARES: Final = {
    "ambulation_kept": "Walking kept",
    "ambulation_regained": "Walking regained",
    "frankel_improved": "Frankel grade improved",
    "frankel_unchanged": "Frankel grade unchanged",
    "frankel_worse": "Frankel grade worse",
    "walking_alive": "Alive and walking",
    "dead_before_seen": "Dead before being seen again",
}


def incidence(table: pd.DataFrame, curves: pd.DataFrame) -> Shown:
    """
    Cumulative incidence of other outcomes at a year, with death as competing risk.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``outcomes``.
    curves : pandas.DataFrame
        Released table ``cumulative_incidence``.

    Returns
    -------
    Shown
        One line per outcome and group.
    """
    rows = []
    at = curves[curves["time_months"].eq(12)]
    for keys, found in at.groupby(["outcome", "stratum_set", "stratum"], sort=False):
        outcome, grouping, group = (str(k) for k in keys)
        cells = []
        for cause in ("event", "death"):
            row = found[found["cause"].eq(cause)]
            cells += [_interval(r) for _, r in row.iterrows()] or [""]
        label = _outcome(outcome)
        where = f": {set_name(grouping)}: {group_name(grouping, group)}"
        rows.append([label + ("" if grouping == "overall" else where), *cells])
    small = table[table["measure"].eq("cumulative_incidence") & table["estimate"].isna()]
    small = small[small["stratum_set"].ne("overall") & small["horizon"].eq("")]
    rows += [
        [f"{_outcome(r['model'])}: {set_name(r['stratum_set'])}: "
         f"{group_name(r['stratum_set'], r['stratum'])}", str(r["note"]), ""]
        for _, r in small.iterrows()
    ]  # fmt: skip
    tests = table[table["measure"].isin(list(TESTS))]
    # Where patients entered late another test stands in the place of Gray's, which has a reason.
    tests = tests.sort_values("measure", kind="stable")
    tests = tests.drop_duplicates(["model", "stratum_set"], keep="last").sort_index()
    notes = [
        f"{_outcome(r['model'])} by {strata.title(r['stratum_set'])}: {TESTS[str(r['measure'])]} "
        f"{p_value(r)}."
        for _, r in tests.iterrows()
    ]
    lacking = table[table["note"].str.startswith("not recorded in this cohort")]
    notes += [f"{text[0].upper()}{text[1:]}." for text in dict.fromkeys(lacking["note"])]
    head = ["Outcome", "Cumulative incidence at 12 months", "Death without it"]
    return Shown("Outcomes beside death", head, rows, notes)


def _outcome(name: Any) -> str:
    return str(name).replace("_", " ").capitalize()


def _interval(row: Any) -> str:
    import pandas as pd

    value = number(row["incidence"], 3)
    if pd.isna(row["lower"]):
        return value
    return f"{value} ({number(row['lower'], 3)} to {number(row['upper'], 3)})"


def function(table: pd.DataFrame) -> Shown:
    """
    Walking and neurology after treatment.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``outcomes``.

    Returns
    -------
    Shown
        One line per group.
    """
    part = table[table["model"].eq("function")]
    rows = []
    for keys, found in part.groupby(["stratum_set", "stratum"], sort=False):
        grouping, group = (str(k) for k in keys)
        label = f"{set_name(grouping)}: {group_name(grouping, group)}"
        label = "All patients" if grouping == "overall" else label
        rows.append([label, *(cell(found, measure=m) for m in SHARES)])
    return Shown("Walking and neurology after treatment", ["Group", *SHARES.values()], rows)
