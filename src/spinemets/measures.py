"""
What the measures in the column ``measure`` are, for the evaluation's tables.

``docs/reference/tables.md`` prints this; a test refuses a measure that an evaluation writes and
that isn't explained here.
"""

from __future__ import annotations

from typing import Final

MEASURES: Final[dict[str, dict[str, str]]] = {
    "performance": {
        "harrell_c": "Harrell's C: share of comparable pairs in the right order; tied scores count "
        "one half, tied event times aren't compared. R: `survival::concordance`",
        "uno_c": 'Uno\'s C: pairs weighted by 1/G(t-)^2. R: `concordance(timewt = "n/G2")`',
        "uno_c_truncated": "the same for events by the horizon. R: `ymax =` the horizon",
        "tied_score_share": "share of the comparable pairs whose scores are tied",
        "auc": "cumulative/dynamic AUC at the horizon, censoring weights from Kaplan-Meier. "
        "R: `riskRegression::Score`",
        "wolbers_c": "concordance with competing events, for events by the horizon. "
        "R: `pec::cindex`, `cause = 1`",
        "gonen_heller_k": "Gonen and Heller's K. R: `survival::royston`, `C.GH`",
        "royston_d": "Royston and Sauerbrei's D. R: `survival::royston`",
        "royston_r2_d": "explained variation R2_D. R: `survival::royston`, `R.D`",
        "harrell_c_bounds": "outer limits of Harrell's C over all totals that partly determined "
        "patients can have; no sampling error in them",
    },
    "comparisons": {
        "harrell_c": "difference of Harrell's C",
        "uno_c": "difference of Uno's C",
        "auc": "difference of AUC at the horizon",
        "brier": "difference of the Brier score at the horizon (below zero: the score is better); "
        "risks of one kind only (published or supplied, or fitted here)",
        "ipa": "difference of IPA at the horizon, delta method (above zero: the score is better)",
        "integrated_brier": "difference of the integrated Brier score",
    },
    "rankings": {
        "rank_<measure>": "median rank over paired bootstrap samples; lower and upper are the "
        "95 % rank interval, rounded outward",
        "p_best_<measure>": "share of samples in which the score is the best; ties are shared",
        "p_top3_<measure>": "share of samples in which it is among the best three",
    },
    "prediction_error": {
        "brier": "Brier score at the horizon, censoring weights. R: `riskRegression::Score`",
        "brier_null": "Brier score of giving everybody the cohort's own risk",
        "ipa": "index of prediction accuracy, 1 - brier / brier_null",
        "integrated_brier": "Brier score averaged from 0 to the last horizon, trapezoids; where "
        "published risks exist at some horizons only, of risks cross-fitted at all of them",
        "mean_risk_dead": "mean predicted risk of those dead by the horizon, censoring weights",
        "mean_risk_alive": "mean predicted risk of those alive at the horizon, censoring weights",
        "discrimination_slope": "difference of the two",
    },
    "calibration": {
        "observed_risk": "1 - Kaplan-Meier at the horizon",
        "predicted_risk": "mean predicted risk",
        "published_risk": "published risk of the band",
        "risk_difference": "observed less published risk of the band",
        "oe_ratio": "observed / mean predicted risk; log-normal interval from influence functions",
        "oe_ratio_poisson_interval": "the same with variance 1/events of log O:E (McLernon)",
        "calibration_slope": "Cox coefficient of cloglog(risk at the horizon), whole follow-up",
        "cloglog_intercept": "intercept of pseudo-values on cloglog(risk) as offset",
        "cloglog_slope": "slope of pseudo-values on cloglog(risk)",
        "ici": "integrated calibration index: mean |smoothed observed - predicted|",
        "e50": "median of that distance",
        "e90": "its 90th percentile",
        "emax": "its maximum",
        "poisson_intercept": "log ratio of observed and expected events over the whole follow-up; "
        "no horizon",
        "poisson_slope": "Poisson slope of cloglog(risk at the horizon), cumulative hazard as "
        "offset, whole follow-up",
        "d_calibration_chi2": "chi-square of D-calibration over the whole follow-up, ten "
        "intervals; no horizon",
        "d_calibration_p": "its p value",
    },
    "recalibration": {
        "before_<measure>": "a measure of calibration of the risk as published or supplied",
        "recalibrated_<measure>": "the same after the update that `method` names, cross-fitted",
        "update_intercept": "cloglog(updated) = intercept + slope cloglog(risk)",
        "update_slope": "slope of the update; 1 for `baseline`",
    },
    "decision_curves": {
        "net_benefit": "true positives less false positives weighted by the odds of the threshold, "
        "per patient. R: `dcurves`",
        "standardised_net_benefit": "net benefit divided by the risk in the cohort, its maximum",
        "net_benefit_difference": "net benefit less that of `other` on the same patients",
        "share_positive": "share of patients whose risk reaches the threshold",
        "avoided_per_100": "changed decisions avoided against treat-all, per 100 patients",
    },
    "optimism": {
        "optimism_harrell_c": "optimism of Harrell's C of a fixed score: 0, nothing was fitted",
        "optimism_brier": "mean over resamples of the Brier score of the resample's fit in all "
        "patients less that in the resample; 0 for a risk that wasn't fitted here",
        "optimism_ipa": "by how much the apparent IPA is too high",
        "apparent_brier": "Brier score on the patients the risk was fitted to",
        "apparent_ipa": "IPA on the patients the risk was fitted to",
        "corrected_brier": "apparent score plus optimism (Harrell)",
        "corrected_ipa": "IPA of the corrected score",
        "e632_brier": "Efron's .632 estimate of the Brier score",
        "e632_ipa": "IPA of that",
        "e632_plus_brier": "Efron and Tibshirani's .632+ estimate of the Brier score",
        "e632_plus_ipa": "IPA of that",
        "cross_validated_brier": "Brier score of the cross-fitted risk",
        "cross_validated_ipa": "IPA of that",
    },
    "legacy": {
        "legacy_worst_band_dead": "share of the worst band dead at the horizon (Kaplan-Meier)",
        "legacy_best_band_alive": "share of the best band alive at the horizon (Kaplan-Meier)",
        "legacy_predictive_accuracy": "share of patients whose survival lies where their band says",
        "nri_events": "net share of those with the event who move up (on request)",
        "nri_nonevents": "net share of those without it who move down (on request)",
        "nri": "their sum: continuous net reclassification improvement (on request)",
        "idi": "integrated discrimination improvement (on request)",
    },
    "precision": {
        "events": "patients with the event by the horizon",
        "nonevents": "patients known to be without it at the horizon",
        "censored_before": "patients censored before the horizon",
        "effective_n": "uncensored patients that would estimate the risk as precisely",
        "expected_width_<measure>": "expected width of the 95 % interval at a C of .65, by the "
        "formula or simulation that `method` names",
        "planned_n_<measure>": "patients that a planned validation needs for the width in `method`",
    },
    "other_outcomes": {
        "harrell_c": "cause-specific C: death ends follow-up like a censoring",
        "wolbers_c": "concordance for events by the horizon; the dead stay comparable",
        "auc": "cumulative/dynamic AUC at the horizon; the dead are controls",
    },
    "transport": {
        "harrell_c": "Harrell's C in the centre",
        "oe_ratio": "observed / predicted risk at the horizon in the centre",
        "pooled_<measure>": "random-effects mean over centres (REML, Hartung-Knapp)",
        "new_centre_<measure>": "prediction interval for a new centre; none below three centres",
        "tau2_<measure>": "variance between centres on the scale of pooling (logit C, log O:E)",
        "i2_<measure>": "percentage of the variance that lies between centres",
        "harrell_c_reference": "C in the reference cohort",
        "harrell_c_standardised": "C here, patients weighted to the reference's scores",
        "harrell_c_difference": "C here less C in the reference",
        "harrell_c_case_mix": "part of the difference due to other patients",
        "harrell_c_validity": "rest: the score separates differently",
    },
}


def explained(table: str, measure: str) -> str:
    """
    Say what a measure is.

    Parameters
    ----------
    table : str
        Name of the table.
    measure : str
        Value of its column ``measure``.

    Returns
    -------
    str
        Empty when it isn't explained.

    Examples
    --------
    >>> explained("rankings", "p_best_auc")
    'share of samples in which the score is the best; ties are shared'
    """
    known = MEASURES.get(table, {})
    if measure in known:
        return known[measure]
    for name, meaning in known.items():
        stem, open_end, _ = name.partition("<")
        if open_end and measure.startswith(stem):
            return meaning
    return ""
