"""What figures of curves say beside the picture: their data, and their medians in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from spinemets.figures.curves import Curve
from spinemets.figures.source import count

if TYPE_CHECKING:
    import pandas as pd


def data(curves: list[Curve], panel: str = "") -> pd.DataFrame:
    """
    Twin of a figure of curves: every line, band, number at risk and median that was drawn.

    Parameters
    ----------
    curves : list of Curve
        What was drawn.
    panel : str
        Name of the panel.

    Returns
    -------
    pandas.DataFrame
        ``element`` is ``curve``, ``at_risk`` or ``median``.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for c in curves:
        value, lower, upper = c.median
        found: list[dict[Any, Any]] = [
            {"element": "curve"} | row for row in c.steps.to_dict("records")
        ]
        found += [
            {"element": "at_risk", "time_months": t, "n": v, "events": c.deaths.get(t)}
            for t, v in c.risk.items()
        ]
        found.append(
            {"element": "median", "time_months": value, "lower": lower, "upper": upper}
            | {"n": c.n, "events": c.events}
        )
        rows += [{"panel": panel, "stratum": c.stratum, "label": c.label} | row for row in found]
    columns = ["panel", "stratum", "label", "element", "time_months", "survival", "lower", "upper"]
    table = pd.DataFrame(rows, columns=[*columns, "n", "events"])
    return table.astype({"n": "Int64", "events": "Int64"})


def spoken(curves: list[Curve]) -> str:
    """
    Say the medians in words, for alt text and captions.

    Parameters
    ----------
    curves : list of Curve
        What was drawn.

    Returns
    -------
    str
        One clause per curve.
    """
    return "; ".join(
        f"{c.label}: n {count(c.n)}, deaths {count(c.events)}, median {c.median_text()} months"
        for c in curves
    )


UNITS: Final = {
    "time_months": "months",
    "survival": "probability",
    "lower": "probability (months for element median)",
    "upper": "probability (months for element median)",
    "n": "patients",
    "events": "deaths",
}
