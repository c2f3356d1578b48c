"""Results as tables: one row per patient and score, what could be computed, what was missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from spinemets.scores import engine, imports, items, prepare
from spinemets.scores.definition import Definition
from spinemets.scores.engine import ScoreResult
from spinemets.scores.forms import base_form, forms_of, reads_removability

if TYPE_CHECKING:
    import pandas as pd

    from spinemets.settings import ScoreSettings

SCORE_COLUMNS: Final = (
    "patient_id", "score", "variant", "points", "band", "low", "high",
    "band_low", "band_high", "status", "reason",
)  # fmt: skip
_STATE_TEXT: Final = {
    items.MISSING: "missing",
    items.INTERVAL: "known only approximately",
    items.AMBIGUOUS: "left open by the score",
    items.UNLISTED: "not listed by the score",
    items.REJECTED: "outside the contract",
    items.CONTRADICTORY: "contradictory",
}
#: Different states an item can have.
STATES: Final = items.CONTRADICTORY + 1


@dataclass(frozen=True)
class Settings:
    """
    How scores are computed; the same keys as ``ScoreSettings`` of the configuration.

    Parameters
    ----------
    variants : Mapping of str to sequence of str
        Named variants computed beside a score.
    removability : {"missing", "unremovable", "both"}
        How an unjudged removability of organ metastases is read; ``both`` adds the two readings as
        variants ``unremovable`` and ``removable`` of the scores that use it.
    unlisted : str
        ``missing``, or the class (``moderate``, ``rapid``) that a growth-rate score gives to a
        primary it doesn't list.
    crosswalk : str or None
        Named table that fills KPS from ECOG and ECOG from KPS, as intervals.
    """

    variants: Mapping[str, Sequence[str]] = field(default_factory=dict)
    removability: str = "missing"
    unlisted: str = "missing"
    crosswalk: str | None = None

    @classmethod
    def configured(cls, settings: ScoreSettings, variants: Mapping[str, Sequence[str]]) -> Settings:
        """
        Take over the readings of a study's configuration.

        Parameters
        ----------
        settings : spinemets.settings.ScoreSettings
            Section ``scores``.
        variants : Mapping of str to sequence of str
            Named variants per score, checked.

        Returns
        -------
        Settings
            How the study's scores are computed.
        """
        return cls(
            variants=variants,
            removability=settings.removability,
            unlisted=settings.unlisted,
            crosswalk=None if settings.crosswalk == "none" else settings.crosswalk,
        )


def compute(
    frame: pd.DataFrame,
    definitions: Mapping[str, Definition],
    settings: Settings | None = None,
    only: Sequence[str] | None = None,
) -> pd.DataFrame:
    """
    Compute scores for every patient.

    Parameters
    ----------
    frame : DataFrame
        Patient table: ``patient_id`` and columns of the contract; a column that isn't there is
        missing in all.
    definitions : Mapping of str to Definition
        Scores to compute and scores that those read.
    settings : Settings, optional
        Variants and readings of judgement items.
    only : sequence of str, optional
        Scores to compute; all of ``definitions`` when left out.

    Returns
    -------
    DataFrame
        Columns ``patient_id, score, variant, points, band, low, high, band_low, band_high, status,
        reason``, patients in the order of ``frame`` within each score and variant.

    Raises
    ------
    KeyError
        When a score has no variant of a given name.

    Notes
    -----
    A missing item never counts as zero. ``determined``: the total is known. ``bounded``: both ends
    of what it can be lie in one band. ``missing``: neither; ``low`` and ``high`` are given.
    ``not_applicable``: the score isn't meant for this patient.
    """
    return to_frame(frame, compute_results(frame, definitions, settings or Settings(), only))


def to_frame(frame: pd.DataFrame, results: Sequence[tuple[ScoreResult, str]]) -> pd.DataFrame:
    """
    Put results into the long score table.

    Parameters
    ----------
    frame : DataFrame
        Patient table that was scored.
    results : sequence of (ScoreResult, str)
        Results of ``compute_results``.

    Returns
    -------
    DataFrame
        Columns as described at ``compute``.
    """
    import pandas as pd

    ids = (frame["patient_id"] if "patient_id" in frame else pd.Series(range(len(frame)))).array
    parts = [_score_frame(ids, result, variant) for result, variant in results]
    if not parts:
        return pd.DataFrame(columns=list(SCORE_COLUMNS))
    return pd.concat(parts, ignore_index=True)


def compute_results(
    frame: pd.DataFrame,
    definitions: Mapping[str, Definition],
    settings: Settings,
    only: Sequence[str] | None = None,
) -> list[tuple[ScoreResult, str]]:
    """
    Compute scores as arrays, each with the name of its variant.

    Parameters
    ----------
    frame : DataFrame
        Patient table.
    definitions : Mapping of str to Definition
        Scores to compute and scores that those read.
    settings : Settings
        Variants and readings of judgement items.
    only : sequence of str, optional
        Scores to compute.

    Returns
    -------
    list of (ScoreResult, str)
        Published form first, then its variants, score by score.
    """
    library = {name: base_form(d, settings.unlisted) for name, d in definitions.items()}
    wanted = [library[name] for name in (definitions if only is None else only)]
    reading = "missing" if settings.removability == "both" else settings.removability
    plain = prepare.patient_table(frame, reading, settings.crosswalk)  # type: ignore[arg-type]
    for definition in wanted:
        imports.reject_rising(definition, plain)
    results: dict[tuple[str, str], ScoreResult] = {}
    forms = [
        d if not name else definitions[d.id].with_variant(name)
        for d in wanted
        for name in forms_of(d, settings.variants.get(d.id, ()))
    ]
    for form, result in zip(forms, engine.run(forms, library, plain), strict=True):
        results[form.id, "" if form == library[form.id] else form.variant] = result
    if settings.removability == "both":
        judged = [d for d in wanted if reads_removability(d, library)]
        for reading in ("unremovable", "removable"):
            table = prepare.patient_table(frame, reading, settings.crosswalk)  # type: ignore[arg-type]
            for form, result in zip(judged, engine.run(judged, library, table), strict=True):
                results[form.id, reading] = result
    order = {d.id: i for i, d in enumerate(wanted)}
    keys = sorted(results, key=lambda key: order[key[0]])
    return [(results[key], key[1]) for key in keys]


def _score_frame(ids: Any, result: ScoreResult, variant: str) -> pd.DataFrame:
    import pandas as pd

    n = len(result.low)
    names = np.array([*(band.id for band in result.definition.bands), None], dtype=object)
    texts, codes = reasons(result)
    return pd.DataFrame(
        {
            "patient_id": ids,
            "score": pd.array([result.definition.id] * n, dtype="string"),
            "variant": pd.array([variant] * n, dtype="string"),
            "points": pd.array(result.points, dtype="Float64"),
            "band": pd.array(names[result.band], dtype="string"),
            "low": pd.array(result.low, dtype="Float64"),
            "high": pd.array(result.high, dtype="Float64"),
            "band_low": pd.array(names[result.band_low], dtype="string"),
            "band_high": pd.array(names[result.band_high], dtype="string"),
            "status": pd.array(
                np.array(engine.STATUSES, dtype=object)[result.status], dtype="string"
            ),
            "reason": pd.array(np.array(texts, dtype=object)[codes], dtype="string"),
        }
    )


def items_frame(frame: pd.DataFrame, result: ScoreResult, variant: str) -> pd.DataFrame:
    """
    Put the points of every item into a long table.

    Parameters
    ----------
    frame : DataFrame
        Patient table that was scored.
    result : ScoreResult
        One score.
    variant : str
        Name of its form.

    Returns
    -------
    DataFrame
        Columns ``patient_id, score, variant, item, name, low, high, state``, item by item.
    """
    import pandas as pd

    texts = np.array([_STATE_TEXT.get(s, "known") for s in range(STATES)], dtype=object)
    parts = [
        pd.DataFrame(
            {
                "patient_id": frame["patient_id"].array,
                "score": result.definition.id,
                "variant": variant,
                "item": item.id,
                "name": item.name,
                "low": result.items[item.id].low,
                "high": result.items[item.id].high,
                "state": texts[result.items[item.id].state],
            }
        )
        for item in result.definition.items
    ]
    return pd.concat(parts, ignore_index=True)


def reasons(result: ScoreResult) -> tuple[list[str], npt.NDArray[np.intp]]:
    """
    Say why a result is what it is, without any value of a patient.

    Parameters
    ----------
    result : ScoreResult
        One score.

    Returns
    -------
    texts : list of str
        The different reasons.
    codes : ndarray of int, shape (n,)
        Position of each patient's reason.
    """
    state = np.stack([item.state for item in result.items.values()])
    gap = (result.band_low < 0) | (result.band_high < 0)
    gap &= bool(result.definition.bands) & (result.low == result.high)
    columns = np.concatenate([state, result.status[None], result.applies[None], gap[None]])
    code = np.zeros(columns.shape[1], dtype=np.int64)
    for row in columns:
        code = code * STATES + row
    _, first, codes = np.unique(code, return_index=True, return_inverse=True)
    texts = [_reason(result.definition, columns[:, i].tolist()) for i in first]
    return texts, codes


def _reason(definition: Definition, column: list[int]) -> str:
    *states, status, applies, gap = column
    if status == engine.NOT_APPLICABLE:
        return definition.data.population.else_reason or definition.data.population.text
    parts = []
    for state, text in _STATE_TEXT.items():
        names = [i.name for i, s in zip(definition.items, states, strict=True) if s == state]
        if names:
            parts.append(f"{text}: {', '.join(names)}")
    if applies == 1:
        parts.append("unknown whether the score applies")
    if gap:
        parts.append("the total falls between the published groups")
    what = "; ".join(parts)
    if status == engine.DETERMINED:
        rough = [
            i.name
            for i, s in zip(definition.items, states, strict=True)
            if s == items.KNOWN_FROM_INTERVAL
        ]
        if rough:
            parts = [*parts, f"known from an interval or another scale: {', '.join(rough)}"]
        what = "; ".join(parts)
        return f"determined although {what}" if what else ""
    return f"both ends in one band; {what}" if status == engine.BOUNDED else what


def computability(scores: pd.DataFrame, cohort: str) -> pd.DataFrame:
    """
    Count patients per score, status and reason.

    Parameters
    ----------
    scores : DataFrame
        Result of ``compute``.
    cohort : str
        Cohort id.

    Returns
    -------
    DataFrame
        Columns ``cohort, score, variant, status, reason, n`` in the order of the scores.
    """
    keys = ["score", "variant", "status", "reason"]
    order = scores[["score", "variant"]].drop_duplicates().reset_index(drop=True)
    rank = {key: i for i, key in enumerate(order.itertuples(index=False, name=None))}
    counts = scores.groupby(keys, sort=True, observed=True).size().reset_index(name="n")
    place = [rank[key] for key in counts[["score", "variant"]].itertuples(index=False, name=None)]
    status = counts["status"].map({s: i for i, s in enumerate(engine.STATUSES)}).astype(int)
    counts = counts.assign(place=place, level=status, less=-counts["n"])
    counts = counts.sort_values(["place", "level", "less", "reason"], kind="stable")
    counts.insert(0, "cohort", cohort)
    return counts[["cohort", *keys, "n"]].reset_index(drop=True)


def items_missing(results: Sequence[tuple[ScoreResult, str]], cohort: str) -> pd.DataFrame:
    """
    Count, per item of each score, the patients in whom its points are not known.

    Parameters
    ----------
    results : sequence of (ScoreResult, str)
        Results of ``compute_results``; variants are left out.
    cohort : str
        Cohort id.

    Returns
    -------
    DataFrame
        Columns ``cohort, score, item, n_missing, n``; ``n`` counts the patients to whom the score
        is not inapplicable.
    """
    import pandas as pd

    rows = []
    for result, variant in results:
        if variant and not result.definition.data.predictions:
            continue
        meant = result.status != engine.NOT_APPLICABLE
        for item in result.definition.items:
            state = result.items[item.id].state
            name = variant if result.definition.data.predictions else item.id
            unknown = (state != items.KNOWN) & (state != items.KNOWN_FROM_INTERVAL)
            rows.append(
                (cohort, result.definition.id, name, int((unknown & meant).sum()), meant.sum())
            )
    table = pd.DataFrame(rows, columns=["cohort", "score", "item", "n_missing", "n"])
    return table.astype({"n_missing": "Int64", "n": "Int64"})
