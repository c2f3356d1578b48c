"""How precise an evaluation can be: events per horizon, expected interval widths, warnings."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spinemets.performance._arrays import FloatArray
from spinemets.performance._checks import check_horizon
from spinemets.performance._estimate import Z95, Estimate, undefined
from spinemets.performance._km import NO_EVENTS, FollowUp, Survival, kaplan_meier_at
from spinemets.performance.planned_precision import lp_sd_for_c
from spinemets.performance.sample_size import newcombe_error, standardised_benefit_variance
from spinemets.results import Row

#: Collins 2016 (doi 10.1002/sim.6787): at least 100 events, better 200.
FEW: Final = 100
NOT_MANY: Final = 200
#: What the expected widths rest on.
FORMULAS: Final = {
    "auc": "Newcombe, yes-or-no outcome at the horizon",
    "oe_ratio": "binomial, log scale",
    "calibration_slope": "information of all events",
    "standardised_net_benefit": "sensitivity and specificity of a normal predictor",
}


def caution(events: int, nonevents: int | None = None) -> str:
    """
    Say that a number rests on few events.

    Parameters
    ----------
    events : int
        Events by the horizon, or altogether.
    nonevents : int, optional
        Patients known to be without the event at the horizon.

    Returns
    -------
    str
        A caveat for the note of a row; empty when there are enough.

    Examples
    --------
    >>> caution(69)
    'fewer than 100 events: imprecise'
    >>> caution(150, 60)
    'fewer than 200 events; fewer than 100 without the event: imprecise'
    """
    parts = []
    for count, name in ((events, "events"), (nonevents, "without the event")):
        if count is None or count <= 0:
            continue
        if count < FEW:
            parts.append(f"fewer than {FEW} {name}: imprecise")
        elif count < NOT_MANY:
            parts.append(f"fewer than {NOT_MANY} {name}")
    return "; ".join(parts)


@dataclass(frozen=True)
class Precision:
    """
    Size of an evaluation at a horizon and the interval widths it can expect.

    Parameters
    ----------
    n, events, nonevents, censored : int
        Patients; with the event by the horizon; known to be without it; censored before it.
    risk : Estimate
        Kaplan-Meier risk of the event.
    effective_n : float
        Number of uncensored patients that would give the risk the same standard error.
    widths : dict of str to float
        Expected widths of 95 % intervals of ``auc``, ``oe_ratio``, ``calibration_slope`` and
        ``standardised_net_benefit``.
    reason : str
        Why there is nothing, or the warning about few events.
    """

    n: int
    events: int
    nonevents: int
    censored: int
    risk: Estimate
    effective_n: float
    widths: dict[str, float]
    reason: str


def precision_at(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    horizon: float,
    *,
    c: float = 0.65,
    threshold: float = 0.5,
) -> Precision:
    """
    Events by a horizon and the interval widths that an average score can expect there.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up and whether it ended with the event.
    horizon : float
        Horizon in the unit of ``time``.
    c : float
        Concordance assumed; the field's scores have .60 to .70.
    threshold : float
        Threshold of the net benefit.

    Returns
    -------
    Precision
        Known before any score is looked at. Widths are NaN when there are no events.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Notes
    -----
    AUC: Newcombe's formula for a yes-or-no outcome at the horizon, with the effective number of
    patients; for Harrell's C, to which all events contribute, see `planned_precision`. O:E:
    binomial, on the log scale.
    Slope: information ``events * variance`` of a normal linear predictor with this C.
    Net benefit: sensitivity and specificity of that predictor at the threshold. These are planning
    formulas; the intervals of the estimates themselves come from the data.

    Examples
    --------
    >>> found = precision_at([1, 2, 3, 4], [1, 1, 0, 0], 2.5)
    >>> found.events, found.nonevents, found.censored
    (2, 2, 0)
    """
    follow_up = FollowUp.of(time, event)
    limit = check_horizon(horizon)
    if not 0 < threshold < 1:
        raise ValueError("threshold: must lie between 0 and 1")
    spread = lp_sd_for_c(c)
    dead, beyond = follow_up.by(limit)
    reached = beyond | (~follow_up.event & (follow_up.time >= limit))
    n, events, nonevents = follow_up.n, int(dead.sum()), int((reached & ~dead).sum())
    curve = kaplan_meier_at(follow_up, limit)
    reason = curve.reason or (NO_EVENTS if events == 0 else "")
    if reason:
        none = undefined(reason, n, events, "Kaplan-Meier")
        return Precision(n, events, nonevents, n - events - nonevents, none, np.nan, {}, reason)
    effective, widths = _widths(curve, follow_up.events(), spread, c, threshold)
    risk = Estimate(
        *(1 - curve.value, 1 - curve.upper, 1 - curve.lower, curve.std_error, n, events),
        "Kaplan-Meier, log-log",
    )
    warning = caution(events, nonevents)
    return Precision(n, events, nonevents, n - events - nonevents, risk, effective, widths, warning)


def _widths(
    curve: Survival, all_events: int, spread: float, c: float, threshold: float
) -> tuple[float, dict[str, float]]:
    risk = 1.0 - curve.value
    effective = float(curve.n)
    if curve.std_error > 0:
        effective = min(effective, risk * (1 - risk) / curve.std_error**2)
    if not 0 < risk < 1:
        return effective, {}
    ratio = float(np.sqrt((1 - risk) / (risk * effective)))
    slope = 1.0 / (spread * float(np.sqrt(all_events)))
    # Risks of a calibrated normal predictor, centred so that their mean is the observed risk.
    points = np.linspace(-6, 6, 2001)
    share = np.exp(-0.5 * points**2) / np.exp(-0.5 * points**2).sum()

    def at(shift: float) -> FloatArray:
        return np.asarray(-np.expm1(-np.exp(shift + spread * points)))

    def mean(shift: float) -> float:
        return float(share @ at(shift))

    shifts = np.linspace(-12, 8, 2001)
    # The mean grows with the shift: only the two shifts around the wanted mean matter.
    k = min(max(bisect_left(shifts, risk, key=mean), 1), shifts.size - 1)
    around = shifts[k - 1 : k + 1]
    p = at(float(np.interp(risk, [mean(shift) for shift in around], around)))
    positive = p >= threshold
    sensitivity = float((share * p)[positive].sum() / (share @ p))
    specificity = float((share * (1 - p))[~positive].sum() / (share @ (1 - p)))
    benefit = standardised_benefit_variance(risk, sensitivity, specificity, threshold)
    return effective, {
        "auc": 2 * Z95 * newcombe_error(effective, risk, c),
        "oe_ratio": float(2 * np.sinh(Z95 * ratio)),
        "calibration_slope": 2 * Z95 * slope,
        "standardised_net_benefit": 2 * Z95 * float(np.sqrt(benefit / effective)),
    }


def precision_rows(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    horizons: Mapping[str, float],
    *,
    c: float = 0.65,
    threshold: float = 0.5,
    **where: Any,
) -> Iterator[Row]:
    """
    Events and expected interval widths per horizon, as rows of the result table.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up and whether it ended with the event.
    horizons : mapping of str to float
        Label (``6mo``) to horizon in the unit of ``time``.
    c, threshold : float
        As `precision_at`.
    **where
        Other fields of `spinemets.results.Row` (cohort, set, stratum ...).

    Yields
    ------
    Row
        Measures ``events``, ``nonevents``, ``censored_before``, ``effective_n`` and
        ``expected_width_*``, all with the warning in their note.

    Examples
    --------
    >>> rows = list(precision_rows([1, 2], [1, 0], {"1mo": 1}))
    >>> rows[0].measure, rows[0].estimate
    ('events', 1.0)
    """
    for label, horizon in horizons.items():
        found = precision_at(time, event, horizon, c=c, threshold=threshold)
        common = {"n": found.n, "events": found.events, "horizon": label, **where}
        for measure, count in (
            ("events", found.events),
            ("nonevents", found.nonevents),
            ("censored_before", found.censored),
        ):
            yield Row(measure, float(count), note=found.reason, method="count", **common)
        effective = None if np.isnan(found.effective_n) else found.effective_n
        yield Row("effective_n", effective, note=found.reason, method="Greenwood", **common)
        for measure, formula in FORMULAS.items():
            method = f"planning formula ({formula}), C {c:g}"
            if measure == "standardised_net_benefit":
                method += f", threshold {threshold:g}"
            yield Row(
                f"expected_width_{measure}",
                found.widths.get(measure),
                note=found.reason,
                method=method,
                **common,
            )
