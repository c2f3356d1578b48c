"""Facts of the definitions that figures, tables and the report quote beside the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from spinemets.scores import forms
from spinemets.scores.definition import Definition
from spinemets.scores.schema import SHARES, Survival
from spinemets.vocabulary import performance

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("cohort", "score", "fact", "key", "text", "confidence")
PERFORMANCE: Final = {"kps", "ecog"}


def notes(
    definitions: Mapping[str, Definition], only: Sequence[str], cohort: str, crosswalk: str | None
) -> pd.DataFrame:
    """
    List the facts of score definitions.

    Parameters
    ----------
    definitions : Mapping of str to Definition
        Scores that were computed, and those that they read.
    only : sequence of str
        Scores that were computed.
    cohort : str
        Cohort id.
    crosswalk : str or None
        Named table that filled KPS from ECOG and ECOG from KPS.

    Returns
    -------
    DataFrame
        Columns ``cohort, score, fact, key, text, confidence``. Facts: ``short``, ``name``,
        ``citation``, ``doi``, ``direction``, ``band`` (best first, with its id as key),
        ``band_survival``, ``needs_verification`` and ``footnote``.
    """
    import pandas as pd

    rows = [(cohort, name, *row) for name in only for row in _facts(definitions[name])]
    if crosswalk is not None:
        readers = [n for n in only if reads_performance(definitions[n], definitions)]
        texts = crosswalk_notes(definitions, readers, crosswalk)
        rows += [
            (cohort, name, "footnote", "", text, "derived")
            for name, text in zip(readers, texts, strict=True)
        ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def reads_performance(definition: Definition, library: Mapping[str, Definition]) -> bool:
    """
    Whether KPS or ECOG enters a score, directly or through another score.

    Parameters
    ----------
    definition : Definition
        Score.
    library : Mapping of str to Definition
        Scores that it may read.

    Returns
    -------
    bool
        True when one does.
    """
    return bool(forms.columns_read(definition, library) & PERFORMANCE)


def crosswalk_notes(
    definitions: Mapping[str, Definition], only: Sequence[str], crosswalk: str
) -> list[str]:
    """
    Say which scores may rest on a performance status from another scale.

    Parameters
    ----------
    definitions : Mapping of str to Definition
        Scores that were computed, and those that they read.
    only : sequence of str
        Scores that were computed.
    crosswalk : str
        Named table.

    Returns
    -------
    list of str
        One footnote per score that reads KPS or ECOG.
    """
    table = performance.crosswalks()[crosswalk]
    doubt = "; the table needs verification" if table.needs_verification else ""
    return [
        f"{definitions[name].data.short}: an empty KPS was filled from ECOG, and an empty ECOG "
        f"from KPS, as intervals by {table.label} ({table.citation}){doubt}."
        for name in only
        if reads_performance(definitions[name], definitions)
    ]


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
        "median_months": f"median {value}{interval} {plural('month', fact.value)}",
        "median_weeks": f"median {value}{interval} {plural('week', fact.value)}",
        "median_days": f"median {value}{interval} {plural('day', fact.value)}",
        "local_control": f"local progression-free {value}{interval}{at}",
        "mean_months": f"mean {value}{interval} {plural('month', fact.value)}",
        "survival": f"survival {value}{interval}{at}",
        "mortality": f"mortality {value}{interval}{at}",
        "ambulatory": f"ambulatory {value}{interval}{at}",
        "predicted_below_months": f"predicted survival below {value} {plural('month', fact.value)}",
        "predicted_at_least_months": "predicted survival of "
        f"{value} {plural('month', fact.value)} or more",
    }[fact.measure]
    if fact.value is None:
        words = words.replace("not reached months", "not reached")
    return f"{words} ({fact.source})"


def plural(word: str, number: float | None) -> str:
    """
    Give a word in the number that goes with a figure.

    Parameters
    ----------
    word : str
        Singular.
    number : float or None
        Figure; None for none.

    Returns
    -------
    str
        The word, with an s unless the figure is one.

    Examples
    --------
    >>> plural("month", 1), plural("month", 1.5)
    ('month', 'months')
    """
    return word if number == 1 else f"{word}s"


def _plain(measure: str, value: float | None) -> str:
    if value is None:
        return ""
    return f"{100 * value:.3g} %" if measure in SHARES else f"{value:g}"


def _horizon(months: float | None, days: float | None) -> str:
    if days is not None:
        return f" at {days:g} {plural('day', days)}"
    return "" if months is None else f" at {months:g} {plural('month', months)}"
