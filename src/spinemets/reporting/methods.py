"""Methods in sentences; every number in them is read from the settings or a released file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spinemets.settings import TIME_ZERO, Settings
from spinemets.units import DAYS_PER_MONTH
from spinemets.vocabulary.performance import crosswalks


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
        For example ``"3, 6 and 12"``; ``"none"`` of no words.

    Examples
    --------
    >>> listed([])
    'none'
    >>> listed([3.0, 6.0, 12.0])
    '3, 6 and 12'
    """
    texts = [f"{w:g}" if isinstance(w, float) else str(w) for w in words]
    if len(texts) < 2:
        return texts[0] if texts else "none"
    return f"{', '.join(texts[:-1])} and {texts[-1]}"


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
    evaluation = settings.evaluation
    resolution = {"day": "days", "month": "whole months"}[info["resolution"]]
    horizons = []
    if evaluation.horizons_months:
        horizons.append(f"{listed(evaluation.horizons_months)} months")
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
        f"read as “{settings.scores.removability}”. {_crosswalk(settings.scores.crosswalk)}",
        *_survival(settings, grouped),
        *_histology_and_treatment(settings),
        *_performance(settings, horizons),
        f"Release: {info['disclosure']['text']}",
    ]


def _survival(settings: Settings, grouped: str) -> list[str]:
    """Methods of curves and of the scores' Cox models."""
    survival = settings.survival
    return [
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
    ]


def _performance(settings: Settings, horizons: Sequence[str]) -> list[str]:
    """Methods of the evaluation of the scores."""
    evaluation = settings.evaluation
    return [
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
    ]


def _crosswalk(name: str) -> str:
    """What became of a performance status that was recorded on one scale only."""
    if name not in crosswalks():
        return "KPS and ECOG were not derived from each other for the scores."
    table = crosswalks()[name]
    doubt = ", which needs verification" if table.needs_verification else ""
    return (
        "An empty KPS was filled from ECOG, and an empty ECOG from KPS, as intervals by one named "
        f"table{doubt}: {table.citation}."
    )


def _histology_and_treatment(settings: Settings) -> list[str]:
    """Methods of models, treatment comparisons and other outcomes."""
    models, treatment, survival = settings.models, settings.treatment, settings.survival
    small = {
        "named": f"a group below {survival.minimum_group} patients keeps its name and that reason",
        "merged": f"groups below {survival.minimum_group} patients are merged into one",
    }[survival.small_groups]
    return [
        "Further groupings are tabulated, and their medians drawn; "
        f"{small}, and the unknown primary is always a group of its own. Groups are compared by "
        "the log-rank test, also within the other groupings and for trend where they have an "
        f"order, and by the restricted mean at {survival.restricted_mean_months:g} months "
        "(Greenwood variance) against the largest group; groups below that size, and patients of "
        "whom the grouping isn't recorded, are left out of these comparisons. Completeness of "
        "follow-up is Clark's C where the closing date is known.",
        "Each score's points entered Cox models as a restricted cubic spline "
        f"({models.spline_knots} knots), with centre (robust variance over centres where there are "
        "enough, otherwise as stratum), with "
        f"{listed([c.replace('_', ' ') for c in models.covariates])}, and by period of follow-up "
        f"({listed(models.period_months)} months) where proportional hazards were rejected; "
        "Firth's penalty under separation. Heterogeneity between groups was tested by the "
        "likelihood ratio of score x group; group estimates are shrunken by random effects (REML). "
        "Absolute risks and standardised curves come from a Royston-Parmar model "
        f"({models.flexible_knots} internal knots). What a score adds to a grouping is the "
        "likelihood ratio, C and IPA at "
        f"{models.horizon_months:g} months of cross-fitted models.",
        "Treatments that begin after time zero were analysed naively, from landmarks "
        f"({listed(treatment.landmark_months)} months) and as time-varying. Treatment groups were "
        "compared with overlap and inverse-probability weights from a logistic propensity of "
        f"{listed([c.replace('_', ' ') for c in treatment.confounders])}; a missing number is the "
        "median with an indicator, a missing category a level. Intervals are percentiles of "
        f"{treatment.replicates} bootstrap samples with the propensity refitted. Differences are "
        "associations unless treatment was allocated at random; the E-value says how strong an "
        "unmeasured confounder would have to be.",
        "Local failure, skeletal events and reoperation were counted with death as competing risk "
        "(Aalen-Johansen, Gray's test, cause-specific Cox and Fine-Gray models).",
    ]
