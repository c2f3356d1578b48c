"""Walking and neurology after treatment, and death before either was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemets.results import ModelRow
from spinemets.survival.sample import floats
from spinemets.survival.score_data import Labels
from spinemets.survival.shares import wilson

if TYPE_CHECKING:
    import pandas as pd

FRANKEL: Final = "ABCDE"
#: Who died by then without a record of walking can't have been seen again: a decision of this
#: project, as long as the early mortality that surgical series report.
UNSEEN_DAYS: Final = 90.0
RECORDED: Final = "share of those recorded, Wilson interval"
COUNT_DEATH: Final = ("walking_alive", "dead_before_seen")
WITH_DEATH: Final = (
    f"share of those seen again or dead within {UNSEEN_DAYS:g} days, Wilson interval; walking has "
    "no day, so death is a third answer, not a competing risk in time"
)


def function_rows(
    patients: pd.DataFrame, labels: Labels, stratum_set: str, levels: list[str], cohort: str
) -> list[ModelRow]:
    """
    Walking kept and regained, and change of the Frankel grade.

    Parameters
    ----------
    patients : pandas.DataFrame
        Patient table.
    labels : ndarray of str of shape (n,)
        Group of every patient.
    stratum_set : str
        Grouping.
    levels : list of str
        Groups.
    cohort : str
        Cohort id.

    Returns
    -------
    list of ModelRow
        Shares with Wilson's interval; ``n`` are those with both values recorded, ``events`` those
        with the outcome.

    Notes
    -----
    Walking after treatment has no day, so death can't compete with it in time. It is a third
    answer instead: ``walking_alive`` and ``dead_before_seen`` are shares of all whose walking was
    recorded before and who were either seen again or died within 90 days without being seen.
    """
    from spinemets import groupings

    before, after = (
        floats(groupings.column(patients, f"ambulatory_{w}")) for w in ("before", "after")
    )
    died, days = floats(patients["died"]), floats(patients["survival_days"])
    grades = {letter: float(i) for i, letter in enumerate(FRANKEL)}
    first, last = (
        floats(groupings.column(patients, f"frankel_{w}").astype("object").map(grades))
        for w in ("before", "after")
    )
    seen, graded = np.isfinite(before) & np.isfinite(after), np.isfinite(first) & np.isfinite(last)
    dead = np.isfinite(before) & ~np.isfinite(after) & (died == 1) & (days <= UNSEEN_DAYS)
    shares = {
        "ambulation_kept": (seen & (before == 1), after == 1),
        "ambulation_regained": (seen & (before == 0), after == 1),
        "frankel_improved": (graded & (first < grades["E"]), last > first),
        "frankel_unchanged": (graded, last == first),
        "frankel_worse": (graded & (first > grades["A"]), last < first),
        "walking_alive": (seen | dead, after == 1),
        "dead_before_seen": (seen | dead, dead),
    }
    out = []
    for level in levels:
        rows = labels == level
        for measure, (whole, part) in shares.items():
            n, count = int((rows & whole).sum()), int((rows & whole & part).sum())
            where: dict[str, Any] = {
                "cohort": cohort, "model": "function", "stratum_set": stratum_set,
                "stratum": level, "n": n, "events": count,
            }  # fmt: skip
            if not n:
                out.append(ModelRow(measure, note="nobody with both values", **where))
                continue
            low, high = wilson(count, n)
            method = WITH_DEATH if measure in COUNT_DEATH else RECORDED
            out.append(ModelRow(measure, count / n, low, high, method=method, **where))
    return out
