"""What the report says of plausibility, also where the counts behind it are withheld."""

from __future__ import annotations

import pandas as pd

from spinemets.reporting import quality_cells


def _table(rows: list[tuple[str, int | None, int | None]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["meaning", "n", "of"]).astype({"n": "Int64", "of": "Int64"})
    return table.assign(severity="impossible", column="sex", repair="correct either")


def test_what_was_asked_in_too_few_patients_is_no_finding() -> None:
    shown = quality_cells.plausibility(
        _table(
            [
                ("found in many", 21, 75),
                ("found in few of many", None, 75),
                ("found in nobody", 0, 75),
                ("asked in too few", None, None),
                ("never asked", 0, 0),
            ]
        )
    )
    assert [row[1] for row in shown.rows] == ["found in many", "found in few of many"]
    assert shown.rows[1][3] == "not shown of 75"
    assert shown.notes == [
        "Looked at: 3 rules and columns; nothing found in 1. Could not be asked, for lack of "
        "columns or patients: 1. Asked in so few patients that the answer is withheld: 1."
    ]
