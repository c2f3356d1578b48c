"""
Scores from Python: one call on a data frame gives the long table.

Everything here is importable from ``spinemets.scores``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from spinemets.errors import Fault, InputError, suggest

if TYPE_CHECKING:
    import pandas as pd

    from spinemets.scores.definition import Definition
    from spinemets.scores.engine import ScoreResult

#: What ``scores="all"`` stands for: everything that isn't off by default.
ALL: Final = "all"
Removability = Literal["missing", "unremovable", "both"]
Unlisted = Literal["missing", "moderate", "rapid"]


def score_patients(
    patients: pd.DataFrame,
    scores: Sequence[str] | str | None = None,
    *,
    variants: Mapping[str, Sequence[str]] | None = None,
    removability: Removability = "missing",
    unlisted: Unlisted = "missing",
    crosswalk: str | None = None,
    folders: Sequence[str | Path] = (),
) -> pd.DataFrame:
    """
    Compute scores for every patient of a table.

    Parameters
    ----------
    patients : DataFrame
        One row per patient, columns of the patient table (``data/README.md``); those that aren't
        there are missing in all, other columns are passed over. Words are read in English and
        German, in any case; numbers may carry their unit (``"3.5 g/dL"``).
    scores : sequence of str or str, optional
        Ids (``list_scores``); ``"all"`` for all; the six classic ones when left out.
    variants : Mapping of str to sequence of str, optional
        Variants and misprints to compute beside the published form; ``["all"]`` for every one.
    removability : {"missing", "unremovable", "both"}
        What an unjudged removability of organ metastases counts as; ``both`` adds the two readings
        as variants ``unremovable`` and ``removable``.
    unlisted : {"missing", "moderate", "rapid"}
        Growth that a growth-rate score gives to a primary it doesn't list.
    crosswalk : {"ma_2010", "prasad_2018", "oken"}, optional
        Named table that fills KPS from ECOG and ECOG from KPS, as intervals.
    folders : sequence of str or Path
        Folders with score files of your own.

    Returns
    -------
    DataFrame
        One row per patient, score and variant: ``patient_id, score, variant, points, band, low,
        high, band_low, band_high, status, reason``. ``points`` is empty unless ``status`` is
        ``determined``; ``band`` also stands where both ends lie in it (``bounded``). Where
        something is missing ``low`` and ``high`` are what the total can be; a missing item is
        never a zero. ``not_applicable``: the score isn't meant for this patient.

    Raises
    ------
    InputError
        When a score, variant or crosswalk isn't known, or no column of the patient table is found.

    Notes
    -----
    A value outside the contract (KPS 45) isn't used: its item becomes unknown and ``reason`` says
    so. ``check_patients`` names the cells. Research software: not for treatment decisions.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"primary": ["Brustkrebs", "lung"], "kps": [90, None],
    ...                       "visceral_metastases": ["no", "no"]})
    >>> found = score_patients(table, ["van_der_linden_2005"])
    >>> print(found[["patient_id", "points", "band", "low", "high", "status"]].to_string())
       patient_id  points  band  low  high      status
    0           1     6.0     C  6.0   6.0  determined
    1           2    <NA>  <NA>  2.0   4.0     missing
    """
    from spinemets.scores import frames, reading

    frame = reading.read_table(patients).frame
    results = _results(frame, scores, folders, variants or {}, removability, unlisted, crosswalk)
    return frames.to_frame(frame, results)


def points_per_item(
    patients: pd.DataFrame,
    scores: Sequence[str] | str | None = None,
    *,
    variants: Mapping[str, Sequence[str]] | None = None,
    removability: Removability = "missing",
    unlisted: Unlisted = "missing",
    crosswalk: str | None = None,
    folders: Sequence[str | Path] = (),
) -> pd.DataFrame:
    """
    Give the points of every item of every score.

    Parameters
    ----------
    patients : DataFrame
        One row per patient, as in ``score_patients``.
    scores : sequence of str or str, optional
        Ids; ``"all"`` for all; the six classic ones when left out.
    variants : Mapping of str to sequence of str, optional
        Variants to compute beside the published form.
    removability : {"missing", "unremovable", "both"}
        What an unjudged removability counts as.
    unlisted : {"missing", "moderate", "rapid"}
        Growth given to a primary that a growth-rate score doesn't list.
    crosswalk : {"ma_2010", "prasad_2018", "oken"}, optional
        Named table between KPS and ECOG.
    folders : sequence of str or Path
        Folders with score files of your own.

    Returns
    -------
    DataFrame
        Columns ``patient_id, score, variant, item, name, low, high, state``: lowest and highest
        possible points (equal where known), and why they aren't known (``known``, ``missing``,
        ``known only approximately``, ``left open by the score``, ``not listed by the score``,
        ``outside the contract``, ``contradictory``).

    Raises
    ------
    InputError
        As in ``score_patients``.

    Examples
    --------
    >>> import pandas as pd
    >>> found = points_per_item(pd.DataFrame({"primary": ["lung"]}), ["osri_2013"])
    >>> found[["item", "low", "high", "state"]].to_numpy().tolist()
    [['primary', 5.0, 5.0, 'known'], ['general_condition', 0.0, 2.0, 'missing']]
    """
    import pandas as pd

    from spinemets.scores import frames, reading

    frame = reading.read_table(patients).frame
    results = _results(frame, scores, folders, variants or {}, removability, unlisted, crosswalk)
    parts = [frames.items_frame(frame, result, variant) for result, variant in results]
    return pd.concat(parts, ignore_index=True)


def explain_patient(
    patient: Mapping[str, Any],
    score: str,
    *,
    variant: str = "",
    crosswalk: str | None = None,
    folders: Sequence[str | Path] = (),
) -> str:
    """
    Say how the score of one patient comes about.

    Parameters
    ----------
    patient : Mapping of str to object
        Column of the patient table to value; what isn't there is missing.
    score : str
        Id of the score.
    variant : str
        Variant to explain beside the published form; ``"all"`` for every one.
    crosswalk : {"ma_2010", "prasad_2018", "oken"}, optional
        Named table between KPS and ECOG.
    folders : sequence of str or Path
        Folders with score files of your own.

    Returns
    -------
    str
        Total, band, status; points per item; what was published for the band, with its source;
        every caveat. Research software: not for treatment decisions.

    Raises
    ------
    InputError
        When the score, variant or crosswalk isn't known.

    Examples
    --------
    >>> print(explain_patient({"primary": "NSCLC", "kps": 100}, "osri_2013").splitlines()[0])
    OSRI 2013: 5 of 1-7 points, band 5
    """
    import pandas as pd

    from spinemets.scores import forms, frames, reading, registry, single

    chosen = wanted([score], folders)
    asked = {score: [variant]} if variant else {}
    settings = frames.Settings(
        variants=forms.named_variants(asked, chosen, "explain_patient", "variant"),
        crosswalk=_crosswalk(crosswalk),
    )
    library = registry.with_dependencies(chosen, folders)
    row = {name: [value] for name, value in patient.items()}
    frame = reading.read_table(pd.DataFrame(row, dtype=object), "patient").frame
    return "\n\n".join(single.explain_forms(frame, library, settings, [score]))


def check_patients(patients: pd.DataFrame) -> pd.DataFrame:
    """
    Name the columns and cells of a table that scores can't use, and those that contradict others.

    Parameters
    ----------
    patients : DataFrame
        One row per patient, as in ``score_patients``.

    Returns
    -------
    DataFrame
        Columns ``column, rule, repair, rows``; rows by position, the first is 0. No value is shown.

    Raises
    ------
    InputError
        When no column of the patient table is found, a column stands twice, or ``patient_id`` has
        gaps or repeats.

    Examples
    --------
    >>> import pandas as pd
    >>> found = check_patients(pd.DataFrame({"kps": [80, 45], "primry": ["lung", "lung"]}))
    >>> found[["column", "rows"]].to_numpy().tolist()
    [['primry', []], ['kps', [1]]]
    """
    import pandas as pd

    from spinemets.scores import prepare, reading

    found = reading.read_table(patients)
    remarks = [*found.remarks, *found.contradictions(prepare.patient_table(found.frame))]
    rows = [
        (r.column, r.rule, r.repair, [row - reading.FIRST_ROW for row in r.rows]) for r in remarks
    ]
    return pd.DataFrame(rows, columns=["column", "rule", "repair", "rows"])


def _results(
    frame: pd.DataFrame,
    scores: Sequence[str] | str | None,
    folders: Sequence[str | Path],
    variants: Mapping[str, Sequence[str]],
    removability: Removability,
    unlisted: Unlisted,
    crosswalk: str | None,
) -> list[tuple[ScoreResult, str]]:
    from spinemets.scores import frames, registry

    chosen = wanted(scores, folders)
    settings = frames.Settings(
        variants=_check_variants(variants, chosen),
        removability=_one_of(removability, ("missing", "unremovable", "both"), "removability"),
        unlisted=_one_of(unlisted, ("missing", "moderate", "rapid"), "unlisted"),
        crosswalk=_crosswalk(crosswalk),
    )
    library = registry.with_dependencies(chosen, folders)
    return frames.compute_results(frame, library, settings, list(chosen))


def wanted(
    scores: Sequence[str] | str | None, folders: Sequence[str | Path]
) -> dict[str, Definition]:
    """
    Load the scores that were asked for.

    Parameters
    ----------
    scores : sequence of str, str or None
        Ids; ``"all"`` for all that aren't off by default; None for the six classic ones.
    folders : sequence of str or Path
        Folders with score files of one's own.

    Returns
    -------
    dict of str to Definition
        By id.

    Raises
    ------
    InputError
        When one isn't known.
    """
    from spinemets.scores import registry

    if scores is None:
        return registry.load_definitions(registry.DEFAULT, folders)
    if scores == ALL or list(scores) == [ALL]:
        every = registry.load_definitions(None, folders)
        return {name: d for name, d in every.items() if not d.data.off_by_default}
    return registry.load_definitions([scores] if isinstance(scores, str) else scores, folders)


def _check_variants(
    variants: Mapping[str, Sequence[str]], wanted: Mapping[str, Definition]
) -> dict[str, list[str]]:
    from spinemets.scores.forms import named_variants

    return named_variants(variants, wanted, "score_patients", "variants")


def _crosswalk(name: str | None) -> str | None:
    from spinemets.vocabulary.performance import crosswalks

    return None if name is None else _one_of(name, tuple(crosswalks()), "crosswalk")


def _one_of(value: str, allowed: Sequence[str], what: str) -> str:
    if value not in allowed:
        rule = f"{what} can't be {value!r}{suggest(str(value), allowed)}"
        raise InputError([Fault("scores", rule, f"use one of: {', '.join(allowed)}", column=what)])
    return value
