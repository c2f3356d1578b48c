"""Calibration as rows of the long table of results, by what is known about the prediction."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spinemets.performance._arrays import FloatArray
from spinemets.performance._checks import check_horizon, cloglog
from spinemets.performance._estimate import Estimate, undefined
from spinemets.performance._km import FollowUp, kaplan_meier_at
from spinemets.performance.calibration import (
    CalibrationCurve,
    band_calibration,
    d_calibration,
    poisson_calibration,
    pseudo_regression,
    ratio_at,
    slope_of,
)
from spinemets.performance.calibration_curve import MEASURES, curve_of
from spinemets.performance.precision import caution
from spinemets.performance.recalibration import METHODS, Recalibration
from spinemets.performance.risks import Risk
from spinemets.results import Row

NEEDS_BASELINE: Final = "needs the model's cumulative hazard over time (information level 3)"
ALL_FOLLOW_UP: Final = "all follow-up"
_WITH_RISK: Final = (
    "observed_risk",
    "predicted_risk",
    "oe_ratio",
    "oe_ratio_poisson_interval",
    "calibration_slope",
    "cloglog_intercept",
    "cloglog_slope",
    *MEASURES,
)


def calibration_rows(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    risk: Risk,
    horizon: float,
    *,
    cumulative_hazard: npt.ArrayLike | None = None,
    smoother: str = "auto",
    truncate: bool = False,
    draws: int = 200,
    curve: CalibrationCurve | None = None,
    **where: Any,
) -> Iterator[Row]:
    """
    Mean, weak and moderate calibration of one prediction at one horizon.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up and whether it ended with the event.
    risk : Risk
        Predicted risks at the horizon with their source; patients without one are left out.
    horizon : float
        Horizon in the unit of ``time``.
    cumulative_hazard : array_like of float, shape (n,), optional
        Predicted cumulative hazard at each patient's own follow-up (information level 3); patients
        without one are left out where it is needed.
    smoother, truncate, draws
        As `calibration_curve`.
    curve : CalibrationCurve, optional
        Curve of the same patients and risks, where it was fitted before.
    **where
        Other fields of `spinemets.results.Row`: cohort, set, stratum, score, horizon label ...

    Yields
    ------
    Row
        ``observed_risk``, ``predicted_risk``, ``oe_ratio`` (influence-function interval),
        ``oe_ratio_poisson_interval`` (the same with McLernon's 1/events), ``calibration_slope``
        (Cox), ``cloglog_intercept``, ``cloglog_slope`` (pseudo-values), ``ici``, ``e50``, ``e90``,
        ``emax``, ``poisson_slope``. What can't be had is a row with the reason. The method names
        the source of the risk, and says where all follow-up enters, not only that up to the
        horizon. What no horizon enters is in `follow_up_rows`.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Examples
    --------
    >>> from spinemets.performance.risks import supplied_risk
    >>> risk = supplied_risk([0.9, 0.9, 0.5, 0.5])
    >>> rows = list(calibration_rows([1, 2, 3, 4], [1, 1, 1, 0], risk, 3.5, horizon_label="3mo"))
    >>> [row.measure for row in rows][:3], rows[0].horizon
    (['observed_risk', 'predicted_risk', 'oe_ratio'], '3mo')
    """
    where = _where(where)
    everybody = FollowUp.of(time, event)
    limit = check_horizon(horizon)
    if risk.probability.size != everybody.n:
        raise ValueError(f"risk: has {risk.probability.size} values for {everybody.n} patients")
    known = risk.known
    follow_up, values = everybody.take(known), risk.probability[known]
    notes = _notes(risk, follow_up, limit)
    for measure, found in _estimates(
        follow_up, values, limit, risk.reason, smoother, truncate, draws, curve
    ):
        yield _row(measure, found, risk, notes, where)
    hazard = None if cumulative_hazard is None else np.asarray(cumulative_hazard, float)[known]
    slope = _poisson_slope(follow_up, values, hazard, risk.reason)
    without = 0 if hazard is None else int(np.isnan(hazard).sum())
    lost = f"{without} patients without a cumulative hazard" if without else ""
    yield _row("poisson_slope", slope, risk, "; ".join(p for p in (notes, lost) if p), where)


def _where(where: dict[str, Any]) -> dict[str, Any]:
    """Rename ``horizon_label``: the argument ``horizon`` is a number, the field a label."""
    renamed = dict(where)
    if "horizon_label" in renamed:
        renamed["horizon"] = renamed.pop("horizon_label")
    return renamed


def _notes(risk: Risk, follow_up: FollowUp, horizon: float) -> str:
    without = risk.probability.size - follow_up.n
    dead, _ = follow_up.by(horizon)
    alive = int((~dead & (follow_up.time >= horizon)).sum())
    parts = [
        risk.caveat,
        f"{without} patients without a risk" if without and risk.available else "",
        caution(int(dead.sum()), alive) if risk.available else "",
    ]
    return "; ".join(part for part in parts if part)


def _row(measure: str, found: Estimate, risk: Risk, notes: str, where: dict[str, Any]) -> Row:
    detail = f"{risk.source} risk" + (f" ({risk.detail})" if risk.detail else "")
    method = "; ".join(part for part in (found.method, detail) if part)
    row: Row = found.row(measure, method=method, note=notes, **where)
    return row


def _estimates(
    follow_up: FollowUp,
    values: FloatArray,
    horizon: float,
    reason: str,
    smoother: str,
    truncate: bool,
    draws: int,
    fitted: CalibrationCurve | None,
) -> Iterator[tuple[str, Estimate]]:
    if reason:
        for measure in _WITH_RISK:
            yield measure, undefined(reason)
        return
    curve = kaplan_meier_at(follow_up, horizon)
    yield (
        "observed_risk",
        Estimate(
            *(1 - curve.value, 1 - curve.upper, 1 - curve.lower, curve.std_error),
            *(curve.n, curve.events, "Kaplan-Meier, log-log", curve.reason),
        ),
    )
    mean = float(values.mean()) if values.size else np.nan
    yield "predicted_risk", Estimate(mean, n=curve.n, events=curve.events, method="mean")
    yield "oe_ratio", ratio_at(follow_up, values, horizon, "influence")
    yield "oe_ratio_poisson_interval", ratio_at(follow_up, values, horizon, "poisson")
    used = follow_up.truncate(horizon) if truncate else follow_up
    slope = slope_of(used, cloglog(values))
    extent = "follow-up to the horizon" if truncate else ALL_FOLLOW_UP
    yield "calibration_slope", replace(slope, method=f"{slope.method}, {extent}")
    intercept, slope = pseudo_regression(follow_up, values, horizon)
    yield "cloglog_intercept", intercept
    yield "cloglog_slope", slope
    smooth = fitted or curve_of(follow_up, values, horizon, smoother, truncate, draws)
    for measure in MEASURES:
        yield measure, getattr(smooth, measure)


def _poisson_slope(
    follow_up: FollowUp, values: FloatArray, hazard: FloatArray | None, reason: str
) -> Estimate:
    if hazard is None or reason:
        return undefined(reason or NEEDS_BASELINE, follow_up.n, follow_up.events())
    known = ~np.isnan(hazard)
    x = cloglog(values[known])
    finite = bool(np.all(np.isfinite(x)))
    slope = poisson_calibration(follow_up.event[known], hazard[known], x if finite else None).slope
    return replace(slope, method=f"{slope.method}, {ALL_FOLLOW_UP}")


def follow_up_rows(
    event: npt.ArrayLike, cumulative_hazard: npt.ArrayLike | None, **where: Any
) -> Iterator[Row]:
    """
    Calibration over all follow-up, which no horizon enters (information level 3).

    Parameters
    ----------
    event : array_like of bool, shape (n,)
        Whether follow-up ended with the event.
    cumulative_hazard : array_like of float, shape (n,) or None
        Predicted cumulative hazard at each patient's own follow-up; None where it isn't known.
    **where
        Other fields of `spinemets.results.Row`.

    Yields
    ------
    Row
        ``poisson_intercept``, ``d_calibration_chi2``, ``d_calibration_p``.

    References
    ----------
    Crowson CS, Atkinson EJ, Therneau TM. Stat Methods Med Res 2016;25:1692-1706,
    doi 10.1177/0962280213497434.

    Examples
    --------
    >>> [row.note for row in follow_up_rows([1, 0], None)][0]
    "needs the model's cumulative hazard over time (information level 3)"
    """
    died = np.asarray(event, dtype=bool)
    n, events = died.size, int(died.sum())
    if cumulative_hazard is None:
        for measure in ("poisson_intercept", "d_calibration_chi2", "d_calibration_p"):
            yield undefined(NEEDS_BASELINE, n, events).row(measure, **where)
        return
    hazard = np.asarray(cumulative_hazard, dtype=np.float64)
    found = poisson_calibration(died, hazard, None).intercept
    method = f"{found.method}, {ALL_FOLLOW_UP}"
    yield found.row("poisson_intercept", **where, method=method, note=caution(events))
    test = d_calibration(np.exp(-hazard), died)
    method = f"D-calibration, {test.degrees} degrees of freedom, {ALL_FOLLOW_UP}"
    for measure, value in (("d_calibration_chi2", test.statistic), ("d_calibration_p", test.p)):
        estimate = Estimate(value, n=test.n, events=test.events, method=method, reason=test.reason)
        yield estimate.row(measure, **where, note=caution(events))


def band_rows(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    band: npt.ArrayLike,
    published: Mapping[str, float],
    horizon: float,
    *,
    source: str = "",
    **where: Any,
) -> Iterator[Row]:
    """
    Observed against published risk of every band of a score (information level 2).

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up and whether it ended with the event.
    band : array_like of str, shape (n,)
        Band of each patient; choose the patients with a band first.
    published : mapping of str to float
        Published risk per band; may be empty (information level 1: observed only).
    horizon : float
        Horizon in the unit of ``time``.
    source : str
        Citation of the published rates.
    **where
        Other fields of `spinemets.results.Row`; ``score`` names the stratum set.

    Yields
    ------
    Row
        ``observed_risk`` and ``published_risk`` with stratum set ``band:<score>``, and
        ``risk_difference`` (observed less published, with the interval of the observed).

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Examples
    --------
    >>> rows = list(band_rows([1, 2], [1, 0], ["A", "B"], {"A": 0.6}, 1.5, score="s"))
    >>> rows[0].stratum_set, rows[0].stratum, rows[0].estimate
    ('band:s', 'A', 1.0)
    """
    where = _where(where)
    where["stratum_set"] = f"band:{where.get('score', '')}"
    found = band_calibration(time, event, band, horizon, published)
    for k, name in enumerate(found.group):
        common = {**where, "stratum": name}
        n, events = int(found.n[k]), int(found.events[k])
        reason = found.reason[k]
        observed = Estimate(
            float(found.observed[k]),
            float(found.lower[k]),
            float(found.upper[k]),
            float(found.std_error[k]),
            n,
            events,
            "Kaplan-Meier, log-log",
            reason,
        )
        yield observed.row("observed_risk", note=caution(events), **common)
        rate = float(found.predicted[k])
        missing = "" if np.isfinite(rate) else "no survival was published for this band"
        yield Estimate(rate, n=n, events=events, method=source, reason=missing).row(
            "published_risk", **common
        )
        gap = Estimate(
            observed.value - rate,
            observed.lower - rate,
            observed.upper - rate,
            observed.std_error,
            n,
            events,
            "observed - published",
            reason or missing,
        )
        yield gap.row("risk_difference", note=caution(events), **common)


def recalibration_rows(found: Recalibration, **where: Any) -> Iterator[Row]:
    """
    Calibration before and after an update, the after-picture cross-fitted.

    Parameters
    ----------
    found : Recalibration
        Result of `recalibrate`.
    **where
        Other fields of `spinemets.results.Row`.

    Yields
    ------
    Row
        ``recalibrated_oe_ratio``, ``recalibrated_cloglog_intercept``,
        ``recalibrated_cloglog_slope``, ``recalibrated_ici``; the method names the update. Rows of
        the risks as supplied are those of `calibration_rows`.

    Examples
    --------
    >>> from spinemets.performance.recalibration import recalibrate
    >>> found = recalibrate([1, 2, 3, 4], [1, 1, 0, 0], [0.5, 0.2, 0.2, 0.2], 2.5, folds=2)
    >>> len(list(recalibration_rows(found)))
    4
    """
    where = _where(where)
    if found.method not in METHODS:
        raise ValueError("found: must come from recalibrate")
    total, events = int(found.n.sum()), int(found.events.sum())
    for measure in found.before:
        estimate = found.after.get(measure, undefined(found.reason, total, events))
        method = f"after updating {found.method}, cross-fitted; {estimate.method}"
        yield estimate.row(f"recalibrated_{measure}", method=method, note=caution(events), **where)
