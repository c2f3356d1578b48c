"""What the tables of survival, models, treatments and outcomes hold, measure by measure."""

from __future__ import annotations

from typing import Final

#: Tests of equal cumulative incidence, as a reader sees them.
TESTS: Final = {
    "gray_p": "Gray's test",
    "subdistribution_p": "Wald test (Fine-Gray, delayed entry)",
}
MEASURES: Final[dict[str, dict[str, str]]] = {
    "survival_summary": {
        "survival": "Kaplan-Meier at the horizon, log-log interval",
        "mortality": "the same as mortality, at 30 and 90 days",
        "median_survival_months": "Kaplan-Meier median",
        "median_follow_up_months": "reverse Kaplan-Meier median",
        "restricted_mean_months": "area under Kaplan-Meier to the horizon, Greenwood variance",
        "completeness": "Clark's C: follow-up observed over follow-up possible",
        "restricted_mean_difference_months": "against the largest group (named in `method`)",
        "restricted_mean_difference_p": "normal test of that difference",
        "logrank_chi2": "log-rank statistic",
        "logrank_p": "its P value",
        "stratified_logrank_chi2": "log-rank within another grouping (named in `method`)",
        "stratified_logrank_p": "its P value",
        "trend_z": "log-rank trend across ordered groups",
        "trend_p": "its P value",
        "fixed_time_p": "equality of S(t) at the horizon, complementary log-log",
    },
    "lost_patients": {
        "standardised_difference": "absolute, between patients without and with the score, of the "
        "characteristic in `stratum`; `n` is the smaller side",
    },
    "outcomes": {
        "local_failure, skeletal_event, reoperation (`model`)": (
            "`cumulative_incidence` (`term` event or death, `horizon`), `gray_p` "
            "(under delayed entry `subdistribution_p`, the Wald test of the Fine-Gray model), "
            "`cause_specific_hazard_ratio` (`term` is the cause) and "
            "`subdistribution_hazard_ratio` of each group against the largest (in "
            "`contrast`)"
        ),
        "function (`model`)": (
            "`ambulation_kept`, `ambulation_regained`, `frankel_improved`, "
            "`frankel_unchanged`, `frankel_worse`: shares of those recorded, `events` is the "
            "count; "
            "`walking_alive`, `dead_before_seen`: shares of those seen again or dead within 90 days"
        ),
    },
    "models": {
        "all (`model`)": "one row when a score can't be modelled, with the reason; "
        "`left_out`: who can't enter any model (`n` is who is left), in `note`",
        "spline (`model`)": (
            "`hazard_ratio` at each value of the points (`term`) against the median, "
            "`spline_p`, `bend_p`; unstratified and per grouping (`stratum_set`)"
        ),
        "centre (`model`)": (
            "`hazard_ratio` per point; `method` says how centres were handled and why"
        ),
        "multivariable (`model`)": "`hazard_ratio` per `term`, `ph_p`",
        "periods (`model`)": (
            "`ph_p`; when below 0.05 `hazard_ratio` per period of follow-up (`term`) and "
            "`periods_p`"
        ),
        "beyond_strata (`model`)": (
            "`strata_share` of the variance of the points with a sentence in `note`; "
            "`hazard_ratio` per point, `term` unstratified or stratified"
        ),
        "heterogeneity (`model`)": (
            "`interaction_p`, `tau`, `i2`, `mean_hazard_ratio`, per group `hazard_ratio` "
            "and `shrunken_hazard_ratio`, `strata_without_events`"
        ),
        "added_value (`model`)": (
            "`lrt_chi2`, `lrt_p`, `delta_c`, `delta_ipa` (`term` score_added or "
            "strata_added); `harrell_c`, `ipa` (`term` score, strata or both)"
        ),
        "flexible (`model`)": (
            "`predicted_survival` per band and `standardised_survival` per group by `horizon`"
        ),
        "era (`model`)": (
            "`hazard_ratio` and `trend_p` of survival per ten years (no score); per score"
            " `harrell_c` and `observed_expected` per period (`stratum`), `c_trend_p`, "
            "`observed_expected_trend_p`"
        ),
    },
    "treatment": {
        "immortal_time (`model`)": (
            "`hazard_ratio`, `hazard_ratio_p` by analysis (`term`: naive, landmark, time-"
            "varying), `restricted_mean_months` of treated and untreated (`stratum`); "
            "`stratum_set` is the treatment"
        ),
        "comparison (`model`)": (
            "`stratum_set` is the comparison, `term` the weights (unweighted, overlap, "
            "inverse): per group (`stratum`) `effective_n`, `weighted_survival` by "
            "`horizon`, `restricted_mean_months`; `restricted_mean_difference_months`, "
            "`hazard_ratio`, `e_value`, `e_value_limit`, `risk_ratio` (of mortality at the "
            "horizon), `e_value_risk_ratio`, `e_value_risk_ratio_limit`, "
            "`e_value_restricted_mean` (why there is none), `effective_share`, "
            "`largest_weight`; `standardised_difference` per covariate (`stratum`); "
            "`warning` rows speak in `note`"
        ),
        "all (`model`)": "`left_out`: who can't enter any analysis (`n` is who is left), in `note`",
        "advice (`model`)": (
            "`hazard_ratio` of concordant against discordant within bands; "
            "`ambulatory_after` per answer (`stratum`)"
        ),
    },
}
for _name in ("survival_bands", "survival_advice", "survival_scored", "survival_timed"):
    MEASURES[_name] = MEASURES["survival_summary"]
