"""What isn't plausible or missing, and how anonymous patients are, as a reader sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from spinemets.reporting import overview
from spinemets.reporting.cells import Shown, count, number

if TYPE_CHECKING:
    import pandas as pd

SEVERITIES: Final = {
    "impossible": "Impossible",
    "implausible": "Implausible",
    "design": "Design of the data",
}


def plausibility(table: pd.DataFrame) -> Shown:
    """
    What was found, the gravest first, and how much was looked at.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``plausibility``.

    Returns
    -------
    Shown
        One line per finding; the rules that found nothing, those that couldn't be asked, and those
        asked in so few patients that the answer is withheld, are counted below the table.
    """
    # Where even the number of patients asked is withheld, nobody can say that something was found.
    withheld = table["n"].isna() & table["of"].isna()
    found = table[table["n"].fillna(1).gt(0) & ~withheld]
    order = {name: i for i, name in enumerate(SEVERITIES)}
    found = found.sort_values("severity", key=lambda s: s.map(order), kind="stable")
    rows = [
        [
            SEVERITIES.get(str(r["severity"]), str(r["severity"])),
            str(r["meaning"]),
            str(r["column"]).replace("_", " "),
            f"{count(r['n'])} of {count(r['of'])}",
            str(r["repair"]),
        ]
        for _, r in found.iterrows()
    ]
    head = ["Severity", "Finding", "Columns", "Patients", "What to do"]
    asked = table["of"].fillna(1).gt(0) & ~withheld
    few, without = int(withheld.sum()), int(table["of"].eq(0).sum())
    notes = [
        f"Looked at: {int(asked.sum())} rules and columns; "
        f"nothing found in {int(asked.sum()) - len(found)}. "
        f"Could not be asked, for lack of columns or patients: {without}."
        + (f" Asked in so few patients that the answer is withheld: {few}." if few else "")
    ]
    return Shown("What is not plausible", head, rows, notes)


def anonymity(table: pd.DataFrame) -> Shown:
    """
    How many patients share what an acquaintance may know of each.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``k_anonymity``.

    Returns
    -------
    Shown
        One line per set of quasi-identifiers, one column per size of class.
    """
    sizes = list(dict.fromkeys(table["class_size"]))
    sizes.sort(key=lambda s: int(str(s).split(maxsplit=1)[0]))
    rows = []
    for known, part in table.groupby("quasi_identifiers", sort=False):
        cells = dict(zip(part["class_size"], part["n"], strict=True))
        words = str(known).replace("_years", "").replace("_", " ")
        rows.append([words, *(count(cells[s]) for s in sizes)])
    rows.sort(key=lambda row: row[0].count(","))
    head = ["Known together (age in steps of 5 years)", *(f"shared by {s}" for s in sizes)]
    note = (
        "Patients, by the number of patients with the same values, themselves included. "
        "Rows of patients never leave the private folder, whatever this table says."
    )
    return Shown("k-anonymity of the quasi-identifiers", head, rows, [note])


def patterns(table: pd.DataFrame) -> Shown:
    """
    What is missing together.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``missing_patterns``.

    Returns
    -------
    Shown
        The most frequent patterns first, withheld ones after them, the rest last.
    """
    order = table["n"].fillna(0).mask(table["pattern"].eq("all other patterns"), -1)
    rows = [
        [str(r["pattern"]).replace("_", " "), count(r["n"])]
        for _, r in table.loc[order.sort_values(ascending=False, kind="stable").index].iterrows()
    ]
    note = (
        "Of the columns that the scores read; an interval counts as known. "
        "Patterns among these columns only: what no score reads isn't looked at."
    )
    return Shown("What is missing together", ["Missing", "Patients"], rows, [note])


def lost(table: pd.DataFrame, survival: pd.DataFrame, names: Mapping[str, str]) -> Shown:
    """
    How patients without a score differ from those with it.

    Parameters
    ----------
    table, survival : pandas.DataFrame
        Released tables ``lost_patients`` and ``survival_scored``.
    names : mapping of str to str
        Score id to its short name.

    Returns
    -------
    Shown
        One line per score, one column per characteristic, then medians and the log-rank test.
    """
    shown = [str(c) for c in dict.fromkeys(table["stratum"])]
    gaps = table.set_index(["score", "stratum"])["estimate"]
    medians = survival[survival["measure"].eq("median_survival_months")]
    medians = medians.set_index(["score", "stratum"])
    tests = survival[survival["measure"].eq("logrank_p")].drop_duplicates("score")
    p = tests.set_index("score")["estimate"]
    rows = []
    for score in dict.fromkeys(table["score"]):
        sides = [(score, side) for side in ("scored", "not_scored")]
        rows.append(
            [names.get(str(score), str(score)), *(count(medians["n"].get(s)) for s in sides)]
            + [number(gaps.get((score, c)), 2) for c in shown]
            + [number(medians["estimate"].get(s), 1) for s in sides]
            + [overview.p_value(p.get(score)) if number(p.get(score), 3) else ""]
        )
    head = ["Score", "With", "Without", *(c.replace("_years", "").replace("_", " ") for c in shown)]
    head += ["Median with, months", "Median without", "Log-rank test"]
    note = (
        "Patients to whom the score applies, with or without total or band. Characteristics: "
        "absolute standardised differences between the two; empty where a side has too few."
    )
    return Shown("Who is lost to each score", head, rows, [note])
