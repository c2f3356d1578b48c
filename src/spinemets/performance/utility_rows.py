"""Clinical utility as rows of the long table of results."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from spinemets.performance._checks import check_horizon
from spinemets.performance._estimate import Estimate, undefined
from spinemets.performance._km import FollowUp
from spinemets.performance.precision import caution
from spinemets.performance.risks import Risk
from spinemets.performance.utility import (
    DEFAULT_THRESHOLDS,
    TREAT_ALL,
    TREAT_NONE,
    DecisionCurve,
    decision_curve,
)
from spinemets.results import ThresholdRow


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
    decision: str = "",
    caveat: str = "",
    **where: Any,
) -> Iterator[ThresholdRow]:
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
        Threshold probabilities; .2 to .8 by default.
    decision : str
        Name of the decision that the thresholds belong to.
    caveat : str
        What isn't sure about the thresholds.
    **where
        Other fields of `spinemets.results.Row`; ``horizon_label`` names the horizon.

    Yields
    ------
    ThresholdRow
        Per score, threshold and for ``treat_all`` and ``treat_none``: ``net_benefit``,
        ``standardised_net_benefit``; per score also ``share_positive``, ``avoided_per_100`` and
        ``net_benefit_difference`` to ``treat_all``, ``treat_none`` and every later score (column
        ``other``).

    Raises
    ------
    ValueError
        Naming the argument that is wrong.

    Examples
    --------
    >>> from spinemets.performance.risks import supplied_risk
    >>> risks = {"a": supplied_risk([0.9, 0.1, 0.2])}
    >>> rows = list(utility_rows([1, 2, 3], [1, 0, 0], risks, 1.5, thresholds=[0.5]))
    >>> rows[0].measure, rows[0].threshold, round(rows[0].estimate, 4)
    ('net_benefit', '0.50', 0.3333)
    """
    if "horizon_label" in where:
        where["horizon"] = where.pop("horizon_label")
    cuts = DEFAULT_THRESHOLDS if thresholds is None else thresholds
    curve, left_out = curve_of_risks(time, event, risks, horizon, cuts)
    shown = [name for name in curve.names if name not in (TREAT_ALL, TREAT_NONE)]
    for name in (*risks, TREAT_ALL, TREAT_NONE):
        risk = risks.get(name)
        fields = {**where, "score": name, "decision": decision}
        fields["source"] = "" if risk is None else risk.source
        if name in left_out:
            yield undefined(left_out[name]).row("net_benefit", kind=ThresholdRow, **fields)
            continue
        notes = ["" if risk is None else risk.caveat, caveat, caution(curve.events)]
        fields["note"] = "; ".join(part for part in notes if part)
        others = [TREAT_ALL, TREAT_NONE, *shown[shown.index(name) + 1 :]] if risk else []
        for threshold in curve.thresholds:
            yield from _at(curve, name, float(threshold), others, fields)


def _at(
    curve: DecisionCurve, name: str, threshold: float, others: Sequence[str], fields: dict[str, Any]
) -> Iterator[ThresholdRow]:
    shared = {**fields, "method": curve.method, "threshold": f"{threshold:.2f}"}

    def row(measure: str, found: Estimate, other: str = "") -> ThresholdRow:
        made: ThresholdRow = found.row(measure, kind=ThresholdRow, other=other, **shared)
        return made

    plain = curve.estimate(name, threshold)
    yield row("net_benefit", plain)
    yield row("standardised_net_benefit", curve.standardised_estimate(name, threshold))
    if not others:
        return
    share = curve.share_positive(name, threshold)
    yield row("share_positive", Estimate(share, n=plain.n, events=plain.events))
    yield row("avoided_per_100", curve.avoided(name, threshold), TREAT_ALL)
    for other in others:
        yield row("net_benefit_difference", curve.difference(name, other, threshold), other)


__all__ = ["TREAT_ALL", "TREAT_NONE", "curve_of_risks", "utility_rows"]
