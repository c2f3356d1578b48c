"""Facts of the definitions that figures, tables and the report quote beside the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from spinemets.scores.definition import Definition
from spinemets.scores.schema import SHARES, Survival

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("cohort", "score", "fact", "key", "text", "confidence")


def notes(definitions: Sequence[Definition], cohort: str) -> pd.DataFrame:
    """
    List the facts of score definitions.

    Parameters
    ----------
    definitions : sequence of Definition
        Scores that were computed.
    cohort : str
        Cohort id.

    Returns
    -------
    DataFrame
        Columns ``cohort, score, fact, key, text, confidence``. Facts: ``short``, ``name``,
        ``citation``, ``doi``, ``direction``, ``band`` (best first, with its id as key),
        ``band_survival``, ``needs_verification`` and ``footnote``.
    """
    import pandas as pd

    rows = [(cohort, d.id, *row) for d in definitions for row in _facts(d)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _facts(definition: Definition) -> list[tuple[str, str, str, str]]:
    data = definition.data
    rows = [
        ("short", "", data.short, "read"),
        ("name", "", data.name, "read"),
        ("citation", "", " ".join(data.citation.text.split()), data.citation.confidence),
    ]
    if data.citation.doi:
        rows.append(("doi", "", data.citation.doi, data.citation.confidence))
    rows.append(("direction", "", data.direction.replace("_", " "), "read"))
    bands = definition.bands if definition.direction < 0 else definition.bands[::-1]
    rows += [("band", band.id, band.label, band.confidence) for band in bands]
    rows += [
        ("band_survival", band.id, survival_text(fact), fact.confidence)
        for band in bands
        for fact in band.survival
    ]
    if definition.needs_verification:
        rows.append(("needs_verification", "", "true", "derived"))
    return rows + [("footnote", "", text, "derived") for text in definition.footnotes()]


def survival_text(fact: Survival) -> str:
    """
    Write one published figure of a band as a phrase.

    Parameters
    ----------
    fact : Survival
        Entry of a band.

    Returns
    -------
    str
        For example ``"median 4.8 months (Leithner 2008)"``.
    """
    interval = (
        f" ({_plain(fact.measure, fact.lower)} to {_plain(fact.measure, fact.upper)})"
        if fact.lower is not None and fact.upper is not None
        else ""
    )
    value = "not reached" if fact.value is None else _plain(fact.measure, fact.value)
    at = _horizon(fact.horizon_months, fact.horizon_days)
    words = {
        "median_months": f"median {value}{interval} months",
        "median_weeks": f"median {value}{interval} weeks",
        "median_days": f"median {value}{interval} days",
        "local_control": f"local progression-free {value}{interval}{at}",
        "mean_months": f"mean {value}{interval} months",
        "survival": f"survival {value}{interval}{at}",
        "mortality": f"mortality {value}{interval}{at}",
        "ambulatory": f"ambulatory {value}{interval}{at}",
        "predicted_below_months": f"predicted survival below {value} months",
        "predicted_at_least_months": f"predicted survival of {value} months or more",
    }[fact.measure]
    if fact.value is None:
        words = words.replace("not reached months", "not reached")
    return f"{words} ({fact.source})"


def _plain(measure: str, value: float | None) -> str:
    if value is None:
        return ""
    return f"{100 * value:.3g} %" if measure in SHARES else f"{value:g}"


def _horizon(months: float | None, days: float | None) -> str:
    if days is not None:
        return f" at {days:g} days"
    return "" if months is None else f" at {months:g} months"
