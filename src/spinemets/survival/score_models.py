"""Models of a score beside its stratified Cox model: bends, centres, strata, periods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from spinemets.results import ModelRow, finite
from spinemets.survival.effects import fit_with_centres, spline_effect
from spinemets.survival.heterogeneity import heterogeneity, strata_share
from spinemets.survival.periods import period_effects
from spinemets.survival.proportional_hazards import GLOBAL, proportional_hazards
from spinemets.survival.sample import Z95, Floats
from spinemets.survival.score_data import Labels, ScoreData, cox, hazard_ratio
from spinemets.units import DAYS_PER_MONTH

#: Proportional hazards below this P value: hazard ratios are given by period as well.
REJECTED: Final = 0.05
METHOD: Final = "Cox, Efron"


def _within(name: str) -> str:
    return f"{METHOD}, stratified by {name}" if name != "overall" else METHOD


def spline(data: ScoreData, knots: int) -> list[ModelRow]:
    """
    Restricted cubic spline of the points, unstratified and within every grouping.

    Parameters
    ----------
    data : ScoreData
        The score.
    knots : int
        Number of knots.

    Returns
    -------
    list of ModelRow
        ``hazard_ratio`` against the median (``term`` is the value), ``spline_p`` (the score as a
        whole) and ``bend_p`` (against a straight line).
    """
    out: list[ModelRow] = []
    sample = data.sample
    for name, labels in {"overall": None, **data.strata}.items():
        place: dict[str, Any] = {"stratum_set": name, "method": f"{_within(name)}; spline"}
        strata = None if labels is None else labels.astype(str)
        found = spline_effect(
            data.points, sample.time, sample.event, sample.entry, strata, n_knots=knots
        )
        if found.note:
            out.append(data.row("spline", "hazard_ratio", note=found.note, **place))
            continue
        place["method"] += f", {found.knots.size} knots, against {found.reference:g} points"
        curve = zip(
            found.value, np.exp(found.log_hazard_ratio), np.exp(found.lower), np.exp(found.upper),
            strict=True,
        )  # fmt: skip
        out += [
            data.row("spline", "hazard_ratio", hr, lower=finite(low), upper=finite(high),
                     term=f"{value:g}", **place)
            for value, hr, low, high in curve
        ]  # fmt: skip
        out.append(data.row("spline", "spline_p", found.p, **place))
        out.append(data.row("spline", "bend_p", found.bend_p, **place))
    return out


def centre(data: ScoreData, centres: Labels) -> list[ModelRow]:
    """
    The score per point, with centres allowed for.

    Parameters
    ----------
    data : ScoreData
        The score.
    centres : ndarray of str of shape (n,)
        Centre of every patient.

    Returns
    -------
    list of ModelRow
        One ``hazard_ratio``; ``method`` says how centres were handled and why.
    """
    sample = data.sample
    found = fit_with_centres(
        data.points, sample.time, sample.event, centres, sample.entry, names=["points"]
    )
    method = f"{METHOD}; {found.reason}"
    return [
        data.row("centre", "hazard_ratio", method=method, term="points",
                 **hazard_ratio(found.fit, 0, penalised=False))
    ]  # fmt: skip


def multivariable(data: ScoreData, x: Floats, names: Sequence[str]) -> list[ModelRow]:
    """
    The score and covariates in one Cox model.

    Parameters
    ----------
    data : ScoreData
        The score.
    x : ndarray of shape (n, p)
        Covariates without gaps (``propensity.encode``).
    names : sequence of str
        Their names.

    Returns
    -------
    list of ModelRow
        One ``hazard_ratio`` per term, and the global proportional-hazards test.
    """
    columns = np.column_stack([data.points, x])
    terms = ["points", *names]
    fit, penalised = cox(columns, data.sample, names=terms)
    method = f"{METHOD}, multivariable; a missing number is the median with an indicator"
    if fit.note:
        return [data.row("multivariable", "hazard_ratio", method=method, note=fit.note)]
    out = [
        data.row("multivariable", "hazard_ratio", term=term, method=method,
                 **hazard_ratio(fit, j, penalised=penalised))
        for j, term in enumerate(terms)
    ]  # fmt: skip
    if not penalised:
        test = next(t for t in proportional_hazards(fit, "km") if t.term == GLOBAL)
        out.append(data.row("multivariable", "ph_p", test.p, method=method, note=test.note))
    return out


def by_stratum(data: ScoreData, name: str) -> list[ModelRow]:
    """
    The score within each group of a grouping: heterogeneity, own and shrunken estimates.

    Parameters
    ----------
    data : ScoreData
        The score.
    name : str
        Grouping.

    Returns
    -------
    list of ModelRow
        ``interaction_p``, ``tau``, ``i2``, the random-effects mean, and per group (``stratum``)
        ``hazard_ratio`` and ``shrunken_hazard_ratio``; a group without events is a row that says
        so, and ``strata_without_events`` counts them.
    """
    sample = data.sample
    found = heterogeneity(
        data.points, sample.time, sample.event, data.strata[name].astype(str), sample.entry
    )
    where: dict[str, Any] = {"stratum_set": name}
    test = f"likelihood ratio of score x group, {found.df} df"
    few = "" if np.isfinite(found.tau2) else "fewer than two groups with estimates"
    pooled = "random effects over groups, REML"
    mean, error = found.mean, found.mean_error
    low, high = (finite(float(np.exp(mean + s * Z95 * error))) for s in (-1, 1))
    out = [
        data.row("heterogeneity", "interaction_p", found.p, method=test, note=found.note, **where),
        data.row("heterogeneity", "tau", found.tau2**0.5, method=pooled, note=few, **where),
        data.row("heterogeneity", "i2", found.i2, method=pooled, note=few, **where),
        data.row("heterogeneity", "mean_hazard_ratio", float(np.exp(mean)), lower=low, upper=high,
                 method=pooled, note=few, **where),
    ]  # fmt: skip
    silent = 0
    for effect in found.strata:
        silent += effect.n_events == 0
        place = {**where, "stratum": str(effect.stratum), "n": effect.n,
                 "events": effect.n_events}  # fmt: skip
        b, se = effect.coef, effect.std_error
        ends = [finite(float(np.exp(b + s * Z95 * se))) for s in (-1, 1)]
        out.append(data.row("heterogeneity", "hazard_ratio", float(np.exp(b)), lower=ends[0],
                            upper=ends[1], std_error=finite(se), method=f"{METHOD}, this group",
                            note=effect.note, **place))  # fmt: skip
        shrunk = [float(np.exp(v)) for v in
                  (effect.shrunken, effect.shrunken_lower, effect.shrunken_upper)]  # fmt: skip
        note = "" if np.isfinite(shrunk[0]) else "fewer than two groups with estimates"
        out.append(data.row("heterogeneity", "shrunken_hazard_ratio", shrunk[0],
                            lower=finite(shrunk[1]), upper=finite(shrunk[2]),
                            method="empirical Bayes, drawn to the mean of the groups",
                            note=note, **place))  # fmt: skip
    note = "they contribute nothing to a stratified model" if silent else ""
    return [*out, data.row("heterogeneity", "strata_without_events", silent, note=note, **where)]


def beyond_strata(data: ScoreData, name: str, words: str) -> list[ModelRow]:
    """
    What a stratified result leaves of a score: beside it stands the unstratified one.

    Parameters
    ----------
    data : ScoreData
        The score.
    name : str
        Grouping.
    words : str
        The grouping in a sentence.

    Returns
    -------
    list of ModelRow
        ``strata_share`` (share of the variance of the points that lies between the groups, with a
        sentence in ``note``) and the ``hazard_ratio`` per point with and without strata.
    """
    share = strata_share(data.points, data.strata[name].astype(str))
    plain, first = cox(data.points[:, None], data.sample, names=["points"])
    within, second = cox(data.points[:, None], data.sample, data.strata[name], names=["points"])
    ratios = hazard_ratio(plain, 0, penalised=first), hazard_ratio(within, 0, penalised=second)
    where: dict[str, Any] = {"stratum_set": name}
    sentence = _sentence(share, words, ratios)
    silent = within.strata_without_events
    counted = f"{silent} of {within.n_strata} groups without events contribute nothing"
    out = [data.row("beyond_strata", "strata_share", share, note=sentence,
                    method="share of the variance between groups", **where)]  # fmt: skip
    for term, found in zip(("unstratified", "stratified"), ratios, strict=True):
        method = _within(name) if term == "stratified" else METHOD
        note = "; ".join(
            x for x in (found["note"], counted if silent and term == "stratified" else "") if x
        )
        fields = found | {"note": note, "term": term, "method": method}
        out.append(data.row("beyond_strata", "hazard_ratio", **fields, **where))
    return out


def _sentence(share: float, words: str, ratios: tuple[dict[str, Any], dict[str, Any]]) -> str:
    """What is left of the score within strata, in words."""
    if not np.isfinite(share):
        return "the score doesn't vary"
    begin = f"{100 * share:.0f} % of the variance of the points lies between groups of {words}"
    shown = [r.get("value") for r in ratios]
    if None in shown:
        return f"{begin}; what is left within them can't be estimated"
    return (
        f"{begin}; the other {100 * (1 - share):.0f} % is judged within them: hazard ratio per "
        f"point {shown[1]:.2f}, {shown[0]:.2f} without strata"
    )


def periods(data: ScoreData, months: Sequence[float]) -> list[ModelRow]:
    """
    Hazard ratio per point by period of follow-up, where hazards are not proportional.

    Parameters
    ----------
    data : ScoreData
        The score.
    months : sequence of float
        Times at which the hazard ratio may change.

    Returns
    -------
    list of ModelRow
        ``ph_p``; when below 0.05 also a ``hazard_ratio`` for every period (``term``) and
        ``periods_p``, the likelihood ratio against one constant hazard ratio.
    """
    sample = data.sample
    fit, penalised = cox(data.points[:, None], sample, names=["points"])
    if fit.note or penalised:
        return [data.row("periods", "ph_p", note=fit.note or "separation", method=METHOD)]
    test = next(t for t in proportional_hazards(fit, "km") if t.term == GLOBAL)
    told = f"score test, {test.transform}"
    rejected = np.isfinite(test.p) and test.p < REJECTED
    note = test.note if rejected else test.note or "proportional hazards are not rejected"
    out = [data.row("periods", "ph_p", test.p, method=f"{METHOD}; {told}", note=note)]
    if not rejected:
        return out
    cuts = [m * DAYS_PER_MONTH for m in months]
    effects, (lrt, df, p) = period_effects(
        data.points, sample.time, sample.event, cuts, sample.entry, names=["points"]
    )
    for effect in effects:
        ends = [f"{v / DAYS_PER_MONTH:g}" for v in (effect.start, effect.stop)]
        b, se = effect.coef, effect.std_error
        out.append(
            data.row("periods", "hazard_ratio", float(np.exp(b)),
                     lower=finite(float(np.exp(b - Z95 * se))),
                     upper=finite(float(np.exp(b + Z95 * se))), std_error=finite(se),
                     term=f"{ends[0]} to {ends[1]} months".replace("to inf months", "months on"),
                     n=effect.n, events=effect.n_events,
                     method=f"{METHOD}, follow-up split", note=effect.note)
        )  # fmt: skip
    note = "" if np.isfinite(lrt) else "a period without estimate"
    method = f"likelihood ratio against a constant hazard ratio, {df} df"
    return [*out, data.row("periods", "periods_p", p, method=method, note=note)]
