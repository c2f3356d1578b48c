"""Clinical utility as rows of the long table of results."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from spinemets.performance._checks import check_horizon
from spinemets.performance._estimate import undefined
from spinemets.performance._km import FollowUp
from spinemets.performance.decisions import Decision
from spinemets.performance.precision import caution
from spinemets.performance.reclassification import discrimination_slope
from spinemets.performance.risks import Risk
from spinemets.performance.utility import (
    DEFAULT_THRESHOLDS,
    TREAT_ALL,
    TREAT_NONE,
    DecisionCurve,
    decision_curve,
)
from spinemets.results import Row


def curve_of_risks(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    risks: Mapping[str, Risk],
    horizon: float,
    thresholds: Sequence[float] = DEFAULT_THRESHOLDS,
) -> tuple[DecisionCurve, dict[str, str]]:
    """
    Decision curves on the patients for whom every available risk is known.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up and whether it ended with the event.
    risks : mapping of str to Risk
        Predicted risks at the horizon per score.
    horizon : float
        Horizon in the unit of ``time``.
    thresholds : sequence of float
        Threshold probabilities.

    Returns
    -------
    curve, left_out : DecisionCurve, dict of str to str
        Curves of the available scores, and the reasons of those that aren't.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Examples
    --------
    >>> from spinemets.performance.risks import supplied_risk
    >>> risks = {"a": supplied_risk([0.9, 0.1, float("nan")])}
    >>> curve, _ = curve_of_risks([1, 2, 3], [1, 0, 0], risks, 1.5, [0.5])
    >>> curve.n
    2
    """
    follow_up = FollowUp.of(time, event)
    available = {name: risk for name, risk in risks.items() if risk.available}
    for name, risk in available.items():
        if risk.probability.size != follow_up.n:
            raise ValueError(f"risks[{name!r}]: must have one value for each patient")
    use = np.ones(follow_up.n, dtype=bool)
    for risk in available.values():
        use &= risk.known
    table = {name: risk.probability[use] for name, risk in available.items()}
    chosen = follow_up.take(use)
    curve = decision_curve(
        chosen.time, chosen.event, table, check_horizon(horizon), thresholds=thresholds
    )
    return curve, {name: risk.reason for name, risk in risks.items() if not risk.available}


def utility_rows(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    risks: Mapping[str, Risk],
    horizon: float,
    *,
    thresholds: Sequence[float] | None = None,
    decision: Decision | None = None,
    reference: str | None = None,
    **where: Any,
) -> Iterator[Row]:
    """
    Net benefit of several scores on the same patients, with treat-all and treat-none.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up and whether it ended with the event.
    risks : mapping of str to Risk
        Predicted risks at the horizon per score; those that are available are compared on the
        patients for whom all of them are known.
    horizon : float
        Horizon in the unit of ``time``.
    thresholds : sequence of float, optional
        Threshold probabilities; those of the decision, else .2 to .8 by default.
    decision : Decision, optional
        Named decision; its label goes into the method.
    reference : str, optional
        Score that the others are compared with, beside treat-all.
    **where
        Other fields of `spinemets.results.Row`; ``horizon_label`` names the horizon.

    Yields
    ------
    Row
        Per score, and for ``treat_all``: ``net_benefit_<threshold>``,
        ``standardised_net_benefit_<threshold>``; per score also
        ``net_benefit_over_treat_all_<threshold>``, ``avoided_per_100_<threshold>``, with a
        reference ``net_benefit_over_<reference>_<threshold>``; and ``mean_risk_dead``,
        ``mean_risk_alive``, ``discrimination_slope``. Thresholds have two digits.

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Examples
    --------
    >>> from spinemets.performance.risks import supplied_risk
    >>> risks = {"a": supplied_risk([0.9, 0.1, 0.2])}
    >>> rows = list(utility_rows([1, 2, 3], [1, 0, 0], risks, 1.5, thresholds=[0.5]))
    >>> rows[0].measure, round(rows[0].estimate, 4)
    ('net_benefit_0.50', 0.3333)
    """
    if "horizon_label" in where:
        where["horizon"] = where.pop("horizon_label")
    if thresholds is None:
        thresholds = DEFAULT_THRESHOLDS if decision is None else decision.thresholds
    if reference is not None and reference not in risks:
        raise ValueError("reference: isn't one of the risks")
    curve, left_out = curve_of_risks(time, event, risks, horizon, thresholds)
    about = "" if decision is None else f"decision: {decision.label}"
    for name in (*risks, TREAT_ALL):
        where["score"] = name
        if name in left_out:
            yield undefined(left_out[name]).row("net_benefit", **where)
            continue
        source = "" if name == TREAT_ALL else f"{risks[name].source} risk"
        method = "; ".join(part for part in (curve.method, source, about) if part)
        note = caution(curve.events)
        if name != TREAT_ALL and risks[name].caveat:
            note = "; ".join(part for part in (risks[name].caveat, note) if part)
        for threshold in curve.thresholds:
            yield from _at(curve, name, float(threshold), reference, method, note, where)
        if name != TREAT_ALL:
            yield from _means(time, event, risks[name], horizon, note, where)


def _at(
    curve: DecisionCurve,
    name: str,
    threshold: float,
    reference: str | None,
    method: str,
    note: str,
    where: dict[str, Any],
) -> Iterator[Row]:
    cut = f"{threshold:.2f}"
    fields = {**where, "method": method, "note": note}
    yield curve.estimate(name, threshold).row(f"net_benefit_{cut}", **fields)
    scaled = curve.standardised_estimate(name, threshold)
    yield scaled.row(f"standardised_net_benefit_{cut}", **fields)
    if name == TREAT_ALL:
        return
    over = curve.difference(name, TREAT_ALL, threshold)
    yield over.row(f"net_benefit_over_treat_all_{cut}", **fields)
    yield curve.avoided(name, threshold).row(f"avoided_per_100_{cut}", **fields)
    if reference is not None and reference != name and reference in curve.names:
        other = curve.difference(name, reference, threshold)
        yield other.row(f"net_benefit_over_{reference}_{cut}", **fields)


def _means(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    risk: Risk,
    horizon: float,
    note: str,
    where: dict[str, Any],
) -> Iterator[Row]:
    follow_up = FollowUp.of(time, event).take(risk.known)
    triple = discrimination_slope(
        follow_up.time, follow_up.event, risk.probability[risk.known], horizon
    )
    names = ("mean_risk_dead", "mean_risk_alive", "discrimination_slope")
    for measure, found in zip(names, triple, strict=True):
        method = f"{found.method}; {risk.source} risk"
        yield found.row(measure, **{**where, "method": method, "note": note})


__all__ = ["TREAT_ALL", "TREAT_NONE", "curve_of_risks", "utility_rows"]
