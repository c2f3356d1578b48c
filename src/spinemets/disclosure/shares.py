"""Shares of patients in a private cohort: told no finer than a step of patients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from spinemets.disclosure.counts import Rule, is_small, midpoint, protect, protect_part, significant

if TYPE_CHECKING:
    import pandas as pd

#: What is said of the Brier score and IPA of a risk fitted here.
OPTIMISM: Final = (
    "optimism",
    "apparent",
    "corrected",
    "e632",
    "e632_plus",
    "cross_validated",
)
#: Measures that are, or give away, a share of the patients, with how many steps of patients they
#: are rounded to: a ratio or a coefficient moves faster than the share behind it.
SHARES: Final = {
    "observed_risk": 1,
    "risk_difference": 1,
    "predicted_risk": 1,
    "oe_ratio": 3,
    "oe_ratio_poisson_interval": 3,
    "observed_expected": 3,
    "before_oe_ratio": 3,
    "recalibrated_oe_ratio": 3,
    "harrell_c_bounds": 1,
    "brier": 1,
    "brier_null": 1,
    "integrated_brier": 1,
    "ipa": 5,
    **{
        f"{name}_{measure}": steps
        for measure, steps in (("brier", 1), ("ipa", 5))
        for name in OPTIMISM
    },
    "mean_risk_dead": 1,
    "mean_risk_alive": 1,
    "discrimination_slope": 1,
    "net_benefit": 1,
    "standardised_net_benefit": 3,
    "net_benefit_difference": 1,
    "share_positive": 1,
    "avoided_per_100": 300,
    "update_intercept": 3,
    "legacy_worst_band_dead": 1,
    "legacy_best_band_alive": 1,
    "legacy_predictive_accuracy": 1,
    "weighted_survival": 1,
    "nri_events": 3,
    "nri_nonevents": 3,
    "nri": 5,
    "idi": 1,
}
#: Measures that are counts of patients.
COUNTS: Final = ("events", "nonevents", "censored_before")
#: Beginnings of measures that follow from one share by a formula: two digits.
DERIVED: Final = (
    "effective_n",
    "expected_width_",
    "planned_n_",
    "tau2_oe",
    "pooled_oe",
    "new_centre_oe",
    "standardised_difference",
    "risk_ratio",
    "e_value",
)
INTERVAL: Final = ("estimate", "lower", "upper")


def coarse(
    table: pd.DataFrame, n: pd.Series, rule: Rule, numbers: Sequence[str] = INTERVAL
) -> pd.DataFrame:
    """
    Make shares coarse, and take away what would sharpen them again.

    Parameters
    ----------
    table : pandas.DataFrame
        Long table of estimates after small groups were withheld.
    n : pandas.Series
        Patients behind each estimate, exact.
    rule : Rule
        Minimum and step.
    numbers : sequence of str
        Columns of numbers.

    Returns
    -------
    pandas.DataFrame
        Shares are multiples of step / n, with n as it is shown; their standard errors, tests and
        covariances are empty (the standard error of a share gives the share). Counts are rounded as
        counts, and what follows from one share by a formula has two digits.
    """
    out = table.copy()
    factor = table["measure"].map(SHARES).astype("float64")
    share = factor.notna()
    shown = midpoint(n, rule.step).astype("Float64").astype("float64")
    unit = factor * rule.step / shown.where(shown > 0)
    for name in INTERVAL:
        rounded = (table[name].astype("float64") / unit).round() * unit
        out.loc[share, name] = significant(rounded[share], 6)
    # An optimism of 0 would read as "nothing was fitted".
    fitted = table["measure"].astype("string").str.startswith("optimism_").fillna(False)
    unseen = fitted & table["estimate"].ne(0) & out["estimate"].eq(0)
    out.loc[unseen, list(INTERVAL)] = float("nan")
    out.loc[unseen, "note"] = "withheld: smaller than a step of patients"
    sharper = [name for name in numbers if name not in INTERVAL]
    out.loc[share, sharper] = float("nan")
    counted = table["measure"].isin(COUNTS)
    whole = table.loc[counted, "estimate"].round().astype("Int64")
    safe = protect_part(whole, n[counted], rule, everyone=True)
    out.loc[counted, "estimate"] = safe.astype("Float64").astype("float64")
    derived = table["measure"].map(lambda name: str(name).startswith(DERIVED)).astype(bool)
    for name in numbers:
        out.loc[derived, name] = significant(table.loc[derived, name], 2)
    withheld = (counted & out["estimate"].isna()) & out["note"].eq("")
    out.loc[withheld, "note"] = "withheld: a small count, or the rest is one"
    return out


def curve_points(table: pd.DataFrame, rule: Rule, numbers: Sequence[str]) -> pd.DataFrame:
    """
    Protect points of calibration curves, and risks updated in a centre.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns n, events, and numbers that are risks.
    rule : Rule
        Minimum and step.
    numbers : sequence of str
        Columns of numbers.

    Returns
    -------
    pandas.DataFrame
        Points that rest on too few patients or deaths are left out; risks are multiples of
        step / n.
    """
    few = is_small(table["n"], rule) | is_small(table["events"], rule)
    shown = midpoint(table["n"], rule.step).astype("Float64").astype("float64")
    unit = rule.step / shown.where(shown > 0)
    out = table.assign(
        **{c: significant((table[c] / unit).round() * unit, 6) for c in numbers},
        n=protect(table["n"], rule),
        events=protect_part(table["events"], table["n"], rule, everyone=True),
    )
    return out[~few]
