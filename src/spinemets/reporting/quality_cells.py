"""What isn't plausible in a cohort, and how anonymous its patients are, as a reader sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spinemets.reporting.cells import Shown, count

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
        One line per finding; the rules that found nothing, and those that couldn't be asked, are
        counted below the table.
    """
    found = table[table["n"].fillna(1).gt(0)]
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
    asked = table["of"].fillna(1).gt(0)
    notes = [
        f"Looked at: {int(asked.sum())} rules and columns; "
        f"nothing found in {int(asked.sum()) - len(found)}. "
        f"Could not be asked, for lack of columns or patients: {int((~asked).sum())}."
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
