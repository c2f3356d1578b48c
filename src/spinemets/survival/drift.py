"""Drift over calendar time: of survival, of a score's C and O:E, with tests for trend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from spinemets.performance._estimate import Estimate, log_normal, undefined
from spinemets.performance.calibration import observed_expected
from spinemets.performance.discrimination import harrell_c
from spinemets.results import ModelRow, finite
from spinemets.survival.cox_predict import predict_survival
from spinemets.survival.sample import LATE, Z95, Floats, Sample
from spinemets.survival.score_data import FEW_EVENTS, Labels, ScoreData, cox, hazard_ratio
from spinemets.survival.tails import normal_tails
from spinemets.units import DAYS_PER_MONTH

NOT_RECORDED: Final = "not_recorded"


def survival_drift(
    sample: Sample, year: Floats, strata: dict[str, Labels], cohort: str
) -> list[ModelRow]:
    """
    Hazard ratio of death per ten calendar years, with and within groupings.

    Parameters
    ----------
    sample : Sample
        Follow-up.
    year : ndarray of shape (n,)
        Calendar year of time zero; NaN where not recorded.
    strata : dict of str to ndarray of str
        Groupings.
    cohort : str
        Cohort id.

    Returns
    -------
    list of ModelRow
        ``hazard_ratio`` with its P value in ``trend_p``.
    """
    known = np.isfinite(year)
    part = sample.take(known)
    out: list[ModelRow] = []
    base: dict[str, Any] = {"cohort": cohort, "model": "era", "n": part.n, "events": part.n_events,
                            "term": "per ten years"}  # fmt: skip
    if part.n_events < FEW_EVENTS or not part.n or np.ptp(year[known]) == 0:
        note = "calendar year not recorded" if not part.n else (
            f"fewer than {FEW_EVENTS} events" if part.n_events < FEW_EVENTS else "only one year"
        )  # fmt: skip
        return [ModelRow("hazard_ratio", note=note, **base)]
    decades = (year[known] - year[known].mean())[:, None] / 10
    for name, labels in {"overall": None, **strata}.items():
        fit, penalised = cox(decades, part, None if labels is None else labels[known])
        found = hazard_ratio(fit, 0, penalised=penalised)
        method = "Cox, Efron" + (f", stratified by {name}" if labels is not None else "")
        place: dict[str, Any] = {**base, "stratum_set": name, "method": method}
        out.append(ModelRow("hazard_ratio", found.pop("value", None), **found, **place))
        p = finite(float(fit.p[0])) if not fit.note and not penalised else None
        out.append(ModelRow("trend_p", p, note=found["note"], **place))
    return out


def score_drift(data: ScoreData, eras: Labels, months: float) -> list[ModelRow]:
    """
    C and O:E of a score in every calendar period, and whether they drift.

    Parameters
    ----------
    data : ScoreData
        The score.
    eras : ndarray of str of shape (n,)
        Calendar period of every patient, sortable (``"2000-2004"``).
    months : float
        Horizon of O:E.

    Returns
    -------
    list of ModelRow
        Per period (``stratum``) ``harrell_c`` and ``observed_expected``; ``c_trend_p`` and
        ``observed_expected_trend_p`` for a linear trend over the periods (weighted by precision).

    Notes
    -----
    Expected risks are those of a Cox model of the points fitted in the first period, so O:E says
    how well that period's prognosis holds later; the first period itself isn't in its trend.
    """
    order = sorted({str(e) for e in eras} - {NOT_RECORDED})
    parts = {e: data.take(np.asarray(eras == e)) for e in order}
    enough = [e for e in order if parts[e].sample.n_events >= FEW_EVENTS]
    out: list[ModelRow] = []
    if len(enough) < 2:
        note = f"fewer than two calendar periods with {FEW_EVENTS} events"
        return [data.row("era", "harrell_c", stratum_set="era", note=note)]
    c_values, ratios = [], []
    first = parts[enough[0]]
    fit, _ = cox(first.points[:, None], first.sample, names=["points"])
    for era in order:
        part = parts[era]
        where: dict[str, Any] = {"stratum_set": "era", "stratum": era}
        if era not in enough:
            out.append(part.row("era", "harrell_c", note=f"fewer than {FEW_EVENTS} events",
                                **where))  # fmt: skip
            continue
        c = _concordance(part)
        c_values.append((float(enough.index(era)), c[0], c[3]))
        out.append(part.row("era", "harrell_c", c[0], lower=finite(c[1]), upper=finite(c[2]),
                            std_error=finite(c[3]), note=c[4],
                            method=f"infinitesimal jackknife{LATE if part.sample.delayed else ''}",
                            **where))  # fmt: skip
        row, ratio = _ratio(part, fit, enough[0], months, where)
        out.append(row)
        if ratio is not None and era != enough[0]:
            ratios.append((float(enough.index(era)), *ratio))
    out.append(_trend(data, "c_trend_p", c_values, "C over periods, weighted by precision"))
    horizon = {"horizon": f"{months:g}mo"}
    words = "log O:E over periods after the first, weighted by precision"
    return [*out, _trend(data, "observed_expected_trend_p", ratios, words, **horizon)]


def _concordance(part: ScoreData) -> tuple[float, float, float, float, str]:
    found = harrell_c(
        part.sample.time, part.sample.event, part.points,
        higher_is_worse=part.higher_is_worse, entry=part.sample.begin,
    )  # fmt: skip
    low, high = found.interval()
    return (float(found.estimate[0]), float(low[0]), float(high[0]), float(found.std_error[0]),
            found.reason[0] or "")  # fmt: skip


def _ratio(
    part: ScoreData, fit: Any, first: str, months: float, where: dict[str, Any]
) -> tuple[ModelRow, tuple[float, float] | None]:
    """O:E at the horizon against the model of the first period."""
    method = f"expected by a Cox model of the points fitted in {first}"
    place: dict[str, Any] = {"horizon": f"{months:g}mo", "method": method, **where}
    days = months * DAYS_PER_MONTH
    if fit.note:
        return part.row("era", "observed_expected", note=fit.note, **place), None
    base = predict_survival(fit, [[0.0]], [days]).cumulative_hazard[0, 0]
    if not np.isfinite(base):
        note = "follow-up of the first period ends before this time"
        return part.row("era", "observed_expected", note=note, **place), None
    if part.sample.delayed:
        place["method"] += "; deaths against cumulative hazards over the time observed"
        place["method"] += ", the model taken as fixed"
        found = _over_time_observed(part, fit, days)
    else:
        risk = np.clip(-np.expm1(-base * np.exp(part.points * fit.coef[0])), 0.0, 1.0)
        found = observed_expected(part.sample.time, part.sample.event, risk, days)
    row = part.row("era", "observed_expected", found.value, lower=finite(found.lower),
                   upper=finite(found.upper), note=found.reason or "", **place)  # fmt: skip
    if not (np.isfinite(found.value) and found.value > 0 and np.isfinite(found.lower)):
        return row, None
    error = (np.log(found.upper) - np.log(found.lower)) / (2 * Z95)
    return row, (float(np.log(found.value)), float(error))


def _over_time_observed(part: ScoreData, fit: Any, days: float) -> Estimate:
    """
    Deaths by a time over those expected between each patient's entry and exit.

    The mean risk from time zero would count time in which those who entered late couldn't die;
    the cumulative hazard between entry and exit counts what was seen (Poisson, log-normal).
    """
    sample = part.sample
    until = np.minimum(sample.time, days)
    since = np.minimum(np.zeros(sample.n) if sample.begin is None else sample.begin, days)
    times = np.unique(np.concatenate([since, until]))
    hazard = predict_survival(fit, [[0.0]], times).cumulative_hazard[:, 0]
    gone = hazard[np.searchsorted(times, until)] - hazard[np.searchsorted(times, since)]
    expected = float((gone * np.exp(part.points * fit.coef[0])).sum())
    events = int((sample.event & (sample.time <= days)).sum())
    if not events or not expected > 0:
        why = "no deaths by the horizon" if not events else "no deaths expected"
        return undefined(why, sample.n, events)
    return log_normal(events / expected, 1 / np.sqrt(events), sample.n, events, "Poisson")


def _trend(
    data: ScoreData, measure: str, points: Sequence[tuple[float, float, float]], words: str,
    **more: Any,
) -> ModelRow:  # fmt: skip
    """Linear trend of estimates over periods by weighted least squares (normal test)."""
    place: dict[str, Any] = {"stratum_set": "era", "method": words, **more}
    known = np.array([p for p in points if np.isfinite(p[1]) and p[2] > 0])
    if len(known) < 2:
        return data.row("era", measure, note="fewer than two periods with estimates", **place)
    x, y, error = known.T
    weight = error**-2.0
    centred = x - weight @ x / weight.sum()
    slope = float(weight * centred @ y / (weight @ centred**2))
    z = slope / float((weight @ centred**2) ** -0.5)
    note = f"{slope:+.3f} per period"
    return data.row("era", measure, float(normal_tails(z)), note=note, **place)
