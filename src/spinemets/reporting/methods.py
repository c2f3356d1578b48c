"""Methods in sentences; every number in them is read from the settings or a released file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spinemets.settings import TIME_ZERO, Settings
from spinemets.units import DAYS_PER_MONTH


def listed(words: Sequence[Any]) -> str:
    """
    Join words as a sentence does.

    Parameters
    ----------
    words : sequence
        Words or numbers.

    Returns
    -------
    str
        For example ``"3, 6 and 12"``.

    Examples
    --------
    >>> listed([3.0, 6.0, 12.0])
    '3, 6 and 12'
    """
    texts = [f"{w:g}" if isinstance(w, float) else str(w) for w in words]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


def sentences(
    settings: Settings,
    info: dict[str, Any],
    names: dict[str, str],
    groupings: Sequence[str] = ("primary histology", "treatment"),
) -> list[str]:
    """
    Describe what was done.

    Parameters
    ----------
    settings : Settings
        Settings of the run.
    info : dict
        Released ``cohort.json``.
    names : dict of str to str
        Score id to short name.
    groupings : sequence of str
        Groupings of the cohort, in words.

    Returns
    -------
    list of str
        One paragraph each.
    """
    survival, evaluation = settings.survival, settings.evaluation
    resolution = {"day": "days", "month": "whole months"}[info["resolution"]]
    horizons = [f"{listed(evaluation.horizons_months)} months"]
    if evaluation.horizons_days:
        horizons.append(f"{listed(evaluation.horizons_days)} days")
    included = f" Patients were included if {info['include']}." if info.get("include") else ""
    grouped = f"by {listed(groupings)}" if groupings else "in no groups"
    scores = listed([names.get(s, s) for s in settings.scores.ids])
    return [
        f"Survival was counted from {TIME_ZERO[info['time_zero']]} to death from any cause; times "
        f"were recorded in {resolution}; a month is {DAYS_PER_MONTH:g} days.{included}",
        f"Scores: {scores}. A missing item never counts as zero: a score is determined when its "
        "total is known, bounded when every possible value of what is missing leads to the same "
        "published band, and missing otherwise. Unjudged removability of organ metastases was "
        f"read as “{settings.scores.removability}”.",
        "Survival was estimated by Kaplan-Meier with log-log confidence intervals, overall and "
        f"{grouped}. Treatment columns collapse into one group by an ordered rule, and a patient "
        "whose group isn't recorded is in a group of that name. "
        f"Groups of fewer than {survival.minimum_group} patients have no estimates. Follow-up is "
        "the reverse Kaplan-Meier median. Differences between treatments are associations: "
        "treatment was not allocated by this analysis, and nothing here adjusts for who got what.",
        "Cox models of each score (Efron's method for ties) were fitted unstratified and "
        f"stratified {grouped}. A score that contains the primary "
        "tumour is, within strata of the primary, judged on its other items only: read both "
        "models together. "
        "Proportional hazards were tested by the score test, with time transformed by the "
        "Kaplan-Meier estimate.",
        "Discrimination: Harrell’s C with infinitesimal-jackknife standard errors, and cumulative/"
        f"dynamic AUC at {listed(horizons)} with inverse-probability-of-censoring weights and "
        "influence-function standard errors; intervals on the logit scale. Tied scores count one "
        "half, tied event times are not compared. Bands are coarser than points, which changes C "
        "by itself. Each score is evaluated on comparison sets (patients for whom every score of "
        "the set is determined) and on its own patients. A score whose inclusion takes a set below "
        "half of the cohort, or below the number of events that an external validation needs, is "
        "left out of the set with that reason. Direction of a score is part of its definition and "
        "is never chosen by the data.",
        "Risks of death at the horizons are the published ones of a score's bands where they were "
        "printed for exactly that horizon, else fitted to the score's values in the patients of "
        f"the other {evaluation.folds - 1} of {evaluation.folds} folds (cross-fitted). Brier score "
        "and index of prediction accuracy use inverse censoring weights; O:E, slope and smoothed "
        "curves compare them with Kaplan-Meier. Net benefit is over threshold probabilities of "
        "death. Scores of a set are compared on the same patients with the covariance of their "
        f"estimates; ranks come from {evaluation.bootstrap} paired bootstrap samples.",
        f"Release: {info['disclosure']['text']}",
    ]
