"""
True survival of a simulated cohort: one Weibull model per primary with a shared shape.

The cumulated hazard of patient i with primary p is ``t^k exp(a_p + x_i b + c_centre)``. The
intercept ``a_p`` is solved so that the *marginal* median of the primary, after mixing over
covariates, centres and calendar years, is the published one: ``mean_i exp(-m^k exp(a_p + x_i b +
c)) = 1/2`` over a fixed sample of patients of that primary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np

from spinemets.params import Preset
from spinemets.twin.cohort import ancestors, draw_columns, new_draft
from spinemets.twin.column import dependencies
from spinemets.twin.draws import Draft, Drawn, Floats, uniform
from spinemets.units import DAYS_PER_MONTH, DAYS_PER_YEAR

#: The sample on which the intercepts are solved: patients per unit of share, least number, seed.
SAMPLE: Final = 120_000
LEAST: Final = 3_000
SAMPLE_SEED: Final = 20_160_000


@dataclass(frozen=True)
class Truth:
    """
    What is known of a simulated cohort and never of a real one.

    Parameters
    ----------
    linear_predictor : ndarray of float, shape (n,)
        True log hazard ratio, centre effect included.
    centre_effect : ndarray of float, shape (n,)
        Log hazard ratio of the patient's centre.
    uncensored_days : ndarray of float, shape (n,)
        Time of death, days, whether observed or not.
    observed_days : ndarray of float, shape (n,)
        Time of death or last contact, whole days.
    died : ndarray of bool, shape (n,)
        True when death was observed.
    """

    linear_predictor: Floats
    centre_effect: Floats
    uncensored_days: Floats
    observed_days: Floats
    died: np.ndarray[Any, np.dtype[np.bool_]]


def _effect(draft: Draft, spec: Mapping[str, Any]) -> Floats:
    """Contribution of one effect to the log hazard."""
    if "hr_per_sd" in spec:
        return float(np.log(float(spec["hr_per_sd"]))) * draft.factor(spec["factor"])
    if "hr_per_unit" in spec:
        values = draft.columns[spec["column"]].values - float(spec["reference"])
        return float(np.log(float(spec["hr_per_unit"]))) * values
    out = np.log(float(spec["hr"])) * draft.holds(spec["when"])
    return np.asarray(out, dtype=np.float64)


def centre_effect(draft: Draft, preset: Preset) -> Floats:
    """
    Log hazard ratio of each patient's centre.

    Parameters
    ----------
    draft : Draft
        Holds ``centre``.
    preset : Preset
        Parameters.

    Returns
    -------
    ndarray of float, shape (n,)
        Effects of the preset.
    """
    centres = preset.value("cohort", "centres").values()
    effects = np.asarray([float(c["log_hazard"]) for c in centres])
    return np.asarray(effects[draft.columns["centre"].values.astype(np.intp)])


def covariate_effect(draft: Draft, preset: Preset) -> Floats:
    """
    Log hazard ratio of each patient's covariates, primary and centre aside.

    Parameters
    ----------
    draft : Draft
        Holds every column that an effect names.
    preset : Preset
        Parameters.

    Returns
    -------
    ndarray of float, shape (n,)
        Sum of the effects.
    """
    out = np.zeros(draft.n)
    for entry in preset.sections["effects"].values():
        out += _effect(draft, entry.value)
    return out


def _marginal_solution(effects: Floats) -> float:
    """Log of the u for which ``mean(exp(-u exp(effect)))`` is one half."""
    weights = np.exp(effects)
    low, high = -12.0, 12.0
    for _ in range(50):
        middle = (low + high) / 2
        if np.exp(-np.exp(middle) * weights).mean() > 0.5:
            low = middle
        else:
            high = middle
    return (low + high) / 2


@cache
def intercepts(preset: Preset) -> dict[str, float]:
    """
    Solve the intercept of every primary against its published median.

    Parameters
    ----------
    preset : Preset
        Parameters.

    Returns
    -------
    dict of str to float
        Log cumulated hazard at day 1 of each primary, covariates and centre at zero.
    """
    shares = preset.value("baseline", "primary")["levels"]
    medians = preset.value("survival", "median_months")
    k = float(preset.value("survival", "shape"))
    total = sum(float(s) for s in shares.values())
    sizes = [max(LEAST, round(SAMPLE * float(s) / total)) for s in shares.values()]
    draft = new_draft(preset, sum(sizes), SAMPLE_SEED)
    codes = np.repeat(np.arange(len(sizes), dtype=np.float64), sizes)
    draft.columns["primary"] = Drawn(codes, tuple(shares))
    specs = preset.columns()
    named: set[str] = set()
    for entry in preset.sections["effects"].values():
        named |= dependencies(entry.value)
    draw_columns(draft, specs, ancestors(specs, named))
    effects = covariate_effect(draft, preset) + centre_effect(draft, preset)
    out = {}
    for i, primary in enumerate(shares):
        days = float(medians[primary]) * DAYS_PER_MONTH
        out[primary] = _marginal_solution(effects[codes == i]) - k * float(np.log(days))
    return out


def follow(draft: Draft, preset: Preset) -> Truth:
    """
    Draw death and the end of follow-up.

    Parameters
    ----------
    draft : Draft
        Holds every baseline column.
    preset : Preset
        Parameters.

    Returns
    -------
    Truth
        True and observed times. Independent censoring: end of the study and drop-out.
    """
    base, shares = intercepts(preset), preset.value("baseline", "primary")["levels"]
    total = sum(float(s) for s in shares.values())
    centred = sum(base[p] * float(s) for p, s in shares.items()) / total
    primary = draft.columns["primary"]
    assert primary.levels is not None
    own = np.asarray([base[p] for p in primary.levels])[primary.values.astype(np.intp)]
    centre = centre_effect(draft, preset)
    log_hazard = own + centre + covariate_effect(draft, preset)
    k = float(preset.value("survival", "shape"))
    waited = -np.log(uniform(draft.seed, "death", draft.n))
    death = (waited * np.exp(-log_hazard)) ** (1 / k)
    end = end_of_follow_up(draft, preset)
    return Truth(
        linear_predictor=np.round(log_hazard - centred, 8),
        centre_effect=centre,
        uncensored_days=np.round(death, 4),
        observed_days=np.rint(np.minimum(death, end)),
        died=death <= end,
    )


def end_of_follow_up(draft: Draft, preset: Preset) -> Floats:
    """
    Day on which each patient would be censored: end of the study or drop-out.

    Parameters
    ----------
    draft : Draft
        Holds ``calendar_year`` and ``centre``.
    preset : Preset
        Parameters.

    Returns
    -------
    ndarray of float, shape (n,)
        Days from time zero.
    """
    spec = preset.value("survival", "follow_up")
    rate = draft.resolve(spec["drop_out_per_year"]) / DAYS_PER_YEAR
    dropped = -np.log(uniform(draft.seed, "drop-out", draft.n)) / rate
    return np.asarray(np.minimum(closing_day(draft, preset), dropped), dtype=np.float64)


def closing_day(draft: Draft, preset: Preset) -> Floats:
    """
    Day on which the study closed for each patient.

    Parameters
    ----------
    draft : Draft
        Holds ``calendar_year``.
    preset : Preset
        Parameters.

    Returns
    -------
    ndarray of float, shape (n,)
        Days from time zero.
    """
    spec = preset.value("survival", "follow_up")
    entered = draft.columns["calendar_year"].values + uniform(draft.seed, "entry date", draft.n)
    return np.asarray((float(spec["cut_off_year"]) - entered) * DAYS_PER_YEAR, dtype=np.float64)
