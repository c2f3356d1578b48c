"""What the cohort is and what was found, in one line each, read from released files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from spinemets.reporting.cells import Shown, count, estimate, number, set_name
from spinemets.settings import TIME_ZERO

if TYPE_CHECKING:
    import pandas as pd

VISIBILITY: Final = {
    "public": "public data; counts are exact",
    "simulated": "simulated; counts are exact",
    "private": "private; counts are rounded and small ones withheld",
}
RESOLUTION: Final = {"day": "days", "month": "whole months"}


def facts(info: dict[str, Any], tables: dict[str, pd.DataFrame]) -> list[tuple[str, str]]:
    """
    Say in one line each what the cohort is.

    Parameters
    ----------
    info : dict
        Released ``cohort.json``.
    tables : dict of str to pandas.DataFrame
        Released tables.

    Returns
    -------
    list of (str, str)
        Term and what holds for it.
    """
    summary = tables["survival_summary"]
    overall = summary[summary["stratum_set"].eq("overall")]
    found = [
        ("Time zero", TIME_ZERO.get(str(info["time_zero"]), str(info["time_zero"]))),
        ("Times recorded in", RESOLUTION[info["resolution"]]),
        ("Visibility", VISIBILITY[info["visibility"]]),
    ]
    if info.get("include"):
        found.append(("Included if", str(info["include"])))
    if len(overall):
        found.append(("Patients analysed", count(overall["n"].iloc[0])))
        found.append(("Deaths", count(overall["events"].iloc[0])))
    words = {
        "median_survival_months": ("Median survival", "months"),
        "median_follow_up_months": ("Median follow-up", "months"),
    }
    for _, row in overall.iterrows():
        if row["measure"] in words:
            term, unit = words[row["measure"]]
            text = estimate(row)
            found.append((term, f"{text} {unit}" if text[:1].isdigit() else text))
    performance = tables["performance"]
    for _, row in performance[performance["measure"].eq("oracle_c")].iterrows():
        found.append(("Harrell’s C of the true risk (no score can do better)", estimate(row)))
    return found


def logrank(table: pd.DataFrame) -> list[str]:
    """
    Log-rank test of every grouping.

    Parameters
    ----------
    table : pandas.DataFrame
        Released summary of Kaplan-Meier estimates.

    Returns
    -------
    list of str
        One sentence per grouping: the statistic, or why there is none.
    """
    tests = table[table["measure"].isin(["logrank_chi2", "logrank_p"])]
    out = []
    for name, part in tests.groupby("stratum_set", sort=False):
        rows = {str(r["measure"]): r for _, r in part.iterrows()}
        chi2, p = rows.get("logrank_chi2"), rows.get("logrank_p")
        if chi2 is None or p is None:
            continue
        subject = f"Log-rank test, {set_name(str(name)).lower()}"
        if estimate(chi2)[:1].isdigit():
            degrees = str(chi2["method"]).partition(", ")[2] or "one comparison"
            statistic = number(chi2["estimate"], 1)
            out.append(f"{subject}: chi-square {statistic} ({degrees}), {p_value(p['estimate'])}.")
        else:
            out.append(f"{subject}: {chi2['note'] or 'not released'}.")
    return out


def p_value(p: Any) -> str:
    """
    Print a P value.

    Parameters
    ----------
    p : float or missing
        P value.

    Returns
    -------
    str
        Three decimals; smaller ones as a limit.

    Examples
    --------
    >>> p_value(0.0004)
    'P < 0.001'
    >>> p_value(0.0312)
    'P = 0.031'
    """
    text = number(p, 3)
    if not text:
        return "P not released"
    return "P < 0.001" if float(p) < 0.001 else f"P = {text}"


def provenance(info: dict[str, Any], versions: dict[str, str]) -> Shown:
    """
    What the numbers were made with.

    Parameters
    ----------
    info : dict
        Released ``cohort.json``.
    versions : dict of str to str
        Package to version.

    Returns
    -------
    Shown
        Input files with their hashes, packages with their versions.
    """
    hashes = info.get("sha256") or {}
    files = hashes.items() if isinstance(hashes, dict) else [(str(info.get("source")), hashes)]
    rows = [["Input", str(name), f"sha256 {value}"] for name, value in sorted(files)]
    rows += [["Software", name, version] for name, version in sorted(versions.items())]
    return Shown("Inputs and software", ["Kind", "Name", "Hash or version"], rows)
