"""Cumulative incidence of a private cohort: computed again from rounded counts alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from spinemets.disclosure.counts import Rule, midpoint

if TYPE_CHECKING:
    import pandas as pd

KEYS: Final = ["outcome", "stratum_set", "stratum"]
DECIMALS: Final = 4


def incidence(table: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """
    Put curves of cumulative incidence together from rounded counts.

    Parameters
    ----------
    table : pandas.DataFrame
        Exact curves on a monthly grid, all causes of a group; counts as integers.
    rule : Rule
        Minimum and step.

    Returns
    -------
    pandas.DataFrame
        Same columns; a curve ends where the number at risk can no longer be shown, and a step of
        a cause is delayed until its cumulative events can be shown. Without intervals.

    Notes
    -----
    Actuarial: who left between two months without any cause counts as half at risk. Every number
    is a function of rounded counts, so no exact count can be solved for.
    """
    import pandas as pd

    parts = [_group(rows, rule) for _, rows in table.groupby(KEYS, sort=False, observed=True)]
    rows = [row for part in parts for row in part]
    out = pd.DataFrame(rows, columns=list(table.columns))
    numbers = dict.fromkeys(("time_months", "incidence", "lower", "upper"), "float64")
    return out.astype({"at_risk": "Int64", "events": "Int64"} | numbers)


def _group(rows: pd.DataFrame, rule: Rule) -> list[dict[str, Any]]:
    """All causes of one group."""
    causes = list(dict.fromkeys(rows["cause"]))
    curves = {c: rows[rows["cause"].eq(c)].sort_values("time_months") for c in causes}
    first = curves[causes[0]]
    at_risk = midpoint(first["at_risk"], rule.step).tolist()
    events = {c: midpoint(curves[c]["events"], rule.step).tolist() for c in causes}
    months = first["time_months"].tolist()
    alive, total, shown = 1.0, dict.fromkeys(causes, 0.0), dict.fromkeys(causes, 0)
    out: list[dict[str, Any]] = []
    base = {k: first.iloc[0][k] for k in ("cohort", *KEYS)}
    for k, month in enumerate(months):
        if at_risk[k] < max(rule.minimum, 1):
            break
        if k:
            now = {c: max(events[c][k], shown[c]) for c in causes}
            now = {c: n if n >= rule.minimum else shown[c] for c, n in now.items()}
            steps = {c: now[c] - shown[c] for c in causes}
            died = sum(steps.values())
            lost = max(at_risk[k - 1] - at_risk[k] - died, 0)
            exposed = max(at_risk[k - 1] - lost / 2, died, 1)
            for cause in causes:
                total[cause] += alive * steps[cause] / exposed
            alive *= 1 - died / exposed
            shown = now
        out += [
            {**base, "cause": c, "time_months": month, "incidence": round(total[c], DECIMALS),
             "lower": None, "upper": None, "at_risk": at_risk[k], "events": shown[c]}
            for c in causes
        ]  # fmt: skip
    return sorted(out, key=lambda row: causes.index(row["cause"])) if len(out) > len(causes) else []
