"""Treatments compared after weighting, as rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from spinemets.results import ModelRow, finite
from spinemets.survival.cox_fit import fit_cox
from spinemets.survival.e_value import e_value
from spinemets.survival.kaplan_meier import Estimate
from spinemets.survival.kaplan_meier import fit as fit_kaplan_meier
from spinemets.survival.propensity import IMBALANCE, Covariates, effective_size
from spinemets.survival.restricted_mean import restricted_mean_difference
from spinemets.survival.sample import Bools, Sample
from spinemets.survival.score_data import Labels, cox, hazard_ratio
from spinemets.survival.weighting import WeightedComparison, compare_schemes
from spinemets.units import DAYS_PER_MONTH

ASSOCIATION: Final = "association: treatment was not allocated by the analysis"
RANDOMISED: Final = "treatment was allocated at random"
SCHEMES: Final = {"overlap": "overlap weights", "inverse": "inverse-probability weights"}
#: Measures that compare the two groups begin with these.
CONTRASTS: Final = (
    "restricted_mean_difference", "risk_difference", "risk_ratio", "hazard_ratio", "e_value",
)  # fmt: skip
#: A treatment group below this size is not weighted.
SMALLEST: Final = 15


@dataclass(frozen=True)
class Compared:
    """
    Two treatment groups of a cohort.

    Parameters
    ----------
    id, cohort : str
        Written into the rows.
    first : ndarray of bool of shape (n,)
        Who is in the first group; the others are in the second.
    sample : Sample
        Follow-up.
    covariates : Covariates
        Known before treatment.
    randomised : bool
        Whether treatment was allocated at random.
    names : tuple of str
        Names of the first and of the second group; a difference is the first less the second.
    notes : tuple of str
        Caveats of this cohort, added to every estimate.
    """

    id: str
    cohort: str
    first: Bools
    sample: Sample
    covariates: Covariates
    randomised: bool = False
    names: tuple[str, str] = ("first", "second")
    notes: tuple[str, ...] = field(default=())

    @property
    def label(self) -> Labels:
        """Group of every patient, by name."""
        return np.where(self.first, *self.names).astype(object)

    @property
    def reading(self) -> str:
        """How a difference may be read."""
        return RANDOMISED if self.randomised else ASSOCIATION

    @property
    def contrast(self) -> str:
        """Which group a difference or ratio puts first."""
        return " against ".join(self.names)

    def row(self, measure: str, value: float | None = None, **more: Any) -> ModelRow:
        """
        Write a row about this comparison.

        Parameters
        ----------
        measure : str
            What was estimated.
        value : float, optional
            Estimate.
        **more : object
            Further fields of ``ModelRow``.

        Returns
        -------
        ModelRow
            With the number of patients and deaths unless given.
        """
        contrast = self.contrast if measure.startswith(CONTRASTS) else ""
        fields: dict[str, Any] = {"contrast": contrast, "n": self.sample.n,
                                  "events": self.sample.n_events} | more  # fmt: skip
        return ModelRow(measure, finite(value), model="comparison", stratum_set=self.id,
                        cohort=self.cohort, **fields)  # fmt: skip

    def estimate(self, measure: str, found: Estimate, unit: float, **more: Any) -> ModelRow:
        """
        Write an estimate with its interval.

        Parameters
        ----------
        measure : str
            What was estimated.
        found : Estimate
            Estimate.
        unit : float
            What it is divided by.
        **more : object
            Further fields of ``ModelRow``.

        Returns
        -------
        ModelRow
            Row.
        """
        numbers = {"lower": finite(found.lower / unit), "upper": finite(found.upper / unit),
                   "std_error": finite(found.std_error / unit)}  # fmt: skip
        return self.row(measure, found.value / unit, note=found.note, **numbers, **more)


def comparison_rows(
    data: Compared, tau_months: float, months: Sequence[float], replicates: int, seed: int
) -> list[ModelRow]:
    """
    Everything about one comparison: unweighted, and with both kinds of weights.

    Parameters
    ----------
    data : Compared
        Patients.
    tau_months : float
        Horizon of the restricted mean.
    months : sequence of float
        Times of weighted survival.
    replicates, seed : int
        Bootstrap.

    Returns
    -------
    list of ModelRow
        ``term`` says the weights (``unweighted``, ``overlap``, ``inverse``). Per group:
        ``effective_n``, ``weighted_survival``, ``restricted_mean_months``; of both: the
        difference, ``hazard_ratio``, ``e_value``; per covariate (``stratum``)
        ``standardised_difference``; ``warning`` rows with what speaks against the comparison.
    """
    sizes = [int(data.first.sum()), int((~data.first).sum())]
    horizon = f"{tau_months:g}mo"
    if not min(sizes):
        note = "one of the groups has no patients"
        return [data.row("restricted_mean_difference_months", note=note, horizon=horizon)]
    out = _unweighted(data, tau_months)
    if min(sizes) < SMALLEST:
        note = f"not weighted: a group has fewer than {SMALLEST} patients"
        return [*out, data.row("restricted_mean_difference_months", note=note, horizon=horizon,
                               term=next(iter(SCHEMES)))]  # fmt: skip
    days = np.array([m * DAYS_PER_MONTH for m in months])
    tau = tau_months * DAYS_PER_MONTH
    sample = data.sample
    every = compare_schemes(
        data.covariates, data.label.astype(str), sample.time, sample.event, sample.entry,
        tau=tau, days=days, schemes=tuple(SCHEMES), replicates=replicates, seed=seed,
    )  # fmt: skip
    for scheme, found in every.items():
        if found.note:
            out.append(data.row("restricted_mean_difference_months", term=scheme, note=found.note))
            continue
        out += _weighted(data, found, scheme, tau_months, months)
    return out


def _note(data: Compared, *more: str) -> str:
    return "; ".join(x for x in (*more, data.reading, *data.notes) if x)


def _unweighted(data: Compared, tau_months: float) -> list[ModelRow]:
    parts = {"first": data.sample.take(data.first), "second": data.sample.take(~data.first)}
    curves = {k: fit_kaplan_meier(s) for k, s in parts.items()}
    gap = restricted_mean_difference(curves["first"], curves["second"], tau_months * DAYS_PER_MONTH)
    where = {"term": "unweighted", "horizon": f"{tau_months:g}mo", "method": "Kaplan-Meier"}
    gap = Estimate(gap.value, gap.lower, gap.upper, gap.std_error, _note(data, gap.note))
    out = [data.estimate("restricted_mean_difference_months", gap, DAYS_PER_MONTH, **where)]
    fit, penalised = cox(data.first[:, None].astype(float), data.sample, names=["first"])
    found = hazard_ratio(fit, 0, penalised=penalised)
    found["note"] = _note(data, found["note"])
    return [*out, data.row("hazard_ratio", term="unweighted", method="Cox, Efron", **found)]


def _weighted(
    data: Compared, found: WeightedComparison, scheme: str, tau: float, months: Sequence[float]
) -> list[ModelRow]:
    words = SCHEMES[scheme]
    boot = f"{words}, bootstrap of {found.replicates} with propensity refitted"
    out: list[ModelRow] = []
    for group in found.groups:
        where = {"term": scheme, "stratum": str(group.level), "n": group.n,
                 "events": group.n_events}  # fmt: skip
        out.append(data.row("effective_n", group.effective_n, method=f"Kish, {words}", **where))
        for month, value in zip(months, group.survival, strict=True):
            out.append(data.estimate("weighted_survival", value, 1.0, horizon=f"{month:g}mo",
                                     method=boot, **where))  # fmt: skip
        out.append(data.estimate("restricted_mean_months", group.rmst, DAYS_PER_MONTH,
                                 horizon=f"{tau:g}mo", method=boot, **where))  # fmt: skip
    gap = _difference(found, data.names)
    gap = Estimate(gap.value, gap.lower, gap.upper, gap.std_error, _note(data, gap.note))
    out.append(data.estimate("restricted_mean_difference_months", gap, DAYS_PER_MONTH,
                             term=scheme, horizon=f"{tau:g}mo", method=boot))  # fmt: skip
    out += [*_ratio(data, found, scheme), *_confounding(data, found, scheme, tau)]
    return [*out, *_balance(data, found, scheme)]


def _difference(found: WeightedComparison, names: tuple[str, str]) -> Estimate:
    """First less second, whichever way the comparison was made."""
    first, second = names
    if (first, second) in found.differences:
        return found.differences[first, second]
    gap = found.differences[second, first]
    return Estimate(-gap.value, -gap.upper, -gap.lower, gap.std_error, gap.note)


def _ratio(data: Compared, found: WeightedComparison, scheme: str) -> list[ModelRow]:
    """Weighted hazard ratio with the sandwich variance, and its E-value."""
    sample = data.sample
    fit = fit_cox(data.first.astype(float), sample.time, sample.event, sample.entry,
                  weights=found.weights, names=["first"], robust=True)  # fmt: skip
    values = hazard_ratio(fit, 0, penalised=False)
    reason = values["note"]
    values["note"] = _note(data, reason)
    method = f"Cox, {SCHEMES[scheme]}, sandwich variance (weights taken as known)"
    out = [data.row("hazard_ratio", term=scheme, method=method, **values)]
    if data.randomised or reason or None in (values["lower"], values["upper"]):
        return out
    confounding = e_value(values["value"], values["lower"], values["upper"])
    told = "risk ratio that a confounder needs with treatment and with death"
    return [
        *out,
        data.row("e_value", confounding.point, term=scheme, method=told),
        data.row("e_value_limit", confounding.limit, term=scheme, method=told),
    ]


def _confounding(
    data: Compared, found: WeightedComparison, scheme: str, tau: float
) -> list[ModelRow]:
    """Ratio of the risks at the horizon with its E-values; why restricted means have none."""
    where: dict[str, Any] = {"term": scheme, "horizon": f"{tau:g}mo"}
    ratio = _risk_ratio(found, data.names)
    boot = f"{SCHEMES[scheme]}, bootstrap of {found.replicates} with propensity refitted"
    out = [data.estimate("risk_ratio", replace(ratio, note=_note(data, ratio.note)), 1.0,
                         method=boot, **where)]  # fmt: skip
    if data.randomised:
        return out
    told = "of weighted mortality at the horizon"
    value, limit, note = None, None, ratio.note
    if np.isfinite(ratio.value) and np.isfinite(ratio.lower) and ratio.lower > 0:
        values = e_value(ratio.value, ratio.lower, ratio.upper, common_outcome=False)
        value, limit, note = values.point, values.limit, ""
    elif np.isfinite(ratio.value):
        value = e_value(*[ratio.value] * 3, common_outcome=False).point
    none = "no E-value is published for a difference of restricted means: read the others"
    return [
        *out,
        data.row("e_value_risk_ratio", value, method=told, note=note, **where),
        data.row("e_value_risk_ratio_limit", limit, method=told, note=note, **where),
        data.row("e_value_restricted_mean", note=none, **where),
    ]


def _risk_ratio(found: WeightedComparison, names: tuple[str, str]) -> Estimate:
    """First over second, whichever way the comparison was made."""
    first, second = names
    if (first, second) in found.risk_ratios:
        return found.risk_ratios[first, second]
    other = found.risk_ratios[second, first]
    # No standard error: that of the ratio the other way round isn't this one's.
    return Estimate(1 / other.value, 1 / other.upper, 1 / other.lower, note=other.note)


def _balance(data: Compared, found: WeightedComparison, scheme: str) -> list[ModelRow]:
    out: list[ModelRow] = []
    for one in found.balance:
        for term, value in (("unweighted", one.before), (scheme, one.after)):
            if term == "unweighted" and scheme != next(iter(SCHEMES)):
                continue
            note = "imbalance" if np.isfinite(value) and value > IMBALANCE else ""
            note = note if np.isfinite(value) else "the covariate doesn't vary within the groups"
            out.append(data.row("standardised_difference", value, term=term, stratum=one.name,
                                method=f"limit {IMBALANCE:g}", note=note))  # fmt: skip
    out += [data.row("warning", term=scheme, note=text) for text in found.warnings]
    worst = float(found.weights.max() / found.weights.mean())
    share = effective_size(found.weights) / found.weights.size
    out.append(data.row("largest_weight", worst, term=scheme, method="times the mean weight"))
    out.append(data.row("effective_share", share, term=scheme, method="effective over actual n"))
    return out
